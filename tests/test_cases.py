"""Every case that says what should come out of it gives just that, with every evaluator."""

import functools
import re
from collections import Counter

import pytest
from attrs import evolve

from oversight_engine.combining import combine
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.truth import TRUE, UNKNOWN
from oversight_engine.resources import shipped
from oversight_engine.semantics import evaluate

CASES = shipped("cases")
ILLUSTRATIVE = CASES / "illustrative"
FILES = sorted(ILLUSTRATIVE.glob("*.yaml"))


@pytest.fixture(scope="module")
def rulebook():
    return load_rulebook(shipped("rules") / "hewitt-2023")


@pytest.fixture(scope="module")
def engine(rulebook):
    with Engine(rulebook, evaluators=EVALUATORS) as engine:
        yield engine


@pytest.fixture(scope="module")
def stories(rulebook):
    """Every illustrative case, by the name of its file."""
    return {path.stem: case for path in FILES for case in read_cases(path, rulebook)}


@pytest.fixture(scope="module")
def decisions(engine, stories):
    return {name: engine.decide(case) for name, case in stories.items()}


@pytest.fixture(scope="module")
def outcome_of(rulebook):
    """Return a function from a case, and facts of it that are known, to the outcome or None."""
    in_force_on = functools.cache(functools.partial(find_in_force, rulebook))

    def outcome_of(case, facts):
        in_force = in_force_on(case.as_of)
        known = {fact: stated.value for fact, stated in facts.items()}
        return combine(in_force, evaluate(in_force, known, case.as_of).rules).outcome

    return outcome_of


def best_of(fact, cases):
    """Return the best value of *fact* in any of the *cases*, or None where none is better."""
    values = [case.facts[fact.id].value for case in cases if fact.id in case.facts]
    values = [value for value in values if value not in fact.outside_order]
    if fact.better == "neither":
        return None
    rank = fact.values.index if fact.type == "category" else lambda value: value
    return (max if fact.better == "higher" else min)(values, key=rank, default=None)


def effective(decision):
    """Return the ids of the rules that hold, hold back or refer."""
    return {result.rule.id for result in decision.rules if result.effect != "none"}


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_the_story_ends_as_it_says_and_for_the_reasons_it_gives(decisions, name):
    decision = decisions[name]
    expected = decision.case.expect

    assert decision.label == expected.outcome
    assert effective(decision) >= set(expected.because)
    if expected.only:
        assert effective(decision) == set(expected.because)


def test_the_stories_are_decided_by_both_evaluators(decisions):
    assert {decision.attestation.evaluators for decision in decisions.values()} == {EVALUATORS}


def test_every_outcome_and_a_referral_come_out_of_some_story(rulebook, decisions):
    labels = Counter(decision.label for decision in decisions.values())

    assert set(labels) == {outcome.id for outcome in rulebook.outcomes} | {"referral"}
    assert len(FILES) >= 20


def test_every_rule_is_true_in_some_story(rulebook, decisions):
    true = {
        result.rule.id
        for decision in decisions.values()
        for result in decision.rules
        if result.truth is TRUE
    }

    assert true == {rule.id for rule in rulebook.rules}


def test_every_consequence_is_carried_by_some_story(rulebook, decisions):
    carried = {
        result.consequence.id
        for decision in decisions.values()
        for result in decision.consequences
        if result.truth is TRUE
    }

    assert carried == {consequence.id for consequence in rulebook.consequences}


def test_both_measures_are_recommended_in_some_story_and_only_with_intervention(decisions):
    measures = {(d.label, d.measure) for d in decisions.values() if d.measure}

    assert measures == {("intervention", "undertakings"), ("intervention", "directions")}


def test_a_risk_that_nobody_signed_leads_to_undertakings_and_one_that_is_signed_to_directions(
    decisions,
):
    assert decisions["upper-weald-nobody-has-signed"].measure == "undertakings"
    assert decisions["thornby-a-finding-is-signed"].measure == "directions"


def test_a_finding_that_the_register_does_not_show_is_no_freedom_and_the_register_is_put_right(
    decisions, stories
):
    signed, clean = "quarndon-signed-and-not-recorded", "ashmere-fells-earned"
    changed = {
        fact
        for fact, stated in stories[signed].facts.items()
        if stated.value != stories[clean].facts[fact].value
    }

    assert changed == {"finding_signed_by_named_officer"}
    assert decisions[clean].label == "lighter_reporting"
    assert decisions[signed].measure == "directions"
    assert "register_put_right" in carried_by(decisions[signed])
    assert "register_put_right" not in carried_by(decisions["thornby-a-finding-is-signed"])


def test_each_of_three_missed_priorities_brings_help_of_its_own(decisions):
    assert carried_by(decisions["thursby-four-thousand-still-waiting"]) >= {
        "longest_waits_support", "diagnostics_support", "urgent_care_support",
    }  # fmt: skip
    assert "ambulance_support" in carried_by(decisions["whinfell-2024-first-year"])


def carried_by(decision):
    return {r.consequence.id for r in decision.consequences if r.truth is TRUE}


def test_every_fact_is_stated_but_for_the_silence_that_is_the_story(rulebook, decisions):
    silent = {"drummers-end-nobody-can-say", "withybrook-in-recovery-and-silent"}
    for name, decision in decisions.items():
        unknown = [reading.fact.id for reading in decision.facts if reading.value is None]
        assert len(unknown) == (1 if name in silent else 0), name
        referring = [r for r in decision.rules if r.truth is UNKNOWN]
        assert bool(referring) == (name in silent)


def test_everything_in_the_stories_is_labelled_illustrative_and_every_decision_says_so(decisions):
    for decision in decisions.values():
        assert {stated.status for stated in decision.case.facts.values()} == {"illustrative"}
        assert [status for status, _ in decision.rests_on] == ["illustrative"]


def test_no_made_up_system_has_the_code_of_another_or_of_a_real_one(stories):
    codes = [case.system.code for case in stories.values()]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"ZZ\d{3}", code) for code in codes)


def test_a_fact_that_is_hidden_never_helps_a_story(rulebook, stories, outcome_of):
    for name, case in stories.items():
        outcome = outcome_of(case, case.facts)
        for fact in case.facts:
            rest = {key: stated for key, stated in case.facts.items() if key != fact}
            hidden = outcome_of(case, rest)
            if outcome is None:
                assert hidden is None, (name, fact)
            elif hidden is not None:
                assert rulebook.severity(hidden) >= rulebook.severity(outcome), (name, fact)
                assert hidden == outcome or hidden != rulebook.harshest, (name, fact)


def test_a_fact_as_good_as_in_any_story_never_harms_another(rulebook, stories, outcome_of):
    for fact in rulebook.facts:
        best = best_of(fact, stories.values())
        if best is None:
            continue
        for name, case in stories.items():
            if fact.id not in case.facts or case.facts[fact.id].value in fact.outside_order:
                continue
            before = outcome_of(case, case.facts)
            better = evolve(case.facts[fact.id], value=best)
            after = outcome_of(case, {**case.facts, fact.id: better})
            if before is None:
                assert after != rulebook.harshest, (name, fact.id)
            elif after is None:
                assert before == rulebook.harshest, (name, fact.id)
            else:
                assert rulebook.severity(after) <= rulebook.severity(before), (name, fact.id)


def test_the_list_of_stories_names_every_file_with_its_outcome(decisions):
    text = (ILLUSTRATIVE / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| \[.+?\]\((.+?)\.yaml\) \| ([a-z ]+) \|", text, re.MULTILINE))
    told = {name: decision.label.replace("_", " ") for name, decision in decisions.items()}

    assert {name: listed.get(name) for name in told} == told
