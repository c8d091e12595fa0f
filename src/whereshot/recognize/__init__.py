"""One recognizer: a bundle on disk, ONNX Runtime under it, a verdict on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whereshot.recognize.bundle import (
    Bundle,
    find_bundle,
    read_bundle,
    shipped_bundles,
)
from whereshot.recognize.bundle_writer import write_bundle
from whereshot.recognize.enrolled import EnrolledLandmark, EnrolledStore, enrolled_for, store_of
from whereshot.recognize.heatmap import Heatmap
from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.recognizer import OnnxRecognizer, load
from whereshot.recognize.session import Outputs, Session
from whereshot.recognize.wire import failure_to_dict, recognition_to_dict

if TYPE_CHECKING:
    from whereshot.recognize.enrolling import (
        Caution,
        Enrollment,
        enroll,
        forget,
        import_landmarks,
        refreshed,
    )

__all__ = [
    "Bundle",
    "Caution",
    "EnrolledLandmark",
    "EnrolledStore",
    "Enrollment",
    "Heatmap",
    "OnnxRecognizer",
    "Outputs",
    "Prototypes",
    "Session",
    "enroll",
    "enrolled_for",
    "failure_to_dict",
    "find_bundle",
    "forget",
    "import_landmarks",
    "load",
    "read_bundle",
    "recognition_to_dict",
    "refreshed",
    "shipped_bundles",
    "store_of",
    "write_bundle",
]

# Fetched when they are first asked for: who only recognizes has no need of the gazetteer.
_OF_ENROLLING = {"Caution", "Enrollment", "enroll", "forget", "import_landmarks", "refreshed"}


def __getattr__(name: str) -> Any:
    if name not in _OF_ENROLLING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from whereshot.recognize import enrolling

    return getattr(enrolling, name)
