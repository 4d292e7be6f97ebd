"""A decision: the outcome or referral of one case, with every reason, as frozen values."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from attrs import field, frozen

from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.expression import Leaf
from oversight_engine.model.in_force import NotInForce
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import (
    REFERRAL,
    Consequence,
    DatedValue,
    Fact,
    Finding,
    Parameter,
    Rule,
    Rulebook,
)
from oversight_engine.model.trace import Conclusion, Effect, Operand
from oversight_engine.model.truth import Truth

# A decision has some three hundred of the following rows, so these are tuples with names: half
# the cost of any other frozen value.


class LeafResult(NamedTuple):
    """One leaf of a condition: its truth, and what its sides came to."""

    leaf: Leaf
    truth: Truth
    left: Operand
    right: Operand


class FactReading(NamedTuple):
    """A declared fact as the decision read it.

    Attributes:
        stated: as the case states it, or None.
        value: what the decision used; None where the fact is unknown.
        why_unknown: empty where it is known.
        consulted: whether anything in force mentions it, directly or through findings.
    """

    fact: Fact
    stated: StatedFact | None
    value: Value | None
    why_unknown: str
    consulted: bool


class FindingResult(NamedTuple):
    """What a finding came to, leaf by leaf."""

    finding: Finding
    conclusion: Conclusion
    leaves: tuple[LeafResult, ...]


class RuleResult(NamedTuple):
    """The truth of a rule, what it did to the decision, and its leaves."""

    rule: Rule
    truth: Truth
    effect: Effect
    leaves: tuple[LeafResult, ...]


class ConsequenceResult(NamedTuple):
    """A consequence of the decision; one with an unknown condition depends on missing evidence."""

    consequence: Consequence
    truth: Truth
    leaves: tuple[LeafResult, ...]


@frozen(eq=False, repr=False)
class ParameterUse(Noun):
    """A parameter that something in force uses, with the value of the day and where it is from."""

    parameter: Parameter
    dated: DatedValue


@frozen(eq=False, repr=False)
class Burden(Noun):
    """Returns a year: at least those that are carried, at most with those that may be."""

    least: int
    most: int


@frozen(eq=False, repr=False)
class Attestation(Noun):
    """What is said about a decision beside it; no part of the bytes that replay compares.

    Attributes:
        evaluators: those that computed the decision and agreed.
        remarks: what a reader should know of how it was computed.
        certificate: the digest of what was proved of the rulebook, where one was given.
    """

    engine_version: str
    evaluators: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    certificate: str = ""


@frozen(eq=False, repr=False)
class Decision(Noun):
    """The outcome or referral of one case under one rulebook on one day, with every reason.

    Attributes:
        outcome: one of the rulebook's scale, or None for a referral.
        possible: the outcomes that remain possible whatever the unknown facts are.
        missing: ids of the unknown facts because of which the case is referred, in the
            rulebook's order; empty unless it is a referral.
        measure: id of the recommended measure (with the harshest outcome), or empty.
        rests_on: for each status other than `final`, the ids of the facts consulted with it.
        consequences: those of the outcome (or of a referral) that hold or may hold.
        review_on: when the decision is due for review, where a consequence says so.
        cohort: what the rulebook takes from the cohort, where it declares one.
        as_of_overridden: the date was given by the caller, not by the case.
    """

    rulebook: Rulebook
    case: Case
    as_of: datetime.date
    as_of_overridden: bool
    semantics: int
    outcome: str | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    measure: str
    rests_on: tuple[tuple[str, tuple[str, ...]], ...]
    facts: tuple[FactReading, ...]
    findings: tuple[FindingResult, ...]
    rules: tuple[RuleResult, ...]
    consequences: tuple[ConsequenceResult, ...]
    parameters: tuple[ParameterUse, ...]
    not_in_force: tuple[NotInForce, ...]
    burden: Burden
    review_on: datetime.date | None
    attestation: Attestation = field(eq=False)
    cohort: CohortValues | None = None

    @property
    def referred(self) -> bool:
        """Whether the engine declined to decide."""
        return self.outcome is None

    @property
    def label(self) -> str:
        """The outcome, or `referral`."""
        return self.outcome or REFERRAL
