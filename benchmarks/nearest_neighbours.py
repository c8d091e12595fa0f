"""Which way to find nearest prototypes: graphs, lists and codes, side by side on one thread.

    python benchmarks/nearest_neighbours.py [--landmarks 20000] [--photos 1000]

Simulates landmarks with ten prototypes each and asks about further photos. `hnsw` is a graph
(usearch; `pip install usearch`, which the project itself doesn't need), `ivf` are k-means lists,
`sq8` and `fp16` scalar quantization, `pq64` product quantization to 64 codes of 4 bits of 128
rotated dimensions, after which 200 vectors are compared in full.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy is imported

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from _table import ROOT, machine, versions, write_results
from simulated_landmarks import SimulatedLandmarks

EACH = 10
CANDIDATES = 200
Search = Callable[[np.ndarray], np.ndarray]
"""From photos (B, D) to the rows (B, 10) of the nearest prototypes."""


def exact(photos: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The rows (B, 10) of the nearest prototypes, by comparing with all of them."""
    scores = photos @ vectors.T
    rows = np.argpartition(-scores, 10, axis=1)[:, :10]
    return np.take_along_axis(rows, np.argsort(-np.take_along_axis(scores, rows, 1), axis=1), 1)


def of_faiss(spec: str, probes: int, vectors: np.ndarray) -> tuple[Search, int]:
    """An index of faiss by its factory string; with codes, candidates are compared in full."""
    index = faiss.index_factory(vectors.shape[1], spec, faiss.METRIC_INNER_PRODUCT)
    if "IVF" in spec:
        ivf = faiss.extract_index_ivf(index)
        ivf.nprobe, ivf.cp.spherical, ivf.cp.niter = probes, True, 8
        ivf.cp.min_points_per_centroid = 1
    index.train(vectors[::3])
    index.add(vectors)
    size = len(faiss.serialize_index(index))
    if "PQ" not in spec:
        return lambda photos: index.search(photos, 10)[1], size
    full = vectors.astype(np.float16)

    def search(photos: np.ndarray) -> np.ndarray:
        found = []
        for photo, rows in zip(photos, index.search(photos, CANDIDATES)[1], strict=True):
            scores = full[np.sort(rows)].astype(np.float32) @ photo
            found.append(np.sort(rows)[np.argsort(-scores)[:10]])
        return np.array(found)

    return search, size + full.nbytes


def of_usearch(kind: str, expansion: int, vectors: np.ndarray) -> tuple[Search, int]:
    """A graph with 16 neighbours a node, memory-mapped from a file."""
    usearch = import_module("usearch.index")
    index = usearch.Index(
        ndim=vectors.shape[1], metric="cos", dtype=kind, connectivity=16, expansion_add=64
    )
    index.add(np.arange(len(vectors)), vectors, threads=1)
    path = Path(tempfile.mkdtemp()) / "graph.usearch"
    index.save(str(path))
    size = path.stat().st_size
    index = usearch.Index.restore(str(path), view=True)
    path.unlink()  # the mapping lives on
    path.parent.rmdir()
    index.expansion_search = expansion

    def search(photos: np.ndarray) -> np.ndarray:
        return index.search(photos, 10, threads=1).keys.reshape(len(photos), 10).astype(np.int64)

    return search, size


WAYS: dict[str, Callable[[np.ndarray], tuple[Search, int]]] = {
    "hnsw i8, 128 visited (usearch)": lambda x: of_usearch("i8", 128, x),
    "ivf512 sq8, 64 probed": lambda x: of_faiss("IVF512,SQ8", 64, x),
    "ivf512 sq8, 192 probed": lambda x: of_faiss("IVF512,SQ8", 192, x),
    "ivf512 fp16, 192 probed": lambda x: of_faiss("IVF512,SQfp16", 192, x),
    "pq64, all scanned": lambda x: of_faiss("PCAR128,PQ64x4fs", 0, x),
    "ivf512 pq64, 64 probed": lambda x: of_faiss("PCAR128,IVF512,PQ64x4fs", 64, x),
    "ivf512 pq64, 192 probed": lambda x: of_faiss("PCAR128,IVF512,PQ64x4fs", 192, x),
}


def main() -> None:
    """Measure each way, print, and write `results/nearest_neighbours.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--landmarks", type=int, default=20_000)
    parser.add_argument("--photos", type=int, default=1_000)
    options = parser.parse_args()
    simulated = SimulatedLandmarks(options.landmarks, EACH)
    vectors = np.concatenate([block for block, _ in simulated.blocks()])
    photos, _ = simulated.photos(options.photos)
    truth = np.concatenate([exact(photos[i : i + 50], vectors) for i in range(0, len(photos), 50)])
    rows: list[dict[str, object]] = []
    for name, make in WAYS.items():
        started = time.process_time()
        search, size = make(vectors)
        built = time.process_time() - started
        started = time.process_time()
        found = np.concatenate([search(photo[None]) for photo in photos])
        asked = time.process_time() - started
        shared: list[Any] = [len(set(a) & set(b)) for a, b in zip(found, truth, strict=True)]
        rows.append(
            {
                "way": name,
                "build_core_minutes": round(built / 60, 2),
                "megabytes": round(size / 1e6, 1),
                "cpu_ms": round(1e3 * asked / len(photos), 2),
                "landmark_recall_at_1": float(np.mean(found[:, 0] // EACH == truth[:, 0] // EACH)),
                "vector_recall_at_10": round(np.mean(shared) / 10, 4),
                "vectors": len(vectors),
            }
        )
        print(rows[-1], flush=True)
    about = {**machine(), "versions": versions("faiss-cpu", "usearch", "numpy")}
    print(f"written: {write_results('nearest_neighbours', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
