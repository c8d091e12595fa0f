"""How long a command takes to answer, a new process each time: the help, and one photo.

    python benchmarks/startup.py [--rounds 15]

Wall-clock milliseconds and CPU milliseconds, medians; the commands take turns. The first line is
Python itself doing nothing, which no command can be faster than.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from _table import ROOT, machine, versions, write_results

PHOTO = ROOT / "tests" / "samples" / "great_wall_of_china.jpg"
WHERESHOT = (sys.executable, "-m", "whereshot")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "whereshot --help": (*WHERESHOT, "--help"),
    "whereshot tag --help": (*WHERESHOT, "tag", "--help"),
    "whereshot predict PHOTO": (*WHERESHOT, "predict", str(PHOTO)),
}


def run(command: Sequence[str]) -> tuple[float, float]:
    """Wall-clock and CPU milliseconds of a process, from its start to its end."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}")
    return 1e3 * wall, 1e3 * (usage.ru_utime + usage.ru_stime)


def main() -> None:
    """Measure, print, and write `results/startup.csv`."""
    parser = argparse.ArgumentParser(description="How long a command takes to answer.")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for command in COMMANDS.values():
        run(command)  # compiled modules and the disk's cache
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(options.rounds):
        for name, command in COMMANDS.items():
            times[name].append(run(command))
    rows: list[dict[str, object]] = []
    print(f"{'command':24} {'ms':>6} {'CPU ms':>7}")
    for name, measured in times.items():
        wall, cpu = (round(statistics.median(each)) for each in zip(*measured, strict=True))
        rows.append({"command": name, "milliseconds": wall, "cpu_milliseconds": cpu})
        print(f"{name:24} {wall:6} {cpu:7}")
    about = {**machine(), "rounds": str(options.rounds), "versions": versions("typer", "rich")}
    print(f"written: {write_results('startup', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
