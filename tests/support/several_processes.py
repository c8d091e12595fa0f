"""Programs that `torchrun` starts as two processes on this machine's CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def torchrun(
    *program: str | Path, timeout: float = 900, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start two processes that work together on this machine's CPU, and wait for them."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*command, "--nproc-per-node", "2", *map(str, program)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def script(folder: Path, body: str) -> Path:
    """A program that finds what the tests share."""
    path = folder / "program.py"
    path.write_text(f"import sys\nsys.path[:0] = {sys.path!r}\n{body}")
    return path
