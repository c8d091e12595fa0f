"""Base64 in pieces: what a photo arrives as, decoded while it arrives."""

from __future__ import annotations

import binascii

_STANDARD = bytes.maketrans(b"-_", b"+/")
_SPACE = b" \t\r\n"


class Base64Stream:
    """Decodes base64 that comes in pieces, up to `limit` bytes; what is beyond is dropped.

    Takes what Google's own services take: both alphabets of RFC 4648, with padding or without, and
    lines that were wrapped.

    >>> stream = Base64Stream(limit=100)
    >>> for piece in (b"SGVs", b"bG8", b"h"):
    ...     stream.feed(piece)
    >>> stream.finish()
    b'Hello!'
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._content = bytearray()
        self._rest = b""  # the last group of four or less: only there may padding be
        self.is_too_large = False
        self.is_valid = True

    def feed(self, text: bytes) -> None:
        """Take the next piece, cut anywhere."""
        if self.is_too_large or not self.is_valid:
            return
        text = self._rest + text.translate(_STANDARD, _SPACE)
        whole = max(0, len(text) - 1) // 4 * 4
        self._rest = text[whole:]
        self._decode(text[:whole])
        self.is_valid = self.is_valid and b"=" not in text[:whole]
        if len(self._content) > self._limit:
            self._content.clear()
            self.is_too_large = True

    def finish(self) -> bytes:
        """What was decoded; empty if it is too large or no base64."""
        if self.is_too_large or not self.is_valid:
            return b""
        bare = self._rest.rstrip(b"=")
        padding = -len(bare) % 4
        self.is_valid = len(self._rest) - len(bare) <= padding < 3
        if self.is_valid:
            self._decode(bare + padding * b"=")
        self.is_too_large = len(self._content) > self._limit
        return bytes(self._content) if self.is_valid and not self.is_too_large else b""

    def _decode(self, groups: bytes) -> None:
        try:
            self._content += binascii.a2b_base64(groups, strict_mode=True)
        except binascii.Error:
            self._content.clear()
            self.is_valid = False
