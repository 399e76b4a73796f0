"""Error answers of every platform: told with code and words, never a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.sources.documents import split_document
from tasks.sources.error_answers import (
    explain_error,
    explain_page,
    shown,
)
from tasks.warehouse.networks import NETWORKS
from tests.workspaces import Lab, status

LOGIN = """<!DOCTYPE html>
<html><head><title>微博 - 登录</title></head>
<body><script>location.href = "https://passport.weibo.example/visitor"</script></body>
</html>"""
CAPTCHA = "<html><head><title>微博</title></head><body>请完成验证码</body></html>"

# format, platform, what stands in place of data, how the reason begins.
ANSWERS = [
    (
        "weibo-api",
        "weibo",
        {"error": "expired_token", "error_code": 21327, "request": "/2/a.json"},
        "Weibo: 21327 expired_token",
    ),
    (
        "weibo-api",
        "weibo",
        {"error": "User requests out of rate limit!", "error_code": "10023"},
        "Weibo: 10023 User requests out of rate limit!",
    ),
    (
        "weibo-api",
        "weibo",
        {"error": "invalid_grant", "error_description": "grant is wrong"},
        "Weibo: invalid_grant grant is wrong",
    ),
    ("mweibo", "weibo", {"ok": 0, "msg": "请求过于频繁", "errno": "100005"},
     "m.weibo.cn: 100005 请求过于频繁"),
    ("mweibo", "weibo", {"ok": 0, "msg": "微博不存在", "data": {"a": 1}},
     "m.weibo.cn: 0 微博不存在"),
    ("mweibo", "weibo", {"ok": -100, "url": "https://passport.example/"},
     "m.weibo.cn: -100 it asks for a login"),
    ("weibo-api", "weibo", {"ok": 0, "message": "暂停服务", "errno": 20003},
     "m.weibo.cn: 20003 暂停服务"),
    ("weibo-crawler", "weibo", {"ok": 0, "msg": "need login"},
     "m.weibo.cn: 0 need login"),
    ("x-api", "x", {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
     "X: 88 Rate limit exceeded"),
    (
        "x-api",
        "x",
        {"title": "Too Many Requests", "detail": "Too Many Requests",
         "type": "about:blank", "status": 429},
        "X: 429 Too Many Requests",
    ),
    (
        "x-api",
        "x",
        {"errors": [{"parameters": {"id": ["x"]}, "message": "The id is not valid"}],
         "title": "Invalid Request", "detail": "One or more parameters are invalid.",
         "type": "https://api.example/2/problems/invalid-request"},
        "X: The id is not valid",
    ),
    (
        "facebook-graph",
        "facebook",
        {"error": {"message": "Session has expired", "type": "OAuthException",
                   "code": 190, "error_subcode": 463, "fbtrace_id": "A"}},
        "Facebook: 190/463 Session has expired (OAuthException)",
    ),
    (
        "wordpress-rest",
        "wordpress",
        {"code": "rest_forbidden", "message": "Sorry.", "data": {"status": 401}},
        "WordPress: 401 rest_forbidden Sorry.",
    ),
    (
        "tencent-weibo",
        "tencent_weibo",
        {"ret": 4, "errcode": 11, "msg": "no source", "data": None},
        "Tencent Weibo: ret 4 (refused by the server), errcode 11"
        " (the source was deleted) no source",
    ),
    ("qzone", "qzone", {"ret": 1002, "msg": "请先登录"},
     "Qzone: 1002 (the user is not logged in) 请先登录"),
    ("qzone", "pengyou", {"code": -3000, "message": "请先登录", "data": {}},
     "Pengyou: -3000 (not logged in) 请先登录"),
    ("renren", "renren", {"error_code": 4, "error_msg": "limit"}, "RenRen: 4 limit"),
    ("renren", "renren", {"error": {"code": "invalid_authorization.E", "message": "m"}},
     "RenRen: invalid_authorization.E m"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "platform", "answer", "told"), ANSWERS)
@pytest.mark.parametrize("layout", ["whole", "line", "archived"])
def test_error_answers_are_told(
    lab: Lab, form: str, platform: str, answer: Any, told: str, layout: str
) -> None:
    """Alone in a file, on a line of their own, beside the request that they answer."""
    lab.configure(platform=platform, format=form)
    name = "reposts" if form == "mweibo" else "a"
    content = {
        "whole": json.dumps(answer, indent=1),
        "line": f"{json.dumps(answer)}\n{json.dumps(answer)}\n",
        "archived": json.dumps({"request": {"path": "/a"}, "answer": answer}),
    }[layout]
    lab.put(f"export/1/{name}.json", content)
    result = lab.land()
    assert result.records == 0
    reasons = {reason for _, _, reason in lab.quarantined()}
    assert reasons == {f"an error answer of {told}"}
    assert result.quarantined == 1 + (layout == "line")


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (LOGIN, "a page of HTML titled '微博 - 登录', no data: it asks for a login"),
        (
            CAPTCHA,
            "a page of HTML titled '微博', no data: it asks for proof of a person",
        ),
    ],
)
@pytest.mark.parametrize("place", ["whole", "line", "string"])
def test_pages_in_place_of_data_are_told(
    lab: Lab, page: str, told: str, place: str
) -> None:
    """As the whole file, on a line, or as the text that an archive kept of it."""
    lab.configure()
    flat = page.replace("\n", " ")
    lab.put(
        "export/a.json",
        {
            "whole": page,
            "line": f"{json.dumps(status(1))}\n{flat}\n",
            "string": f"{json.dumps(status(1))}\n{json.dumps(page)}\n",
        }[place],
    )
    lab.land()
    ((_, line, reason),) = lab.quarantined()
    assert line == (None if place == "whole" else 2)
    assert reason == f"an error answer of Weibo: {told}"


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": 0, "msg": "还没有人评论哦~快来抢沙发！"},
        {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}},
        {"ok": 1, "msg": "暂无数据", "data": {"data": []}},
    ],
)
def test_an_answer_that_there_is_nothing_is_no_error(answer: Any) -> None:
    """m.weibo.cn answers ok 0 to a post without comments: nothing is lost."""
    assert split_document(json.dumps(answer)) == []


def test_data_beside_a_refusal_stays() -> None:
    """Whatever an answer says of itself, rows in it are rows."""
    answer = {"ok": 0, "msg": "slow down", "data": {"data": [status(1)]}}
    (record,) = split_document(json.dumps(answer))
    assert json.loads(record)["id"] == 1


@pytest.mark.parametrize("platform", [facts.title for facts in NETWORKS.values()])
@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "error": "a word of the post"},
        {"text": "no id", "code": "tea"},
        {"ret": 0, "msg": "ok", "data": {}},
        {"code": 0, "message": "", "data": {}},
        {"ok": 1, "data": {}},
        {"title": "a post", "status": "publish"},
        {"errors": [], "data": [1]},
        ["error"],
        None,
        "<3 this tea",
    ],
)
def test_what_is_no_error_is_not_called_one(platform: str, record: Any) -> None:
    assert explain_error(record, platform) is None


def test_reasons_stay_on_a_line() -> None:
    """Whatever the answer says, at whatever length."""
    long = {"error": "a\nb " * 500, "error_code": 1}
    told = explain_error(long, "Weibo") or ""
    assert len(told) < 300
    assert "\n" not in told
    assert shown("a\n b" * 99).endswith("...'")
    assert explain_page('{"text": "<html>"}') is None
