"""What `check` says to be without effect, against every case of small rulebooks and by hand."""

import pytest
from hypothesis import given, settings

from oversight_engine.analysis.laws import prove
from oversight_engine.analysis.remarks import find_remarks
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.truth import FALSE, TRUE
from oversight_engine.resources import shipped
from tests import builders as b
from tests import leagues
from tests.analysis.small_books import Every, small_books


def remarks_of(book):
    return find_remarks(prove(book, solver=False, evaluators=("reference",)))


def told(book):
    return {(remark.kind, remark.id, remark.text) for remark in remarks_of(book)}


@settings(max_examples=40)
@given(small_books())
def test_what_is_said_to_be_without_effect_is_without_effect_in_every_case(book):
    every, remarks = Every(book), remarks_of(book)
    leaves = every.in_force.leaves

    idle = {r.id for r in remarks if r.kind in {"rule-never-true", "rule-never-decides"}}
    never_true = {r.id for r in remarks if r.kind == "rule-never-true"}
    assert idle - never_true == every.idle_rules() - never_true
    assert {f"rule {rule}" for rule in never_true} == {n for n in every.never() if "rule" in n}
    assert {f"outcome {r.id}" for r in remarks if r.kind == "outcome-never"} == {
        name for name in every.never() if "outcome" in name
    }
    for remark in remarks:
        excluded = {"condition-always-true": FALSE, "condition-always-false": TRUE}
        if remark.kind in excluded:
            places = [n for n, leaf in enumerate(leaves) if leaf.text == remark.text]
            owned = [n for n in places if n in range(*owner_of(every, remark.id))]
            assert owned
            assert all(
                trace.leaves[place] is not excluded[remark.kind]
                for trace in every.traces.values()
                for place in owned
            )
        elif remark.kind == "fact-never-matters":
            place = list(every.values).index(remark.id)
            by_rest = {}
            for case, trace in every.traces.items():
                rest = (*case[:place], *case[place + 1 :])
                by_rest.setdefault(rest, []).append((trace.rules, trace.findings))
            assert all(each == same[0] for same in by_rest.values() for each in same)


def owner_of(every, item_id):
    (where,) = [place for (_, each), place in every.in_force.owners.items() if each == item_id]
    return where.start, where.stop


A = b.number("a", range=(0, 9))
C = b.number("c", range=(0, 9))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(
            [b.when(b.below("a", 5), rule_id="wide"), b.when(b.below("a", 3), rule_id="narrow")],
            {("rule-never-decides", "narrow", ""), ("outcome-never", "heavy", "")},
            id="a rule that another one always covers",
        ),
        pytest.param(
            [b.when(b.below("a", 0)), b.when(b.below("a", 5), b.HEAVY)],
            {("rule-never-true", "middle_rule", ""), ("outcome-never", "middle", ""),
             ("condition-always-false", "middle_rule", "a < 0")},
            id="a rule that is never true, though it may hold back",
        ),
        pytest.param(
            [b.when(b.some(b.at_least("a", 0), b.below("a", 5))),
             b.when(b.below("a", 5), b.HEAVY)],
            {("outcome-never", "light", ""),
             ("condition-always-true", "middle_rule", "a >= 0")},
            id="a condition that is never false",
        ),
        pytest.param(
            [b.when(b.some(b.known("a"), b.negated(b.known("a")))),
             b.when(b.below(b.mean_known("a"), 9), b.HEAVY, if_unknown="ignore")],
            {("outcome-never", "light", "")},
            id="an outcome that a rule stands before in every case",
        ),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_listed(rules, expected):
    assert told(b.rulebook(A, rules=rules)) == expected


def test_a_fact_that_is_multiplied_by_nothing_may_matter_by_being_known():
    half = b.value_finding("half", b.times(0, b.mean_known("a", "c")))
    book = b.rulebook(A, C, findings=[half], rules=[b.when(b.below("a", 5), b.HEAVY)])

    assert not {remark.id for remark in remarks_of(book)} & {"a", "c"}


def test_what_another_cohort_may_change_is_not_said_to_be_without_effect():
    """The least of a cohort is nothing in the example, and anything in another cohort."""
    least = leagues.quantile_of("least", "a", 0)
    rules = [
        b.when(b.below("a", b.parameter("least")), rule_id="below_all"),
        b.when(b.below("c", 5), rule_id="low"),
        b.when(b.at_least("c", b.parameter("least")), rule_id="not_below_all"),
    ]
    book = b.rulebook(A, C, parameters=[least], rules=rules, cohort=leagues.cohort_of())

    assert told(book) == set()


def test_each_remark_on_what_ships_has_its_place():
    remarks = remarks_of(load_rulebook(shipped("rules") / "hewitt-2023"))

    assert remarks
    assert all(remark.place.count(":") >= 2 for remark in remarks)
    assert {remark.kind for remark in remarks} == {"rule-never-decides"}
