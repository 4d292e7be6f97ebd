"""Distinct cases of a rulebook, complete or with gaps, the same for every engine: seeded."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve

from oversight_engine.language.cases import read_cases
from oversight_engine.model.case import Case, StatedFact, System, Value
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Fact, Rulebook
from oversight_engine.resources import shipped

SEED = 20251121
DAY = datetime.date(2025, 6, 30)
AS_AT = datetime.date(2025, 5, 31)


def cases_of(rulebook: Rulebook, number: int, *, unknown: float = 0.0) -> tuple[Case, ...]:
    """Return *number* distinct cases: shipped stories with a few facts changed at random.

    Args:
        rulebook: whose facts the stories state.
        number: how many.
        unknown: the share of facts that is left out, at random.
    """
    chance = random.Random(SEED)  # noqa: S311 - the same cases every time is the point
    stories = [
        case
        for case in read_cases([shipped("cases") / "illustrative"], rulebook)
        if case.as_of == DAY and len(case.facts) == len(rulebook.facts)
    ]
    return tuple(_changed(rulebook, stories, chance, number, unknown))


def _changed(
    rulebook: Rulebook, stories: list[Case], chance: random.Random, number: int, unknown: float
) -> Iterator[Case]:
    for place in range(number):
        story = chance.choice(stories)
        facts = dict(story.facts)
        for fact in chance.sample(rulebook.facts, chance.randint(0, 4)):
            stated = StatedFact(_value(fact, chance), source="made up", as_at=AS_AT)
            facts[fact.id] = evolve(stated, status="illustrative")
        for fact_id in list(facts):
            if chance.random() < unknown:
                del facts[fact_id]
        yield evolve(story, system=System(f"X{place}", "Made up"), facts=facts, as_of=DAY)


def _value(fact: Fact, chance: random.Random) -> Value:
    if fact.type == "boolean":
        return chance.random() < 0.5  # noqa: PLR2004 - as often true as false
    if fact.type == "category":
        return chance.choice((*fact.values, *fact.outside_order))
    if fact.type == "date":
        return DAY - datetime.timedelta(days=chance.randint(0, 400))
    return _number(fact, chance)


def _number(fact: Fact, chance: random.Random) -> Exact:
    least, most = fact.scaled_range
    low, high = least or 0, 1000 if most is None else most
    return whole_if_possible(Fraction(chance.randint(low, high), 10**fact.decimals))
