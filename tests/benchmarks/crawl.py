"""A day of interactions through Weibo's API, at its limits, faster than in truth.

`python -m tests.benchmarks.crawl [--interactions 200000] [--seed 7] [--scale 1000]
[--per-hour 50000] [--latency-ms 0] [--kills 3] [--only CRAWL,...] [--out FILE]`

The emulator is a process of its own, the crawl another. Both see a clock that runs
`scale` times as fast as the machine's, so that an hour lasts 3.6 s; the hour's calls
are divided by `scale`, too. The rate that is permitted is thus the true one (50,000
calls an hour of the commercial endpoints are 13.9 a second), while a window of the
budget ends every 3.6 s: a crawl of two minutes crosses as many as one of a day and a
half. The product is used as it is: its limit through `limits`, all of it through
`budget_share` and `reserve`, its waiting through `patience_minutes` and the clock.

An answer takes as long as in truth, so the shorter a window, the more of its calls
are under way at its end, where they count in both: with slow answers take a smaller
scale.

Measured: a crawl that is left `alone`, one that is `killed` (its clock runs a tenth as
fast, or half a day would pass and a new reading begin), two processes that have one
budget (`shared`), one `without_limit` and the `naive` crawl of the same world. It fails
where a promise is broken: a call that is refused or above the limit, less than 95 % of
the permitted calls between the first and the last hour, a row that is missing, more
pages repeated by a kill than were under way.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import orjson

from tasks.sources import api_landing
from tasks.sources.api_landing import collect_source
from tasks.sources.crawl.budget import HOUR
from tasks.warehouse.workspace import load_workspace
from tests.emulators.naive import LISTS, crawl_weibo
from tests.emulators.serving import Call, serve
from tests.emulators.weibo import TOKEN, WeiboEmulator, WeiboLimits, WeiboOptions
from tests.emulators.weibo_truth import told
from tests.flows.weibo_api import ACCOUNTS, reading, roots
from tests.workspaces import Lab
from tests.world import WorldSpec, generate

# It takes longer than many a crawl.
_world = functools.cache(generate)
_SPAWN = multiprocessing.get_context("spawn")
# What is to be shown.
LEAST_USE = 0.95
CRAWLS = ("alone", "killed", "shared", "without_limit", "naive")
# Where a crawl's process tells what it cost.
_COST = "cost.json"
# By so much the clock of the killed crawl runs slower, with as many more calls in an
# hour: the same rate.
_SLOWER = 10


@dataclass(frozen=True)
class FastClock:
    """The machine's clock, faster: the same in every process.

    Attributes:
        begins: its time at `origin`, Unix seconds.
        origin: the machine's time then.
        scale: how many times faster it runs.
    """

    begins: float
    origin: float
    scale: float

    def now(self) -> float:
        """Seconds since 1970."""
        return self.begins + (time.time() - self.origin) * self.scale

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds / self.scale)


@dataclass(frozen=True)
class Task:
    """What is measured.

    Attributes:
        spec: of the world.
        clock: of everyone.
        hourly: calls that the platform answers an hour; None is no limit.
        latency: seconds that each answer takes.
    """

    spec: WorldSpec
    clock: FastClock
    hourly: int | None
    latency: float


def _serve(task: Task, pipe: Connection) -> None:
    """The emulator's process: tells its address, then its calls until it is told."""
    options = WeiboOptions(limits=WeiboLimits(ip_hour=task.hourly))
    emulator = WeiboEmulator(_world(task.spec), options, task.clock.now)
    emulator.latency = task.latency
    with serve(emulator) as base:
        pipe.send(base)
        while (asked := pipe.recv()) != "end":
            pipe.send(
                {
                    "count": len(emulator.calls),
                    "under way": emulator.under_way,
                    "most at once": emulator.most_under_way,
                }.get(asked, emulator.calls[:])
            )


@contextmanager
def _emulator(task: Task) -> Iterator[tuple[str, Connection]]:
    pipe, other = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(task, other))
    process.start()
    try:
        yield pipe.recv(), pipe
    finally:
        pipe.send("end")
        process.join()


def _asked(pipe: Connection, what: str) -> Any:
    pipe.send(what)
    return pipe.recv()


def _crawl(root: Path, days: tuple[date, date], clock: FastClock) -> None:
    """The crawl's process."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - until it ends
    os.environ["WEIBO_ACCESS_TOKEN"] = TOKEN
    workspace = load_workspace(root)
    land = api_landing._land_waiting
    spent = {"landing": 0.0}

    def timed(*arguments: Any) -> Any:
        begun = time.process_time()
        found = land(*arguments)
        spent["landing"] += time.process_time() - begun
        return found

    api_landing._land_waiting = timed
    begun = time.process_time()
    done = collect_source(workspace, workspace.sources[0], *days, clock)
    spent["crawl"] = time.process_time() - begun - spent["landing"]
    (root / _COST).write_text(json.dumps(spent))
    sys.exit(1 if done.deferred else 0)


def _begin(lab: Lab, task: Task) -> multiprocessing.process.BaseProcess:
    days = (task.spec.start, task.spec.start)
    process = _SPAWN.Process(target=_crawl, args=(lab.root, days, task.clock))
    process.start()
    return process


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise SystemExit(f"the crawl ended with {process.exitcode}")


def _workspace(folder: Path, base: str, task: Task, more: str = "") -> Lab:
    lab = Lab(folder)
    more += (
        f"commercial = true\nlimits = {{ ip-hour = {task.hourly or 10**9} }}\n"
        "budget_share = 1.0\nreserve = 0.0\npatience_minutes = 1e9"
    )
    lab.put("workspace.toml", reading(_world(task.spec), base, more))
    return lab


def _landed(lab: Lab) -> set[str]:
    """Ids of posts, reposts and comments that were landed."""
    landing = lab.root / "landing" / "weibo"
    files = [
        str(file)
        for kind in ("status", "repost", "comment")
        for file in landing.glob(f"{kind}/*/*.parquet")
    ]
    found = duckdb.execute(
        "select distinct coalesce(record->>'idstr', record->>'id')"
        " from read_parquet($files)",
        {"files": files},
    )
    return {key for (key,) in found.fetchall()}


def _use(calls: Sequence[Call], hourly: int) -> dict[str, Any]:
    """How a crawl used its hours; the first and the last are not whole."""
    hours = Counter(int(call.time // HOUR) for call in calls)
    whole = range(min(hours) + 1, max(hours))
    used = sum(hours[hour] for hour in whole)
    return {
        "hours": len(hours),
        "most_calls_an_hour": max(hours.values()),
        "use": used / (hourly * len(whole)) if len(whole) else None,
    }


def _repeated(calls: Sequence[Call]) -> int:
    pages = Counter((call.path, *sorted(call.params.items())) for call in calls)
    return sum(pages.values()) - len(pages)


def _figures(calls: Sequence[Call], task: Task) -> dict[str, Any]:
    seconds = (calls[-1].time - calls[0].time) / task.clock.scale
    return {
        "calls": len(calls),
        "refused": sum(call.status != 200 for call in calls),
        "repeated": _repeated(calls),
        "seconds": seconds,
        "calls_a_second": len(calls) / seconds,
        **(
            {"calls_a_window": task.hourly, **_use(calls, task.hourly)}
            if task.hourly
            else {}
        ),
    }


def crawl_alone(folder: Path, task: Task) -> tuple[dict[str, Any], set[str]]:
    """A crawl that nobody disturbs; its figures and what it found."""
    with _emulator(task) as (base, pipe):
        lab = _workspace(folder, base, task)
        _end(_begin(lab, task))
        figures = _figures(_asked(pipe, "calls"), task)
        figures |= {"at_once": _asked(pipe, "most at once")} | _cost(lab, figures)
        return figures, _landed(lab)


def _cost(lab: Lab, figures: Mapping[str, Any]) -> dict[str, float]:
    """Processor milliseconds a call: of crawling, of landing what was crawled."""
    spent = json.loads((lab.root / _COST).read_text())
    return {
        f"{part}_ms_a_call": 1000 * seconds / figures["calls"]
        for part, seconds in spent.items()
    }


def crawl_shared(folder: Path, task: Task) -> dict[str, Any]:
    """Two processes at once, each with a workspace, with one budget."""
    budget = f'budget_file = "{folder / "budget.sqlite"}"\n'
    with _emulator(task) as (base, pipe):
        labs = [_workspace(folder / name, base, task, budget) for name in "ab"]
        for process in [_begin(lab, task) for lab in labs]:
            _end(process)
        figures = _figures(_asked(pipe, "calls"), task)
        return figures | {"at_once": _asked(pipe, "most at once")}


def crawl_killed(
    folder: Path, task: Task, calls: int, kills: int, rng: random.Random
) -> tuple[dict[str, Any], set[str]]:
    """The same, killed (SIGKILL) at random moments and begun again each time."""
    moments = sorted(rng.sample(range(1, calls), kills))
    under_way = 0
    with _emulator(task) as (base, pipe):
        lab = _workspace(folder, base, task)
        for moment in moments:
            process = _begin(lab, task)
            while process.is_alive() and _asked(pipe, "count") < moment:
                time.sleep(0.001)
            time.sleep(rng.random() * 0.02)
            under_way += _asked(pipe, "most at once")
            process.kill()
            process.join()
        _end(_begin(lab, task))
        figures = _figures(_asked(pipe, "calls"), task)
        figures |= {"at_once": _asked(pipe, "most at once")}
        return {**figures, "kills": kills, "may_repeat": under_way}, _landed(lab)


def crawl_twice(folder: Path, task: Task) -> dict[str, Any]:
    """A crawl without a limit, and another a day later."""
    with _emulator(task) as (base, pipe):
        lab = _workspace(folder, base, task)
        _end(_begin(lab, task))
        first = _asked(pipe, "calls")
        clock = replace(task.clock, begins=task.clock.begins + 86_400)
        _end(_begin(lab, replace(task, clock=clock)))
        again = len(_asked(pipe, "calls")) - len(first)
    return {**_figures(first, task), "calls_a_day_later": again}


def crawl_naively(task: Task) -> tuple[dict[str, Any], set[str]]:
    """The crawl that anybody would write first, without a limit.

    It is told the posts under the campaign's hashtag, and asks for no profiles.
    """
    found: set[str] = set()
    with _emulator(task) as (base, pipe):
        for body in crawl_weibo(base, TOKEN, ACCOUNTS, roots(_world(task.spec))):
            content = orjson.loads(body)
            names = [name for name in LISTS.values() if name in content]
            rows = content[names[0]] if names else [content]
            found |= {str(row.get("idstr") or row["id"]) for row in rows}
        return _figures(_asked(pipe, "calls"), task), found


def truth(spec: WorldSpec) -> set[str]:
    """Ids of what there is to find."""
    world = _world(spec)
    emulator = WeiboEmulator(world)
    whole = told(emulator, roots(world, emulator.deleted_posts))
    return {*whole.posts["post_id"], *whole.interactions["interaction_id"]}


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All crawls of one world."""
    spec = WorldSpec(seed=options.seed, interactions=options.interactions, days=1)
    clock = FastClock(float(spec.observed_second), time.time(), options.scale)
    hourly = int(options.per_hour / options.scale)
    task = Task(spec, clock, hourly, options.latency_ms / 1000)
    free = replace(task, hourly=None)
    expected = truth(spec)
    rng = random.Random(options.seed)
    result: dict[str, Any] = {
        "interactions": options.interactions,
        "seed": options.seed,
        "scale": options.scale,
        "calls_an_hour": options.per_hour,
        "calls_a_window": hourly,
        "slower_when_killed": _SLOWER,
        "window_seconds": HOUR / options.scale,
        "latency_ms": options.latency_ms,
        "rows": len(expected),
    }
    only = options.only.split(",")
    if "alone" in only or "killed" in only:
        alone, found = crawl_alone(folder / "alone", task)
        result["alone"] = {**alone, "missing": len(expected - found)}
    if "killed" in only:
        # A pass of the crawl is half a day long, and this clock must not outrun it.
        slower = replace(
            task,
            clock=replace(clock, scale=options.scale / _SLOWER),
            hourly=int(_SLOWER * options.per_hour / options.scale),
        )
        killed, found = crawl_killed(
            folder / "killed", slower, alone["calls"], options.kills, rng
        )
        result["killed"] = {**killed, "missing": len(expected - found)}
    if "shared" in only:
        result["shared"] = crawl_shared(folder / "shared", task)
    if "without_limit" in only:
        result["without_limit"] = crawl_twice(folder / "free", free)
    if "naive" in only:
        naive, found = crawl_naively(free)
        result["naive"] = {**naive, "missing": len(expected - found)}
    return result


def broken_promises(result: Mapping[str, Any]) -> list[str]:
    """What the figures say against the crawl."""
    broken = []
    for name in ("alone", "killed", "shared"):
        if (figures := result.get(name)) is None:
            continue
        if figures["refused"]:
            broken.append(f"{name}: {figures['refused']} calls were refused")
        if figures["most_calls_an_hour"] > figures["calls_a_window"]:
            broken.append(f"{name}: more calls than the limit in an hour")
        if figures.get("missing"):
            broken.append(f"{name}: {figures['missing']} rows are missing")
        # Each of the two that share a budget reads every page.
        if name != "shared" and figures["repeated"] > figures.get("may_repeat", 0):
            broken.append(f"{name}: {figures['repeated']} pages were asked again")
        if name == "killed":  # much of its time is starting processes
            continue
        use = figures["use"]
        if use is not None and use < LEAST_USE:
            broken.append(f"{name}: only {use:.1%} of the permitted calls were used")
    return broken


def show(result: Mapping[str, Any]) -> None:
    """Print a table."""
    print(
        f"seed {result['seed']}, {result['interactions']:,} interactions,"
        f" {result['rows']:,} rows to find; {result['calls_a_window']} calls in"
        f" {result['window_seconds']:g} s (of {result['calls_an_hour']:,} an hour),"
        f" {result['latency_ms']:g} ms an answer"
    )
    print(
        f"{'crawl':14} {'calls':>6} {'rows/call':>9} {'seconds':>8} {'calls/s':>8}"
        f" {'refused':>7} {'repeated':>8} {'missing':>7} {'most/hour':>9} {'used':>6}"
        f" {'at once':>7} {'ms/call':>7} {'landing':>7}"
    )
    for name in CRAWLS:
        if (figures := result.get(name)) is None:
            continue
        use = figures.get("use")
        print(
            f"{name:14} {figures['calls']:6,}"
            f" {result['rows'] / figures['calls']:9.1f}"
            f" {figures['seconds']:8.1f} {figures['calls_a_second']:8.1f}"
            f" {figures['refused']:7} {figures['repeated']:8}"
            f" {figures.get('missing', 0):7} {figures.get('most_calls_an_hour', ''):>9}"
            f" {'' if use is None else f'{use:.1%}':>6}"
            f" {figures.get('at_once', ''):>7}"
            f" {figures.get('crawl_ms_a_call', 0):7.1f}"
            f" {figures.get('landing_ms_a_call', 0):7.1f}"
        )
    if "without_limit" in result:
        print(f"a day later: {result['without_limit']['calls_a_day_later']} calls")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1000.0)
    parser.add_argument("--per-hour", type=int, default=50_000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--only", default=",".join(CRAWLS))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options, Path(folder))
    show(result)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    if broken := broken_promises(result):
        raise SystemExit("\n".join(broken))


if __name__ == "__main__":
    main()
