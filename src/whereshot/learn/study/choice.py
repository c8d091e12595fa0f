"""From accuracies and times to one network: the front of the best, and the choice on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from whereshot.learn.study.records import Choice, StudyRow


def pareto_front(rows: Sequence[StudyRow]) -> tuple[StudyRow, ...]:
    """The networks that no other beats, the fastest first.

    One beats another by being as fast and as accurate at least, and better in one of the two. Of
    networks that are equal in both, the first stands for all.
    """
    front: list[StudyRow] = []
    # From fast to slow, whoever is more accurate than all before is on the front.
    for row in sorted(_measured(rows), key=lambda row: (_time(row), -_top1(row))):
        if not front or _top1(row) > _top1(front[-1]):
            front.append(row)
    return tuple(front)


def choose(rows: Sequence[StudyRow], held_out: int) -> Choice | None:
    """The fastest network within one standard error of the most accurate one.

    On a few hundred held-out photos the best of many networks is partly the luckiest, and a
    smaller one that is as good as far as anybody can tell costs less with each photo. Of equally
    fast ones the more accurate is taken. None where nothing was measured.
    Reference: L. Breiman et al., "Classification and Regression Trees" (1984), the 1 SE rule.
    """
    measured = _measured(rows)
    if not measured or held_out < 1:
        return None
    best = min(measured, key=lambda row: (-_top1(row), _time(row)))
    error = math.sqrt(_top1(best) * (1 - _top1(best)) / held_out)
    good = [row for row in measured if _top1(row) >= _top1(best) - error]
    chosen = min(good, key=lambda row: (_time(row), -_top1(row)))
    return Choice(chosen.name, best.name, error, _why(chosen, best, error, held_out))


def _why(chosen: StudyRow, best: StudyRow, error: float, held_out: int) -> str:
    found = (
        f"Take {chosen.words}: {100 * _top1(chosen):.1f} % of {held_out:,} held-out photos right, "
        f"in {_time(chosen):.1f} ms a photo."
    )
    points = f"one standard error ({100 * error:.1f} points)"
    if chosen is best:
        return f"{found} It is the most accurate, and nothing faster comes within {points} of it."
    return (
        f"{found} It is the fastest within {points} of the best, which is {best.words}: "
        f"{100 * _top1(best):.1f} % in {_time(best):.1f} ms."
    )


def _measured(rows: Sequence[StudyRow]) -> list[StudyRow]:
    return [row for row in rows if row.top1 is not None and row.cpu_milliseconds is not None]


def _top1(row: StudyRow) -> float:
    assert row.top1 is not None
    return row.top1.value


def _time(row: StudyRow) -> float:
    assert row.cpu_milliseconds is not None
    return row.cpu_milliseconds
