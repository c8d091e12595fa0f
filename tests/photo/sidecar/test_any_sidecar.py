"""Whatever is in a sidecar: a place goes in, out and in again without a trace."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from xml.sax.saxutils import escape, quoteattr

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sidecars import DARKTABLE, LIGHTROOM, PADDED, RDF, tag

from whereshot.errors import SidecarError
from whereshot.photo.sidecar import PlaceTag, merge_place, parse_sidecar, remove_place

SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mine": "http://example.org/mine#",
}
LISTS = (
    "dc:subject",
    "lr:hierarchicalSubject",
    "digiKam:TagsList",
    "MicrosoftPhoto:LastKeywordXMP",
    "mediapro:CatalogSets",
    "Iptc4xmpExt:LocationShown",
    "mine:list",
)
SINGLE = (
    "exif:GPSLatitude",
    "exif:GPSLongitude",
    "exif:GPSHPositioningError",
    "photoshop:City",
    "mine:title",
    "dc:subject",
)
NAMES = ["Places", "China", "Beijing", "Great Wall of China", "Anna", "AC/DC", "a|b", "zürich", ""]
TEXTS = st.sampled_from([*NAMES, "Places|China|Beijing|Great Wall of China", "1,0.0N"]) | st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), max_size=8
)
GAPS = st.sampled_from(["", " ", "\n", "\n    ", "\r\n\t", "<!-- mine -->", "\n <?mine x?>\n "])


@st.composite
def markup(draw: st.DrawFn, value: str) -> str:
    """A text in one of the spellings of XML."""
    if draw(st.integers(0, 9)) == 0 and "]]>" not in value:
        return f"<![CDATA[{value}]]>"
    return escape(value)


@st.composite
def item(draw: st.DrawFn, p: str) -> str:
    """An item of a list: a text, a text with a language, a link, or a structure."""
    text = draw(TEXTS)
    if draw(st.integers(0, 3)):
        return f"<{p}li>{draw(markup(text))}</{p}li>"
    return draw(
        st.sampled_from(
            [
                f"<{p}li xml:lang='de'>{escape(text)}</{p}li>",
                f"<{p}li {p}resource={quoteattr(text)}/>",
                f"<{p}li\n Iptc4xmpExt:City={quoteattr(text)} mine:x='>'/>",
                f"<{p}li {p}parseType='Resource'><{p}value>{escape(text)}</{p}value></{p}li>",
                f"<{p}li><{p}Description mine:x={quoteattr(text)}/></{p}li>",
            ]
        )
    )


@st.composite
def element(draw: st.DrawFn, name: str, p: str) -> str:
    """A property as an element: a list, a text, a structure, or empty."""
    form = draw(st.sampled_from(["list", "list", "list", "text", "empty", "structure"]))
    if form == "list":
        kind, gap = draw(st.sampled_from(["Bag", "Seq", "Alt"])), draw(GAPS)
        inner = "".join(gap + draw(item(p)) for _ in range(draw(st.integers(0, 3))))
        spelled = f"<{p}{kind}>{inner}{gap}</{p}{kind}>"
        if not inner and draw(st.booleans()):
            spelled = f"<{p}{kind}/>"
        return f"<{name}>{gap}{spelled}{gap}</{name}>"
    if form == "text":
        return f"<{name}>{draw(markup(draw(TEXTS)))}</{name}>"
    if form == "structure":
        return f"<{name} {p}parseType='Resource'><mine:x>1</mine:x></{name}>"
    return f"<{name}/>"


@st.composite
def description(draw: st.DrawFn, p: str, about: str) -> str:
    """A description with some properties as attributes and some as elements."""
    quote, gap = draw(st.sampled_from("'\"")), draw(GAPS)
    declared = "".join(f"\n xmlns:{name}={quote}{uri}{quote}" for name, uri in SPACES.items())
    singles = draw(st.lists(st.sampled_from(SINGLE), unique=True, max_size=3))
    names = draw(st.lists(st.sampled_from(LISTS + SINGLE), unique=True, max_size=5))
    attributes = "".join(f" {name} = {quoteattr(draw(TEXTS))}" for name in singles)
    inner = "".join(gap + draw(element(name, p)) for name in names if name not in singles)
    return f"<{p}Description{about}{declared}{attributes}>{inner}{gap}</{p}Description>"


@st.composite
def sidecars(draw: st.DrawFn) -> bytes:
    """A sidecar in any shape that the specification allows, and in some that it does not."""
    prefix, gap = draw(st.sampled_from(["rdf", "rdf", "r"])), draw(GAPS)
    p = f"{prefix}:"
    about = draw(st.sampled_from(["", f" {p}about=''", f" {p}about='uuid:&quot;1&quot;'"]))
    inner = "".join(gap + draw(description(p, about)) for _ in range(draw(st.integers(0, 3))))
    rdf = f"<{p}RDF xmlns:{prefix}='{RDF}'>{inner}{gap}</{p}RDF>"
    wrapped = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{gap}{rdf}</x:xmpmeta>"
    packed = f"<?xpacket begin='\ufeff' id='1'?>{wrapped}\n   \n<?xpacket end='w'?>"
    text = draw(st.sampled_from([wrapped, packed, f"<?xml version='1.0'?>\n{rdf}\n"]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])))


@st.composite
def tags(draw: st.DrawFn) -> PlaceTag:
    """A tag whose texts often meet those of the sidecar."""
    return tag(
        landmark=draw(TEXTS.filter(str.strip)),
        wikidata=draw(st.sampled_from(["", "Q12501"])),
        country=draw(TEXTS),
        city=draw(TEXTS),
        region=draw(TEXTS),
        latitude=draw(st.floats(-90, 90)),
        probability=draw(st.floats(0, 1)),
        write_gps=draw(st.booleans()),
    )


def canonical(content: bytes) -> str:
    """What XML itself says two files must agree in to be the same."""
    root = ET.fromstring(content, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))
    return ET.canonicalize(ET.tostring(root), with_comments=True)


@settings(max_examples=500, deadline=None)
@given(sidecars(), tags())
@example(DARKTABLE, tag(write_gps=True))
@example(LIGHTROOM, tag(write_gps=True))
@example(PADDED, tag(write_gps=True))
def test_a_place_goes_in_and_out_without_a_trace(content: bytes, place: PlaceTag) -> None:
    merged = merge_place(content, place)
    assert parse_sidecar(merged).own == place
    emptied = remove_place(merged)
    assert emptied is not None
    assert canonical(emptied) == canonical(content)
    # An element `<rdf:Bag/>` that was filled comes back as `<rdf:Bag></rdf:Bag>`.
    is_filled = any(
        f"{kind}/>".encode() in content.replace(b"\0", b"") for kind in ("Bag", "Seq", "Alt")
    )
    assert emptied == content or is_filled


@settings(max_examples=100, deadline=None)
@given(sidecars(), tags(), tags())
def test_the_last_of_several_merges_counts(content: bytes, first: PlaceTag, last: PlaceTag) -> None:
    merged = merge_place(content, last)
    assert merge_place(merged, last) == merged
    assert canonical(merge_place(merge_place(content, first), last)) == canonical(merged)


@settings(max_examples=100, deadline=None)
@given(sidecars(), tags())
def test_all_that_was_said_is_still_said(content: bytes, place: PlaceTag) -> None:
    before, after = parse_sidecar(content), parse_sidecar(merge_place(content, place))
    for name in ("keywords", "hierarchical", "tags_list", "location_shown"):
        assert Counter(getattr(before, name)) <= Counter(getattr(after, name))
    assert after.has_person_place is before.has_person_place
    if before.gps is not None:
        assert after.gps == before.gps


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([DARKTABLE, LIGHTROOM, PADDED, merge_place(DARKTABLE, tag(write_gps=True))]),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), max_size=4),
)
def test_damage_is_an_error_or_is_lived_with(
    content: bytes, damage: list[tuple[int, bytes]]
) -> None:
    for at, junk in damage:
        content = content[:at] + junk + content[at + len(junk) :]
    try:
        parse_sidecar(content)
        merged = merge_place(content, tag())
    except SidecarError:
        return
    assert parse_sidecar(merged).own == tag()
