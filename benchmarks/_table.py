"""What the benchmarks share: facts about the machine, interleaved timing, a CSV of results."""

from __future__ import annotations

import csv
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]


def side_by_side(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way in each round; the ways take turns, so noise falls on all alike."""
    for way in ways.values():
        way()  # warm caches and lazy set-up
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            times[name].append(1e3 * (time.perf_counter() - started))
    return times


def median_ratio(slow: list[float], fast: list[float]) -> float:
    """The median over rounds of slow / fast, each measured in the same round."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def machine() -> dict[str, str]:
    """What a figure depends on: processor, cores, commit."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {"processor": model, "cores": str(os.cpu_count()), "commit": commit or "unknown"}


def versions(*packages: str) -> str:
    """`name version` of each package, joined."""
    return " ".join(f"{package} {version(package)}" for package in packages)


def write_results(name: str, rows: list[dict[str, object]], about: Mapping[str, str]) -> Path:
    """Write rows to `results/NAME.csv`, each with the facts about the machine."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.csv"
    complete = [{**row, **about} for row in rows]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(complete[0]))
        writer.writeheader()
        writer.writerows(complete)
    return path
