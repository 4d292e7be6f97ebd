"""Comparing two rulebooks over all cases says what deciding every case by both says."""

import datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.analysis import comparison
from oversight_engine.analysis.comparison import compare_over_all_cases, compare_rulebooks
from oversight_engine.analysis.ruled_out import ruled_out
from oversight_engine.analysis.sides import (
    as_read_by,
    differing_days,
    differing_facts,
    kind_of,
    kinds_of,
    responsible,
    side_of,
    union_of,
)
from oversight_engine.engine import decide
from oversight_engine.errors import EvaluatorUnavailableError, InputError
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import change_days
from oversight_engine.model.rulebook import REFER, LocalPriorityFacts, Span
from oversight_engine.resources import shipped
from tests import builders as b
from tests.analysis.small import FACTS, all_outcomes, small_rulebooks

FAST = ("reference",)


def compared(first, second, day=b.DAY, **more):
    more = {"evaluators": FAST, **more}
    return compare_over_all_cases(side_of(first, day), side_of(second, day), day, **more)


def answers(found):
    return {verdict.kind: verdict.answer for verdict in found.verdicts}


def moves_by_brute_force(first, second):
    ours, theirs = all_outcomes(first), all_outcomes(second)
    return {(ours[key][0], theirs[key][0]) for key in ours if ours[key][0] != theirs[key][0]}


@st.composite
def pairs(draw):
    """Draw two rulebooks: unrelated, or with a rule that only one has, or that differs."""
    first, second = draw(small_rulebooks()), draw(small_rulebooks())
    how = draw(st.sampled_from(["unrelated", "fewer", "outcome"]))
    if how == "fewer":
        second = attrs.evolve(first, rules=first.rules[1:])
    if how == "outcome":
        changed = attrs.evolve(first.rules[0], outcome="middle", if_unknown="hold_back")
        second = attrs.evolve(first, rules=(changed, *first.rules[1:]))
    return first, second


@given(pairs())
def test_the_moves_that_occur_are_those_that_some_case_makes(books):
    first, second = books
    expected = moves_by_brute_force(first, second)

    found = compared(first, second)

    assert {(e.before.outcome, e.after.outcome) for e in found.examples} == expected
    kinds = {kind_of(first, second, *move) for move in expected}
    assert answers(found) == {
        k: "refuted" if k in kinds else "proved" for k in kinds_of(first, second)
    }
    assert found.is_same == (not expected)


@given(pairs())
def test_each_example_is_decided_so_by_both_and_by_the_rules_it_names(books):
    first, second = books

    for example in compared(first, second).examples:
        before, after = (
            decide(book, as_read_by(book, case), evaluators=FAST)
            for book, case in zip(books, example.cases * 2, strict=False)
        )
        assert (before.outcome, after.outcome) == (example.before.outcome, example.after.outcome)
        assert kind_of(first, second, before.outcome, after.outcome) == example.kind
        assert responsible(before, after) == example.rules
        assert example.rules, "something makes the difference"


@given(small_rulebooks())
def test_a_rulebook_is_decided_like_itself_without_a_question(book):
    found = compared(book, attrs.evolve(book, title="The same by another name"))

    assert {verdict.method for verdict in found.verdicts} == {"programs"}
    assert (found.is_same, found.questions) == (True, 0)


def test_a_case_of_both_evaluators_shows_what_differs_and_no_fact_is_there_for_nothing():
    first = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1))])
    second = b.rulebook(*FACTS, rules=[b.when(b.below("a", 2))])

    found = compared(first, second, evaluators=("reference", "durable"))

    assert answers(found)["lighter"] == "proved"
    [example] = found.examples
    assert (example.kind, example.rules) == ("harsher", ("middle_rule",))
    assert {i: fact.value for i, fact in example.before.case.facts.items()} == {"a": 1}
    assert example.after.attestation.evaluators == ("reference", "durable")


class TestReferrals:
    FIRST = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1), b.HEAVY)])

    def test_are_neither_lighter_nor_harsher(self):
        second = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1), b.HEAVY), b.when(
            b.holds("d"), REFER, rule_id="asks",
        )])  # fmt: skip

        found = compared(self.FIRST, second)

        assert answers(found) == {
            "lighter": "proved", "harsher": "proved", "referred": "refuted", "decided": "proved",
        }  # fmt: skip
        assert {e.rules for e in found.examples} == {("asks",)}

    def test_that_become_the_harshest_are_decided_now(self):
        second = b.rulebook(*FACTS, rules=[*self.FIRST.rules, b.when(
            b.holds("d"), b.HEAVY, rule_id="harm", if_unknown="ignore",
        )])  # fmt: skip

        found = compared(self.FIRST, second)

        assert answers(found)["decided"] == answers(found)["harsher"] == "refuted"
        decided = next(e for e in found.examples if e.kind == "decided")
        assert (decided.after.outcome, decided.rules) == (b.HEAVY, ("harm",))


class TestFactsOfDifferentRulebooks:
    def test_a_fact_that_only_one_declares_is_stated_to_that_one_alone(self):
        more = b.number("more", range=(0, 9))
        first = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1))])
        second = b.rulebook(*FACTS, more, rules=[
            b.when(b.below("a", 1)), b.when(b.at_least("more", 5), b.HEAVY, if_unknown="ignore"),
        ])  # fmt: skip

        found = compared(first, second)

        assert differing_facts(first, second) == ((), ("more",))
        assert found.examples
        for example in found.examples:
            assert [set(case.facts) for case in example.cases] == [
                set(example.before.case.facts), {*example.before.case.facts, "more"},
            ]  # fmt: skip

    def test_a_value_that_is_too_old_for_one_of_them_is_found_by_its_age(self):
        first = b.rulebook(b.number("a", range=(0, 9)), rules=[b.when(b.below("a", 5))])
        second = attrs.evolve(
            first, facts=(attrs.evolve(first.facts[0], max_age=10),), title="Short of memory"
        )

        found = compared(first, second)

        assert answers(found)["harsher"] == "refuted"
        assert answers(found)["lighter"] == "proved"
        [example] = found.examples
        assert example.before.case.facts["a"].as_at == b.days_before(11)
        assert example.after.case.facts["a"].value >= 5

    def test_a_status_that_one_of_them_does_not_accept_is_found_by_the_status(self):
        first = b.rulebook(b.number("a", range=(0, 9)), rules=[b.when(b.below("a", 5))])
        strict = attrs.evolve(first.facts[0], accepts=("final",))
        second = attrs.evolve(first, facts=(strict,), title="Strict")

        [example] = compared(first, second).examples

        assert example.before.case.facts["a"].status == "provisional"
        assert (example.before.outcome, example.after.outcome) == (b.LIGHT, b.MIDDLE)

    def test_values_lie_within_what_both_allow(self):
        first = b.rulebook(
            b.number("a", range=(0, 9)), rules=[b.when(b.at_least("a", 8)), b.when(
                b.below("a", 0), b.HEAVY, rule_id="never", if_unknown="hold_back",
            )],
        )  # fmt: skip
        second = attrs.evolve(
            first, facts=(b.number("a", range=(-5, 7), decimals=1),), rules=first.rules[:1]
        )

        found = compared(first, second)

        assert {kind for kind, answer in answers(found).items() if answer == "refuted"} == {
            "lighter"
        }  # where it is unknown; below nought only one of them has a value

    def test_codes_of_categories_are_those_of_each(self):
        stages = ("low", "fair", "good")
        first = b.rulebook(
            b.category("e", *stages, ordered=True), rules=[b.when(b.ranks("e", "<", "good"))]
        )
        second = b.rulebook(
            b.category("e", "worst", *stages, ordered=True, outside_order=("none",)),
            rules=[b.when(b.ranks("e", "<", "good"))],
        )
        third = attrs.evolve(second, rules=(b.when(b.ranks("e", "<", "fair")),))

        assert compared(first, second).is_same
        assert {e.before.case.facts["e"].value for e in compared(first, third).examples} == {"fair"}

    def test_one_name_for_two_things_is_refused(self):
        first = b.rulebook(b.number("a", unit="%"), b.number("c"))
        second = b.rulebook(b.number("a", unit="£"), b.boolean("c"))

        with pytest.raises(InputError, match=r"a is a number in % .* a number in £ .*; c is a n"):
            differing_facts(first, second)

    def test_the_union_has_what_either_declares(self):
        first, second = b.rulebook(b.number("a")), b.rulebook(b.number("a"), b.number("c"))

        assert [fact.id for fact in union_of(first, second).facts] == ["a", "c"]


def test_where_the_scales_differ_nothing_is_lighter_or_harsher():
    first = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1))])
    second = b.rulebook(*FACTS, rules=[b.when(b.below("a", 2))], outcomes=("light", "middle"))

    found = compared(first, second)

    assert answers(found) == {"other": "refuted", "referred": "proved", "decided": "proved"}


@given(pairs())
def test_what_the_cells_rule_out_no_case_does(books):
    first, second = books
    kinds = {kind_of(first, second, *move) for move in moves_by_brute_force(first, second)}

    assert not kinds & ruled_out(side_of(first, b.DAY), side_of(second, b.DAY), b.DAY)


@given(pairs())
def test_z3_rules_out_what_the_cells_do(books):
    first, second = books
    by_cells = ruled_out(side_of(first, b.DAY), side_of(second, b.DAY), b.DAY)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "ruled_out", lambda *_: frozenset())
        by_z3 = answers(compared(first, second))

    assert {by_z3[kind] for kind in by_cells} <= {"proved"}


def test_the_cells_rule_out_what_a_rule_against_each_rule_shows():
    first = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1)), b.when(b.below("c", 1), b.HEAVY)])
    second = b.rulebook(*FACTS, rules=[b.when(b.below("a", 2)), b.when(b.below("c", 1), b.HEAVY)])
    sides = side_of(first, b.DAY), side_of(second, b.DAY)

    assert ruled_out(*sides, b.DAY) == {"lighter", "referred", "decided"}
    assert ruled_out(*reversed(sides), b.DAY) == {"harsher", "referred", "decided"}
    assert ruled_out(*sides, b.DAY, bound=1) == {"referred", "decided"}  # no table is made


def test_without_z3_it_is_said_what_the_cells_leave_open(monkeypatch):
    def none():
        raise EvaluatorUnavailableError("z3 is not installed: pip install it")

    monkeypatch.setattr(comparison, "load_z3", none)
    first = b.rulebook(*FACTS, rules=[b.when(b.below("a", 1))])
    second = b.rulebook(*FACTS, rules=[b.when(b.below("a", 2))])

    found = compared(first, second)

    assert answers(found)["lighter"] == "proved"
    assert answers(found)["harsher"] == "undecided"
    assert "pip install" in next(v.because for v in found.verdicts if v.kind == "harsher")


def test_z3_giving_up_is_undecided():
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    day = hewitt.span.start
    other = attrs.evolve(hewitt, rules=hewitt.rules[20:])

    found = compared(hewitt, other, day, seconds=0.001)

    assert "undecided" in answers(found).values()
    assert all(v.because for v in found.verdicts if v.answer == "undecided")


def test_what_cannot_be_encoded_is_undecided():
    facts = [b.number(f"n{place}") for place in range(13)]
    mean = b.mean_known(*(f.id for f in facts), weights=[2**p for p in range(13)])
    first = b.rulebook(*facts, rules=[b.when(b.below(mean, 5))])

    found = compared(first, b.rulebook(*facts, rules=[b.when(b.below(mean, 6))]))

    harsher = next(verdict for verdict in found.verdicts if verdict.kind == "harsher")
    assert (harsher.answer, harsher.because[:12]) == ("undecided", "not encoded:")
    assert not found.is_same


class TestTheDays:
    def test_are_those_on_which_they_differ(self):
        rules = [b.when(b.below("a", b.parameter("limit")))]
        first = b.rulebook(*FACTS, rules=rules, parameters=[b.parameter_of("limit", 1)])
        changed = b.parameter_of(
            "limit",
            b.dated(1, end=datetime.date(2026, 3, 31)),
            b.dated(2, datetime.date(2026, 4, 1)),
        )
        second = attrs.evolve(first, parameters=(changed,))

        assert differing_days(first, second) == (datetime.date(2026, 4, 1),)
        assert differing_days(first, first) == (first.span.start,)
        assert compared(first, second, datetime.date(2026, 3, 31)).is_same
        assert not compare_rulebooks(first, second, evaluators=FAST).is_same

    def test_never_lighter_is_said_of_all_of_them(self):
        """Stricter at first and laxer later: a proof for the first such day is none for all."""
        rules = [b.when(b.below("a", b.parameter("limit")))]
        later = datetime.date(2026, 4, 1)
        first = b.rulebook(*FACTS, rules=rules, parameters=[b.parameter_of("limit", 1)])
        turns = b.parameter_of(
            "limit", b.dated(2, end=datetime.date(2026, 3, 31)), b.dated(0, later)
        )
        second = attrs.evolve(first, parameters=(turns,))

        found = compare_rulebooks(first, second, evaluators=FAST)
        answers = {verdict.kind: verdict.answer for verdict in found.verdicts}
        assert found.days == (first.span.start, later)
        assert found.on_every_day
        assert (answers["lighter"], answers["harsher"]) == ("refuted", "refuted")
        days = {each.kind: each.before.as_of for each in found.examples}
        assert (days["harsher"], days["lighter"]) == (first.span.start, later)

        alone = compare_rulebooks(first, second, as_of=first.span.start, evaluators=FAST)
        answers = {verdict.kind: verdict.answer for verdict in alone.verdicts}
        assert (alone.on_every_day, answers["lighter"]) == (False, "proved")

    def test_are_all_on_which_a_value_may_be_known_to_one_alone(self):
        """What a rulebook accepts is no part of its program, and matters on every day."""
        fact = b.number("a", range=(0, 9), max_age=5)
        rules = [b.when(b.below("a", b.parameter("limit")))]
        limit = b.parameter_of(
            "limit",
            b.dated(0, end=datetime.date(2026, 3, 31)),
            b.dated(5, datetime.date(2026, 4, 1)),
        )
        first = b.rulebook(fact, rules=rules, parameters=[limit])
        second = attrs.evolve(first, facts=(attrs.evolve(fact, max_age=9),))

        assert differing_days(first, second) == (first.span.start, datetime.date(2026, 4, 1))

    def test_are_days_on_which_both_decide(self):
        first = b.rulebook(
            *FACTS, span=Span(datetime.date(2020, 1, 1), datetime.date(2020, 12, 31))
        )
        second = b.rulebook(*FACTS, span=Span(datetime.date(2021, 1, 1)))

        assert differing_days(first, second) == ()
        with pytest.raises(InputError, match="never both decide"):
            compare_rulebooks(first, second)


@pytest.mark.parametrize("by", [5, -5])
def test_a_stricter_target_of_the_shipped_rulebook_is_never_lighter_and_a_laxer_never_harsher(by):
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    day = next(day for day in change_days(hewitt) if day in hewitt.span)
    parameter = hewitt.parameter("cancer_62day_target_pct")
    moved = attrs.evolve(
        parameter, values=tuple(attrs.evolve(v, value=v.value + by) for v in parameter.values)
    )
    others = tuple(p for p in hewitt.parameters if p is not parameter)

    found = compared(hewitt, attrs.evolve(hewitt, parameters=(*others, moved)), day)

    stricter = (answers(found)["lighter"], answers(found)["harsher"])
    assert stricter == (("proved", "refuted") if by > 0 else ("refuted", "proved"))
    assert {len(example.rules) for example in found.examples} == {1}


class TestWhatTheCellsMustNotRuleOut:
    """Differences that a careless argument about single rules would miss."""

    def ruled_out(self, first, second):
        books = (b.rulebook(*FACTS, rules=rules) for rules in (first, second))
        return ruled_out(*(side_of(book, b.DAY) for book in books), b.DAY)

    def test_the_same_condition_may_bring_less(self):
        heavy = b.when(b.below("a", 1), b.HEAVY, if_unknown="ignore", rule_id="rule")
        middle = b.when(b.below("a", 1), b.MIDDLE, if_unknown="ignore", rule_id="rule")

        assert self.ruled_out([heavy], [middle]) == {"harsher", "referred", "decided"}

    def test_an_unknown_rule_of_admissibility_refers(self):
        asks = b.when(b.holds("d"), REFER, rule_id="asks")
        knows = b.when(b.every(b.known("d"), b.holds("d")), REFER, rule_id="knows")

        assert self.ruled_out([asks], [knows]) == {"lighter", "harsher", "referred"}

    def test_the_harshest_outcome_may_have_kept_a_case_from_referral(self):
        asks = b.when(b.holds("d"), REFER, rule_id="asks")
        harm = b.when(b.below("a", 1), b.HEAVY, if_unknown="ignore", rule_id="harm")

        assert "referred" not in self.ruled_out([asks, harm], [asks])


def test_for_a_referral_that_was_the_harshest_the_rule_that_is_gone_has_to_answer():
    asks = b.when(b.holds("d"), REFER, rule_id="asks")
    harm = b.when(b.below("a", 1), b.HEAVY, if_unknown="ignore", rule_id="harm")
    first, second = (b.rulebook(*FACTS, rules=rules) for rules in ([asks, harm], [asks]))

    examples = compared(first, second).examples

    assert {(e.kind, e.before.outcome, e.rules) for e in examples} >= {
        ("referred", b.HEAVY, ("harm",))
    }


def test_an_example_is_one_that_a_list_of_local_priorities_can_make():
    names = LocalPriorityFacts("agreed", "on_track", "off_track", "not_known")
    facts = [b.number(fact_id, range=(0, 50)) for fact_id in attrs.astuple(names)]
    books = [
        b.rulebook(
            *facts, local_priorities=names,
            rules=[b.when(b.below(b.times(10, "on_track"), b.times(share, "agreed")))],
        )
        for share in (6, 7)
    ]  # fmt: skip

    [example] = compared(*books).examples

    agreed, *parts = (example.before.case.facts[i].value for i in attrs.astuple(names))
    assert agreed == sum(parts) > 0


def test_a_rule_that_makes_the_difference_alone_is_alone_in_its_example():
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    day = datetime.date(2025, 6, 30)
    gone = {"cancer_62day_missed", "cancer_31day_missed"}
    other = attrs.evolve(hewitt, rules=tuple(r for r in hewitt.rules if r.id not in gone))

    examples = compared(hewitt, other, day).examples

    assert [e.rules for e in examples if e.kind == "lighter"] == [(i,) for i in sorted(gone)]
