"""Landing in a bucket of a server that speaks S3: as in a folder, also where it fails.

`test_landing_store.py` has what needs no server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.warehouse.landing_store import StorageError, connected, store_of
from tests.emulators.object_storage import storage, unreliable
from tests.workspaces import Lab, call_command, lab_of
from tests.world import World

pytestmark = pytest.mark.objectstore
DAYS = ("--from", "2026-03-01", "--to", "2026-03-14", "--reason", "trial")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A storage with the bucket `tea`."""
    with storage(os.environ["WM_TEST_STORAGE"]) as address:
        yield address


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, server: str) -> Iterator[pytest.MonkeyPatch]:
    """An environment that names the storage; `AWS_ENDPOINT_URL` may be another one."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "a secret nobody is told",
        "AWS_EC2_METADATA_DISABLED": "true",
        "WM_PSEUDONYM_KEY": "trial",
    }.items():
        monkeypatch.setenv(name, value)
    connected.cache_clear()
    yield monkeypatch
    connected.cache_clear()


def in_bucket(lab: Lab, address: str) -> Lab:
    """A copy of a workspace whose landing lies in a bucket."""
    copy = Lab(lab.root.with_name(address.rpartition("/")[2]))
    shutil.copytree(lab.root, copy.root)
    file = copy.root / "workspace.toml"
    file.write_text(f'landing = "{address}"\n{file.read_text()}')
    return copy


def published(lab: Lab) -> dict[str, str]:
    """Digests of the published tables."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((lab.root / "published/parquet").iterdir())
    }


def landed(lab: Lab) -> list[str]:
    """Names of what landed."""
    return sorted(store_of(lab.root / "landing").names())


def test_marts_are_the_same_bytes_where_a_storage_fails_now_and_then(
    small_world: World, tmp_path: Path, server: str, at: pytest.MonkeyPatch
) -> None:
    """Busy, slow, cut in the middle; then nobody is there."""
    plain = lab_of(small_world, tmp_path / "plain")
    bucketed = in_bucket(plain, "s3://tea/unreliable")
    assert plain.call("backfill", *DAYS).returncode == 0
    with unreliable(server) as (address, before):
        at.setenv("AWS_ENDPOINT_URL", address)
        connected.cache_clear()
        done = bucketed.call("backfill", *DAYS)
        assert done.returncode == 0, done.stderr
        assert before.failed > 5
        assert published(bucketed) == published(plain)
        assert landed(bucketed) == landed(plain)
    connected.cache_clear()
    at.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    at.setattr("tasks.warehouse.landing_store._CALLS_EACH", 2)
    with pytest.raises(StorageError, match="nobody answers there"):
        store_of(bucketed.root / "landing").refresh()
    told = bucketed.call("daily", "--date", "2026-03-14")
    assert told.returncode == 1
    assert "AWS_ENDPOINT_URL" in told.stderr
    assert "secret" not in told.stderr + told.stdout
    assert published(bucketed) == published(plain)


def test_a_run_killed_at_any_moment_is_finished(
    small_world: World, tmp_path: Path, at: pytest.MonkeyPatch
) -> None:
    plain = lab_of(small_world, tmp_path / "plain")
    only = (*DAYS, "--only", "extract")
    assert plain.call("backfill", *only).returncode == 0
    for moment in ("landing:moved@9", "landing:log", "landing:mirror@2"):
        bucketed = in_bucket(plain, f"s3://tea/{moment.translate({58: 45, 64: 45})}")
        shutil.rmtree(bucketed.root / "landing")
        killed = bucketed.command(
            "backfill", *only, environment={"WM_CRASH_AT": moment}
        )
        assert killed.returncode == -9, killed.stderr
        assert bucketed.call("backfill", *only).returncode == 0
        assert landed(bucketed) == landed(plain)
        store = store_of(bucketed.root / "landing")
        store.refresh()
        left = list((bucketed.root / "landing/.log").iterdir())
        assert {file.suffix for file in left} == {".json"}


def test_doctor_says_where_landing_lies(
    small_world: World, tmp_path: Path, at: pytest.MonkeyPatch
) -> None:
    bucketed = in_bucket(lab_of(small_world, tmp_path / "plain"), "s3://tea/doctor")
    only = (*DAYS, "--only", "extract")
    assert bucketed.call("backfill", *only).returncode == 0
    said = call_command("doctor", "--workspace", str(bucketed.root)).stdout
    assert "s3://tea/doctor" in said
