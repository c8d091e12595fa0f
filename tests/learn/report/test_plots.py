"""Plots of figures: in range, complete, and safe with any name."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.learn.intervals import Estimate
from whereshot.learn.report import plots
from whereshot.learn.report.plots import Line, bar_plot, dot_plot, interval_plot, line_plot, ticks

NAN = float("nan")
CSS = Path(plots.__file__).with_name("report.css")


def parsed(plot: str) -> ElementTree.Element:
    return ElementTree.fromstring(plot)


def points_of(polyline: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in polyline.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
)
def test_ticks_reach_around_the_values_at_equal_steps(low: float, span: float) -> None:
    levels = ticks(low, low + span)
    slack = 1e-6 * max(1.0, abs(low), span)
    assert levels[0] <= low + slack
    assert levels[-1] >= low + span - slack
    assert 3 <= len(levels) <= 8
    steps = [b - a for a, b in pairwise(levels)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-3, abs=slack)


def test_a_single_value_has_room_around_it() -> None:
    assert ticks(2.0, 2.0)[0] < 2 < ticks(2.0, 2.0)[-1]
    assert ticks(0.0, 0.0)[0] < 0 < ticks(0.0, 0.0)[-1]


def test_a_line_runs_from_left_to_right_and_higher_values_stand_higher() -> None:
    plot = parsed(line_plot([Line("a", [(1, 0.2), (2, 0.4), (4, 0.3)], 0)], "Top-1"))
    (line,) = plot.iter("polyline")
    (x1, y1), (x2, y2), (x3, y3) = points_of(line)
    assert x1 < x2 < x3
    assert x3 - x2 == pytest.approx(2 * (x2 - x1))
    assert y2 < y3 < y1  # SVG counts downwards
    assert plot.attrib["aria-label"] == "Top-1"


def test_what_is_not_a_number_breaks_a_line() -> None:
    plot = parsed(line_plot([Line("a", [(1, 1), (2, 2), (3, NAN), (4, 1)], 0)], "Loss"))
    assert [len(points_of(line)) for line in plot.iter("polyline")] == [2]
    assert len(list(plot.iter("circle"))) == 1


def test_without_any_figure_it_says_so() -> None:
    assert "No figures yet" in line_plot([Line("a", [(1, NAN)], 0), Line("b", [], 1)], "Loss")


def test_a_name_can_not_break_out() -> None:
    name = "<script>alert('x')</script>&\udcff"
    half = Estimate(0.5, 0.4, 0.6)
    for plot in (
        line_plot([Line(name, [(1, 1), (2, 2)], 0)], name),
        bar_plot([(name, 1.0)], name),
        interval_plot([(name, half, 0)], name),
    ):
        assert "<script" not in plot
        assert "alert('x')" in "".join(parsed(plot).itertext())


def test_every_series_has_a_color_of_the_page_and_the_ninth_is_dashed() -> None:
    css = CSS.read_text(encoding="utf-8")
    classes = [plots.series_class(number) for number in range(16)]
    assert len(set(classes)) == 16
    for class_ in classes[:8]:
        assert f".{class_} {{" in css
        assert len(re.findall(rf"--{class_}: #", css)) == 2  # light and dark
    assert all(class_.endswith(" dashed") for class_ in classes[8:])


def test_bars_are_as_long_as_their_values() -> None:
    plot = parsed(bar_plot([("optim.lr", 0.6), ("model.dropout", 0.3), ("none", 0.0)], "What"))
    widths = [float(bar.attrib["width"]) for bar in plot.iter("rect")]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert widths[2] == 0
    assert "optim.lr" in "".join(plot.itertext())


def test_bars_that_are_all_zero_are_drawn() -> None:
    assert [b.attrib["width"] for b in parsed(bar_plot([("a", 0.0)], "What")).iter("rect")] == ["0"]


def test_an_interval_lies_around_its_value() -> None:
    rows = [("a", Estimate(0.9, 0.85, 0.93), 0), ("b", Estimate(0.8, 0.7, 0.9), 1)]
    plot = parsed(interval_plot(rows, "Top-1"))
    for path, circle in zip(plot.iter("path"), plot.iter("circle"), strict=True):
        low, _, high = re.match(r"M([\d.]+) ([\d.]+)H([\d.]+)", path.attrib["d"]).groups()
        assert float(low) < float(circle.attrib["cx"]) < float(high)


def test_differences_have_zero_on_their_axis() -> None:
    plot = parsed(interval_plot([("b", Estimate(0.1, 0.05, 0.15), 1)], "Gain", zero=True))
    assert [line.attrib["class"] for line in plot.iter("line")].count("axis") == 1


def test_dots_stand_by_ratio_on_a_log_scale() -> None:
    dots = [(10.0**-power, 1.0, 0, "a dot") for power in (4, 3, 1)]
    plot = parsed(dot_plot(dots, "Loss by rate", log=True))
    low, middle, high = (float(dot.attrib["cx"]) for dot in plot.iter("circle"))
    assert middle - low == pytest.approx((high - middle) / 2, rel=0.01)
    assert {"0.0001", "0.1"} <= set(plot.itertext())


def test_words_stand_side_by_side() -> None:
    dots = [("light", 1.0, 0, "a"), ("strong", 2.0, 1, "b"), ("light", 3.0, 0, "c")]
    plot = parsed(dot_plot(dots, "Loss by preset"))
    light, strong, again = (float(dot.attrib["cx"]) for dot in plot.iter("circle"))
    assert light == again < strong
    assert {"light", "strong"} <= set(plot.itertext())


def test_a_single_dot_is_drawn() -> None:
    assert len(list(parsed(dot_plot([(3.0, 1.0, 0, "it")], "One")).iter("circle"))) == 1
