"""Many clients of one server: in one process, on plain sockets, so that they cost it little.

Each client has a connection of its own and sends its next photo when the last one is answered. A
client that is told to come again later does so.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

BOUNDARY = b"photo-boundary"
_BUSY = {429, 503}
_MOST_TRIES = 200


@dataclass(frozen=True)
class Shot:
    """A photo to be sent, and what must come back: landmark ids with their probabilities."""

    name: str
    content: bytes
    expected: list[list[object]]


@dataclass
class Report:
    """What became of the requests; `milliseconds` are of those that were answered, per try."""

    seconds: float = 0.0
    right: int = 0
    wrong: int = 0
    lost: int = 0
    errors: Counter[int] = field(default_factory=Counter)  # 5xx other than busy, by status
    busy: Counter[int] = field(default_factory=Counter)  # 429 and 503, each tried again
    milliseconds: list[float] = field(default_factory=list)


def request_of(shot: Shot, port: int) -> bytes:
    """The whole HTTP request that uploads a photo."""
    body = b"".join(
        (
            b"--%s\r\n" % BOUNDARY,
            b'Content-Disposition: form-data; name="photos"; filename="%s"\r\n'
            % shot.name.encode(),
            b"Content-Type: image/jpeg\r\n\r\n",
            shot.content,
            b"\r\n--%s--\r\n" % BOUNDARY,
        )
    )
    head = (
        b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
        b"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (port, BOUNDARY, len(body)) + body


def drive(port: int, shots: Sequence[Shot], order: Sequence[int], clients: int) -> Report:
    """Send shots in this order from so many clients at once, and check every answer."""
    return asyncio.run(_drive(port, shots, order, clients))


async def _drive(port: int, shots: Sequence[Shot], order: Sequence[int], clients: int) -> Report:
    report, requests = Report(), [request_of(shot, port) for shot in shots]
    numbers = iter(order)
    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, shots, requests, numbers, report))
    report.seconds = perf_counter() - started
    return report


async def _client(
    port: int,
    shots: Sequence[Shot],
    requests: Sequence[bytes],
    numbers: Iterator[int],
    report: Report,
) -> None:
    line = _Line(port)
    for number in numbers:
        for _ in range(_MOST_TRIES):
            began = perf_counter()
            try:
                status, headers, body = await line.ask(requests[number])
            except (OSError, EOFError):
                await line.close()
                report.lost += 1
                break
            if status in _BUSY:
                report.busy[status] += 1
                await line.close()  # the server would not wait so long for the next request
                await asyncio.sleep(float(headers["retry-after"]))
                continue
            if status >= 500:
                report.errors[status] += 1
            else:
                report.milliseconds.append(1000 * (perf_counter() - began))
                is_right = status == 200 and _is_right(json.loads(body), shots[number])
                report.right += is_right
                report.wrong += not is_right
            break
        else:
            report.lost += 1
    await line.close()


def _is_right(answers: list[dict[str, object]], shot: Shot) -> bool:
    (answer,) = answers
    return answer["photo"] == shot.name and ranking_of(answer) == shot.expected


def ranking_of(answer: dict[str, object]) -> list[list[object]]:
    """Landmark ids with their probabilities, as one answer has them."""
    return [[each["id"], each["probability"]] for each in answer["predictions"]]


class _Line:
    """A connection that is kept, and opened again after the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        body = await self._reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            await self.close()
        return int(first.split(" ", 2)[1]), headers, body

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None
