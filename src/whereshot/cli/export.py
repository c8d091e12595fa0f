"""`whereshot export`: a finished run as a bundle and in formats that other programs load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._verdict import share_of

if TYPE_CHECKING:
    from whereshot.learn.delivery import Delivery


def export(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A finished training run, such as runs/world.")
    ],
    formats: Annotated[
        str,
        typer.Option("--format", metavar="A,B", help="Any of onnx, torchscript, exported."),
    ] = "onnx",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="Folder to write into.", show_default="RUN/export"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Photos: exports are checked on DIR/test, a bundle learns its prototypes from "
            "DIR/train.",
            show_default="those of the recipe",
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            "--unknown",
            metavar="DIR",
            help="Photos without a landmark: those in DIR/train that the run did not train on "
            "choose the bundle's threshold, below which it says unknown.",
            show_default="those of the recipe",
        ),
    ] = None,
    max_false_tags: Annotated[
        str,
        typer.Option(
            "--max-false-tags",
            metavar="SHARE",
            help="How many of those may be given a name all the same, such as 1% or 0.01.",
        ),
    ] = "0.5%",
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="What the exports are called.",
            show_default="the recipe's",
        ),
    ] = None,
    bundle: Annotated[
        bool,
        typer.Option(
            "--bundle/--no-bundle",
            help="Without, onnx is the file NAME.onnx alone: for classes that are no landmarks.",
        ),
    ] = True,
    bundle_version: Annotated[
        int, typer.Option("--bundle-version", min=1, help="The bundle's version.")
    ] = 1,
    gazetteer: Annotated[
        Path | None,
        typer.Option(
            "--gazetteer",
            metavar="F.csv",
            help="A CSV that says where the bundle's landmarks are.",
            show_default="the shipped one",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    r"""Write a trained run to files that work without whereshot: ONNX, TorchScript and more.

    `onnx` makes a bundle: a folder NAME that whereshot recognizes with, and whose model.onnx runs
    in any language. `torchscript` makes NAME.torchscript.pt for PyTorch in Python or C++: uint8
    photos (B, 3, H, W) of any size in, probabilities out. `exported` makes NAME.exported.pt2 for
    PyTorch's compilers. Class names, input size and normalization are inside each, and
    docs/examples has a short script for each that loads it.

    Every export answers all test photos side by side with the network in PyTorch. If its top-1
    differs by more than 0.2 points or any logit by more than 0.01, it is refused and nothing is
    written. What was found is printed, and kept beside the exports as NAME.parity.json and .md.

    [bold]Examples[/bold]

    \b
    whereshot export runs/world                           a bundle
    whereshot export runs/world --format torchscript      one file for PyTorch
    whereshot export runs/world --format onnx,torchscript,exported --overwrite
    whereshot export runs/scratch --unknown photos/others --max-false-tags 1%
    whereshot export runs/flowers --no-bundle             classes that are no landmarks
    """
    from whereshot.cli._training import require_learn, show_progress

    wanted = _formats(formats)
    max_false_share = share_of(max_false_tags, "--max-false-tags", ends=True)
    for option, value in (("--unknown", unknown), ("--gazetteer", gazetteer)):
        if value is not None and not (bundle and "onnx" in wanted):
            raise typer.BadParameter(
                "goes with a bundle: with onnx in --format, without --no-bundle", param_hint=option
            )
    require_learn()
    from whereshot.gazetteer import Gazetteer
    from whereshot.learn.delivery import BundleOptions, Photos, deliver
    from whereshot.learn.run import load_run

    options = BundleOptions(
        bundle_version, max_false_share, Gazetteer.from_csv(gazetteer) if gazetteer else None
    )
    loaded = load_run(run)
    with show_progress() as report:
        delivered = deliver(
            loaded,
            to or run / "export",
            wanted,
            name=name,
            photos=Photos(data, unknown),
            bundle=options if bundle else None,
            overwrite=overwrite,
            report=report,
        )
    _print(delivered, as_json=as_json)


def _formats(text: str) -> list[str]:
    known = ("onnx", "torchscript", "exported")
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    if not wanted or not set(wanted) <= set(known):
        raise typer.BadParameter(
            f"must be any of {', '.join(known)}, got {text!r}", param_hint="--format"
        )
    return wanted


def _print(delivered: Delivery, *, as_json: bool) -> None:
    import json

    from whereshot.cli._shared import print_error
    from whereshot.learn.parity_report import table_of

    comparison, written = delivered.comparison, delivered.written
    if as_json:
        rows = [parity.to_dict() for parity in comparison.parities]
        paths = [str(path) for path in (*written.values(), delivered.report)]
        typer.echo(json.dumps({"written": paths, "parity": rows}))
    else:
        typer.echo(table_of(comparison))
        for path in (*written.values(), delivered.report):
            typer.echo(path)
    for photo in comparison.unreadable:
        print_error(f"left out: test photo '{photo}' can't be read")
    if delivered.threshold is not None and delivered.threshold.chosen_for is None:
        print_error(
            f"the bundle names whatever has a probability of "
            f"{delivered.threshold.min_probability:g}: let photos without a landmark choose "
            "a threshold (--unknown DIR --overwrite)"
        )
