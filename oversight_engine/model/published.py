"""A published cell: one figure that somebody else computed, to be compared with ours."""

from __future__ import annotations

from fractions import Fraction

from attrs import field, frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Span

TAKEN_AS_GIVEN = "published_"
"""What the id of a fact begins with that takes a published figure as it is."""


@frozen(eq=False, repr=False)
class PublishedCell(Noun):
    """A figure as it was published.

    Attributes:
        code: whose it is.
        period: what it speaks of.
        metric: what it is; the id of the finding that computes the same.
        value: exactly as published.
        decimals: to how many decimals the publication gives it, noughts at the end or not.
        group: the kind of organisation, where the publication has several.
        absent: the kinds of organisation that the publication has and of which nothing was read
            for the period: what was computed among all of them cannot be recomputed.
        source: where it stands, for people.
    """

    code: str
    period: Span
    metric: str
    value: Exact
    decimals: int
    group: str = ""
    absent: tuple[str, ...] = ()
    source: str = field(default="", eq=False)

    @property
    def half_unit(self) -> Exact:
        """How far from the published value the value before rounding can be."""
        return half_unit(self.decimals)


def half_unit(decimals: int) -> Exact:
    """Return half of the last of so many *decimals*."""
    return Fraction(1, 2 * int(10**decimals))
