"""Entries about one system, made by hand: what people and the engine said, one after the other."""

import datetime

from oversight_engine.ledger.entries import Draft, Entry, moment_text
from oversight_engine.ledger.standing import Terms

LIGHT, MIDDLE, HEAVY = SCALE = ("light", "middle", "heavy")
BOOK = "sha256:" + "0" * 64
TERMS = Terms("book", "1.0.0", SCALE, frozenset({HEAVY}), ("director",), "outcome_before")
BY = {"name": "A. Person", "role": "director"}
SYSTEM = "QE1"
START = datetime.date(2025, 1, 1)
RECORDED = datetime.datetime(2025, 1, 1, 12, tzinfo=datetime.UTC)


def day(number):
    return START + datetime.timedelta(days=number)


def iso(number):
    return day(number).isoformat()


def terms(_digest):
    return TERMS


def quarter(number):
    """Return the period of that number: quarters of ninety days, one after the other."""
    return {"from": iso(90 * number), "to": iso(90 * number + 89)}


def case(as_of, period=None, code=SYSTEM, **stated):
    data = {
        "format": "oversight-case/1",
        "system": {"code": code, "name": "A system"},
        "as_of": iso(as_of),
        "facts": {fact: {"value": value, "status": "final"} for fact, value in stated.items()},
    }
    return data | ({} if period is None else {"period": period})


def decision(as_of, label, *, period=None, supersedes=0, stated=None, system=SYSTEM, **recorded):
    data = {
        "system": system,
        "as_of": iso(as_of),
        "case": case(as_of, period, **(stated or {})),
        "decision": {
            "rulebook": BOOK, "decision": label, "rules": {}, "findings": {}, **recorded,
        },
    }  # fmt: skip
    return Draft("decision", data | ({"supersedes": supersedes} if supersedes else {}))


def act(kind, about, **data):
    return Draft(kind, {"about": about, "by": BY} | data)


def confirm(about, on, **more):
    return act("confirmation", about, on=iso(on), **more)


def override(about, outcome, start, until, **more):
    more = {"reason": "because", **more}
    return act(
        "override", about, outcome=outcome, **{"from": iso(start), "until": iso(until)}, **more
    )


def review(about, on, **more):
    return act("review", about, on=iso(on), found="something", **more)


def correct(about, as_of, code=SYSTEM):
    return act("correction", about, reason="wrong figure", case=case(as_of, code=code))


def withdraw(about):
    return act("withdrawal", about, reason="an error")


def numbered(drafts, first=2):
    """Return *drafts* as entries, each recorded a day after the one before."""
    return [
        Entry(b"", draft.data | {
            "number": first + place,
            "kind": draft.kind,
            "recorded_at": moment_text(RECORDED + datetime.timedelta(days=place)),
        })
        for place, draft in enumerate(drafts)
    ]  # fmt: skip
