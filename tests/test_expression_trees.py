"""A condition knows its leaves and the names it mentions, in the order of its text."""

from oversight_engine.model.expression import (
    DaysSince,
    Name,
    names_in_condition,
    names_in_leaf,
    names_in_quantity,
)
from tests.builders import (
    below,
    count,
    every,
    fact,
    holds,
    is_in,
    known,
    mean_known,
    minus,
    negated,
    over,
    parameter,
    plus,
    ranks,
    some,
    statement,
    times,
)


def texts(condition):
    return [leaf.text for leaf in statement(condition).leaves]


def names(condition):
    return [name.id for name in names_in_condition(condition)]


def test_leaves_come_in_the_order_of_the_text():
    condition = some(
        every(holds("a"), negated(below("b", 1))),
        count([known("c"), some(is_in("d", "x"), ranks("e", "<", "x"))], ">=", 1),
        holds("f"),
    )

    assert texts(condition) == [
        "a",
        "b < 1",
        "count(known(c), (d in {'x'}) or (e < 'x')) >= 1",
        "known(c)",
        "d in {'x'}",
        "e < 'x'",
        "f",
    ]


def test_a_count_stands_before_what_it_counts_however_deep():
    inner = count([holds("a")], ">=", 1)

    assert texts(count([inner, holds("b")], "==", 2)) == [
        "count(count(a) >= 1, b) == 2",
        "count(a) >= 1",
        "a",
        "b",
    ]


def test_every_kind_of_quantity_names_what_it_mentions():
    quantity = plus(
        times(parameter("p"), minus("a", 1)),
        over(mean_known("b", DaysSince("c"), weights=(1, parameter("q"))), parameter("r")),
    )

    assert list(names_in_quantity(quantity)) == [
        parameter("p"),
        fact("a"),
        fact("b"),
        Name("c", "fact"),
        parameter("q"),
        parameter("r"),
    ]


def test_every_kind_of_leaf_names_what_it_mentions():
    assert names(below("a", "b")) == ["a", "b"]
    assert names(holds("a")) == ["a"]
    assert names(known("a")) == ["a"]
    assert names(is_in("a", "x")) == ["a"]
    assert names(ranks("a", "<", "x")) == ["a"]
    assert names(below(1, 2)) == []


def test_a_count_mentions_what_it_counts_and_its_limit_and_itself_only_the_limit():
    counted = count([holds("a"), below("b", 1)], ">=", parameter("p"))

    assert names(counted) == ["p", "a", "b"]
    assert list(names_in_leaf(counted)) == [parameter("p")]


def test_names_are_told_as_often_as_they_are_mentioned():
    assert names(every(holds("a"), negated(holds("a")))) == ["a", "a"]


def test_conditions_are_equal_when_they_say_the_same_however_they_are_spelled():
    spelled_out = below("a", 1)

    assert spelled_out == type(spelled_out)(
        spelled_out.left, spelled_out.operator, spelled_out.right, text="a<1"
    )
