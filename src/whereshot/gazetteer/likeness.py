"""How alike a query and a name are: exact, a part of it, or misspelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MATCHES = 0.65  # likeness from which a name answers a query
SUGGESTS = 0.48  # likeness from which a name is worth a "did you mean"

_MISSPELLED = 0.8  # the most that a misspelled name can reach, below every correct part of one
_SHORTEST_TYPO = 4  # among shorter words everything is alike: "rum" and "run", "hue" and "hut"


def likeness(wanted: str, names: Iterable[str]) -> float:
    """How alike a query is to the best of some names, in [0, 1]; all of them folded.

    1 is the same name; 0.9 to 1 are the query's words somewhere in the name, the last one perhaps
    not finished; up to 0.8 is a name, or a run of words in it, of nearly the same letters.

    >>> likeness("eiffel tower", ["eiffel tower"])
    1.0
    >>> likeness("niagra", ["niagara falls"]) > MATCHES > likeness("nairobi", ["niagara falls"])
    True
    """
    if not wanted:
        return 0.0
    return max((_likeness(wanted, name) for name in names), default=0.0)


def _likeness(wanted: str, name: str) -> float:
    if wanted.replace(" ", "") == name.replace(" ", ""):
        return 1.0
    if f" {name}".find(f" {wanted}") >= 0:
        # A query that is most of a name means that name rather than a longer one.
        return 0.9 + 0.1 * len(wanted) / (len(name) + 1)
    if len(wanted) < _SHORTEST_TYPO:
        return 0.0
    from rapidfuzz import fuzz  # 25 ms to import: only who searches pays

    return _MISSPELLED * max(fuzz.ratio(wanted, part) for part in _parts(wanted, name)) / 100


def _parts(wanted: str, name: str) -> Iterator[str]:
    """The name, and each run in it of as many words as were typed."""
    yield name
    words, count = name.split(), len(wanted.split())
    if count < len(words):
        for start in range(len(words) - count + 1):
            yield " ".join(words[start : start + count])
