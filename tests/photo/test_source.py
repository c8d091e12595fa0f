"""What is no photo has a stated answer: which error, and a message that helps."""

from __future__ import annotations

import os
import socket
import struct
import sys
import zlib
from pathlib import Path

import pytest
from costs import cpu_seconds
from pictures import HEIC, encode, scene
from PIL import Image

from whereshot.errors import (
    DamagedPhotoError,
    PhotoAccessError,
    PhotoError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    UnsupportedPhotoError,
)
from whereshot.photo import Limits, decode, read_exif, read_photo
from whereshot.photo.formats import sniff

READERS = [decode, read_exif, read_photo]
FORMATS = {
    kind: encode(scene(), kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
}
FORMATS["HEIC"] = (HEIC / "orientation_1.heic").read_bytes()


@pytest.mark.parametrize("read", READERS)
def test_a_missing_photo_is_not_found(tmp_path: Path, read) -> None:
    with pytest.raises(PhotoNotFoundError, match=r"'.*nowhere\.jpg' does not exist") as caught:
        read(tmp_path / "nowhere.jpg")
    assert isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize("read", READERS)
def test_a_folder_named_like_a_photo_is_no_photo(tmp_path: Path, read) -> None:
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(PhotoAccessError, match=r"x\.jpg' is a folder") as caught:
        read(tmp_path / "x.jpg")
    assert isinstance(caught.value, OSError)


@pytest.mark.parametrize("read", READERS)
def test_a_pipe_is_refused_without_waiting(tmp_path: Path, read) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoAccessError, match="a pipe, socket or device"):
        read(tmp_path / "pipe.jpg")


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_devices_are_refused(read, device: str) -> None:
    if not Path(device).exists() or Path(device).is_file():
        pytest.skip(f"{device} is no device here")
    with pytest.raises(PhotoAccessError, match="a pipe, socket or device"):
        read(device)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.jpg"))
        with pytest.raises(PhotoAccessError, match="a pipe, socket or device"):
            decode(tmp_path / "s.jpg")


def test_a_file_that_became_a_pipe_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(FORMATS["JPEG"])
    regular = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self: regular)
    with pytest.raises(PhotoAccessError, match="a pipe, socket or device"):
        decode(path)


def test_a_photo_without_permission_can_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(FORMATS["JPEG"])
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything: let the system say what others hear

        def refuse(*_args: object) -> int:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PhotoAccessError, match="Permission denied"):
        decode(path)


@pytest.mark.parametrize("name", ["loop.jpg", "zero\0byte.jpg", "x" * 300, "photo.jpg/inside.jpg"])
def test_impossible_paths_are_photo_errors(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "photo.jpg").write_bytes(FORMATS["JPEG"])
    with pytest.raises(PhotoAccessError):
        decode(f"{tmp_path}/{name}")


def test_a_failing_disk_is_an_access_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(FORMATS["JPEG"])

    class Failing:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            os.close(self.number)

        def __init__(self, number, _mode):
            self.number = number

        def fileno(self):
            return self.number

        def read(self, *_):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdopen", Failing)
    with pytest.raises(PhotoAccessError, match="Input/output error"):
        decode(path)


def test_a_path_that_is_no_path_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        decode(42)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_photo_is_damaged(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(DamagedPhotoError, match="is empty"):
        decode(path if content is None else content)


CONTENTS = {
    "text": b"Dear diary, today we saw the Great Wall.\n",
    "UTF-8 text": "Liebes Tagebuch, Grüße aus Köln".encode(),
    "HTML": b"\n<!DOCTYPE html><html><body>404</body></html>",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "video": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(100),
    "QuickTime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(100),
    "AVI": b"RIFF\x24\0\0\0AVI LIST" + bytes(100),
    "Matroska": b"\x1aE\xdf\xa3" + bytes(100),
    "PDF": b"%PDF-1.7\n" + bytes(100),
    "ZIP": b"PK\x03\x04" + bytes(100),
    "Photoshop": b"8BPS\0\x01" + bytes(100),
    "FITS": b"SIMPLE  =                    T" + bytes(100),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
    "JPEG XL": b"\xff\x0a" + bytes(100),
    "Canon raw": b"II*\0\x10\0\0\0CR\x02\0" + bytes(100),
    "Canon raw 3": b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(100),
    "BigTIFF": b"II+\0\x08\0\0\0" + bytes(100),
    "zeros": bytes(1000),
    "noise": bytes(range(1, 250)) * 3,
    "one byte": b"\xff",
}
SAID = {
    "text": "is text", "UTF-8 text": "is text", "HTML": "an HTML page", "SVG": "SVG",
    "video": "a video", "QuickTime": "a video", "AVI": "a video", "Matroska": "video",
    "PDF": "a PDF", "ZIP": "a ZIP", "Photoshop": "Photoshop", "FITS": "FITS",
    "JPEG 2000": "JPEG 2000", "JPEG XL": "JPEG XL", "Canon raw": "camera raw",
    "Canon raw 3": "camera raw", "BigTIFF": "BigTIFF", "zeros": "nothing but zeros",
    "noise": "is no photo", "one byte": "is",
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_other_contents_are_named_and_unsupported(tmp_path: Path, name: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENTS[name])
    with pytest.raises(UnsupportedPhotoError, match=SAID[name]) as caught:
        decode(path)
    assert "photo.jpg" in str(caught.value)
    assert "Give a JPEG, PNG" in str(caught.value)


def test_a_camera_raw_file_is_not_decoded_as_its_thumbnail() -> None:
    data = encode(scene(), "TIFF", tiffinfo={50706: b"\1\4\0\0"})  # DNGVersion
    with pytest.raises(UnsupportedPhotoError, match="camera raw"):
        decode(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_are_told_by_their_first_bytes(kind: str) -> None:
    assert sniff(FORMATS[kind][:512]) == kind


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_photos_are_damaged(kind: str, kept: float) -> None:
    data = FORMATS[kind]
    with pytest.raises(DamagedPhotoError) as caught:
        decode(data[: int(len(data) * kept)])
    assert isinstance(caught.value, ValueError)
    assert f"({int(len(data) * kept):,} bytes)" in str(caught.value)


def test_a_file_beyond_the_limit_on_bytes_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(FORMATS["JPEG"])
    size = len(FORMATS["JPEG"])
    limits = Limits(max_bytes=size - 1)
    for source in (path, FORMATS["JPEG"]):
        with pytest.raises(PhotoTooLargeError, match=f"{size:,} bytes, the limit is {size - 1:,}"):
            decode(source, limits=limits)
    assert decode(path, limits=Limits(max_bytes=size)).shape == (64, 96, 3)


def test_a_huge_sparse_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.write(FORMATS["JPEG"])
        file.truncate(1 << 40)
    with cpu_seconds(5), pytest.raises(PhotoTooLargeError):
        decode(path)


def test_a_file_that_hides_its_size_is_read_up_to_the_limit() -> None:
    path = Path("/proc/self/maps")
    if not path.exists():
        pytest.skip("no /proc here")
    with pytest.raises(PhotoTooLargeError):
        decode(path, limits=Limits(max_bytes=100))
    with pytest.raises(UnsupportedPhotoError, match="is text"):
        decode(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_image_beyond_the_limit_on_pixels_is_too_large(kind: str) -> None:
    limits = Limits(max_pixels=96 * 64 - 1)
    with pytest.raises(PhotoTooLargeError, match=r"96 x 64 pixels, the limit is"):
        decode(FORMATS[kind], limits=limits)
    decode(FORMATS[kind], limits=Limits(max_pixels=96 * 64 * 3))


@pytest.mark.parametrize("kind", FORMATS)
def test_only_our_limit_on_pixels_counts_and_pillow_does_not_warn(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 96 * 64 - 100)  # warnings are errors here
    assert decode(FORMATS[kind]).shape == (64, 96, 3)


def test_what_a_decoder_finds_too_large_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(PhotoTooLargeError, match="larger than its decoder accepts"):
        decode(FORMATS["WEBP"])


def bomb(kind: str) -> bytes:
    """A small file that claims 50,000 x 50,000 pixels, or as many as its format can."""
    data, side = bytearray(FORMATS[kind]), 50_000
    match kind:
        case "JPEG":
            at = data.index(b"\xff\xc0") + 5
            data[at : at + 4] = struct.pack(">HH", side, side)
        case "PNG":
            data[16:24] = struct.pack(">II", side, side)
            data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        case "GIF":
            data[6:10] = struct.pack("<HH", side, side)
        case "BMP":
            data[18:26] = struct.pack("<ii", side, side)
        case "TIFF":
            at = data.index(struct.pack("<HHII", 256, 4, 1, 96)) + 8
            data[at : at + 4] = struct.pack("<I", side)
            at = data.index(struct.pack("<HHII", 257, 4, 1, 64)) + 8
            data[at : at + 4] = struct.pack("<I", side)
        case "WEBP":
            head = b"VP8X\x0a\0\0\0\0\0\0\0" + 2 * (side - 1).to_bytes(3, "little")
            data[12:12] = head
            data[4:8] = struct.pack("<I", len(data) - 8)
        case _:
            at = data.index(b"ispe") + 8
            data[at : at + 8] = struct.pack(">II", side, side)
    return bytes(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_bombs_are_refused_at_once(kind: str) -> None:
    with cpu_seconds(5), pytest.raises(PhotoError) as caught:
        decode(bomb(kind))
    # libavif judges the size itself, as damage.
    assert isinstance(caught.value, PhotoTooLargeError) or kind == "AVIF"


def test_a_text_bomb_in_a_png_costs_nothing() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + end

    text = chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(100_000_000), 9))
    data = FORMATS["PNG"][:33] + text * 5 + FORMATS["PNG"][33:]
    with cpu_seconds(5):
        assert decode(data).shape == (64, 96, 3)


def test_limits_must_be_positive() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Limits(max_pixels=0)


@pytest.mark.parametrize("kind", FORMATS)
def test_running_out_of_memory_is_a_photo_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_args: object) -> None:
        raise MemoryError

    # The package's `decode` is the function: the module of that name is found in sys.modules.
    monkeypatch.setattr(sys.modules["whereshot.photo.decode"], "_upright", exhausted)
    with pytest.raises(PhotoTooLargeError, match="needs more memory than there is"):
        decode(FORMATS[kind])
