"""For the identified page: who stands behind the numbers, for those who may know.

The page is the open one, with names and addresses of profiles: who carried a campaign
on, who posted, whom to talk to; and of each account named its verdict with reasons and
the line of `seeds/account_overrides.csv` that decides otherwise. Names come from the
lists of `restricted/`, so retention and erasures hold for them, too.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from tasks.report.feedback import Row, fetch, group
from tasks.report.languages import tell
from tasks.report.pictures import (
    MOST_BRANCHES,
    PICTURE_WIDTH,
    Branch,
    choose_branches,
    draw_cascade,
)
from tasks.warehouse.publication import FORMULA, PEOPLE, sql_text
from tasks.warehouse.seeds import override_line

MOST_AMPLIFIERS = 10
MOST_CONTACTS = 10
# Of accounts that nobody else names: the most active ones that are not genuine.
MOST_JUDGED = 20

_FORMULA = re.compile(FORMULA)


def add_people(
    connection: duckdb.DuckDBPyConnection,
    restricted: Path,
    campaigns: Sequence[Row],
    brands: Sequence[Row],
    last_day: date | None,
) -> list[Row]:
    """Give campaigns and brands those behind them; tell of each account that is named.

    Args:
        connection: the published marts.
        restricted: the folder of the lists that name people, of the same publication.
        campaigns: those shown in detail; each gets `named_amplifiers`, its posts
            `author`.
        brands: those with contacts; each gets `named_contacts`.
        last_day: the day of the decision that a line proposes.

    Returns:
        Each account that is named, likely phantoms first: what `accounts.csv` says of
        it, its reasons one by one, and `line` for `account_overrides.csv`.
    """
    connection.execute(f"attach {sql_text(restricted / PEOPLE)} as people (read_only)")
    amplifiers = _read_amplifiers(connection, restricted, campaigns)
    contacts = _read_contacts(connection, restricted, brands)
    authors = _read_authors(connection, campaigns)
    branches = _read_branches(connection, campaigns)
    wanted = {
        *((row["platform"], row["account_id"]) for row in amplifiers),
        *((row["platform"], row["account_id"]) for row in contacts),
    }
    accounts = _read_accounts(connection, restricted, wanted, set(authors.values()))
    by_key = {(one["platform"], one["account_key"]): one for one in accounts}
    of_campaign = group(amplifiers)
    of_brand = group(contacts, "brand_id")
    for campaign in campaigns:
        key = campaign["campaign_id"]
        campaign["named_amplifiers"] = of_campaign[key]
        ranks = {
            (one["platform"], one["account_key"]): one["rank"]
            for one in of_campaign[key]
        }
        campaign["cascade"] = _picture(campaign, branches, ranks)
        for post in campaign["top_posts"]:
            author = authors.get((key, post["platform"], post["post_key"]))
            post["author"] = by_key.get(author) if author else None
    for brand in brands:
        brand["named_contacts"] = of_brand[brand["brand_id"]]
    for one in accounts:
        decision = "phantom" if one["level"] == "genuine" else "genuine"
        one["line"] = override_line(
            decision, one["platform"], one["account_id"], last_day
        )
    return accounts


def _read_amplifiers(
    connection: duckdb.DuckDBPyConnection, restricted: Path, campaigns: Sequence[Row]
) -> list[Row]:
    return _plain(
        fetch(
            connection,
            """
            select
                campaign_id,
                rank,
                listed.platform,
                account_id,
                screen_name,
                profile_url,
                level,
                amplifiers.account_key,
                cast(followers_count as bigint) as followers_count,
                amplifiers.own_reposts,
                amplifiers.downstream_reposts,
                amplifiers.genuine_downstream_reposts,
                amplifiers.downstream_share
            from people.amplifiers as amplifiers
            inner join (
                select
                    * exclude (
                        rank, own_reposts, downstream_reposts,
                        genuine_downstream_reposts, downstream_share
                    ),
                    cast(rank as bigint) as rank
                from read_csv($file, header = true, all_varchar = true)
            ) as listed using (campaign_id, rank)
            where list_contains($ids, campaign_id) and rank <= $most
            order by campaign_id, rank
            """,
            {
                "file": str(restricted / "amplifiers.csv"),
                "ids": [campaign["campaign_id"] for campaign in campaigns],
                "most": MOST_AMPLIFIERS,
            },
        )
    )


def _read_branches(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> dict[tuple[str, str, str], list[Row]]:
    """Of each post, by campaign, network and key, the reposts with most below them."""
    rows = fetch(
        connection,
        """
        from people.cascade_branches
        where list_contains($ids, campaign_id)
        qualify row_number() over (
            partition by campaign_id, platform, post_key
            order by reposts_below desc, branch
        ) <= $most
        order by campaign_id, platform, post_key, branch
        """,
        {
            "ids": [campaign["campaign_id"] for campaign in campaigns],
            "most": MOST_BRANCHES,
        },
    )
    posts: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        posts[row["campaign_id"], row["platform"], row["post_key"]].append(row)
    return posts


def _picture(
    campaign: Row,
    branches: Mapping[tuple[str, str, str], Sequence[Row]],
    ranks: Mapping[tuple[str, str], int],
) -> Markup | None:
    """The cascade with verdicts; numbers are those of the amplifiers' table."""
    drawn = []
    for post in campaign["top_posts"]:
        if not post["letter"]:
            continue
        place = (campaign["campaign_id"], post["platform"], post["post_key"])
        drawn.append(Branch(post["letter"], None, "post", post["size"], post["letter"]))
        for row in branches.get(place, ()):
            above = row["above"]
            rank = ranks.get((row["platform"], row["account_key"]))
            drawn.append(
                Branch(
                    key=f"{post['letter']}{row['branch']:06d}",
                    above=post["letter"]
                    if above is None
                    else f"{post['letter']}{above:06d}",
                    kind=row["phantom_level"] or "many",
                    reposts=row["reposts_below"],
                    label=f"#{rank}" if rank else "",
                )
            )
    if not drawn:
        return None
    chosen = choose_branches(drawn, MOST_BRANCHES)
    kinds = Counter(one.kind for one in chosen if one.above is not None)
    label = tell(
        "How {name} spread: {n} reposts that were reposted on, {phantoms} of them by"
        " likely phantoms, {suspected} by suspected accounts; the numbers are those of"
        " the table of accounts.",
        name=campaign["campaign_name"] or campaign["campaign_id"],
        n=kinds.total(),
        phantoms=kinds["phantom"],
        suspected=kinds["suspected"],
    )
    return draw_cascade(chosen, label, PICTURE_WIDTH)


def _read_contacts(
    connection: duckdb.DuckDBPyConnection, restricted: Path, brands: Sequence[Row]
) -> list[Row]:
    return _plain(
        fetch(
            connection,
            """
            select
                brand_id,
                cast(contact_rank as bigint) as contact_rank,
                platform,
                account_id,
                screen_name,
                profile_url,
                cast(contact_score as bigint) as contact_score,
                segment,
                best_channel,
                cast(best_hour as bigint) as best_hour,
                why
            from read_csv($file, header = true, all_varchar = true)
            where
                list_contains($ids, brand_id)
                and cast(contact_rank as bigint) <= $most
            order by brand_id, cast(contact_rank as bigint)
            """,
            {
                "file": str(restricted / "contacts.csv"),
                "ids": [brand["brand_id"] for brand in brands],
                "most": MOST_CONTACTS,
            },
        )
    )


def _read_authors(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Network and key of who posted, by campaign, network and key of the post."""
    posts = [
        post["post_key"]
        for campaign in campaigns
        for post in campaign["top_posts"]
        if post["post_key"]
    ]
    rows = fetch(
        connection,
        """
        select campaign_id, platform, post_key, account_key
        from people.post_authors
        where list_contains($posts, post_key)
        """,
        {"posts": posts},
    )
    return {
        (row["campaign_id"], row["platform"], row["post_key"]): (
            row["platform"],
            row["account_key"],
        )
        for row in rows
    }


def _read_accounts(
    connection: duckdb.DuckDBPyConnection,
    restricted: Path,
    ids: Iterable[tuple[str, str]],
    keys: Iterable[tuple[str, str]],
) -> list[Row]:
    """Those wanted by id or by key, and the most active ones that are not genuine."""
    return _plain(
        fetch(
            connection,
            """
            with listed as (
                select
                    named.* exclude (reasons),
                    judged.reasons,
                    row_number() over (
                        order by
                            level = 'genuine',
                            judged.interactions desc,
                            judged.phantom_probability desc,
                            judged.platform,
                            judged.account_key
                    ) as place
                from read_csv($file, header = true, all_varchar = true) as named
                inner join people.accounts as judged
                    on
                        named.platform = judged.platform
                        and named.account_key = judged.account_key
            )
            select
                account_key, platform, account_id, screen_name, profile_url, level,
                cast(phantom_probability as double) as phantom_probability,
                cast(interactions as bigint) as interactions, reasons, model_version
            from listed
            where
                list_contains($ids, platform || ':' || account_id)
                or list_contains($keys, platform || ':' || account_key)
                or (place <= $most and level <> 'genuine')
            order by
                list_position(
                    ['phantom', 'likely phantom', 'suspected', 'genuine'], level
                ),
                interactions desc,
                platform,
                account_key
            """,
            {
                "file": str(restricted / "accounts.csv"),
                "ids": [":".join(one) for one in sorted(ids)],
                "keys": [":".join(one) for one in sorted(keys)],
                "most": MOST_JUDGED,
            },
        )
    )


def _plain(rows: list[Row]) -> list[Row]:
    """Rows without the mark that keeps a spreadsheet from running a cell."""
    return [{name: _unquoted(value) for name, value in row.items()} for row in rows]


def _unquoted(value: Any) -> Any:
    if isinstance(value, str) and value[:1] == "'" and _FORMULA.search(value[1:]):
        return value[1:]
    return value


def name_of(account: Mapping[str, Any]) -> str:
    """What an account is called; its id where no name was read."""
    return str(account["screen_name"] or account["account_id"])
