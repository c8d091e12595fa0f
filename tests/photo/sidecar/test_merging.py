"""A place goes in beside everything that is there."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from sidecars import DARKTABLE, LIGHTROOM, OURS, PADDED, RDF, SHAPES, bag, packet, tag

from whereshot.errors import SidecarError
from whereshot.photo.sidecar import Sidecar, markup, merge_place, parse_sidecar, remove_place

PATHS = ("Places|China|Beijing|Great Wall of China", "Places/China/Beijing/Great Wall of China")


def test_a_fresh_sidecar_says_everything() -> None:
    said = parse_sidecar(merge_place(None, tag()))
    assert list(said.keywords) == OURS["dc:subject"]
    assert (*said.hierarchical, *said.tags_list) == PATHS
    assert len(said.location_shown) == 1
    place = said.location_shown[0]
    assert (place.name, place.city, place.region) == ("Great Wall of China", "Beijing", "Hebei")
    assert (place.country, place.country_code) == ("China", "CN")
    assert place.ids == ("http://www.wikidata.org/entity/Q12501",)
    assert (place.latitude, place.longitude) == (40.4319, 116.5704)
    assert said.gps is None


@pytest.mark.parametrize("content", [None, *SHAPES.values()], ids=["fresh", *SHAPES])
def test_merging_the_same_again_changes_no_byte(content: bytes | None) -> None:
    once = merge_place(content, tag())
    assert merge_place(once, tag()) == once


@pytest.mark.parametrize("content", [None, *SHAPES.values()], ids=["fresh", *SHAPES])
def test_a_newer_recognition_leaves_no_trace_of_the_earlier(content: bytes | None) -> None:
    newer = tag(
        landmark="Machu Picchu",
        landmark_id="mp",
        wikidata="",
        country="Peru",
        city="",
        write_gps=True,
    )
    assert merge_place(merge_place(content, tag()), newer) == merge_place(content, newer)


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_nothing_but_additions_happens_to_the_text(content: bytes) -> None:
    merged = merge_place(content, tag(write_gps=True)).splitlines()
    rest = iter(merged)
    changed = [line for line in content.splitlines() if line not in rest]
    # The padded one has its list on a single line, which grows.
    assert changed == [] or content is PADDED


def test_lists_that_are_there_keep_their_kind_and_order() -> None:
    merged = merge_place(DARKTABLE, tag())
    root = ET.fromstring(merged)
    subject = root.find(".//{http://purl.org/dc/elements/1.1/}subject")
    assert subject is not None
    assert [child.tag for child in subject] == [f"{{{RDF}}}Seq"]
    assert [item.text for item in subject[0]] == ["Anna", "holiday", "people", *OURS["dc:subject"]]


def test_a_new_list_holds_what_readers_found_in_the_others() -> None:
    said = parse_sidecar(merge_place(DARKTABLE, tag()))
    assert said.hierarchical == ("people|Anna", "holiday", PATHS[0])
    assert said.tags_list == ("people/Anna", "holiday", PATHS[1])
    said = parse_sidecar(
        merge_place(packet(bag("digiKam:TagsList", "People/Anna", "AC|DC")), tag())
    )
    assert said.keywords == ("Anna", "AC/DC", *OURS["dc:subject"])
    assert said.hierarchical == ("People|Anna", "AC/DC", PATHS[0])


def test_lists_of_digikam_are_extended_where_they_are_and_not_made() -> None:
    content = packet(bag("mediapro:CatalogSets", "People|Anna"))
    merged = merge_place(content, tag()).decode()
    assert f"<rdf:li>People|Anna</rdf:li><rdf:li>{PATHS[0]}</rdf:li></rdf:Bag></mediapro" in merged
    assert "<MicrosoftPhoto:LastKeywordXMP" not in merged
    assert parse_sidecar(merged.encode()).tags_list == ("People/Anna", PATHS[1])


def test_keywords_in_the_photo_come_along_where_a_list_is_new() -> None:
    embedded = Sidecar(("Anna", "beach"), ("People|Anna",), ())
    said = parse_sidecar(merge_place(None, tag(), embedded=embedded))
    assert said.keywords == ("Anna", "beach", *OURS["dc:subject"])
    assert said.hierarchical == ("People|Anna", "beach", PATHS[0])
    assert said.tags_list == ("People/Anna", "beach", PATHS[1])
    # Where the sidecar has the list, it is what readers take: the photo's has no say any more.
    said = parse_sidecar(merge_place(packet(bag("dc:subject", "sea")), tag(), embedded=embedded))
    assert said.keywords == ("sea", *OURS["dc:subject"])
    assert said.tags_list == ("People/Anna", "sea", PATHS[1])


def test_a_keyword_that_is_there_is_not_added_in_other_case() -> None:
    said = parse_sidecar(merge_place(packet(bag("dc:subject", "beijing", "CHINA")), tag()))
    assert said.keywords == ("beijing", "CHINA", "Great Wall of China")


@pytest.mark.parametrize(
    "text",
    ["<dc:subject>Anna</dc:subject>", "<dc:subject/>", "<dc:subject rdf:resource='u:1'/>"],
)
def test_a_list_that_is_none_stays_as_it_is(text: str) -> None:
    content = packet(text)
    merged = merge_place(content, tag())
    assert f"   {text}\n" in merged.decode()
    assert merged.decode().count("dc:subject") == content.decode().count("dc:subject")
    assert parse_sidecar(merged).tags_list[-1] == PATHS[1]
    content = packet(attributes=' dc:subject="Anna"')
    assert parse_sidecar(merge_place(content, tag())).keywords == ("Anna",)


def test_a_position_is_written_only_if_asked() -> None:
    assert parse_sidecar(merge_place(DARKTABLE, tag())).gps is None
    assert parse_sidecar(merge_place(DARKTABLE, tag(write_gps=True))).gps == tag().location


@pytest.mark.parametrize(
    "there",
    [
        packet(
            "<exif:GPSLatitude>1,0.0N</exif:GPSLatitude><exif:GPSLongitude>2,0.0E</exif:GPSLongitude>"
        ),
        packet(attributes=' exif:GPSLatitude="1,0.0N" exif:GPSLongitude="2,0.0E"'),
        packet("<exif:GPSLatitude>unreadable</exif:GPSLatitude>"),
        packet("<exif:GPSLongitude/>"),
        packet("<exif:GPSHPositioningError>3/1</exif:GPSHPositioningError>"),
    ],
)
def test_a_position_is_never_written_over_or_beside_another(there: bytes) -> None:
    merged = merge_place(there, tag(write_gps=True))
    assert merged.replace(b">True<", b">False<") == merge_place(there, tag())
    assert parse_sidecar(merged).gps == parse_sidecar(there).gps


def test_a_position_in_the_photo_counts_as_well() -> None:
    embedded = parse_sidecar(
        packet(attributes=' exif:GPSLatitude="1,0.0N" exif:GPSLongitude="2,0.0E"')
    )
    assert parse_sidecar(merge_place(None, tag(write_gps=True), embedded=embedded)).gps is None


def test_a_place_that_is_shown_already_is_not_doubled() -> None:
    ids = bag("Iptc4xmpExt:LocationId", "http://www.wikidata.org/entity/Q12501")
    for item in (
        "<rdf:li Iptc4xmpExt:LocationName='Great Wall of China'/>",
        f"<rdf:li rdf:parseType='Resource'>{ids}</rdf:li>",
    ):
        text = f"<Iptc4xmpExt:LocationShown><rdf:Bag>{item}</rdf:Bag></Iptc4xmpExt:LocationShown>"
        merged = merge_place(packet(text), tag())
        assert len(parse_sidecar(merged).location_shown) == 1
        assert remove_place(merged) == packet(text)


def test_another_place_is_shown_beside_a_persons() -> None:
    said = parse_sidecar(merge_place(LIGHTROOM, tag()))
    assert [place.country_code for place in said.location_shown] == ["CHN", "CN"]


def test_the_new_description_is_about_the_same_photo() -> None:
    merged = merge_place(PADDED, tag()).decode()
    assert merged.count('about="uuid:12345678"') == 3
    assert merged.count("\n") == merged.count("\r\n") + merged.count("\n  ") - merged.count(
        "\r\n  "
    )


def test_prefixes_that_mean_something_else_are_declared_anew() -> None:
    content = (
        packet(bag("mine:x", "1"))
        .replace(
            b'xmlns:x="adobe:ns:meta/"',
            b'xmlns:x="adobe:ns:meta/" xmlns:exif="u:1" xmlns:digiKam="u:2"',
        )
        .replace(b'    xmlns:exif="http://ns.adobe.com/exif/1.0/"\n', b"")
    )
    merged = merge_place(content, tag(write_gps=True))
    assert parse_sidecar(merged).own == tag(write_gps=True)
    assert parse_sidecar(merged).gps == tag().location
    assert remove_place(merged) == content


def test_an_empty_rdf_is_filled() -> None:
    for rdf in (f"<rdf:RDF xmlns:rdf='{RDF}'/>", f"<rdf:RDF xmlns:rdf='{RDF}' ></rdf:RDF>"):
        content = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{rdf}</x:xmpmeta>".encode()
        merged = merge_place(content, tag())
        assert parse_sidecar(merged).own == tag()
        assert merge_place(merged, tag()) == merged
        emptied = remove_place(merged)
        assert emptied is not None
        assert ET.canonicalize(emptied.decode()) == ET.canonicalize(content.decode())


def test_a_sidecar_that_would_grow_beyond_the_limits_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(markup, "_MOST_ELEMENTS", 110)
    # Two more lists and a record of what is in them: too much to be read, and so to be purged.
    content = packet(bag("dc:subject", *(f"k{number}" for number in range(30))))
    assert len(parse_sidecar(content).keywords) == 30
    with pytest.raises(SidecarError, match="more than 110 elements"):
        merge_place(content, tag())


def test_numbers_may_come_from_numpy() -> None:
    exact = tag(probability=np.float64(0.25), latitude=np.float32(40.5), radius_km=np.int64(2))
    assert parse_sidecar(merge_place(None, exact)).own == exact
