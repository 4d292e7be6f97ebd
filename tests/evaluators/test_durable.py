"""durable-rules comes to what the reference comes to; where it does not, there is no decision."""

import itertools
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.engine import Engine
from oversight_engine.errors import (
    EvaluatorError,
)
from oversight_engine.evaluators.durable import DurableEvaluator
from oversight_engine.model.cohort import StepTable, some_cohort
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFER, REFERRAL, RoundingTo
from oversight_engine.model.together import Ranked
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    aggregate,
    at_least,
    below,
    compare,
    count,
    every,
    finding,
    formula,
    holds,
    is_in,
    known,
    mean_known,
    negated,
    number,
    over,
    plus,
    ranks,
    rulebook,
    some,
    table_finding,
    value_finding,
    when,
)
from tests.evaluators.agreeing import FACTS, SMALL, agreed, trace_of, truth_of
from tests.strategies import DAYS, cases, known_facts, known_of, rulebooks

BOTH = ("reference", "durable")
BY_PLACE = (
    "`n` is compared with a constant beyond 64 bits: durable-rules was given its place among the "
    "constants"
)
AS_NEAREST = (
    "`n` and `m` are compared beyond 64 bits: durable-rules was given the nearest number within"
)
SIGNS = ["<", "<=", ">", ">=", "==", "!="]
NUMBERS = (number("a", decimals=1), number("b"), number("c"))


# The two evaluators


@settings(max_examples=max(200, settings.default.max_examples // 10))
@given(st.data())
def test_durable_comes_to_what_the_reference_comes_to(data):
    book = data.draw(rulebooks())
    evaluator = DurableEvaluator(book)
    for day in data.draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=2, unique=True)):
        in_force = find_in_force(book, day)
        for facts in data.draw(st.lists(known_facts(book, day), min_size=2, max_size=6)):
            agreed(evaluator, in_force, facts, day)
    evaluator.close()


@given(st.data())
def test_an_engine_decides_with_both_evaluators(data):
    book = data.draw(rulebooks())
    with Engine(book, evaluators=BOTH) as engine:
        for case in data.draw(st.lists(cases(book), min_size=1, max_size=4)):
            decision = engine.decide(case)

            assert decision.attestation.evaluators == BOTH
            known = known_of(book, case)
            assert {r.fact.id for r in decision.facts if r.value is not None} == known.keys()


def test_every_combination_of_known_and_unknown_agrees():
    evaluator = DurableEvaluator(SMALL)
    in_force = find_in_force(SMALL, DAY)
    values = {
        "a": [-1, Fraction(9, 2), 5],
        "b": [-1, 0, 10],
        "met": [True, False],
        "told": [True, False],
        "c": ["none", "low", "fair"],
    }
    for chosen in itertools.product(*([None, *of_fact] for of_fact in values.values())):
        stated = dict(zip(values, chosen, strict=True))
        agreed(evaluator, in_force, {k: v for k, v in stated.items() if v is not None})
    assert evaluator.decisions == 4 * 4 * 3 * 3 * 4
    evaluator.close()


def test_a_decision_without_rules_is_the_lightest():
    assert trace_of(rulebook(*FACTS)).label == LIGHT


# Unknown


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (below("a", 5), UNKNOWN),
        (negated(below("a", 5)), UNKNOWN),
        (compare("a", "!=", Fraction(1, 3)), UNKNOWN),
        (every(holds("met"), below("a", 5)), UNKNOWN),
        (every(holds("told"), below("a", 5)), FALSE),
        (every(compare("b", "==", 1), below("a", 5)), FALSE),
        (every(compare("b", "==", 3), below("a", 5)), FALSE),
        (some(holds("met"), below("a", 5)), TRUE),
        (some(holds("told"), below("a", 5)), UNKNOWN),
        (every(below("a", 5), at_least("a", 5)), UNKNOWN),
        (some(below("a", 5), at_least("a", 5)), UNKNOWN),
        (known("a"), FALSE),
        (negated(known("a")), TRUE),
        (ranks("c", ">", "low"), UNKNOWN),
        (is_in("c", "none", negated=True), UNKNOWN),
        (below(mean_known("a", "b"), 3), TRUE),
        (below(plus("a", "b"), 3), UNKNOWN),
    ],
)
def test_unknown_is_neither_true_nor_false(condition, truth):
    assert truth_of(condition, met=True, told=False, b=2) is truth


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("wanted", [0, 1, Fraction(3, 2), 2, 3])
def test_a_count_is_settled_where_every_number_it_may_be_agrees(sign, wanted):
    conditions = [below("a", 0), holds("met"), holds("told")]
    counted = count(conditions, sign, wanted)
    book = rulebook(*FACTS, rules=[when(counted)])
    evaluator = DurableEvaluator(book)
    in_force = find_in_force(book, DAY)
    for a, met, told in itertools.product([None, -1, 1], [None, True, False], [None, True, False]):
        facts = {"a": a, "met": met, "told": told}
        trace = agreed(evaluator, in_force, {k: v for k, v in facts.items() if v is not None})

        least = (a == -1) + bool(met) + bool(told)
        most = least + list(facts.values()).count(None)
        answers = {semantics.compare(n, sign, wanted) for n in range(least, most + 1)}
        assert trace.rules["middle_rule"] is (answers.pop() if len(answers) == 1 else UNKNOWN)
    evaluator.close()


def test_a_table_waits_for_its_rows_and_gives_otherwise_only_when_all_are_false():
    rows = [(every(holds("met"), below("b", 0)), 1), (every(holds("met"), at_least("b", 0)), 2)]
    book = rulebook(*FACTS, findings=[table_finding("t", *rows, otherwise=Fraction(7, 2))])

    assert trace_of(book, met=True).findings["t"] is None
    assert trace_of(book, b=3).findings["t"] is None
    assert trace_of(book, met=True, b=3).findings["t"] == 2
    assert trace_of(book, met=False).findings["t"] == Fraction(7, 2)


# Numbers


EDGES = [sign * 2**63 + step for sign in (1, -1) for step in range(-3, 4)]


@pytest.mark.parametrize("line", [2**53 + 1, -(2**53) - 1, 2**62, *EDGES])
@pytest.mark.parametrize("sign", SIGNS)
def test_the_last_place_of_a_large_number_counts(line, sign):
    for value in (line - 1, line, line + 1, 2**70, -(2**70)):
        truth = truth_of(compare("n", sign, line), number("n"), n=value)

        assert truth is semantics.compare(value, sign, line)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("line", [2**63, -(2**63), 10**30, 2**63 - 1, -(2**63) + 1])
def test_a_constant_beyond_64_bits_is_compared_by_its_place_and_the_trace_says_so(line, sign):
    book = rulebook(number("n"), rules=[when(every(compare("n", sign, line), below("n", 10**40)))])
    for value in (-(10**35), line - 1, line, line + 1, 10**35):
        trace = trace_of(book, n=value)

        assert trace.rules["middle_rule"] is semantics.compare(value, sign, line)
        assert trace.remarks == (BY_PLACE,)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_value_beyond_64_bits_is_held_and_the_trace_says_so(sign):
    book = rulebook(number("n"), number("m"), rules=[when(compare("n", sign, "m"))])

    huge = trace_of(book, n=2**64, m=-(2**64))
    tiny = trace_of(book, n=-(2**64), m=2**64)
    plain = trace_of(book, n=2**62, m=2**61)

    assert huge.rules["middle_rule"] is semantics.compare(1, sign, 0)
    assert tiny.rules["middle_rule"] is semantics.compare(0, sign, 1)
    assert plain.remarks == ()
    assert huge.remarks == tiny.remarks == (AS_NEAREST,)


def test_a_value_with_more_decimals_than_declared_is_never_rounded():
    book = rulebook(number("n", decimals=1), rules=[when(below("n", 1))])
    evaluator = DurableEvaluator(book)

    with pytest.raises(EvaluatorError, match="n has more decimals than it declares: 101/100"):
        evaluator.evaluate(find_in_force(book, DAY), {"n": Fraction(101, 100)}, DAY)
    evaluator.close()


@pytest.mark.parametrize(
    ("value", "sign", "truth"),
    [("none", "<", FALSE), ("none", ">=", FALSE), ("low", "<", TRUE), ("good", "<", FALSE)],
)
def test_a_category_outside_the_order_is_known_and_on_no_side(value, sign, truth):
    assert truth_of(ranks("c", sign, "fair"), c=value) is truth


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("a", [0, Fraction(1, 10), Fraction(-1, 10)])
def test_a_mean_is_compared_exactly_however_close(sign, a):
    truth = truth_of(compare(mean_known("a", "b", "c"), sign, 1), *NUMBERS, a=a, b=1, c=2)

    assert truth is semantics.compare(a, sign, 0)


def test_a_function_of_means_is_a_fraction_too():
    most = aggregate("max_known", over(finding("m"), 2), "b")
    book = rulebook(
        *NUMBERS,
        findings=[value_finding("m", mean_known("a", "c")), value_finding("most", most)],
        rules=[when(at_least(finding("most"), Fraction(1, 4)))],
    )

    trace = trace_of(book, a=1, c=0, b=-1)

    assert trace.findings == {"m": Fraction(1, 2), "most": Fraction(1, 4)}
    assert trace.rules["middle_rule"] is TRUE


@pytest.mark.parametrize(
    ("mode", "rounded"), [("half_even", 2), ("half_up", 3), ("down", 2), ("up", 3)]
)
def test_findings_are_rounded_as_they_declare(mode, rounded):
    to = RoundingTo(0, mode)
    book = rulebook(
        *NUMBERS,
        findings=[
            value_finding("v", over("b", 2), rounded=to),
            value_finding("m", mean_known("b", "c"), rounded=to),
            table_finding("t", (below("b", 9), Fraction(5, 2)), otherwise=1, rounded=to),
        ],
        rules=[when(compare(finding(name), "==", rounded), rule_id=name) for name in "vmt"],
    )

    trace = trace_of(book, b=5, c=0)

    assert trace.findings == {"v": rounded, "m": rounded, "t": rounded}
    assert set(trace.rules.values()) == {TRUE}


@pytest.mark.parametrize(
    ("a", "score"),
    [(None, None), (Fraction(-1, 10), 4), (0, Fraction(3, 2)), (Fraction(49, 10), Fraction(3, 2)),
     (5, 1), (99, 1)],
)  # fmt: skip
def test_a_score_among_a_cohort_is_a_number_like_any_other(a, score):
    ranked = Ranked("higher", formula(1), formula(4))
    book = rulebook(
        *NUMBERS,
        findings=[value_finding("s", over("a", 2), ranked=ranked)],
        rules=[when(at_least(finding("s"), Fraction(3, 2)))],
    )
    steps = StepTable("higher", ((0, Fraction(3, 2)), (Fraction(5, 2), 1)), otherwise=4)
    cohort = attrs.evolve(some_cohort(book, DAY), steps={"s": steps})
    evaluator = DurableEvaluator(book)

    trace = agreed(evaluator, find_in_force(book, DAY, cohort), {} if a is None else {"a": a})

    assert trace.findings["s"] == score
    assert trace.rules["middle_rule"] is semantics.compare(score, ">=", Fraction(3, 2))
    evaluator.close()


# The outcome


def outcome_of(*rules, **facts):
    return trace_of(rulebook(*FACTS, rules=rules), **facts).label


MIDDLE_IF_MET = when(holds("met"), rule_id="m")
HEAVY_IF_TOLD = when(holds("told"), HEAVY, rule_id="h")
REFER_IF_BELOW = when(below("b", 0), REFER, rule_id="r", if_unknown="hold_back")


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        ({"met": True, "told": True, "b": -1}, HEAVY),
        ({"met": True, "told": True}, HEAVY),
        ({"met": True, "told": False, "b": -1}, REFERRAL),
        ({"met": True, "told": False}, REFERRAL),
        ({"met": True, "b": 1}, REFERRAL),
        ({"met": True, "told": False, "b": 1}, MIDDLE),
        ({"told": False, "b": 1}, MIDDLE),
        ({"met": False, "told": False, "b": 1}, LIGHT),
    ],
)
def test_the_outcome_is_derived_from_the_truths_of_the_rules(facts, label):
    assert outcome_of(MIDDLE_IF_MET, HEAVY_IF_TOLD, REFER_IF_BELOW, **facts) == label


def test_what_an_unknown_rule_does_is_up_to_the_rule():
    def unknown(outcome, if_unknown):
        return outcome_of(when(holds("met"), outcome, if_unknown=if_unknown))

    assert unknown(MIDDLE, "hold_back") == MIDDLE
    assert unknown(MIDDLE, "ignore") == LIGHT
    assert unknown(MIDDLE, "refer") == REFERRAL
    assert unknown(HEAVY, "ignore") == LIGHT
    assert unknown(HEAVY, "refer") == REFERRAL
    assert unknown(HEAVY, "hold_back") == HEAVY  # no file may say so, but it has a meaning
