from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from made_photos import data_set

from whereshot.errors import BundleNotFoundError, MissingExtraError, RecipeError
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.sets import features as module
from whereshot.learn.sets.features import Embedder, embed_photos, load_embedder
from whereshot.photo import Preprocessing


@pytest.fixture
def index(tmp_path: Path) -> PhotoIndex:
    return index_folder(data_set(tmp_path / "photos", {"Jerash": 2, "Petra": 3}))


@pytest.fixture
def embedder(tiny_bundle: Path) -> Embedder:
    return load_embedder(tiny_bundle)


def test_a_bundle_gives_vectors_of_length_1_in_the_order_of_the_photos(
    index: PhotoIndex, embedder: Embedder
) -> None:
    assert embedder.name == "tiny@1"
    told: list[tuple[int, int]] = []
    features = embed_photos(index, embedder, report=lambda *counts: told.append(counts))
    assert features.vectors.shape == (5, 3)
    np.testing.assert_allclose(np.linalg.norm(features.vectors, axis=1), 1, rtol=1e-5)
    assert features.numbers.tolist() == [0, 1, 2, 3, 4]
    assert told[-1] == (5, 5)


@pytest.mark.usefixtures("one_thread")
def test_a_pretrained_network_gives_the_vectors_of_its_frozen_features(
    index: PhotoIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.LITE_SIZES, "lite0", 64)
    embedder = load_embedder("lite0")
    assert embedder.name == "tf_efficientnet_lite0 at 64 px"
    assert embedder.preprocessing == Preprocessing(64)
    assert embedder.trained_on is None
    features = embed_photos(index, embedder)
    assert features.vectors.shape == (5, 1280)
    np.testing.assert_allclose(np.linalg.norm(features.vectors, axis=1), 1, rtol=1e-5)


def test_a_photo_that_can_not_be_read_is_left_out(index: PhotoIndex, embedder: Embedder) -> None:
    index.paths[1].write_bytes(b"bad")
    features = embed_photos(index, embedder)
    assert features.numbers.tolist() == [0, 2, 3, 4]
    assert len(features.vectors) == 4


def test_names_that_are_no_network_are_refused() -> None:
    with pytest.raises(BundleNotFoundError, match="nowhere"):
        load_embedder("nowhere")
    with pytest.raises(RecipeError, match="no model 'efficientnet_lite99'"):
        load_embedder("timm/efficientnet_lite99")


def test_without_torch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"need torch.*whereshot\[learn\].*such as world"):
        load_embedder("lite0")


def counting(embedder: Embedder) -> tuple[Embedder, list[int]]:
    """The same network, and a list that grows with each batch it is shown."""
    batches: list[int] = []

    def model(pixels: np.ndarray) -> np.ndarray:
        batches.append(len(pixels))
        return embedder.model(pixels)

    return Embedder(embedder.name, model, embedder.preprocessing), batches


def test_kept_vectors_are_taken_for_the_same_photos_and_the_same_network_only(
    index: PhotoIndex, embedder: Embedder, tmp_path: Path
) -> None:
    cache = tmp_path / "features.npz"
    counted, batches = counting(embedder)
    first = embed_photos(index, counted, cache=cache)
    again = embed_photos(index, counted, cache=cache)
    assert len(batches) == 1
    np.testing.assert_array_equal(first.vectors, again.vectors)
    np.testing.assert_array_equal(first.numbers, again.numbers)
    other = Embedder("other@1", counted.model, counted.preprocessing)
    embed_photos(index, other, cache=cache)
    assert len(batches) == 2
    shutil.copy(index.paths[0], index.paths[1])  # another photo under the same name
    embed_photos(index, other, cache=cache)
    assert len(batches) == 3
    assert [path.name for path in tmp_path.iterdir()] != []
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_a_damaged_file_of_vectors_is_made_anew(
    index: PhotoIndex, embedder: Embedder, tmp_path: Path, content: bytes
) -> None:
    cache = tmp_path / "features.npz"
    cache.write_bytes(content)
    counted, batches = counting(embedder)
    embed_photos(index, counted, cache=cache)
    embed_photos(index, counted, cache=cache)
    assert len(batches) == 1
