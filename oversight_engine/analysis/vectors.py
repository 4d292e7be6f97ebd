"""Exact numbers and truths of many cases, as numpy arrays: whole numbers and fractions in 64 bits.

Every operation says how far from 0 its result may be, and what could leave 64 bits is refused
before it is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from oversight_engine.errors import InputError
from oversight_engine.program import Intervals

MOST = (1 << 63) - 1

Array = Any
"""A numpy array; of whole numbers in at most 64 bits, or of truths."""


class Numbers(NamedTuple):
    """A number for each case: `numerator / denominator`, where it is known.

    Attributes:
        bound: nothing in the numerator is further from 0.
        under: no denominator is greater; all are above 0.
    """

    numerator: Array
    denominator: Array | int
    known: Array
    bound: int
    under: int = 1


class Truths(NamedTuple):
    """In which cases something is true, and in which it is false; in no other is it known."""

    true: Array
    false: Array


def refuse_beyond(bound: int, what: str) -> None:
    """Refuse *what* may come to something as far from 0 as *bound*, if 64 bits do not hold that."""
    if bound > MOST:
        raise InputError(f"{what} is beyond what 64 bits hold, so it is not computed by columns")


def narrowest(bound: int) -> Any:
    """Return the narrowest type of whole numbers that holds what is one beyond the *bound*.

    Most of what is done with a column is to compare it, and that takes as long as it has bytes.
    """
    return next(
        (kind for kind in (np.int8, np.int16, np.int32) if bound < np.iinfo(kind).max), np.int64
    )


def every_of(masks: Sequence[Array]) -> Array:
    """Return where all of *masks* are set."""
    found = masks[0]
    for mask in masks[1:]:
        found = found & mask
    return found


def any_of(masks: Sequence[Array]) -> Array:
    """Return where any of *masks* is set."""
    found = masks[0]
    for mask in masks[1:]:
        found = found | mask
    return found


def times(numbers: Numbers, factor: int) -> Numbers:
    """Return *numbers* times a whole *factor*."""
    if factor == 1:
        return numbers
    bound = numbers.bound * abs(factor)
    refuse_beyond(bound, "a product")
    numerator = np.multiply(numbers.numerator, factor, dtype=np.int64)
    return numbers._replace(numerator=numerator, bound=bound)


def added(parts: Sequence[Numbers]) -> Numbers:
    """Return the sum; what is unknown is left to whoever asks."""
    total = parts[0]
    for part in parts[1:]:
        if total.under == part.under == 1:
            bound = total.bound + part.bound
            refuse_beyond(bound, "a sum")
            numerator = np.add(total.numerator, part.numerator, dtype=np.int64)
            total = Numbers(numerator, 1, total.known, bound)
            continue
        bound = total.bound * part.under + part.bound * total.under
        under = total.under * part.under
        refuse_beyond(max(bound, under), "a sum of fractions")
        one, other = (each.numerator.astype(np.int64) for each in (total, part))
        total = Numbers(
            one * part.denominator + other * total.denominator,
            total.denominator * part.denominator, total.known, bound, under,
        )  # fmt: skip
    return total


def zero_where_unknown(numbers: Numbers) -> Numbers:
    """Return *numbers* with 0 where they are unknown."""
    return numbers._replace(numerator=np.where(numbers.known, numbers.numerator, 0))


def extreme(parts: Sequence[Numbers], *, least: bool) -> Numbers:
    """Return the least or the greatest of those that are known."""
    found = parts[0]
    for part in parts[1:]:
        refuse_beyond(
            max(found.bound * part.under, part.bound * found.under), "a comparison of fractions"
        )
        one = found.numerator.astype(np.int64) * part.denominator
        other = part.numerator.astype(np.int64) * found.denominator
        is_beyond = other < one if least else other > one
        taken = part.known & (~found.known | is_beyond)
        shape = found.numerator.shape
        denominator: Array | int = 1
        if max(found.under, part.under) > 1:
            denominator = np.where(
                taken,
                np.broadcast_to(np.asarray(part.denominator), shape),
                np.broadcast_to(np.asarray(found.denominator), shape),
            )
        found = Numbers(
            np.where(taken, part.numerator, found.numerator), denominator,
            found.known | part.known, max(found.bound, part.bound), max(found.under, part.under),
        )  # fmt: skip
    return found


def rounded_off(numbers: Numbers, mode: str) -> Numbers:
    """Return *numbers* rounded to whole ones, in one of the modes of `model.number.rounded`."""
    positive = np.abs(numbers.numerator.astype(np.int64))
    digits, rest = np.divmod(positive, numbers.denominator)
    refuse_beyond(2 * numbers.under, "a denominator")
    twice = 2 * rest - numbers.denominator
    more = {
        "down": np.zeros(len(digits), dtype=bool),
        "up": rest > 0,
        "half_up": twice >= 0,
        "half_even": (twice > 0) | ((twice == 0) & (digits % 2 == 1)),
    }[mode]
    found = (digits + more) * np.sign(numbers.numerator)
    return Numbers(found, 1, numbers.known, numbers.bound + 1)


def sign_of(numbers: Numbers) -> Numbers:
    """Return -1, 0 or 1 for each of *numbers*; denominators are above 0."""
    return Numbers(np.sign(numbers.numerator), 1, numbers.known, 1)


def lying_in(total: Numbers, within: Intervals) -> Array:
    """Return where the *total*, where it is known, lies in one of the intervals."""
    runs = []
    for first, last in within:
        held = [] if first is None else [total.numerator >= _bound(first, total)]
        held += [] if last is None else [total.numerator <= _bound(last, total)]
        runs.append(every_of(held or [np.ones(len(total.numerator), dtype=bool)]))
    return any_of(runs or [np.zeros(len(total.numerator), dtype=bool)])


def _bound(end: int, total: Numbers) -> Array | int:
    """Return *end* times the denominator, or a number just beyond all that can be compared."""
    if isinstance(total.denominator, int) and total.denominator == 1:
        return max(-total.bound - 1, min(end, total.bound + 1))
    refuse_beyond(abs(end) * total.under, "a bound")
    return end * total.denominator


def largest(values: Array) -> int:
    """Return how far the furthest of *values* is from 0."""
    return max(abs(int(values.min())), abs(int(values.max()))) if len(values) else 0
