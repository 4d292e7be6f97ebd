"""A recorder decides on what the ledger says when it is written, whoever wrote meanwhile."""

import datetime

import pytest
from attrs import evolve

from oversight_engine.engine import decide
from oversight_engine.errors import InputError, LedgerUnavailableError
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import Recorder
from oversight_engine.ledger.verification import verify
from oversight_engine.model.people import HistoryDeclaration
from oversight_engine.model.rulebook import Fact
from tests import builders as b
from tests.ledger.ledgers import SIGNER, append, clock, made, review
from tests.shown import DAY, GOOD, book

EARLIER = Fact(
    "before", "The outcome before", "category", "neither",
    values=("none", *(each.id for each in book().outcomes)),
    history=HistoryDeclaration("engine_outcome", "value"),
)  # fmt: skip
REMEMBERING = evolve(book(), facts=(*book().facts, EARLIER))
LATER = DAY + datetime.timedelta(days=90)


class Desk:
    """Somebody who decides and records, with a connection of their own."""

    def __init__(self, location, rulebook):
        self.ledger, self.rulebook = Ledger.open(location, write=True), rulebook
        self.recorder = Recorder(self.ledger, rulebook=rulebook, signer=SIGNER, clock=clock())

    def decide(self, code="S1", day=DAY, **changed):
        case = b.case_of(code=code, as_of=day, **(GOOD | changed))
        full = self.recorder.prepare(case, day)
        return decide(self.rulebook, full, evaluators=("reference",))

    def record(self, *decisions):
        """Return the numbers of the entries, and whether each is new."""
        issued = list(self.recorder.recorded(decisions))
        assert issued == list(decisions)
        found = [self.recorder.entries[each.case.system.code, each.as_of] for each in issued]
        return [(each.entry.number, each.is_new) for each in found]


@pytest.fixture
def desk(location):
    """Return what opens a desk at a new ledger, which is sound in the end."""
    made(location)
    desks = []

    def opened(rulebook=REMEMBERING):
        desks.append(Desk(location, rulebook))
        return desks[-1]

    yield opened
    for each in desks:
        each.ledger.close()
    with Ledger.examine(location) as ledger:
        assert verify(ledger).damage is None


def test_what_is_recorded_meanwhile_of_other_systems_changes_nothing(desk):
    ours, theirs = desk(), desk()
    waiting = ours.decide("S1")
    theirs.record(theirs.decide("S2"))

    assert ours.record(waiting) == [(3, True)]
    assert ours.record(ours.decide("S1", LATER)) == [(4, True)]
    assert ours.ledger.entry(4).data["history"]["before"]["entry"] == 3


def test_what_says_nothing_new_of_the_system_changes_nothing(desk):
    ours, theirs = desk(), desk()
    ours.record(ours.decide())
    waiting = ours.decide(day=LATER)
    append(theirs.ledger, review(about=2))

    assert ours.record(waiting) == [(4, True)]


def test_a_decision_whose_history_changed_meanwhile_is_not_recorded(desk):
    ours, theirs = desk(), desk()
    waiting = ours.decide(day=LATER)
    theirs.record(theirs.decide())

    with pytest.raises(InputError, match="history of S1 changed while it was decided"):
        ours.record(waiting)
    assert ours.ledger.size == 2


def test_a_decision_that_is_no_legal_move_any_more_is_not_recorded(desk):
    ours, theirs = desk(book()), desk(book())  # which remembers nothing
    waiting = ours.decide()
    theirs.record(theirs.decide(plan_agreed=False))

    with pytest.raises(InputError, match="S1"):
        ours.record(waiting)
    assert ours.ledger.size == 2


def test_a_decision_that_another_recorded_meanwhile_is_that_one(desk):
    ours, theirs = desk(), desk()
    waiting = ours.decide()
    theirs.record(theirs.decide())

    assert ours.record(waiting) == [(2, False)]


def test_what_could_not_be_recorded_is_recorded_when_it_can_be(desk, monkeypatch):
    ours = desk()
    waiting = ours.decide()

    def fail(*_):
        raise LedgerUnavailableError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ours.ledger.store, "add", fail)
        with pytest.raises(LedgerUnavailableError):
            ours.record(waiting)
    assert list(ours.recorder.recorded([])) == [waiting]
    assert ours.ledger.size == 2
