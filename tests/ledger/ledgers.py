"""Ledgers for tests: made at a place, with decisions of a small rulebook in them."""

import datetime

from oversight_engine.engine import decide
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft, objects_of
from tests import builders as b
from tests.ledger.signers import signer_named
from tests.shown import GOOD, book

ORIGIN = "ledger.example/test"
SIGNER = signer_named(ORIGIN)
BY = {"name": "A. Person", "role": "director"}
START = datetime.datetime(2025, 7, 1, 12, tzinfo=datetime.UTC)


def clock(moment=START):
    """Return a clock that has stopped."""
    return lambda: moment


def made(location, *, signer=SIGNER):
    """Make a ledger at *location*."""
    Ledger.create(location, signer=signer, origin=ORIGIN, clock=clock())
    return location


def draft(number=0, *, code=None, day=b.DAY, supersedes=None, **changed):
    """Return a decision on the system of that *number*, to be recorded."""
    case = b.case_of(code=code or f"S{number}", as_of=day, **(GOOD | changed))
    decision = decide(book(), case, evaluators=("reference",))
    return decision_draft(decision, case, {}, objects_of(book()), supersedes=supersedes)


def review(about=2, found="As it should be."):
    said = {"about": about, "by": BY, "on": "2025-07-01", "found": found}
    return Draft("review", said)


def connection_of(ledger):
    """Return what the store of *ledger* speaks to its database through, whichever store it is."""
    own = "_connection" if hasattr(ledger.store, "_connection") else "connection"
    return getattr(ledger.store, own)


def append(ledger, *drafts, signer=SIGNER, at=START, **more):
    return ledger.append(drafts, signer=signer, clock=clock(at), **more)
