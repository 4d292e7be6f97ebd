"""Cases that the analysis makes: as few facts as show the point, ready to be decided."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from attrs import evolve

from oversight_engine.language.cases import allowed_characters
from oversight_engine.model.case import Case, StatedFact, System, Value
from oversight_engine.model.rulebook import Fact, Identifier, Rulebook, Status

MADE_UP = "made up by the analysis"


def example_case(
    rulebook: Rulebook,
    day: datetime.date,
    values: Mapping[str, Value],
    *,
    number: int = 0,
    about: str = "",
) -> Case:
    """Return a case that states these *values* on *day*; all other facts are unknown.

    Args:
        rulebook: whose facts they are.
        day: the date of the case, and the day each value is as at.
        values: by fact id.
        number: which example it is; each has a code of its own.
        about: what it shows.
    """
    return Case(
        system=System(example_code(rulebook.identifier, number), f"Example {number + 1}"),
        as_of=day,
        facts={
            fact.id: stated(fact, values[fact.id], day)
            for fact in rulebook.facts
            if fact.id in values
        },
        about=about,
    )


def stated(
    fact: Fact, value: Value, day: datetime.date, *, status: Status | None = None
) -> StatedFact:
    """Return *value* as stated on *day* so that *fact* is known, unless the *status* says not."""
    return StatedFact(value, MADE_UP, day, status or accepted_status(fact))


def accepted_status(fact: Fact) -> Status:
    """Return the first status with which *fact* is known; a final one where that will do."""
    return "final" if "final" in fact.accepts or not fact.accepts else fact.accepts[0]


def example_code(identifier: Identifier | None, number: int) -> str:
    """Return the code of the example of that *number*, as *identifier* wants codes to be."""
    if identifier is None:
        return f"EXAMPLE-{number + 1}"
    characters = sorted(allowed_characters(identifier), key=lambda c: (not c.isalpha(), c))
    code = ""
    while number or len(code) < identifier.shortest:
        number, place = divmod(number, len(characters))
        code = characters[place] + code
    return code


def with_few_facts(rulebook: Rulebook, case: Case, shows: Callable[[Case], bool]) -> Case:
    """Return *case* without the facts that it can do without and still be one that *shows*.

    Those that a list of local priorities becomes stay or go together.
    """
    parts = [{fact.id} for fact in rulebook.facts if fact.id in case.facts]
    names = rulebook.local_priorities
    if names is not None:
        listed = {names.agreed, names.on_track, names.not_on_track, names.unknown}
        parts = [part for part in parts if not part & listed] + [listed]
    for part in parts:
        less = evolve(case, facts={i: f for i, f in case.facts.items() if i not in part})
        if shows(less):
            case = less
    return case
