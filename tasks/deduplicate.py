"""Deduplicate accounts: one verdict per account over all its observations.

A pure function of all that is landed, the overrides and the policies; never of
the run's window. Cost: linear in staged rows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.accounts.coordination import (
    CHANCE_MODEL,
    COORDINATION_MODELS,
    OBJECT_KINDS,
    significant_edges,
)
from tasks.accounts.drift import count_bins
from tasks.accounts.groups import coordinated_groups
from tasks.accounts.identity import COMPARED, link_profiles
from tasks.accounts.identity_model import (
    IdentityParameters,
    read_parameters,
    shipped_parameters,
    write_parameters,
)
from tasks.accounts.operators import LINKS_SCHEMA, batch_members, find_operators
from tasks.accounts.phantom_model import (
    PhantomModel,
    read_model,
    shipped_model,
    write_rates,
)
from tasks.accounts.phantom_score import first_suspicion, model_version, score
from tasks.accounts.text_templates import text_templates
from tasks.warehouse import ledger
from tasks.warehouse.account_features import add_second_pass, make_features
from tasks.warehouse.account_threads import copy_acts
from tasks.warehouse.database import connect, count, scratch, table_exists, transaction
from tasks.warehouse.errors import ConfigurationError, without_values
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.progress import say, step
from tasks.warehouse.pseudonyms import padded_keys
from tasks.warehouse.seeds import read_overrides
from tasks.warehouse.workspace import Workspace, load_workspace

TEXT_TABLES = ("text_sentences", "text_templates", "text_uses")
# Edges of coordination that count.
_EDGES = {
    "account": pl.String,
    "account_y": pl.String,
    "signal": pl.String,
    "objects": pl.Int64,
}


@dataclass(frozen=True)
class Deduplicated:
    """What a run decided on accounts."""

    accounts: int
    operators: int
    suspected: int
    phantoms: int
    changed: int


def judge_accounts(workspace: Workspace, run_id: str) -> Deduplicated:
    """Score accounts, find operators, apply a person's decisions."""
    overrides = read_overrides(workspace.root)
    model = load_model(workspace)
    with connect(workspace.database) as connection, step("deduplicate"):
        ledger.require(connection, "staging", "interactions")
        digest = _input_hash(connection, workspace, overrides, model)
        if ledger.read_state(connection, "accounts") == digest:
            say("  no account is to be judged anew")
            return _summary(connection, changed=0)
        with transaction(connection):
            changed = _judge(connection, workspace, overrides, model)
            ledger.write_state(connection, "accounts", digest)
            ledger.mark(
                connection,
                "deduplicate",
                run_id,
                "select platform, date_day, count(*) as rows_in,"
                " count(*) as rows_out, 0 as rows_quarantined"
                " from staging.interactions group by all",
                input_hash=digest,
            )
        ledger.write_copy(connection, workspace)
        result = _summary(connection, changed)
        say(
            f"  {result.accounts:,} accounts of {result.operators:,} operators:"
            f" {result.phantoms:,} likely phantoms, {result.suspected:,} suspected"
            f" ({changed:,} verdicts new or changed)"
        )
        return result


def load_model(workspace: Workspace) -> PhantomModel:
    """The weights in `<workspace>/models/phantom.json`, else the shipped ones.

    Raises:
        ConfigurationError: they can't be used.
    """
    own = workspace.root / "models" / "phantom.json"
    if not own.exists():
        return shipped_model()
    try:
        return read_model(own.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            [
                f"{own} holds no weights that this version can use ({error}): train"
                " them again, or remove the file to use the shipped ones."
            ]
        ) from None


def load_parameters(workspace: Workspace) -> IdentityParameters:
    """The linkage model in `<workspace>/models/identity.json`, else the shipped one.

    Raises:
        ConfigurationError: it can't be used.
    """
    own = workspace.root / "models" / "identity.json"
    if not own.exists():
        return shipped_parameters()
    try:
        return read_parameters(own.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            [
                f"{own} holds no linkage model that this version can use ({error}):"
                " train it again, or remove the file to use the shipped one."
            ]
        ) from None


def _judge(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
) -> int:
    _replace(connection, "meta.account_overrides", overrides)
    ledger.write_state(connection, "score_rates", write_rates(model.rates))
    ledger.write_state(connection, "score_cells", write_rates(model.scores))
    # What was made before in a window of as many days still holds.
    days = str(workspace.policies.behaviour_days)
    features = make_features(
        connection,
        workspace.timezone,
        workspace.policies.behaviour_days,
        since_last=ledger.read_state(connection, "behaviour_days") == days,
    )
    ledger.write_state(connection, "behaviour_days", days)
    # Who was made in one batch is suspected for that.
    features = features.join(
        batch_members(_link(connection, workspace, overrides)),
        on=["platform", "account_id"],
        how="left",
    )
    features = add_second_pass(
        connection,
        features,
        _with_verdicts(
            first_suspicion(features, workspace.policies.suspected_threshold, model),
            overrides,
        ),
        workspace.policies.behaviour_days,
    )
    scores = score(
        features,
        workspace.policies.suspected_threshold,
        workspace.policies.phantom_threshold,
        model,
    )
    decided = overrides.filter(pl.col("kind").is_in(["genuine", "phantom"])).select(
        "platform", "account_id", is_confirmed=pl.lit(value=True)
    )
    scores = scores.join(
        decided, on=["platform", "account_id"], how="left"
    ).with_columns(pl.col("is_confirmed").fill_null(value=False))
    _keep_history(connection, scores)
    _replace(connection, "intermediate.account_scores", scores)
    _watch_drift(connection, features, scores)

    _find_groups(connection, workspace)
    models = load_models("intermediate")
    run_model(connection, models["intermediate.follower_growth"], {})
    keys = padded_keys(workspace.pseudonym_key())
    run_model(connection, models["intermediate.account_groups"], keys)

    columns = (
        "platform, account_id, account_key, operator_key, coordinated_group_key,"
        " phantom_level,"
        " shown, score_bin, is_confirmed, followers_count"
    )
    had_verdicts = table_exists(connection, "intermediate", "accounts")
    if had_verdicts:
        connection.execute(
            f"create or replace temp table verdicts_before as"
            f" select {columns} from intermediate.accounts"
        )
    run_model(connection, models["intermediate.accounts"], keys)
    before = "select * from verdicts_before"
    if not had_verdicts:
        before = f"select {columns} from intermediate.accounts where false"
    after = f"select {columns} from intermediate.accounts"
    connection.execute(
        "create or replace temp table changed_accounts as"
        " select distinct platform, account_id"
        f" from (({after} except {before}) union all ({before} except {after}))"
    )
    # Marts of the days on which a changed account acted, or on which somebody
    # acted on its posts, are to be made anew, however old.
    connection.execute(
        """
        insert into meta.touched_days
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join changed_accounts using (platform, account_id)
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select posts.platform, posts.post_id
            from staging.posts as posts
            semi join changed_accounts using (platform, account_id)
        ) as their_posts
            on interactions.platform = their_posts.platform
            and interactions.root_post_id = their_posts.post_id
        union
        select distinct posts.date_day
        from staging.posts as posts
        semi join changed_accounts using (platform, account_id)
        """
    )
    changed = count(connection, "select count(*) from changed_accounts")
    connection.execute("drop table changed_accounts")
    connection.execute("drop table if exists verdicts_before")
    return changed


def _link(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
) -> pl.DataFrame:
    """Make `account_links` and `account_operators`; give the latter."""
    profiles = connection.sql(
        f"select {', '.join(COMPARED)}, first_seen_at"
        " from intermediate.account_profiles"
    ).pl()
    with scratch(workspace.database.with_name(".spill") / "links") as other:
        other.register("profiles", profiles)
        copy_acts(connection, other, workspace.policies.behaviour_days)
        parameters = load_parameters(workspace)
        found = link_profiles(other, "profiles", parameters, acts="acts")
    _tell_skipped(found.blocking)
    _replace(connection, "intermediate.account_links", found.pairs)
    operators = find_operators(
        profiles, found.pairs.select(list(LINKS_SCHEMA)), overrides
    )
    _replace(connection, "intermediate.account_operators", operators)
    return operators


def _with_verdicts(suspicion: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Who is suspected, where a person decided as the person did."""
    decided = overrides.filter(pl.col("kind").is_in(["genuine", "phantom"])).select(
        "platform", "account_id", verdict=pl.col("kind") == "phantom"
    )
    return suspicion.join(decided, on=["platform", "account_id"], how="left").select(
        "platform",
        "account_id",
        pl.coalesce("verdict", "is_suspected_but_for_words").alias(
            "is_suspected_but_for_words"
        ),
        pl.coalesce("verdict", "is_suspected_but_for_moments").alias(
            "is_suspected_but_for_moments"
        ),
    )


def _tell_skipped(blocking: pl.DataFrame) -> None:
    """Say which signs too many accounts share to be one person's."""
    skipped = blocking.filter(pl.col("skipped_keys") > 0)
    for row in skipped.iter_rows(named=True):
        say(
            f"  {row['skipped_keys']:,} values of {row['rule'].replace('_', ' ')} that"
            f" too many share link nobody ({row['skipped_accounts']:,} accounts)"
        )


def _tell_cut_times(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> None:
    """Say how many acts are told too roughly to look for who acts together."""
    window = max(workspace.policies.coordination_window, 1)
    acts, rough, sources = connection.execute(
        """
        select
            count(*),
            count(*) filter (is_rough),
            string_agg(distinct case when is_rough then source end, ', '
                order by case when is_rough then source end)
        from (
            select
                source,
                coalesce(precision_seconds, $window + 1) > $window as is_rough
            from staging.interactions
            where kind in ('repost', 'comment') and account_id is not null
            union all
            select
                source,
                coalesce(precision_seconds, $window + 1) > $window as is_rough
            from staging.posts
            where account_id is not null
        )
        """,
        {"window": window},
    ).fetchall()[0]
    if rough:
        say(
            f"  {rough:,} of {acts:,} acts are told no more precisely than {window} s"
            f" (by {sources}): who acts together is looked for without them"
        )


def _find_groups(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Make `coordinated_accounts` and `group_evidence` of the trailing window."""
    models = load_models("intermediate")
    window = workspace.policies.coordination_window
    _find_templates(connection, workspace)
    _tell_cut_times(connection, workspace)
    found = [pl.DataFrame(schema=_EDGES)]
    for kind, rule in OBJECT_KINDS.items():
        params = {
            "object_kind": kind,
            "behaviour_days": workspace.policies.behaviour_days,
            "time_window": window,
            "min_participation": 1,
            "max_burst": rule.max_burst,
        }
        run_model(connection, models["intermediate.shares"], params)
        if not count(connection, "select count(*) from intermediate.shares"):
            continue
        for name in (*COORDINATION_MODELS, CHANCE_MODEL):
            run_model(connection, models[f"intermediate.{name}"], params)
        chance = connection.sql(
            f"""
            select
                accounts.account_id as account,
                accounts_y.account_id as account_y,
                $kind as signal,
                chance.*
            from intermediate.{CHANCE_MODEL} as chance
            inner join intermediate.coordination_accounts as accounts
                on chance.account_no = accounts.account_no
            inner join intermediate.coordination_accounts as accounts_y
                on chance.account_no_y = accounts_y.account_no
            """,
            params={"kind": kind},
        ).pl()
        if rule.occasions:
            run_model(connection, models[f"intermediate.{rule.occasions}"], {})
            twice = connection.sql(f"from intermediate.{rule.occasions}").pl()
            chance = chance.join(twice, on=["account_no", "account_no_y"], how="semi")
            connection.execute(f"drop table intermediate.{rule.occasions}")
        accounts = count(
            connection, "select count(*) from intermediate.coordination_accounts"
        )
        found.append(
            significant_edges(chance, accounts, is_timed=rule.is_timed)
            .filter("is_significant")
            .select("account", "account_y", "signal", "objects")
        )
    for name in ("shares", *COORDINATION_MODELS, CHANCE_MODEL, *TEXT_TABLES):
        connection.execute(f"drop table if exists intermediate.{name}")
    first_seen = connection.sql(
        "select platform || ':' || account_id as account, first_seen_at"
        " from intermediate.account_profiles"
    ).pl()
    members, evidence = coordinated_groups(pl.concat(found), first_seen, window)
    parts = pl.col("account").str.splitn(":", 2).struct
    _replace(
        connection,
        "intermediate.coordinated_accounts",
        members.select(
            "group_id",
            platform=parts.field("field_0"),
            account_id=parts.field("field_1"),
        ),
    )
    _replace(connection, "intermediate.group_evidence", evidence)


def _find_templates(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> None:
    """Make `text_uses`: who used which text template in which text."""
    models = load_models("intermediate")
    params = {"behaviour_days": workspace.policies.behaviour_days}
    run_model(connection, models["intermediate.text_sentences"], params)
    sentences = connection.sql(
        "select sentence, count(distinct account_id) as accounts"
        " from intermediate.text_sentences group by sentence"
    ).pl()
    _replace(connection, "intermediate.text_templates", text_templates(sentences))
    run_model(connection, models["intermediate.text_uses"], params)


def _replace(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame
) -> None:
    connection.register("frame", frame)
    connection.execute(f"create or replace table {table} as from frame")
    connection.unregister("frame")


def _keep_history(connection: duckdb.DuckDBPyConnection, scores: pl.DataFrame) -> None:
    """Keep scores that are superseded, never published; tell what a model changed."""
    before = next(
        (
            f"{schema}.{table}"
            for schema, table in (
                ("intermediate", "account_scores"),
                ("meta", "last_scores"),  # kept when the models were made anew
            )
            if table_exists(connection, schema, table)
        ),
        None,
    )
    if before is None:
        return
    connection.register("new_scores", scores)
    connection.execute(
        f"""
        insert into meta.score_history
        select
            old.platform, old.account_id, old.phantom_probability,
            old.phantom_level, old.model_version, old.observed_at
        from {before} as old
        inner join new_scores
            on old.platform = new_scores.platform
            and old.account_id = new_scores.account_id
        where
            old.phantom_probability <> new_scores.phantom_probability
            or old.model_version <> new_scores.model_version
        """
    )
    changes = connection.execute(
        f"""
        select
            old.model_version, new_scores.model_version, count(*),
            count(*) filter (where old.phantom_level <> new_scores.phantom_level)
        from {before} as old
        inner join new_scores
            on old.platform = new_scores.platform
            and old.account_id = new_scores.account_id
        where old.model_version <> new_scores.model_version
        group by all
        order by all
        """
    ).fetchall()
    for old, new, accounts, levels in changes:
        line = (
            f"model {new} took the place of {old}: {levels:,} of {accounts:,}"
            " accounts changed their level"
        )
        say(f"  {line}; their marts are made anew")
        ledger.write_state(connection, "model_change", line)
    connection.unregister("new_scores")
    connection.execute("drop table if exists meta.last_scores")


def _watch_drift(
    connection: duckdb.DuckDBPyConnection, features: pl.DataFrame, scores: pl.DataFrame
) -> None:
    """Keep histograms of this judgement under its model and last landed day."""
    if not len(scores):
        return
    profile = count_bins(
        features.drop("phantom_probability", strict=False).join(
            scores.select("platform", "account_id", "phantom_probability"),
            on=["platform", "account_id"],
        )
    )
    connection.register("profile", profile)
    connection.execute(
        """
        create or replace temp table new_profile as
        select
            $model_version as model_version,
            (select last_act_day from intermediate.last_landed) as last_day,
            feature, bin, accounts
        from profile
        """,
        {"model_version": scores["model_version"][0]},
    )
    ledger.write_state(connection, "model_version", scores["model_version"][0])
    connection.unregister("profile")
    connection.execute(
        "delete from meta.score_profiles using new_profile as made"
        " where score_profiles.model_version = made.model_version"
        " and score_profiles.last_day is not distinct from made.last_day"
    )
    connection.execute("insert into meta.score_profiles from new_profile")
    connection.execute("drop table new_profile")


def _input_hash(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
) -> str:
    batches = connection.execute(
        "select batch_id from meta.staged_batches order by batch_id"
    ).fetchall()
    policies = workspace.policies
    parts = [
        [row[0] for row in batches],
        overrides.write_csv(),
        [
            policies.behaviour_days,
            policies.suspected_threshold,
            policies.phantom_threshold,
            policies.coordination_window,
        ],
        model_version(model),
        write_rates(model.rates),
        hashlib.sha256(
            write_parameters(load_parameters(workspace)).encode()
        ).hexdigest(),
        hashlib.sha256(b"key id" + workspace.pseudonym_key()).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _summary(connection: duckdb.DuckDBPyConnection, changed: int) -> Deduplicated:
    rows = connection.execute(
        "select count(*), count(distinct operator_key),"
        " count(*) filter (where phantom_level = 'suspected'),"
        " count(*) filter (where phantom_level = 'phantom')"
        " from intermediate.accounts"
    ).fetchall()
    accounts, operators, suspected, phantoms = rows[0]
    return Deduplicated(accounts, operators, suspected, phantoms, changed)


@task(name="deduplicate accounts", cache_policy=NO_CACHE)
def deduplicate(root: Path, run_id: str) -> Deduplicated:
    """Judge the accounts that are staged."""
    with without_values("deduplicate"):
        return judge_accounts(load_workspace(root), run_id)
