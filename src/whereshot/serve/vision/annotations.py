"""From a recognition to Google's `landmarkAnnotations`."""

from __future__ import annotations

from typing import Any

from whereshot.recognize.wire import PROBABILITY_DIGITS
from whereshot.records import Landmark, Location, Recognition, Region


def annotations_of(recognition: Recognition) -> list[dict[str, Any]]:
    """The landmark that the verdict stands behind, or nothing; never a second guess.

    Who reads these lists tags a photo with all that is in them, so what is only the next best has
    no place there, whatever `maxResults` would allow.
    """
    if recognition.verdict != "landmark":
        return []
    best = recognition.predictions[0]
    # The certainty allows for photos that show none of the landmarks; a probability does not.
    score = best.probability if recognition.certainty is None else recognition.certainty
    return [
        {
            "mid": mid_of(best.landmark),
            "description": best.landmark.name,
            "score": round(float(score), PROBABILITY_DIGITS),
            "boundingPoly": {"vertices": _vertices(recognition.region)},
            "locations": _locations(best.landmark, recognition.location),
        }
    ]


def mid_of(landmark: Landmark) -> str:
    """What names a landmark for good: its address in Wikidata, or our own id if it has none.

    Google's own (`/m/0d6qj`) would need a table of theirs; readers must take it as opaque anyway.
    """
    if landmark.wikidata:
        return f"http://www.wikidata.org/entity/{landmark.wikidata}"
    return f"whereshot:{landmark.id}"


def _vertices(region: Region | None) -> list[dict[str, int]]:
    """The box around a region, in whole px of the upright photo; empty if there is no region.

    Four corners, clockwise from the upper left one, as Google's service gives them: readers take
    the first and the third for the whole of it.
    """
    if not region:
        return []
    left, right = (max(0, round(edge(x for x, _ in region))) for edge in (min, max))
    top, bottom = (max(0, round(edge(y for _, y in region))) for edge in (min, max))
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [{"x": x, "y": y} for x, y in corners]


def _locations(landmark: Landmark, location: Location | None) -> list[dict[str, Any]]:
    """Where the landmark is, and then where the photo was taken, if the photo itself says so."""
    places = [landmark.location]
    if location is not None and location.source == "exif":
        places.append(location)
    return [
        {"latLng": {"latitude": place.latitude, "longitude": place.longitude}} for place in places
    ]
