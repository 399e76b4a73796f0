"""Credentials: from the environment only, or from a file that it names.

`WEIBO_ACCESS_TOKEN` holds the token; `WEIBO_ACCESS_TOKEN_FILE` names a file that
holds it, which is read again when the platform says that it has expired.
"""

from __future__ import annotations

import os
from pathlib import Path


def credential(name: str) -> str:
    """The value of a credential; empty where there is none."""
    value = os.environ.get(name, "").strip()
    file = os.environ.get(f"{name}_FILE", "")
    if not value and file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
    return value
