"""A workspace: its folder, its `workspace.toml`, its secrets.

`load_workspace` reads the configuration and names every mistake in one go,
with the line where there is one.
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.networks import (
    API_FORMATS,
    API_PARTS,
    DEFAULT_PLATFORM,
    FORMATS,
    NETWORKS,
    PLATFORMS,
)
from tasks.warehouse.pseudonyms import key_in

if TYPE_CHECKING:
    Platform = str
    Format = str
else:
    Platform = Literal[PLATFORMS]
    Format = Literal[FORMATS]

FindingKind = Literal[
    "negative_rise",
    "phantom_burst",
    "completeness_drop",
    "source_late",
    "promise_missed",
    "claim_supported",
]

# What an API source can collect; followers and searches cost many calls and
# permissions, so they are asked for by name.
CollectPart = Literal[
    "posts",
    "reposts",
    "comments",
    "likes",
    "counters",
    "profiles",
    "followers",
    "search",
    "historical",
]
COMMON_PARTS = ("posts", "reposts", "comments", "likes", "counters", "profiles")
# Keys that say something of one kind of source only.
_API_KEYS = (
    "base_url",
    "commercial",
    "collect",
    "budget_share",
    "reserve",
    "limits",
    "patience_minutes",
    "download_hosts",
)
_FILE_KEYS = ("format", "path", "observed_at", "encoding")

# What `today` looks at, Unix seconds; tests put another clock here.
clock = time.time

# Ids stand in file names, manifests and URLs of the report: letters of any
# script, digits and three marks; no separator and no leading dot.
IDENTIFIER = r"^\w[\w.-]{0,99}$"


# Of a server: no user, no password.
ADDRESS = r"^https?://[^\s/@]+(/\S*)?$"
Address = Annotated[str, Field(pattern=ADDRESS)]


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"no encoding is called {name}") from None


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountRef(_Section):
    """An account on a platform."""

    platform: Platform
    account_id: str = Field(min_length=1)


class PostRef(_Section):
    """A post on a platform."""

    platform: Platform
    post_id: str = Field(min_length=1)


_POST_PATTERNS = [
    (name, re.compile(pattern))
    for name, facts in NETWORKS.items()
    for pattern in facts.post_patterns
]
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def post_at(address: str) -> PostRef:
    """The post that an address of a network shows.

    Addresses hold the id or its short form: from the right, four characters of
    base 62 for seven digits.

    Raises:
        ValueError: no id can be told from it.
    """
    for platform, pattern in _POST_PATTERNS:
        if found := pattern.fullmatch(address.strip()):
            told = found.groupdict()
            post_id = told.get("id") or _long_form(told["base62"])
            return PostRef(platform=platform, post_id=post_id)
    shown = [facts.title for facts in NETWORKS.values() if facts.post_patterns]
    raise ValueError(
        f"'{address}' is no address of a post on {' or '.join(shown)}: write its id"
        " into post_ids"
    )


def _long_form(written: str) -> str:
    """An id that may be written in its short form."""
    if written.isdecimal() and len(written) > 12:
        return written
    digits = ""
    for end in range(len(written), 0, -4):
        number = 0
        for mark in written[max(end - 4, 0) : end]:
            number = number * 62 + _BASE62.index(mark)
        digits = f"{number:07d}{digits}"
    return digits.lstrip("0") or "0"


def _known_post(address: str) -> str:
    post_at(address)
    return address


class Source(_Section):
    """Where records come from."""

    name: str = Field(pattern=IDENTIFIER)
    platform: Platform
    kind: Literal["files", "api"]
    format: Format
    path: str = Field(min_length=1)
    # When the export was made: stands in for a crawl time that the records
    # themselves don't carry.
    observed_at: datetime | None = None
    # The next record comes within so many days, 0: no more; learned where not stated.
    expect_every_days: int | None = Field(default=None, ge=0, le=366)
    # Of text files, where it can't be told from them.
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None
    # Of an API: another address than the platform's own (a proxy, a blog); what
    # to collect; what the app may spend of its limits and how long it may wait.
    base_url: Address | None = None
    commercial: bool = False
    collect: list[CollectPart] = []
    budget_share: float = Field(default=0.9, gt=0, le=1)
    reserve: float = Field(default=0.1, ge=0, lt=1)
    limits: dict[str, Annotated[int, Field(ge=0)]] = {}
    patience_minutes: float = Field(default=0, ge=0)
    # Addresses of hosts that downloads may lead on to; they get no credential.
    download_hosts: list[Address] = []

    @property
    def parts(self) -> tuple[str, ...]:
        """What to collect; what every platform gives where nothing is said."""
        return tuple(self.collect) or COMMON_PARTS


class Brand(_Section):
    """A brand, its accounts, whom it is compared with and what it is called."""

    id: str = Field(pattern=IDENTIFIER)
    name: str = Field(min_length=1)
    accounts: list[AccountRef] = []
    competitors: list[str] = []
    keywords: list[str] = []
    hashtags: list[str] = []


class Budget(_Section):
    """What a campaign cost."""

    amount: float = Field(ge=0, allow_inf_nan=False)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Promise(_Section):
    """What a partner promised of its posts for a campaign."""

    engagements: int | None = Field(default=None, ge=1)
    reach: int | None = Field(default=None, ge=1)


class Partner(_Section):
    """An account that is paid for posts of a campaign.

    Its paid posts are those listed by id or address; else all that it published from
    `start` to `end`; else, without these, its posts that belong to the campaign anyway.
    """

    id: str = Field(pattern=IDENTIFIER)
    name: str | None = None
    account: AccountRef
    fee: Budget | None = None
    promised: Promise = Promise()
    post_ids: list[PostRef] = []
    addresses: list[Annotated[str, AfterValidator(_known_post)]] = []
    start: date | None = None
    end: date | None = None

    @property
    def listed_posts(self) -> list[PostRef]:
        """Posts that are listed by id or address, each once."""
        posts = [*self.post_ids, *map(post_at, self.addresses)]
        return list({(one.platform, one.post_id): one for one in posts}.values())


class Campaign(_Section):
    """A campaign: its window and what marks its posts."""

    id: str = Field(pattern=IDENTIFIER)
    name: str | None = None
    brand: str
    start: date
    end: date
    hashtags: list[str] = []
    keywords: list[str] = []
    post_ids: list[PostRef] = []
    links: list[str] = []
    budget: Budget | None = None
    partners: list[Partner] = []

    @property
    def listed_posts(self) -> list[PostRef]:
        """Posts that belong to it whatever they say, those of partners last."""
        return [
            *self.post_ids,
            *(post for partner in self.partners for post in partner.listed_posts),
        ]


_Days = Annotated[int, Field(ge=1)]
_Share = Annotated[float, Field(gt=0, lt=1)]

# Told by `doctor` and by each run where landing has a limit.
RETENTION_NOTE = (
    "retention_days.landing is not applied by this version: landing is kept whole"
)


class Policies(_Section):
    """Rules with defaults; design §5."""

    look_back_days: int = Field(default=14, ge=0)
    behaviour_days: int = Field(default=90, ge=1)
    # Nobody is contacted again within so many days.
    contact_cap_days: int = Field(default=90, ge=0)
    # What a brand does works on its days and the days after, so many in all.
    action_days: int = Field(default=3, ge=1, le=60)
    # Accounts act together within so many seconds.
    coordination_window: int = Field(default=10, ge=0, le=3600)
    phantom_threshold: float = Field(default=0.8, gt=0, le=1)
    suspected_threshold: float = Field(default=0.5, gt=0, le=1)
    # The share of phantoms that is to be expected, of all networks or by network;
    # estimated where it is not stated. It changes no verdict, only what is said of
    # how many likely phantoms are phantoms.
    phantom_share: _Share | dict[Platform, _Share] | None = None
    # The share of rows that a rule of level "error" may send to quarantine
    # before the run stops.
    quarantine_threshold: float = Field(default=0.2, ge=0, le=1)
    # restricted: accounts last read longer ago leave `restricted/`.
    retention_days: dict[Literal["landing", "restricted"], _Days] = {}
    # So many accounts must share what marts tell of one, so many people a topic's word.
    min_cell: int = Field(default=5, ge=1)
    examples: bool = False

    def stated_share(self, platform: str) -> float | None:
        """The share of phantoms that is stated of a network, or of all."""
        if isinstance(self.phantom_share, dict):
            return {str(name): share for name, share in self.phantom_share.items()}.get(
                platform
            )
        return self.phantom_share


class Alarms(_Section):
    """What is worth a word in the morning: thresholds of the mart `findings`."""

    # Likely phantoms among the accounts of a campaign's day: at least so many.
    phantom_share: _Share = 0.3
    # Collected of the platform's count: less than this part of what it was before.
    completeness_drop: _Share = 0.5
    # Findings of days so long before the last landed day are old news.
    newest_days: int = Field(default=7, ge=1)
    # Kinds of findings that nobody is told of.
    leave_out: tuple[FindingKind, ...] = ()


class _Configuration(_Section):
    timezone: str
    sources: list[Source] = []
    brands: list[Brand] = []
    campaigns: list[Campaign] = []
    policies: Policies = Policies()
    alarms: Alarms = Alarms()


@dataclass(frozen=True)
class Workspace:
    """A workspace folder and its checked configuration."""

    root: Path
    timezone: str
    sources: tuple[Source, ...]
    brands: tuple[Brand, ...]
    campaigns: tuple[Campaign, ...]
    policies: Policies
    alarms: Alarms = Alarms()

    @property
    def landing(self) -> Path:
        """The source of truth: raw records as Parquet."""
        return self.root / "landing"

    @property
    def quarantine(self) -> Path:
        """Rejected records with their reasons."""
        return self.root / "quarantine"

    @property
    def database(self) -> Path:
        """The warehouse file; one writer, never opened by BI tools."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What readers open: a link to the newest publication."""
        return self.root / "published"

    @property
    def validation(self) -> Path:
        """Where the validation page lies."""
        return self.root / "validation"

    @property
    def lock(self) -> Path:
        """The file that a run locks."""
        return self.root / ".lock"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platforms of the configured sources, sorted."""
        return tuple(sorted({source.platform for source in self.sources}))

    def markets(self) -> dict[str, tuple[str, ...]]:
        """The brands of each brand's market, itself included, sorted.

        A market is all brands that `competitors` joins, whoever lists whom.
        """
        market = {brand.id: {brand.id} for brand in self.brands}
        for brand in self.brands:
            for rival in brand.competitors:
                if market[rival] is not market[brand.id]:
                    joined = market[rival] | market[brand.id]
                    market |= dict.fromkeys(joined, joined)
        return {brand: tuple(sorted(members)) for brand, members in market.items()}

    def today(self) -> date:
        """Today in the workspace's time zone; for commands, never for models."""
        return datetime.fromtimestamp(clock(), ZoneInfo(self.timezone)).date()

    def refuse_days_to_come(self, first: date, last: date) -> None:
        """Stop where a range of days reaches past today.

        Raises:
            ConfigurationError: with the repair.
        """
        today = self.today()
        for day in sorted({first, last}):
            if day > today:
                raise ConfigurationError(
                    [
                        f"{day} lies after today, {today} in {self.timezone} by this"
                        " machine's clock: no mart can tell of that day. End at"
                        f" {today}; or, if the clock is wrong, add --force."
                    ]
                )

    def now(self) -> str:
        """This moment by this machine's clock, UTC in ISO form; never for models."""
        return datetime.fromtimestamp(clock(), UTC).replace(tzinfo=None).isoformat()

    def source_path(self, source: Source) -> Path:
        """The source's path, relative paths taken from the workspace."""
        return self.root / source.path

    def pseudonym_key(self) -> bytes:
        """The key that turns account ids into account keys.

        `WM_PSEUDONYM_KEY`, else a random key made once in `.key` (mode 0600).
        """
        from_environment = os.environ.get("WM_PSEUDONYM_KEY", "")
        if from_environment:
            return from_environment.encode()
        return key_in(self.root / ".key")


def load_workspace(root: Path) -> Workspace:
    """Read and check `workspace.toml`.

    Raises:
        ConfigurationError: with every mistake found, each a sentence with file
            and line.
    """
    file = root / "workspace.toml"
    if "?" in str(root.absolute()):
        # What follows is a query to the database, which looks elsewhere for its log.
        raise ConfigurationError(
            [f"{root.absolute()} has a '?' in its path: move the workspace elsewhere."]
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            [
                f"{file} does not exist: give the workspace's folder with"
                " --workspace, or make one with `python -m flows init DIR`"
            ]
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8"]
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: not valid TOML: {error}"]) from None

    lines = dict(_locate_keys(text))

    def line_of(path: tuple[str | int, ...]) -> int:
        """The line of a key, or of the nearest table around a missing one."""
        while path and path not in lines:
            path = path[:-1]
        return lines[path] if path else 0

    def sentence(path: tuple[str | int, ...], what: str) -> str:
        number = line_of(path)
        place = f"{file}:{number}" if number else f"{file}"
        return f"{place}: {_spell(path)}{what}"

    found: list[tuple[tuple[str | int, ...], str]] = []
    configuration: _Configuration | None = None
    try:
        configuration = _Configuration.model_validate(_with_api_formats(data))
    except ValidationError as errors:
        for detail in errors.errors(include_url=False, include_input=False):
            path = detail["loc"]
            found.append((path, _explain(path, detail)))
    found.extend(_cross_checks(data, root))
    if found or configuration is None:
        unique = dict.fromkeys(found)
        ordered = sorted(unique, key=lambda item: line_of(item[0]))
        raise ConfigurationError([sentence(path, what) for path, what in ordered])
    return Workspace(
        root=root,
        timezone=configuration.timezone,
        sources=tuple(configuration.sources),
        brands=tuple(configuration.brands),
        campaigns=tuple(configuration.campaigns),
        policies=configuration.policies,
        alarms=configuration.alarms,
    )


def days_of_campaigns(
    workspace: Workspace, names: Sequence[str], first: date, last: date
) -> tuple[date, date]:
    """The part of a range in which the named campaigns ran.

    Raises:
        ConfigurationError: a name is no campaign's id, or none ran in the range.
    """
    by_id = {campaign.id: campaign for campaign in workspace.campaigns}
    unknown = [name for name in names if name not in by_id]
    if unknown:
        raise ConfigurationError(
            [
                f"--campaign names '{name}', which is no campaign of workspace.toml:"
                f" {_nearest(name, list(by_id))}."
                for name in unknown
            ]
        )
    first = max(first, min(by_id[name].start for name in names))
    last = min(last, max(by_id[name].end for name in names))
    if first > last:
        raise ConfigurationError(
            ["--campaign: none of these campaigns ran between --from and --to."]
        )
    return first, last


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"did you mean '{near[0]}'" if near else "it has none"


def _with_api_formats(data: dict[str, Any]) -> dict[str, Any]:
    """Configuration whose API sources have the format of their answers."""
    sources = data.get("sources")
    if not isinstance(sources, list):
        return data
    filled = [
        {
            **source,
            "format": API_FORMATS.get(
                str(source.get("platform")), API_FORMATS[DEFAULT_PLATFORM]
            ),
            "path": "api",
        }
        if isinstance(source, dict) and source.get("kind") == "api"
        else source
        for source in sources
    ]
    return {**data, "sources": filled}


def utc_naive(moment: datetime, timezone: str) -> datetime:
    """A configured moment as naive UTC; without an offset it is local time."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    return moment.astimezone(UTC).replace(tzinfo=None)


def _spell(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return f"{text} " if text else ""


def _explain(path: tuple[str | int, ...], error: Any) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.0)
        return f"is not a known key: did you mean '{near[0]}'?"
    if kind == "missing":
        return "is missing: add it"
    if kind == "literal_error":
        return f"must be one of {error['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        if error["ctx"]["pattern"] == ADDRESS:
            return "must be an address as https://api.example.com"
        return (
            "must start with a letter or digit and hold only letters, digits,"
            " '_', '.' and '-'"
            if error["ctx"]["pattern"] == IDENTIFIER
            else "must be three capital letters, as CNY"
        )
    message: str = error["msg"]
    return f"is wrong: {message[0].lower()}{message[1:]}"


def _known_keys(path: tuple[str | int, ...]) -> list[str]:
    sections: dict[tuple[str, ...], type[BaseModel]] = {
        (): _Configuration,
        ("sources",): Source,
        ("brands",): Brand,
        ("brands", "accounts"): AccountRef,
        ("campaigns",): Campaign,
        ("campaigns", "post_ids"): PostRef,
        ("campaigns", "budget"): Budget,
        ("campaigns", "partners"): Partner,
        ("campaigns", "partners", "account"): AccountRef,
        ("campaigns", "partners", "fee"): Budget,
        ("campaigns", "partners", "promised"): Promise,
        ("campaigns", "partners", "post_ids"): PostRef,
        ("policies",): Policies,
    }
    names = tuple(part for part in path if isinstance(part, str))
    return sorted(sections[names].model_fields)


def _tables(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    tables = data.get(name)
    if isinstance(tables, list):
        for index, table in enumerate(tables):
            if isinstance(table, dict):
                yield index, table


@cache
def _time_zones() -> frozenset[str]:
    """Names of all time zones; to list them is to walk a folder of a thousand files."""
    return frozenset(available_timezones())


def _cross_checks(
    data: dict[str, Any], root: Path
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Mistakes between keys; looks at the raw data, so that one mistake of
    form does not hide another.
    """  # noqa: D205
    zone = data.get("timezone")
    if isinstance(zone, str) and zone not in _time_zones():
        near = difflib.get_close_matches(zone, _time_zones(), n=1)
        hint = near[0] if near else "Asia/Shanghai"
        yield ("timezone",), f"'{zone}' is no time zone: did you mean '{hint}'?"
    for name, key in (("sources", "name"), ("brands", "id"), ("campaigns", "id")):
        seen: set[object] = set()
        for index, table in _tables(data, name):
            value = table.get(key)
            if isinstance(value, str) and value in seen:
                yield (name, index, key), f"'{value}' stands twice: make it unique"
            seen.add(str(value))
    brands = {str(table.get("id")) for _, table in _tables(data, "brands")}
    for index, table in _tables(data, "brands"):
        for rival in table.get("competitors") or []:
            if rival not in brands:
                yield (
                    ("brands", index, "competitors"),
                    f"names '{rival}', which is no brand's id: add that brand",
                )
    for name in ("brands", "campaigns"):
        for index, table in _tables(data, name):
            for key in ("keywords", "hashtags"):
                words = table.get(key)
                for word in words if isinstance(words, list) else ():
                    if isinstance(word, str) and not _NO_NAME.sub("", word):
                        yield (
                            (name, index, key),
                            f"holds '{word}', which names nothing: write a word, or"
                            " leave it out",
                        )
    for index, table in _tables(data, "campaigns"):
        brand = table.get("brand")
        if isinstance(brand, str) and brand not in brands:
            near = difflib.get_close_matches(brand, sorted(brands), n=1, cutoff=0.0)
            hint = f": did you mean '{near[0]}'?" if near else ": add that brand"
            yield (("campaigns", index, "brand"), f"'{brand}' is no brand's id{hint}")
        start, end = table.get("start"), table.get("end")
        if type(start) is date and type(end) is date and start > end:
            yield (
                ("campaigns", index, "end"),
                f"{end} lies before start {start}: swap them",
            )
        yield from _mistakes_of_partners(index, table, data)
    policies = data.get("policies")
    if isinstance(policies, dict):
        low = policies.get("suspected_threshold", 0.5)
        high = policies.get("phantom_threshold", 0.8)
        numbers = isinstance(low, int | float) and isinstance(high, int | float)
        if numbers and low > high:
            yield (
                ("policies", "suspected_threshold"),
                f"{low} is above phantom_threshold {high}: lower it",
            )
    for index, table in _tables(data, "sources"):
        is_api = table.get("kind") == "api"
        for key in _FILE_KEYS if is_api else _API_KEYS:
            if key in table:
                kind = "an API" if is_api else "files"
                yield ("sources", index, key), f"means nothing for {kind}: leave it out"
        platform = table.get("platform")
        if is_api and isinstance(platform, str) and platform not in API_FORMATS:
            yield (
                ("sources", index, "platform"),
                f"'{platform}' has no API that can be read: bring its archive as"
                ' kind = "files"',
            )
        if is_api and platform in API_PARTS:
            for what in _parts_that_are_not_there(platform, table):
                yield ("sources", index, "collect"), what
        if is_api and _needs_address(platform) and not table.get("base_url"):
            yield (
                ("sources", index),
                "needs base_url: the address of the blog, as https://blog.example.com",
            )
        if is_api and _is_in_the_clear(table.get("base_url")):
            yield (
                ("sources", index, "base_url"),
                "is not https: a token would go in the clear",
            )
        hosts = table.get("download_hosts")
        for host in hosts if is_api and isinstance(hosts, list) else ():
            if _is_in_the_clear(host):
                yield (
                    ("sources", index, "download_hosts"),
                    f"names '{host}', which is not https: what people wrote would"
                    " go in the clear",
                )
        path = table.get("path")
        if not isinstance(path, str) or not path or table.get("kind") != "files":
            continue
        has_landed = (root / "landing").is_dir()
        is_glob = any(mark in path for mark in "*?[")
        if not is_glob and not (root / path).exists() and not has_landed:
            yield (
                ("sources", index, "path"),
                f"'{path}' does not exist: correct it, or put the export there",
            )


def _mistakes_of_partners(
    index: int, campaign: dict[str, Any], data: dict[str, Any]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Mistakes between the keys of a campaign's partners."""
    own = {
        (account.get("platform"), account.get("account_id"))
        for _, brand in _tables(data, "brands")
        if brand.get("id") == campaign.get("brand")
        for _, account in _tables(brand, "accounts")
    }
    ids: set[object] = set()
    accounts: set[object] = set()
    posts: dict[object, int] = {}
    for place, partner in _tables(campaign, "partners"):
        path = ("campaigns", index, "partners", place)
        name = partner.get("id")
        if isinstance(name, str) and name in ids:
            yield (*path, "id"), f"'{name}' stands twice: make it unique"
        ids.add(str(name))
        account = partner.get("account")
        if isinstance(account, dict):
            key = (account.get("platform"), account.get("account_id"))
            if key in own:
                yield (
                    (*path, "account"),
                    "is an account of the campaign's brand: its posts are its own, not"
                    " paid ones",
                )
            if key in accounts and None not in key:
                yield (
                    (*path, "account"),
                    "is another partner's of this campaign, too: make them one partner",
                )
            accounts.add(key)
        promised = partner.get("promised")
        if isinstance(promised, dict) and not promised:
            yield (*path, "promised"), "is empty: write engagements or reach into it"
        start, end = partner.get("start"), partner.get("end")
        if (start is None) != (end is None):
            missing = "start" if start is None else "end"
            yield path, f"needs both start and end, or neither: {missing} is missing"
        if type(start) is date and type(end) is date and start > end:
            yield (*path, "end"), f"{end} lies before start {start}: swap them"
        listed = "post_ids" if partner.get("post_ids") else "addresses"
        if partner.get(listed) and not (start is None and end is None):
            yield (
                (*path, "start"),
                f"stands beside {listed}: list the paid posts, or give their days",
            )
        for post in _posts_of(partner):
            if posts.setdefault(post, place) != place:
                yield (
                    (*path, listed),
                    f"names post {post[1]}, which is another partner's of this"
                    " campaign, too: leave it with one of them",
                )


def _posts_of(partner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Platform and id of the posts that a partner lists, as far as they can be read."""
    for _, post in _tables(partner, "post_ids"):
        yield str(post.get("platform")), str(post.get("post_id"))
    addresses = partner.get("addresses")
    for address in addresses if isinstance(addresses, list) else ():
        try:
            shown = post_at(str(address))
        except ValueError:
            continue
        yield shown.platform, shown.post_id


def _parts_that_are_not_there(platform: str, table: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the parts that an API is asked for."""
    asked = table.get("collect")
    given = API_PARTS[platform]
    for part in asked if isinstance(asked, list) else ():
        if part in get_args(CollectPart) and part not in given:
            kept = ", ".join(
                f"'{name}'" for name in get_args(CollectPart) if name in given
            )
            yield f"asks for '{part}', which {platform} can't give: it gives {kept}"
        api = NETWORKS[platform].api
        sold = api is not None and part in api.commercial_parts
        if sold and not table.get("commercial"):
            yield f"asks for '{part}', which needs commercial = true"


def _needs_address(platform: object) -> bool:
    """Whether each source of a network's API has to say where it is."""
    facts = NETWORKS.get(str(platform))
    return facts is not None and facts.api is not None and facts.api.needs_address


# Blanks, marks of hashtags and calls, and what stands for a gap.
_NO_NAME = re.compile(r"[\s#＃@＠_·•‧∙⋅・‐‑-]+")


def _is_in_the_clear(address: object) -> bool:
    """Whether it is an http address that is not this machine's."""
    if not isinstance(address, str) or not address.startswith("http://"):
        return False
    return not _is_this_machine(address)


def _is_this_machine(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r'^\s*("?)([\w-]+)\1\s*=')


def _locate_keys(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield the line of each table and key, so that errors can point there."""
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            # A list of tables within one belongs to the last entry of that.
            table = ()
            *around, name = header[2].split(".")
            for part in around:
                table = (*table, part)
                if table in counts:
                    table = (*table, counts[table])
            table = (*table, name)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            elif table in counts:
                table = (*table, counts[table])
            yield table, number
            continue
        key = _KEY.match(line)
        if key:
            yield (*table, key[2]), number
