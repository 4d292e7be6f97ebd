"""What was recorded of a history is drawn again: from all entries, or from a story of them."""

import datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.engine import decide
from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.folding import fold
from oversight_engine.ledger.history import Memory, Story, check_history, with_history
from oversight_engine.ledger.recorder import decision_draft
from tests import builders as b
from tests.ledger.histories import FACTS, RULEBOOK, case_of, decided, of
from tests.ledger.people import (
    HEAVY,
    LIGHT,
    SYSTEM,
    act,
    numbered,
    terms,
)  # fmt: skip


def recorded(*drafts, change=None):
    """Return the entries of *drafts*, the last with the history that the others give it."""
    *earlier, last = numbered(drafts)
    case = case_of(1)
    _, history = with_history(case, RULEBOOK, earlier, case.as_of, terms=terms)
    for name, value in (change or {}).items():
        history[name] = history[name] | value
    return earlier, evolve(last, data=last.data | {"history": history})


def test_recorded_history_is_derived_again():
    earlier, entry = recorded(decided(0, LIGHT), decided(1, LIGHT))

    check_history(entry, earlier, Memory(RULEBOOK), terms=terms)


def test_recorded_history_that_the_ledger_does_not_give_is_named():
    change = {"outcome_before": {"value": HEAVY}}
    earlier, entry = recorded(decided(0, LIGHT), decided(1, LIGHT), change=change)

    with pytest.raises(IntegrityError) as found:
        check_history(entry, earlier, Memory(RULEBOOK), terms=terms)

    assert str(found.value) == (
        "entry 3 records outcome_before as heavy (ledger entry 2), and the entries before it give "
        "light (ledger entry 2)"
    )


@given(st.lists(st.sampled_from([LIGHT, HEAVY, "referral"]), min_size=1, max_size=6), st.data())
def test_a_story_gives_what_its_entries_give(labels, data):
    """It folds once what they are folded for again and again, also where days go back."""
    order = data.draw(st.permutations(range(len(labels))))
    entries = numbered([decided(number, labels[number]) for number in order])
    story = Story(terms)
    for entry in entries:
        story.add(entry)
    for number in range(len(labels) + 1):
        case = case_of(number)
        expected = with_history(case, RULEBOOK, entries, case.as_of, terms=terms)
        assert with_history(case, RULEBOOK, story, case.as_of, terms=terms) == expected


def test_a_case_that_does_not_have_the_shape_of_one_is_named():
    [entry] = numbered([decided(0, HEAVY, stated={"clear_periods": "two"})])

    with pytest.raises(IntegrityError, match="does not have the shape"):
        check_history(entry, [], Memory(RULEBOOK), terms=terms)


def test_a_story_out_of_order_is_no_ledger():
    with pytest.raises(IntegrityError, match=r"^entry 2:"):
        fold(numbered([act("answer", 1, text="x")]), terms)


def test_the_days_of_these_tests_are_quarters():
    assert of(1).start - of(0).end == datetime.timedelta(days=1)


@pytest.mark.parametrize(("n", "was_poor"), [(0, True), (1, False), (None, None)])
def test_a_finding_is_read_as_the_engine_records_it(n, was_poor):
    """What stands in these entries elsewhere is made by hand; this is what the engine made."""
    poor = b.condition_finding("poor", b.below("n", 1))
    book = b.rulebook(b.number("n"), findings=[poor], rules=[b.when(b.holds(b.finding("poor")))])
    remembering = evolve(book, facts=(*book.facts, *FACTS))
    case = b.case_of(code=SYSTEM, **({} if n is None else {"n": n}))
    recorded = decision_draft(decide(book, case, evaluators=("reference",)), case, {}, {})
    later = evolve(case, as_of=b.days_before(-90), facts={}, period=of(2))

    own = evolve(terms(""), rulebook=book.id, outcomes=tuple(each.id for each in book.outcomes))

    _, history = with_history(
        later, remembering, numbered([recorded]), later.as_of, terms=lambda _: own
    )

    assert history.get("was_poor", {}).get("value") is was_poor
