"""What whereshot wrote goes out again, and nothing else does."""

from __future__ import annotations

import pytest
from sidecars import DARKTABLE, OURS, SHAPES, bag, packet, tag

from whereshot.photo.sidecar import Sidecar, merge_place, parse_sidecar, remove_place

GPS = tag(write_gps=True)


def removed(content: bytes) -> bytes:
    """What is left of a sidecar of which something must be left."""
    left = remove_place(content)
    assert left is not None
    return left


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_a_sidecar_is_byte_by_byte_what_it_was(content: bytes) -> None:
    assert remove_place(merge_place(content, GPS)) == content


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_a_sidecar_that_was_never_written_to_stays(content: bytes) -> None:
    assert remove_place(content) == content


def test_of_a_fresh_sidecar_nothing_is_left() -> None:
    assert remove_place(merge_place(None, GPS)) is None
    assert remove_place(merge_place(merge_place(None, tag()), GPS)) is None
    embedded = Sidecar(keywords=("Anna",))
    assert remove_place(merge_place(None, tag(), embedded=embedded)) is None


def test_a_file_that_others_made_stays_even_if_empty() -> None:
    content = packet().replace(b"    xmlns:mine", b"    xmlns:yours")
    assert remove_place(merge_place(content, tag())) == content


@pytest.mark.parametrize(
    "more",
    [
        (b" </rdf:RDF>", b"  <rdf:Description mine='1'/>\n </rdf:RDF>"),
        (b" </rdf:RDF>", b" <!-- mine -->\n </rdf:RDF>"),
        (b"<x:xmpmeta", b"<!-- mine -->\n<x:xmpmeta"),
        (b"   <dc:subject>", b"   <dc:title>mine</dc:title>\n   <dc:subject>"),
        (b"   <dc:subject>", b"   <!-- mine -->\n   <dc:subject>"),
    ],
)
def test_what_others_put_into_a_fresh_sidecar_stays(more: tuple[bytes, bytes]) -> None:
    changed = merge_place(None, GPS).replace(*more)
    left = removed(changed)
    assert b"mine" in left
    assert b"whereshot:" not in left
    assert parse_sidecar(left) == Sidecar()


def test_keywords_that_a_person_had_stay() -> None:
    content = packet(
        bag("dc:subject", "beijing", "China"),
        bag("lr:hierarchicalSubject", *OURS["lr:hierarchicalSubject"]),
    )
    assert remove_place(merge_place(content, tag())) == content


def test_of_two_lists_the_one_that_was_added_to_is_cleared() -> None:
    # Beside the first list, one of alternatives: a reader takes "Places" of it and no more.
    spoken = "<rdf:li xml:lang='de'>Places</rdf:li><rdf:li xml:lang='de'>China</rdf:li>"
    twice = f"<dc:subject><rdf:Alt>{spoken}</rdf:Alt></dc:subject>"
    content = packet(bag("dc:subject", "Anna"), twice)
    merged = merge_place(content, tag())
    assert merged.index(b"<rdf:li>China</rdf:li>") < merged.index(b"Places")
    assert removed(merged) == content


def test_keywords_that_a_person_added_later_stay() -> None:
    merged = merge_place(DARKTABLE, tag())
    later = merged.replace(
        b"<rdf:li>Beijing</rdf:li>", b"<rdf:li>Beijing</rdf:li><rdf:li>sea</rdf:li>"
    )
    assert parse_sidecar(removed(later)).keywords == ("Anna", "holiday", "people", "sea")


def test_a_persons_keywords_stay_in_a_list_that_somebody_went_on_with() -> None:
    merged = merge_place(DARKTABLE, tag())
    assert parse_sidecar(removed(merged)).tags_list == ()
    # digiKam adds a tag to the list that we had made: it now reads the person's tags from there.
    later = merged.replace(
        b"    </rdf:Seq>\n   </digiKam", b"     <rdf:li>sea</rdf:li>\n    </rdf:Seq>\n   </digiKam"
    )
    assert later != merged
    assert parse_sidecar(removed(later)).tags_list == ("people/Anna", "holiday", "sea")
    again = parse_sidecar(merge_place(later, tag()))
    assert sorted(again.tags_list) == sorted(
        [*OURS["digiKam:TagsList"], "people/Anna", "holiday", "sea"]
    )


def in_the_position(content: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a text where it is the photo's position, not the place that is shown."""
    at = content.index(old, content.index(b"</Iptc4xmpExt:LocationShown>"))
    return content[:at] + new + content[at + len(old) :]


@pytest.mark.parametrize(
    ("old", "new"), [(b"40,25.914N", b"40,26.914N"), (b"116,34.224E", b"116,35.0E")]
)
def test_a_position_that_was_corrected_stays_whole(old: bytes, new: bytes) -> None:
    moved = in_the_position(merge_place(None, GPS), old, new)
    left = removed(moved)
    assert parse_sidecar(left).gps is not None
    assert new in left
    # How the landmark's position came about, and how good it is, says nothing about the new one.
    assert b"GPSProcessingMethod" not in left
    assert b"GPSHPositioningError" not in left
    assert parse_sidecar(moved).has_person_place


def test_what_digikam_copied_into_lists_of_its_own_goes_too() -> None:
    path = OURS["lr:hierarchicalSubject"][0]
    merged = merge_place(DARKTABLE, tag())
    for values, left in (([path], ()), (["people|Anna", path], ("people|Anna",))):
        copied = bag("m:CatalogSets", *values).replace(
            "<m:CatalogSets",
            '<m:CatalogSets xmlns:m="http://ns.iview-multimedia.com/mediapro/1.0/"',
        )
        later = merged.replace(b"   <dc:creator>", f"   {copied}\n   <dc:creator>".encode())
        purged = removed(later)
        assert (purged == DARKTABLE) is (left == ())
        assert path.encode() not in purged
        assert purged.count(b"people|Anna") == 1 + len(left)


def test_a_position_that_was_only_written_anew_goes() -> None:
    anew = in_the_position(merge_place(DARKTABLE, GPS), b"40,25.914N", b"40,25.91400000N")
    assert parse_sidecar(anew).gps == tag().location
    assert remove_place(anew) == DARKTABLE


def test_a_shown_place_that_was_changed_stays() -> None:
    merged = merge_place(DARKTABLE, tag())
    changed = merged.replace(b"City>Beijing<", b"City>Huairou<", 1)
    said = parse_sidecar(removed(changed))
    assert [place.city for place in said.location_shown] == ["Huairou"]
    assert parse_sidecar(changed).has_person_place


def test_attributes_of_ours_go_too() -> None:
    # The form in which Adobe's toolkit, and so exiv2, writes simple values.
    merged = merge_place(DARKTABLE, GPS).decode()
    compact = merged
    for name in ("Latitude", "Longitude", "HPositioningError", "ProcessingMethod"):
        at = compact.rindex(f"   <exif:GPS{name}>")
        end = compact.index("\n", at)
        value = compact[at:end].split(">")[1].split("<")[0]
        compact = compact[:at] + compact[end + 1 :]
        compact = compact.replace('xmp:Rating="3"', f'xmp:Rating="3"\n   exif:GPS{name}="{value}"')
    assert parse_sidecar(compact.encode()).gps == tag().location
    assert remove_place(compact.encode()) == DARKTABLE


def test_the_declaration_of_our_namespace_goes_unless_somebody_uses_it() -> None:
    declared = DARKTABLE.replace(
        b"xmlns:dc=", b'xmlns:whereshot="urn:whereshot:xmp:1.0/"\n    xmlns:dc='
    )
    assert b"whereshot" not in removed(merge_place(declared, tag()))
    used = declared.replace(b"   <dc:creator>", b"   <dc:title whereshot:x='1'/>\n   <dc:creator>")
    assert parse_sidecar(removed(merge_place(used, tag()))).own is None


def test_a_block_without_its_record_goes_alone() -> None:
    merged = merge_place(DARKTABLE, tag())
    start, end = merged.index(b"    <whereshot:Added>"), merged.index(b"   </whereshot:Recog")
    left = removed(merged[:start] + merged[end:])
    assert b"whereshot" not in left
    # Nothing says which keywords were ours: they stay.
    assert parse_sidecar(left).keywords[-1] == "Great Wall of China"
