"""What the analysis says of the laws, against every case of rulebooks that are small enough."""

import os

import pytest
from hypothesis import given, settings

from oversight_engine.analysis.laws import prove
from tests import builders as b
from tests.analysis.small_books import Every, small_books

MANY = settings(max_examples=int(os.environ.get("OVERSIGHT_SMALL_BOOKS", "60")))


@MANY
@given(small_books())
def test_a_law_is_proved_where_every_case_keeps_it_and_refuted_where_one_does_not(book):
    every = Every(book)
    (period,) = prove(book, solver=False, evaluators=("reference",)).periods
    said = {answer.law: answer.result for answer in period.answers}

    def expected(keeps):
        return "proved" if keeps else "refuted"

    assert said == {
        "better_is_never_harsher": expected(every.keeps_law_3()),
        "hiding_never_helps": expected(every.keeps_law_4()),
        "everything_can_occur": expected(not every.never()),
    }
    assert set(period.occurrences.never) == every.never()


A = b.number("a", range=(0, 9))
B = b.number("b", better="neither", range=(0, 9))
C = b.category("c", "low", "high", ordered=True, outside_order=("none",), better="higher")
D = b.date_fact("d", better="higher")


def answers(*rules):
    (period,) = prove(b.rulebook(A, B, C, D, rules=rules), solver=False).periods
    return {answer.law: answer for answer in period.answers}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (b.when(b.some(b.below("a", 5), b.below("b", 5)), if_unknown="refer"), False),
        (b.when(b.some(b.below("a", 5), b.below("b", 5)), if_unknown="hold_back"), True),
        (b.when(b.compare(b.x.DaysSince("d"), ">", 5)), True),
        (b.when(b.compare(b.x.DaysSince("d"), "<", 5)), False),
        (b.when(b.is_in("c", "none")), True),
        (b.when(b.ranks("c", ">=", "high")), False),
        (b.when(b.compare("a", "==", 5)), False),
        (b.when(b.compare("a", "==", 0)), True),
        (b.when(b.every(b.below(b.plus("a", "b"), 5), b.below("a", 3))), True),
        (b.when(b.at_least(b.minus("b", "a"), 5)), True),
        (b.when(b.at_least(b.minus("a", "b"), 5)), False),
        (b.when(b.below("a", 5), b.HEAVY), True),
    ],
)
def test_one_rule_keeps_law_3_or_breaks_it(rule, kept):
    found = answers(rule)["better_is_never_harsher"]

    assert found.result == ("proved" if kept else "refuted")
    assert (found.before is None) == kept


def test_a_rule_that_breaks_a_law_by_itself_is_covered_by_one_that_always_stands_above():
    low = b.when(b.is_in("a", 5), b.MIDDLE, rule_id="at")
    above = b.when(b.compare("a", "<", 5), b.HEAVY, rule_id="above")

    assert answers(low)["better_is_never_harsher"].result == "refuted"
    assert answers(low, above)["better_is_never_harsher"].result == "proved"


def test_cases_that_break_a_law_state_no_more_than_the_point_needs():
    rules = [b.when(b.at_least("a", 5)), b.when(b.below("b", 2), b.HEAVY)]
    found = answers(*rules)["better_is_never_harsher"]

    assert found.fact == "a"
    assert {f: s.value for f, s in found.before.facts.items()} == {"a": 4, "b": 2}
    assert {f: s.value for f, s in found.after.facts.items()} == {"a": 5, "b": 2}
