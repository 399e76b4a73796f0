"""What the networks of Meta's Graph API have in common: paging, limits, errors.

A page with few or no rows is not the last one: that has no `paging.next`. The address
in there is checked and never followed, for it carries the token. How much of its
limits is used, the platform tells in percent with each answer.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.sources.answers import parsed
from tasks.sources.crawl.crawler import Trouble
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Page

# The use of a limit, in percent, at which a list is left for another run.
FULL = 95

_HOURLY = {4, 17, 613}
_DAILY = {32}
_BUSINESS = range(80_000, 80_015)
_ABSENT = {10, 24, 100, 200, 803}


def graph_trouble(
    answer: Answer, title: str, token: str, now: float, hourly: str | None
) -> Trouble | None:
    """What an answer means that is an error.

    Args:
        answer: as it came.
        title: of the network, for people.
        token: name of the variable that holds it.
        now: the time.
        hourly: name of the limit of an hour, where the network has one.
    """
    body = parsed(answer)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        if answer.status < 400:
            return None
        return Trouble("transient", f"{title} failed (HTTP {answer.status})")
    code = error.get("code")
    seconds = max(usage(answer)[1], 300.0)
    if code in _HOURLY:
        text = f"{title}'s calls of this hour are used up"
        return Trouble("rate", text, hourly, now + seconds)
    if code in _DAILY or (isinstance(code, int) and code in _BUSINESS):
        text = f"{title}'s calls for this page are used up"
        return Trouble("rate", text, None, now + seconds)
    if code in (102, 190):
        text = f"the token is no longer valid: authorise again and set {token}"
        return Trouble("token", text)
    if "metric" in str(error.get("message")):
        metric = answer.asked.get("metric", "")
        return Trouble("end", f"figures that {title} no longer gives: {metric}")
    if "cursor" in str(error.get("message")):
        return Trouble("end", "lists whose place died with its row")
    if code in _ABSENT:
        return Trouble("absent", f"objects that {title} does not show this app")
    if code in (1, 2) or answer.status >= 500:
        return Trouble("transient", f"{title} failed ({code})")
    return Trouble("fatal", f"{title} refuses a call ({code})")


def next_place(content: Any, base_url: str, path: str) -> dict[str, str] | None:
    """The next page's place, from the address that an answer gives.

    Raises:
        ValueError: the address leads elsewhere.
    """
    paging = content.get("paging") if isinstance(content, dict) else None
    address = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(address, str):
        return None
    parts = urlsplit(address)
    here = urlsplit(base_url)
    is_here = (parts.scheme, parts.netloc) == (here.scheme, here.netloc)
    if not is_here or _unversioned(parts.path) != _unversioned(path):
        raise ValueError("a list whose next page lies elsewhere was left")
    return {
        name: text
        for name, text in parse_qsl(parts.query)
        if name in ("after", "until", "__paging_token", "offset")
    }


def page_after(
    page: Page,
    content: Any,
    answer: Answer,
    places: MutableMapping[str, dict[str, str]],
    base_url: str,
    path: str,
    *,
    is_list: bool = True,
) -> Page:
    """A page whose stream goes on where the answer says, or is done.

    Args:
        page: of the stream that was asked, with what was read.
        content: of the answer.
        answer: as it came.
        places: where lists go on, by key of their stream; kept here and nowhere on
            disk, as the platform wants it.
        base_url: of the API.
        path: that was asked.
        is_list: whether a next page that is named means more.
    """
    stream = page.stream
    try:
        place = next_place(content, base_url, path) if is_list else None
    except ValueError as error:
        places.pop(stream.key, None)
        left = replace(stream, cursor=None, state="stuck", note=str(error))
        return replace(page, stream=left)
    if place is None:
        places.pop(stream.key, None)
        return replace(page, stream=replace(stream, cursor=None, state="done"))
    places[stream.key] = place
    number = int((stream.cursor or {}).get("page", 1)) + 1
    fullest, seconds = usage(answer)
    return replace(
        page,
        stream=replace(stream, cursor={"page": number}),
        wait_seconds=max(seconds, 300.0) if fullest >= FULL else 0.0,
    )


def usage(answer: Answer) -> tuple[int, float]:
    """The fullest of the limits in percent, and the seconds until it has room."""
    fullest, seconds = 0, 0.0
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            told = json.loads(answer.headers.get(name, "{}"))
        except ValueError:
            continue
        if not isinstance(told, dict):
            continue
        uses: list[Any] = [told]
        if name == "x-business-use-case-usage":
            groups = [group for group in told.values() if isinstance(group, list)]
            uses = [use for group in groups for use in group]
        for use in uses:
            if not isinstance(use, dict):
                continue
            for part in ("call_count", "total_time", "total_cputime"):
                if isinstance(use.get(part), int | float):
                    fullest = max(fullest, int(use[part]))
            minutes = use.get("estimated_time_to_regain_access")
            if isinstance(minutes, int | float):
                seconds = max(seconds, 60.0 * minutes)
    return fullest, seconds


def _unversioned(path: str) -> str:
    """A path without the API's version, which the platform may raise by itself."""
    first, _, rest = path.strip("/").partition("/")
    is_version = first[:1] == "v" and first[1:].replace(".", "", 1).isdigit()
    return rest if is_version else path.strip("/")
