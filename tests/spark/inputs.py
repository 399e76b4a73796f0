"""What our functions are asked on both engines: values as people write them."""

from __future__ import annotations

import duckdb

from tasks.engines.spark_functions import SPARK_TYPES
from tasks.engines.spark_sql import signatures

VALUES = (
    None, "", " ", "\t12\t", "\u200b1000000001", "\u3000全角\u3000", "０１２",
    # ids
    "4990000000000001", "5.27235E+15", "5272350895638296", "0", "null", "1,234", "a b",
    "at://did:plc:abc/app.bsky.feed.post/3kabcdefghij2", "did:web:tea.example",
    "3kabcdefghij2", "115000000000000001", "Ugx.9abc",
    # times
    "Sun Mar 01 10:00:00 +0800 2026", "2026-03-01", "2026-03-01 10:00",
    "2026-03-01T10:00:60+08:00", "2026-03-01T02:00:00Z", "昨天 22:15", "十分钟前",
    "刚刚", "5 minutes ago", "03-01", "1772330400", "1772330400000", "46082.5",
    "01/03/2026",
    "13/03/2026 10:00", "31/02/2026", "March 1, 2026", "2026年3月1日 下午3点05分",
    # counts
    "12", "-3", "1.5", "3.2万", "100万+", "转发 12", "赞", "1.5K", "[7]", "1e5",
    "999999999999999999999",
    # texts
    "抽奖！选我选我",
    "转发微博 //@甲:好茶//@乙：真的 #春日新茶# https://t.cn/A6 @丙-丁 a@b.example",
    "<p>One</p><p>two<br/>three &lt;b&gt; &amp;amp; <img alt='[笑]' src=x></p>",
    "回复@某人:这茶真不错，我每天都要喝三杯才够！[哈哈]第二句话也要足够长才算数",
    "好茶 || @甲: 真香 || @乙：好喝", "&#8217;quoted&#39; &#38;lt; &#99999999;",
    "@{uin:1,nick:Ann,who:1,auto:1} [em]e100[/em]",
    "抱歉，此微博已被作者删除。查看帮助",
    "This post is unavailable", "weibo.com/u/1000000001 and https://x.com/Tea_Hall/",
    '["a", "b"]', "a|b", "[broken", "https://wx1.sinaimg.cn/a.jpg?KID=1&ssig=x",
    "line\nend\r\n and\u2028more\u0085end", "ÅÄÖ İstanbul ǅ ß", "👩‍👩‍👧 emoji 🍵🍵",
    *("weibo", "x", "qzone", "pengyou", "mastodon", "tencent_weibo", "bluesky"),
)  # fmt: skip
# What others of a function's arguments are, by name; the first value goes through all.
OTHERS = {
    "hours": "8",
    "seen_at": "timestamp '2026-03-10 00:00:00'",
    "is_marked": "true",
    "x": "asked.value",
    "site": "'tea.example'",
    "author_id": "''",
    "platform": "asked.value",
}
PATTERNS = {
    "matches": r"regexp_matches(value, '[\p{Latin}\s]+$')",
    "replaced": r"regexp_replace(value, '@\S+|\s|[0-9]+', '<\0>', 'g')",
    "extracted": r"regexp_extract(value, '//?\s*@([^:：\s]+)', 1)",
    "all_of_it": r"regexp_extract_all(value, '[#＃]([\p{L}\p{N}_·]+)', 1)",
    "parts": r"string_split_regex(value, '[。！？!?；;，,、：:\n]')",
}


def query() -> str:
    """One select of all functions and patterns, a row for each value that is asked."""
    calls = [
        f"{name}({', '.join(OTHERS[one] for one in takes)}) as {name}"
        for name, takes in signatures().items()
    ]
    patterns = [f"{pattern} as {name}" for name, pattern in PATTERNS.items()]
    listed = ", ".join(["asked.number", *calls, *patterns])
    return f"select {listed} from meta.asked as asked"


def types_are_known(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether each outcome has a type that Spark has, too."""
    found = connection.sql(query()).types
    return all(str(one) in SPARK_TYPES for one in found)
