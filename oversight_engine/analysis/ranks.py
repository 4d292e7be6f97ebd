"""Which cohort published scores by rank come from: the one at hand, a part of it, or a larger one.

A score is spread evenly by rank, so the published scores of a metric say how many were ranked.
Values are published rounded: those that tie may not have tied before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from attrs import frozen

from oversight_engine.model.number import Exact

Scored = tuple[Exact, Exact]
"""A value and its published score."""


@frozen
class Scale:
    """How a metric's values become scores.

    Attributes:
        sign: 1 where higher values are better, else -1.
        best, worst: between these scores the ranked are spread evenly.
        standard, floor: a value and the score of whoever reaches it, or falls short of it.
        tolerance: how far a published score can be from that before rounding.
    """

    sign: int
    best: Exact
    worst: Exact
    standard: tuple[Exact, Exact] | None
    floor: tuple[Exact, Exact] | None
    tolerance: Exact

    def fixed(self, value: Exact) -> Exact | None:
        """Return the score of *value*, where it does not depend on others."""
        if self.standard is not None:
            at, score = self.standard
            if self.sign * (value - at) >= 0:
                return score
        if self.floor is not None:
            at, score = self.floor
            if self.sign * (value - at) < 0:
                return score
        return None

    def at(self, place: int, number: int) -> Exact:
        """Return the score at *place*, counted from 0, of so many that are ranked."""
        return self.best + Fraction(self.worst - self.best) * place / max(number - 1, 1)

    def is_near(self, published: Exact, score: Exact) -> bool:
        """Say whether *score* can have been published as that."""
        return -self.tolerance <= published - score <= self.tolerance


def is_from(scale: Scale, scored: Scored, values: Sequence[Exact]) -> bool:
    """Say whether the score is one that its value can have among *values*.

    Whoever ties with others at the published decimals can have stood at any of their places.
    """
    value, published = scored
    fixed = scale.fixed(value)
    if fixed is not None:
        return scale.is_near(published, fixed)
    ranked = [each for each in values if scale.fixed(each) is None]
    first = sum(1 for each in ranked if scale.sign * each > scale.sign * value)
    places = range(first, first + max(ranked.count(value), 1))
    return any(scale.is_near(published, scale.at(place, len(ranked))) for place in places)


def smallest_cohort(scale: Scale, cells: Sequence[Scored]) -> int | None:
    """Return of how many ranked, at least, these are some; None if no even spread gives them.

    What is counted are those between standard and floor. A cohort so large that its places
    cannot be told apart at the published decimals would explain anything, and is none.
    """
    ranked = []
    for value, published in cells:
        fixed = scale.fixed(value)
        if fixed is None:
            ranked.append((value, published))
        elif not scale.is_near(published, fixed):
            return None
    ranked.sort(key=lambda cell: (-scale.sign * cell[0], cell[1]))
    finest = abs(Fraction(scale.worst - scale.best) / (2 * scale.tolerance)) + 2
    sizes = range(max(len(ranked), 1), max(int(finest), len(ranked)) + 1)
    return next((number for number in sizes if _fits(scale, ranked, number)), None)


def _fits(scale: Scale, ranked: Sequence[Scored], number: int) -> bool:
    """Say whether the *ranked*, best first, have places among so many, each its own or a tie's."""
    free = 0  # the best place that is left
    before: Scored | None = None
    for cell in ranked:
        if cell == before:
            free += 1  # a tie before rounding too: one best place is shared, and as many are used
            continue
        place = _best_place(scale, cell[1], number, free)
        if place is None:
            return False
        before, free = cell, place + 1
    return free <= number


def _best_place(scale: Scale, published: Exact, number: int, free: int) -> int | None:
    """Return the best place from *free* on whose score can have been published as that."""
    if number == 1:
        return 0 if not free and scale.is_near(published, scale.best) else None
    step = Fraction(scale.worst - scale.best, number - 1)
    one, other = ((published + d - scale.best) / step for d in (-scale.tolerance, scale.tolerance))
    place = max(free, math.ceil(min(one, other)))
    return place if place <= min(math.floor(max(one, other)), number - 1) else None
