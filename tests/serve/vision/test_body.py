"""The photos are taken out of a JSON body; what is left is what any parser would see."""

from __future__ import annotations

import base64
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.serve.problems import RequestError
from whereshot.serve.vision.body import MAX_DOCUMENT_BYTES, BodyReader


def read(body, *, step=None, photo_bytes=1000):
    reader = BodyReader(photo_bytes)
    for start in range(0, len(body), step or len(body) or 1):
        reader.feed(body[start : start + (step or len(body))])
    return reader.finish()


def put_back(value, contents):
    """The document with each photo in its place again, as bytes."""
    if isinstance(value, list):
        return [put_back(each, contents) for each in value]
    if isinstance(value, dict):
        return {
            key: contents[int(each)].data
            if key == "content" and isinstance(each, str)
            else put_back(each, contents)
            for key, each in value.items()
        }
    return value


def as_text(value):
    if isinstance(value, list):
        return [as_text(each) for each in value]
    if isinstance(value, dict):
        return {key: as_text(each) for key, each in value.items()}
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


TEXT = st.text(max_size=8)
PHOTOS = st.dictionaries(st.just("content"), st.binary(max_size=40), min_size=1)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | PHOTOS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT.filter(lambda key: key != "content"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(DOCUMENTS, st.integers(1, 40), st.booleans(), st.booleans())
def test_a_body_cut_anywhere_is_the_same_document(document, step, is_ascii, is_escaped):
    body = json.dumps(as_text(document), ensure_ascii=is_ascii)
    if is_escaped:  # as PHP and .NET write it
        body = body.replace("/", "\\/").replace("+", "\\u002B")
    found = read(body.encode(), step=step)
    assert put_back(found.document, found.contents) == document


def test_only_a_string_directly_under_the_key_content_is_a_photo():
    body = (
        b'{"content" : [ "QUJD" ], "x": "content", "c\\u006fntent":\n"QUJD", "y": {"content": 7}}'
    )
    found = read(body, step=3)
    assert found.document == {"content": "0", "x": "content", "y": {"content": 7}}
    assert [content.data for content in found.contents] == [b"ABC"]


def test_a_photo_that_is_no_base64_or_too_large_does_not_stop_the_others():
    large = base64.b64encode(bytes(1001))
    body = b'[{"content": "%%%"}, {"content": "' + large + b'"}, {"content": "QUJD"}]'
    found = read(body, step=100)
    assert [(c.data, c.is_base64, c.is_too_large) for c in found.contents] == [
        (b"", False, False),
        (b"", True, True),
        (b"ABC", True, False),
    ]


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": "',
        b'{"a": "\\',
        b'{"content": "\\u00',
        b'{"content": "\\u00zz7777"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} trailing',
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b'"\\x"',
        b'{"a": ' + 5000 * b"1" + b"}",
        100_000 * b"[",
    ],
)
def test_what_is_no_json_is_a_400_with_a_sentence(body, step):
    with pytest.raises(RequestError, match=r"^The request is not valid JSON: ") as caught:
        read(body, step=step)
    assert caught.value.status == 400


def test_what_is_not_a_photo_stays_small():
    with pytest.raises(RequestError, match="more than 256 kB besides its photos"):
        read(b'{"a": "' + MAX_DOCUMENT_BYTES * b"x")
    with pytest.raises(RequestError, match="more than 256 kB besides its photos"):
        read(b'{"a": ' + MAX_DOCUMENT_BYTES * b" ")


def test_memory_holds_each_photo_once():
    megabyte = 1024 * 1024
    piece = base64.b64encode(bytes(48 * 1024))  # 64 kB at a time, as servers hand it over
    tracemalloc.start()
    try:
        reader = BodyReader(4 * megabyte)
        reader.feed(b'{"requests": [')
        for number in range(4):
            reader.feed(b'{"image": {"content": "' if not number else b', {"image": {"content": "')
            for _ in range(4 * megabyte // (48 * 1024)):
                reader.feed(piece)
            reader.feed(b'"}}')
        reader.feed(b"]}")
        body = reader.finish()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    held = sum(len(content.data) for content in body.contents)
    assert held > 15 * megabyte
    # A photo is copied once when it is complete: three times the whole would be 48 MB.
    assert most < held + 10 * megabyte
