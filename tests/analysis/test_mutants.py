"""Small changes of a rulebook: that they are made, noticed, and called equivalent only rightly."""

import datetime
import itertools

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.analysis.coverage import Seen, measure
from oversight_engine.analysis.equivalence import CellProof
from oversight_engine.analysis.missing_tests import Finder, propose
from oversight_engine.analysis.mutants import Trial, run_mutants, with_moved
from oversight_engine.analysis.mutations import mutants_of
from oversight_engine.analysis.rulebook_tests import (
    answer_of,
    find_failures,
    situation_of,
    situations_of,
)
from oversight_engine.cohort import compute_cohort
from oversight_engine.engine import Engine, decide
from oversight_engine.language.rulebook_tests import files_of_tests, read_tests
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.model.rulebook_tests import Expected, RulebookTest
from oversight_engine.resources import shipped
from tests import builders as b
from tests.builders import DAY, HEAVY, LIGHT, MIDDLE

PER_CENT = b.number("rate", unit="%", decimals=1, range=(0, 100))
OTHER = b.number("other", unit="%", decimals=1, range=(0, 100))


def told(book, name="A test", *, asks=True, **facts):
    """Return a test that expects what the rulebook comes to."""
    case = b.case_of(**facts)
    answer = answer_of(decide(book, case, evaluators=("reference",)))
    acting = tuple(rule for rule, effect in answer.effects.items() if effect != "none")
    expected = Expected(answer.label, acting, only=True,
                        findings=tuple(answer.findings.items()) if asks else ())  # fmt: skip
    return situation_of(RulebookTest(name, case, expected), find_in_force(book, DAY))


def said(mutants):
    return [(mutant.how, mutant.id, mutant.change) for mutant in mutants]


def test_every_kind_of_small_change_is_made():
    book = b.rulebook(
        PER_CENT, OTHER, b.boolean("met"), b.category("level", "low", "high", ordered=True),
        parameters=[b.parameter_of("target", 70, unit="%")],
        findings=[
            b.table_finding("score", (b.below("rate", 50), 4), (b.at_least("rate", 50), 1)),
            b.condition_finding(
                "fine", b.every(b.at_least("rate", b.parameter("target")), b.holds("met"))
            ),
        ],
        rules=[
            b.unless(b.holds(b.finding("fine")), rule_id="missed"),
            b.when(b.ranks("level", "<=", "low"), HEAVY, rule_id="low"),
        ],
    )  # fmt: skip

    assert said(mutants_of(book)) == [
        ("threshold", "target", "70 becomes 69.9"),
        ("threshold", "target", "70 becomes 70.1"),
        # The cut of a table is one, though it stands in two rows.
        ("strictness", "score", "< becomes <="),
        ("threshold", "score", "50 becomes 49.9"),
        ("threshold", "score", "50 becomes 50.1"),
        ("value", "score", "4 becomes 3"),
        ("value", "score", "4 becomes 5"),
        ("value", "score", "1 becomes 0"),
        ("value", "score", "1 becomes 2"),
        ("strictness", "fine", ">= becomes >"),
        ("dropped", "fine", "this is gone"),
        ("dropped", "fine", "this is gone"),
        ("dropped", "missed", "the rule is gone"),
        ("when_unless", "missed", "unless becomes when"),
        ("outcome", "missed", f"{MIDDLE} becomes {HEAVY}"),
        ("if_unknown", "missed", "hold_back becomes refer"),
        ("if_unknown", "missed", "hold_back becomes ignore"),
        ("strictness", "low", "<= becomes <"),
        ("threshold", "low", "low becomes high"),
        ("dropped", "low", "the rule is gone"),
        ("when_unless", "low", "when becomes unless"),
        ("outcome", "low", f"{HEAVY} becomes {MIDDLE}"),
        ("if_unknown", "low", "refer becomes ignore"),
    ]


def test_a_table_whose_cut_is_moved_has_neither_gap_nor_overlap():
    book = b.rulebook(
        PER_CENT, rules=[b.when(b.compare(b.finding("score"), ">=", 2))],
        findings=[b.table_finding("score", (b.below("rate", 50), 4), (b.at_least("rate", 50), 1))],
    )  # fmt: skip
    for mutant in mutants_of(book):
        if mutant.how in {"strictness", "threshold"} and mutant.id == "score":
            in_force = find_in_force(evolve(book, findings=(mutant.new,)), DAY)
            for rate in (0, 49, 50, 51, 100):
                truths = semantics.evaluate(in_force, {"rate": rate}, DAY).leaves[:2]
                assert sorted(truth.value for truth in truths) == ["false", "true"]


def test_a_test_on_the_line_notices_what_one_beside_it_does_not():
    book = b.rulebook(PER_CENT, rules=[b.unless(b.at_least("rate", 70), rule_id="missed")])
    on, beside = told(book, rate=70), told(book, rate=80)
    [strict] = [m for m in mutants_of(book) if m.how == "strictness"]

    assert Trial([beside], compute_cohort).noticed_by(strict) is None
    assert Trial([beside, on], compute_cohort).noticed_by(strict) is on


# Against the whole engine: a mutant is noticed where deciding every test again says so.


def mutated(book, mutant):
    """Return the whole rulebook with the change in it."""
    if mutant.moved is not None:
        return with_moved(book, mutant)
    kind = {"finding": "findings", "rule": "rules", "consequence": "consequences"}[mutant.kind]
    items = tuple(
        mutant.new if item.id == mutant.id else item
        for item in getattr(book, kind)
        if not (item.id == mutant.id and mutant.new is None)
    )
    return evolve(book, **{kind: items})


def is_noticed_by_deciding(book, mutant, situation):
    with Engine(mutated(book, mutant), evaluators=("reference",)) as engine:
        answer = answer_of(engine.decide(situation.test.case))
    return any(find_failures(situation.test.expected, answer))


@pytest.fixture(scope="module")
def hewitt():
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    suites = read_tests(files_of_tests(shipped("rules") / "hewitt-2023"), rulebook)
    return rulebook, situations_of(rulebook, suites, compute_cohort)


def test_no_more_is_computed_than_needed_and_it_comes_to_the_same(hewitt):
    rulebook, situations = hewitt
    few = situations[::23]
    for mutant in itertools.islice(mutants_of(rulebook), 0, None, 29):
        for situation in few:
            quick = Trial([situation], compute_cohort).noticed_by(mutant) is not None
            assert quick == is_noticed_by_deciding(rulebook, mutant, situation), mutant[:6]


def test_what_rests_on_a_change_is_computed_anew_and_nothing_else_differs(hewitt):
    rulebook, situations = hewitt
    trial = Trial(situations, compute_cohort)
    for mutant in itertools.islice(mutants_of(rulebook), 0, None, 7):
        for situation in situations[:9]:
            both = trial.changed(situation, mutant)
            if both is None or (mutant.new is None and mutant.moved is None):
                continue
            quick = trial.trace(situation, both[1])
            whole = semantics.evaluate(both[0], situation.known, situation.day)
            assert quick.findings == whole.findings, mutant[:6]
            assert quick.rules == whole.rules, mutant[:6]
            assert quick.consequences == whole.consequences, mutant[:6]


# Equivalence


def proved(book, how):
    proof = CellProof(book)
    return {
        mutant.change: proof.why_equivalent(mutant)
        for mutant in mutants_of(book)
        if mutant.how == how
    }


def test_what_no_value_in_range_can_tell_apart_is_equivalent():
    book = b.rulebook(PER_CENT, rules=[b.when(b.compare("rate", "<=", 100), rule_id="always")])

    assert proved(book, "threshold") == {
        "100 becomes 99.9": "",
        "100 becomes 100.1": "its table is the same over all cells",
    }


def test_a_parameter_that_nothing_reads_may_be_anything():
    book = b.rulebook(
        PER_CENT, rules=[b.when(b.below("rate", 50))], parameters=[b.parameter_of("spare", 7)]
    )

    assert set(proved(book, "threshold").values()) == {"", "nothing in force on its days reads it"}


def test_whether_an_unknown_rule_refers_is_nothing_to_one_that_is_always_known():
    book = b.rulebook(PER_CENT, rules=[b.when(b.known("rate")), b.when(b.below("rate", 5), HEAVY)])

    assert set(proved(book, "if_unknown").values()) == {"the rule is known in every case", ""}


def test_a_rule_beside_a_broader_one_as_severe_makes_no_difference():
    book = b.rulebook(
        PER_CENT, OTHER,
        rules=[
            b.when(
                b.some(b.below("rate", 50), b.negated(b.known("rate"))), HEAVY, rule_id="broad"
            ),
            b.when(b.below("rate", 40), HEAVY, rule_id="narrow"),
            b.when(b.below("other", 40), HEAVY, rule_id="apart"),
        ],
    )  # fmt: skip
    proof = CellProof(book)
    why = {m.id: proof.why_equivalent(m) for m in mutants_of(book) if m.how == "outcome"}

    assert why["narrow"].startswith("whenever it holds or is unknown, broad holds")
    assert not why["broad"]
    assert not why["apart"]


def test_a_condition_that_the_outcome_implies_makes_no_difference():
    book = b.rulebook(
        PER_CENT, OTHER,
        rules=[b.unless(b.at_least("rate", 70), rule_id="missed")],
        consequences=[
            b.consequence("both", LIGHT,
                          when=b.every(b.at_least("rate", 70), b.at_least("other", 10))),
        ],
    )  # fmt: skip
    proof = CellProof(book)
    dropped = [m for m in mutants_of(book) if m.kind == "consequence" and m.how == "dropped"]

    assert [bool(proof.why_equivalent(mutant)) for mutant in dropped] == [True, False]


def test_an_unknown_rule_that_is_ignored_excludes_nothing():
    ignored = {"if_unknown": "ignore", "reason_to_ignore": "a test"}
    book = b.rulebook(
        PER_CENT, OTHER,
        rules=[b.unless(b.at_least("rate", 70), rule_id="missed", **ignored)],
        consequences=[
            b.consequence("both", LIGHT,
                          when=b.every(b.at_least("rate", 70), b.at_least("other", 10))),
        ],
    )  # fmt: skip
    dropped = [m for m in mutants_of(book) if m.kind == "consequence" and m.how == "dropped"]

    assert not any(map(CellProof(book).why_equivalent, dropped))


def test_what_a_change_makes_unknown_keeps_no_truth_it_had():
    book = b.rulebook(
        PER_CENT, OTHER, rules=[b.when(b.holds(b.finding("it")), rule_id="one")],
        findings=[b.condition_finding("it", b.some(b.below("rate", 50), b.below("other", 50)))],
    )  # fmt: skip
    here = told(book, rate=40)
    trial = Trial([here], compute_cohort)
    dropped = next(m for m in mutants_of(book) if m.how == "dropped")

    assert here.trace.rules["one"].value == "true"
    assert trial.trace(here, trial.changed(here, dropped)[1]).rules["one"].value == "unknown"


def test_a_change_that_brings_a_rule_into_force_on_other_days_makes_a_difference():
    """Without the parameter that has no value at first, the rule holds from the start."""
    later = b.parameter_of("later", b.dated(-1, datetime.date(2025, 7, 1)))
    condition = b.every(b.below("a", 5), b.at_least("a", b.parameter("later")))
    rules = [b.when(condition, MIDDLE, rule_id="one")]
    book = b.rulebook(b.number("a", range=(0, 9)), rules=rules, parameters=[later])
    proof = CellProof(book)
    dropped = [m for m in mutants_of(book) if m.how == "dropped" and "later" in m.where]

    assert dropped
    assert not any(proof.why_equivalent(mutant) for mutant in dropped)


def test_a_lighter_outcome_of_an_unknown_rule_is_possible_where_a_broader_one_is_unknown_too():
    rules = [
        b.when(b.below("a", 9), HEAVY, rule_id="broad"),
        b.when(b.below("a", 5), HEAVY, rule_id="narrow"),
    ]
    book = b.rulebook(b.number("a", range=(0, 9)), rules=rules)
    lighter = [m for m in mutants_of(book) if (m.how, m.id) == ("outcome", "narrow")]
    changed = [find_in_force(mutated(book, mutant), DAY) for mutant in lighter]

    assert lighter
    for mutant, each in zip(lighter, changed, strict=True):
        is_same = outcome(each, {}) == outcome(find_in_force(book, DAY), {})
        assert is_same or not CellProof(book).why_equivalent(mutant)


RATES = st.sampled_from([None, 0, 1, 49, 50, 51, 99, 100])
COMPARED = st.tuples(
    st.sampled_from(["rate", "other"]), st.sampled_from(["<", "<=", ">", ">="]),
    st.sampled_from([0, 1, 50, 99, 100, b.parameter("bar")]),
)  # fmt: skip


@st.composite
def books(draw):
    whole = [b.number("rate", range=(0, 100)), b.number("other", range=(0, 100))]

    def condition():
        parts = [b.compare(*each) for each in draw(st.lists(COMPARED, min_size=1, max_size=3))]
        return parts[0] if len(parts) == 1 else draw(st.sampled_from([b.every, b.some]))(*parts)

    findings = [b.condition_finding("it", condition())]
    unsure = draw(st.sampled_from(["hold_back", "refer", "ignore"]))
    first = draw(st.sampled_from([b.holds(b.finding("it")), condition()]))
    rules = [
        b.when(first, MIDDLE, rule_id="one", if_unknown=unsure),
        b.unless(condition(), draw(st.sampled_from([MIDDLE, HEAVY])), rule_id="two"),
    ]
    items = [
        b.consequence("carried", LIGHT, *draw(st.sampled_from([(), (MIDDLE,)])), when=condition())
    ]
    bar = b.parameter_of("bar", draw(st.sampled_from([-1, 0, 50, 100, 101])))
    return b.rulebook(*whole, rules=rules, findings=findings, consequences=items, parameters=[bar])


@settings(max_examples=2 * settings.default.max_examples)
@given(book=books())
def test_what_is_called_equivalent_is_the_same_in_every_case(book):
    proof = CellProof(book)

    for mutant in mutants_of(book):
        if not proof.why_equivalent(mutant):
            continue
        other = find_in_force(mutated(book, mutant), DAY)
        here = find_in_force(book, DAY)
        for rate in (None, 0, 1, 2, 49, 50, 51, 98, 99, 100):
            for second in (None, 0, 1, 2, 49, 50, 51, 98, 99, 100):
                known = {"rate": rate, "other": second}
                known = {name: value for name, value in known.items() if value is not None}
                assert outcome(here, known) == outcome(other, known), mutant[:6]


def outcome(in_force, known):
    from oversight_engine.combining import combine

    trace = semantics.evaluate(in_force, known, DAY)
    verdict = combine(in_force, trace.rules)
    carried = {
        item.id: trace.consequences[item.id]
        for item in in_force.consequences
        if (verdict.outcome or REFERRAL) in item.outcomes
        and trace.consequences[item.id].value != "false"
    }
    return verdict.outcome, verdict.possible, carried, trace.findings


# Tests that are missing


def test_a_missing_test_is_found_decided_and_shows_what_it_should():
    book = b.rulebook(
        PER_CENT, OTHER,
        rules=[
            b.unless(b.every(b.at_least("rate", 70), b.at_least("other", 10)), rule_id="missed")
        ],
    )  # fmt: skip
    seeds = [told(book, "Everything is well", rate=80, other=50)]
    run = run_mutants(book, seeds, compute_cohort, CellProof(book))
    finder = Finder(seeds, Trial(seeds, compute_cohort), lambda _: None)
    found = [each for _, each in propose(finder, [], run.survivors, _trial)]

    assert run.survivors
    assert None not in found
    after = [*seeds, *(each.situation for each in found)]
    assert run_mutants(book, after, compute_cohort, CellProof(book)).survivors == ()
    names = [each.test.name for each in found]
    assert "Rate at 70%: nothing holds it back" in names
    for each in found:
        decision = decide(book, each.test.case)
        assert not list(find_failures(each.test.expected, answer_of(decision)))


def _trial(tests):
    return Trial(tests, compute_cohort)


# What ships


@pytest.mark.parametrize("name", ["hewitt-2023", "nof-2025-26", "nof-2026-27"])
def test_the_tests_of_what_ships_notice_every_small_change_that_is_one(name):
    folder = shipped("rules") / name
    rulebook = load_rulebook(folder)
    situations = situations_of(
        rulebook, read_tests(files_of_tests(folder), rulebook), compute_cohort
    )
    run = run_mutants(rulebook, situations, compute_cohort, CellProof(rulebook))

    books = [rulebook, *{id(s.in_force.rulebook): s.in_force.rulebook for s in situations}.values()]
    coverage = measure(books, [Seen(s.in_force, s.trace, s.test.expected.outcome)
                               for s in situations])  # fmt: skip
    assert {what: missing for what, missing in coverage.uncovered.items() if missing} == {}
    survivors = [(m.how, m.id, m.where, m.change) for m in run.survivors]
    assert run.tenths >= 950, survivors
    assert run.asked > 150
