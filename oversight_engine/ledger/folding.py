"""From entries to standings: a pure fold, in which every step is a legal move.

Nothing here reads a store or a clock: a standing follows from the entries, and from what their
rulebooks say about confirmation. How a system stood *as known* on a day follows from the entries
recorded until then.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Protocol

from attrs import evolve

from oversight_engine.errors import IntegrityError, MoveError
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.moves import MOVES, State, refuse_move
from oversight_engine.ledger.standing import (
    MASKED,
    Day,
    Decided,
    Override,
    Representation,
    Review,
    Standing,
    Terms,
    terms_of,
)
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL, Span


class Told(Protocol):
    """An entry, or as much of one as a standing and what is drawn from it rest on."""

    @property
    def number(self) -> int:
        """Which entry of its ledger it is."""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""

    @property
    def about(self) -> int | None:
        """The number of the entry that it is about, if it is about one."""

    @property
    def data(self) -> Plain:
        """What it says, as plain data."""

    @property
    def recorded_at(self) -> datetime.datetime:
        """When it was recorded."""

    @property
    def masked(self) -> tuple[str, ...]:
        """The paths of what is masked in it."""

    @property
    def held(self) -> frozenset[str]:
        """The rules that held against the system, in a decision."""

    def states(self, fact_id: str) -> bool:
        """Say whether the case of a decision states that fact itself."""

    def value_of(self, fact_id: str) -> Any:
        """Return the value that the case of a decision states of a fact, as written, or None."""


def after(standing: Standing, entry: Told, terms: Terms | None = None) -> Standing:
    """Return the *standing* after *entry*; a decision comes with the *terms* of its rulebook.

    Raises:
        MoveError: the entry is no legal move; the message says what would be.
    """
    if entry.kind == "decision":
        assert terms is not None, "a decision has a rulebook"
        return _decide(standing, entry, terms)
    step = _STEPS.get(entry.kind)
    return standing if step is None else step(standing, entry)


def _day(text: str | None) -> Day | None:
    return None if text is None else Day.fromisoformat(text)


def span_in(case: Plain) -> Span | None:
    """Return the period of a *case* that is given as plain data, if it has one."""
    period = case.get("period")
    return _span(period["from"], period.get("to")) if period else None


@lru_cache(1000)
def _span(start: str, end: str | None) -> Span:
    return Span(Day.fromisoformat(start), _day(end))


def _decide(standing: Standing, entry: Told, terms: Terms) -> Standing:
    data = entry.data
    recorded, as_of = data["decision"], Day.fromisoformat(data["as_of"])
    label, old = recorded["decision"], int(data.get("supersedes", 0))
    _check_place(standing, as_of, old)
    outcome = None if label == REFERRAL else str(label)
    needs = outcome in terms.confirmed
    state: State = "referred" if outcome is None else "recommended" if needs else "decided"
    opening = f"/case/facts/{terms.opening}"
    decided = Decided(
        number=entry.number,
        as_of=as_of,
        outcome=outcome,
        terms=terms,
        state=state,
        holds_from=as_of if state == "decided" else None,
        review_on=_day(recorded.get("review_on")),
        period=span_in(data.get("case") or {}),
        stated=MASKED
        if {opening, f"{opening}/value"} & {*entry.masked}
        else str(entry.value_of(terms.opening) or ""),
        supersedes=old,
    )
    return _with_decisions(standing, (*standing.decisions, decided))


def _with_decisions(standing: Standing, decisions: tuple[Decided, ...]) -> Standing:
    return Standing(
        standing.system, standing.rulebook, decisions, standing.overrides,
        standing.representations, standing.reviews,
    )  # fmt: skip


def _check_place(standing: Standing, as_of: Day, old: int) -> None:
    """Refuse a decision where another of the same day stands, or that supersedes nothing."""
    if old:
        replaced = next((d for d in standing.decisions if d.number == old), None)
        successors = [d for d in standing.decisions if d.supersedes == old]
        if replaced is None or replaced.state != "superseded" or successors:
            raise MoveError(
                f"entry {old} waits for no decision in its place: correct it first, and once"
            )
        if replaced.as_of != as_of:
            raise MoveError(f"what supersedes entry {old} is of its day, {replaced.as_of}")
    twin = next((d for d in standing.decisions if d.is_live and d.as_of == as_of), None)
    if twin is not None:
        raise MoveError(
            f"{standing.system} was decided under {standing.rulebook} as of {as_of} already, in "
            f"entry {twin.number}: correct that one, or withdraw it"
        )


def _moved(standing: Standing, entry: Told) -> tuple[Decided, State]:
    """Return the decision that *entry* is about, and its state after a move that is legal."""
    number = entry.about
    decided = next((d for d in standing.decisions if d.number == number), None)
    if decided is None:
        raise MoveError(f"entry {number} is no decision on {standing.system}")
    state = MOVES[decided.state].get(entry.kind)
    if state is None:
        refuse_move(f"the decision in entry {number}", decided.state, entry.kind)
    later = [
        d.number
        for d in standing.decisions
        if d.is_live and d.outcome and d.as_of > decided.as_of
    ]  # fmt: skip
    if later and entry.kind in {"confirmation", "refusal", "override"}:
        raise MoveError(
            f"the decision in entry {number} was followed by that of a later day in entry "
            f"{later[-1]}: act on that one"
        )
    return decided, state


def _with(standing: Standing, decided: Decided) -> Standing:
    kept = tuple(decided if d.number == decided.number else d for d in standing.decisions)
    return _with_decisions(standing, kept)


def _check_role(decided: Decided, data: Plain, doing: str) -> None:
    roles = decided.terms.roles
    if roles and data["by"]["role"] not in roles:
        raise MoveError(
            f"under {decided.terms.rulebook} {decided.terms.version} {doing} is for "
            f"{' or '.join(roles)}, not for {data['by']['role']}"
        )


def _check_not_before(decided: Decided, day: Day, doing: str) -> None:
    if day < decided.as_of:
        raise MoveError(f"{doing} on {day} is before the decision's own day, {decided.as_of}")


def _check_criteria(decided: Decided, outcome: str | None, data: Plain) -> tuple[str, ...]:
    criteria = tuple(data.get("criteria", ()))
    harshest = decided.terms.outcomes[-1]
    if criteria and outcome != harshest:
        raise MoveError(f"exit criteria are agreed with {harshest}, not with {outcome}")
    return criteria


def _confirm(standing: Standing, entry: Told) -> Standing:
    decided, state = _moved(standing, entry)
    day = Day.fromisoformat(entry.data["on"])
    _check_role(decided, entry.data, "to confirm or refuse")
    _check_not_before(decided, day, f"a {entry.kind}")
    if entry.kind == "refusal":
        return _with(standing, evolve(decided, state=state, confirmed_by=entry.number))
    criteria = _check_criteria(decided, decided.outcome, entry.data)
    return _with(
        standing,
        evolve(
            decided, state=state, holds_from=day, confirmed_by=entry.number, criteria=criteria
        ),
    )  # fmt: skip


def _override(standing: Standing, entry: Told) -> Standing:
    decided, _ = _moved(standing, entry)
    data, terms = entry.data, decided.terms
    outcome, start = data["outcome"], Day.fromisoformat(data["from"])
    if outcome not in terms.outcomes:
        raise MoveError(
            f"`{outcome}` is no outcome of {terms.rulebook}: {', '.join(terms.outcomes)}"
        )
    if outcome == decided.outcome:
        raise MoveError(f"`{outcome}` is what the engine decided in entry {decided.number} itself")
    if {outcome, decided.outcome} & terms.confirmed:
        _check_role(decided, data, "to impose or lift what needs confirmation")
    _check_not_before(decided, start, "an override")
    override = Override(
        entry.number, decided.number, outcome, start, Day.fromisoformat(data["until"]),
        data.get("reason", MASKED), data["by"], _check_criteria(decided, outcome, data),
    )  # fmt: skip
    return evolve(standing, overrides=(*standing.overrides, override))


def _represent(standing: Standing, entry: Told) -> Standing:
    decided, _ = _moved(standing, entry)
    received = Day.fromisoformat(entry.data["received_on"])
    _check_not_before(decided, received, "a representation")
    said = entry.data.get("text", "")
    made = Representation(entry.number, decided.number, received, entry.data["by"], said)
    return evolve(standing, representations=(*standing.representations, made))


def _answer(standing: Standing, entry: Told) -> Standing:
    made = next((r for r in standing.representations if r.number == entry.about), None)
    if made is None:
        raise MoveError(f"entry {entry.about} is no representation about {standing.system}")
    state = MOVES[made.state].get(entry.kind)
    if state is None:
        refuse_move(f"the representation in entry {made.number}", made.state, entry.kind)
    said = entry.data.get("text", "")
    answered = evolve(made, state=state, answer=entry.number, answered=said)
    kept = tuple(answered if r.number == made.number else r for r in standing.representations)
    return evolve(standing, representations=kept)


def _review(standing: Standing, entry: Told) -> Standing:
    decided, _ = _moved(standing, entry)
    day = Day.fromisoformat(entry.data["on"])
    _check_not_before(decided, day, "a review")
    met, (_, agreed) = tuple(entry.data.get("met", ())), standing.criteria(day)
    unknown = [each for each in met if each not in agreed]
    if unknown:
        known = "; ".join(agreed) if agreed else "none"
        raise MoveError(f"`{unknown[0]}` is no exit criterion on {day}; agreed are: {known}")
    next_on = _day(entry.data.get("next_on"))
    by, found = entry.data["by"], entry.data.get("found", "")
    review = Review(entry.number, decided.number, day, next_on, met, by, found)
    after = evolve(standing, reviews=(*standing.reviews, review))
    return _with(after, evolve(decided, review_on=next_on))


def _correct(standing: Standing, entry: Told) -> Standing:
    decided, state = _moved(standing, entry)
    case: Plain = entry.data.get("case") or {}
    code = (case.get("system") or {}).get("code")
    if code != standing.system and not entry.masked:
        raise MoveError(
            f"the corrected case is of {code}, and entry {decided.number} of {standing.system}"
        )
    return _with(standing, evolve(decided, state=state))


def _withdraw(standing: Standing, entry: Told) -> Standing:
    override = next((o for o in standing.overrides if o.number == entry.about), None)
    if override is None:
        decided, state = _moved(standing, entry)
        return _with(standing, evolve(decided, state=state))
    state_after = MOVES[override.state].get(entry.kind)
    if state_after is None:
        refuse_move(f"the override in entry {override.number}", override.state, entry.kind)
    drawn = evolve(override, state=state_after)
    kept = tuple(drawn if o.number == override.number else o for o in standing.overrides)
    return evolve(standing, overrides=kept)


_STEPS: Mapping[str, Callable[[Standing, Told], Standing]] = {
    "confirmation": _confirm,
    "refusal": _confirm,
    "override": _override,
    "representation": _represent,
    "answer": _answer,
    "review": _review,
    "correction": _correct,
    "withdrawal": _withdraw,
}


# Folding


class Fold:
    """The standings of all systems, entry after entry."""

    def __init__(self, terms: Callable[[str], Terms]) -> None:
        """Start with none; *terms* are those of the rulebook of a digest."""
        self._terms = terms
        self._places: dict[int, tuple[str, str]] = {}
        self.standings: dict[tuple[str, str], Standing] = {}

    def add(self, entry: Told) -> None:
        """Take the next *entry* in.

        Raises:
            MoveError: it is no legal move.
        """
        terms: Terms | None = None
        if entry.kind == "decision":
            terms = self._terms(entry.data["decision"]["rulebook"])
            place = (str(entry.data["system"]), terms.rulebook)
        elif entry.kind in _STEPS:
            found = self._places.get(entry.about or 0)
            if found is None:
                raise MoveError(f"entry {entry.about} is nothing that a {entry.kind} is about")
            place = found
        else:
            return
        before = self.standings.get(place) or Standing(*place)
        self.standings[place] = after(before, entry, terms)
        self._places[entry.number] = place

    def place_of(self, number: int) -> tuple[str, str] | None:
        """Return the system and the rulebook that entry *number* is about."""
        return self._places.get(number)


def fold(
    entries: Iterable[Told], terms: Callable[[str], Terms], *, known_on: Day | None = None
) -> Fold:
    """Return the standings after *entries*, those left out that were recorded after *known_on*.

    Raises:
        IntegrityError: an entry is no legal move; the message names it.
    """
    folded = Fold(terms)
    for entry in entries:
        if known_on is not None and entry.recorded_at.date() > known_on:
            break
        try:
            folded.add(entry)
        except MoveError as error:
            raise IntegrityError(f"entry {entry.number}: {error}") from error
    return folded


def terms_by(object_of: Callable[[str], bytes]) -> Callable[[str], Terms]:
    """Return the terms of a rulebook by its digest; *object_of* gives its canonical bytes."""

    @cache
    def terms(digest: str) -> Terms:
        return terms_of(json.loads(object_of(digest)))

    return terms


def check_drafts(
    folded: Fold, drafts: Iterable[Draft], number: int, now: datetime.datetime
) -> None:
    """Refuse *drafts*, the first of which would be entry *number*, where they are no legal moves.

    What is *folded* is taken further by them.

    Raises:
        MoveError: the message says what would be legal.
    """
    for place, draft in enumerate(drafts):
        folded.add(draft.entry(number + place, now))
