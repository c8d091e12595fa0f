"""A server of a library that is killed in the middle of writing: run as a program.

    python dying_server.py BUNDLE FOLDER WRITES

Before it writes its WRITES-th file, it kills itself. The first line that it prints is its address.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import whereshot
from whereshot.library.files import RealFiles
from whereshot.serve.app import create_app
from whereshot.serve.server import bind, run, url_of
from whereshot.serve.settings import Settings


def main(bundle: str, folder: str, writes: str) -> None:
    left = int(writes)
    real = RealFiles.write

    def write(self: RealFiles, path: Path, content: bytes, **options: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, path, content, **options)

    RealFiles.write = write
    app = create_app(whereshot.load(bundle), Settings(library=(Path(folder),)))
    listener = bind("127.0.0.1", 0)

    def announce() -> None:
        sys.stdout.write(f"{url_of(listener, '127.0.0.1')}\n")
        sys.stdout.flush()

    run(app, listener, announce)


if __name__ == "__main__":
    main(*sys.argv[1:])
