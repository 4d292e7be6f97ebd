"""A fact is unknown when it is absent, its status is not accepted, or it is too old."""

import datetime

import pytest

from oversight_engine import semantics
from oversight_engine.model.case import StatedFact
from oversight_engine.model.rulebook import STATUSES, Span
from tests.builders import DAY, boolean, case_of, days_before, number, rulebook, with_facts


def why(declared, stated, *, period=None):
    return semantics.why_unknown(declared, stated, as_of=DAY, period=period)


def test_a_fact_that_is_not_stated_is_unknown():
    assert why(number("a"), None) == "not stated"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_but_suppressed_is_accepted_by_default(status):
    because = why(number("a"), StatedFact(1, status=status))

    assert because == (
        "its status is suppressed, which is not accepted" if status == "suppressed" else ""
    )


def test_a_status_its_declaration_leaves_out_makes_a_fact_unknown():
    strict = number("a", accepts=("final",))

    assert why(strict, StatedFact(1)) == ""
    assert (
        why(strict, StatedFact(1, status="derived"))
        == "its status is derived, which is not accepted"
    )


def test_a_fact_without_a_value_is_unknown_even_where_its_status_is_accepted():
    lenient = number("a", accepts=("suppressed",))

    assert why(lenient, StatedFact(None, status="suppressed")) == "no value is given"
    assert why(lenient, StatedFact(0, status="suppressed")) == ""


def test_false_and_zero_are_values():
    assert why(boolean("met"), StatedFact(False)) == ""
    assert why(number("a"), StatedFact(0)) == ""


def test_a_fact_goes_stale_the_day_after_its_last_allowed_one():
    fresh = number("a", max_age=100)

    assert why(fresh, StatedFact(1, as_at=days_before(100))) == ""
    assert (
        why(fresh, StatedFact(1, as_at=days_before(101)))
        == "101 days old, and at most 100 are allowed"
    )
    assert why(fresh, StatedFact(1, as_at=DAY)) == ""


def test_a_fact_that_may_not_age_at_all_is_known_on_its_own_day_only():
    fresh = number("a", max_age=0)

    assert why(fresh, StatedFact(1, as_at=DAY)) == ""
    assert why(fresh, StatedFact(1, as_at=days_before(1))) != ""


def test_a_fact_without_an_as_at_date_takes_the_end_of_the_period():
    fresh = number("a", max_age=100)
    ended = Span(days_before(300), days_before(100))
    earlier = Span(days_before(300), days_before(101))

    assert why(fresh, StatedFact(1), period=ended) == ""
    assert why(fresh, StatedFact(1), period=earlier).startswith("101 days old")
    assert why(fresh, StatedFact(1, as_at=days_before(3)), period=earlier) == ""


@pytest.mark.parametrize("period", [None, Span(datetime.date(2025, 1, 1))])
def test_a_fact_whose_age_cannot_be_told_is_unknown(period):
    because = why(number("a", max_age=100), StatedFact(1), period=period)

    assert because == "its age cannot be told: no as-at date and no period"


def test_a_fact_that_never_goes_stale_needs_no_date():
    assert why(number("a"), StatedFact(1)) == ""
    assert why(number("a"), StatedFact(1, as_at=days_before(9999))) == ""


def test_the_known_facts_of_a_case_are_those_with_nothing_against_them_on_the_day():
    aged = number("aged", max_age=30)
    book = rulebook(number("absent"), number("kept_back"), aged, boolean("no"), number("zero"))
    stated = {
        "kept_back": StatedFact(1, status="suppressed"),
        "aged": StatedFact(2),
        "no": StatedFact(False),
        "zero": StatedFact(0),
    }
    case = with_facts(case_of(period=Span(days_before(90), days_before(30))), stated)

    assert semantics.known_facts(book, case, DAY) == {"aged": 2, "no": False, "zero": 0}
    next_day = DAY + datetime.timedelta(days=1)
    assert semantics.known_facts(book, case, next_day) == {"no": False, "zero": 0}
