"""Logs that programs can read: who asked for what kind of thing, and how it went.

Nothing of a photo goes in: no content, no name, no place. So an error that nobody expected is told
with where it was raised and of what kind it is, but without its message, which may quote any of it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from whereshot.serve.settings import LogFormat
from whereshot.serve.watch import Visit

logger = logging.getLogger(__name__)

_FIELDS = "whereshot_fields"
_FRAME = re.compile(r' *File ".*", line \d+')


def log_visit(visit: Visit) -> None:
    """Log a request that was answered."""
    fields = asdict(visit)
    fields["milliseconds"] = round(visit.milliseconds, 1)
    level = logging.WARNING if visit.status >= 500 else logging.INFO
    logger.log(level, "request", extra={_FIELDS: fields})


def configure(form: LogFormat) -> None:
    """Let this process log to standard error: a line per request, or only what is wrong if off."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logger.setLevel(logging.ERROR if form == "off" else logging.INFO)
    # What is wrong with an upload is told to whoever sent it.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


class TextLines(logging.Formatter):
    """One readable line per event: `22:41:07 info request id=3f… method=POST …`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it where an error was raised."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        words = [time, record.levelname.lower(), record.getMessage()]
        words += [f"{key}={value}" for key, value in _fields_of(record).items()]
        return "\n".join([" ".join(words), *_where(record)])


class JsonLines(logging.Formatter):
    """One JSON object per event, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields_of(record),
        }
        if where := list(_where(record)):
            event["where"] = where
        return json.dumps(event)


def _fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    return getattr(record, _FIELDS, {})


def _where(record: logging.LogRecord) -> Iterator[str]:
    """The kinds of errors that led to this one, each with the places that it came through."""
    error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        for note in getattr(error, "__notes__", ()):  # what a worker says of its own places
            yield from (line for line in note.splitlines() if _FRAME.match(line))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
