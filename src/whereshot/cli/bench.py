"""`whereshot bench`: where the time goes on this machine."""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._photos import expand_photos
from whereshot.cli._shared import EXIT_FAILED, print_error

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer


def bench(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTOS", help="Photos and folders to measure with.", show_default=False
        ),
    ],
    repeats: Annotated[int, typer.Option(min=1, help="How often each photo is measured.")] = 5,
    limit: Annotated[int, typer.Option(min=1, help="At most this many photos.")] = 100,
    bundle: BundleOption = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Photos side by side, for photos/s.", show_default="one per core"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure decode and model milliseconds per photo, and photos per second with all workers.

    Milliseconds are of one thread, median and 90th percentile over photos and repeats.

    [bold]Examples[/bold]

    whereshot bench photo.jpg
    whereshot bench ~/Pictures/2024 --limit 20 --json
    """
    from whereshot.cores import available_cores
    from whereshot.errors import PhotoError
    from whereshot.recognize import load

    problems: list[str] = []

    def report(message: str) -> None:
        problems.append(message)
        print_error(message)

    start = perf_counter()
    recognizer = load(bundle)
    load_milliseconds = 1000 * (perf_counter() - start)
    readable: list[str] = []
    for photo in itertools.islice(expand_photos(photos, report), limit):
        try:
            recognizer.recognize(photo)  # also warms up the disk cache and the runtime
        except PhotoError as error:
            report(str(error))
        else:
            readable.append(photo)
    if not readable:
        report("there is no photo to measure with")
        raise typer.Exit(EXIT_FAILED)
    workers = workers or available_cores()
    result = {
        "bundle": recognizer.name,
        "photos": len(readable),
        "repeats": repeats,
        "milliseconds": {
            "load": round(load_milliseconds, 1),
            **_stages(recognizer, readable, repeats),
        },
        "photos_per_second": {
            "workers": workers,
            "rate": round(_rate(recognizer, readable, repeats, workers), 1),
        },
        "machine": machine_facts(),
    }
    if as_json:
        typer.echo(json.dumps(result))
    else:
        _print_table(result)
    if problems:
        raise typer.Exit(EXIT_FAILED)


def _stages(
    recognizer: OnnxRecognizer, photos: Sequence[str], repeats: int
) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = {"decode": [], "model": []}
    for _ in range(repeats):
        for photo in photos:
            for stage, milliseconds in recognizer.recognize(photo).milliseconds.items():
                times[stage].append(milliseconds)
    times["both"] = [sum(pair) for pair in zip(times["decode"], times["model"], strict=True)]
    return {stage: summary(values) for stage, values in times.items()}


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median and 90th percentile (nearest rank), rounded to 0.01.

    >>> summary([1.0, 2.0, 3.0, 4.0, 10.0])
    {'median': 3.0, 'p90': 10.0}
    """
    ranked = sorted(values)
    p90 = ranked[min(len(ranked) - 1, -(-9 * len(ranked) // 10) - 1)]
    return {"median": round(statistics.median(ranked), 2), "p90": round(p90, 2)}


def _rate(recognizer: OnnxRecognizer, photos: Sequence[str], repeats: int, workers: int) -> float:
    stream = itertools.chain.from_iterable(itertools.repeat(photos, repeats))
    start = perf_counter()
    done = sum(1 for _ in recognizer.recognize_many(stream, workers=workers))
    return done / (perf_counter() - start)


def machine_facts() -> dict[str, Any]:
    """What a figure needs beside it to mean something: processor, cores, versions."""
    import onnxruntime

    import whereshot
    from whereshot.cores import available_cores
    from whereshot.recognize.machine import processor_name

    return {
        "cpu": processor_name(),
        "cores": available_cores(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "whereshot": whereshot.__version__,
    }


def _print_table(result: dict[str, Any]) -> None:
    from rich.table import Table

    from whereshot.cli._render import make_console

    machine, rate = result["machine"], result["photos_per_second"]
    table = Table()
    table.add_column("stage")
    table.add_column("median", justify="right")
    table.add_column("90 %", justify="right")
    rows = (("decode", "decode"), ("model", "model"), ("both", "decode + model"))
    for stage, label in rows:
        times = result["milliseconds"][stage]
        table.add_row(label, f"{times['median']:.1f}", f"{times['p90']:.1f}")
    console = make_console()
    console.print(f"{result['bundle']}: milliseconds per photo, one thread")
    console.print(table)
    console.print(
        f"{rate['rate']:.1f} photos/s with {rate['workers']} workers; "
        f"the bundle loads in {result['milliseconds']['load']:.0f} ms"
    )
    console.print(
        f"{result['photos']} photos x {result['repeats']} on {machine['cpu']}, "
        f"{machine['cores']} cores, load {machine['load_average']}; {machine['system']}, "
        f"Python {machine['python']}, ONNX Runtime {machine['onnxruntime']}, "
        f"whereshot {machine['whereshot']}"
    )
