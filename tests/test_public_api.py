"""The public namespace: complete, sorted, lazy."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import whereshot


def test_the_names_are_sorted_and_all_there() -> None:
    assert whereshot.__all__ == sorted(whereshot.__all__)
    for name in whereshot.__all__:
        assert getattr(whereshot, name) is not None


def test_the_namespace_is_the_documented_one() -> None:
    assert whereshot.__all__ == [
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


def test_names_are_the_objects_of_their_homes() -> None:
    from whereshot.recognize import load
    from whereshot.records import Landmark

    assert whereshot.load is load
    assert whereshot.Landmark is Landmark


def test_dir_shows_the_lazy_names() -> None:
    assert set(whereshot.__all__) <= set(dir(whereshot))


def test_the_version_is_the_distribution_s() -> None:
    assert whereshot.__version__ == version("whereshot")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'recognise'"):
        whereshot.recognise  # noqa: B018


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_whereshot_loads_nothing_but_itself() -> None:
    found = loaded_by("import whereshot")
    assert not found & {"numpy", "onnxruntime", "PIL", "dataclasses", "torch"}
    assert {name for name in found if name.startswith("whereshot")} == {"whereshot"}


def test_a_record_does_not_load_the_runtime() -> None:
    assert not loaded_by("from whereshot import Landmark") & {"numpy", "onnxruntime", "PIL"}


def test_every_public_name_loads_without_torch() -> None:
    assert not loaded_by("from whereshot import *") & {"torch", "torchvision", "timm", "fastapi"}
