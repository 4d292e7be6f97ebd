"""What of a rulebook holds on a day, and why the rest does not."""

import datetime

import pytest

from oversight_engine.model.in_force import (
    NotInForce,
    change_days,
    find_in_force,
    names_in_finding,
    statements_of,
)
from oversight_engine.model.rulebook import Span
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    aggregate,
    at_least,
    below,
    condition_finding,
    consequence,
    count,
    dated,
    days_before,
    fact,
    finding,
    holds,
    known,
    mean_known,
    number,
    over,
    parameter,
    parameter_of,
    plus,
    rulebook,
    table_finding,
    times,
    value_finding,
    when,
)

TOMORROW = days_before(-1)
GONE = parameter_of("gone", dated(1, end=days_before(1)))
NO_VALUE = "the parameter gone has no value on this date"


def ids(items):
    return [item.id for item in items]


def because(in_force):
    return {(item.kind, item.id): item.because for item in in_force.not_in_force}


# Spans and dated values


@pytest.mark.parametrize(
    ("day", "inside"),
    [("2025-03-31", False), ("2025-04-01", True), ("2026-03-31", True), ("2026-04-01", False)],
)
def test_a_span_includes_both_its_days(day, inside):
    span = Span(datetime.date(2025, 4, 1), datetime.date(2026, 3, 31))

    assert (datetime.date.fromisoformat(day) in span) is inside


def test_a_span_without_an_end_lasts_until_further_notice():
    assert datetime.date.max in Span(DAY)
    assert days_before(1) not in Span(DAY)


def test_a_gap_between_dated_numbers_is_a_gap():
    first = dated(70, datetime.date(2024, 4, 1), datetime.date(2025, 3, 31))
    second = dated(75, datetime.date(2025, 4, 2))
    target = parameter_of("target", first, second)

    assert target.on(datetime.date(2024, 3, 31)) is None
    assert target.on(datetime.date(2025, 3, 31)) is first
    assert target.on(datetime.date(2025, 4, 1)) is None
    assert target.on(datetime.date(2025, 4, 2)) is second


# What holds


def test_all_that_mentions_no_dates_holds_on_every_day():
    book = rulebook(
        number("a"),
        parameters=[parameter_of("p", 5)],
        findings=[condition_finding("f", below("a", parameter("p")))],
        rules=[when(holds(finding("f")))],
        consequences=[consequence("c", LIGHT)],
    )

    in_force = find_in_force(book, DAY)

    assert in_force.rulebook is book
    assert {name: value.value for name, value in in_force.parameters.items()} == {"p": 5}
    assert in_force.findings == book.findings
    assert in_force.rules == book.rules
    assert in_force.consequences == book.consequences
    assert in_force.not_in_force == ()


@pytest.mark.parametrize(
    ("day", "in_force"), [(days_before(1), False), (DAY, True), (TOMORROW, False)]
)
def test_a_rule_holds_on_its_own_dates_only(day, in_force):
    book = rulebook(number("a"), rules=[when(below("a", 1), rule_id="x", span=Span(DAY, DAY))])

    found = find_in_force(book, day)

    assert ids(found.rules) == (["x"] if in_force else [])
    assert found.not_in_force == (
        () if in_force else (NotInForce("rule", "x", "its own dates do not include this date"),)
    )


@pytest.mark.parametrize(
    "condition",
    [
        below("a", parameter("gone")),
        below(plus("a", parameter("gone")), 1),
        below(times(parameter("gone"), "a"), 1),
        below(over("a", parameter("gone")), 1),
        below(aggregate("max_known", "a", parameter("gone")), 1),
        below(mean_known("a", "b", weights=(1, parameter("gone"))), 1),
        count([holds("met")], ">=", parameter("gone")),
        count([below("a", parameter("gone")), holds("met")], ">=", 1),
        known(parameter("gone")),
    ],
)
def test_a_parameter_without_a_value_takes_every_rule_that_needs_it_out_of_force(condition):
    book = rulebook(
        number("a"), parameters=[GONE], rules=[when(condition, rule_id="x"), when(below("a", 1))]
    )

    found = find_in_force(book, DAY)

    assert found.parameters == {}
    assert ids(found.rules) == ["middle_rule"]
    assert because(found) == {("rule", "x"): NO_VALUE}


def test_what_needs_what_is_not_in_force_is_not_in_force_itself_at_any_distance():
    book = rulebook(
        number("a"),
        parameters=[GONE],
        findings=[
            value_finding("gap", plus("a", parameter("gone"))),
            condition_finding("wide", at_least(finding("gap"), 3)),
            condition_finding("told", known(finding("wide"))),
            condition_finding("other", below("a", 3)),
        ],
        rules=[
            when(holds(finding("told")), HEAVY, rule_id="x"),
            when(holds(finding("other")), rule_id="y"),
        ],
        consequences=[
            consequence("support", HEAVY, when=holds(finding("wide"))),
            consequence("watch", HEAVY, when=holds(finding("other"))),
        ],
    )

    found = find_in_force(book, DAY)

    assert ids(found.findings) == ["other"]
    assert ids(found.rules) == ["y"]
    assert ids(found.consequences) == ["watch"]
    gap = f"the finding gap is not in force: {NO_VALUE}"
    wide = f"the finding wide is not in force: {gap}"
    assert because(found) == {
        ("finding", "gap"): NO_VALUE,
        ("finding", "wide"): gap,
        ("finding", "told"): wide,
        ("rule", "x"): f"the finding told is not in force: {wide}",
        ("consequence", "support"): wide,
    }


@pytest.mark.parametrize(
    "table",
    [
        table_finding("t", (below("a", parameter("gone")), 1), otherwise=2),
        table_finding("t", (below("a", 1), parameter("gone")), otherwise=2),
        table_finding("t", (below("a", 1), 1), otherwise=parameter("gone")),
    ],
)
def test_a_table_needs_the_parameters_of_its_rows_its_values_and_its_otherwise(table):
    book = rulebook(number("a"), parameters=[GONE], findings=[table])

    assert because(find_in_force(book, DAY)) == {("finding", "t"): NO_VALUE}
    assert find_in_force(book, days_before(1)).not_in_force == ()


def test_a_rule_outside_its_dates_says_so_even_where_it_lacks_a_parameter_too():
    later = when(below("a", parameter("gone")), rule_id="x", span=Span(TOMORROW))
    book = rulebook(number("a"), parameters=[GONE], rules=[later])

    assert because(find_in_force(book, DAY)) == {
        ("rule", "x"): "its own dates do not include this date"
    }
    assert because(find_in_force(book, TOMORROW)) == {("rule", "x"): NO_VALUE}


# Between which days nothing changes


def test_something_changes_on_the_first_day_of_a_span_and_the_day_after_its_last():
    day = datetime.date
    book = rulebook(
        number("a"),
        parameters=[
            parameter_of(
                "p",
                dated(1, day(2024, 4, 1), day(2025, 3, 31)),
                dated(2, day(2025, 4, 1)),
            )
        ],
        rules=[
            when(below("a", 1), rule_id="x", span=Span(day(2024, 1, 1), day(2024, 6, 30))),
            when(below("a", 1), rule_id="y"),
        ],
    )

    assert change_days(book) == (
        day(2024, 1, 1),
        day(2024, 4, 1),
        day(2024, 7, 1),
        day(2025, 4, 1),
    )


def test_the_last_day_there_is_may_end_a_span():
    book = rulebook(number("a"), parameters=[parameter_of("p", dated(1, DAY, datetime.date.max))])

    assert change_days(book) == (DAY,)


def test_a_rulebook_without_dates_never_changes():
    assert change_days(rulebook(number("a"), rules=[when(below("a", 1))])) == ()


# What things mention


def test_a_finding_mentions_the_names_in_its_conditions_and_its_formulas():
    condition = condition_finding("c", below("a", parameter("p")))
    value = value_finding("v", plus("a", finding("c")))
    table = table_finding(
        "t", (below("a", parameter("p")), parameter("q")), otherwise=parameter("r")
    )
    categories = table_finding("t", (below("a", 1), "low"), otherwise="high")

    assert list(names_in_finding(condition)) == [fact("a"), parameter("p")]
    assert list(names_in_finding(value)) == [fact("a"), finding("c")]
    assert ids(names_in_finding(table)) == ["a", "p", "q", "r"]
    assert ids(names_in_finding(categories)) == ["a"]


def test_findings_rules_and_consequences_own_the_conditions_they_are_made_of():
    condition = condition_finding("c", below("a", 1))
    table = table_finding("t", (below("a", 1), 1), (at_least("a", 1), 2))
    rule = when(below("a", 1))

    assert statements_of(condition) == (condition.when,)
    assert statements_of(value_finding("v", "a")) == ()
    assert statements_of(table) == tuple(row.when for row in table.table.rows)
    assert statements_of(rule) == (rule.statement,)
    assert statements_of(consequence("always", LIGHT)) == ()
    assert len(statements_of(consequence("low", LIGHT, when=below("a", 1)))) == 1
