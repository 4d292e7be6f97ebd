"""Decision tables: no two rows hold at once, and none is missing."""

import itertools
import shutil
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oversight_engine.language import tables
from oversight_engine.language.rulebooks import examine_rulebook
from tests.language.bad_files import GOOD


@pytest.fixture
def small(tmp_path):
    return shutil.copytree(GOOD / "small", tmp_path / "small")


def said_of(folder, rows, *, otherwise=True, before=""):
    """Return what is said of a table of *rows*, as code and message."""
    lines = ["findings:", *before.splitlines(), "  - id: table", "    title: A", "    table:"]
    lines += ["      rows:", *(f'        - {{when: "{row}", value: 1}}' for row in rows)]
    lines += ["      otherwise: 2"] if otherwise else []
    (folder / "findings.yaml").write_text("\n".join(lines))
    return [(p.code, p.message) for p in examine_rulebook(folder)[1].errors]


def codes(*arguments, **options):
    return [code for code, _ in said_of(*arguments, **options)]


@pytest.mark.parametrize(
    "rows",
    [
        ["score < 30", "score == 30", "score > 30"],
        ["score <= 29.9", "30 <= score"],  # one decimal: nothing lies between
        ["wait < 3", "wait >= 3"],
        ["wait <= 2", "3 <= wait"],
        ["bodies <= 2", "bodies in {3, 4}", "bodies > 4"],
        ["met", "not met"],
        ["met and score < 30", "met and score >= 30", "not met"],
        ["level == 'none'", "level < 'developing'", "level >= 'developing'"],
        ["level in {'none', 'emerging'}", "level in {'developing', 'thriving'}"],
        ["status == 'fine'", "status != 'fine'"],
        ["score < target", "score >= target"],
        ["score < target and met", "score < target and not met", "target <= score"],
        ["days_since(since) <= 30", "days_since(since) >= 31"],
        ["score + wait_share < 3", "score + wait_share >= 3"],
        ["0.1 * score < 3", "0.1 * score >= 3"],
        ["score < 50 and (met or wait > 3)", "score >= 50", "score < 50 and not (met or wait > 3)"],
        ["score >= 0 and score <= 100"],
    ],
)
def test_a_table_of_disjoint_rows_that_leave_nothing_out_is_sound(small, rows):
    assert said_of(small, rows, otherwise=False) == []


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (["score < 30", "score <= 30"], "`score` is 29.9"),
        (["score <= 30", "score >= 30"], "`score` is 30"),
        (["bodies < 4", "bodies in {3}"], "`bodies` is 3"),
        (["met", "score < 30"], "`met` is yes and `score` is 29.9"),
        (["level >= 'emerging'", "level == 'thriving'"], "`level` is thriving"),
        (["level != 'thriving'", "level == 'none'"], "`level` is none"),
        (["days_since(since) > 30", "days_since(since) > 40"], "`days_since(since)` is 41"),
        (["score + wait_share < 3", "score + wait_share < 4"], "the quantity is 2"),
        (["score < target", "score >= 75"], "`score` is 75"),
    ],
)
def test_rows_that_overlap_are_refused_with_a_cell_that_shows_it(small, rows, where):
    said = said_of(small, rows)

    assert said == [("overlapping-rows", f"this row and row 1 both hold where {where}")]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (["score < 30", "score > 30"], "`score` is 30"),
        (["score <= 29", "score >= 30"], "`score` is 29.1"),
        (["bodies < 3", "bodies > 3"], "`bodies` is 3"),
        (["met"], "`met` is no"),
        (["level < 'thriving'", "level >= 'thriving'"], "`level` is none"),
        (["met and score < 30", "score >= 30"], "`met` is no and `score` is 29.9"),
        (["0.1 * score <= 29", "0.1 * score >= 30"], "the quantity is 29.5"),
    ],
)
def test_a_table_that_leaves_something_out_is_refused_with_a_cell_that_shows_it(small, rows, where):
    assert said_of(small, rows, otherwise=False) == [
        ("incomplete-table", f"no row holds where {where}")
    ]
    assert said_of(small, rows) == []


def test_the_values_of_an_earlier_table_are_those_of_its_rows(small):
    before = (
        "  - id: a_score\n    title: Score\n    table:\n"
        "      rows: [{when: met, value: 1}]\n      otherwise: few\n"
    )

    assert said_of(small, ["a_score == 1", "a_score == 3"], otherwise=False, before=before) == []
    assert codes(small, ["a_score == 2"], before=before) == ["row-never-holds"]


def test_the_values_of_a_rounded_number_have_its_decimals(small):
    before = (
        "  - {id: third, title: Third, value: bodies / 3,\n"
        "     rounded: {decimals: 1, mode: down, policy_choice: a test}}\n"
    )

    assert said_of(small, ["third <= 0.3", "third >= 0.4"], otherwise=False, before=before) == []
    assert codes(small, ["third < 0.33", "third > 0.34"], otherwise=False, before=before) == []
    assert codes(small, ["third < 0.3", "third > 0.4"], otherwise=False, before=before) == [
        "incomplete-table"
    ]


def test_the_values_of_an_exact_number_lie_anywhere(small):
    before = "  - {id: third, title: Third, value: bodies / 3}\n"

    assert codes(small, ["third <= 0.3", "third >= 0.4"], otherwise=False, before=before) == [
        "incomplete-table"
    ]


def test_in_a_gap_of_a_parameter_a_table_is_not_looked_at(small):
    (small / "parameters.yaml").write_text(
        "parameters:\n"
        "  - {id: one, title: One, values: "
        "[{from: 2024-04-01, to: 2025-03-31, value: 5, policy_choice: a test}]}\n"
        "  - {id: two, title: Two, values: "
        "[{from: 2025-04-01, value: 3, policy_choice: a test}]}\n"
    )

    assert said_of(small, ["bodies < one", "bodies > two"], otherwise=False) == []


def test_a_category_table_and_bands_over_it_are_sound(small):
    (small / "findings.yaml").write_text(
        "findings:\n"
        "  - id: stage\n    title: Stage\n    values: [early, late]\n    ordered: yes\n"
        "    table: {rows: [{when: met, value: late}, {when: not met, value: early}]}\n"
        "  - id: number\n    title: Number\n    table:\n      rows:\n"
        "        - {when: stage < 'late', value: 1}\n"
        "        - {when: stage >= 'late', value: 2}\n"
    )

    assert examine_rulebook(small)[1].errors == ()


def test_all_tables_together_have_a_limit_too(small, monkeypatch):
    monkeypatch.setattr(tables, "MOST_WORK_IN_ALL", 9)
    table = "{id: %s, title: A, table: {rows: [{when: score < 3, value: 1}], otherwise: 2}}"
    (small / "findings.yaml").write_text(
        "findings:\n" + "".join(f"  - {table % name}\n" for name in "abcd")
    )

    assert [p.got or p.code for p in examine_rulebook(small)[1].errors] == ["table-too-large"]


def test_a_table_is_found_sound_exactly_if_no_sample_of_a_fine_grid_shows_otherwise(small):
    """The cells are compared with looking at every value there is."""
    conditions = ["bodies < 1", "bodies <= 1", "bodies == 2", "bodies >= 2", "bodies in {1, 3}"]
    conditions += ["met", "not met", "met and bodies > 1", "not (met or bodies < 2)"]
    (small / "facts.yaml").write_text(
        "facts:\n"
        "  - {id: met, title: Met, type: boolean, better: higher}\n"
        "  - {id: bodies, title: Bodies, type: number, range: [0, 4], better: lower}\n"
    )

    for rows in itertools.permutations(conditions, 2):
        holding = [
            [bool(eval(row, {"met": met, "bodies": bodies})) for row in rows]  # noqa: S307
            for met in (True, False)
            for bodies in range(5)
        ]
        expected = set()
        if any(all(row) for row in holding):
            expected.add("overlapping-rows")
        if any(not any(row) for row in holding):
            expected.add("incomplete-table")
        assert set(codes(small, rows, otherwise=False)) == expected, rows


@example([Fraction(-1, 2), 1], None, None, 0)  # a cell that the domain ends within
@given(
    st.lists(st.fractions(-20, 20, max_denominator=20), min_size=1, unique=True),
    st.none() | st.integers(0, 2),
    st.none() | st.integers(-10, 0),
    st.none() | st.integers(0, 10),
)
def test_there_is_a_sample_in_every_cell_that_has_values(marks, decimals, least, most):
    marks.sort()
    domain = tables._Domain(least=least, most=most, decimals=decimals)
    unit = Fraction(1, 10 ** (2 if decimals is None else decimals))
    low, high = (-25 if least is None else least), (25 if most is None else most)
    values = [low + unit * i for i in range(int((high - low) / unit) + 1)]

    samples = tables._samples(marks, domain)

    def cell(value):
        return sum(value > mark for mark in marks), value in marks

    assert {cell(value) for value in values} <= {cell(sample) for sample in samples}
    assert len(samples) == len({cell(sample) for sample in samples})
    for sample in samples:
        assert least is None or sample >= least
        assert most is None or sample <= most
        assert decimals is None or (sample / unit).denominator == 1
