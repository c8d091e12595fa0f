"""A head for 81,313 landmarks that sees a tenth of them in each step: memory and time.

Photos are noise and labels are drawn: what a step costs does not depend on what it learns. Peaks
are those of a process that makes the network and trains 20 steps; times are medians of steps that
take turns. The first four ways have next to no backbone, so that the head is what is measured; the
last is the network of `recipes/gldv2_clean.toml`, in batches that a CPU can do.

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
from _table import ROOT, machine, median_ratio, side_by_side, versions, write_results

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
    """What one process needs for this way alone: run in it, printed as JSON."""
    baseline = _peak_mb()
    step = stepper(way)
    seconds: list[float] = []
    for _ in range(steps):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return {"before": baseline, "peak": _peak_mb(), "ms": 1e3 * statistics.median(seconds)}


def _peak_mb() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e6 if sys.platform == "darwin" else size * 1024 / 1e6


def measure_peak(way: str, steps: int) -> dict[str, float]:
    """`peak_of` in a process of its own."""
    command = [sys.executable, __file__, "--steps", str(steps), "--peak-of", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peak-of", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peak_of:
        print(json.dumps(peak_of(options.peak_of, options.steps)))
        return
    peaks = {way: measure_peak(way, options.steps) for way in WAYS}
    heads = [way for way in WAYS if not way.startswith("whole")]
    times = side_by_side({way: stepper(way) for way in heads}, options.rounds)
    reference = times["head of 10,000, all"]
    rows: list[dict[str, object]] = []
    for way, peak in peaks.items():
        classes, photos, _ = WAYS[way]
        alone = way in times
        milliseconds = statistics.median(times[way]) if alone else peak["ms"]
        row = {
            "way": way,
            "classes": classes,
            "photos": photos,
            "steps": options.steps,
            "peak_mb": round(peak["peak"]),
            "peak_mb_before": round(peak["before"]),
            "step_ms": round(milliseconds, 1),
            "times_10000": round(median_ratio(times[way], reference), 2) if alone else "",
            "threads": options.threads,
        }
        rows.append(row)
        print(json.dumps(row))
    write_results("sampled_head", rows, {**machine(), "versions": versions("torch", "timm")})


if __name__ == "__main__":
    main()
