"""The tree knows where everything stands, and refuses what no sidecar is."""

from __future__ import annotations

import tracemalloc

import pytest
from sidecars import DARKTABLE, LIGHTROOM, PADDED, tag

from whereshot.errors import SidecarError, WhereshotError
from whereshot.photo.sidecar import merge_place, parse_sidecar, remove_place
from whereshot.photo.sidecar.markup import MOST_BYTES, Document, Edit, Node, parse

BOMB = """<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>"""
THIEF = """<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>"""


def every(node: Node) -> list[Node]:
    return [node, *(deeper for child in node.children for deeper in every(child))]


@pytest.mark.parametrize("content", [DARKTABLE, LIGHTROOM, PADDED])
def test_every_element_stands_where_the_tree_says(content: bytes) -> None:
    document = parse(content)
    source = document.source
    for node in every(document.root):
        name = document.raw_name(node).encode()
        assert source.startswith(b"<" + name, node.start)
        assert source[node.inside - 1 : node.inside] == b">"
        if node.is_self_closing:
            assert source[node.end - 2 : node.end] == b"/>"
        else:
            assert source[node.closing : node.end] == b"</" + name + b">"


def test_an_angle_bracket_in_quotes_ends_no_tag() -> None:
    document = parse(b"""<a b='>' c="/>"><d e='"'/></a>""")
    assert document.root.inside == len(b"""<a b='>' c="/>">""")
    assert document.root.attributes == {"b": ">", "c": "/>"}
    assert document.root.children[0].is_self_closing


def test_an_attribute_is_found_among_declarations_and_quotes() -> None:
    content = b"""<p:a xmlns:p='u/'\n  p:b = "1"\txmlns:q="u/" p:c='p:b="2"' q:d="3"/>"""
    document = parse(content)
    cut: list[bytes] = []
    for name in document.root.attributes:
        start, end = document.attribute_span(document.root, name)
        cut.append(content[start:end])
    assert cut == [b'\n  p:b = "1"', b""" p:c='p:b="2"'""", b' q:d="3"']
    assert len(list(document.declaration_spans(document.root, "u/"))) == 2


def test_edits_change_nothing_around_them() -> None:
    document: Document = parse(b"\xff\xfe" + "<a>\r\n\t<b/>\r\n</a>".encode("utf-16-le"))
    child = document.root.children[0]
    assert document.indent_of(child) == "\r\n\t"
    edited = document.edited([Edit(*document.with_space_before(child))])
    assert edited == b"\xff\xfe" + "<a>\r\n</a>".encode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no element found"),
        (b"\x00" * 100, "not well-formed|no element found|no XML"),
        (b"\xff\xd8\xff\xe0 a photo", "UTF-8"),
        (b"PICASA=1\nkeywords=a", "not well-formed|syntax error"),
        (DARKTABLE[:-20], "no element found|unclosed token"),
        (DARKTABLE + b"\x00\x00", "not well-formed|junk"),
        (DARKTABLE.replace(b"xmlns:dc=", b"xmlns:cd="), "unbound prefix"),
        (b"<a b='1' b='2'/>", "duplicate attribute"),
        (b"<a>&nbsp;</a>", "undefined entity"),
        (BOMB.encode(), "document type"),
        (THIEF.encode(), "document type"),
        (BOMB.encode("utf-16"), "document type"),
        (b"<a>" * 101 + b"</a>" * 101, "inside each other"),
        (b"<a>" + b"<b/>" * 200_000 + b"</a>", "elements"),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", "the limit is 16,000,000"),
        (b"<html><body>404</body></html>", "no XMP: its first element is 'html'"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "no XMP"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_is_no_sidecar_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    for use in (parse_sidecar, remove_place, lambda c: merge_place(c, tag())):
        with pytest.raises(SidecarError, match=reason) as caught:
            use(content)
        assert isinstance(caught.value, (WhereshotError, ValueError))
        assert str(caught.value).startswith("The sidecar ")


def test_hostile_sidecars_take_little_memory() -> None:
    tracemalloc.start()
    try:
        for content in (BOMB.encode(), b"<a>" + b"<b/>" * 1_000_000, b"<a>" * 1_000_000):
            with pytest.raises(SidecarError):
                parse_sidecar(content)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
