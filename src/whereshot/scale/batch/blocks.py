"""Parts of a batch, which come in any order, put together to whole blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pyarrow as pa

from whereshot.scale.batch.engine import Part, Span
from whereshot.scale.batch.output import Manifest
from whereshot.scale.batch.table import Table


class Blocks:
    """Puts parts, which come in any order, together to whole blocks."""

    def __init__(self, manifest: Manifest, to_do: Sequence[int]) -> None:
        self._manifest = manifest
        self._to_do = to_do
        self._open: defaultdict[int, list[Part]] = defaultdict(list)
        self._closed = 0

    @property
    def spans(self) -> list[Span]:
        """The photos of blocks that are to do; those of neighbours are one span."""
        spans: list[Span] = []
        for start, stop in map(self._manifest.span, self._to_do):
            if spans and spans[-1][1] == start:
                start = spans.pop()[0]
            spans.append((start, stop))
        return spans

    def add(self, start: int, table: Table) -> Iterator[tuple[int, Table]]:
        """Take a part; gives the blocks that it completes."""
        while table.num_rows:
            block = start // self._manifest.block_size
            begin, end = self._manifest.span(block)
            mine = table.slice(0, end - start)
            parts = self._open[block]
            parts.append((start, mine))
            if sum(part.num_rows for _, part in parts) == end - begin:
                self._closed += 1
                yield block, _joined(self._open.pop(block), begin)
            start, table = start + mine.num_rows, table.slice(mine.num_rows)

    def check_complete(self) -> None:
        """Our own invariant: no engine left a photo out."""
        assert not self._open, sorted(self._open)
        assert self._closed == len(self._to_do), (self._closed, len(self._to_do))


def _joined(parts: Sequence[Part], begin: int) -> Table:
    ordered = sorted(parts, key=lambda part: part[0])
    for start, table in ordered:
        assert start == begin, f"photo {start} is there twice, or {begin} is missing"
        begin += table.num_rows
    return pa.concat_tables([table for _, table in ordered])
