"""What values a cohort may give to parameters: every order among themselves and among constants."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from attrs import evolve

from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import DatedValue, Parameter, Span
from oversight_engine.model.together import CohortQuantile

ALWAYS = Span(datetime.date.min)
FROM_BELOW = ("lower", "linear", "higher")
"""Interpolations: of one quantile each gives at least what those before it give."""


def possible_values(
    computed: Sequence[Parameter], marks: Sequence[Exact]
) -> Iterator[Mapping[str, Parameter]]:
    """Yield the parameters *computed* from a cohort, by id, with values it may give them.

    In some of these worlds they stand in any one order that is possible, among themselves and
    among the ascending *marks*.
    """
    places = _places(marks, len(computed))
    pairs = [
        (one, other)
        for one, first in enumerate(computed)
        for other, second in enumerate(computed)
        if one != other and _is_never_above(first, second)
    ]
    for values in itertools.product(places, repeat=len(computed)):
        if all(values[one] <= values[other] for one, other in pairs):
            yield {
                parameter.id: evolve(parameter, values=(DatedValue(ALWAYS, value),))
                for parameter, value in zip(computed, values, strict=True)
            }


def _places(marks: Sequence[Exact], number: int) -> list[Exact]:
    """Return each of the *marks*, and so many numbers between any two and beyond the ends."""
    if not marks:
        return list(range(number))
    steps = range(1, number + 1)
    between = [
        whole_if_possible(low + Fraction(high - low) * step / (number + 1))
        for low, high in itertools.pairwise(marks)
        for step in steps
    ]
    below, above = [marks[0] - step for step in steps], [marks[-1] + step for step in steps]
    return sorted({*below, *marks, *between, *above})


def _is_never_above(one: Parameter, other: Parameter) -> bool:
    """Say whether no cohort gives *one* more than *other*: two quantiles of one quantity."""
    first, second = one.cohort, other.cohort
    return (
        isinstance(first, CohortQuantile)
        and isinstance(second, CohortQuantile)
        and first.of.text == second.of.text
        and first.at <= second.at
        and FROM_BELOW.index(first.interpolation) <= FROM_BELOW.index(second.interpolation)
    )
