from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from study_rows import row

from whereshot.learn.study.choice import choose, pareto_front
from whereshot.learn.study.records import Study
from whereshot.learn.study.report import render_study, write_study_report

REASON = "No weights for '<b>huge</b>': go online."


@pytest.fixture
def study() -> Study:
    rows = (
        row("small", 0.8, 9.0, mode="frozen", parameters=1_000_000, gflops=0.1, train_seconds=90.0),
        row("<i>odd", 0.7, 20.0, mode="partial"),
        row("large", 0.95, 41.0, size=64),
        row("huge-1", None, None, problem=REASON),
        row("huge-2", None, None, problem=REASON),
    )
    front = tuple(each.name for each in pareto_front(rows))
    choice = choose(rows, 400)
    return Study(rows, front, choice, "photos", 400, 3, False, "a processor", {"seed": 0}, "ws st")


def words_of(page: str) -> str:
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append
    parser.feed(page)
    return " ".join(" ".join(words).split())


def test_the_page_tells_the_choice_the_figures_and_what_failed_once(study: Study) -> None:
    page = words_of(render_study(study))
    assert study.choice is not None
    assert study.choice.why in page
    assert "80.0 % (75.0 to 85.0 %)" in page
    assert "1.5 min" in page
    assert page.count(REASON) == 1
    assert "huge-1, huge-2" in page
    assert "Test top-1" not in page


def test_the_page_loads_nothing_and_escapes_names(study: Study) -> None:
    page = render_study(study)
    assert not re.search(r"(src|href)=.https?:", page)
    assert "<i>odd" not in page
    assert "&lt;i&gt;odd" in page


def test_the_drawing_has_each_measured_network_the_front_and_the_choice(study: Study) -> None:
    page = render_study(study)
    drawing = page[page.index("<svg") : page.index("</svg>")]
    assert drawing.count('r="5"') == 3
    assert drawing.count('r="9"') == 1
    labels = re.findall(r">([^<]+)</text>", drawing)
    assert "small 32" in labels
    assert "large 64" in labels
    assert not any("odd" in label for label in labels)  # beaten, so it is not named
    (points,) = re.findall(r'<polyline points="([^"]+)"', drawing)
    places = [tuple(map(float, point.split(","))) for point in points.split()]
    assert len(places) == 3  # from the small one along, then up to the large one
    assert places[0][1] == places[1][1] > places[2][1]
    assert places[0][0] < places[1][0] == places[2][0]
    numbers = [float(number) for number in re.findall(r'c[xy]="([^"]+)"', drawing)]
    assert all(0 < number < 760 for number in numbers)


def test_a_study_in_which_all_failed_is_still_a_page(study: Study) -> None:
    rows = tuple(each for each in study.rows if each.problem)
    empty = dataclasses.replace(study, rows=rows, front=(), choice=None, held_out=0)
    page = render_study(empty)
    assert "No network could be trained and measured." in page
    assert "<svg" not in page


def test_one_network_alone_can_be_drawn(study: Study) -> None:
    rows = (row("only", 1.0, 9.0),)
    one = dataclasses.replace(study, rows=rows, front=("only",), choice=choose(rows, 3))
    assert "only 32" in render_study(one)


def test_the_report_is_a_file_and_the_record_is_json(study: Study, tmp_path: Path) -> None:
    write_study_report(study, tmp_path / "study.html")
    assert (tmp_path / "study.html").read_text() == render_study(study)
    record = json.loads(json.dumps(study.to_dict(), allow_nan=False))
    assert record["schema"] == "1.0"
    assert record["rows"][0]["top1"] == pytest.approx({"value": 0.8, "low": 0.75, "high": 0.85})
    assert record["choice"]["name"] == "large"
    assert record["front"] == ["small", "large"]
