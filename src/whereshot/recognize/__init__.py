"""One recognizer: a bundle on disk, ONNX Runtime under it, a verdict on top."""

from whereshot.recognize.bundle import (
    Bundle,
    Prototypes,
    find_bundle,
    read_bundle,
    shipped_bundles,
)
from whereshot.recognize.bundle_writer import write_bundle
from whereshot.recognize.recognizer import OnnxRecognizer, load
from whereshot.recognize.session import Outputs, Session
from whereshot.recognize.wire import failure_to_dict, recognition_to_dict

__all__ = [
    "Bundle",
    "OnnxRecognizer",
    "Outputs",
    "Prototypes",
    "Session",
    "failure_to_dict",
    "find_bundle",
    "load",
    "read_bundle",
    "recognition_to_dict",
    "shipped_bundles",
    "write_bundle",
]
