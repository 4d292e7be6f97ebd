"""What one fact may truly be, and what rules come to together."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from oversight_engine.model.number import Exact


class Spread(NamedTuple):
    """The values that one fact may truly have, ascending, as terms.

    Attributes:
        sums: how likely the first so many are together; none where nobody says.
    """

    fact: str
    values: Sequence[int]
    sums: Sequence[Exact] = ()
    is_even: bool = False

    def chance(self, first: int, last: int) -> Exact:
        """Return how likely the values from one place to another are together."""
        if self.is_even:
            return Fraction(last - first + 1, len(self.values))
        return self.sums[last + 1] - self.sums[first]


class Sign(NamedTuple):
    """What some rules come to together.

    Attributes:
        held: the most severe outcome that a true one brings.
        back: the most severe that a true one brings or an unknown one holds back to.
        refers: whether one calls for a referral.
    """

    held: int = 0
    back: int = 0
    refers: bool = False

    def beside(self, other: Sign) -> Sign:
        """Return what these rules and the *other* ones come to."""
        return Sign(
            max(self.held, other.held), max(self.back, other.back), self.refers or other.refers
        )
