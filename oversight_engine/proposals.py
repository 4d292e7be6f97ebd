"""Who is proposed, of many decided systems: ranked by a declared order, each place explained."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from attrs import frozen

from oversight_engine import semantics
from oversight_engine.errors import RulebookError
from oversight_engine.explanation.wording import say_count, say_value
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import Exact, whole_if_possible, written
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.together import OrderKey, ProposalDeclaration
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import TRUE, UNKNOWN, Truth


@frozen
class Proposal:
    """What becomes of one decided system where some are proposed.

    Attributes:
        rank: from 1, among those whose decision carries the consequence; None for all others.
        is_proposed: whether one of the places is its own.
        reason: why it is proposed or omitted, in words.
    """

    declaration: ProposalDeclaration
    decision: Decision
    rank: int | None
    is_proposed: bool
    reason: str


def propose(rulebook: Rulebook, decisions: Iterable[Decision]) -> tuple[Proposal, ...]:
    """Return who of the systems decided is proposed, and who is not, and why.

    Systems are compared with those decided on the same day. Of each day and each kind of
    proposal the eligible ones come first, by rank. The order of *decisions* makes no difference.
    """
    ordered = sorted(decisions, key=lambda d: (d.as_of, d.case.system.code))
    days = [tuple(group) for _, group in groupby(ordered, key=lambda d: d.as_of)]
    return tuple(
        proposal
        for declaration in rulebook.proposals
        for of_day in days
        for proposal in _of_day(rulebook, declaration, of_day)
    )


def proposals_data(proposals: Sequence[Proposal]) -> list[Plain]:
    """Return *proposals* as plain data."""
    return [
        {
            "proposal": each.declaration.id,
            "as_of": each.decision.as_of.isoformat(),
            "system": each.decision.case.system.code,
            "rank": each.rank,
            "proposed": each.is_proposed,
            "because": each.reason,
        }
        for each in proposals
    ]


def _of_day(
    rulebook: Rulebook, declaration: ProposalDeclaration, decisions: Sequence[Decision]
) -> Iterator[Proposal]:
    truths = {d.case.system.code: _truth(d, declaration.consequence) for d in decisions}
    eligible = [d for d in decisions if truths[d.case.system.code] is TRUE]
    eligible.sort(key=lambda decision: _standing(decision, declaration))
    places = _places(rulebook, declaration, decisions[0])
    for rank, decision in enumerate(eligible, start=1):
        reason = f"number {rank} of {len(eligible)} for {say_count(places, 'place')}"
        # One that is omitted is compared with the last that is not.
        before = eligible[min(rank - 1, places) - 1] if rank > 1 and places else None
        if before is not None:
            reason += f"; {_behind(rulebook, declaration, decision, before)}"
        yield Proposal(declaration, decision, rank, rank <= places, reason)
    for decision in decisions:
        truth = truths[decision.case.system.code]
        if truth is UNKNOWN:
            reason = "whether it is eligible depends on missing evidence"
            yield Proposal(declaration, decision, None, is_proposed=False, reason=reason)
        elif truth is not TRUE:
            reason = "the decision brings no eligibility"
            yield Proposal(declaration, decision, None, is_proposed=False, reason=reason)


def _truth(decision: Decision, consequence: str) -> Truth | None:
    """Return whether *decision* carries the consequence; None where it does not at all."""
    carried = {result.consequence.id: result.truth for result in decision.consequences}
    return carried.get(consequence)


def _places(rulebook: Rulebook, declaration: ProposalDeclaration, decision: Decision) -> int:
    """Return how many places there are on the day; none in a gap of the parameter."""
    in_force = find_in_force(rulebook, decision.as_of, decision.cohort)
    places = semantics.number_of(declaration.places.quantity, in_force, decision.as_of)
    if places is None:
        return 0
    places = whole_if_possible(places)
    if not isinstance(places, int) or places < 0:
        raise RulebookError(
            f"{declaration.place}: {declaration.id} has {written(places)} places on "
            f"{decision.as_of}; a whole number of places is wanted"
        )
    return places


# The order


def _standing(decision: Decision, declaration: ProposalDeclaration) -> tuple[Any, ...]:
    """Return what sorts systems: each key in turn, the unknown last, and then the code."""
    return (*(_place(decision, key) for key in declaration.order), decision.case.system.code)


def _place(decision: Decision, key: OrderKey) -> tuple[bool, Exact]:
    measure = _measure(decision, key)
    if measure is None:
        return True, 0
    return False, -measure if key.first == "higher" else measure


def _measure(decision: Decision, key: OrderKey) -> Exact | None:
    """Return as a number what *key* looks at; None where it is unknown or outside its order."""
    value = _value(decision, key)
    if value is None or value is UNKNOWN:
        return None
    if isinstance(value, Truth):
        return int(value is TRUE)
    if isinstance(value, datetime.date):
        return value.toordinal()
    if isinstance(value, str):
        order = decision.rulebook.categories(key.name)
        return order.index(value) if value in order else None
    return value


def _value(decision: Decision, key: OrderKey) -> Value | Conclusion:
    if key.name.referent == "fact":
        return next(r.value for r in decision.facts if r.fact.id == key.name.id)
    conclusions = {r.finding.id: r.conclusion for r in decision.findings}
    return conclusions.get(key.name.id)  # what is not in force is known of nobody


def _behind(
    rulebook: Rulebook, declaration: ProposalDeclaration, decision: Decision, before: Decision
) -> str:
    """Return by what *decision* stands behind the one *before* it."""
    code = before.case.system.code
    for key in declaration.order:
        if _place(decision, key) != _place(before, key):
            fact_or_finding = getattr(rulebook, key.name.referent)(key.name.id)
            own, other = (
                say_value(_value(each, key), fact_or_finding.unit) for each in (decision, before)
            )
            return f"behind {code} by {fact_or_finding.title}: {own} against {other}"
    return f"level with {code}, whose code comes first"
