"""Takes what whereshot wrote out of a sidecar."""

from __future__ import annotations

from whereshot.photo.sidecar.markup import Edit
from whereshot.photo.sidecar.ours import Ours, find_ours, is_bare, topmost
from whereshot.photo.sidecar.rdf import Packet, open_packet
from whereshot.photo.sidecar.vocabulary import NAMESPACES


def remove_place(content: bytes) -> bytes | None:
    """A sidecar without what whereshot added to it; None if nothing else is in it.

    What somebody has changed since is theirs and stays. A sidecar that whereshot never wrote to
    comes back as it is, and one that it did as it was before, byte by byte, unless other programs
    have written to it since. None means that the file can go: whereshot had made it. Raises
    SidecarError if it is no XMP.
    """
    packet = open_packet(content)
    ours = find_ours(packet)
    return without(packet, ours) if ours.elements or ours.attributes else content


def without(packet: Packet, ours: Ours) -> bytes | None:
    """A sidecar without some parts; None if nothing else is in it and it was made for them."""
    if ours.made_the_file and _is_rest_empty(packet, ours):
        return None
    document = packet.document
    gone = topmost(ours.elements)
    edits = [Edit(*document.with_space_before(node)) for node in gone]
    edits += [
        Edit(*document.attribute_span(holder, name))
        for holder, name in ours.attributes
        if holder not in ours.elements
    ]
    edits += _declarations(packet, ours)
    return document.edited(edits)


def _is_rest_empty(packet: Packet, ours: Ours) -> bool:
    return not packet.document.has_comments and is_bare(packet, packet.rdf, ours)


def _declarations(packet: Packet, ours: Ours) -> list[Edit]:
    """Our namespace's declarations in what stays, unless somebody uses it for their own."""
    own = NAMESPACES["whereshot"]
    document, edits = packet.document, list[Edit]()
    stack = [document.root]
    while stack:
        node = stack.pop()
        if node in ours.elements:
            continue
        stack += node.children
        for name in (node.name, *node.attributes):
            if name.startswith(f"{{{own}}}") and (node, name) not in ours.attributes:
                return []
        edits += [Edit(*span) for span in document.declaration_spans(node, own)]
    return edits
