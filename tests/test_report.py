"""Every format shows the same decision, fits its stream, and says what its outcome rests on."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.engine import decide
from oversight_engine.explanation import explain, explain_why_not, summarise
from oversight_engine.explanation.page import Headline, Line, Page, Section, Table
from oversight_engine.report import data, listing, sheet
from oversight_engine.report.markdown import markdown
from oversight_engine.report.overview import ROOMY, overview
from oversight_engine.report.terminal import MARKS, Terminal, terminal_of
from oversight_engine.report.text import plain, pretty
from tests import builders as b
from tests import shown, strategies
from tests.commands import Stream
from tests.shown import decided, shipped_decision

SOME = settings(max_examples=max(1, settings.default.max_examples // 3))


# Terminals


@pytest.mark.parametrize(
    ("tty", "option", "environment", "has_colour"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (True, "auto", {"TERM": "dumb"}, False),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (True, "auto", {"FORCE_COLOR": "0"}, True),
        (False, "auto", {"FORCE_COLOR": "0"}, False),
        (True, "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, "never", {"FORCE_COLOR": "1"}, False),
        (False, "always", {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_for_terminals_unless_somebody_says_otherwise(
    tty, option, environment, has_colour
):
    assert terminal_of(Stream(tty=tty), option, environment).has_colour is has_colour


@pytest.mark.parametrize(
    ("encoding", "environment", "has_symbols"),
    [
        ("utf-8", {}, True),
        ("UTF8", {"LANG": "en_GB.UTF-8"}, True),
        ("iso8859-1", {}, False),
        ("ascii", {}, False),
        ("utf-8", {"LC_ALL": "C"}, False),
        ("utf-8", {"LC_ALL": "C.UTF-8", "LANG": "C"}, True),
        ("utf-8", {"LANG": "POSIX"}, False),
    ],
)
def test_symbols_are_for_streams_and_locales_that_know_them(encoding, environment, has_symbols):
    stream = Stream(encoding=encoding)

    assert terminal_of(stream, "auto", environment).has_symbols is has_symbols


def test_the_width_is_what_the_environment_says_or_the_terminal_or_eighty():
    assert terminal_of(Stream(), environment={"COLUMNS": "40"}).width == 40
    assert terminal_of(Stream(), environment={"COLUMNS": "wide"}).width == 80
    assert terminal_of(Stream(tty=True), environment={}).width == 80


def test_a_stream_without_symbols_gets_ascii_only():
    page = Page((Section("“Ends” — £3", (Line("naïve ≥ 3", 0, "holds"),)),))

    text = pretty(page, Terminal(has_symbols=False))

    assert text == '"Ends" - GBP 3\n  * na?ve >= 3'


def test_every_mark_has_a_word_or_needs_none_and_a_symbol_in_ascii():
    for mark, look in MARKS.items():
        assert look.ascii.isascii()
        assert bool(look.symbol) == bool(look.ascii)
        assert look.word or mark in {"", "item"}, mark


def test_meaning_is_never_carried_by_colour_alone():
    page = explain(decided(seen_pct=60, stage=None))
    coloured = pretty(page, Terminal(has_colour=True))

    assert "\x1b[" in coloured
    assert strip_colour(coloured) == pretty(page, Terminal())


def strip_colour(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


# Text


def test_pretty_hangs_symbols_and_wraps_under_the_text():
    section = Section("A title", (Line("one two three four five six", 1, "holds"),))

    assert pretty(Page((section,)), Terminal(width=24)).splitlines() == [
        "A title",
        "  ● one two three four",
        "    five six",
    ]


def test_plain_is_one_line_for_each_thing_said_in_words():
    page = Page(
        (
            Headline("Free", "lightest", ("A system",), ("Rests on x.",)),
            Section("Why", (Line("late", 0, "holds"), Line("because", 1))),
            Table("All", ("Code", "Name"), (("A", ""), ("B", "b"))),
        )
    )

    assert plain(page) == (
        "Free.\nA system.\nNote: Rests on x.\n\n"
        "Why:\n(applies) late\n  because\n\n"
        "All:\nCode: A\nCode: B; Name: b"
    )


def test_plain_ends_a_sentence_once():
    page = Page((Headline("A title", about=("No stop yet", "It has one.")),))

    assert plain(page) == "A title.\nNo stop yet.\nIt has one."
    assert ".." not in plain(explain(decided(seen_pct=60, stage=None)))


@SOME
@given(st.data(), st.sampled_from([20, 40, 80, 200]))
def test_no_line_is_wider_than_the_window(data, width):
    book = data.draw(strategies.rulebooks())
    decisions = [
        decide(book, data.draw(strategies.cases(book)), evaluators=("reference",)) for _ in "ab"
    ]
    pages = [
        explain(decisions[0]),
        summarise(decisions[0]),
        explain_why_not(decisions[0], book.harshest),
        overview(decisions, width),
        listing.facts_page(book, book.facts),
        listing.rules_page(book, book.rules, b.DAY),
    ]
    for page in pages:
        lines = pretty(page, Terminal(width=width)).splitlines()
        assert max(map(len, lines)) <= max(width, 24)
        assert plain(page)
        assert markdown(page)


def test_markdown_shows_texts_as_they_are():
    page = Page(
        (
            Headline("A_b", about=("a|b",), warnings=("*x*",)),
            Section("T", (Line("<b>", 1, "holds"),)),
            Table("", ("C",), (("a|b\nc",),)),
        )
    )

    assert markdown(page) == (
        "# A\\_b\n\na\\|b\n\n> **Note:** \\*x\\*\n\n"
        "## T\n\n  - **applies:** \\<b\\>\n\n"
        "| C |\n| --- |\n| a\\|b c |\n"
    )


# What an outcome rests on


def illustrative():
    return decided(status="illustrative", seen_pct=60)


@pytest.mark.parametrize(
    "text",
    [
        pretty(summarise(illustrative()), Terminal()),
        plain(summarise(illustrative())),
        markdown(summarise(illustrative())),
        pretty(overview([illustrative()] * 2, 80), Terminal()),
        pretty(overview([illustrative()] * 2, ROOMY), Terminal(width=ROOMY)),
        pretty(overview([illustrative()] * 2, 40), Terminal(width=40)),
        plain(overview([illustrative()] * 2)),
        markdown(overview([illustrative()] * 2)),
        data.decided(illustrative()).decode(),
        sheet.sheet(sheet.COLUMNS, [sheet.row_of(illustrative())]),
    ],
)
def test_an_outcome_that_rests_on_illustrative_facts_says_so_in_every_format(text):
    assert "illustrative" in text


# Many decisions


def many():
    return [
        decided(),
        decided(seen_pct=60, stage=None),
        decided(harm_found=True, plan_agreed=False, status="derived"),
        decided(harm_found=None, plan_agreed=None),
    ]


def test_the_table_says_for_each_system_what_was_decided_why_and_on_what():
    [table, *_] = overview(many()).blocks

    assert table.columns == ("Code", "System", "Region", "Decision", "Rests on", "Possible", "Why")
    assert [row[3:] for row in table.rows] == [
        ("Free", "", "", "Nothing holds it back"),
        ("Watched", "", "", "People are seen too late, and 1 more"),
        ("Directed", "derived", "", "There is harm and no plan"),
        ("Referred", "", "free or directed", "2 facts missing"),
    ]
    assert table.tones == ("lightest", "between", "harshest", "referral")


def test_the_summary_counts_decisions_and_what_is_excluded_already():
    late_and_unknown = decided(harm_found=None, plan_agreed=None, seen_pct=60)
    sections = shown.sections_of(overview([*many(), late_and_unknown]))

    told = sections["5 systems decided or referred"]
    assert told[:5] == ["Free: 1", "Watched: 1", "Guided: 0", "Directed: 1", "Referred: 2"]
    assert told[5:] == [
        "Free is excluded already for 1 of the 2 referred, whatever the missing facts say",
        "Watched is excluded already for 1 of the 2 referred, whatever the missing facts say",
        "Guided is excluded already for 2 of the 2 referred, whatever the missing facts say",
        "Missing most often: whether harm was found (2); whether there is an agreed plan (2)",
        "1 of 5 decisions rest on derived facts",
        "Computed by one evaluator alone, reference; no other confirmed what it found.",
    ]


def test_regions_are_counted_where_there_is_more_than_one():
    def of_region(region, **facts):
        case = b.case_of(as_of=shown.DAY, **(shown.GOOD | facts))
        case = b.attrs.evolve(case, system=b.attrs.evolve(case.system, region=region))
        return decide(shown.book(), case, evaluators=("reference",))

    page = overview([of_region("South"), of_region("North"), of_region("North", seen_pct=60)])
    tables = [block for block in page.blocks if isinstance(block, Table)]

    assert tables[1].columns == (
        "Region", "Free", "Watched", "Guided", "Directed", "Referred", "All",
    )  # fmt: skip
    assert tables[1].rows == (
        ("North", "1", "1", "0", "0", "0", "2"),
        ("South", "1", "0", "0", "0", "0", "1"),
    )
    assert len([*overview([of_region("South")]).blocks]) == 2


def test_a_table_breaks_no_word_and_becomes_a_list_where_the_window_is_narrow():
    page = Page((Table("T", ("Code", "Decision"), (("A1", "Intervention"), ("A2", "Referred"))),))

    wide = pretty(page, Terminal(width=30))
    assert [line.split() for line in wide.splitlines() if "─" not in line] == [
        ["T"], ["Code", "Decision"], ["A1", "Intervention"], ["A2", "Referred"],
    ]  # fmt: skip
    long = Page((Table("", ("Code", "Decision"), (("A1", "Intervention " * 3),)),))
    assert "Interventio\n" not in pretty(long, Terminal(width=24))
    narrow = Page(
        (Table("", ("Code", "Name", "Decision"), (("A1", "Somewhere", "Intervention"),)),)
    )
    assert pretty(narrow, Terminal(width=24)) == "A1\n Name: Somewhere\n Decision: Intervention"


def test_a_table_that_just_fits_is_a_table():
    page = Page((Table("", ("Code", "Outcome"), (("A1", "x" * 19),)),))

    assert len(pretty(page, Terminal(width=25)).splitlines()) == 3
    assert pretty(page, Terminal(width=24)).splitlines()[0] == "A1"


def test_numbers_stand_at_the_right_of_their_column():
    page = Page((Table("", ("N",), (("1",), ("100",))),))

    assert pretty(page, Terminal()).splitlines()[-2:] == ["  1", "100"]


def test_the_shipped_stories_are_told_in_the_rulebooks_own_words():
    told = plain(summarise(shipped_decision("cinder-hills")))

    assert told.startswith("Standard oversight.\nCinder Hills (ZZ003)")
    assert "Cancer, first treatment within 62 days: 69.99%, less than 70%" in told
