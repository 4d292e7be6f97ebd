"""A rulebook made otherwise breaks the laws it could claim: one counterexample for each reason.

They show that the tests of laws 3 and 4 can fail, and what `tests/claiming.py` leaves out and why.
"""

import pytest

from oversight_engine.model.rulebook import REFER
from tests.builders import (
    HEAVY,
    LIGHT,
    MIDDLE,
    at_least,
    below,
    decided,
    every,
    finding,
    known,
    mean_known,
    negated,
    number,
    rulebook,
    some,
    table_finding,
    when,
)
from tests.laws.relations import is_never_harsher, is_never_helped

A, B = number("a"), number("b", better="neither")


def book_of(*rules, findings=()):
    return rulebook(A, B, rules=rules, findings=list(findings))


# Law 4: hiding a fact must not help.


@pytest.mark.parametrize(
    ("book", "told", "hidden", "outcomes"),
    [
        pytest.param(
            book_of(when(every(known("a"), below("a", 5)))),
            {"a": 4}, {}, (MIDDLE, LIGHT),
            id="known: what is not told is not held against you",
        ),
        pytest.param(
            book_of(when(below("a", 5), if_unknown="ignore")),
            {"a": 4}, {}, (MIDDLE, LIGHT),
            id="ignore: an unknown rule does nothing",
        ),
        pytest.param(
            book_of(when(below(mean_known("a", "b"), 5))),
            {"a": 9, "b": 0}, {"a": 9}, (MIDDLE, LIGHT),
            id="mean_known: the bad one of two is left out of the mean",
        ),
        pytest.param(
            book_of(when(at_least(mean_known("a", "b"), 5), HEAVY)),
            {"a": 9, "b": 0}, {"a": 9}, (LIGHT, HEAVY),
            id="mean_known: what is not told brings the harshest outcome",
        ),
        pytest.param(
            book_of(when(below("a", 5), HEAVY, if_unknown="hold_back")),
            {"a": 5}, {}, (LIGHT, HEAVY),
            id="a harshest rule that holds back infers intervention from silence",
        ),
        pytest.param(
            book_of(when(below("b", 0), HEAVY), when(known("a"), REFER)),
            {"a": 5, "b": 0}, {"b": 0}, (None, LIGHT),
            id="known: a referral is turned into an outcome",
        ),
    ],
)  # fmt: skip
def test_law_4_fails_for_a_rulebook_that_lets_silence_speak(book, told, hidden, outcomes):
    before, after = decided(book, **told), decided(book, **hidden)

    assert (before.outcome, after.outcome) == outcomes
    assert not is_never_helped(book, before, after)


# Law 3: making a fact better must not bring a harsher decision.

ROWS = [
    (every(below("a", 0), below("b", 0)), 2),
    (every(below("a", 0), at_least("b", 0)), 2),
    (at_least("a", 0), 1),
]


@pytest.mark.parametrize(
    ("book", "worse", "better", "outcomes"),
    [
        pytest.param(
            book_of(when(at_least("a", 5))),
            {"a": 4}, {"a": 5}, (LIGHT, MIDDLE),
            id="a rule leans on a fact against its direction",
        ),
        pytest.param(
            book_of(when(some(below("a", 5), below("b", 5)), if_unknown="refer")),
            {"a": 4}, {"a": 5}, (MIDDLE, None),
            id="a rule short of the harshest refers, and the worse fact had settled it",
        ),
        pytest.param(
            book_of(
                when(at_least(finding("score"), 1), HEAVY),
                findings=[table_finding("score", *ROWS)],
            ),
            {"a": -1}, {"a": 0}, (None, HEAVY),
            id="a table over two quantities is settled by the better value of one alone",
        ),
        pytest.param(
            book_of(when(negated(below("a", 5)), REFER)),
            {"a": 4}, {"a": 5}, (LIGHT, None),
            id="an admissibility rule leans on a fact against its direction",
        ),
    ],
)  # fmt: skip
def test_law_3_fails_for_a_rulebook_that_punishes_what_it_calls_better(
    book, worse, better, outcomes
):
    before, after = decided(book, **worse), decided(book, **better)

    assert (before.outcome, after.outcome) == outcomes
    assert not is_never_harsher(book, before, after)


def test_the_table_above_is_never_worse_for_a_better_fact_as_long_as_everything_is_known():
    book = book_of(
        when(at_least(finding("score"), 2), HEAVY), findings=[table_finding("score", *ROWS)]
    )

    for b in (-1, 0):
        before, after = decided(book, a=-1, b=b), decided(book, a=0, b=b)
        assert is_never_harsher(book, before, after)


# The bound of possible outcomes


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (below(mean_known("a", "b"), 5), {"a": 4, "b": 100}),
        (every(below("a", 5), negated(known("b"))), {"a": 4, "b": 0}),
    ],
)
def test_the_bound_of_possible_outcomes_fails_where_silence_speaks(condition, told):
    book = book_of(when(condition, HEAVY))

    assert decided(book, a=4).possible == (HEAVY,)
    assert decided(book, **told).outcome == LIGHT


def test_a_finding_passes_on_what_silence_says():
    unknown = table_finding("told", (known("a"), 1), otherwise=2)
    book = book_of(when(below(finding("told"), 2)), findings=[unknown])

    before, after = decided(book, a=1), decided(book)

    assert (before.outcome, after.outcome) == (MIDDLE, LIGHT)
    assert not is_never_helped(book, before, after)
