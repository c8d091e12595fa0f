"""`whereshot study`: which pretrained network, at which size, fine-tuned how far."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whereshot.cli._shared import EXIT_FAILED, check_target
from whereshot.cli._training import PhotosOption, UnknownOption


def study(
    data: PhotosOption = None,
    backbones: Annotated[
        str,
        typer.Option(metavar="A,B", help="Any of timm's networks; default: those from PyPI."),
    ] = "timm/tf_efficientnet_lite0,timm/tf_efficientnet_lite1,timm/tf_efficientnet_lite2",
    sizes: Annotated[
        str, typer.Option(metavar="N,N", help="Sides of the photos in px.")
    ] = "192,224,260",
    modes: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="`frozen`: only the head trains; `partial`: all but the first stages; `full`.",
        ),
    ] = "frozen,partial,full",
    recipe: Annotated[
        Path | None,
        typer.Option(help="Recipe to take data, augmentation and optimizer from."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each network.")] = 3,
    unknown: UnknownOption = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key of the recipe; may be repeated."),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder of the study.")] = Path("runs/study"),
    test: Annotated[
        bool,
        typer.Option("--test", help="Measure DIR/test too, once, when everything is trained."),
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="F.html", help="Where the report goes, if not in DIR.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the study as one JSON object.")
    ] = False,
) -> None:
    """Choose a pretrained network, with reasons: accuracy against CPU milliseconds.

    Trains every backbone at every size in every mode into TO/BACKBONE-SIZE-MODE, each an ordinary
    run. What is finished is not trained again, and a study that was stopped goes on with the same
    command. Accuracy is of photos held out of `train`; the choice is the fastest network within
    one standard error of the best. Writes TO/study.html and TO/study.json. A backbone whose
    weights can't be had is named, and the others go on.

    [bold]Examples[/bold]

    \b
    whereshot study --data photos/world
    whereshot study --data photos/world --sizes 224 --modes frozen
    whereshot study --data photos/world --backbones resnet50,mobilenetv4_conv_medium --epochs 5
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.cli._training import require_learn, with_photos

    if html is not None:
        check_target(html)
    wanted_sizes = [_pixels(size) for size in _parts(sizes)]
    require_learn()
    import json
    import shlex

    from whereshot.learn.config import Recipe, override, read_recipe

    base = override(Recipe(), assignments or [])
    if recipe is not None:
        base = read_recipe(recipe, assignments or [])
    base = with_photos(base, data, unknown)
    target = html or to / "study.html"

    from whereshot.cli._study import print_failures, print_study, show_study_progress
    from whereshot.learn.memory import keep_freed_memory
    from whereshot.learn.study.conduct import conduct_study
    from whereshot.learn.study.kept import write_study
    from whereshot.learn.study.plan import plan_study
    from whereshot.learn.study.report import write_study_report

    plan = plan_study(base, _parts(backbones), wanted_sizes, _parts(modes), epochs=epochs)
    command = ["whereshot", "study", "--data", base.data.train, "--backbones", backbones]
    command += ["--sizes", sizes, "--modes", modes, "--epochs", str(epochs)]
    command += ["--recipe", str(recipe)] if recipe else []
    command += [part for each in assignments or [] for part in ("--set", each)]
    command += ["--test"] if test else []
    keep_freed_memory()
    try:
        with show_study_progress(len(plan)) as report:
            found = conduct_study(
                base,
                plan,
                to,
                epochs=epochs,
                test=test,
                report=report,
                command=shlex.join(command),
            )
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here.", err=True)
        raise
    write_study(found, to)
    write_study_report(found, target)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    else:
        print_study(found)
        typer.echo(f"\n{target}")
    print_failures(found)
    if found.has_failures:
        raise typer.Exit(EXIT_FAILED)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pixels(text: str) -> int:
    if not text.isdecimal():
        raise typer.BadParameter(f"expected sizes in px such as 192,224, got '{text}'")
    return int(text)
