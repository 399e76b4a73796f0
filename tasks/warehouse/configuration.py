"""What can stand in `workspace.toml`: its sections, as types."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tasks.warehouse.landing_store import known_address
from tasks.warehouse.networks import (
    FORMATS,
    NETWORKS,
    PLATFORMS,
)
from tasks.warehouse.table_mapping import TableMapping

if TYPE_CHECKING:
    Platform = str
    FormatName = str
else:
    Platform = Literal[PLATFORMS]
    FormatName = Literal[FORMATS]
# What pages speak.
LANGUAGES = ("en", "zh")
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[LANGUAGES]
# Accounts that are public by what they are: of brands and partners that the
# configuration names, and organisations that a network verified.
PublicAccount = Literal["own", "competitors", "partners", "organisations"]
FindingKind = Literal[
    "negative_rise",
    "praise_burst",
    "phantom_burst",
    "completeness_drop",
    "source_late",
    "promise_missed",
    "claim_supported",
    "sales_unmatched",
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
    "hot_topics",
]
COMMON_PARTS = ("posts", "reposts", "comments", "likes", "counters", "profiles")
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


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"no time zone is called {name}: as Asia/Shanghai or UTC")
    return name


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
            post_id = told.get("id") or long_form(told["base62"])
            return PostRef(platform=platform, post_id=post_id)
    shown = [facts.title for facts in NETWORKS.values() if facts.post_patterns]
    raise ValueError(
        f"'{address}' is no address of a post on {' or '.join(shown)}: write its id"
        " into post_ids"
    )


def long_form(written: str) -> str:
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
    format: FormatName
    path: str = Field(min_length=1)
    # When the export was made: stands in for a crawl time that the records
    # themselves don't carry.
    observed_at: datetime | None = None
    # The next record comes within so many days, 0: no more; learned where not stated.
    expect_every_days: int | None = Field(default=None, ge=0, le=366)
    # Of text files, where it can't be told from them.
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None
    # Of a table of one's own: what its columns say.
    table: TableMapping | None = None
    # Of clocks that files of some formats name none of.
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    # Of an API: another address than the platform's own (a proxy, a blog); what
    # to collect; what the app may spend of its limits and how long it may wait.
    base_url: Address | None = None
    commercial: bool = False
    collect: list[CollectPart] = []
    budget_share: float = Field(default=0.9, gt=0, le=1)
    reserve: float = Field(default=0.1, ge=0, lt=1)
    limits: dict[str, Annotated[int, Field(ge=0)]] = {}
    patience_minutes: float = Field(default=0, ge=0)
    # Calls at once; without it as many as the budget needs.
    max_in_flight: int | None = Field(default=None, ge=1, le=256)
    # Where spending is counted together with sources of other workspaces.
    budget_file: str | None = Field(default=None, min_length=1)
    # Addresses of hosts that downloads may lead on to; they get no credential.
    download_hosts: list[Address] = []

    @property
    def read_as(self) -> str | None:
        """What the workspace says of its files' contents: differs where that does."""
        return self.time_zone if self.table is None else self.table.digest

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

    # The marts hold amounts as DECIMAL(18, 4).
    amount: float = Field(ge=0, lt=1e14, allow_inf_nan=False)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Promise(_Section):
    """What a partner promised of its posts for a campaign."""

    engagements: int | None = Field(default=None, ge=1)
    reach: int | None = Field(default=None, ge=1)


class Partner(_Section):
    """An account, or several on different networks, paid for posts of a campaign.

    Its paid posts are those listed by id or address; else all that it published from
    `start` to `end`; else, without these, its posts that belong to the campaign anyway.
    """

    id: str = Field(pattern=IDENTIFIER)
    name: str | None = None
    account: AccountRef
    # The same partner's on other networks.
    other_accounts: list[AccountRef] = []
    fee: Budget | None = None
    promised: Promise = Promise()
    post_ids: list[PostRef] = []
    addresses: list[Annotated[str, AfterValidator(_known_post)]] = []
    start: date | None = None
    end: date | None = None

    @property
    def accounts(self) -> list[AccountRef]:
        """All that are the partner's, the main one first."""
        return [self.account, *self.other_accounts]

    @property
    def listed_posts(self) -> list[PostRef]:
        """Posts that are listed by id or address, each once."""
        posts = [*self.post_ids, *map(post_at, self.addresses)]
        return list({(one.platform, one.post_id): one for one in posts}.values())


class TrackedLink(_Section):
    """A link or code of a campaign by which clicks and orders are told."""

    id: str = Field(pattern=IDENTIFIER)
    url: Address | None = None
    # A coupon's code, a short code, or the short address of the same link.
    code: str | None = Field(default=None, min_length=1)
    partner: str | None = None
    post: PostRef | None = None
    address: Annotated[str, AfterValidator(_known_post)] | None = None
    channel: str | None = Field(default=None, min_length=1)

    @property
    def stands_under(self) -> PostRef | None:
        """The post that it is stated to stand in."""
        return self.post or (post_at(self.address) if self.address else None)


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
    tracked_links: list[TrackedLink] = []

    @property
    def listed_posts(self) -> list[PostRef]:
        """Posts that belong to it whatever they say, those of partners last."""
        return [
            *self.post_ids,
            *(post for partner in self.partners for post in partner.listed_posts),
        ]


_Days = Annotated[int, Field(ge=1)]
_Share = Annotated[float, Field(gt=0, lt=1)]


class Policies(_Section):
    """Rules; each has a default."""

    look_back_days: int = Field(default=14, ge=0)
    behaviour_days: int = Field(default=90, ge=1)
    # Nobody is contacted again within so many days.
    contact_cap_days: int = Field(default=90, ge=0)
    # Orders count for a campaign until so many days after its last one.
    order_days: int = Field(default=7, ge=0, le=366)
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
    # restricted: accounts last read longer ago leave `restricted/`. (Not landing: all
    # that is published is made of it.)
    retention_days: dict[Literal["restricted"], _Days] = {}
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


class Report(_Section):
    """How the pages speak, and whom they name."""

    # Of the page that stands first; the other one stands beside it.
    language: Language = "en"
    # Whose names may stand in the marts and the open page, as authors of posts.
    named: tuple[PublicAccount, ...] = ("own", "competitors", "partners")


# Names that need no quotes, short enough for what is joined to them.
_Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Postgres(_Section):
    """Where the marts stand besides the files."""

    schema_name: _Identifier = "weibo_manager"
    # A role that may read them.
    readers: _Identifier | None = None


class Delta(_Section):
    """A folder of Delta tables that the marts stand in besides the files."""

    # Absolute, or from the workspace's folder.
    folder: str


# Of Spark, or what results rest on: with others marts would not be equal.
_OWN_OF_SPARK = re.compile(r"spark\.(?!sql\.(session\.timeZone|timestampType|ansi\.))")
# It would stand in this file, and in the arguments of Spark's process.
_SECRET = re.compile(r"(secret|password|token)(\.key)?$|access[._]key$", re.IGNORECASE)
_MASTER = re.compile(
    r"local|local\[(\*|[1-9]\d*)(, *[1-9]\d*)?\]|spark://\S+|k8s://\S+|yarn"
)


def _known_master(address: str) -> str:
    if not _MASTER.fullmatch(address):
        raise ValueError(
            f"Spark knows no master '{address}': as local[2], spark://host:7077,"
            " k8s://https://host:443 or yarn"
        )
    return address


def _known_memory(size: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[mg]", size):
        raise ValueError(f"'{size}' is no memory: as 2g or 1500m")
    return size


def _own_settings(settings: dict[str, str]) -> dict[str, str]:
    for name in settings:
        if not _OWN_OF_SPARK.match(name):
            raise ValueError(
                f"'{name}' can't be set here: names of Spark's own begin with spark.,"
                " and its time zone, type of moments and ansi mode are stated by us"
            )
        if _SECRET.search(name):
            raise ValueError(
                f"'{name}' can't be set here: secrets stand in the environment, as"
                " AWS_SECRET_ACCESS_KEY does, or in Spark's own spark-defaults.conf"
            )
    return settings


_Memory = Annotated[str, AfterValidator(_known_memory)]


class Engine(_Section):
    """Who works out staging and the models behind it, besides the warehouse."""

    name: Literal["duckdb", "spark"] = "duckdb"
    master: Annotated[str, AfterValidator(_known_master)] = "local[*]"
    driver_memory: _Memory = "2g"
    executor_memory: _Memory | None = None
    # Others of Spark's settings; numbers and truth as texts.
    settings: Annotated[dict[str, str], AfterValidator(_own_settings)] = {}


class Configuration(_Section):
    """All of `workspace.toml`."""

    timezone: str
    # A place in a bucket where landing lies; without it in the workspace's folder.
    landing: Annotated[str, AfterValidator(known_address)] | None = None
    sources: list[Source] = []
    brands: list[Brand] = []
    campaigns: list[Campaign] = []
    policies: Policies = Policies()
    alarms: Alarms = Alarms()
    report: Report = Report()
    postgres: Postgres | None = None
    delta: Delta | None = None
    engine: Engine = Engine()


def _needs_address(platform: object) -> bool:
    """Whether each source of a network's API has to say where it is."""
    facts = NETWORKS.get(str(platform))
    return facts is not None and facts.api is not None and facts.api.needs_address
