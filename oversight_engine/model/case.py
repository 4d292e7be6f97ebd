"""A case: the facts of one system at one date, each with where it comes from."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from attrs import field, frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Better, Span, Status

Shape = Literal["uniform"]
"""How likely the values of a range are: each as likely as any other."""

Value = Exact | bool | str | datetime.date
"""A stated value: an exact number, a boolean, a category's value or a date."""


@frozen(eq=False, repr=False)
class System(Noun):
    """The system a case is about: its code, name and region."""

    code: str
    name: str
    region: str = ""


@frozen(eq=False, repr=False)
class StatedFact(Noun):
    """A value as stated, and its provenance.

    Attributes:
        value: None only where it is suppressed.
        as_at: the day the value speaks of; None takes the end of the case's period.
        likely: the range the true value is likely to lie in, both ends included.
        shape: how likely each value of that range is; empty where nobody has said.
        chances: instead of a range, each value it may truly have and how likely that is.
    """

    value: Value | None
    source: str = ""
    as_at: datetime.date | None = None
    status: Status = "final"
    likely: tuple[Exact, Exact] | None = None
    note: str = field(default="", eq=False)
    shape: Shape | Literal[""] = ""
    chances: tuple[tuple[Value, Exact], ...] = ()


@frozen(eq=False, repr=False)
class LocalPriority(Noun):
    """One of a system's own priorities; *on_track* is None where it is not known."""

    name: str
    target: Exact | None = None
    actual: Exact | None = None
    better: Better = "neither"
    on_track: bool | None = None


@frozen(eq=False, repr=False)
class Expectation(Noun):
    """What the teller of a case says should come out."""

    outcome: str
    because: tuple[str, ...] = ()
    only: bool = False


@frozen(eq=False, repr=False)
class Case(Noun):
    """The facts of one system at one date.

    Attributes:
        facts: by fact id, those that local priorities became included.
        about, expect, place: for people; no part of what the digest covers.
    """

    system: System
    as_of: datetime.date
    facts: Mapping[str, StatedFact]
    period: Span | None = None
    local_priorities: tuple[LocalPriority, ...] = ()
    about: str = field(default="", eq=False)
    expect: Expectation | None = field(default=None, eq=False)
    place: str = field(default="", eq=False)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form: what identifies the case."""
        from oversight_engine.model.case_form import case_data
        from oversight_engine.model.plain import digest

        return digest(case_data(self))
