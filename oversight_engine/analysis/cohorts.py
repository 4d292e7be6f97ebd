"""An example of a cohort, for asking what can be once there is one; and what no cohort changes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve

from oversight_engine import semantics
from oversight_engine.analysis.axes import range_of
from oversight_engine.analysis.enclosures import Enclosure
from oversight_engine.compiler import compile_program
from oversight_engine.model.cohort import CohortValues, StepTable, some_cohort
from oversight_engine.model.expression import (
    Aggregate,
    Comparison,
    Count,
    Formula,
    Name,
    Product,
    Quantity,
    Quotient,
    Sum,
    names_in_condition,
    names_in_quantity,
)
from oversight_engine.model.in_force import InForce, find_in_force, names_in_finding
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.together import CohortQuantile, Ranked
from oversight_engine.program import FactTerm


def example_cohort(rulebook: Rulebook, day: datetime.date) -> CohortValues | None:
    """Return values of a cohort in which what is ranked is spread evenly; None without a cohort."""
    if rulebook.cohort is None:
        return None
    cohort = some_cohort(rulebook, day)
    if rulebook.reform is not None:
        cohort = evolve(cohort, reform=rulebook.reform.digest)
    reaches = _Reaches(rulebook, day, cohort)
    steps = {
        finding.id: reaches.steps(finding.ranked, finding.value.quantity)
        for finding in rulebook.findings
        if finding.ranked is not None and finding.value is not None
    }
    cohort = evolve(cohort, steps=steps)
    reaches = _Reaches(rulebook, day, cohort)
    parameters = {
        parameter.id: reaches.spread(parameter.cohort.of.quantity)[round(4 * parameter.cohort.at)]
        if isinstance(parameter.cohort, CohortQuantile)
        else cohort.parameters[parameter.id]
        for parameter in rulebook.parameters
        if parameter.cohort is not None
    }
    return evolve(cohort, parameters=parameters)


class _Reaches:
    """What quantities of a rulebook can come to, given values of a cohort."""

    def __init__(self, rulebook: Rulebook, day: datetime.date, cohort: CohortValues) -> None:
        self.day = day
        self.in_force = find_in_force(rulebook, day, cohort)
        self.program = compile_program(self.in_force)
        reaches = {fact.id: range_of(fact, day) for fact in rulebook.facts}
        self.enclosure = Enclosure(self.program, reaches)

    def spread(self, quantity: Quantity) -> tuple[Exact, ...]:
        """Return five numbers evenly spread over what *quantity*, a name, can come to."""
        least, most = self.ends(quantity)
        return tuple(whole_if_possible(least + (most - least) * Fraction(n, 4)) for n in range(5))

    def ends(self, quantity: Quantity) -> tuple[Exact, Exact]:
        place = self.place(quantity)
        if place is None:
            return 0, 0
        reach, scale = self.enclosure.term(place), self.program.terms[place].scale or 1
        if reach.least is None or reach.most is None:
            return 0, 0
        return Fraction(reach.least) / scale, Fraction(reach.most) / scale

    def place(self, quantity: Quantity) -> int | None:
        """Return the term of a *quantity* that is no more than a name."""
        if not isinstance(quantity, Name):
            return None
        facts = {
            term.fact: place
            for place, term in enumerate(self.program.terms)
            if isinstance(term, FactTerm)
        }
        return (facts | dict(self.program.values)).get(quantity.id)

    def steps(self, ranked: Ranked, quantity: Quantity) -> StepTable:
        """Return scores spread evenly, from the best number that *quantity* may be to the worst."""
        best, worst = (
            semantics.number_of(formula.quantity, self.in_force, self.day) or 0
            for formula in (ranked.best, ranked.worst)
        )
        if ranked.better == "higher":
            best, worst = worst, best
        scores = (best + (worst - best) * Fraction(n, 4) for n in range(5))
        numbers = sorted({*self.spread(quantity)})
        return StepTable(
            ranked.better,
            tuple((n, whole_if_possible(s)) for n, s in zip(numbers, scores, strict=False)),
            best if ranked.better == "higher" else worst,
        )


def rules_of_cohort(in_force: InForce) -> frozenset[str]:
    """Return the rules whose conditions rest on what is computed from a cohort."""
    rulebook = in_force.rulebook
    computed = {p.id for p in rulebook.parameters if p.cohort is not None}
    computed |= {finding.id for finding in rulebook.findings if finding.ranked is not None}
    for finding in in_force.findings:  # each stands behind what it mentions
        if any(name.id in computed for name in names_in_finding(finding)):
            computed.add(finding.id)
    return frozenset(
        rule.id
        for rule in in_force.rules
        if any(name.id in computed for name in names_in_condition(rule.statement.condition))
    )


def is_added_only(in_force: InForce) -> bool:
    """Say whether what is computed from a cohort is only compared with, added and subtracted.

    Then another cohort moves lines, and turns no comparison round.
    """
    computed = {p.id for p in in_force.rulebook.parameters if p.cohort is not None}
    return not any(name.id in computed for name in _fixed(in_force))


def _fixed(in_force: InForce) -> Iterator[Name]:
    """Yield every name that stands where not its place on a line matters but its very number."""
    for leaf in in_force.leaves:
        if isinstance(leaf, Comparison):
            yield from _fixed_in(leaf.left)
            yield from _fixed_in(leaf.right)
        elif isinstance(leaf, Count):
            yield from names_in_quantity(leaf.right)
    for finding in in_force.findings:
        if finding.value is not None:
            yield from _fixed_in(finding.value.quantity)
        if finding.table is not None:
            for value in (*(row.value for row in finding.table.rows), finding.table.otherwise):
                if isinstance(value, Formula):
                    yield from names_in_quantity(value.quantity)


def _fixed_in(quantity: Quantity) -> Iterator[Name]:
    if isinstance(quantity, Sum):
        yield from _fixed_in(quantity.left)
        yield from _fixed_in(quantity.right)
    elif isinstance(quantity, Product):
        yield from names_in_quantity(quantity.factor)
        yield from _fixed_in(quantity.operand)
    elif isinstance(quantity, Quotient):
        yield from names_in_quantity(quantity.divisor)
        yield from _fixed_in(quantity.operand)
    elif isinstance(quantity, Aggregate):
        for part in quantity.weights:
            yield from names_in_quantity(part)
        for part in quantity.operands:
            yield from _fixed_in(part)
