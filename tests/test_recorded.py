"""The recorded form of a decision: everything concluded is in its bytes, and little else."""

import datetime
import hashlib
from fractions import Fraction

import attrs
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import resources
from oversight_engine.engine import Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact, System
from oversight_engine.model.cohort import some_cohort
from oversight_engine.model.decision import Burden
from oversight_engine.model.decision_form import decision_bytes, decision_data
from oversight_engine.model.in_force import NotInForce
from oversight_engine.model.recorded import recorded_bytes, recorded_data
from oversight_engine.model.rulebook import REFERRAL, Measure, UnderReform
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    at_least,
    below,
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
    table_finding,
    unless,
    value_finding,
    when,
)
from tests.laws.relations import A_TENTH, reference
from tests.strategies import cases, rulebooks

BOOK = rulebook(
    number("a", unit="%"),
    number("b", max_age=30),
    rules=[
        when(below("a", parameter("limit")), rule_id="low"),
        when(holds(finding("small")), HEAVY, rule_id="heavy", measure="mild"),
        unless(at_least("b", parameter("gone")), rule_id="none"),
    ],
    parameters=[
        parameter_of("limit", Fraction(5, 2), unit="%"),
        parameter_of("gone", dated(1, end=days_before(1))),
    ],
    findings=[
        value_finding("sum", plus("a", "b")),
        condition_finding("small", count([below(finding("sum"), 0), below("a", 0)], ">=", 1)),
        table_finding(
            "size", (below("a", 1), "little"), otherwise="much", values=("little", "much")
        ),
    ],
    consequences=[
        consequence("monthly", MIDDLE, REFERRAL, kind="return", per_year=12, when=below("a", 1)),
        consequence("check", MIDDLE, kind="review", days=10),
    ],
    measures=[Measure("mild", "Mild"), Measure("strict", "Strict")],
)
FRESH = StatedFact(3, as_at=days_before(30))
DECISION = decided(BOOK, a=2, b=FRESH)
IN_FORCE = (
    b'{"not_in_force":[["rule","none","the parameter gone has no value on this date"]],'
    b'"parameters":{"limit":"2.5"}}'
)


def test_a_decision_is_recorded_as_ids_and_letters():
    assert recorded_data(DECISION) == {
        "format": "oversight-recorded/1",
        "semantics": 1,
        "rulebook": BOOK.digest,
        "in_force": "sha256:" + hashlib.sha256(IN_FORCE).hexdigest(),
        "case": DECISION.case.digest,
        "system": "QXX",
        "as_of": "2025-06-30",
        "as_of_overridden": False,
        "decision": MIDDLE,
        "possible_outcomes": [MIDDLE],
        "missing_evidence": [],
        "measure": None,
        "unknown": {},
        "findings": {"small": ["f", "fff"], "sum": ["5", ""], "size": ["much", "f"]},
        "rules": {"heavy": ["f", "none", "f"], "low": ["t", "holds", "t"]},
        "consequences": {"check": ["t", ""]},
        "burden": [0, 0],
        "review_on": "2025-07-10",
    }


def test_a_referral_says_what_is_missing_and_why_each_fact_is_unknown():
    referral = recorded_data(decided(BOOK, b=StatedFact(3, as_at=days_before(31))))

    assert referral["decision"] == REFERRAL
    assert referral["missing_evidence"] == ["a", "b"]
    assert referral["unknown"] == {
        "31 days old, and at most 30 are allowed": ["b"],
        "not stated": ["a"],
    }
    assert referral["findings"]["sum"] == [None, ""]
    assert referral["rules"]["heavy"] == ["u", "refers", "u"]
    assert referral["burden"] == [0, 12]
    assert referral["review_on"] is None


# Whatever of a decision is changed, its bytes change.


def first(rows, **change):
    return (rows[0]._replace(**change), *rows[1:])


def with_leaf(rows, place, truth):
    row = rows[place]
    return tuple(
        row._replace(leaves=first(row.leaves, truth=truth)) if each is row else each
        for each in rows
    )


CHANGES = {
    "another outcome": {"outcome": HEAVY},
    "no outcome": {"outcome": None},
    "another possible outcome": {"possible": (LIGHT, MIDDLE)},
    "missing evidence": {"missing": ("a",)},
    "a measure": {"measure": "mild"},
    "another day": {"as_of": days_before(1)},
    "a day that was given": {"as_of_overridden": True},
    "other semantics": {"semantics": 2},
    "a case of another system": {
        "case": attrs.evolve(DECISION.case, system=System("QYY", "A system"))
    },
    "a case from another source": {
        "case": attrs.evolve(
            DECISION.case, facts=DECISION.case.facts | {"a": StatedFact(2, "A letter")}
        )
    },
    "another rulebook": {"rulebook": attrs.evolve(BOOK, version="1.0.1")},
    "a reform": {
        "rulebook": attrs.evolve(BOOK, reform=UnderReform("r", "R", "sha256:0", BOOK.digest))
    },
    "a cohort": {"cohort": some_cohort(BOOK, DAY)},
    "a fact that is unknown": {"facts": first(DECISION.facts, why_unknown="not stated")},
    "the truth of a finding": {"findings": first(DECISION.findings, conclusion=TRUE)},
    "the number of a finding": {"findings": first(DECISION.findings, conclusion=Fraction(1, 3))},
    "an unknown number": {"findings": first(DECISION.findings, conclusion=None)},
    "a finding fewer": {"findings": DECISION.findings[1:]},
    "a leaf of a finding": {"findings": with_leaf(DECISION.findings, 1, TRUE)},
    "the truth of a rule": {"rules": first(DECISION.rules, truth=UNKNOWN)},
    "the effect of a rule": {"rules": first(DECISION.rules, effect="holds_back")},
    "a leaf of a rule": {"rules": with_leaf(DECISION.rules, 0, FALSE)},
    "a rule fewer": {"rules": DECISION.rules[1:]},
    "the truth of a consequence": {"consequences": first(DECISION.consequences, truth=UNKNOWN)},
    "a consequence fewer": {"consequences": ()},
    "the value of a parameter": {
        "parameters": (attrs.evolve(DECISION.parameters[0], dated=dated(3)),)
    },
    "something more in force": {"not_in_force": ()},
    "another reason not to be in force": {
        "not_in_force": (NotInForce("rule", "none", "its own dates do not include this date"),)
    },
    "the least burden": {"burden": Burden(1, 12)},
    "the most burden": {"burden": Burden(0, 13)},
    "another review": {"review_on": days_before(-11)},
    "no review": {"review_on": None},
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_the_bytes_change(what):
    changed = attrs.evolve(DECISION, **CHANGES[what])

    assert recorded_bytes(changed) != recorded_bytes(DECISION)


@pytest.mark.parametrize("conclusion", [TRUE, FALSE, UNKNOWN])
def test_each_truth_has_a_letter_of_its_own(conclusion):
    changed = attrs.evolve(DECISION, findings=first(DECISION.findings, conclusion=conclusion))

    assert recorded_data(changed)["findings"]["sum"][0] == conclusion.value[0]


def test_what_is_attested_is_not_among_the_bytes():
    attested = attrs.evolve(DECISION.attestation, engine_version="9", remarks=("late",))

    assert recorded_bytes(attrs.evolve(DECISION, attestation=attested)) == recorded_bytes(DECISION)


def test_the_order_of_a_rulebooks_items_is_no_part_of_the_bytes():
    turned = attrs.evolve(
        BOOK,
        facts=BOOK.facts[::-1],
        rules=BOOK.rules[::-1],
        parameters=BOOK.parameters[::-1],
        consequences=BOOK.consequences[::-1],
    )

    for facts in ({"a": 2, "b": FRESH}, {"b": 3}, {}):
        again = decided(turned, **dict(reversed(facts.items())))
        assert recorded_bytes(again) == recorded_bytes(decided(BOOK, **facts))


# The two forms of a decision, for any rulebook and case


@A_TENTH
@given(st.data(), rulebooks())
def test_recorded_bytes_are_canonical_for_any_decision(data, book):
    decision = reference(book).decide(data.draw(cases(book)))

    assert recorded_bytes(decision) == rfc8785.dumps(recorded_data(decision))


def test_a_record_of_the_shipped_rulebook_is_a_few_kilobytes():
    book = load_rulebook(resources.shipped("rules") / "hewitt-2023")
    with Engine(book, evaluators=["reference"]) as engine:
        for folder in ("illustrative", "ics-2025-q1"):
            for case in read_cases(resources.shipped("cases") / folder, book):
                decision = engine.decide(case)
                recorded = recorded_bytes(decision)

                assert recorded == rfc8785.dumps(recorded_data(decision))
                assert 3_000 < len(recorded) < 6_500
                assert len(recorded) < len(decision_bytes(decision)) / 6
                assert set(decision_data(decision)["missing_evidence"]) <= {
                    fact for facts in recorded_data(decision)["unknown"].values() for fact in facts
                }


def test_the_day_of_a_review_is_written_as_days_are():
    decision = attrs.evolve(decided(BOOK), review_on=datetime.date(999, 1, 2))

    assert recorded_data(decision)["review_on"] == "0999-01-02"
