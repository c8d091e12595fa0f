"""The block that says what whereshot wrote into a sidecar, so that exactly that can be taken out.

It is one structure, `whereshot:Recognition`, because readers that ignore namespaces would take a
property `whereshot:City` for the photo's city.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from whereshot.photo.sidecar.place_tag import PlaceTag
from whereshot.photo.sidecar.rdf import Packet, Value, fields
from whereshot.photo.sidecar.vocabulary import OWN_BLOCK, expand
from whereshot.photo.sidecar.writing import Element, list_of

_TEXTS = {
    "landmark": "Landmark",
    "landmark_id": "LandmarkID",
    "wikidata": "Wikidata",
    "country": "Country",
    "country_code": "CountryCode",
    "region": "Region",
    "city": "City",
    "bundle": "Bundle",
    "date": "Date",
}
_NUMBERS = {
    "latitude": "Latitude",
    "longitude": "Longitude",
    "radius_km": "RadiusKm",
    "probability": "Probability",
}
SIDECAR = "sidecar"
"""Stands in `Additions.created` for the file itself."""

Item = tuple[str, str]
"""A property's prefixed name and a value."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What was added to a sidecar.

    `added` are values of the place, and what other programs will make of them in lists that they
    keep besides. `carried` are a person's own keywords, copied into a list that was new, as other
    programs would miss them there. `created` are the properties that were not there.
    """

    added: tuple[Item, ...] = ()
    carried: tuple[Item, ...] = ()
    created: frozenset[str] = field(default_factory=frozenset[str])

    def values(self, name: str, *, carried: bool = False) -> Counter[str]:
        """The values that one property was given, and how many times each."""
        return Counter(text for n, text in (self.carried if carried else self.added) if n == name)


@dataclass(frozen=True, slots=True)
class Block:
    """The block as it is in a file; `tag` is None if someone left nothing sound of it."""

    tag: PlaceTag | None
    additions: Additions


def block_element(tag: PlaceTag, additions: Additions) -> Element:
    """The block to write."""
    inner = [Element(f"whereshot:{name}", getattr(tag, key)) for key, name in _TEXTS.items()]
    inner += [Element(f"whereshot:{name}", repr(getattr(tag, k))) for k, name in _NUMBERS.items()]
    inner.append(Element("whereshot:WriteGPS", str(tag.write_gps)))
    for name, items in (
        ("Added", _written(additions.added)),
        ("Carried", _written(additions.carried)),
        ("Created", sorted(additions.created)),
    ):
        if items:
            inner.append(Element(f"whereshot:{name}", (list_of("Bag", items),)))
    kept = tuple(element for element in inner if element.content)
    return Element(OWN_BLOCK, kept, (("rdf:parseType", "Resource"),))


def read_block(packet: Packet) -> Block | None:
    """The block of a sidecar; None if it has none."""
    for found in packet.find(OWN_BLOCK):
        if found.element is None:
            return Block(None, Additions())
        said = fields(found.element)
        additions = Additions(
            _read(_list(said, "Added")),
            _read(_list(said, "Carried")),
            frozenset(_list(said, "Created")),
        )
        return Block(_tag(said), additions)
    return None


def _tag(said: dict[str, Value]) -> PlaceTag | None:
    known: dict[str, Any] = {key: _text(said, name) for key, name in _TEXTS.items()}
    try:
        known |= {key: float(_text(said, name)) for key, name in _NUMBERS.items()}
        return PlaceTag(**known, write_gps=_text(said, "WriteGPS") == "True")
    except ValueError:
        return None


def _text(said: dict[str, Value], name: str) -> str:
    value = said.get(expand(f"whereshot:{name}"), "")
    return value if isinstance(value, str) else ""


def _list(said: dict[str, Value], name: str) -> tuple[str, ...]:
    value = said.get(expand(f"whereshot:{name}"), ())
    return (value,) if isinstance(value, str) else value


def _written(items: Iterable[Item]) -> list[str]:
    return [f"{name}={text}" for name, text in items]


def _read(lines: Iterable[str]) -> tuple[Item, ...]:
    parts = (line.partition("=") for line in lines)
    return tuple((name, text) for name, equals, text in parts if equals)
