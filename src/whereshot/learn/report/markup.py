"""HTML and SVG as values: what is not markup already is escaped on its way in."""

from __future__ import annotations

import html


class Markup(str):
    """Text that is HTML already and goes in as it is."""

    __slots__ = ()


_VOID = frozenset({"br", "hr", "img", "meta", "link"})


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """One element. `class_` stands for `class`, other underscores for hyphens; None leaves out.

    >>> element("p", "a < b ", element("b", "c"), class_="note", data_n=2, title=None)
    '<p class="note" data-n="2">a &lt; b <b>c</b></p>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{join(*children)}</{name}>")


def join(*parts: str) -> Markup:
    """Parts one after the other, escaped where they are not markup."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))


def text(value: str) -> Markup:
    r"""Plain text as markup; bytes of a file name that were not UTF-8 are shown as question marks.

    >>> text("<b>\udcff")
    '&lt;b&gt;?'
    """
    return Markup(html.escape(value.encode("utf-8", "replace").decode("utf-8"), quote=True))


def _attribute(value: str | float) -> str:
    return text(value) if isinstance(value, str) else f"{round(float(value), 2):g}"
