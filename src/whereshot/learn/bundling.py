"""From a finished run to what is shipped: checked exports, and a bundle around the ONNX one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError, ExportError, LandmarkNotFoundError, PhotoError
from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.learn import export
from whereshot.learn.dataset import PHOTO_SUFFIXES, PhotoIndex, find_part, index_folder
from whereshot.learn.parity import Parity, compare_exports, open_export, require_parity
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.recognize.bundle import Prototypes
from whereshot.recognize.bundle_writer import write_bundle
from whereshot.recognize.session import Session
from whereshot.recognize.verdict import calibrated_probabilities
from whereshot.records import Landmark

DEFAULT_MIN_PROBABILITY = 0.5
_WRITERS = {
    "onnx": (export.export_onnx, "onnx"),
    "torchscript": (export.export_torchscript, "torchscript.pt"),
    "exported": (export.export_program, "exported.pt2"),
}
Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures)."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least probability that makes a verdict, and what it was chosen for."""

    min_probability: float
    chosen_for: Mapping[str, Any]


def export_run(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    data: Path | None = None,
    unknown: Path | None = None,
    max_false_share: float = 0.005,
    name: str | None = None,
    version: int = 1,
    gazetteer: Gazetteer | None = None,
    overwrite: bool = False,
    report: Report,
) -> tuple[list[Parity], list[Path]]:
    """Write a run in the given formats into a folder; return the checks and what was written.

    `onnx` becomes the bundle `folder/NAME`; `torchscript` and `exported` are files beside it.
    Everything is made and checked in a temporary folder first: an export that does not compute
    what the network computes raises ExportError and nothing is written. `data` has `train`
    (prototypes) and `test` (the check), by default the photos of the recipe; `unknown` has photos
    without a landmark, to choose the bundle's threshold on.
    """
    name = name or run.recipe.name
    data = data or Path(run.recipe.data.train)
    landmarks = landmarks_of(run.classes, gazetteer) if "onnx" in formats else []
    targets = {kind: folder / f"{name}.{_WRITERS[kind][1]}" for kind in formats}
    if "onnx" in targets:
        targets["onnx"] = folder / name
    taken = [str(path) for path in targets.values() if path.exists()]
    if taken and not overwrite:
        raise ExportError(
            f"Already there: {', '.join(taken)}. Choose another --to, or --overwrite."
        )
    test = index_folder(data, "test").matched_to(run.classes)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".export-") as temporary:
        made: dict[str, Path] = {}
        for kind in formats:
            made[kind] = Path(temporary) / f"{name}.{_WRITERS[kind][1]}"
            report(f"writing {kind}", 0, 1, {})
            _WRITERS[kind][0](run, made[kind])
            report(f"writing {kind}", 1, 1, {})
        models = {kind: open_export(kind, path) for kind, path in made.items()}
        parities = compare_exports(
            run, models, test, lambda done, total: report("checking", done, total, {})
        )
        require_parity(parities)
        for kind, path in made.items():
            if kind != "onnx":
                path.replace(targets[kind])
                continue
            session = Session(path)
            preprocessing = Preprocessing(run.recipe.model.size, run.recipe.model.fit)
            training = index_folder(data, "train").matched_to(run.classes)
            report("making prototypes", 0, 1, {})
            prototypes = class_prototypes(session, preprocessing, training)
            report("making prototypes", 1, 1, {})
            threshold = Threshold(DEFAULT_MIN_PROBABILITY, {})
            if unknown is not None:
                report("choosing the threshold", 0, 1, {})
                threshold = choose_threshold(
                    session,
                    preprocessing,
                    run.temperature,
                    unknown=find_part(unknown, "train"),
                    landmarks=_held_out(run, training),
                    max_false_share=max_false_share,
                )
                report("choosing the threshold", 1, 1, {})
            write_bundle(
                targets[kind],
                name=name,
                version=version,
                model=path,
                landmarks=landmarks,
                prototypes=prototypes,
                preprocessing=preprocessing,
                temperature=run.temperature,
                min_probability=threshold.min_probability,
                chosen_for=threshold.chosen_for,
                provenance=provenance_of(run, [parity.to_dict() for parity in parities]),
                overwrite=overwrite,
            )
    return parities, list(targets.values())


def _held_out(run: Run, training: PhotoIndex) -> PhotoIndex:
    """The photos that the run kept for validation."""
    held = set(run.meta["data"].get("validation_paths", []))
    return training.subset(
        [
            number
            for number, path in enumerate(training.paths)
            if path.relative_to(training.root).as_posix() in held
        ]
    )


def landmarks_of(classes: Sequence[str], gazetteer: Gazetteer | None = None) -> list[Landmark]:
    """The gazetteer's landmark for each class folder; ExportError where one is unknown."""
    gazetteer = gazetteer or load_gazetteer()
    found: list[Landmark] = []
    for name in classes:
        try:
            found.append(gazetteer.resolve(name))
        except LandmarkNotFoundError as error:
            raise ExportError(
                f"The class folder '{name}' is no landmark of the gazetteer, so a bundle could not "
                f"say where it is. {error} Or add it to a gazetteer of your own: --gazetteer FILE."
            ) from None
    return found


def class_prototypes(
    session: Session, preprocessing: Preprocessing, index: PhotoIndex
) -> Prototypes:
    """The normalized mean embedding of each class's photos: vectors (P, D), owners (P,)."""
    sums = np.zeros((len(index.classes), session.embedding_size), np.float64)
    for number, (_, embedding) in _outputs(session, preprocessing, index.paths):
        sums[index.labels[number]] += embedding
    owners = np.flatnonzero(np.linalg.norm(sums, axis=1) > 0)
    vectors = sums[owners] / np.linalg.norm(sums[owners], axis=1, keepdims=True)
    return Prototypes(vectors.astype(np.float32), owners.astype(np.int64))


def choose_threshold(
    session: Session,
    preprocessing: Preprocessing,
    temperature: float,
    *,
    unknown: Path,
    landmarks: PhotoIndex,
    max_false_share: float,
) -> Threshold:
    """The least probability at which at most `max_false_share` of the unknown photos are tagged.

    `unknown` is a folder of photos without a landmark, `landmarks` held-out photos with one: on
    them is measured what the threshold costs.
    """
    paths = sorted(path for path in unknown.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise DatasetError(f"No photos under '{unknown}': expected photos without a landmark.")
    false = np.sort(_probabilities(session, preprocessing, temperature, paths)[1].max(axis=1))
    allowed = int(max_false_share * len(false))
    # Just above the first photo that is one too many.
    threshold = max(DEFAULT_MIN_PROBABILITY, float(np.nextafter(false[-1 - allowed], 1)))
    numbers, probabilities = _probabilities(session, preprocessing, temperature, landmarks.paths)
    labels = np.array(landmarks.labels)[numbers]
    named = probabilities.max(axis=1) >= threshold
    right = named & (probabilities.argmax(axis=1) == labels)
    figures = {
        "unknown_photos": len(false),
        "unknown_named_share": float((false >= threshold).mean()),
        "landmark_photos": len(labels),
        "landmark_right_share": float(right.mean()) if len(labels) else None,
        "landmark_wrong_share": float((named & ~right).mean()) if len(labels) else None,
    }
    return Threshold(threshold, figures)


def provenance_of(run: Run, parities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where a bundle comes from: recipe, data, versions, results, checks; no paths."""
    recipe = dict(run.meta["recipe"])
    recipe["data"] = {key: value for key, value in recipe["data"].items() if key != "train"}
    data = run.meta["data"]
    return {
        "recipe": recipe,
        "data": {key: data[key] for key in ("fingerprint", "training_photos", "validation_photos")},
        "versions": run.meta["versions"],
        "results": run.meta["results"],
        "parity": [dict(parity) for parity in parities],
    }


def _probabilities(
    session: Session, preprocessing: Preprocessing, temperature: float, paths: Sequence[Path]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    numbers: list[int] = []
    rows: list[NDArray[np.float64]] = []
    for number, (logits, _) in _outputs(session, preprocessing, paths):
        numbers.append(number)
        rows.append(calibrated_probabilities(logits, temperature))
    if not rows:
        return np.zeros(0, np.int64), np.zeros((0, session.classes))
    return np.array(numbers), np.stack(rows)


def _outputs(
    session: Session, preprocessing: Preprocessing, paths: Sequence[Path]
) -> Iterator[tuple[int, tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """Yield (number, (logits (K,), embedding (D,))) of each photo that can be read."""
    for number, path in enumerate(paths):
        try:
            pixels = prepare(decode(path, min_side=preprocessing.size), preprocessing)
        except PhotoError:
            continue
        outputs = session.run(pixels[None], ("logits", "embedding"))
        assert outputs.logits is not None
        assert outputs.embedding is not None
        yield number, (outputs.logits[0], outputs.embedding[0])
