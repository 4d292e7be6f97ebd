"""What else of a fact would do, all the rest being as it is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from oversight_engine.analysis.enclosures import Reach
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.search import Wanted
from oversight_engine.model.rulebook import Fact


def enough_of(
    ground: Ground, fact: Fact, chosen: int, others: Mapping[str, int], wanted: Wanted
) -> list[tuple[int, int]]:
    """Return from where to where *fact* would do as its term, the *others* being as they are.

    Of a number or a date that is all around *chosen*; of what has no order, each code by itself.
    """
    there = ground.at(others)

    def does(first: int, last: int) -> bool:
        at = there.changed({fact.id: Reach(first, last)}, ground.supports.readers)
        return all(not at.truths(p) & ~allowed for p, allowed in wanted.every) and (
            not wanted.some or any(not at.truths(p) & ~allowed for p, allowed in wanted.some)
        )

    if fact.type == "boolean":
        return [(code, code) for code in range(2) if does(code, code)]
    if fact.type == "category":
        codes = range(-len(fact.outside_order), len(fact.values))
        return [(code, code) for code in codes if does(code, code)]
    least, most = _span(ground, fact, chosen)
    first = _furthest(chosen, least, lambda end: does(end, chosen))
    last = _furthest(chosen, most, lambda end: does(first, end))
    return [(first, last)]


def _span(ground: Ground, fact: Fact, chosen: int) -> tuple[int, int]:
    if fact.type == "date":
        return min(chosen, 0), max(chosen, (ground.day - datetime.date.min).days)
    least, most = fact.scaled_range
    far = ground.far + abs(chosen)
    return (-far if least is None else least), (far if most is None else most)


def _furthest(chosen: int, end: int, does: Callable[[int], bool]) -> int:
    """Return the number furthest from *chosen* on the way to *end* up to which all would do."""
    if does(end):
        return end
    near, far = chosen, end
    while abs(far - near) > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if does(middle) else (near, middle)
    return near
