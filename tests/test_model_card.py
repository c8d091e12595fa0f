"""The model card of the shipped bundle: its landmarks, its fields, its figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT, SHIPPED_BUNDLE, prose, rows, section

import whereshot
from whereshot.recognize import Bundle, read_bundle

CARD = ROOT / "docs" / "model_card.md"
NOT_MEASURED = "\N{EN DASH}"


@pytest.fixture
def shipped() -> Bundle:
    """The shipped bundle."""
    if not SHIPPED_BUNDLE.is_dir():
        pytest.skip("this tree has no shipped bundle yet: src/whereshot/bundles/world")
    return read_bundle(SHIPPED_BUNDLE)


def listed() -> dict[str, str]:
    """Every landmark on the card with its country."""
    return {
        name: country
        for country, names in rows(section(CARD, "landmarks"))
        for name in names.split(", ")
    }


def stated_number() -> int:
    found = re.search(r"knows (\d+) landmarks", CARD.read_text(encoding="utf-8"))
    assert found
    return int(found[1])


def test_every_landmark_on_the_card_is_in_the_gazetteer_and_in_its_country() -> None:
    gazetteer = whereshot.load_gazetteer()
    for name, country in listed().items():
        landmark = gazetteer.resolve(name)
        assert (landmark.name, landmark.country) == (name, country)


def test_the_card_lists_as_many_landmarks_as_it_says() -> None:
    assert len(listed()) == stated_number()


def test_the_landmarks_of_the_bundle_are_those_of_the_card(shipped: Bundle) -> None:
    assert {landmark.name for landmark in shipped.landmarks} == set(listed())


def test_the_provenance_of_the_bundle_has_the_fields_of_the_card(shipped: Bundle) -> None:
    text = CARD.read_text(encoding="utf-8")
    part = text[text.index("| field | what |") :].partition("\n\n")[0]
    assert {row[0].strip("`") for row in rows(part)} == set(shipped.provenance)


def test_the_threshold_of_the_bundle_was_chosen_on_photos(shipped: Bundle) -> None:
    assert shipped.raw["verdict"]["chosen_for"]["unknown_photos"] > 0


def test_no_figure_of_the_card_is_missing(shipped: Bundle) -> None:
    assert NOT_MEASURED not in [figure for _, figure, _ in rows(section(CARD, "results"))]


def test_the_bundle_holds_no_photo_and_no_path_of_the_machine_that_made_it(
    shipped: Bundle,
) -> None:
    assert {path.name for path in SHIPPED_BUNDLE.iterdir()} == {
        *("bundle.json", "model.onnx", "prototypes.npz")
    }
    manifest = (SHIPPED_BUNDLE / "bundle.json").read_text(encoding="utf-8")
    assert not re.search(r'"(/|[A-Za-z]:\\)', manifest)


def test_the_card_counts_the_photos_that_there_are(photos: Path) -> None:
    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    text = prose(CARD)
    for part in ("world/train", "world/test", "not_landmarks/train", "not_landmarks/test"):
        count = sum(path.suffix.lower() in suffixes for path in (photos / part).rglob("*"))
        assert f"| `{part}` | {count:,} " in text
