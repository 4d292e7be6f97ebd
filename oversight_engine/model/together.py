"""What a rulebook says of cases taken together: cohorts, scores by rank, and who is proposed."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from oversight_engine.model.expression import Formula, Name, Statement
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Basis, RoundingTo

Interpolation = Literal["linear", "lower", "higher"]
Side = Literal["higher", "lower"]
UNSTATED = Basis()


@frozen(eq=False, repr=False)
class CohortDeclaration(Noun):
    """Which cases a rulebook judges together.

    Attributes:
        members: what makes a case a member; None makes every case one.
        smallest: fewer members are refused.
    """

    title: str
    smallest: int
    members: Statement | None = None
    basis: Basis = UNSTATED
    about: str = ""


@frozen(eq=False, repr=False)
class CohortQuantile(Noun):
    """The quantile of a quantity over the members of a cohort for which it is known.

    Attributes:
        at: from 0, the least, to 1, the most.
        interpolation: what is taken between two members: `linear` is the spreadsheets' (type 7).
    """

    of: Formula
    at: Exact
    interpolation: Interpolation
    basis: Basis = UNSTATED


@frozen(eq=False, repr=False)
class CohortCount(Noun):
    """For how many members of a cohort a condition is true."""

    of: Statement
    basis: Basis = UNSTATED


@frozen(eq=False, repr=False)
class Threshold(Noun):
    """A value that does not depend on the cohort, and the score that goes with it."""

    at: Formula
    score: Formula


@frozen(eq=False, repr=False)
class Ranked(Noun):
    """How a number becomes a score by its rank among the members of the cohort.

    All formulas are constants. The scores go one way, from the standard's to the floor's.

    Attributes:
        better: which numbers rank first.
        best, worst: the scores between which members are spread evenly; tied ones all have the
            tie's best score.
        standard: whoever reaches it has its score, whatever the others do.
        floor: whoever falls short of it has its score.
        rounded: how scores are rounded.
    """

    better: Side
    best: Formula
    worst: Formula
    standard: Threshold | None = None
    floor: Threshold | None = None
    rounded: RoundingTo | None = None

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Every constant it is made of."""
        thresholds = [each for each in (self.standard, self.floor) if each is not None]
        return (self.best, self.worst, *(f for t in thresholds for f in (t.at, t.score)))


@frozen(eq=False, repr=False)
class OrderKey(Noun):
    """A fact or finding by which systems are put in order, and which of its values come first.

    What is unknown, or outside the order of a category, comes last.
    """

    name: Name
    first: Side


@frozen(eq=False, repr=False)
class ProposalDeclaration(Noun):
    """Who is proposed, of the systems whose decisions carry a consequence that holds.

    Attributes:
        consequence: its id.
        places: how many are proposed; a constant.
        order: the first key by which two differ decides; where none does, the system's code.
    """

    id: str
    title: str
    consequence: str
    places: Formula
    order: tuple[OrderKey, ...]
    basis: Basis = UNSTATED
    about: str = ""
    place: str = field(default="", eq=False)
