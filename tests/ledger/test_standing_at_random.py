"""At random, the engine decides and people act; a model of plain dictionaries keeps up."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from oversight_engine.errors import MoveError
from oversight_engine.ledger.folding import fold
from oversight_engine.ledger.standing import Standing
from tests.ledger.people import (
    HEAVY,
    SCALE,
    SYSTEM,
    act,
    correct,
    day,
    decision,
    numbered,
    override,
    review,
    terms,
    withdraw,
)

DAYS = st.integers(0, 20)


class People(RuleBasedStateMachine):
    """The engine decides and people act, at random; a model of plain dictionaries keeps up."""

    def __init__(self):
        super().__init__()
        self.drafts = []
        self.folded = fold((), terms)
        self.known = []  # the standing after each entry
        self.decisions = {}  # by number: day, outcome, state, from
        self.overrides = {}  # by number: about, outcome, start, until, gone
        self.letters = {}  # by number: answered

    # What the model allows

    def alive(self, number):
        return self.decisions[number]["state"] not in ("superseded", "withdrawn")

    def newest(self, number):
        mine = self.decisions[number]
        return not any(
            self.alive(n) and d["outcome"] != "referral" and d["day"] > mine["day"]
            for n, d in self.decisions.items()
        )

    def record(self, draft, is_legal):
        """Record *draft*; return its number, or None where it is refused, as the model says."""
        number = len(self.drafts) + 2
        entry = numbered([*self.drafts, draft])[-1]
        if not is_legal:
            with pytest.raises(MoveError):
                self.folded.add(entry)
            return None
        self.folded.add(entry)
        self.drafts.append(draft)
        self.known.append(self.standing())
        return number

    def standing(self):
        return self.folded.standings.get((SYSTEM, "book")) or Standing(SYSTEM, "book")

    def any_decision(self, data):
        """Draw a decision: the newest as often as any, so that legal moves are met often."""
        numbers = sorted(self.decisions)
        newest = max(numbers, key=lambda n: self.decisions[n]["day"])
        return data.draw(st.one_of(st.just(newest), st.sampled_from(numbers)))

    @rule(at=DAYS, outcome=st.sampled_from([*SCALE, HEAVY, "referral"]))
    def decide(self, at, outcome):
        taken = any(d["day"] == at and self.alive(n) for n, d in self.decisions.items())
        number = self.record(decision(at, outcome), not taken)
        if number:
            self.remember(number, at, outcome)

    def remember(self, number, at, outcome):
        state = {"referral": "referred", HEAVY: "recommended"}.get(outcome, "decided")
        starts = at if state == "decided" else None
        self.decisions[number] = {"day": at, "outcome": outcome, "state": state, "from": starts}

    @precondition(lambda self: self.decisions)
    @rule(data=st.data(), later=st.integers(-1, 9), yes=st.booleans())
    def confirm_or_refuse(self, data, later, yes):
        about = self.any_decision(data)
        mine = self.decisions[about]
        on = mine["day"] + later
        kind = "confirmation" if yes else "refusal"
        is_legal = mine["state"] == "recommended" and self.newest(about) and on >= mine["day"]
        said = act(kind, about, on=day(on).isoformat(), **({} if yes else {"reason": "no"}))
        number = self.record(said, is_legal)
        if number:
            mine["state"] = "confirmed" if yes else "refused"
            if yes:
                mine |= {"from": on, "confirmed_by": number}

    @precondition(lambda self: self.decisions)
    @rule(data=st.data(), outcome=st.sampled_from(SCALE), start=DAYS, length=st.integers(0, 15))
    def override(self, data, outcome, start, length):
        about = self.any_decision(data)
        mine = self.decisions[about]
        is_legal = (
            self.alive(about) and self.newest(about) and start >= mine["day"]
            and outcome != mine["outcome"]
        )  # fmt: skip
        number = self.record(override(about, outcome, start, start + length), is_legal)
        if number:
            self.overrides[number] = {
                "about": about, "outcome": outcome, "start": start, "until": start + length,
                "gone": False,
            }  # fmt: skip

    @precondition(lambda self: self.decisions)
    @rule(data=st.data())
    def withdraw_decision(self, data):
        about = self.any_decision(data)
        if self.record(withdraw(about), self.alive(about)):
            self.decisions[about]["state"] = "withdrawn"

    @precondition(lambda self: self.overrides)
    @rule(data=st.data())
    def withdraw_override(self, data):
        about = data.draw(st.sampled_from(sorted(self.overrides)))
        if self.record(withdraw(about), not self.overrides[about]["gone"]):
            self.overrides[about]["gone"] = True

    @precondition(lambda self: self.decisions)
    @rule(data=st.data(), outcome=st.sampled_from([*SCALE, "referral"]))
    def correct(self, data, outcome):
        about = self.any_decision(data)
        mine = self.decisions[about]
        # Another decision may have taken the day only after a withdrawal, never beside one alive.
        if self.record(correct(about, mine["day"]), self.alive(about)):
            mine["state"] = "superseded"
            number = self.record(decision(mine["day"], outcome, supersedes=about), True)
            self.remember(number, mine["day"], outcome)

    @precondition(lambda self: self.decisions)
    @rule(data=st.data(), on=DAYS)
    def represent(self, data, on):
        about = self.any_decision(data)
        is_legal = self.alive(about) and on >= self.decisions[about]["day"]
        received = day(on).isoformat()
        said = act("representation", about, received_on=received, text="we disagree")
        number = self.record(said, is_legal)
        if number:
            self.letters[number] = False

    @precondition(lambda self: self.letters)
    @rule(data=st.data())
    def answer(self, data):
        about = data.draw(st.sampled_from(sorted(self.letters)))
        if self.record(act("answer", about, text="we have heard you"), not self.letters[about]):
            self.letters[about] = True

    @precondition(lambda self: self.decisions)
    @rule(data=st.data(), on=DAYS)
    def review(self, data, on):
        about = self.any_decision(data)
        is_legal = self.alive(about) and on >= self.decisions[about]["day"]
        self.record(review(about, on), is_legal)

    # What the model says holds

    def held(self, on):
        said = "none"
        for number in sorted(self.decisions, key=lambda n: (self.decisions[n]["day"], n)):
            each = self.decisions[number]
            if self.alive(number) and each["from"] is not None and each["from"] <= on:
                said = each["outcome"]
        words = [
            (number, o["until"], o["outcome"])
            for number, o in self.overrides.items()
            if not o["gone"] and self.alive(o["about"]) and o["start"] <= on
        ]
        words += [
            (d["confirmed_by"], on, None)
            for n, d in self.decisions.items()
            if d["state"] == "confirmed" and self.alive(n) and d["from"] <= on
        ]
        _, until, outcome = max(words, default=(0, -1, None))
        return outcome if outcome is not None and until >= on else said

    @invariant()
    def the_outcome_in_force_is_the_models(self):
        standing = self.standing()
        for on in range(0, 60, 3):
            assert standing.in_force(day(on)).outcome == self.held(on), on

    @invariant()
    def the_states_are_the_models(self):
        standing = self.standing()
        assert {d.number: d.state for d in standing.decisions} == {
            number: each["state"] for number, each in self.decisions.items()
        }
        assert {r.number: bool(r.answer) for r in standing.representations} == self.letters

    @invariant()
    def spells_cover_every_day_with_what_holds(self):
        standing = self.standing()
        spells = standing.spells(day(50))
        for on in range(0, 51, 5):
            begun = [each.outcome for each in spells if each.start <= day(on)]
            assert (begun[-1] if begun else "none") == self.held(on)

    @invariant()
    def what_was_known_stays_as_it_was_known(self):
        if self.drafts:
            place = len(self.drafts) // 2
            entries = numbered(self.drafts)
            folded = fold(entries, terms, known_on=entries[place].recorded_at.date())
            assert folded.standings[SYSTEM, "book"] == self.known[place]


People.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestPeople = People.TestCase
