"""A sidecar is understood in every spelling, and a person's place is told from ours."""

from __future__ import annotations

import pytest
from sidecars import DARKTABLE, LIGHTROOM, PADDED, bag, packet, tag

from whereshot.photo.exif import GPS_RADIUS_KM
from whereshot.photo.sidecar import ShownPlace, Sidecar, merge_place, parse_sidecar
from whereshot.records import Location

HERE = Location(51.929, -0.5, GPS_RADIUS_KM, "exif")


def test_sidecars_of_other_programs_are_understood() -> None:
    dark, room, padded = map(parse_sidecar, (DARKTABLE, LIGHTROOM, PADDED))
    assert dark == Sidecar(("Anna", "holiday", "people"), ("people|Anna", "holiday"))
    assert padded == Sidecar(keywords=("salt & pepper",))
    assert room.keywords == ("Anna", "Familie")
    assert room.location_shown == (ShownPlace(country="China", country_code="CHN"),)
    assert room.has_person_place


def test_a_bare_rdf_is_a_sidecar_too() -> None:
    content = PADDED[PADDED.index(b"<r:RDF") : PADDED.index(b"</x:xmpmeta>")]
    assert parse_sidecar(content).keywords == ("salt & pepper",)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (">51,55.74N<", ">0,30.0W<"),
        ("> 51,55,44.4N <", ">0,30W<"),
        (
            " rdf:parseType='Resource'><rdf:value>51,55.74N</rdf:value><mine:sure>no</mine:sure><",
            "><rdf:Description rdf:value='0,30.0W'/><",
        ),
    ],
    ids=["minutes", "seconds", "qualified"],
)
def test_a_position_is_read_from_elements(latitude: str, longitude: str) -> None:
    written = packet(
        f"<exif:GPSLatitude{latitude}/exif:GPSLatitude>",
        f"<exif:GPSLongitude{longitude}/exif:GPSLongitude>",
    )
    assert parse_sidecar(written).gps == HERE


def test_a_position_is_read_from_attributes_with_its_error() -> None:
    attributes = ' exif:GPSLatitude="51,55.74N" exif:GPSLongitude="0,30.0W"'
    assert parse_sidecar(packet(attributes=attributes)).gps == HERE
    for error, radius_km in (("25/2", 0.0125), ("12.5", 0.0125), ("0/0", 0.02), ("x", 0.02)):
        more = f'{attributes} exif:GPSHPositioningError="{error}"'
        found = parse_sidecar(packet(attributes=more)).gps
        assert found == Location(51.929, -0.5, radius_km, "exif")


def test_a_position_that_can_not_be_read_is_a_persons_place_all_the_same() -> None:
    said = parse_sidecar(packet("<exif:GPSLatitude>somewhere</exif:GPSLatitude>"))
    assert said.gps is None
    assert said.has_person_place


ULM = "<Iptc4xmpExt:City>Ulm</Iptc4xmpExt:City>"
LINK = "<rdf:Bag><rdf:li rdf:resource='u:1'/></rdf:Bag>"
LINK = f"<Iptc4xmpExt:LocationId>{LINK}</Iptc4xmpExt:LocationId>"
SHOWN = [
    f"<rdf:li rdf:parseType='Resource'>{ULM}{LINK}</rdf:li>",
    f"<rdf:li><rdf:Description Iptc4xmpExt:LocationId='u:1'>{ULM}</rdf:Description></rdf:li>",
    "<rdf:li Iptc4xmpExt:City='Ulm' Iptc4xmpExt:LocationId='u:1'/>",
]


def listed(name: str, *items: str) -> str:
    """A property of places, from the items' markup."""
    return f"<Iptc4xmpExt:{name}><rdf:Bag>{''.join(items)}</rdf:Bag></Iptc4xmpExt:{name}>"


@pytest.mark.parametrize("item", SHOWN)
def test_a_shown_place_is_read_in_every_spelling_of_a_structure(item: str) -> None:
    text = listed("LocationShown", item)
    said = parse_sidecar(packet(text))
    assert said.location_shown == (ShownPlace(city="Ulm", ids=("u:1",)),)
    assert said.has_person_place


def test_of_names_in_several_languages_the_default_one_is_read() -> None:
    names = "<rdf:li xml:lang='de'>Mauer</rdf:li><rdf:li xml:lang='x-default'>Wall</rdf:li>"
    name = f"<Iptc4xmpExt:LocationName><rdf:Alt>{names}</rdf:Alt></Iptc4xmpExt:LocationName>"
    text = listed("LocationShown", f"<rdf:li rdf:parseType='Resource'>{name}</rdf:li>")
    assert parse_sidecar(packet(text)).location_shown[0].name == "Wall"


@pytest.mark.parametrize(
    ("text", "is_place"),
    [
        ("<photoshop:City>Ulm</photoshop:City>", True),
        ("<photoshop:State>Bavaria</photoshop:State>", True),
        ("<photoshop:Country>Peru</photoshop:Country>", True),
        ("<Iptc4xmpCore:Location>at home</Iptc4xmpCore:Location>", True),
        ("<Iptc4xmpCore:CountryCode>DE</Iptc4xmpCore:CountryCode>", True),
        (listed("LocationCreated", SHOWN[0]), True),
        (f"<Iptc4xmpExt:LocationShown>{SHOWN[1][8:-9]}</Iptc4xmpExt:LocationShown>", True),
        ("<photoshop:City/>", False),
        ("<photoshop:City>  </photoshop:City>", False),
        (listed("LocationShown"), False),
        (listed("LocationShown", "<rdf:li/>"), False),
        (bag("dc:subject", "Ulm"), False),
        ("<exif:GPSImgDirection>10/1</exif:GPSImgDirection>", False),
    ],
)
def test_a_person_has_said_where_it_is_or_not(text: str, is_place: bool) -> None:
    assert parse_sidecar(packet(text)).has_person_place is is_place
    # What whereshot writes beside it changes nothing about that.
    assert parse_sidecar(merge_place(packet(text), tag())).has_person_place is is_place


def test_a_position_is_a_place_without_a_name() -> None:
    said = parse_sidecar(packet(attributes=' exif:GPSLatitude="1,0.0N" exif:GPSLongitude="2,0E"'))
    assert said.has_person_place
    assert not said.has_person_names
    assert parse_sidecar(LIGHTROOM).has_person_names


@pytest.mark.parametrize("name", ["mine:City", "mine:GPSLatitude"])
def test_names_count_with_their_namespace(name: str) -> None:
    assert not parse_sidecar(packet(f"<{name}>1,0.0N</{name}>")).has_person_place


def test_our_own_tag_is_read_back_whole() -> None:
    for own in (
        tag(write_gps=True),
        tag(landmark="<&>\"'", wikidata="", city="", probability=1 / 3),
    ):
        said = parse_sidecar(merge_place(None, own))
        assert said.own == own
        assert not said.has_person_place
        assert (said.gps is not None) is own.write_gps
        if said.gps is not None:
            assert said.gps == own.location


def test_a_damaged_block_is_no_tag_and_no_error() -> None:
    content = merge_place(None, tag()).replace(b">0.981<", b">very sure<")
    assert parse_sidecar(content).own is None
