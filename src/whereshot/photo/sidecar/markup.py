"""XML as a tree that knows where each element stands in the text.

A sidecar belongs to its owner and to other programs: it is never written anew from a tree, which
would lose line ends, quotes and the order of attributes. The tree says where, and `splice` changes
the text there and nowhere else. Written for hostile input: no document type, so no entities, and
limits on size, depth and number of elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from whereshot.errors import SidecarError
from whereshot.photo.sidecar.encoding import Encoding, decode

MOST_BYTES = 16_000_000
"""The largest sidecar that is read: drawn masks of a raw converter have some megabytes."""
_MOST_DEPTH = 100
_MOST_ELEMENTS = 200_000

_START_TAG = re.compile(rb"""<[^"'>]*+(?:"[^"]*"[^"'>]*+|'[^']*'[^"'>]*+)*+>""")
_NAME = re.compile(rb"<([^\s/>]+)")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_SPACE = b" \t\r\n"


@dataclass(slots=True, eq=False)
class Node:
    """An element, and where it stands: offsets in bytes of `Document.source`.

    Names are `{namespace}local`. `start` is that of the start tag and `inside` behind it; `closing`
    is that of the end tag and `end` behind it. An element `<a/>` has no inside: all three ends are
    the same. `text` is the text right in it, `declared` the prefixes that it declares.
    """

    name: str
    attributes: dict[str, str]
    declared: dict[str, str]
    parent: Node | None
    start: int
    inside: int
    closing: int = 0
    end: int = 0
    children: list[Node] = field(default_factory=list["Node"])
    text: str = ""

    @property
    def is_self_closing(self) -> bool:
        """Whether it is of the form `<a/>`."""
        return self.inside == self.end

    def ancestors(self) -> Iterator[Node]:
        """The element itself, its parent, and so on up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def namespace(self, prefix: str) -> str | None:
        """What a prefix means inside of this element."""
        return next((n.declared[prefix] for n in self.ancestors() if prefix in n.declared), None)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the bytes from `start` to `end` of a source."""

    start: int
    end: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed XML file: its text as UTF-8, without byte order mark, and its root element."""

    source: bytes
    encoding: Encoding
    root: Node
    has_comments: bool

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The file with some edits, in its own encoding."""
        return self.encoding.encode(splice(self.source, edits).decode())

    def raw_name(self, node: Node) -> str:
        """An element's name as it is written, with its prefix."""
        found = _NAME.match(self.source, node.start)
        assert found is not None
        return found[1].decode()

    def attribute_span(self, node: Node, name: str) -> tuple[int, int]:
        """Where an attribute and the space before it stand."""
        written = [
            found
            for found in _ATTRIBUTE.finditer(self.source, node.start, node.inside)
            if found[1] != b"xmlns" and not found[1].startswith(b"xmlns:")
        ]
        return written[list(node.attributes).index(name)].span()

    def declaration_spans(self, node: Node, namespace: str) -> Iterator[tuple[int, int]]:
        """Where an element declares prefixes of a namespace."""
        names = [p for p, uri in node.declared.items() if uri == namespace]
        for found in _ATTRIBUTE.finditer(self.source, node.start, node.inside):
            if any(found[1] == f"xmlns:{name}".encode() for name in names):
                yield found.span()

    def with_space_before(self, node: Node) -> tuple[int, int]:
        """Where an element and the white space before it stand."""
        start = node.start
        while self.source[start - 1] in _SPACE:
            start -= 1
        return start, node.end

    def indent_of(self, node: Node) -> str:
        """The line end and white space before an element; empty if it starts no line."""
        gap = self.source[self.with_space_before(node)[0] : node.start]
        line = gap.rfind(b"\n")
        if line > 0 and gap[line - 1 : line] == b"\r":
            line -= 1
        return gap[line:].decode() if line >= 0 else ""


def splice(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The source with edits that do not overlap, in whichever order they come.

    >>> splice(b"abcd", [Edit(3, 3, b"-"), Edit(0, 1)])
    b'bc-d'
    """
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        assert at <= edit.start <= edit.end
        pieces += source[at : edit.start], edit.content
        at = edit.end
    return b"".join([*pieces, source[at:]])


def parse(content: bytes) -> Document:
    """Parse an XML file; raises SidecarError if it is none, too large, or declares entities."""
    if len(content) > MOST_BYTES:
        raise SidecarError(
            f"The sidecar has {len(content):,} bytes, the limit is {MOST_BYTES:,}. "
            "It is left as it is: move it away if it is no XMP file."
        )
    text, encoding = decode(content)
    source = text.encode()
    builder = _Builder(source)
    root = builder.build()
    return Document(source, encoding, root, builder.has_comments)


class _Builder:
    """Builds the tree out of the parser's events."""

    def __init__(self, source: bytes) -> None:
        self.has_comments = False
        self._source = source
        self._open: list[Node] = []
        self._text: list[list[str]] = []
        self._root: Node | None = None
        self._declared: dict[str, str] = {}
        self._count = 0
        # Telling the encoding makes the parser ignore the declared one: the source is UTF-8 by now.
        parser = self._parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = self._comment

    def build(self) -> Node:
        try:
            self._parser.Parse(self._source, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise SidecarError(
                f"The sidecar is no well-formed XML ({reason} in line {error.lineno}). An XMP file "
                "was expected: it is left as it is, restore it or move it away."
            ) from error
        assert self._root is not None
        return self._root

    def _doctype(self, *_: object) -> None:
        raise SidecarError(
            "The sidecar has a document type (<!DOCTYPE ...>), which XMP files never have and "
            "which can make them explode. It is left as it is: remove that part or the file."
        )

    def _declare(self, prefix: str | None, uri: str) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _MOST_DEPTH or self._count > _MOST_ELEMENTS:
            raise SidecarError(
                f"The sidecar has more than {_MOST_ELEMENTS:,} elements or more than {_MOST_DEPTH} "
                "inside each other. No XMP file has: it is left as it is, move it away."
            )
        start = self._parser.CurrentByteIndex
        tag = _START_TAG.match(self._source, start)
        assert tag is not None
        parent = self._open[-1] if self._open else None
        expanded = {_clark(key): value for key, value in attributes.items()}
        node = Node(_clark(name), expanded, self._declared, parent, start, tag.end())
        self._declared = {}
        if parent is None:
            self._root = node
        else:
            parent.children.append(node)
        self._open.append(node)
        self._text.append([])

    def _end(self, _name: str) -> None:
        node = self._open.pop()
        node.text = "".join(self._text.pop())
        if self._source[node.inside - 2 : node.inside] == b"/>":
            node.closing = node.end = node.inside
        else:
            node.closing = self._parser.CurrentByteIndex
            node.end = self._source.index(b">", node.closing) + 1

    def _characters(self, data: str) -> None:
        if self._text:
            self._text[-1].append(data)

    def _comment(self, _data: str) -> None:
        self.has_comments = True


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name
