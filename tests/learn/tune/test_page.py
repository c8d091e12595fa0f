from __future__ import annotations

import dataclasses
import re

from whereshot.learn.tune.page import render_search
from whereshot.learn.tune.records import Search, TrialRow
from whereshot.learn.tune.space import Choice, Range

SPACE = (Range("optim.lr", 1e-4, 1e-1, log=True), Choice("augment.preset", ("light", "strong")))


def trial(number: int, value: float | None, state: str = "finished") -> TrialRow:
    return TrialRow(
        number,
        f"trial-{number:04d}",
        state,  # type: ignore[arg-type]
        {"optim.lr": 10.0**-number, "augment.preset": "light"},
        value,
        0.75,
        3,
        60.0,
        (2.0, 1.5, value or 1.0),
        "it <b>diverged</b>" if state == "failed" else None,
    )


FOUND = Search(
    "<i>world</i>",
    "runs/tune",
    "loss",
    SPACE,
    (trial(1, 0.8), trial(2, 0.5123456), trial(3, None, "pruned"), trial(4, None, "failed")),
    {"optim.lr": 0.9, "augment.preset": 0.1},
)


def test_the_page_has_every_trial_best_first_and_what_mattered() -> None:
    page = render_search(FOUND)
    assert "the best so far is trial-0002 with 0.5123" in page
    rows = re.findall(r'<th scope="row">(trial-\d+)</th><td>(\w+)</td>', page)
    assert rows == [
        ("trial-0002", "finished"),
        ("trial-0001", "finished"),
        ("trial-0003", "pruned"),
        ("trial-0004", "failed"),
    ]
    assert "What mattered" in page
    assert "90%" in page
    assert "trial-0004: it &lt;b&gt;diverged" in page
    assert "0.0001 to 0.1, evenly by ratio" in page
    assert "light, strong" in page


def test_numbers_sort_by_all_of_their_digits() -> None:
    assert 'data-value="0.512346"' in render_search(FOUND)


def test_failed_trials_have_no_curve() -> None:
    titles = re.findall(r"<title>(trial-\d+): [^<]* at epoch", render_search(FOUND))
    assert titles == ["trial-0002", "trial-0001", "trial-0003"]


def test_no_name_breaks_out_and_nothing_is_loaded() -> None:
    page = render_search(FOUND)
    assert "<i>world" not in page
    assert "<b>diverged" not in page
    assert not re.search(r"(?:src|href)=", page)


def test_a_search_that_has_just_begun_has_a_page_too() -> None:
    for trials in ((), (trial(1, None, "stopped"),), (trial(1, 0.5),)):
        page = render_search(dataclasses.replace(FOUND, trials=trials, importances={}))
        assert "Too few trials are finished to say." in page
    assert "no trial is finished yet" in render_search(dataclasses.replace(FOUND, trials=()))


def test_shares_are_shown_in_percent() -> None:
    page = render_search(dataclasses.replace(FOUND, goal="top1", trials=(trial(1, 0.8),)))
    assert "80.0%" in page
