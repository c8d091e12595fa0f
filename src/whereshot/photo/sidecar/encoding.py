"""From a sidecar's bytes to text and back, in whichever encoding it is in."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from whereshot.errors import SidecarError

# The longer marks first: that of UTF-32 starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark, the first character tells: XML starts with "<" (XML 1.0, appendix F).
_STARTS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.-]{0,39})["']""")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name and the byte order mark that the text starts with, or none."""

    codec: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of an XML text; a letter that the codec lacks becomes its number, as `&#233;`.

        Only what whereshot adds between tags can have such a letter, and there a number is fine.
        """
        return self.mark + text.encode(self.codec, "xmlcharrefreplace")


def decode(content: bytes) -> tuple[str, Encoding]:
    """The text of an XML file and its encoding: `encoding.encode(text) == content`.

    A byte order mark counts more than the declaration. Raises SidecarError for an unknown encoding
    and for bytes that are not of the encoding.
    """
    encoding = _encoding_of(content)
    try:
        text = content[len(encoding.mark) :].decode(encoding.codec)
        if encoding.encode(text) == content:
            return text, encoding
        reason = "other bytes come out of it"
    except (LookupError, ValueError) as error:
        reason = str(error)
    raise SidecarError(
        f"The sidecar can't be read as {encoding.codec!r} ({reason}). "
        "It must be in the encoding that it declares: save it as UTF-8."
    )


def _encoding_of(content: bytes) -> Encoding:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return Encoding(codec, mark)
    for start, codec in _STARTS:
        if content.startswith(start):
            return Encoding(codec)
    declared = _DECLARED.match(content)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    # A program that turned UTF-16 into UTF-8 and left the declaration as it was.
    return Encoding("utf-8" if name.startswith(("utf-16", "utf-32")) else name)
