"""Which parts of a sidecar are whereshot's own, after whatever other programs did to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from unicodedata import normalize

from whereshot.photo.sidecar.block import SIDECAR, Additions, read_block
from whereshot.photo.sidecar.coordinates import parse_latitude, parse_longitude
from whereshot.photo.sidecar.keywords import KEYWORD_LISTS
from whereshot.photo.sidecar.markup import Node
from whereshot.photo.sidecar.place_tag import PlaceTag
from whereshot.photo.sidecar.rdf import Packet, Property, container, fields, items, value_of
from whereshot.photo.sidecar.vocabulary import (
    GPS_PROPERTIES,
    LATITUDE,
    LOCATION_SHOWN,
    LONGITUDE,
    NAMESPACES,
    expand,
)

_SAME_DEGREES = 1e-6  # programs write coordinates anew, with other numbers of digits
_POSITION = (LATITUDE, LONGITUDE)
_OWN = "{" + NAMESPACES["whereshot"] + "}"


@dataclass(slots=True)
class Ours:
    """Elements, attributes (holder and name) and whether the file was made for them."""

    elements: set[Node] = field(default_factory=set[Node])
    attributes: set[tuple[Node, str]] = field(default_factory=set[tuple[Node, str]])
    made_the_file: bool = False

    def add(self, found: Property) -> None:
        """Count a whole property as ours."""
        if found.element is not None:
            self.elements.add(found.element)
        else:
            self.attributes.add((found.holder, found.name))

    def has(self, found: Property) -> bool:
        """Whether a property is ours as a whole."""
        if found.element is not None:
            return found.element in self.elements
        return (found.holder, found.name) in self.attributes


def find_ours(packet: Packet) -> Ours:
    """What whereshot wrote and nobody has changed since; nothing in a sidecar without its block."""
    ours = Ours()
    block = read_block(packet)
    if block is None:
        return ours
    additions = block.additions
    ours.made_the_file = SIDECAR in additions.created
    for keywords in KEYWORD_LISTS:
        _find_keywords(packet, keywords.name, additions, ours)
    if block.tag is not None and additions.values(LOCATION_SHOWN):
        _find_place(packet, block.tag, additions, ours)
    _find_position(packet, additions, ours)
    for holder in packet.descriptions:
        ours.elements.update(node for node in holder.children if node.name.startswith(_OWN))
        ours.attributes.update((holder, n) for n in holder.attributes if n.startswith(_OWN))
    _find_bare_descriptions(packet, ours)
    return ours


def _find_keywords(packet: Packet, name: str, additions: Additions, ours: Ours) -> None:
    # Where there are several lists, only the first was added to: its items are taken before others.
    lists = reversed(list(packet.lists(name)))
    listed = [item for within in lists for item in items(within)]
    ours.elements.update(_take(listed, additions.values(name)))
    left = [item for item in listed if item not in ours.elements]
    # Copies of a person's keywords go with a list of ours only. In one that somebody went on with,
    # they may be all that this program knows of them.
    copies = _take(left, additions.values(name, carried=True))
    if len(copies) == len(left):
        ours.elements.update(copies)
    _find_empty(packet, name, additions, ours)


def _take(candidates: list[Node], wanted: Counter[str]) -> list[Node]:
    """The last elements that say what is wanted, as many times as it is."""
    left = Counter({normalize("NFC", text): count for text, count in wanted.items()})
    taken: list[Node] = []
    for node in reversed(candidates):
        said = value_of(node)
        text = normalize("NFC", said) if isinstance(said, str) else ""
        if left[text] > 0:
            left[text] -= 1
            taken.append(node)
    return taken


def _find_place(packet: Packet, tag: PlaceTag, additions: Additions, ours: Ours) -> None:
    said = {expand(name): value for name, value in tag.shown_fields().items()}
    for within in packet.lists(LOCATION_SHOWN):
        same = [item for item in items(within) if fields(item) == said]
        if same:
            ours.elements.add(same[-1])
            break
    _find_empty(packet, LOCATION_SHOWN, additions, ours)


def _find_position(packet: Packet, additions: Additions, ours: Ours) -> None:
    written = [(name, text) for name in GPS_PROPERTIES for text in additions.values(name)]
    moved = any(
        not any(_is_same(name, found.text, text) for found in packet.find(name))
        for name, text in written
        if name in _POSITION
    )
    for name, text in written:
        # Whoever corrected one coordinate gave the position both.
        if name not in _POSITION or not moved:
            for found in packet.find(name):
                if _is_same(name, found.text, text):
                    ours.add(found)


def _find_empty(packet: Packet, name: str, additions: Additions, ours: Ours) -> None:
    """Count a list that was new as ours if nothing else is in it by now."""
    if name not in additions.created:
        return
    for found in packet.find(name):
        inner = container(found.element) if found.element is not None else None
        if inner is not None and is_bare(packet, inner, ours):
            ours.add(found)


def _find_bare_descriptions(packet: Packet, ours: Ours) -> None:
    """Count the descriptions as ours in which there is something, and all of it is ours.

    There may be several: some programs write one for each namespace.
    """
    about = {expand("rdf:about"), "about"}
    for holder in packet.descriptions:
        own = {name for name in holder.attributes if (holder, name) in ours.attributes}
        has_ours = own or any(node in ours.elements for node in holder.children)
        if has_ours and holder.attributes.keys() - own <= about and is_bare(packet, holder, ours):
            ours.elements.add(holder)


def is_bare(packet: Packet, node: Node, ours: Ours) -> bool:
    """Whether an element has nothing in it but ours: no element, text or comment of others."""
    source, at = packet.document.source, node.inside
    for child in node.children:
        if child not in ours.elements or source[at : child.start].strip():
            return False
        at = child.end
    return not source[at : node.closing].strip()


def _is_same(name: str, found: str, written: str) -> bool:
    if name not in _POSITION:
        return found == written
    parse = parse_latitude if name == LATITUDE else parse_longitude
    degrees = parse(found), parse(written)
    if degrees[0] is None or degrees[1] is None:
        return False
    return abs(degrees[0] - degrees[1]) <= _SAME_DEGREES


def topmost(nodes: Iterable[Node]) -> list[Node]:
    """The elements that are in no other of them."""
    chosen = set(nodes)
    return [n for n in chosen if not any(a in chosen for a in n.ancestors() if a is not n)]
