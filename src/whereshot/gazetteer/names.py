"""When two spellings are one name: folder names, accents, case and punctuation do not count."""

from __future__ import annotations

import re
import unicodedata

# "09.Golden_Gate_Bridge": the course numbers its class folders.
_CLASS_NUMBER = re.compile(r"^\s*\d+\.\s*(?=\D)")
# Letters that NFKD leaves whole, although people type them without the stroke.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
# An apostrophe joins what it separates ("Wrocław's" is "Wroclaws"), any other mark is a gap.
_APOSTROPHES = re.compile("['`´’‘ʻʼʹʿʾ׳]")  # noqa: RUF001 - the look-alikes are the point


def fold(name: str) -> str:
    """A name without class number, accents, case and punctuation: words with single spaces.

    Only Latin accents are dropped: vowel signs of other scripts are letters, not decoration.

    >>> fold("09.Golden_Gate_Bridge")
    'golden gate bridge'
    >>> fold("Mazar-e-Quaid"), fold("Wrocław's  Dwarves")
    ('mazar e quaid', 'wroclaws dwarves')
    """
    name = _APOSTROPHES.sub("", _CLASS_NUMBER.sub("", name))
    letters: list[str] = []
    # Folding case can compose or decompose letters (İ), so strip accents after it.
    for letter in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()):
        if "\u0300" <= letter <= "\u036f":  # combining accents of the Latin, Greek, Cyrillic
            continue
        is_part = letter.isalnum() or unicodedata.category(letter).startswith("M")
        letters.append(letter if is_part else " ")
    return " ".join("".join(letters).translate(_STROKES).split())


def key(name: str) -> str:
    """What names are compared by: folded, and spaces do not count either.

    >>> key("Ha_Long_Bay") == key("Halong Bay") == key("HaLongBay")
    True
    """
    return fold(name).replace(" ", "")
