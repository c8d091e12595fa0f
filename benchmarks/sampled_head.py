"""A head for 81,313 landmarks that sees a tenth of them in each step: memory and time.

Photos are noise and labels are drawn: what a step costs does not depend on what it learns. Peaks
are those of a process that makes the network and trains 20 steps; times are medians of processor
time on one thread, of steps that take turns. The first four ways have next to no backbone, so that
the head is what is measured; the last is the network of `recipes/gldv2_clean.toml`, in batches that
a CPU can do.

    python benchmarks/sampled_head.py
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from _table import ROOT, machine, median_ratio, versions, write_results

from whereshot.learn.config import Recipe, override, read_recipe
from whereshot.learn.distributed import Team
from whereshot.learn.learner import Learner

GLDV2_CLEAN = 81_313
BATCH, WHOLE_BATCH = 64, 16
_TINY = ("model.architecture=timm/test_efficientnet", "model.weights=none", "model.size=32")
_FULL_HEAD = ("model.class_share=1.0",)

# name: classes, photos in a batch, changes to the recipe
WAYS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "head of 81,313, a tenth drawn": (GLDV2_CLEAN, BATCH, _TINY),
    "head of 81,313, all": (GLDV2_CLEAN, BATCH, (*_TINY, *_FULL_HEAD)),
    "head of 10,000, all": (10_000, BATCH, (*_TINY, *_FULL_HEAD)),
    "softmax of 10,000": (
        10_000,
        BATCH,
        (*_TINY, *_FULL_HEAD, "model.head=softmax", "model.subcenters=1", "model.margin=0"),
    ),
    "whole network, 81,313, a tenth drawn": (
        GLDV2_CLEAN,
        WHOLE_BATCH,
        ("model.weights=none", f"optim.batch={WHOLE_BATCH}", "data.streams=1"),
    ),
}


def recipe_of(way: str) -> Recipe:
    recipe = read_recipe(ROOT / "recipes" / "gldv2_clean.toml")
    return override(recipe, [*WAYS[way][2], "precision=float32"])


def stepper(way: str) -> Callable[[], float]:
    """A function that trains one step of a way on a batch of noise, and returns its loss."""
    classes, photos, _ = WAYS[way]
    recipe = recipe_of(way)
    generator = torch.Generator().manual_seed(0)
    counts = torch.randint(1, 60, (classes,), generator=generator).tolist()
    learner = Learner(recipe, counts, Team())
    learner.begin(frozen=False)
    side, number = recipe.model.size, 0

    def step() -> float:
        nonlocal number
        shape = (photos, 3, side, side)
        planes = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
        labels = torch.randint(0, classes, (photos,), generator=generator)
        floats, targets = learner.blend(planes, labels, photos=photos, turn=(0, number))
        loss = learner.backward(floats, targets, labels, photos=photos)
        learner.update()
        number += 1
        return loss

    return step


def peak_of(way: str, steps: int) -> dict[str, float]:
    """The megabytes that a process needs for this way alone: run in it, printed as JSON."""
    before = _peak_mb()
    step = stepper(way)
    for _ in range(steps):
        step()
    return {"before": before, "peak": _peak_mb()}


def _peak_mb() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e6 if sys.platform == "darwin" else size * 1024 / 1e6


def measure_peak(way: str, steps: int) -> dict[str, float]:
    """`peak_of` in a process of its own."""
    command = [sys.executable, __file__, "--steps", str(steps), "--peak-of", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def processor_seconds(steps: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Of each way in each round, in turns: on one thread a busy machine makes them no longer."""
    for step in steps.values():
        step()
    seconds: dict[str, list[float]] = {way: [] for way in steps}
    for _ in range(rounds):
        for way, step in steps.items():
            started = time.process_time()
            step()
            seconds[way].append(time.process_time() - started)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("memory", "time"))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peak-of", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak_of:
        print(json.dumps(peak_of(options.peak_of, options.steps)))
        return
    about = {**machine(), "versions": versions("torch", "timm")}
    if options.only != "time":
        write_results("sampled_head_memory", memory_rows(options.steps), about)
    if options.only != "memory":
        write_results("sampled_head_time", time_rows(options.rounds), about)


def memory_rows(steps: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for way, (classes, photos, _) in WAYS.items():
        peak = measure_peak(way, steps)
        row: dict[str, object] = {
            "way": way,
            "classes": classes,
            "photos": photos,
            "steps": steps,
            "peak_mb": round(peak["peak"]),
            "peak_mb_before": round(peak["before"]),
        }
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def time_rows(rounds: int) -> list[dict[str, object]]:
    heads = [way for way in WAYS if not way.startswith("whole")]
    seconds = processor_seconds({way: stepper(way) for way in heads}, rounds)
    rows: list[dict[str, object]] = []
    for way in heads:
        classes, photos, _ = WAYS[way]
        row: dict[str, object] = {
            "way": way,
            "classes": classes,
            "photos": photos,
            "rounds": rounds,
            "processor_seconds": round(statistics.median(seconds[way]), 3),
            "times_10000": round(median_ratio(seconds[way], seconds["head of 10,000, all"]), 2),
        }
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


if __name__ == "__main__":
    main()
