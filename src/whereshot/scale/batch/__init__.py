"""Photos by the million: recognized in blocks, by one machine or a cluster, into Parquet files."""

from whereshot.errors import MissingExtraError

try:
    import pyarrow  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as _error:
    raise MissingExtraError(
        f"Batch recognition needs pyarrow, which can't be imported ({_error}). "
        "Install the part for large jobs: pip install 'whereshot[scale]'"
    ) from _error

from whereshot.scale.batch.engine import Engine, LocalEngine
from whereshot.scale.batch.ray_engine import RayEngine
from whereshot.scale.batch.run import BatchSummary, batch_recognize, read_records
from whereshot.scale.batch.table import RECORD_SCHEMA

__all__ = [
    "RECORD_SCHEMA",
    "BatchSummary",
    "Engine",
    "LocalEngine",
    "RayEngine",
    "batch_recognize",
    "read_records",
]
