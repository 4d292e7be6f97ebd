"""A rulebook answers by id, and knows its scale."""

import pytest

from oversight_engine.model.rulebook import Document
from tests.builders import (
    HEAVY,
    LIGHT,
    SCALE,
    below,
    category,
    fact,
    finding,
    number,
    parameter_of,
    rulebook,
    table_finding,
    value_finding,
    when,
)

BOOK = rulebook(
    number("a"),
    category("stage", "early", "late"),
    rules=[when(below("a", 1), rule_id="x")],
    parameters=[parameter_of("p", 5)],
    findings=[
        value_finding("v", "a"),
        table_finding("t", (below("a", 1), "low"), otherwise="high", values=("low", "high")),
    ],
    documents=[Document("guide", "Guide", "The office", None, "full")],
)


def test_everything_is_found_by_its_id():
    assert BOOK.fact("stage") is BOOK.facts[1]
    assert BOOK.rule("x") is BOOK.rules[0]
    assert BOOK.parameter("p") is BOOK.parameters[0]
    assert BOOK.finding("t") is BOOK.findings[1]
    assert BOOK.document("guide") is BOOK.documents[0]


@pytest.mark.parametrize("kind", ["fact", "rule", "parameter", "finding", "document"])
def test_what_is_not_there_is_not_found(kind):
    with pytest.raises(KeyError):
        getattr(BOOK, kind)("nosuch")


def test_only_facts_are_declared_facts():
    assert BOOK.has_fact("a")
    assert not BOOK.has_fact("p")
    assert not BOOK.has_fact("v")


def test_the_scale_runs_from_the_lightest_to_the_harshest():
    assert (BOOK.lightest, BOOK.harshest) == (LIGHT, HEAVY)
    assert [BOOK.severity(outcome) for outcome in SCALE] == [0, 1, 2]


def test_categories_are_those_of_the_fact_or_the_finding():
    assert BOOK.categories(fact("stage")) == ("early", "late")
    assert BOOK.categories(finding("t")) == ("low", "high")


def test_a_finding_has_the_conditions_it_is_made_of():
    value, table = BOOK.findings

    assert value.statements == ()
    assert [statement.text for statement in table.statements] == ["a < 1"]
