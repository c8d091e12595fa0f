"""Ray against the processes of one machine: photos a second of a batch, in turns.

    python benchmarks/batch.py PHOTOS [--count 2000] [--workers 2] [--rounds 3]

PHOTOS is a folder of photos, such as `photos/world`; if it has fewer than asked for, they come
again. Two rates of each engine: that of the whole run, with the start of processes or of a cluster,
and that at work, from first to last result. The ratios are of the same round; medians count.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from _table import ROOT, machine, versions, write_results

from whereshot.photo.suffixes import is_photo
from whereshot.scale.batch import Engine, LocalEngine, RayEngine, batch_recognize, read_records


class Timed:
    """An engine with a watch: when each part came, and how many photos it had."""

    def __init__(self, engine: Engine) -> None:
        self.name = engine.name
        self._engine = engine
        self.arrivals: list[tuple[float, int]] = []

    def run(self, source: Any, work: Any, spans: Sequence[tuple[int, int]]) -> Generator[Any]:
        """The parts of the engine."""
        with closing(self._engine.run(source, work, spans)) as parts:
            for start, table in parts:
                self.arrivals.append((time.perf_counter(), table.num_rows))
                yield start, table

    @property
    def rate(self) -> float:
        """Photos a second between the first part and the last."""
        (first, _), *others = self.arrivals
        return sum(photos for _, photos in others) / (others[-1][0] - first)


def run_once(engine: Engine, photos: Path, output: Path) -> dict[str, float]:
    """Photos a second of the whole run and at work."""
    timed = Timed(engine)
    summary = batch_recognize(photos, output, engine=timed)
    assert summary.recognized == summary.photos, summary
    return {"whole": summary.photos / summary.seconds, "at work": timed.rate}


def check_same(outputs: Sequence[Path]) -> None:
    """Both engines have given the same records."""
    first, *others = (
        [{**record, "milliseconds": None} for record in read_records(output)] for output in outputs
    )
    assert all(other == first for other in others), "the engines don't agree"


def main() -> None:
    """Measure, print, and write `results/batch.csv`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = sorted(str(path) for path in options.photos.rglob("*") if is_photo(path.name))
    rates: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="whereshot-batch-") as name:
        folder = Path(name)
        photos = folder / "photos.txt"
        photos.write_text("\n".join(islice(cycle(found), options.count)), encoding="utf-8")
        for number in range(options.rounds):
            engines = (LocalEngine(workers=options.workers), RayEngine(workers=options.workers))
            outputs = [folder / f"{engine.name}-{number}" for engine in engines]
            for engine, output in zip(engines, outputs, strict=True):
                for what, rate in run_once(engine, photos, output).items():
                    rates.setdefault((engine.name, what), []).append(rate)
                    print(f"round {number + 1}: {engine.name:6} {what:8} {rate:7.1f} photos/s")
            check_same(outputs)
    rows: list[dict[str, object]] = [
        {
            "engine": engine,
            "rate": what,
            "photos_per_second": round(statistics.median(measured), 2),
            "times_local": round(
                statistics.median(
                    a / b for a, b in zip(measured, rates["local", what], strict=True)
                ),
                3,
            ),
            "photos": options.count,
            "workers": options.workers,
            "rounds": options.rounds,
        }
        for (engine, what), measured in rates.items()
    ]
    for row in rows:
        print(
            f"{row['engine']:6} {row['rate']:8} {row['photos_per_second']:>8} photos/s, "
            f"{row['times_local']} of local"
        )
    about = {**machine(), "versions": versions("ray", "pyarrow", "onnxruntime", "simplejpeg")}
    print(f"written: {write_results('batch', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
