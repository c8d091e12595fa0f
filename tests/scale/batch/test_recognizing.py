"""Items to records: what is read, what a photo that can't be read gets, which bundle it is."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import fsspec
import onnxruntime
import pytest

import whereshot
from whereshot.errors import BundleError
from whereshot.recognize import failure_to_dict, recognition_to_dict
from whereshot.records import Failure, Recognition
from whereshot.scale.batch import recognizing
from whereshot.scale.batch.columns import Item
from whereshot.scale.batch.recognizing import Work, best_device, lost, plan_work
from whereshot.scale.batch.table import Record


@pytest.fixture
def work(tiny_bundle: Path) -> Work:
    """The work of a batch with the tiny bundle."""
    return plan_work(str(tiny_bundle), k=2, threshold=None, max_false_tags=None, device="auto")


def said_by_predict(bundle: Path, path: Path) -> Record:
    (answer,) = whereshot.load(bundle).recognize_many([str(path)], k=2)
    made = recognition_to_dict if isinstance(answer, Recognition) else failure_to_dict
    return made(answer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "photo", ["trip/001.png", "gps.jpg", "empty.jpg", "trip/text.jpg", "no.jpg"]
)
def test_a_photo_gets_the_same_record_from_a_path_its_bytes_and_a_url(
    photo: str, work: Work, album: Path, tiny_bundle: Path
) -> None:
    path = album / photo
    data = path.read_bytes() if path.exists() else None
    url = f"memory://somewhere/{photo}"
    if data is not None:
        fsspec.filesystem("memory").pipe(f"/somewhere/{photo}", data)
    items = [Item(str(path)), Item(url)]
    if data is not None:
        items.append(Item("name#1", data))
    recognize = work()
    expected = said_by_predict(tiny_bundle, path)
    for item, record in zip(items, recognize(items), strict=True):
        for each in (record, expected):
            each.pop("milliseconds", None)
        text = json.dumps(record).replace(item.name, str(path)).replace("the URL", "the path")
        assert json.loads(text) == expected


def test_many_photos_far_away_come_in_order(work: Work, album: Path) -> None:
    content = (album / "000.png").read_bytes()
    for number in range(50):
        fsspec.filesystem("memory").pipe(f"/many/{number}.png", content)
    names = [f"memory://many/{number}.png" for number in range(50)]
    assert [each["photo"] for each in work()([Item(name) for name in names])] == names


def test_a_photo_too_large_is_not_fetched(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizing, "DEFAULT_LIMITS", whereshot.photo.Limits(max_bytes=3))
    fsspec.filesystem("memory").pipe("/large/a.jpg", b"four")
    (record,) = work()([Item("memory://large/a.jpg")])
    assert record["error"]["type"] == "PhotoTooLargeError"
    assert "has 4 bytes, the limit is 3" in record["error"]["message"]


def test_a_url_of_an_unknown_kind_costs_its_photo(work: Work, album: Path) -> None:
    bad, good = work()([Item("nowhere://a.jpg"), Item(str(album / "000.png"))])
    assert bad["error"]["type"] == "PhotoAccessError"
    assert good["verdict"] == "landmark"


def test_another_bundle_on_another_machine_is_refused(
    work: Work, tiny_bundle: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "tiny")
    moved = dataclasses.replace(work, bundle=str(tmp_path / "tiny"))
    moved()
    manifest = tmp_path / "tiny" / "bundle.json"
    manifest.write_text(manifest.read_text().replace("2026-11-01", "2026-11-02"))
    with pytest.raises(BundleError, match=r"is another bundle here than .* expected tiny@1"):
        moved()


def test_the_work_names_as_readily_as_load_would(tiny_bundle: Path, album: Path) -> None:
    strict = plan_work(str(tiny_bundle), k=1, threshold=1.0, max_false_tags=None, device="cpu")
    (record,) = strict()([Item(str(album / "003.png"))])
    assert record["verdict"] == "unknown"
    assert len(record["predictions"]) == 1


def test_the_shipped_bundle_is_found_by_name_wherever_whereshot_is_installed() -> None:
    assert plan_work(None, k=1, threshold=None, max_false_tags=None, device="cpu").bundle == "world"


def test_what_a_bundle_was_taught_goes_along(
    work: Work, tiny_bundle: Path, album: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    photos = [album / f"{number:03}.png" for number in (3, 15, 27)]
    whereshot.load(tiny_bundle).enroll("Grey Wall", photos, 10.0, 20.0)
    taught = plan_work(str(tiny_bundle), k=4, threshold=None, max_false_tags=None, device="cpu")
    assert taught.title.startswith("tiny@1+")
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "another machine"))
    (record,) = taught()([Item(str(photos[0]))])
    assert record["bundle"] == taught.title
    assert "Grey Wall" in [each["name"] for each in record["predictions"]]


@pytest.mark.parametrize(
    ("providers", "device"),
    [
        (["CPUExecutionProvider"], "cpu"),
        (["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"], "cuda"),
    ],
)
def test_the_device_is_what_onnx_runtime_can_use(
    providers: list[str], device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    assert best_device() == device


def test_photos_share_a_run_of_the_network_where_there_is_a_gpu(
    work: Work, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(path) for path in sorted(album.rglob("*.*g"))]
    items = [Item(name) for name in names]
    one_by_one = work()(items)
    recognize = work()
    monkeypatch.setattr(recognize, "_batch_size", 8)
    sizes: list[int] = []
    run = recognize._recognizer._session.run

    def counted(pixels: object, *outputs: object) -> object:
        sizes.append(len(pixels))  # type: ignore[arg-type]
        return run(pixels, *outputs)  # type: ignore[arg-type]

    monkeypatch.setattr(recognize._recognizer._session, "run", counted)
    together = recognize(items)
    assert max(sizes) == 8
    for alone, along in zip(one_by_one, together, strict=True):
        assert alone["photo"] == along["photo"]
        assert alone.get("verdict") == along.get("verdict")
        assert alone.get("error") == along.get("error")


def test_a_photo_that_ends_processes_is_named() -> None:
    record = lost(Item("bad.jpg"), "SIGSEGV")
    assert record["photo"] == "bad.jpg"
    assert "(SIGSEGV), twice" in record["error"]["message"]
    assert record == failure_to_dict(
        Failure("bad.jpg", whereshot.errors.PhotoError(record["error"]["message"]))
    )
