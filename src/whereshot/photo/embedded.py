"""The XMP inside a photo, found by its marks, as the XMP Specification (part 3) provides for.

Good enough to see which keywords and places are there already; to change them is exiftool's work.
"""

from __future__ import annotations

import os
from pathlib import Path

_HEAD = 1 << 19
_TAIL = 1 << 17
_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_JPEG = b"\xff\xd8"


def embedded_xmp(photo: Path) -> bytes | None:
    """The first XMP packet near the photo's beginning or end; None if there is none.

    Raises OSError. The pixels are not read, whatever the size of the file.
    """
    with photo.open("rb") as file:
        head = file.read(_HEAD)
        found = _packet(head)
        # Behind a JPEG's own end there may be other images, with packets of their own.
        if found is None and not head.startswith(_JPEG) and len(head) == _HEAD:
            file.seek(max(_HEAD, file.seek(0, os.SEEK_END) - _TAIL))
            found = _packet(file.read(_TAIL))
        return found


def _packet(data: bytes) -> bytes | None:
    begin = data.find(_BEGIN)
    end = data.find(_END, begin) if begin >= 0 else -1
    return data[begin : end + len(_END)] if end >= 0 else None
