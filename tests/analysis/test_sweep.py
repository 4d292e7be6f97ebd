"""Columns come to what the reference comes to, and a sweep to what deciding each value comes to."""

import datetime
from collections import Counter
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("numpy")

from oversight_engine import semantics
from oversight_engine.analysis.columns import ColumnEvaluator, columns_of, outcomes
from oversight_engine.analysis.rulebook_tests import situations_of
from oversight_engine.analysis.sweep import Steps, sweep
from oversight_engine.cohort import compute_cohort
from oversight_engine.combining import combine
from oversight_engine.compiler import compile_program
from oversight_engine.errors import InputError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebook_tests import files_of_tests, read_tests
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from oversight_engine.resources import shipped
from tests import builders as b
from tests import strategies
from tests.builders import DAY, HEAVY, MIDDLE

LIMITED = "beyond what 64 bits hold"


def truth_at(truths, place):
    assert not (truths.true[place] and truths.false[place])
    return TRUE if truths.true[place] else FALSE if truths.false[place] else UNKNOWN


def number_at(numbers, place):
    if not numbers.known[place]:
        return None
    under = numbers.denominator
    return Fraction(
        int(numbers.numerator[place]), int(under if isinstance(under, int) else under[place])
    )


def assert_same(in_force, known, day):
    """Hold everything that columns come to against the reference, case by case."""
    program = compile_program(in_force)
    made = ColumnEvaluator(program).evaluate(columns_of(in_force, known, day))
    found = outcomes(program, made)
    labels = (*program.outcomes, REFERRAL)
    for place, facts in enumerate(known):
        trace = semantics.evaluate(in_force, facts, day)
        for name, proposition in program.conditions:
            assert truth_at(made.truths(proposition), place) is trace.findings[name], name
        for name, term_place in program.values:
            term = program.terms[term_place]
            number = number_at(made.terms[term_place], place)
            wanted = trace.findings[name]
            if isinstance(wanted, str):
                wanted = term.codes[wanted]
            elif wanted is not None:
                wanted *= term.scale or 1
            assert number == wanted, name
        for rule in program.rules:
            assert truth_at(made.truths(rule.proposition), place) is trace.rules[rule.id]
        leaves = [truth_at(made.truths(leaf), place) for leaf in program.leaves]
        assert tuple(leaves) == trace.leaves
        assert labels[found[place]] == (combine(in_force, trace.rules).outcome or REFERRAL)


def is_refused(error):
    return LIMITED in str(error)


@given(data=st.data())
def test_columns_come_to_what_the_reference_comes_to(data):
    book = data.draw(strategies.rulebooks())
    day = data.draw(st.sampled_from(strategies.DAYS))
    in_force = find_in_force(book, day)
    known = data.draw(st.lists(strategies.known_facts(book, day), min_size=1, max_size=6))
    try:
        assert_same(in_force, known, day)
    except InputError as error:
        assume(not is_refused(error))
        raise


def test_columns_come_to_the_same_on_shipped_cases():
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    cases = read_cases(shipped("cases") / "illustrative", rulebook)
    for day in {case.as_of for case in cases}:
        known = [semantics.known_facts(rulebook, c, day) for c in cases if c.as_of == day]
        assert_same(find_in_force(rulebook, day), known, day)


def test_what_64_bits_do_not_hold_is_refused_and_not_wrapped():
    wide = b.rulebook(
        b.number("a"), b.number("c"),
        rules=[b.when(b.below(b.plus(b.times(10**12, b.fact("a")), b.fact("c")), 0))],
    )  # fmt: skip
    in_force = find_in_force(wide, DAY)
    evaluator = ColumnEvaluator(compile_program(in_force))
    evaluator.evaluate(columns_of(in_force, [{"a": 10**6, "c": 1}], DAY))
    with pytest.raises(InputError, match=LIMITED):
        evaluator.evaluate(columns_of(in_force, [{"a": 10**7, "c": 1}], DAY))
    with pytest.raises(InputError, match=LIMITED):
        columns_of(in_force, [{"a": 2**63}], DAY)


# The sweep, against deciding at every value.


def decided(in_force, parameter, value, known, day=DAY):
    dated = in_force.parameters[parameter]
    moved = in_force.parameters | {parameter: evolve(dated, value=value)}
    at = evolve(in_force, parameters=moved)
    return Counter(
        combine(at, semantics.evaluate(at, facts, day).rules).outcome or REFERRAL for facts in known
    )


def assert_exact(in_force, parameter, steps, known, day=DAY):
    found = sweep(in_force, parameter, steps, columns_of(in_force, known, day))
    assert len(found.values) == steps.number
    for value, counts in zip(found.values, found.counts, strict=True):
        told = {label: n for label, n in zip(found.labels, counts, strict=True) if n}
        assert told == decided(in_force, parameter, value, known, day), value


NUMBERS = st.integers(-6, 6)
OPERATORS = st.sampled_from(["<", "<=", ">", ">="])


@st.composite
def quantities(draw):
    """Draw something linear in facts, and in the parameter, which is there."""
    bar = b.parameter("bar")
    other = draw(st.sampled_from([b.fact("a"), b.fact("c"), b.x.Number(draw(NUMBERS))]))
    times = draw(st.sampled_from([-2, 1, 3, Fraction(1, 2)]))
    return draw(
        st.sampled_from(
            [
                bar,
                b.plus(bar, other),
                b.minus(other, bar),
                b.times(times, bar),
                b.times(bar, b.fact("c")),
                b.over(bar, 4),
            ]
        )
    )


@st.composite
def conditions(draw):
    a = draw(st.sampled_from([b.fact("a"), b.fact("c"), b.mean_known("a", "c")]))
    return b.compare(a, draw(OPERATORS), draw(quantities()))


@st.composite
def books(draw):
    """Draw a rulebook in which a few comparisons read the parameter `bar`."""
    facts = [b.number("a", decimals=1), b.number("c"), b.boolean("met")]
    one, two = draw(conditions()), draw(conditions())
    count = b.count([b.holds("met"), b.below("a", 2), b.below("c", 0)], draw(OPERATORS),
                    b.parameter("bar"))  # fmt: skip
    second = draw(st.sampled_from([two, count, b.some(two, b.holds("met"))]))
    table = b.table_finding(
        "score", (b.below("c", b.parameter("bar")), 2), (b.at_least("c", b.parameter("bar")), 1)
    )
    third = b.at_least(b.finding("score"), 2)
    rules = [
        b.when(b.holds(b.finding("it")), draw(st.sampled_from([MIDDLE, HEAVY])), rule_id="one"),
        b.unless(second, draw(st.sampled_from([MIDDLE, HEAVY])), rule_id="two"),
        b.when(b.every(third, b.negated(b.holds("met"))), MIDDLE, rule_id="three"),
    ]
    return b.rulebook(
        *facts, rules=rules, findings=[b.condition_finding("it", one), table],
        parameters=[b.parameter_of("bar", 1)],
    )  # fmt: skip


KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(-60, 60).map(lambda n: whole_if_possible(Fraction(n, 10))),
        "c": NUMBERS,
        "met": st.booleans(),
    },
)


@given(
    book=books(),
    known=st.lists(KNOWN, min_size=1, max_size=12),
    start=NUMBERS,
    step=st.sampled_from([1, Fraction(1, 2), Fraction(1, 10), Fraction(1, 3)]),
)
def test_a_sweep_counts_what_deciding_each_value_counts(book, known, start, step):
    assert_exact(find_in_force(book, DAY), "bar", Steps(start, step, 25), known)


SWEPT = [
    "cancer_62day_target_pct", "far_below_target_pp", "national_priorities_needed",
    "priorities_on_track_needed_pct", "variance_worst_below_pct", "external_review_max_days",
]  # fmt: skip


@pytest.mark.parametrize("parameter", SWEPT)
def test_thresholds_of_the_shipped_rulebook_are_swept_exactly(parameter):
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    day = datetime.date(2025, 6, 30)
    cases = read_cases(shipped("cases") / "illustrative", rulebook)
    known = [semantics.known_facts(rulebook, c, day) for c in cases if c.as_of == day]
    in_force = find_in_force(rulebook, day)
    start = in_force.parameters[parameter].value - 4

    assert_exact(in_force, parameter, Steps(start, Fraction(1, 2), 17), known, day)


REFUSED = {
    "an equality": ([b.when(b.compare("a", "==", b.parameter("bar")))], "turns more than once"),
    "nothing that reads it": ([b.when(b.below("a", 1))], "nothing in force on that day reads it"),
    "a division by it": (
        [b.when(b.below(b.over("a", b.parameter("bar")), 1))], "something is divided by it"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_threshold_is_refused_with_the_reason(what):
    rules, reason = REFUSED[what]
    book = b.rulebook(b.number("a"), rules=rules, parameters=[b.parameter_of("bar", 1)])
    in_force = find_in_force(book, DAY)

    with pytest.raises(InputError, match=reason):
        sweep(in_force, "bar", Steps(0, 1, 3), columns_of(in_force, [{"a": 1}], DAY))


def test_a_value_that_rests_on_it_is_refused():
    book = b.rulebook(
        b.number("a"), rules=[b.when(b.below(b.finding("sum"), 1))],
        findings=[b.value_finding("sum", b.plus("a", b.parameter("bar")))],
        parameters=[b.parameter_of("bar", 1)],
    )  # fmt: skip
    in_force = find_in_force(book, DAY)

    with pytest.raises(InputError, match="it is no threshold of sum"):
        sweep(in_force, "bar", Steps(0, 1, 3), columns_of(in_force, [{"a": 1}], DAY))


@pytest.mark.parametrize("mode", ["half_even", "half_up", "down", "up"])
def test_rounding_is_that_of_single_cases_on_either_side_of_0_and_on_every_tie(mode):
    rounding = b.r.RoundingTo(1, mode)
    book = b.rulebook(
        b.number("a", decimals=2), rules=[b.when(b.below(b.finding("it"), 0))],
        findings=[b.value_finding("it", b.over("a", 2), rounded=rounding)],
    )  # fmt: skip
    known = [{"a": whole_if_possible(Fraction(n, 100))} for n in range(-45, 46)]

    assert_same(find_in_force(book, DAY), known, DAY)


def test_scores_by_rank_are_looked_up_as_for_single_cases():
    folder = shipped("rules") / "nof-2025-26"
    rulebook = load_rulebook(folder)
    suites = read_tests(files_of_tests(folder), rulebook)
    situations = situations_of(rulebook, suites, compute_cohort)

    assert_same(situations[0].in_force, [each.known for each in situations], situations[0].day)


def test_no_cases_at_all_are_counted_as_none():
    book = b.rulebook(b.number("a"), rules=[b.when(b.below("a", b.parameter("bar")))],
                      parameters=[b.parameter_of("bar", 1)])  # fmt: skip
    in_force = find_in_force(book, DAY)

    found = sweep(in_force, "bar", Steps(0, 1, 3), columns_of(in_force, [], DAY))
    assert set(found.counts) == {(0, 0, 0, 0)}


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">=", "==", "!="])
def test_a_mean_is_compared_exactly_where_it_is_no_whole_number(symbol):
    mean = b.mean_known("a", "c", weights=(1, 2))
    book = b.rulebook(
        b.number("a"), b.number("c"), rules=[b.when(b.compare(mean, symbol, Fraction(5, 3)))]
    )
    known = [{"a": a, "c": c} for a in range(-2, 4) for c in range(-2, 4)] + [{"a": 1}, {}]

    assert_same(find_in_force(book, DAY), known, DAY)
