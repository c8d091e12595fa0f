"""`GET /api/landmarks`: by name, by place, and beyond the bundle."""

from __future__ import annotations

import pytest
from serving import FakeRecognizer

from whereshot.gazetteer import load_gazetteer
from whereshot.records import Landmark


def ids(client, **query):
    return [each["id"] for each in client.get("/api/landmarks", params=query).json()]


def test_without_parameters_the_bundles_landmarks_come_in_its_order(client):
    assert ids(client) == ["hill", "lake", "bridge"]


def test_a_query_forgives_typos_and_knows_aliases_and_places(client):
    assert ids(client, query="lak") == ["lake"]
    assert ids(client, query="hohe") == ["hill"]
    assert ids(client, query="Bridgia") == ["bridge"]
    assert ids(client, query="zzzz") == []


def test_the_gazetteer_is_searched_on_demand_and_flagged(client):
    assert ids(client, query="eifel towr") == []
    (found,) = client.get("/api/landmarks", params={"query": "eifel towr", "scope": "all"}).json()
    assert (found["id"], found["known"], found["enrolled"]) == ("eiffel_tower", False, False)
    everything = client.get("/api/landmarks", params={"scope": "all"}).json()
    assert len(everything) == 3 + len(load_gazetteer())
    assert [each["id"] for each in everything if each["known"]] == ["hill", "lake", "bridge"]


def test_near_sorts_by_distance_and_limit_cuts(client):
    query = {"near": "-9.5, 29.5", "limit": 2}
    first, second = client.get("/api/landmarks", params=query).json()
    assert (first["id"], second["id"]) == ("lake", "hill")
    assert first["distance_km"] == pytest.approx(78.1, abs=0.5)


def test_near_and_query_go_together(client):
    query = {"near": "48.86,2.29", "query": "united states", "scope": "all", "limit": 1}
    (found,) = client.get("/api/landmarks", params=query).json()
    assert found["country"] == "United States"
    assert found["distance_km"] > 5000


@pytest.mark.parametrize(
    "query",
    [
        {"near": "somewhere"},
        {"near": "1"},
        {"near": "91,0"},
        {"near": "nan,0"},
        {"near": "0,0,0"},
        {"limit": 0},
        {"limit": "many"},
        {"scope": "universe"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_a_sentence(client, query):
    response = client.get("/api/landmarks", params=query)
    assert response.status_code == 422
    assert set(response.json()["error"]) == {"type", "message"}


def test_a_bundle_may_name_two_landmarks_alike(connected):
    class Twins(FakeRecognizer):
        landmarks = (
            Landmark("one", "Tower", 1.0, 1.0, 1.0, "Hillia", "HI"),
            Landmark("two", "Tower", 2.0, 2.0, 1.0, "Lakia", "LA"),
            Landmark("三", "塔", 3.0, 3.0, 1.0, "Lakia", "LA"),
        )

    with connected(Twins()) as client:
        assert ids(client) == ["one", "two", "三"]
        assert ids(client, query="tower") == ["one"]
