"""On the Hewitt rulebook z3 finds no less than a path counts, and a path wherever there is one.

OVERSIGHT_PATHS says how many cases; a few where it is unset, because z3 takes seconds for each.
"""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.analysis.levers import MEASURES, find_levers
from oversight_engine.analysis.paths import Pathfinder
from oversight_engine.analysis.solver import least_change
from oversight_engine.engine import Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.whole import value_of
from oversight_engine.resources import shipped
from tests import builders as b
from tests.analysis.small import VALUES
from tests.analysis.test_paths import books

pytest.importorskip("z3")
NUMBER = int(os.environ.get("OVERSIGHT_PATHS", "4"))
BOOK = load_rulebook(shipped("rules") / "hewitt-2023")
CASES = [
    case for case in read_cases(shipped("cases") / "illustrative", BOOK) if case.as_of.year == 2025
]
FINDER = Pathfinder(Engine(BOOK, evaluators=("reference",)))


def worse_numbers(draw, case):
    """Draw *case* with a few of its numbers elsewhere in their range."""
    facts = dict(case.facts)
    numbers = [f for f in BOOK.facts if f.type == "number" and f.id in facts and not f.history]
    for fact in draw(st.lists(st.sampled_from(numbers), max_size=6, unique_by=lambda f: f.id)):
        least, most = fact.scaled_range
        if fact.theme != "local_priorities":
            number = value_of(fact, draw(st.integers(least, most)), case.as_of)
            facts[fact.id] = b.restated(facts[fact.id], number, likely=None)
    for fact_id in draw(st.lists(st.sampled_from(sorted(facts)), max_size=2)):
        facts[fact_id] = StatedFact(None, status="suppressed")
    return b.with_facts(case, facts)


@settings(max_examples=NUMBER, deadline=None)
@given(st.data(), st.sampled_from(CASES), st.sampled_from(["facts", "movement"]))
def test_a_path_counts_what_z3_finds_to_be_least(data, case, measure):
    case = worse_numbers(data.draw, case)
    decision = FINDER.engine.decide(case)
    lighter = [
        outcome.id
        for outcome in BOOK.outcomes[:-1]
        if decision.outcome is None or BOOK.severity(outcome.id) < BOOK.severity(decision.outcome)
    ]
    if not lighter:
        return
    to = data.draw(st.sampled_from(lighter))
    found = FINDER.find(case, to, least=measure, number=1)
    ground = FINDER.ground(decision)
    known = ground.known_in(decision)
    movable = find_levers(
        ground.scales, known, ground.supports.cuts, decision.as_of,
        measure=measure, toward="better", far=ground.far,
    )  # fmt: skip
    least = least_change(ground.in_force, decision.as_of, known, movable.levers, to)

    if least.weight is None:
        assert not least.because, "z3 gave up"
        assert not found.paths
    else:
        assert found.paths[0].total == ground.scales.told(least.weight, measure)


@settings(max_examples=8, deadline=None)
@given(books(), st.data(), st.sampled_from(MEASURES))
def test_where_the_search_takes_too_many_steps_z3_finds_a_path_that_counts_the_same(
    book, data, measure
):
    finder = Pathfinder(Engine(book, evaluators=("reference",)))
    known = {f: data.draw(st.sampled_from([None, *VALUES[f]])) for f in VALUES}
    case = b.case_of(**{fact: value for fact, value in known.items() if value is not None})
    to = data.draw(st.sampled_from(b.SCALE))
    searched = finder.find(case, to, least=measure)
    finder.forget()
    by_z3 = finder.find(case, to, least=measure, most=0)

    assert not searched.by_z3
    assert bool(by_z3.paths) == bool(searched.paths)
    if searched.paths:
        assert by_z3.paths[0].total == searched.paths[0].total
        assert by_z3.paths[0].decision.outcome == to
