from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socket
import urllib.request

import pytest
from local_web import Site

from whereshot.errors import FetchError
from whereshot.learn.sets import transfer
from whereshot.learn.sets.download import download
from whereshot.learn.sets.transfer import Patience, check_url

pytestmark = pytest.mark.usefixtures("direct")

CONTENT = os.urandom(700_000)


def fetch(site, target, attempts=5, **options):
    patience = Patience(attempts, pause_seconds=0.0, timeout_seconds=5.0)
    return download(site.url, target, patience=patience, **options)


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(web, tmp_path):
    site = web.serve(Site(CONTENT))
    told = []
    target = fetch(
        site, tmp_path / "set.zip", on_progress=lambda done, total: told.append((done, total))
    )
    assert target.read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert "range" not in site.requests[0]


def test_a_dropped_line_goes_on_where_it_was(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000, 100_000]))
    told = []
    target = fetch(site, tmp_path / "set.zip", on_progress=lambda done, total: told.append(done))
    assert target.read_bytes() == CONTENT
    assert [request.get("range") for request in site.requests] == [
        None,
        "bytes=300000-",
        "bytes=400000-",
    ]
    assert site.requests[1]["if-range"] == '"v1"'
    assert told == sorted(told), "progress never goes back when the download resumes"


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000, 0, 0]))
    with pytest.raises(FetchError, match=r"stopped 2 times in a row.*goes on from the bytes"):
        fetch(site, tmp_path / "set.zip", attempts=2)
    assert (tmp_path / "set.zip.part").stat().st_size == 300_000
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT
    assert site.requests[-1]["range"] == "bytes=300000-"


def test_a_file_that_changed_meanwhile_is_not_spliced(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000]))
    with pytest.raises(FetchError):
        fetch(site, tmp_path / "set.zip", attempts=1)
    site.content, site.etag = os.urandom(600_000), '"v2"'
    assert fetch(site, tmp_path / "set.zip").read_bytes() == site.content


def test_last_modified_is_enough_to_resume(web, tmp_path):
    date = "Mon, 02 Nov 2026 10:00:00 GMT"
    site = web.serve(Site(CONTENT, etag="", last_modified=date, cuts=[300_000]))
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT
    assert site.requests[1]["if-range"] == date


@pytest.mark.parametrize(
    "site",
    [Site(CONTENT, ranges=False), Site(CONTENT, etag=""), Site(CONTENT, etag='W/"v1"')],
    ids=["no_ranges", "no_validator", "weak_validator"],
)
def test_a_server_that_can_not_resume_safely_sends_all_of_it_again(web, tmp_path, site):
    site.cuts = [300_000]
    assert fetch(web.serve(site), tmp_path / "set.zip").read_bytes() == CONTENT
    if not site.etag.startswith('"'):
        assert "range" not in site.requests[1]


def test_a_part_of_another_url_is_not_continued(web, tmp_path):
    first, second = web.serve(Site(CONTENT, cuts=[300_000])), web.serve(Site(os.urandom(400_000)))
    with pytest.raises(FetchError):
        fetch(first, tmp_path / "set.zip", attempts=1)
    assert fetch(second, tmp_path / "set.zip").read_bytes() == second.content


def test_a_range_that_was_not_asked_for_is_thrown_away(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000], range_offset=5))
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_file_that_became_shorter_than_the_part_is_fetched_anew(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000]))
    with pytest.raises(FetchError):
        fetch(site, tmp_path / "set.zip", attempts=1)
    site.content = CONTENT[:1000]  # and the ETag stays: a broken server
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT[:1000]


def test_a_damaged_note_beside_the_part_only_costs_a_new_start(web, tmp_path):
    site = web.serve(Site(CONTENT, cuts=[300_000]))
    with pytest.raises(FetchError):
        fetch(site, tmp_path / "set.zip", attempts=1)
    (tmp_path / "set.zip.part.json").write_text('{"url": 5}')
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_part_that_is_whole_already_needs_no_request(web, tmp_path):
    site = web.serve(Site(CONTENT))
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    note = {"url": site.url, "validator": '"v1"', "size": len(CONTENT)}
    (tmp_path / "set.zip.part.json").write_text(json.dumps(note))
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT
    assert site.requests == []


def test_a_file_of_unknown_length_arrives_too(web, tmp_path):
    site = web.serve(Site(CONTENT, tell_length=False))
    told = []
    fetch(site, tmp_path / "set.zip", on_progress=lambda done, total: told.append(total))
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert set(told) == {None}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(web, tmp_path, status):
    site = web.serve(Site(CONTENT, statuses=[status, status]))
    assert fetch(site, tmp_path / "set.zip").read_bytes() == CONTENT
    assert len(site.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final_and_says_what_to_do(web, tmp_path, status):
    site = web.serve(Site(CONTENT, statuses=[status]))
    with pytest.raises(FetchError, match=rf"answered {status} .*--url"):
        fetch(site, tmp_path / "set.zip")
    assert len(site.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_is_followed_but_never_to_a_file_on_this_machine(web, tmp_path):
    site = web.serve(Site(CONTENT))
    moved = site.url.replace("set.zip", "moved.zip")
    site.redirect = "/set.zip"
    assert download(moved, tmp_path / "a.zip").read_bytes() == CONTENT
    for site.redirect in ("file:///etc/passwd", "ftp://127.0.0.1/set.zip"):
        with pytest.raises(FetchError, match=r"not allowed|must start with http"):
            download(moved, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_redirect_never_leaves_encryption():
    request = urllib.request.Request("https://sets.example/set.zip")
    with pytest.raises(FetchError, match="not encrypted"):
        transfer._Redirects().redirect_request(
            request, io.BytesIO(), 302, "Found", {}, "http://sets.example/set.zip"
        )


def test_a_compressed_answer_is_refused(web, tmp_path):
    site = web.serve(Site(CONTENT, extra_headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="came compressed"):
        fetch(site, tmp_path / "set.zip")


def test_a_refused_connection_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer.time, "sleep", lambda _: pytest.fail("must not wait"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match=r"Can't reach 127\.0\.0\.1.*network connection"):
        download(f"http://127.0.0.1:{port}/set.zip", tmp_path / "set.zip")


def test_a_name_that_can_not_be_looked_up_is_told_at_once(tmp_path, monkeypatch):
    def no_network(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(FetchError, match=r"Can't reach sets\.example.*Name or service not known"):
        download("https://sets.example/set.zip", tmp_path / "set.zip")


def test_a_silent_server_times_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/set.zip"
        with pytest.raises(FetchError, match=r"stopped 2 times in a row: timed out"):
            download(url, tmp_path / "set.zip", patience=Patience(2, 0, 0.1))


def test_pauses_double_and_have_a_ceiling(web, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(transfer.time, "sleep", pauses.append)
    site = web.serve(Site(CONTENT, statuses=[503] * 8))
    with pytest.raises(FetchError, match="stopped 8 times"):
        download(site.url, tmp_path / "set.zip", patience=Patience(attempts=8))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_full_disk_is_told_before_the_first_byte(web, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    site = web.serve(Site(CONTENT))
    with pytest.raises(FetchError, match=r"1,000 bytes free, the download needs 700,000"):
        fetch(site, tmp_path / "set.zip")


class Usage:
    free = 1000


def test_a_folder_that_can_not_be_written_is_our_error_and_is_not_retried(web, tmp_path):
    site = web.serve(Site(CONTENT))
    (tmp_path / "set.zip.part").mkdir()
    with pytest.raises(FetchError, match="Can't write"):
        fetch(site, tmp_path / "set.zip")
    assert len(site.requests) == 1


def test_the_sha256_is_checked_for_a_new_and_for_a_present_file(web, tmp_path):
    site = web.serve(Site(CONTENT))
    right = hashlib.sha256(CONTENT).hexdigest()
    fetch(site, tmp_path / "set.zip", sha256=right.upper())
    fetch(site, tmp_path / "set.zip", sha256=right)
    assert len(site.requests) == 1
    with pytest.raises(FetchError, match=rf"has the SHA-256 {right}, expected 0000"):
        fetch(site, tmp_path / "set.zip", sha256="0" * 64)
    with pytest.raises(FetchError, match="SHA-256"):
        fetch(site, tmp_path / "set.zip", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "set.zip",
        "file:///etc/passwd",
        "ftp://host/a.zip",
        "http://",
        "http://host:x/",
        "http://h/a b",
        "http://h/\n",
    ],
)
def test_only_web_addresses_are_taken(url):
    with pytest.raises(FetchError, match="must start with http"):
        check_url(url)


def test_a_proxy_from_the_environment_is_used(web, tmp_path, monkeypatch):
    proxy = web.serve(Site(CONTENT))
    monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/set.zip"))
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(FetchError, match="answered 404"):  # a proxy is asked for the whole URL
        download("http://sets.example/other.zip", tmp_path / "set.zip")
    assert proxy.requests[0]["host"] == "sets.example"
