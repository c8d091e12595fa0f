"""The file of a search: one line of JSON per step of Optuna's, so that a kill loses none.

`optuna.storages.journal.JournalFileBackend` reads it too, as its dashboard does. We write it
ourselves for two reasons: a kill in the midst of a line must not make the file unreadable, and its
lock outlives a killed process (the folder of a search is held by a lock that does not).
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from optuna.storages.journal import BaseJournalBackend


class Journal(BaseJournalBackend):
    """The steps in a file; one process at a time. Raises ValueError where a line is not JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # a kill came in the midst of the last line: it never was
            with path.open("r+b") as file:
                file.truncate(whole)
        lines = content[:whole].splitlines()
        self._steps = [cast("dict[str, Any]", json.loads(line)) for line in lines]

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any]]:
        """The steps from this number on."""
        yield from self._steps[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add steps; they are in the system's hands when this returns."""
        lines = "".join(json.dumps(step, separators=(",", ":")) + "\n" for step in logs)
        with self._path.open("ab") as file:
            file.write(lines.encode())
        self._steps += logs
