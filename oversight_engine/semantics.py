"""What rules mean: the reference evaluator that every other way of deciding must agree with.

It walks the rulebook's own trees, exactly and without shortcuts: no caching, no third party.
`docs/explanation/semantics.md` says the same in prose.
"""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.expression import (
    Aggregate,
    And,
    CategoryComparison,
    Comparison,
    Condition,
    Count,
    DaysSince,
    Holds,
    Known,
    Membership,
    Name,
    Not,
    Number,
    Or,
    Product,
    Quantity,
    Quotient,
    Sum,
)
from oversight_engine.model.in_force import InForce
from oversight_engine.model.number import Exact, rounded
from oversight_engine.model.rulebook import Fact, Finding, Rulebook, Span
from oversight_engine.model.trace import Conclusion, Operands, Trace
from oversight_engine.model.truth import (
    FALSE,
    TRUE,
    UNKNOWN,
    Truth,
    conjunction,
    disjunction,
    negation,
)

VERSION = 1
"""The version of the semantics; every decision states it, and replay keeps every one alive."""

_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

Noted = tuple[Truth, Operands]
"""The truth of a leaf, and what its sides come to."""


def why_unknown(
    fact: Fact, stated: StatedFact | None, *, as_of: datetime.date, period: Span | None
) -> str:
    """Return why *fact* is unknown on the day *as_of*, or an empty text when it is known."""
    if stated is None:
        return "not stated"
    if stated.status not in fact.accepts:
        return f"its status is {stated.status}, which is not accepted"
    if stated.value is None:
        return "no value is given"
    if fact.max_age is None:
        return ""
    as_at = stated.as_at or (period.end if period is not None else None)
    if as_at is None:
        return "its age cannot be told: no as-at date and no period"
    age = (as_of - as_at).days
    return f"{age} days old, and at most {fact.max_age} are allowed" if age > fact.max_age else ""


def known_facts(rulebook: Rulebook, case: Case, as_of: datetime.date) -> dict[str, Value]:
    """Return the facts of *case* that are known on the day *as_of*, by id."""
    known: dict[str, Value] = {}
    for fact in rulebook.facts:
        stated = case.facts.get(fact.id)
        if not why_unknown(fact, stated, as_of=as_of, period=case.period):
            assert stated is not None  # what is not stated is unknown,
            assert stated.value is not None  # and so is what has no value
            known[fact.id] = stated.value
    return known


def evaluate(in_force: InForce, known: Mapping[str, Value], as_of: datetime.date) -> Trace:
    """Return the truth of everything *in_force*, given the *known* facts on the day *as_of*."""
    return _Evaluation(in_force, known, as_of).trace()


def number_of(quantity: Quantity, in_force: InForce, as_of: datetime.date) -> Exact | None:
    """Return what *quantity*, which mentions parameters at most, comes to on the day *as_of*."""
    return _Evaluation(in_force, {}, as_of).number(quantity)


def _truth(value: bool) -> Truth:
    return TRUE if value else FALSE


class _Evaluation:
    """One walk over what is in force, for one case on one day."""

    def __init__(self, in_force: InForce, known: Mapping[str, Value], as_of: datetime.date) -> None:
        self.in_force = in_force
        self.categories = in_force.rulebook.categories
        self.as_of = as_of
        # Facts, parameters and findings share one namespace; what is not in here is unknown.
        self.values: dict[str, Any] = dict(known)
        self.values.update((name, dated.value) for name, dated in in_force.parameters.items())
        self.noted: list[Noted] = []

    def trace(self) -> Trace:
        """Return the truth of everything in force."""
        findings: dict[str, Conclusion] = {}
        for finding in self.in_force.findings:
            conclusion = self.conclude(finding)
            findings[finding.id] = conclusion
            if conclusion is not None and conclusion is not UNKNOWN:
                self.values[finding.id] = conclusion
        rules = {}
        for rule in self.in_force.rules:
            truth = self.truth(rule.statement.condition)
            rules[rule.id] = negation(truth) if rule.negated else truth
        consequences = {}
        for consequence in self.in_force.consequences:
            consequences[consequence.id] = TRUE
            if consequence.statement is not None:
                consequences[consequence.id] = self.truth(consequence.statement.condition)
        leaves, operands = zip(*self.noted, strict=True) if self.noted else ((), ())
        return Trace(
            findings=findings,
            rules=rules,
            consequences=consequences,
            leaves=leaves,
            operands=operands,
        )

    def conclude(self, finding: Finding) -> Conclusion:
        """Return what *finding* comes to."""
        if finding.when is not None:
            return self.truth(finding.when.condition)
        if finding.value is not None:
            number = self.number(finding.value.quantity)
        else:
            assert finding.table is not None, "a finding is a condition, a value or a table"
            truths = [self.truth(row.when.condition) for row in finding.table.rows]
            chosen = finding.table.otherwise
            if TRUE in truths:
                chosen = finding.table.rows[truths.index(TRUE)].value
            elif UNKNOWN in truths:
                return None
            if chosen is None or isinstance(chosen, str):
                return chosen
            number = self.number(chosen.quantity)
        if number is not None and finding.ranked is not None:
            return self.in_force.steps[finding.id].score(number)
        if number is None or finding.rounded is None:
            return number
        return rounded(number, finding.rounded.decimals, finding.rounded.mode)

    def truth(self, condition: Condition) -> Truth:
        """Return the truth of *condition*. Every part is evaluated, so every leaf is noted."""
        truth = _TRUTHS.get(type(condition))
        assert truth is not None, "a condition is a leaf, or made of conditions"
        return truth(self, condition)

    def negated(self, condition: Not) -> Truth:
        return negation(self.truth(condition.condition))

    def all_of(self, condition: And) -> Truth:
        return conjunction([self.truth(part) for part in condition.conditions])

    def any_of(self, condition: Or) -> Truth:
        return disjunction([self.truth(part) for part in condition.conditions])

    # Each kind of leaf: its truth, noted with what its sides come to.

    def comparison(self, leaf: Comparison) -> Truth:
        left, right = self.number(leaf.left), self.number(leaf.right)
        truth = compare(left, leaf.operator, right)
        self.noted.append((truth, (left, right)))
        return truth

    def holds(self, leaf: Holds) -> Truth:
        value = self.values.get(leaf.name.id, UNKNOWN)
        truth = value if isinstance(value, Truth) else _truth(value)
        self.noted.append((truth, (truth, None)))
        return truth

    def known(self, leaf: Known) -> Truth:
        truth = _truth(leaf.name.id in self.values)
        self.noted.append((truth, (truth, None)))
        return truth

    def membership(self, leaf: Membership) -> Truth:
        value = self.values.get(leaf.name.id)
        truth = UNKNOWN if value is None else _truth((value in leaf.values) != leaf.negated)
        self.noted.append((truth, (value, None)))
        return truth

    def category(self, leaf: CategoryComparison) -> Truth:
        """Compare in the declared order. A value outside the order is on no side of anything."""
        value = self.values.get(leaf.name.id)
        order = self.categories(leaf.name)
        if value in order:
            truth = compare(order.index(value), leaf.operator, order.index(leaf.value))
        else:
            truth = UNKNOWN if value is None else FALSE
        self.noted.append((truth, (value, None)))
        return truth

    def count(self, leaf: Count) -> Truth:
        """Return a truth only where every number of the interval agrees on it."""
        place = len(self.noted)
        truths = [self.truth(part) for part in leaf.conditions]
        least = truths.count(TRUE)
        most = least + truths.count(UNKNOWN)
        right = self.number(leaf.right)
        possible = {compare(n, leaf.operator, right) for n in range(least, most + 1)}
        truth = possible.pop() if len(possible) == 1 else UNKNOWN
        # A count stands before the leaves it counts; any other leaf stands at the end.
        self.noted.insert(place, (truth, ((least, most), right)))
        return truth

    def number(self, quantity: Quantity) -> Exact | None:
        """Return the exact value of *quantity*, or None where it is unknown."""
        if isinstance(quantity, Name):
            return self.values.get(quantity.id)
        if isinstance(quantity, Number):
            return quantity.value
        return _NUMBERS[type(quantity)](self, quantity)

    def sum_of(self, quantity: Sum) -> Exact | None:
        left, right = self.number(quantity.left), self.number(quantity.right)
        if left is None or right is None:
            return None
        return left - right if quantity.minus else left + right

    def product(self, quantity: Product) -> Exact | None:
        factor, operand = self.number(quantity.factor), self.number(quantity.operand)
        return None if factor is None or operand is None else factor * operand

    def quotient(self, quantity: Quotient) -> Exact | None:
        operand, divisor = self.number(quantity.operand), self.number(quantity.divisor)
        return None if operand is None or divisor is None else Fraction(operand) / divisor

    def days_since(self, quantity: DaysSince) -> int | None:
        day = self.values.get(quantity.fact)
        return None if day is None else (self.as_of - day).days

    def aggregate(self, quantity: Aggregate) -> Exact | None:
        """Return the function of the known operands, or None where none is known."""
        weights = [self.number(weight) for weight in quantity.weights] or [1] * len(
            quantity.operands
        )
        pairs = [
            (number, weight)
            for operand, weight in zip(quantity.operands, weights, strict=True)
            if (number := self.number(operand)) is not None and weight is not None
        ]
        if not pairs:
            return None
        numbers = [number for number, _ in pairs]
        if quantity.function == "min_known":
            return min(numbers)
        if quantity.function == "max_known":
            return max(numbers)
        if quantity.function == "sum_known":
            return sum(numbers)
        weighted = sum(number * weight for number, weight in pairs)
        return Fraction(weighted) / sum(weight for _, weight in pairs)


_TRUTHS: Mapping[type, Callable[[_Evaluation, Any], Truth]] = {
    Not: _Evaluation.negated,
    And: _Evaluation.all_of,
    Or: _Evaluation.any_of,
    Comparison: _Evaluation.comparison,
    Holds: _Evaluation.holds,
    Known: _Evaluation.known,
    Membership: _Evaluation.membership,
    CategoryComparison: _Evaluation.category,
    Count: _Evaluation.count,
}
_NUMBERS: Mapping[type, Callable[[_Evaluation, Any], Exact | None]] = {
    Sum: _Evaluation.sum_of,
    Product: _Evaluation.product,
    Quotient: _Evaluation.quotient,
    DaysSince: _Evaluation.days_since,
    Aggregate: _Evaluation.aggregate,
}


def compare(left: Exact | None, symbol: str, right: Exact | None) -> Truth:
    """Compare two exact numbers; unknown where either is."""
    if left is None or right is None:
        return UNKNOWN
    if type(left) is type(right) is int:
        return TRUE if _HOLDS[symbol](left, right) else FALSE
    (above, below), (other, under) = left.as_integer_ratio(), right.as_integer_ratio()
    return TRUE if _HOLDS[symbol](above * under, other * below) else FALSE
