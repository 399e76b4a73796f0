"""The train flow: labelled accounts in, weights and their card out.

Labels of phantoms train the phantom model, labels of operators the linkage model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from flows.commands.audit import check_training, staged
from tasks.accounts.identity import COMPARED
from tasks.accounts.identity_card import describe_parameters
from tasks.accounts.identity_model import write_parameters
from tasks.accounts.identity_training import estimate_parameters
from tasks.accounts.model_card import describe_model
from tasks.accounts.phantom_model import (
    read_model,
    usual_shares,
    with_rates,
    with_scores,
    with_usual,
)
from tasks.accounts.training import Settings, genuine_of, train_model
from tasks.report.calibration import draw_calibration
from tasks.verdicts.account_features import TIMELINE_ACTS, make_features
from tasks.verdicts.account_threads import copy_acts
from tasks.warehouse.configuration import Source
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.progress import say, step
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace

# Labelled accounts were seen at different times: whatever is landed counts.
_ANY_AGE = 100_000

# How an account is shown to the model: all of its last acts, fewer, and its
# reposts only, as a campaign's export has them.
_VIEWS = (("full", TIMELINE_ACTS), ("last-12", 12), ("last-5", 5), ("reposts", 12))


def train(
    labels: str,
    accounts: Sequence[str],
    out: str,
    record_format: str | None = None,
    seed: int = 1,
) -> None:
    """Train the phantom model, or the linkage model where labels name operators.

    Args:
        labels: CSV file of labelled accounts, see tasks/verdicts/labels.py.
        accounts: exported files or folders with these accounts.
        out: the weights to write, `.json`; the card stands beside them as `.md`,
            the phantom model's plot as `.svg`.
        record_format: the files' format; told from their names where None.
        seed: of folds, trees and resamples.

    Raises:
        ConfigurationError: labels, a path or the suffix is wrong, or too few of the
            labelled accounts are in the files; all mistakes at once.
    """
    known, sources = check_training(
        Path(labels), [Path(name) for name in accounts], Path(out), record_format
    )
    if "operator" in known.columns:
        _train_linkage(sources, known, Path(out))
        return
    settings = Settings(seed=seed)
    examples = show_accounts(sources, known)
    _require_both(examples)
    with step("train"):
        text = train_model(examples, settings)
        genuine = genuine_of(examples)
        usual = usual_shares(read_model(text).curves, genuine)
        card = describe_model(text, examples, settings)
    target = Path(out)
    told = with_scores(with_rates(text, card.rates), card.scores)
    write_atomically(target, with_usual(told, usual, genuine))
    plot = target.with_suffix(".svg")
    write_atomically(plot, draw_calibration(card.calibration))
    write_atomically(target.with_suffix(".md"), card.text(plot.name))
    say(f"Weights in {target}, their card in {target.with_suffix('.md')}")
    say(card.summary)


def _train_linkage(
    sources: tuple[Source, ...], known: pl.DataFrame, target: Path
) -> None:
    """Estimate what accounts of one operator have in common."""
    with duckdb.connect() as apart:
        with staged(sources) as (connection, workspace, left_out):
            for reason, number in left_out:
                say(f"Left out: {number:,} × {reason}")
            make_features(connection, workspace.timezone, _ANY_AGE)
            profiles = connection.sql(
                f"select {', '.join(COMPARED)} from intermediate.account_profiles"
                " order by platform, account_id"
            ).pl()
            copy_acts(connection, apart, _ANY_AGE)
        owners, source = _labelled_owners(profiles, known)
        apart.register("profiles", profiles)
        with step("train"):
            parameters = estimate_parameters(
                apart, "profiles", owners, source=source, acts="acts"
            )
    text = write_parameters(parameters)
    made_by = "python -m flows train --labels FILE --accounts PATH --out FILE"
    write_atomically(target, text)
    card = target.with_suffix(".md")
    write_atomically(card, describe_parameters(parameters, text, made_by))
    say(f"Linkage model in {target}, its card in {card}; learned from {source}")


def _labelled_owners(
    profiles: pl.DataFrame, known: pl.DataFrame
) -> tuple[pl.DataFrame, str]:
    """Who is behind each profile, as far as labels tell, and what the model rests on.

    Raises:
        ConfigurationError: too few labelled accounts are among the profiles.
    """
    keys = ["platform", "account_id"]
    owners = (
        profiles.select(keys)
        .join(known.with_columns(is_judged=pl.lit(value=True)), on=keys, how="left")
        .with_columns(pl.col("is_judged").fill_null(value=False))
    )
    labelled = owners.filter("is_judged")
    linked = labelled.filter(
        pl.col("operator").is_not_null() & (pl.len().over("operator") > 1)
    )
    if linked.height < 20 or labelled.height - linked.height < 20:
        raise ConfigurationError(
            [
                f"Of the labelled accounts {linked.height} have a second one of their"
                f" operator in these files and {labelled.height - linked.height} do"
                " not; at least 20 of each are needed: add labels or name the files"
                " that hold these accounts."
            ]
        )
    source = (
        f"{profiles.height:,} accounts, {labelled.height:,} labelled,"
        f" {linked.height:,} of {linked['operator'].n_unique():,} operators of several"
    )
    return owners, source


def show_accounts(sources: tuple[Source, ...], labels: pl.DataFrame) -> pl.DataFrame:
    """Labelled accounts, each in several views.

    Returns:
        Rows of `intermediate.account_features` with `view`, `is_phantom` and
        `weight`; an account and view once.
    """
    with staged(sources) as (connection, workspace, left_out):
        for reason, number in left_out:
            say(f"Left out: {number:,} × {reason}")
        views = [
            _show(connection, workspace, view, acts).join(
                labels, on=["platform", "account_id"]
            )
            for view, acts in _VIEWS
        ]
    return pl.concat(views)


def _show(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, view: str, acts: int
) -> pl.DataFrame:
    if view == "reposts":
        connection.execute("delete from staging.posts")
    # Whatever is landed: labelled accounts were seen at different times.
    found = make_features(connection, workspace.timezone, _ANY_AGE, acts)
    return found.with_columns(view=pl.lit(view))


def _require_both(examples: pl.DataFrame) -> None:
    """Refuse labels that can't teach anything."""
    full = examples.filter(pl.col("view") == "full")
    phantoms = int(full["is_phantom"].sum())
    genuine = len(full) - phantoms
    if min(phantoms, genuine) < 20:
        raise ConfigurationError(
            [
                f"Of the labelled accounts {phantoms} phantoms and {genuine} genuine"
                " ones are in these files; at least 20 of each are needed: add labels"
                " or name the files that hold these accounts."
            ]
        )
