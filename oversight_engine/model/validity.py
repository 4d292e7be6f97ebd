"""Whether a case's values are what a rulebook's facts allow; asked before every decision."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import TypeGuard

from oversight_engine.model.case import Case, Value
from oversight_engine.model.number import Exact, scaled, written
from oversight_engine.model.rulebook import Fact, Rulebook

MOST_NAMED = 3
"""How many facts are named that all have the same fault."""


def find_faults(rulebook: Rulebook, case: Case, day: datetime.date) -> list[str]:
    """Return, in words, what in *case* the *rulebook* does not allow on that *day*.

    A reader has located and explained all of this already; this guards the cases that did not
    come through it, or were read for another rulebook or another day.
    """
    facts, declared = case.facts, 0
    faulty: dict[str, str] = {}
    period_end = case.period.end if case.period is not None else None
    sound: datetime.date | None = None  # the day last found so: most facts share one
    for fact in rulebook.facts:
        stated = facts.get(fact.id)
        if stated is None:
            continue
        declared += 1
        # Whatever takes its age from the end of the period is as at that day.
        as_at = period_end if stated.as_at is None and fact.max_age is not None else stated.as_at
        fault = ""
        if as_at is not None and as_at != sound:
            fault = _fault_of_day(as_at, day)
            sound = sound if fault else as_at
        if not fault and stated.likely is not None:
            fault = _fault_of_range(stated.likely)
        if not fault and stated.chances:
            fault = _fault_of_chances(fact, stated.chances)
        if not fault and stated.value is not None:
            fault = fault_of_value(fact, stated.value)
        if fault:
            faulty[fact.id] = fault
    if declared < len(facts):
        why = f"the rulebook {rulebook.id} declares no such fact"
        faulty = {name: why for name in facts if not rulebook.has_fact(name)} | faulty
    return _told(faulty) if faulty else []


def _told(faulty: dict[str, str]) -> list[str]:
    """Tell what is wrong with each fact, once where it is the same with several."""
    by_fault: dict[str, list[str]] = {}
    for fact_id, fault in faulty.items():
        by_fault.setdefault(fault, []).append(fact_id)
    return [
        ", ".join(ids[:MOST_NAMED])
        + (f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else "")
        + f": {fault}"
        for fault, ids in by_fault.items()
    ]


def is_day(value: object) -> bool:
    """Say whether *value* is a day. Python lets a moment (a `datetime`) pass for one; we do not."""
    return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)


def _fault_of_day(as_at: datetime.date, day: datetime.date) -> str:
    if not is_day(as_at):
        return f"it is as at {as_at}, which is not a day"
    return "" if as_at <= day else f"it is as at {as_at}, after the decision's date, {day}"


def _fault_of_range(likely: tuple[Exact, Exact]) -> str:
    if all(map(_is_exact, likely)):
        return ""
    return "an exact number is wanted at both ends of its likely range"


def _fault_of_chances(fact: Fact, chances: tuple[tuple[Value, Exact], ...]) -> str:
    for value, chance in chances:
        fault = fault_of_value(fact, value)
        if fault or not _is_exact(chance) or chance <= 0:
            return f"among its chances {fault or 'one is no exact number above 0'}"
    return "" if sum(chance for _, chance in chances) == 1 else "its chances do not add up to 1"


def _is_exact(value: object) -> TypeGuard[Exact]:
    return type(value) is int or type(value) is Fraction


def fault_of_value(fact: Fact, value: Value) -> str:
    """Return what is wrong with *value* for *fact*, or an empty text."""
    if fact.type == "number":
        return _fault_of_number(fact, value)
    if fact.type == "boolean":
        return "" if isinstance(value, bool) else "a boolean is wanted"
    if fact.type == "date":
        return "" if is_day(value) else "a date is wanted"
    if isinstance(value, str) and (value in fact.values or value in fact.outside_order):
        return ""
    return f"`{value}` is not one of " + ", ".join((*fact.values, *fact.outside_order))


def _fault_of_number(fact: Fact, value: Value) -> str:
    if not _is_exact(value):
        return "an exact number is wanted"
    whole = scaled(value, fact.decimals)
    if whole is None:
        return f"{written(value)} has more than {fact.decimals} decimals"
    least, most = fact.scaled_range
    if (least is None or least <= whole) and (most is None or whole <= most):
        return ""
    ends = ["any" if end is None else written(end) for end in fact.range]
    return f"{written(value)} is not within {ends[0]} to {ends[1]}"
