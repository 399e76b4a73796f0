"""Worlds as Qzone and Pengyou told them: feeds of people, profiles by openid.

A post stands in its author's feed with its comments, and these with replies; a
forward is a post that names another. Likes have no time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .archives import Object, asked, threads, unix, write_lines
from .json_lines import Compression
from .projection import newest_counters, pages, project
from .spec import World, utc_moment

FEED_PAGE = 20
PATH = "/cgi-bin/emotion_cgi_msglist_v6"
_CHAIN = re.compile(r"//?\s*@")
_EMOTICON = re.compile(r"\[([^\[\]\s]{1,6})\]")


def write_qzone(
    world: World,
    folder: Path,
    *,
    platform: str = "qzone",
    compression: Compression = "none",
) -> World:
    """Write a world as archived answers and give what they tell."""
    observed = utc_moment(world.spec.observed_second)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    counters = newest_counters(world)
    posts = {
        row["post_id"]: row
        for row in world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    by_root = threads(world, ("repost", "comment", "like"), posts)
    feeds: defaultdict[str, list[Object]] = defaultdict(list)
    like_lists: list[Object] = []
    seen: dict[str, str | None] = {}
    told_posts, told_counters, told_rows = [], [], []

    def told(row: Mapping[str, Any], key: str, **more: Any) -> None:
        told_rows.append(
            {
                "interaction_id": key,
                "kind": row["kind"],
                "account_id": row["account_id"],
                "root_post_id": tid_of(row["root_post_id"]),
                "parent_id": tid_of(row["root_post_id"]),
                "parent_method": "root",
                "acted_at": row["acted_at"],
                "text": row["text"],
                "observed_at": observed,
                **more,
            }
        )
        if row["account_id"]:
            seen.setdefault(row["account_id"], None)

    for key, post in posts.items():
        tid = tid_of(key)
        owner = people[post["account_id"]]
        seen.setdefault(post["account_id"], None)
        counts = counters.get(key, {})
        comments: list[Object] = []
        places: dict[str, tuple[Object, str]] = {}
        likers: list[Object] = []
        for row in by_root[key]:
            author = people.get(row["account_id"])
            if row["kind"] == "like" and author:
                avatar = f"http://qlogo.example.invalid/{row['account_id']}/30"
                likers.append(
                    {
                        "fuin": int(row["account_id"]),
                        "nick": author["screen_name"],
                        "portrait": avatar,
                        "gender": "",
                        "addr": " ",
                    }
                )
                told(
                    row,
                    f"like-{tid}-{row['account_id']}",
                    acted_at=observed,
                    text=None,
                )
                seen[row["account_id"]] = avatar
            elif row["kind"] == "repost":
                # A forward shows its reason only, not the words of those between.
                row["text"] = _CHAIN.split(row["text"])[0].strip()
                mine = tid_of(row["interaction_id"])
                feeds[row["account_id"] or "0"].append(
                    _post(mine, row["acted_at"], row["text"], author)
                    | {
                        "rt_tid": tid,
                        "rt_uin": int(post["account_id"]),
                        "rt_uinname": owner["screen_name"],
                        "rt_con": {"content": post["text"]},
                    }
                )
                told(row, mine)
            elif row["kind"] == "comment" and author:
                above = places.get(row["true_parent"])
                if above is None:
                    comment = _comment(len(comments) + 1, row, row["text"], author)
                    comments.append(comment)
                    place = f"{tid}:{comment['tid']}"
                    places[row["interaction_id"]] = comment, place
                    told(row, place)
                    continue
                # All replies stand below the comment that began it.
                top, place = above
                replies = top.setdefault("list_3", [])
                called = (
                    f"@{{uin:{top['uin']},nick:{top['name']},who:1,auto:1}} "
                    + row["text"]
                )
                reply = _comment(len(replies) + 1, row, called, author)
                replies.append(reply)
                top["reply_num"] = len(replies)
                places[row["interaction_id"]] = top, place
                told(
                    row,
                    f"{place}:{reply['tid']}",
                    parent_id=place,
                    parent_method="platform",
                    text=f"@{top['name']} {row['text']}",
                )
        likes = counts.get("likes_count") or 0
        feeds[post["account_id"]].append(
            _post(tid, post["posted_at"], post["text"], owner)
            | {
                "source_name": post["client"],
                "cmtnum": counts.get("comments_count") or 0,
                "fwdnum": counts.get("reposts_count") or 0,
                "commentlist": comments or None,
                "pictotal": post["media_count"],
                "lbs": {"id": "", "idname": "", "name": post["region"]},
            }
        )
        told_posts.append(
            {
                **post,
                "post_id": tid,
                "client": post["client"] or None,
                "observed_at": observed,
            }
        )
        told_counters.append(
            {
                "post_id": tid,
                "observed_at": observed,
                "reposts_count": counts.get("reposts_count") or 0,
                "comments_count": counts.get("comments_count") or 0,
                "likes_count": likes,
            }
        )
        like_lists.append(
            asked(
                "/cgi-bin/likes/get_like_list_app",
                {"unikey": f"http://user.qzone.qq.com/{post['account_id']}/mood/{tid}"},
                {
                    "code": 0,
                    "data": {
                        "total_number": likes,
                        "is_dolike": 0,
                        "like_uin_info": likers,
                    },
                },
            )
        )

    answers = []
    for number, (uin, rows) in enumerate(feeds.items()):
        for page in pages(rows[::-1], FEED_PAGE):
            # Own exports have the simple envelope, pages' answers the other.
            answers.append(
                {"ret": 0, "data": {"list": page}}
                if number % 2
                else {"code": 0, "subcode": 0, "message": "", "msglist": page}
                | {"usrinfo": {"uin": int(uin)}}
            )
    write_lines(folder, "msglist", answers, compression)
    write_lines(folder, "likes", like_lists, compression)
    profiles = [_profile(row) for row in people.values()]
    write_lines(
        folder,
        "get_info",
        [
            asked(
                "/v3/user/get_info",
                {"openid": profile.pop("openid"), "pf": platform},
                {"ret": 0, "is_lost": 0, **profile},
            )
            for profile in map(_profile, list(people.values())[:20])
        ],
        compression,
    )
    write_lines(
        folder,
        "get_multi_info",
        [
            {"ret": 0, "is_lost": 0, "items": page}
            for page in pages(profiles[20:], FEED_PAGE)
        ],
        compression,
    )
    edges = {
        (openid_of(row["account_id"]), openid_of(row["follower_id"]))
        for row in world.follows.iter_rows(named=True)
    }
    friends: defaultdict[str, list[Object]] = defaultdict(list)
    for one, other in sorted(edges):
        friends[one].append({"openid": other})
    write_lines(
        folder,
        "get_app_friends",
        [
            asked(
                "/v3/relation/get_app_friends",
                {"openid": one, "pf": platform},
                {"ret": 0, "is_lost": 0, "items": page},
            )
            for one, others in friends.items()
            for page in pages(others)
        ],
        compression,
    )
    both = edges | {(other, one) for one, other in edges}
    return project(
        world,
        platform,
        accounts=[
            {
                "account_id": key,
                "screen_name": people[key]["screen_name"],
                "avatar_url": avatar,
                "observed_at": observed,
            }
            for key, avatar in seen.items()
        ]
        + [
            {
                "account_id": openid_of(key),
                "screen_name": row["screen_name"],
                "location": row["location"] or None,
                "gender": row["gender"] if row["gender"] in ("m", "f") else None,
                "avatar_url": row["avatar_url"].split("?")[0],
                "level": row["level"] % 8,
                "observed_at": observed,
            }
            for key, row in people.items()
        ],
        posts=told_posts,
        post_counters=told_counters,
        interactions=told_rows,
        follows=[
            {"account_id": one, "follower_id": other, "observed_at": observed}
            for one, other in sorted(both)
        ],
        campaign_posts={key: tid_of(key) for key in posts},
    )


def tid_of(key: str) -> str:
    """A post's id in Qzone's form."""
    return f"{int(key):024x}"


def openid_of(account: str) -> str:
    """What an application knows of an account instead of its number."""
    return f"{int(account) * 7919:032X}"


def _marked(text: str) -> str:
    return _EMOTICON.sub(r"[em]\1[/em]", text)


def _post(tid: str, moment: Any, text: str, author: Mapping[str, Any] | None) -> Object:
    return {
        "tid": tid,
        "uin": int(author["account_id"]) if author else 0,
        "name": author["screen_name"] if author else "",
        "content": _marked(text),
        "createTime": "前天17:44",
        "created_time": unix(moment),
        "secret": 0,
        "right": 1,
        "commentlist": None,
        "cmtnum": 0,
        "fwdnum": 0,
    }


def _comment(
    number: int, row: Mapping[str, Any], text: str, author: Mapping[str, Any]
) -> Object:
    return {
        "tid": number,
        "uin": int(row["account_id"]),
        "name": author["screen_name"],
        "content": _marked(text),
        "createTime": "前天17:49",
        "createTime2": "2019-04-26 17:49:02",
        "create_time": unix(row["acted_at"]),
        "reply_num": 0,
    }


def _profile(row: Mapping[str, Any]) -> Object:
    province, _, city = (row["location"] or "").partition(" ")
    return {
        "openid": openid_of(row["account_id"]),
        "nickname": row["screen_name"],
        "gender": {"m": "男", "f": "女"}.get(row["gender"], ""),
        "province": province,
        "city": city,
        "figureurl": row["avatar_url"].split("?")[0],
        "is_yellow_vip": 0,
        "yellow_vip_level": row["level"] % 8,
    }
