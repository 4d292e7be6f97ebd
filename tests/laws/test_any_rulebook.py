"""Laws 1, 2, 5 and 7 hold for the engine whatever the rulebook: tried on random ones."""

import operator
from fractions import Fraction

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.number import whole_if_possible
from tests import builders as b
from tests.laws.relations import (
    A_TENTH,
    decision_of,
    is_never_eased,
    is_one_outcome_or_a_referral,
    leaves_at_a_line,
    meets_its_signs,
    rearranged,
    without,
)
from tests.strategies import cases, rulebooks

SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def some_cases(book):
    return st.lists(cases(book), min_size=1, max_size=4)


@A_TENTH
@given(st.data(), rulebooks())
def test_law_1_every_case_has_exactly_one_outcome_or_is_referred(data, book):
    for case in data.draw(some_cases(book)):
        assert is_one_outcome_or_a_referral(book, decision_of(book, case))


@A_TENTH
@given(st.data(), rulebooks())
def test_law_2_the_order_of_facts_rules_and_all_other_items_is_irrelevant(data, book):
    def draw_permutation(items):
        return data.draw(st.permutations(items))

    turned = rearranged(draw_permutation, book)
    for case in data.draw(some_cases(book)):
        other = b.with_facts(case, dict(draw_permutation(list(case.facts.items()))))

        expected = decision_bytes(decision_of(book, case))
        assert decision_bytes(decision_of(turned, other)) == expected


@A_TENTH
@given(st.data(), rulebooks())
def test_law_5_adding_a_rule_never_eases_a_decision(data, book):
    for case in data.draw(some_cases(book)):
        after = decision_of(book, case)
        for added in book.rules:
            before = decision_of(without(book, added), case)
            assert is_never_eased(book, before, after)


@A_TENTH
@given(st.data(), rulebooks())
def test_law_7_a_comparison_whose_sides_are_equal_is_decided_as_its_sign_says(data, book):
    for case in data.draw(some_cases(book)):
        assert meets_its_signs(decision_of(book, case))


numbers = st.integers(-(2**64), 2**64) | st.integers(-5, 5)


@given(
    threshold=numbers,
    decimals=st.integers(0, 4),
    step=st.integers(-1, 1),
    sign=st.sampled_from(list(SIGNS)),
    unless=st.booleans(),
    how=st.sampled_from(["literal", "parameter", "finding", "twice", "third"]),
)
def test_law_7_a_case_at_a_threshold_and_one_beside_it_are_decided_as_the_rule_says(
    threshold, decimals, step, sign, unless, how
):
    threshold = whole_if_possible(Fraction(threshold, 10**decimals))
    value = whole_if_possible(threshold + step * Fraction(1, 10**decimals))
    side = {
        "finding": b.finding("same"),
        "twice": b.times(2, "a"),
        "third": b.over("a", 3),
    }.get(how, "a")
    limit = {"twice": 2 * threshold, "third": Fraction(threshold, 3), "parameter": b.parameter("p")}
    book = b.rulebook(
        b.number("a", decimals=decimals),
        parameters=[b.parameter_of("p", threshold)],
        findings=[b.value_finding("same", "a")],
        rules=[b.when(b.compare(side, sign, limit.get(how, threshold)), unless=unless)],
    )

    holds = SIGNS[sign](value, threshold) != unless

    assert b.decided(book, a=value).outcome == (b.MIDDLE if holds else b.LIGHT)


# The laws above are not kept by never being tried.


def test_random_cases_reach_every_kind_of_decision_and_stand_on_thresholds():
    reached = set()

    @settings(max_examples=60, derandomize=True, phases=[Phase.generate])
    @given(st.data(), rulebooks())
    def reach(data, book):
        decision = decision_of(book, data.draw(cases(book)))
        reached.add(decision.label)
        reached.update("at a line" for _ in leaves_at_a_line(decision))

    reach()

    assert {"light", "middle", "heavy", "referral", "at a line"} <= reached
