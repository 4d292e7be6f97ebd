"""History facts: what a ledger gives for them, and that nothing else is believed."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError
from oversight_engine.ledger.folding import fold
from oversight_engine.ledger.history import with_history
from oversight_engine.model.case import StatedFact
from tests.ledger.histories import FACTS, RULEBOOK, as_of, case_of, decided, drawn, given_of
from tests.ledger.people import (
    HEAVY,
    LIGHT,
    MIDDLE,
    RECORDED,
    SCALE,
    SYSTEM,
    confirm,
    correct,
    day,
    decision,
    numbered,
    override,
    quarter,
    review,
    terms,
    withdraw,
)  # fmt: skip

FIRST = {
    "outcome_before": "none", "days_held": 0, "periods_held": 0, "engine_before": "none",
    "engine_days": 0, "engine_periods": 0, "poor_periods": 0, "clear_periods": 0,
    "exit_status": "not_applicable",
}  # fmt: skip


def test_a_system_never_decided_has_the_outcome_none():
    assert drawn(0) == FIRST


def test_what_a_first_case_states_itself_stands():
    assert drawn(0, outcome_before=LIGHT, clear_periods=3) == FIRST | {
        "outcome_before": LIGHT, "clear_periods": 3,
    }  # fmt: skip


# By fact, quarter and ledger: the value. Entries begin with number 2.

HEAVY_0 = (decided(0, HEAVY), confirm(2, as_of(0) + 5))
AGREED = (decided(0, HEAVY), confirm(2, as_of(0) + 5, criteria=["balance", "leaders"]))
BOTH = ["balance", "leaders"]
TABLE = {
    "in force, decided": ("outcome_before", 1, (decided(0, LIGHT),), LIGHT),
    "in force, recommended": ("outcome_before", 1, (decided(0, HEAVY),), "none"),
    "in force, confirmed": ("outcome_before", 1, HEAVY_0, HEAVY),
    "in force, overridden": (
        "outcome_before", 1, (decided(0, LIGHT), override(2, MIDDLE, as_of(0), 300)), MIDDLE,
    ),
    "in force, override expired": (
        "outcome_before", 1,
        (decided(0, LIGHT), override(2, MIDDLE, as_of(0), as_of(1) - 1)), LIGHT,
    ),
    "in force, confirmed after the day": (
        "outcome_before", 1, (decided(0, HEAVY), confirm(2, as_of(1) + 1)), "none",
    ),
    "in force, referral after": (
        "outcome_before", 2, (decided(0, LIGHT), decided(1, "referral")), LIGHT,
    ),
    "in force, referral first and stated": (
        "outcome_before", 1, (decided(0, "referral", stated={"outcome_before": MIDDLE}),), MIDDLE,
    ),
    "in force, withdrawn": ("outcome_before", 1, (decided(0, LIGHT), withdraw(2)), "none"),
    "in force, of the same day or later": (
        "outcome_before", 1, (decided(0, LIGHT), decided(1, MIDDLE), decided(2, MIDDLE)), LIGHT,
    ),
    "engine, overridden": (
        "engine_before", 1, (decided(0, LIGHT), override(2, MIDDLE, as_of(0), 300)), LIGHT,
    ),
    "engine, recommended": ("engine_before", 1, (decided(0, HEAVY),), HEAVY),
    "engine, referral after": (
        "engine_before", 2, (decided(0, LIGHT), decided(1, "referral")), LIGHT,
    ),
    "days, decided": ("days_held", 1, (decided(0, LIGHT),), 90),
    "days, twice the same": ("days_held", 2, (decided(0, LIGHT), decided(1, LIGHT)), 180),
    "days, confirmed": ("days_held", 1, HEAVY_0, 85),
    "days, none": ("days_held", 1, (decided(0, HEAVY),), 0),
    "days, going on from before": (
        "days_held", 1,
        (decided(0, LIGHT, stated={"outcome_before": LIGHT, "days_held": "40"}),), 130,
    ),
    "days, other before": (
        "days_held", 1,
        (decided(0, LIGHT, stated={"outcome_before": MIDDLE, "days_held": "40"}),), 90,
    ),
    "engine days": ("engine_days", 2, (decided(0, HEAVY), decided(1, HEAVY)), 180),
    "engine days, broken": ("engine_days", 2, (decided(0, LIGHT), decided(1, HEAVY)), 90),
    "engine days, over a referral": (
        "engine_days", 3, (decided(0, LIGHT), decided(1, "referral"), decided(2, LIGHT)), 270,
    ),
    "periods, one": ("periods_held", 1, (decided(0, LIGHT),), 1),
    "periods, three": (
        "periods_held", 3, (decided(0, LIGHT), decided(1, LIGHT), decided(2, LIGHT)), 3,
    ),
    "periods, changed": ("periods_held", 2, (decided(0, LIGHT), decided(1, MIDDLE)), 1),
    "periods, over a referral": (
        "periods_held", 2, (decided(0, LIGHT), decided(1, "referral")), 2,
    ),
    "periods, a gap": ("periods_held", 3, (decided(0, LIGHT), decided(2, LIGHT)), 1),
    "periods, a gap before the case": ("periods_held", 2, (decided(0, LIGHT),), 0),
    "periods, confirmed and again recommended": (
        "periods_held", 2, (*HEAVY_0, decided(1, HEAVY)), 2,
    ),
    "periods, going on": (
        "periods_held", 1,
        (decided(0, LIGHT, stated={"outcome_before": LIGHT, "periods_held": "4"}),), 5,
    ),
    "periods, other before": (
        "periods_held", 1,
        (decided(0, LIGHT, stated={"outcome_before": MIDDLE, "periods_held": "4"}),), 1,
    ),
    "engine periods": ("engine_periods", 2, (decided(0, HEAVY), decided(1, HEAVY)), 2),
    "engine periods, over a referral": (
        "engine_periods", 3, (decided(0, LIGHT), decided(1, "referral"), decided(2, LIGHT)), 2,
    ),
    "finding, true": ("was_poor", 1, (decided(0, LIGHT, poor="t"),), True),
    "finding, unknown": ("was_poor", 1, (decided(0, LIGHT, poor="u"),), None),
    "finding, periods": (
        "poor_periods", 3,
        (decided(0, LIGHT), decided(1, LIGHT, poor="t"), decided(2, LIGHT, poor="t")), 2,
    ),
    "finding, unknown breaks": (
        "poor_periods", 2, (decided(0, LIGHT, poor="t"), decided(1, LIGHT, poor="u")), 0,
    ),
    "clear": ("clear", 1, (decided(0, LIGHT),), True),
    "clear but for the record": (
        "clear", 1, (decided(0, MIDDLE, held=[("record", "holds")]),), True,
    ),
    "a rule held back": (
        "clear", 1, (decided(0, MIDDLE, held=[("record", "holds"), ("x", "holds_back")]),), False,
    ),
    "an ignored rule is none": ("clear", 1, (decided(0, LIGHT, held=[("x", "ignored")]),), True),
    "clear periods": (
        "clear_periods", 3,
        (decided(0, MIDDLE, held=[("x", "holds")]), decided(1, MIDDLE, held=[("record", "holds")]),
         decided(2, LIGHT)), 2,
    ),
    "a referral is not clear": (
        "clear_periods", 2, (decided(0, LIGHT), decided(1, "referral", held=[("x", "refers")])), 0,
    ),
    "clear periods going on": (
        "clear_periods", 2,
        (decided(0, LIGHT, stated={"clear_periods": "2"}), decided(1, LIGHT)), 4,
    ),
    "clear periods not going on": (
        "clear_periods", 2,
        (decided(0, MIDDLE, held=[("x", "holds")], stated={"clear_periods": "2"}),
         decided(1, LIGHT)), 1,
    ),
    "a corrected decision does not count, its successor does": (
        "clear_periods", 1,
        (decided(0, LIGHT), correct(2, as_of(0)),
         decision(as_of(0), MIDDLE, supersedes=2, period=quarter(0),
                  rules={"x": ["t", "holds", "t"]})), 0,
    ),
    "exit, not in force": ("exit_status", 1, (decided(0, LIGHT),), "not_applicable"),
    "exit, only recommended": ("exit_status", 1, (decided(0, HEAVY),), "not_applicable"),
    "exit, none agreed": ("exit_status", 1, HEAVY_0, "not_agreed"),
    "exit, not reviewed": ("exit_status", 1, AGREED, "not_met"),
    "exit, half": (
        "exit_status", 1, (*AGREED, review(2, as_of(0) + 20, met=["balance"])), "not_met",
    ),
    "exit, met": ("exit_status", 1, (*AGREED, review(2, as_of(0) + 20, met=BOTH)), "met_for_now"),
    "exit, sustained": (
        "exit_status", 2,
        (*AGREED, review(2, as_of(0) + 20, met=BOTH), review(2, as_of(0) + 110, met=BOTH)),
        "met_and_sustained",
    ),
    "exit, a day short": (
        "exit_status", 2,
        (*AGREED, review(2, as_of(0) + 20, met=BOTH), review(2, as_of(0) + 109, met=BOTH)),
        "met_for_now",
    ),
    "exit, lost and met again": (
        "exit_status", 2,
        (*AGREED, review(2, as_of(0) + 20, met=BOTH), review(2, as_of(0) + 60, met=["balance"]),
         review(2, as_of(0) + 115, met=BOTH)),
        "met_for_now",
    ),
    "exit, criteria come back after an override": (
        "exit_status", 1,
        (*AGREED, override(2, LIGHT, as_of(0) + 10, as_of(0) + 20),
         review(2, as_of(0) + 30, met=BOTH)), "met_for_now",
    ),
    "exit, criteria of an earlier intervention": (
        "exit_status", 2,
        (*AGREED, decided(1, LIGHT), override(4, HEAVY, as_of(1) + 5, as_of(2))), "not_agreed",
    ),
    "exit, criteria agreed with an override": (
        "exit_status", 1,
        (decided(0, LIGHT), override(2, HEAVY, as_of(0), as_of(1), criteria=BOTH)), "not_met",
    ),
    "exit, reviewed after the day": (
        "exit_status", 1, (*AGREED, review(2, as_of(1) + 1, met=BOTH)), "not_met",
    ),
    "exit, criteria stay through a second recommendation": (
        "exit_status", 2,
        (*AGREED, decided(1, HEAVY), confirm(4, as_of(1) + 5), review(4, as_of(1) + 6, met=BOTH)),
        "met_for_now",
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", TABLE)
def test_what_the_ledger_gives(story):
    name, number, drafts, expected = TABLE[story]

    assert given_of(name, number, *drafts) == expected


def test_each_fact_says_which_entry_it_is_from_and_speaks_of_the_day_of_the_decision():
    case = case_of(1)
    entries = numbered([*HEAVY_0])
    full, history = with_history(case, RULEBOOK, entries, case.as_of, terms=terms)

    assert full.facts["outcome_before"] == StatedFact(
        HEAVY, "ledger entry 3", case.as_of, "derived"
    )
    assert history["outcome_before"] == {
        "value": HEAVY, "source": "ledger entry 3", "as_at": case.as_of.isoformat(),
        "status": "derived", "entry": 3,
    }  # fmt: skip


def test_a_case_that_states_something_else_is_refused_and_both_are_named():
    with pytest.raises(InputError) as refused:
        drawn(1, decided(0, LIGHT), outcome_before=MIDDLE, clear_periods=7, days_held=90)

    assert str(refused.value) == (
        "the case of QE1 states outcome_before = middle, and entry 2 of the ledger gives light; "
        "the case of QE1 states clear_periods = 7, and entry 2 of the ledger gives 1"
    )


def test_a_case_that_states_the_same_gets_it_from_the_ledger():
    case = case_of(1, outcome_before=LIGHT)
    full, _ = with_history(case, RULEBOOK, numbered([decided(0, LIGHT)]), case.as_of, terms=terms)

    assert full.facts["outcome_before"].source == "ledger entry 2"


def test_a_yes_is_not_taken_for_a_one():
    with pytest.raises(InputError, match="states was_poor = False"):
        drawn(1, decided(0, LIGHT, poor="t"), was_poor=False)


def test_periods_are_not_counted_for_a_case_without_one():
    case = evolve(case_of(1), period=None)

    with pytest.raises(InputError, match="periods_held counts periods, and the case of QE1 states"):
        with_history(case, RULEBOOK, numbered([decided(0, LIGHT)]), case.as_of, terms=terms)


def test_a_count_that_the_fact_cannot_state_is_refused():
    facts = [evolve(each, range=(0, 89)) if each.id == "days_held" else each for each in FACTS]

    with pytest.raises(InputError, match="gives days_held = 90, which is outside its range"):
        drawn(1, decided(0, LIGHT), book=evolve(RULEBOOK, facts=tuple(facts)))


def test_the_period_of_the_case_decided_before_is_not_counted_before_itself():
    earlier = decision(as_of(1) - 5, LIGHT, period=quarter(1), findings={}, rules={})

    assert given_of("clear_periods", 1, decided(0, LIGHT), earlier) == 1


def test_another_system_and_another_rulebook_are_no_history():
    other = decision(as_of(0), LIGHT, period=quarter(0), system="QF7")

    assert drawn(1, other) == FIRST
    assert drawn(1, decided(0, LIGHT), book=evolve(RULEBOOK, id="another")) == FIRST


def test_what_was_recorded_later_is_left_out():
    story = (*HEAVY_0, decided(1, LIGHT))

    assert drawn(2, *story, known_on=RECORDED.date())["outcome_before"] == "none"
    assert drawn(2, *story, known_on=day(1))["outcome_before"] == HEAVY


def test_a_rulebook_without_history_leaves_the_case_as_it_is():
    case = case_of(1)
    bare = evolve(RULEBOOK, facts=())

    assert with_history(case, bare, numbered([decided(0, LIGHT)]), case.as_of, terms=terms) == (
        case, {},
    )  # fmt: skip


LABELS = st.lists(st.sampled_from([*SCALE, "referral"]), min_size=1, max_size=8)


@given(labels=LABELS)
def test_the_engines_periods_are_those_a_reader_counts(labels):
    drafts = [decided(number, label) for number, label in enumerate(labels)]
    outcomes = [label for label in labels if label != "referral"]
    run = 0
    while run < len(outcomes) and outcomes[-1 - run] == outcomes[-1]:
        run += 1

    assert given_of("engine_periods", len(labels), *drafts) == run


@given(labels=LABELS, clear=st.lists(st.booleans(), min_size=8, max_size=8))
def test_adding_a_quarter_adds_one_or_ends_the_run(labels, clear):
    drafts = [
        decided(number, label, held=[] if clear[number] else [("x", "holds")])
        for number, label in enumerate(labels)
    ]
    counts = [given_of("clear_periods", n, *drafts[:n]) for n in range(len(labels) + 1)]

    for number in range(len(labels)):
        assert counts[number + 1] == (counts[number] + 1 if clear[number] else 0)


@pytest.mark.parametrize("part", ["", "/value"])
def test_what_is_masked_is_not_guessed(part):
    """The first case says what came before; where that is masked, nobody knows."""
    first = decided(0, "referral", stated={"clear_periods": "2"})
    names = ("outcome_before", "clear_periods")
    masked = [f"/case/facts/{name}{part}" for name in names]
    first = evolve(first, data=first.data | {"masked": masked})
    entries = numbered([first])

    assert fold(entries, terms).standings[SYSTEM, "book"].in_force(day(200)).outcome == "masked"
    with pytest.raises(InputError) as refused:
        with_history(case_of(1), RULEBOOK, entries, day(as_of(1)), terms=terms)
    assert [
        f"what the case of entry 2 stated of {name} is masked, and the history rests on it"
        in str(refused.value)
        for name in names
    ] == [True, True]
