"""Millions of prototypes: short codes say which few are worth a look, exact vectors rank those.

Each vector is kept twice: as 32 bytes of product-quantization codes in memory, sorted into lists by
k-means, and in full (float16) in a file that is memory-mapped. A query scans the codes of the
nearest lists, takes the best `candidates`, and compares with those in full: answers have exact
similarities, and all that can go wrong is that a neighbour was no candidate.

Reference: A. Andre, A.-M. Kermarrec, N. Le Scouarnec, "Cache locality is not enough:
high-performance nearest neighbor search with product quantization fast scan", VLDB 2015; the
scan is that of faiss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import MissingExtraError, PrototypeIndexError, PrototypeIndexIntegrityError
from whereshot.scale.index_files import (
    CODES_FILE,
    VECTOR_TYPE,
    VECTORS_FILE,
    IndexManifest,
    map_owners,
    map_vectors,
)
from whereshot.scale.prototype_index import (
    Numbers,
    Similarities,
    best_per_owner,
    checked_embeddings,
    no_answers,
    parts,
)

CANDIDATES = 400
PROBED_SHARE = 0.25  # of the lists
FEWEST_CODED = 16  # vectors: a code of 4 bits tells 16 apart
_FEWEST_PROBES = 16  # lists; few ones cut small sets into coarse parts
_REDUCED = 128  # dimensions that are coded; two of them share 4 bits
_SAMPLE = 65_536  # vectors that rotation, lists and codes are learned from
_CHUNK = 32_768  # vectors that are coded at a time


def load_faiss() -> Any:
    """The module faiss; MissingExtraError, with the command that helps, where it is not there."""
    try:
        return import_module("faiss")
    except ImportError as error:
        raise MissingExtraError(
            f"An approximate index needs faiss, which can't be imported ({error}). "
            "Install the part for very large landmark sets: pip install 'whereshot[scale]'"
        ) from error


class ApproximateIndex:
    """An index of a folder that `build_index` wrote; the vectors stay on disk, memory-mapped.

    `candidates` vectors are compared in full for each embedding, `probes` lists are looked into
    (default: what the manifest says); more of either finds more and takes longer. Up to `threads`
    threads serve the embeddings of one call.
    """

    def __init__(
        self,
        folder: Path,
        manifest: IndexManifest,
        *,
        probes: int | None = None,
        candidates: int = CANDIDATES,
        threads: int = 1,
    ) -> None:
        for name, value in (("probes", probes), ("candidates", candidates), ("threads", threads)):
            if value is not None and value < 1:
                raise PrototypeIndexError(f"{name} must be 1 or more, got {value}. Leave it out")
        self._faiss = load_faiss()
        self._manifest = manifest
        self._candidates = candidates
        self._threads = threads
        self._vectors = map_vectors(folder, manifest)
        self._owners = map_owners(folder, manifest)
        self._codes = self._read_codes(folder)
        self._lists: int = self._faiss.extract_index_ivf(self._codes).nlist
        self._probes = min(probes or manifest.probes, self._lists)

    @property
    def dimension(self) -> int:
        """D, the size of an embedding."""
        return self._manifest.dimension

    def __len__(self) -> int:
        """P, the number of prototypes."""
        return self._manifest.vectors

    def query(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest landmarks; see `PrototypeIndex.query`."""

        def rank(scores: Similarities, rows: Numbers) -> tuple[Similarities, Numbers]:
            return best_per_owner(scores, self._owners[rows], k)

        return self._ranked(embeddings, k, rank, wanted=min(k, self._manifest.landmarks))

    def nearest(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest prototypes; see `PrototypeIndex.nearest`."""

        def rank(scores: Similarities, rows: Numbers) -> tuple[Similarities, Numbers]:
            order = np.argsort(-scores, kind="stable")[:k]
            return scores[order], rows[order]

        return self._ranked(embeddings, k, rank, wanted=min(k, len(self)))

    def _ranked(
        self,
        embeddings: NDArray[Any],
        k: int,
        rank: Callable[[Similarities, Numbers], tuple[Similarities, Numbers]],
        wanted: int,
    ) -> tuple[Similarities, Numbers]:
        asked = checked_embeddings(embeddings, self.dimension, k)
        similarities, numbers = no_answers(len(asked), k)
        lacking = np.arange(len(asked))
        candidates, probes = min(max(self._candidates, k), len(self)), self._probes
        while len(lacking):
            found = self._search(asked[lacking], candidates, probes)
            for row, rows in zip(lacking, found, strict=True):
                rows = np.sort(rows[rows >= 0])  # in the order of the file
                best = rank(self._vectors[rows].astype(np.float32) @ asked[row], rows)
                similarities[row, : len(best[0])], numbers[row, : len(best[1])] = best
            if (candidates, probes) == (len(self), self._lists):
                break
            # A landmark with very many prototypes can fill all places, or all of the lists: those
            # embeddings are asked again with more of both.
            lacking = lacking[(numbers[lacking] >= 0).sum(axis=1) < wanted]
            candidates, probes = min(4 * candidates, len(self)), min(4 * probes, self._lists)
        return similarities, numbers

    def _search(self, asked: NDArray[np.float32], candidates: int, probes: int) -> Numbers:
        """The rows (B, candidates) that the codes rank best; -1 where the lists hold no more."""
        lists = self._faiss.SearchParametersIVF(nprobe=probes)
        # OpenMP keeps this number per calling thread: another library's is not touched for long.
        before = self._faiss.omp_get_max_threads()
        self._faiss.omp_set_num_threads(self._threads)
        try:
            parameters = self._faiss.SearchParametersPreTransform(index_params=lists)
            return self._codes.search(asked, candidates, params=parameters)[1]
        finally:
            self._faiss.omp_set_num_threads(before)

    def _read_codes(self, folder: Path) -> Any:
        path = folder / CODES_FILE
        try:
            codes = self._faiss.read_index(str(path))
        except RuntimeError as error:
            raise PrototypeIndexIntegrityError(
                f"Index {str(folder)!r}: {CODES_FILE} can't be read by faiss "
                f"{self._faiss.__version__}; it was written by {self._manifest.library}. "
                "Update faiss, or build the index again"
            ) from error
        if (codes.d, codes.ntotal) != (self.dimension, len(self)):
            raise PrototypeIndexIntegrityError(
                f"Index {str(folder)!r}: {CODES_FILE} holds {codes.ntotal} vectors of "
                f"{codes.d}; expected {len(self)} of {self.dimension}. Build the index again"
            )
        return codes


def write_codes(
    folder: Path, shape: tuple[int, int], report: Callable[[int], None], threads: int = 1
) -> tuple[int, str]:
    """Code the stored vectors (P, D) of a folder; gives the lists to probe, and who wrote them.

    Memory is that of a sample (65,536 vectors in float32) and of the codes (40 bytes a vector).
    """
    faiss = load_faiss()
    count, dimension = shape
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        codes, lists = _trained(faiss, _sample(folder, shape), count)
        for part in parts(count, _CHUNK):
            # Read, not mapped: what was read of a file that is mapped stays resident.
            vectors = np.fromfile(
                folder / VECTORS_FILE,
                VECTOR_TYPE,
                (part.stop - part.start) * dimension,
                offset=part.start * dimension * VECTOR_TYPE.itemsize,
            )
            codes.add(vectors.reshape(-1, dimension).astype(np.float32))
            report(part.stop)
        faiss.write_index(codes, str(folder / CODES_FILE))
    finally:
        faiss.omp_set_num_threads(before)
    probes = min(lists, max(_FEWEST_PROBES, math.ceil(PROBED_SHARE * lists)))
    return probes, f"faiss {faiss.__version__}"


def _sample(folder: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Up to about 65,536 vectors, evenly spaced, so that all landmarks have their share."""
    vectors = np.memmap(folder / VECTORS_FILE, VECTOR_TYPE, "r", shape=shape)
    return np.array(vectors[:: math.ceil(len(vectors) / _SAMPLE)], np.float32)


def _trained(faiss: Any, sample: NDArray[np.float32], count: int) -> tuple[Any, int]:
    """An empty faiss index that fits `count` vectors like those of a sample; its lists."""
    dimension = sample.shape[1]
    reduced = min(_REDUCED, dimension - dimension % 2)
    # About as many lists as vectors in each; k-means gets 16 vectors of the sample or more a list.
    lists = 2 ** max(0, min(round(math.log2(count) / 2), int(math.log2(len(sample))) - 4))

    rotation = faiss.LinearTransform(dimension, reduced, False)
    faiss.copy_array_to_vector(_rotation(sample, reduced).ravel(), rotation.A)
    rotation.is_trained = True
    coarse = faiss.IndexFlatIP(reduced)
    ivf = faiss.IndexIVFPQFastScan(
        coarse, reduced, lists, reduced // 2, 4, faiss.METRIC_INNER_PRODUCT
    )
    ivf.cp.niter = 8
    ivf.cp.spherical = True
    ivf.cp.min_points_per_centroid = 1  # faiss would print a warning on small sets
    codes = faiss.IndexPreTransform(rotation, ivf)
    codes.train(sample)
    return codes, lists


def _rotation(sample: NDArray[np.float32], reduced: int) -> NDArray[np.float32]:
    """A projection (reduced, D) that keeps most of the inner products between rows of a sample.

    Directions of the second moment, not of the covariance: centering would change inner products.
    Turned at random within, so that no pair of dimensions has far more to code than another.
    """
    moment = sample.T @ sample  # (D, D)
    directions = np.linalg.eigh(moment.astype(np.float64))[1][:, ::-1][:, :reduced]  # (D, reduced)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((reduced, reduced)))[0]
    return np.ascontiguousarray(turn @ directions.T, np.float32)
