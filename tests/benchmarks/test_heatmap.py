"""The benchmark of heatmaps: what it cuts out, what it paints over, and what it concludes."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RED, BLUE, GREY = (220, 30, 30), (30, 30, 220), (125, 125, 125)

TRIANGLE = ((40.0, 20.0), (80.0, 20.0), (40.0, 60.0))


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import heatmap

    yield heatmap
    sys.modules.pop("heatmap")
    sys.modules.pop("_table")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of a red thing in grey, and one of blue under the name of red."""
    folder = tmp_path / "photos" / "test"
    for number, box in enumerate([(0, 0, 160, 160), (160, 80, 320, 240), (80, 80, 240, 240)]):
        image = Image.new("RGB", (320, 240), GREY)
        image.paste(RED, box)
        (folder / "Golden_Gate_Bridge").mkdir(parents=True, exist_ok=True)
        image.save(folder / "Golden_Gate_Bridge" / f"{number}.png")
    Image.new("RGB", (99, 99), BLUE).save(folder / "Golden_Gate_Bridge" / "wrong.png")
    return folder.parent


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (100, 200, 3), dtype=np.uint8)


def test_the_box_has_a_fifth_of_margin_on_each_side_and_ends_with_the_photo(
    benchmark: ModuleType,
) -> None:
    assert benchmark.box_with_margin(TRIANGLE, picture()) == (32, 12, 88, 68)
    corner = ((0.0, 0.0), (199.5, 0.0), (199.5, 99.0), (0.0, 99.0))
    assert benchmark.box_with_margin(corner, picture()) == (0, 0, 200, 100)


def test_what_is_inside_is_painted_over_and_nothing_else(benchmark: ModuleType) -> None:
    photo = picture()
    mask = benchmark.inside(TRIANGLE, photo)
    assert mask.sum() == pytest.approx(800, rel=0.1)
    assert mask[25, 45]
    assert not mask[55, 75]
    left = benchmark.painted_over(photo, mask)
    assert (left[~mask] == photo[~mask]).all()
    assert (left[mask] == np.rint(photo.mean(axis=(0, 1)))).all()


def test_chance_gets_as_much_of_the_photo(benchmark: ModuleType) -> None:
    photo, rng = picture(), np.random.default_rng(1)
    mask = benchmark.inside(TRIANGLE, photo)
    places = set()
    for _ in range(20):
        away = benchmark.moved(mask, (30, 0, 130, 100), rng)
        assert away.sum() == mask.sum()
        assert not away[:, :30].any()
        assert not away[:, 130:].any()
        places.add(away.tobytes())
        assert benchmark.crop_by_lot(photo, (32, 12, 88, 68), rng).shape == (56, 56, 3)
    assert len(places) > 15
    assert benchmark.crop_by_lot(photo, (0, 0, 200, 100), rng).shape == photo.shape


def test_it_asks_only_about_photos_that_are_recognized_rightly(
    benchmark: ModuleType,
    photos: Path,
    tiny_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import _table

    monkeypatch.setattr(_table, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(benchmark, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["heatmap.py", str(photos), "--bundle", str(tiny_bundle)])
    benchmark.main()
    with (tmp_path / "results" / "heatmap.csv").open(encoding="utf-8") as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    assert list(rows) == [
        "cropped to the polygon",
        "polygon painted over",
        "cropped by lot",
        "painted over by lot",
    ]
    assert [row["photos"] for row in rows.values()] == ["3", "3", "1", "1"]
    assert {row["bundle"] for row in rows.values()} == {"tiny@1"}
    assert rows["cropped to the polygon"]["still_right"] == "100.0 %"
    # What is left is grey, of which the tiny network ranks any landmark first.
    assert "cropped to the polygon" in capsys.readouterr().out


def test_evidence_of_every_kind_is_compared(
    benchmark: ModuleType, photos: Path, tiny_bundle: Path
) -> None:
    subject = benchmark.load_subject(str(tiny_bundle))
    recognizer: Any = benchmark.OnnxRecognizer(subject.source)
    index, _ = subject.match(benchmark.index_folder(photos, "test"))
    cases = list(benchmark.cases_of(recognizer, index))
    rows = benchmark.measure_evidence(subject, recognizer, cases)
    kinds: Callable[..., dict[str, Any]] = benchmark.kinds_of_evidence
    assert len(rows) == 2 * len(kinds(subject, recognizer))
    alone = {row["evidence"]: row["still_right"] for row in rows if "alone" in row["variant"]}
    assert alone["cosine beyond what all share"] == "100.0 %"
