"""What stands at the top of an explanation: who, when, under what, and how far to trust it."""

import datetime

import pytest

from oversight_engine.explanation import explain, explain_why_not, summarise
from oversight_engine.explanation.outcome import tone_of
from oversight_engine.model.case import StatedFact
from oversight_engine.model.people import Confirmation
from tests import builders as b
from tests import shown
from tests.shown import (
    DIRECTED,
    FREE,
    GUIDED,
    WATCHED,
    decided,
    headline_of,
)

ALONE = "Computed by one evaluator alone, reference; no other confirmed what it found."


def test_the_headline_says_who_when_and_under_what():
    headline = headline_of(explain(decided()))

    assert headline.title == "Free"
    assert headline.about == (
        "A system (QXX)",
        "On 30 June 2025, by A rulebook for a test, version 1.0.0",
        "What the rules say of the facts stated; whoever is responsible decides.",
    )
    assert headline.warnings == (ALONE,)


@pytest.mark.parametrize(
    ("roles", "who"),
    [
        ((), "somebody in a named role"),
        (("regional_director",), "regional director"),
        (("regional_director", "responsible_officer"), "regional director or responsible officer"),
    ],
)
def test_an_outcome_that_needs_confirmation_is_said_to_be_recommended_until_then(roles, who):
    declared = Confirmation((b.HEAVY,), roles)
    below = b.below("a", 1)
    plain = b.rulebook(b.number("a"), rules=[b.when(below, b.HEAVY)])
    book = b.attrs.evolve(plain, confirmation=declared)

    told = headline_of(explain(b.decided(book, a=0))).about
    lighter = headline_of(explain(b.decided(book, a=2))).about
    undeclared = headline_of(explain(b.decided(plain, a=0))).about

    assert f"Recommended until confirmed by {who}" in told
    assert not any("Recommended" in line for line in (*lighter, *undeclared))


def test_one_evaluator_alone_is_told_in_the_headline_and_two_that_agree_are_not():
    alone = decided()
    both = b.attrs.evolve(alone.attestation, evaluators=("reference", "durable"))

    assert headline_of(summarise(alone)).warnings == (ALONE,)
    assert headline_of(summarise(b.attrs.evolve(alone, attestation=both))).warnings == ()


def test_a_recommended_measure_stands_in_the_headline():
    assert headline_of(explain(decided(harm_found=True, plan_agreed=False))).title == (
        "Directed: orders recommended"
    )


def test_a_date_given_by_the_caller_is_said_to_be_given():
    about = headline_of(explain(decided(on=datetime.date(2025, 7, 1)))).about

    assert "a date given to the engine; the case says 30 June 2025" in about[1]


@pytest.mark.parametrize("view", [explain, summarise, lambda d: explain_why_not(d, FREE)])
def test_what_an_outcome_rests_on_stands_beside_it_in_every_view(view):
    assert headline_of(view(decided(status="illustrative"))).warnings == (
        "Rests on illustrative facts: all 7 it used.",
        ALONE,
    )
    # Facts that nobody asks for, or that are not known, are not among those used.
    one = decided(stage=StatedFact("grown", status="provisional"), aside=True, reviewed_on=None)
    assert headline_of(view(one)).warnings == (
        "Rests on provisional fact (1 of the 6 it used): Maturity.",
        ALONE,
    )


def test_a_decision_that_rests_on_one_fact_says_it_is_the_only_one():
    book = b.rulebook(b.boolean("a"), rules=[b.when(b.holds("a"), rule_id="it")])
    decision = b.decided(book, a=StatedFact(value=True, status="estimated"))

    assert headline_of(explain(decision)).warnings == (
        "Rests on estimated fact: the only one it used.",
        ALONE,
    )


def test_what_is_possible_and_what_is_excluded_is_said_where_facts_are_missing():
    possible = headline_of(explain(decided(seen_pct=60, harm_found=None, plan_agreed=None))).about[
        2
    ]

    assert possible == (
        "Possible once the missing facts are known: watched or directed; excluded whatever they "
        "say: free and guided"
    )
    assert len(headline_of(explain(decided())).about) == 3


def test_an_outcome_has_a_tone_by_its_place_on_the_scale_whatever_it_is_called():
    book = shown.book()
    outcomes = [FREE, WATCHED, GUIDED, DIRECTED, None, "referral"]

    assert [tone_of(book, outcome) for outcome in outcomes] == [
        "lightest", "between", "between", "harshest", "referral", "referral",
    ]  # fmt: skip
