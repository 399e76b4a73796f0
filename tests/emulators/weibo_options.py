"""How Weibo is emulated: its quirks as options, its errors as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.world import BRANDS

OWNER = str(BRANDS[0].account_id)
TOKEN = "2.00EMULATED"  # noqa: S105 - of no use anywhere else
APP_SECRET = "emulated-secret"  # noqa: S105 - the same

TEXTS = {
    10001: "System error",
    10002: "Service unavailable",
    10003: "Remote service error",
    10006: "source paramter(appkey) is missing",
    10008: "Param error, see doc for more info",
    10009: "Too many pending tasks, system is busy",
    10010: "Job expired",
    10011: "RPC error",
    10014: "Insufficient app permissions",
    10016: "Miss required parameter ({}) , see doc for more info",
    10020: "Request api not found",
    10021: "HTTP method is not suported for this request",
    10022: "IP requests out of rate limit",
    10023: "User requests out of rate limit!",
    10024: "User requests for ({}) out of rate limit",
    20003: "User does not exists!",
    20009: "IDs is too many",
    20101: "Target weibo does not exist",
    20112: "Permission Denied!",
    21309: "Signature invalid",
    21325: "invalid_grant",
    21327: "expired_token",
    21332: "invalid_access_token",
    21335: "Request uid's value must be the current user",
    21411: "only provide 200 results",
}
# Stated nowhere for most codes: a table, so that a test may try another.
HTTP_STATUS = {
    **dict.fromkeys((10001, 10002, 10003, 10009, 10010, 10011), 503),
    10020: 404,
    10021: 405,
    **dict.fromkeys((10022, 10023, 10024, 21332), 403),
}


@dataclass(frozen=True)
class WeiboLimits:
    """Calls that are answered within a window of the clock; None is no limit.

    Attributes:
        user_hour: of one user, 10023 above it.
        user_day: the same for a day in China.
        ip_hour: of one address, 10022 above it.
        api_hour: path without `.json` -> calls of one user, 10024 above it.
        hour_seconds: length of an hour; hours begin where the clock is a
            multiple of it.
    """

    user_hour: int | None = None
    user_day: int | None = None
    ip_hour: int | None = None
    api_hour: Mapping[str, int] = field(default_factory=dict)
    hour_seconds: float = 3600.0


@dataclass(frozen=True)
class WeiboOptions:
    """The platform's quirks.

    Attributes:
        owner: the user that the token stands for.
        seed: of every random choice.
        limits: calls per window.
        short_share: of slots that hold nothing, so that pages come short.
        total_lies: `total_number` is off, another way in every answer.
        bare_empty: an empty result is `[]` instead of an object.
        string_counts: every so many answers write counts as strings; 0 never.
        string_codes: `error_code` is a string.
        names_parents: reposts carry `pid` where the world's platform says so.
        deleted: a deleted post is shown as what is left of it, or is absent.
        deleted_user: what is left of a deleted post names its author.
        own_timeline_cap: newest rows that `user_timeline` gives; 5 since 2021.
        repost_cap: newest rows that `repost_timeline` gives; 2000 is reported.
        comment_cap: the same for comments.
        search_cap: newest rows that `search/topics` gives.
        follower_cap: followers that are given.
        token_calls: calls until a token expires; None never.
        error_calls: number of a call -> code of its error.
        error_share: of calls that end in an error of the platform's own.
        seconds_per_call: how far the world's time moves with each call.
        historical_checks: checks until a historical task is done.
        historical_days: until a historical task expires.
        historical_host: address at which sealed archives lie; the API's own without.
        historical_sealed: a download leads on to an archive under the password
            `task_id` + `secret_key`, as the documentation says; else it is a plain
            archive at once.
        tells_reads: the contract has `media_statuses/count_sp/biz`; 10014 without.
        media: accounts besides the owner whose posts' reads it shows.
        http_status: of errors, where it isn't 400.
    """

    owner: str = OWNER
    seed: int = 1
    limits: WeiboLimits = WeiboLimits()
    short_share: float = 0.0
    total_lies: bool = False
    bare_empty: bool = False
    string_counts: int = 0
    string_codes: bool = False
    names_parents: bool = True
    deleted: str = "stub"
    deleted_user: bool = False
    own_timeline_cap: int | None = None
    repost_cap: int | None = None
    comment_cap: int | None = None
    search_cap: int = 200
    follower_cap: int | None = 500
    token_calls: int | None = None
    error_calls: Mapping[int, int] = field(default_factory=dict)
    error_share: float = 0.0
    seconds_per_call: float = 0.0
    historical_checks: int = 2
    historical_days: float = 7.0
    historical_host: str = ""
    historical_sealed: bool = False
    tells_reads: bool = True
    media: frozenset[str] = frozenset()
    http_status: Mapping[int, int] = field(default_factory=lambda: HTTP_STATUS)


ROUGH = WeiboOptions(
    short_share=0.06,
    total_lies=True,
    bare_empty=True,
    string_counts=3,
    string_codes=True,
    error_share=0.02,
)
