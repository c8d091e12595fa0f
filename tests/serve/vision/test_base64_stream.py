"""Base64 that arrives in pieces is decoded as if it had come at once."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.serve.vision.base64_stream import Base64Stream


def decode(text, *, step=None, limit=1000):
    stream = Base64Stream(limit)
    for start in range(0, len(text), step or len(text) or 1):
        stream.feed(text[start : start + (step or len(text))])
    return stream.finish(), stream


@given(st.binary(max_size=200), st.integers(1, 9), st.booleans(), st.booleans())
def test_any_bytes_come_back_however_they_are_cut_and_written(data, step, is_url_safe, is_padded):
    text = (base64.urlsafe_b64encode if is_url_safe else base64.b64encode)(data)
    found, stream = decode(text if is_padded else text.rstrip(b"="), step=step)
    assert (found, stream.is_valid, stream.is_too_large) == (data, True, False)


def test_wrapped_lines_are_read_as_one():
    data = bytes(range(256))
    assert decode(base64.encodebytes(data).replace(b"\n", b"\r\n"), step=7)[0] == data


@pytest.mark.parametrize("step", [None, 1, 3, 4])
@pytest.mark.parametrize(
    "text", [b"A", b"QQ===", b"=", b"QQ==QQ==", b"Q=Q=", b"QU(D", b"\xff\xfe00"]
)
def test_what_is_no_base64_is_told_apart(text, step):
    found, stream = decode(text, step=step)
    assert (found, stream.is_valid) == (b"", False)


@pytest.mark.parametrize("step", [None, 1, 64])
def test_what_is_beyond_the_limit_is_dropped_while_it_comes_in(step):
    text = base64.b64encode(bytes(100))
    assert decode(text, step=step, limit=100)[0] == bytes(100)
    found, stream = decode(text, step=step, limit=99)
    assert found == b""
    assert stream.is_too_large
    assert stream.is_valid
