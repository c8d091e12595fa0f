"""Folder and file names that every file system takes, and when two of them are the same name.

References: Microsoft, "Naming Files, Paths, and Namespaces"; Unicode Standard Annex 15 (normal
forms), which macOS folds names with.
"""

from __future__ import annotations

import re
import unicodedata

MOST_BYTES = 255
"""A name's length on ext4, XFS, Btrfs; NTFS, exFAT and APFS count characters, which are fewer."""

_FOLDER_BYTES = 120  # below that of the file system: a path has several, and Windows stops at 260
_RESERVED = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(\..*)?", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # they make letters of Persian and of Indian scripts


def safe_name(value: str) -> str:
    r"""A value as the name of a folder: readable, and allowed on Linux, macOS and Windows.

    Reserved characters become hyphens; control characters and those that turn the direction of
    text are left out; dots and spaces go from both ends; a Windows device gets an underscore; what
    is too long is cut. The same name always comes out in the same Unicode form (NFC). Empty where
    nothing is left.

    >>> safe_name("AC/DC: live?"), safe_name("Washington, D.C."), safe_name("../../etc")
    ('AC-DC- live-', 'Washington, D.C', '-..-etc')
    >>> safe_name("con"), safe_name("nul.txt"), safe_name(" . ")
    ('con_', 'nul_.txt', '')
    """
    text = unicodedata.normalize("NFC", value)
    text = _RESERVED.sub("-", "".join(map(_visible, text)))
    text = _cut(" ".join(text.split()).strip(". "), _FOLDER_BYTES).rstrip(". ")
    device = _DEVICES.fullmatch(text)
    return f"{device[1]}_{device[2] or ''}" if device else text


def _visible(character: str) -> str:
    if character in _JOINERS:
        return character
    kind = unicodedata.category(character)
    if kind in ("Cs", "Cn", "Co"):  # half a character, or one that nobody has given a meaning
        return "_"
    return (
        " "
        if kind in ("Zl", "Zp", "Zs") or character in "\t\n\r"
        else ("" if kind in ("Cc", "Cf") else character)
    )


def numbered(stem: str, number: int, room: int) -> str:
    """A file's stem with a number, cut so that so many bytes of endings still fit behind it.

    >>> numbered("IMG_1", 1, 4), numbered("IMG_1", 2, 4)
    ('IMG_1', 'IMG_1-2')
    """
    if number == 1:
        return stem
    mark = f"-{number}"
    return _cut(stem, MOST_BYTES - room - len(mark)) + mark


def folded(name: str) -> str:
    """What names are compared by: file systems that ignore case or accents' form see one name.

    >>> folded("Caf\u00e9.JPG") == folded("cafe\u0301.jpg")
    True
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def byte_length(name: str) -> int:
    """How many bytes a name takes in a folder."""
    return len(name.encode("utf-8", "surrogateescape"))


def _cut(text: str, most: int) -> str:
    """The start of a text in at most so many bytes, not within a character and its accents."""
    if byte_length(text) <= most:
        return text
    kept = text.encode("utf-8", "surrogateescape")[:most].decode("utf-8", "ignore")
    end = len(kept)
    while 0 < end < len(text) and (
        unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS
    ):
        end -= 1
    return kept[:end] or kept
