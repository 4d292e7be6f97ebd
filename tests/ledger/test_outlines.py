"""What is read quickly of a decision's entry gives the standing and the history the entry gives."""

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.bulk import find_reader, outline_of, read_plainly
from oversight_engine.ledger.entries import Entry
from oversight_engine.ledger.folding import fold
from oversight_engine.ledger.history import Memory, Story, check_history, with_history
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.plain import canonical
from tests.ledger.histories import RULEBOOK, as_of, decided, of
from tests.ledger.people import (
    HEAVY,
    LIGHT,
    MIDDLE,
    SYSTEM,
    act,
    confirm,
    correct,
    day,
    iso,
    numbered,
    override,
    review,
    terms,
    withdraw,
)

READERS = [find_reader()[1], read_plainly]
MEMORY = Memory(RULEBOOK)
STATED = st.dictionaries(
    st.sampled_from(["outcome_before", "engine_before"]), st.sampled_from([LIGHT, HEAVY])
) | st.dictionaries(st.just("clear_periods"), st.sampled_from(["0", "3"]))


def quarters(number, label, stated, poor):
    """Return what happens in a quarter: a decision, and at times what people do about it."""
    held = (("late", "holds"),) if poor == "t" else ()
    draft = decided(number, label, stated=stated, poor=poor, held=held)
    draft.data["decision"] |= {"semantics": 1, "review_on": iso(as_of(number) + 90)}
    return draft


@st.composite
def stories(draw):
    """Draw the entries of a system: each decision with the history that the entries before give."""
    entries = []
    for number in range(draw(st.integers(1, 5))):
        label = draw(st.sampled_from([LIGHT, MIDDLE, HEAVY, "referral"]))
        stated = draw(STATED) if number == 0 else {}
        entry = decided_next(entries, number, label, stated, draw(st.sampled_from("tfu")))
        entries.append(repeated(entry) if draw(st.booleans()) else entry)
        about, on = entries[-1].number, as_of(number) + 1
        acts = {
            "nothing": [],
            "overridden": [override(about, MIDDLE if label != MIDDLE else LIGHT, on, on + 40)],
            "confirmed": [confirm(about, on, criteria=["x"]), review(about, on + 1, met=["x"])]
            if label == HEAVY
            else [],
            "withdrawn": [withdraw(about)],
            "heard": [act("representation", about, received_on=day(on).isoformat(), text="no")],
        }
        done = draw(st.sampled_from(sorted(acts)))
        entries += numbered(acts[done], about + 1)
        if done == "nothing" and draw(st.booleans()):  # corrected at once, on its own day
            entries += numbered([correct(about, as_of(number))], about + 1)
            again = decided_next(entries, number, LIGHT, {}, "f")
            entries.append(evolve(again, data=again.data | {"supersedes": about}))
    return [with_bytes(entry) for entry in entries]


def decided_next(entries, number, label, stated, poor):
    draft = quarters(number, label, stated, poor)
    values = {
        name: StatedFact(int(value) if value.isdecimal() else value)
        for name, value in stated.items()
    }
    case = Case(System(SYSTEM, "A system"), day(as_of(number)), values, of(number))
    _, history = with_history(case, RULEBOOK, entries, case.as_of, terms=terms)
    first = entries[-1].number + 1 if entries else 2
    [entry] = numbered([draft], first)
    return evolve(entry, data=entry.data | ({"history": history} if history else {}))


def repeated(entry):
    """Return the *entry* where the case states itself what was drawn for it."""
    case, history = entry.data["case"], entry.data.get("history", {})
    stated = {name: {"value": fact["value"], "status": "final"} for name, fact in history.items()}
    return evolve(entry, data=entry.data | {"case": case | {"facts": case["facts"] | stated}})


def with_bytes(entry):
    return evolve(entry, content=canonical(entry.data))


def outlined(read, entry):
    """Return what *read* reads of the *entry*; of what is no decision, the entry itself."""
    answer = read(entry.content)
    return entry if answer is None else outline_of(answer, answer.question)


def faults(entries, story, told):
    """Return what is wrong with each decision's history, drawn from one *story* as it comes."""
    found = []
    for entry in told:
        if entry.kind == "decision":
            found.append(fault_of(entry, story))
        story.add(entry)
    return found


def fault_of(entry, earlier):
    try:
        check_history(entry, earlier, MEMORY, terms=terms)
    except IntegrityError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("read", READERS, ids=["msgspec", "json"])
@given(entries=stories(), place=st.integers(0, 9), value=st.sampled_from([LIGHT, HEAVY]))
def test_an_outline_gives_what_its_entry_gives(read, entries, place, value):
    """By definition: what is wrong with each is found from all the entries before it, in full."""
    decisions = [entry for entry in entries if entry.kind == "decision"]
    chosen = decisions[place % len(decisions)]
    data = json.loads(chosen.content)
    for fact in data.get("history", {}).values():
        fact["value"] = value
    entries = [with_bytes(Entry(b"", data)) if each is chosen else each for each in entries]
    expected = [
        fault_of(entry, entries[:number])
        for number, entry in enumerate(entries)
        if entry.kind == "decision"
    ]

    told = [outlined(read, entry) for entry in entries]

    assert faults(entries, Story(terms), told) == expected
    assert fold(told, terms).standings == fold(entries, terms).standings
    assert [each.recorded_at for each in told] == [each.recorded_at for each in entries]
