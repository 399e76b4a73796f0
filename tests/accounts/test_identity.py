"""Identity links: the right accounts, the same ones always, and no blow-up."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.accounts import bursts
from tasks.accounts.identity import Links, link_profiles, weigh_outcomes
from tasks.accounts.identity_model import (
    COMPARISONS,
    KINDS,
    MAX_SHARING,
    SHIPPED,
    read_parameters,
    shipped_parameters,
    write_parameters,
)
from tasks.accounts.identity_training import FEWEST_AUTHORS, estimate_parameters
from tasks.accounts.name_shapes import name_forms
from tests.benchmarks.identity import connect, measure, planted, real_vendor
from tests.oracles import linkage
from tests.workspaces import REPOSITORY
from tests.world.spec import WorldSpec

DATA = REPOSITORY.parent / "shared/data/bot_profiles"
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
WORLD = WorldSpec(
    seed=31,
    accounts=8_000,
    sockpuppet_share=0.06,
    household_share=0.02,
    remade_batches=True,
)


def profile(number: int, name: str | None = None, **more: object) -> dict[str, object]:
    """A profile that nothing joins to another."""
    # Scattered, so that neighbours are no make of their own (Knuth's factor).
    mixed = number * 2_654_435_761 % 2**32
    return {
        "platform": "weibo",
        "account_id": f"{number:06d}",
        "screen_name": name or f"{chr(0x4E00 + mixed % 20_000)}{number}",
        "display_name": None,
        "description": None,
        "avatar_url": None,
        "location": None,
        "registered_at": FIRST + timedelta(days=mixed % 3001, minutes=mixed % 1439),
        "followers_count": 10 + mixed % 5_003,
        "following_count": 20 + mixed % 907,
        "posts_count": 5 + mixed % 9_001,
        **more,
    }


SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "screen_name": pl.String,
    "display_name": pl.String,
    "description": pl.String,
    "avatar_url": pl.String,
    "location": pl.String,
    "registered_at": pl.Datetime("us", "UTC"),
    "followers_count": pl.Int64,
    "following_count": pl.Int64,
    "posts_count": pl.Int64,
}


def link(rows: list[dict[str, object]] | pl.DataFrame) -> Links:
    """The links among profiles, by the shipped parameters."""
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, SCHEMA)
    with connect(frame) as connection:
        return link_profiles(connection, "profiles", shipped_parameters())


def ids(links: Links) -> list[tuple[str, str]]:
    """Pairs of account ids."""
    return list(links.pairs.select("account_id", "account_id_y").iter_rows())


def learn(profiles: pl.DataFrame, owners: pl.DataFrame) -> str:
    """What the training makes of a third of a world."""
    with connect(profiles.filter(pl.col("account_id").hash(1) % 3 == 0)) as connection:
        return write_parameters(
            estimate_parameters(
                connection, "profiles", owners, source="test", pairs_by_chance=30_000
            )
        )


@pytest.fixture(scope="module")
def world() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles and owners of a small planted world."""
    return planted(WORLD)


@pytest.fixture(scope="module")
def learnt(world: tuple[pl.DataFrame, pl.DataFrame]) -> str:
    """What the training makes of it."""
    return learn(*world)


@pytest.fixture(scope="module")
def links(world: tuple[pl.DataFrame, pl.DataFrame]) -> Links:
    """The links in it."""
    return link(world[0])


def test_planted_operators_are_found(
    world: tuple[pl.DataFrame, pl.DataFrame], links: Links
) -> None:
    """Second accounts with a sign, and batches; hardly anybody else."""
    found = measure(links.pairs, world[1])
    assert found["pair_precision"] >= 0.98, found
    assert found["person_recall_with_sign"] >= 0.75, found
    assert found["batch_accounts_with_own"] >= 0.85, found
    assert found["genuine_grouped"] <= 0.003, found


def test_pairs_are_ordered_and_explained(links: Links) -> None:
    """Each pair once, its first account first, with a sentence and a probability."""
    pairs = links.pairs
    assert len(pairs) > 100
    assert (pairs["account_id"] < pairs["account_id_y"]).all()
    assert not pairs.select("account_id", "account_id_y").is_duplicated().any()
    assert pairs["probability"].is_between(0.9, 1).all()
    assert pairs["evidence"].str.starts_with("The two accounts ").all()
    assert set(pairs["kind"]) == set(KINDS)
    # A batch is known by its burst.
    batches = pairs.filter(pl.col("kind") == "batch")["registration"]
    assert set(batches) <= {"tight", "clear", "loose"}


def test_row_order_and_threads_change_nothing(
    world: tuple[pl.DataFrame, pl.DataFrame], links: Links
) -> None:
    """The same profiles give the same pairs, to the last digit."""
    shuffled = world[0].sample(fraction=1, shuffle=True, seed=5)
    with connect(shuffled) as connection:
        connection.execute("set threads = 1")
        connection.execute("set timezone = 'America/New_York'")
        again = link_profiles(connection, "profiles", shipped_parameters())
    assert again.pairs.equals(links.pairs)
    assert again.blocking.equals(links.blocking)


def test_portions_change_nothing(
    world: tuple[pl.DataFrame, pl.DataFrame],
    links: Links,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Profiles read in small portions give the same pairs and the same report."""
    monkeypatch.setattr("tasks.accounts.identity.PORTION", 777)
    again = link(world[0])
    assert again.pairs.equals(links.pairs)
    assert again.blocking.equals(links.blocking)


VARIANTS = (
    ("繁華街的貓頭鷹先生", "繁华街的猫头鹰先生_77", True),  # traditional, number
    ("Ｑxvbrwimtzolgy", "qxvbrwimtzolgy_3", True),  # full width
    ("zkuwpqimtfohjg", "zkuwpqіmtfоhjg", True),  # Cyrillic i and o
    ("hjgxwvcrtpsyki", "hjgxwvcrtpssyki88", True),  # a letter doubled
    ("james_smith12", "james_smith77", False),  # two usual words
    ("哈哈哈哈哈哈", "哈哈哈哈哈哈1", False),  # one character
    ("小明", "小明2", False),  # too short to be anybody's
)


def test_variants_of_a_rare_name_join() -> None:
    """Where nothing speaks against it; a usual name joins nobody."""
    rows = [profile(number) for number in range(300)]
    places = ("上海 浦东新区", "北京 海淀区", "广东 深圳", "四川 成都", "浙江 杭州")
    for number, names in enumerate(VARIANTS):
        # What two people of a pair share, no other pair has.
        place = {"location": f"{places[number % 5]} {number // 5}"}
        rows += [
            profile(900 + 2 * number + which, name, **place)
            for which, name in enumerate(names[:2])
        ]
    assert sorted(ids(link(rows))) == [
        (f"{900 + 2 * number:06d}", f"{901 + 2 * number:06d}")
        for number, (_, _, together) in enumerate(VARIANTS)
        if together
    ]


def test_names_fold_to_one_form() -> None:
    """Forms of a name, and what has none."""
    names = ["Ｔеа_Ｆan99", "桃樹林", "陶术林", None, "😀"]
    forms = name_forms(pl.DataFrame({"screen_name": names, "display_name": names}))
    assert forms["folded"].to_list() == ["tea_fan99", "桃树林", "陶术林", None, "😀"]
    assert forms["stem"].to_list() == ["teafan", "桃树林", "陶术林", None, None]
    assert forms["sound"].to_list() == [None, "taoshulin", "taoshulin", None, None]
    assert forms["number"].to_list() == ["99", None, None, None, None]


DESCRIPTIONS = (
    ("合作VX: quite_own_77", True),
    ("mail me: quite.own@example.invalid", True),
    ("https://shop.example.invalid/s/77123", True),
    # A household has one telephone and several people.
    ("电话13812345678", False),
    # Large sites' home pages are everybody's.
    ("https://example.invalid/", False),
)


def test_what_a_description_names_joins() -> None:
    """A messenger, an address or a page of one's own; a telephone does not suffice."""
    rows = [profile(number) for number in range(300)]
    names = iter(
        (
            *("栗旭阿冬", "柚雨平蚁", "梅砚琴鼓", "港虎帽锅", "槐烛驼铃"),
            *("鲸杏伞橹", "萤柿笛帆", "椿鹤砂舟", "蕨雁瓦犁", "藕鹿钟埙"),
        )
    )
    for number, (words, _) in enumerate(DESCRIPTIONS):
        rows += [
            profile(900 + 2 * number, next(names), description=words),
            profile(901 + 2 * number, next(names), description=f"✿ {words}"),
        ]
    assert sorted(ids(link(rows))) == [
        (f"{900 + 2 * number:06d}", f"{901 + 2 * number:06d}")
        for number, (_, together) in enumerate(DESCRIPTIONS)
        if together
    ]


def test_pictures_join_without_their_signature() -> None:
    """The same upload under two signatures; the default picture says nothing."""
    base = "https://tvax.example.invalid"
    upload = f"{base}/crop.0.0.9.9.180/00aa11bb22cc33dd44.jpg?Expires="
    rows = [profile(number) for number in range(300)]
    rows += [
        profile(900, "栗旭阿冬", avatar_url=f"{upload}1&ssig=a"),
        profile(901, "柚雨平蚁", avatar_url=f"{upload}2&ssig=b"),
        profile(902, "梅砚琴鼓", avatar_url=f"{base}/default/0123456789abcdef.png"),
        profile(903, "港虎帽锅", avatar_url=f"{base}/default/0123456789abcdef.png"),
    ]
    found = link(rows)
    assert ids(found) == [("000900", "000901")]
    assert "the same uploaded picture" in found.pairs["evidence"][0]


def test_what_many_share_identifies_nobody() -> None:
    """Up to the cap a contact joins; above it, it is skipped and reported."""
    for count, joined in ((MAX_SHARING, True), (MAX_SHARING + 1, False)):
        rows = [profile(number) for number in range(300)]
        rows += [
            profile(900 + number, description="微信: the_hotline_1")
            for number in range(count)
        ]
        found = link(rows)
        assert bool(ids(found)) is joined
        report = {row["rule"]: row for row in found.blocking.to_dicts()}["handle"]
        assert report["skipped_accounts"] == (0 if joined else count)


def test_a_burst_is_linked_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred of one make in an hour, without a blow-up; who came by, is not.

    However many views of the accounts memory holds at a time.
    """
    start = FIRST + timedelta(days=1234)
    rows = [profile(number) for number in range(3000)]
    rows += [
        profile(
            5000 + number,
            f"Anna{number * 7919 % 9000 + 1000}",
            registered_at=start + timedelta(seconds=15 * number),
            followers_count=20,
            following_count=400,
            posts_count=3,
        )
        for number in range(200)
    ]
    passer = profile(
        9000,
        "柚雨平蚁",
        registered_at=start + timedelta(minutes=20),
        followers_count=8000,
        following_count=90,
        posts_count=4000,
    )
    found = link([*rows, passer])
    members = {one for pair in ids(found) for one in pair}
    assert members == {f"{5000 + number:06d}" for number in range(200)}
    report = {row["rule"]: row for row in found.blocking.to_dicts()}["burst"]
    assert report["largest_key"] <= 12
    assert len(found.pairs) < 200 * 36
    monkeypatch.setattr(bursts, "ROWS_AT_ONCE", 10_000)
    again = link([*rows, passer])
    assert_frame_equal(again.pairs, found.pairs)
    assert_frame_equal(again.blocking, found.blocking)


def test_a_popular_month_is_no_burst() -> None:
    """Five times the usual pace for a month, of people of all makes."""
    rows = [profile(number) for number in range(3000)]
    rows += [
        profile(
            4000 + number,
            registered_at=FIRST + timedelta(days=1500, minutes=(number * 7919) % 43200),
        )
        for number in range(150)
    ]
    assert ids(link(rows)) == []


def test_a_batch_over_midnight_stays_whole() -> None:
    """Half before, half after the beginning of a day that is that of a week, too."""
    midnight = datetime(2023, 6, 15, tzinfo=UTC)  # a Thursday, as 1 January 1970 was
    rows = [profile(number) for number in range(3000)]
    rows += [
        profile(
            5000 + number,
            registered_at=midnight + timedelta(hours=number - 11.5),
            followers_count=20,
            following_count=400,
            posts_count=3,
        )
        for number in range(24)
    ]
    members = {one for pair in ids(link(rows)) for one in pair}
    assert members == {f"{5000 + number:06d}" for number in range(24)}


def test_one_description_in_some_days_is_a_batch() -> None:
    """More have it than a rare text may; within three years it is a saying."""
    for days, joined in ((4, True), (900, False)):
        rows = [profile(number) for number in range(3000)]
        rows += [
            profile(
                5000 + number,
                description="喜欢老歌，养了两只猫，口味偏辣",
                registered_at=FIRST
                + timedelta(days=700, hours=number * days * 24 / 30, seconds=number),
            )
            for number in range(30)
        ]
        members = {one for pair in ids(link(rows)) for one in pair}
        assert (len(members) >= 27) is joined, days
        assert joined or not members


def test_one_shape_in_minutes_is_a_batch() -> None:
    """Empty profiles, handles that are the names, numbers behind, in ten minutes."""
    rows = [
        profile(
            number, description="喝茶看书散步", location="北京", display_name="某人"
        )
        for number in range(3000)
    ]
    start = FIRST + timedelta(days=1234)
    rows += [
        profile(
            5000 + number,
            name := "q" * (number % 4 + 1) + f"{chr(97 + number)}{1000 + 37 * number}",
            display_name=name,
            registered_at=start + timedelta(seconds=20 * number),
            followers_count=3 ** (number % 8),
            posts_count=5 ** (number % 6),
        )
        for number in range(20)
    ]
    members = {one for pair in ids(link(rows)) for one in pair}
    assert members == {f"{5000 + number:06d}" for number in range(20)}


def test_variations_of_a_long_text_are_a_family() -> None:
    """Three or more; sayings, pairs and one person's accounts are none."""
    rest = [profile(number) for number in range(300)]

    def family(*texts: str, **more: object) -> Links:
        return link(
            [
                *rest,
                *(
                    profile(900 + number, description=text, **more)
                    for number, text in enumerate(texts)
                ),
            ]
        )

    template = "Lover of coffee, books and long walks by the sea near {}. Follow back!"
    found = family(*(template.format(one) for one in ("Bath", "Rome", "Oslo", "Cork")))
    assert {one for pair in ids(found) for one in pair} == {
        f"{900 + number:06d}" for number in range(4)
    }
    assert set(found.pairs["kind"]) == {"batch"}
    assert found.pairs["evidence"].str.contains("as 4 accounts here do").all()
    assert ids(family(template.format("Bath"), template.format("Rome"))) == []
    # A saying, written in four ways.
    sayings = (
        "不忘初心，方得始终",
        "不忘初心方得始终！",
        "不忘初心、方得始终吧",
        "不忘初心 方得始终",
    )
    assert all(kind != "batch" for kind in family(*sayings).pairs["kind"])
    own = family(
        *(template.format(one) for one in ("Bath", "Rome", "Oslo")),
        avatar_url="https://img.invalid/upload/0123456789abcdef01.jpg",
    )
    assert set(own.pairs["kind"]) == {"person"}


def test_an_empty_table_has_no_pairs() -> None:
    """No account, one account, columns that are not there."""
    assert link(pl.DataFrame(schema=SCHEMA)).pairs.is_empty()
    bare = pl.DataFrame({"platform": ["x", "x"], "account_id": ["1", "2"]})
    assert link(bare).pairs.is_empty()


TEXT = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.sampled_from(
        ["'; drop table profiles; --", "a\0b", "啊" * 5000, "😀" * 9, "%_\\", ""]
    ),
)


# Few examples of many profiles: linking costs the same for two and for forty.
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=2, max_size=40))
def test_any_text_is_data(rows: list[tuple[str | None, ...]]) -> None:
    """Whatever profiles say, every pair is of accounts that are there, in any order."""
    profiles = [
        profile(number, description=words, avatar_url=picture)
        | {"screen_name": name, "display_name": name}
        for number, (name, words, picture) in enumerate(rows)
    ]
    found = link(profiles)
    assert link(profiles[::-1]).pairs.equals(found.pairs)
    known = {str(one["account_id"]) for one in profiles}
    assert {one for pair in ids(found) for one in pair} <= known


def test_shipped_terms_show_nobody(
    world: tuple[pl.DataFrame, pl.DataFrame], learnt: str
) -> None:
    """A term is shipped when enough names have it: each tells at most what five do."""
    content = json.loads(SHIPPED.read_text(encoding="utf-8"))
    parameters = read_parameters(learnt)
    names = (
        name_forms(world[0])["folded"]
        .str.extract_all(r"\p{L}+")
        .list.unique()
        .explode()
        .value_counts()
    )
    authors = dict(names.iter_rows())
    assert parameters.words
    assert all(authors[word] >= FEWEST_AUTHORS for word in parameters.words)
    # Of the shipped ones the source is a planted world, and the bits bound authors.
    assert content["source"].startswith("one planted world of 400,000 accounts")
    authors_of_rarest = 400_000 * 2 ** (-max(content["words"].values()) / 10)
    assert authors_of_rarest >= FEWEST_AUTHORS * 0.9


def test_estimates_speak_the_right_way(
    world: tuple[pl.DataFrame, pl.DataFrame], learnt: str
) -> None:
    """What one operator's accounts share weighs for it; equal input, equal bytes."""
    assert learn(world[0].reverse(), world[1]) == learnt
    parameters = read_parameters(learnt)
    for kind, name, level in (
        ("person", "contact", "handle"),
        ("person", "avatar", "same"),
        ("person", "name", "variant"),
        ("batch", "registration", "tight"),
    ):
        m, u = parameters.weights[kind][name][level]
        assert m > 100 * u
    nobody = world[1].with_columns(operator=pl.lit(None, pl.String))
    with connect(world[0]) as connection, pytest.raises(ValueError, match="no two"):
        estimate_parameters(connection, "profiles", nobody, source="test")


def test_parameters_are_read_as_written_or_not_at_all() -> None:
    """Round trip; a changed weight and other comparisons are refused."""
    text = SHIPPED.read_text(encoding="utf-8")
    parameters = read_parameters(text)
    assert write_parameters(parameters) == text
    assert [*parameters.weights["person"]] == [one.name for one in COMPARISONS]
    with pytest.raises(ValueError, match="train them again"):
        read_parameters(text.replace('"partners"', '"partner"'))
    fewer = {
        kind: {name: dict(levels) for name, levels in weights.items()}
        for kind, weights in parameters.weights.items()
    }
    fewer["batch"].pop("link")
    other = write_parameters(dataclasses.replace(parameters, weights=fewer))
    with pytest.raises(ValueError, match="compares other things"):
        read_parameters(other)


def test_a_larger_table_makes_chance_likelier() -> None:
    """The prior falls with the number of accounts, and a small table has a floor."""
    parameters = shipped_parameters()
    small, floor = parameters.prior("person", 10), parameters.prior("person", 20_000)
    assert small == floor
    assert parameters.prior("person", 2_000_000) == pytest.approx(floor / 100)


@pytest.mark.data
def test_a_real_vendor_is_grouped_and_people_are_not() -> None:
    """Bought followers of one vendor among genuine accounts."""
    if not DATA.is_dir():
        pytest.skip("The evaluation data (shared/data/bot_profiles) is not here.")
    profiles, owners = real_vendor(Path(DATA))
    found = measure(link(profiles).pairs, owners)
    assert found["pair_precision"] >= 0.98, found
    assert found["batch_accounts_with_own"] >= 0.9, found
    assert found["genuine_grouped"] <= 0.003, found


def test_connection_keeps_its_tables() -> None:
    """The caller's table is only read."""
    with duckdb.connect() as connection:
        frame = pl.DataFrame([profile(number) for number in range(10)], SCHEMA)
        connection.register("given", frame)
        connection.execute("create table profiles as select * from given")
        before = connection.sql("select * from profiles").pl()
        link_profiles(connection, "profiles", shipped_parameters())
        assert connection.sql("select * from profiles").pl().equals(before)


@pytest.mark.parametrize("kind", KINDS)
def test_outcomes_weigh_as_splink_says(kind: str) -> None:
    random = Random(5)
    outcomes = pl.DataFrame(
        {
            one.name: [random.randint(-1, len(one.levels) - 1) for _ in range(200)]
            for one in COMPARISONS
        }
    )
    told = ("match_weight", "probability")
    for accounts, coincidence in ((30_000, 0.0), (2_000_000, 0.002)):
        of_all = outcomes, shipped_parameters(), kind, accounts, coincidence
        assert_frame_equal(
            weigh_outcomes(*of_all).select(told),
            linkage.weigh_outcomes(*of_all).select(told),
        )
