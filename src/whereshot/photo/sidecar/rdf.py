"""XMP's reading of XML: properties with values that are text, lists or structures.

One value has many spellings: as an attribute or an element, a structure with or without an element
around its fields. All of them are read alike. Source: XMP Specification part 1, annex C.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from whereshot.errors import SidecarError
from whereshot.photo.sidecar.markup import Document, Node, parse
from whereshot.photo.sidecar.vocabulary import NAMESPACES, expand, spellings

Value = str | tuple[str, ...]
"""A text, or the texts of a list."""

_RDF = f"{{{NAMESPACES['rdf']}}}"
_CONTAINERS = frozenset(_RDF + kind for kind in ("Bag", "Seq", "Alt"))
_ROOTS = frozenset({expand("x:xmpmeta"), expand("x:xapmeta")})  # xapmeta: before 2001
_OF_XML = ("{" + NAMESPACES["xml"] + "}", _RDF)


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the photo: an element, or else an attribute of its `holder`."""

    name: str
    holder: Node
    element: Node | None

    @property
    def text(self) -> str:
        """Its text; that of the first item if it is a list."""
        if self.element is None:
            return self.holder.attributes[self.name].strip()
        value = value_of(self.element)
        return value if isinstance(value, str) else next(iter(value), "")


@dataclass(frozen=True, slots=True)
class Packet:
    """An XMP file: the document, its `rdf:RDF` element, and in it the descriptions of the photo."""

    document: Document
    rdf: Node
    descriptions: tuple[Node, ...]

    def find(self, name: str) -> Iterator[Property]:
        """The properties of a prefixed name such as `dc:subject`: one, or more if it is odd."""
        wanted = spellings(name)
        for holder in self.descriptions:
            for attribute in wanted & holder.attributes.keys():
                yield Property(attribute, holder, None)
            for element in holder.children:
                if element.name in wanted:
                    yield Property(element.name, holder, element)

    def has(self, name: str) -> bool:
        """Whether there is such a property, in whatever form."""
        return any(True for _ in self.find(name))

    def lists(self, name: str) -> Iterator[Node]:
        """The `rdf:Bag`, `rdf:Seq` or `rdf:Alt` elements of a property."""
        for found in self.find(name):
            inner = container(found.element) if found.element is not None else None
            if inner is not None:
                yield inner

    def texts(self, name: str) -> tuple[str, ...]:
        """The items of a property that is a list, or its one text, without empty ones."""
        texts: list[str] = []
        for found in self.find(name):
            value = found.text if found.element is None else value_of(found.element)
            texts += [value] if isinstance(value, str) else value
        return tuple(filter(None, texts))


def open_packet(content: bytes) -> Packet:
    """Parse an XMP file; raises SidecarError if it is no XML or no XMP."""
    document = parse(content)
    root = document.root
    candidates = [root] if root.name == _RDF + "RDF" else []
    if root.name in _ROOTS:
        candidates = [node for node in root.children if node.name == _RDF + "RDF"]
    if not candidates:
        raise SidecarError(
            f"The sidecar is XML but no XMP: its first element is {document.raw_name(root)!r} and "
            "has no rdf:RDF in it. It is left as it is: move it away if it is no sidecar."
        )
    rdf = candidates[0]
    found = (node for node in rdf.children if node.name == _RDF + "Description")
    return Packet(document, rdf, tuple(found))


def container(element: Node) -> Node | None:
    """The list in an element; None if its value is something else."""
    inner = element.children
    return inner[0] if len(inner) == 1 and inner[0].name in _CONTAINERS else None


def items(of: Node) -> list[Node]:
    """The items of a list."""
    return [node for node in of.children if node.name == _RDF + "li"]


def value_of(element: Node) -> Value:
    """The text of an element, or the texts of a list; of alternatives, the default one."""
    inner = container(element)
    if inner is not None:
        texts = tuple(_text_of(item) for item in items(inner))
        if inner.name != _RDF + "Alt":
            return texts
        spoken = [item.attributes.get(expand("xml:lang")) for item in items(inner)]
        default = spoken.index("x-default") if "x-default" in spoken else 0
        return texts[default] if texts else ""
    return _text_of(element)


def _text_of(element: Node) -> str:
    # A value with qualifiers stands in rdf:value, a link in an attribute.
    for node in element.children:
        if node.name == _RDF + "value":
            return node.text.strip()
        if node.name == _RDF + "Description":
            return _text_of(node)
    for name in ("value", "resource"):
        if _RDF + name in element.attributes:
            return element.attributes[_RDF + name].strip()
    return element.text.strip()


def fields(element: Node) -> dict[str, Value]:
    """The fields of a structure by their full names, without empty ones."""
    inner = element.children
    if len(inner) == 1 and inner[0].name == _RDF + "Description":
        element = inner[0]
    found: dict[str, Value] = {
        name: text.strip()
        for name, text in element.attributes.items()
        if name.startswith("{") and not name.startswith(_OF_XML)
    }
    found |= {node.name: value_of(node) for node in element.children}
    return {name: value for name, value in found.items() if value}
