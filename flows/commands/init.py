"""A new workspace: a configuration to adapt, and examples of the seeds."""

from __future__ import annotations

import shutil
from pathlib import Path

from tasks.warehouse.errors import ConfigurationError

_DATA = Path(__file__).resolve().parents[2] / "data"
TEMPLATE = _DATA / "workspace.template.toml"
# People's records and keys never belong into a repository.
_IGNORED = "*\n!.gitignore\n!workspace.toml\n"


def init(folder: Path) -> None:
    """Make a workspace in a folder, which may exist already.

    Raises:
        ConfigurationError: it is one already, or is no folder.
    """
    if (folder / "workspace.toml").exists():
        raise ConfigurationError(
            [f"{folder} is a workspace already: adapt {folder / 'workspace.toml'}."]
        )
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError([f"{folder} is a file: name a folder."])
    for name in ("exports", "seeds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for example in sorted(_DATA.glob("seeds/*.example.csv")):
        shutil.copyfile(example, folder / "seeds" / example.name)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    # Last: from here on it is a workspace.
    shutil.copyfile(TEMPLATE, folder / "workspace.toml")
