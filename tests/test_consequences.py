"""An outcome brings its consequences: returns, reviews, measures, and what depends on evidence."""

import datetime

import pytest

from oversight_engine.model.decision import Burden
from oversight_engine.model.rulebook import REFERRAL, Measure, Span
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    below,
    consequence,
    days_before,
    decided,
    number,
    rulebook,
    when,
)

T, F, U = TRUE, FALSE, UNKNOWN


def test_a_decision_brings_the_consequences_of_its_outcome_that_hold_or_may_hold():
    book = rulebook(
        number("a"),
        number("b"),
        rules=[when(below("a", 5))],
        consequences=[
            consequence("light", LIGHT),
            consequence("always", LIGHT, MIDDLE),
            consequence("true", MIDDLE, when=below("a", 5)),
            consequence("false", MIDDLE, when=below("a", 1)),
            consequence("unknown", MIDDLE, when=below("b", 1)),
            consequence("referral", REFERRAL),
        ],
    )

    decision = decided(book, a=4)

    assert [(result.consequence.id, result.truth) for result in decision.consequences] == [
        ("always", T),
        ("true", T),
        ("unknown", U),
    ]
    assert [leaf.leaf.text for leaf in decision.consequences[1].leaves] == ["a < 5"]


def test_a_referral_has_consequences_of_its_own():
    book = rulebook(
        number("b"),
        rules=[when(below("b", 0), HEAVY)],
        consequences=[consequence("heavy", HEAVY), consequence("ask", REFERRAL)],
    )

    assert [result.consequence.id for result in decided(book).consequences] == ["ask"]
    assert [result.consequence.id for result in decided(book, b=-1).consequences] == ["heavy"]


def test_the_burden_counts_returns_that_hold_and_at_most_those_that_may():
    def returns(consequence_id, per_year, *outcomes, when=None):
        return consequence(consequence_id, *outcomes, when=when, kind="return", per_year=per_year)

    book = rulebook(
        number("a"),
        number("b"),
        consequences=[
            returns("monthly", 12, LIGHT),
            returns("annual", 1, LIGHT, when=below("a", 5)),
            returns("weekly", 52, LIGHT, when=below("b", 5)),
            returns("daily", 365, HEAVY),
            consequence("freedom", LIGHT),
        ],
    )

    assert decided(book, a=4).burden == Burden(13, 65)
    assert decided(book, a=5, b=5).burden == Burden(12, 12)
    assert decided(rulebook()).burden == Burden(0, 0)


def test_the_review_is_the_soonest_of_those_that_hold():
    def review(consequence_id, days, when=None):
        return consequence(consequence_id, LIGHT, kind="review", days=days, when=when)

    book = rulebook(
        number("a"),
        consequences=[
            review("year", 365),
            review("month", 30, below("a", 5)),
            review("day", 1, below("b", 5)),
            consequence("other", LIGHT),
        ],
    )

    assert decided(book, a=4).review_on == datetime.date(2025, 7, 30)
    assert decided(book, a=5).review_on == datetime.date(2026, 6, 30)
    assert decided(book, a=4, on=days_before(-1)).review_on == datetime.date(2025, 7, 31)


def test_no_review_is_due_after_the_last_day_there_is():
    book = rulebook(
        number("a"),
        span=Span(DAY),
        consequences=[consequence("x", LIGHT, kind="review", days=2)],
    )
    last = datetime.date.max

    assert decided(book, on=days_before(2, last)).review_on == last
    assert decided(book, on=days_before(3, last)).review_on == days_before(1, last)
    assert decided(book, on=last).review_on == last


def test_without_a_review_that_holds_none_is_due():
    book = rulebook(
        number("a"),
        consequences=[consequence("x", LIGHT, kind="review", days=9, when=below("a", 5))],
    )

    assert decided(book, a=5).review_on is None
    assert decided(book).review_on is None
    assert decided(rulebook()).review_on is None


def measured(condition, rule_id, measure=""):
    return when(condition, HEAVY, rule_id=rule_id, measure=measure)


MEASURES = rulebook(
    number("a"),
    number("b"),
    measures=[Measure("mild", "Mild"), Measure("stern", "Stern")],
    rules=[
        measured(below("a", 1), "x", "stern"),
        measured(below("a", 3), "y", "mild"),
        measured(below("a", 5), "z"),
        measured(below("b", 0), "w", "stern"),
        when(below("a", 7)),
    ],
)


@pytest.mark.parametrize(
    ("facts", "outcome", "measure"),
    [
        ({"a": 0, "b": 0}, HEAVY, "stern"),
        ({"a": 2, "b": 0}, HEAVY, "mild"),
        ({"a": 2}, HEAVY, "mild"),  # what is unknown recommends nothing
        ({"a": 4, "b": 0}, HEAVY, ""),
        ({"a": 6, "b": 0}, MIDDLE, ""),
        ({"a": 6}, None, ""),
        ({"a": 9, "b": -1}, HEAVY, "stern"),
    ],
)
def test_the_most_severe_measure_of_the_true_harshest_rules_is_recommended(facts, outcome, measure):
    decision = decided(MEASURES, **facts)

    assert (decision.outcome, decision.measure) == (outcome, measure)
