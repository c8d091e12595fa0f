"""Where in a photo a landmark is: in the photo's own pixels, whatever was done to it before."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import whereshot
from whereshot.errors import LandmarkNotFoundError, PhotoNotFoundError
from whereshot.photo import Preprocessing
from whereshot.recognize import OnnxRecognizer, Prototypes
from whereshot.recognize.heatmap import Heatmap, Locator
from whereshot.records import Failure, Recognition, Region

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 220, 30), (30, 30, 220), (120, 120, 120)
CELLS = 4  # a side, of the tiny network
EYE = np.eye(3, dtype=np.float32)

Box = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def tiny(tiny_bundle: Path) -> OnnxRecognizer:
    return whereshot.load(tiny_bundle)


@pytest.fixture(scope="module")
def squashing(
    tiny: OnnxRecognizer,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_network: Callable[..., bytes],
) -> OnnxRecognizer:
    """The tiny network behind the other preprocessing."""
    folder = tmp_path_factory.mktemp("squash")
    (folder / "model.onnx").write_bytes(tiny_network())
    bundle = dataclasses.replace(
        tiny.bundle,
        path=folder,
        preprocessing=Preprocessing(tiny.bundle.preprocessing.size, "squash"),
    )
    return OnnxRecognizer(bundle)


def picture(size: tuple[int, int], red: Box) -> Image.Image:
    """A blue photo with a red patch (left, top, right, bottom)."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, red)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bounds(region: Region | None) -> np.ndarray:
    assert region is not None
    corners = np.array(region)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def red_bounds(recognizer: OnnxRecognizer, photo: bytes) -> np.ndarray:
    return bounds(recognizer.heatmap(photo, "golden_gate_bridge").region)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_patch_in_a_large_photo_is_found_in_the_photo_s_own_pixels(
    tiny: OnnxRecognizer, kind: str
) -> None:
    # The centre square is 1200 px, a cell 300: the patch fills the second column's two top cells.
    patch = (300 + 300, 0, 300 + 600, 600)
    found = red_bounds(tiny, encoded(picture((1800, 1200), patch), kind))
    np.testing.assert_allclose(found, patch, atol=300 / 2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_pixels_are_those_of_the_upright_photo(
    tiny: OnnxRecognizer, kind: str, orientation: int
) -> None:
    patch = (600, 0, 900, 300)
    upright = picture((1800, 1200), patch)
    # What a camera stores so that this orientation turns it upright.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    heatmap = tiny.heatmap(encoded(stored, kind, exif=exif), "golden_gate_bridge")
    assert (heatmap.width, heatmap.height) == (1800, 1200)
    assert heatmap.box == (300, 0, 1500, 1200)
    np.testing.assert_allclose(bounds(heatmap.region), patch, atol=150)


def test_a_squashed_photo_is_seen_in_full(squashing: OnnxRecognizer) -> None:
    patch = (0, 300, 400, 600)  # a cell is 400 x 300
    heatmap = squashing.heatmap(encoded(picture((1600, 1200), patch)), "golden_gate_bridge")
    assert heatmap.box == (0, 0, 1600, 1200)
    found = bounds(heatmap.region)
    np.testing.assert_allclose(found, patch, atol=200)


@given(
    width=st.integers(40, 700),
    height=st.integers(40, 700),
    row=st.integers(0, CELLS - 1),
    column=st.integers(0, CELLS - 1),
)
@settings(deadline=None, max_examples=30)
def test_a_cell_of_red_is_found_in_photos_of_every_shape(
    tiny: OnnxRecognizer, width: int, height: int, row: int, column: int
) -> None:
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    cell = side / CELLS
    patch = (
        left + column * cell,
        top + row * cell,
        left + (column + 1) * cell,
        top + (row + 1) * cell,
    )
    photo = encoded(picture((width, height), tuple(round(edge) for edge in patch)))
    heatmap = tiny.heatmap(photo, "golden_gate_bridge")
    assert np.unravel_index(heatmap.values.argmax(), heatmap.values.shape) == (row, column)
    found = bounds(heatmap.region)
    # The interpolated heat ends in the neighbouring cells.
    np.testing.assert_allclose(found, patch, atol=0.6 * cell + 2)
    assert found[0] >= left - 1e-6
    assert found[1] >= top - 1e-6
    assert found[2] <= left + side + 1e-6
    assert found[3] <= top + side + 1e-6


def test_the_heat_is_for_the_landmark_that_is_asked_for(tiny: OnnxRecognizer) -> None:
    photo = encoded(picture((1200, 1200), (0, 0, 600, 1200)))
    red, blue = (tiny.heatmap(photo, name) for name in ("golden_gate_bridge", "niagara_falls"))
    assert red.landmark.name == "Golden Gate Bridge"
    assert red.values.dtype == np.float32
    assert red.values.shape == (CELLS, CELLS)
    assert red.values.max() == blue.values.max() == 1
    assert red.values[:, 2:].max() == blue.values[:, :2].max() == 0


def test_without_an_id_it_is_the_most_probable_landmark(tiny: OnnxRecognizer) -> None:
    photo = encoded(picture((1200, 1200), (0, 0, 900, 1200)))
    assert tiny.heatmap(photo).landmark.id == "golden_gate_bridge"


def test_an_unknown_landmark_or_photo_is_told(tiny: OnnxRecognizer, tmp_path: Path) -> None:
    with pytest.raises(LandmarkNotFoundError, match=r"tiny@1 knows no landmark 'atlantis'.* 3 ids"):
        tiny.heatmap(encoded(picture((90, 90), (0, 0, 9, 9))), "atlantis")
    with pytest.raises(PhotoNotFoundError, match="nowhere"):
        tiny.heatmap(tmp_path / "nowhere.jpg")


def test_a_landmark_that_nothing_speaks_for_has_no_region(tiny: OnnxRecognizer) -> None:
    heatmap = tiny.heatmap(encoded(Image.new("RGB", (90, 90), BLUE)), "golden_gate_bridge")
    assert heatmap.values.max() == 0
    assert heatmap.region is None


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_the_smallest_photos_have_a_region_inside_them(
    tiny: OnnxRecognizer, size: tuple[int, int]
) -> None:
    found = tiny.recognize(encoded(Image.new("RGB", size, RED)), region=True)
    left, top, right, bottom = bounds(found.region)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


# -- with a recognition ----------------------------------------------------------------------


def test_a_recognition_has_a_region_only_when_it_is_asked_for(tiny: OnnxRecognizer) -> None:
    photo = encoded(picture((1200, 900), (150, 0, 1050, 900)))
    plain, asked = tiny.recognize(photo), tiny.recognize(photo, region=True)
    assert plain.verdict == asked.verdict == "landmark"
    assert plain.predictions == asked.predictions
    assert plain.region is None
    assert asked.region == tiny.heatmap(photo).region


def test_an_unknown_photo_has_no_region(tiny: OnnxRecognizer) -> None:
    found = tiny.recognize(encoded(Image.new("RGB", (90, 60), GREY)), region=True)
    assert found.verdict == "unknown"
    assert found.region is None


@pytest.mark.parametrize("batch_size", [1, 3])
def test_many_photos_have_the_regions_of_each(tiny: OnnxRecognizer, batch_size: int) -> None:
    boxes = [(0, 0, 600, 400), (0, 0, 400, 600), (200, 100, 600, 600), (0, 200, 600, 600)]
    photos: list[bytes] = []
    for box in boxes:
        photos += [encoded(picture((600, 600), box)), b"no photo"]

    def regions(results: Iterator[Recognition | Failure]) -> list[Region | None]:
        return [result.region for result in results if isinstance(result, Recognition)]

    asked = regions(tiny.recognize_many(photos, region=True, batch_size=batch_size))
    assert len(set(asked)) == len(boxes)
    for photo, region in zip(photos[::2], asked, strict=True):
        np.testing.assert_allclose(bounds(region), bounds(tiny.heatmap(photo).region), atol=1)
    plain = regions(tiny.recognize_many(photos, batch_size=batch_size))
    assert plain == [None] * len(boxes)


# -- evidence --------------------------------------------------------------------------------


def features_of(cells: list[list[tuple[float, ...]]]) -> np.ndarray:
    """Cells (h, w, C) as a feature map (C, h, w)."""
    return np.moveaxis(np.array(cells, np.float32), 2, 0)


def test_what_all_landmarks_share_is_no_evidence_for_one() -> None:
    stone = np.array([[0.8, 0.6, 0.0], [0.8, 0.0, 0.6]], np.float32)  # both are mostly of stone
    features = features_of([[(5, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0)]])
    values = Locator(Prototypes(stone, np.array([0, 1]))).find(features, stone[0], 0)
    np.testing.assert_allclose(values, [[0, 1, 0, 0]], atol=1e-6)


def test_a_strong_cell_is_no_better_than_a_weak_one_of_the_same_kind() -> None:
    features = features_of([[(9, 0, 0), (0.1, 0, 0), (0, 3, 0)]])
    values = Locator(Prototypes(EYE, np.arange(3))).find(features, EYE[0], 0)
    np.testing.assert_allclose(values, [[1, 1, 0]], atol=1e-6)


def test_of_several_prototypes_the_one_like_the_photo_counts() -> None:
    day_and_night = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    locator = Locator(Prototypes(day_and_night, np.array([0, 0, 1])))
    features = features_of([[(1, 0, 0), (0, 1, 0)]])
    np.testing.assert_allclose(locator.find(features, day_and_night[0], 0), [[1, 0]], atol=1e-6)
    np.testing.assert_allclose(locator.find(features, day_and_night[1], 0), [[0, 1]], atol=1e-6)


def test_a_landmark_with_many_prototypes_weighs_no_more_than_one_with_few() -> None:
    features = features_of([[(1, 0.2, 0), (0, 1, 0.3), (0.4, 0, 1)]])
    once = Locator(Prototypes(EYE, np.arange(3))).find(features, EYE[1], 1)
    many = Prototypes(np.repeat(EYE, [1, 1, 50], axis=0), np.repeat(np.arange(3), [1, 1, 50]))
    np.testing.assert_allclose(Locator(many).find(features, EYE[1], 1), once, atol=1e-6)


def test_the_only_landmark_of_a_set_is_found_too() -> None:
    features = features_of([[(1, 0, 0), (0, 1, 0)]])
    values = Locator(Prototypes(EYE[:1], np.array([0]))).find(features, EYE[0], 0)
    np.testing.assert_allclose(values, [[1, 0]], atol=1e-6)


def test_where_cells_can_not_be_compared_the_active_ones_are_hot() -> None:
    features = features_of([[(3, 4, 0), (0, 0, 2.5), (0, 0, 0)]])
    further = Prototypes(np.ones((2, 1), np.float32), np.arange(2))  # embedded once more
    none = Prototypes(EYE[:1], np.array([1]))  # landmark 0 has no prototype
    empty = Prototypes(np.zeros((0, 3), np.float32), np.zeros(0, np.int64))
    for prototypes in (further, none, empty):
        embedding = np.ones(prototypes.vectors.shape[1], np.float32)
        values = Locator(prototypes).find(features, embedding, 0)
        np.testing.assert_allclose(values, [[1, 0.5, 0]], atol=1e-6)


@given(
    features=arrays(
        np.float32,
        st.tuples(st.just(3), st.integers(1, 6), st.integers(1, 6)),
        elements=st.floats(-100, 100, width=32),
    ),
    landmark=st.integers(0, 2),
)
@settings(deadline=None, max_examples=60)
def test_every_feature_map_gives_heat_from_0_to_1(features: np.ndarray, landmark: int) -> None:
    values = Locator(Prototypes(EYE, np.arange(3))).find(features, EYE[0], landmark)
    assert values.dtype == np.float32
    assert values.shape == features.shape[1:]
    assert values.min() >= 0
    assert values.max() in (0, 1)


def test_a_batch_of_feature_maps_is_refused() -> None:
    with pytest.raises(ValueError, match=r"features must be \(C, h, w\) of one photo"):
        Locator(Prototypes(EYE, np.arange(3))).find(np.zeros((1, 3, 2, 2)), EYE[0], 0)


def test_a_heatmap_says_what_it_is_without_its_numbers(tiny: OnnxRecognizer) -> None:
    landmark = tiny.landmarks[0]
    heatmap = Heatmap(np.ones((2, 2), np.float32), (0, 0, 8, 8), 8, 8, landmark)
    assert "values" not in repr(heatmap)
    assert heatmap.region == ((0, 0), (8, 0), (8, 8), (0, 8))
