"""Exact numbers: whole numbers and fractions, never binary floating point."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

Exact = int | Fraction
"""An exact number. A whole one is always an `int`."""

Rounding = Literal["half_even", "half_up", "down", "up"]

# `Fraction` would take exponents (of any size), signs, spaces and every script's digits as well.
_EXACT = re.compile(r"-?[0-9]+(\.[0-9]+|/0*[1-9][0-9]*)?")


def exact(text: str) -> Exact:
    """Read a plain decimal, or the `p/q` this module writes.

    Raises:
        ValueError: *text* is not such a number.
    """
    if not _EXACT.fullmatch(text):
        raise ValueError(f"{text!r} is not a plain decimal or a quotient of whole numbers")
    return whole_if_possible(Fraction(text))


def whole_if_possible(number: Exact) -> Exact:
    """Return *number* as an `int` if it is whole, so that equal numbers have one form."""
    return int(number) if number.denominator == 1 else number


def scaled(number: Exact, decimals: int) -> int | None:
    """Return *number* times ten to the *decimals*, or None where that is not whole."""
    numerator, denominator = number.as_integer_ratio()
    multiple, rest = divmod(10**decimals, denominator)
    return None if rest else numerator * multiple


def decimal_places(number: Exact) -> int | None:
    """Return how many decimals write *number* exactly, or None where no number does."""
    denominator, twos, fives = number.denominator, 0, 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else None


def written(number: Exact) -> str:
    """Return the shortest exact text of *number*: a decimal, or `p/q` where none is exact."""
    if number.denominator == 1:
        return str(int(number))
    places = decimal_places(number)
    if places is None:
        return f"{number.numerator}/{number.denominator}"
    digits = str(abs(number.numerator) * int(10**places) // number.denominator).rjust(
        places + 1, "0"
    )
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def rounded(number: Exact, decimals: int, mode: Rounding) -> Exact:
    """Return *number* at *decimals* places.

    `half_even` and `half_up` go to the nearest, a tie to the even digit or away from zero;
    `down` goes towards zero and `up` away from it.
    """
    positive = -number if number < 0 else number
    shifted = Fraction(positive * int(10**decimals))
    digits, rest = divmod(shifted.numerator, shifted.denominator)
    twice = 2 * rest - shifted.denominator
    if (
        (mode == "up" and rest)
        or (mode == "half_up" and twice >= 0)
        or (mode == "half_even" and (twice > 0 or (twice == 0 and digits % 2)))
    ):
        digits += 1
    return whole_if_possible(Fraction(digits if number >= 0 else -digits, int(10**decimals)))
