"""An explanation says what the decision recorded, in words, and evaluates nothing."""

import datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine import engine, semantics
from oversight_engine.engine import decide
from oversight_engine.explanation import explain, explain_why_not, summarise
from oversight_engine.explanation.margins import find_margins
from oversight_engine.model.case import StatedFact
from oversight_engine.model.number import exact
from tests import builders as b
from tests import shown, strategies
from tests.shown import (
    FREE,
    decided,
    headline_of,
    lines_of,
    sections_of,
    text_of,
)

ALONE = "Computed by one evaluator alone, reference; no other confirmed what it found."
SOME = settings(max_examples=max(1, settings.default.max_examples // 3))


# Why


def test_the_reasons_go_down_to_the_facts_and_up_to_the_sources():
    [section] = [s for s in explain(decided(seen_pct=exact("69.99"))).blocks
                 if s[0] == "What makes it watched"]  # fmt: skip

    assert [(line.level, line.mark, line.text) for line in section.lines] == [
        (0, "holds", "People are seen too late"),
        (1, "false", "People are seen in time: no"),
        (2, "false", "Seen in time: 69.99%, less than 70% (Target for being seen)"),
        (1, "", ("Threshold: Target for being seen, 70% from 1 April 2025 to 31 March 2026; "
                "The policy, targets")),
        (1, "", "Source: The policy, late"),
    ]  # fmt: skip


def test_a_finding_called_as_its_rule_is_not_told_twice_and_its_numbers_are_traced():
    lines = lines_of(explain(decided(variance_pct=-2)), "What makes it watched")

    assert lines == [
        "The money does not balance",
        "Plan and position together: -1.5%, less than 0%",
        "Planned position: 0.5%",
        "Position against plan: -2%",
        "Source: The policy, deficit",
    ]


def test_a_number_that_is_not_known_is_traced_to_the_facts_that_are_missing():
    lines = lines_of(explain(decided(variance_pct=None)), "What makes it watched")

    assert lines[:4] == [
        "The money does not balance",
        "Plan and position together: unknown; asked: less than 0%",
        "Planned position: 0.5%",
        "Position against plan: unknown (not stated)",
    ]


def test_inputs_of_a_sum_are_listed_with_its_parameters_and_findings_once():
    total = b.plus(b.finding("sum"), b.plus("a", b.parameter("p")))
    book = b.rulebook(
        b.number("a"),
        b.number("c"),
        findings=[b.value_finding("sum", b.plus("a", "c"))],
        parameters=[b.parameter_of("p", 3)],
        rules=[b.when(b.compare(total, ">", 1000), rule_id="it")],
    )

    told = lines_of(explain(b.decided(book, a=1)), "What makes it middle")

    assert told[1:7] == [
        "Sum + (A + P): unknown (Sum: unknown); asked: more than 1,000",
        "Sum: unknown",
        "A: 1",
        "C: unknown (not stated)",
        "A: 1",
        "P: 3",
    ]


def test_where_nothing_holds_it_back_that_is_said():
    assert lines_of(explain(decided()), "What makes it so") == [
        "Nothing holds it back: of 5 rules, none applies."
    ]


def test_a_rule_that_holds_back_because_nothing_is_known_says_why():
    lines = lines_of(explain(decided(stage=None)), "What makes it watched")

    assert lines[:2] == [
        "The system is too young",
        "Maturity: unknown (not stated); asked: at least grown",
    ]


def test_lesser_rules_that_hold_are_told_apart_from_those_that_decide():
    page = explain(decided(seen_pct=60, reviewed_on=datetime.date(2020, 1, 1)))

    assert lines_of(page, "What makes it guided")[0] == "The review is old"
    assert lines_of(page, "What would still hold it back if that were put right")[0] == (
        "People are seen too late"
    )
    assert "What would still hold it back if that were put right" not in sections_of(
        explain(decided(seen_pct=60))
    )


def test_a_referral_names_the_rules_that_call_for_it_and_the_evidence_that_is_missing():
    lines = lines_of(explain(decided(harm_found=None, plan_agreed=None)), "Why it is referred")

    assert lines == [
        (
            "1 rule that could bring directed cannot be answered, and silence neither brings it "
            "nor avoids it:"
        ),
        "There is harm and no plan",
        "Missing evidence (2 facts):",
        "There is an agreed plan: not stated",
        "Harm was found: not stated",
    ]


def test_a_referral_for_a_case_that_cannot_be_admitted_says_so():
    book = b.rulebook(b.boolean("disputed"), rules=[b.when(b.holds("disputed"), "refer")])
    lines = lines_of(explain(b.decided(book, disputed=True)), "Why it is referred")

    assert lines[:3] == ["The case cannot be admitted as it stands:", "Refer_Rule", "Disputed: yes"]


def test_every_rule_in_force_is_told_with_what_it_says_by_theme():
    sections = sections_of(explain(decided()))
    told = [text for title, lines in sections.items() if title.startswith("Every rule on")
            for text in lines]  # fmt: skip

    assert [title for title in sections if title.startswith("Every rule")] == [
        "Every rule on money",
        "Every rule on care",
    ]
    assert "There is harm and no plan (would bring directed)" in told
    assert "Says: when (harm_found) and (not (plan_agreed))" in told


def test_an_ignored_rule_says_why_it_is_ignored():
    rule = b.when(b.holds("a"), if_unknown="ignore", reason_to_ignore="Nobody counts it yet.")
    book = b.rulebook(b.boolean("a"), rules=[rule])
    page = explain(b.decided(book))

    assert "What makes it so" in sections_of(page)
    assert "Ignored while unknown: Nobody counts it yet." in lines_of(
        page, "Every rule without a theme"
    )


def test_compound_conditions_are_told_part_by_part_with_their_own_truth():
    condition = b.some(b.holds("a"), b.negated(b.some(b.holds("a"), b.holds("c"))))
    book = b.rulebook(b.boolean("a"), b.boolean("c"), rules=[b.when(condition, rule_id="it")])
    [section] = [s for s in explain(b.decided(book, a=False, c=False)).blocks
                 if s[0] == "What makes it middle"]  # fmt: skip

    assert [(line.level, line.mark, line.text) for line in section.lines[1:6]] == [
        (1, "true", "Any of these:"),
        (2, "false", "A: no"),
        (2, "true", "None of these:"),
        (3, "false", "A: no"),
        (3, "false", "C: no"),
    ]


# Unknown and close


def test_unknown_facts_are_told_with_why_and_what_nobody_asks_for_is_left_out():
    suppressed = StatedFact(None, status="suppressed")
    page = explain(decided(stage=None, seen_pct=suppressed))

    assert lines_of(page, "What was not known (2 of 7 facts)") == [
        "Its status is suppressed, which is not accepted:",
        "Seen in time",
        "Not stated:",
        "Maturity",
    ]
    brief = summarise(decided(stage=None, seen_pct=suppressed))
    assert lines_of(brief, "What was not known (2 of 7 facts)") == [
        "Its status is suppressed, which is not accepted: Seen in time.",
        "Not stated: Maturity.",
    ]


def test_the_nearest_numbers_come_first_measured_by_the_range_they_may_have():
    decision = decided(seen_pct=exact("69.99"), variance_pct=exact("0.5"))
    margins = find_margins(decision)

    assert [(m.distance, m.share, m.owners) for m in margins] == [
        (exact("0.01"), Fraction(1, 10000), ("People are seen in time",)),
        (1, Fraction(1, 100), ("The money does not balance",)),
    ]
    assert lines_of(explain(decision), "What was close")[1:] == [
        (
            "Seen in time: 69.99%, less than 70% (Target for being seen); 0.01 percentage points "
            "away, less than 0.1% of its range. Bears on: People are seen in time."
        ),
        (
            "Plan and position together: 1%, at least 0%; 1 percentage point away, 1% of its "
            "range. Bears on: The money does not balance."
        ),
    ]


def test_a_value_exactly_at_the_limit_is_said_to_be_there():
    told = (
        "Seen in time: 70%, at least 70% (Target for being seen); exactly at the limit. "
        "Bears on: People are seen in time."
    )

    assert told in lines_of(explain(decided()), "What was close")


def test_uncertainty_that_reaches_across_a_limit_is_said():
    near = StatedFact(exact("70.5"), likely=(exact("69.5"), exact("71.5")))
    far = StatedFact(exact("70.5"), likely=(exact("70.1"), exact("71.5")))

    told, untold = (lines_of(explain(decided(seen_pct=f)), "What was close") for f in (near, far))

    assert any("its own uncertainty reaches across" in line for line in told)
    assert not any("its own uncertainty reaches across" in line for line in untold)


@pytest.mark.parametrize(
    ("quantity", "width"),
    [
        (b.minus("a", "c"), 30),
        (b.plus("a", b.parameter("p")), 10),
        (b.aggregate("max_known", "a", "c"), 20),
        (b.aggregate("sum_known", "a", "c"), None),
        (b.times(2, "a"), None),
        (b.plus("a", "open"), None),
        (b.aggregate("min_known", "a", "open"), None),
    ],
)
def test_the_range_of_a_quantity_follows_from_those_of_its_facts(quantity, width):
    facts = [b.number("a", range=(0, 10)), b.number("c", range=(0, 20)), b.number("open")]
    book = b.rulebook(
        *facts,
        parameters=[b.parameter_of("p", 3)],
        rules=[b.when(b.compare(quantity, ">", 1000), rule_id="it")],
    )
    margins = find_margins(b.decided(book, a=1, c=2, open=3))

    assert [margin.distance / margin.share for margin in margins] == ([width] if width else [])


# What it brings


def test_consequences_are_told_by_kind_with_how_often_and_until_when():
    assert lines_of(explain(decided(variance_pct=-2)), "What it brings") == [
        "Returns due:",
        "Monthly, 12 times a year",
        "Support:",
        "Advice",
        "Review:",
        "Look (by 29 September 2025)",
        (
            "Reporting burden in returns a year: watched 12. Beside it: free 1, guided 12 and "
            "directed 12 to 64."
        ),
    ]


def test_a_consequence_that_depends_on_missing_evidence_says_so():
    lines = lines_of(explain(decided(variance_pct=None)), "What it brings")

    assert "Advice (depends on missing evidence)" in lines


def test_returns_that_are_not_in_force_are_no_burden():
    book = b.rulebook(
        b.number("a"),
        parameters=[b.parameter_of("later", b.dated(1, b.days_before(-1)))],
        rules=[b.when(b.compare("a", ">", 1), rule_id="it")],
        consequences=[
            b.consequence("always", b.LIGHT, b.MIDDLE, kind="return", per_year=1),
            b.consequence(
                "then", b.MIDDLE, kind="return", per_year=5,
                when=b.compare("a", ">", b.parameter("later")),
            ),
        ],
    )  # fmt: skip

    def burden(day):
        return lines_of(explain(b.decided(book, a=1, on=day)), "What it brings")[-1]

    assert burden(b.DAY).endswith("Beside it: middle 1 and heavy 0.")
    assert burden(b.days_before(-1)).endswith("Beside it: middle 1 to 6 and heavy 0.")


def test_freedom_and_accountability_are_weighed_principle_by_principle():
    title = "How freedom and accountability weighed"

    assert lines_of(explain(decided()), title) == [
        "Fairness to everybody: 5 rules, none of which applies.",
        "It brings 1 freedom.",
    ]
    assert lines_of(explain(decided(seen_pct=60, stage=None)), title) == [
        "Fairness to everybody: 5 rules; 1 true and 1 not known and so holding back.",
        "People are seen too late",
        "The system is too young",
    ]


# What it rests on


def test_facts_numbers_sources_and_digests_are_all_there():
    page = explain(
        decided(
            seen_pct=StatedFact(
                exact("71.5"), "the register", datetime.date(2025, 5, 31), "derived", (71, 72)
            )
        )
    )
    sections = sections_of(page)

    assert sections["The facts it used"][0] == (
        "Seen in time: 71.5% (likely 71% to 72%); derived, as at 31 May 2025; the register"
    )
    assert sections["The numbers of policy on that day"] == [
        "Target for being seen: 70% from 1 April 2025 to 31 March 2026; The policy, targets"
    ]
    assert sections["Sources, and how well they are known"] == [
        "The policy (Us, 30 June 2025): read in part. Half of it."
    ]
    identity = "\n".join(sections["To check it again"])
    assert shown.book().digest in identity
    assert "Computed by reference alone" in identity


def test_what_is_not_in_force_is_told_with_why():
    lines = lines_of(explain(decided(on=datetime.date(2025, 3, 1))), "Not in force on that day")

    assert (
        "Rule late: the finding seen_in_time is not in force: the parameter seen_target_pct has "
        "no value on this date" in lines
    )


# For any rulebook and case


@SOME
@given(st.data())
def test_any_decision_can_be_explained_and_every_rule_that_did_something_is_named(data):
    book = data.draw(strategies.rulebooks())
    decision = decide(book, data.draw(strategies.cases(book)), evaluators=("reference",))

    told = text_of(explain(decision))

    for result in decision.rules:
        assert result.rule.title in told
    assert headline_of(summarise(decision)) == headline_of(explain(decision))


def test_nothing_is_evaluated_again(monkeypatch):
    decision = decided(seen_pct=60, stage=None, harm_found=None)

    def refuse(*arguments, **more):
        raise AssertionError("an explanation evaluated something")

    monkeypatch.setattr(semantics, "evaluate", refuse)
    monkeypatch.setattr(semantics, "compare", refuse)
    monkeypatch.setattr(engine.Engine, "decide", refuse)

    assert explain(decision)
    assert summarise(decision)
    assert explain_why_not(decision, FREE)
