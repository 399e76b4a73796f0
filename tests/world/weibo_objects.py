"""Objects of Weibo's open API, version 2, as texts, column by column.

Files hold them lean: the keys that a reader of any year's answers can count on.
`whole` adds what an answer of today's API carries besides.
"""

from __future__ import annotations

import polars as pl

from .json_lines import escaped, flag, weibo_time

_CLIENTS = ("iPhone客户端", "Android客户端", "微博网页版", "HUAWEI Mate 60")
_LINK = "https://wx1.example.invalid/large/example.jpg"
# What the platform writes over a deleted post.
DELETED_TEXT = "此微博已被原作者删除。"
# Between the parts of a user object, where its picture's address goes.
PICTURE_KEYS = ('","avatar_large":"', '","avatar_hd":"', '"}')


def user_columns(*, whole: bool = False) -> list[pl.Expr]:
    """The parts of a user object that are the same in each of its copies."""
    url = pl.col("avatar_url").str.split_exact("?", 1)
    return [
        url.struct.field("field_0").alias("avatar_base"),
        pl.col("avatar_url").str.contains("?", literal=True).alias("avatar_signed"),
        pl.concat_str(
            pl.lit('{"id":'),
            pl.format(
                '{},"idstr":"{}","screen_name":"{}","name":"{}","province":"31",'
                '"location":"{}","description":"{}","gender":"{}",'
                '"followers_count":{},"friends_count":{},"statuses_count":{},'
                '"favourites_count":{},"created_at":"{}","verified":{},'
                '"verified_type":{},"bi_followers_count":{},"lang":"zh-cn",'
                '"star":0,"mbtype":0,"mbrank":0,"urank":{},',
                "account_id",
                "account_id",
                escaped("screen_name"),
                escaped("display_name"),
                escaped("location"),
                escaped("description"),
                "gender",
                "followers_count",
                "following_count",
                "posts_count",
                "likes_count",
                weibo_time(pl.col("registered_at")),
                flag("is_verified"),
                "verified_type",
                "mutual_count",
                "level",
            ),
            *([_user_extras()] if whole else []),
            pl.lit('"profile_image_url":"'),
        ).alias("user_head"),
    ]


def _user_extras() -> pl.Expr:
    return pl.format(
        f'"class":1,"city":"1","url":"","cover_image_phone":"{_LINK}",'
        '"profile_url":"u/{}","domain":"","weihao":"","pagefriends_count":0,'
        '"following":false,"allow_all_act_msg":false,"geo_enabled":true,'
        '"remark":"","ptype":0,"allow_all_comment":true,"verified_reason":"{}",'
        '"verified_trade":"","verified_reason_url":"","verified_source":"",'
        '"verified_source_url":"","follow_me":false,"online_status":0,'
        '"block_word":0,"block_app":0,"credit_score":80,"user_ability":0,',
        "account_id",
        pl.when(pl.col("verified_type") > 0)
        .then(pl.lit("官方微博"))
        .when("is_verified")
        .then(pl.lit("美食博主"))
        .otherwise(pl.lit("")),
    )


def signature_of(key: str) -> str:
    """What the platform adds to picture addresses, anew in every answer."""
    return f"?Expires=17{key[-8:]}&ssig=x{key[-9:][::-1]}"


def user(signed_by: pl.Expr) -> list[pl.Expr]:
    """A lean user object inside the object with this id."""
    address = pl.concat_str(
        "avatar_base",
        pl.when("avatar_signed")
        .then(
            pl.concat_str(
                pl.lit("?Expires=17"),
                signed_by.str.slice(-8),
                pl.lit("&ssig=x"),
                signed_by.str.slice(-9).str.reverse(),
            )
        )
        .otherwise(pl.lit("")),
    )
    return [pl.col("user_head"), address, pl.lit('"}')]


def post_identity() -> pl.Expr:
    """Time, ids and text of a post."""
    return pl.format(
        '"created_at":"{}","id":{},"mid":"{}","idstr":"{}","text":"{}",',
        weibo_time(pl.col("posted_at")),
        "post_id",
        "post_id",
        "post_id",
        escaped("text"),
    )


def post_origin() -> pl.Expr:
    """Client and region of a post."""
    return pl.concat_str(
        pl.format(_SOURCE, "client"),
        pl.format('"region_name":"发布于 {}",', "region"),
    )


def post_pictures() -> pl.Expr:
    """The pictures' ids of a post."""
    return pl.concat_str(
        pl.lit('"pic_ids":['),
        pl.lit('"pic"').repeat_by("media_count").list.join(","),
        pl.lit("],"),
    )


def posts(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Each post as a full object, and as the small one inside of answers."""
    users = accounts.join(posts.select("account_id"), on="account_id", how="semi")
    frame = posts.join(
        users.select("account_id", escaped("screen_name"), *user_columns()),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    identity = post_identity()
    counts = pl.format(
        '"reposts_count":{},"comments_count":{},"attitudes_count":{}',
        "reposts_count",
        "comments_count",
        "likes_count",
    )
    author = pl.concat_str(
        pl.lit('"user":{"id":'),
        "account_id",
        pl.lit(',"idstr":"'),
        "account_id",
        pl.lit('","screen_name":"'),
        "screen_name",
        pl.lit('"},'),
    )
    gone = pl.when("is_deleted").then(pl.lit('"deleted":"1",')).otherwise(pl.lit(""))
    opening = pl.lit("{")
    return frame.select(
        pl.col("post_id").alias("root_post_id"),
        pl.concat_str(
            opening,
            identity,
            pl.format(_SOURCE, "client"),
            pl.lit('"favorited":false,"truncated":false,"geo":null,'),
            gone,
            pl.format('"region_name":"发布于 {}",', "region"),
            post_pictures(),
            pl.lit('"user":'),
            *user(pl.col("post_id")),
            pl.lit(","),
            counts,
            pl.lit(',"isLongText":false,"visible":{"type":0,"list_id":0},"rid":"0"}'),
        ).alias("status"),
        pl.concat_str(opening, identity, gone, author, counts, pl.lit("}")).alias(
            "root"
        ),
    )


_SOURCE = '"source":"<a href=\\"http://weibo.com/\\" rel=\\"nofollow\\">{}</a>",'


def _client() -> pl.Expr:
    place = pl.col("interaction_id").str.slice(-3).cast(pl.Int64) % len(_CLIENTS)
    return place.replace_strict(
        list(range(len(_CLIENTS))), list(_CLIENTS), return_dtype=pl.String
    )


def answer_head() -> list[pl.Expr]:
    """What reposts and comments begin with."""
    return [
        pl.lit('{"created_at":"'),
        weibo_time(pl.col("acted_at")),
        pl.lit('","id":'),
        pl.col("interaction_id"),
        pl.lit(',"mid":"'),
        pl.col("interaction_id"),
        pl.lit('","idstr":"'),
        pl.col("interaction_id"),
        pl.lit('","text":"'),
        escaped("text"),
        pl.lit('",'),
        pl.format(_SOURCE, _client()),
    ]


def platform_parent() -> pl.Expr:
    """The direct parent of a repost, where the platform names it."""
    return (
        pl.when(pl.col("parent_method") == "platform")
        .then(pl.concat_str(pl.lit('"pid":'), "parent_id", pl.lit(",")))
        .otherwise(pl.lit(""))
    )


def repost_counts() -> list[pl.Expr]:
    """The counters of a repost."""
    return [
        pl.lit('"reposts_count":0,"comments_count":0,"attitudes_count":'),
        pl.col("likes_count"),
    ]


def _with_user() -> list[pl.Expr]:
    return [
        *answer_head(),
        # Without an account the whole key is absent.
        pl.concat_str(
            pl.lit('"user":'), *user(pl.col("interaction_id")), pl.lit(",")
        ).fill_null(""),
    ]


def repost() -> list[pl.Expr]:
    """A lean repost with its root."""
    return [
        *_with_user(),
        platform_parent(),
        pl.lit('"retweeted_status":'),
        pl.col("root"),
        pl.lit(","),
        *repost_counts(),
        pl.lit("}"),
    ]


def comment() -> list[pl.Expr]:
    """A lean comment with the post it stands under."""
    reply = pl.concat_str(
        pl.lit('"rootid":'),
        "parent_id",
        pl.lit(',"reply_comment":{"id":'),
        "parent_id",
        pl.lit(',"idstr":"'),
        "parent_id",
        pl.lit('","text":"'),
        "parent_text",
        pl.lit('"},'),
    )
    return [
        *_with_user(),
        pl.when(pl.col("parent_id") != pl.col("root_post_id"))
        .then(reply)
        .otherwise(pl.concat_str(pl.lit('"rootid":'), "interaction_id", pl.lit(","))),
        pl.lit('"status":'),
        pl.col("root"),
        pl.lit(',"like_count":'),
        pl.col("likes_count"),
        pl.lit(',"disable_reply":0}'),
    ]


# What a whole post, and a whole repost, holds besides what the lean one does.
STATUS_EXTRAS = (
    '"source_allowclick":0,"source_type":1,"favorited":false,"truncated":false,'
    '"in_reply_to_status_id":"","in_reply_to_user_id":"",'
    '"in_reply_to_screen_name":"","geo":null,"isLongText":false,"mlevel":0,'
    '"biz_feature":4294967300,"darwin_tags":[],"hot_weibo_tags":[],"userType":0,'
)
REPOST_EXTRAS = (
    STATUS_EXTRAS + '"pic_urls":[],"annotations":[{"client_mblogid":'
    '"00000000-0000-4000-8000-000000000001"}],'
    '"visible":{"type":0,"list_id":0},"rid":"0_0_1_9000000000000000001",'
)


def whole_posts(posts: pl.DataFrame) -> pl.DataFrame:
    """The unchanging parts of whole post objects, without user and counters.

    `kept` is a post that stands, `gone` what is left of a deleted one.
    """
    pictures = pl.concat_str(
        pl.lit('"pic_urls":['),
        pl.lit(f'{{"thumbnail_pic":"{_LINK}"}}')
        .repeat_by("media_count")
        .list.join(","),
        pl.lit("],"),
        pl.when(pl.col("media_count") > 0)
        .then(
            pl.lit(
                f'"thumbnail_pic":"{_LINK}","bmiddle_pic":"{_LINK}",'
                f'"original_pic":"{_LINK}",'
            )
        )
        .otherwise(pl.lit("")),
    )
    # No client gives no anchor at all.
    source = (
        pl.when(pl.col("client") == "")
        .then(pl.lit('"source":"",'))
        .otherwise(pl.format(_SOURCE, "client"))
    )
    region = pl.format('"region_name":"发布于 {}",', "region")
    return posts.select(
        "post_id",
        pl.concat_str(
            pl.lit("{"),
            post_identity(),
            source,
            region,
            pl.lit(STATUS_EXTRAS),
            pictures,
        ).alias("kept"),
        pl.concat_str(
            pl.lit("{"),
            pl.format(
                '"created_at":"{}","id":{},"mid":"{}",',
                weibo_time(pl.col("posted_at")),
                "post_id",
                "post_id",
            ),
            source,
            pl.lit(
                f'"text":"{DELETED_TEXT}","favorited":false,"truncated":false,'
                '"in_reply_to_status_id":"","in_reply_to_user_id":"",'
                '"in_reply_to_screen_name":"","geo":null,"deleted":"1"'
            ),
        ).alias("gone"),
    )
