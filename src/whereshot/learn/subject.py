"""What is evaluated: a bundle on ONNX Runtime or a training run on torch, seen as one thing.

Torch is imported for a training run only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import (
    BundleNotFoundError,
    DatasetError,
    LandmarkNotFoundError,
    MissingExtraError,
)
from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.names import key
from whereshot.learn.answers import Look
from whereshot.learn.dataset import PhotoIndex, class_key
from whereshot.photo import Preprocessing
from whereshot.recognize import (
    Bundle,
    OnnxRecognizer,
    Outputs,
    find_bundle,
    read_bundle,
    shipped_bundles,
)
from whereshot.recognize.judge import Judge
from whereshot.recognize.session import Output
from whereshot.records import Landmark

if TYPE_CHECKING:
    from whereshot.learn.run import Run


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A network together with what its K outputs mean.

    `ids`, `names` and `spellings` (all that may name an output's folder, its own first) are in
    output order; `places` has each output's landmark, None where the gazetteer doesn't know it.
    `look` asks the network for outputs; `source` is what was loaded, for whoever wants to see its
    weights. `judge` makes probabilities and certainties of its answers. `min_certainty` is the
    verdict's threshold, None for a training run, which has none yet; on `held_out`, the
    probabilities of the truth of held-out photos, conformal sets are calibrated. `trained_on` is
    the fingerprint of its training photos.
    """

    name: str
    kind: Literal["bundle", "run"]
    source: Bundle | Run
    look: Look
    ids: tuple[str, ...]
    names: tuple[str, ...]
    spellings: tuple[tuple[str, ...], ...]
    places: tuple[Landmark | None, ...]
    preprocessing: Preprocessing
    temperature: float
    judge: Judge
    min_certainty: float | None = None
    held_out: tuple[float, ...] = ()
    trained_on: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def model(self, pixels: NDArray[np.uint8], /) -> NDArray[np.floating]:
        """Map pixels (B, S, S, 3) uint8, RGB, to uncalibrated logits (B, K)."""
        return cast(NDArray[np.floating], self.look(pixels, ("logits",)).logits)

    def coordinates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitudes (K,) and longitudes (K,) in degrees, NaN where a landmark has no place."""
        nowhere = (np.nan, np.nan)
        points = [(p.latitude, p.longitude) if p is not None else nowhere for p in self.places]
        table = np.array(points, dtype=np.float64)
        return table[:, 0], table[:, 1]

    def match(self, index: PhotoIndex) -> tuple[PhotoIndex, dict[str, int]]:
        """The photos of landmarks that the network knows, and the photos per folder of others.

        A folder names a landmark by id, name, alias or the gazetteer's spellings of it, with or
        without the course's class number. Raises DatasetError where none is known.
        """
        outputs = self._outputs(index.classes)
        kept = [i for i, label in enumerate(index.labels) if outputs[label] is not None]
        others = {
            name: count
            for name, count, output in zip(index.classes, index.counts(), outputs, strict=True)
            if output is None and count
        }
        if not kept:
            raise DatasetError(
                f"'{index.root}' has no photos of a landmark that {self.name} knows: its folders "
                f"are {_some(tuple(others))}, the network knows {_some(self.names)}. Expected one "
                "folder of photos per landmark, with the landmark's name."
            )
        labels = tuple(cast(int, outputs[index.labels[i]]) for i in kept)
        paths = tuple(index.paths[i] for i in kept)
        return PhotoIndex(index.root, self.ids, paths, labels), others

    def _outputs(self, folders: Sequence[str]) -> list[int | None]:
        """The output that each folder stands for."""
        exact: dict[str, int] = {}
        loose: dict[str, int] = {}
        # Each output's own spelling first: another's alias must not take it.
        for first in (True, False):
            for number, spellings in enumerate(self.spellings):
                for spelling in spellings[:1] if first else spellings[1:]:
                    exact.setdefault(class_key(spelling), number)
                    loose.setdefault(key(spelling), number)
        by_id = {place.id: number for number, place in enumerate(self.places) if place is not None}
        loose.pop("", None)  # what names of punctuation alone come to

        def output_of(folder: str) -> int | None:
            if (number := exact.get(class_key(folder), loose.get(key(folder)))) is not None:
                return number
            try:
                return by_id.get(load_gazetteer().resolve(folder).id)
            except LandmarkNotFoundError:
                return None

        return [output_of(folder) for folder in folders]


def names_bundle(name_or_folder: str | PathLike[str]) -> bool:
    """Whether this is a shipped bundle's name or a bundle's folder, and no training run."""
    wanted = os.fspath(name_or_folder)
    return wanted in shipped_bundles() or (Path(wanted) / "bundle.json").is_file()


def load_subject(name_or_folder: str | PathLike[str]) -> Subject:
    """Load a shipped bundle by name, a bundle's folder or a training run's folder.

    Raises BundleNotFoundError for anything else, MissingExtraError for a run without torch, and
    the errors of `read_bundle` and `load_run`.
    """
    wanted = os.fspath(name_or_folder)
    folder = Path(wanted)
    if names_bundle(wanted):
        return _load_bundle(wanted)
    if (folder / "meta.json").is_file():
        return _load_run(folder)
    if folder.is_dir():
        raise BundleNotFoundError(
            f"'{wanted}' is neither a bundle nor a training run: it has no bundle.json and no "
            "meta.json. Make one: whereshot train, then whereshot export"
        )
    find_bundle(wanted)  # says what there is
    raise AssertionError(f"find_bundle found {wanted}")


def _load_bundle(wanted: str) -> Subject:
    bundle = read_bundle(find_bundle(wanted))
    recognizer = OnnxRecognizer(bundle)
    data = bundle.provenance.get("data")
    return Subject(
        name=bundle.title,
        kind="bundle",
        source=bundle,
        look=recognizer.outputs,
        ids=tuple(landmark.id for landmark in bundle.landmarks),
        names=tuple(landmark.name for landmark in bundle.landmarks),
        spellings=tuple(_spellings(landmark) for landmark in bundle.landmarks),
        places=bundle.landmarks,
        preprocessing=bundle.preprocessing,
        temperature=bundle.temperature,
        judge=Judge(bundle.temperature, bundle.prototypes, bundle.rule),
        min_certainty=bundle.strictness.min_certainty,
        held_out=bundle.held_out,
        trained_on=cast("Mapping[str, Any]", data).get("fingerprint")
        if isinstance(data, Mapping)
        else None,
        provenance=bundle.provenance,
    )


def _load_run(folder: Path) -> Subject:
    try:
        import torch

        from whereshot.learn.precision import choose_device
        from whereshot.learn.run import load_run
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"'{folder}' is a training run, and evaluating one needs {error.name}, which is not "
            "installed: pip install 'whereshot[learn]'. A bundle is evaluated without it."
        ) from None
    run = load_run(folder)
    device = choose_device()
    network = run.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # torch spreads one batch over all cores by itself; the other threads decode meanwhile.
    one_at_a_time = threading.Lock()

    def look(pixels: NDArray[np.uint8], names: Sequence[Output]) -> Outputs:
        with one_at_a_time, torch.inference_mode():
            seen = network(torch.from_numpy(pixels).to(device))
            return Outputs(**{name: getattr(seen, name).float().cpu().numpy() for name in names})

    places = tuple(_place_of(name) for name in run.classes)
    return Subject(
        name=folder.resolve().name,
        kind="run",
        source=run,
        look=look,
        ids=tuple(
            place.id if place is not None else class_key(name)
            for name, place in zip(run.classes, places, strict=True)
        ),
        names=tuple(
            place.name if place is not None else name
            for name, place in zip(run.classes, places, strict=True)
        ),
        spellings=tuple(
            (name, *_spellings(place)) if place is not None else (name,)
            for name, place in zip(run.classes, places, strict=True)
        ),
        places=places,
        preprocessing=Preprocessing(run.recipe.model.size, run.recipe.model.fit),
        temperature=run.temperature,
        judge=Judge(run.temperature),
        trained_on=run.meta["data"].get("fingerprint"),
        provenance={part: run.meta[part] for part in ("recipe", "data", "versions", "results")},
    )


def _place_of(folder: str) -> Landmark | None:
    try:
        return load_gazetteer().resolve(folder)
    except LandmarkNotFoundError:
        return None


def _spellings(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.id, landmark.name, *landmark.aliases)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
