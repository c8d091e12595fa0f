"""The outline of the land: closed rings in degrees, where land is."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from whereshot.atlas import ATLAS, Ring, land_rings


def inside(rings: list[Ring], longitude: float, latitude: float) -> bool:
    """Whether a ray to the east crosses the rings an odd number of times."""
    odd = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > latitude) != (y2 > latitude):
                odd ^= longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
    return odd


def test_land_is_land_and_sea_is_sea() -> None:
    rings = land_rings()

    assert inside(rings, 116.57, 40.43)  # the Great Wall at Mutianyu
    assert inside(rings, -72.545, -13.163)  # Machu Picchu
    assert not inside(rings, -30.0, 30.0)  # the Atlantic
    assert not inside(rings, 160.0, -30.0)  # the Tasman Sea


def test_every_ring_is_closed_and_in_degrees() -> None:
    rings = land_rings()

    assert len(rings) > 1000
    assert all(ring[0] == ring[-1] for ring in rings)
    assert all(abs(x) <= 180.001 and abs(y) <= 90.001 for ring in rings for x, y in ring)


def test_an_arc_is_walked_backwards_where_its_number_is_negative(tmp_path: Path) -> None:
    topology = {
        "transform": {"scale": [0.5, 2.0], "translate": [-10.0, 20.0]},
        "arcs": [[[0, 0], [4, 0], [0, 3]], [[0, 0], [0, 3], [4, 0]]],
        "objects": {"land": {"geometries": [{"arcs": [[[0, -2]]]}]}},
    }
    (tmp_path / "atlas.json").write_text(json.dumps(topology), encoding="utf-8")

    [ring] = land_rings(tmp_path / "atlas.json")

    corners = [(-10.0, 20.0), (-8.0, 20.0), (-8.0, 26.0)]
    assert ring == [*corners, (-8.0, 26.0), (-10.0, 26.0), (-10.0, 20.0)]


def test_without_the_file_there_is_no_land(tmp_path: Path) -> None:
    assert ATLAS.is_file()
    assert land_rings(tmp_path / "gone.json") == []
