"""Worlds as a Mastodon instance tells them: statuses, accounts, archives of answers.

What X calls a retweet is a boost. Half of the people are of other instances: there is
a host in their names.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .json_lines import Compression, open_packed
from .projection import iso, pages, project
from .spec import World, utc_moment
from .x import Object, x_world

PLATFORM = "mastodon"
SITE = "https://tea.example.invalid"
# As the product names the instance's objects.
PREFIX = "tea_example_invalid"
ROWS = 40


def name_of(account_id: str) -> str:
    """What the instance calls an account: of another one with its host."""
    return f"u{account_id}" + ("" if int(account_id) % 2 else "@far.example.invalid")


@dataclass(frozen=True)
class MastodonWorld:
    """A world's objects by id, each as the API writes it.

    Attributes:
        world: what the instance tells of the world, in canonical shape.
        accounts: all of them.
        statuses: that can be read: posts, quotes and answers.
        gone: ids of deleted posts.
        likes: accounts that favoured a status, newest first, by status.
        boosts: accounts that boosted it, newest first, by status.
        boosted_at: when, by status and account.
        followers: accounts, by account.
        roots: the post whose thread a status belongs to, by status.
    """

    world: World
    accounts: dict[str, Object]
    statuses: dict[str, Object]
    gone: frozenset[str]
    likes: dict[str, list[str]]
    boosts: dict[str, list[str]]
    boosted_at: dict[tuple[str, str], str]
    followers: dict[str, list[str]]
    roots: dict[str, str]

    def replies(self) -> dict[str, list[str]]:
        """Ids of the direct answers to each status, oldest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self.statuses, key=int):
            above = self.statuses[key]["in_reply_to_id"]
            if above:
                found[above].append(key)
        return dict(found)

    def quotes(self) -> dict[str, list[str]]:
        """Ids of the quotes of each status, newest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self.statuses, key=int, reverse=True):
            shown = quoted_by(self.statuses[key])
            if shown:
                found[shown].append(key)
        return dict(found)


def quoted_by(status: Mapping[str, Any]) -> str | None:
    """The id of the status that one quotes."""
    quote = status.get("quote")
    return str(quote["quoted_status_id"]) if quote else None


def mastodon_world(
    world: World, site: str = SITE, prefix: str = PREFIX
) -> MastodonWorld:
    """The objects of a world.

    Args:
        world: what happened.
        site: address of the instance.
        prefix: what the product calls it.
    """
    x = x_world(world)
    names = {user["username"]: name_of(key) for key, user in x.users.items()}
    moments = {
        key: datetime.fromisoformat(tweet["created_at"])
        for key, tweet in x.tweets.items()
    } | dict(x.world.posts.select("post_id", "posted_at").iter_rows())
    ids = {key: _id(key, moment) for key, moment in moments.items()}

    def named(key: str | None) -> str | None:
        return key and f"{prefix}:{key}"

    def called(text: str | None) -> str | None:
        return _called(text, names)

    accounts = {
        row["account_id"]: _account(site, row)
        for row in world.accounts.iter_rows(named=True)
    }
    likes: dict[str, list[str]] = defaultdict(list)
    boosts: dict[str, list[str]] = defaultdict(list)
    boosted_at: dict[tuple[str, str], str] = {}
    observed = utc_moment(world.spec.observed_second)
    rows: list[Object] = []
    for row in x.world.interactions.iter_rows(named=True):
        person, parent = row["account_id"], ids[row["parent_id"]]
        common = {
            **row,
            "account_id": named(person),
            "root_post_id": named(ids[row["root_post_id"]]),
            "parent_id": named(parent),
            "text": called(row["text"]),
        }
        if row["kind"] == "like":
            likes[parent].append(person)
            rows.append({**common, "interaction_id": named(f"like-{parent}-{person}")})
        elif row["interaction_id"].startswith("retweet-"):
            boosts[parent].append(person)
            boosted_at[parent, person] = iso(row["acted_at"])
            key = named(f"reblog-{parent}-{person}")
            rows.append({**common, "interaction_id": key, "acted_at": observed})
        else:
            key = named(ids[row["interaction_id"]])
            rows.append({**common, "interaction_id": key})

    listed = {
        row["post_id"]: row
        for row in x.world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    statuses: dict[str, Object] = {}
    for one, tweet in x.tweets.items():
        references = {r["type"]: r["id"] for r in tweet.get("referenced_tweets", ())}
        if "retweeted" in references:
            continue
        told = listed.get(one, {})
        text = told.get("text") if told else _plain(tweet["text"])
        statuses[ids[one]] = _status(
            site,
            ids[one],
            called(text) or "",
            accounts[tweet["author_id"]],
            iso(moments[one]),
            told,
            {name_of(key): account for key, account in accounts.items()},
            above=ids.get(references.get("replied_to", "")),
            quoted=ids.get(references.get("quoted", "")),
            counts=tweet["public_metrics"],
        )
    roots = {ids[one]: ids[root] for one, root in x.roots.items() if one in ids}
    made = MastodonWorld(
        world,
        accounts,
        statuses,
        frozenset(ids[one] for one in x.gone),
        {key: who[::-1] for key, who in likes.items()},
        {
            key: sorted(who, key=lambda one, key=key: (boosted_at[key, one], int(one)))[
                ::-1
            ]
            for key, who in boosts.items()
        },
        boosted_at,
        dict(x.followers),
        roots,
    )
    answers = made.replies()
    for key, status in statuses.items():
        status["replies_count"] = len(answers.get(key, ()))
    own = dict(zip(x.world.posts["post_id"], world.posts["post_id"], strict=True))
    told_world = project(
        world,
        PLATFORM,
        accounts=[
            {
                **row,
                "account_id": named(row["account_id"]),
                "screen_name": name_of(row["account_id"]),
                "display_name": row["screen_name"],
                "description": row["description"] or "",
                "is_verified": None,
                "verified_type": None,
                "location": None,
                "likes_count": None,
            }
            for row in x.world.accounts.iter_rows(named=True)
        ],
        posts=[
            {
                **row,
                "post_id": named(ids[row["post_id"]]),
                "account_id": named(row["account_id"]),
                "text": called(row["text"]),
                "mentions": sorted({names.get(name, name) for name in row["mentions"]}),
                "posted_at": row["posted_at"]
                + timedelta(milliseconds=_millis(row["post_id"]) * row["is_deleted"]),
                "media_count": None if row["is_deleted"] else row["media_count"] or 0,
            }
            for row in x.world.posts.iter_rows(named=True)
        ],
        post_counters=[
            {
                **row,
                "post_id": named(ids[row["post_id"]]),
                "comments_count": statuses[ids[row["post_id"]]]["replies_count"],
                "reads_count": None,
            }
            for row in x.world.post_counters.iter_rows(named=True)
        ],
        interactions=rows,
        follows=[
            {
                **row,
                "account_id": named(row["account_id"]),
                "follower_id": named(row["follower_id"]),
            }
            for row in x.world.follows.iter_rows(named=True)
        ],
        campaign_posts={own[key]: f"{prefix}:{ids[key]}" for key in own},
    )
    return MastodonWorld(
        told_world,
        made.accounts,
        made.statuses,
        made.gone,
        made.likes,
        made.boosts,
        made.boosted_at,
        made.followers,
        made.roots,
    )


def write_mastodon(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per endpoint, a page a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = mastodon_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: MastodonWorld) -> dict[str, list[Object]]:
    """The pages of each endpoint, as a company would have archived them."""
    by_author: dict[str, list[Object]] = defaultdict(list)
    for key in sorted(objects.statuses, key=int, reverse=True):
        status = objects.statuses[key]
        if not status["in_reply_to_id"] and not quoted_by(status):
            by_author[status["account"]["id"]].append(status)
    replies, quotes = objects.replies(), objects.quotes()
    roots = [*objects.gone, *(s["id"] for rows in by_author.values() for s in rows)]

    def edges(name: str, kind: str, groups: Mapping[str, list[str]]) -> list[Object]:
        return [
            _page(
                f"{kind}/{key}/{name}",
                [objects.accounts[one] for one in part],
                objects.roots.get(key) if name == "reblogged_by" else None,
            )
            for key in sorted(groups, key=int)
            for part in pages(groups[key])
        ]

    return {
        "timelines": [
            _page(f"accounts/{key}/statuses", part)
            for key in sorted(by_author, key=int)
            for part in pages(by_author[key], ROWS)
        ],
        "contexts": [
            _page(f"statuses/{key}/context", thread(objects, replies, key))
            for key in sorted(roots, key=int)
            if key in replies
        ],
        "quotes": [
            _page(
                f"statuses/{key}/quotes",
                [objects.statuses[one] for one in part],
                objects.roots.get(key, key),
            )
            for key in sorted(quotes, key=int)
            for part in pages(quotes[key], ROWS)
        ],
        "reblogged_by": edges("reblogged_by", "statuses", objects.boosts),
        "favourited_by": edges("favourited_by", "statuses", objects.likes),
        "followers": edges("followers", "accounts", objects.followers),
        "accounts": [
            _page("accounts", [objects.accounts[key] for key in part])
            for part in pages(sorted(objects.accounts, key=int), ROWS)
        ],
        "lookups": [
            {
                "request": {
                    "path": f"{SITE}/api/v1/statuses",
                    "params": {"ids": ",".join(sorted(objects.gone))},
                },
                "answer": [],
            }
        ],
    }


def thread(
    objects: MastodonWorld,
    replies: Mapping[str, list[str]],
    key: str,
    depth: int = 4096,
    rows: int = 4096,
) -> Object:
    """What stands above a status and below it, so many levels and rows of it."""
    above: list[Object] = []
    node = objects.statuses.get(key)
    while node and (node := objects.statuses.get(node["in_reply_to_id"] or "")):
        above.insert(0, node)
    found = below(objects, replies, key, depth)[:rows]
    return {"ancestors": above, "descendants": found}


def below(
    objects: MastodonWorld, replies: Mapping[str, list[str]], key: str, depth: int
) -> list[Object]:
    """The answers to a status, each before those to it."""
    if not depth:
        return []
    return [
        status
        for one in replies.get(key, ())
        for status in (
            objects.statuses[one],
            *below(objects, replies, one, depth - 1),
        )
    ]


def _page(path: str, answer: Any, root: str | None = None) -> Object:
    request: Object = {"path": f"{SITE}/api/v1/{path}", "params": {}}
    if root:
        request["root"] = root
    return {"request": request, "answer": answer}


def _millis(snowflake: str) -> int:
    return (int(snowflake) >> 16 & 63) * 10


def _id(snowflake: str, moment: datetime) -> str:
    """Milliseconds since 1970, shifted, and a sequence."""
    milliseconds = int(moment.timestamp()) * 1000 + _millis(snowflake)
    return str(milliseconds << 16 | int(snowflake) & 0xFFFF)


def _called(text: str | None, names: Mapping[str, str]) -> str | None:
    """A text that calls people by their names here."""
    if not text or "@" not in text:
        return text

    def name_there(match: re.Match[str]) -> str:
        name = match[1]
        for end in range(len(name), 0, -1):
            if name[:end] in names:
                return f"@{names[name[:end]]} {name[end:]}".rstrip()
        return match[0]

    return re.sub(r"@([-\w·]+)", name_there, text)


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _account(site: str, row: Mapping[str, Any]) -> Object:
    acct = name_of(row["account_id"])
    name, _, host = acct.partition("@")
    address = f"https://{host}" if host else site
    note = html.escape(row["description"] or "")
    return {
        "id": row["account_id"],
        "username": name,
        "acct": acct,
        "display_name": row["screen_name"],
        "locked": False,
        "bot": False,
        "created_at": iso(row["registered_at"]),
        "note": f"<p>{note}</p>" if note else "",
        "url": f"{address}/@{name}",
        "uri": f"{address}/users/{name}",
        "avatar": row["avatar_url"],
        "followers_count": row["followers_count"],
        "following_count": row["following_count"],
        "statuses_count": row["posts_count"],
        "emojis": [],
        "fields": [],
    }


def _status(
    site: str,
    key: str,
    text: str,
    account: Object,
    moment: str,
    row: Mapping[str, Any],
    people: Mapping[str, Object],
    *,
    above: str | None,
    quoted: str | None,
    counts: Mapping[str, int],
) -> Object:
    accts = dict.fromkeys(re.findall(r"@(u\d+(?:@far\.example\.invalid)?)", text))
    called = [people[acct] for acct in accts if acct in people]
    content = html.escape(text).replace("\n", "<br />")
    for acct in sorted((one["acct"] for one in called), key=len, reverse=True):
        content = re.sub(
            rf"@{re.escape(acct)}(?![\w@<])",
            f'<span class="h-card" translate="no"><a href="{people[acct]["url"]}"'
            f' class="u-url mention">@<span>{acct}</span></a></span>',
            content,
        )
    return {
        "id": key,
        "created_at": moment,
        "in_reply_to_id": above,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "zh",
        "uri": f"{account['uri']}/statuses/{key}",
        "url": f"{account['url']}/{key}",
        "replies_count": 0,
        "reblogs_count": counts["retweet_count"],
        "quotes_count": counts["quote_count"],
        "favourites_count": counts["like_count"],
        "edited_at": None,
        "content": f"<p>{content}</p>",
        "reblog": None,
        "application": {"name": row["client"]} if row.get("client") else None,
        "account": account,
        "media_attachments": [
            {"id": f"{key}{n}", "type": "image"}
            for n in range(row.get("media_count") or 0)
        ],
        "mentions": [
            {name: one[name] for name in ("id", "username", "acct", "url")}
            for one in called
        ],
        "tags": [
            {"name": tag, "url": f"{site}/tags/{tag}"}
            for tag in row.get("hashtags") or ()
        ],
        "emojis": [],
        "card": None,
        "poll": None,
        "quote": {"state": "accepted", "quoted_status_id": quoted} if quoted else None,
    }
