"""What of a rulebook holds on a day: its parameters' values, its rules, and why others do not."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Literal

from attrs import field, frozen

from oversight_engine.model.cohort import CohortValues, StepTable
from oversight_engine.model.expression import (
    Formula,
    Leaf,
    Name,
    Statement,
    names_in_condition,
    names_in_quantity,
)
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import (
    Consequence,
    DatedValue,
    Finding,
    Parameter,
    Rule,
    Rulebook,
    Span,
)
from oversight_engine.model.together import CohortQuantile


@frozen(eq=False, repr=False)
class NotInForce(Noun):
    """Something of the rulebook that does not hold on the day, and why."""

    kind: Literal["finding", "rule", "consequence"]
    id: str
    because: str


Owner = Finding | Rule | Consequence
"""What has conditions of its own, whose leaves a trace states."""


def statements_of(owner: Owner) -> tuple[Statement, ...]:
    """Return the conditions of *owner*, in the order in which a trace states their leaves."""
    if isinstance(owner, Finding):
        return owner.statements
    return (owner.statement,) if owner.statement is not None else ()


@frozen(eq=False, repr=False)
class InForce(Noun):
    """What of a rulebook holds on a day.

    A rule, finding or consequence holds when its own dates say so and everything it mentions
    holds: a parameter without a value on the day takes with it all that needs it.

    Attributes:
        steps: the step tables of the ranked findings, by id.
        leaves: of all conditions: of findings, of rules, then of consequences, in order.
        owners: by kind and id of a finding, rule or consequence: where its own leaves lie.
    """

    rulebook: Rulebook
    parameters: dict[str, DatedValue]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    consequences: tuple[Consequence, ...]
    not_in_force: tuple[NotInForce, ...]
    steps: Mapping[str, StepTable] = {}
    leaves: tuple[Leaf, ...] = field(eq=False, init=False)
    owners: dict[tuple[str, str], slice] = field(eq=False, init=False)

    @leaves.default
    def _find_leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaf for _, owner in self._owners() for leaf in _leaves_of(owner))

    @owners.default
    def _find_owners(self) -> dict[tuple[str, str], slice]:
        keys = [(kind, owner.id) for kind, owner in self._owners()]
        ends = list(accumulate(len(_leaves_of(owner)) for _, owner in self._owners()))
        return dict(zip(keys, map(slice, [0, *ends], ends), strict=True))

    def _owners(self) -> Iterator[tuple[str, Owner]]:
        yield from (("finding", finding) for finding in self.findings)
        yield from (("rule", rule) for rule in self.rules)
        yield from (("consequence", consequence) for consequence in self.consequences)


def _leaves_of(owner: Owner) -> list[Leaf]:
    return [leaf for statement in statements_of(owner) for leaf in statement.leaves]


def find_in_force(
    rulebook: Rulebook, day: datetime.date, cohort: CohortValues | None = None
) -> InForce:
    """Return what of *rulebook* holds on *day*, given what the *cohort* comes to, if anything."""
    parameters = {
        parameter.id: value
        for parameter in rulebook.parameters
        if (value := _value_of(parameter, day, cohort)) is not None
    }
    missing = {
        p.id: _why_no_value(p, cohort) for p in rulebook.parameters if p.id not in parameters
    }
    steps = cohort.steps if cohort is not None else {}
    absent: list[NotInForce] = []

    def holds(kind: Literal["finding", "rule", "consequence"], item_id: str, why: str) -> bool:
        if why:
            absent.append(NotInForce(kind, item_id, why))
        return not why

    findings = []
    for finding in rulebook.findings:
        why = _missing_among(names_in_finding(finding), missing)
        if finding.ranked is not None and finding.id not in steps:
            why = why or "it is scored by rank in a cohort, and no cohort is given"
        if holds("finding", finding.id, why):
            findings.append(finding)
        else:
            missing[finding.id] = f"the finding {finding.id} is not in force: {why}"
    rules = []
    for rule in rulebook.rules:
        dated = rule.span is None or day in rule.span
        why = _missing_among(names_in_condition(rule.statement.condition), missing)
        if holds("rule", rule.id, why if dated else "its own dates do not include this date"):
            rules.append(rule)
    consequences = []
    for consequence in rulebook.consequences:
        statement = consequence.statement
        names = names_in_condition(statement.condition) if statement is not None else ()
        if holds("consequence", consequence.id, _missing_among(names, missing)):
            consequences.append(consequence)
    return InForce(
        rulebook=rulebook,
        parameters=parameters,
        findings=tuple(findings),
        rules=tuple(rules),
        consequences=tuple(consequences),
        not_in_force=tuple(absent),
        steps=steps,
    )


def _value_of(
    parameter: Parameter, day: datetime.date, cohort: CohortValues | None
) -> DatedValue | None:
    if parameter.cohort is None:
        return parameter.on(day)
    value = cohort.parameters.get(parameter.id) if cohort is not None else None
    return None if value is None else DatedValue(Span(day, day), value, parameter.cohort.basis)


def _why_no_value(parameter: Parameter, cohort: CohortValues | None) -> str:
    if parameter.cohort is None:
        return f"the parameter {parameter.id} has no value on this date"
    if cohort is None:
        return f"the parameter {parameter.id} is computed from a cohort, and no cohort is given"
    return f"no member of the cohort has a value for the parameter {parameter.id}"


def _missing_among(names: Iterable[Name], missing: dict[str, str]) -> str:
    return next((missing[name.id] for name in names if name.id in missing), "")


def names_in_finding(finding: Finding) -> Iterator[Name]:
    """Yield every name *finding* mentions, repeats included."""
    for statement in finding.statements:
        yield from names_in_condition(statement.condition)
    formulas: list[Formula | str | None] = [finding.value]
    if finding.ranked is not None:
        formulas += finding.ranked.formulas
    if finding.table is not None:
        formulas += [row.value for row in finding.table.rows] + [finding.table.otherwise]
    for formula in formulas:
        if isinstance(formula, Formula):
            yield from names_in_quantity(formula.quantity)


def names_in_computed(parameter: Parameter) -> Iterator[Name]:
    """Yield every name that *parameter* is computed from, where that is the cohort."""
    if isinstance(parameter.cohort, CohortQuantile):
        yield from names_in_quantity(parameter.cohort.of.quantity)
    elif parameter.cohort is not None:
        yield from names_in_condition(parameter.cohort.of.condition)


def change_days(rulebook: Rulebook) -> tuple[datetime.date, ...]:
    """Return, in order, the days on which something of *rulebook* begins or has just ended.

    Between two of them what is in force stays the same.
    """
    spans = [dated.span for parameter in rulebook.parameters for dated in parameter.values]
    spans += [rule.span for rule in rulebook.rules if rule.span is not None]
    days = {span.start for span in spans}
    # Nothing comes after the last day there is, which some write where they mean no end.
    ends = {span.end for span in spans if span.end is not None} - {datetime.date.max}
    days |= {end + datetime.timedelta(days=1) for end in ends}
    return tuple(sorted(days))
