"""Uploads: streamed into memory, under limits, under harmless names."""

from __future__ import annotations

import socket
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import FakeRecognizer, serving

from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings
from whereshot.serve.uploads import UploadLimits, safe_name

LIMITS = UploadLimits(file_bytes=2000, files=3, request_bytes=5000)


@pytest.fixture
def limited(connected):
    with connected(FakeRecognizer(), limits=LIMITS) as client:
        yield client


def send(client, *contents, field="photos"):
    return client.post("/api/recognize", files=[(field, ("a.jpg", each)) for each in contents])


def error_of(response):
    return response.json()["error"]


def test_a_file_beyond_the_limit_fails_alone(limited):
    response = send(limited, b"x" * 2001, b"hill")
    assert response.status_code == 200
    too_large, fine = response.json()
    assert too_large["error"]["type"] == "PhotoTooLargeError"
    assert "'a.jpg' is larger than" in too_large["error"]["message"]
    assert fine["verdict"] == "landmark"


def test_a_lone_file_beyond_the_limit_is_a_413(limited):
    response = send(limited, b"x" * 2001)
    assert response.status_code == 413
    assert response.json()[0]["error"]["type"] == "PhotoTooLargeError"


def test_a_file_of_just_the_limit_is_taken(limited):
    assert send(limited, b"hill" + b" " * 1996).status_code == 200


def test_too_many_photos_are_a_413(limited):
    assert send(limited, *[b"hill"] * 3).status_code == 200
    response = send(limited, *[b"hill"] * 4)
    assert response.status_code == 413
    assert error_of(response)["type"] == "TooManyPhotos"


def test_too_many_bytes_in_all_are_a_413(limited):
    response = send(limited, *[b"x" * 1900] * 3)
    assert response.status_code == 413
    assert error_of(response)["type"] == "RequestTooLarge"


def test_too_many_or_too_long_text_fields_are_a_413(limited):
    many = {f"k{i}": "1" for i in range(20)}
    response = limited.post("/api/recognize", files={"photos": b"hill"}, data=many)
    assert error_of(response)["type"] == "TooManyFields"
    response = limited.post("/api/recognize", files={"photos": b"hill"}, data={"k": "1" * 1025})
    assert (response.status_code, error_of(response)["type"]) == (413, "FieldTooLarge")


def test_uploads_are_refused_while_they_stream_in():
    """A body without a length is cut off at the limit, long before its end."""
    head = (
        b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n\r\n'
    app = create_app(FakeRecognizer(), Settings(limits=LIMITS))
    with serving(app) as url, socket.create_connection(address_of(url), timeout=20) as line:
        line.sendall(head + b"%x\r\n%s\r\n" % (len(part), part))
        line.sendall(b"%x\r\n%s\r\n" % (6000, b"x" * 6000))  # and no end
        assert read_all(line).startswith(b"HTTP/1.1 413 ")


def test_a_declared_length_beyond_the_limit_is_refused_before_the_body():
    head = (
        b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    app = create_app(FakeRecognizer(), Settings(limits=LIMITS))
    with serving(app) as url, socket.create_connection(address_of(url), timeout=20) as line:
        line.sendall(head)
        answer = read_all(line)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_client_that_leaves_amid_its_upload_harms_nobody():
    head = (
        b"POST /api/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    with serving(create_app(FakeRecognizer(), Settings(limits=LIMITS))) as url:
        with socket.create_connection(address_of(url), timeout=20) as line:
            line.sendall(head)
        with socket.create_connection(address_of(url), timeout=20) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert read_all(line).startswith(b"HTTP/1.1 200 ")


def test_photos_never_touch_the_disk(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file was made")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", refuse)
    assert send(client, b"hill" + b" " * 3_000_000).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body", "status", "type_"),
    [
        ("application/json", b"{}", 415, "NotMultipart"),
        ("image/jpeg", b"hill", 415, "NotMultipart"),
        ("multipart/form-data", b"--b", 415, "NotMultipart"),
        ("multipart/form-data; boundary=b", b"", 400, "TruncatedUpload"),
        ("multipart/form-data; boundary=b", b"nonsense", 400, "MalformedUpload"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header\r\n\r\n", 400, "MalformedUpload"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n\r\nhil',
            400,
            "TruncatedUpload",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nX: " + b"y" * 100_000 + b"\r\n\r\nhill\r\n--b--\r\n",
            400,
            "MalformedUpload",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="k"\r\n\r\n5\r\n--b--\r\n',
            422,
            "NoPhotos",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nx\r\n--b--',
            422,
            "UnknownField",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n",
            422,
            "NoPhotos",
        ),
        ("multipart/form-data; boundary=" + "b" * 5000, b"", 400, "MalformedUpload"),
    ],
)
def test_a_malformed_upload_is_refused_with_a_sentence(client, content_type, body, status, type_):
    response = client.post("/api/recognize", content=body, headers={"Content-Type": content_type})
    assert (response.status_code, error_of(response)["type"]) == (status, type_)
    assert error_of(response)["message"].endswith((".", "URL"))


def test_any_body_gets_an_answer(client):
    content_type = {"Content-Type": "multipart/form-data; boundary=b"}
    beginnings = (b"", b"--b\r\n", b'--b\r\nContent-Disposition: form-data; name="')

    @settings(deadline=None, max_examples=40)
    @given(st.sampled_from(beginnings), st.binary(max_size=300))
    def check(beginning, rest):
        response = client.post("/api/recognize", content=beginning + rest, headers=content_type)
        assert 400 <= response.status_code < 500

    check()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("Große Mauer 長城.jpg", "Große Mauer 長城.jpg"),
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/", "photo"),
        ("", "photo"),
        ("..", "photo"),
        (" . ", "photo"),
        ("a\r\nb\0.jpg", "ab.jpg"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ('say "hi".jpg', 'say "hi".jpg'),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_names_are_reduced_to_a_harmless_base_name(client, sent, shown):
    assert safe_name(sent) == shown
    disposition = b'Content-Disposition: form-data; name="photos"; filename="%s"' % (
        sent.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()
    )
    body = b"--b\r\n" + disposition + b"\r\n\r\nhill\r\n--b--\r\n"
    content_type = {"Content-Type": "multipart/form-data; boundary=b"}
    (answer,) = client.post("/api/recognize", content=body, headers=content_type).json()
    assert answer["photo"] == shown


@settings(deadline=None)
@given(st.text())
def test_a_safe_name_is_short_printable_and_no_path(name):
    shown = safe_name(name)
    assert 0 < len(shown) <= 200
    assert not set(shown) & set("/\\\r\n\0")
    assert shown.strip(".")
    assert safe_name(shown) == shown


def address_of(url):
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def read_all(line):
    received = b""
    while chunk := line.recv(65536):
        received += chunk
    return received


def test_uploads_that_run_at_once_hold_no_more_memory_than_allowed(connected):
    with connected(FakeRecognizer(), held_bytes=2000) as client:
        refused = client.post("/api/recognize", files={"photos": b"x" * 5000})
        assert refused.status_code == 503
        assert refused.json()["error"]["type"] == "UploadsBusy"
        assert int(refused.headers["retry-after"]) >= 1
        for _ in range(5):  # what was held is let go of
            assert client.post("/api/recognize", files={"photos": b"hill"}).status_code == 200


def test_a_body_of_json_that_finds_no_memory_is_asked_to_come_again(connected, tmp_path):
    options = {"library": (tmp_path,), "catalog": tmp_path / "catalog.sqlite"}
    with connected(FakeRecognizer(), held_bytes=20, **options) as client:
        refused = client.post("/api/library/review", json={"ids": [1], "decision": "accept"})
    assert refused.status_code == 503
    assert refused.json()["error"]["type"] == "UploadsBusy"
    assert int(refused.headers["retry-after"]) >= 1
