"""What a decision rests on: facts, numbers of policy, documents, and what identifies it."""

from __future__ import annotations

from collections.abc import Iterator

from oversight_engine.explanation.page import Section, section
from oversight_engine.explanation.wording import (
    EVIDENCE,
    capital,
    say_basis,
    say_count,
    say_day,
    say_few,
    say_list,
    say_number,
    say_span,
    say_value,
)
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import Decision, FactReading, ParameterUse
from oversight_engine.model.rulebook import Basis, Rulebook


def say_statuses(decision: Decision) -> tuple[str, ...]:
    """Return, for each status other than final, which facts *decision* rests on."""
    used = sum(1 for r in decision.facts if r.consulted and not r.why_unknown)
    titles = {reading.fact.id: reading.fact.title for reading in decision.facts}
    said = []
    for status, facts in decision.rests_on:
        number = len(facts)
        if number == used:
            which = "the only one it used" if number == 1 else f"all {number} it used"
        else:
            which = f"{number} of the {used} it used"
        noun = "fact" if number == 1 else "facts"
        names = say_few([titles[fact] for fact in facts])
        listed = f" ({which}): {names}" if number < used else f": {which}"
        said.append(f"Rests on {status} {noun}{listed}.")
    return tuple(said)


def say_facts(decision: Decision) -> tuple[Section, ...]:
    """Return the known facts that *decision* used, each with where it comes from."""
    return section(
        "The facts it used",
        [
            _fact(reading)
            for reading in decision.facts
            if reading.consulted and not reading.why_unknown
        ],
    )


def _fact(reading: FactReading) -> str:
    stated, unit = reading.stated, reading.fact.unit
    assert stated is not None, "what is known was stated"
    said = f"{reading.fact.title}: {say_value(reading.value, unit)}"
    if stated.likely:
        least, most = (say_number(end, unit) for end in stated.likely)
        said += f" (likely {least} to {most})"
    said += f"; {stated.status}"
    if stated.as_at:
        said += f", as at {say_day(stated.as_at)}"
    return f"{said}; {stated.source}" if stated.source else said


def say_alone(decision: Decision) -> tuple[str, ...]:
    """Return, where one evaluator computed *decision* alone, that nothing else confirmed it."""
    names = decision.attestation.evaluators
    if len(names) > 1:
        return ()
    return (f"Computed by one evaluator alone, {names[0]}; no other confirmed what it found.",)


def say_parameters(decision: Decision) -> tuple[Section, ...]:
    """Return the numbers of policy that *decision* used, with their dates and instruments."""
    return section(
        "The numbers of policy on that day",
        [
            f"{use.parameter.title}: {say_number(use.dated.value, use.parameter.unit)} "
            f"{say_when(use)}; {say_basis(decision.rulebook, use.dated.basis)}"
            for use in decision.parameters
        ],
    )


def say_when(use: ParameterUse) -> str:
    """Return from when to when a number holds, or that it is the cohort's."""
    if use.parameter.cohort is not None:
        return "as the cohort gives it"
    return say_span(use.dated.span)


def say_not_in_force(decision: Decision) -> tuple[Section, ...]:
    """Return what of the rulebook did not hold on the day, and why."""
    return section(
        "Not in force on that day",
        [f"{capital(item.kind)} {item.id}: {item.because}" for item in decision.not_in_force],
    )


def say_sources(decision: Decision) -> tuple[Section, ...]:
    """Return the documents that *decision* rests on, with how well each is known."""
    cited = {source.document for basis in _bases(decision) for source in basis.sources}
    lines = []
    for document in decision.rulebook.documents:
        if document.id in cited:
            date = f", {say_day(document.date)}" if document.date else ""
            note = f" {document.note}" if document.note else ""
            publisher = f"{document.publisher}{date}"
            lines.append(f"{document.title} ({publisher}): {EVIDENCE[document.evidence]}.{note}")
    return section("Sources, and how well they are known", lines)


def _bases(decision: Decision) -> Iterator[Basis]:
    for rule in decision.rules:
        yield rule.rule.basis
    for use in decision.parameters:
        yield use.dated.basis
    for consequence in decision.consequences:
        yield consequence.consequence.basis


def say_identity(decision: Decision) -> tuple[Section, ...]:
    """Return what it takes to derive *decision* again."""
    rulebook, attestation = decision.rulebook, decision.attestation
    agreed = ", which agreed" if len(attestation.evaluators) > 1 else " alone"
    return section(
        "To check it again",
        [
            f"Rulebook {rulebook.id} {rulebook.version}: {rulebook.digest}",
            *_besides(decision),
            f"Case: {decision.case.digest}",
            f"Semantics version {decision.semantics}, engine {attestation.engine_version}",
            f"Computed by {say_list(attestation.evaluators)}{agreed}",
            *attestation.remarks,
        ],
    )


def _besides(decision: Decision) -> Iterator[str]:
    reform, cohort = decision.rulebook.reform, decision.cohort
    if reform is not None:
        yield f"Reform {reform.id}: {reform.digest}"
    if cohort is not None:
        yield f"Cohort values: {cohort.digest}"


def say_among(decision: Decision) -> tuple[str, ...]:
    """Return under which reform and among whom the case was judged."""
    reform, cohort = decision.rulebook.reform, decision.cohort
    said = [] if reform is None else [f"Under the reform {reform.id}: {reform.title}"]
    if cohort is not None:
        said.append(say_cohort(decision.rulebook, cohort))
        if decision.case.system.code not in cohort.members:
            said.append("This one is no member: the members' values are applied to it")
    return tuple(said)


def say_cohort(rulebook: Rulebook, values: CohortValues) -> str:
    """Return in a sentence how large a cohort is, and how many are left out of it."""
    assert rulebook.cohort is not None, "cohort values are of a rulebook that declares a cohort"
    said = f"Judged among {say_count(len(values.members), 'member')}: {rulebook.cohort.title}"
    return said + (f"; {len(values.excluded)} excluded" if values.excluded else "")
