"""How a system stands: what was decided on it, what people did about that, and what is in force.

Decisions are confirmed or refused, overridden, superseded, withdrawn; people are heard and
answered; decisions are reviewed. `oversight_engine.ledger.folding` makes a standing of entries.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from attrs import frozen

from oversight_engine.ledger.moves import DRAWN, State
from oversight_engine.model.noun import Noun
from oversight_engine.model.people import NO_OUTCOME
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Span

MASKED = "masked"
"""Stands for what the first case stated of the outcome before it, where that is masked."""

Day = datetime.date
A_DAY = datetime.timedelta(days=1)


@frozen(eq=False, repr=False)
class Terms(Noun):
    """What a rulebook says that a standing rests on.

    Attributes:
        outcomes: the scale, lightest first.
        confirmed: the outcomes that are only recommended until they are confirmed.
        roles: who may confirm and refuse; empty: anybody who names a role.
        opening: the fact by which a case states the outcome in force before it; or empty.
    """

    rulebook: str
    version: str
    outcomes: tuple[str, ...]
    confirmed: frozenset[str]
    roles: tuple[str, ...] = ()
    opening: str = ""


def terms_of(rulebook: Plain) -> Terms:
    """Return the terms of a *rulebook*, which is given in its canonical form."""
    outcomes = tuple(str(outcome["id"]) for outcome in rulebook["outcomes"])
    declared: Plain = rulebook.get("confirmation", {})
    opening = [
        fact["id"]
        for fact in rulebook["facts"]
        if fact.get("history") == {"of": "outcome_in_force"}
    ]
    return Terms(
        rulebook=rulebook["id"],
        version=rulebook["version"],
        outcomes=outcomes,
        confirmed=frozenset(declared.get("outcomes", outcomes[-1:])),
        roles=tuple(declared.get("roles", ())),
        opening=opening[0] if opening else "",
    )


@frozen(eq=False, repr=False)
class Decided(Noun):
    """A recorded decision, and what became of it.

    Attributes:
        number: of its entry.
        outcome: the engine's own; None for a referral.
        state: where it stands in the table of moves.
        holds_from: the first day on which its outcome is in force; None where it never is.
        confirmed_by: the entry of the confirmation, or of the refusal; 0 without one.
        criteria: the exit criteria agreed with its confirmation.
        review_on: when it is due for review next, if ever.
        stated: the outcome in force before it, where its case states one.
    """

    number: int
    as_of: Day
    outcome: str | None
    terms: Terms
    state: State
    holds_from: Day | None = None
    confirmed_by: int = 0
    criteria: tuple[str, ...] = ()
    review_on: Day | None = None
    period: Span | None = None
    stated: str = ""
    supersedes: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it was neither superseded nor withdrawn."""
        return self.state not in DRAWN


@frozen(eq=False, repr=False)
class Override(Noun):
    """An outcome that a person put in the place of the engine's, until it expires.

    Attributes:
        until: the last day on which it holds.
    """

    number: int
    about: int
    outcome: str
    start: Day
    until: Day
    reason: str
    by: Mapping[str, str]
    criteria: tuple[str, ...] = ()
    state: State = "standing"


@frozen(eq=False, repr=False)
class Representation(Noun):
    """What somebody said about a decision, and the entry of the answer, once there is one.

    Attributes:
        text, answered: what they said, and what was answered; empty where it is masked.
    """

    number: int
    about: int
    received_on: Day
    by: Mapping[str, str]
    text: str = ""
    state: State = "received"
    answer: int = 0
    answered: str = ""


@frozen(eq=False, repr=False)
class Review(Noun):
    """What a review of a decision found.

    Attributes:
        met: the exit criteria that it found met.
        found: what it found; empty where that is masked.
    """

    number: int
    about: int
    on: Day
    next_on: Day | None
    met: tuple[str, ...]
    by: Mapping[str, str]
    found: str = ""


@frozen(eq=False, repr=False)
class InForce(Noun):
    """The outcome that holds on a day, beside the engine's own.

    Attributes:
        outcome: `none` where nothing was ever decided.
        entry: the entry by which it holds: a decision, confirmation or override; 0 for none.
        because: what that entry is; `statement` where the first case states what held before.
        until: when it expires, of an override.
        engine: the engine's own latest outcome; `none` where there is none.
        engine_entry: the decision that has it; 0 for none.
    """

    outcome: str
    entry: int
    because: Literal["", "decision", "confirmation", "override", "statement"]
    engine: str
    engine_entry: int
    until: Day | None = None


@frozen(eq=False, repr=False)
class Spell(Noun):
    """Days without a break on which one outcome was in force; *entry* began them."""

    outcome: str
    start: Day
    entry: int


@frozen(eq=False, repr=False)
class Standing(Noun):
    """How one system stands under one rulebook, whatever the rulebook's version.

    Attributes:
        decisions: in the order in which they were recorded.
    """

    system: str
    rulebook: str
    decisions: tuple[Decided, ...] = ()
    overrides: tuple[Override, ...] = ()
    representations: tuple[Representation, ...] = ()
    reviews: tuple[Review, ...] = ()

    def decision(self, number: int) -> Decided:
        """Return the decision of that entry."""
        return next(each for each in self.decisions if each.number == number)

    @cached_property
    def live(self) -> tuple[Decided, ...]:
        """The decisions neither superseded nor withdrawn, by their day."""
        return tuple(sorted((d for d in self.decisions if d.is_live), key=_by_day))

    def in_force(self, day: Day) -> InForce:
        """Return the outcome in force on *day*, and the engine's own beside it."""
        own = holds = None
        for decided in reversed(self.live):
            if own is None and decided.outcome and decided.as_of <= day:
                own = decided
            if holds is None and decided.holds_from and decided.holds_from <= day:
                holds = decided
            if own is not None and holds is not None:
                break
        engine = (own.outcome or NO_OUTCOME, own.number) if own else (NO_OUTCOME, 0)
        override = self._override_on(day)
        if override is not None:
            return InForce(override.outcome, override.number, "override", *engine, override.until)
        if holds is not None and holds.outcome:
            if holds.confirmed_by:
                return InForce(holds.outcome, holds.confirmed_by, "confirmation", *engine)
            return InForce(holds.outcome, holds.number, "decision", *engine)
        first = self.live[0] if self.live else None
        if first is not None and first.stated and first.as_of <= day:
            return InForce(first.stated, first.number, "statement", *engine)
        return InForce(NO_OUTCOME, 0, "", *engine)

    def _override_on(self, day: Day) -> Override | None:
        """Return the override that holds on *day*: the last word that a person said until then."""
        begun = [each for each in self._standing_overrides if each.start <= day]
        if not begun:
            return None
        last = max(begun, key=lambda each: each.number)
        if last.until < day:
            return None
        confirmed = [
            d.confirmed_by
            for d in self.decisions
            if d.is_live and d.state == "confirmed" and d.holds_from and d.holds_from <= day
        ]
        return None if max(confirmed, default=0) > last.number else last

    @cached_property
    def _standing_overrides(self) -> tuple[Override, ...]:
        live = {d.number for d in self.live}
        return tuple(o for o in self.overrides if o.state == "standing" and o.about in live)

    def spells(self, day: Day) -> tuple[Spell, ...]:
        """Return the spells of outcomes in force up to *day*, the present one last."""
        found: list[Spell] = []
        while (spell := self.spell(day)) is not None:
            found.append(spell)
            day = spell.start - A_DAY
        return tuple(reversed(found))

    def spell(self, day: Day) -> Spell | None:
        """Return the spell that *day* is in; None before everything."""
        found = None
        for start in self._changes:
            if start > day:
                continue
            held = self.in_force(start)
            if found is not None and found.outcome != held.outcome:
                break
            found = Spell(held.outcome, start, held.entry)
        return found

    @cached_property
    def _changes(self) -> tuple[Day, ...]:
        """The days on which another outcome may come to be in force, the latest first."""
        days = {d.as_of for d in self.live} | {d.holds_from for d in self.live if d.holds_from}
        for override in self._standing_overrides:
            days |= {override.start, override.until + A_DAY}
        return tuple(sorted(days, reverse=True))

    def state_on(self, decision: Decided, day: Day) -> str:
        """Return the state of *decision*, or `overridden` while an override of it holds."""
        override = self._override_on(day)
        is_overridden = override is not None and override.about == decision.number
        return "overridden" if is_overridden else decision.state

    def criteria(self, day: Day) -> tuple[int, tuple[str, ...]]:
        """Return the exit criteria of the present spell of the outcome in force, and their entry.

        Those agreed last hold; the number is 0 where none were agreed. What comes back after an
        override comes back with its criteria.
        """
        spell = self.spell(day)
        if spell is None:
            return 0, ()
        start, outcome = spell.start, spell.outcome
        present = self.in_force(day).entry
        made = [
            (d.confirmed_by, d.holds_from, d.criteria)
            for d in self.live
            if d.outcome == outcome and d.holds_from
        ]
        made += [
            (o.number, o.start, o.criteria)
            for o in self._standing_overrides
            if o.outcome == outcome
        ]
        agreed = [
            (number, criteria)
            for number, begun, criteria in made
            if criteria and (number == present or start <= begun <= day)
        ]
        return max(agreed, default=(0, ()))


def _by_day(decision: Decided) -> tuple[Day, int]:
    return decision.as_of, decision.number
