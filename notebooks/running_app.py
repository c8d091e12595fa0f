"""The app beside the notebook, as `whereshot serve` starts it, on a port that is free."""

from __future__ import annotations

import re
import subprocess
import sys
from types import TracebackType


class RunningApp:
    """A context manager; `url` is where it answers, inside the `with` block."""

    def __init__(self) -> None:
        self.url = ""

    def __enter__(self) -> RunningApp:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "whereshot", "serve", "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        told: list[str] = []
        for line in self._process.stderr:
            told.append(line)
            if found := re.search(r"ready at (http://\S+)", line):
                self.url = found[1]
                return self
        raise RuntimeError("the app did not start:\n" + "".join(told))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
