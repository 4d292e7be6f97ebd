"""The spans of days on which rules are not in force for want of a parameter."""

from __future__ import annotations

import datetime

from attrs import frozen

from oversight_engine.model.cohort import some_cohort
from oversight_engine.model.in_force import change_days, find_in_force
from oversight_engine.model.rulebook import Rulebook, Span


@frozen
class Gap:
    """Days within a rulebook's own dates on which a rule, though dated for them, does not hold."""

    rule: str
    span: Span
    because: str


def find_gaps(rulebook: Rulebook) -> tuple[Gap, ...]:
    """Return the gaps of *rulebook*, by rule and date. A gap stays a gap: nothing fills it.

    On days on which a parameter that it requires has no value it decides nothing, and so has none.
    """
    gaps: dict[tuple[str, str], list[Span]] = {}
    for span in periods_of(rulebook):
        if any(p.required and p.on(span.start) is None for p in rulebook.parameters):
            continue
        cohort = some_cohort(rulebook, span.start)
        for item in find_in_force(rulebook, span.start, cohort).not_in_force:
            if item.kind == "rule" and _is_dated_for(rulebook, item.id, span.start):
                _extend(gaps.setdefault((item.id, item.because), []), span)
    return tuple(
        Gap(rule, span, because)
        for (rule, because), spans in sorted(gaps.items())
        for span in spans
    )


def find_needs(rulebook: Rulebook) -> tuple[tuple[str, Span], ...]:
    """Return the parameters that *rulebook* requires, each with days on which it has no value."""
    needs: dict[str, list[Span]] = {}
    for span in periods_of(rulebook):
        for parameter in rulebook.parameters:
            if parameter.required and parameter.on(span.start) is None:
                _extend(needs.setdefault(parameter.id, []), span)
    return tuple((parameter_id, span) for parameter_id in needs for span in needs[parameter_id])


def periods_of(rulebook: Rulebook) -> list[Span]:
    """Return the spans, within the rulebook's dates, in which what is in force stays the same."""
    first, last = rulebook.span.start, rulebook.span.end
    inside = [d for d in change_days(rulebook) if d > first and (last is None or d <= last)]
    starts = [first, *inside]
    ends = [day - datetime.timedelta(days=1) for day in inside]
    return [Span(start, end) for start, end in zip(starts, [*ends, last], strict=True)]


def _is_dated_for(rulebook: Rulebook, rule_id: str, day: datetime.date) -> bool:
    span = rulebook.rule(rule_id).span
    return span is None or day in span


def _extend(spans: list[Span], span: Span) -> None:
    """Add *span* to *spans*, as one with the last where it follows on."""
    if spans and spans[-1].end == span.start - datetime.timedelta(days=1):
        spans[-1] = Span(spans[-1].start, span.end)
    else:
        spans.append(span)
