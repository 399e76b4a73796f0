"""The columns of published tables and their types, as readers rely on them.

`python -m tests.publication.schema MANIFEST` writes `schema.json` anew from a
publication's `manifest.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_suffix(".json")


def schema_of(manifest: Path) -> dict[str, Any]:
    """Version and, by table, the type of each column."""
    told = json.loads(manifest.read_text(encoding="utf-8"))
    tables = {file["table"]: file["schema"] for file in told["files"]}
    return {
        "schema_version": told["schema_version"],
        "tables": dict(sorted(tables.items())),
    }


if __name__ == "__main__":
    SCHEMA.write_text(
        json.dumps(schema_of(Path(sys.argv[1])), indent=1) + "\n", encoding="utf-8"
    )
