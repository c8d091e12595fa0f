"""What a person tells the server: corrections and landmarks that are taught, over HTTP."""

from __future__ import annotations

import hashlib
import io
from functools import partial

import pytest
from PIL import Image
from starlette.testclient import TestClient

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.process_engine import ProcessEngine
from whereshot.serve.settings import Settings
from whereshot.serve.uploads import UploadLimits
from whereshot.serve.worker import WorkerPlan

PURPLE, GREY, RED = (160, 0, 160), (128, 128, 128), (220, 30, 30)
PALACE = {"name": "Purple Palace", "latitude": "51.929", "longitude": "-8.571"}


def photo(color, shift=0, kind="PNG"):
    file = io.BytesIO()
    shade = tuple(min(255, max(0, part + shift)) for part in color)
    Image.new("RGB", (64, 48), shade).save(file, kind)
    return file.getvalue()


PURPLES = [photo(PURPLE, shift) for shift in (0, 12, 24, -12)]


@pytest.fixture
def client(tiny_bundle):
    with connect(tiny_bundle) as client:
        yield client


def connect(bundle, **options):
    app = create_app(whereshot.load(bundle), Settings(workers=1, **options))
    return TestClient(app, base_url="http://127.0.0.1:8321", raise_server_exceptions=False)


def send(client, path, *photos, **fields):
    files = [("photos", (f"{number}.png", content)) for number, content in enumerate(photos)]
    return client.post(path, files=files, data=fields)


def ask(client, content, **fields):
    (answer,) = send(client, "/api/recognize", content, **fields).json()
    return answer


# -- what an answer has besides ------------------------------------------------------------


def test_certainty_and_correction_come_only_where_they_are_asked_for(client):
    plain = ask(client, photo(RED))
    assert not {"certainty", "correction", "digest"} & set(plain)
    full = ask(client, photo(RED), include="certainty, correction")
    assert 0.6 <= full["certainty"] <= 1
    assert full["digest"] == hashlib.sha256(photo(RED)).hexdigest()
    assert full["correction"] is None


def test_an_unknown_word_to_include_is_refused(client):
    response = send(client, "/api/recognize", photo(RED), include="certainty,magic")
    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith("include has 'magic'")


def test_a_photo_that_cannot_be_read_has_no_digest(client):
    files = [("photos", ("a.png", photo(RED))), ("photos", ("b.png", b"text"))]
    response = client.post("/api/recognize", files=files, data={"include": "correction"})
    fine, failed = response.json()
    assert "digest" in fine
    assert set(failed) == {"photo", "error"}


# -- corrections ---------------------------------------------------------------------------


def correct(client, digest, landmark, answered="golden_gate_bridge"):
    query = {"landmark": landmark, "answered": answered}
    return client.put(f"/api/corrections/{digest}", params=query)


def test_a_correction_comes_with_the_same_photo_again_until_it_is_taken_back(client):
    digest = ask(client, photo(RED), include="correction")["digest"]
    kept = correct(client, digest, "machu_picchu")
    assert kept.status_code == 200
    again = ask(client, photo(RED), include="correction")
    assert again["correction"] == kept.json()
    assert again["correction"]["landmark"]["name"] == "Machu Picchu"
    assert again["predictions"][0]["id"] == "golden_gate_bridge", "the answer itself stays"
    assert ask(client, photo(RED, 3), include="correction")["correction"] is None
    assert client.get("/api/corrections").json() == [kept.json()]
    assert client.delete(f"/api/corrections/{digest}").status_code == 204
    assert ask(client, photo(RED), include="correction")["correction"] is None
    assert client.delete(f"/api/corrections/{digest}").status_code == 404


def test_a_person_may_say_that_there_is_no_landmark(client):
    digest = hashlib.sha256(photo(RED)).hexdigest()
    assert correct(client, digest, "").json()["landmark"] is None


def test_a_landmark_of_the_gazetteer_will_do(client):
    digest = "a" * 64
    assert correct(client, digest, "eiffel_tower").json()["landmark"]["country"] == "France"


@pytest.mark.parametrize(
    ("digest", "landmark", "status"),
    [("b" * 64, "nowhere_castle", 404), ("b", "machu_picchu", 422), ("B" * 64, "", 422)],
)
def test_a_wrong_correction_is_refused(client, digest, landmark, status):
    response = correct(client, digest, landmark)
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    assert client.get("/api/corrections").json() == []


def test_a_page_of_another_site_corrects_nothing(client):
    response = client.put(
        f"/api/corrections/{'a' * 64}",
        params={"landmark": ""},
        headers={"Origin": "https://example.com"},
    )
    assert response.status_code == 403


# -- teaching ------------------------------------------------------------------------------


def test_a_landmark_is_taught_listed_seen_and_forgotten(client):
    assert ask(client, PURPLES[0])["verdict"] == "unknown"
    response = send(client, "/api/enrolled", *PURPLES, **PALACE, radius_km="0.3", kind="built")
    assert response.status_code == 201
    lesson = response.json()
    assert lesson["landmark"]["id"] == "purple_palace"
    assert lesson["landmark"]["country"] == "Ireland", "looked up, offline"
    assert (lesson["photos"], lesson["added"], lesson["failures"]) == (4, 4, [])

    answer = ask(client, photo(PURPLE, 6))
    assert answer["verdict"] == "landmark"
    assert answer["predictions"][0]["id"] == "purple_palace"
    assert answer["bundle"].startswith("tiny@1+")
    assert client.get("/healthz").json()["landmarks"] == 4
    (listed,) = [each for each in client.get("/api/landmarks").json() if each["enrolled"]]
    assert listed["id"] == "purple_palace"

    (entry,) = client.get("/api/enrolled").json()
    assert (entry["photos"], entry["pictures"], entry["used"]) == (4, [0, 1, 2, 3], True)
    sample = client.get("/api/enrolled/purple_palace/photos/2")
    assert sample.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(sample.content)) as picture:
        assert picture.size == (64, 48)

    assert client.delete("/api/enrolled/purple_palace").status_code == 204
    assert ask(client, photo(PURPLE, 6))["verdict"] == "unknown"
    assert client.get("/api/enrolled").json() == []
    assert client.delete("/api/enrolled/purple_palace").status_code == 404


@pytest.mark.slow
def test_worker_processes_all_know_what_one_of_them_was_taught(tiny_bundle):
    settings = Settings(workers=2)
    plan = WorkerPlan(partial(whereshot.load, tiny_bundle, limits=settings.limits.photo), 1024)
    with TestClient(
        create_app(ProcessEngine(plan, settings), settings), base_url="http://127.0.0.1:8321"
    ) as client:
        assert send(client, "/api/enrolled", *PURPLES, **PALACE).status_code == 201
        answers = send(client, "/api/recognize", *[photo(PURPLE, 6)] * 8).json()
        assert {each["predictions"][0]["id"] for each in answers} == {"purple_palace"}
        assert send(client, "/api/heatmap", PURPLES[0], landmark="purple_palace").is_success
        assert client.delete("/api/enrolled/purple_palace").status_code == 204
        answers = send(client, "/api/recognize", *[photo(PURPLE, 6)] * 8).json()
        assert {each["verdict"] for each in answers} == {"unknown"}
        refused = send(client, "/api/enrolled", b"no photo", **PALACE)
        assert refused.json()["error"]["type"] == "EnrollmentError"


def test_photos_are_added_to_a_landmark_that_was_taught_before(client):
    send(client, "/api/enrolled", *PURPLES[:3], **PALACE)
    lesson = send(client, "/api/enrolled", PURPLES[0], PURPLES[3], name="purple palace").json()
    assert (lesson["photos"], lesson["added"]) == (4, 1)


def test_what_is_odd_is_told_of_the_photo_that_it_is_about(client):
    photos = [b"no photo", PURPLES[0], photo(RED), PURPLES[1]]
    lesson = send(client, "/api/enrolled", *photos, **PALACE).json()
    (failure,) = lesson["failures"]
    assert failure["photo"] == 0
    assert failure["error"]["type"] == "UnsupportedPhotoError"
    told = {(each["kind"], each["photo"]) for each in lesson["warnings"]}
    assert ("known_landmark", 2) in told


@pytest.mark.parametrize(
    ("fields", "photos", "kind"),
    [
        ({"latitude": "1", "longitude": "1"}, PURPLES, "InvalidField"),
        ({**PALACE, "latitude": "north"}, PURPLES, "InvalidField"),
        ({**PALACE, "latitude": "nan"}, PURPLES, "InvalidField"),
        ({**PALACE, "kind": "odd"}, PURPLES, "InvalidField"),
        ({**PALACE, "motto": "x"}, PURPLES, "UnknownField"),
        ({**PALACE, "latitude": "95"}, PURPLES, "EnrollmentError"),
        ({"name": "Purple Palace"}, PURPLES, "EnrollmentError"),
        ({**PALACE, "name": "Machu Picchu"}, PURPLES, "EnrollmentError"),
        (PALACE, [b"no photo", b""], "EnrollmentError"),
        (PALACE, [], "NoPhotos"),
    ],
)
def test_a_lesson_that_makes_no_sense_is_refused_with_a_sentence(client, fields, photos, kind):
    files = [("photos", ("a.png", content)) for content in photos] or {"name": (None, "x")}
    response = client.post("/api/enrolled", files=files, data=fields)
    assert response.status_code == 422
    assert response.json()["error"]["type"] == kind
    assert client.get("/api/enrolled").json() == []


@pytest.mark.parametrize("path", ["purple_palace/photos/0", "..%2f..%2fetc/photos/0"])
def test_a_photo_of_nothing_is_not_found(client, path):
    assert client.get(f"/api/enrolled/{path}").status_code == 404


# -- heat and previews ---------------------------------------------------------------------


def test_a_heatmap_has_the_photos_shape_and_is_hot_where_the_landmark_is(client):
    picture = Image.new("RGB", (900, 600), (40, 40, 40))
    picture.paste((220, 30, 30), (500, 100, 800, 500))
    file = io.BytesIO()
    picture.save(file, "PNG")
    response = send(client, "/api/heatmap", file.getvalue(), landmark="golden_gate_bridge")
    assert response.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(response.content)) as layer:
        assert (layer.mode, layer.size) == ("RGBA", (768, 512))
        cover = layer.getchannel("A")
        assert cover.getpixel((550, 250)) > 100
        assert cover.getpixel((40, 250)) == 0, "outside of what the network looks at"


def test_a_heatmap_of_an_unknown_landmark_is_not_found(client):
    assert send(client, "/api/heatmap", photo(RED), landmark="nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/api/heatmap", "/api/preview"])
@pytest.mark.parametrize(
    ("photos", "status"),
    [([b"text"], 415), ([b""], 422), ([photo(RED)] * 2, 413), ([b"x" * 3000], 413)],
)
def test_what_is_no_single_photo_is_refused(tiny_bundle, path, photos, status):
    with connect(tiny_bundle, limits=UploadLimits(file_bytes=2000)) as client:
        response = send(client, path, *photos)
        assert response.status_code == status
        assert set(response.json()) == {"error"}


def test_a_preview_is_upright_and_small_and_tells_nothing_else(client):
    picture = Image.new("RGB", (2000, 1000), (30, 220, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    response = send(client, "/api/preview", file.getvalue())
    with Image.open(io.BytesIO(response.content)) as preview:
        assert preview.format == "JPEG"
        assert preview.size == (360, 720)
        assert not preview.getexif()
