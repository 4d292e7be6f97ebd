"""The connectives of Kleene's logic, as tables worked by hand."""

import itertools

import pytest

from oversight_engine.model.truth import (
    FALSE,
    TRUE,
    UNKNOWN,
    Truth,
    conjunction,
    disjunction,
    negation,
)

T, F, U = TRUE, FALSE, UNKNOWN

# left, right, and, or
TABLE = [
    (T, T, T, T),
    (T, F, F, T),
    (T, U, U, T),
    (F, T, F, T),
    (F, F, F, F),
    (F, U, F, U),
    (U, T, U, T),
    (U, F, F, U),
    (U, U, U, U),
]


@pytest.mark.parametrize(("truth", "opposite"), [(T, F), (F, T), (U, U)])
def test_not_turns_true_and_false_round_and_leaves_unknown(truth, opposite):
    assert negation(truth) is opposite


@pytest.mark.parametrize(("left", "right", "both", "either"), TABLE)
def test_and_and_or_follow_kleene(left, right, both, either):
    assert conjunction([left, right]) is both
    assert disjunction([left, right]) is either


def test_the_table_is_complete():
    assert {row[:2] for row in TABLE} == set(itertools.product(Truth, repeat=2))


@pytest.mark.parametrize("truths", [*itertools.product(Truth, repeat=3)])
def test_of_three_one_false_settles_and_one_true_settles_or(truths):
    both, either = conjunction(truths), disjunction(truths)

    assert both is (F if F in truths else U if U in truths else T)
    assert either is (T if T in truths else U if U in truths else F)


def test_of_none_and_is_true_and_or_is_false():
    assert conjunction([]) is T
    assert disjunction([]) is F
