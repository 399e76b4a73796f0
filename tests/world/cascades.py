"""Interactions in bulk: who answers whom, when, with which words.

Everything is drawn for a block of threads at once. Blocks have random streams
of their own: a world is the same whether it is held whole or written block by
block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from .plan import HOURLY, Plan
from .profiles import KINDS, PHANTOM_KINDS
from .spec import (
    PLATFORM,
    BoolArray,
    IntArray,
    post_ids,
    utc_moment,
    utc_series,
)
from .texts import PHRASES, POLARITIES, draw_texts

BLOCK_ROWS = 100_000
# The platform cuts what a chain of names and words has over this.
CHAIN_LENGTH = 140
# Deeper reposts repost the root instead.
DEPTH_LIMIT = 40
HIDDEN_TEXT = "抱歉，作者已设置仅展示半年内微博，此微博已不可见。 "
STAR, VIRAL, CHAIN = range(3)


@dataclass(frozen=True)
class Block:
    """The interactions of some threads.

    Attributes:
        interactions: in canonical shape.
        truth: true parent, depth and opinion of the reposts and comments.
        counters: snapshots of the counters of these threads' posts.
        post: the post of each interaction, as a row of the plan.
    """

    interactions: pl.DataFrame
    truth: pl.DataFrame
    counters: pl.DataFrame
    post: IntArray


@dataclass
class _Rows:
    """Reposts or comments while they are made, by post and time."""

    post: IntArray
    local: IntArray
    account: IntArray
    second: IntArray
    parent: IntArray
    depth: IntArray
    row_id: IntArray
    is_coordinated: BoolArray


def iter_blocks(plan: Plan, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """Draw all interactions, a block of whole threads at a time.

    The block size is part of what decides the world's content.
    """
    volume = plan.reposts + plan.comments + plan.likes
    ends = np.cumsum(volume)
    sequence = len(plan.second)
    start = number = 0
    while start < len(volume):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + block_rows)))
        yield _make_block(plan, start, stop, number, sequence)
        sequence += int(volume[start:stop].sum())
        start, number = stop, number + 1


def _make_block(plan: Plan, start: int, stop: int, number: int, sequence: int) -> Block:
    random = plan.spec.random(3, number)
    reposts = _reposts(random, plan, start, stop, sequence)
    comments = _comments(random, plan, start, stop, sequence + len(reposts.post))
    hidden = _hidden(random, reposts, first_block=number == 0)
    frames = [
        _repost_frame(random, plan, reposts, hidden),
        _comment_frame(random, plan, comments),
    ]
    likes, like_posts = _like_frame(random, plan, start, stop)
    counted = [frame.select(_CANONICAL) for frame in frames]
    mentions, mention_posts = _mention_frame(plan, start, stop)
    return Block(
        interactions=pl.concat([*counted, likes, mentions]),
        truth=pl.concat([frame.select(_TRUTH) for frame in frames]),
        counters=_counters(random, plan, start, stop, reposts, comments, like_posts),
        post=np.concatenate([reposts.post, comments.post, like_posts, mention_posts]),
    )


_CANONICAL = (
    "platform",
    "interaction_id",
    "kind",
    "account_id",
    "root_post_id",
    "parent_id",
    "parent_method",
    "acted_at",
    "text",
    "likes_count",
    "observed_at",
)
_TRUTH = ("interaction_id", "true_parent_id", "depth", "product", "aspect", "opinion")


def _draw_accounts(random: np.random.Generator, plan: Plan, post: IntArray) -> IntArray:
    rows = len(post)
    profiles = plan.profiles
    chance = random.random(rows)
    kind = np.full(rows, KINDS.index("genuine"))
    kind[chance < 0.03] = KINDS.index("inactive")
    kind[chance < 0.006] = KINDS.index("opinion_leader")
    phantom = random.random(rows) < plan.phantom_share[post]
    kinds = np.array([KINDS.index(name) for name in PHANTOM_KINDS])
    hidden = plan.spec.camouflaged_share
    shares = [*(share * (1 - hidden) for share in (0.35, 0.35, 0.3)), hidden]
    chosen = kinds[random.choice(4, rows, p=shares)]
    kind[phantom] = chosen[phantom]
    # A few are much more active than the many.
    place = random.random(rows) ** 1.7
    kind[profiles.count[kind] == 0] = KINDS.index("genuine")
    within = (place * profiles.count[kind]).astype(np.int64)
    account: IntArray = profiles.first[kind] + within
    return account


def _draw_seconds(random: np.random.Generator, plan: Plan, post: IntArray) -> IntArray:
    begin = plan.second[post]
    end = plan.spec.end_second - 1
    midnight = plan.spec.start_second
    scale = plan.half_life[post] / np.log(2)
    delay = random.exponential(1, len(post)) * scale + 1
    # People sleep: what falls into a quiet hour is mostly drawn anew, later.
    for _ in range(4):
        hour = ((begin + delay - midnight) // 3600 % 24).astype(np.int64)
        refused = random.random(len(post)) > HOURLY[hour]
        delay[refused] += random.exponential(1, int(refused.sum())) * scale[refused]
    over = begin + delay > end
    delay[over] = 1 + random.random(int(over.sum())) * (end - begin[over] - 1)
    second: IntArray = begin + np.maximum(delay.astype(np.int64), 1)
    return second


def _regular(
    plan: Plan, post: IntArray, account: IntArray, second: IntArray
) -> IntArray:
    """Cultivated accounts act by the clock, each at a minute of its own."""
    cultivated = plan.profiles.kind[account] == KINDS.index("cultivated")
    interval = 1800
    phase = account * 37 % interval
    snapped = (second - phase + interval - 1) // interval * interval + phase
    use = cultivated & (snapped < plan.spec.end_second) & (snapped > plan.second[post])
    return np.where(use, snapped, second)


def _sorted_rows(
    plan: Plan,
    post: IntArray,
    account: IntArray,
    second: IntArray,
    is_coordinated: BoolArray,
    sequence: int,
) -> _Rows:
    order = np.lexsort((second, post))
    post, account, second = post[order], account[order], second[order]
    counts = np.bincount(post, minlength=len(plan.second))
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rows = len(post)
    return _Rows(
        post=post,
        local=np.arange(rows) - firsts[post],
        account=account,
        second=second,
        parent=np.full(rows, -1),
        depth=np.ones(rows, np.int64),
        row_id=post_ids(second, sequence + np.arange(rows), huge=plan.spec.huge_ids),
        is_coordinated=is_coordinated[order],
    )


def _reposts(
    random: np.random.Generator, plan: Plan, start: int, stop: int, sequence: int
) -> _Rows:
    counts = plan.reposts[start:stop]
    post = np.repeat(np.arange(start, stop), counts)
    account = _draw_accounts(random, plan, post)
    second = _regular(plan, post, account, _draw_seconds(random, plan, post))
    is_coordinated = _place_coordinated(plan, start, stop, account, second)
    rows = _sorted_rows(plan, post, account, second, is_coordinated, sequence)

    total = len(post)
    shape = plan.shape[rows.post]
    root_share = np.array([0.9, 0.35, 0.15])[shape]
    # Phantoms repost the post itself; so do the coordinated.
    phantom = rows.account >= plan.profiles.first[KINDS.index("fresh")]
    root_share = np.where(phantom, np.maximum(root_share, 0.8), root_share)
    answers = (random.random(total) > root_share) & ~rows.is_coordinated
    # Early reposts become hubs; in chains people answer the last one.
    early = (random.random(total) ** 2 * rows.local).astype(np.int64)
    recent = rows.local - np.minimum(random.geometric(0.3, total), rows.local)
    follows_last = (shape == CHAIN) | ((shape == VIRAL) & (random.random(total) < 0.3))
    local_parent = np.where(follows_last, recent, early)
    parent = np.arange(total) - rows.local + local_parent
    answers &= rows.local > 0
    parent = np.where(answers, parent, 0)
    # A parent is older than its child by a second at least.
    answers &= rows.second[parent] < rows.second
    rows.parent = np.where(answers, parent, -1)
    _limit_depth(rows)
    return rows


def _limit_depth(rows: _Rows) -> None:
    for _ in range(DEPTH_LIMIT + 1):
        depth = np.where(rows.parent < 0, 1, rows.depth[rows.parent] + 1)
        if np.array_equal(depth, rows.depth):
            return
        rows.depth = depth
    rows.parent[rows.depth > DEPTH_LIMIT] = -1
    _limit_depth(rows)


def _place_coordinated(
    plan: Plan, start: int, stop: int, account: IntArray, second: IntArray
) -> BoolArray:
    """Overwrite the first rows of a post with reposts that are planned.

    Those of coordinated groups, which are told, and of one person's several accounts.
    """
    is_coordinated = np.zeros(len(account), bool)
    table = np.concatenate(
        [
            np.column_stack([rows, np.full(len(rows), is_order)])
            for rows, is_order in ((plan.coordinated, 1), (plan.together, 0))
        ]
    )
    table = table[np.argsort(table[:, 0], kind="stable")]
    low, high = np.searchsorted(table[:, 0], [start, stop])
    table = table[low:high]
    if not len(table):
        return is_coordinated
    within = np.arange(len(table)) - np.searchsorted(table[:, 0], table[:, 0])
    firsts = np.concatenate([[0], np.cumsum(plan.reposts[start:stop])[:-1]])
    place = firsts[table[:, 0] - start] + within
    account[place] = table[:, 1]
    moment = plan.second[table[:, 0]] + table[:, 2]
    second[place] = np.minimum(moment, plan.spec.end_second - 1)
    is_coordinated[place] = table[:, 3] == 1
    return is_coordinated


def _comments(
    random: np.random.Generator, plan: Plan, start: int, stop: int, sequence: int
) -> _Rows:
    post = np.repeat(np.arange(start, stop), plan.comments[start:stop])
    account = _draw_accounts(random, plan, post)
    second = _draw_seconds(random, plan, post)
    rows = _sorted_rows(
        plan, post, account, second, np.zeros(len(post), bool), sequence
    )
    total = len(post)
    is_reply = (random.random(total) < 0.2) & (rows.local > 0)
    local_parent = (random.random(total) ** 2 * rows.local).astype(np.int64)
    parent = np.where(is_reply, np.arange(total) - rows.local + local_parent, 0)
    # Replies hang below top-level comments only.
    is_reply &= ~is_reply[parent] & (rows.second[parent] < rows.second)
    rows.parent = np.where(is_reply, parent, -1)
    rows.depth = np.where(is_reply, 2, 1)
    return rows


def _hidden(
    random: np.random.Generator, rows: _Rows, *, first_block: bool
) -> BoolArray:
    """Some reposts that nobody answered are hidden with their author."""
    leaf = np.ones(len(rows.post), bool)
    leaf[rows.parent[rows.parent >= 0]] = False
    hidden = leaf & (random.random(len(rows.post)) < 0.001)
    if first_block and len(rows.post) > 50:
        hidden[np.flatnonzero(leaf & ~rows.is_coordinated)[-1]] = True
    return hidden


def _base_frame(
    random: np.random.Generator, plan: Plan, rows: _Rows, kind: str, text: pl.Series
) -> pl.DataFrame:
    total = len(rows.post)
    ids = pl.Series("interaction_id", rows.row_id).cast(pl.String)
    roots = pl.Series("root_post_id", plan.post_id[rows.post]).cast(pl.String)
    has_parent = rows.parent >= 0
    parent_ids = np.where(
        has_parent, rows.row_id[rows.parent] if total else 0, plan.post_id[rows.post]
    )
    likes = np.minimum(random.pareto(1.1, total) * 0.6, 20_000).astype(np.int64)
    return pl.DataFrame(
        {
            "interaction_id": ids,
            "account_id": plan.profiles.accounts["account_id"].gather(rows.account),
            "root_post_id": roots,
            "true_parent_id": pl.Series(parent_ids).cast(pl.String),
            "has_parent": has_parent,
            "depth": rows.depth,
            "acted_at": utc_series("acted_at", rows.second),
            "text": text,
            "likes_count": likes,
        }
    ).with_columns(
        pl.lit(PLATFORM).alias("platform"),
        pl.lit(kind).alias("kind"),
        pl.lit(utc_moment(plan.spec.observed_second), pl.Datetime("us", "UTC")).alias(
            "observed_at"
        ),
    )


def _opinion_columns(phrase: IntArray) -> list[pl.Series]:
    return [
        PHRASES.product.gather(phrase).alias("product"),
        PHRASES.aspect.gather(phrase).alias("aspect"),
        pl.Series("opinion", POLARITIES).gather(PHRASES.polarity[phrase]),
    ]


def _repost_frame(
    random: np.random.Generator, plan: Plan, rows: _Rows, hidden: BoolArray
) -> pl.DataFrame:
    names = plan.profiles.accounts["screen_name"]
    drawn = draw_texts(
        random,
        brand=plan.brand[rows.post],
        warmth=plan.warmth[rows.post],
        filler_share=0.55,
        template_family=_families(random, plan, rows.account),
        hashtag=plan.hashtag.gather(rows.post),
        names=names,
    )
    phrase = drawn.phrase.copy()
    phrase[hidden] = PHRASES.filler_first
    text = _chain_texts(random, rows, drawn.text, names.gather(rows.account))
    # The platform fills in for a repost without a word.
    text = text.zip_with(
        text != "", pl.Series(["转发微博"]).new_from_index(0, len(text))
    )
    mask = pl.Series(hidden)
    text = text.zip_with(~mask, pl.Series([HIDDEN_TEXT]).new_from_index(0, len(text)))
    frame = _base_frame(random, plan, rows, "repost", text)
    chance = random.random(len(rows.post))
    # Where the parent is the root, the platform seldom says so.
    has_pid = chance < np.where(rows.parent >= 0, plan.spec.pid_share, 0.02)
    frame = frame.with_columns(
        *_opinion_columns(phrase),
        pl.Series("has_pid", has_pid & ~hidden),
        pl.Series("name", names.gather(rows.account)),
        account_id=pl.when(pl.Series(~hidden)).then("account_id"),
    )
    return find_parents(frame)


def _families(random: np.random.Generator, plan: Plan, account: IntArray) -> IntArray:
    """Whose templates each row uses; a camouflaged account's person uses none."""
    family = plan.profiles.family[account]
    if not plan.spec.camouflaged_share:
        return family
    camouflaged = plan.profiles.kind[account] == KINDS.index("camouflaged")
    by_hand = camouflaged & (random.random(len(account)) < 0.5)
    return np.where(by_hand, -1, family)


def _chain_texts(
    random: np.random.Generator, rows: _Rows, own: pl.Series, names: pl.Series
) -> pl.Series:
    """Texts with the chain of what they repost, level by level."""
    total = len(rows.post)
    # 0 keeps the chain, 1 cuts it off, 2 loses a slash, 3 misspells the name,
    # 4 skips the parent, 5 uses a full-width colon.
    edit = random.choice(6, total, p=[0.76, 0.12, 0.02, 0.04, 0.02, 0.04])
    order = np.argsort(rows.depth, kind="stable")
    position = np.empty(total, np.int64)
    position[order] = np.arange(total)
    ends = np.cumsum(np.bincount(rows.depth, minlength=2)[1:])
    levels: list[pl.Series] = []
    begin = 0
    for end in ends.tolist():
        chosen = order[begin:end]
        if not levels:
            levels.append(own.gather(chosen))
        else:
            parents = rows.parent[chosen]
            above = levels[-1].gather(position[parents] - (begin - len(levels[-1])))
            frame = pl.DataFrame(
                {
                    "own": own.gather(chosen),
                    "name": names.gather(parents),
                    "above": above,
                    "edit": edit[chosen],
                }
            )
            levels.append(frame.select(_chained()).to_series())
        begin = end
    if not levels:
        return own
    return pl.concat(levels).gather(position)


def _chained() -> pl.Expr:
    own, name, above = pl.col("own"), pl.col("name"), pl.col("above")
    edit = pl.col("edit")
    # Of the parent's own words an editor leaves nothing: the first name of the
    # chain is then the grandparent's.
    skipped = above.str.extract(r"(//@.*)$").fill_null("")
    return (
        pl.when(edit == 1)
        .then(own)
        .when(edit == 2)
        .then(pl.concat_str(own, pl.lit("/@"), name, pl.lit(":"), above))
        .when(edit == 3)
        .then(pl.concat_str(own, pl.lit("//@"), name, pl.lit("酱:"), above))
        .when(edit == 4)
        .then(pl.concat_str(own, skipped))
        .when(edit == 5)
        .then(pl.concat_str(own, pl.lit(" //@"), name, pl.lit("："), above))
        .otherwise(pl.concat_str(own, pl.lit("//@"), name, pl.lit(":"), above))
        .str.slice(0, CHAIN_LENGTH)
    )


def find_parents(reposts: pl.DataFrame) -> pl.DataFrame:
    """Add `parent_id` and `parent_method`: what a reader can find out.

    The platform's own parent where `has_pid`; else what the text's first
    `//@name: words` names: the latest earlier repost of the root with both, else by
    that name, else the only one with those words, if they are long; else the root.
    """
    key = pl.col("interaction_id").cast(pl.Int64)
    chain = r"//?\s*@([^:：\s]+)\s*[:：]([\s\S]*)$"
    asked = (
        reposts.select(
            "interaction_id",
            "root_post_id",
            key.alias("key"),
            pl.col("text").str.extract(chain, 1).alias("name"),
            _squeezed(pl.col("text").str.extract(chain, 2)).alias("words"),
        )
        .filter(pl.col("name").is_not_null())
        .sort("key")
    )
    everybody = (
        reposts.select(
            "root_post_id",
            "account_id",
            "name",
            key.alias("key"),
            _squeezed(pl.col("text")).alias("words"),
            pl.col("interaction_id").alias("found"),
        )
        .sort("key")
        .with_columns(nth=pl.int_range(1, pl.len() + 1).over("root_post_id", "words"))
    )
    known = everybody.filter(pl.col("account_id").is_not_null())

    def latest(candidates: pl.DataFrame, *by: str) -> pl.DataFrame:
        return asked.join_asof(
            candidates,
            on="key",
            by=["root_post_id", *by],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )

    alone = (pl.col("nth") == 1) & (pl.col("words").str.len_chars() >= 5)
    found = asked.select(
        "interaction_id",
        chain_parent=pl.coalesce(
            latest(known, "name", "words")["found"],
            latest(known.drop("words"), "name")["found"],
            latest(everybody.drop("name"), "words").select(
                pl.when(alone).then("found")
            )["found"],
        ),
    )
    joined = reposts.join(found, on="interaction_id", how="left", maintain_order="left")
    by_platform = pl.col("has_pid")
    by_chain = pl.col("chain_parent").is_not_null()
    return joined.with_columns(
        parent_id=pl.when(by_platform)
        .then("true_parent_id")
        .otherwise(pl.coalesce("chain_parent", "root_post_id")),
        parent_method=pl.when(by_platform)
        .then(pl.lit("platform"))
        .when(by_chain)
        .then(pl.lit("chain"))
        .otherwise(pl.lit("root")),
    )


def _squeezed(text: pl.Expr) -> pl.Expr:
    """The first forty characters, spaces not counted: chains are cut."""
    return text.str.replace_all(r"\s", "").str.slice(0, 40)


def _comment_frame(
    random: np.random.Generator, plan: Plan, rows: _Rows
) -> pl.DataFrame:
    names = plan.profiles.accounts["screen_name"]
    drawn = draw_texts(
        random,
        brand=plan.brand[rows.post],
        warmth=plan.warmth[rows.post],
        filler_share=0.15,
        template_family=_families(random, plan, rows.account),
        hashtag=plan.hashtag.gather(rows.post),
        names=names,
    )
    answered = names.gather(rows.account[rows.parent] if len(rows.post) else [])
    has_parent = pl.Series(rows.parent >= 0)
    said = drawn.text.zip_with(
        drawn.text != "", pl.Series(["[赞]"]).new_from_index(0, len(drawn.text))
    )
    text = said.zip_with(~has_parent, "回复@" + answered + ":" + said)
    frame = _base_frame(random, plan, rows, "comment", text)
    return frame.with_columns(
        *_opinion_columns(drawn.phrase),
        parent_id=pl.col("true_parent_id"),
        parent_method=pl.when("has_parent")
        .then(pl.lit("platform"))
        .otherwise(pl.lit("root")),
    )


def _like_frame(
    random: np.random.Generator, plan: Plan, start: int, stop: int
) -> tuple[pl.DataFrame, IntArray]:
    post = np.repeat(np.arange(start, stop), plan.likes[start:stop])
    account = _draw_accounts(random, plan, post)
    second = _draw_seconds(random, plan, post)
    # One like per account and post.
    keys = post * len(plan.profiles.ids) + account
    _, kept = np.unique(keys, return_index=True)
    kept.sort()
    post, account, second = post[kept], account[kept], second[kept]
    frame = pl.DataFrame(
        {
            "account_id": plan.profiles.accounts["account_id"].gather(account),
            "root_post_id": pl.Series(plan.post_id[post]).cast(pl.String),
            "acted_at": utc_series("acted_at", second),
        }
    )
    return _plain_rows(plan, frame, "like"), post


def _mention_frame(plan: Plan, start: int, stop: int) -> tuple[pl.DataFrame, IntArray]:
    post = start + np.flatnonzero(plan.is_mention[start:stop])
    frame = pl.DataFrame(
        {
            "account_id": plan.profiles.accounts["account_id"].gather(
                plan.author[post]
            ),
            "root_post_id": pl.Series(plan.post_id[post]).cast(pl.String),
            "acted_at": utc_series("acted_at", plan.second[post]),
            "text": plan.text.gather(post),
        }
    )
    return _plain_rows(plan, frame, "mention"), post


def _plain_rows(plan: Plan, frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Likes have no id of their own; a mention is a post, its own root."""
    if kind == "like":
        frame = frame.with_columns(
            pl.format("like-{}-{}", "root_post_id", "account_id").alias(
                "interaction_id"
            ),
            pl.lit(None, pl.String).alias("text"),
            pl.col("root_post_id").alias("parent_id"),
            pl.lit("root").alias("parent_method"),
        )
    else:
        frame = frame.with_columns(
            pl.col("root_post_id").alias("interaction_id"),
            pl.lit(None, pl.String).alias("parent_id"),
            pl.lit(None, pl.String).alias("parent_method"),
        )
    return frame.with_columns(
        pl.lit(PLATFORM).alias("platform"),
        pl.lit(kind).alias("kind"),
        pl.lit(None, pl.Int64).alias("likes_count"),
        pl.lit(utc_moment(plan.spec.observed_second), pl.Datetime("us", "UTC")).alias(
            "observed_at"
        ),
    ).select(_CANONICAL)


def _counters(
    random: np.random.Generator,
    plan: Plan,
    start: int,
    stop: int,
    reposts: _Rows,
    comments: _Rows,
    like_posts: IntArray,
) -> pl.DataFrame:
    """Snapshots after a day, after three days, and at the end."""
    count = stop - start
    posts = np.arange(start, stop)
    likes = np.bincount(like_posts - start, minlength=count)
    reads = (likes + 10) * random.integers(60, 400, count)
    frames = []
    for days in (1, 3, None):
        end = np.full(count, plan.spec.observed_second)
        if days is not None:
            end = plan.second[posts] + days * 86_400
        seen = [
            np.bincount(
                rows.post[rows.second <= end[rows.post - start]] - start,
                minlength=count,
            )
            for rows in (reposts, comments)
        ]
        share = {1: 0.6, 3: 0.9, None: 1.0}[days]
        frame = pl.DataFrame(
            {
                "post_id": pl.Series(plan.post_id[posts]).cast(pl.String),
                "observed_at": utc_series("observed_at", end),
                "reposts_count": seen[0],
                "comments_count": seen[1],
                "likes_count": (likes * share).astype(np.int64),
                "reads_count": (reads * share).astype(np.int64),
            }
        )
        if days is not None:
            frame = frame.filter(pl.Series(end < plan.spec.observed_second))
        frames.append(frame)
    return pl.concat(frames).select(pl.lit(PLATFORM).alias("platform"), pl.all())
