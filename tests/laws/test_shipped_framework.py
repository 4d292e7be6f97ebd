"""The framework for trusts claims law 3 among others: tried for a cohort of random trusts."""

import datetime
import functools
import random

from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.cohort import compute_cohort
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.resources import shipped
from tests import builders as b
from tests.laws.relations import is_never_harsher, is_one_outcome_or_a_referral, meets_its_signs
from tests.near_cases import better_near, cases_near, find_lines

BOOK = load_rulebook(shipped("rules") / "nof-2025-26")
DAY = datetime.date(2025, 9, 30)


def random_trust(number, turn):
    choices = find_lines(BOOK, DAY).choices
    facts = {
        fact.id: StatedFact(turn.choice(choices[fact.id]), as_at=DAY)
        for fact in BOOK.facts
        if turn.random() < 0.95
    }
    return b.with_facts(b.case_of(as_of=DAY, code=f"R{number:02}"), facts)


@functools.cache
def trusts():
    turn = random.Random(7)  # noqa: S311 (for variety)
    return tuple(random_trust(number, turn) for number in range(60))


@functools.cache
def values():
    return compute_cohort(BOOK, trusts(), DAY)


@functools.cache
def lines():
    return find_lines(BOOK, DAY, values())


@functools.cache
def engine(evaluators=("reference",)):
    return Engine(BOOK, cohort=values(), evaluators=evaluators)


@st.composite
def cases(draw):
    return draw(cases_near(BOOK, lines(), DAY, bases=(draw(st.sampled_from(trusts())),)))


def test_the_framework_claims_that_better_is_never_harsher_and_not_that_hiding_never_helps():
    assert set(BOOK.claims) == {"better_is_never_harsher", "everything_can_occur"}


@given(st.data(), cases())
def test_law_3_making_a_fact_better_never_brings_a_harsher_decision(data, case):
    before = engine().decide(case)
    after = engine().decide(data.draw(better_near(BOOK, lines(), case)))

    assert is_never_harsher(BOOK, before, after)


@given(cases())
def test_laws_1_and_7_hold_and_the_evaluators_agree_among_a_cohort(case):
    decision = engine().decide(case)

    assert is_one_outcome_or_a_referral(BOOK, decision)
    assert meets_its_signs(decision)
    assert decision_bytes(engine(EVALUATORS).decide(case)) == decision_bytes(decision)


def test_law_6_every_outcome_and_a_referral_can_occur_among_the_random_trusts():
    found = {engine().decide(trust).label for trust in trusts()}

    assert found == {"referral", *(outcome.id for outcome in BOOK.outcomes)}
