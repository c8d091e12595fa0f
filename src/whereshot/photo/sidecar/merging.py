"""Puts a recognized place into a sidecar, beside everything that is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whereshot.photo.sidecar.block import (
    SIDECAR,
    Additions,
    Item,
    block_element,
    read_block,
)
from whereshot.photo.sidecar.coordinates import latitude_text, longitude_text
from whereshot.photo.sidecar.keywords import (
    HIERARCHICAL,
    KEYWORD_LISTS,
    SUBJECT,
    TAGS,
    KeywordList,
    all_of,
    without_doubles,
)
from whereshot.photo.sidecar.markup import Edit, Node
from whereshot.photo.sidecar.ours import find_ours
from whereshot.photo.sidecar.place_tag import PlaceTag
from whereshot.photo.sidecar.rdf import Packet, Value, fields, items, open_packet
from whereshot.photo.sidecar.reading import Sidecar, read_packet
from whereshot.photo.sidecar.removing import without
from whereshot.photo.sidecar.vocabulary import (
    GPS_PROPERTIES,
    LATITUDE,
    LOCATION_SHOWN,
    LONGITUDE,
    POSITION_ERROR,
    POSITION_METHOD,
    expand,
)
from whereshot.photo.sidecar.writing import Element, in_default_language, list_of, render

_FRESH = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="whereshot">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()


def merge_place(content: bytes | None, tag: PlaceTag, *, embedded: Sidecar | None = None) -> bytes:
    """A sidecar with a place in it, instead of the one that whereshot wrote before.

    `content` is the sidecar as it is, None if there is none yet. What others wrote stays as it is,
    byte by byte: values are added to lists, and what has one value already keeps it. `embedded` is
    what the photo's own XMP says: as sidecars win over photos, its keywords come along where a list
    is new. Merging the same tag again returns the same bytes. Raises SidecarError if the sidecar is
    no XMP.
    """
    if content is None:
        return _fill(_Plan(open_packet(_FRESH), {SIDECAR}), tag, embedded or Sidecar())
    packet = open_packet(content)
    ours = find_ours(packet)
    base = without(packet, ours)
    created = {SIDECAR} if ours.made_the_file else set[str]()
    plan = _Plan(open_packet(_FRESH if base is None else base), created)
    merged = _fill(plan, tag, embedded or Sidecar())
    # Opened also where there is nothing to compare: one beyond the limits could never be purged.
    said = open_packet(merged)
    return content if ours.elements and _meaning(packet) == _meaning(said) else merged


def _fill(plan: _Plan, tag: PlaceTag, embedded: Sidecar) -> bytes:
    _add_keywords(plan, tag, embedded)
    _add_place(plan, tag)
    if tag.write_gps and embedded.gps is None:
        _add_position(plan, tag)
    additions = Additions(tuple(plan.added), tuple(plan.carried), frozenset(plan.created))
    plan.properties.append(block_element(tag, additions))
    about = (("rdf:about", _about(plan.packet)),)
    plan.append(plan.packet.rdf, Element("rdf:Description", tuple(plan.properties), about))
    return plan.packet.document.edited(plan.edits)


class _Plan:
    """What is about to be added: to lists that are there, and as properties that are not."""

    def __init__(self, packet: Packet, created: set[str]) -> None:
        self.packet = packet
        self.edits: list[Edit] = []
        self.properties: list[Element] = []
        self.added: list[Item] = []
        self.carried: list[Item] = []
        self.created = created

    def create(self, name: str, content: Element) -> None:
        """A property that is not there yet."""
        self.created.add(name)
        self.properties.append(Element(name, (content,)))

    def append(self, parent: Node, *elements: Element) -> None:
        """Elements behind the last one in an element that is there."""
        document = self.packet.document
        if parent.children:
            indent, at = document.indent_of(parent.children[0]), parent.children[-1].end
        else:
            outer = document.indent_of(parent)
            indent, at = outer and f"{outer} ", parent.inside
        text = "".join(render(element, parent, indent) for element in elements)
        if parent.is_self_closing:
            whole = f">{text}</{document.raw_name(parent)}>"
            self.edits.append(Edit(at - len("/>"), at, whole.encode()))
        else:
            self.edits.append(Edit(at, at, text.encode()))


def _add_keywords(plan: _Plan, tag: PlaceTag, embedded: Sidecar) -> None:
    packet = plan.packet
    in_photo = {
        SUBJECT: embedded.keywords,
        HIERARCHICAL: embedded.hierarchical,
        TAGS: embedded.tags_list,
    }
    present = {
        keywords: packet.texts(keywords.name)
        if packet.has(keywords.name)
        else in_photo.get(keywords, ())
        for keywords in KEYWORD_LISTS
    }
    for keywords in KEYWORD_LISTS:
        wanted = keywords.items_for(tag.keyword_path)
        if not packet.has(keywords.name):
            if keywords.always:
                _create_list(plan, keywords, all_of(present, keywords), wanted)
            else:  # a program that keeps such a list will copy the place's keywords into it
                plan.created.add(keywords.name)
                plan.added += _items(keywords.name, wanted)
            continue
        # A property that should be a list and is a single text is somebody's mistake or trick.
        for within in packet.lists(keywords.name):
            added = without_doubles(wanted, present[keywords])
            plan.added += _items(keywords.name, added)
            plan.append(within, *(Element("rdf:li", text) for text in added))
            break


def _create_list(
    plan: _Plan, keywords: KeywordList, carried: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    added = without_doubles(wanted, carried)
    plan.carried += _items(keywords.name, carried)
    plan.added += _items(keywords.name, added)
    plan.create(keywords.name, list_of(keywords.kind, (*carried, *added)))


def _add_place(plan: _Plan, tag: PlaceTag) -> None:
    packet, said = plan.packet, tag.shown_fields()
    inner = tuple(Element(name, _content(name, value)) for name, value in said.items())
    place = Element("rdf:li", inner, (("rdf:parseType", "Resource"),))
    if not packet.has(LOCATION_SHOWN):
        plan.create(LOCATION_SHOWN, Element("rdf:Bag", (place,)))
    else:
        lists = list(packet.lists(LOCATION_SHOWN))
        shown = (fields(item) for within in lists for item in items(within))
        if not lists or any(_is_of(one, said) for one in shown):
            return
        plan.append(lists[0], place)
    plan.added.append((LOCATION_SHOWN, tag.landmark_id))


def _content(name: str, value: Value) -> str | tuple[Element, ...]:
    if name == "Iptc4xmpExt:LocationName":
        assert isinstance(value, str)
        return (in_default_language(value),)
    return value if isinstance(value, str) else (list_of("Bag", value),)


def _is_of(shown: Mapping[str, Value], said: Mapping[str, Value]) -> bool:
    """Whether a place that is shown already is the one to be added: by its id, or by its name."""
    names = ("Iptc4xmpExt:LocationId", "Iptc4xmpExt:LocationName")
    return any(name in said and shown.get(expand(name)) == said[name] for name in names)


def _add_position(plan: _Plan, tag: PlaceTag) -> None:
    # An error or a method without coordinates is odd: it would be taken for that of ours.
    if any(plan.packet.has(name) for name in GPS_PROPERTIES):
        return
    for name, text in (
        (LATITUDE, latitude_text(tag.latitude)),
        (LONGITUDE, longitude_text(tag.longitude)),
        (POSITION_ERROR, f"{tag.position_error_m}/1"),
        (POSITION_METHOD, "whereshot"),
    ):
        plan.added.append((name, text))
        plan.properties.append(Element(name, text))


def _about(packet: Packet) -> str:
    """What the file says it is about: all descriptions of a photo must say the same."""
    for holder in packet.descriptions:
        for name in (expand("rdf:about"), "about"):
            if name in holder.attributes:
                return holder.attributes[name]
    return ""


def _items(name: str, values: Iterable[str]) -> list[Item]:
    return [(name, value) for value in values]


def _meaning(packet: Packet) -> object:
    """What a sidecar says that whereshot may have written; equal in whichever order it is said."""
    said, block = read_packet(packet), read_block(packet)
    noted = block and (
        block.tag,
        sorted(block.additions.added),
        sorted(block.additions.carried),
        block.additions.created,
    )
    lists = [sorted(packet.texts(keywords.name)) for keywords in KEYWORD_LISTS]
    return lists, sorted(said.location_shown, key=repr), said.gps, noted
