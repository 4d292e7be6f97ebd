"""The laws hold for the shipped rulebook, which claims them all: tried near its lines."""

import functools
import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.expression import names_in_condition
from oversight_engine.model.in_force import change_days
from oversight_engine.model.rulebook import REFER
from oversight_engine.model.truth import TRUE
from oversight_engine.resources import shipped
from tests import builders as b
from tests.laws.relations import (
    A_TENTH,
    is_never_eased,
    is_never_harsher,
    is_never_helped,
    is_one_outcome_or_a_referral,
    meets_its_signs,
    rearranged,
    reference,
    without,
)
from tests.near_cases import (
    as_good,
    best_case,
    better_near,
    cases_near,
    facts_behind,
    find_lines,
    hidden_near,
    with_value,
)

BOOK = load_rulebook(shipped("rules") / "hewitt-2023")
DAYS = [day for day in change_days(BOOK) if day in BOOK.span]
FOLDERS = (shipped("cases") / "illustrative", *sorted(shipped("cases").glob("ics-*")))
STORIES = tuple(case for folder in FOLDERS for case in read_cases(folder, BOOK))

lines_on = functools.cache(functools.partial(find_lines, BOOK))
engine = functools.cache(functools.partial(reference, BOOK))
both = functools.cache(functools.partial(Engine, BOOK, evaluators=EVALUATORS))


@st.composite
def cases(draw):
    """Draw a case from nothing on some day, or from a shipped one on its own."""
    base = draw(st.sampled_from((*DAYS, *STORIES)))
    if base in DAYS:
        return draw(cases_near(BOOK, lines_on(base), base))
    return draw(cases_near(BOOK, lines_on(base.as_of), base.as_of, bases=(base,)))


def better(case):
    return better_near(BOOK, lines_on(case.as_of), case)


def test_the_shipped_rulebook_claims_every_law_that_can_be_claimed():
    assert set(BOOK.claims) == {
        "better_is_never_harsher",
        "hiding_never_helps",
        "everything_can_occur",
    }


@given(cases())
def test_law_1_every_case_has_exactly_one_outcome_or_is_referred(case):
    assert is_one_outcome_or_a_referral(BOOK, engine().decide(case))


@A_TENTH
@given(st.data(), cases())
def test_law_2_the_order_of_facts_rules_and_all_other_items_is_irrelevant(data, case):
    turn = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311 (for variety)

    def draw_permutation(items):
        return turn.sample(items, len(items))

    other = b.with_facts(case, dict(draw_permutation(list(case.facts.items()))))

    expected = decision_bytes(engine().decide(case))
    decision = reference(rearranged(draw_permutation, BOOK)).decide(other)
    assert decision_bytes(decision) == expected


@given(st.data(), cases())
def test_law_3_making_a_fact_better_never_brings_a_harsher_decision(data, case):
    before = engine().decide(case)

    assert is_never_harsher(BOOK, before, engine().decide(data.draw(better(case))))


@given(st.data(), cases())
def test_law_4_hiding_a_fact_never_helps(data, case):
    before = engine().decide(case)

    assert is_never_helped(BOOK, before, engine().decide(data.draw(hidden_near(case))))


@given(st.data(), cases())
def test_the_outcome_is_among_the_possible_ones_whatever_the_unknown_facts_turn_out_to_be(
    data, case
):
    hidden = engine().decide(data.draw(hidden_near(case)))
    told = engine().decide(case)

    assert set(told.possible) <= set(hidden.possible)
    assert told.referred or told.outcome in hidden.possible


@A_TENTH
@given(st.data(), cases())
def test_law_5_adding_a_rule_never_eases_a_decision(data, case):
    added = data.draw(st.sampled_from(BOOK.rules))
    before = reference(without(BOOK, added)).decide(case)

    assert is_never_eased(BOOK, before, engine().decide(case))


@given(cases())
def test_law_7_a_comparison_whose_sides_are_equal_is_decided_as_its_sign_says(case):
    assert meets_its_signs(engine().decide(case))


@given(cases())
def test_the_evaluators_agree_near_every_line(case):
    decision = both().decide(case)  # raises where they do not

    assert decision_bytes(decision) == decision_bytes(engine().decide(case))


# Each shipped case, each of its facts


@pytest.mark.parametrize("case", STORIES, ids=lambda case: f"{case.system.code}-{case.as_of}")
def test_laws_3_and_4_hold_for_every_fact_of_every_shipped_case(case):
    before = engine().decide(case)
    choices = lines_on(case.as_of).choices

    for fact in BOOK.facts:
        for changed in changes_for_the_better(fact, case, choices[fact.id]):
            assert is_never_harsher(BOOK, before, engine().decide(changed)), fact.id
        if fact.id in case.facts:
            facts = {name: stated for name, stated in case.facts.items() if name != fact.id}
            hidden = engine().decide(b.with_facts(case, facts))
            assert is_never_helped(BOOK, before, hidden), fact.id


def changes_for_the_better(fact, case, choices):
    stated = case.facts.get(fact.id)
    if stated is None or stated.value is None:
        return
    for value in as_good(fact, stated.value, choices):
        yield with_value(case, fact.id, value)


# Law 6


def behind(rule):
    """Return the facts that *rule* leans on, through findings too."""
    names = names_in_condition(rule.statement.condition)
    return [BOOK.fact(fact_id) for fact_id in facts_behind(BOOK, names)]


@functools.cache
def find_case(rule, tries=20_000):
    """Return a case in which *rule* is true, and all that it leaves open as good as can be."""
    turn = random.Random(rule.id)  # noqa: S311 (for variety)
    for day in DAYS:
        lines = lines_on(day)
        if rule not in lines.in_force.rules:
            continue
        alone = attrs.evolve(lines.in_force, rules=(rule,), consequences=())
        for _ in range(tries // len(DAYS)):
            known = {fact.id: turn.choice(lines.choices[fact.id]) for fact in behind(rule)}
            if semantics.evaluate(alone, known, day).rules[rule.id] is TRUE:
                facts = {name: StatedFact(value, as_at=day) for name, value in known.items()}
                case = lightest(lines, day, turn)
                return b.with_facts(case, {**case.facts, **facts})
    return None


def lightest(lines, day, turn):
    """Return a case of the lightest outcome, every fact that has a best value having it."""
    cases = (best_case(BOOK, lines, day, turn.choice) for _ in range(1000))
    return next(case for case in cases if engine().decide(case).outcome == BOOK.lightest)


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_law_6_every_rule_can_occur(rule):
    case = find_case(rule)

    assert case is not None
    truths = {result.rule.id: result.truth for result in both().decide(case).rules}
    assert truths[rule.id] is TRUE


@pytest.mark.parametrize("outcome", [*(outcome.id for outcome in BOOK.outcomes), "referral"])
def test_law_6_every_outcome_can_occur(outcome):
    assert outcome in {both().decide(case).label for case in STORIES}


# Broken on purpose, the rulebook breaks its claims, and searches like those above would tell.


def with_rule(rule):
    rules = tuple(rule if each.id == rule.id else each for each in BOOK.rules)
    return reference(attrs.evolve(BOOK, rules=rules))


SIMPLE = [rule for rule in BOOK.rules if len(behind(rule)) <= 3]  # quick to search
DIRECTED = [rule for rule in SIMPLE if any(fact.better != "neither" for fact in behind(rule))]


@pytest.mark.parametrize("rule", DIRECTED[::8], ids=lambda rule: rule.id)
def test_a_rule_turned_round_is_found_to_break_law_3(rule):
    broken = with_rule(attrs.evolve(rule, negated=not rule.negated))

    def breaks(case, fact):
        before, choices = broken.decide(case), lines_on(case.as_of).choices[fact.id]
        return any(
            not is_never_harsher(BOOK, before, broken.decide(changed))
            for changed in changes_for_the_better(fact, case, choices)
        )

    cases = (find_case(rule), *STORIES)
    assert any(breaks(case, fact) for case in cases for fact in behind(rule))


LENIENT = [rule for rule in SIMPLE if rule.if_unknown == "hold_back" and rule.outcome != REFER]


@pytest.mark.parametrize("rule", LENIENT[::8], ids=lambda rule: rule.id)
def test_a_rule_that_ignores_what_is_unknown_is_found_to_break_law_4(rule):
    broken = with_rule(attrs.evolve(rule, if_unknown="ignore"))

    def breaks(case, fact):
        facts = {name: stated for name, stated in case.facts.items() if name != fact.id}
        hidden = broken.decide(b.with_facts(case, facts))
        return not is_never_helped(BOOK, broken.decide(case), hidden)

    cases = (find_case(rule), *STORIES)
    assert any(breaks(case, fact) for case in cases for fact in behind(rule))
