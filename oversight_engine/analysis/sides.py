"""Two rulebooks of which the same cases are asked: what they share, and how decisions differ."""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple

from attrs import evolve

from oversight_engine.compiler import compile_program
from oversight_engine.engine import refuse_day
from oversight_engine.errors import InputError, NotInForceError, ParameterNeededError
from oversight_engine.model.case import Case
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import Decision
from oversight_engine.model.in_force import InForce, change_days, find_in_force
from oversight_engine.model.rulebook import Fact, Rulebook
from oversight_engine.program import Program

Outcomes = tuple[str | None, str | None]
"""What a case comes to by two rulebooks; a referral is written as None."""

Kind = Literal["lighter", "harsher", "referred", "decided", "other"]
"""How the second differs. `referred`: what was decided is referred; `decided`: what was referred
is decided; `other`: the outcomes of the rulebooks differ, so that none is lighter or harsher."""


def kinds_of(first: Rulebook, second: Rulebook) -> tuple[Kind, ...]:
    """Return how the decisions of two rulebooks may differ."""
    if scale_of(first) == scale_of(second):
        return "lighter", "harsher", "referred", "decided"
    return "other", "referred", "decided"


class Side(NamedTuple):
    """A rulebook as it holds on the day of a comparison."""

    rulebook: Rulebook
    in_force: InForce
    program: Program
    cohort: CohortValues | None


def side_of(rulebook: Rulebook, day: datetime.date, cohort: CohortValues | None = None) -> Side:
    """Return *rulebook* as it holds on *day*.

    Raises:
        NotInForceError, ParameterNeededError: it decides nothing on that day.
    """
    refuse_day(rulebook, day)
    in_force = find_in_force(rulebook, day, cohort)
    return Side(rulebook, in_force, compile_program(in_force), cohort)


def differing_days(first: Rulebook, second: Rulebook) -> tuple[datetime.date, ...]:
    """Return the days that show every way in which two rulebooks do not say the same.

    On any other day on which both decide they say the same, or what they say on one of these.
    Where they never differ, it is the first on which both decide; none where they never both do.
    """
    days = {first.span.start, second.span.start, *change_days(first), *change_days(second)}
    common = [day for day in sorted(days) if _decides_on(first, day) and _decides_on(second, day)]
    seen: list[tuple[Program, ...]] = []
    differing = []
    for day in common:
        pair = tuple(compile_program(find_in_force(book, day)) for book in (first, second))
        is_same = pair[0] == pair[1] and first.facts == second.facts
        if not is_same and pair not in seen:
            seen.append(pair)
            differing.append(day)
    return tuple(differing or common[:1])


def _decides_on(rulebook: Rulebook, day: datetime.date) -> bool:
    try:
        refuse_day(rulebook, day)
    except (NotInForceError, ParameterNeededError):
        return False
    return True


def kind_of(first: Rulebook, second: Rulebook, before: str | None, after: str | None) -> Kind:
    """Return how the outcome *after* differs from *before*; a referral is written as None."""
    if after is None:
        return "referred"
    if before is None:
        return "decided"
    if scale_of(first) != scale_of(second):
        return "other"
    return "lighter" if second.severity(after) < first.severity(before) else "harsher"


def scale_of(rulebook: Rulebook) -> tuple[str, ...]:
    """Return the ids of the outcomes, the lightest first."""
    return tuple(outcome.id for outcome in rulebook.outcomes)


def responsible(before: Decision, after: Decision) -> tuple[str, ...]:
    """Return the ids of the rules that make one decision differ from the other.

    They bring the more severe of two outcomes, or the referral; where the harshest outcome took
    precedence over a referral, they bring that. The other side has none that do so.
    """
    decision = (before, after)[
        bearing(before.rulebook, after.rulebook, before.outcome, after.outcome)
    ]
    wanted = ("refers",) if decision.outcome is None else ("holds", "holds_back")
    return tuple(
        sorted(
            result.rule.id
            for result in decision.rules
            if result.effect in wanted
            and (decision.outcome is None or result.rule.outcome == decision.outcome)
        )
    )


def bearing(first: Rulebook, second: Rulebook, before: str | None, after: str | None) -> int:
    """Return which of two decisions, the first (0) or the second (1), has the rules to answer."""
    if after is None:
        return int(before != first.harshest)
    if before is None:
        return int(after == second.harshest)
    kind = kind_of(first, second, before, after)
    return int(kind == "harsher" or (kind == "other" and after != second.lightest))


def differing_facts(first: Rulebook, second: Rulebook) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the facts that only the *first* and only the *second* declares.

    Raises:
        InputError: facts of one name are not the same thing in both.
    """
    ours = {fact.id: fact for fact in first.facts}
    theirs = {fact.id: fact for fact in second.facts}
    clashes = [
        f"{fact_id} is {_is(ours[fact_id])} in {first.id} and {_is(theirs[fact_id])} in {second.id}"
        for fact_id in ours
        if fact_id in theirs and not _is_same_thing(ours[fact_id], theirs[fact_id])
    ]
    if clashes:
        raise InputError("no case could be decided by both: " + "; ".join(clashes))
    return (
        tuple(fact_id for fact_id in ours if fact_id not in theirs),
        tuple(fact_id for fact_id in theirs if fact_id not in ours),
    )


def _is(fact: Fact) -> str:
    return f"a {fact.type}" + (f" in {fact.unit}" if fact.unit else "")


def _is_same_thing(one: Fact, other: Fact) -> bool:
    same = (one.type, one.unit) == (other.type, other.unit)
    return same and (one.type != "category" or bool({*_values(one)} & {*_values(other)}))


def _values(fact: Fact) -> tuple[str, ...]:
    return (*fact.values, *fact.outside_order)


def union_of(first: Rulebook, second: Rulebook) -> Rulebook:
    """Return the *first* rulebook with the facts that only the *second* declares as well."""
    more = tuple(fact for fact in second.facts if not first.has_fact(fact.id))
    return evolve(first, facts=(*first.facts, *more))


def as_read_by(rulebook: Rulebook, case: Case) -> Case:
    """Return what of *case* the *rulebook* declares."""
    return evolve(case, facts={i: f for i, f in case.facts.items() if rulebook.has_fact(i)})
