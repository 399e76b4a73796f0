"""claim and vet: what a partner delivered, in true sentences, and who may see it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.commands.claim import claim
from flows.commands.privacy import erase
from flows.commands.vet import _candidates, told, vet
from tasks.warehouse.claim_files import (
    FILES,
    claim_folder,
    claims_folder,
    forget_old_claims,
)
from tasks.warehouse.errors import ConfigurationError, WorkspaceLockedError
from tasks.warehouse.lock import hold_workspace
from tests.flows.commands.test_privacy import places
from tests.workspaces import OVERRIDE_HEADER, Lab, call_command

EVIL = "<script>alert(1)</script>"
KOL = "茶友KOL"
FORMULA = "=cmd|' /C calc'!A0"
CONFIGURATION = f"""timezone = "Asia/Shanghai"
[[sources]]
name = "tables"
platform = "weibo"
kind = "files"
format = "canonical"
path = "export"
[[brands]]
id = "aurora"
name = "Aurora Tea"
accounts = [{{ platform = "weibo", account_id = "9000" }}]
[[campaigns]]
id = "launch"
name = "{EVIL}"
brand = "aurora"
start = 2026-03-01
end = 2026-03-04
hashtags = ["spring"]
[[campaigns.partners]]
id = "bad"
name = "Bad {EVIL}"
account = {{ platform = "weibo", account_id = "8001" }}
fee = {{ amount = 600, currency = "CNY" }}
promised = {{ engagements = 50 }}
[[campaigns.partners]]
id = "good"
account = {{ platform = "weibo", account_id = "8002" }}
promised = {{ engagements = 40 }}
[[campaigns.partners]]
id = "short"
account = {{ platform = "weibo", account_id = "8003" }}
promised = {{ engagements = 9 }}
[[campaigns.partners]]
id = "silent"
account = {{ platform = "weibo", account_id = "8004" }}
"""
# Post, author, likely phantoms and others that reposted it: all as a person decided.
POSTS = [
    ("1", "9000", 2, 18),
    ("2", "9000", 2, 18),
    ("3", "700", 2, 18),
    ("10", "8001", 40, 20),
    ("20", "8002", 4, 36),
    ("30", "8003", 0, 3),
]
WORDS = {"88880001", EVIL, FORMULA}


def tables() -> dict[str, str]:
    """The files: each post's reposters are its own, but for those of 1 and 10."""
    posts = ["platform,post_id,account_id,posted_at,text,hashtags,observed_at"]
    counters = ["platform,post_id,observed_at,reposts_count,comments_count,likes_count"]
    acts = [
        "platform,interaction_id,kind,account_id,root_post_id,acted_at,text,observed_at"
    ]
    overrides = [OVERRIDE_HEADER]
    people = ["platform,account_id,screen_name,followers_count,observed_at"]
    read = "2026-03-06T02:00:00Z"
    for post, author, phantoms, others in POSTS:
        posts.append(
            f'weibo,{post},{author},2026-03-02T02:00:00Z,tea,"[""spring""]",{read}'
        )
        counters.append(f"weibo,{post},{read},{phantoms + others},0,0")
        for number in range(phantoms + others):
            is_phantom = number < phantoms
            group = "88" if is_phantom else "77"
            # Genuine people who care for the brand and for the partner alike.
            owner = "10" if post == "1" and not is_phantom else post
            account = (
                f"{group}88{int(owner):02d}{number - phantoms * (not is_phantom):02d}"
            )
            if post == "10" and number == 0:
                account = "88880001"
            acts.append(
                f"weibo,{post}{number:03d},repost,{account},{post},"
                f"2026-03-02T{3 + number // 60:02d}:{number % 60:02d}:00Z,a,{read}"
            )
            decision = "phantom" if is_phantom else "genuine"
            overrides.append(f"{decision},weibo,{account},,,known,me,2026-03-05")
    people.append(f'weibo,88880001,"{FORMULA}",3,{read}')
    people.append(f'weibo,88881001,"{EVIL}",3,{read}')
    people.append(f"weibo,8001,{KOL},5000,{read}")
    return {
        "export/posts.csv": "\n".join(posts),
        "export/post_counters.csv": "\n".join(counters),
        "export/interactions.csv": "\n".join(acts),
        "export/accounts.csv": "\n".join(people),
        "seeds/account_overrides.csv": "\n".join(dict.fromkeys(overrides)),
        "workspace.toml": CONFIGURATION,
    }


@pytest.fixture
def paid(
    tmp_path: Path,
    made_once: Callable[[str, Callable[[Path], None]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Lab:
    """A workspace with four partners after a run; no browser to be found."""

    def make(folder: Path) -> None:
        made = Lab(folder)
        for name, text in tables().items():
            made.put(name, text + "\n")
        made.run(date(2026, 3, 1), date(2026, 3, 6))

    there = made_once("paid-partners", make)
    shutil.copytree(there, tmp_path / "paid", symlinks=True)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return Lab(tmp_path / "paid")


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))


def test_a_claim_tells_the_numbers_that_support_it(paid: Lab) -> None:
    written = claim(paid.workspace, "launch", "bad")
    told = written.claim.told
    assert told.supported
    assert written.claim.row["claim_grounds"] == "phantoms"
    assert "suspected that engagements were bought" in told.verdict[0]
    # 40 of 60; 6 of 60 on three unpaid posts.
    found = " ".join(told.found)
    assert "66.7% of the 60 accounts" in found
    assert "10.0% of the 60 accounts that engaged with unpaid posts" in found
    assert "That is 56.7 percentage points more" in found
    assert "The platform counts 60 engagements; 50 were promised." in found
    assert "Fewer genuine engagements came than it promised" in found
    against = " ".join(told.against)
    assert "does not show who sent them" in against
    assert "one post only" in against
    page = (written.folder / "index.html").read_text(encoding="utf-8")
    # All sentences stand on the page, and nothing that somebody wrote is markup.
    for sentence in (*told.verdict, *told.found, *told.against):
        assert sentence.replace("'", "&#39;") in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "fake" not in page.lower()
    assert "https://m.weibo.cn/detail/10" in page
    assert "A person confirmed 40 of the 40 suspected accounts" in page
    assert "from a score of 0.8 it is a likely phantom" in page


def test_tables_of_a_claim_are_for_the_owner_and_no_formulas(paid: Lab) -> None:
    folder = claim(paid.workspace, "launch", "bad").folder
    assert folder == paid.root / "published/restricted/claims/launch-bad"
    for path in (folder, *folder.iterdir()):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    accounts = rows_of(folder / "accounts.csv")
    assert len(accounts) == 40
    assert {row["level"] for row in accounts} == {"phantom"}
    names = {row["account_id"]: row["screen_name"] for row in accounts}
    assert names["88880001"] == f"'{FORMULA}"
    numbers = {row["number"]: row for row in rows_of(folder / "numbers.csv")}
    assert float(numbers["phantom_share"]["value"]) == pytest.approx(2 / 3, abs=1e-5)
    how = numbers["phantom_share"]["how_it_was_found"]
    assert "likely phantoms among accounts" in how
    about = json.loads((folder / "claim.json").read_text())
    assert (about["supported"], about["grounds"]) == (True, "phantoms")
    # The same again, to the byte.
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    claim(paid.workspace, "launch", "bad")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_claim_speaks_chinese(paid: Lab) -> None:
    """Page, tables and what programs read of it; what people wrote stays theirs."""
    text = (paid.root / "workspace.toml").read_text(encoding="utf-8")
    paid.put("workspace.toml", text + '[report]\nlanguage = "zh"\n')
    written = claim(paid.workspace, "launch", "bad")
    page = (written.folder / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hans">' in page
    for sentence in (*written.claim.told.verdict, *written.claim.told.found):
        assert sentence in page
    assert "疑似存在购买互动的情况" in page
    assert "与其付费帖子互动的 60 个账号中，疑似水军占 66.7%" in page
    assert "40 个存疑账号和疑似水军中，40 个已经人工确认" in page
    assert "费用 600.00 元" in page
    assert "&lt;script&gt;alert(1)" in page
    about = written.claim.about
    assert (about["language"], about["grounds"]) == ("zh", "phantoms")
    assert about["verdict"] == list(written.claim.told.verdict)
    timing = rows_of(written.folder / "timing.csv")
    assert timing[0]["until_after_the_post"] == "至 1 小时"
    numbers = {row["number"]: row for row in rows_of(written.folder / "numbers.csv")}
    how = numbers["phantom_share"]["how_it_was_found"]
    assert how == "与其帖子互动的账号中疑似水军的比例"
    english = claim(paid.workspace, "launch", "bad", language="en")
    assert '<html lang="en">' in (english.folder / "index.html").read_text("utf-8")
    with pytest.raises(ConfigurationError, match="'fr': there are en and zh"):
        claim(paid.workspace, "launch", "bad", language="fr")


def test_what_the_numbers_do_not_support_is_no_claim(paid: Lab) -> None:
    good = claim(paid.workspace, "launch", "good").claim.told
    assert good.supported is False
    assert good.verdict == ("Nothing here supports a claim.",)
    assert any("no more than unpaid posts have" in line for line in good.found)
    short = claim(paid.workspace, "launch", "short").claim
    assert short.row["claim_grounds"] == "shortfall"
    assert "counts 3 of 9, 6 fewer" in short.told.verdict[0]
    assert any("off their counters" in line for line in short.told.against)
    # Three accounts are hidden: a claim names none of their numbers.
    assert short.row["engaged_accounts"] is None
    silent = claim(paid.workspace, "launch", "silent").claim.told
    assert silent.supported is None
    assert (
        silent.verdict[0] == "Whether a claim has grounds can't be told from this data."
    )
    assert "No paid post of it was found" in silent.verdict[1]
    for one in (good, short.told, silent):
        assert not any("bought" in line for line in (*one.verdict, *one.found))


def test_exit_codes_of_claim(
    paid: Lab,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(
            sys, "argv", ["flows", *arguments, "--workspace", str(paid.root)]
        )
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        said = capsys.readouterr()
        return code, said.out + said.err

    asked = ("claim", "--campaign", "launch", "--partner")
    assert run(*asked, "good")[0] == 0
    code, said = run(*asked, "good", "--check")
    assert code == 1
    assert "Nothing here supports a claim." in said
    assert run(*asked, "bad", "--check")[0] == 0
    code, said = run(*asked, "bed")
    assert code == 2
    assert "did you mean 'bad'" in said
    code, said = run("claim", "--campaign", "lunch", "--partner", "bad")
    assert code == 2
    assert "did you mean 'launch'" in said
    code, said = run(*asked, "bad", "--json", "--out", str(paid.root / "away"))
    assert code == 0
    assert json.loads(said)["folder"] == str(paid.root / "away")
    code, said = run("vet", "8001", "4711")
    assert code == 1
    assert "1 of 2 names" in said
    with hold_workspace(paid.workspace.lock, "daily"):
        assert run(*asked, "bad")[0] == 4
    (paid.root / "warehouse.duckdb").unlink()
    assert run(*asked, "bad")[0] == 2


def test_a_partner_that_the_marts_lack_is_told(paid: Lab) -> None:
    text = CONFIGURATION + (
        '[[campaigns.partners]]\nid = "new"\n'
        'account = { platform = "weibo", account_id = "8009" }\n'
    )
    paid.put("workspace.toml", text)
    with pytest.raises(ConfigurationError, match="run `daily`"):
        claim(paid.workspace, "launch", "new")
    with (
        hold_workspace(paid.workspace.lock, "daily"),
        pytest.raises(WorkspaceLockedError),
    ):
        claim(paid.workspace, "launch", "bad")


def test_another_place_is_replaced_only_where_a_claim_lies(paid: Lab) -> None:
    """Nothing is deleted that the command didn't write."""
    away = paid.root / "away"
    claim(paid.workspace, "launch", "bad", away)
    again = claim(paid.workspace, "launch", "bad", away).folder
    assert {path.name for path in again.iterdir()} == FILES - {"claim.pdf"}
    assert not claims_folder(paid.root).exists()
    (away / "letter.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds something else"):
        claim(paid.workspace, "launch", "bad", away)
    assert (away / "letter.txt").read_text() == "mine"
    site = paid.root / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    for place in (site, site / "index.html"):
        with pytest.raises(ConfigurationError, match="holds something else"):
            claim(paid.workspace, "launch", "bad", place)
    assert (site / "index.html").read_text() == "mine"


def test_two_partners_never_share_a_folder(paid: Lab) -> None:
    """Whose ids with the campaign's make the same name is told to be renamed."""
    claim(paid.workspace, "launch", "bad")
    assert claim_folder(paid.root, "launch", "bad").name == "launch-bad"
    (claims_folder(paid.root) / "a-b-c").mkdir()
    (claims_folder(paid.root) / "a-b-c" / "claim.json").write_text(
        json.dumps({"campaign": "a", "partner": "b-c"})
    )
    with pytest.raises(ConfigurationError, match="b-c of campaign a:"):
        claim_folder(paid.root, "a-b", "c")


def test_a_browser_prints_where_there_is_one(
    paid: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else, and where it fails, the command says how."""
    none = claim(paid.workspace, "launch", "bad")
    assert none.pdf.startswith("No Chromium was found for the PDF: open index.html")
    tools = tmp_path / "tools"
    tools.mkdir()
    browser = tools / "chromium"
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    for script, name, wanted in [
        (
            'for it; do case "$it" in --print-to-pdf=*)'
            ' echo "%PDF" > "${it#*=}";; esac; done',
            True,
            "claim.pdf was printed by chromium.",
        ),
        ("exit 3", False, "chromium made no PDF: open index.html"),
    ]:
        browser.write_text(f"#!/bin/sh\n{script}\n")
        browser.chmod(0o755)
        done = claim(paid.workspace, "launch", "bad")
        assert done.pdf.startswith(wanted)
        pdf = done.folder / "claim.pdf"
        assert pdf.exists() is name
        if name:
            assert stat.S_IMODE(pdf.stat().st_mode) == 0o600


@pytest.mark.browser
def test_chromium_prints_a_claim(paid: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = claim(paid.workspace, "launch", "bad")
    assert done.pdf == "claim.pdf was printed by chromium."
    assert (done.folder / "claim.pdf").read_bytes().startswith(b"%PDF-")


def test_claims_outlive_publications_as_long_as_they_may(paid: Lab) -> None:
    claim(paid.workspace, "launch", "bad")
    paid.put("seeds/suppressions.csv", "platform,account_id,reason,date\n")
    before = (paid.root / "published").resolve()
    paid.put(
        "export/more/interactions.csv",
        "platform,interaction_id,kind,account_id,root_post_id,acted_at,text,observed_at"
        "\nweibo,99999,repost,77881099,10,2026-03-05T03:00:00Z,a,2026-03-06T02:00:00Z\n",
    )
    paid.run(date(2026, 3, 1), date(2026, 3, 6), "run-2")
    assert (paid.root / "published").resolve() != before
    kept = paid.root / "published/restricted/claims/launch-bad/index.html"
    assert kept.exists()
    # Its last day is 2 March.
    assert forget_old_claims(paid.root, date(2026, 4, 1), 30) == 0
    assert kept.exists()
    assert forget_old_claims(paid.root, date(2026, 4, 2), 30) == 1
    assert not kept.exists()
    assert not claims_folder(paid.root).exists()


def test_an_erasure_takes_claims_with_it(
    paid: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    claim(paid.workspace, "launch", "bad")
    named = places(paid.root, {"88880001"})
    assert any("claims/launch-bad/accounts.csv" in place for place in named)
    with pytest.raises(ConfigurationError, match="or a partner's"):
        erase(paid.workspace, "weibo", "8001")
    erase(paid.workspace, "weibo", "88880001")
    assert "1 claim against partners deleted" in capsys.readouterr().out
    assert not claims_folder(paid.root).exists()
    assert not any("claims" in place for place in places(paid.root, WORDS))


def test_vet_tells_an_audience_and_whom_it_shares(paid: Lab) -> None:
    """Before signing: by all posts that are held; phantoms are no shared audience."""
    bad, good = vet(paid.workspace, [f"@{KOL}", "8002"])
    assert (bad["account_id"], bad["asked"]) == ("8001", [f"@{KOL}"])
    assert (bad["posts"], bad["engaged_accounts"]) == (1, 60)
    assert bad["phantom_share"] == pytest.approx(2 / 3, abs=1e-5)
    assert bad["genuine_share"] == pytest.approx(1 / 3, abs=1e-5)
    assert bad["is_enough"]
    # 18 of the brand's 36 genuine engagers are among the 20 of it.
    assert bad["overlaps"] == [
        {"with": "Aurora Tea", "kind": "brand", "shared_accounts": 18, "share": 0.9}
    ]
    assert good["overlaps"] == []
    lines = list(told([bad, good]))
    assert [line.split()[0] for line in lines[1:3]] == ["weibo", f"@{KOL}"]
    assert "90.0% of its genuine engagers (18 accounts)" in lines[-1]
    with pytest.raises(ConfigurationError, match="Name a pseudonym"):
        vet(paid.workspace, [""])


def test_vet_judges_files_without_a_workspace(tmp_path: Path) -> None:
    """Who posted in them; what they can't tell is told, and a table written."""
    lab = Lab(tmp_path)
    for name, text in tables().items():
        if name.startswith("export"):
            lab.put(name, text)
    with (tmp_path / "export/accounts.csv").open("a") as accounts:
        accounts.write(f'\nweibo,8002,"{FORMULA}",300,2026-03-06T02:00:00Z\n')
    out = tmp_path / "vetted.csv"
    asked = [f"@{KOL}", "8002", "9000", "4711"]
    done = call_command(
        "vet",
        str(tmp_path / "export"),
        *(word for name in asked for word in ("--account", name)),
        "--out",
        str(out),
    )
    assert done.returncode == 1, "of 4711 nothing stands there"
    assert "1 account posted nothing" in done.stderr
    assert "deduplicate" not in done.stdout
    assert "engage with candidate weibo 9000, too." in done.stdout
    limits = done.stdout.split("What these files can't tell:")[1]
    assert "brand's as well can't be told" in limits
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["account_id"]: row for row in csv.DictReader(file)}
    assert {name: row["engaged_accounts"] for name, row in rows.items()} == {
        "8001": "60",
        "8002": "40",
        "9000": "40",
    }
    assert rows["8002"]["screen_name"] == f"'{FORMULA}"
    assert rows["8001"]["platform_engagements"] == "60"
    assert rows["8001"]["completeness"] == "1.0"
    assert "weibo 9000: 18 accounts" in rows["8001"]["overlaps"]


def test_vet_chooses_whom_to_judge() -> None:
    authors = [
        {"account_id": name, "screen_name": None, "engaged_accounts": engaged}
        for name, engaged in (("1", 60), ("2", 30), ("3", 29))
    ]

    def chosen(*asked: str, among: int = 0) -> list[str]:
        return [one["account_id"] for one in _candidates(authors[among:], asked)]

    assert chosen() == ["1", "2"]
    assert chosen(among=2) == ["3"], "the one with most, where nobody has enough"
    assert chosen("3", "@None") == ["3"]


def test_vet_names_all_that_is_wrong_with_files(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    for words, told_words in (
        (("vet", f"{tmp_path}/x.csv", "--out", "a.txt"), ("does not exist", ".csv.")),
        (("vet", f"{tmp_path}/empty.jsonl"), ("Nobody posted anything",)),
        (("vet", "8001", "--account", "1"), ("--account goes with files",)),
    ):
        done = call_command(*words)
        assert done.returncode == 2, done.stderr
        for one in told_words:
            assert one in done.stderr
