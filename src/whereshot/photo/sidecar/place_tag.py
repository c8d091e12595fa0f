"""What whereshot says of one photo, and how it says it in XMP."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from whereshot.photo.sidecar.coordinates import latitude_text, longitude_text
from whereshot.photo.sidecar.rdf import Value
from whereshot.records import Location

ROOT_KEYWORD = "Places"
"""The keyword above all places: one branch of a person's own tree of keywords, not its top."""

_TEXTS = (
    "landmark",
    "landmark_id",
    "wikidata",
    "country",
    "country_code",
    "region",
    "city",
    "bundle",
)
_NUMBERS = ("latitude", "longitude", "radius_km", "probability")


@dataclass(frozen=True, slots=True)
class PlaceTag:
    """A recognized landmark, to be written into a photo's sidecar.

    `landmark` is the name to show, in whichever language. `wikidata` is an item such as `Q12501`;
    it, `country`, `country_code` (ISO 3166, two letters), `region` and `city` may be empty.
    `probability` is in [0, 1], `date` an ISO 8601 date and time with offset to UTC. With
    `write_gps` the landmark's coordinates are written as the photo's position too, if it has none.
    Texts are brought into one line, without the characters that XML can't hold.
    """

    landmark: str
    landmark_id: str
    wikidata: str
    country: str
    country_code: str
    region: str
    city: str
    latitude: float
    longitude: float
    radius_km: float
    probability: float
    bundle: str
    date: str
    write_gps: bool = False

    def __post_init__(self) -> None:
        for field in _TEXTS:
            object.__setattr__(self, field, _one_line(getattr(self, field)))
        for field in _NUMBERS:  # NumPy's are written in another way
            object.__setattr__(self, field, float(getattr(self, field)))
        if not self.landmark or not self.landmark_id:
            raise ValueError(
                f"a place needs a name and an id, got {self.landmark!r} and {self.landmark_id!r}"
            )
        Location(self.latitude, self.longitude, self.radius_km, "landmark")  # checks them
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be in [0, 1], got {self.probability}")
        if datetime.fromisoformat(self.date).tzinfo is None:
            raise ValueError(f"date must have an offset to UTC, got {self.date!r}")

    @property
    def location(self) -> Location:
        """Where the landmark stands."""
        return Location(self.latitude, self.longitude, self.radius_km, "landmark")

    @property
    def keyword_path(self) -> tuple[str, ...]:
        """The keywords from the most general to the landmark, without what is empty or doubled.

        The region stands in for a city only: with both, paths of one country would mix levels.
        """
        path = [ROOT_KEYWORD]
        for part in (self.country, self.city or self.region, self.landmark):
            if part and part.casefold() != path[-1].casefold():
                path.append(part)
        return tuple(path)

    @property
    def position_error_m(self) -> int:
        """Within how many meters of the landmark's coordinates the photo was taken, at least 1."""
        return max(1, math.ceil(self.radius_km * 1000))

    def shown_fields(self) -> dict[str, Value]:
        """The fields of the place in `Iptc4xmpExt:LocationShown`, by prefixed name."""
        link = f"http://www.wikidata.org/entity/{self.wikidata}"
        found: dict[str, Value] = {
            "Iptc4xmpExt:LocationName": self.landmark,
            "Iptc4xmpExt:LocationId": (link,) if self.wikidata else (),
            "Iptc4xmpExt:City": self.city,
            "Iptc4xmpExt:ProvinceState": self.region,
            "Iptc4xmpExt:CountryName": self.country,
            "Iptc4xmpExt:CountryCode": self.country_code,
            "exif:GPSLatitude": latitude_text(self.latitude),
            "exif:GPSLongitude": longitude_text(self.longitude),
        }
        return {name: value for name, value in found.items() if value}


def _one_line(text: str) -> str:
    r"""Text with single spaces and no control characters, surrogates or non-characters.

    >>> _one_line("  Great\n Wall\x00 ")
    'Great Wall'
    """
    allowed = (
        letter
        for letter in text
        if not ("\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff\ufeff")
        and (letter.isspace() or not (letter < " " or "\x7f" <= letter <= "\x9f"))
    )
    return " ".join("".join(allowed).split())
