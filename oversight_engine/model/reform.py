"""A reform: dated changes of parameters on top of a rulebook."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import DatedValue, Parameter, Rulebook, Span, UnderReform

REFORM_FORMAT = "oversight-reform/1"

_A_DAY = datetime.timedelta(days=1)


@frozen(eq=False, repr=False)
class Change(Noun):
    """What a parameter is worth under a reform, on the days that the reform states."""

    parameter: str
    values: tuple[DatedValue, ...]


@frozen(eq=False, repr=False)
class Reform(Noun):
    """Dated changes of parameters on top of a rulebook.

    Attributes:
        rulebook: the id of the rulebook it is for.
        pinned: the digest of that rulebook, where the reform is for no other version.
    """

    id: str
    title: str
    rulebook: str
    changes: tuple[Change, ...]
    pinned: str = ""
    about: str = ""
    place: str = field(default="", eq=False)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form: what identifies the reform."""
        from oversight_engine.model.plain import digest

        return digest(reform_data(self))


def reform_data(reform: Reform) -> dict[str, Any]:
    """Return *reform* as plain data: what its digest covers, and what a file of it says."""
    from oversight_engine.model.rulebook_form import dated_data

    rulebook = {"id": reform.rulebook} | ({"digest": reform.pinned} if reform.pinned else {})
    data: dict[str, Any] = {"format": REFORM_FORMAT, "id": reform.id, "title": reform.title}
    return (
        data
        | ({"about": reform.about} if reform.about else {})
        | {
            "rulebook": rulebook,
            "parameters": [
                {"id": change.parameter, "values": [dated_data(dated) for dated in change.values]}
                for change in sorted(reform.changes, key=lambda change: change.parameter)
            ],
        }
    )


def under_reform(rulebook: Rulebook, reform: Reform) -> Rulebook:
    """Return *rulebook* as it stands under *reform*; it keeps its digest, and names the reform.

    On the days that the reform states, its values hold; on all others the rulebook's own.
    """
    assert rulebook.reform is None, "a rulebook stands under one reform at most"
    changes = {change.parameter: change for change in reform.changes}
    return evolve(
        rulebook,
        parameters=tuple(_changed(each, changes.get(each.id)) for each in rulebook.parameters),
        reform=UnderReform(reform.id, reform.title, reform.digest, rulebook.digest),
    )


def _changed(parameter: Parameter, change: Change | None) -> Parameter:
    if change is None:
        return parameter
    kept: Iterable[DatedValue] = parameter.values
    for new in change.values:
        kept = [part for old in kept for part in _outside(old, new.span)]
    merged = sorted((*kept, *change.values), key=lambda dated: dated.span.start)
    return evolve(parameter, values=tuple(merged))


def _outside(dated: DatedValue, span: Span) -> Iterator[DatedValue]:
    """Yield what of *dated* lies before and after the *span*."""
    start, end = dated.span.start, dated.span.end
    if start < span.start:
        before = span.start - _A_DAY
        yield evolve(dated, span=Span(start, before if end is None else min(before, end)))
    last = span.end
    if last is not None and last < (end or datetime.date.max):
        yield evolve(dated, span=Span(max(start, last + _A_DAY), end))
