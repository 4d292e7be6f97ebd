"""durable-rules as an evaluator among others: its faults show, it is shared, limited and closed."""

import os
import threading

import pytest

from oversight_engine import compiler, semantics
from oversight_engine.engine import Engine
from oversight_engine.errors import (
    DisagreementError,
    EvaluatorError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
)
from oversight_engine.evaluators import durable, strata
from oversight_engine.evaluators.durable import DurableEvaluator
from oversight_engine.evaluators.strata import Stratum
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.truth import FALSE, TRUE
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    below,
    boolean,
    case_of,
    dated,
    days_before,
    every,
    holds,
    parameter,
    parameter_of,
    rulebook,
    when,
)
from tests.evaluators.agreeing import FACTS, SMALL, agreed, trace_of

BOTH = ("reference", "durable")


@pytest.fixture
def evaluator():
    with_all = DurableEvaluator(SMALL)
    yield with_all
    with_all.close()


# Disagreement, and answers that cannot be


def test_a_fault_in_compiling_shows_as_a_disagreement_with_both_traces(monkeypatch):
    solutions = compiler._solutions
    monkeypatch.setattr(
        compiler, "_solutions", lambda sign, bound: solutions({"<": "<="}.get(sign, sign), bound)
    )
    book = rulebook(*FACTS, rules=[when(below("b", 5))])
    with Engine(book, evaluators=BOTH) as engine:
        engine.decide(case_of(b=4))  # the fault does not show here

        with pytest.raises(DisagreementError) as raised:
            engine.decide(case_of(b=5))

    ours, theirs = (raised.value.traces[name] for name in BOTH)
    assert (ours.rules["middle_rule"], theirs.rules["middle_rule"]) == (FALSE, TRUE)
    assert theirs.label == MIDDLE
    assert raised.value.differences[-1] == "decision: light against middle"


def test_a_conclusion_that_durable_rules_does_not_draw_is_not_drawn_for_it(monkeypatch):
    fire = Stratum.fire
    book = rulebook(*FACTS, rules=[when(below("b", 5)), when(holds("met"), rule_id="other")])
    with Engine(book, evaluators=BOTH) as engine:
        case = case_of(b=5, met=True)
        engine.decide(case)
        monkeypatch.setattr(
            Stratum,
            "fire",
            lambda stratum, fields: (
                frozenset() if stratum.name.startswith("stage 0") else fire(stratum, fields)
            ),
        )

        with pytest.raises(DisagreementError, match=r"other: true against false"):
            engine.decide(case)


def test_to_conclude_both_truth_and_falsity_is_an_error(monkeypatch, evaluator):
    book = rulebook(*FACTS, rules=[when(every(holds("met"), holds("told")))])
    in_force = find_in_force(book, DAY)
    evaluator.evaluate(in_force, {"met": False}, DAY)
    fire = Stratum.fire

    def contradicting(stratum, fields):
        if stratum.name.startswith("stage 0"):
            return frozenset(clause.conclusion for clause in stratum.clauses)
        return fire(stratum, fields)

    monkeypatch.setattr(Stratum, "fire", contradicting)

    with pytest.raises(EvaluatorError, match=r"both truth and falsity: stage 0, group 0, node 2"):
        evaluator.evaluate(in_force, {"met": False}, DAY)


@pytest.mark.parametrize("labels", [frozenset(), frozenset([LIGHT, HEAVY])])
def test_no_outcome_or_two_are_an_error(monkeypatch, evaluator, labels):
    fire = Stratum.fire
    monkeypatch.setattr(
        Stratum,
        "fire",
        lambda stratum, fields: labels if stratum.name == "the outcome" else fire(stratum, fields),
    )

    with pytest.raises(EvaluatorError, match=rf"{len(labels)} outcomes instead of one"):
        evaluator.evaluate(find_in_force(SMALL, DAY), {}, DAY)


# What is asked


def test_where_nothing_is_unknown_only_truths_are_asked_for(evaluator):
    in_force = find_in_force(SMALL, DAY)

    agreed(evaluator, in_force, {"a": 1, "b": 1, "met": True, "told": False, "c": "low"})
    assert not [s.name for s in evaluator.strata if s.name.endswith("false")]

    agreed(evaluator, in_force, {"a": 1, "b": 1, "told": False, "c": "low"})
    assert [s.name for s in evaluator.strata if s.name.endswith("false")]


def test_strata_are_made_once_and_shared_between_days_that_differ_elsewhere():
    gap = [dated(5, end=days_before(1)), dated(6, DAY)]
    book = rulebook(
        *FACTS,
        parameters=[parameter_of("p", *gap)],
        rules=[
            when(below("b", parameter("p"))),
            when(every(holds("met"), holds("told")), rule_id="other"),
        ],
    )
    evaluator = DurableEvaluator(book)
    before, after = (find_in_force(book, day) for day in (days_before(1), DAY))
    facts = {"b": 5, "met": True, "told": True}

    assert agreed(evaluator, before, facts).rules["middle_rule"] is FALSE
    made = evaluator.strata
    assert agreed(evaluator, before, facts).rules["middle_rule"] is FALSE
    assert evaluator.strata == made
    assert agreed(evaluator, after, facts).rules["middle_rule"] is TRUE
    assert set(made) < set(evaluator.strata)
    assert len(evaluator.strata) < 2 * len(made)
    evaluator.close()


def test_firings_and_decisions_are_counted(evaluator):
    in_force = find_in_force(SMALL, DAY)
    facts = {"a": 1, "b": 1, "met": True, "told": False, "c": "low"}

    for _ in range(2):
        agreed(evaluator, in_force, facts)
    first = sum(stratum.firings for stratum in evaluator.strata)
    for _ in range(2):
        agreed(evaluator, in_force, facts)

    assert evaluator.decisions == 4
    assert 0 < first < sum(stratum.firings for stratum in evaluator.strata) == 2 * first


# Limits and failures


def test_a_condition_too_wide_for_durable_rules_is_refused():
    facts = [boolean(f"b{n}") for n in range(strata.MOST_FIELDS + 1)]
    book = rulebook(*facts, rules=[when(every(*(holds(fact.id) for fact in facts)))])
    evaluator = DurableEvaluator(book)

    with pytest.raises(EvaluatorLimitError, match="241 fields, but at most 240"):
        evaluator.evaluate(find_in_force(book, DAY), {}, DAY)
    evaluator.close()


def test_many_conditions_on_one_number_are_split_over_strata():
    rules = [when(below("b", n), rule_id=f"r{n}") for n in range(3 * strata.MOST_CLAUSES)]
    book = rulebook(*FACTS, rules=rules)

    for b in (-1, 0, 100, 3 * strata.MOST_CLAUSES):
        assert list(trace_of(book, b=b).rules.values()).count(TRUE) == len(rules) - max(
            b + 1, 0
        ) + (b == len(rules))


def test_where_durable_rules_cannot_be_used_the_error_names_both_ways_on(monkeypatch):
    def unavailable():
        raise EvaluatorUnavailableError("it cannot be imported; this builds it: pip install …")

    monkeypatch.setattr(durable, "_test_once", unavailable)

    with pytest.raises(
        EvaluatorUnavailableError, match=r"pip install …; .*`--evaluators reference`"
    ):
        DurableEvaluator(SMALL)


def test_a_build_that_answers_wrongly_decides_nothing(monkeypatch):
    durable._test_once.cache_clear()
    monkeypatch.setattr(Stratum, "fire", lambda *_: frozenset())

    with pytest.raises(EvaluatorError, match="cannot be relied on"):
        DurableEvaluator(SMALL)


def test_after_closing_nothing_is_decided(evaluator):
    in_force = find_in_force(SMALL, DAY)
    agreed(evaluator, in_force, {})
    made = evaluator.strata

    evaluator.close()
    evaluator.close()

    with pytest.raises(EvaluatorError, match="closed"):
        evaluator.evaluate(in_force, {}, DAY)
    with pytest.raises(EvaluatorError, match="closed"):
        made[0].fire({})
    assert evaluator.strata == ()


# Threads and processes


def _cases_of_small():
    return [
        {"a": a, "met": met, **({} if b is None else {"b": b})}
        for a in range(3, 8)
        for met in (True, False)
        for b in (None, -1, 3, 10)
    ]


def test_threads_share_an_evaluator_from_its_first_case_on(evaluator):
    in_force = find_in_force(SMALL, DAY)
    expected = [semantics.evaluate(in_force, facts, DAY).rules for facts in _cases_of_small()]
    found = {}
    start = threading.Barrier(4)

    def work(number):
        start.wait()
        found[number] = [
            [evaluator.evaluate(in_force, facts, DAY).rules for facts in _cases_of_small()]
            for _ in range(5)
        ]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: [expected] * 5 for number in range(4)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_decides_as_its_parent_does(evaluator):
    in_force = find_in_force(SMALL, DAY)
    for facts in _cases_of_small()[:5]:
        agreed(evaluator, in_force, facts)

    child = os.fork()
    if child == 0:
        try:
            for facts in _cases_of_small():
                agreed(evaluator, in_force, facts)
        except BaseException:  # noqa: BLE001 - whatever it is, the parent is to hear of it
            os._exit(1)
        os._exit(0)
    for facts in _cases_of_small():
        agreed(evaluator, in_force, facts)
    assert os.waitpid(child, 0)[1] == 0
