"""What one fact may truly be."""

from __future__ import annotations

from bisect import bisect_left
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

    @property
    def has_chances(self) -> bool:
        """Whether somebody says how likely its values are."""
        return self.is_even or bool(self.sums)

    def up_to(self, place: int) -> Exact:
        """Return how likely so many of the first values are together."""
        return Fraction(place, len(self.values)) if self.is_even else self.sums[place]

    def chance(self, first: int, last: int) -> Exact:
        """Return how likely the values from one place to another are together."""
        return self.up_to(last + 1) - self.up_to(first)

    def in_cells(self, cuts: Sequence[int]) -> Spread:
        """Return it with the first value of each cell for all of that cell: *cuts* begin them."""
        begins = {bisect_left(self.values, cut) for cut in cuts} | {0}
        places = sorted(begins - {len(self.values)})
        values = tuple(self.values[place] for place in places)
        ends = (*places, len(self.values)) if self.has_chances else ()
        return Spread(self.fact, values, tuple(self.up_to(place) for place in ends))
