"""What a rulebook says is listed in prose, and files to fill in can be filled in."""

import shutil

import attrs
import pytest

from oversight_engine.engine import decide
from oversight_engine.errors import InputError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import examine_rulebook
from oversight_engine.model import rulebook as r
from oversight_engine.model.people import HistoryDeclaration
from oversight_engine.report import blanks, listing
from tests import builders as b
from tests import shown
from tests.shown import hewitt

# Lists of facts and rules


def test_a_single_fact_is_told_with_all_there_is_to_say():
    book = b.rulebook(
        r.Fact("a", "An amount", "number", "higher", "£m", 1, (0, None), theme="money",
               cadence="monthly", max_age=31, accepts=("final",), basis=r.Basis(policy_choice="so"),
               about="About it."),
        b.boolean("other"),
        rules=[b.when(b.below("a", 3), rule_id="it")],
    )  # fmt: skip
    sections = shown.sections_of(listing.facts_page(book, book.facts[:1]))

    assert sections["Money"] == [
        "a: An amount",
        "Number in £m, from 0, at most 1 decimal, higher is better.",
        "About it.",
        "Counted: monthly.",
        "Unknown when older than 31 days.",
        "Only accepted as: final.",
        "Source: a policy choice: so",
        "Rules that ask for it directly: It.",
    ]


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (HistoryDeclaration("outcome_in_force"), "the outcome in force"),
        (HistoryDeclaration("engine_outcome", "days"),
         "for how many days: the engine's own latest outcome"),
        (HistoryDeclaration("finding", "periods", finding="poor"),
         "for how many periods: what the latest decision found of poor"),
        (HistoryDeclaration("no_rule_held", apart_from=("it",)), "no rule held apart from: It"),
        (HistoryDeclaration("exit_criteria", sustained_for=90),
         "how far the exit criteria are met, sustained after 90 days"),
    ],
)  # fmt: skip
def test_a_fact_that_is_history_says_what_a_ledger_fills_in(history, said):
    fact = attrs.evolve(b.boolean("a"), history=history)
    book = b.rulebook(fact, b.boolean("other"), rules=[b.when(b.holds("a"), rule_id="it")])
    sections = shown.sections_of(listing.facts_page(book, [fact]))

    assert f"From a ledger, where there is one: {said}." in next(iter(sections.values()))


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (b.number("a", range=(1, 9)), "Number, 1 to 9, whole, higher is better."),
        (b.number("a", range=(None, 9), better="neither"), "Number, up to 9, whole."),
        (b.boolean("a", better="lower"), "Yes or no, no is better."),
        (b.date_fact("a", better="higher"), "Date, higher is better."),
        (b.category("a", "x", "y"), "One of x or y (in no order)."),
        (b.category("a", "x", "y", ordered=True, better="lower", outside_order=("z",)),
         "One of x or y (in this order), or, outside the order, z, the first is best."),
    ],
)  # fmt: skip
def test_every_kind_of_fact_says_what_may_be_stated(fact, said):
    [lines] = shown.sections_of(listing.facts_page(b.rulebook(fact), [fact])).values()

    assert lines == ["a: A", said]


def test_a_rule_is_told_in_prose_with_what_happens_when_it_is_unknown():
    book = shown.book()
    rules = [book.rule("late"), book.rule("harm")]
    sections = shown.sections_of(listing.rules_page(book, rules, shown.DAY.replace(year=2024)))

    assert sections["Watched: rules that bring it"] == [
        "late: People are seen too late",
        "Unless people are seen in time.",
        "If that is not known: counts as true: freedom has to be shown to be earned.",
        (
            "Not in force on that day: the finding seen_in_time is not in force: the parameter "
            "seen_target_pct has no value on this date."
        ),
        "Source: The policy, late",
    ]
    assert sections["Directed: rules that bring it"][1:4] == [
        "When harm was found, and not (there is an agreed plan).",
        "If that is not known: the case is referred: silence neither brings it nor avoids it.",
        "Recommends: orders.",
    ]


def test_an_admissibility_rule_and_an_ignored_one_say_what_they_are():
    ignored = b.when(b.holds("a"), if_unknown="ignore", reason_to_ignore="New.", rule_id="i")
    dated = b.when(b.holds("a"), "refer", rule_id="r", span=r.Span(b.DAY, b.DAY), about="So.")
    book = b.rulebook(b.boolean("a"), rules=[ignored, dated])
    sections = shown.sections_of(listing.rules_page(book, book.rules))

    assert "If that is not known: ignored (New.)." in sections["Middle: rules that bring it"]
    assert sections["Referral: rules that bring it"][2:5] == [
        "If that is not known: the case is referred all the same.",
        "In force from 30 June 2025 to 30 June 2025.",
        "So.",
    ]


def test_lists_as_rows_have_as_many_cells_as_columns():
    book = hewitt()

    assert {len(listing.fact_row(book, fact)) for fact in book.facts} == {len(listing.FACT_COLUMNS)}
    assert {len(listing.rule_row(book, rule)) for rule in book.rules} == {len(listing.RULE_COLUMNS)}


# Files to fill in


def test_a_blank_case_reads_as_a_case_that_states_nothing(tmp_path):
    path = tmp_path / "case.yaml"
    text = blanks.blank_case(
        hewitt(), code="QXX", name='A "new" \\ system', region="North", as_of=shown.DAY
    )
    path.write_text(text, encoding="utf-8")

    [case] = read_cases(path, hewitt())

    assert (case.system.name, case.system.region, case.facts) == (
        'A "new" \\ system', "North", {},
    )  # fmt: skip
    own = hewitt().local_priorities
    for fact in hewitt().facts:
        is_counted = fact.id in b.attrs.astuple(own)
        assert (f"  # {fact.id}: " in text) is not is_counted


def test_a_blank_case_with_its_comment_signs_taken_away_asks_for_values_only(tmp_path):
    text = blanks.blank_case(shown.book(), code="A", name="B", region="", as_of=shown.DAY)
    path = tmp_path / "case.yaml"
    text = text.replace("facts: {}", "facts:").replace("\n  # seen_pct: ", "\n  seen_pct: 70")
    path.write_text(text)

    [case] = read_cases(path, shown.book())

    assert case.facts["seen_pct"].value == 70


def test_a_blank_rulebook_is_sound_and_decides(tmp_path):
    folder = tmp_path / "mine"
    written = blanks.write_blank_rulebook(folder)
    book, problems = examine_rulebook(folder)

    assert {path.name for path in written} >= {"rulebook.yaml", "facts.yaml", "rules.yaml"}
    assert not problems.errors
    outcomes = {
        decide(
            book, b.case_of(period=r.Span(b.DAY, b.DAY), **facts), evaluators=("reference",)
        ).label
        for facts in (
            {},
            {"seen_on_time_pct": 70, "plan_agreed": True},
            {"seen_on_time_pct": 69, "plan_agreed": True},
            {"plan_agreed": False},
        )
    }
    assert outcomes == {"referral", "light", "normal", "severe"}


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")

    with pytest.raises(InputError, match="is there already"):
        blanks.write_blank_rulebook(tmp_path)
    with pytest.raises(InputError, match="is there already"):
        blanks.write_blank_rulebook(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    "fault",
    [
        PermissionError(13, "Permission denied", "mine"),
        shutil.Error([("from", "to", "[Errno 13] Permission denied: 'to'")]),
    ],
)
def test_a_blank_rulebook_that_cannot_be_written_is_said_with_the_reason(
    monkeypatch, tmp_path, fault
):
    def refuse(*_arguments, **_options):
        raise fault

    monkeypatch.setattr(shutil, "copytree", refuse)

    with pytest.raises(InputError, match=r"mine cannot be written: .*Permission denied"):
        blanks.write_blank_rulebook(tmp_path / "mine")
