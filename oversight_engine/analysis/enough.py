"""What else of a fact would do, all the rest being as it is."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Callable, Sequence

from oversight_engine.analysis.enclosures import Enclosure, Reach
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.search import Wanted
from oversight_engine.model.rulebook import Fact


def enough_of(
    ground: Ground, fact: Fact, chosen: int, there: Enclosure, wanted: Wanted
) -> list[tuple[int, int]]:
    """Return from where to where *fact* would do as its term, all else being as it is *there*.

    Of a number or a date that is all around *chosen*; of what has no order, each code by itself.
    """

    def does(first: int, last: int) -> bool:
        if first == last == chosen and not wanted.some:
            return True  # that is why it was chosen
        at = there.changed({fact.id: Reach(first, last)}, ground.supports.readers)
        return all(not at.truths(p) & ~allowed for p, allowed in wanted.every) and (
            not wanted.some or any(not at.truths(p) & ~allowed for p, allowed in wanted.some)
        )

    if fact.type == "boolean":
        return [(code, code) for code in range(2) if does(code, code)]
    if fact.type == "category":
        codes = range(-len(fact.outside_order), len(fact.values))
        return [(code, code) for code in codes if does(code, code)]
    up, down = _ends(ground, fact, chosen, there)
    first = _furthest(down, lambda end: does(end, chosen))
    last = _furthest(up, lambda end: does(first, end))
    return [(first, last)]


def _ends(
    ground: Ground, fact: Fact, chosen: int, there: Enclosure
) -> tuple[Sequence[int], Sequence[int]]:
    """Return up to where, and down to where, all may do alike, each the nearest to *chosen* first.

    That is where its cells end, where they can be told.
    """
    least, most = _span(ground, fact, chosen)
    cuts = ground.supports.cuts_at(fact.id, chosen, there)
    if cuts is None:
        return range(chosen, most + 1), range(chosen, least - 1, -1)
    place = bisect_right(cuts, chosen)
    up = [cut - 1 for cut in cuts[place:] if cut <= most]
    down = [cut for cut in reversed(cuts[:place]) if cut > least]
    return [*up, most], [*down, least]


def _span(ground: Ground, fact: Fact, chosen: int) -> tuple[int, int]:
    if fact.type == "date":
        return min(chosen, 0), max(chosen, (ground.day - datetime.date.min).days)
    least, most = fact.scaled_range
    far = ground.far + abs(chosen)
    return (-far if least is None else least), (far if most is None else most)


def _furthest(ends: Sequence[int], does: Callable[[int], bool]) -> int:
    """Return the furthest of *ends* up to which all would do; up to the nearest they do."""
    near, far = 0, len(ends)
    if does(ends[-1]):
        return ends[-1]
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if does(ends[middle]) else (near, middle)
    return ends[near]
