"""What stands between a decision and another outcome is listed whole, with the way out of each."""

from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.engine import decide
from oversight_engine.explanation import explain_why_not
from oversight_engine.explanation.page import Section
from tests import strategies
from tests.shown import FREE, GUIDED, decided, sections_of

SOME = settings(max_examples=max(1, settings.default.max_examples // 3))


def test_each_rule_in_the_way_says_what_would_have_to_be_otherwise():
    decision = decided(seen_pct=60, stage=None)
    page = explain_why_not(decision, FREE)
    true = page.blocks[1]

    assert true.title == "Why not free: 1 rule stands in the way"
    assert [(line.level, line.mark, line.text) for line in true.lines] == [
        (0, "", "For each, what would have to be otherwise:"),
        (0, "holds", "People are seen too late"),
        (1, "", "People are seen in time: must be yes"),
        (2, "", "Seen in time: must be at least 70% (Target for being seen) (now 60%)"),
        (1, "", "Source: The policy, late"),
    ]
    assert sections_of(page)["Why not free: 1 rule stands open"][1:3] == [
        "The system is too young",
        "Maturity: must be at least grown (not stated)",
    ]


def test_a_number_that_must_be_otherwise_is_traced_to_what_it_comes_from():
    lines = explain_why_not(decided(variance_pct=-2), FREE).blocks[1].lines

    assert [(line.level, line.text) for line in lines[2:6]] == [
        (1, "The money does not balance: must be no"),
        (2, "Plan and position together: must be at least 0% (now -1.5%)"),
        (3, "Planned position: 0.5%"),
        (3, "Position against plan: -2%"),
    ]


def test_where_one_of_several_changes_is_enough_that_is_said():
    page = explain_why_not(decided(harm_found=True, plan_agreed=False), GUIDED)
    [section] = [block for block in page.blocks if isinstance(block, Section)]

    assert [(line.level, line.text) for line in section.lines[2:5]] == [
        (1, "Any one of these:"),
        (2, "Harm was found: must be no (now yes)"),
        (2, "There is an agreed plan: must be yes (now no)"),
    ]


def test_why_nothing_harsher_lists_what_would_bring_it():
    [section] = sections_of(explain_why_not(decided(), GUIDED)).values()

    assert section == [
        (
            "None of the 1 rule that would bring it is true. For each, what would have to be "
            "otherwise:"
        ),
        "The review is old",
        "Days since: Day of the latest review: must be more than 365 days (now 180 days)",
        "Day of the latest review: 1 January 2025",
    ]


def test_the_outcome_that_was_decided_needs_no_reasons_against_it():
    assert sections_of(explain_why_not(decided(), FREE)) == {"Why not free": ["It is free."]}


@SOME
@given(st.data())
def test_why_not_lists_exactly_the_rules_that_stand_in_the_way(data):
    book = data.draw(strategies.rulebooks())
    decision = decide(book, data.draw(strategies.cases(book)), evaluators=("reference",))
    wanted = book.lightest

    page = explain_why_not(decision, wanted)
    told = {line.text for block in page.blocks if isinstance(block, Section)
            for line in block.lines if line.mark and line.level == 0}  # fmt: skip

    in_the_way = {
        result.rule.title
        for result in decision.rules
        if result.effect in {"holds", "holds_back", "refers"}
    }
    assert told == (in_the_way if decision.outcome != wanted else set())
