"""API sources: crawl what the workspace needs, then land what was crawled.

A source may be crawled ahead of a run and apart from it, by another process
(`crawl_apart`): what is read waits in the crawl's file, and the run lands it. A lock of
its own lets one process at a time crawl a source; what sources of one host may spend is
counted in one file, whoever crawls them.

What waits from an earlier, killed run is landed first, as the same batch, so that
nothing lands twice.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pyarrow as pa

from tasks.sources.crawl.budget import Budget, Use
from tasks.sources.crawl.crawler import (
    Crawled,
    Crawler,
    FatalAnswerError,
    Platform,
    ReauthoriseError,
    Search,
    Wanted,
)
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import (
    Client,
    Clock,
    ForbiddenAddressError,
    SystemClock,
)
from tasks.sources.crawl.network_api import NetworkApi, api_of
from tasks.sources.crawl.spending import Spending
from tasks.sources.crawl.state import (
    PASS,
    CrawlState,
    Stream,
    Waiting,
    told_of_crawl,
)
from tasks.sources.crawl.state import crawl_lock as lock_of
from tasks.sources.file_landing import (
    QUARANTINE,
    STREAM,
    copy_records,
    explain_unknown,
    shut_out,
)
from tasks.sources.networks import FORMATS
from tasks.warehouse import landing
from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.configuration import Source
from tasks.warehouse.database import failpoint, tune
from tasks.warehouse.errors import ConfigurationError, WorkspaceLockedError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.networks import APIS
from tasks.warehouse.progress import say, step
from tasks.warehouse.rejected import rejected_of
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace

# So long before its end a token is told.
_TOKEN_WARNING = timedelta(days=7)
# What a crawl remembers: days that were read ahead of a run, when that ended, and a
# digest of what was wanted: a campaign that came since has not been read.
_READ = "read_ahead"
# Records that land together: bounds what is in memory.
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Collected:
    """What crawling one source gave.

    Attributes:
        batches: that were landed.
        deferred: why the crawl stopped before its end and when it can go on, as
            a sentence; None where it came to its end.
    """

    batches: tuple[landing.Batch, ...]
    deferred: str | None


def check_apis(workspace: Workspace) -> None:
    """Check that every secret of the sources is there and every limit is known.

    Raises:
        ConfigurationError: names all mistakes.
    """
    missing: dict[str, str] = {}
    damaged: dict[str, str] = {}
    mistakes: list[str] = []
    for source in workspace.sources:
        api = api_of(source.format) if source.kind == "api" else None
        if api is None:
            continue
        for name in api.secrets(source):
            value = credential(name)
            if not value:
                missing.setdefault(name, source.name)
            elif not (value.isascii() and value.isprintable()):
                damaged.setdefault(name, source.name)
        known = [limit.name for limit in api.make(source, SystemClock()).limits]
        mistakes += [
            f"Source '{source.name}': limits names '{name}', which {source.platform}"
            f" does not have: use {', '.join(known)}."
            for name in source.limits
            if name not in known
        ]
    shared: dict[Path, set[str]] = {}
    for source in workspace.sources:
        if source.budget_file is not None:
            file = spending_file(workspace, source)
            shared.setdefault(file, set()).add(APIS[source.format].name)
    mistakes += [
        f"{file} is the budget_file of sources of {' and '.join(sorted(apis))}:"
        " give each platform its own."
        for file, apis in shared.items()
        if len(apis) > 1
    ]
    mistakes += [
        f"Source '{source}' needs {name}: set it in the environment (or {name}_FILE"
        " to a file that holds it)."
        for name, source in missing.items()
    ]
    mistakes += [
        f"Source '{source}': {name} holds a character that no credential has, or is of"
        " several lines: set it once more."
        for name, source in damaged.items()
    ]
    if mistakes:
        raise ConfigurationError(mistakes)


def examine_apis(workspace: Workspace) -> Iterator[Condition]:
    """Whether credentials and limits of all APIs are there."""
    try:
        check_apis(workspace)
    except ConfigurationError as error:
        yield from (broken("APIs", one) for one in error.mistakes)
    else:
        yield Condition("APIs", "credentials and limits are there")


def _api_of(source: Source) -> NetworkApi:
    api = api_of(source.format)
    assert api is not None, source.format  # the configuration allows no other
    return api


def state_file(workspace: Workspace, source: Source) -> Path:
    """Where a source's crawl is remembered."""
    return workspace.landing / ".crawl" / f"{source.name}.sqlite"


def spending_file(workspace: Workspace, source: Source) -> Path:
    """Where it is counted what is spent of the limits that a source is under.

    Sources of one API share it, where they ask the same host.
    """
    if source.budget_file is not None:
        return workspace.root / source.budget_file
    own = _api_of(source).base_url
    host = urlsplit(source.base_url or "").netloc.lower()
    name: str = APIS[source.format].name
    if host and host != urlsplit(own or "").netloc:
        name += "-" + re.sub("[^a-z0-9.-]", "_", host)
    return workspace.landing / ".crawl" / "spending" / f"{name}.sqlite"


def _hold_crawl(held: ExitStack, workspace: Workspace, source: Source) -> bool:
    """Whether nobody else crawls a source, which is then held."""
    lock = crawl_lock(workspace, source)
    workspace.landing.mkdir(mode=0o700, exist_ok=True)
    lock.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        held.enter_context(hold_workspace(lock, "a run"))
    except WorkspaceLockedError:
        return False
    return True


def _was_read(
    workspace: Workspace, source: Source, first: date, last: date, clock: Clock
) -> bool:
    file = state_file(workspace, source)
    with told_of_crawl(file), CrawlState(file) as state:
        return _is_read(state, workspace, source, first, last, clock)


def _forget_read(workspace: Workspace, source: Source) -> None:
    with CrawlState(state_file(workspace, source)) as state:
        state.remember(_READ, None)


@dataclass(frozen=True)
class _Crawl:
    """How the crawl of a source ended.

    Attributes:
        crawled: what it did; None where it failed.
        failure: why, as a sentence.
        warning: of a token that ends soon.
    """

    crawled: Crawled | None = None
    failure: str | None = None
    warning: str | None = None


def collect_source(
    workspace: Workspace,
    source: Source,
    first: date,
    last: date,
    clock: Clock | None = None,
) -> Collected:
    """Crawl one API source for a range of days and land it; as `collect_sources`."""
    (collected,) = collect_sources(workspace, [source], first, last, clock)
    return collected


def crawl_lock(workspace: Workspace, source: Source) -> Path:
    """The file that who crawls a source locks."""
    return lock_of(state_file(workspace, source))


def crawl_apart(
    workspace: Workspace,
    source: Source,
    first: date,
    last: date,
    clock: Clock | None = None,
) -> str | None:
    """Crawl one API source for a range of days; the next run lands what was read.

    The workspace isn't held, so that a run may work meanwhile, and other processes
    crawl other sources. Run again it goes on where it was killed.

    Returns:
        Why it was not read to its end, and when it can go on; None where it was.

    Raises:
        ConfigurationError: the platform refuses, or a token has expired.
        StepFailedError: what a crawl remembers can't be read or written.
        WorkspaceLockedError: another process crawls this source.
    """
    stop = Event()
    clock = clock or SystemClock(stop)
    file = state_file(workspace, source)
    lock = crawl_lock(workspace, source)
    workspace.landing.mkdir(mode=0o700, exist_ok=True)
    lock.parent.mkdir(mode=0o700, exist_ok=True)
    with hold_workspace(lock, "crawl"), step(f"crawl {source.name}"):
        with told_of_crawl(file), CrawlState(file) as state:
            waits = bool(state.waiting(1))
            is_read = _is_read(state, workspace, source, first, last, clock)
            resumes = waits and not is_read
            state.remember(_READ, None)
        spent_in = spending_file(workspace, source)
        shared = [
            one
            for one in workspace.sources
            if one.kind == "api" and spending_file(workspace, one) == spent_in
        ]
        crawl = _crawl(
            workspace,
            source,
            wanted_of(workspace, source, first, last),
            clock,
            stop,
            resumes=resumes,
            shared_by=len(shared),
        )
        if crawl.failure is not None:
            raise ConfigurationError([crawl.failure])
        deferred = _tell(workspace, source, crawl)
        if deferred is None:
            with told_of_crawl(file), CrawlState(file) as state:
                ended = datetime.fromtimestamp(clock.now(), UTC).isoformat()
                days = [first.isoformat(), last.isoformat()]
                wanted = _wanted_digest(workspace, source, first, last)
                state.remember(_READ, [*days, ended, wanted])
    return deferred


def _is_read(
    state: CrawlState,
    workspace: Workspace,
    source: Source,
    first: date,
    last: date,
    clock: Clock,
) -> bool:
    """Whether days were crawled ahead to their end, and no run has taken that yet."""
    told = state.fact(_READ)
    if told is None:
        return False
    begin, end = (date.fromisoformat(day) for day in told[:2])
    age = datetime.fromtimestamp(clock.now(), UTC) - datetime.fromisoformat(told[2])
    return (
        begin <= first
        and last <= end
        and age < PASS
        and told[3:] == [_wanted_digest(workspace, source, begin, end)]
    )


def _wanted_digest(
    workspace: Workspace, source: Source, first: date, last: date
) -> str:
    """Changes when a campaign, or what is to be collected, does."""
    wanted = wanted_of(workspace, source, first, last)
    told = replace(wanted, collect=frozenset()), sorted(wanted.collect)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def collect_sources(
    workspace: Workspace,
    sources: Sequence[Source],
    first: date,
    last: date,
    clock: Clock | None = None,
) -> list[Collected]:
    """Crawl API sources side by side for a range of days, and land them.

    Each is crawled in a thread of its own: none waits for another's limits, and those
    that share a budget use it alike. One that was crawled ahead is landed alone; of one
    that another process crawls now, what it has read.

    Raises:
        ConfigurationError: a platform refuses, or a token has expired; what was read
            is landed.
        StepFailedError: what a crawl remembers can't be read or written.
    """
    stop = Event()
    clock = clock or SystemClock(stop)
    named = ", ".join(source.name for source in sources)
    with step(f"crawl {named}"), ExitStack() as held:
        here = [source for source in sources if _hold_crawl(held, workspace, source)]
        ahead = [one for one in here if _was_read(workspace, one, first, last, clock)]
        collected = [
            Collected(
                tuple(_land_waiting(workspace, source)),
                f"Source '{source.name}' is being read by another process: what it has"
                " read by now is landed, the next run lands the rest.",
            )
            for source in sources
            if source not in here
        ]
        for source in ahead:
            say(f"  {source.name}: was read ahead of this run")
            collected.append(Collected(tuple(_land_waiting(workspace, source)), None))
            with told_of_crawl(state_file(workspace, source)):
                _forget_read(workspace, source)
        sources = [source for source in here if source not in ahead]
        if not sources:
            return collected
        batches = [_land_waiting(workspace, source) for source in sources]
        shared = Counter(spending_file(workspace, source) for source in sources)
        threads = ThreadPoolExecutor(len(sources), thread_name_prefix="crawl")
        try:
            crawls = [
                threads.submit(
                    _crawl,
                    workspace,
                    source,
                    wanted_of(workspace, source, first, last),
                    clock,
                    stop,
                    resumes=bool(landed),
                    shared_by=shared[spending_file(workspace, source)],
                )
                for source, landed in zip(sources, batches, strict=True)
            ]
            wait_for(crawls)
        finally:
            # By a signal, too: what is under way is finished and kept first.
            stop.set()
            threads.shutdown()
        for source, crawl, landed in zip(sources, crawls, batches, strict=True):
            if crawl.exception() is None:
                deferred = _tell(workspace, source, crawl.result())
                landed += _land_waiting(workspace, source)
                collected.append(Collected(tuple(landed), deferred))
    ended = [crawl.result() for crawl in crawls]
    if failures := [one.failure for one in ended if one.failure is not None]:
        raise ConfigurationError(failures)
    return collected


def _crawl(
    workspace: Workspace,
    source: Source,
    wanted: Wanted,
    clock: Clock,
    stop: Event,
    *,
    resumes: bool,
    shared_by: int,
) -> _Crawl:
    """Crawl a source; what is read waits to be landed.

    Args:
        workspace: the source's.
        source: to crawl.
        wanted: of its platform.
        clock: time and waiting.
        stop: set where the run is to end.
        resumes: an earlier run was killed after its last page.
        shared_by: crawls that ask the same host.
    """
    api = _api_of(source)
    file = state_file(workspace, source)
    most = max((source.max_in_flight or api.max_in_flight) // shared_by, 1)
    with (
        told_of_crawl(file),
        CrawlState(file) as state,
        _spending(workspace, source) as spending,
    ):
        platform = api.make(source, clock)
        try:
            with Client(
                source.base_url or api.base_url or "",
                platform.headers(),
                clock=clock,
                other_hosts=() if source.base_url else api.other_hosts,
                file_hosts=tuple(source.download_hosts),
            ) as client:
                crawled = Crawler(
                    platform,
                    client,
                    state,
                    _budget(source, platform, spending),
                    wanted,
                    clock,
                    patience_seconds=source.patience_minutes * 60,
                    resumes=resumes,
                    max_in_flight=most,
                    stop=stop,
                ).run()
        except (FatalAnswerError, ReauthoriseError, ForbiddenAddressError) as error:
            return _Crawl(failure=f"Source '{source.name}': {error}.")
        return _Crawl(crawled, warning=token_warning(state, clock.now()))


def _tell(workspace: Workspace, source: Source, crawl: _Crawl) -> str | None:
    """Say what a crawl did; why it stopped before its end, and when it can go on."""
    crawled = crawl.crawled
    if crawled is None:
        return None
    say(f"  {source.name}: {crawled.records:,} records in {crawled.calls:,} calls")
    for note, count in sorted(crawled.notes.items()):
        say(f"  {source.name}: {count:,} × {note}")
    if crawl.warning:
        say(f"  {source.name}: {crawl.warning}")
    if crawled.resume_at is None:
        return None
    moment = datetime.fromtimestamp(crawled.resume_at, ZoneInfo(workspace.timezone))
    return (
        f"Source '{source.name}' is not read to its end: {crawled.waits_for}. Run the"
        f" same command again after {moment:%Y-%m-%d %H:%M} ({workspace.timezone}); it"
        " goes on where it stopped."
    )


def _token_end(state: CrawlState) -> datetime | None:
    """When the token ends, where the platform tells."""
    second = state.fact("token_expires_at")
    return None if second is None else datetime.fromtimestamp(second, UTC)


def token_warning(state: CrawlState, now: float) -> str | None:
    """A sentence on a token that ends soon, or has; None for any other."""
    ends = _token_end(state)
    if ends is None:
        return None
    left = ends - datetime.fromtimestamp(now, UTC)
    if left >= _TOKEN_WARNING:
        return None
    day = f"{ends:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta():
        return f"the token ended at {day}: authorise again"
    hours = int(left / timedelta(hours=1))
    count = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    return f"the token ends in {count}, at {day}: authorise again before"


def _calls_left(stream: Stream, rows_a_call: int) -> int:
    """Calls that a list still needs: one for its pages' end, where it has a count."""
    total = stream.params.get("total", "")
    if not total.isdigit():
        return 1
    left = max(int(total) - int((stream.cursor or {}).get("rows", 0)), 0)
    return math.ceil(left / rows_a_call) + 1


def _spending(workspace: Workspace, source: Source) -> Spending:
    """What was spent, with what an earlier version counted in the crawl's file."""
    spending = Spending(spending_file(workspace, source))
    spending.take_over(state_file(workspace, source))
    return spending


def _budget(source: Source, platform: Platform, spending: Spending) -> Budget:
    return Budget(
        spending,
        platform.limits,
        share=source.budget_share,
        reserve=source.reserve,
        overrides=source.limits,
    )


def describe_spending(workspace: Workspace, source: Source) -> dict[str, Any] | None:
    """How a source's crawl stands, for `status`; None before its first run."""
    file = state_file(workspace, source)
    api = api_of(source.format)
    if not file.exists() or api is None:
        return None
    clock = SystemClock()
    platform = api.make(source, clock)
    with (
        told_of_crawl(file),
        CrawlState(file) as state,
        _spending(workspace, source) as spending,
    ):
        budget = _budget(source, platform, spending)
        uses: list[Use] = budget.uses(clock.now())
        streams = state.streams()
        lists: Counter[str] = Counter()
        calls: Counter[str] = Counter()
        for stream in streams:
            if stream.state == "open":
                lists[stream.endpoint] += 1
                calls[stream.endpoint] += _calls_left(stream, api.rows_a_call)
        ends = _token_end(state)
        return {
            "source": source.name,
            "limits": [
                {
                    "name": use.name,
                    "limit": use.amount,
                    "may_spend": use.allowed,
                    "spent": use.spent,
                    "resets_at": datetime.fromtimestamp(use.resets_at, UTC).isoformat(),
                }
                for use in uses
            ],
            "open_lists": dict(sorted(lists.items())),
            "calls_left": dict(sorted(calls.items())),
            "done_at": _moment(budget.done_at(calls, clock.now(), api.rows_a_call))
            if calls
            else None,
            "token_ends_at": ends and ends.isoformat(),
            "token_warning": token_warning(state, clock.now()),
            "finished_lists": sum(stream.state == "done" for stream in streams),
            "given_up": sorted(
                {stream.note for stream in streams if stream.state == "stuck"} - {None}
            ),
            "absent": len(state.absent()),
        }


def describe_apis(workspace: Workspace) -> list[dict[str, Any]]:
    """Plan and spending of each API source that was crawled."""
    found = (
        describe_spending(workspace, source)
        for source in workspace.sources
        if source.kind == "api"
    )
    return [spending for spending in found if spending is not None]


def _moment(second: float) -> str | None:
    """A moment in ISO form; None for one that never comes."""
    if math.isinf(second):
        return None
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="minutes")


def wanted_of(workspace: Workspace, source: Source, first: date, last: date) -> Wanted:
    """What campaigns need of a source's platform within a range of days."""
    reach = timedelta(days=workspace.policies.look_back_days)
    campaigns = [
        campaign
        for campaign in workspace.campaigns
        if campaign.start - reach <= last and campaign.end + reach >= first
    ]
    # While a campaign runs, its whole market is heard alike.
    markets = workspace.markets()
    brands = {brand.id: brand for brand in workspace.brands}
    searches = {
        Search(text, campaign.start, campaign.end)
        for campaign in campaigns
        for hashtags, keywords in (
            (campaign.hashtags, campaign.keywords),
            *(
                (brands[member].hashtags, brands[member].keywords)
                for member in markets[campaign.brand]
            ),
        )
        for text in (*(f"#{hashtag.strip('# ')}#" for hashtag in hashtags), *keywords)
    }
    return Wanted(
        accounts=tuple(
            sorted(
                {
                    account.account_id
                    for brand in workspace.brands
                    for account in brand.accounts
                    if account.platform == source.platform
                }
            )
        ),
        posts=tuple(
            sorted(
                {
                    post.post_id
                    for campaign in campaigns
                    for post in campaign.listed_posts
                    if post.platform == source.platform
                }
            )
        ),
        searches=tuple(
            sorted(searches, key=lambda search: (search.text, search.first))
        ),
        windows=tuple(
            sorted({(campaign.start, campaign.end) for campaign in campaigns})
        ),
        first=first,
        last=last,
        look_back_days=workspace.policies.look_back_days,
        timezone=workspace.timezone,
        collect=frozenset(source.parts),
    )


def _land_waiting(workspace: Workspace, source: Source) -> list[landing.Batch]:
    """Land what a crawl has read."""
    file = state_file(workspace, source)
    batches = []
    with told_of_crawl(file), CrawlState(file) as state:
        while rows := state.waiting(_AT_ONCE):
            batches.append(_land(workspace, source, rows))
            failpoint("crawl-landed")
            state.forget(rows[-1].number)
    return batches


def _land(workspace: Workspace, source: Source, rows: list[Waiting]) -> landing.Batch:
    form = FORMATS[source.format]
    digests = [hashlib.sha256(row.body).hexdigest() for row in rows]
    identity = json.dumps(
        [source.name, source.platform, source.format]
        + [
            [row.request, row.item, row.observed_at, digest]
            for row, digest in zip(rows, digests, strict=True)
        ]
    )
    content = hashlib.sha256(identity.encode()).hexdigest()
    batch_id = content[:16]
    folder = landing.new_folder(workspace.landing, batch_id)
    connection = duckdb.connect()
    tune(connection, workspace.root / ".spill")
    connection.execute("set arrow_large_buffer_size = true")
    copy_records(
        connection, workspace, source, form, iter([_batch(rows, digests)]), folder
    )
    rejected = _reject_unknown(connection, source, folder)
    connection.close()
    rejected = shut_out(workspace, source, folder, rejected)
    if len(rejected):
        workspace.quarantine.mkdir(exist_ok=True)
        target = rejected_of(workspace.quarantine, batch_id)
        with replacing(target) as beside:
            rejected.write_parquet(beside)
    landed = landing.LandedFile(
        source=source.name,
        path=f"{source.base_url or _api_of(source).base_url}",
        size=sum(len(row.body) for row in rows),
        mtime_ns=0,
        sha256=content,
        records=len(rows) - len(rejected),
        quarantined=len(rejected),
    )
    return landing.commit(
        workspace.landing,
        batch_id,
        folder,
        source.platform,
        form.name,
        [landed],
        workspace.now(),
    )


def _batch(rows: list[Waiting], digests: list[str]) -> pa.RecordBatch:
    moments = [datetime.fromisoformat(row.observed_at) for row in rows]
    columns: dict[str, list[Any]] = {
        "path": [row.request for row in rows],
        "sha256": digests,
        "file_kind": [row.kind for row in rows],
        "root_id": [row.root_id for row in rows],
        "observed_at": moments,
        "position": [1] * len(rows),
        "item": [row.item for row in rows],
    }
    arrays = {
        field.name: pa.array(
            columns[field.name],
            pa.string() if pa.types.is_dictionary(field.type) else field.type,
        ).cast(field.type)
        for field in STREAM
        if field.name in columns
    }
    arrays["document"] = _documents([row.body for row in rows])
    return pa.record_batch([arrays[name] for name in STREAM.names], schema=STREAM)


def _documents(bodies: list[bytes]) -> pa.Array:
    """Records as a column, joined at once: one by one takes four times as long.

    Raises:
        sqlite3.DatabaseError: one is no text, so the crawl's file is damaged.
    """
    ends = pa.array(list(accumulate(map(len, bodies), initial=0)), pa.int64())
    text = pa.py_buffer(b"".join(bodies))
    column = pa.Array.from_buffers(
        pa.large_string(), len(bodies), [None, ends.buffers()[1], text]
    )
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raise sqlite3.DatabaseError("a record is no UTF-8") from None
    return column


def _reject_unknown(
    connection: duckdb.DuckDBPyConnection, source: Source, folder: Path
) -> pl.DataFrame:
    unknown = folder / "kind=unknown"
    if not unknown.is_dir():
        return pl.DataFrame(schema=QUARANTINE)
    files = sorted(unknown.rglob("*.parquet"))
    found = connection.sql(
        "select $source as source, $platform as platform, path, position, item,"
        " '' as reason, record from read_parquet($files)"
        " order by path, position, item, record",
        params={
            "source": source.name,
            "platform": source.platform,
            "files": landing.as_patterns(files),
        },
    ).pl()
    for file in files:
        file.unlink()
    form = FORMATS[source.format]
    reasons = [explain_unknown(form, source, text) for text in found["record"]]
    return pl.DataFrame(
        found.with_columns(reason=pl.Series(reasons, dtype=pl.String)),
        schema=QUARANTINE,
    )
