"""A decision as a ledger holds it: all that was concluded, and no text that the rulebook holds.

The document (`oversight_engine.model.decision_form.decision_data`) repeats the rulebook's titles,
conditions and sources, so that it can be read by itself. A ledger holds the rulebook once, and of
each decision this form: ids and truths. It is as much a pure function of the decision's inputs,
and it is what a replay compares. `docs/reference/decision-json.md` has it key by key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from oversight_engine.model.decision import Decision, FactReading, LeafResult, ParameterUse
from oversight_engine.model.decision_form import conclusion_data
from oversight_engine.model.in_force import NotInForce
from oversight_engine.model.number import written
from oversight_engine.model.plain import Plain, canonical, digest
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth

RECORDED_FORMAT = "oversight-recorded/1"

LETTERS: dict[Truth, str] = {TRUE: "t", FALSE: "f", UNKNOWN: "u"}
"""How a truth is written here: those of leaves are one text, letter after letter."""


def recorded_data(decision: Decision) -> Plain:
    """Return *decision* as a ledger holds it, as plain data."""
    rulebook, cohort = decision.rulebook, decision.cohort
    data: Plain = {
        "format": RECORDED_FORMAT,
        "semantics": decision.semantics,
        "rulebook": rulebook.digest,
        "in_force": in_force_digest(decision.parameters, decision.not_in_force),
        "case": decision.case.digest,
        "system": decision.case.system.code,
        "as_of": decision.as_of.isoformat(),
        "as_of_overridden": decision.as_of_overridden,
        "decision": decision.label,
        "possible_outcomes": list(decision.possible),
        "missing_evidence": sorted(decision.missing),
        "measure": decision.measure or None,
        "unknown": _unknown(decision.facts),
        "findings": {
            each.finding.id: [_conclusion(each.conclusion), _letters(each.leaves)]
            for each in decision.findings
        },
        "rules": {
            each.rule.id: [LETTERS[each.truth], each.effect, _letters(each.leaves)]
            for each in decision.rules
        },
        "consequences": {
            each.consequence.id: [LETTERS[each.truth], _letters(each.leaves)]
            for each in decision.consequences
        },
        "burden": [decision.burden.least, decision.burden.most],
        "review_on": decision.review_on.isoformat() if decision.review_on is not None else None,
    }
    if rulebook.reform is not None:
        data["reform"] = rulebook.reform.digest
    if cohort is not None:
        data["cohort"] = cohort.digest
    return data


def recorded_bytes(decision: Decision) -> bytes:
    """Return the canonical bytes of `recorded_data`: what a replay compares."""
    return canonical(recorded_data(decision))


def in_force_digest(parameters: Iterable[ParameterUse], not_in_force: Sequence[NotInForce]) -> str:
    """Return the digest of what stays the same between two days on which something changes.

    It covers the parameters that were used, with their values, and what was not in force and why.
    """
    absent = sorted([each.kind, each.id, each.because] for each in not_in_force)
    values: dict[str, Any] = {use.parameter.id: written(use.dated.value) for use in parameters}
    return digest({"parameters": values, "not_in_force": absent})


def _unknown(readings: Iterable[FactReading]) -> dict[str, list[str]]:
    """The unknown facts, by why they are unknown."""
    by_reason: dict[str, list[str]] = {}
    for reading in readings:
        if reading.why_unknown:
            by_reason.setdefault(reading.why_unknown, []).append(reading.fact.id)
    return {reason: sorted(facts) for reason, facts in by_reason.items()}


def _conclusion(conclusion: Conclusion) -> str | None:
    if isinstance(conclusion, Truth):
        return LETTERS[conclusion]
    text: str | None = conclusion_data(conclusion)
    return text


def _letters(leaves: Iterable[LeafResult]) -> str:
    return "".join([LETTERS[leaf.truth] for leaf in leaves])
