"""From a finished run to what is shipped: every export is checked before it takes its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from whereshot.errors import ExportError
from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.learn import bundling, export, parity, parity_report
from whereshot.learn.bundling import Exported
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.run import Run, write_json
from whereshot.learn.shards import is_shards
from whereshot.learn.threshold import HeldOut, Threshold, choose_threshold, held_out_of
from whereshot.photo import Preprocessing
from whereshot.progress import silent
from whereshot.recognize.bundle import MODEL_FILE
from whereshot.recognize.bundle_writer import write_bundle
from whereshot.recognize.session import Session
from whereshot.records import Landmark

Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures)."""

_WRITERS: Mapping[str, Callable[[Run, Path, export.Report], None]] = {
    "onnx": export.export_onnx,
    "torchscript": export.export_torchscript,
    "exported": export.export_program,
}
# torch.export insists on its suffix.
_SUFFIXES = {"onnx": "onnx", "torchscript": "torchscript.pt", "exported": "exported.pt2"}
FORMATS = tuple(_WRITERS)


@dataclass(frozen=True, slots=True)
class Photos:
    """Where the photos lie; None: where the run's recipe says.

    `data` has `test`, to check exports on, and `train`, to make a bundle's prototypes from.
    `unknown` has photos without a landmark (in `train`, or as it is), to choose its threshold on.
    """

    data: Path | None = None
    unknown: Path | None = None


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """What is decided about a bundle when it is made."""

    version: int = 1
    max_false_share: float = 0.005  # of photos without a landmark that may be named
    gazetteer: Gazetteer | None = None  # None: the shipped one

    def __post_init__(self) -> None:
        if not 0 <= self.max_false_share <= 1:
            raise ValueError(
                "max_false_share must be in [0, 1], such as 0.01 for 1 %, "
                f"got {self.max_false_share}"
            )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was written, and what the check found. `report` is the check as JSON."""

    written: Mapping[str, Path]  # by format
    comparison: parity.Comparison
    report: Path
    threshold: Threshold | None  # of the bundle, if there is one


@dataclass(frozen=True, slots=True)
class _Ingredients:
    """What a bundle is made of beside the network."""

    options: BundleOptions
    landmarks: Sequence[Landmark]
    learned: PhotoIndex
    held_out: HeldOut | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that can be found out, and can be wrong, before the work begins."""

    run: Run
    name: str
    targets: Mapping[str, Path]  # by format
    test: PhotoIndex
    bundle: _Ingredients | None
    overwrite: bool


def deliver(
    run: Run,
    folder: Path,
    formats: Sequence[str] = ("onnx",),
    *,
    name: str | None = None,
    photos: Photos = Photos(),
    bundle: BundleOptions | None = BundleOptions(),
    overwrite: bool = False,
    report: Report = silent,
) -> Delivery:
    """Write a run in some of `FORMATS` into a folder, with a report on the check beside them.

    `onnx` becomes the bundle `folder/NAME`, or `folder/NAME.onnx` where `bundle` is None;
    `torchscript` and `exported` are files. All are made and checked in a temporary folder first:
    an export that does not compute what the network computes raises ExportError, and nothing is
    written. Raises DatasetError where photos are missing, ExportError where something is there
    already or a class is no landmark of the gazetteer.
    """
    plan = _plan(run, folder, formats, name, photos, bundle, overwrite=overwrite)
    threshold = None
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".export-") as temporary:
        made = {kind: Path(temporary) / f"{plan.name}.{_SUFFIXES[kind]}" for kind in plan.targets}
        for kind, path in made.items():
            _WRITERS[kind](run, path, _stage(report, f"exporting {kind}"))
        comparison = parity.compare_exports(
            run,
            {kind: parity.open_export(kind, path) for kind, path in made.items()},
            plan.test,
            _stage(report, "checking parity"),
        )
        parity.require_parity(comparison.parities)
        if plan.bundle is not None:
            # First: it is the one that may still fail, and then the others are not there either.
            threshold = _write_bundle(
                plan, plan.bundle, made.pop("onnx"), comparison.parities, report
            )
        for kind, path in made.items():
            path.replace(plan.targets[kind])
    files = {
        kind: target / MODEL_FILE if target.is_dir() else target
        for kind, target in plan.targets.items()
    }
    target = folder / f"{plan.name}.parity.json"
    write_json(target, parity_report.report_of(plan.name, plan.test, comparison, files))
    target.with_suffix(".md").write_text(parity_report.table_of(comparison), encoding="utf-8")
    return Delivery(plan.targets, comparison, target, threshold)


def _stage(report: Report, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: report(stage, done, total, {})


def _plan(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    name: str | None,
    photos: Photos,
    bundle: BundleOptions | None,
    *,
    overwrite: bool,
) -> _Plan:
    name = name or run.recipe.name
    if not name.strip(". ") or set(name) & set("/\\\0"):
        raise ExportError(f"{name!r} can't be the name of a folder. Choose another --name.")
    targets = {kind: folder / f"{name}.{_SUFFIXES[kind]}" for kind in formats}
    if bundle is not None and "onnx" in targets:
        targets["onnx"] = folder / name
    else:
        bundle = None
    if not overwrite and (taken := [str(path) for path in targets.values() if path.exists()]):
        raise ExportError(
            f"Already there: {', '.join(taken)}. Choose another --to, or --overwrite."
        )
    if photos.data is None and is_shards(run.recipe.data.train):
        raise ExportError(
            f"The run was trained on shards ('{run.recipe.data.train}'), and an export is checked "
            "on photos in folders. Say where there are some: --data DIR"
        )
    data = photos.data or Path(run.recipe.data.train)
    test = index_folder(data, "test").matched_to(run.classes)
    ingredients = None if bundle is None else _ingredients(run, data, photos.unknown, bundle)
    return _Plan(run, name, targets, test, ingredients, overwrite)


def _ingredients(
    run: Run, data: Path, unknown: Path | None, options: BundleOptions
) -> _Ingredients:
    landmarks = bundling.landmarks_of(run.classes, options.gazetteer or load_gazetteer())
    training = index_folder(data, "train").matched_to(run.classes)
    held_out = held_out_of(run, training, unknown)
    # Prototypes must not know the photos that the rule of the verdict is fitted on.
    unseen = {"excluded", "validation_paths"}
    left_out = {path for key in unseen for path in run.meta["data"].get(key, [])}
    return _Ingredients(options, landmarks, training.without(left_out), held_out)


def _write_bundle(
    plan: _Plan,
    bundle: _Ingredients,
    model: Path,
    parities: Sequence[parity.Parity],
    report: Report,
) -> Threshold:
    run = plan.run
    preprocessing = Preprocessing(run.recipe.model.size, run.recipe.model.fit)
    exported = Exported(Session(model), preprocessing, run.temperature)
    held_out = bundle.held_out
    prototypes = bundling.make_prototypes(
        exported,
        bundle.learned,
        None if held_out is None else held_out.others,
        _stage(report, "making prototypes"),
    )
    threshold = Threshold()
    if held_out is not None:
        threshold = choose_threshold(
            exported,
            prototypes,
            held_out,
            bundle.options.max_false_share,
            _stage(report, "choosing the threshold"),
        )
    checks = [each.to_dict() for each in parities]
    write_bundle(
        plan.targets["onnx"],
        name=plan.name,
        version=bundle.options.version,
        model=model,
        landmarks=bundle.landmarks,
        prototypes=dataclasses.replace(prototypes, witnesses=threshold.witnesses),
        preprocessing=preprocessing,
        temperature=run.temperature,
        min_probability=threshold.min_probability,
        rule=threshold.rule,
        strictness=threshold.strictness,
        held_out=threshold.held_out,
        chosen_for=threshold.chosen_for,
        provenance=bundling.provenance_of(run, bundle.landmarks, checks),
        overwrite=plan.overwrite,
    )
    return threshold
