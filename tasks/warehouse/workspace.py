"""A workspace: its folder, its `workspace.toml`, its secrets.

`load_workspace` reads the configuration and names every mistake in one go,
with the line where there is one.
"""

from __future__ import annotations

import difflib
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tasks.warehouse.configuration import (
    Alarms,
    Brand,
    Campaign,
    Configuration,
    Delta,
    Engine,
    Policies,
    Postgres,
    Report,
    Source,
)
from tasks.warehouse.configuration_mistakes import (
    cross_checks,
    explain,
    in_sentences,
)
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.landing_store import settle
from tasks.warehouse.networks import (
    API_FORMATS,
    APIS,
    DEFAULT_PLATFORM,
)
from tasks.warehouse.pseudonyms import given_key, key_in

# What `today` looks at, Unix seconds; tests put another clock here.
clock = time.time


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
    report: Report = Report()
    postgres: Postgres | None = None
    delta: Delta | None = None
    engine: Engine = Engine()

    @property
    def landing(self) -> Path:
        """The source of truth: raw records as Parquet; see `landing_store`."""
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
    def spark(self) -> Path:
        """Copies of the warehouse's tables for Spark, where that is the engine."""
        return self.root / "spark"

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
        return given_key() or key_in(self.root / ".key")


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
    if file.exists() and not file.is_file():  # a pipe would make everybody wait
        raise ConfigurationError([f"{file} is no file: put one in its place"])
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

    found: list[tuple[tuple[str | int, ...], str]] = []
    configuration: Configuration | None = None
    try:
        configuration = Configuration.model_validate(_with_api_formats(data))
    except ValidationError as errors:
        for detail in errors.errors(include_url=False, include_input=True):
            path = detail["loc"]
            found.append((path, explain(path, detail)))
    found.extend(cross_checks(data, root))
    if found or configuration is None:
        raise ConfigurationError(in_sentences(file, text, found))
    settle(root / "landing", configuration.landing)
    return Workspace(
        root=root,
        timezone=configuration.timezone,
        sources=tuple(configuration.sources),
        brands=tuple(configuration.brands),
        campaigns=tuple(configuration.campaigns),
        policies=configuration.policies,
        alarms=configuration.alarms,
        report=configuration.report,
        postgres=configuration.postgres,
        delta=configuration.delta,
        engine=configuration.engine,
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
    """Configuration whose API sources have the format of their answers.

    A source may name one: which of a network's APIs is read.
    """
    sources = data.get("sources")
    if not isinstance(sources, list):
        return data
    filled = [
        {
            **source,
            "format": named
            if (named := source.get("format")) in APIS
            else API_FORMATS.get(
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
