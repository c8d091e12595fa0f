"""Geometry on the sphere: metric axioms, known distances, rotations."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from whereshot.geo import EARTH_RADIUS_KM, Point, bearing_degrees, haversine_km, spherical_mean

HALF_WAY_AROUND_KM = math.pi * EARTH_RADIUS_KM
latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)
temperate = st.tuples(st.floats(-80, 80), longitudes)


def direction(point: Point) -> tuple[float, float, float]:
    phi, theta = map(math.radians, point)
    return math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 0), 0.0),
        ((0, 0), (0, 180), HALF_WAY_AROUND_KM),
        ((90, 0), (-90, 77), HALF_WAY_AROUND_KM),
        ((0, 0), (90, 123), HALF_WAY_AROUND_KM / 2),
        ((0, 179.5), (0, -179.5), HALF_WAY_AROUND_KM / 180),
        ((36.12, -86.67), (33.94, -118.40), 2886.45),  # Nashville to Los Angeles, R = 6371.0088
    ],
)
def test_known_distances(a: Point, b: Point, km: float) -> None:
    assert haversine_km(a, b) == pytest.approx(km, abs=0.01)


@given(points, points)
def test_distance_is_symmetric_and_bounded(a: Point, b: Point) -> None:
    assert haversine_km(a, b) == haversine_km(b, a)
    assert 0 <= haversine_km(a, b) <= HALF_WAY_AROUND_KM + 1e-9


@given(points)
def test_distance_to_itself_is_zero(a: Point) -> None:
    assert haversine_km(a, a) == 0


@given(points, points, points)
def test_no_detour_is_shorter(a: Point, b: Point, c: Point) -> None:
    # Rounding near antipodes, where asin is steep, costs up to 0.2 m.
    assert haversine_km(a, c) <= haversine_km(a, b) + haversine_km(b, c) + 2e-4


@given(points, points, st.integers(-2, 2))
def test_distance_does_not_depend_on_how_often_longitude_goes_around(
    a: Point, b: Point, turns: int
) -> None:
    around = (a[0], a[1] + 360 * turns)
    assert haversine_km(around, b) == pytest.approx(haversine_km(a, b), abs=2e-4)


@given(points, points)
def test_distance_agrees_with_the_angle_between_directions(a: Point, b: Point) -> None:
    """Against another formula: the angle by atan2 of cross and dot product."""
    u, v = direction(a), direction(b)
    cross = (
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    )
    dot = sum(x * y for x, y in zip(u, v, strict=True))
    angle = math.atan2(math.hypot(*cross), dot)
    assert haversine_km(a, b) == pytest.approx(EARTH_RADIUS_KM * angle, abs=2e-4)


@pytest.mark.parametrize(
    ("a", "b", "degrees"),
    [
        ((0, 0), (10, 0), 0),
        ((0, 0), (0, 10), 90),
        ((10, 0), (0, 0), 180),
        ((0, 10), (0, 0), 270),
        ((0, 179), (0, -179), 90),
        ((51.5, 0), (40.7, -74), 288.3),  # London to New York leaves to the north-west
    ],
)
def test_known_bearings(a: Point, b: Point, degrees: float) -> None:
    assert bearing_degrees(a, b) == pytest.approx(degrees, abs=0.1)


@given(points, points)
@example((0.0, 6.783359634974487e-115), (1.0, 0.0))  # a hair to the left of north
def test_a_bearing_is_a_compass_reading(a: Point, b: Point) -> None:
    assert 0 <= bearing_degrees(a, b) < 360


@given(temperate, temperate)
def test_a_step_along_the_bearing_comes_closer(a: Point, b: Point) -> None:
    distance = haversine_km(a, b)
    assume(10 < distance < HALF_WAY_AROUND_KM - 10)
    bearing, step = math.radians(bearing_degrees(a, b)), 0.001
    ahead = (
        a[0] + step * math.cos(bearing),
        a[1] + step * math.sin(bearing) / math.cos(math.radians(a[0])),
    )
    assert distance - haversine_km(ahead, b) == pytest.approx(haversine_km(a, ahead), rel=0.05)


@given(points)
def test_the_mean_of_one_point_is_the_point(a: Point) -> None:
    assert haversine_km(spherical_mean([a, a, a]), a) < 1e-3


@given(points, points)
def test_the_mean_of_two_points_is_half_way(a: Point, b: Point) -> None:
    distance = haversine_km(a, b)
    assume(distance < HALF_WAY_AROUND_KM - 100)
    mean = spherical_mean([a, b])
    assert haversine_km(a, mean) == pytest.approx(distance / 2, abs=0.01)
    assert haversine_km(b, mean) == pytest.approx(distance / 2, abs=0.01)


@given(st.lists(points, min_size=1, max_size=6), st.floats(-180, 180))
def test_the_mean_turns_with_the_earth(some: list[Point], turn: float) -> None:
    """Turned about the axis of the Earth, points have the turned mean: no meridian is special."""
    assume(math.hypot(*map(sum, zip(*map(direction, some), strict=True))) > 0.1)
    mean = spherical_mean(some)
    turned = spherical_mean([(latitude, longitude + turn) for latitude, longitude in some])
    assert haversine_km((mean[0], mean[1] + turn), turned) < 0.01


@given(st.lists(points, min_size=2, max_size=6))
def test_the_mean_does_not_depend_on_the_order(some: list[Point]) -> None:
    assume(math.hypot(*map(sum, zip(*map(direction, some), strict=True))) > 0.1)
    assert haversine_km(spherical_mean(some), spherical_mean(some[::-1])) < 0.01


def test_a_plain_average_across_the_date_line_would_be_in_africa() -> None:
    latitude, longitude = spherical_mean([(0, 179), (0, -179)])
    assert latitude == pytest.approx(0, abs=1e-9)
    assert abs(longitude) == pytest.approx(180)


@pytest.mark.parametrize("some", [[(90, 0), (-90, 0)], [(0, 0), (0, 180)], [(10, 20), (-10, -160)]])
def test_points_that_cancel_out_have_no_mean(some: list[Point]) -> None:
    with pytest.raises(ValueError, match="cancel out"):
        spherical_mean(some)


def test_no_points_have_no_mean() -> None:
    with pytest.raises(ValueError, match="needs one point or more"):
        spherical_mean([])
