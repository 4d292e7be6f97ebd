"""A rulebook as it holds on a day, compiled flat: what every evaluator but the reference reads.

Numbers become whole, so that any reader can be exact with integers alone:

* a *term* is something a case or an earlier conclusion gives: a fact, a finding's number or
  category, the mean of some of them. It is a whole number (a fact's value times its scale, a
  category's code, 0 or 1, days) or unknown;
* a *quantity* is a sum of whole multiples of terms, unknown where one of them is;
* a *node* is a truth: a test of a quantity against intervals, a count of nodes, or a
  conjunction. Whatever says the same twice is there once. There is no "or": by De Morgan it is
  the negation of a conjunction, in Kleene's logic as in any other;
* a *proposition* names a node, or with `~` its negation.

Terms and nodes have *stages*. A node of a stage reads terms of that stage or earlier ones and
nodes of earlier ones; a term reads what came before its stage. Nothing reads backwards. (A
conjunction of tests of quantities can ask for the same itself, and so stands in their stage.)

The reference evaluator does not look in here, so that a fault in compiling shows as a
disagreement. All are named tuples rather than classes of `attrs`, which take longer to define:
every command that decides starts by importing them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from oversight_engine.model.cohort import StepTable
from oversight_engine.model.expression import AggregateFunction
from oversight_engine.model.rulebook import FactType, IfUnknown, RoundingTo

if TYPE_CHECKING:
    pass

Proposition = int
"""The place of a node in the program; `~place` is its negation."""

Interval = tuple[int | None, int | None]
"""Whole numbers from one end to the other, both included; None where it is open."""

Intervals = tuple[Interval, ...]
"""Ascending, and with a gap between any two."""


# What the program is made of


class LinearSum(NamedTuple):
    """`(sum of multiple * term + constant) / divisor`; multiples are by the term's place.

    A term with the multiple 0 adds nothing and still makes the sum unknown when it is unknown.
    """

    multiples: tuple[tuple[int, int], ...]
    constant: int = 0
    divisor: int = 1


class FactTerm(NamedTuple):
    """A stated fact: a number times *scale*, a boolean, a category's code, or days since a date.

    Attributes:
        codes: of a category, by value: its place in the order, negative outside it.
    """

    fact: str
    type: FactType
    scale: int | None = 1
    codes: Mapping[str, int] | None = None
    stage: int = 0


class KnownTerm(NamedTuple):
    """Whether a term, or the truth of a node, is known: 1 or 0, never unknown."""

    term: int | None
    proposition: Proposition | None
    stage: int
    scale: int | None = 1


class AggregateTerm(NamedTuple):
    """A function of those of its *operands* that are known, times *scale*.

    Attributes:
        operands: all with one divisor.
        weights: whole numbers, one for each operand.
        scale: None where no scale makes every value whole, as of a mean: the term is then the
            fraction itself.
    """

    function: AggregateFunction
    operands: tuple[LinearSum, ...]
    weights: tuple[int, ...]
    scale: int | None
    stage: int


class FormulaTerm(NamedTuple):
    """The number of a value finding, times *scale*; the fraction itself where that is None.

    Attributes:
        steps: of a ranked finding, what turns the number into a score.
    """

    finding: str
    formula: LinearSum
    rounded: RoundingTo | None
    scale: int | None
    stage: int
    steps: StepTable | None = None


class TableTerm(NamedTuple):
    """The number, times *scale*, or the category's code, that a decision table comes to.

    Attributes:
        rows: what makes each row apply, and what it then gives; at most one is true.
        otherwise: what it gives when every row is false.
    """

    finding: str
    rows: tuple[tuple[Proposition, int], ...]
    otherwise: int | None
    scale: int | None
    codes: Mapping[str, int] | None
    stage: int


Term = FactTerm | KnownTerm | AggregateTerm | FormulaTerm | TableTerm


class InRange(NamedTuple):
    """Whether a quantity (by its place) lies in one of the intervals; unknown where it is."""

    quantity: int
    within: Intervals
    stage: int


class Tally(NamedTuple):
    """Whether the number of those that hold lies in one of the intervals.

    Unknown ones may hold or not: it is true or false only where every number they allow agrees.
    """

    of: tuple[Proposition, ...]
    within: Intervals
    stage: int


class AllOf(NamedTuple):
    """Kleene's conjunction of two or more."""

    of: tuple[Proposition, ...]
    stage: int


Node = InRange | Tally | AllOf


class RuleEntry(NamedTuple):
    """A rule: the proposition that is its truth, and what it does to the outcome."""

    id: str
    proposition: Proposition
    outcome: str
    if_unknown: IfUnknown


class Program(NamedTuple):
    """All of it.

    Attributes:
        outcomes: the scale, lightest first.
        terms, quantities, nodes: each reads only what stands before it.
        conditions: the condition findings, by id.
        values: by id, the terms that are the number or category of the other findings.
        consequences: by id; None where it holds unconditionally.
        leaves: what each leaf of a condition says, in the order of `InForce.leaves`.
        stages: how many there are.
    """

    outcomes: tuple[str, ...]
    terms: tuple[Term, ...]
    quantities: tuple[LinearSum, ...]
    nodes: tuple[Node, ...]
    conditions: tuple[tuple[str, Proposition], ...]
    values: tuple[tuple[str, int], ...]
    rules: tuple[RuleEntry, ...]
    consequences: tuple[tuple[str, Proposition | None], ...]
    leaves: tuple[Proposition, ...]
    stages: int


def complement(intervals: Intervals) -> Intervals:
    """Return the whole numbers that are in none of *intervals*."""
    gaps: list[Interval] = []
    start: int | None = None
    for first, last in intervals:
        if first is not None:
            gaps.append((start, first - 1))
        if last is None:
            return tuple(gaps)
        start = last + 1
    return (*gaps, (start, None))


def interval_of(node: Node, *, denied: bool) -> Interval | None:
    """Return the one interval in which *node* (or its negation) wants its quantity, if so it is.

    A conjunction can ask for that itself, without waiting for the node.
    """
    if not isinstance(node, InRange):
        return None
    within = complement(node.within) if denied else node.within
    return within[0] if len(within) == 1 else None
