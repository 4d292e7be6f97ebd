"""A case is decided only if its values are what the rulebook's facts allow."""

import datetime
from fractions import Fraction

import attrs
import pytest

from oversight_engine.model.case import StatedFact
from oversight_engine.model.rulebook import Span
from oversight_engine.model.validity import find_faults
from tests.builders import (
    DAY,
    boolean,
    case_of,
    category,
    date_fact,
    days_before,
    number,
    rulebook,
)

MOMENT = datetime.datetime(2025, 6, 30, 12, 0)  # noqa: DTZ001 (to be refused)
BOOK = rulebook(
    number("share", decimals=1, range=(0, 100)),
    number("size", range=(1, None)),
    number("fall", range=(None, 0)),
    number("any", decimals=3),
    boolean("met"),
    category("stage", "early", "late", ordered=True, outside_order=("none",)),
    category("colour", "red", "blue"),
    date_fact("agreed_on"),
)


def faults_of(*, day=DAY, **facts):
    return find_faults(BOOK, case_of(**facts), day)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"share": 0},
        {"share": 100},
        {"share": Fraction(625, 10)},
        {"size": 1},
        {"size": 10**30},
        {"fall": -(10**30)},
        {"fall": 0},
        {"any": Fraction(-1, 1000)},
        {"met": True},
        {"met": False},
        {"stage": "late"},
        {"stage": "none"},
        {"colour": "red"},
        {"agreed_on": datetime.date(2030, 1, 1)},
        {"share": StatedFact(None, status="suppressed")},
        {"share": StatedFact(50, as_at=DAY, likely=(49, Fraction(505, 10)))},
    ],
)
def test_what_the_declarations_allow_is_no_fault(facts):
    assert faults_of(**facts) == []


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"nosuch": 1}, "nosuch: the rulebook test declares no such fact"),
        ({"share": Fraction(-1, 10)}, "share: -0.1 is not within 0 to 100"),
        ({"share": Fraction(1001, 10)}, "share: 100.1 is not within 0 to 100"),
        ({"size": 0}, "size: 0 is not within 1 to any"),
        ({"fall": 1}, "fall: 1 is not within any to 0"),
        ({"share": Fraction(5005, 100)}, "share: 50.05 has more than 1 decimals"),
        ({"share": Fraction(1, 3)}, "share: 1/3 has more than 1 decimals"),
        ({"share": 62.5}, "share: an exact number is wanted"),
        ({"share": True}, "share: an exact number is wanted"),
        ({"share": "50"}, "share: an exact number is wanted"),
        ({"share": DAY}, "share: an exact number is wanted"),
        ({"met": 1}, "met: a boolean is wanted"),
        ({"met": "yes"}, "met: a boolean is wanted"),
        ({"stage": "dawn"}, "stage: `dawn` is not one of early, late, none"),
        ({"stage": True}, "stage: `True` is not one of early, late, none"),
        ({"colour": "none"}, "colour: `none` is not one of red, blue"),
        ({"agreed_on": "2025-01-01"}, "agreed_on: a date is wanted"),
        ({"agreed_on": MOMENT}, "agreed_on: a date is wanted"),
        (
            {"share": StatedFact(50, as_at=days_before(-1))},
            "share: it is as at 2025-07-01, after the decision's date, 2025-06-30",
        ),
        (
            {"share": StatedFact(50, as_at=MOMENT)},
            "share: it is as at 2025-06-30 12:00:00, which is not a day",
        ),
        (
            {"share": StatedFact(50, likely=(49, 50.5))},
            "share: an exact number is wanted at both ends of its likely range",
        ),
    ],
)
def test_what_they_do_not_allow_is_said_in_words(facts, fault):
    assert faults_of(**facts) == [fault]


def test_a_value_is_judged_even_where_its_status_makes_it_unknown():
    stated = StatedFact(101, status="suppressed")

    assert faults_of(share=stated) == ["share: 101 is not within 0 to 100"]


def test_every_fault_is_told_undeclared_facts_first():
    faults = faults_of(met=3, nosuch=1, share=-1)

    assert [fault.split(":")[0] for fault in faults] == ["nosuch", "share", "met"]


def test_a_fact_is_told_its_first_fault_only():
    faults = faults_of(share=StatedFact(-1, as_at=days_before(-1), likely=(0.5, 1)))

    assert len(faults) == 1


def test_each_day_of_several_facts_is_judged():
    later = DAY + datetime.timedelta(days=1)
    midnight = datetime.datetime.combine(DAY, datetime.time())

    found = faults_of(
        share=StatedFact(1, as_at=DAY),
        size=StatedFact(1, as_at=later),
        fall=StatedFact(0, as_at=DAY),
        any=StatedFact(1, as_at=later),
        met=StatedFact(True, as_at=midnight),
    )

    assert found == [
        f"size, any: it is as at {later}, after the decision's date, {DAY}",
        f"met: it is as at {midnight}, which is not a day",
    ]


def test_a_later_date_of_the_decision_makes_a_later_fact_allowed():
    stated = StatedFact(50, as_at=days_before(-1))

    assert faults_of(share=stated) != []
    assert faults_of(share=stated, day=days_before(-1)) == []


def test_what_takes_its_age_from_a_period_that_is_not_over_is_a_fault():
    book = rulebook(number("fresh", max_age=90), number("lasting"))
    until = attrs.evolve(
        case_of(fresh=StatedFact(1), lasting=StatedFact(1)), period=Span(DAY, days_before(-1))
    )

    (fault,) = find_faults(book, until, DAY)

    assert fault == f"fresh: it is as at {days_before(-1)}, after the decision's date, {DAY}"
    assert find_faults(book, attrs.evolve(until, period=Span(DAY, DAY)), DAY) == []


def test_a_fault_of_many_facts_is_told_once():
    later = {name: StatedFact(1, as_at=days_before(-1)) for name in ("share", "size", "any")}
    more = {"fall": StatedFact(0, as_at=days_before(-1)), "met": 1}

    day = f"it is as at {days_before(-1)}, after the decision's date, {DAY}"
    assert faults_of(**later, **more) == [
        f"share, size, fall and 1 more: {day}",
        "met: a boolean is wanted",
    ]
