"""From truths to a Decision: what a case said, what each rule did, what follows from it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from types import MethodType

from attrs import frozen

from oversight_engine import semantics
from oversight_engine.model.case import Case
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import (
    Attestation,
    Burden,
    ConsequenceResult,
    Decision,
    FactReading,
    FindingResult,
    LeafResult,
    ParameterUse,
    RuleResult,
)
from oversight_engine.model.expression import (
    Name,
    names_in_leaf,
    names_in_quantity,
)
from oversight_engine.model.in_force import InForce, names_in_finding
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFERRAL, STATUSES, Rulebook
from oversight_engine.model.trace import Trace, Verdict
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN

# These take a row as a tuple, and half the time of the classes: a decision has some 400 rows.
_fact_reading = MethodType(tuple.__new__, FactReading)
_leaf_result = MethodType(tuple.__new__, LeafResult)
_finding_result = MethodType(tuple.__new__, FindingResult)
_rule_result = MethodType(tuple.__new__, RuleResult)
_consequence_result = MethodType(tuple.__new__, ConsequenceResult)


@frozen(eq=False, repr=False)
class Period(Noun):
    """What stays the same between two days on which something of the rulebook changes.

    Attributes:
        consulted: the ids of the facts that something in force mentions.
        findings, rules: the ids of those in force, in their order.
        cohort: what the rulebook takes from a cohort, where it declares one.
    """

    in_force: InForce
    consulted: frozenset[str]
    findings: tuple[str, ...]
    rules: tuple[str, ...]
    parameters: tuple[ParameterUse, ...]
    cohort: CohortValues | None = None


def prepare(in_force: InForce, cohort: CohortValues | None = None) -> Period:
    """Return what every decision needs of what is *in_force*."""
    rulebook = in_force.rulebook
    names: set[Name] = set()
    for leaf in in_force.leaves:
        names.update(names_in_leaf(leaf))
    for finding in in_force.findings:
        names.update(names_in_finding(finding))
    mentioned = {name.id for name in names}
    return Period(
        in_force=in_force,
        consulted=frozenset(mentioned & {fact.id for fact in rulebook.facts}),
        findings=tuple(finding.id for finding in in_force.findings),
        rules=tuple(rule.id for rule in in_force.rules),
        parameters=tuple(
            ParameterUse(parameter, in_force.parameters[parameter.id])
            for parameter in rulebook.parameters
            if parameter.id in mentioned and parameter.id in in_force.parameters
        ),
        cohort=cohort,
    )


def read_facts(case: Case, day: datetime.date, period: Period) -> tuple[FactReading, ...]:
    """Return every declared fact as *case* states it, and whether it is known on the *day*."""
    stated_facts, consulted = case.facts, period.consulted
    readings = []
    for fact in period.in_force.rulebook.facts:
        stated = stated_facts.get(fact.id)
        why = semantics.why_unknown(fact, stated, as_of=day, period=case.period)
        value = None if why or stated is None else stated.value
        readings.append(_fact_reading((fact, stated, value, why, fact.id in consulted)))
    return tuple(readings)


def assemble(
    case: Case,
    day: datetime.date,
    period: Period,
    readings: tuple[FactReading, ...],
    trace: Trace,
    verdict: Verdict,
    attestation: Attestation,
) -> Decision:
    """Return the decision that the *verdict* on the *trace* comes to, with every reason."""
    rulebook, in_force = period.in_force.rulebook, period.in_force

    lefts, rights = zip(*trace.operands, strict=True) if trace.operands else ((), ())
    rows = zip(in_force.leaves, trace.leaves, lefts, rights, strict=True)
    leaves = tuple(map(_leaf_result, rows))
    own = map(leaves.__getitem__, in_force.owners.values())  # findings', rules', consequences'
    conclusions = map(trace.findings.__getitem__, period.findings)
    findings = tuple(map(_finding_result, zip(in_force.findings, conclusions, own, strict=False)))
    truths = map(trace.rules.__getitem__, period.rules)
    effects = map(verdict.effects.__getitem__, period.rules)
    rules = tuple(map(_rule_result, zip(in_force.rules, truths, effects, own, strict=False)))
    label = verdict.outcome or REFERRAL
    consequences = tuple(
        [
            _consequence_result((item, truth, part))
            for item, part in zip(in_force.consequences, own, strict=True)
            if label in item.outcomes and (truth := trace.consequences[item.id]) is not FALSE
        ]
    )
    return Decision(
        rulebook=rulebook,
        case=case,
        as_of=day,
        as_of_overridden=day != case.as_of,
        semantics=semantics.VERSION,
        outcome=verdict.outcome,
        possible=verdict.possible,
        missing=_missing(rules, findings, readings) if verdict.outcome is None else (),
        measure=_measure(rulebook, rules, verdict),
        rests_on=_rests_on(readings),
        facts=readings,
        findings=findings,
        rules=rules,
        consequences=consequences,
        parameters=period.parameters,
        not_in_force=in_force.not_in_force,
        burden=_burden(consequences),
        review_on=_review(consequences, day),
        cohort=period.cohort,
        attestation=attestation,
    )


def _missing(
    rules: tuple[RuleResult, ...],
    findings: tuple[FindingResult, ...],
    readings: tuple[FactReading, ...],
) -> tuple[str, ...]:
    """The unknown facts behind the unknown leaves of the rules that refer the case."""
    by_id = {result.finding.id: result for result in findings}
    names = [
        name
        for result in rules
        if result.effect == "refers" and result.truth is UNKNOWN
        for name in _names_in_unknown(result.leaves)
    ]
    behind: set[str] = set()
    while names:
        name = names.pop()
        if name.id not in behind:
            behind.add(name.id)
            if name.id in by_id:
                names += _names_behind(by_id[name.id])
    return tuple(r.fact.id for r in readings if r.why_unknown and r.fact.id in behind)


def _names_behind(result: FindingResult) -> Iterable[Name]:
    """What a finding mentions where it is unknown; nothing where it is known."""
    if result.conclusion not in (None, UNKNOWN):
        return ()
    if result.finding.value is not None:
        return names_in_quantity(result.finding.value.quantity)
    return _names_in_unknown(result.leaves)


def _names_in_unknown(leaves: tuple[LeafResult, ...]) -> list[Name]:
    return [
        name for result in leaves if result.truth is UNKNOWN for name in names_in_leaf(result.leaf)
    ]


def _measure(rulebook: Rulebook, rules: tuple[RuleResult, ...], verdict: Verdict) -> str:
    """The most severe measure among the true rules of the harshest outcome."""
    if verdict.outcome != rulebook.harshest:
        return ""
    order = [measure.id for measure in rulebook.measures]
    places = [
        order.index(result.rule.measure)
        for result in rules
        if result.truth is TRUE and result.rule.measure
    ]
    return order[max(places)] if places else ""


def _rests_on(readings: tuple[FactReading, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The known facts that were consulted, by any status other than final."""
    by_status: dict[str, list[str]] = {}
    for fact, stated, value, _, consulted in readings:
        if consulted and value is not None and stated is not None and stated.status != "final":
            by_status.setdefault(stated.status, []).append(fact.id)
    return tuple((s, tuple(by_status[s])) for s in STATUSES if s in by_status)


def _burden(consequences: tuple[ConsequenceResult, ...]) -> Burden:
    sure = [r.consequence.per_year or 0 for r in consequences if r.truth is TRUE]
    most = [r.consequence.per_year or 0 for r in consequences]
    return Burden(least=sum(sure), most=sum(most))


def _review(
    consequences: tuple[ConsequenceResult, ...], day: datetime.date
) -> datetime.date | None:
    """The soonest review of those that hold."""
    days = [
        result.consequence.days
        for result in consequences
        if result.consequence.days is not None and result.truth is TRUE
    ]
    if not days:
        return None
    left = (datetime.date.max - day).days  # nothing is due after the last day there is
    return day + datetime.timedelta(days=min(*days, left))
