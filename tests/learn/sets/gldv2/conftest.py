from __future__ import annotations

import pytest
from landmarks_mirror import Mirror

from whereshot.learn.sets.gldv2.fetch import Choice, fetch_part, plan_fetch
from whereshot.learn.sets.gldv2.published import Published
from whereshot.learn.sets.transfer import Patience

QUICK = Patience(attempts=3, pause_seconds=0.0, timeout_seconds=5.0)


@pytest.fixture
def mirror():
    return Mirror(shards=6)


@pytest.fixture
def site(web, mirror):
    return web.serve(mirror.site())


@pytest.fixture
def plan(site, mirror, tmp_path):
    """Make a plan for a folder: `plan(top=2)`."""

    def make(folder=tmp_path / "set", **choice):
        published = Published(site.base_url, mirror.shards)
        return plan_fetch(Choice(**choice), folder, published, patience=QUICK)

    return make


@pytest.fixture
def bring(plan, tmp_path):
    """Plan and fetch: `bring(top=2)`."""

    def bring(folder=tmp_path / "set", **choice):
        return fetch_part(plan(folder, **choice), folder, patience=QUICK)

    return bring


@pytest.fixture
def photos_in(tmp_path):
    """The photos of the set by id, as bytes."""

    def photos_in(folder=tmp_path / "set"):
        return {path.stem: path.read_bytes() for path in folder.glob("train/*/*.jpg")}

    return photos_in
