"""The recognizer: photos in, recognitions out, with a real ONNX graph under it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import whereshot
from whereshot.errors import (
    BundleError,
    BundleNotFoundError,
    DamagedPhotoError,
    PhotoAccessError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    UnsupportedPhotoError,
)
from whereshot.photo import Limits, decode, decode_sized, prepare
from whereshot.recognize import OnnxRecognizer, Session
from whereshot.recognize import recognizer as recognizer_module
from whereshot.recognize._stream import LOOK_AHEAD
from whereshot.records import Failure, Location, Recognition, Recognizer

Paint = Callable[..., Path]


@pytest.fixture(scope="module")
def tiny(tiny_bundle: Path) -> OnnxRecognizer:
    return whereshot.load(tiny_bundle)


def best(result: Recognition | Failure) -> str:
    assert isinstance(result, Recognition)
    return result.predictions[0].landmark.id


def test_it_is_a_recognizer(tiny: OnnxRecognizer) -> None:
    assert isinstance(tiny, Recognizer)
    assert tiny.name == "tiny@1"
    assert [landmark.name for landmark in tiny.landmarks] == [
        "Golden Gate Bridge",
        "Machu Picchu",
        "Niagara Falls",
    ]


@pytest.mark.parametrize(
    ("color", "landmark"),
    [("red", "golden_gate_bridge"), ("green", "machu_picchu"), ("blue", "niagara_falls")],
)
def test_a_photo_of_a_landmark_is_recognized(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path, color: str, landmark: str
) -> None:
    path = paint(tmp_path / "photo.jpg", color)
    found = tiny.recognize(str(path))
    assert found.verdict == "landmark"
    assert best(found) == landmark
    assert found.predictions[0].probability > 0.99
    assert found.location == found.predictions[0].landmark.location
    assert found.bundle == "tiny@1"
    assert found.photo == str(path)
    assert set(found.milliseconds) == {"decode", "model"}
    assert all(milliseconds > 0 for milliseconds in found.milliseconds.values())


def test_a_photo_of_no_landmark_is_unknown_and_still_ranked(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path
) -> None:
    found = tiny.recognize(paint(tmp_path / "photo.png", "grey"))
    assert found.verdict == "unknown"
    assert found.location is None
    assert len(found.predictions) == 3
    assert sum(each.probability for each in found.predictions) == pytest.approx(1)


def test_probabilities_are_calibrated_with_the_bundle_s_temperature(
    tiny: OnnxRecognizer, samples: Path
) -> None:
    path = samples / "machu_picchu.jpg"
    pixels = prepare(decode(path, min_side=32), tiny.bundle.preprocessing)
    logits = Session(tiny.bundle.model_path).run(pixels[None]).logits
    assert logits is not None
    powers = np.exp(logits[0].astype(float) / 2)
    expected = sorted(powers / powers.sum(), reverse=True)
    found = [each.probability for each in tiny.recognize(path).predictions]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("color", ["red", "grey"])
def test_the_photo_s_own_gps_position_wins(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path, color: str
) -> None:
    found = tiny.recognize(paint(tmp_path / "photo.jpg", color, gps=(45, -100)))
    assert isinstance(found.location, Location)
    assert found.location.source == "exif"
    assert (found.location.latitude, found.location.longitude) == (45, -100)


def test_k_says_how_many_and_is_clipped(tiny: OnnxRecognizer, paint: Paint, tmp_path: Path) -> None:
    path = paint(tmp_path / "photo.jpg")
    assert len(tiny.recognize(path, k=1).predictions) == 1
    assert len(tiny.recognize(path, k=99).predictions) == 3


def test_counts_below_one_are_refused_at_once(tiny: OnnxRecognizer) -> None:
    with pytest.raises(ValueError, match="k must be 1 or more, got 0"):
        tiny.recognize("nowhere.jpg", k=0)
    for arguments in ({"k": 0}, {"workers": 0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="must be 1 or more, got 0"):
            tiny.recognize_many([], **arguments)


def test_paths_and_bytes_are_photos(tiny: OnnxRecognizer, paint: Paint, tmp_path: Path) -> None:
    path = paint(tmp_path / "photo.jpg", "blue", gps=(1, 2))
    as_text, as_path = tiny.recognize(str(path)), tiny.recognize(path)
    as_bytes = tiny.recognize(path.read_bytes())
    assert as_text.predictions == as_path.predictions == as_bytes.predictions
    assert as_text.location == as_bytes.location
    assert (as_text.photo, as_path.photo, as_bytes.photo) == (str(path), str(path), None)


def test_a_photo_file_is_read_once(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []
    read = recognizer_module.read_photo
    monkeypatch.setattr(
        recognizer_module,
        "read_photo",
        lambda photo, limits: reads.append(photo) or read(photo, limits),
    )
    path = paint(tmp_path / "photo.jpg", gps=(1, 2))
    monkeypatch.setattr(
        recognizer_module,
        "decode_sized",
        lambda data, **options: path.unlink() or decode_sized(data, **options),
    )
    found = tiny.recognize(path)  # the file is gone before it is decoded
    assert reads == [path]
    assert found.location is not None


def test_a_photo_that_can_not_be_read_is_told_by_its_path(
    tiny: OnnxRecognizer, tmp_path: Path, samples: Path
) -> None:
    whole = (samples / "machu_picchu.jpg").read_bytes()
    contents = {"empty": b"", "half": whole[:300], "text": b"Dear diary, " * 100}
    for name, content in contents.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    (tmp_path / "folder.jpg").mkdir()
    for name, kind in (
        ("empty", DamagedPhotoError),
        ("half", DamagedPhotoError),
        ("text", UnsupportedPhotoError),
        ("folder", PhotoAccessError),
        ("missing", PhotoNotFoundError),
    ):
        path = tmp_path / f"{name}.jpg"
        with pytest.raises(kind) as caught:
            tiny.recognize(path)
        assert repr(str(path)) in str(caught.value)


def test_limits_are_those_that_it_was_loaded_with(
    tiny: OnnxRecognizer, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    photo = paint(tmp_path / "photo.png", size=(64, 48))
    assert best(tiny.recognize(photo))
    few_pixels = whereshot.load(tiny_bundle, limits=Limits(max_pixels=64 * 48 - 1))
    with pytest.raises(PhotoTooLargeError, match=r"photo\.png' has 64 x 48 pixels"):
        few_pixels.recognize(photo)
    few_bytes = whereshot.load(tiny_bundle, limits=Limits(max_bytes=photo.stat().st_size - 1))
    with pytest.raises(PhotoTooLargeError, match=r"photo\.png' has .* bytes"):
        few_bytes.recognize(photo)
    just_enough = Limits(photo.stat().st_size, 64 * 48)
    assert best(whereshot.load(tiny_bundle, limits=just_enough).recognize(photo))


def test_bytes_that_can_not_be_read_are_told_too(tiny: OnnxRecognizer) -> None:
    with pytest.raises(UnsupportedPhotoError, match="bytes"):
        tiny.recognize(b"Dear diary, " * 100)


def test_the_embedding_is_a_unit_vector(tiny: OnnxRecognizer, paint: Paint, tmp_path: Path) -> None:
    embedding = tiny.embed(paint(tmp_path / "photo.png", "green"))
    assert embedding.dtype == np.float32
    assert embedding.shape == (3,)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert embedding.argmax() == 1


@pytest.fixture
def palette(paint: Paint, tmp_path: Path) -> list[Path]:
    colors = ["red", "green", "blue", "grey"]
    return [paint(tmp_path / f"{color}.jpg", color) for color in colors]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 3, 50])
def test_many_photos_keep_their_order(
    tiny: OnnxRecognizer, palette: list[Path], workers: int, batch_size: int
) -> None:
    order = [palette[(3 * number) % 4] for number in range(22)]
    results = list(tiny.recognize_many(order, k=2, workers=workers, batch_size=batch_size))
    assert [result.photo for result in results] == [str(path) for path in order]
    for path, result in zip(order, results, strict=True):
        alone = tiny.recognize(path, k=2)
        assert isinstance(result, Recognition)
        assert result.verdict == alone.verdict
        assert [each.landmark for each in result.predictions] == [
            each.landmark for each in alone.predictions
        ]
        np.testing.assert_allclose(
            [each.probability for each in result.predictions],
            [each.probability for each in alone.predictions],
            atol=1e-5,
        )


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_bad_photo_fails_alone(
    tiny: OnnxRecognizer, palette: list[Path], tmp_path: Path, batch_size: int
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 not much of a JPEG")
    order = [palette[0], bad, b"", palette[1], tmp_path / "missing.jpg", palette[2]]
    results = list(tiny.recognize_many(order, batch_size=batch_size))
    assert [type(result) for result in results] == [
        Recognition,
        Failure,
        Failure,
        Recognition,
        Failure,
        Recognition,
    ]
    assert isinstance(results[1], Failure)
    assert results[1].photo == str(bad)
    assert isinstance(results[1].error, DamagedPhotoError)
    assert results[2].photo is None
    assert [best(results[at]) for at in (0, 3, 5)] == [
        "golden_gate_bridge",
        "machu_picchu",
        "niagara_falls",
    ]


def test_a_batch_of_only_bad_photos_is_no_problem(tiny: OnnxRecognizer) -> None:
    results = list(tiny.recognize_many([b"a", b"b", b"c"], batch_size=2))
    assert all(isinstance(result, Failure) for result in results)
    assert len(results) == 3


@pytest.mark.parametrize("batch_size", [1, 3])
def test_an_endless_stream_is_looked_ahead_a_little(
    tiny: OnnxRecognizer, palette: list[Path], batch_size: int
) -> None:
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        for path in itertools.cycle(palette):
            taken += 1
            yield path

    workers = 2
    results = tiny.recognize_many(endless(), workers=workers, batch_size=batch_size)
    for yielded in range(1, 60):
        assert isinstance(next(results), Recognition)
        assert taken - yielded < (LOOK_AHEAD * workers + 1) * batch_size
    del results
    assert not [each for each in threading.enumerate() if each.name.startswith("whereshot")]


def test_no_photos_give_no_results(tiny: OnnxRecognizer) -> None:
    assert not list(tiny.recognize_many([]))


def test_several_threads_may_share_a_recognizer(tiny: OnnxRecognizer, palette: list[Path]) -> None:
    wrong: list[str] = []

    def work(path: Path, expected: str) -> None:
        wrong.extend(found for _ in range(20) if (found := best(tiny.recognize(path))) != expected)

    names = ["golden_gate_bridge", "machu_picchu", "niagara_falls"]
    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(palette, names, strict=False)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="no bundle"):
        whereshot.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("landmarks", "has 3 outputs but names 2 landmarks.*whereshot export"),
        ("size", "for 32 pixels but prepares 64"),
    ],
)
def test_a_network_that_does_not_fit_its_bundle_is_refused(
    tiny_bundle: Path, tmp_path: Path, key: str, told: str
) -> None:
    folder = Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))
    manifest = json.loads((folder / "bundle.json").read_text())
    if key == "size":
        manifest["preprocessing"]["size"] = 64
    else:
        manifest["landmarks"].append(manifest["landmarks"].pop() | {"id": "other"})
        del manifest["landmarks"][0]
        owner = np.array([0, 1, 1])
        np.savez(folder / "prototypes.npz", prototypes=np.eye(3, dtype=np.float32), owner=owner)
        content = (folder / "prototypes.npz").read_bytes()
        import hashlib

        record = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        manifest["files"]["prototypes.npz"] = record
    (folder / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=told):
        whereshot.load(folder)


def test_cores_are_those_that_this_process_may_use() -> None:
    cores = recognizer_module.available_cores()
    assert 1 <= cores <= (os.cpu_count() or 1)


def test_the_outputs_of_the_network_are_those_behind_a_recognition(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path
) -> None:
    photo = paint(tmp_path / "a.png", "green")
    pixels = prepare(decode(photo), tiny.bundle.preprocessing)[None]

    outputs = tiny.outputs(pixels, ("logits", "embedding"))

    assert outputs.logits is not None
    assert outputs.embedding is not None
    assert outputs.features is None
    assert outputs.logits.argmax() == 1
    np.testing.assert_allclose(outputs.embedding[0], tiny.embed(photo), atol=1e-6)
    with pytest.raises(ValueError, match="pixels must be uint8"):
        tiny.outputs(pixels[:, :8])


def test_recognizing_in_two_steps_is_recognizing(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path
) -> None:
    path = paint(tmp_path / "red.jpg", "red", gps=(48, 2))
    look = tiny.look(path)
    assert look.pixels.shape == (32, 32, 3)
    assert look.location == Location(48, 2, 0.02, "exif")
    in_two, in_one = tiny.answer(look, k=2), tiny.recognize(path, k=2)
    assert (in_two.photo, in_two.verdict) == (in_one.photo, in_one.verdict)
    assert in_two.predictions == in_one.predictions
    assert in_two.location == in_one.location
    with pytest.raises(ValueError, match="k must be 1 or more"):
        tiny.answer(look, k=0)
    with pytest.raises(PhotoNotFoundError):
        tiny.look(tmp_path / "missing.jpg")


PURPLE = (150, 20, 190)


@pytest.fixture
def purple(tmp_path: Path) -> list[Path]:
    """Four photos of a purple tower, which the tiny bundle doesn't know."""
    from PIL import Image

    paths = [tmp_path / f"purple {number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (PURPLE[0] + number, *PURPLE[1:])).save(path)
    return paths


def test_what_is_enrolled_is_recognized_by_all_that_are_loaded_later(
    tiny_bundle: Path, purple: list[Path], paint: Paint, tmp_path: Path
) -> None:
    before = whereshot.load(tiny_bundle)
    assert best(before.recognize(purple[0])) != "purple_tower"
    learned = before.enroll("Purple Tower", purple[:3], 51.9, -8.5)
    assert learned.photos == 3
    later = whereshot.load(tiny_bundle)
    for recognizer in (before, later):
        assert recognizer.name.startswith("tiny@1+")
        assert [each.id for each in recognizer.landmarks][-1] == "purple_tower"
        found = recognizer.recognize(purple[3], region=True)
        assert best(found) == "purple_tower"
        assert found.bundle == recognizer.name
        # What is as far from purple as it can be stays what it is.
        assert best(recognizer.recognize(paint(tmp_path / "green.png", "green"))) == "machu_picchu"
    assert before.name == later.name
    assert later.heatmap(purple[3]).landmark.id == "purple_tower"
    assert whereshot.load(tiny_bundle, enrolled=False).name == "tiny@1"
    assert later.forget("purple tower") == "purple_tower"
    assert later.name == "tiny@1"
    assert best(later.recognize(purple[3])) != "purple_tower"


def test_more_photos_make_it_another_recognizer_by_name(
    tiny_bundle: Path, purple: list[Path]
) -> None:
    recognizer = whereshot.load(tiny_bundle)
    recognizer.enroll("Purple Tower", purple[:2], 51.9, -8.5)
    first = recognizer.name
    recognizer.enroll("Purple Tower", purple[2:], 51.9, -8.5)
    assert recognizer.name != first


@pytest.mark.parametrize(
    "strictness", [{"threshold": 1.5}, {"threshold": 0.5, "max_false_tags": 0.1}]
)
def test_a_strictness_that_makes_no_sense_is_refused(
    tiny_bundle: Path, strictness: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match="threshold"):
        whereshot.load(tiny_bundle, **strictness)


def test_a_coverage_needs_a_bundle_with_held_out_photos(
    tiny: OnnxRecognizer, paint: Paint, tmp_path: Path
) -> None:
    red = paint(tmp_path / "red.png", "red")
    with pytest.raises(ValueError, match="can't promise a coverage"):
        tiny.recognize(red, coverage=0.9)
    with pytest.raises(ValueError, match=r"coverage must be in \(0, 1\)"):
        tiny.recognize_many([red], coverage=2)


def test_the_shipped_bundle_names_all_that_is_plausible(samples: Path) -> None:
    recognizer = whereshot.load()
    if not recognizer.bundle.held_out:
        pytest.skip("the shipped bundle was made without held-out photos")
    sure = recognizer.recognize(samples / "great_wall_of_china.jpg", coverage=0.9)
    assert sure.plausible is not None
    assert [each.landmark.id for each in sure.plausible] == ["great_wall_of_china"]
    wide = recognizer.recognize(samples / "great_wall_of_china.jpg", k=1, coverage=0.9999)
    assert wide.plausible is not None
    assert len(wide.plausible) == len(recognizer.landmarks), "so few photos can't promise that"
    assert len(wide.predictions) == 1
