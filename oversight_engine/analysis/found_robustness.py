"""What robustness says: whether a decision is firm, and what could turn it."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from oversight_engine.analysis.nearness import Threshold
from oversight_engine.analysis.rounding import Rounded
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Fact

Basis = Literal["range", "uniform", "chances"]
"""What says that a fact is uncertain: a stated range, one with a shape, or stated chances."""

About = Literal["possible", "alone", "pair", "if_known", "if_rounded", "rounded"]
"""What was asked: what is possible, what one uncertain fact brings or two of them do, what is
possible if all that is unknown was known or if figures may have been rounded, and what the rounding
of one figure brings."""


@frozen(eq=False, repr=False)
class Uncertain(Noun):
    """A fact that may truly be otherwise.

    Attributes:
        least, most: the ends of its range; of what has no order, None.
        flips: the outcomes (or `referral`) that become possible by it alone.
    """

    fact: Fact
    value: Value
    basis: Basis
    least: Value | None
    most: Value | None
    flips: tuple[str, ...] = ()


@frozen(eq=False, repr=False)
class Undecided(Noun):
    """What z3 gave up on.

    Attributes:
        facts: what it was asked about, where that is not all of them.
        outcomes: those (or `referral`) that nobody knows to be possible or not.
    """

    about: About
    facts: tuple[Fact, ...]
    outcomes: tuple[str, ...]


@frozen(eq=False, repr=False)
class Robustness(Noun):
    """Whether a decision is firm, and what could turn it.

    Attributes:
        possible: the outcomes (or `referral`) that remain possible under all stated uncertainty.
        uncertain: the facts that may be otherwise, those that turn the decision first.
        pairs: of facts that are not known to turn it alone, those that do together, with what they
            bring.
        chances: the exact probability of each of *possible*; none where some fact states a range
            and not how likely its values are.
        no_chances_because: why there are none where each does.
        thresholds: the nearest first.
        unknown: the facts that are unknown and that the rules read.
        if_known: the outcomes (or `referral`) that are possible if those were known, exactly.
        bound: what the decision itself says is possible, a bound that is quick to find.
        if_rounded: the outcomes (or `referral`) that remain possible if, besides, each figure that
            states nothing of its uncertainty may have been rounded to its last decimal.
        rounded: the figures whose rounding may matter, those that turn the decision alone first.
        by_z3: whether a search took too many steps, so that z3 was asked.
        undecided: what z3 gave up on; what is said of all else is exact.
        undecided_because: why it gave up.
    """

    decision: Decision
    possible: tuple[str, ...]
    uncertain: tuple[Uncertain, ...]
    pairs: tuple[tuple[Fact, Fact, tuple[str, ...]], ...]
    chances: tuple[tuple[str, Exact], ...]
    thresholds: tuple[Threshold, ...]
    unknown: tuple[Fact, ...]
    if_known: tuple[str, ...]
    bound: tuple[str, ...]
    if_rounded: tuple[str, ...]
    rounded: tuple[Rounded, ...] = ()
    are_pairs_left_out: bool = False
    no_chances_because: str = ""
    by_z3: bool = False
    undecided: tuple[Undecided, ...] = ()
    undecided_because: str = ""

    @property
    def is_firm(self) -> bool:
        """Whether it is known that nothing but the decision as it is remains possible."""
        return self.possible == (self.decision.label,) and not self.is_open("possible")

    @property
    def is_undecided(self) -> bool:
        """Whether it is not known if anything else remains possible."""
        return set(self.possible) <= {self.decision.label} and self.is_open("possible")

    @property
    def is_firm_if_rounded(self) -> bool:
        """Whether it is so too where figures may have been rounded."""
        return self.if_rounded == (self.decision.label,) and not self.is_open("if_rounded")

    def is_open(self, question: About, *facts: Fact) -> bool:
        """Whether z3 gave up on some of a *question*, or of that about these *facts*."""
        return any(
            each.about == question and (not facts or each.facts == facts)
            for each in self.undecided
        )  # fmt: skip
