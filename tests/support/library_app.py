"""What the tests of the app's library ask again and again."""

from __future__ import annotations

import time
from typing import Any

from starlette.testclient import TestClient


def done(client: TestClient, begun: Any) -> dict[str, Any]:
    """The job that an answer speaks of, when it is over."""
    assert begun.status_code == 202, begun.text
    end = time.monotonic() + 60
    while (job := client.get("/api/library").json()["job"])["state"] == "running":
        assert time.monotonic() < end, job
        time.sleep(0.02)
    assert job["number"] == begun.json()["number"]
    return job


def photos(client: TestClient, **query: Any) -> dict[str, dict[str, Any]]:
    """The photos of a list, by name, in its order."""
    answer = client.get("/api/library/photos", params=query)
    assert answer.status_code == 200, answer.text
    return {photo["name"]: photo for photo in answer.json()["photos"]}


def decide(client: TestClient, decision: str, *names: str, **fields: Any) -> dict[str, Any]:
    """What the answer to a decision about some photos is."""
    known = photos(client)
    ids = [known[name]["id"] for name in names]
    answer = client.post("/api/library/review", json={"ids": ids, "decision": decision, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()
