"""Very large landmark sets: prototypes beyond memory, found in milliseconds."""

from whereshot.scale.approximate_index import ApproximateIndex
from whereshot.scale.build import build_index, open_index, remove_unfinished
from whereshot.scale.prototype_index import ExactIndex, PrototypeIndex

__all__ = [
    "ApproximateIndex",
    "ExactIndex",
    "PrototypeIndex",
    "build_index",
    "open_index",
    "remove_unfinished",
]
