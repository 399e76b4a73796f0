"""`train`: labels and exports in, weights and a card out; `deduplicate` takes them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tasks.accounts.identity_model import read_parameters
from tasks.accounts.phantom_model import SHIPPED, read_model
from tasks.verdicts.labels import read_labels, read_operators
from tasks.verdicts.own_models import load_parameters
from tasks.warehouse.errors import ConfigurationError
from tests.workspaces import (
    OVERRIDE_HEADER,
    Lab,
    call_command,
    repost,
    status,
    user,
)
from tests.world import World, WorldSpec, generate, write


def write_labels(world: World, file: Path) -> None:
    """The planted truth as a team would have labelled it."""
    genuine = ["genuine", "inactive", "brand", "opinion_leader"]
    world.truth_accounts.select(
        "account_id",
        is_phantom=(~pl.col("kind").is_in(genuine)).cast(pl.Int64),
    ).write_csv(file)


def test_labelled_accounts_give_weights_and_a_card(
    small_world: World, tmp_path: Path
) -> None:
    write(small_world, tmp_path / "export", "weibo-api")
    write_labels(small_world, tmp_path / "labels.csv")
    out = tmp_path / "models" / "own.json"
    done = call_command(
        "train",
        "--labels",
        str(tmp_path / "labels.csv"),
        "--accounts",
        str(tmp_path / "export"),
        "--out",
        str(out),
    )
    assert done.returncode == 0, done.stderr
    assert "Out of fold on weibo: AUC" in done.stdout
    model = read_model(out.read_text(encoding="utf-8"))
    assert {"profile", "profile+short"} <= set(model.calibrations["*"])
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert model.version in card
    assert out.with_suffix(".svg").read_text(encoding="utf-8").startswith("<svg")
    assert len(list(out.parent.iterdir())) == 3


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "account_id,is_phantom,weight\n1,maybe,1\n,1,1\n3,1,-2\n4,1,1\n4,0,1\n"
    )
    done = call_command(
        "train",
        "--labels",
        str(tmp_path / "labels.csv"),
        "--accounts",
        str(tmp_path / "absent"),
        "--out",
        str(tmp_path / "model.pkl"),
    )
    assert done.returncode == 2
    for words in (
        "labels.csv:2: is_phantom 'maybe' must be one of 1, 0, true, false",
        "labels.csv:3: account_id is empty",
        "labels.csv:4: weight must be a number above 0",
        "labels.csv:6: the account stands twice",
        "absent",
        "must end in .json",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_decisions_of_a_team_are_labels(tmp_path: Path) -> None:
    file = tmp_path / "account_overrides.csv"
    file.write_text(
        f"{OVERRIDE_HEADER}\n"
        "phantom,weibo,1,,,bought,li,2026-03-01\n"
        "merge,weibo,1,,2,same desk,li,2026-03-01\n"
        "genuine,x,2,,,met her,li,2026-03-01\n"
        "genuine,weibo,1,,,a mistake,li,2026-03-02\n",
        encoding="utf-8",
    )
    # The later decision on an account holds.
    assert read_labels(file).rows() == [
        ("weibo", "1", False, 1.0),
        ("x", "2", False, 1.0),
    ]
    file.write_text("name\nsomebody\n")
    with pytest.raises(ConfigurationError, match="account_id, is_phantom"):
        read_labels(file)


def test_weights_of_a_workspace_are_used(lab: Lab) -> None:
    """And another version restates; weights that can't be used are told."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, user(21, "laowang"))])
    lab.run_to_accounts()
    shipped = lab.value("select max(model_version) from intermediate.account_scores")
    content = json.loads(SHIPPED.read_text(encoding="utf-8"))
    lab.put("models/phantom.json", content)
    lab.run_to_accounts()
    version = "select max(model_version) from intermediate.account_scores"
    assert lab.value(version) == shipped
    lab.put("models/phantom.json", {**content, "prior": 0.2})
    with pytest.raises(ConfigurationError, match="train them again"):
        lab.run_to_accounts()


def test_labels_of_operators_give_a_linkage_model(tmp_path: Path) -> None:
    """And a workspace that has one links by it."""
    world = generate(
        WorldSpec(
            seed=11,
            interactions=300,
            accounts=900,
            sockpuppet_share=0.3,
            remade_batches=True,
        )
    )
    write(world, tmp_path / "export", "canonical")
    world.truth_accounts.select("account_id", "operator").write_csv(
        tmp_path / "labels.csv"
    )
    out = tmp_path / "models" / "identity.json"
    done = call_command(
        "train",
        "--labels",
        str(tmp_path / "labels.csv"),
        "--accounts",
        str(tmp_path / "export"),
        "--out",
        str(out),
    )
    assert done.returncode == 0, done.stderr
    assert "Linkage model in" in done.stdout
    text = out.read_text(encoding="utf-8")
    parameters = read_parameters(text)
    assert parameters.partners["person"] > 0.05
    name = parameters.weights["person"]["name"]
    assert max(m / u for m, u in name.values()) > 100
    assert json.loads(text)["version"] in out.with_suffix(".md").read_text("utf-8")

    lab = Lab(tmp_path / "own")
    lab.configure(format="canonical", path=str(tmp_path / "export"))
    lab.run_to_accounts()
    before = lab.value("select count(*) from intermediate.accounts")
    lab.put("models/identity.json", text)
    assert load_parameters(lab.workspace).source == parameters.source
    assert lab.judge().accounts == before
    lab.put("models/identity.json", text.replace('"partners"', '"partner"'))
    with pytest.raises(ConfigurationError, match="no linkage model"):
        lab.judge()


def test_wrong_operators_are_named(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("account_id,operator\n1,a\n1,b\n,c\n2,\n")
    with pytest.raises(ConfigurationError) as caught:
        read_operators(file)
    assert [text.split(": ")[0][-2:] for text in caught.value.mistakes] == [":3", ":4"]
    file.write_text("account_id,operator\n1,a\n2,a\n3,\n")
    assert read_operators(file).rows() == [
        ("weibo", "1", "a"),
        ("weibo", "2", "a"),
        ("weibo", "3", None),
    ]
