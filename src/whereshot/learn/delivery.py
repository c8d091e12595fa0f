"""From a finished run to what is shipped: every export is checked before it takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from whereshot.errors import DatasetError, ExportError
from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.learn import bundling, export
from whereshot.learn.answers import index_unknown
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.parity import Parity, compare_exports, open_export, require_parity
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing
from whereshot.recognize.bundle_writer import write_bundle
from whereshot.recognize.session import Session

Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures)."""

_WRITERS: Mapping[str, Callable[[Run, Path], None]] = {
    "onnx": export.export_onnx,
    "torchscript": export.export_torchscript,
    "exported": export.export_program,
}
# torch.export insists on its suffix.
_SUFFIXES = {"onnx": "onnx", "torchscript": "torchscript.pt", "exported": "exported.pt2"}
FORMATS = tuple(_WRITERS)


def deliver(
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
    """Write a run in some of `FORMATS` into a folder; return the checks and what was written.

    `onnx` becomes the bundle `folder/NAME`; `torchscript` and `exported` are files beside it. All
    are made and checked in a temporary folder first: an export that does not compute what the
    network computes raises ExportError, and nothing is written. `data` has `test` (for the check)
    and `train` (for the prototypes), by default the photos of the recipe; `unknown` has photos
    without a landmark, to choose the bundle's threshold on.
    """
    name = name or run.recipe.name
    data = data or Path(run.recipe.data.train)
    targets = {kind: folder / f"{name}.{_SUFFIXES[kind]}" for kind in formats}
    if "onnx" in targets:
        targets["onnx"] = folder / name
        bundling.landmarks_of(run.classes, gazetteer or load_gazetteer())  # fail before the work
    if not overwrite and (taken := [str(path) for path in targets.values() if path.exists()]):
        raise ExportError(
            f"Already there: {', '.join(taken)}. Choose another --to, or --overwrite."
        )
    test = index_folder(data, "test").matched_to(run.classes)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".export-") as temporary:
        made = {kind: Path(temporary) / f"{name}.{_SUFFIXES[kind]}" for kind in formats}
        for kind, path in made.items():
            report(f"writing {kind}", 0, 1, {})
            _WRITERS[kind](run, path)
            report(f"writing {kind}", 1, 1, {})
        parities = compare_exports(
            run,
            {kind: open_export(kind, path) for kind, path in made.items()},
            test,
            lambda done, total: report("checking", done, total, {}),
        )
        require_parity(parities)
        for kind, path in made.items():
            if kind != "onnx":
                path.replace(targets[kind])
        if "onnx" in made:
            _write_bundle(
                run,
                made["onnx"],
                targets["onnx"],
                parities,
                data=data,
                unknown=unknown,
                max_false_share=max_false_share,
                name=name,
                version=version,
                gazetteer=gazetteer or load_gazetteer(),
                overwrite=overwrite,
                report=report,
            )
    return parities, list(targets.values())


def _write_bundle(
    run: Run,
    model: Path,
    target: Path,
    parities: Sequence[Parity],
    *,
    data: Path,
    unknown: Path | None,
    max_false_share: float,
    name: str,
    version: int,
    gazetteer: Gazetteer,
    overwrite: bool,
    report: Report,
) -> None:
    session = Session(model)
    preprocessing = Preprocessing(run.recipe.model.size, run.recipe.model.fit)
    training = index_folder(data, "train").without(run.meta["data"].get("excluded", ()))
    training = training.matched_to(run.classes)
    report("making prototypes", 0, 1, {})
    prototypes = bundling.class_prototypes(session, preprocessing, training)
    report("making prototypes", 1, 1, {})
    threshold = bundling.Threshold(bundling.DEFAULT_MIN_PROBABILITY, {})
    if unknown is not None:
        report("choosing the threshold", 0, 1, {})
        threshold = bundling.choose_threshold(
            session,
            preprocessing,
            run.temperature,
            unknown=_unseen(run, index_unknown(unknown, "train")),
            landmarks=_held_out(run, training),
            max_false_share=max_false_share,
        )
        report("choosing the threshold", 1, 1, {})
    write_bundle(
        target,
        name=name,
        version=version,
        model=model,
        landmarks=bundling.landmarks_of(run.classes, gazetteer),
        prototypes=prototypes,
        preprocessing=preprocessing,
        temperature=run.temperature,
        min_probability=threshold.min_probability,
        chosen_for=threshold.chosen_for,
        provenance=bundling.provenance_of(run, [parity.to_dict() for parity in parities]),
        overwrite=overwrite,
    )


def _unseen(run: Run, unknown: PhotoIndex) -> PhotoIndex:
    """The photos without a landmark that the run did not train on; all, if it trained on none."""
    held = run.meta["data"].get("unknown_validation_paths")
    return unknown if held is None else _those(unknown, set(held))


def _held_out(run: Run, training: PhotoIndex) -> PhotoIndex | None:
    """The photos that the run kept for validation, None where it kept none."""
    held = set(run.meta["data"].get("validation_paths", []))
    return _those(training, held) if held else None


def _those(index: PhotoIndex, wanted: set[str]) -> PhotoIndex:
    numbers = [
        number
        for number, path in enumerate(index.paths)
        if path.relative_to(index.root).as_posix() in wanted
    ]
    if len(numbers) != len(wanted):
        raise DatasetError(
            f"'{index.root}' lacks {len(wanted) - len(numbers)} of the {len(wanted)} photos that "
            "the run held out. Give the photos that it was trained with: --data, --unknown."
        )
    return index.subset(numbers)
