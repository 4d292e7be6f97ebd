"""decide() turns the truths of one case into one decision, with every reason and nothing else."""

import datetime

import attrs
import pytest

from oversight_engine import engine as engine_module
from oversight_engine import semantics
from oversight_engine._version import __version__
from oversight_engine.engine import Engine, decide
from oversight_engine.errors import ExitCode, InputError, NotInForceError
from oversight_engine.model.case import StatedFact
from oversight_engine.model.decision import Attestation
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.expression import DaysSince
from oversight_engine.model.in_force import NotInForce, find_in_force
from oversight_engine.model.rulebook import REFER, REFERRAL, Span
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    below,
    case_of,
    compare,
    condition_finding,
    consequence,
    date_fact,
    dated,
    days_before,
    decided,
    every,
    finding,
    number,
    parameter,
    parameter_of,
    plus,
    rulebook,
    table_finding,
    unless,
    value_finding,
    when,
)

T, F, U = TRUE, FALSE, UNKNOWN
REFERENCE = ("reference",)


def by_id(results, kind):
    return {getattr(result, kind).id: result for result in results}


SMALL = rulebook(
    number("a"),
    number("b"),
    rules=[when(below("a", 5)), when(below("b", 0), HEAVY)],
)


# The outcome


@pytest.mark.parametrize(
    ("facts", "outcome", "possible"),
    [
        ({"a": 5, "b": 0}, LIGHT, (LIGHT,)),
        ({"a": 4, "b": 0}, MIDDLE, (MIDDLE,)),
        ({"a": 5, "b": -1}, HEAVY, (HEAVY,)),
        ({"b": -1}, HEAVY, (HEAVY,)),
        ({"b": 0}, MIDDLE, (LIGHT, MIDDLE)),
        ({"a": 5}, None, (LIGHT, HEAVY)),
        ({"a": 4}, None, (MIDDLE, HEAVY)),
        ({}, None, (LIGHT, MIDDLE, HEAVY)),
    ],
)
def test_a_case_has_one_outcome_or_is_referred(facts, outcome, possible):
    decision = decided(SMALL, **facts)

    assert decision.outcome == outcome
    assert decision.possible == possible
    assert decision.referred is (outcome is None)
    assert decision.label == (outcome or REFERRAL)


def test_every_rule_says_what_it_did():
    book = rulebook(
        number("a"),
        number("b"),
        rules=[
            when(below("a", 5), rule_id="true"),
            when(below("a", 3), rule_id="false"),
            when(below("b", 0), rule_id="holding"),
            when(below("b", 0), HEAVY, rule_id="ignored", if_unknown="ignore"),
            when(below("b", 0), HEAVY, rule_id="referring"),
            when(below("a", 5), REFER, rule_id="inadmissible"),
        ],
    )

    results = by_id(decided(book, a=4).rules, "rule")

    assert {rule_id: (result.truth, result.effect) for rule_id, result in results.items()} == {
        "true": (T, "holds"),
        "false": (F, "none"),
        "holding": (U, "holds_back"),
        "ignored": (U, "ignored"),
        "referring": (U, "refers"),
        "inadmissible": (T, "refers"),
    }


def test_every_condition_says_its_truth_and_what_its_sides_came_to():
    book = rulebook(
        number("a"), number("b"), rules=[when(every(below("a", 5), below("b", plus("a", 1))))]
    )

    (result,) = decided(book, a=4).rules

    assert [(leaf.leaf.text, leaf.truth, leaf.left, leaf.right) for leaf in result.leaves] == [
        ("a < 5", T, 4, 5),
        ("b < (a + 1)", U, None, 5),
    ]


def test_findings_are_part_of_the_decision():
    book = rulebook(
        number("a"),
        findings=[
            value_finding("more", plus("a", 1)),
            condition_finding("low", below(finding("more"), 5)),
        ],
    )

    results = by_id(decided(book, a=3).findings, "finding")

    assert (results["more"].conclusion, results["more"].leaves) == (4, ())
    assert results["low"].conclusion is T
    assert [leaf.left for leaf in results["low"].leaves] == [4]


# Facts as read


def test_every_declared_fact_is_read_and_says_why_it_is_unknown():
    book = rulebook(
        number("stated"),
        number("absent"),
        number("suppressed"),
        number("stale", max_age=10),
        rules=[when(below("stated", 0), rule_id="x"), when(below("stale", 0), rule_id="y")],
    )
    old = StatedFact(-1, as_at=days_before(11))

    readings = by_id(
        decided(book, stated=0, suppressed=StatedFact(None, status="suppressed"), stale=old).facts,
        "fact",
    )

    assert {name: (r.value, r.why_unknown, r.consulted) for name, r in readings.items()} == {
        "stated": (0, "", True),
        "absent": (None, "not stated", False),
        "suppressed": (None, "its status is suppressed, which is not accepted", False),
        "stale": (None, "11 days old, and at most 10 are allowed", True),
    }
    assert readings["stale"].stated is old


def test_a_stale_fact_is_unknown_and_holds_back_however_good_it_was():
    book = rulebook(number("a", max_age=10), rules=[when(below("a", 5))])

    assert decided(book, a=StatedFact(9, as_at=days_before(10))).outcome == LIGHT
    assert decided(book, a=StatedFact(9, as_at=days_before(11))).outcome == MIDDLE


def test_the_end_of_the_period_dates_what_has_no_date_of_its_own():
    book = rulebook(number("a", max_age=10), rules=[when(below("a", 5))])
    fresh = case_of(a=9, period=Span(days_before(100), days_before(10)))
    stale = case_of(a=9, period=Span(days_before(100), days_before(11)))

    assert decide(book, fresh, evaluators=REFERENCE).outcome == LIGHT
    assert decide(book, stale, evaluators=REFERENCE).outcome == MIDDLE


def test_a_fact_is_consulted_when_anything_in_force_mentions_it():
    later = Span(days_before(-1))
    names = ("rule", "value", "row", "consequence", "late", "nowhere")
    book = rulebook(
        *map(number, names),
        findings=[
            value_finding("v", plus("value", 1)),
            table_finding("t", (below("row", 0), 1), otherwise=2),
        ],
        rules=[
            when(below("rule", 0), rule_id="x"),
            when(below("late", 0), rule_id="y", span=later),
        ],
        consequences=[consequence("c", HEAVY, when=below("consequence", 0))],
    )

    readings = by_id(decided(book).facts, "fact")

    assert [name for name in names if readings[name].consulted] == [
        "rule", "value", "row", "consequence",
    ]  # fmt: skip


# What it rests on


def test_an_outcome_says_which_facts_it_rests_on_that_are_not_final():
    names = ("silent", "unused", "final", "first", "second", "rough")
    book = rulebook(
        *map(number, names),
        rules=[when(below(name, 0), rule_id=name) for name in names if name != "unused"],
    )

    decision = decided(
        book,
        final=1,
        second=StatedFact(1, status="provisional"),
        first=StatedFact(1, status="provisional"),
        rough=StatedFact(1, status="illustrative"),
        silent=StatedFact(None, status="suppressed"),
        unused=StatedFact(1, status="derived"),
    )

    assert decision.rests_on == (("provisional", ("first", "second")), ("illustrative", ("rough",)))


def test_an_outcome_on_final_facts_alone_rests_on_nothing_less():
    assert decided(SMALL, a=5, b=0).rests_on == ()


# Dates


def test_the_date_of_the_decision_is_the_cases_own_unless_it_is_given():
    case = case_of(a=5, b=0)

    own = decide(SMALL, case, evaluators=REFERENCE)
    given = decide(SMALL, case, as_of=days_before(-10), evaluators=REFERENCE)
    same = decide(SMALL, case, as_of=DAY, evaluators=REFERENCE)

    assert (own.as_of, own.as_of_overridden) == (DAY, False)
    assert (given.as_of, given.as_of_overridden) == (days_before(-10), True)
    assert same == own


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (datetime.date(2025, 3, 31), "from 2024-04-01 to 2025-03-31, not on 2025-06-30"),
        (None, "from 2024-04-01, not on 2024-03-31"),
    ],
)
def test_a_rulebook_that_does_not_hold_on_the_date_is_refused(end, said):
    book = attrs.evolve(SMALL, span=Span(datetime.date(2024, 4, 1), end))
    day = DAY if end else datetime.date(2024, 3, 31)

    with pytest.raises(NotInForceError) as refused:
        decided(book, on=day, a=5, b=0)

    assert str(refused.value) == f"the rulebook test 1.0.0 is in force {said}"
    assert refused.value.exit_code is ExitCode.BAD_INPUT
    assert decided(book, on=datetime.date(2024, 4, 1), a=5, b=0).outcome == LIGHT


def test_a_moment_is_not_the_date_of_a_decision():
    noon = datetime.datetime(2025, 6, 30, 12, 0, tzinfo=datetime.UTC)

    with pytest.raises(InputError, match="the date of a decision is a day"):
        decided(SMALL, on=noon, a=5, b=0)


def test_one_engine_decides_by_the_rules_and_numbers_of_each_day():
    start = datetime.date(2025, 4, 1)
    book = rulebook(
        number("a"),
        parameters=[
            parameter_of(
                "target",
                dated(70, datetime.date(2024, 4, 1), datetime.date(2025, 3, 31)),
                dated(75, start, datetime.date(2025, 6, 30)),
            )
        ],
        rules=[
            when(below("a", parameter("target")), rule_id="missed"),
            when(below("a", 50), HEAVY, rule_id="failing", span=Span(start)),
        ],
    )
    days = [days_before(1, start), start, datetime.date(2025, 7, 1), datetime.date(2024, 3, 31)]

    with Engine(book, evaluators=REFERENCE) as engine:
        decisions = {
            (day, a): engine.decide(case_of(a=a, as_of=day))
            for a in (72, 40)
            for day in [*days, *days]
        }

    assert {key: decision.outcome for key, decision in decisions.items()} == {
        (days[0], 72): LIGHT,
        (days[0], 40): MIDDLE,
        (days[1], 72): MIDDLE,
        (days[1], 40): HEAVY,
        (days[2], 72): LIGHT,
        (days[2], 40): HEAVY,
        (days[3], 72): LIGHT,
        (days[3], 40): LIGHT,
    }
    used = {key: [use.dated.value for use in d.parameters] for key, d in decisions.items()}
    assert [used[day, 72] for day in days] == [[70], [75], [], []]
    assert decisions[days[3], 72].not_in_force == (
        NotInForce("rule", "missed", "the parameter target has no value on this date"),
        NotInForce("rule", "failing", "its own dates do not include this date"),
    )


def test_what_is_in_force_is_looked_up_once_for_each_stretch_of_days(monkeypatch):
    asked = []

    def find(book, day, cohort):
        asked.append(day)
        return find_in_force(book, day, cohort)

    monkeypatch.setattr(engine_module, "find_in_force", find)
    engine = Engine(
        rulebook(number("a"), rules=[when(below("a", 5), span=Span(DAY))]), evaluators=REFERENCE
    )

    for days in (0, -1, 1, -400, 2, 0):
        engine.decide(case_of(a=1, as_of=days_before(days)))

    assert asked == [DAY, days_before(1)]


def test_days_are_counted_to_the_date_of_the_decision():
    fresh = compare(DaysSince("validated"), "<=", 365)
    book = rulebook(date_fact("validated"), rules=[unless(fresh)])
    case = case_of(validated=days_before(365))

    assert decide(book, case, evaluators=REFERENCE).outcome == LIGHT
    assert decide(book, case, as_of=days_before(-1), evaluators=REFERENCE).outcome == MIDDLE


def test_only_the_parameters_that_something_in_force_uses_are_stated():
    used, spare = parameter_of("used", 5), parameter_of("spare", 6)
    ended = parameter_of("ended", dated(7, end=days_before(1)))
    late = when(below("a", parameter("spare")), rule_id="late", span=Span(days_before(-1)))
    book = rulebook(
        number("a"),
        parameters=[spare, used, ended],
        rules=[when(below("a", parameter("used"))), late],
    )

    (use,) = decided(book, a=1).parameters

    assert (use.parameter, use.dated) == (used, used.values[0])


# Identity


def test_a_decision_names_its_inputs_and_the_version_of_the_semantics():
    case = case_of(a=5, b=0)
    decision = decide(SMALL, case, evaluators=REFERENCE)

    assert decision.rulebook is SMALL
    assert decision.case is case
    assert decision.semantics == semantics.VERSION == 1


def test_the_attestation_names_the_certificate_that_the_engine_was_given():
    case = case_of()
    with Engine(rulebook(), evaluators=REFERENCE, certificate="c0ffee") as certified:
        attestation = certified.decide(case).attestation

    assert attestation == Attestation(__version__, REFERENCE, certificate="c0ffee")


def test_what_is_attested_stands_beside_the_decision_and_is_no_part_of_its_equality():
    decision = decided(SMALL, a=5, b=0)

    assert decision.attestation == Attestation(__version__, REFERENCE)
    other = attrs.evolve(decision, attestation=Attestation("0", ("reference", "durable")))
    assert other == decision
    assert decision_bytes(other) == decision_bytes(decision)


# What is refused


def test_a_case_that_the_rulebook_does_not_allow_is_refused_with_every_fault():
    with pytest.raises(InputError) as refused:
        decided(SMALL, a="much", c=1)

    assert str(refused.value) == (
        "QXX: c: the rulebook test declares no such fact; a: an exact number is wanted"
    )


def test_a_refused_case_is_named_by_its_place_where_it_has_one():
    case = attrs.evolve(case_of(a=0.5), place="cases/one.yaml:3")

    with pytest.raises(InputError, match=r"^cases/one.yaml:3: a: "):
        decide(SMALL, case, evaluators=REFERENCE)


def test_a_fact_that_is_too_new_for_the_date_given_is_refused():
    with pytest.raises(InputError, match="after the decision's date, 2025-06-29"):
        decided(SMALL, on=days_before(1), a=StatedFact(5, as_at=DAY))


def test_an_evaluator_nobody_knows_is_refused_by_name():
    with pytest.raises(InputError, match=r"`oracle`: use reference, durable$"):
        Engine(SMALL, evaluators=("oracle",))
