"""Sidecars come in every encoding of XML and go back in the same."""

from __future__ import annotations

import codecs

import pytest
from sidecars import bag, packet, tag

from whereshot.errors import SidecarError
from whereshot.photo.sidecar import merge_place, parse_sidecar, remove_place
from whereshot.photo.sidecar.encoding import decode

TEXT = packet(bag("dc:subject", "Grüße")).decode()
MARKED = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"", "utf-8"),
    (b"", "utf-16-le"),
    (b"", "utf-16-be"),
    (b"", "utf-32-le"),
    (b"", "utf-32-be"),
]


def declared(name: str) -> bytes:
    return f"<?xml version='1.0' encoding='{name}'?>\n{TEXT}".encode(name)


@pytest.mark.parametrize(("mark", "codec"), MARKED)
def test_a_tag_goes_into_every_unicode_encoding_and_out_again(mark: bytes, codec: str) -> None:
    content = mark + TEXT.encode(codec)
    merged = merge_place(content, tag(landmark="万里长城"))
    assert merged.startswith(mark)
    assert parse_sidecar(merged).keywords == ("Grüße", "China", "Beijing", "万里长城")
    assert remove_place(merged) == content


@pytest.mark.parametrize(
    "name", ["ISO-8859-1", "windows-1252", "UTF-8", "shift_jisx0213", "gb18030"]
)
def test_a_declared_encoding_is_kept(name: str) -> None:
    content = declared(name)
    merged = merge_place(content, tag(landmark="万里长城", city="Peking"))
    assert parse_sidecar(merged).keywords == ("Grüße", "China", "Peking", "万里长城")
    assert remove_place(merged) == content


def test_a_letter_that_the_encoding_lacks_becomes_its_number() -> None:
    merged = merge_place(declared("ISO-8859-1"), tag(landmark="万"))
    assert b"<rdf:li>&#19975;</rdf:li>" in merged
    assert "Grüße".encode("latin-1") in merged


def test_a_declaration_that_was_true_before_the_file_was_converted_does_no_harm() -> None:
    content = declared("UTF-16").decode("utf-16").encode()
    assert parse_sidecar(content).keywords == ("Grüße",)


@pytest.mark.parametrize(
    "content",
    [
        declared("ISO-8859-1").replace(b"ISO-8859-1", b"UTF-8"),
        declared("UTF-8").replace(b"UTF-8", b"klingon"),
        declared("UTF-8").replace(b"UTF-8", b"rot13"),
        declared("UTF-8").replace(b"UTF-8", b"base64"),
        declared("UTF-8").replace(b"UTF-8", b"ascii"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")[:-1],
    ],
    ids=["wrong", "unknown", "no encoding", "bytes", "too small", "cut"],
)
def test_bytes_that_are_not_of_their_encoding_are_refused(content: bytes) -> None:
    with pytest.raises(SidecarError, match="save it as UTF-8"):
        decode(content)
