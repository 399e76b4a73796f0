"""Make the skeleton of a network: `python -m tests.new_network tea_hall "Tea Hall"`.

It writes the folders `tasks/sources/<network>` and `sql/staging/<network>`, a golden
case of the models and the two lines of the registry, and nothing else. The case passes
at once: from there on, change records, models and case together.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REGISTRY = Path("tasks/sources/networks.py")
_IMPORT = "from tasks.sources."
_LIST = "_RECORDS = ("


def make_network(name: str, title: str, root: Path) -> list[Path]:
    """Write a network's skeleton.

    Args:
        name: as `platform` in workspace.toml, the name of its folders.
        title: as people call it.
        root: the repository.

    Returns:
        the files written or changed, below the root.

    Raises:
        ValueError: the name is no name, or taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"'{name}' is no name: use small letters, digits and _")
    places = {
        "code": Path("tasks/sources", name),
        "models": Path("sql/staging", name),
        "case": Path("tests/sql/cases", name),
    }
    for folder in places.values():
        if (root / folder).exists():
            raise ValueError(f"{folder} is there already: choose another name")
    written = []
    for part, folder in places.items():
        for template in sorted((HERE / part).rglob("*.txt")):
            file = folder / template.relative_to(HERE / part).with_suffix("")
            text = template.read_text(encoding="utf-8")
            for mark, value in (
                ("NETWORK", name),
                ("UPPER", name.upper()),
                ("TITLE", title),
            ):
                text = text.replace(mark, value)
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
            written.append(file)
    registry = root / REGISTRY
    text = registry.read_text(encoding="utf-8")
    lines = text.splitlines()
    imports = [line for line in lines if line.startswith(_IMPORT)]
    first = lines.index(imports[0])
    own = f"{_IMPORT}{name} import records as {name}"
    lines[first : first + len(imports)] = sorted([*imports, own], key=str.split)
    lines.insert(lines.index(_LIST) + 1, f"    {name},")
    registry.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [*written, REGISTRY]


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    if len(arguments) != 2:
        print(__doc__)
        return 2
    try:
        for file in make_network(*arguments, root=Path.cwd()):
            print(file)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
