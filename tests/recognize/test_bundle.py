"""Reading bundles: what is intact is read whole, what is not is refused and named."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whereshot.errors import (
    BundleError,
    BundleIntegrityError,
    BundleNotFoundError,
    BundleVersionError,
)
from whereshot.photo import Preprocessing
from whereshot.recognize.bundle import SHIPPED, find_bundle, read_bundle, shipped_bundles

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))


def edit_manifest(folder: Path, edit: Edit) -> None:
    path = folder / "bundle.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put other content in place, with a manifest that vouches for it."""
    (folder / name).write_bytes(content)
    record = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: record}))


def test_a_bundle_is_read_whole(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    assert bundle.path == tiny_bundle
    assert bundle.title == "tiny@1"
    assert bundle.created == "2026-11-01"
    assert [landmark.id for landmark in bundle.landmarks] == [
        "golden_gate_bridge",
        "machu_picchu",
        "niagara_falls",
    ]
    assert bundle.landmarks[0].aliases == ("09.Golden_Gate_Bridge",)
    assert bundle.landmarks[2].kind == "natural"
    assert bundle.preprocessing == Preprocessing(32, "crop")
    assert (bundle.temperature, bundle.min_probability) == (2.0, 0.6)
    assert bundle.provenance == {"recipe": "mean color"}
    assert bundle.raw["verdict"]["chosen_for"] == {"false_positive_rate": 0.01}
    np.testing.assert_array_equal(bundle.prototypes.vectors, np.eye(3))
    np.testing.assert_array_equal(bundle.prototypes.owner, [0, 1, 2])


def test_unknown_keys_are_kept_and_do_no_harm(copy: Path) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["schema"] = "1.7"
        manifest["color"] = "teal"
        manifest["landmarks"][0]["height_m"] = 227
        manifest["verdict"]["margin"] = 0.1

    edit_manifest(copy, edit)
    bundle = read_bundle(copy)
    assert bundle.raw["color"] == "teal"
    assert bundle.landmarks[0].name == "Golden Gate Bridge"


@pytest.mark.parametrize("schema", ["2.0", "0.9", "10.0"])
def test_another_major_version_is_refused_with_both_versions_named(copy: Path, schema: str) -> None:
    edit_manifest(copy, lambda manifest: manifest.update(schema=schema))
    with pytest.raises(BundleVersionError, match=rf"schema {schema}.*reads 1\.x.*Update"):
        read_bundle(copy)


@pytest.mark.parametrize("name", ["model.onnx", "prototypes.npz"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleIntegrityError, match=rf"{name} is missing.*SHA-256 [0-9a-f]{{64}}"):
        read_bundle(copy)


@pytest.mark.parametrize("name", ["model.onnx", "prototypes.npz"])
def test_a_changed_byte_is_found_and_both_hashes_are_told(copy: Path, name: str) -> None:
    path = copy / name
    before = path.read_bytes()
    after = before[:-1] + bytes([before[-1] ^ 1])
    path.write_bytes(after)
    with pytest.raises(BundleIntegrityError) as caught:
        read_bundle(copy)
    message = str(caught.value)
    assert name in message
    assert f"expected SHA-256 {hashlib.sha256(before).hexdigest()}" in message
    assert f"found {hashlib.sha256(after).hexdigest()}" in message


def test_a_wrong_size_is_an_integrity_error_too(copy: Path) -> None:
    edit_manifest(copy, lambda manifest: manifest["files"]["model.onnx"].update(bytes=1))
    with pytest.raises(BundleIntegrityError, match=r"\(1 bytes\)"):
        read_bundle(copy)


def test_a_folder_in_place_of_a_file_is_not_intact(copy: Path) -> None:
    (copy / "model.onnx").unlink()
    (copy / "model.onnx").mkdir()
    with pytest.raises(BundleIntegrityError, match=r"model\.onnx"):
        read_bundle(copy)


def test_a_file_that_the_manifest_does_not_vouch_for_is_refused(copy: Path) -> None:
    edit_manifest(copy, lambda manifest: manifest["files"].pop("model.onnx"))
    with pytest.raises(BundleError, match=r"files\.model\.onnx .* is missing"):
        read_bundle(copy)


@pytest.mark.parametrize("name", ["../secret", "a/b", "..", "", "a\\b"])
def test_the_manifest_can_not_speak_of_files_outside(copy: Path, name: str) -> None:
    record = {"sha256": "0" * 64, "bytes": 1}
    edit_manifest(copy, lambda manifest: manifest["files"].update({name: record}))
    with pytest.raises(BundleError, match="plain name"):
        read_bundle(copy)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe junk",
        b"[]",
        b'"a"',
        b"null",
        b"12",
        b"[" * 100_000,
        b'{"schema": NaN}',
        b"{}",
        b'{"schema": 1.0}',
        b'{"schema": "one"}',
        b'{"schema": "1"}',
    ],
    ids=lambda text: repr(text[:16]),
)
def test_junk_in_the_manifest_is_a_bundle_error(copy: Path, text: bytes) -> None:
    (copy / "bundle.json").write_bytes(text)
    with pytest.raises(BundleError, match=r"^Bundle "):
        read_bundle(copy)


def put(path: str, value: object) -> Edit:
    """An edit that puts a value at `a.b.0.c`; the value `...` removes what is there."""
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))

    def edit(manifest: Any) -> None:
        for key in parents:
            manifest = manifest[key]
        if value is ...:
            del manifest[last]
        else:
            manifest[last] = value

    return edit


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("schema", ..., "schema"),
        ("name", ..., "name"),
        ("name", 7, "a string"),
        ("name", "../up", "letters"),
        ("version", "1", "a whole number"),
        ("version", True, "a whole number"),
        ("version", 0, "1 or more"),
        ("created", 5, "a string"),
        ("preprocessing", ..., "preprocessing"),
        ("preprocessing.size", 32.5, "a whole number"),
        ("preprocessing.size", 0, r"\[1, 4096\]"),
        ("preprocessing.size", 10**9, r"\[1, 4096\]"),
        ("preprocessing.fit", "stretch", "'crop' or 'squash'"),
        ("calibration", [], "an object"),
        ("calibration.temperature", ..., "temperature"),
        ("calibration.temperature", 0, "above 0"),
        ("calibration.temperature", "1", "a number"),
        ("calibration.temperature", 10**400, "finite"),
        ("verdict.min_probability", 1.5, r"\[0, 1\]"),
        ("verdict.min_probability", None, "a number, got null"),
        ("calibration.held_out", 0.9, "a list"),
        ("calibration.held_out", [0.9, 1.5], r"\[0, 1\]"),
        ("verdict.rule", [], "an object"),
        ("verdict.rule", {"bias": 0, "weights": {}, "min_certainty": 0.5}, "weights.log_odds"),
        ("verdict.false_shares", [[0.05]], "a share and a certainty"),
        ("verdict.false_shares", [[0.01, 0.9], [0.05, 0.5]], "from the largest share"),
        ("landmarks", {}, "a list"),
        ("landmarks", [], "one landmark or more"),
        ("landmarks.1", "Machu Picchu", r"landmarks\[1\] must be an object"),
        ("landmarks.1.name", ..., r"landmarks\[1\]\.name"),
        ("landmarks.1.id", "", "needs an id"),
        ("landmarks.1.id", "golden_gate_bridge", "twice"),
        ("landmarks.1.latitude", 91, "latitude must be in"),
        ("landmarks.1.latitude", "13 S", r"landmarks\[1\]\.latitude .* a number"),
        ("landmarks.1.kind", "virtual", "'built' or 'natural'"),
        ("landmarks.1.aliases", [1], "list of strings"),
        ("files", ..., "files"),
        ("files.model.onnx", "x", "files"),
    ],
)
def test_a_wrong_field_is_named_by_its_place(
    copy: Path, path: str, value: object, told: str
) -> None:
    edit = put(path, value)
    if path == "files.model.onnx":
        edit = lambda manifest: manifest["files"].update({"model.onnx": value})  # noqa: E731
    edit_manifest(copy, edit)
    with pytest.raises(BundleError, match=told):
        read_bundle(copy)


@pytest.mark.parametrize("sha256", ["", "0" * 63, "g" * 64, "0" * 65])
def test_a_hash_that_is_none_is_refused(copy: Path, sha256: str) -> None:
    edit_manifest(copy, lambda manifest: manifest["files"]["model.onnx"].update(sha256=sha256))
    with pytest.raises(BundleError, match="64 hexadecimal"):
        read_bundle(copy)


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


UNIT, OWNER = np.eye(3, dtype=np.float32), np.arange(3, dtype=np.int64)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "prototypes.npz"),
        (b"PK\x03\x04 junk", "prototypes.npz"),
        (npz(prototypes=UNIT), "owner"),
        (npz(prototypes=UNIT.astype(np.float64), owner=OWNER), "must be float32"),
        (npz(prototypes=UNIT[0], owner=OWNER), "must be float32"),
        (npz(prototypes=UNIT, owner=OWNER.astype(np.int32)), "must be int64"),
        (npz(prototypes=UNIT, owner=OWNER[:2]), "must be int64"),
        (npz(prototypes=UNIT, owner=OWNER + 1), r"\[0, 3\)"),
        (npz(prototypes=UNIT, owner=OWNER - 1), r"\[0, 3\)"),
        (npz(prototypes=2 * UNIT, owner=OWNER), "L2-normalized"),
        (npz(prototypes=np.nan * UNIT, owner=OWNER), "L2-normalized"),
    ],
)
def test_prototypes_that_do_not_fit_are_refused(copy: Path, content: bytes, told: str) -> None:
    replace_file(copy, "prototypes.npz", content)
    with pytest.raises(BundleError, match=told):
        read_bundle(copy)


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_no_code_of_a_bundle_is_run(copy: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    objects = np.array([Trap(trap)], dtype=object)
    for content in (npz(prototypes=objects, owner=OWNER), pickle.dumps(Trap(trap))):
        replace_file(copy, "prototypes.npz", content)
        with pytest.raises(BundleError):
            read_bundle(copy)
    assert not trap.exists()


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BundleNotFoundError, match=r"bundle\.json"):
            read_bundle(path)


@pytest.fixture
def shipped(tiny_bundle: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    for name in ("world", "world_scratch"):
        shutil.copytree(tiny_bundle, folder / name)
    (folder / "not_a_bundle").mkdir()
    return folder


def test_shipped_bundles_are_found_by_name(shipped: Path) -> None:
    assert shipped_bundles(shipped) == ("world", "world_scratch")
    assert find_bundle("world_scratch", shipped=shipped) == shipped / "world_scratch"


def test_the_default_bundle_is_world(shipped: Path) -> None:
    assert find_bundle(shipped=shipped) == shipped / "world"


def test_any_folder_with_a_manifest_is_found_by_its_path(
    tiny_bundle: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_bundle(tiny_bundle, shipped=shipped) == tiny_bundle
    monkeypatch.chdir(tiny_bundle.parent)
    assert find_bundle("tiny", shipped=shipped) == Path("tiny")


def test_a_name_wins_over_a_folder_and_a_path_reaches_the_folder(
    tiny_bundle: Path, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "world")
    monkeypatch.chdir(tmp_path)
    assert find_bundle("world", shipped=shipped) == shipped / "world"
    assert find_bundle("./world", shipped=shipped).resolve() == tmp_path / "world"


def test_a_misspelled_name_gets_the_closest_and_all_names(shipped: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="Did you mean 'world_scratch'") as caught:
        find_bundle("world_scrach", shipped=shipped)
    assert "world, world_scratch" in str(caught.value)


def test_a_name_like_no_other_gets_all_names(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="available are world, world_scratch"):
        find_bundle("/nowhere/at/all", shipped=shipped)
    with pytest.raises(BundleNotFoundError, match="no bundle is installed"):
        find_bundle("world", shipped=tmp_path / "empty")


def test_a_training_run_is_told_how_to_become_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").touch()
    with pytest.raises(BundleNotFoundError, match=r"whereshot export .* --format onnx"):
        find_bundle(tmp_path)


def test_a_file_is_no_bundle(tiny_bundle: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="is a file"):
        find_bundle(tiny_bundle / "model.onnx")


def test_every_shipped_bundle_can_be_read() -> None:
    for name in shipped_bundles():
        assert read_bundle(SHIPPED / name).name == name
