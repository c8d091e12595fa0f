"""API keys and the rate limit: who may ask, and how often."""

from __future__ import annotations

import pytest
from serving import FakeRecognizer

from whereshot.serve.rates import Rates
from whereshot.serve.settings import Settings

KEY, OTHER = "the-key-of-the-first-client", "the-key-of-the-other-client"
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def locked(connected):
    with connected(FakeRecognizer(), api_keys=(KEY, OTHER)) as client:
        yield client


def recognize(client, path="/api/recognize", **options):
    return client.post(path, files={"photos": b"hill"}, **options)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"X-API-Key": OTHER},
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"X-Goog-Api-Key": KEY},
    ],
)
def test_each_key_opens_the_api_in_each_header(locked, headers):
    assert recognize(locked, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": KEY + "x"},
        {"X-API-Key": KEY.upper()},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Cookie": f"whereshot_session={KEY}"},
        {"Cookie": "whereshot_session="},
        {"Cookie": ";=;;\x7f"},
    ],
)
def test_without_a_right_key_there_is_a_401_with_a_sentence(locked, headers):
    response = recognize(locked, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "KeyRequired"
    assert "X-API-Key" in response.json()["error"]["message"]
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/landmarks", "/openapi.json", "/metrics", "/nowhere"])
def test_nothing_is_told_without_a_key(locked, path):
    assert locked.get(path).status_code == 401
    assert locked.get(path, headers={"X-API-Key": KEY}).status_code in {200, 404}


def test_health_and_style_need_no_key(locked):
    assert locked.get("/healthz").status_code == 200
    assert locked.get("/static/icon.svg").status_code == 200


def test_a_key_in_the_address_is_for_clients_of_google_only(locked):
    body = {"requests": []}
    assert locked.post("/v1/images:annotate", json=body, params={"key": KEY}).status_code != 401
    assert locked.post("/v1/images:annotate", json=body, params={"key": "no"}).status_code == 401
    assert recognize(locked, params={"key": KEY}).status_code == 401


def test_google_s_clients_are_refused_in_their_own_words(locked):
    error = locked.post("/v1/images:annotate", json={"requests": []}).json()["error"]
    assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", ["/", "/library", "/docs"])
def test_a_browser_without_a_key_gets_the_page_to_sign_in(locked, path):
    response = locked.get(path, headers=HTML)
    assert response.status_code == 401
    assert "<form" in response.text
    assert "content-security-policy" in response.headers


def test_who_has_signed_in_needs_no_header_until_they_sign_out(locked):
    assert locked.post("/api/session", headers={"X-API-Key": "wrong"}).status_code == 401
    signed = locked.post("/api/session", headers={"X-API-Key": KEY})
    assert signed.status_code == 204
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert KEY not in cookie
    assert recognize(locked).status_code == 200
    assert "Where was this shot?" in locked.get("/", headers=HTML).text
    assert locked.delete("/api/session").status_code == 204
    assert recognize(locked).status_code == 401


def test_a_session_of_another_run_of_the_server_opens_nothing(locked, connected):
    locked.post("/api/session", headers={"X-API-Key": KEY})
    session = {"Cookie": f"whereshot_session={locked.cookies['whereshot_session']}"}
    with connected(FakeRecognizer(), api_keys=(KEY,)) as client:
        assert recognize(client, headers=session).status_code == 401


def test_a_foreign_page_cannot_use_the_session(locked):
    locked.post("/api/session", headers={"X-API-Key": KEY})
    response = recognize(locked, headers={"Origin": "http://evil.example"})
    assert response.status_code == 403


def test_without_keys_everybody_may_and_there_is_nothing_to_sign_in_to(client):
    assert recognize(client).status_code == 200
    assert client.post("/api/session", headers={"X-API-Key": KEY}).status_code in {404, 405}


@pytest.mark.parametrize("key", ["", "short", "a key with white space in it", "schlüssel" * 3])
def test_a_key_that_is_too_easy_is_refused(key):
    with pytest.raises(ValueError, match="expected 16 or more"):
        Settings(api_keys=(key,))


def test_a_client_that_asks_too_often_is_told_when_to_come_again(connected):
    with connected(FakeRecognizer(), rate=3) as client:
        assert [recognize(client).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = recognize(client)
        assert refused.json()["error"]["type"] == "TooManyRequests"
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/api/landmarks").status_code == 200, "only work is counted"
        vision = client.post("/v1/images:annotate", json={"requests": []})
        assert vision.json()["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_each_key_has_a_rate_of_its_own(connected):
    with connected(FakeRecognizer(), api_keys=(KEY, OTHER), rate=1) as client:
        codes = [
            recognize(client, headers={"X-API-Key": key}).status_code
            for key in (KEY, KEY, OTHER, OTHER)
        ]
    assert codes == [200, 429, 200, 429]


def test_tokens_come_back_with_time_and_never_more_than_there_were():
    now = 0.0
    rates = Rates(60, clock=lambda: now)
    assert [rates.wait("a") for _ in range(60)] == [0] * 60
    assert rates.wait("a") == 1
    assert rates.wait("b") == 0, "clients do not share theirs"
    now = 2.0
    assert [rates.wait("a") for _ in range(3)] == [0, 0, 1]
    now = 10_000.0
    assert [rates.wait("a") for _ in range(61)] == [0] * 60 + [1]


def test_the_wait_that_is_told_is_long_enough():
    now = 0.0
    rates = Rates(7, clock=lambda: now)
    while not (seconds := rates.wait("a")):
        pass
    now += seconds
    assert rates.wait("a") == 0


def test_many_clients_take_bounded_memory():
    rates = Rates(5)
    for number in range(12_000):
        rates.wait(f"client {number}")
    assert len(rates._buckets) == 10_000
