"""`coordinate`: a share table in, an edge list out, exactly as CooRTweet makes it."""

from __future__ import annotations

import json
from pathlib import Path

import networkx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.commands.coordinate import Coordinated, CoordinationRules, coordinate
from tasks.warehouse.errors import ConfigurationError
from tests.oracles.coordination import Share, coortweet, toolkit
from tests.workspaces import REPOSITORY, call_command, run_command
from tests.world.shares import ShareSpec, make_shares

DATA = REPOSITORY.parent / "shared/data/coordination"
COLUMNS = [
    "account_id",
    "account_id_y",
    "weight",
    "avg_time_delta",
    "n_content_id",
    "n_content_id_y",
    "edge_symmetry_score",
]


def find(
    folder: Path, shares: pl.DataFrame, search: CoordinationRules
) -> tuple[pl.DataFrame, Coordinated]:
    """The edges that the flow writes, and what it says of them."""
    shares.write_parquet(folder / "shares.parquet")
    out = folder / "edges.parquet"
    found = coordinate(folder / "shares.parquet", search, out)
    return pl.read_parquet(out), found


def table_of(shares: list[Share]) -> pl.DataFrame:
    return pl.DataFrame(
        shares,
        schema={
            "object_id": pl.String,
            "account_id": pl.String,
            "content_id": pl.String,
            "timestamp_share": pl.Int64,
        },
        orient="row",
    )


# Few names, so that they meet: loops, repeated contents, repeated rows, names that
# are SQL, sort by bytes and not by letters, or are no ASCII.
NAMES = st.sampled_from(["a", "B", "é", "'; drop table shares; --", "茶", "10", "9"])
CONTENTS = st.one_of(NAMES, st.integers(0, 40).map(str))
SHARES = st.lists(
    st.tuples(NAMES, NAMES, CONTENTS, st.integers(-12, 40)), min_size=0, max_size=40
)


@settings(max_examples=15)  # each is four tables, and two searches
@given(st.lists(SHARES, min_size=4, max_size=4), st.integers(0, 15), st.integers(1, 4))
def test_edges_are_those_of_the_plain_rules(
    tmp_path_factory: pytest.TempPathFactory,
    tables: list[list[Share]],
    window: int,
    participation: int,
) -> None:
    """Tables are searched together: objects, accounts, contents of two never meet."""
    shares = [
        (f"{one}{place}", f"{account}{place}", f"{content}{place}", moment)
        for place, table in enumerate(tables)
        for one, account, content, moment in table
    ]
    folder = tmp_path_factory.mktemp("coordinate")
    edges, found = find(
        folder, table_of(shares), CoordinationRules(window, participation)
    )
    expected = coortweet(shares, window, participation)
    assert expected == {
        pair: edge
        for place in range(len(tables))
        for pair, edge in coortweet(
            [one for one in shares if one[0].endswith(str(place))],
            window,
            participation,
        ).items()
    }
    assert edges.columns == COLUMNS
    got = {
        (row["account_id"], row["account_id_y"]): (
            row["weight"],
            round(row["avg_time_delta"] * row["weight"]),
        )
        for row in edges.iter_rows(named=True)
    }
    assert got == expected
    keys = [key.encode() for key in edges["account_id"]]
    assert keys == sorted(keys)
    assert found.all_edges == found.edges == len(expected)
    again, _ = find(
        folder, table_of(shares[::-1]), CoordinationRules(window, participation)
    )
    assert again.equals(edges)


def test_contents_are_counted_on_their_own_side(tmp_path: Path) -> None:
    """One share of `a` meets two of `b`: two pairs, one content against two."""
    shares = [("o", "a", "1", 0), ("o", "b", "2", 3), ("o", "b", "3", 5)]
    edges, _ = find(tmp_path, table_of(shares), CoordinationRules(5, 1))
    assert edges.rows() == [("a", "b", 2, 4.0, 1, 2, 0.5)]


@pytest.mark.parametrize(
    ("quantile", "kept"), [(None, 4), (0.0, 1), (0.5, 1), (0.99, 1), (1.0, 0)]
)
def test_weight_must_exceed_the_quantile(
    tmp_path: Path, quantile: float | None, kept: int
) -> None:
    """Weights 1, 1, 1, 2: the quantile of 0.99 is 1.97, of 1.0 is 2, not exceeded."""
    shares = [
        *[("o1", name, f"1{name}", 0) for name in "ab"],
        *[("o2", name, f"2{name}", 0) for name in "ab"],
        *[("o3", name, f"3{name}", 0) for name in "cd"],
        *[("o4", name, f"4{name}", 0) for name in "ef"],
        *[("o5", name, f"5{name}", 0) for name in "gh"],
    ]
    edges, _ = find(
        tmp_path, table_of(shares), CoordinationRules(10, 1, edge_weight=quantile)
    )
    assert edges.height == kept


def test_planted_groups_are_found_and_fans_are_not(tmp_path: Path) -> None:
    """Weight two alone takes fans and chance for groups; the chance test does not."""
    world = make_shares(
        ShareSpec(
            shares=200_000,
            accounts=20_000,
            objects=2_000,
            groups=20,
            group_objects=4,
            own_shares=10,
            fans=150,
        )
    )
    planted = set(world.groups["account_id"])
    edges, found = find(
        tmp_path, world.table, CoordinationRules(10, 2, false_discovery_rate=0.01)
    )
    accounts = set(edges["account_id"]) | set(edges["account_id_y"])
    assert len(accounts & planted) >= 0.95 * len(planted)
    assert len(accounts & planted) >= 0.98 * len(accounts)
    assert not accounts & set(world.fans["account_id"])
    graph = networkx.Graph(edges.select("account_id", "account_id_y").rows())
    assert max(map(len, networkx.connected_components(graph))) <= 30
    plain, _ = find(tmp_path, world.table, CoordinationRules(10, 2))
    twice = plain.filter(pl.col("weight") > 1)
    assert set(twice["account_id"]) & set(world.fans["account_id"])
    assert found.all_edges == plain.height


def test_a_burst_is_left_out_aloud(tmp_path: Path) -> None:
    """The object and its left-out shares are named; other moments stay."""
    crowd = [("hot", f"a{number:03}", f"c{number}", 100) for number in range(60)]
    quiet = [("hot", f"b{number}", f"d{number}", 500) for number in range(3)]
    edges, found = find(
        tmp_path, table_of([*crowd, *quiet]), CoordinationRules(10, 1, max_burst=50)
    )
    assert found.crowded == [("hot", 60)]
    assert set(edges["account_id"]) == {"b0", "b1"}
    whole, uncapped = find(
        tmp_path, table_of([*crowd, *quiet]), CoordinationRules(10, 1)
    )
    assert (whole.height, uncapped.crowded) == (60 * 59 // 2 + 3, [])


def test_command_reads_csv_and_says_what_it_left_out(tmp_path: Path) -> None:
    """Ids that look like numbers stay as they are written."""
    (tmp_path / "shares.csv").write_text(
        "object_id,account_id,content_id,timestamp_share\n"
        "o,007,9007199254740993,1772294400\n"
        "o,08,2,1772294401\n"
        "o,,3,1772294401\n"
        "o,09,4,noon\n",
        encoding="utf-8",
    )
    done = run_command(
        "coordinate", str(tmp_path / "shares.csv"), "--time-window", "10",
        "--min-participation", "1", "--out", str(tmp_path / "edges.csv"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Left out: 1 rows, no id" in done.stdout
    assert "Left out: 1 rows, no Unix second in timestamp_share, as noon" in (
        done.stdout
    )
    assert (tmp_path / "edges.csv").read_text(encoding="utf-8").splitlines() == [
        ",".join(COLUMNS),
        "007,08,1,1.0,1,1,1.0",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"shares.csv", "edges.csv"}


HEADER = "object_id,account_id,content_id,timestamp_share\n"


def find_in(folder: Path, *lines: str, window: int = 10) -> tuple[list[object], object]:
    """Edges (account, account, weight, mean delta) of a CSV, and what was told."""
    table = folder / "shares.csv"
    table.write_text(HEADER + "".join(f"{line}\n" for line in lines), "utf-8")
    out = folder / "edges.parquet"
    found = coordinate(table, CoordinationRules(window, 1), out)
    edges = pl.read_parquet(out)
    return [row[:4] for row in edges.rows()], found


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1000, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")],
)
def test_finer_units_are_told_and_read_as_seconds(
    tmp_path: Path, factor: int, unit: str
) -> None:
    start = 1_790_000_000
    lines = [
        f"p,ann,1,{start * factor}",
        f"p,bob,2,{(start + 4) * factor}",
        f"q,ann,3,{(start + 60) * factor}",
        f"q,bob,4,{(start + 70) * factor}",
        f"r,ann,5,{(start + 90) * factor}",
        f"r,bob,6,{(start + 101) * factor}",
    ]
    edges, found = find_in(tmp_path, *lines)
    assert edges == [("ann", "bob", 2, 7.0)]
    assert isinstance(found, Coordinated)
    assert found.left_out == []
    assert found.notes == [f"timestamp_share counts {unit} in 6 rows: read as seconds"]


def test_parts_of_a_second_count(tmp_path: Path) -> None:
    """10.0 s are within ten seconds, 10.001 s are not; deltas keep their parts."""
    start = 1_790_000_000_000
    edges, _ = find_in(
        tmp_path,
        f"p,ann,1,{start}", f"p,bob,2,{start + 10_000}",
        f"q,ann,3,{start + 999}", f"q,bob,4,{start + 11_000}",
        f"r,ann,5,{start + 70_250}", f"r,bob,6,{start + 71_000}",
    )  # fmt: skip
    assert edges == [("ann", "bob", 2, 5.375)]
    edges, _ = find_in(tmp_path, "p,ann,1,1790000000.5", "p,bob,2,1790000002", window=2)
    assert edges == [("ann", "bob", 1, 1.5)]


def test_units_may_stand_beside_each_other(tmp_path: Path) -> None:
    edges, found = find_in(
        tmp_path, "p,ann,1,1790000000", "p,bob,2,1790000003000", "p,cat,3,77"
    )
    assert edges == [("ann", "bob", 1, 3.0)]
    assert isinstance(found, Coordinated)
    assert found.notes == [
        "timestamp_share counts seconds in 1 rows and milliseconds in 1 rows:"
        " read as seconds"
    ]
    # Beside Unix seconds a small number is no time; alone it counts from some start.
    assert found.left_out == [("a time before 2000 or after 2100, as 77", 1)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1.23457E+15,ann,1,1790000000",
         "an id that a spreadsheet has rounded, as 1.23457E+15"),
        ("p,1.2e+16,1,1790000000", "an id that a spreadsheet has rounded, as 1.2e+16"),
        ("p,ann,5.5e9,1790000000", "an id that a spreadsheet has rounded, as 5.5e9"),
        ("p,77.0,1,1790000000",
         "an id that is a decimal number: programs round long ones, as 77.0"),
        ("p,nan,1,1790000000", "no id but a word for none, as nan"),
        ("p, ,1,1790000000", "no id"),
        ("p,ann,1,1.79E+09", "a time that a spreadsheet has rounded, as 1.79E+09"),
        ("p,ann,1,", "no Unix second in timestamp_share"),
        ("p,ann,1,noon", "no Unix second in timestamp_share, as noon"),
        ("p,ann,1,-5", "a time before 2000 or after 2100, as -5"),
        ("p,ann,1,99999999999", "a time before 2000 or after 2100, as 99999999999"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_left_out_aloud(
    tmp_path: Path, line: str, why: str
) -> None:
    """It makes no edge with the good rows, and the value is named."""
    edges, found = find_in(
        tmp_path, "p,eve,8,1790000001", "p,12e34567,9,1790000002", line
    )
    assert edges == [("12e34567", "eve", 1, 1.0)]
    assert isinstance(found, Coordinated)
    assert found.left_out == [(why, 1)]


def test_long_ids_that_all_end_in_noughts_are_rounded(tmp_path: Path) -> None:
    """A spreadsheet keeps fifteen digits; a single id may end so by chance."""
    whole = [f"499{n}00000071{n}230,a{n},{n},1790000000" for n in range(9)]
    _, found = find_in(tmp_path, *whole, "4991000000712345,a,9,1790000000")
    assert isinstance(found, Coordinated)
    assert found.left_out == []
    _, found = find_in(tmp_path, *whole, "4999100000712340,a,9,1790000000")
    assert isinstance(found, Coordinated)
    ((why, rows),) = found.left_out
    assert rows == 10
    assert why == (
        "an object_id that a spreadsheet has rounded to 15 digits (export the column as"
        " text), as 4990000000710230"
    )
    # Two whole ids beside them change nothing, and are kept.
    wholes = ["4991000000712345,a,9,1790000000", "4991000000712345,b,8,1790000000"]
    more = [f"4991{n}00007{n}230,a{n},{n},1790000000" for n in range(10, 24)]
    edges, found = find_in(tmp_path, *more, *wholes)
    assert isinstance(found, Coordinated)
    assert [rows for _, rows in found.left_out] == [14]
    assert edges == [("a", "b", 1, 0.0)]
    # Programs that take ids for numbers keep seventeen digits.
    more = [f"19912345678901{n}00,a{n},{n},1790000000" for n in range(100, 106)]
    _, found = find_in(tmp_path, *more)
    assert isinstance(found, Coordinated)
    ((why, rows),) = found.left_out
    assert rows == 6
    assert why.startswith("an object_id that a program has rounded to 17 digits")


def test_times_of_days_and_minutes_are_left_out_aloud(tmp_path: Path) -> None:
    """They would put strangers on one second; midnight of Beijing is 16:00 UTC."""
    midnight = 1_789_948_800 + 57_600
    days = [f"p{n % 4},a{n},{n},{midnight + 86_400 * (n % 4)}" for n in range(12)]
    exact = [f"q,b{n},{100 + n},{midnight + 977 + 7 * n}" for n in range(20)]
    edges, found = find_in(tmp_path, *days, *exact)
    assert isinstance(found, Coordinated)
    ((why, rows),) = found.left_out
    assert why.startswith("a time that tells a day only (16:00:00 UTC), as ")
    assert rows == 12
    assert {name[0] for edge in edges for name in edge[:2]} == {"b"}
    # One burst at a full hour is one day's.
    burst = [f"p,a{n},{n},{midnight}" for n in range(12)]
    _, found = find_in(tmp_path, *burst, *exact)
    assert isinstance(found, Coordinated)
    assert found.left_out == []
    minutes = [f"p,a{n},{n},{midnight + 60 * (n // 2) + 120}" for n in range(20)]
    edges, found = find_in(tmp_path, *minutes)
    assert isinstance(found, Coordinated)
    assert edges == []
    assert [rows for _, rows in found.left_out] == [20]
    assert "--time-window of 60 or more" in found.left_out[0][0]
    edges, found = find_in(tmp_path, *minutes, window=60)
    assert isinstance(found, Coordinated)
    assert edges
    assert found.left_out == []


def test_times_of_32_bits_are_refused(tmp_path: Path) -> None:
    table = table_of([("o", "a", "1", 1_790_000_000)]).with_columns(
        pl.col("timestamp_share").cast(pl.Float32)
    )
    table.write_parquet(tmp_path / "shares.parquet")
    with pytest.raises(ConfigurationError, match="32 bits"):
        coordinate(
            tmp_path / "shares.parquet", CoordinationRules(10, 1), tmp_path / "e.csv"
        )
    whole = table_of([("o", "a", "1", 1_790_000_000), ("o", "b", "2", 1_790_000_001)])
    edges, _ = find(
        tmp_path,
        whole.with_columns(pl.col("timestamp_share").cast(pl.Float64)),
        CoordinationRules(10, 1),
    )
    assert edges.rows() == [("a", "b", 1, 1.0, 1, 1, 1.0)]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    done = call_command(
        "coordinate", str(tmp_path / "none.csv"), "--time-window", "-1",
        "--min-participation", "0", "--edge-weight", "2", "--out", "edges.txt",
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 5, done.stderr
    table = tmp_path / "shares.csv"
    table.write_text("object_id,account_id\no,a\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="content_id, timestamp_share"):
        coordinate(table, CoordinationRules(10, 2), tmp_path / "edges.csv")
    # Nothing is guessed where a quote stays open: no row is lost or renamed.
    table.write_text(
        'object_id,account_id,content_id,timestamp_share\n"o,a,1,5\no,b,2,6\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="is every quote closed"):
        coordinate(table, CoordinationRules(10, 2), tmp_path / "edges.csv")
    cut = tmp_path / "shares.parquet"
    cut.write_bytes(b"PAR1 and no more")
    with pytest.raises(ConfigurationError, match="can't be read as Parquet"):
        coordinate(cut, CoordinationRules(10, 2), tmp_path / "edges.csv")


@pytest.mark.data
@pytest.mark.parametrize("case", range(3))
def test_equal_to_coortweet_on_its_own_data(tmp_path: Path, case: int) -> None:
    if not DATA.is_dir():
        pytest.skip("The evaluation data (shared/data/coordination) is not here.")
    wanted = json.loads((DATA / "expected.json").read_text())["cooRTweet"][case]
    window, participation = wanted["time_window"], wanted["min_participation"]
    expect = wanted["expect"]
    out = tmp_path / "edges.parquet"
    source = DATA / wanted["input"]
    coordinate(source, CoordinationRules(window, participation), out)
    edges = pl.read_parquet(out)
    graph = networkx.Graph(edges.select("account_id", "account_id_y").rows())
    components = [len(part) for part in networkx.connected_components(graph)]
    assert edges.height == expect["edges"]
    assert graph.number_of_nodes() == expect["accounts"]
    assert edges["weight"].sum() == expect["sum_weight"]
    assert edges["weight"].max() == expect["max_weight"]
    assert (len(components), max(components)) == (
        expect["components"],
        expect["largest_component"],
    )
    deltas = (edges["weight"] * edges["avg_time_delta"]).sum()
    assert round(deltas) == expect["sum_time_delta"]
    for quantile, name in ((0.5, "q50"), (0.99, "q99")):
        found = coordinate(
            source, CoordinationRules(window, participation, quantile), out
        )
        assert found.threshold == expect[f"threshold_{name}"]
        assert found.edges == expect[f"edges_sub_{name}"]
        assert found.accounts == expect[f"accounts_sub_{name}"]
    if "edges" in wanted:
        listed = pl.read_csv(DATA / wanted["edges"], infer_schema=False)
        rows = {
            (row[0], row[1], int(row[2]), round(float(row[3]), 9))
            for row in listed.rows()
        }
        assert rows == {
            (row[0], row[1], row[2], round(row[3], 9)) for row in edges.rows()
        }


@pytest.mark.data
def test_equal_to_the_toolkit_on_the_same_data(tmp_path: Path) -> None:
    """Its undirected edges are those of participation 1."""
    if not DATA.is_dir():
        pytest.skip("The evaluation data (shared/data/coordination) is not here.")
    wanted = json.loads((DATA / "expected.json").read_text())["cnt"]
    source = DATA / wanted["input"]
    case = wanted["cases"][0]
    coordinate(
        source, CoordinationRules(case["time_window"], 1), tmp_path / "edges.parquet"
    )
    edges = pl.read_parquet(tmp_path / "edges.parquet")
    assert edges.height == case["undirected_edges"]
    shares = pl.read_csv(source, schema_overrides={"timestamp_share": pl.Int64}).rows()
    assert set(edges.select("account_id", "account_id_y").rows()) == toolkit(
        shares, case["time_window"]
    )


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_tables_of_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    """Two people share the same two topics, three seconds apart each."""
    table = tmp_path / "shares.csv"
    rows = [
        f"{topic},{name},{topic}{name},{second}"
        for topic, second in (("新茶上市", 1_772_500_000), ("茶友聚会", 1_772_600_000))
        for name, second in (("阿春", second), ("阿夏", second + 3))
    ]
    header = "object_id,account_id,content_id,timestamp_share"
    table.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    found = coordinate(table, CoordinationRules(10, 1), tmp_path / "edges.csv")
    assert (found.shares, found.left_out, found.edges) == (4, [], 1)
    assert any("read as" in note for note in found.notes) == (encoding != "utf-8-sig")
    written = (tmp_path / "edges.csv").read_text(encoding="utf-8").splitlines()
    assert written[1] == "阿夏,阿春,2,3.0,2,2,1.0"
