"""Cases that would show what no test shows: a test that is there, with as few facts changed as do.

Values are tried where they can make a difference: in each cell of what is looked at (see `cells`),
at its first and last number, and, for a sum of facts, where the sum meets a line given the others.
The search is bounded; where it finds nothing, nothing is said to be impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations, islice, product
from typing import NamedTuple

from oversight_engine.analysis.cells import Axis, Space
from oversight_engine.analysis.rulebook_tests import Situation
from oversight_engine.analysis.slices import facts_of
from oversight_engine.model.case import Value
from oversight_engine.model.in_force import InForce
from oversight_engine.model.validity import fault_of_value
from oversight_engine.model.whole import whole_of
from oversight_engine.program import FactTerm

MOST_CHANGED = 3
"""How many facts of a test are changed at most."""
MOST_TRIED = 6_000
"""How many cases are tried from one test before another is begun with."""

Known = Mapping[str, Value]
Goal = Callable[[Situation, Known], bool]


class Found(NamedTuple):
    """A test to begin with, and what is to be changed in it; None is to be unknown."""

    seed: Situation
    changes: dict[str, Value | None]


def find_case(
    seeds: Iterable[Situation], part_of: Callable[[InForce], InForce | None], goal: Goal
) -> Found | None:
    """Return the test among *seeds* that reaches the *goal* with the fewest changes, and these.

    Args:
        seeds: among those that need as few changes, the first is taken.
        part_of: gives what of a test's rulebook is looked at, or None where it is not in force.
        goal: whether a test with these known facts would do.
    """
    spaces: dict[int, Space | None] = {}
    looked_at: list[tuple[Situation, Space]] = []
    for seed in seeds:
        key = id(seed.in_force)
        if key not in spaces:
            part = part_of(seed.in_force)
            spaces[key] = None if part is None else Space.of(part, seed.day)
        space = spaces[key]
        if space is not None:
            looked_at.append((seed, space))
    for number in range(MOST_CHANGED + 1):
        for seed, space in looked_at:
            for changes in islice(_changes_of(seed, space, number), MOST_TRIED):
                if goal(seed, changed(seed.known, changes)):
                    return Found(seed, changes)
    return None


def changed(known: Known, changes: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return *known* facts with these *changes*."""
    together = {**known, **changes}
    return {fact_id: value for fact_id, value in together.items() if value is not None}


def _changes_of(seed: Situation, space: Space, number: int) -> Iterator[dict[str, Value | None]]:
    """Yield ways to change so many facts of *seed*; local priorities are kept adding up."""
    for chosen in combinations(facts_of(space.in_force), number):
        for changes in _changes(seed, space, chosen):
            settled = _settled(seed, changes)
            if settled is not None:
                yield settled


def _settled(seed: Situation, changes: dict[str, Value | None]) -> dict[str, Value | None] | None:
    """Return *changes*, and what follows: of those agreed, what is neither is not on track."""
    names = seed.in_force.rulebook.local_priorities
    if names is None:
        return changes
    parts = names.on_track, names.not_on_track, names.unknown
    every = (names.agreed, *parts)
    if not any(name in changes for name in every):
        return changes
    together = {**seed.known, **changes}
    numbers = [together.get(name) for name in every]
    if None in numbers:
        return changes
    agreed, on_track, not_on_track, unknown = (n for n in numbers if isinstance(n, int))
    if names.not_on_track in changes:
        whole = on_track + not_on_track + unknown
        return changes | {names.agreed: whole} if names.agreed not in changes else None
    rest = agreed - on_track - unknown
    return changes | {names.not_on_track: rest} if rest >= 0 else None


def _changes(
    seed: Situation, space: Space, chosen: tuple[str, ...]
) -> Iterator[dict[str, Value | None]]:
    if not chosen:
        yield {}
        return
    first, rest = chosen[0], chosen[1:]
    own = [_own_values(seed, space, fact_id) for fact_id in rest]
    for others in product(*own):
        changes: dict[str, Value | None] = dict(zip(rest, others, strict=True))
        for value in values_of(space, first, changed(seed.known, changes)):
            if value != seed.known.get(first):
                yield {first: value, **changes}


def _own_values(seed: Situation, space: Space, fact_id: str) -> list[Value | None]:
    values = values_of(space, fact_id, seed.known)
    return [value for value in values if value != seed.known.get(fact_id)]


def values_of(space: Space, fact_id: str, known: Known) -> list[Value | None]:
    """Return the values of a fact that may make a difference, the others being *known*.

    The nearest to what it is come first, and not knowing it last.
    """
    numbers: dict[int, None] = {}
    for place in space.axes_of(fact_id):
        axis = space.every[place]
        for line in _ends(axis):
            found = _meeting(space, axis, fact_id, line, known)
            if found is not None:
                numbers |= dict.fromkeys((found, found - 1, found + 1))
    fact = space.fact(fact_id)
    if fact.type in {"category", "boolean"}:
        reach = space.range_of(fact_id)
        assert reach.least is not None, "a category has a first value"
        assert reach.most is not None, "a category has a last value"
        numbers = dict.fromkeys(range(int(reach.least), int(reach.most) + 1))
    values: list[Value | None] = []
    now = _now(space, fact_id, known)
    for number in sorted(numbers, key=lambda each: (abs(each - now), each)):
        value = _value(space, fact_id, number)
        if value is not None and not fault_of_value(fact, value):
            values.append(value)
    return [*values, None]


def _now(space: Space, fact_id: str, known: Known) -> int:
    """Return the number of the fact's term as it is, or 0 where it is unknown."""
    for term in space.program.terms:
        if isinstance(term, FactTerm) and term.fact == fact_id:
            value = known.get(fact_id)
            return 0 if value is None else whole_of(space.fact(fact_id), value, space.day)
    return 0


def _value(space: Space, fact_id: str, number: int) -> Value | None:
    try:
        return space.value_of(fact_id, number)
    except OverflowError:  # a day beyond all there are
        return None


def _ends(axis: Axis) -> Iterator[Fraction]:
    for cell in axis.cells:
        if cell.starts is not None:
            yield Fraction(cell.starts.at)


def _meeting(space: Space, axis: Axis, fact_id: str, line: Fraction, known: Known) -> int | None:
    """Return the number of the fact's term that brings the axis to the *line*, or next to it."""
    rest, own = Fraction(0), 0
    for place, multiple in axis.sum:
        term = space.program.terms[place]
        if not isinstance(term, FactTerm):
            return None
        if term.fact == fact_id:
            own += multiple
        elif (value := known.get(term.fact)) is not None:
            rest += multiple * whole_of(space.fact(term.fact), value, space.day)
    return None if not own else int((line - rest) // own)
