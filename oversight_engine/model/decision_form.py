"""A decision as plain data: what replay compares, and what is attested beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from oversight_engine.model.case_form import value_data
from oversight_engine.model.plain import (
    Plain,
    canonical,
    day_text,
    each,
    number_text,
    span_data,
    trimmed,
)
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.model.rulebook_form import dated_data
from oversight_engine.model.truth import Truth

if TYPE_CHECKING:
    from oversight_engine.model.decision import (
        ConsequenceResult,
        Decision,
        FactReading,
        FindingResult,
        LeafResult,
        RuleResult,
    )
    from oversight_engine.model.trace import Conclusion, Operand

DECISION_FORMAT = "oversight-decision/1"


def operand_data(operand: Operand) -> Any:
    """Return a side of a leaf as plain data; a count as `[least, most]`, unknown as None."""
    if operand is None or isinstance(operand, str | bool):
        return operand
    if isinstance(operand, Truth):
        return operand.value
    if isinstance(operand, tuple):
        return list(operand)
    return number_text(operand)


def conclusion_data(conclusion: Conclusion) -> Any:
    """Return what a finding came to as plain data; an unknown number or category as None."""
    return operand_data(conclusion)


def _leaf(result: LeafResult) -> Plain:
    return {
        "text": result.leaf.text,
        "truth": result.truth.value,
        "left": operand_data(result.left),
        "right": operand_data(result.right),
    }


def _reading(reading: FactReading) -> Plain:
    stated = reading.stated
    # Not trimmed: a value of false says something.
    value = {} if reading.why_unknown else {"value": value_data(reading.value)}
    return (
        value
        | trimmed(
            id=reading.fact.id,
            unit=reading.fact.unit,
            unknown_because=reading.why_unknown,
            status=stated and stated.status,
            source=stated and stated.source,
            as_at=stated and day_text(stated.as_at),
        )
        | {"consulted": reading.consulted, "known": not reading.why_unknown}
    )


def _finding_result(result: FindingResult) -> Plain:
    return {
        "id": result.finding.id,
        "title": result.finding.title,
        "conclusion": conclusion_data(result.conclusion),
        "conditions": each(result.leaves, _leaf),
    }


def _rule_result(result: RuleResult) -> Plain:
    rule = result.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "outcome": rule.outcome,
        "says": ("unless " if rule.negated else "when ") + rule.statement.text,
        "if_unknown": rule.if_unknown,
        "truth": result.truth.value,
        "effect": result.effect,
        "conditions": each(result.leaves, _leaf),
    }


def _consequence_result(result: ConsequenceResult) -> Plain:
    consequence = result.consequence
    return trimmed(
        id=consequence.id,
        kind=consequence.kind,
        title=consequence.title,
        per_year=consequence.per_year,
        days=consequence.days,
        actor=consequence.actor,
        theme=consequence.theme,
    ) | {"truth": result.truth.value, "conditions": each(result.leaves, _leaf)}


def _results(results: Iterable[Any], view: Callable[[Any], Plain]) -> list[Plain]:
    """Sort by id: a decision does not depend on the order of the rulebook's items."""
    return sorted(map(view, results), key=lambda plain: str(plain["id"]))


def _among(decision: Decision) -> Plain:
    """What the decision takes from a cohort and from a reform; nothing where there is none."""
    cohort, reform = decision.cohort, decision.rulebook.reform
    return trimmed(
        cohort=cohort
        and {
            "digest": cohort.digest,
            "members": len(cohort.members),
            "excluded": len(cohort.excluded),
            "is_member": decision.case.system.code in cohort.members,
            "scores": {
                result.finding.id: cohort.steps[result.finding.id].digest
                for result in decision.findings
                if result.finding.ranked is not None
            },
        },
        reform=reform and {"id": reform.id, "title": reform.title, "digest": reform.digest},
    )


def decision_data(decision: Decision) -> Plain:
    """Return *decision* as plain data: a pure function of its inputs, without the attestation."""
    rulebook, case = decision.rulebook, decision.case
    return _among(decision) | {
        "format": DECISION_FORMAT,
        "semantics": decision.semantics,
        "rulebook": {
            "id": rulebook.id,
            "version": rulebook.version,
            "title": rulebook.title,
            "digest": rulebook.digest,
        },
        "case": {
            "digest": case.digest,
            "system": {
                "code": case.system.code,
                "name": case.system.name,
                "region": case.system.region,
            },
            "period": span_data(case.period),
        },
        "as_of": day_text(decision.as_of),
        "as_of_overridden": decision.as_of_overridden,
        "decision": decision.outcome or REFERRAL,
        "outcome": decision.outcome,
        "possible_outcomes": list(decision.possible),
        "missing_evidence": sorted(decision.missing),
        "measure": decision.measure or None,
        "rests_on": {status: sorted(facts) for status, facts in decision.rests_on},
        "rules": _results(decision.rules, _rule_result),
        "findings": _results(decision.findings, _finding_result),
        "facts": _results(decision.facts, _reading),
        "parameters": [
            {"id": use.parameter.id, "unit": use.parameter.unit, **dated_data(use.dated)}
            for use in sorted(decision.parameters, key=lambda use: use.parameter.id)
        ],
        "not_in_force": [
            {"kind": item.kind, "id": item.id, "because": item.because}
            for item in sorted(decision.not_in_force, key=lambda item: (item.kind, item.id))
        ],
        "consequences": _results(decision.consequences, _consequence_result),
        "burden": {"least": decision.burden.least, "most": decision.burden.most},
        "review_on": day_text(decision.review_on),
    }


def decision_bytes(decision: Decision) -> bytes:
    """Return the canonical bytes of *decision*: what a ledger stores and a replay compares."""
    return canonical(decision_data(decision))


def attestation_data(decision: Decision) -> Plain:
    """Return what is attested beside *decision* as plain data."""
    attestation = decision.attestation
    data: Plain = {
        "engine_version": attestation.engine_version,
        "evaluators": list(attestation.evaluators),
        "remarks": list(attestation.remarks),
    }
    return data | ({"certificate": attestation.certificate} if attestation.certificate else {})
