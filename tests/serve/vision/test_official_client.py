"""Google's own Python client, pointed at a running server of ours, understands what it gets."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from serving import FakeRecognizer, serving

import whereshot
from whereshot.errors import EngineBusyError
from whereshot.serve.app import create_app
from whereshot.serve.engine import InProcessEngine
from whereshot.serve.settings import Settings
from whereshot.serve.uploads import UploadLimits

pytestmark = pytest.mark.usefixtures("direct")


@pytest.fixture(scope="module")
def address():
    recognizer = whereshot.load(limits=UploadLimits().photo)
    with serving(create_app(recognizer)) as url:
        yield url


def connect(url, **options):
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import vision

    return vision.ImageAnnotatorClient(
        transport="rest",
        client_options=ClientOptions(api_endpoint=url, **options),
        credentials=None if "api_key" in options else AnonymousCredentials(),
    )


@pytest.fixture
def client(address):
    return connect(address)


@pytest.fixture
def wall(samples):
    return (samples / "great_wall_of_china.jpg").read_bytes()


@pytest.fixture
def nothing():
    """A photo of a color gradient: no landmark in it."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_it_gets_a_landmark(client, wall):
    from google.cloud import vision

    response = client.landmark_detection(image=vision.Image(content=wall), max_results=5)
    assert not response.error.message
    (found,) = response.landmark_annotations
    assert found.description == "Great Wall of China"
    assert found.mid == "http://www.wikidata.org/entity/Q12501"
    assert 0.7 < found.score <= 1
    (place,) = found.locations
    assert place.lat_lng.latitude == pytest.approx(40.43, abs=0.01)
    assert place.lat_lng.longitude == pytest.approx(116.57, abs=0.01)
    upper_left, _, lower_right, _ = found.bounding_poly.vertices
    width, height = Image.open(io.BytesIO(wall)).size
    assert 0 <= upper_left.x < lower_right.x <= width
    assert 0 <= upper_left.y < lower_right.y <= height


def test_it_gets_an_empty_answer_where_no_landmark_is(client, nothing):
    from google.cloud import vision

    response = client.landmark_detection(image=vision.Image(content=nothing))
    assert response == vision.AnnotateImageResponse()


def test_a_broken_image_is_an_error_while_the_batch_goes_on(client, wall, nothing):
    from google.cloud import vision

    feature = vision.Feature(type_=vision.Feature.Type.LANDMARK_DETECTION)
    photos = [wall, wall[:2000], nothing, b"no photo", wall]
    asked = [
        vision.AnnotateImageRequest(image=vision.Image(content=photo), features=[feature])
        for photo in photos
    ]
    answers = client.batch_annotate_images(requests=asked).responses
    assert [len(answer.landmark_annotations) for answer in answers] == [1, 0, 0, 0, 1]
    assert [answer.error.code for answer in answers] == [0, 3, 0, 3, 0]
    assert "is text. Give a JPEG" in answers[3].error.message


def test_a_batch_under_a_project_and_a_location_is_answered(client, wall):
    from google.cloud import vision

    asked = vision.AnnotateImageRequest(image=vision.Image(content=wall), features=[{"type_": 2}])
    for parent in ("projects/mine", "projects/mine/locations/eu"):
        batch = vision.BatchAnnotateImagesRequest(requests=[asked], parent=parent)
        (answer,) = client.batch_annotate_images(batch).responses
        assert answer.landmark_annotations[0].description == "Great Wall of China"


def test_links_and_other_features_are_errors_with_a_sentence(client, wall):
    from google.cloud import vision

    link = vision.Image(source=vision.ImageSource(image_uri="https://example.com/a.jpg"))
    assert client.landmark_detection(image=link).error.code == 12
    faces = client.face_detection(image=vision.Image(content=wall))
    assert "only LANDMARK_DETECTION" in faces.error.message


def test_a_wrong_request_raises_the_clients_own_exception(client):
    from google.api_core.exceptions import BadRequest

    with pytest.raises(BadRequest, match="expected 1 to 16 images, got 17"):
        client.batch_annotate_images(requests=17 * [{}])


class BusyAtFirst(InProcessEngine):
    """Has no room for the first job."""

    asked = 0

    async def run(self, job, *, seconds=None):
        self.asked += 1
        if self.asked == 1:
            raise EngineBusyError(64, retry_after=1)
        return await super().run(job, seconds=seconds)


def test_it_asks_again_when_the_server_was_busy():
    engine = BusyAtFirst(FakeRecognizer())
    asked = {"image": {"content": b"hill"}, "features": [{"type_": 2}]}
    with serving(create_app(engine)) as url:
        (answer,) = connect(url).batch_annotate_images(requests=[asked]).responses
    assert answer.landmark_annotations[0].description == "Hill"
    assert engine.asked == 2


def test_its_api_key_opens_a_server_that_asks_for_one():
    from google.api_core.exceptions import Unauthorized

    key = "a-key-of-24-characters.."
    asked = {"image": {"content": b"hill"}, "features": [{"type_": 2}]}
    with serving(create_app(FakeRecognizer(), Settings(api_keys=(key,)))) as url:
        (answer,) = connect(url, api_key=key).batch_annotate_images(requests=[asked]).responses
        assert answer.landmark_annotations[0].description == "Hill"
        with pytest.raises(Unauthorized, match="has no API key that is known here"):
            connect(url, api_key="a-wrong-key").batch_annotate_images(requests=[asked])


def test_too_many_requests_are_its_own_exception():
    from google.api_core.exceptions import TooManyRequests

    asked = {"image": {"content": b"hill"}, "features": [{"type_": 2}]}
    with serving(create_app(FakeRecognizer(), Settings(rate=1))) as url:
        client = connect(url)
        client.batch_annotate_images(requests=[asked])
        with pytest.raises(TooManyRequests, match="Ask again in"):
            client.batch_annotate_images(requests=[asked])
