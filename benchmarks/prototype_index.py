"""A very large landmark set: what the index finds of what exact search finds, in which time.

    python benchmarks/prototype_index.py FOLDER [--landmarks 203000] [--each 10]

Simulates landmarks, builds an index of them in FOLDER, and asks it about 1,000 further photos, one
at a time, on one thread. FOLDER must not exist, or hold the index of an earlier call; it takes 1.1
kB a vector. The full size needs a few minutes of one core, most of them for the exact answers.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy is imported

import argparse
import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from _table import ROOT, machine, versions, write_results
from simulated_landmarks import SimulatedLandmarks

from whereshot.scale import build_index, open_index

SETTINGS = ((0.25, 400), (0.5, 400), (0.125, 400), (0.375, 200))  # the default first


def memory_mb() -> dict[str, int]:
    """Resident memory in MB: of its own, and pages of mapped files, which can be dropped."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(lines[name].split()[0]) // 1024 for name in ("RssAnon", "RssFile")}


def build(folder: Path, simulated: SimulatedLandmarks, results: Any) -> None:
    """Build the index; in a process of its own, for its peak of memory."""
    started = time.process_time()
    making = 0.0

    def timed() -> Any:
        nonlocal making
        blocks = simulated.blocks()
        while True:
            before = time.process_time()
            block = next(blocks, None)
            making += time.process_time() - before
            if block is None:
                return
            yield block

    build_index(folder, timed(), resume=True, report=say)
    seconds = time.process_time() - started - making
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    results.put({"build_core_minutes": round(seconds / 60, 2), "build_peak_mb": peak})


def say(stage: str, done: int) -> None:
    """Print every 200,000 vectors."""
    if done // 200_000 > (done - 32_768) // 200_000:
        print(f"{time.strftime('%H:%M:%S')} {stage} {done:,}", flush=True)


def exact(folder: Path, each: int, photos: np.ndarray) -> np.ndarray:
    """The rows (B, 10) of the nearest prototypes, best first, by comparing with all of them."""
    dimension = photos.shape[1]
    vectors = np.memmap(folder / "vectors.f16", "<f2", "r").reshape(-1, dimension)
    best = np.full((len(photos), 10), -np.inf, np.float32)
    rows = np.full((len(photos), 10), -1)
    for start in range(0, len(vectors), 1_000 * each):
        scores = photos @ vectors[start : start + 1_000 * each].astype(np.float32).T
        better = np.flatnonzero(scores.max(axis=1) > best.min(axis=1))  # few, after a while
        both = np.concatenate([best[better], scores[better]], axis=1)
        chosen = np.argpartition(-both, 10, axis=1)[:, :10]
        best[better] = np.take_along_axis(both, chosen, axis=1)
        old = np.take_along_axis(rows[better], np.minimum(chosen, 9), axis=1)
        rows[better] = np.where(chosen < 10, old, start + chosen - 10)
        say("compared", start + scores.shape[1])
    return np.take_along_axis(rows, np.argsort(-best, axis=1), axis=1)


def measure(folder: Path, photos: np.ndarray, truth: np.ndarray, each: int, results: Any) -> None:
    """Ask the index one photo at a time; in a process of its own, for its memory."""
    import faiss  # noqa: F401 - what the library itself takes is not the index's

    before = memory_mb()
    started = time.perf_counter()
    index = open_index(folder)
    about: dict[str, object] = {"load_ms": round(1e3 * (time.perf_counter() - started), 1)}
    about |= {f"loaded_{name}_mb": now - before[name] for name, now in memory_mb().items()}
    rows: list[dict[str, object]] = []
    lists = json.loads((folder / "index.json").read_text())["probes"] / SETTINGS[0][0]
    for share, candidates in SETTINGS:
        probes = round(share * lists)
        del index  # two at once would show in the memory
        index = open_index(folder, probes=probes, candidates=candidates)
        wall, cpu, first = [], [], []
        for photo in photos:
            started = time.perf_counter(), time.thread_time()
            first.append(index.query(photo[None])[1][0, 0])
            wall.append(1e3 * (time.perf_counter() - started[0]))
            cpu.append(1e3 * (time.thread_time() - started[1]))
        if not rows:
            about |= {f"asked_{name}_mb": now - before[name] for name, now in memory_mb().items()}
        started = time.process_time()
        near = index.nearest(photos, 10)[1]
        together = time.process_time() - started
        shared = [len(set(a) & set(b)) for a, b in zip(near, truth, strict=True)]
        rows.append(
            {
                "probed_share": share,
                "probes": probes,
                "candidates": candidates,
                "cpu_ms_mean": round(float(np.mean(cpu)), 3),
                "cpu_ms_median": round(float(np.median(cpu)), 3),
                "cpu_ms_best_tenth": round(float(np.percentile(cpu, 10)), 3),
                "cpu_ms_in_one_call": round(1e3 * together / len(photos), 3),
                "wall_ms_median": round(float(np.median(wall)), 3),
                "wall_ms_best_tenth": round(float(np.percentile(wall, 10)), 3),
                "landmark_recall_at_1": float(np.mean(np.array(first) == truth[:, 0] // each)),
                "vector_recall_at_10": round(float(np.mean(shared)) / 10, 4),
            }
        )
        print(rows[-1], flush=True)
    results.put((rows, about))


def main() -> None:
    """Build, compare, print, and write `results/prototype_index.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--landmarks", type=int, default=203_000)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--photos", type=int, default=1_000)
    parser.add_argument("--name", default="prototype_index")
    options = parser.parse_args()
    simulated = SimulatedLandmarks(options.landmarks, options.each)
    spawn = multiprocessing.get_context("spawn")
    results = spawn.SimpleQueue()

    def apart(work: Any, *arguments: Any) -> Any:
        process = spawn.Process(target=work, args=(*arguments, results))
        process.start()
        found = results.get()
        process.join()
        return found

    kept = options.folder.with_suffix(".built.json")
    if not options.folder.exists():
        kept.write_text(json.dumps(apart(build, options.folder, simulated)))
    built = json.loads(kept.read_text())
    photos, owners = simulated.photos(options.photos)
    answers = options.folder.with_suffix(".exact.npy")
    if not answers.exists():
        np.save(answers, exact(options.folder, options.each, photos))
    truth = np.load(answers)
    rows, about = apart(measure, options.folder, photos, truth, options.each)
    size = sum(path.stat().st_size for path in options.folder.iterdir())
    codes = (options.folder / "codes.faiss").stat().st_size
    facts = {
        "landmarks": options.landmarks,
        "vectors": options.landmarks * options.each,
        "dimension": simulated.dimension,
        "exact_right_share": np.mean(truth[:, 0] // options.each == owners),
        "bytes": size,
        "bytes_of_codes": codes,
        **built,
        **about,
    }
    for name, value in facts.items():
        print(f"{name:20} {value}")
    about = {**machine(), "versions": versions("faiss-cpu", "numpy")}
    rows = [{**row, **facts} for row in rows]
    print(f"written: {write_results(options.name, rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
