"""How systems stand, as pages and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from oversight_engine.explanation.page import Headline, Line, Page, Section, Table, Tone, section
from oversight_engine.explanation.wording import capital, say_count, say_day, say_id
from oversight_engine.ledger.due import Due, due_on
from oversight_engine.ledger.entries import Entry
from oversight_engine.ledger.rechecking import Rechecked
from oversight_engine.ledger.standing import Day, Decided, InForce, Standing
from oversight_engine.model.noun import Noun
from oversight_engine.model.people import NO_OUTCOME
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL

STANDING_FORMAT = "oversight-standing/1"
IN_FORCE_FORMAT = "oversight-in-force/1"
DUE_FORMAT = "oversight-due/1"
ACT_FORMAT = "oversight-act/1"
RECHECKED_FORMAT = "oversight-rechecked/1"

WAITS = {
    "confirmation": "to be confirmed or refused",
    "expiry": "an override that ran out",
    "representation": "a representation to be answered",
    "review": "to be reviewed",
}
"""What each kind of due thing is called."""


@frozen(eq=False, repr=False)
class Asked(Noun):
    """What was asked of which ledger: how things stood *on* a day, as known on another.

    Attributes:
        known_on: None for all that is recorded.
    """

    ledger: str
    on: Day
    known_on: Day | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """The same in words."""
        known = () if self.known_on is None else (f"as known on {say_day(self.known_on)}",)
        return (f"on {say_day(self.on)}", *known, self.ledger)

    @property
    def data(self) -> Plain:
        """The same as plain data."""
        return {"ledger": self.ledger, "on": self.on.isoformat(), "known_on": _day(self.known_on)}


def _day(day: Day | None) -> str | None:
    return None if day is None else day.isoformat()


# One system


def standing_page(system: str, standings: Sequence[Standing], asked: Asked) -> Page:
    """Return how *system* stands, under each rulebook it was decided under."""
    blocks: list[Headline | Section | Table] = []
    for standing in standings:
        held = standing.in_force(asked.on)
        blocks.append(
            Headline(
                f"{system}: {say_id(held.outcome)}",
                _tone(standing, held.outcome),
                about=(f"under {standing.rulebook}", *asked.said),
            )
        )
        blocks += section("In force", _in_force_lines(standing, held, asked.on))
        blocks.append(_decisions(standing, asked.on))
        blocks += section("Overrides", _override_lines(standing))
        blocks += section("Representations", _representation_lines(standing))
        blocks += section("Reviews", _review_lines(standing))
        blocks += section("Due", [_due_line(due) for due in due_on(standing, asked.on)])
    if not standings:
        blocks.append(Headline(f"{system}: {NO_OUTCOME}", about=("never decided", *asked.said)))
    return Page(tuple(blocks))


def _tone(standing: Standing, outcome: str) -> Tone:
    scale = standing.decisions[-1].terms.outcomes if standing.decisions else ()
    if outcome not in scale:
        return "plain"
    if outcome == scale[-1]:
        return "harshest"
    return "lightest" if outcome == scale[0] else "between"


def _in_force_lines(standing: Standing, held: InForce, day: Day) -> Iterator[Line]:
    outcome = capital(say_id(held.outcome))
    spells = standing.spells(day)
    if held.outcome == NO_OUTCOME or not spells:
        yield Line("None: no decision has taken effect.")
    else:
        start = spells[-1].start
        days = say_count((day - start).days, "day")
        yield Line(f"{outcome} since {say_day(start)} ({days}), by {_by(held)}.")
    if held.engine_entry:
        own = standing.decision(held.engine_entry)
        state = standing.state_on(own, day)
        yield Line(f"The engine's own: {say_id(held.engine)}, entry {own.number}, {state}.")


def _by(held: InForce) -> str:
    if held.because == "statement":
        return f"what the case of entry {held.entry} states"
    until = "" if held.until is None else f", until {say_day(held.until)}"
    return f"the {held.because} in entry {held.entry}{until}"


def _decisions(standing: Standing, day: Day) -> Table:
    rows = [
        (
            str(d.number),
            d.as_of.isoformat(),
            say_id(d.outcome or REFERRAL),
            standing.state_on(d, day),
            _day(d.holds_from) or "",
            _day(d.review_on) or "",
        )
        for d in standing.decisions
    ]
    columns = ("Entry", "As of", "The engine's own", "State", "In force from", "Review on")
    return Table("Decisions", columns, tuple(rows))


def _override_lines(standing: Standing) -> Iterator[Line]:
    for each in standing.overrides:
        drawn = "" if each.state == "standing" else " Withdrawn."
        yield Line(
            f"Entry {each.number}, of entry {each.about}: {say_id(each.outcome)} from "
            f"{say_day(each.start)} to {say_day(each.until)}, by {say_who(each.by)}.{drawn}",
            0,
            "item",
        )
        yield Line(each.reason, 1)


def say_who(by: Any) -> str:
    """Return who did something, with the role, as far as it is not masked."""
    if not by:
        return "somebody whose name is masked"
    return f"{by.get('name', 'masked')} ({say_id(by.get('role', 'masked'))})"


def _representation_lines(standing: Standing) -> Iterator[Line]:
    for each in standing.representations:
        answer = f"answered in entry {each.answer}" if each.answer else "not answered"
        yield Line(
            f"Entry {each.number}, about entry {each.about}: received on "
            f"{say_day(each.received_on)} from {say_who(each.by)}, {answer}.",
            0,
            "item",
        )
        yield Line(each.text or "What they said is masked.", 1)
        if each.answer:
            yield Line(f"Answer: {each.answered or 'masked'}", 1)


def _review_lines(standing: Standing) -> Iterator[Line]:
    for each in standing.reviews:
        met = f"; found met: {'; '.join(each.met)}" if each.met else ""
        when = f"on {say_day(each.on)} by {say_who(each.by)}"
        yield Line(f"Entry {each.number}, of entry {each.about}: {when}{met}.", 0, "item")
        yield Line(each.found or "What it found is masked.", 1)


def _due_line(due: Due) -> Line:
    text = f"Entry {due.entry}: {WAITS[due.kind]}, since {say_day(due.day)}."
    return Line(text, 0, "warning")


def standing_data(system: str, standings: Sequence[Standing], asked: Asked) -> Plain:
    """Return how *system* stands as plain data."""
    listed = [
        {
            "rulebook": standing.rulebook,
            "in_force": in_force_data(standing, asked.on),
            "decisions": [_decided_data(standing, d, asked.on) for d in standing.decisions],
            "overrides": [
                {
                    "entry": o.number, "about": o.about, "outcome": o.outcome,
                    "from": _day(o.start), "until": _day(o.until), "state": o.state,
                    "by": dict(o.by), "reason": o.reason, "criteria": list(o.criteria),
                }
                for o in standing.overrides
            ],
            "representations": [
                {
                    "entry": r.number, "about": r.about, "received_on": _day(r.received_on),
                    "by": dict(r.by), "state": r.state, "answer": r.answer or None,
                    "text": r.text or None, "answered": r.answered or None,
                }
                for r in standing.representations
            ],
            "reviews": [
                {
                    "entry": r.number, "about": r.about, "on": _day(r.on),
                    "next_on": _day(r.next_on), "met": list(r.met),
                    "by": dict(r.by), "found": r.found or None,
                }
                for r in standing.reviews
            ],
            "due": [_due_data(due, asked.on) for due in due_on(standing, asked.on)],
        }
        for standing in standings
    ]  # fmt: skip
    return {"format": STANDING_FORMAT, **asked.data, "system": system, "standings": listed}


def in_force_data(standing: Standing, day: Day) -> Plain:
    """Return the outcome in force on *day* as plain data, and the engine's own beside it."""
    held = standing.in_force(day)
    spells = standing.spells(day)
    since = spells[-1].start if spells and held.outcome != NO_OUTCOME else None
    own = standing.decision(held.engine_entry) if held.engine_entry else None
    return {
        "outcome": held.outcome,
        "entry": held.entry or None,
        "because": held.because or None,
        "since": _day(since),
        "until": _day(held.until),
        "engine": held.engine,
        "engine_entry": held.engine_entry or None,
        "engine_state": None if own is None else standing.state_on(own, day),
    }


def _decided_data(standing: Standing, decided: Decided, day: Day) -> Plain:
    return {
        "entry": decided.number,
        "as_of": _day(decided.as_of),
        "outcome": decided.outcome,
        "state": standing.state_on(decided, day),
        "holds_from": _day(decided.holds_from),
        "confirmed_by": decided.confirmed_by or None,
        "criteria": list(decided.criteria),
        "supersedes": decided.supersedes or None,
        "review_on": _day(decided.review_on),
    }


# All systems


def in_force_page(standings: Sequence[Standing], asked: Asked) -> Page:
    """Return the outcome in force of every system, and the engine's own beside it."""
    rows, tones = [], []
    rulebooks = sorted({standing.rulebook for standing in standings})
    for standing in standings:
        data = in_force_data(standing, asked.on)
        tones.append(_tone(standing, data["outcome"]))
        own = (
            f"{say_id(data['engine'])}, {data['engine_state']}" if data["engine_entry"] else "none"
        )
        named = (standing.system, standing.rulebook) if len(rulebooks) > 1 else (standing.system,)
        rows.append((
            *named,
            say_id(data["outcome"]),
            data["since"] or "",
            data["until"] or "",
            f"{data['because']} {data['entry']}" if data["entry"] else "",
            own,
        ))  # fmt: skip
    said = asked.said if len(rulebooks) != 1 else (f"under {rulebooks[0]}", *asked.said)
    headline = Headline(f"In force: {say_count(len(rows), 'system')}", about=said)
    if not rows:
        return Page((headline,))
    names = ("System", "Rulebook") if len(rulebooks) > 1 else ("System",)
    columns = (*names, "In force", "Since", "Until", "By entry", "The engine's own")
    table = Table("Outcomes", columns, tuple(rows), tuple(tones), len(names), len(names))
    return Page((headline, table))


def in_forces_data(standings: Iterable[Standing], asked: Asked) -> Plain:
    """Return the same as plain data."""
    systems = [
        {"system": each.system, "rulebook": each.rulebook} | in_force_data(each, asked.on)
        for each in standings
    ]
    return {"format": IN_FORCE_FORMAT, **asked.data, "systems": systems}


def due_page(found: Sequence[Due], asked: Asked) -> Page:
    """Return what is due, the longest due first."""
    rows = tuple(
        (due.system, str(due.entry), WAITS[due.kind], due.day.isoformat(),
         str((asked.on - due.day).days), due.rulebook)
        for due in found
    )  # fmt: skip
    headline = Headline(say_count(len(rows), "thing due", "things due"), about=asked.said)
    columns = ("System", "Entry", "What", "Since", "Days", "Rulebook")
    return Page((headline, Table("Due", columns, rows)) if rows else (headline,))


def due_data(found: Iterable[Due], asked: Asked) -> Plain:
    """Return the same as plain data."""
    return {
        "format": DUE_FORMAT,
        **asked.data,
        "due": [
            {"system": due.system, "rulebook": due.rulebook} | _due_data(due, asked.on)
            for due in found
        ],
    }


def _due_data(due: Due, day: Day) -> Plain:
    return {
        "kind": due.kind,
        "entry": due.entry,
        "since": _day(due.day),
        "days": (day - due.day).days,
    }


# What was just recorded


def act_page(entries: Sequence[Entry], standing: Standing, asked: Asked) -> Page:
    """Return what was recorded, and what is in force after it."""
    recorded = [Line(f"Entry {e.number}: {e.kind}", 0, "item") for e in entries]
    held = standing.in_force(asked.on)
    headline = Headline(
        f"Recorded on {standing.system}: {entries[0].kind}",
        about=(f"under {standing.rulebook}", *asked.said),
    )
    lines = _in_force_lines(standing, held, asked.on)
    return Page((headline, *section("Entries", recorded), *section("In force", lines)))


def act_data(entries: Sequence[Entry], standing: Standing, asked: Asked) -> Plain:
    """Return the same as plain data."""
    return {
        "format": ACT_FORMAT,
        "ledger": asked.ledger,
        "on": asked.on.isoformat(),
        "system": standing.system,
        "rulebook": standing.rulebook,
        "entries": [
            {"entry": e.number, "kind": e.kind, "recorded_at": e.data["recorded_at"]}
            for e in entries
        ],
        "in_force": in_force_data(standing, asked.on),
    }


# What could not have happened


def rechecked_page(found: Rechecked, place: str) -> Page:
    """Return whether what the ledger at *place* says could have happened."""
    fault = found.fault
    legal = "Every move was legal, and history is as the ledger gives it"
    title = legal if fault is None else "This could not have happened"
    warnings = () if fault is None else (f"entry {fault.number}: {fault.message}",)
    lines = [f"History drawn again: {say_count(found.checked, 'decision')}."]
    if found.masked:
        numbers = ", ".join(map(str, found.masked))
        lines.append(f"Not drawn again, since something is masked: entry {numbers}.")
    return Page((Headline(title, about=(place,), warnings=warnings), *section("Checked", lines)))


def rechecked_data(found: Rechecked, place: str) -> Plain:
    """Return the same as plain data."""
    fault = found.fault
    return {
        "format": RECHECKED_FORMAT,
        "ledger": place,
        "sound": fault is None,
        "fault": None if fault is None else {"entry": fault.number, "message": fault.message},
        "checked": found.checked,
        "masked": list(found.masked),
    }
