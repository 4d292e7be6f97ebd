"""Tests of a rulebook: cases made up for it, and what must come of each."""

from __future__ import annotations

from attrs import field, frozen

from oversight_engine.model.case import Case
from oversight_engine.model.noun import Noun
from oversight_engine.model.reform import Reform
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import Truth

TEST_FORMAT = "oversight-test/1"


@frozen(eq=False, repr=False)
class PathExpected(Noun):
    """A path to the outcome *to*: the least one changes these *facts*; none, where there is none.

    Attributes:
        facts: their ids, in any order.
    """

    to: str
    facts: tuple[str, ...]


@frozen(eq=False, repr=False)
class Expected(Noun):
    """What must come of a test; what is None is not asked.

    Attributes:
        outcome: one of the scale's, or `referral`.
        because: ids of rules that hold, hold back or refer.
        only: whether no other rule does.
        refers: ids of all rules that refer the case.
        missing: ids of the facts because of which the case is referred.
        measure: id of the measure that is recommended; empty for none.
        possible: the outcomes that remain possible, lightest first.
        findings, consequences: what those named come to.
    """

    outcome: str
    because: tuple[str, ...] = ()
    only: bool = False
    refers: tuple[str, ...] | None = None
    missing: tuple[str, ...] | None = None
    measure: str | None = None
    possible: tuple[str, ...] | None = None
    findings: tuple[tuple[str, Conclusion], ...] = ()
    consequences: tuple[tuple[str, Truth], ...] = ()
    path: PathExpected | None = None


@frozen(eq=False, repr=False)
class RulebookTest(Noun):
    """A case, in words what it shows, and what must come of it."""

    name: str
    case: Case
    expected: Expected
    place: str = field(default="", eq=False)


@frozen(eq=False, repr=False)
class Suite(Noun):
    """The tests of one file.

    Attributes:
        among: the cases of the cohort that the tests are judged among.
        reform: the reform that they are decided under, where there is one.
    """

    tests: tuple[RulebookTest, ...]
    among: tuple[Case, ...] = ()
    reform: Reform | None = None
    about: str = ""
    place: str = field(default="", eq=False)
