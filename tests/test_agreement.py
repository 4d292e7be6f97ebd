"""Where evaluators differ there is an error with both traces, and no decision."""

import threading

import attrs
import pytest

from oversight_engine import semantics
from oversight_engine.engine import Engine, decide, find_differences
from oversight_engine.errors import DisagreementError, EvaluatorError, ExitCode
from oversight_engine.evaluators import durable
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.model.trace import Trace
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    below,
    case_of,
    days_before,
    number,
    rulebook,
    value_finding,
    when,
)

T, F, U = TRUE, FALSE, UNKNOWN
REFERENCE = ("reference",)
SMALL = rulebook(
    number("a"),
    number("b"),
    rules=[when(below("a", 5)), when(below("b", 0), HEAVY)],
)
IN_FORCE = find_in_force(SMALL, DAY)


class Fake:
    """An evaluator that says what it is told to."""

    def __init__(self, change=lambda trace: trace):
        self.change = change
        self.asked = []
        self.closed = False

    def evaluate(self, in_force, known, as_of):
        self.asked.append((dict(known), as_of))
        trace = semantics.evaluate(in_force, known, as_of)
        return self.change(attrs.evolve(trace, label=LIGHT))

    def close(self):
        self.closed = True


def engine_with(fake, book=SMALL):
    engine = Engine(book, evaluators=REFERENCE)
    engine._others["fake"] = fake
    return engine


@pytest.mark.parametrize("asked", [(), ("reference",), ("reference", "reference")])
def test_the_reference_is_always_among_the_evaluators(asked):
    assert Engine(SMALL, evaluators=asked).evaluators == REFERENCE


def test_durable_takes_part_unless_it_is_left_out(monkeypatch):
    made = []

    def make(book):
        made.append(book)
        return Fake(lambda trace: attrs.evolve(trace, label=HEAVY))

    monkeypatch.setattr(durable, "DurableEvaluator", make)

    with pytest.raises(DisagreementError, match=r"^reference and durable disagree: decision: "):
        decide(SMALL, case_of(a=5, b=0))
    assert Engine(SMALL).evaluators == ("reference", "durable")
    assert Engine(SMALL, evaluators=["durable"]).evaluators == ("reference", "durable")
    assert made == [SMALL] * 3
    decide(SMALL, case_of(a=5, b=0), evaluators=REFERENCE)
    assert len(made) == 3


def test_a_trace_that_misses_a_condition_never_becomes_a_decision(monkeypatch):
    evaluate = semantics.evaluate

    def forgetful(*arguments):
        trace = evaluate(*arguments)
        return attrs.evolve(trace, leaves=())

    monkeypatch.setattr(semantics, "evaluate", forgetful)

    with pytest.raises(ValueError, match="zip"):
        decide(SMALL, case_of(a=5, b=0), evaluators=REFERENCE)


def test_every_evaluator_is_asked_about_the_known_facts_on_the_day():
    fake = Fake()

    engine_with(fake).decide(case_of(a=5, b=0), as_of=days_before(-1))
    engine_with(fake, rulebook(number("a"))).decide(case_of())

    assert fake.asked == [({"a": 5, "b": 0}, days_before(-1)), ({}, DAY)]


def test_what_an_evaluator_remarks_is_attested_beside_the_decision():
    engine = engine_with(Fake(lambda trace: attrs.evolve(trace, remarks=("slow", "hot"))))
    engine._others["other"] = Fake(lambda trace: attrs.evolve(trace, remarks=("late",)))

    decision = engine.decide(case_of(a=5, b=0))

    assert decision.attestation.remarks == ("fake: slow", "fake: hot", "other: late")
    assert decision_bytes(decision) == decision_bytes(
        decide(SMALL, case_of(a=5, b=0), evaluators=REFERENCE)
    )


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda t: attrs.evolve(t, label=MIDDLE), "decision: light against middle"),
        (lambda t: attrs.evolve(t, label=""), "decision: light against nothing"),
        (
            lambda t: attrs.evolve(t, rules={**t.rules, "middle_rule": T}),
            "rule middle_rule: false against true",
        ),
        (
            lambda t: attrs.evolve(t, rules={"middle_rule": F}),
            "rule heavy_rule: false against nothing",
        ),
        (
            lambda t: attrs.evolve(t, leaves=(U, *t.leaves[1:])),
            "rule middle_rule, `a < 5`: false against unknown",
        ),
        (lambda t: attrs.evolve(t, findings={"more": 6}), "finding more: nothing against 6"),
        (
            lambda t: attrs.evolve(t, consequences={"more": T}),
            "consequence more: nothing against true",
        ),
    ],
)
def test_any_difference_between_evaluators_is_an_error_and_no_decision(change, difference):
    engine = engine_with(Fake(change))

    with pytest.raises(DisagreementError) as raised:
        engine.decide(case_of(a=5, b=0))

    error = raised.value
    assert error.differences == (difference,)
    assert error.problems == (difference,)
    assert str(error) == f"reference and fake disagree: {difference}"
    assert error.exit_code is ExitCode.DISAGREEMENT
    ours = semantics.evaluate(IN_FORCE, {"a": 5, "b": 0}, DAY)
    theirs = change(attrs.evolve(ours, label=LIGHT))
    assert error.traces == {"reference": ours, "fake": theirs}


def test_several_differences_are_told_in_one_sentence():
    engine = engine_with(Fake(lambda t: attrs.evolve(t, label=HEAVY, rules={})))

    with pytest.raises(DisagreementError) as raised:
        engine.decide(case_of(a=5, b=0))

    assert str(raised.value) == (
        "reference and fake disagree: rule heavy_rule: false against nothing; "
        "rule middle_rule: false against nothing; decision: light against heavy"
    )


@pytest.mark.parametrize(
    ("number", "end"),
    [(8, "finding h: 1 against nothing"), (9, "; and 1 more"), (12, "; and 4 more")],
)
def test_of_many_differences_the_first_few_are_told_and_all_are_kept(number, end):
    findings = [value_finding(finding_id, 1) for finding_id in "abcdefghijkl"[:number]]
    fake = Fake(lambda trace: attrs.evolve(trace, findings={}))

    with pytest.raises(DisagreementError) as raised:
        engine_with(fake, rulebook(findings=findings)).decide(case_of())

    assert str(raised.value).endswith(end)
    assert len(raised.value.differences) == number


def test_all_differences_are_told_in_order():
    empty = Trace(findings={}, rules={}, consequences={}, leaves=())
    ours = attrs.evolve(empty, findings={"g": 1, "f": 2}, rules={"r": T})
    theirs = attrs.evolve(empty, findings={"g": 3}, rules={"r": F}, label=REFERRAL)

    assert find_differences(IN_FORCE, ours, theirs, LIGHT) == (
        "finding f: 2 against nothing",
        "finding g: 1 against 3",
        "rule r: true against false",
        "decision: light against referral",
    )
    assert find_differences(IN_FORCE, ours, attrs.evolve(ours, label=REFERRAL), None) == ()
    assert find_differences(IN_FORCE, empty, empty, LIGHT) == ("decision: light against nothing",)


def test_what_only_the_reference_can_say_is_not_compared():
    trace = semantics.evaluate(IN_FORCE, {"a": 5, "b": 0}, DAY)
    other = attrs.evolve(trace, operands=(), remarks=("slow",), label=LIGHT)

    assert find_differences(IN_FORCE, trace, other, LIGHT) == ()


def test_an_engine_gives_back_what_its_evaluators_hold():
    first, second = Fake(), Fake()

    engine_with(first).close()
    with pytest.raises(ZeroDivisionError), engine_with(second):
        raise ZeroDivisionError

    assert first.closed
    assert second.closed


def test_an_engine_is_shared_between_threads():
    engine = Engine(SMALL, evaluators=REFERENCE)
    cases = [case_of(a=a, b=a - 5) for a in range(10)] * 20
    expected = [decision_bytes(decide(SMALL, case, evaluators=REFERENCE)) for case in cases]
    found = {}

    def work(number):
        found[number] = [decision_bytes(engine.decide(case)) for case in cases]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[number] for number in range(4)] == [expected] * 4


def test_a_closed_engine_decides_nothing_unless_the_reference_is_all_it_has():
    both, alone = Engine(SMALL), Engine(SMALL, evaluators=REFERENCE)

    both.close()
    alone.close()

    with pytest.raises(EvaluatorError, match="is closed"):
        both.decide(case_of(a=5, b=0))
    assert alone.decide(case_of(a=5, b=0)).outcome == LIGHT
