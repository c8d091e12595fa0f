"""What kind of photo some bytes are: by content, never by file name."""

from __future__ import annotations

from typing import Literal

from whereshot.errors import UnsupportedPhotoError

Format = Literal["JPEG", "PNG", "WEBP", "TIFF", "HEIC", "AVIF", "GIF", "BMP"]

HEAD_BYTES = 512
"""As many bytes as `sniff` looks at."""

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}  # sizes of the header after the file header

# What people have in photo folders and upload forms beside photos, so that the message can say it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (b"\x00\x00\x01\xba", "an MPEG video"),
    (b"\x00\x00\x01\xb3", "an MPEG video"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"FUJIFILMCCD-RAW", "a camera raw file"),
    (b"SIMPLE  =", "a FITS image"),
    (b"%!PS", "a PostScript document"),
    (b"ID3", "a sound file"),
)


def sniff(head: bytes) -> Format:
    """The format of a photo from its first bytes (512 are enough).

    Raises UnsupportedPhotoError, which says what the bytes seem to be.

    >>> sniff(bytes.fromhex("ffd8ffe0"))
    'JPEG'
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith((b"II*\x00", b"MM\x00*")) and head[8:10] != b"CR":  # CR: Canon's raw files
        return "TIFF"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    brands = _brands(head)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIC_BRANDS or brands & {b"mif1", b"msf1"}:
        return "HEIC"
    raise UnsupportedPhotoError(
        f"is {_what_else(head)}. Give a JPEG, PNG, WebP, TIFF, HEIC, AVIF, GIF or BMP file."
    )


def _brands(head: bytes) -> set[bytes]:
    """The brands that an ISO base media file says it follows; none for other files."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}


def _what_else(head: bytes) -> str:
    for signature, name in _OTHERS:
        if head.startswith(signature):
            return name
    if head[4:8] == b"ftyp":
        return "a camera raw file" if head[8:12] == b"crx " else "a video"
    if head.startswith(b"RIFF"):
        return "a video" if head[8:12] == b"AVI " else "a RIFF file without a WebP image"
    if head.startswith((b"II", b"MM")) and (head[8:10] == b"CR" or head[2:4] in (b"RO", b"RS")):
        return "a camera raw file"
    if head.startswith((b"II+\x00", b"MM\x00+")):
        return "a BigTIFF image"
    if not head.strip(b"\0"):
        return "nothing but zeros"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page"
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG drawing or XML"
    # Text has no control characters but white space; bytes above 127 may be UTF-8.
    if all(byte >= 32 or byte in b"\t\n\r\f\x1b" for byte in head):
        return "text"
    return "no photo"
