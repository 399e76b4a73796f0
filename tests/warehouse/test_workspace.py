"""Configuration mistakes are told all at once, each where it stands."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.sources.api_landing import check_apis
from tasks.warehouse.configuration import Policies, PostRef, post_at
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.seed_tables import read_conversions, read_overrides
from tasks.warehouse.workspace import load_workspace
from tests.workspaces import OVERRIDE_HEADER, Lab

GOOD = """timezone = "Asia/Shanghai"
[[brands]]
id = "aurora"
name = "Aurora Tea"
"""


def mistakes_of(folder: Path, text: str) -> list[str]:
    """What is wrong with a configuration; places without the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "workspace.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert caught.value.exit_code == 2
    return [text.replace(f"{folder}/", "") for text in caught.value.mistakes]


def test_names_that_name_nothing_are_refused_with_their_line(tmp_path: Path) -> None:
    found = mistakes_of(
        tmp_path,
        GOOD
        + """keywords = ["茶", " "]
hashtags = ["##"]
[[campaigns]]
id = "launch"
brand = "aurora"
start = 2026-03-01
end = 2026-03-02
keywords = [
    "",
]
hashtags = "春日"
""",
    )
    for place, words in [
        ("workspace.toml:5: brands[1].keywords", "holds ' ', which names nothing"),
        ("workspace.toml:6: brands[1].hashtags", "holds '##', which names nothing"),
        ("workspace.toml:12: campaigns[1].keywords", "holds '', which names nothing"),
        ("workspace.toml:15: campaigns[1].hashtags", "list"),
    ]:
        assert any(line.startswith(place) and words in line for line in found), found
    assert len(found) == 4


def test_a_market_is_all_that_competitors_join(tmp_path: Path) -> None:
    """Whoever lists whom; and who is listed by nobody is a market of its own."""
    brands = {"a": ["b"], "b": [], "c": ["b"], "d": ["d"], "e": ["f"], "f": ["e"]}
    tmp_path.joinpath("workspace.toml").write_text(
        'timezone = "Asia/Shanghai"\n'
        + "".join(
            f'[[brands]]\nid = "{name}"\nname = "{name}"\ncompetitors = {rivals}\n'
            for name, rivals in brands.items()
        ),
        encoding="utf-8",
    )
    assert load_workspace(tmp_path).markets() == {
        **dict.fromkeys("abc", ("a", "b", "c")),
        "d": ("d",),
        **dict.fromkeys("ef", ("e", "f")),
    }


CAMPAIGN = """accounts = [{ platform = "weibo", account_id = "9000" }]
[[campaigns]]
id = "launch"
brand = "aurora"
start = 2026-03-01
end = 2026-03-14
"""


def test_mistakes_of_partners_are_named_with_their_line(tmp_path: Path) -> None:
    """In a list within a list, too; each with the repair."""
    text = (
        GOOD
        + CAMPAIGN
        + """[[campaigns.partners]]
id = "one"
account = { platform = "weibbo", account_id = "1" }
fee = { amount = 1, currency = "yuan" }
promised = { engagement = 5 }
[[campaigns.partners]]
id = "one"
account = { platform = "weibo", account_id = "9000" }
post_ids = [{ platform = "weibo", post_id = "3491700092079471" }]
end = 2026-03-02
[[campaigns]]
id = "second"
brand = "aurora"
start = 2026-03-01
end = 2026-03-14
[[campaigns.partners]]
id = "a"
account = { platform = "weibo", account_id = "2" }
addresses = ["https://weibo.com/123/yCtxn8IXR", "https://example.com/1"]
[[campaigns.partners]]
id = "b"
acount = { platform = "weibo", account_id = "2" }
start = 2026-03-05
end = 2026-03-04
promised = {}
[[campaigns.partners]]
id = "c"
account = { platform = "weibo", account_id = "2" }
post_ids = [{ platform = "weibo", post_id = "3491700092079471" }]
other_accounts = [{ platform = "weibo", account_id = "9000" }]
"""
    )
    found = mistakes_of(tmp_path, text)
    expected = [
        ("13: campaigns[1].partners[1].account.platform", "'weibo'"),
        ("14: campaigns[1].partners[1].fee.currency", "three capital letters"),
        ("15: campaigns[1].partners[1].promised.engagement", "did you mean 'engagem"),
        ("16: campaigns[1].partners[2]", "start is missing"),
        ("17: campaigns[1].partners[2].id", "'one' stands twice"),
        ("18: campaigns[1].partners[2].account", "of the campaign's brand"),
        ("16: campaigns[1].partners[2].start", "list the paid posts, or"),
        ("29: campaigns[2].partners[1].addresses", "no address of a post on"),
        ("30: campaigns[2].partners[2].account", "is missing"),
        ("32: campaigns[2].partners[2].acount", "did you mean 'account'"),
        ("34: campaigns[2].partners[2].end", "lies before start"),
        ("35: campaigns[2].partners[2].promised", "engagements or reach"),
        ("38: campaigns[2].partners[3].account", "make them one partner"),
        ("39: campaigns[2].partners[3].post_ids", "another partner's"),
        ("40: campaigns[2].partners[3].other_accounts", "of the campaign's brand"),
    ]
    for place, words in expected:
        assert any(
            line.startswith(f"workspace.toml:{place}") and words in line
            for line in found
        ), (place, words, found)
    assert len(found) == len(expected), found


def test_mistakes_of_tracked_links_are_named_with_their_line(tmp_path: Path) -> None:
    text = (
        GOOD
        + CAMPAIGN
        + """[[campaigns.partners]]
id = "one"
account = { platform = "weibo", account_id = "1" }
[[campaigns.tracked_links]]
id = "shop"
url = "https://shop.example.com/tea"
partner = "won"
[[campaigns.tracked_links]]
id = "shop two"
url = "https://shop.example.com/tea"
code = "SHOP"
[[campaigns.tracked_links]]
id = "three"
link = "x"
post = { platform = "weibo", post_id = "1" }
address = "https://weibo.com/123/yCtxn8IXR"
"""
    )
    found = mistakes_of(tmp_path, text)
    expected = [
        ("17: campaigns[1].tracked_links[1].partner", "did you mean 'one'"),
        ("19: campaigns[1].tracked_links[2].id", "letters, digits"),
        ("20: campaigns[1].tracked_links[2].url", "tell them apart"),
        ("21: campaigns[1].tracked_links[2].code", "make it unique"),
        ("24: campaigns[1].tracked_links[3].link", "is not a known key"),
        ("26: campaigns[1].tracked_links[3].address", "stands beside post"),
    ]
    for place, words in expected:
        assert any(
            line.startswith(f"workspace.toml:{place}") and words in line
            for line in found
        ), (place, words, found)
    assert len(found) == len(expected), found


def test_conversions_name_every_wrong_line(lab: Lab) -> None:
    """Of two lines of one order the later one counts; its id is not kept."""
    lab.put(
        "seeds/conversions.csv",
        """time,link,kind,count,amount,curency,order_id
2026-03-01,shop,,,,,
03/01/2026,shop,,,,,
2026-03-01,shop,visit,,,,
2026-03-01,,,,,,
2026-03-01,shop,,0,,,
2026-03-01,shop,,1.5,,,
2026-03-01,shop,,,-5,,
2026-03-01,shop,,,"1,200.00",,
2026-03-01,shop,,,1e3,,
2026-03-01,shop,click,,5,,
2026-03-01,shop,,2,,,A1
0001-01-01T00:00+08:00,shop,,,,,
""",
    )
    with pytest.raises(ConfigurationError) as error:
        read_conversions(lab.root)
    lines = [
        text.split("conversions.csv:")[1].split(":")[0] for text in error.value.mistakes
    ]
    # An amount without a currency is one of two mistakes of its line.
    expected = ["1", *"3456789", "10", "11", "11", "12", "13"]
    assert lines == expected, error.value.mistakes
    assert "did you mean 'currency'" in error.value.mistakes[0]

    endless = 'time,link\n2026-03-01,"' + "shop " * 30_000
    lab.put("seeds/conversions.csv", endless)
    with pytest.raises(ConfigurationError, match="a quotation mark without its end"):
        read_conversions(lab.root)

    lab.put(
        "seeds/conversions.csv",
        """\ufefforder_id,shop,time,link,count,amount,currency
A1,x,2026-03-01T23:30,one,,10,cny
A1,x,2026-03-01T18:00Z,two,,10.5,CNY
A1,x,2026-03-01T10:00,one,,10,CNY
,x,2026-03-02,two,12,,
""",
    )
    found = read_conversions(lab.root, "Asia/Shanghai")
    columns = ("line", "lines", "date_day", "link", "kind", "conversions", "amount")
    assert found.select(columns).rows() == [
        (3, 3, date(2026, 3, 2), "two", "order", 1, Decimal("10.5000")),
        (5, 1, date(2026, 3, 2), "two", "order", 12, None),
    ]
    assert found["currency"].to_list() == ["CNY", None]


def test_addresses_of_posts_hold_their_ids() -> None:
    """Weibo's short form is base 62; what can't be told is refused."""
    for address, platform, post_id in [
        ("https://weibo.com/1234/yCtxn8IXR", "weibo", "3491700092079471"),
        ("https://www.weibo.com/1234/yCtxn8IXR?from=page", "weibo", "3491700092079471"),
        ("https://m.weibo.cn/status/3491700092079471", "weibo", "3491700092079471"),
        ("https://m.weibo.cn/detail/yCtxn8IXR", "weibo", "3491700092079471"),
        ("https://x.com/tea/status/1890000000000000001", "x", "1890000000000000001"),
    ]:
        assert post_at(address) == PostRef(platform=platform, post_id=post_id)
    for address in ("https://weibo.com/1234", "https://x.com/tea", "yCtxn8IXR"):
        with pytest.raises(ValueError, match="write its id into post_ids"):
            post_at(address)


def test_many_mistakes_are_named_in_one_go(tmp_path: Path) -> None:
    """Mistakes of form don't hide mistakes between keys, nor each other."""
    text = """timezone = "Asia/Shangai"

[[sources]]
name = "export"
platform = "weibbo"
kind = "files"
format = "mweibo"
path = "absent"

[[brands]]
id = "aurora"
nmae = "Aurora Tea"

[[campaigns]]
id = "launch"
brand = "aurorra"
start = 2026-03-14
end = 2026-03-01

[[campaigns]]
id = "launch"
brand = "aurora"
start = "soon"
end = 2026-03-01

[policies]
phantom_treshold = 0.7
"""
    found = mistakes_of(tmp_path, text)
    expected = [
        ("workspace.toml:1:", "'Asia/Shangai'", "did you mean 'Asia/Shanghai'?"),
        ("workspace.toml:5:", "platform", "'weibo'"),
        ("workspace.toml:8:", "'absent' does not exist", ""),
        ("workspace.toml:10:", "name", "is missing"),
        ("workspace.toml:12:", "nmae", "did you mean 'name'?"),
        ("workspace.toml:16:", "'aurorra'", "did you mean 'aurora'?"),
        ("workspace.toml:18:", "before start", "swap"),
        ("workspace.toml:21:", "'launch' stands twice", ""),
        ("workspace.toml:23:", "start", "date"),
        ("workspace.toml:27:", "phantom_treshold", "'phantom_threshold'"),
    ]
    for place, *words in expected:
        assert any(
            line.startswith(place) and all(word in line for word in words)
            for line in found
        ), (place, words, found)
    # Each mistake once, in the order of the file.
    assert len(found) == len(set(found)) == len(expected), found
    lines = [int(line.split(":")[1]) for line in found]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('timezone = "Asia/Shanghai', "not valid TOML"),
        ("", "timezone is missing"),
        ('timezone = "UTC"\nbrands = 3\n', "brands"),
        # A table where a list of tables belongs.
        ('timezone = "UTC"\n[brands]\nid = "a"\n', "brands"),
        (GOOD + "[[brands]]\nid='aurora'\nname='B'\n", "'aurora' stands twice"),
        (GOOD + "competitors = ['nobody']\n", "'nobody'"),
        (GOOD + "[policies]\nphantom_threshold = 0.2\n", "suspected_threshold"),
        (GOOD + "[policies]\nlook_back_days = -1\n", "look_back_days"),
        # Ids stand in file names: no separators.
        (GOOD.replace('"aurora"', '"../x"'), "brands[1].id"),
        (
            GOOD + "[[campaigns]]\nid='c'\nbrand='aurora'\nstart=2026-03-01\n"
            "end=2026-03-02\nbudget={amount=nan,currency='CNY'}\n",
            "budget",
        ),
        (
            GOOD + "[[campaigns]]\nid='c'\nbrand='aurora'\nstart=2026-03-01\n"
            "end=2026-03-02\nbudget={amount=1,currency='yuan'}\n",
            "three capital letters",
        ),
        # Taken by earlier versions, and never applied.
        (
            GOOD + "[policies.retention_days]\nlanding=730\n",
            "policies.retention_days.landing is no setting: landing is kept whole",
        ),
        # Not a mistake of form: days, not moments.
        (
            GOOD + "[[campaigns]]\nid='c'\nbrand='aurora'\n"
            "start=2026-03-01T10:00:00Z\nend=2026-03-02\n",
            "start",
        ),
    ],
)
def test_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    """One mistake, one sentence that names it and the file."""
    found = mistakes_of(tmp_path, text)
    assert len(found) == 1, found
    assert found[0].startswith("workspace.toml")
    assert words in found[0]


def test_mistakes_of_an_api_are_named_in_one_go(tmp_path: Path) -> None:
    text = (
        GOOD
        + """
[[sources]]
name = "weibo"
platform = "weibo"
kind = "api"
path = "export"
base_url = "http://proxy.example.com"
collect = ["posts", "coments"]
budget_share = 1.5
reserve = -0.1
limits = { ip-hour = -1 }
download_hosts = ["http://files.example.com", "files.example.com"]

[[sources]]
name = "space"
platform = "qzone"
kind = "api"

[[sources]]
name = "blog"
platform = "wordpress"
kind = "api"
collect = ["posts", "likes"]

[[sources]]
name = "x"
platform = "x"
kind = "api"
collect = ["historical"]

[[sources]]
name = "more"
platform = "weibo"
kind = "api"
collect = ["likes", "historical"]
"""
    )
    found = mistakes_of(tmp_path, text)
    for words in (
        "path means nothing for an API",
        "base_url is not https",
        "collect",
        "budget_share",
        "reserve",
        "limits",
        "download_hosts names 'http://files.example.com', which is not https",
        "download_hosts[2] must be an address",
        "'qzone' has no API",
        "needs base_url",
        "asks for 'likes', which wordpress can't give: it gives 'posts', 'comments',",
        "asks for 'historical', which x can't give",
        "asks for 'likes', which weibo can't give",
        "asks for 'historical', which needs commercial = true",
    ):
        assert any(words in line for line in found), (words, found)
    assert len(found) == 14, found


def test_secrets_and_limits_of_apis_are_named_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WEIBO_ACCESS_TOKEN", "WEIBO_APP_SECRET", "X_BEARER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    text = (
        GOOD
        + """
[[sources]]
name = "weibo"
platform = "weibo"
kind = "api"
commercial = true
collect = ["posts", "historical"]
limits = { ip_hour = 5, user-hour = 10 }

[[sources]]
name = "x"
platform = "x"
kind = "api"
"""
    )
    (tmp_path / "workspace.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        check_apis(load_workspace(tmp_path))
    found = caught.value.mistakes
    assert len(found) == 4, found
    assert "ip_hour" in found[0] and "ip-hour, user-day, user-hour" in found[0]
    for name in ("WEIBO_ACCESS_TOKEN", "WEIBO_APP_SECRET", "X_BEARER_TOKEN"):
        assert any(name in line for line in found)


def test_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    """No file, and a file of another encoding."""
    with pytest.raises(ConfigurationError, match="does not exist.*--workspace"):
        load_workspace(tmp_path / "nowhere")
    (tmp_path / "workspace.toml").write_bytes("# 茶\n".encode("gbk"))
    with pytest.raises(ConfigurationError, match="not UTF-8 at byte"):
        load_workspace(tmp_path)


def test_byte_order_mark_and_defaults_are_taken(tmp_path: Path) -> None:
    """A file saved by a Windows editor; lists and policies left out."""
    (tmp_path / "workspace.toml").write_text(GOOD, encoding="utf-8-sig")
    found = load_workspace(tmp_path)
    assert (found.sources, found.campaigns) == ((), ())
    assert found.policies.look_back_days == 14
    assert found.policies.phantom_threshold == 0.8
    assert found.policies.stated_share("weibo") is None


def test_a_share_of_phantoms_is_stated_of_all_networks_or_of_one(
    tmp_path: Path,
) -> None:
    def policies(text: str) -> Policies:
        (tmp_path / "workspace.toml").write_text(f"{GOOD}[policies]\n{text}\n")
        return load_workspace(tmp_path).policies

    assert policies("phantom_share = 0.1").stated_share("x") == 0.1
    by_network = policies("phantom_share = { weibo = 0.2 }")
    assert by_network.stated_share("weibo") == 0.2
    assert by_network.stated_share("x") is None
    for wrong in ("10", "{ weibo = 1.5 }", "{ wiebo = 0.1 }"):
        with pytest.raises(ConfigurationError, match="phantom_share"):
            policies(f"phantom_share = {wrong}")


def test_thousands_of_campaigns_load_fast(tmp_path: Path) -> None:
    """3,400 campaigns, as in the evaluation data, in a few seconds."""
    campaigns = "".join(
        f"[[campaigns]]\nid = 'c{number}'\nbrand = 'aurora'\nstart = 2026-03-01\n"
        f"end = 2026-03-02\npost_ids = [{{platform='weibo', post_id='{number}'}}]\n"
        for number in range(3400)
    )
    (tmp_path / "workspace.toml").write_text(GOOD + campaigns)
    started = time.process_time()
    assert len(load_workspace(tmp_path).campaigns) == 3400
    assert time.process_time() - started < 8  # about 0.5 s on an idle core


def test_overrides_name_every_wrong_line(lab: Lab) -> None:
    """A spreadsheet's mistakes, all at once, with their lines."""
    lab.override(
        "genuin,weibo,1,,,known,li,2026-03-01",
        "merge,weibo,1,,,same person,li,2026-03-01",
        "phantom,,2,,,known,,2026-03-01",
        "split,weibo,3,,,two people,li,1.3.2026",
        "genuine,weibo,4,,,known,li,2026-03-01",
    )
    with pytest.raises(ConfigurationError) as caught:
        read_overrides(lab.root)
    found = [line.rsplit("/", 1)[1] for line in caught.value.mistakes]
    assert [line.split(" ", 1)[0] for line in found] == [
        "account_overrides.csv:2:",
        "account_overrides.csv:3:",
        "account_overrides.csv:4:",
        "account_overrides.csv:4:",
        "account_overrides.csv:5:",
    ]


def test_overrides_name_missing_columns(lab: Lab) -> None:
    """A header from another table."""
    lab.put("seeds/account_overrides.csv", "account_id,decision\n1,genuine\n")
    with pytest.raises(ConfigurationError, match="reviewer"):
        read_overrides(lab.root)


def test_newer_override_of_a_level_holds(lab: Lab) -> None:
    """By the decision's date, then by the line; merges accumulate."""
    lab.override(
        "phantom,weibo,1,,,bought,li,2026-03-05",
        "genuine,weibo,1,,,met him,li,2026-03-01",
        "genuine,weibo,2,,,met her,li,2026-03-01",
        "phantom,weibo,2,,,bought after all,li,2026-03-01",
        "merge,weibo,1,,2,same person,li,2026-03-01",
        "merge,weibo,1,,3,same person,li,2026-03-02",
    )
    rows = read_overrides(lab.root)
    assert [
        (row["kind"], row["account_id"], row["with_account_id"])
        for row in rows.to_dicts()
    ] == [
        ("phantom", "1", None),
        ("phantom", "2", None),
        ("merge", "1", "2"),
        ("merge", "1", "3"),
    ]
    assert set(rows["decided_on"]) == {date(2026, 3, d) for d in (1, 2, 5)}


def test_overrides_of_a_spreadsheet_are_read(lab: Lab) -> None:
    """A byte order mark, quoted commas and a quoted line break."""
    lab.put(
        "seeds/account_overrides.csv",
        ("\ufeff" + OVERRIDE_HEADER + "\r\n").encode()
        + b'genuine,weibo,7,,,"met, twice\nin May",li,2026-03-01\r\n',
    )
    (row,) = read_overrides(lab.root).to_dicts()
    assert (row["kind"], row["account_id"]) == ("genuine", "7")
    assert row["reason"] == "met, twice\nin May"


def test_misspelt_key_of_any_section_is_told(tmp_path: Path) -> None:
    for section, key, right in (
        ("policies", "min_cel", "min_cell"),
        ("alarms", "phantom_shar", "phantom_share"),
    ):
        found = mistakes_of(tmp_path, f"{GOOD}[{section}]\n{key} = 1\n")
        assert found == [
            f"workspace.toml:6: {section}.{key} is not a known key: did you mean"
            f" '{right}'?"
        ]


def test_key_of_the_workspace_below_a_table_is_told_where_it_belongs(
    tmp_path: Path,
) -> None:
    found = mistakes_of(tmp_path, f'{GOOD}[policies]\nlanding = "s3://bucket/tea"\n')
    assert len(found) == 1
    assert "policies.landing stands above the first table" in found[0]


def test_clocks_are_said_where_files_name_none_and_nowhere_else(tmp_path: Path) -> None:
    source = '[[sources]]\nname = "a"\nplatform = "facebook"\nkind = "files"\n'
    zone = 'time_zone = "Asia/Shanghai"\n'
    for form, said, words in [
        ("facebook-export", "", "needs time_zone"),
        ("facebook-export", 'time_zone = "Shanghai"\n', "no time zone is called"),
        ("facebook-graph", zone, "means nothing for facebook-graph"),
        ("table", zone, "below [sources.table]"),
    ]:
        told = f'{source}path = "a"\nformat = "{form}"\n{said}'
        found = mistakes_of(tmp_path, f'timezone = "Asia/Shanghai"\n{told}')
        assert any(words in line for line in found), (form, found)
