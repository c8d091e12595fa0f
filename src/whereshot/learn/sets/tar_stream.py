"""A TAR archive as it comes: its plain files, one after the other, none of it unpacked.

The reader never makes a path from a name and never keeps a member: whoever reads it decides by the
name what to write where. So a link, a device, an absolute name or one with `..` is nothing but a
member that nobody asks for. Understood are the headers of POSIX (ustar, pax) and GNU tar; what a
pax or long-name header says of the next member is passed over with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from whereshot.learn.sets.unpack import BadArchiveError

_BLOCK_BYTES = 512
_REGULAR = (b"0", b"\0", b"7")  # 7: contiguous, which every reader takes as regular
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, folders, pipes


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file of the archive. `chunks` gives its bytes, once, before the next member is asked.

    `name` is as the archive has it: it may be anything.
    """

    name: str
    size: int
    chunks: Iterator[bytes]


class _Bytes:
    """What comes in, taken in pieces of wanted lengths."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def take(self, count: int) -> Iterator[memoryview]:
        """Yield `count` bytes in pieces; fewer only where the archive ends before."""
        while count:
            if not self._left:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return
                self._left = memoryview(chunk)
            piece, self._left = self._left[:count], self._left[count:]
            count -= len(piece)
            yield piece

    def block(self) -> bytes:
        return b"".join(self.take(_BLOCK_BYTES))


def read_members(archive: Iterator[bytes], name: str) -> Iterator[Member]:
    """Yield the plain files of the archive; at the end all of `archive` was read.

    `name` is what errors call it. Raises BadArchiveError where it is damaged or ends too soon.
    """
    source = _Bytes(archive)
    while block := source.block():
        if len(block) < _BLOCK_BYTES:
            raise _ended(name)
        if not block.strip(b"\0"):
            break  # the end mark; what follows fills the last record
        size = _size_of(block, name)
        kind = block[156:157]
        if kind in _WITHOUT_DATA:
            continue
        padded = -(-size // _BLOCK_BYTES) * _BLOCK_BYTES
        chunks = _content(source, size, name)
        if kind in _REGULAR:
            yield Member(_name_of(block), size, chunks)
        for _ in chunks:  # what nobody wanted of it
            pass
        if sum(map(len, source.take(padded - size))) != padded - size:
            raise _ended(name)
    for _ in archive:  # a checksum of the whole needs them too
        pass


def _content(source: _Bytes, size: int, name: str) -> Iterator[bytes]:
    came = 0
    for piece in source.take(size):
        came += len(piece)
        yield bytes(piece)
    if came != size:
        raise _ended(name)


def _name_of(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "surrogateescape")


def _size_of(block: bytes, name: str) -> int:
    """The length of a member; the header's checksum tells that this is a header at all."""
    try:
        checksum = int(block[148:156].strip(b" \0"), 8)
        # GNU tar writes sizes beyond 8 GiB in base 256: no photo has one.
        size = int(block[124:136].strip(b" \0") or b"0", 8)
    except ValueError:
        checksum, size = -1, -1
    if checksum != sum(block) - sum(block[148:156]) + 8 * ord(" ") or size < 0:
        raise BadArchiveError(
            f"'{name}' is not a sound TAR archive: expected the header of a file, got other bytes."
        )
    return size


def _ended(name: str) -> BadArchiveError:
    return BadArchiveError(f"'{name}' ends in the middle of a file. Fetch it again.")
