from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from study_rows import row

from whereshot.learn.study.choice import choose, pareto_front


def test_the_front_is_what_none_beats_in_both_time_and_accuracy() -> None:
    rows = [
        row("slow", 0.9, 40),
        row("beaten", 0.8, 30),
        row("good", 0.85, 20),
        row("fast", 0.5, 5),
    ]
    assert [each.name for each in pareto_front(rows)] == ["fast", "good", "slow"]


def test_of_equals_one_is_on_the_front() -> None:
    rows = [row("a", 0.9, 10), row("b", 0.9, 10), row("c", 0.9, 11), row("d", 0.8, 10)]
    assert [each.name for each in pareto_front(rows)] == ["a"]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=12),
)
def test_every_network_is_on_the_front_or_beaten_by_one_on_it(pairs: list) -> None:
    rows = [row(str(i), top1 / 20, time) for i, (top1, time) in enumerate(pairs)]
    front = pareto_front(rows)
    for one in rows:
        beaten = any(
            other.top1.value >= one.top1.value and other.cpu_milliseconds <= one.cpu_milliseconds
            for other in front
            if other is not one
        )
        assert (one in front) or beaten
    for one in front:
        assert not any(
            other.top1.value >= one.top1.value
            and other.cpu_milliseconds <= one.cpu_milliseconds
            and (other.top1.value, other.cpu_milliseconds) != (one.top1.value, one.cpu_milliseconds)
            for other in rows
        )


def test_the_choice_is_the_fastest_within_one_standard_error_of_the_best() -> None:
    # One standard error of 90 % of 400 photos: sqrt(0.9 * 0.1 / 400) = 1.5 points.
    rows = [row("best", 0.90, 40), row("near", 0.886, 20), row("nearer", 0.89, 30)]
    rows.append(row("too far", 0.884, 10))
    found = choose(rows, 400)
    assert found is not None
    assert (found.name, found.best) == ("near", "best")
    assert abs(found.standard_error - 0.015) < 1e-9
    assert found.why == (
        "Take near at 32 px: 88.6 % of 400 held-out photos right, in 20.0 ms a photo. It is the "
        "fastest within one standard error (1.5 points) of the best, which is best at 32 px: "
        "90.0 % in 40.0 ms."
    )


def test_with_more_photos_a_small_lead_counts() -> None:
    rows = [row("best", 0.90, 40), row("near", 0.886, 20)]
    found = choose(rows, 40_000)
    assert found is not None
    assert found.name == "best"
    assert "the most accurate, and nothing faster comes within one standard error (0.1" in found.why


def test_of_equally_fast_networks_the_more_accurate_is_chosen() -> None:
    rows = [row("frozen", 0.89, 20), row("full", 0.90, 20), row("partial", 0.895, 20)]
    found = choose(rows, 400)
    assert found is not None
    assert (found.name, found.best) == ("full", "full")


def test_networks_that_were_not_measured_take_no_part() -> None:
    rows = [row("failed", None, None), row("untimed", 0.99, None), row("fine", 0.5, 10)]
    assert [each.name for each in pareto_front(rows)] == ["fine"]
    found = choose(rows, 100)
    assert found is not None
    assert found.name == "fine"
    assert choose(rows[:2], 100) is None
    assert choose([], 0) is None
