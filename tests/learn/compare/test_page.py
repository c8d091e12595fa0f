from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from whereshot.learn.compare.page import render_comparison
from whereshot.learn.compare.records import Comparison, Pair, RunRow, Score
from whereshot.learn.intervals import Estimate


def row(name: str, top1: float, **other: object) -> RunRow:
    score = Score("photos/test", "f" * 64, 100, *[Estimate(top1, top1 - 0.05, top1 + 0.05)] * 3)
    history = tuple(
        {"epoch": float(n), "loss": 2.0 - n, "validation_top1": top1 * n / 2} for n in range(3)
    )
    fields: dict[str, object] = {
        "architecture": "timm/x",
        "size": 64,
        "parameters": 1_234_567,
        "gflops": 1.5,
        "cpu_milliseconds": 12.3,
        "processor": "a processor",
        "epochs": 3,
        "planned_epochs": 5,
        "train_seconds": 90.0,
        "validation": Estimate(top1, top1 - 0.1, top1 + 0.1),
        "test": score,
        "history": history,
    }
    return RunRow(name, f"runs/{name}", "finished", **{**fields, **other})  # type: ignore[arg-type]


@pytest.fixture
def found() -> Comparison:
    bad = RunRow("bad", "runs/bad", "unreadable", "it is <damaged>")
    gain = Estimate(0.05, 0.01, 0.09)
    return Comparison(
        (row("<b>one</b>", 0.8), row("two", 0.85), bad),
        (Pair("<b>one</b>", "two", 100, gain, gain, 3, 8, 0.2265625),),
        {"optim.lr": (1e-3, 5e-3, None)},
        "photos/test",
        "f" * 64,
    )


class Words(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.skipped = "", list[str](), False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.skipped = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.skipped = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self.skipped else f"{data} "


def test_every_run_has_its_figures_and_its_reason(found: Comparison) -> None:
    words = Words(render_comparison(found))
    for each in ("85.0 % (80.0-90.0)", "1.23 M", "12.3", "3 of 5", "1.5", "bad: it is <damaged>"):
        assert each in words.text, each
    assert "8, against 3" in words.text
    assert "+5.0 (+1.0 to +9.0)" in words.text
    assert "optim.lr" in words.text
    assert "a processor" in words.text


def test_the_page_needs_nothing_else_and_no_name_breaks_out(found: Comparison) -> None:
    page = render_comparison(found)
    assert "<b>one" not in page
    assert not re.search(r"(?:src|href)=", page)
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_a_run_has_one_color_in_the_table_and_in_every_curve(found: Comparison) -> None:
    page = render_comparison(found)
    colors = re.findall(r'<g class="line (series-\d)"><title>two: ', page)
    assert set(colors) == {"series-2"}
    assert len(colors) == 4  # interval, difference, top-1, loss
    assert '<i class="key series-2"></i>two' in page


def test_what_was_not_measured_leaves_no_empty_section() -> None:
    bare = dataclasses.replace(row("one", 0.8), test=None, history=(), cpu_milliseconds=None)
    page = Words(render_comparison(Comparison((bare,), (), {}, None, None))).text
    assert "None of them has been measured on test photos yet" in page
    for each in ("test top-1", "Epoch by epoch", "recipes", "or luck"):
        assert each not in page
