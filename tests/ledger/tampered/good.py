"""The ledger that is tampered with: sound, and with something of everything in it."""

import datetime
import functools

from oversight_engine.engine import decide
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.folding import terms_by
from oversight_engine.ledger.history import with_history
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.model import rulebook as r
from oversight_engine.model.case_form import case_data
from oversight_engine.model.people import HistoryDeclaration
from oversight_engine.model.reform import Change, Reform, under_reform
from tests import builders as b
from tests.ledger.ledgers import BY, ORIGIN
from tests.ledger.signers import signer_named

OLD, NEW = signer_named(ORIGIN, "old"), signer_named(ORIGIN, "new")
FOREIGN, OTHER = signer_named(ORIGIN, "foreign"), signer_named(ORIGIN, "another foreign")
"""Somebody else's keys, under the name of the ledger's."""

LIGHT, MIDDLE, HEAVY = b.SCALE
DAY, LATER_DAY = datetime.date(2025, 6, 30), datetime.date(2025, 9, 30)
START = datetime.datetime(2025, 10, 1, 12, tzinfo=datetime.UTC)
CHOSEN = r.Basis(policy_choice="for the test")

CORRECTED, MASKED, ROTATION, KEPT_SIZE, SIZE = 11, 7, 9, 14, 17
"""Numbers of entries: what later entries correct and mask, the new key, and two sizes."""


@functools.cache
def book():
    """Return a rulebook that a reader lets through, with a fact that the ledger gives."""
    before = r.Fact(
        "outcome_before", "Outcome before", "category", "neither", values=("none", *b.SCALE),
        history=HistoryDeclaration("outcome_in_force"),
    )  # fmt: skip
    enough = b.at_least("seen_pct", b.parameter("target_pct"))
    return b.rulebook(
        r.Fact("seen_pct", "Seen in time", "number", "higher", unit="%", decimals=1),
        r.Fact("harm_found", "Harm was found", "boolean", "lower"),
        before,
        parameters=[
            r.Parameter(
                "target_pct", "Target", (r.DatedValue(r.Span(b.days_before(999)), 70, CHOSEN),), "%"
            )
        ],
        findings=[b.condition_finding("in_time", enough)],
        rules=[
            b.unless(b.holds(b.finding("in_time")), MIDDLE, rule_id="late", basis=CHOSEN),
            b.when(b.holds("harm_found"), HEAVY, rule_id="harm", basis=CHOSEN),
            b.when(
                b.is_in("outcome_before", MIDDLE), MIDDLE, rule_id="steady", basis=CHOSEN
            ),
        ],
        principles=[r.Principle("fairness", "Fairness to everybody")],
    )  # fmt: skip


@functools.cache
def reform():
    """Return a reform of it."""
    value = r.DatedValue(r.Span(b.days_before(999)), 90, CHOSEN)
    return Reform("stricter", "A stricter target", book().id, (Change("target_pct", (value,)),))


def decided(ledger, code, *, day=DAY, under=None, supersedes=None, **stated):
    """Return the decision of a case as an entry to be, with the history that *ledger* gives."""
    given = b.case_of(code=code, as_of=day, **({"seen_pct": 75, "harm_found": False} | stated))
    entries = ledger.entries(system=code)
    case, history = with_history(given, book(), entries, day, terms=terms_by(ledger.object))
    rulebook = book() if under is None else under_reform(book(), under)
    decision = decide(rulebook, case, evaluators=("reference",))
    objects = objects_of(book(), under)
    return decision_draft(decision, given, history, objects, supersedes=supersedes)


def said(kind, about, **more):
    return Draft(kind, {"about": about, "by": BY} | more)


def make(location):
    """Make the ledger at *location*."""
    now = START

    def clock():
        return now

    Ledger.create(location, signer=OLD, origin=ORIGIN, clock=clock)
    with Ledger.open(location, write=True) as ledger:

        def record(*drafts, signer=OLD):
            nonlocal now
            now += datetime.timedelta(hours=1)
            ledger.append(drafts, signer=signer, clock=clock)

        record(decided(ledger, "S1"), decided(ledger, "S2", harm_found=True))  # 2, 3
        record(said("confirmation", 3, on="2025-07-10"))  # 4
        record(said("representation", 3, received_on="2025-07-11", text="We did better."))  # 5
        record(said("answer", 5, text="We looked again."))  # 6
        record(decided(ledger, "S3", under=reform()))  # 7, masked by 15
        record(decided(ledger, "S1", day=LATER_DAY, seen_pct=60))  # 8, with a history
        keys = {"key": NEW.verifier.text, "replaces": OLD.verifier.text}
        record(Draft("key", keys | {"by": BY, "reason": "A new year."}))  # 9
        record(
            said("override", 8, outcome=LIGHT, reason="A flood.",
                 **{"from": "2025-10-01", "until": "2026-03-31"}),
            signer=NEW,
        )  # 10  # fmt: skip
        record(decided(ledger, "S4", seen_pct=50), signer=NEW)  # 11, corrected by 12
        right = b.case_of(code="S4", as_of=DAY, seen_pct=80, harm_found=False)
        record(
            said("correction", 11, reason="A wrong figure.", case=case_data(right)),
            decided(ledger, "S4", seen_pct=80, supersedes=11),
            signer=NEW,
        )  # 12, 13
        record(said("review", 13, on="2025-10-01", found="As it should be."), signer=NEW)  # 14
        now += datetime.timedelta(hours=1)
        because = {"by": BY, "reason": "It named a person."}
        ledger.mask(MASKED, ["/case/facts/seen_pct"], because, signer=NEW, clock=clock)  # 15
        record(decided(ledger, "S5"), signer=NEW)  # 16
        record(decided(ledger, "S6", harm_found=True), signer=NEW)  # 17
    return location
