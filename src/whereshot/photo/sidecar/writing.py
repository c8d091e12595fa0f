"""XML text for what is added to a sidecar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from whereshot.photo.sidecar.markup import Node
from whereshot.photo.sidecar.vocabulary import NAMESPACES


@dataclass(frozen=True, slots=True)
class Element:
    """An element to write: prefixed names, and in it either text or elements."""

    name: str
    content: str | tuple[Element, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def list_of(kind: str, values: Iterable[str]) -> Element:
    """A `Bag` or `Seq` of texts."""
    return Element(f"rdf:{kind}", tuple(Element("rdf:li", value) for value in values))


def in_default_language(text: str) -> Element:
    """A text with alternatives in other languages, of which there are none."""
    item = Element("rdf:li", text, (("xml:lang", "x-default"),))
    return Element("rdf:Alt", (item,))


def render(element: Element, scope: Node, indent: str) -> str:
    """The text of an element, to be put into `scope`.

    `indent` is the line end and white space that come before it and that its lines start with. The
    prefixes that mean nothing or something else in `scope` are declared.
    """
    needed = sorted(
        prefix
        for prefix in {name.partition(":")[0] for name in _names(element)} - {"xml"}
        if scope.namespace(prefix) != NAMESPACES[prefix]
    )
    space = f"{indent}   " if indent else " "
    declarations = "".join(f'{space}xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in needed)
    return _render(element, indent, declarations)


def _render(element: Element, indent: str, declarations: str = "") -> str:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes)
    tag = f"{element.name}{attributes}{declarations}"
    if not element.content:
        return f"{indent}<{tag}/>"
    if isinstance(element.content, str):
        return f"{indent}<{tag}>{escape(element.content)}</{element.name}>"
    deeper = f"{indent} " if indent else ""
    inner = "".join(_render(child, deeper) for child in element.content)
    return f"{indent}<{tag}>{inner}{indent}</{element.name}>"


def _names(element: Element) -> Iterator[str]:
    yield element.name
    yield from (name for name, _ in element.attributes)
    if not isinstance(element.content, str):
        for child in element.content:
            yield from _names(child)
