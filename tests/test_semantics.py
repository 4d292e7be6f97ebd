"""The reference evaluator gives every expression the meaning that the semantics defines."""

import operator
from fractions import Fraction

import pytest

from oversight_engine import semantics
from oversight_engine.model.expression import DaysSince
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    aggregate,
    at_least,
    below,
    category,
    compare,
    condition_finding,
    count,
    days_before,
    every,
    fact,
    finding,
    holds,
    is_in,
    known,
    mean_known,
    minus,
    negated,
    number,
    over,
    parameter,
    parameter_of,
    plus,
    ranks,
    rulebook,
    some,
    table_finding,
    times,
    truth_of,
    value_finding,
    value_of,
)

T, F, U = TRUE, FALSE, UNKNOWN
SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def trace_of(book, *, as_of=DAY, **known_facts):
    return semantics.evaluate(find_in_force(book, as_of), known_facts, as_of)


# Comparisons


@pytest.mark.parametrize(
    ("sign", "just_below", "at", "just_above"),
    [
        ("<", T, F, F),
        ("<=", T, T, F),
        (">", F, F, T),
        (">=", F, T, T),
        ("==", F, T, F),
        ("!=", T, F, T),
    ],
)
def test_a_comparison_is_decided_at_the_threshold_as_its_sign_says(
    sign, just_below, at, just_above
):
    threshold, step = Fraction(625, 10), Fraction(1, 10)
    condition = compare("a", sign, threshold)

    assert truth_of(condition, a=threshold - step) is just_below
    assert truth_of(condition, a=threshold) is at
    assert truth_of(condition, a=threshold + step) is just_above


@pytest.mark.parametrize("sign", SIGNS)
def test_a_comparison_with_an_unknown_side_is_unknown(sign):
    assert truth_of(compare("a", sign, "b"), a=1) is U
    assert truth_of(compare("a", sign, "b"), b=1) is U
    assert truth_of(compare("a", sign, "b")) is U
    assert truth_of(compare("a", sign, "a")) is U


def test_numbers_are_compared_exactly_however_close_or_large():
    assert truth_of(below(over("a", 3), THIRD), a=1) is F
    assert truth_of(compare(over("a", 3), "==", THIRD), a=1) is T
    assert truth_of(below("a", Fraction(1, 10**40)), a=0) is T
    assert truth_of(below("a", 10**40 + 1), a=10**40) is T
    assert truth_of(below("a", Fraction(-1, 3)), a=-HALF) is T


# Logic


def test_and_or_and_not_are_kleenes():
    low, high = below("a", 1), below("b", 1)

    assert truth_of(every(low, high), a=0) is U
    assert truth_of(every(low, high), a=1) is F
    assert truth_of(every(low, high), a=0, b=0) is T
    assert truth_of(some(low, high), a=0) is T
    assert truth_of(some(low, high), a=1) is U
    assert truth_of(some(low, high), a=1, b=1) is F
    assert truth_of(negated(low)) is U
    assert truth_of(negated(low), a=0) is F
    assert truth_of(negated(low), a=1) is T


def test_nothing_follows_from_a_condition_and_its_opposite_while_it_is_unknown():
    assert truth_of(some(below("a", 1), negated(below("a", 1)))) is U


def test_a_boolean_is_true_false_or_unknown():
    assert truth_of(holds("met"), met=True) is T
    assert truth_of(holds("met"), met=False) is F
    assert truth_of(holds("met")) is U


def test_whether_something_is_known_is_never_unknown():
    assert truth_of(known("a"), a=0) is T
    assert truth_of(known("met"), met=False) is T
    assert truth_of(known("a")) is F
    assert truth_of(negated(known("a"))) is T


@pytest.mark.parametrize(
    ("facts", "conclusion", "is_known"), [({"a": 0}, T, T), ({"a": 1}, F, T), ({}, U, F)]
)
def test_a_condition_finding_is_known_when_it_is_true_or_false(facts, conclusion, is_known):
    book = rulebook(
        findings=[
            condition_finding("low", below("a", 1)),
            condition_finding("told", known(finding("low"))),
        ]
    )

    trace = trace_of(book, **facts)

    assert trace.findings == {"low": conclusion, "told": is_known}


@pytest.mark.parametrize(("facts", "is_known"), [({"a": 0}, T), ({}, F)])
def test_a_number_finding_is_known_when_it_has_a_value(facts, is_known):
    book = rulebook(
        findings=[
            value_finding("same", "a"),
            condition_finding("told", known(finding("same"))),
        ]
    )

    assert trace_of(book, **facts).findings["told"] is is_known


def test_what_is_no_condition_has_no_truth():
    class Strange:
        name, text = fact("a"), "strange"

    with pytest.raises(AssertionError, match=r"^a condition is a leaf, or made of conditions$"):
        truth_of(Strange())


# Counts: the interval of how many may hold, against every number it may be compared with.


@pytest.mark.parametrize(
    ("truths", "least", "most"),
    [
        ([T, T, F], 2, 2),
        ([T, F, U], 1, 2),
        ([U, U, T], 1, 3),
        ([F, F, F], 0, 0),
        ([U, U, U], 0, 3),
        ([T, T, T], 3, 3),
    ],
)
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("wanted", [-1, 0, 1, HALF, 2, 3, Fraction(5, 2), 4])
def test_a_count_is_settled_only_when_its_whole_interval_agrees(truths, least, most, sign, wanted):
    stated = {f"c{place}": truth is T for place, truth in enumerate(truths) if truth is not U}
    condition = count([holds(f"c{place}") for place in range(3)], sign, wanted)

    possible = {SIGNS[sign](n, wanted) for n in range(least, most + 1)}

    meaning = {(True,): T, (False,): F, (False, True): U}
    assert truth_of(condition, **stated) is meaning[tuple(sorted(possible))]


@pytest.mark.parametrize(
    ("stated", "at_least_two", "exactly_two", "fewer_than_two"),
    [
        ({"a": True, "b": True}, T, U, F),
        ({"a": True, "b": False}, U, U, U),
        ({"a": False, "b": False}, F, F, T),
        ({"a": True, "b": True, "c": False}, T, T, F),
        ({"a": True, "b": True, "c": True}, T, F, F),
        ({}, U, U, U),
    ],
)
def test_counting_three_conditions_as_worked_by_hand(
    stated, at_least_two, exactly_two, fewer_than_two
):
    three = [holds("a"), holds("b"), holds("c")]

    assert truth_of(count(three, ">=", 2), **stated) is at_least_two
    assert truth_of(count(three, "==", 2), **stated) is exactly_two
    assert truth_of(count(three, "<", 2), **stated) is fewer_than_two


def test_a_count_takes_one_condition_as_often_as_it_is_written():
    assert truth_of(count([holds("a"), holds("a")], ">=", 2), a=True) is T


# Categories


STAGES = category("stage", "early", "middle", "late", ordered=True, outside_order=("none",))


@pytest.mark.parametrize(
    ("sign", "truths"),
    [("<", (T, F, F)), ("<=", (T, T, F)), (">", (F, F, T)), (">=", (F, T, T))],
)
def test_ordered_categories_compare_in_their_declared_order(sign, truths):
    condition = ranks("stage", sign, "middle")

    assert tuple(truth_of(condition, STAGES, stage=value) for value in STAGES.values) == truths


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_a_value_outside_the_order_is_on_no_side_of_anything_and_is_not_unknown(sign):
    condition = ranks("stage", sign, "early")

    assert truth_of(condition, STAGES, stage="none") is F
    assert truth_of(negated(condition), STAGES, stage="none") is T
    assert truth_of(condition, STAGES) is U


def test_the_order_of_a_category_finding_is_its_own():
    book = rulebook(
        number("a"),
        findings=[
            table_finding(
                "size",
                (below("a", 1), "small"),
                (at_least("a", 1), "big"),
                values=("small", "big"),
                ordered=True,
            ),
            condition_finding("large", ranks(finding("size"), ">=", "big")),
        ],
    )

    assert trace_of(book, a=0).findings["large"] is F
    assert trace_of(book, a=1).findings["large"] is T
    assert trace_of(book).findings["large"] is U


def test_membership_asks_whether_a_category_is_one_of_some():
    assert truth_of(is_in("stage", "early", "none"), stage="none") is T
    assert truth_of(is_in("stage", "early"), stage="late") is F
    assert truth_of(is_in("stage", "early")) is U
    assert truth_of(is_in("stage", "early", negated=True), stage="late") is T
    assert truth_of(is_in("stage", "early", negated=True), stage="early") is F
    assert truth_of(is_in("stage", "early", negated=True)) is U


def test_membership_compares_numbers_exactly():
    assert truth_of(is_in("a", 1, HALF), a=HALF) is T
    assert truth_of(is_in("a", 1, HALF), a=Fraction(50000000001, 10**11)) is F
    assert truth_of(is_in("a", 0), a=0) is T


# Quantities


def test_arithmetic_is_exact():
    assert value_of(plus("a", "b"), a=HALF, b=THIRD) == Fraction(5, 6)
    assert value_of(minus("a", "b"), a=HALF, b=THIRD) == Fraction(1, 6)
    assert value_of(times(3, "a"), a=THIRD) == 1
    assert value_of(over("a", 3), a=1) == THIRD
    assert value_of(over("a", HALF), a=1) == 2
    assert value_of(over("a", -3), a=1) == -THIRD
    assert value_of(7) == 7


@pytest.mark.parametrize(
    "what", [plus("a", "b"), minus("b", "a"), times(2, "b"), over("b", 2), plus(1, minus("a", "b"))]
)
def test_arithmetic_with_an_unknown_part_is_unknown(what):
    assert value_of(what, a=1) is None


def test_zero_is_known():
    assert value_of(plus("a", 1), a=0) == 1
    assert value_of(times(0, "a"), a=5) == 0
    assert value_of(aggregate("sum_known", "a", "b"), a=0) == 0
    assert value_of(times(0, "a")) is None


def test_parameters_take_the_value_of_the_day():
    target = parameter_of("target", 5)
    book = rulebook(
        number("a"),
        parameters=[target],
        findings=[value_finding("gap", minus("a", parameter("target")))],
    )

    assert trace_of(book, a=7).findings["gap"] == 2


@pytest.mark.parametrize(
    ("stated", "mean", "least", "most", "total"),
    [
        ({"a": 1, "b": 2, "c": 6}, 3, 1, 6, 9),
        ({"a": 1, "b": 2}, Fraction(3, 2), 1, 2, 3),
        ({"c": -4}, -4, -4, -4, -4),
        ({"a": 0, "c": 0}, 0, 0, 0, 0),
        ({"a": 1, "b": 1, "c": 2}, Fraction(4, 3), 1, 2, 4),
        ({}, None, None, None, None),
    ],
)
def test_a_function_of_the_known_leaves_the_unknown_out(stated, mean, least, most, total):
    def of(function):
        return value_of(aggregate(function, "a", "b", "c"), **stated)

    assert of("mean_known") == mean
    assert of("min_known") == least
    assert of("max_known") == most
    assert of("sum_known") == total


@pytest.mark.parametrize(
    ("stated", "mean"),
    [
        ({"a": 1, "b": 2, "c": 3}, Fraction(1 * 1 + 2 * 2 + 3 * 5, 8)),
        ({"a": 1, "c": 3}, Fraction(1 * 1 + 3 * 5, 6)),
        ({"b": 2}, 2),
        ({}, None),
    ],
)
def test_a_weighted_mean_weighs_the_known_ones_only(stated, mean):
    assert value_of(mean_known("a", "b", "c", weights=(1, 2, 5)), **stated) == mean


def test_weights_may_be_parameters_and_fractions():
    book = rulebook(
        number("a"),
        number("b"),
        parameters=[parameter_of("weight", HALF)],
        findings=[value_finding("mean", mean_known("a", "b", weights=(parameter("weight"), 1)))],
    )

    assert trace_of(book, a=3, b=0).findings["mean"] == 1


def test_weights_that_do_not_match_their_operands_never_pass():
    for weights in [(1,), (1, 2, 3)]:
        with pytest.raises(ValueError, match="zip"):
            value_of(mean_known("a", "b", weights=weights), a=1, b=2)


def test_an_aggregate_counts_an_operand_unknown_when_any_part_of_it_is():
    assert value_of(aggregate("sum_known", plus("a", "b"), "c"), a=1, c=5) == 5


@pytest.mark.parametrize(("days", "left"), [(0, 0), (1, 1), (366, 366), (-3, -3)])
def test_days_since_counts_whole_days_to_the_date_of_the_decision(days, left):
    assert value_of(DaysSince("validated"), validated=days_before(days)) == left


def test_days_since_an_unknown_date_is_unknown():
    assert value_of(DaysSince("validated")) is None
    assert truth_of(compare(DaysSince("validated"), "<=", 365)) is U
