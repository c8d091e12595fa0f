"""The machines of a Ray cluster: one recognizer in each actor, photos handed out by Ray Data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pyarrow as pa

from whereshot.cores import available_cores
from whereshot.errors import WorkerError
from whereshot.library.pool import map_batches
from whereshot.scale.batch.columns import Item
from whereshot.scale.batch.engine import BATCH, Part, Span
from whereshot.scale.batch.ray_cluster import cluster
from whereshot.scale.batch.recognizing import Work, best_device, chunks, lost
from whereshot.scale.batch.sources import Source
from whereshot.scale.batch.table import RECORD_SCHEMA, Record, Table, table_of

FEWEST_PER_UNIT = 64
"""Photos that an actor takes at a time, at least: two seconds of work, to a few ms of Ray's."""
MOST_UNITS = 20_000
"""Ray Data plans all of them before it begins, which takes up to a minute."""

_ROW, _NODE = "_row", "_node"


class RayEngine:
    """Actors of a Ray cluster; one on this machine is begun, and ended, where there is none.

    `address` is that of a cluster, as `ray.init` takes it. `workers` is the number of actors: by
    default one for each GPU, or for each core where there is none.
    """

    name = "ray"

    def __init__(self, *, address: str | None = None, workers: int | None = None) -> None:
        self._address = address
        self._workers = workers
        self.photos_by_node: Counter[str] = Counter()
        """How many photos each machine of the cluster has recognized, by Ray's id of it."""

    def run(self, source: Source, work: Work, spans: Sequence[Span]) -> Generator[Part]:
        """Parts of a unit of photos each, as they are done.

        Raises MissingExtraError where Ray is not installed, BatchError for a cluster that is not
        there, WorkerError for what goes wrong in an actor.
        """
        units = units_of(spans, source.rows_at_once)
        with cluster(self._address, self._workers or available_cores()) as ray:
            work, workers, per_actor = self._shares(work, ray.cluster_resources())
            rows = ray.data.range(len(units), override_num_blocks=len(units)).map_batches(
                _Actor,
                fn_constructor_args=(source, work, np.array(units, np.int64)),
                batch_size=None,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=min(workers, len(units))),
                **per_actor,
            )
            batches = rows.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow")
            try:
                for table in batches:
                    if table.num_rows:
                        self.photos_by_node[table[_NODE][0].as_py()] += table.num_rows
                        yield table[_ROW][0].as_py(), table.select(RECORD_SCHEMA.names)
            except ray.exceptions.RayError as error:
                raise WorkerError(
                    f"The Ray cluster could not do the work: {_cause_of(error)}. Mend that and "
                    "begin again: blocks that are done are skipped"
                ) from error

    def _shares(self, work: Work, have: Mapping[str, float]) -> tuple[Work, int, dict[str, float]]:
        """The work with its device, how many actors do it, and what each of them takes."""
        cores, gpus = max(1, int(have.get("CPU", 1))), int(have.get("GPU", 0))
        device = best_device() if work.device == "auto" else work.device
        if device == "cpu" or not gpus:
            everywhere = cores if self._address else min(cores, available_cores())
            return replace(work, device="cpu"), self._workers or everywhere, {"num_cpus": 1}
        workers = self._workers or gpus
        threads = max(1, cores // workers)
        # As many on each GPU: three on two of them take a half, for two thirds would fit once.
        share = {"num_cpus": threads, "num_gpus": 1 / -(-workers // gpus)}
        return replace(work, device="cuda", threads=threads), workers, share


def units_of(spans: Sequence[Span], rows_at_once: int) -> list[Span]:
    """What an actor does at a time: not too little for Ray, not too many units to plan.

    A multiple of `rows_at_once` where that is more than one.

    >>> units_of([(0, 100), (1000, 1064)], 1)
    [(0, 64), (64, 100), (1000, 1024), (1024, 1064)]
    """
    photos = sum(stop - start for start, stop in spans)
    size = max(FEWEST_PER_UNIT, -(-photos // MOST_UNITS))
    size = -(-size // rows_at_once) * rows_at_once
    return [
        (at, min(at + size - at % size, stop))
        for start, stop in spans
        for at in (start, *range(start + size - start % size, stop, size))
    ]


class _Actor:
    """What runs in each actor: the recognizer is loaded once, and again where it had to restart.

    An actor that was restarted does its first unit in a process below it, which may die of a photo
    without taking the actor along: else that photo would end it forever, and the batch with it.
    """

    def __init__(self, source: Source, work: Work, units: np.ndarray) -> None:
        import ray

        context = ray.get_runtime_context()
        self._source, self._work, self._units = source, work, units
        self._node = context.get_node_id()
        self._careful = bool(context.was_current_actor_reconstructed)
        self._recognizing = None if self._careful else work()

    def __call__(self, numbers: Table) -> Generator[Table]:
        for number in numbers["id"].to_pylist():
            start, stop = map(int, self._units[number])
            yield self._table(start, self._source.read(start, stop))

    def _table(self, start: int, items: Iterator[Item]) -> Table:
        records = self._carefully(items) if self._careful else self._plainly(items)
        with closing(records):
            table = pa.concat_tables(list(map(table_of, records)))
        count = table.num_rows
        table = table.append_column(_ROW, pa.array(range(start, start + count), pa.int64()))
        return table.append_column(_NODE, pa.array([self._node] * count))

    def _plainly(self, items: Iterator[Item]) -> Generator[list[Record]]:
        if self._recognizing is None:
            self._recognizing = self._work()
        yield from chunks(self._recognizing.stream(items), BATCH)

    def _carefully(self, items: Iterator[Item]) -> Generator[list[Record]]:
        yield from map_batches(self._work, chunks(items, BATCH), workers=1, lost=lost)
        self._careful = False


def _cause_of(error: BaseException) -> str:
    """The last line that names an exception: what stands below is Ray's advice, above its stack."""
    lines = [line.strip() for line in str(error).splitlines()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b.*: ", line)]
    return (named or lines or [type(error).__name__])[-1]
