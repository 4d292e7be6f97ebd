"""What a path to another outcome says, and what stands in the way where there is none."""

from __future__ import annotations

import datetime

from attrs import frozen

from oversight_engine.analysis.levers import Measure, Toward
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Fact, Rule


@frozen(eq=False, repr=False)
class Change(Noun):
    """What a path asks of one fact.

    Attributes:
        before: what was stated; None where it was unknown, and *why_unknown* says why.
        after: what it would be.
        enough: what else would do, all the rest being as the path has it: values from one to
            another, or each of some categories.
        due: when, by its cadence, the fact is next stated; None where nobody says.
    """

    fact: Fact
    before: Value | None
    after: Value
    enough: tuple[Value, ...] | tuple[tuple[Value, Value], ...]
    why_unknown: str = ""
    due: datetime.date | None = None


@frozen(eq=False, repr=False)
class Path(Noun):
    """Changes that together bring an outcome.

    Attributes:
        total: what they count by the measure: facts, shares of the facts' own scales, or effort.
        decision: of the case as it would be.
    """

    changes: tuple[Change, ...]
    total: Exact
    decision: Decision


@frozen(eq=False, repr=False)
class Obstacle(Noun):
    """Rules that nothing movable would lift.

    Attributes:
        rules: one, or several that cannot be lifted together.
        fixed: the facts behind them that do not move, each with the reason.
    """

    rules: tuple[Rule, ...]
    fixed: tuple[tuple[Fact, str], ...]


@frozen(eq=False, repr=False)
class Paths(Noun):
    """The paths of a case to an outcome, the least first, or what stands in the way of any.

    Attributes:
        decision: of the case as it is.
        to: the outcome.
        measure: what is least.
        toward: which way facts with a better direction may move.
        besides: where something stands in the way, the least that the other rules would need.
        is_evidence_only: whether nothing that is known was to change: from a referral to the
            harshest outcome, where evidence alone can lead there.
        by_z3: whether the search took too many steps, so that z3 was asked for one least path.
    """

    decision: Decision
    to: str
    measure: Measure
    toward: Toward
    paths: tuple[Path, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    besides: tuple[Change, ...] = ()
    is_evidence_only: bool = False
    by_z3: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the case has the outcome already."""
        return self.decision.outcome == self.to
