"""Why two decisions differ is told from the decisions alone: facts, parameters, rules, dates."""

import copy
import datetime
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from oversight_engine.analysis.difference import (
    compare,
    comparison_data,
    difference_data,
    find_difference,
)
from oversight_engine.analysis.gaps import find_gaps
from oversight_engine.analysis.stored import read_decisions
from oversight_engine.engine import decide
from oversight_engine.errors import InputError
from oversight_engine.model.case import StatedFact
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.number import exact
from oversight_engine.model.rulebook import Span
from oversight_engine.report import data as report_data
from oversight_engine.report.differences import comparison_page, difference_page, titles_of
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.report.text import plain
from tests import builders as b
from tests import shown, strategies
from tests.shown import decided, sections_of

SOME = settings(max_examples=max(1, settings.default.max_examples // 3))


def between(before, after):
    return find_difference(before=decision_data(before), after=decision_data(after))


def told(before, after):
    return difference_page(between(before, after), titles_of(shown.book()))


def ids(difference, kind):
    return [change.id for change in difference.of(kind)]


def test_a_changed_fact_is_followed_to_the_rule_and_the_outcome():
    difference = between(decided(), decided(seen_pct=exact("69.99")))

    assert difference.is_decision_changed
    assert ids(difference, "fact") == ["seen_pct"]
    assert ids(difference, "parameter") == []
    [rule] = difference.of("rule")
    assert (rule.id, rule.because) == ("late", ("seen_in_time",))
    [finding] = difference.of("finding")
    assert (finding.id, finding.because) == ("seen_in_time", ("seen_pct",))


def test_what_moved_the_decision_is_told_first_down_to_the_numbers():
    assert sections_of(told(decided(), decided(seen_pct=exact("69.99"))))["What moved it"] == [
        "People are seen too late: does not apply, now applies",
        "People are seen in time: yes, now no",
        "seen_pct >= seen_target_pct: 70 against 70, now 69.99 against 70",
        "because of Seen in time",
    ]


def test_another_day_brings_another_parameter_and_that_is_the_reason_given():
    sections = sections_of(told(decided(), decided(on=datetime.date(2026, 4, 1))))

    assert sections["What was asked differently"] == [
        "Date of the decision: 2025-06-30, now 2026-04-01"
    ]
    assert sections["Numbers of policy that changed"] == ["Target for being seen: 70%, now 75%"]
    assert "because of Target for being seen" in sections["Other rules that came out differently"]


def test_facts_that_were_not_known_or_are_no_longer_say_why():
    page = told(decided(stage=None, harm_found=True), decided(harm_found=None))

    assert sections_of(page)["Facts that changed"] == [
        "Harm was found: yes, now unknown (not stated)",
        "Maturity: unknown (not stated), now grown",
    ]


def test_a_fact_that_is_false_has_its_value_in_the_decision():
    [fact] = [f for f in decision_data(decided())["facts"] if f["id"] == "harm_found"]

    assert fact["value"] is False


def test_what_it_brings_and_no_longer_brings_is_told():
    lines = sections_of(told(decided(), decided(variance_pct=None)))[
        "What it brings, and no longer brings"
    ]

    assert lines == [
        "No longer: Budget",
        "No longer: Yearly",
        "Now: Advice",
        "Now: Monthly",
    ]


def test_a_consequence_that_becomes_certain_is_told():
    page = told(decided(variance_pct=None), decided(variance_pct=-2))

    assert "Now certain: Advice" in sections_of(page)["What it brings, and no longer brings"]


def test_two_equal_decisions_differ_in_nothing():
    difference = between(decided(), decided())

    assert (difference.changes, difference.settings) == ((), ())
    assert plain(told(decided(), decided())).startswith("Free: nothing differs.")


def test_a_change_that_moves_nothing_leaves_the_outcome_as_before():
    assert plain(told(decided(), decided(seen_pct=71))).startswith("Free, as before.")


def test_a_referral_is_called_so():
    page = told(decided(), decided(harm_found=None, plan_agreed=None))

    assert plain(page).startswith("Free, now referred.")
    assert "Possible before: Free; now: Free or Directed" in plain(page)


def test_what_both_rest_on_is_told():
    one, all_ = decided(seen_pct=StatedFact(72, status="derived")), decided(status="estimated")
    notes = [line for line in plain(told(one, all_)).splitlines() if line.startswith("Note")]

    assert notes == [
        "Note: Before: rests on 1 derived fact",
        "Note: Now: rests on 7 estimated facts",
    ]


def test_a_rule_whose_text_changed_is_listed_though_its_truth_did_not():
    before, after = decision_data(decided()), decision_data(decided())
    after = copy.deepcopy(after)
    after["rules"][0]["says"] += " and more"

    difference = find_difference(before=before, after=after)

    assert ids(difference, "rule") == [after["rules"][0]["id"]]
    assert "as before, though it reads otherwise" in plain(difference_page(difference, {}))


def test_a_rule_that_came_or_went_is_listed():
    before, after = decision_data(decided()), copy.deepcopy(decision_data(decided()))
    gone = after["rules"].pop(0)

    [change] = find_difference(before=before, after=after).of("rule")

    assert (change.id, change.after) == (gone["id"], None)


@SOME
@given(st.data())
def test_any_two_decisions_can_be_compared_and_the_result_fits_its_schema(data):
    book = data.draw(strategies.rulebooks())
    before, after = (
        decide(book, data.draw(strategies.cases(book)), evaluators=("reference",)) for _ in "ab"
    )
    difference = between(before, after)

    Draft202012Validator(shipped_schema("difference")).validate(difference_data(difference))
    assert plain(difference_page(difference, titles_of(book)))
    assert difference.is_decision_changed == (before.label != after.label)
    for change in difference.of("fact"):
        assert (change.before, change.after) != (None, None)


# Many systems


def of_system(code, **facts):
    case = b.case_of(code=code, as_of=shown.DAY, **(shown.GOOD | facts))
    return decision_data(decide(shown.book(), case, evaluators=("reference",)))


def test_many_decisions_are_matched_by_system():
    before = [of_system("A1"), of_system("A2"), of_system("A3")]
    after = [of_system("A2", seen_pct=60), of_system("A1"), of_system("A4")]

    comparison = compare(before, after)

    assert [d.is_decision_changed for d in comparison.differences] == [False, True]
    assert (comparison.only_before, comparison.only_after) == (("A3",), ("A4",))
    Draft202012Validator(shipped_schema("differences")).validate(comparison_data(comparison))
    page = plain(comparison_page(comparison, titles_of(shown.book())))
    assert "Code: A2; System: A system; Before: Free; Now: Watched" in page
    assert "Only before: A3" in page


def test_one_decision_on_each_side_is_compared_whatever_its_system():
    comparison = compare([of_system("A1")], [of_system("A2")])

    assert comparison.differences[0].settings == (("system", "A1", "A2"),)


def test_several_decisions_of_one_system_cannot_be_matched():
    with pytest.raises(InputError, match="A1 has several decisions on one side"):
        compare([of_system("A1"), of_system("A1")], [of_system("A1"), of_system("A2")])


@pytest.mark.parametrize(
    ("after", "level", "reaches"),
    [
        ([of_system("A1")], None, False),
        ([of_system("A1")], "any", False),
        ([of_system("A1", seen_pct=80)], "decision", False),
        ([of_system("A1", seen_pct=80)], "any", True),
        ([of_system("A1", seen_pct=60)], "decision", True),
        ([of_system("A1", seen_pct=60)], None, False),
        ([of_system("A1"), of_system("A2")], "decision", True),
    ],
)
def test_a_comparison_reaches_the_level_that_was_asked_for(after, level, reaches):
    assert compare([of_system("A1")], after).reaches(level) is reaches


# Stored decisions


def test_decisions_are_read_back_in_every_shape_the_command_prints(tmp_path):
    decisions = [decided(), decided(seen_pct=60)]
    shapes = {
        "document.json": b"".join(report_data.decisions(decisions)),
        "lines.jsonl": b"".join(map(report_data.decided, decisions)),
        "bare.json": json.dumps(decision_data(decisions[0])).encode(),
    }
    for name, content in shapes.items():
        (tmp_path / name).write_bytes(content)

    read = {name: read_decisions(tmp_path / name) for name in shapes}

    assert read["document.json"] == read["lines.jsonl"] == [*map(decision_data, decisions)]
    assert read["bare.json"] == [decision_data(decisions[0])]


def test_a_case_in_json_is_not_taken_for_a_decision(tmp_path):
    path = tmp_path / "case.json"
    path.write_text('{"format": "oversight-case/1"}')

    assert read_decisions(path) is None
    assert read_decisions(tmp_path / "case.yaml") is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"format": "oversight-decision/1"', "not JSON"),
        ('{"format": "oversight-decision/1"}', "`decision` is missing"),
        ('{"format": "oversight-decision/2"}', "its format is not oversight-decision/1"),
        ('{"decisions": [1], "format": "oversight-decisions/1"}', "its format is not"),
    ],
)
def test_what_only_looks_like_a_decision_is_refused(tmp_path, content, why):
    path = tmp_path / "decision.json"
    path.write_text(content)

    with pytest.raises(InputError, match=why):
        read_decisions(path)


def test_a_decision_with_a_part_cut_out_is_refused(tmp_path):
    decision = decision_data(decided())
    del decision["rules"][0]["effect"]
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(decision))

    with pytest.raises(InputError, match="`effect` is missing in one of its rules"):
        read_decisions(path)


# Gaps


def test_days_on_which_a_rule_lacks_its_parameter_are_found_and_joined():
    book = b.attrs.evolve(shown.book(), span=Span(datetime.date(2024, 1, 1)))
    [gap] = find_gaps(book)

    assert (gap.rule, gap.span) == (
        "late", Span(datetime.date(2024, 1, 1), datetime.date(2025, 3, 31)),
    )  # fmt: skip
    assert "seen_target_pct has no value" in gap.because


def test_days_outside_a_rules_own_dates_are_no_gap():
    dated = b.when(b.holds("a"), span=Span(b.DAY, b.DAY))

    assert find_gaps(b.rulebook(b.boolean("a"), rules=[dated])) == ()
