"""Share tables: who shared what when, with groups that act on one order.

The rows that coordination is found in, without accounts, texts or platforms around
them: popular and rare objects (Zipf), busy and quiet accounts, and planted groups whose
members share the same objects within seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

START = 1_772_294_400
DAY = 86_400


@dataclass(frozen=True)
class ShareSpec:
    """What to generate; equal specs give equal tables.

    Attributes:
        seed: of every random choice.
        shares: rows of people who act on their own.
        accounts: how many they are.
        objects: what they share, the first ones most (Zipf with `exponent`).
        days: over which everything happens.
        groups: planted ones.
        group_accounts: members of each.
        group_objects: objects that each group shares.
        spread: seconds within which a group shares an object.
        own_shares: what each member shares besides, like anybody.
        fans: accounts that share the same `fan_objects`, soon after they appear, each
            on its own.
        fan_objects: the brand's posts.
        fan_delay: median seconds after which a fan reacts.
    """

    seed: int = 20260801
    shares: int = 100_000
    accounts: int = 10_000
    objects: int = 5_000
    exponent: float = 0.8
    days: int = 30
    groups: int = 10
    group_accounts: int = 10
    group_objects: int = 20
    spread: int = 9
    own_shares: int = 0
    fans: int = 0
    fan_objects: int = 20
    fan_delay: int = 300


@dataclass(frozen=True)
class Shares:
    """A share table and its truth.

    Attributes:
        table: object_id, account_id, content_id, timestamp_share (Unix seconds).
        groups: account_id, group of the planted members.
        fans: account_id of the fans.
    """

    table: pl.DataFrame
    groups: pl.DataFrame
    fans: pl.DataFrame


def make_shares(spec: ShareSpec) -> Shares:
    """Draw a share table. Cost: linear in its rows."""
    random = np.random.Generator(np.random.PCG64([spec.seed, spec.shares]))
    weight = 1 / np.arange(1, spec.objects + 1) ** spec.exponent
    chance = weight / weight.sum()
    # An object lives for a while: half of its shares come in its first hours.
    born = random.integers(0, spec.days * DAY, spec.objects)

    def moments(objects: np.ndarray) -> np.ndarray:
        delay = random.exponential(0.25 * DAY, len(objects)).astype(np.int64)
        return born[objects] + delay

    objects = [random.choice(spec.objects, spec.shares, p=chance)]
    accounts = [random.integers(0, spec.accounts, spec.shares)]
    seconds = [moments(objects[0])]
    members = np.arange(spec.groups * spec.group_accounts) + spec.accounts
    for group in range(spec.groups):
        own = members[group * spec.group_accounts : (group + 1) * spec.group_accounts]
        shared = random.choice(spec.objects, spec.group_objects, p=chance)
        order = moments(shared)
        objects.append(np.repeat(shared, len(own)))
        accounts.append(np.tile(own, len(shared)))
        seconds.append(
            np.repeat(order, len(own))
            + random.integers(0, spec.spread + 1, len(own) * len(shared))
        )
    if spec.own_shares:
        alone = random.choice(spec.objects, len(members) * spec.own_shares, p=chance)
        objects.append(alone)
        accounts.append(np.repeat(members, spec.own_shares))
        seconds.append(moments(alone))
    fans = np.arange(spec.fans) + members.size + spec.accounts
    if spec.fans:
        posts = random.choice(spec.objects, spec.fan_objects, replace=False)
        objects.append(np.repeat(posts, len(fans)))
        accounts.append(np.tile(fans, len(posts)))
        delay = spec.fan_delay * np.exp(random.standard_normal(len(fans) * len(posts)))
        seconds.append(np.repeat(born[posts], len(fans)) + delay.astype(np.int64))
    table = pl.DataFrame(
        {
            "object": np.concatenate(objects),
            "account": np.concatenate(accounts),
            "second": np.concatenate(seconds),
        }
    ).select(
        object_id="o" + pl.col("object").cast(pl.String),
        account_id="a" + pl.col("account").cast(pl.String),
        content_id="c" + pl.int_range(pl.len()).cast(pl.String),
        timestamp_share=pl.col("second") + START,
    )
    return Shares(
        table,
        pl.DataFrame(
            {
                "account_id": [f"a{account}" for account in members],
                "group": np.arange(len(members)) // spec.group_accounts,
            }
        ),
        pl.DataFrame({"account_id": [f"a{account}" for account in fans]}),
    )
