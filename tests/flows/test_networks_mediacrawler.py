"""MediaCrawler: the seven networks it reads, told apart in one folder."""

from __future__ import annotations

import json
from typing import Any

from tests.workspaces import Lab

AT, MS = 1772330400, 1772330400000  # 2026-03-01 10:00 in China
WHO = {"creator_hash": "ab12cd34ef56ab12", "nickname": "茶***友"}
READ = {"last_modify_ts": MS + 86_400_000}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "xhs/jsonl/search_contents_2026-07-02.jsonl": [
        {"note_id": "65a1b2c3000000001f00a001", "type": "normal", "title": "春茶",
         "desc": "春茶到了 #春日新茶[话题]# ", "time": MS, "liked_count": "1.2万",
         "collected_count": "3", "comment_count": "10+", "share_count": "5",
         "image_list": "https://a,https://b", "tag_list": "春日新茶,茶", **WHO, **READ}
    ],
    "xhs/jsonl/search_comments_2026-07-02.jsonl": [
        {"comment_id": "c1", "create_time": MS, "note_id": "65a1b2c3000000001f00a001",
         "content": "好喝", "parent_comment_id": "", "like_count": "2", **WHO, **READ},
        {"comment_id": "c2", "create_time": MS, "note_id": "65a1b2c3000000001f00a001",
         "content": "是", "parent_comment_id": "c1", "like_count": 0, **WHO, **READ},
    ],
    "douyin/json/search_contents_2026-03-02.json": [
        {"aweme_id": "7340000000000000001", "aweme_type": "0", "title": "新茶",
         "desc": "新茶 #春日新茶 开箱", "create_time": AT, "user_id": "1001",
         "nickname": "dy", "liked_count": "7", "comment_count": "1", "share_count": "0",
         "ip_location": "浙江", **READ}
    ],
    "kuaishou/csv/search_contents_2026-03-02.csv": [
        {"video_id": "3xabc", "video_type": "1", "title": "茶", "desc": "茶",
         "create_time": MS, "user_id": "k1", "nickname": "ks", "liked_count": "4",
         "viewd_count": "900", **READ}
    ],
    "bili/json/search_contents_2026-03-02.json": [
        {"video_id": "113", "title": "茶评测", "desc": "-", "create_time": AT,
         "user_id": 42, "nickname": "up", "liked_count": 3, "video_play_count": "5万",
         "video_share_count": "2", "video_comment": "6", "video_danmaku": "9", **READ}
    ],
    "bili/json/search_comments_2026-03-02.json": [
        {"comment_id": 900, "video_id": 113, "content": "第一", "create_time": AT,
         "parent_comment_id": 0, "like_count": 1, "user_id": 43, **READ}
    ],
    "tieba/json/search_contents_2026-03-02.json": [
        {"note_id": "8800000001", "title": "求茶", "desc": "推荐一下",
         "publish_time": "2026-03-01 10:00", "user_nickname": "吧友", "tieba_id": "5",
         "user_link": "https://tieba.baidu.com/home/main?id=tb.1.ab_-c&fr=frs",
         "tieba_name": "茶吧", "total_replay_num": 8, **READ}
    ],
    "zhihu/json/search_contents_2026-03-02.json": [
        {"content_id": "777", "content_type": "answer", "content_text": "<p>好茶</p>",
         "title": "怎么选茶", "desc": "", "created_time": str(AT), "voteup_count": 11,
         "comment_count": 2, "user_id": "zh1", "user_nickname": "zh", **READ}
    ],
}  # fmt: skip


def test_each_network_of_one_folder_is_told_by_its_records(lab: Lab) -> None:
    """One source for all of them: records name their network, as their keys tell."""
    lab.configure(platform="xiaohongshu", format="mediacrawler", path="data")
    for path, records in RECORDS.items():
        if path.endswith(".csv"):
            names = ",".join(records[0])
            cells = ",".join(str(value) for value in records[0].values())
            lab.put(f"data/{path}", f"{names}\n{cells}\n")
        else:
            lines = path.endswith(".jsonl")
            lab.put(f"data/{path}", records if lines else json_array(records))
    lab.land()
    lab.stage()
    assert lab.rows(
        """
        select
            posts.platform, post_id, account_id, cast(posted_at as varchar), text,
            hashtags, region, likes_count, comments_count, reposts_count, reads_count
        from staging.posts as posts
        left join staging.post_counters using (platform, post_id)
        order by posts.platform
        """
    ) == [
        ("bilibili", "113", "42", NOON, "茶评测\n-", [], None, 3, 6, 2, 50_000),
        ("douyin", "7340000000000000001", "1001", NOON, "新茶 #春日新茶 开箱",
         ["春日新茶"], "浙江", 7, 1, 0, None),
        ("kuaishou", "3xabc", "k1", NOON, "茶", [], None, 4, None, None, 900),
        ("tieba", "8800000001", "tb-1-ab_-c", NOON, "求茶\n推荐一下", [], None, None, 8,
         None, None),
        ("xiaohongshu", "65a1b2c3000000001f00a001", WHO["creator_hash"], NOON,
         "春茶到了 #春日新茶# ", ["春日新茶", "茶"], None, 12_000, 10, 5, None),
        ("zhihu", "777", "zh1", NOON, "怎么选茶\n好茶", [], None, 11, 2, None, None),
    ]  # fmt: skip
    assert lab.rows(
        "select platform, interaction_id, root_post_id, parent_id, parent_method"
        " from staging.interactions order by all"
    ) == [
        ("bilibili", "900", "113", "113", "root"),
        ("xiaohongshu", "c1", "65a1b2c3000000001f00a001", "65a1b2c3000000001f00a001",
         "root"),
        ("xiaohongshu", "c2", "65a1b2c3000000001f00a001", "c1", "platform"),
    ]  # fmt: skip
    assert lab.value("select count(*) from meta.quarantine") == 0


NOON = "2026-03-01 02:00:00"


def json_array(records: list[dict[str, Any]]) -> str:
    """A file that is one list, as the program writes it."""
    return json.dumps(records, ensure_ascii=False, indent=4)
