"""What tests show of a rulebook, held against a naive account of it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.analysis.coverage import Seen, measure, shown_sides
from oversight_engine.combining import combine
from oversight_engine.model import expression as x
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, conjunction, disjunction, negation
from tests import builders as b
from tests.builders import DAY

LETTERS = "abcd"


def book_of(condition):
    facts = [b.boolean(letter) for letter in LETTERS]
    return b.rulebook(*facts, rules=[b.when(b.holds("a"))],
                      findings=[b.condition_finding("it", condition)])  # fmt: skip


def seen(book, **known):
    in_force = find_in_force(book, DAY)
    trace = semantics.evaluate(in_force, known, DAY)
    return Seen(in_force, trace, combine(in_force, trace.rules).outcome or REFERRAL)


def sides_of(book, **known):
    """Return the sides of the finding's leaves that one case shows, as (number, truth)."""
    each = seen(book, **known)
    shown = shown_sides(each.in_force, each.trace)
    return {(number, truth) for (kind, _, number), truth in shown if kind == "finding"}


def a(letter):
    return b.holds(letter)


@pytest.mark.parametrize(
    ("condition", "known", "shown"),
    [
        (b.every(a("a"), a("b")), {"a": True, "b": True}, {(0, TRUE), (1, TRUE)}),
        (b.every(a("a"), a("b")), {"a": False, "b": True}, {(0, FALSE)}),
        (b.every(a("a"), a("b")), {"a": False, "b": False}, set()),
        (b.every(a("a"), a("b")), {"a": True}, set()),
        (b.every(a("a"), a("b")), {"a": False}, set()),
        (b.some(a("a"), a("b")), {"a": True, "b": False}, {(0, TRUE)}),
        (b.some(a("a"), a("b")), {"a": True, "b": True}, set()),
        (b.some(a("a"), a("b")), {"a": False, "b": False}, {(0, FALSE), (1, FALSE)}),
        (b.negated(a("a")), {"a": True}, {(0, TRUE)}),
        # A leaf that stands twice is two, and here neither matters by itself.
        (b.some(a("a"), a("a")), {"a": True}, set()),
        # The count, and those it counts: one of them decides where it stands at its number.
        (
            b.count([a("a"), a("b"), a("c")], ">=", 2),
            {"a": True, "b": True, "c": False},
            {(0, TRUE), (1, TRUE), (2, TRUE)},
        ),
        (
            b.count([a("a"), a("b"), a("c")], ">=", 2),
            {"a": True, "b": True, "c": True},
            {(0, TRUE)},
        ),
        (
            b.count([a("a"), a("b"), a("c")], ">=", 2),
            {"a": True, "b": False, "c": False},
            {(0, FALSE), (2, FALSE), (3, FALSE)},
        ),
    ],
)  # fmt: skip
def test_a_side_is_shown_where_it_decides(condition, known, shown):
    assert sides_of(book_of(condition), **known) == shown


# The naive account: evaluate the condition with the leaf turned over, from the tree itself.


def conditions(depth=3):
    leaves = st.sampled_from(LETTERS).map(b.holds)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(b.negated),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: b.every(*parts)),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: b.some(*parts)),
            st.tuples(st.lists(inner, min_size=2, max_size=3), st.integers(1, 2)).map(
                lambda pair: b.count(pair[0], ">=", pair[1])
            ),
        ),
        max_leaves=6,
    )


def value_of(condition, known, turned, places):
    """Return the truth, that of the leaf of the number *turned* being its opposite."""
    if isinstance(condition, x.Not):
        return negation(value_of(condition.condition, known, turned, places))
    if isinstance(condition, x.And | x.Or):
        parts = [value_of(part, known, turned, places) for part in condition.conditions]
        return conjunction(parts) if isinstance(condition, x.And) else disjunction(parts)
    place = next(places)
    if isinstance(condition, x.Count):
        parts = [value_of(part, known, turned, places) for part in condition.conditions]
        least, most = parts.count(TRUE), len(parts) - parts.count(FALSE)
        wanted = condition.right.value
        truth = TRUE if least >= wanted else FALSE if most < wanted else UNKNOWN
    else:
        stated = known.get(condition.name.id)
        truth = UNKNOWN if stated is None else TRUE if stated else FALSE
    return negation(truth) if place == turned else truth


@given(condition=conditions(), known=st.dictionaries(st.sampled_from(LETTERS), st.booleans()))
def test_sides_are_those_that_turning_one_leaf_over_shows(condition, known):
    book = book_of(condition)
    each = seen(book, **known)
    where = each.in_force.owners["finding", "it"]
    truths = each.trace.leaves[where]
    as_it_is = value_of(condition, known, None, itertools.count())

    wanted = {
        (place, truth)
        for place, truth in enumerate(truths)
        if truth is not UNKNOWN
        and {as_it_is, value_of(condition, known, place, itertools.count())} == {TRUE, FALSE}
    }
    assert sides_of(book, **known) == wanted


def test_what_is_not_shown_is_named_with_its_place_and_side():
    book = book_of(b.every(a("a"), a("b")))
    cases = [seen(book, a=True, b=True), seen(book, a=False, b=True)]
    coverage = measure([book], cases)

    missing = [(each.id, each.text, each.truth) for each in coverage.uncovered["conditions"]]
    assert missing == [("it", "b", FALSE)]
    assert coverage.of_conditions == (5, 6)
    assert [each.id for each in coverage.uncovered["outcomes"]] == ["heavy", "referral"]
    assert coverage.uncovered["rules"] == ()


def test_without_tests_nothing_is_shown():
    coverage = measure([book_of(a("a"))], [])

    assert all(coverage.shown(what) == 0 for what in coverage.totals)
