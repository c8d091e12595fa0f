"""`whereshot export`: a finished run as a bundle and in formats that other programs load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(help="A finished training run, such as runs/world.")],
    formats: Annotated[
        str, typer.Option("--format", help="Any of onnx, torchscript, exported; comma-separated.")
    ] = "onnx",
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder to write into.", show_default="RUN/export"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Photos to check the exports on (their `test`), and to make prototypes from "
            "(their `train`).",
            show_default="those of the recipe",
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            "--unknown",
            help="Photos without a landmark (their `train`), to choose the bundle's threshold on.",
        ),
    ] = None,
    max_false_tags: Annotated[
        float,
        typer.Option(
            "--max-false-tags", min=0, max=1, help="The share of --unknown that may be named."
        ),
    ] = 0.005,
    name: Annotated[
        str | None, typer.Option("--name", help="The bundle's name.", show_default="the recipe's")
    ] = None,
    bundle_version: Annotated[
        int, typer.Option("--bundle-version", min=1, help="The bundle's version.")
    ] = 1,
    gazetteer: Annotated[
        Path | None, typer.Option("--gazetteer", help="A CSV of landmarks of your own.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is in the folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    r"""Export a run as ONNX bundle, TorchScript predictor or ExportedProgram, each checked.

    Every export runs over all test photos beside the network in PyTorch; it is refused where its
    top-1 differs by more than 0.2 points or any logit by more than 0.01.

    [bold]Examples[/bold]

    \b
    whereshot export runs/world
    whereshot export runs/world --format onnx,torchscript,exported --unknown photos/not_landmarks
    """
    import json

    from whereshot.cli._training import require_learn, show_progress

    require_learn()
    from whereshot.gazetteer import Gazetteer
    from whereshot.learn.delivery import FORMATS, deliver
    from whereshot.learn.run import load_run

    wanted = [part.strip() for part in formats.split(",") if part.strip()]
    if not wanted or not set(wanted) <= set(FORMATS):
        raise typer.BadParameter(
            f"must be any of {', '.join(FORMATS)}, got {formats!r}", param_hint="--format"
        )
    loaded = load_run(run)
    with show_progress() as report:
        parities, written = deliver(
            loaded,
            to or run / "export",
            wanted,
            data=data,
            unknown=unknown,
            max_false_share=max_false_tags,
            name=name,
            version=bundle_version,
            gazetteer=Gazetteer.from_csv(gazetteer) if gazetteer else None,
            overwrite=overwrite,
            report=report,
        )
    if as_json:
        rows = [parity.to_dict() for parity in parities]
        typer.echo(json.dumps({"written": [str(path) for path in written], "parity": rows}))
        return
    for parity in parities:
        typer.echo(
            f"{parity.format}: top-1 {parity.export_top1:.2%} on {parity.photos} photos "
            f"(PyTorch {parity.network_top1:.2%}), logits within {parity.max_logit_difference:.1g}"
        )
    for path in written:
        typer.echo(path)
