"""Where was this shot? Recognize the landmark in a photo, offline, on an ordinary CPU.

    import whereshot

    recognizer = whereshot.load()                    # the shipped bundle; or load("path/to/bundle")
    recognition = recognizer.recognize("photo.jpg")
    recognition.verdict                              # "landmark" | "unknown"
    recognition.predictions[0].landmark.name         # "Great Wall of China"
    recognition.location                             # Location(latitude, longitude, ...) | None
    for recognition in recognizer.recognize_many(paths): ...

Every public name is in `__all__`; the errors are drawn in `whereshot.errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whereshot.errors import (
        BundleError,
        LandmarkNotFoundError,
        PhotoError,
        WhereshotError,
    )
    from whereshot.gazetteer import Gazetteer, load_gazetteer
    from whereshot.recognize import OnnxRecognizer, load
    from whereshot.records import (
        Failure,
        Landmark,
        Location,
        Prediction,
        Recognition,
        Recognizer,
    )

    __version__: str

__all__ = [
    "BundleError",
    "Failure",
    "Gazetteer",
    "Landmark",
    "LandmarkNotFoundError",
    "Location",
    "OnnxRecognizer",
    "PhotoError",
    "Prediction",
    "Recognition",
    "Recognizer",
    "WhereshotError",
    "__version__",
    "load",
    "load_gazetteer",
]

# Names are fetched when they are first asked for: `import whereshot` then costs nothing, and
# `whereshot --help` never pays for numpy and onnxruntime.
_HOMES = {
    "BundleError": "whereshot.errors",
    "Failure": "whereshot.records",
    "Gazetteer": "whereshot.gazetteer",
    "Landmark": "whereshot.records",
    "LandmarkNotFoundError": "whereshot.errors",
    "Location": "whereshot.records",
    "OnnxRecognizer": "whereshot.recognize",
    "PhotoError": "whereshot.errors",
    "Prediction": "whereshot.records",
    "Recognition": "whereshot.records",
    "Recognizer": "whereshot.records",
    "WhereshotError": "whereshot.errors",
    "load": "whereshot.recognize",
    "load_gazetteer": "whereshot.gazetteer",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("whereshot")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'whereshot' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
