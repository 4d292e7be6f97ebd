"""Generated Python records the same decisions as the reference, byte for byte."""

import ast
import datetime
import functools
import json
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.assembly import prepare
from oversight_engine.engine import Engine
from oversight_engine.errors import InputError
from oversight_engine.evaluators.emitting import MOST_KEPT, Memo, rounded_quotient
from oversight_engine.evaluators.generated import GeneratedPeriod
from oversight_engine.evaluators.stated import OddCaseError, question_about
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact, System
from oversight_engine.model.case_form import case_data
from oversight_engine.model.in_force import change_days, find_in_force
from oversight_engine.model.number import rounded
from oversight_engine.model.recorded import recorded_bytes, recorded_data
from oversight_engine.model.rulebook import REFER, Measure, Span
from oversight_engine.resources import shipped
from tests import builders as b
from tests.laws import test_cohort_laws as among_others
from tests.laws import test_shipped_framework as framework
from tests.laws.relations import A_TENTH
from tests.near_cases import best_case, cases_near, find_lines, with_value
from tests.strategies import cases, rulebooks

HEWITT = load_rulebook(shipped("rules") / "hewitt-2023")
FOLDERS = [shipped("cases") / "illustrative", *sorted(shipped("cases").glob("ics-*"))]


def generated(book, day, cohort=None):
    return GeneratedPeriod(prepare(find_in_force(book, day, cohort), cohort))


def derived(period, case, day=None):
    day = day or case.as_of
    return period.derive(question_about(case_data(case), day.isoformat(), case.digest))


def agreed(book, case, *, day=None, cohort=None, period=None):
    """Return the recorded decision, having seen that the generated one has the same bytes."""
    with Engine(book, cohort=cohort, evaluators=["reference"]) as engine:
        decision = engine.decide(case, as_of=day)
    period = period or generated(book, day or case.as_of, cohort)
    recorded = derived(period, case, day)
    assert json.loads(recorded) == recorded_data(decision)  # tells what differs
    assert recorded == recorded_bytes(decision)
    return recorded_data(decision)


# Any rulebook, any case


@A_TENTH
@given(st.data(), rulebooks())
def test_it_records_what_the_reference_does_for_random_rulebooks_unknowns_and_lines(data, book):
    for case in data.draw(st.lists(cases(book), min_size=1, max_size=4)):
        agreed(book, case)


@A_TENTH
@given(st.data(), among_others.judged())
def test_it_records_what_the_reference_does_where_cases_are_judged_among_others(data, league):
    book, _, values = league
    period = generated(book, b.DAY, values)
    for case in data.draw(st.lists(among_others.leagues.cases(book), min_size=1, max_size=4)):
        agreed(book, case, cohort=values, period=period)


# What ships


@functools.cache
def hewitt_on(day):
    return generated(HEWITT, day), find_lines(HEWITT, day)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_records_every_shipped_case_as_the_reference_does(folder):
    with Engine(HEWITT, evaluators=["reference"]) as engine:
        for case in read_cases(folder, HEWITT):
            period, _ = hewitt_on(case.as_of)
            assert derived(period, case) == recorded_bytes(engine.decide(case))


@A_TENTH
@given(st.data(), st.sampled_from([day for day in change_days(HEWITT) if day in HEWITT.span]))
def test_it_agrees_near_the_lines_of_the_shipped_rulebook_whenever_it_is_in_force(data, day):
    period, lines = hewitt_on(day)

    agreed(HEWITT, data.draw(cases_near(HEWITT, lines, day)), period=period)


def test_it_agrees_on_every_line_of_every_fact_of_the_shipped_rulebook():
    day = datetime.date(2026, 6, 30)
    period, lines = hewitt_on(day)
    best = best_case(HEWITT, lines, day, lambda choices: choices[0])
    with Engine(HEWITT, evaluators=["reference"]) as engine:
        for fact in HEWITT.facts:
            for value in lines.choices[fact.id]:
                case = with_value(best, fact.id, value)
                assert derived(period, case) == recorded_bytes(engine.decide(case))


@A_TENTH
@given(framework.cases())
def test_it_agrees_near_the_lines_of_the_framework_for_trusts(case):
    values = framework.values()
    period = framework_period()

    agreed(framework.BOOK, case, cohort=values, period=period)


@functools.cache
def framework_period():
    return generated(framework.BOOK, framework.DAY, framework.values())


# What is particular


BOOK = b.rulebook(
    b.number("a", decimals=1, max_age=10),
    b.boolean("met"),
    b.category("c", "low", "fair", ordered=True, outside_order=("none",)),
    b.date_fact("seen"),
    rules=[
        b.when(b.below("a", 5)),
        b.when(b.below("a", 1), b.HEAVY, rule_id="worse", measure="mild"),
        b.when(b.below("a", 0), b.HEAVY, rule_id="worst", measure="strict"),
        b.unless(b.known("met"), REFER, rule_id="told"),
        b.when(b.ranks("c", "<", "fair"), rule_id="low"),
    ],
    measures=[Measure("mild", "Mild"), Measure("strict", "Strict")],
    consequences=[
        b.consequence("later", b.MIDDLE, kind="review", days=90),
        b.consequence("sooner", b.MIDDLE, kind="review", days=30, when=b.holds("met")),
        b.consequence(
            "return", b.MIDDLE, b.HEAVY, kind="return", per_year=12, when=b.below("a", 2)
        ),
    ],
)
NOT_ACCEPTED = "its status is suppressed, which is not accepted"
NOW = datetime.date(2025, 6, 30)


def stated(value, **more):
    return StatedFact(value, **({"as_at": NOW} | more))


@pytest.mark.parametrize(
    ("facts", "decision", "measure", "burden", "review"),
    [
        ({"a": stated(9), "met": True, "c": "fair"}, b.LIGHT, None, [0, 0], None),
        ({"a": stated(4), "met": True, "c": "fair"}, b.MIDDLE, None, [0, 0], "2025-07-30"),
        ({"a": stated(4), "met": False, "c": "low"}, b.MIDDLE, None, [0, 0], "2025-09-28"),
        ({"a": stated(Fraction(1, 2)), "met": True}, b.HEAVY, "mild", [12, 12], None),
        ({"a": stated(-1), "met": True}, b.HEAVY, "strict", [12, 12], None),
        ({"met": True, "c": "none"}, "referral", None, [0, 0], None),
        ({"a": stated(4)}, "referral", None, [0, 0], None),
    ],
)  # fmt: skip
def test_measure_burden_and_review_are_those_of_the_reference(
    facts, decision, measure, burden, review
):
    recorded = agreed(BOOK, b.case_of(**facts))

    assert recorded["decision"] == decision
    assert recorded["measure"] == measure
    assert recorded["burden"] == burden
    assert recorded["review_on"] == review


@pytest.mark.parametrize(
    ("fact", "period", "reason"),
    [
        (stated(None, status="suppressed"), None, NOT_ACCEPTED),
        (stated(4, status="suppressed"), None, NOT_ACCEPTED),
        (stated(None), None, "no value is given"),
        (stated(4, as_at=b.days_before(11)), None, "11 days old, and at most 10 are allowed"),
        (stated(4, as_at=None), None, "its age cannot be told: no as-at date and no period"),
        (stated(4, as_at=None), Span(b.days_before(40), b.days_before(20)),
         "20 days old, and at most 10 are allowed"),
        (stated(4, as_at=None), Span(b.days_before(40), b.days_before(10)), None),
        (stated(4, as_at=b.days_before(10)), None, None),
    ],
)  # fmt: skip
def test_each_reason_why_a_fact_is_unknown_is_told(fact, period, reason):
    recorded = agreed(BOOK, b.case_of(a=fact, period=period, met=True))

    assert recorded["unknown"] == (
        {"not stated": ["c", "seen"]} | ({} if reason is None else {reason: ["a"]})
    )


def test_a_date_that_was_given_is_said_to_be_given():
    case = b.case_of(a=stated(4), met=True)

    assert agreed(BOOK, case, day=b.days_before(-3))["as_of_overridden"] is True


def test_a_review_is_never_after_the_last_day_there_is():
    book = attrs.evolve(BOOK, span=Span(b.DAY))
    day = datetime.date(9999, 12, 1)

    assert agreed(book, b.case_of(as_of=day, a=stated(4)), day=day)["review_on"] is None
    recorded = agreed(book, b.case_of(as_of=day, a=stated(4, as_at=day), met=False), day=day)
    assert recorded["review_on"] == "9999-12-31"


def test_ids_that_json_escapes_or_that_are_not_ascii_are_written_as_they_are():
    case = attrs.evolve(b.case_of(met=True), system=System('Q"é\\', "A system"))

    assert agreed(BOOK, case)["system"] == 'Q"é\\'


# What no reader would let through is left to the reference


@pytest.mark.parametrize(
    "facts",
    [
        {"a": stated(Fraction(1, 100))},
        {"a": stated("4")},
        {"a": stated(True)},
        {"a": stated(4, as_at=b.days_before(-1))},
        {"a": stated(Fraction(1, 100), status="suppressed")},
        {"met": stated(1)},
        {"met": stated("true")},
        {"c": stated("best")},
        {"seen": stated("late")},
        {"unheard_of": stated(1)},
    ],
)
def test_what_a_rulebook_does_not_allow_is_odd(facts):
    case = b.case_of(**facts)
    if facts != {"a": stated("4")}:  # which is written as the number is
        with Engine(BOOK, evaluators=["reference"]) as engine, pytest.raises(InputError):
            engine.decide(case)
        with pytest.raises(OddCaseError):
            derived(generated(BOOK, NOW), case)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("value", 4), ("value", 1), ("value", ["4"]), ("value", "4.0"), ("value", "four"),
        ("value", "1e3"), ("status", "unheard_of"), ("as_at", "2025-6-1"), ("as_at", "20250601"),
        ("as_at", 20250601), ("as_at", "today"),
    ],
)  # fmt: skip
def test_plain_data_that_no_reader_would_let_through_is_odd(change, value):
    period = generated(BOOK, NOW)
    data = case_data(b.case_of(a=stated(4), met=True))
    assert period.derive(question_about(data, "2025-06-30", "sha256:0"))
    data["facts"]["a"] |= {change: value}

    with pytest.raises(OddCaseError):
        period.derive(question_about(data, "2025-06-30", "sha256:0"))


@pytest.mark.parametrize(
    "data", [{}, {"facts": []}, {"facts": {"a": "4"}}, {"facts": {"a": {}}}, {"system": "Q"}]
)
def test_data_that_does_not_have_the_shape_of_a_case_is_odd(data):
    with pytest.raises(OddCaseError):
        question_about({"as_of": "2025-06-30"} | data, "2025-06-30", "sha256:0")


# The source


def test_nothing_that_a_rulebook_says_in_words_becomes_source():
    evil = '__import__("os").system("true")'
    book = b.rulebook(
        b.number(evil),
        b.category("{evil}", "'", '"""', "\\", ordered=True),
        rules=[b.when(b.below(evil, 5), rule_id="'\n"), b.when(b.ranks("{evil}", "<", '"""'))],
        consequences=[b.consequence("}{", b.MIDDLE, b.LIGHT)],
    )
    period = generated(book, NOW)

    agreed(book, b.case_of(**{evil: 4, "{evil}": "\\"}), period=period)
    nodes = ast.walk(ast.parse(period.text))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert texts <= {"t", "f", "u", "", "true", "false", "null"}
    assert "import" not in period.text


def test_a_table_of_a_thousand_rows_and_numbers_beyond_any_word_compile():
    rows = [(b.compare("n", "==", number * 10**30), number) for number in range(1000)]
    book = b.rulebook(
        b.number("n"),
        findings=[b.table_finding("t", *rows, otherwise=10**4000)],
        rules=[b.when(b.at_least(b.finding("t"), 500))],
    )

    assert agreed(book, b.case_of(n=7 * 10**30))["decision"] == b.LIGHT
    assert agreed(book, b.case_of(n=500 * 10**30))["decision"] == b.MIDDLE


def test_a_memo_starts_again_before_it_grows_without_end():
    asked = []
    memo = Memo(lambda key: asked.append(key) or -key)

    for _ in range(2):
        assert [memo[key] for key in range(10)] == [-key for key in range(10)]
    assert asked == [*range(10)]
    for key in range(2 * MOST_KEPT):
        assert memo[key] == -key
        assert len(memo) <= MOST_KEPT


@given(
    st.integers(-(10**6), 10**6) | st.fractions(-1000, 1000, max_denominator=1000),
    st.integers(1, 1000),
    st.integers(0, 3),
    st.sampled_from(["half_even", "half_up", "down", "up"]),
)
def test_rounding_is_that_of_exact_numbers(total, divisor, decimals, mode):
    expected = rounded(Fraction(total) / divisor, decimals, mode) * 10**decimals

    assert rounded_quotient(total, divisor, decimals, mode) == expected
