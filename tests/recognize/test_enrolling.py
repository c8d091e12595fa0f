"""Teaching a bundle landmarks: what is learned, what is told, what is refused."""

from __future__ import annotations

import dataclasses
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from enrolled_landmarks import CASTLE, enrolled, same, vectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import whereshot
from whereshot.errors import EnrollmentError, LandmarkNotFoundError
from whereshot.recognize import (
    EnrolledStore,
    Enrollment,
    OnnxRecognizer,
    enroll,
    forget,
    import_landmarks,
    refreshed,
    store_of,
)
from whereshot.recognize._enrolled_file import landmarks_to_bytes
from whereshot.recognize.enrolled import model_sha256_of
from whereshot.recognize.lesson import MOST_PHOTOS, odd_photos, picture_of
from whereshot.recognize.prototypes import Prototypes

# Of two channels that are as strong as each other: the bundle takes them for none of its landmarks.
PURPLE, CYAN, YELLOW = (160, 0, 160), (0, 160, 160), (160, 160, 0)
AT = {"latitude": 51.929, "longitude": -8.571}

Photos = Callable[..., list[Path]]


@pytest.fixture
def tiny(tiny_bundle: Path) -> OnnxRecognizer:
    return whereshot.load(tiny_bundle)


@pytest.fixture
def store(tiny: OnnxRecognizer) -> EnrolledStore:
    return store_of(tiny.bundle)


def save(path: Path, color: tuple[int, int, int], shift: int = 0, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shade = tuple(min(255, max(0, part + shift)) for part in color)
    Image.new("RGB", (64, 48), shade).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    """Photos of one color, each a little lighter than the one before."""

    def paint(count: int, color: tuple[int, int, int] = PURPLE, name: str = "purple") -> list[Path]:
        return [
            save(tmp_path / f"{name}{number}.png", color, shift=number) for number in range(count)
        ]

    return paint


def kinds(done: Enrollment) -> list[str]:
    return [warning.kind for warning in done.warnings]


def test_a_landmark_is_learned_from_photos(
    tiny: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    done = enroll(tiny, "Blarney Castle", photos(5), **AT, aliases=["The Castle"])
    assert done.landmark.id == "blarney_castle"
    assert (done.landmark.country_code, done.landmark.aliases) == ("IE", ("The Castle",))
    assert (done.photos, done.added, done.views) == (5, 5, 1)
    assert done.failures == ()
    assert done.warnings == ()
    (entry,) = store.read()
    assert entry.landmark == done.landmark
    assert (entry.bundle, entry.model_sha256) == ("tiny@1", model_sha256_of(tiny.bundle))
    expected = np.stack([tiny.embed(photo) for photo in photos(5)])
    np.testing.assert_allclose(entry.embeddings, expected, atol=1e-6)


def test_the_bundle_itself_is_not_written_to(
    tiny: OnnxRecognizer, tiny_bundle: Path, photos: Photos
) -> None:
    before = {path.name: path.read_bytes() for path in tiny_bundle.iterdir()}
    enroll(tiny, "Blarney Castle", photos(3), **AT)
    assert {path.name: path.read_bytes() for path in tiny_bundle.iterdir()} == before


def test_photos_that_differ_are_views_of_their_own(
    tiny: OnnxRecognizer, photos: Photos, store: EnrolledStore
) -> None:
    night = photos(3, CYAN, "night")
    done = enroll(tiny, "Blarney Castle", [*photos(4), *night], **AT)
    assert done.views == 2
    assert len(store.read()[0].prototypes) == 2


def test_more_photos_are_added_and_the_place_need_not_be_said_again(
    tiny: OnnxRecognizer, photos: Photos
) -> None:
    six = photos(6)
    enroll(tiny, "Blarney Castle", six[:4], **AT, radius_km=0.8)
    again = enroll(tiny, "blarney castle", six[2:])
    assert (again.photos, again.added) == (6, 2)
    assert again.landmark.radius_km == 0.8


def test_the_same_photo_counts_once(tiny: OnnxRecognizer, photos: Photos, tmp_path: Path) -> None:
    first, second, third = photos(3)
    copy = tmp_path / "copy.png"
    shutil.copy(first, copy)
    done = enroll(tiny, "Blarney Castle", [first, copy, second, first.read_bytes(), third], **AT)
    assert (done.photos, done.added) == (3, 3)


def test_a_single_photo_may_stand_alone(tiny: OnnxRecognizer, photos: Photos) -> None:
    (photo,) = photos(1)
    for given_as in (str(photo), photo, photo.read_bytes()):
        done = enroll(tiny, "Blarney Castle", given_as, **AT)  # type: ignore[arg-type]
        assert done.photos == 1


def test_few_photos_are_told(tiny: OnnxRecognizer, photos: Photos) -> None:
    done = enroll(tiny, "Blarney Castle", photos(2), **AT)
    (warning,) = done.warnings
    assert (warning.kind, warning.photo) == ("few_photos", None)
    assert "learned from 2 photos: expected 3 or more" in warning.message
    assert kinds(enroll(tiny, "Blarney Castle", photos(3))) == []


def test_a_photo_unlike_the_others_is_told_by_name(
    tiny: OnnxRecognizer, photos: Photos, tmp_path: Path
) -> None:
    odd = save(tmp_path / "odd.png", CYAN)
    done = enroll(tiny, "Blarney Castle", [*photos(5), odd], **AT)
    (warning,) = done.warnings
    assert (warning.kind, warning.photo) == ("odd_photo", str(odd))
    assert f"The photo '{odd}' looks unlike the other photos" in warning.message
    assert done.photos == 6, "told, and learned from all the same"


def test_a_photo_of_a_landmark_that_the_bundle_has_is_told(
    tiny: OnnxRecognizer, photos: Photos, paint: Callable[..., Path], tmp_path: Path
) -> None:
    red = paint(tmp_path / "red.jpg", "red")
    done = enroll(tiny, "Blarney Castle", [*photos(4), red], **AT)
    (warning,) = done.warnings
    assert (warning.kind, warning.photo) == ("known_landmark", str(red))
    assert "looks like Golden Gate Bridge (golden_gate_bridge)" in warning.message


def test_photos_given_as_bytes_are_told_by_their_number(
    tiny: OnnxRecognizer, photos: Photos, paint: Callable[..., Path], tmp_path: Path
) -> None:
    red = paint(tmp_path / "red.jpg", "red").read_bytes()
    done = enroll(tiny, "Blarney Castle", [*(p.read_bytes() for p in photos(3)), red, b""], **AT)
    (warning,) = done.warnings
    assert warning.photo is None
    assert warning.message.startswith("Photo 4 looks like Golden Gate")
    assert [failure.photo for failure in done.failures] == [None]


def test_a_photo_like_those_without_a_landmark_is_told(
    tiny: OnnxRecognizer, photos: Photos, tmp_path: Path
) -> None:
    strange = save(tmp_path / "wolf.png", CYAN)
    of_none = Prototypes(
        tiny.bundle.prototypes.vectors,
        tiny.bundle.prototypes.owner,
        np.stack([tiny.embed(strange)] * 3),
    )
    tiny.bundle = dataclasses.replace(tiny.bundle, prototypes=of_none)
    done = enroll(tiny, "Blarney Castle", [*photos(4), strange], **AT)
    (warning,) = done.warnings
    assert (warning.kind, warning.photo) == ("no_landmark", str(strange))
    assert "looks like photos without any landmark" in warning.message


def test_a_photo_in_which_the_network_sees_nothing_is_left_out(
    tiny: OnnxRecognizer,
    photos: Photos,
    store: EnrolledStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    outputs = tiny.outputs

    def blind(pixels: np.ndarray, names: Any = ("logits",)) -> Any:
        found = outputs(pixels, names)
        return dataclasses.replace(found, embedding=found.embedding * (pixels.max() > 9))

    monkeypatch.setattr(tiny, "outputs", blind)
    black = save(tmp_path / "black.png", (0, 0, 0))
    done = enroll(tiny, "Blarney Castle", [*photos(3), black], **AT)
    assert (done.photos, done.added) == (3, 3)
    assert kinds(done) == ["no_landmark"]
    assert done.warnings[0].photo == str(black)
    with pytest.raises(EnrollmentError, match="None of the 1 photos of 'Other' shows anything"):
        enroll(tiny, "Other", [black], **AT)
    assert store.ids() == ("blarney_castle",)


def test_a_point_in_another_country_than_was_said_is_told(
    tiny: OnnxRecognizer, photos: Photos
) -> None:
    done = enroll(tiny, "Blarney Castle", photos(3), **AT, country_code="GB")
    assert kinds(done) == ["place"]


def test_photos_that_can_not_be_read_are_in_the_result(
    tiny: OnnxRecognizer, photos: Photos, tmp_path: Path
) -> None:
    missing, text = tmp_path / "missing.jpg", tmp_path / "text.jpg"
    text.write_text("Dear diary")
    done = enroll(tiny, "Blarney Castle", [missing, *photos(3), text], **AT)
    assert done.photos == 3
    assert [failure.photo for failure in done.failures] == [str(missing), str(text)]
    assert str(text) in str(done.failures[1].error)


def test_no_readable_photo_is_an_error_and_nothing_is_kept(
    tiny: OnnxRecognizer, store: EnrolledStore, tmp_path: Path
) -> None:
    with pytest.raises(EnrollmentError, match="No photo of 'Blarney Castle' could be read"):
        enroll(tiny, "Blarney Castle", [], **AT)
    with pytest.raises(EnrollmentError, match=r"The first of 1: .*nowhere\.jpg"):
        enroll(tiny, "Blarney Castle", [tmp_path / "nowhere.jpg"], **AT)
    assert store.ids() == ()
    assert not store.folder.exists()


@pytest.mark.parametrize("name", ["Golden Gate Bridge", "machu picchu", "09.Golden_Gate_Bridge"])
def test_a_name_that_the_bundle_knows_is_refused(
    tiny: OnnxRecognizer, photos: Photos, name: str
) -> None:
    with pytest.raises(EnrollmentError, match=r"tiny@1 knows .* already: it is .*\(\w+\)"):
        enroll(tiny, name, photos(3), **AT)


def test_an_alias_that_another_enrolled_landmark_has_is_refused(
    tiny: OnnxRecognizer, photos: Photos
) -> None:
    enroll(tiny, "Blarney Castle", photos(3), **AT, aliases=["The Castle"])
    with pytest.raises(EnrollmentError, match=r"'the castle' already: it is Blarney|already"):
        enroll(tiny, "Other Castle", photos(3), **AT, aliases=["the castle"])


def test_a_place_that_is_not_on_earth_is_refused_before_any_photo_is_read(
    tiny: OnnxRecognizer,
) -> None:
    with pytest.raises(EnrollmentError, match="latitude"):
        enroll(tiny, "Blarney Castle", ["nowhere.jpg"], latitude=95.0, longitude=0.0)


def test_too_many_photos_are_refused_before_any_is_read(tiny: OnnxRecognizer) -> None:
    with pytest.raises(EnrollmentError, match="Got 501 photos of one landmark"):
        enroll(tiny, "Blarney Castle", ["nowhere.jpg"] * (MOST_PHOTOS + 1), **AT)


def test_heic_photos_teach_too(tiny: OnnxRecognizer, store: EnrolledStore) -> None:
    heic = sorted((Path(__file__).parents[1] / "photo" / "heic").glob("orientation_*.heic"))
    done = enroll(tiny, "Blarney Castle", heic, **AT)
    assert done.failures == ()
    assert done.photos == len(heic) == 8
    with Image.open(io.BytesIO(store.read()[0].pictures[5])) as picture:
        assert picture.format == "JPEG"


def test_progress_is_told_photo_by_photo(tiny: OnnxRecognizer, photos: Photos) -> None:
    seen: list[tuple[int, int]] = []
    enroll(tiny, "Blarney Castle", photos(4), **AT, progress=lambda *counts: seen.append(counts))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_picture_is_small_upright_and_has_no_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "A camera"
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (2000, 1000), PURPLE).save(path, exif=exif)
    picture = picture_of(path)
    with Image.open(io.BytesIO(picture)) as image:
        assert image.size == (192, 384)
        assert len(image.getexif()) == 0
    assert b"camera" not in picture


def test_odd_photos_need_two_others_to_differ_from() -> None:
    assert odd_photos(vectors(1)) == []
    assert odd_photos(np.eye(2, dtype=np.float32)) == []
    assert odd_photos(np.eye(3, dtype=np.float32)[[0, 0, 0, 1]]) == [3]
    assert odd_photos(np.eye(3, dtype=np.float32)[[0, 0, 1, 1]]) == []


# -- forget ----------------------------------------------------------------------------------


def test_forgetting_takes_any_spelling(
    tiny: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    for spelling in ("blarney_castle", "Blarney Castle", "the CASTLE"):
        enroll(tiny, "Blarney Castle", photos(3), **AT, aliases=["The Castle"])
        assert forget(store, spelling) == "blarney_castle"
        assert store.ids() == ()
    with pytest.raises(LandmarkNotFoundError, match="among the 0 enrolled"):
        forget(store, "Blarney Castle")


def test_a_landmark_of_the_bundle_can_not_be_forgotten(store: EnrolledStore) -> None:
    with pytest.raises(LandmarkNotFoundError):
        forget(store, "golden_gate_bridge")


# -- another network -------------------------------------------------------------------------


@pytest.fixture
def newer(tiny_bundle: Path, tiny_network: Callable[..., bytes], tmp_path: Path) -> OnnxRecognizer:
    """The bundle `tiny` with another network, one that looks at fewer pixels."""
    from whereshot.photo import Preprocessing
    from whereshot.recognize import read_bundle, write_bundle

    old = read_bundle(tiny_bundle)
    write_bundle(
        tmp_path / "newer",
        name="tiny",
        version=2,
        model=tiny_network(size=16),
        landmarks=old.landmarks,
        prototypes=old.prototypes,
        preprocessing=Preprocessing(16, "squash"),
        temperature=2.0,
        min_probability=0.6,
    )
    return whereshot.load(tmp_path / "newer")


def test_a_newer_network_learns_again_from_the_pictures(
    tiny: OnnxRecognizer, newer: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    enroll(tiny, "Blarney Castle", photos(4), **AT)
    done, failed = refreshed(newer)
    assert failed == ()
    (entry,) = store.read()
    assert [one.landmark.id for one in done] == ["blarney_castle"]
    assert (entry.bundle, entry.model_sha256) == ("tiny@2", model_sha256_of(newer.bundle))
    expected = np.stack([newer.embed(photo) for photo in photos(4)])
    np.testing.assert_allclose(entry.embeddings, expected, atol=0.02)
    assert refreshed(newer) == ((), ())


def test_what_has_no_pictures_is_told_and_stays(
    tiny: OnnxRecognizer, newer: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    enroll(tiny, "Blarney Castle", photos(3), **AT)
    store.replace(store.read()[0].without_pictures())
    (store.folder / "damaged.npz").write_bytes(b"")
    done, failed = refreshed(newer)
    assert done == ()
    assert [caution.kind for caution in failed] == ["not_learned", "not_learned"]
    assert "without the pictures it can't be learned again" in failed[0].message
    assert "whereshot forget blarney_castle" in failed[0].message
    assert store.get("blarney_castle") is not None


def test_photos_without_a_picture_are_left_out_when_it_learns_again(
    tiny: OnnxRecognizer, newer: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    enroll(tiny, "Blarney Castle", photos(3), **AT)
    (entry,) = store.read()
    store.replace(dataclasses.replace(entry, pictures=(b"", *entry.pictures[1:])))
    ((again,), _) = refreshed(newer)
    assert again.photos == 2
    assert again.digests == entry.digests[1:]


def test_adding_photos_learns_the_earlier_ones_again_first(
    tiny: OnnxRecognizer, newer: OnnxRecognizer, photos: Photos
) -> None:
    five = photos(5)
    enroll(tiny, "Blarney Castle", five[:3], **AT)
    done = enroll(newer, "Blarney Castle", five[2:])
    assert (done.photos, done.added) == (5, 2)


def test_a_damaged_picture_is_told(
    tiny: OnnxRecognizer, newer: OnnxRecognizer, store: EnrolledStore, photos: Photos
) -> None:
    enroll(tiny, "Blarney Castle", photos(1), **AT)
    store.replace(dataclasses.replace(store.read()[0], pictures=(b"\xff\xd8 no more",)))
    _, (caution,) = refreshed(newer)
    assert "A picture of 'Blarney Castle' can't be read" in caution.message


# -- import ----------------------------------------------------------------------------------


@pytest.fixture
def exported(
    tiny: OnnxRecognizer, store: EnrolledStore, photos: Photos, tmp_path: Path
) -> Callable[..., Path]:
    """Enroll two landmarks, export them, and forget them."""

    def export(*, with_pictures: bool = False) -> Path:
        enroll(tiny, "Blarney Castle", photos(3), **AT)
        enroll(tiny, "Round Tower", photos(3, YELLOW, "yellow"), latitude=52.0, longitude=-7.0)
        store.export_to(tmp_path / "exported", with_pictures=with_pictures)
        for landmark_id in store.ids():
            store.forget(landmark_id)
        return tmp_path / "exported"

    return export


def test_an_exported_file_is_enrolled_elsewhere(
    tiny: OnnxRecognizer, store: EnrolledStore, exported: Callable[..., Path]
) -> None:
    path = exported()
    done = import_landmarks(tiny, path)
    assert [entry.landmark.id for entry in done] == ["blarney_castle", "round_tower"]
    assert all(same(a, b) for a, b in zip(done, store.read(), strict=True))
    import_landmarks(tiny, path)
    assert [entry.photos for entry in store.read()] == [3, 3], "twice is once"


def test_a_file_of_another_network_needs_its_pictures(
    newer: OnnxRecognizer, store: EnrolledStore, exported: Callable[..., Path]
) -> None:
    path = exported()
    with pytest.raises(EnrollmentError, match=r"another network .* without the pictures"):
        import_landmarks(newer, path)
    assert store.ids() == ()
    path.unlink()
    path = exported(with_pictures=True)
    assert [entry.bundle for entry in import_landmarks(newer, path)] == ["tiny@2", "tiny@2"]


def test_a_file_with_a_landmark_that_the_bundle_knows_changes_nothing(
    tiny: OnnxRecognizer, store: EnrolledStore, tmp_path: Path
) -> None:
    fits = {
        "model_sha256": model_sha256_of(tiny.bundle),
        "embeddings": vectors(3, size=3),
        "prototypes": vectors(1, size=3),
    }
    elsewhere = EnrolledStore(tmp_path / "elsewhere")
    known = dataclasses.replace(CASTLE, id="gate", name="Golden Gate Bridge", aliases=())
    elsewhere.add(enrolled(**fits), enrolled(known, **fits))
    elsewhere.export_to(tmp_path / "file")
    with pytest.raises(EnrollmentError, match="tiny@1 knows 'Golden Gate Bridge' already"):
        import_landmarks(tiny, tmp_path / "file")
    assert store.ids() == ()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_changes_nothing(
    tiny: OnnxRecognizer, store: EnrolledStore, tmp_path: Path, data: st.DataObject
) -> None:
    fits = {
        "model_sha256": model_sha256_of(tiny.bundle),
        "embeddings": vectors(3, size=3),
        "prototypes": vectors(1, size=3),
    }
    tower = dataclasses.replace(CASTLE, id="round_tower", name="Round Tower", aliases=())
    store.replace(enrolled(**fits))
    path = tmp_path / "file"
    content = bytearray(landmarks_to_bytes([enrolled(**fits), enrolled(tower, **fits)]))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    before = {file.name: file.read_bytes() for file in store.folder.glob("*.npz")}
    try:
        import_landmarks(tiny, path)
    except EnrollmentError:
        assert {file.name: file.read_bytes() for file in store.folder.iterdir()} == {
            **before,
            ".lock": b"",
        }
    else:
        assert same(store.read()[1], enrolled(tower, **fits))
        store.forget("round_tower")
