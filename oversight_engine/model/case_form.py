"""A case as plain data: what its digest covers, and what is written of it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from oversight_engine.model.plain import Plain, day_text, each, number_text, span_data, trimmed

if TYPE_CHECKING:
    from oversight_engine.model.case import Case, LocalPriority, StatedFact, Value

CASE_FORMAT = "oversight-case/1"


def value_data(value: Value | None) -> str | bool | None:
    """Return a stated value as plain data; numbers and dates as text."""
    if value is None or isinstance(value, bool | str):
        return value
    return value.isoformat() if isinstance(value, datetime.date) else number_text(value)


def stated_data(stated: StatedFact) -> Plain:
    """Return a fact as a case states it as plain data; without the note, which is for people."""
    return {"value": value_data(stated.value), "status": stated.status} | trimmed(
        source=stated.source,
        as_at=day_text(stated.as_at),
        likely=_likely(stated),
        chances={_key(value): number_text(chance) for value, chance in stated.chances},
    )


def _likely(stated: StatedFact) -> Any:
    if stated.likely is None:
        return None
    least, most = map(number_text, stated.likely)
    if not stated.shape:
        return [least, most]
    return {"from": least, "to": most, "shape": stated.shape}


def _key(value: Value) -> str:
    """Return *value* as the key of a mapping."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value_data(value))


def _priority(priority: LocalPriority) -> Plain:
    return trimmed(
        name=priority.name,
        target=None if priority.target is None else number_text(priority.target),
        actual=None if priority.actual is None else number_text(priority.actual),
        better=None if priority.better == "neither" else priority.better,
    ) | ({} if priority.on_track is None else {"on_track": priority.on_track})


def case_data(case: Case) -> Plain:
    """Return *case* as plain data: what its digest covers."""
    return trimmed(
        format=CASE_FORMAT,
        system=trimmed(code=case.system.code, name=case.system.name, region=case.system.region),
        period=span_data(case.period),
        as_of=day_text(case.as_of),
        facts={fact_id: stated_data(case.facts[fact_id]) for fact_id in sorted(case.facts)},
        local_priorities=each(case.local_priorities, _priority),
    )
