"""What can go wrong in the midst of an epoch, in words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from whereshot.errors import DatasetError, PhotoError, RunError, WhereshotError


@contextmanager
def told(where: str, then: str = "go on with --resume") -> Generator[None]:
    """Raise what happens in here as DatasetError or RunError that say `where`, and what to do."""
    try:
        yield
    except Exception as error:
        if explained := _explained(error, where, then):
            raise explained from error
        raise


def _explained(error: Exception, where: str, then: str) -> WhereshotError | None:
    if isinstance(error, PhotoError):
        # A worker process sends its error with a traceback, the message in its last line.
        before, name, message = str(error).strip().splitlines()[-1].partition("Error: ")
        said = message if name else before
        return DatasetError(
            f"A photo that could be read before can't be in {where}: {said} Restore it, and {then}."
        )
    if isinstance(error, torch.OutOfMemoryError):
        return RunError(
            f"Out of the GPU's memory in {where}. Lower optim.batch and raise optim.accumulate by "
            "as much, in a new folder: --to."
        )
    if isinstance(error, RuntimeError) and "DataLoader worker" in str(error):
        return RunError(
            f"A process that reads photos was ended in {where}, which happens where memory is "
            f"short. Then {then}, with fewer of them: --set data.workers=0"
        )
    return None
