"""The reference evaluator concludes findings in layers, and notes every condition on the way."""

from fractions import Fraction

import pytest

from oversight_engine import semantics
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import Finding, RoundingTo
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    at_least,
    below,
    boolean,
    category,
    compare,
    condition_finding,
    consequence,
    count,
    every,
    finding,
    holds,
    is_in,
    known,
    negated,
    number,
    over,
    parameter,
    parameter_of,
    ranks,
    rulebook,
    some,
    table_finding,
    times,
    unless,
    value_finding,
    when,
)

T, F, U = TRUE, FALSE, UNKNOWN
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
STAGES = category("stage", "early", "middle", "late", ordered=True, outside_order=("none",))


def trace_of(book, *, as_of=DAY, **known_facts):
    return semantics.evaluate(find_in_force(book, as_of), known_facts, as_of)


# Findings


BANDS = [(below("a", 0), 3), (every(at_least("a", 0), below("a", 10)), 2), (at_least("a", 10), 1)]


@pytest.mark.parametrize(("a", "score"), [(-1, 3), (0, 2), (Fraction(99, 10), 2), (10, 1), (11, 1)])
def test_a_table_has_the_value_of_its_true_row(a, score):
    book = rulebook(number("a"), findings=[table_finding("score", *BANDS)])

    assert trace_of(book, a=a).findings["score"] == score


def test_a_table_is_unknown_when_no_row_is_true_and_some_row_is_unknown():
    book = rulebook(findings=[table_finding("score", *BANDS, otherwise=9)])

    assert trace_of(book).findings["score"] is None


TWO_FACTS = [
    (every(below("a", 0), below("b", 0)), "worst"),
    (every(below("a", 0), at_least("b", 0)), "bad"),
]


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"a": -1, "b": -1}, "worst"),
        ({"a": -1, "b": 0}, "bad"),
        ({"a": 0, "b": 0}, "fine"),
        ({"a": 0}, "fine"),  # every row is false, whatever b is
        ({"a": -1}, None),  # one of two rows may be true
        ({"b": -1}, None),
        ({}, None),
    ],
)
def test_otherwise_applies_only_when_every_row_is_false(facts, value):
    book = rulebook(
        findings=[
            table_finding("state", *TWO_FACTS, otherwise="fine", values=("fine", "bad", "worst"))
        ]
    )

    assert trace_of(book, **facts).findings["state"] == value


def test_a_true_row_wins_over_unknown_ones():
    rows = [(every(below("a", 0), below("b", 0)), 1), (at_least("a", 0), 2)]
    book = rulebook(findings=[table_finding("score", *rows, otherwise=3)])

    assert trace_of(book, a=0).findings["score"] == 2
    assert trace_of(book, a=-1).findings["score"] is None
    assert trace_of(book, a=-1, b=0).findings["score"] == 3


def test_a_table_without_a_true_row_and_without_otherwise_is_unknown():
    book = rulebook(findings=[table_finding("score", (below("a", 0), 1))])

    assert trace_of(book, a=0).findings["score"] is None


def test_row_values_may_be_parameters():
    book = rulebook(
        parameters=[parameter_of("high", 4), parameter_of("low", HALF)],
        findings=[
            table_finding("score", (below("a", 0), parameter("high")), otherwise=parameter("low"))
        ],
    )

    assert trace_of(book, a=-1).findings["score"] == 4
    assert trace_of(book, a=0).findings["score"] == HALF


@pytest.mark.parametrize(
    ("mode", "value"),
    [("half_even", Fraction(12, 10)), ("half_up", Fraction(13, 10)), ("down", Fraction(12, 10)),
     ("up", Fraction(13, 10))],
)  # fmt: skip
def test_a_number_finding_is_rounded_as_declared_and_used_rounded(mode, value):
    book = rulebook(
        number("a"),
        findings=[
            value_finding("share", over("a", 2), rounded=RoundingTo(1, mode)),
            condition_finding("small", compare(finding("share"), "==", Fraction(12, 10))),
        ],
    )

    trace = trace_of(book, a=Fraction(25, 10))

    assert trace.findings["share"] == value
    assert trace.findings["small"] is (T if value == Fraction(12, 10) else F)


def test_a_finding_without_rounding_keeps_every_digit():
    book = rulebook(findings=[value_finding("share", over("a", 3))])

    assert trace_of(book, a=1).findings["share"] == THIRD


def test_a_number_table_is_rounded_too_and_a_category_table_is_not():
    rows = [(below("a", 0), Fraction(15, 10))]
    to_whole = RoundingTo(0, "half_up")
    numbers = rulebook(findings=[table_finding("it", *rows, otherwise=0, rounded=to_whole)])
    unknown = rulebook(findings=[value_finding("it", "a", rounded=to_whole)])

    assert trace_of(numbers, a=-1).findings["it"] == 2
    assert trace_of(unknown).findings["it"] is None


def test_findings_build_upon_each_other_in_layers():
    book = rulebook(
        number("a"),
        findings=[
            value_finding("double", times(2, "a")),
            condition_finding("large", at_least(finding("double"), 10)),
            condition_finding("small", negated(holds(finding("large")))),
        ],
    )

    assert trace_of(book, a=5).findings == {"double": 10, "large": T, "small": F}
    assert trace_of(book, a=4).findings == {"double": 8, "large": F, "small": T}
    assert trace_of(book).findings == {"double": None, "large": U, "small": U}


def test_a_finding_that_is_nothing_has_no_conclusion():
    book = rulebook(findings=[Finding("it", "It")])

    with pytest.raises(AssertionError, match=r"^a finding is a condition, a value or a table$"):
        trace_of(book)


# Rules and consequences


@pytest.mark.parametrize(("facts", "whens", "unlesses"), [({"a": 0}, T, F), ({"a": 1}, F, T),
                                                          ({}, U, U)])  # fmt: skip
def test_unless_is_true_when_its_condition_is_false(facts, whens, unlesses):
    book = rulebook(
        number("a"),
        rules=[when(below("a", 1), rule_id="x"), unless(below("a", 1), rule_id="y")],
    )

    assert trace_of(book, **facts).rules == {"x": whens, "y": unlesses}


def test_a_consequence_holds_always_or_as_its_condition_says():
    book = rulebook(
        number("a"),
        consequences=[
            consequence("always", HEAVY),
            consequence("sometimes", HEAVY, when=below("a", 1)),
        ],
    )

    assert trace_of(book, a=0).consequences == {"always": T, "sometimes": T}
    assert trace_of(book, a=1).consequences == {"always": T, "sometimes": F}
    assert trace_of(book).consequences == {"always": T, "sometimes": U}


# The trace


def test_every_leaf_is_noted_in_the_order_of_the_text_even_where_it_settles_nothing():
    condition = every(
        below("a", 1),
        some(holds("met"), known("b")),
        count([below("b", 2), is_in("stage", "late")], ">=", 1),
        negated(ranks("stage", "<", "late")),
    )
    book = rulebook(
        number("a"), number("b"), boolean("met"), STAGES, rules=[when(condition, rule_id="x")]
    )

    trace = trace_of(book, a=5, stage="late")

    assert trace.rules["x"] is F
    texts = [leaf.text for leaf in book.rules[0].statement.leaves]
    assert texts == [
        "a < 1",
        "met",
        "known(b)",
        "count(b < 2, stage in {'late'}) >= 1",
        "b < 2",
        "stage in {'late'}",
        "stage < 'late'",
    ]
    assert trace.leaves == (F, U, F, T, U, T, F)
    assert trace.operands == (
        (5, 1),
        (U, None),
        (F, None),
        ((1, 2), 1),
        (None, 2),
        ("late", None),
        ("late", None),
    )


def test_the_leaves_of_a_table_are_noted_row_by_row():
    book = rulebook(
        number("a"),
        findings=[table_finding("score", *BANDS), value_finding("same", "a")],
        consequences=[consequence("always", HEAVY), consequence("low", HEAVY, when=below("a", 3))],
    )

    trace = trace_of(book, a=0)

    assert trace.leaves == (F, T, T, F, T)
    assert find_in_force(book, DAY).owners == {
        ("finding", "score"): slice(0, 4),
        ("finding", "same"): slice(4, 4),
        ("consequence", "always"): slice(4, 4),
        ("consequence", "low"): slice(4, 5),
    }


def test_the_reference_leaves_the_label_to_the_engine():
    assert trace_of(rulebook()).label == ""
