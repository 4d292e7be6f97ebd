"""Values, titles and conditions read as sentences do, and always say the same as the numbers."""

import datetime
from fractions import Fraction

import pytest

from oversight_engine.explanation import explain_why_not
from oversight_engine.explanation.conditions import Titles, Words
from oversight_engine.explanation.wording import (
    in_sentence,
    say_count,
    say_day,
    say_few,
    say_list,
    say_number,
    say_value,
)
from oversight_engine.model.number import exact
from oversight_engine.model.truth import FALSE, UNKNOWN
from tests import builders as b
from tests.shown import sections_of

# Values in words


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (70, "%", "70%"),
        (exact("-0.5"), "%", "-0.5%"),
        (12000, "people", "12,000 people"),
        (1, "days", "1 day"),
        (-1, "days", "-1 day"),
        (1, "class", "1 class"),
        (exact("3.25"), "£m", "£3.25m"),
        (exact("-3.25"), "£", "-£3.25"),
        (7, "", "7"),
        (Fraction(200, 3), "%", "about 66.67% (exactly 200/3)"),
    ],
)
def test_a_number_stands_with_its_unit_as_people_write_it(number, unit, said):
    assert say_number(number, unit) == said


def test_values_are_said_by_their_kind():
    assert say_value(None) == say_value(UNKNOWN) == "unknown"
    assert (say_value(True), say_value(FALSE)) == ("yes", "no")
    assert say_value("in_force") == "in force"
    assert (
        say_value(datetime.date(2025, 6, 30))
        == say_day(datetime.date(2025, 6, 30))
        == "30 June 2025"
    )


def test_lists_read_as_sentences_do_and_long_ones_stay_short():
    assert [say_list([]), say_list("a"), say_list("ab"), say_list("abc", "or")] == [
        "", "a", "a and b", "a, b or c",
    ]  # fmt: skip
    assert say_few("abcd") == "a; b; c; d"
    assert say_few("abcde") == "a; b; c; and 2 more"
    assert (say_count(1, "rule"), say_count(1200, "rule")) == ("1 rule", "1,200 rules")


def test_a_title_within_a_sentence_keeps_the_capitals_of_abbreviations():
    assert in_sentence("Lighter reporting") == "lighter reporting"
    assert in_sentence("NHS support") == "NHS support"


# Conditions in words, as the rulebook states them and as a decision found them

NUMBER = b.number("a", unit="days", range=(0, 100))
CONDITIONS = [
    # condition, facts, as stated, as found
    (b.compare("a", ">=", 3), {"a": 5}, "a is at least 3 days", "A: 5 days, at least 3 days"),
    (b.compare("a", ">=", 3), {"a": 1}, "a is at least 3 days", "A: 1 day, less than 3 days"),
    (b.compare(3, "<=", "a"), {"a": 1}, "a is at least 3 days", "A: 1 day, less than 3 days"),
    (b.compare("a", "!=", 3), {"a": 3}, "a is other than 3 days", "A: 3 days, exactly 3 days"),
    (b.compare("a", "<", 3), {}, "a is less than 3 days",
     "A: unknown (not stated); asked: less than 3 days"),
    (b.compare("a", "<", b.parameter("limit")), {"a": 1}, "a is less than Limit",
     "A: 1 day, less than 4 days (Limit)"),
    (b.compare(b.plus("a", "c"), ">", 3), {"a": 5}, "a + C is more than 3 days",
     "A + C: unknown (not stated); asked: more than 3 days"),
    (b.compare(b.minus(b.times(2, "a"), b.over("c", 4)), ">", 3), {"a": 5, "c": 8},
     "2 × A - C / 4 is more than 3 days", "2 × A - C / 4: 8 days, more than 3 days"),
    (b.compare(b.minus("a", b.plus("a", "c")), "<=", 0), {"a": 5, "c": 8},
     "a - (A + C) is at most 0 days", "A - (A + C): -8 days, at most 0 days"),
    (b.compare(b.mean_known("a", "c", weights=(1, 2)), ">", 3), {"a": 5},
     "the mean of what is known of (A; C), weighted is more than 3 days",
     "The mean of what is known of (A; C), weighted: 5 days, more than 3 days"),
    (b.compare(b.x.DaysSince("day"), ">", 10), {"day": b.days_before(3)},
     "days since: Day is more than 10 days", "Days since: Day: 3 days, at most 10 days"),
    (b.holds("yes"), {"yes": True}, "yes", "Yes: yes"),
    (b.holds("yes"), {}, "yes", "Yes: unknown (not stated)"),
    (b.negated(b.holds("yes")), {"yes": True}, "not (yes)", "Yes: yes"),
    (b.known("yes"), {}, "it is known whether, or how much: yes", "Yes: not known"),
    (b.known("yes"), {"yes": False}, "it is known whether, or how much: yes", "Yes: known"),
    (b.ranks("stage", ">=", "high_up"), {"stage": "low"}, "stage is at least high up",
     "Stage: low, below high up"),
    (b.ranks("stage", ">=", "low"), {"stage": "none"}, "stage is at least low",
     "Stage: none, outside the order in which low stands"),
    (b.is_in("stage", "low"), {"stage": "high_up"}, "stage is low", "Stage: high up, not low"),
    (b.is_in("stage", "low"), {"stage": "low"}, "stage is low", "Stage: low"),
    (b.is_in("stage", "low", "none", negated=True), {"stage": "low"}, "stage is not low or none",
     "Stage: low, one of low or none"),
    (b.is_in("a", 1, 2), {"a": 3}, "a is 1 day or 2 days", "A: 3 days, none of 1 day or 2 days"),
    (b.count([b.holds("yes"), b.known("a")], ">=", 2), {"yes": True},
     "at least 2 of these hold: (yes; it is known whether, or how much: a)",
     "How many of these 2 hold: 1, less than 2"),
    (b.count([b.holds("yes"), b.known("a")], ">=", 1), {},
     "at least 1 of these hold: (yes; it is known whether, or how much: a)",
     "How many of these 2 hold: between 0 and 1; asked: at least 1"),
]  # fmt: skip


def book_of(condition):
    facts = [
        NUMBER,
        b.number("c", unit="days"),
        b.boolean("yes"),
        b.date_fact("day"),
        b.category("stage", "low", "high_up", ordered=True, outside_order=("none",)),
    ]
    limit = b.parameter_of("limit", 4, unit="days")
    return b.rulebook(*facts, parameters=[limit], rules=[b.when(condition, rule_id="it")])


@pytest.mark.parametrize(("condition", "facts", "stated", "found"), CONDITIONS)
def test_every_kind_of_condition_has_words_of_its_own(condition, facts, stated, found):
    book = book_of(condition)
    decision = b.decided(book, **facts)
    [leaf, *_] = decision.rules[0].leaves

    assert Titles(book).condition(condition) == stated
    assert Words(decision).leaf(leaf) == found


def test_and_and_or_are_told_apart_in_a_stated_condition():
    yes, known = b.holds("yes"), b.known("a")
    condition = b.some(yes, b.every(yes, known))

    assert Titles(book_of(yes)).condition(condition) == (
        "yes, or (yes, and it is known whether, or how much: a)"
    )


@pytest.mark.parametrize(
    ("condition", "facts", "needed"),
    [
        (b.is_in("stage", "low"), {"stage": "low"}, "Stage: must not be low (now low)"),
        (b.negated(b.holds("yes")), {"yes": False}, "Yes: must be yes (now no)"),
        (b.known("yes"), {"yes": True}, "Yes: must not be known (now known)"),
        (b.count([b.holds("yes"), b.known("a")], ">=", 1), {"yes": True},
         "How many of these 2 hold: must be less than 1 (now 1)"),
        (b.compare("a", "<", 3), {"a": 1}, "A: must be at least 3 days (now 1 day)"),
    ],
)  # fmt: skip
def test_every_kind_of_condition_says_what_it_would_have_to_be(condition, facts, needed):
    page = explain_why_not(b.decided(book_of(condition), **facts), b.LIGHT)
    [lines, *_] = sections_of(page).values()

    assert lines[2] == needed
