"""A day's work on a ledger, which may end at any moment, and what must hold when it has.

The work makes a ledger and records single decisions, a batch, what a person said, a new key and
a masking. It says what was acknowledged, and goes on where an earlier attempt was cut off.
"""

import datetime
import functools

from oversight_engine.engine import decide
from oversight_engine.errors import OversightError
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.ledger.verification import verify
from tests import builders as b
from tests.ledger.signers import signer_named
from tests.shown import GOOD, book

ORIGIN = "ledger.example/faults"
OLD, NEW = signer_named(ORIGIN, "old"), signer_named(ORIGIN, "new")
SINGLE, TOGETHER = 4, 6
DECISIONS = SINGLE + TOGETHER
FIELD = "/case/facts/seen_pct"
BY = {"name": "A. Person", "role": "director"}
START = datetime.datetime(2025, 7, 1, tzinfo=datetime.UTC)

BOUNDARIES = {1, *range(2, SINGLE + 2), DECISIONS + 1, *range(DECISIONS + 2, DECISIONS + 5)}
"""How long a ledger may be: what is written together is there as a whole, or not at all."""


def clock():
    return START


@functools.cache
def drafts():
    """Return the decisions, each on another system, as drafts."""
    made = []
    for number in range(DECISIONS):
        case = b.case_of(code=f"S{number}", **GOOD)
        decision = decide(book(), case, evaluators=("reference",))
        made.append(decision_draft(decision, case, {}, objects_of(book())))
    return made


def work(location, say):
    """Do what is left of the work at *location*; *say* each entry that was acknowledged."""
    if not location.exists():
        Ledger.create(str(location), signer=OLD, origin=ORIGIN, clock=clock)
        say("made", 1)
    with Ledger.open(str(location), write=True) as ledger:
        kinds = {entry.kind for entry in ledger.entries()}

        def append(*new, signer=OLD):
            for recorded in ledger.append(new, signer=signer, clock=clock):
                say("recorded", recorded.entry.number)

        if "key" not in kinds:
            for draft in drafts()[:SINGLE]:
                append(draft)
            append(*drafts()[SINGLE:])
            if "review" not in kinds:
                said = {"about": 2, "by": BY, "on": "2025-07-01", "found": "As it should be."}
                append(Draft("review", said))
            keys = {"key": NEW.verifier.text, "replaces": OLD.verifier.text}
            append(Draft("key", keys | {"by": BY, "reason": "yearly"}))
        if "masking" not in kinds:
            said = {"by": BY, "reason": "on request"}
            ledger.mask(2, [FIELD], said, signer=NEW, clock=clock)
            say("masked", 2)


def faults_after(location, acknowledged):
    """Return in words what is wrong with what the work left at *location*."""
    if not location.exists():
        return ["lost: an acknowledged ledger"] if acknowledged else []
    try:
        return list(_faults_of(location, acknowledged))
    except OversightError as error:
        return [f"damaged: {error}"]


def _faults_of(location, acknowledged):
    with Ledger.examine(str(location)) as ledger:
        found = verify(ledger)
        if found.damage is not None:
            yield f"damaged: {found.damage}"
        numbers = sorted({number for _, number in acknowledged})
        yield from (f"lost: entry {number}" for number in numbers if number > found.size)
        if ("masked", 2) in acknowledged and ledger.entry(2).masked != (FIELD,):
            yield "lost: the masking"
        if found.size not in BOUNDARIES:
            yield f"half-written: {found.size} entries"


def faults_of_resuming(location):
    """Return in words what is wrong once the work was done again to its end."""
    work(location, lambda *_: None)
    with Ledger.examine(str(location)) as ledger:
        found = verify(ledger)
        systems = [entry.data["system"] for entry in ledger.entries(kind="decision")]
    faults = [] if found.damage is None else [f"damaged: {found.damage}"]
    if sorted(systems) != sorted(draft.data["system"] for draft in drafts()):
        faults.append(f"not exactly once: {systems}")
    if found.size != max(BOUNDARIES):
        faults.append(f"not resumed: {found.size} entries")
    return faults
