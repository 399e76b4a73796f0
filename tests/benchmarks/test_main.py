"""What the benchmark prints of runs that took no longer than nothing."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import tell_cold

SPENT = {"wall_s": 17.8, "cpu_s": 11.8, "peak_gb": 0.78}


def test_small_runs_beside_other_work_are_told_without_figures_below_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [
        {
            "interactions": interactions,
            "campaigns": 2,
            "input_gb": 0.03,
            "steps": {"extract": 2.5},
            "run": SPENT,
            "nothing_new": SPENT,
            "net_s": net,
            "warehouse_gb": 0.03,
        }
        for interactions, net in ((20_000, -10.2), (40_000, 3.0), (80_000, 6.0))
    ]
    tell_cold(found)
    told = capsys.readouterr().out
    assert "-10.2" not in told
    assert told.count("power") == 1
    assert "from 40,000 to 80,000: time grows with the power 1.00" in told
