"""A referral names the unknown facts because of which it is one."""

from oversight_engine.model.rulebook import REFER
from tests.builders import (
    HEAVY,
    MIDDLE,
    aggregate,
    below,
    boolean,
    condition_finding,
    count,
    decided,
    every,
    finding,
    holds,
    known,
    negated,
    number,
    parameter,
    parameter_of,
    plus,
    rulebook,
    some,
    table_finding,
    value_finding,
    when,
)

SMALL = rulebook(
    number("a"),
    number("b"),
    rules=[when(below("a", 5)), when(below("b", 0), HEAVY)],
)


def missing_of(book, **facts):
    return decided(book, **facts).missing


A_TO_E = tuple(map(number, "abcde"))


def heavy_when(condition, *findings, **more):
    return rulebook(*A_TO_E, boolean("met"), rules=[when(condition, HEAVY)], findings=findings,
                    **more)  # fmt: skip


def test_a_referral_names_the_unknown_facts_behind_it_in_the_order_of_the_rulebook():
    assert missing_of(heavy_when(some(below("c", 0), below("a", 0), below("b", 0))), b=1) == (
        "a",
        "c",
    )


def test_a_decided_case_misses_nothing_even_where_facts_are_unknown():
    assert missing_of(SMALL, b=0) == ()
    assert decided(SMALL, b=0).outcome == MIDDLE


def test_the_harshest_outcome_misses_nothing_even_where_another_rule_would_refer():
    book = rulebook(
        *A_TO_E,
        rules=[when(below("a", 0), HEAVY, rule_id="x"), when(below("b", 0), HEAVY, rule_id="y")],
    )

    assert decided(book, a=-1).outcome == HEAVY
    assert missing_of(book, a=-1) == ()
    assert missing_of(book, a=0) == ("b",)


def test_facts_that_only_hold_back_are_not_what_refers_a_case():
    assert missing_of(SMALL, a=5) == ("b",)
    assert missing_of(SMALL) == ("b",)


def test_an_unknown_fact_of_a_condition_that_is_settled_is_not_missing():
    condition = every(below("a", 0), some(below("b", 0), known("c")))

    assert missing_of(heavy_when(condition)) == ("a", "b")
    assert missing_of(heavy_when(condition), c=1) == ("a", "b")
    assert missing_of(heavy_when(every(below("a", 0), below(aggregate("sum_known", "b", "c"), 9))),
                      b=1) == ("a",)  # fmt: skip


def test_evidence_is_missing_behind_a_count():
    conditions = [below("a", 0), below("b", 0), below("c", 0)]

    assert missing_of(heavy_when(count(conditions, ">=", 2)), a=-1, b=0) == ("c",)


def test_evidence_is_missing_behind_a_boolean():
    assert missing_of(heavy_when(holds("met"))) == ("met",)


def test_evidence_is_missing_behind_findings_at_any_distance():
    findings = [
        value_finding("both", plus("a", "b")),
        condition_finding("low", some(below(finding("both"), 0), below("c", 0))),
        table_finding("score", (holds(finding("low")), 1), (negated(holds(finding("low"))), 2)),
    ]
    book = heavy_when(below(finding("score"), 2), *findings)

    assert missing_of(book) == ("a", "b", "c")
    assert missing_of(book, a=1) == ("b", "c")
    assert missing_of(book, c=1) == ("a", "b")
    assert missing_of(book, a=1, c=1) == ("b",)
    assert missing_of(book, c=-1) == ()


def test_what_a_table_mentions_in_settled_conditions_is_not_missing():
    settled = below(aggregate("mean_known", "b", "c"), 9)
    table = table_finding("score", (every(settled, below("a", 0)), 1), otherwise=2)

    assert missing_of(heavy_when(below(finding("score"), 2), table), b=1) == ("a",)


def test_known_findings_hide_the_unknown_facts_they_did_not_need():
    low = condition_finding("low", some(below("a", 0), below("b", 0)))
    book = heavy_when(every(holds(finding("low")), below("c", 0)), low)

    assert missing_of(book, a=-1) == ("c",)


def test_what_a_known_finding_left_out_is_not_missing_beside_what_is():
    total = value_finding("total", aggregate("sum_known", "a", "b"))
    book = heavy_when(below(finding("total"), "c"), total)

    assert missing_of(book, a=1) == ("c",)
    assert missing_of(book) == ("a", "b", "c")


def test_an_admissibility_rule_that_is_unknown_names_what_it_misses():
    book = rulebook(number("a"), rules=[when(below("a", 0), REFER)])

    assert decided(book).missing == ("a",)


def test_an_admissibility_rule_that_is_true_misses_nothing():
    book = rulebook(number("a"), number("b"), rules=[when(some(below("a", 0), below("b", 0)),
                                                          REFER)])  # fmt: skip
    decision = decided(book, a=-1)

    assert decision.referred
    assert decision.missing == ()


def test_parameters_are_never_missing_evidence():
    book = heavy_when(below("a", parameter("limit")), parameters=[parameter_of("limit", 3)])

    assert missing_of(book) == ("a",)
