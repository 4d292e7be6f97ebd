"""Computing what a rulebook takes from a cohort: once, exactly, from all members."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import evolve

from oversight_engine import semantics
from oversight_engine.engine import refuse_day
from oversight_engine.errors import CohortNeededError, InputError
from oversight_engine.model.case import Case, Value
from oversight_engine.model.cohort import CohortValues, Excluded, StepTable, cohort_data
from oversight_engine.model.expression import Formula, Name, Statement
from oversight_engine.model.in_force import (
    InForce,
    find_in_force,
    names_in_computed,
    names_in_finding,
)
from oversight_engine.model.number import Exact, rounded, whole_if_possible
from oversight_engine.model.rulebook import Finding, Parameter, Rulebook
from oversight_engine.model.together import CohortQuantile, Ranked
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import TRUE, Truth
from oversight_engine.model.validity import find_faults

Item = Parameter | Finding
"""What is computed from a cohort: a parameter of it, or a finding scored by rank."""

Known = Mapping[str, Mapping[str, Value]]
"""By system, the facts that are known."""


def compute_cohort(rulebook: Rulebook, cases: Iterable[Case], day: datetime.date) -> CohortValues:
    """Return what *rulebook* takes from *cases* on *day*; their order makes no difference.

    Raises:
        CohortNeededError: the rulebook declares no cohort, or these are too few for it.
        InputError: two cases are of one system, or state what the rulebook does not allow.
        NotInForceError, ParameterNeededError: nothing is decided on that day.
    """
    declared = rulebook.cohort
    if declared is None:
        raise CohortNeededError(f"the rulebook {rulebook.id} declares no cohort")
    refuse_day(rulebook, day)
    known = _known_facts(rulebook, tuple(cases), day)
    values = CohortValues(
        rulebook=rulebook.digest,
        reform=rulebook.reform.digest if rulebook.reform is not None else "",
        day=day,
        members=tuple(known),
    )
    if declared.members is not None:
        values = _with_members(rulebook, values, declared.members, known)
    if len(values.members) < declared.smallest:
        raise CohortNeededError(
            f"{len(values.members)} of {len(known)} cases are members of the cohort of "
            f"{rulebook.id}, and at least {declared.smallest} are needed"
        )
    for stage in _stages(rulebook):
        values = _with_stage(rulebook, values, stage, known)
    return values


def check_cohort(
    rulebook: Rulebook, cases: Iterable[Case], values: CohortValues
) -> tuple[str, ...]:
    """Return, in words, where *values* are not those that *cases* give under *rulebook*."""
    given = cohort_data(compute_cohort(rulebook, cases, values.day))
    return tuple(_differences(cohort_data(values), given))


def _differences(stated: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted((stated.keys() | given.keys()) - {"tables"}):  # scores name their digests
        one, other = _by_name(stated.get(key)), _by_name(given.get(key))
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                told, so = (each.get(name, "nothing") for each in (one, other))
                yield f"{f'{key} {name}'.strip()}: {told} is stated, and it is {so}"


def _by_name(value: Any) -> Mapping[str, Any]:
    """Return *value*, a part of cohort values as plain data, entry by entry."""
    if isinstance(value, list):
        return dict(
            (each, "a member") if isinstance(each, str) else each.values() for each in value
        )
    return value if isinstance(value, dict) else {"": value}


def _known_facts(rulebook: Rulebook, cases: Sequence[Case], day: datetime.date) -> Known:
    codes = Counter(case.system.code for case in cases)
    faults = [f"{code} has {number} cases" for code, number in codes.items() if number > 1]
    known: dict[str, dict[str, Value]] = {}
    for case in sorted(cases, key=lambda case: case.system.code):
        where = case.place or case.system.code
        faults += [f"{where}: {fault}" for fault in find_faults(rulebook, case, day)]
        known[case.system.code] = semantics.known_facts(rulebook, case, day)
    if faults:
        raise InputError(f"the cohort of {rulebook.id}: {'; '.join(faults)}", problems=faults)
    return known


# Asking every case


def _ask(
    in_force: InForce, asked: Mapping[str, Formula | Statement], cases: Known, day: datetime.date
) -> dict[str, dict[str, Conclusion]]:
    """Return what each of the quantities and conditions *asked* comes to, by system."""
    probes = {key: _probe(key, what) for key, what in asked.items()}
    findings = (*_needed(in_force.findings, probes.values()), *probes.values())
    narrowed = evolve(in_force, findings=findings, rules=(), consequences=())
    answers: dict[str, dict[str, Conclusion]] = {key: {} for key in asked}
    for code, known in cases.items():
        concluded = semantics.evaluate(narrowed, known, day).findings
        for key, probe in probes.items():
            answers[key][code] = concluded[probe.id]
    return answers


def _probe(key: str, what: Formula | Statement) -> Finding:
    """Return a finding that comes to *what* is asked; no rulebook has one of its id."""
    if isinstance(what, Formula):
        return Finding(f"asked: {key}", "", value=what)
    return Finding(f"asked: {key}", "", when=what)


def _needed(findings: tuple[Finding, ...], probes: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those of *findings* that the *probes* rest on."""
    needed = {name.id for probe in probes for name in names_in_finding(probe)}
    chosen: list[Finding] = []
    for finding in reversed(findings):  # each stands after those it mentions
        if finding.id in needed:
            needed.update(name.id for name in names_in_finding(finding))
            chosen.insert(0, finding)
    return tuple(chosen)


def _with_members(
    rulebook: Rulebook, values: CohortValues, condition: Statement, known: Known
) -> CohortValues:
    in_force = find_in_force(rulebook, values.day, values)
    truths = _ask(in_force, {"members": condition}, known, values.day)["members"]
    excluded = tuple(
        Excluded(code, f"`{condition.text}` is {truth.value}")
        for code, truth in truths.items()
        if isinstance(truth, Truth) and truth is not TRUE
    )
    members = tuple(code for code, truth in truths.items() if truth is TRUE)
    return evolve(values, members=members, excluded=excluded)


# Stages: what mentions nothing of the cohort comes first, then what mentions only that, and so on


def _stages(rulebook: Rulebook) -> list[list[Item]]:
    mentioned = {finding.id: set(names_in_finding(finding)) for finding in rulebook.findings}
    items: dict[str, Item] = {f.id: f for f in rulebook.findings if f.ranked is not None}
    for parameter in rulebook.parameters:
        if parameter.cohort is not None:
            mentioned[parameter.id] = set(names_in_computed(parameter))
            items[parameter.id] = parameter
    depths: dict[str, int] = {}

    def depth(item_id: str) -> int:
        """How many things of the cohort lie behind it, one behind the other, itself included."""
        if item_id not in depths:
            behind = (depth(name.id) for name in mentioned.get(item_id, ()))
            depths[item_id] = max(behind, default=0) + (item_id in items)
        return depths[item_id]

    by_depth: dict[int, list[Item]] = {}
    for item_id in sorted(items):
        by_depth.setdefault(depth(item_id), []).append(items[item_id])
    return [by_depth[number] for number in sorted(by_depth)]


def _with_stage(
    rulebook: Rulebook, values: CohortValues, stage: Sequence[Item], known: Known
) -> CohortValues:
    in_force = find_in_force(rulebook, values.day, values)
    absent = {parameter.id for parameter in rulebook.parameters} - in_force.parameters.keys()
    absent |= {finding.id for finding in rulebook.findings} - {f.id for f in in_force.findings}
    # What rests on a parameter without a value has none itself.
    items = [item for item in stage if absent.isdisjoint(name.id for name in _names_in(item))]
    asked = {item.id: _question(item) for item in items}
    members = {code: known[code] for code in values.members}
    answers = _ask(in_force, asked, members, values.day)

    def worth(constant: Formula) -> Exact:
        number = semantics.number_of(constant.quantity, in_force, values.day)
        assert number is not None, "what mentions a parameter without a value is absent"
        return number

    parameters, steps = dict(values.parameters), dict(values.steps)
    left_out: dict[str, int] = {}
    for item in items:
        given = answers[item.id].values()
        numbers = sorted(whole_if_possible(n) for n in given if isinstance(n, int | Fraction))
        if isinstance(item, Finding):
            assert item.ranked is not None, "what is computed is scored by rank"
            steps[item.id] = rank(item.ranked, numbers, worth)
        elif isinstance(item.cohort, CohortQuantile):
            if numbers:
                parameters[item.id] = quantile(item.cohort, numbers)
        else:
            parameters[item.id] = list(given).count(TRUE)
            continue
        left_out[item.id] = len(given) - len(numbers)
    unknown = {item_id: number for item_id, number in left_out.items() if number}
    return evolve(
        values, parameters=parameters, steps=steps, left_out={**values.left_out, **unknown}
    )


def _names_in(item: Item) -> Iterator[Name]:
    return names_in_finding(item) if isinstance(item, Finding) else names_in_computed(item)


def _question(item: Item) -> Formula | Statement:
    """Return what of *item* is asked of each member."""
    if isinstance(item, Finding):
        assert item.value is not None, "what is ranked is a number"
        return item.value
    assert item.cohort is not None, "what is computed is computed from something"
    return item.cohort.of


def quantile(wanted: CohortQuantile, ascending: Sequence[Exact]) -> Exact:
    """Return the *wanted* quantile of one or more *ascending* numbers."""
    place = Fraction((len(ascending) - 1) * wanted.at)
    below, beyond = divmod(place.numerator, place.denominator)
    low = ascending[below]
    if not beyond or wanted.interpolation == "lower":
        return low
    high = ascending[below + 1]
    if wanted.interpolation == "higher":
        return high
    return whole_if_possible(low + (high - low) * (place - below))


def rank(ranked: Ranked, numbers: Iterable[Exact], worth: Callable[[Formula], Exact]) -> StepTable:
    """Return the scores of the *numbers* of a cohort's members, constants being *worth* that."""
    sign = 1 if ranked.better == "higher" else -1
    best, worst = worth(ranked.best), worth(ranked.worst)
    otherwise = worst
    scores: dict[Exact, Exact] = {}
    between = sorted(numbers, key=lambda number: -sign * number)
    if ranked.floor is not None:
        at, otherwise = worth(ranked.floor.at), worth(ranked.floor.score)
        scores = {number: otherwise for number in between if sign * number < sign * at}
        between = [number for number in between if number not in scores]
        scores[at] = worst
    if ranked.standard is not None:
        at, score = worth(ranked.standard.at), worth(ranked.standard.score)
        scores |= {number: score for number in between if sign * number >= sign * at}
        scores[at] = score
        between = [number for number in between if sign * number < sign * at]
    step = Fraction(worst - best) / max(len(between) - 1, 1)
    # From the worst on, so that of tied ones the first, which has the best place, says the score.
    for place in reversed(range(len(between))):
        scores[between[place]] = best + step * place
    return StepTable(
        ranked.better,
        tuple((number, _rounded(scores[number], ranked)) for number in sorted(scores)),
        _rounded(otherwise, ranked),
    )


def _rounded(score: Exact, ranked: Ranked) -> Exact:
    to = ranked.rounded
    return whole_if_possible(score) if to is None else rounded(score, to.decimals, to.mode)
