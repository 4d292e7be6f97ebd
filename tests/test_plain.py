"""What is digested, recorded and shown: plain data with one canonical form."""

import datetime
import json
from fractions import Fraction

import attrs
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine._version import __version__
from oversight_engine.model import plain
from oversight_engine.model.case import Case, Expectation, LocalPriority, StatedFact, System
from oversight_engine.model.case_form import case_data, value_data
from oversight_engine.model.decision_form import (
    attestation_data,
    conclusion_data,
    decision_bytes,
    decision_data,
    operand_data,
)
from oversight_engine.model.rulebook import (
    REFERRAL,
    Measure,
    Span,
)
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    at_least,
    below,
    case_of,
    condition_finding,
    consequence,
    count,
    dated,
    days_before,
    decided,
    finding,
    holds,
    number,
    parameter,
    parameter_of,
    plus,
    rulebook,
    unless,
    value_finding,
    when,
)

MOST = 2**53 - 1

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127), max_size=8)
data = st.recursive(
    st.none() | st.booleans() | st.integers(-MOST, MOST) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


# Canonical bytes


@given(st.dictionaries(keys, data))
def test_canonical_bytes_are_those_of_rfc_8785(entries):
    assert plain.canonical(entries) == rfc8785.dumps(entries)


def test_canonical_bytes_escape_what_they_must_and_nothing_else():
    text = '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028é€😀'

    assert plain.canonical({"a": text}) == rfc8785.dumps({"a": text})
    assert plain.canonical({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'


def test_a_text_that_is_not_unicode_has_no_canonical_bytes():
    with pytest.raises(UnicodeEncodeError):
        plain.canonical({"a": "\ud800"})


def test_a_number_is_canonical_as_its_text():
    number_text = value_data(Fraction(1, 8))

    assert isinstance(number_text, plain.NumberText)
    assert plain.canonical({"a": number_text}) == b'{"a":"0.125"}'


def test_a_digest_is_the_sha256_of_the_canonical_bytes():
    assert plain.digest({}) == (
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


# Values and operands


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (False, False),
        ("none", "none"),
        (0, "0"),
        (-7, "-7"),
        (Fraction(125, 2), "62.5"),
        (Fraction(1, 3), "1/3"),
        (10**30, "1" + "0" * 30),
        (DAY, "2025-06-30"),
    ],
)
def test_numbers_and_dates_are_shown_as_text(value, shown):
    assert value_data(value) == shown


@pytest.mark.parametrize(
    ("operand", "shown"),
    [
        (None, None),
        ("late", "late"),
        (TRUE, "true"),
        (FALSE, "false"),
        (UNKNOWN, "unknown"),
        ((1, 3), [1, 3]),
        (4, "4"),
        (Fraction(-1, 4), "-0.25"),
    ],
)
def test_the_sides_of_a_condition_are_shown_as_they_are(operand, shown):
    assert operand_data(operand) == shown
    assert conclusion_data(operand) == shown


# Cases

CASE = Case(
    System("QXX", "A system", "North"),
    DAY,
    {
        "met": StatedFact(False),
        "share": StatedFact(
            Fraction(125, 2), "A table", DAY, "derived", (62, Fraction(127, 2)), "for people"
        ),
        "size": StatedFact(None, status="suppressed"),
    },
    period=Span(datetime.date(2025, 1, 1), datetime.date(2025, 3, 31)),
    local_priorities=(
        LocalPriority("One", 6, Fraction(13, 2), "lower", False),
        LocalPriority("Two"),
        LocalPriority("Three", on_track=True),
    ),
    about="A story.",
    expect=Expectation(MIDDLE),
    place="cases/one.yaml:1",
)


def test_a_case_as_plain_data_has_the_shape_of_its_file():
    assert case_data(CASE) == {
        "format": "oversight-case/1",
        "system": {"code": "QXX", "name": "A system", "region": "North"},
        "period": {"from": "2025-01-01", "to": "2025-03-31"},
        "as_of": "2025-06-30",
        "facts": {
            "met": {"value": False, "status": "final"},
            "share": {
                "value": "62.5",
                "status": "derived",
                "source": "A table",
                "as_at": "2025-06-30",
                "likely": ["62", "63.5"],
            },
            "size": {"value": None, "status": "suppressed"},
        },
        "local_priorities": [
            {"name": "One", "target": "6", "actual": "6.5", "better": "lower", "on_track": False},
            {"name": "Two"},
            {"name": "Three", "on_track": True},
        ],
    }


def test_what_is_for_people_is_no_part_of_a_cases_digest():
    share = attrs.evolve(CASE.facts["share"], note="")
    bare = attrs.evolve(CASE, about="", expect=None, place="", facts={**CASE.facts, "share": share})

    assert bare.digest == CASE.digest
    assert bare == CASE


def test_the_order_of_a_cases_facts_is_no_part_of_its_digest():
    turned = attrs.evolve(CASE, facts=dict(reversed(CASE.facts.items())))

    assert turned.digest == CASE.digest


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": days_before(1)},
        {"system": System("QXY", "A system", "North")},
        {"period": None},
        {"local_priorities": ()},
        {"facts": {**CASE.facts, "met": StatedFact(True)}},
        {"facts": {**CASE.facts, "met": StatedFact(False, "A letter")}},
        {"facts": {**CASE.facts, "met": StatedFact(False, status="estimated")}},
        {"facts": {**CASE.facts, "size": StatedFact(0)}},
        {"facts": {"met": StatedFact(False)}},
        {"facts": {}},
    ],
)
def test_everything_else_of_a_case_is_part_of_its_digest(change):
    assert attrs.evolve(CASE, **change).digest != CASE.digest


# Decisions

BOOK = rulebook(
    number("a", unit="%"),
    number("b"),
    rules=[
        when(below("a", parameter("limit")), rule_id="low"),
        when(holds(finding("small")), HEAVY, rule_id="heavy"),
        unless(at_least("b", parameter("gone")), rule_id="none"),
    ],
    parameters=[
        parameter_of("limit", Fraction(5, 2), unit="%"),
        parameter_of("gone", dated(1, end=days_before(1))),
    ],
    findings=[
        value_finding("sum", plus("a", "b")),
        condition_finding("small", count([below(finding("sum"), 0), below("a", 0)], ">=", 1)),
    ],
    consequences=[
        consequence("monthly", MIDDLE, REFERRAL, kind="return", per_year=12, when=below("a", 1)),
        consequence("check", MIDDLE, kind="review", days=10, actor="", theme="money"),
    ],
    measures=[Measure("mild", "Mild")],
)


def shown(**facts):
    return decision_data(decided(BOOK, **facts))


def test_a_decision_as_plain_data_says_everything_and_each_list_in_the_order_of_ids():
    a = StatedFact(2, "A table", days_before(5), "derived")

    assert shown(a=a, b=3) == {
        "format": "oversight-decision/1",
        "semantics": 1,
        "rulebook": {
            "id": "test", "version": "1.0.0", "title": "A rulebook for a test",
            "digest": BOOK.digest,
        },
        "case": {
            "digest": case_of(a=a, b=3).digest,
            "system": {"code": "QXX", "name": "A system", "region": ""},
            "period": None,
        },
        "as_of": "2025-06-30",
        "as_of_overridden": False,
        "decision": MIDDLE,
        "outcome": MIDDLE,
        "possible_outcomes": [MIDDLE],
        "missing_evidence": [],
        "measure": None,
        "rests_on": {"derived": ["a"]},
        "rules": [
            {
                "id": "heavy", "title": "Heavy", "outcome": HEAVY, "says": "when small",
                "if_unknown": "refer", "truth": "false", "effect": "none",
                "conditions": [{"text": "small", "truth": "false", "left": "false", "right": None}],
            },
            {
                "id": "low", "title": "Low", "outcome": MIDDLE, "says": "when a < limit",
                "if_unknown": "hold_back", "truth": "true", "effect": "holds",
                "conditions": [
                    {"text": "a < limit", "truth": "true", "left": "2", "right": "2.5"}
                ],
            },
        ],
        "findings": [
            {
                "id": "small", "title": "Small", "conclusion": "false",
                "conditions": [
                    {"text": "count(sum < 0, a < 0) >= 1", "truth": "false", "left": [0, 0],
                     "right": "1"},
                    {"text": "sum < 0", "truth": "false", "left": "5", "right": "0"},
                    {"text": "a < 0", "truth": "false", "left": "2", "right": "0"},
                ],
            },
            {"id": "sum", "title": "Sum", "conclusion": "5", "conditions": []},
        ],
        "facts": [
            {
                "id": "a", "value": "2", "unit": "%", "status": "derived", "source": "A table",
                "as_at": "2025-06-25", "consulted": True, "known": True,
            },
            {"id": "b", "value": "3", "status": "final", "consulted": True, "known": True},
        ],
        "parameters": [
            {
                "id": "limit", "unit": "%", "from": "2020-01-01", "value": "2.5",
                "policy_choice": "for the test",
            }
        ],
        "not_in_force": [
            {
                "kind": "rule", "id": "none",
                "because": "the parameter gone has no value on this date",
            }
        ],
        "consequences": [
            {
                "id": "check", "kind": "review", "title": "Check", "days": 10, "theme": "money",
                "truth": "true", "conditions": [],
            }
        ],
        "burden": {"least": 0, "most": 0},
        "review_on": "2025-07-10",
    }  # fmt: skip


def test_a_referral_as_plain_data_says_what_is_missing_and_what_is_possible():
    referral = shown(b=3)

    assert referral["decision"] == "referral"
    assert referral["outcome"] is None
    assert referral["possible_outcomes"] == [LIGHT, MIDDLE, HEAVY]
    assert referral["missing_evidence"] == ["a"]
    assert referral["rests_on"] == {}
    assert referral["burden"] == {"least": 0, "most": 12}
    assert referral["review_on"] is None
    assert referral["facts"][0] == {
        "id": "a", "unit": "%", "unknown_because": "not stated", "consulted": True, "known": False,
    }  # fmt: skip
    assert referral["findings"][1]["conclusion"] is None
    assert referral["findings"][0]["conclusion"] == "unknown"


def test_a_given_date_is_said_to_be_given():
    decision = decided(BOOK, a=2, b=3, on=days_before(-1))

    assert decision_data(decision)["as_of"] == "2025-07-01"
    assert decision_data(decision)["as_of_overridden"] is True


def test_the_bytes_of_a_decision_are_canonical():
    decision = decided(BOOK, a=2, b=3)

    assert decision_bytes(decision) == rfc8785.dumps(decision_data(decision))
    assert json.loads(decision_bytes(decision)) == decision_data(decision)


def test_what_is_attested_is_not_among_the_bytes():
    decision = decided(BOOK, a=2, b=3)

    assert attestation_data(decision) == {
        "engine_version": __version__,
        "evaluators": ["reference"],
        "remarks": [],
    }
    assert not set(attestation_data(decision)) & set(decision_data(decision))


def test_the_order_of_facts_parameters_rules_and_consequences_is_no_part_of_a_decision():
    turned = attrs.evolve(
        BOOK,
        facts=BOOK.facts[::-1],
        rules=BOOK.rules[::-1],
        parameters=BOOK.parameters[::-1],
        consequences=BOOK.consequences[::-1],
    )

    for facts in ({"a": 2, "b": 3}, {"b": 3}, {}):
        again = decided(turned, **dict(reversed(facts.items())))
        assert decision_bytes(again) == decision_bytes(decided(BOOK, **facts))
