"""What a decision comes to if its figures may have been rounded to the last decimal.

A figure of a measured quantity is what was left of a finer one: it stands for everything within
half a unit of its last declared decimal, both ends included, because how it was rounded nobody
says. That is asked of a finer rulebook, in which such facts have one more decimal, so that each
comparison follows its own sign at the line: 69.95 is below 70, and 70.05 is above it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from attrs import evolve, frozen

from oversight_engine.analysis.enclosures import MAY, Reach
from oversight_engine.analysis.ground import Ground
from oversight_engine.engine import Engine
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Fact
from oversight_engine.program import RuleEntry

FINER = 10
HALF = FINER // 2
MONEY = ("GBP", "£")
PENCE = 2


@frozen(eq=False, repr=False)
class Rounded(Noun):
    """A figure whose rounding may matter to the decision.

    Attributes:
        least, most: what it may have been rounded from.
        flips: the outcomes (or `referral`) that become possible by it alone.
        at: the end of the two at which it turns the decision by itself; None where neither does.
    """

    fact: Fact
    value: Value
    least: Value
    most: Value
    flips: tuple[str, ...] = ()
    at: Value | None = None


def is_rounded(fact: Fact) -> bool:
    """Say whether a figure of *fact* is a rounded one: of a number with decimals.

    A count is exact, and so is an amount of money that is stated to the penny.
    """
    is_to_the_penny = fact.unit in MONEY and fact.decimals >= PENCE
    return fact.type == "number" and fact.decimals > 0 and not is_to_the_penny


def finer_ground(engine: Engine, day: datetime.date) -> Ground:
    """Return the ground on *day* of the same rulebook with one more decimal where it is rounded."""
    facts = tuple(
        evolve(fact, decimals=fact.decimals + 1) if is_rounded(fact) else fact
        for fact in engine.rulebook.facts
    )
    return Ground.of(evolve(engine.rulebook, facts=facts), day, engine.cohort)


class Rounding:
    """What the figures of one case may have been rounded from, on a finer *ground*."""

    def __init__(self, ground: Ground, decision: Decision) -> None:
        """Look at those figures of *decision* that say nothing of how uncertain they are."""
        self.ground = ground
        self.known = ground.known_in(decision)
        self.now = ground.at(self.known)
        self.reaches: Mapping[str, range] = {
            reading.fact.id: self._around(ground.rulebook.fact(reading.fact.id))
            for reading in decision.facts
            if reading.value is not None and is_rounded(reading.fact)
            and reading.stated is not None and not reading.stated.likely
            and not reading.stated.chances
        }  # fmt: skip
        self._rules = {rule.id: rule for rule in ground.program.rules}

    def _around(self, fact: Fact) -> range:
        value = self.known[fact.id]
        least, most = fact.scaled_range
        first = value - HALF if least is None else max(value - HALF, least)
        last = value + HALF if most is None else min(value + HALF, most)
        return range(first, last + 1)

    def turns(self, rule_id: str, fact_id: str) -> bool:
        """Say whether what the figure of a fact was rounded from may turn a rule by itself."""
        around = self.reaches.get(fact_id)
        if around is None:
            return False
        proposition = self._rules[rule_id].proposition
        now = self.now.truths(proposition)
        # Between the ends there is nothing that the ends do not show of a test of one sum; what
        # is no sum is looked at in between as well.
        return any(
            self.now.changed(
                {fact_id: Reach(number, number)}, self.ground.supports.readers
            ).truths(proposition) != now
            for number in around
        )  # fmt: skip

    def matters(self, others: Mapping[str, Reach]) -> list[str]:
        """Return the facts whose rounding may change what a rule comes to.

        Args:
            others: where facts may be that say themselves how uncertain they are.
        """
        facts = {fact: Reach(around[0], around[-1]) for fact, around in self.reaches.items()}
        within = self.now.changed({**facts, **others}, self.ground.supports.readers)
        undecided: list[RuleEntry] = [
            rule for rule in self.ground.program.rules
            if within.truths(rule.proposition) not in MAY
        ]  # fmt: skip
        read = self.ground.supports.of_all(rule.proposition for rule in undecided)
        return [fact for fact in self.reaches if fact in read and len(self.reaches[fact]) > 1]
