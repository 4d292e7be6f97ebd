"""Above the bound of the search z3 says the same, or says nothing; without z3 it is refused."""

import os
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from oversight_engine.analysis.robustness import Examiner
from oversight_engine.engine import Engine
from oversight_engine.errors import AnalysisLimitError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.report.robustness import robustness_data, robustness_page
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.report.text import plain
from oversight_engine.resources import shipped
from tests import builders as b
from tests.analysis.small import VALUES, all_outcomes, small_rulebooks
from tests.analysis.test_robustness import halves, labels_of, uncertain_facts, uniform

NUMBER = int(os.environ.get("OVERSIGHT_PATHS", "4"))
BOOK = load_rulebook(shipped("rules") / "hewitt-2023")
CASES = [
    case
    for name in ("illustrative", "ics-2025-q2")
    for case in read_cases(shipped("cases") / name, BOOK)[:20]
]


def examiner_of(book):
    return Examiner(Engine(book, evaluators=("reference",)))


def by_either(book, case):
    """Return what the search says, and what z3 says where no step of a search is allowed."""
    pytest.importorskip("z3")
    searched = examiner_of(book).examine(case)
    return searched, examiner_of(book).examine(case, most=0)


def answers_of(found):
    """Return all of *found* that is the same whoever answers."""
    names = [field.name for field in attrs.fields(type(found))]
    left_out = {"decision", "chances", "no_chances_because", "by_z3"}
    return {name: getattr(found, name) for name in names if name not in left_out}


def are_the_same(found, others):
    """Say whether two answers are, facts and rules being those of one rulebook."""
    return repr_of(answers_of(found)) == repr_of(answers_of(others))


def repr_of(value):
    if isinstance(value, dict):
        return {name: repr_of(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [repr_of(each) for each in value]
    if hasattr(value, "id"):
        return value.id
    if attrs.has(type(value)):
        return repr_of({f.name: getattr(value, f.name) for f in attrs.fields(type(value))})
    return value


def is_z3_needed(found):
    return len(found.possible) > 1 or bool(found.uncertain or found.unknown or found.rounded)


@settings(max_examples=15, deadline=None)
@given(small_rulebooks(), st.data())
def test_z3_says_what_the_search_and_every_combination_say(book, data):
    outcomes = all_outcomes(book)
    drawn = {f: data.draw(uncertain_facts(f), label=f) for f in VALUES}
    stated = {f: fact for f, (fact, _) in drawn.items() if fact is not None}
    spreads = {f: spread for f, (fact, spread) in drawn.items() if fact is not None}
    searched, by_z3 = by_either(book, b.case_of(**stated))

    assert are_the_same(by_z3, searched)
    assert not searched.by_z3
    assert not by_z3.by_z3 or is_z3_needed(searched)
    assert set(by_z3.possible) == labels_of(outcomes, spreads).keys()
    if searched.chances and not by_z3.chances:
        assert "more than 0 steps" in by_z3.no_chances_because


@settings(max_examples=NUMBER, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_z3_says_what_the_search_says_of_the_cases_that_ship(case, data):
    numbers = [
        fact for fact in BOOK.facts
        if fact.type == "number" and fact.id in case.facts and None not in fact.range
        and fact.theme != "local_priorities"
    ]  # fmt: skip
    facts = dict(case.facts)
    for fact in data.draw(st.lists(st.sampled_from(numbers), max_size=3, unique_by=lambda f: f.id)):
        value, (least, most) = facts[fact.id].value, fact.range
        if value is not None:
            width = Fraction((most - least) * 10**fact.decimals // 50, 10**fact.decimals)
            ends = (max(least, value - width), min(most, value + width))
            facts[fact.id] = attrs.evolve(facts[fact.id], likely=ends)
    searched, by_z3 = by_either(BOOK, b.with_facts(case, facts))

    assert are_the_same(by_z3, searched)
    assert not by_z3.undecided


@settings(max_examples=15, deadline=None)
@given(small_rulebooks(), st.data())
def test_what_z3_gives_up_on_is_undecided_and_never_guessed(book, data):
    pytest.importorskip("z3")
    drawn = {f: data.draw(uncertain_facts(f), label=f) for f in VALUES}
    case = b.case_of(**{f: fact for f, (fact, _) in drawn.items() if fact is not None})
    exact = examiner_of(book).examine(case)
    found = examiner_of(book).examine(case, most=0, seconds=0)
    open_ = {
        (each.about, *(fact.id for fact in each.facts)): set(each.outcomes)
        for each in found.undecided
    }

    for about in ("possible", "if_known", "if_rounded"):
        said, true = set(getattr(found, about)), set(getattr(exact, about))
        assert said <= true <= said | open_.get((about,), set())
    flips = {each.fact.id: set(each.flips) for each in exact.uncertain}
    for each in found.uncertain:
        said, true = set(each.flips), flips[each.fact.id]
        assert said <= true <= said | open_.get(("alone", each.fact.id), set())
    assert not found.is_firm or exact.is_firm
    assert bool(found.undecided) == bool(found.undecided_because)


DOUBTFUL = b.case_of(one=StatedFact(60, likely=(55, 65)), other=StatedFact(50, likely=(45, 55)))


def test_a_decision_that_nobody_knows_to_stand_is_neither_firm_nor_borderline():
    pytest.importorskip("z3")
    exact = examiner_of(halves()).examine(DOUBTFUL)
    found = examiner_of(halves()).examine(DOUBTFUL, most=0, seconds=0)

    assert exact.is_firm
    assert not exact.is_undecided
    assert not found.is_firm
    assert "z3 has had its 0 seconds" in found.undecided_because
    assert found.undecided[0].about == "possible"
    said = plain(robustness_page(found))
    assert said.startswith("Undecided: light.")
    assert "One: whether middle, heavy or referred is brought by it alone" in said
    assert "without effect" not in said
    Draft202012Validator(shipped_schema("robustness")).validate(robustness_data(found))


def test_a_page_says_that_z3_was_asked_and_why_no_chance_is_given():
    pytest.importorskip("z3")
    case = b.case_of(one=uniform(60, 55, 65), other=uniform(50, 35, 55))
    found = examiner_of(halves()).examine(case, most=0)

    said = plain(robustness_page(found))
    assert said.startswith("Borderline: light.")
    assert "Where the search took too many steps, z3 was asked" in said
    assert "Not calculated: to weigh all that 2 uncertain facts bring takes" in said
    assert "Unknown, because" not in said
    assert robustness_data(found)["by_z3"]


@pytest.mark.usefixtures("_without_z3")
def test_without_z3_what_takes_too_long_is_refused_with_what_would_help():
    with pytest.raises(AnalysisLimitError) as refused:
        examiner_of(halves()).examine(DOUBTFUL, most=0)

    assert "within 0 steps" in str(refused.value)
    assert "pip install 'oversight-engine[proof]'" in str(refused.value)
