"""Distances, bearings and means on the sphere: degrees WGS 84 in, km and degrees out."""

from __future__ import annotations

import math
from collections.abc import Sequence

EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the IUGG

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def haversine_km(a: Point, b: Point) -> float:
    """Great-circle distance in km on a sphere of radius 6371.0088 km.

    Reference: R. W. Sinnott, "Virtues of the Haversine", Sky & Telescope 68 (1984).

    >>> round(haversine_km((48.8584, 2.2945), (51.5014, -0.1419)))  # Eiffel Tower to the Queen
    341
    """
    latitude_a, longitude_a, latitude_b, longitude_b = map(math.radians, (*a, *b))
    h = (
        math.sin((latitude_b - latitude_a) / 2) ** 2
        + math.cos(latitude_a)
        * math.cos(latitude_b)
        * math.sin((longitude_b - longitude_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def bearing_degrees(a: Point, b: Point) -> float:
    """Initial bearing from a to b in degrees clockwise from north, in [0, 360).

    >>> bearing_degrees((0.0, 0.0), (0.0, 10.0))
    90.0
    """
    latitude_a, longitude_a, latitude_b, longitude_b = map(math.radians, (*a, *b))
    step = longitude_b - longitude_a
    y = math.sin(step) * math.cos(latitude_b)
    x = math.cos(latitude_a) * math.sin(latitude_b) - math.sin(latitude_a) * math.cos(
        latitude_b
    ) * math.cos(step)
    # Twice, because a tiny negative angle modulo 360 rounds to 360.0 itself.
    return math.degrees(math.atan2(y, x)) % 360 % 360


def spherical_mean(points: Sequence[Point]) -> Point:
    """The mean of points as directions from Earth's centre, safe across the date line.

    Raises ValueError for no points, or for points that cancel out (antipodes).

    >>> latitude, longitude = spherical_mean([(0.0, 179.0), (0.0, -179.0)])
    >>> round(abs(longitude), 6)
    180.0
    """
    if not points:
        raise ValueError("the mean needs one point or more, got none")
    x = y = z = 0.0
    for latitude, longitude in points:
        phi, theta = math.radians(latitude), math.radians(longitude)
        x += math.cos(phi) * math.cos(theta)
        y += math.cos(phi) * math.sin(theta)
        z += math.sin(phi)
    if math.hypot(x, y, z) < 1e-9 * len(points):
        raise ValueError("the points cancel out: they have no mean direction")
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
