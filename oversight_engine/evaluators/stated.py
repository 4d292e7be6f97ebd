"""A case as plain data, as the generated evaluator asks for it: texts, not values.

It knows nothing of errors: what a reader would refuse is *odd*, and odd cases are left to the
reference evaluator, which says what is wrong with them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from oversight_engine import semantics
from oversight_engine.evaluators.emitting import Memo
from oversight_engine.model.case import StatedFact, Value
from oversight_engine.model.number import exact, scaled, written
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import STATUSES, Fact, Span, Status
from oversight_engine.model.validity import fault_of_value
from oversight_engine.program import FactTerm


class OddCaseError(Exception):
    """A case is not as a reader would let it through; the reference evaluator says why."""


class Statement(Protocol):
    """A fact as the plain data of a case states it: texts and booleans as they are written."""

    @property
    def value(self) -> str | bool | None:
        """As written."""

    @property
    def status(self) -> str:
        """As written."""

    @property
    def as_at(self) -> str | None:
        """As written, or None where it is not stated."""


class Question(NamedTuple):
    """What a recorded decision is an answer to.

    Attributes:
        facts: as stated, by id.
        system: the code of the system.
        digest: of the case.
        as_of: the case's own date, as written.
        period_end: the last day of the case's period, as written, where it has one.
        day: the date of the decision, as written.
        period_start: the first day of the case's period, likewise; it decides nothing by itself.
    """

    facts: Mapping[str, Statement]
    system: str
    digest: str
    as_of: str
    period_end: str | None
    day: str
    period_start: str | None = None


class Stated(NamedTuple):
    """A `Statement` by itself."""

    value: str | bool | None
    status: str
    as_at: str | None


def stated(given: Plain) -> Stated:
    """Return a fact as the plain data of a case states it."""
    return Stated(given["value"], given["status"], given.get("as_at"))


def question_about(data: Plain, day: str, digest: str) -> Question:
    """Return the question what becomes of the case with this plain *data* on that *day*.

    Raises:
        OddCaseError: the data does not have the shape of a case.
    """
    try:
        period = data.get("period")
        facts = {fact: stated(given) for fact, given in data.get("facts", {}).items()}
        start, end = (None, None) if period is None else (period["from"], period.get("to"))
        question = Question(facts, data["system"]["code"], digest, data["as_of"], end, day, start)
    except (AttributeError, KeyError, TypeError):
        raise OddCaseError from None
    # Python takes 1 for true, and where what is written becomes a value they must not be mixed up.
    if all(isinstance(each.value, str | bool | None) for each in facts.values()):
        return question
    raise OddCaseError


def _ordinal(text: Any) -> int:
    try:
        day = datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise OddCaseError from None
    if day.isoformat() != text:
        raise OddCaseError
    return day.toordinal()


DAYS = Memo(_ordinal)
"""The number of a day, by its text."""


# Reading the plain data of a fact


def reader_of(fact: Fact, term: FactTerm | None) -> Callable[[Any], int | None]:
    """Return what turns a value as written into what the program reads."""

    def read(text: Any) -> int:
        value: Value
        if fact.type == "number" and isinstance(text, str):
            try:
                value = exact(text)
            except ValueError:
                raise OddCaseError from None
            if written(value) != text:
                raise OddCaseError
        elif fact.type == "date":
            value = datetime.date.fromordinal(DAYS[text])
        else:
            value = text
        if fault_of_value(fact, value):
            raise OddCaseError
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, str):
            return 0 if term is None or term.codes is None else term.codes[value]
        if isinstance(value, datetime.date):
            return value.toordinal()
        whole = scaled(value, fact.decimals)
        assert whole is not None, "a value with more decimals than declared is odd"
        return whole

    return lambda text: None if text is None else read(text)


def why_unknown(fact: Fact, statement: Statement, today: int, end: int | None) -> str:
    """Return why a stated *fact* is unknown."""
    if statement.status not in STATUSES:
        raise OddCaseError
    status: Status = statement.status
    as_at = None if statement.as_at is None else datetime.date.fromordinal(DAYS[statement.as_at])
    value = None if statement.value is None else True
    day = datetime.date.fromordinal(today)
    last = None if end is None else datetime.date.fromordinal(end)
    period = None if last is None else Span(last, last)
    why = semantics.why_unknown(
        fact, StatedFact(value, as_at=as_at, status=status), as_of=day, period=period
    )
    assert why, "a fact that is known has no reason to be unknown"
    return why
