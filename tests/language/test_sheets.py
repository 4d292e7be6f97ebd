"""A CSV file is read row by row, each cell with its place; nothing odd about it goes unsaid."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.language.problems import Problems
from oversight_engine.language.sheets import read_sheet


def read(folder, content, needed=("a", "b"), **more):
    """Return the rows of *content* as texts, and the problems without the folder."""
    path = Path(folder, "f.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems = Problems()
    rows = read_sheet(path, needed, problems, **more)
    told = [str(problem).removeprefix(f"{folder}/") for problem in problems]
    return [tuple(row.cells.values()) for row in rows], told


def test_rows_are_read_whatever_ends_the_lines_and_with_or_without_a_byte_order_mark(tmp_path):
    for ending in ("\n", "\r\n"):
        for mark in (b"", b"\xef\xbb\xbf"):
            content = mark + ending.join(["a,b", "1,2", "", "3, 4 ", ""]).encode()

            assert read(tmp_path, content) == ([("1", "2"), ("3", "4")], [])


def test_what_stands_in_quotes_may_hold_commas_quotes_and_line_breaks(tmp_path):
    assert read(tmp_path, 'a,b\n"x, ""y""","1\n2"\nz,\n') == (
        [('x, "y"', "1\n2"), ("z", "")], []
    )  # fmt: skip


def test_every_cell_knows_its_line_and_column(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text('a,b,c\n"x\ny",1,2\nz,3,4\n', encoding="utf-8")

    first, second = read_sheet(path, ("a", "b", "c"), Problems())

    places = [str(row.scalar(name).place) for row in (first, second) for name in "abc"]
    assert [place.removeprefix(f"{tmp_path}/f.csv") for place in places] == [
        ":2:1", ":3:4", ":3:6", ":4:1", ":4:3", ":4:5",
    ]  # fmt: skip
    assert (first.line, second.line) == (2, 4)


@pytest.mark.parametrize(
    ("content", "rows", "told"),
    [
        ("", [], ["f.csv: empty-file: there is nothing in this file"]),
        ("\n\n", [], ["f.csv: empty-file: there is nothing in this file"]),
        (
            "a,bb\n1,2\n", [],
            ["f.csv:1:1: missing-column: the column `b` is missing; did you mean `bb`?"],
        ),
        (
            "a,quarter\n1,2\n", [],
            [("f.csv:1:1: missing-column: the column `b` is missing; the columns are `a` or "
             "`quarter`")],
        ),
        (
            "a,b,a\n1,2,3\n", [],
            ["f.csv:1:1: duplicate-column: two columns are called `a`"],
        ),
        (
            "a,b,odd\n1,2,3\n", [("1", "2", "3")],
            ["f.csv:1:1: unknown-column: nothing is read from this column (got `odd`)"],
        ),
        (
            "a,b\n1\n3,4\n5,6,7\n", [("3", "4")],
            [("f.csv:2:1: wrong-width: this row has 1 cells, and there are 2 columns; a cell that "
             "holds a comma stands in double quotes"),
             ("f.csv:4:1: wrong-width: this row has 3 cells, and there are 2 columns; a cell that "
             "holds a comma stands in double quotes")],
        ),
        (
            "a,b\n1,2\n3", [("1", "2")],
            ["f.csv:3:1: truncated-file: the last row has 1 of 2 cells; download the file again",
             ("f.csv:3:2: no-final-newline: the file ends in the middle of a line, and its last "
             "cell may be cut short; compare the last row with the source")],
        ),
        (
            "a,b\n1,2.4", [("1", "2.4")],
            [("f.csv:2:6: no-final-newline: the file ends in the middle of a line, and its last "
             "cell may be cut short; compare the last row with the source")],
        ),
        (
            'a,b\n1,2\n3,"4\n5,6\n', [("1", "2")],
            [("f.csv:3:3: truncated-file: the quote that opens here is never closed; download the "
             "file again")],
        ),
        (
            'a,b\n1,2"x\n"3"4,5\n6,7\n', [("6", "7")],
            [('f.csv:2:3: stray-quote: a quote stands inside this cell (got `2"x`); put the whole '
             "cell in double quotes, and double those within"),
             ('f.csv:3:1: stray-quote: a quote stands inside this cell (got `"3"4,5`); put the '
             "whole cell in double quotes, and double those within")],
        ),
        (
            b"a,b\n1,\xa32\n", [],
            ["f.csv:2:3: not-utf-8: byte 6 is not UTF-8 (got `0xa3`); save the file as UTF-8"],
        ),
        (
            "a,b\n1,2\n".encode("utf-16"), [],
            [("f.csv:1:1: byte-order-mark: the file begins with a byte-order mark of UTF-16; save "
             "it as UTF-8 without byte-order mark")],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sheet_is_said_with_its_place(tmp_path, content, rows, told):
    assert read(tmp_path, content) == (rows, told)


def test_a_short_last_row_whose_line_has_an_end_is_no_cut(tmp_path):
    rows, told = read(tmp_path, "a,b\n1,2\n3\n")

    assert rows == [("1", "2")]
    assert [line.split(": ")[1] for line in told] == ["wrong-width"]


def test_columns_that_are_known_are_not_warned_of_and_all_may_be_allowed(tmp_path):
    content = "a,b,odd\n1,2,3\n"

    assert read(tmp_path, content, others=("odd",)) == ([("1", "2", "3")], [])
    assert read(tmp_path, content, others=None) == ([("1", "2", "3")], [])


def test_a_file_that_is_not_there_or_too_large_has_no_rows(tmp_path):
    problems = Problems()
    (tmp_path / "large.csv").write_bytes(b"a,b\n" + b"1,2\n" * 3_000_000)

    for name in ("none.csv", "large.csv", "."):
        assert read_sheet(tmp_path / name, ("a",), problems) == ()

    assert {problem.code for problem in problems} == {
        "no-such-file",
        "file-too-large",
        "not-a-file",
    }


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" \n")
)


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_any_rows_that_python_writes_are_read_back(rows, ending, quoted):
    page = io.StringIO()
    style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(page, lineterminator=ending, quoting=style).writerows([("a", "b"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        found, told = read(folder, page.getvalue())

    assert found == [tuple(cell.strip() for cell in row) for row in rows]
    assert told == []
