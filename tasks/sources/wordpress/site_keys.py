"""Which WordPress site an address is of: the first part of all ids of its objects."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def site_key(address: str) -> str | None:
    """The site's part of an id, from the site's address or one below its API.

    A site in a folder of a host has the folder in its key.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    folder, api, _ = parts.path.partition("/wp-json")
    host = (parts.hostname or "").lower()
    if not host:
        return None
    return re.sub(r"[^0-9a-z]+", "_", (host + folder if api else host).rstrip("/"))
