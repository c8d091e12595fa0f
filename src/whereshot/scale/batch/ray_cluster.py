"""A Ray cluster to work on: joined, or begun on this machine and ended again."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from whereshot.errors import BatchError, MissingExtraError

_OBJECT_STORE_BYTES = 256 << 20  # of a cluster of our own: records are small
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no network call that nobody asked for
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what goes wrong is raised
}
_ABOUT_LOGS = b"Set ray log level from environment variable"


@contextmanager
def cluster(address: str | None, workers: int) -> Generator[Any]:
    """The module ray, connected, with nothing to say but errors.

    Connected to the cluster that this process uses already, or to that at an address, or else to a
    new one on this machine for so many workers, which ends with the context. Raises
    MissingExtraError where Ray is not installed, BatchError for a cluster that is not there.
    """
    ray = _load_ray()
    with _quiet(ray), _connected(ray, address, workers):
        yield ray


def _load_ray() -> Any:
    try:
        ray = import_module("ray")
        import_module("ray.data")
    except ImportError as error:
        raise MissingExtraError(
            f"The engine 'ray' needs Ray Data, which can't be imported ({error}). "
            "Install the part for large jobs: pip install 'whereshot[scale]'"
        ) from error
    return ray


@contextmanager
def _connected(ray: Any, address: str | None, workers: int) -> Generator[None]:
    if ray.is_initialized():
        yield
        return
    own: dict[str, Any] = {}
    if address is None:
        own = {
            # One more than there are actors: Ray Data may read with tasks of their own.
            "num_cpus": workers + 1,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
    try:
        with _stderr_without(_ABOUT_LOGS), warnings.catch_warnings():
            # Ray forks to start other programs at once, which does no harm to Lance.
            warnings.filterwarnings("ignore", message="lance is not fork-safe")
            ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:  # on a busy machine Ray raises just that: it "timed out"
        raise BatchError(
            f"The Ray cluster {address or 'on this machine'!r} can't be reached: {error}. "
            "Check its address with `ray status`, or take the engine 'local'"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _stderr_without(noise: bytes) -> Generator[None]:
    """Hold back what libraries write to stderr meanwhile, and let go what is not `noise`."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            aside.seek(0)
            for line in aside:
                if noise not in line:
                    os.write(2, line)


@contextmanager
def _quiet(ray: Any) -> Generator[None]:
    """Ray says what is wrong, and nothing else; it is as it was afterwards."""
    with ExitStack() as stack:
        context = ray.data.DataContext.get_current()
        stack.callback(setattr, context, "enable_progress_bars", context.enable_progress_bars)
        context.enable_progress_bars = False
        for name in ("ray", "ray.data"):
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.ERROR)
        for name, value in _ENVIRONMENT.items():
            if name not in os.environ:
                os.environ[name] = value
                stack.callback(os.environ.pop, name, None)
        yield
