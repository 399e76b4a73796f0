"""A one-off audit of exported files: a row per account; no workspace needed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from tasks.accounts.audience import AudienceQuality, Count, measure_quality
from tasks.accounts.phantom_model import PhantomModel, read_model, shipped_model
from tasks.accounts.prevalence import (
    USUAL_SHARE,
    Prevalence,
    Share,
    measure_prevalence,
    resample_labelled,
)
from tasks.accounts.reason_classes import REASON_CLASSES
from tasks.sources.format_guess import guess_format
from tasks.sources.networks import FORMATS, RAW_TABLES
from tasks.sources.source_files import land_sources
from tasks.staging.observe import SUITES, leave_out, observe
from tasks.verdicts.judge import OPERATORS, SCORES, judge
from tasks.verdicts.labels import names_operators, read_labels, read_operators
from tasks.warehouse import landing
from tasks.warehouse.configuration import Policies, Source
from tasks.warehouse.database import connect, count
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.networks import (
    DEFAULT_PLATFORM,
    PLATFORM_OF_FORMAT,
    TABLE_FORMAT,
)
from tasks.warehouse.progress import say, step
from tasks.warehouse.publication import FORMULA
from tasks.warehouse.seed_tables import read_overrides
from tasks.warehouse.temporary import temporary_folder
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace

_COLUMNS = (
    "platform",
    "account_id",
    "screen_name",
    "phantom_probability",
    "phantom_level",
    "reasons",
    "operator_id",
    "operator_probability",
    "model_version",
)

# What sums of accounts look at.
_OF_SCORES = ("shown", "score_kind", "score_bin", "score_cell")


@dataclass(frozen=True)
class Audited:
    """The outcome of an audit.

    Attributes:
        accounts: a row an account, as it is written.
        quality: the accounts in a few numbers.
        prevalence: how many phantoms there are if they hide like the labelled ones,
            and how many of the likely ones are.
        reasons: the most frequent classes of reasons among likely phantoms, in
            words, with how many of them each holds for.
        left_out: records that could not be used, by reason.
    """

    accounts: pl.DataFrame
    quality: AudienceQuality
    prevalence: Prevalence
    reasons: list[tuple[str, int]]
    left_out: list[tuple[str, int]]


def audit(
    paths: list[Path],
    record_format: str | None,
    out: Path,
    weights: Path | None = None,
    phantom_share: float | None = None,
) -> Audited:
    """Score the accounts of exported files and write a row each.

    Args:
        paths: files, folders or globs.
        record_format: their format; told from their names where None.
        out: `.parquet` or `.csv`.
        weights: a model that `train` wrote; the shipped one where None.
        phantom_share: of phantoms that is to be expected, above 0 and below 1; changes
            no verdict, only what is said of them. Estimated where None.

    Raises:
        ConfigurationError: a path, the format, the suffix, the share or the weights
            are wrong; all mistakes at once.
    """
    mistakes = []
    if out.suffix not in (".parquet", ".csv"):
        mistakes.append(f"--out '{out}' must end in .parquet or .csv.")
    if phantom_share is not None and not 0 < phantom_share < 1:
        mistakes.append(
            f"--phantom-share {phantom_share} must lie between 0 and 1: a tenth is 0.1."
        )
    model = shipped_model() if weights is None else _read_weights(weights, mistakes)
    sources = find_sources(paths, record_format, mistakes)
    with step("score"), staged(sources) as (connection, workspace, left_out):
        accounts = tell_accounts(connection, workspace, model)
        hidden = count(
            connection,
            "select count(*) from staging.interactions"
            " where kind <> 'mention' and account_id is null",
        )
    if not len(accounts):
        raise ConfigurationError(
            [
                "No account was found in these files: look at what was left out"
                f" above, or name their format with --format ({', '.join(FORMATS)})."
            ]
        )
    assert model is not None
    quality = measure_quality(accounts, hidden, model.rates)
    prevalence = measure_prevalence(
        accounts.group_by("score_kind", "score_cell").agg(accounts=pl.len()),
        resample_labelled(model.scores),
        workspace.policies.phantom_threshold,
        phantom_share,
    )
    reasons = _reasons(accounts)
    accounts = accounts.select(_COLUMNS)
    _write(accounts, out)
    return Audited(
        accounts,
        quality,
        prevalence,
        reasons,
        left_out,
    )


def _read_weights(file: Path, mistakes: list[str]) -> PhantomModel | None:
    """Weights of one's own; what is wrong with them is a mistake."""
    try:
        return read_model(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        mistakes.append(
            f"--model '{file}' holds no weights that this version can use"
            f" ({type(error).__name__}): train them again with"
            " `python -m flows train`."
        )
        return None


def find_sources(
    paths: list[Path], record_format: str | None, mistakes: list[str]
) -> tuple[Source, ...]:
    """Exported files as sources.

    Args:
        paths: files, folders or globs.
        record_format: their format; told from their names where None.
        mistakes: what else is wrong with the command.

    Raises:
        ConfigurationError: anything is wrong; all mistakes at once.
    """
    if record_format is not None and record_format not in FORMATS:
        near = difflib.get_close_matches(record_format, FORMATS, 1)
        known = f"did you mean '{near[0]}'?" if near else f"use {', '.join(FORMATS)}."
        mistakes.append(f"--format '{record_format}' is unknown: {known}")
    if record_format == TABLE_FORMAT:
        mistakes.append(
            f"--format '{record_format}' needs a workspace, which says what the columns"
            " are: `python -m flows map FILE` proposes it."
        )
    sources = []
    for number, path in enumerate(paths, start=1):
        if not path.exists() and not any(mark in str(path) for mark in "*?["):
            mistakes.append(f"'{path}' does not exist.")
            continue
        form = record_format or guess_format(path)
        if form not in FORMATS:
            continue
        sources.append(
            Source.model_validate(
                {
                    "name": f"export-{number}",
                    "platform": PLATFORM_OF_FORMAT.get(form, DEFAULT_PLATFORM),
                    "kind": "files",
                    "format": form,
                    "path": str(path.absolute()),
                }
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    return tuple(sources)


def check_training(
    labels: Path, paths: list[Path], out: Path, record_format: str | None
) -> tuple[pl.DataFrame, tuple[Source, ...]]:
    """Labels and sources of `train`.

    Raises:
        ConfigurationError: anything about them is wrong; all mistakes at once.
    """
    mistakes = []
    if out.suffix != ".json":
        mistakes.append(f"--out '{out}' must end in .json.")
    known = None
    try:
        read = read_operators if names_operators(labels) else read_labels
        known = read(labels)
    except ConfigurationError as error:
        mistakes += error.mistakes
    sources = find_sources(paths, record_format, mistakes)
    assert known is not None
    return known, sources


@contextmanager
def staged(
    sources: tuple[Source, ...],
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Workspace, list[tuple[str, int]]]]:
    """Exported files landed and staged in a workspace that is gone afterwards.

    Yields:
        A connection to its warehouse, the workspace, and what was left out, as
        reasons with counts.
    """
    with temporary_folder("audit") as folder:
        workspace = Workspace(
            root=Path(folder),
            timezone="Asia/Shanghai",
            sources=sources,
            brands=(),
            campaigns=(),
            policies=Policies(),
        )
        land_sources(workspace)
        with connect(workspace.database) as connection:
            yield connection, workspace, _stage(connection, workspace)


def _stage(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> list[tuple[str, int]]:
    """Fill staging with the rows that keep every rule; count the others."""
    models = load_models("staging")
    params = {"time_zone": workspace.timezone}
    batches = landing.read_log(workspace.landing)
    observe(connection, workspace.landing, batches, RAW_TABLES)
    left_out: dict[str, int] = {}
    for table, rules in SUITES.items():
        strict = [rule for rule in rules if rule.level == "error"]
        leave_out(connection, table, strict)
        for rule in strict:
            bad = count(
                connection,
                f"select count(*) from raw.observed_{table} where {rule.bad_row_sql}",
            )
            if bad:
                left_out[f"{table}: {rule.name}"] = bad
        run_model(connection, models[f"staging.{table}"], params, old_rows=False)
    unread = sum(file.quarantined for batch in batches for file in batch.inputs)
    if unread:
        left_out["records that can't be read"] = unread
    return sorted(left_out.items())


def tell_accounts(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    model: PhantomModel | None = None,
) -> pl.DataFrame:
    """Verdicts of the accounts of a workspace that `staged` gave.

    Args:
        connection: to its warehouse.
        workspace: as it was given.
        model: other weights than the shipped ones.

    Returns:
        A row an account: what `audit` writes, and reason_classes, shown, score_kind,
        score_bin, score_cell, engagements; likeliest phantoms first.
    """
    judge(
        connection,
        workspace,
        read_overrides(workspace.root),
        model or shipped_model(),
        code="audit",
    )
    scores: pl.DataFrame = connection.table(SCORES).pl()
    named = connection.sql(
        "select platform, account_id, screen_name from intermediate.account_profiles"
    ).pl()
    keys = ["platform", "account_id"]
    acts = connection.sql(
        "select platform, account_id, count(*) as engagements"
        " from staging.interactions"
        " where kind <> 'mention' and account_id is not null group by all"
    ).pl()
    return (
        scores.join(acts, on=keys, how="left")
        .join(named, on=keys, how="left")
        .join(connection.table(OPERATORS).pl(), on=keys, how="left")
        .with_columns(pl.col("engagements").fill_null(0))
        .select(*_COLUMNS, "reason_classes", *_OF_SCORES, "engagements")
        .sort("phantom_probability", *keys, descending=[True, False, False])
    )


def _write(accounts: pl.DataFrame, out: Path) -> None:
    with replacing(out) as beside:
        if out.suffix == ".parquet":
            accounts.write_parquet(beside, row_group_size=100_000)
            return
        texts = ("account_id", "screen_name", "reasons", "operator_id")
        accounts.with_columns(pl.col("reasons").list.join("; ")).with_columns(
            pl.when(pl.col(name).str.contains(FORMULA))
            .then(pl.concat_str(pl.lit("'"), pl.col(name)))
            .otherwise(pl.col(name))
            .alias(name)
            for name in texts
        ).write_csv(beside, include_bom=True)


def _reasons(accounts: pl.DataFrame) -> list[tuple[str, int]]:
    """Frequent classes of reasons in words; numbers hold for one account each."""
    found = (
        accounts.filter(pl.col("phantom_level") == "phantom")
        .select(
            pl.col("reason_classes")
            .explode(empty_as_null=True, keep_nulls=True)
            .alias("reason_class")
        )
        .drop_nulls()
        .group_by("reason_class")
        .len()
        .sort("len", "reason_class", descending=[True, False])
        .head(5)
    )
    return [(REASON_CLASSES[name], number) for name, number in found.iter_rows()]


def show(audited: Audited, out: Path) -> None:
    """Print the outcome for people."""
    quality = audited.quality
    say(f"{quality.accounts.total:,} accounts scored; a row each in {out}")
    say(
        f"Likely phantoms: {quality.phantom_share:.1%} of these accounts; suspected,"
        f" but counted as genuine: {quality.suspected_share:.1%}."
    )
    say(_tell("accounts", quality.accounts))
    for sentence in tell_prevalence(
        audited.prevalence, has_likely=quality.phantom_share > 0
    ):
        say(sentence)
    if quality.engagements.total:
        say(_tell("engagements", quality.engagements))
    if quality.quality_score is not None:
        say(f"Quality of this audience: {quality.quality_score} of 100")
    if audited.reasons:
        say("Why accounts are likely phantoms (an account can have several reasons):")
        for reason, number in audited.reasons:
            say(f"  {number:>9,}  {reason}")
    for reason, number in audited.left_out:
        say(f"Left out: {number:,} × {reason}")


def tell_prevalence(found: Prevalence, *, has_likely: bool) -> list[str]:
    """Sentences on how many accounts are phantoms, under which assumption."""
    told = []
    if found.estimated is not None:
        told.append(
            f"If phantoms here hide like the labelled ones, {_about(found.estimated)}"
            f" of the {found.accounts:,} accounts with posts of their own are phantoms."
        )
    if not has_likely:
        return told
    if found.precision is None or found.usual_precision is None:
        told.append(
            "How many of those marked likely phantom are phantoms is not known: hardly"
            " any labelled account was marked on such evidence."
        )
        return told
    subject = "Of accounts marked likely phantom"
    if found.stated is not None:
        told.append(
            f"{subject} {_about(found.precision)} are phantoms, if {found.stated:.0%}"
            " of all accounts are, as was stated."
        )
        return told
    here = ""
    if found.estimated is not None:
        here = f"; at the share estimated here {_about(found.precision)}"
    told.append(
        f"{subject} {_about(found.usual_precision)} are phantoms, if"
        f" {USUAL_SHARE:.0%} of all accounts are{here}."
    )
    return told


def _about(share: Share) -> str:
    return f"about {share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _tell(what: str, found: Count) -> str:
    """A sentence on how many of them are genuine."""
    if found.low is None or found.high is None:
        return (
            f"How many of the {found.total:,} {what} are genuine is not known: the"
            " files tell nothing of the accounts but names."
        )
    between = (
        f"between {found.low:,} and {found.high:,}"
        f" ({found.low / found.total:.1%} to {found.high / found.total:.1%})"
    )
    if found.genuine is None:
        whose = "of" if what == "accounts" else "of the accounts behind"
        return (
            f"Genuine {what}: {between} of {found.total:,}, and no single number:"
            f" more than a name is known {whose} {found.known:,} of them only."
        )
    return (
        f"Genuine {what}: {found.genuine:,} of {found.total:,}"
        f" ({found.genuine / found.total:.1%}), with what the score misses {between}."
    )
