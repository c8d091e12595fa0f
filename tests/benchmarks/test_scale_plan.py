"""The plan for many photos: the closed form against the simulation, the page against both."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import scale_plan

    yield scale_plan
    for name in ("scale_plan", "_pipeline", "_table", "_phone"):
        sys.modules.pop(name, None)


@pytest.fixture
def small(plan: ModuleType) -> Any:
    """A thousand units for eight actors that nothing holds up."""
    return plan.Pipeline(
        photos=64_000,
        actors=8,
        unit=64,
        photo=0.03,
        list_rate=float("inf"),
        plan_unit=0.0,
        hand_out=0.0,
        write_rate=float("inf"),
    )


@pytest.mark.parametrize(
    ("changed", "bottleneck"),
    [
        ({}, "cores"),
        ({"actors": 1}, "cores"),
        ({"actors": 8, "unit": 4000}, "cores"),
        ({"hand_out": 0.005, "write_rate": 50_000.0}, "cores"),
        ({"write_rate": 100.0}, "driver"),
        ({"hand_out": 0.5}, "driver"),
        ({"list_rate": 100.0}, "listing"),
        ({"plan_unit": 1.0, "hand_out": 0.001}, "planning"),
    ],
)
def test_the_closed_form_is_what_the_queues_come_to(
    plan: ModuleType, small: Any, changed: dict[str, float], bottleneck: str
) -> None:
    pipeline = dataclasses.replace(small, **changed)
    assert pipeline.bottleneck == bottleneck
    simulated = plan.simulate(pipeline)
    assert simulated == pytest.approx(pipeline.seconds, rel=0.12 if pipeline.unit > 64 else 0.05)


def test_a_simulation_without_spread_can_be_worked_out_by_hand(
    plan: ModuleType, small: Any
) -> None:
    # Two actors, five units of 10 s: the first three rounds of one, two of the other.
    by_hand = dataclasses.replace(small, photos=50, unit=10, actors=2, photo=1.0)
    assert plan.simulate(by_hand, spread=0.0) == pytest.approx(30.0)
    # Handing out takes 1 s: the actors begin at 1 and 2 s, the last unit ends at 31 s, but writing
    # the ones before has kept the driver busy since 12 s, 5 s each.
    slower = dataclasses.replace(by_hand, hand_out=1.0, write_rate=2.0)
    assert plan.simulate(slower, spread=0.0) == pytest.approx(37.0)


def test_more_of_anything_never_takes_less(plan: ModuleType, small: Any) -> None:
    base = dataclasses.replace(small, hand_out=0.01, write_rate=2000.0)
    before = plan.simulate(base)
    for field, value in (("photos", 70_000), ("photo", 0.04), ("hand_out", 0.4)):
        assert plan.simulate(dataclasses.replace(base, **{field: value})) > before, field
    assert plan.simulate(dataclasses.replace(base, actors=16)) < before


def test_each_part_is_a_bound(plan: ModuleType, small: Any) -> None:
    pipeline = dataclasses.replace(small, list_rate=9000.0, hand_out=0.02, write_rate=5000.0)
    simulated = plan.simulate(pipeline, spread=0.0)
    assert simulated > pipeline.parts["listing"] + pipeline.parts["cores"] - 1e-6
    assert simulated > pipeline.parts["driver"] - 1e-6


def test_money_is_what_the_parts_cost(plan: ModuleType) -> None:
    prices = plan.Prices()
    thousand = plan.api_dollars(1_000_000, prices)
    assert thousand == 1500.0
    assert plan.api_dollars(10_000_000, prices) == 5_000_000 / 1000 * 1.5 + 5_000_000 / 1000 * 0.6
    cost = plan.dollars(plan.JOBS[0], plan.read_measured(), prices)
    assert sum(cost.values()) < thousand
    assert all(value >= 0 for value in cost.values())


def test_the_page_shows_what_the_command_prints(plan: ModuleType) -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    for table in plan.tables(plan.read_measured(), plan.Prices()):
        assert table in page, f"not in docs/scale.md; `python benchmarks/scale_plan.py`:\n{table}"
