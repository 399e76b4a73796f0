"""What is asked of an API and what its answers mean, as data.

A platform's module says which lists to read for a scope (`first_listings`), which
further ones their rows lead to (`further_listings`), how a list goes on
(`next_params`) and what an answer means (`judge`). It sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Scope:
    """What a run wants to know.

    Attributes:
        accounts: of the brands, on this platform.
        posts: listed in campaigns, on this platform.
        start: UTC; earlier posts are not asked for.
        end: UTC; later posts are not asked for.
    """

    accounts: tuple[str, ...]
    posts: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Listing:
    """One list that is read from its first page to its last.

    Attributes:
        endpoint: whose limits its calls count against.
        path: of the request.
        params: of the first page, without credentials.
        root: the post whose thread the rows belong to, where they don't say so.
        is_resumable: whether the place in the list may be kept for a later run.
    """

    endpoint: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None
    is_resumable: bool = True


@dataclass(frozen=True)
class Reply:
    """An answer as it came.

    Attributes:
        status: of HTTP.
        headers: names in lower case.
        body: parsed JSON; None where it is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


# What to do after an answer:
# rows     land it
# end      nothing more is there
# gone     the object is gone, or nobody may see it: land it, go on with others
# refused  this call can never work: name it, go on with others
# wait     limits: again at `until`
# spent    limits of a day or longer: the run stops and goes on later
# login    the credential is no longer good: nothing works until it is renewed
# again    trouble of the moment: again, later each time
Meaning = Literal["rows", "end", "gone", "refused", "wait", "spent", "login", "again"]


@dataclass(frozen=True)
class Verdict:
    """What an answer means.

    Attributes:
        meaning: what to do.
        why: in words, without what was asked.
        until: Unix time before which asking is of no use.
    """

    meaning: Meaning
    why: str = ""
    until: float | None = None


ROWS = Verdict("rows")


def archived(
    listing: Listing, params: Mapping[str, str], reply: Reply, observed_at: datetime
) -> dict[str, Any]:
    """The page in the form in which archives hold answers.

    Page tokens are no part of it: they may not be kept, and say nothing.
    (Facebook's `after` is one.)
    """
    request: dict[str, Any] = {
        "path": listing.path,
        "params": {
            name: value
            for name, value in params.items()
            if name in listing.params or (listing.is_resumable and name in PLACES)
        },
        "observed_at": observed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if listing.root:
        request["root"] = listing.root
    page: dict[str, Any] = {"request": request, "answer": reply.body}
    kept = {
        name: value for name, value in reply.headers.items() if name in KEPT_HEADERS
    }
    return {**page, "headers": kept} if kept else page


# Places in a list that may be kept, and say what a page shows.
PLACES = ("page", "after", "before")
# Headers that say something of the rows.
KEPT_HEADERS = ("x-wp-total", "x-wp-totalpages")
