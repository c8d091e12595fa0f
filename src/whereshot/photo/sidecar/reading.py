"""What a sidecar says of keywords and places."""

from __future__ import annotations

from dataclasses import dataclass

from whereshot.photo.exif import GPS_RADIUS_KM
from whereshot.photo.sidecar.block import read_block
from whereshot.photo.sidecar.coordinates import parse_latitude, parse_longitude
from whereshot.photo.sidecar.keywords import HIERARCHICAL, SUBJECT, TAGS
from whereshot.photo.sidecar.ours import Ours, find_ours
from whereshot.photo.sidecar.place_tag import PlaceTag
from whereshot.photo.sidecar.rdf import Packet, Value, container, fields, items, open_packet
from whereshot.photo.sidecar.vocabulary import (
    LATITUDE,
    LOCATION_SHOWN,
    LONGITUDE,
    PLACE_PROPERTIES,
    POSITION_ERROR,
    expand,
)
from whereshot.records import Location


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """An item of `Iptc4xmpExt:LocationShown`; what it does not say is empty."""

    name: str = ""
    ids: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    country: str = ""
    country_code: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says, whoever wrote it.

    `keywords` are those of `dc:subject`, `hierarchical` those of `lr:hierarchicalSubject` (with
    `|`), `tags_list` those of `digiKam:TagsList` (with `/`). `gps` is the photo's position; its
    source is `landmark` if whereshot wrote it. `own` is what whereshot wrote last, if it did.
    `has_person_place` is whether somebody else said where the photo was taken or what place it
    shows, `has_person_names` whether in words: programs copy a camera's own GPS position into
    sidecars, and that nobody gave.
    """

    keywords: tuple[str, ...] = ()
    hierarchical: tuple[str, ...] = ()
    tags_list: tuple[str, ...] = ()
    location_shown: tuple[ShownPlace, ...] = ()
    gps: Location | None = None
    own: PlaceTag | None = None
    has_person_place: bool = False
    has_person_names: bool = False

    @property
    def photo_gps(self) -> Location | None:
        """The position that others gave the photo: one of whereshot's is its landmark's."""
        return self.gps if self.gps is not None and self.gps.source == "exif" else None


def parse_sidecar(content: bytes) -> Sidecar:
    """Read a sidecar; raises SidecarError if it is no XML, no XMP or larger than 16 MB."""
    return read_packet(open_packet(content))


def read_packet(packet: Packet) -> Sidecar:
    """What a sidecar says that is parsed already."""
    ours = find_ours(packet)
    block = read_block(packet)
    said = {name for name in PLACE_PROPERTIES if _is_said(packet, name, ours)}
    return Sidecar(
        keywords=packet.texts(SUBJECT.name),
        hierarchical=packet.texts(HIERARCHICAL.name),
        tags_list=packet.texts(TAGS.name),
        location_shown=_shown(packet),
        gps=_position(packet, ours),
        own=block.tag if block is not None else None,
        has_person_place=bool(said),
        has_person_names=bool(said - {LATITUDE, LONGITUDE}),
    )


def _shown(packet: Packet) -> tuple[ShownPlace, ...]:
    structures = [item for within in packet.lists(LOCATION_SHOWN) for item in items(within)]
    return tuple(_place(fields(item)) for item in structures)


def _place(said: dict[str, Value]) -> ShownPlace:
    def text(name: str) -> str:
        value = said.get(expand(name), "")
        return value if isinstance(value, str) else next(iter(value), "")

    ids = said.get(expand("Iptc4xmpExt:LocationId"), ())
    return ShownPlace(
        name=text("Iptc4xmpExt:LocationName"),
        ids=(ids,) if isinstance(ids, str) else ids,
        city=text("Iptc4xmpExt:City"),
        region=text("Iptc4xmpExt:ProvinceState"),
        country=text("Iptc4xmpExt:CountryName"),
        country_code=text("Iptc4xmpExt:CountryCode"),
        latitude=parse_latitude(text(LATITUDE)),
        longitude=parse_longitude(text(LONGITUDE)),
    )


def _position(packet: Packet, ours: Ours) -> Location | None:
    found = next(packet.find(LATITUDE), None)
    other = next(packet.find(LONGITUDE), None)
    latitude = parse_latitude(found.text) if found else None
    longitude = parse_longitude(other.text) if other else None
    if found is None or latitude is None or longitude is None:
        return None
    error = next((_meters(p.text) for p in packet.find(POSITION_ERROR)), 0.0)
    radius_km = error / 1000 if 0 < error < 20_000_000 else GPS_RADIUS_KM
    source = "landmark" if ours.has(found) else "exif"
    return Location(latitude, longitude, radius_km, source)


def _meters(text: str) -> float:
    """A rational number such as `5000/1`; 0 if it is none."""
    numerator, _, denominator = text.partition("/")
    try:
        return float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0


def _is_said(packet: Packet, name: str, ours: Ours) -> bool:
    """Whether somebody else gave a property a value."""
    for found in packet.find(name):
        if ours.has(found):
            continue
        inner = container(found.element) if found.element is not None else None
        if inner is not None:
            if any(item not in ours.elements and fields(item) for item in items(inner)):
                return True
        elif found.text or (found.element is not None and fields(found.element)):
            return True
    return False
