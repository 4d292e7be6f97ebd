"""Published cells are written and read as the same; what is wrong with a file is said."""

import datetime
import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError
from oversight_engine.language.published_files import COLUMNS, published_text, read_published
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.published import PublishedCell
from oversight_engine.model.rulebook import Span

DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)


@st.composite
def cells(draw):
    decimals = draw(st.integers(0, 4))
    number = Fraction(draw(st.integers(-(10**6), 10**6)), 10**decimals)
    start, end = sorted((draw(DAYS), draw(DAYS)))
    return PublishedCell(
        draw(WORDS), Span(start, end), draw(WORDS), whole_if_possible(number), decimals,
        draw(WORDS), tuple(draw(st.lists(WORDS, max_size=3))), f"{draw(WORDS)}, {draw(WORDS)}:7",
    )  # fmt: skip


def key(cell):
    return cell.period.start, cell.code, cell.metric


@given(st.lists(cells(), unique_by=key), st.randoms(use_true_random=False))
def test_cells_are_read_as_they_were_written_and_written_in_one_order(many, random):
    text = published_text(many)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "published.csv")
        path.write_text(text, encoding="utf-8", newline="\n")
        found = read_published([path])
    assert found == tuple(sorted(many, key=key))
    assert [cell.source for cell in found] == [cell.source for cell in sorted(many, key=key)]
    assert published_text(random.sample(many, len(many))) == text


GOOD = {"code": "RA1", "from": "2025-04-01", "to": "2025-06-30", "metric": "of5002",
        "value": "2.41", "decimals": "2", "group": "", "absent": "", "source": ""}  # fmt: skip


def read(folder, *rows):
    path = folder / "published.csv"
    lines = [",".join(COLUMNS), *(",".join((GOOD | row).values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_published([path])


def test_a_cell_says_whose_figure_of_when_it_is(tmp_path):
    [found] = read(tmp_path, {"absent": "Acute trust; Ambulance trust"})

    assert found == PublishedCell(
        "RA1", Span(datetime.date(2025, 4, 1), datetime.date(2025, 6, 30)), "of5002",
        Fraction("2.41"), 2, "", ("Acute trust", "Ambulance trust"),
    )  # fmt: skip
    assert found.half_unit == Fraction(1, 200)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"code": ""}, "missing-value: the code is empty"),
        ({"metric": ""}, "missing-value: the metric is empty"),
        ({"from": "1.4.2025"}, "not-a-date: `from` is a date"),
        ({"to": "2025-06-31"}, "impossible-date: there is no such day"),
        ({"value": "two"}, "not-a-number: the value is a number"),
        ({"value": "2.415"}, "too-many-decimals: this is published to 2 decimals"),
        ({"decimals": "-1"}, "out-of-range: `decimals` is between 0 and 10"),
        ({"decimals": "11"}, "out-of-range: `decimals` is between 0 and 10"),
        ({"decimals": "1.5"}, "not-whole: `decimals` is a whole number"),
    ],
)
def test_a_row_that_is_no_cell_is_refused(tmp_path, row, problem):
    with pytest.raises(InputError) as caught:
        read(tmp_path, row)

    assert problem in str(caught.value)


def test_one_cell_twice_is_refused_and_so_is_a_file_of_another_form(tmp_path):
    with pytest.raises(InputError, match="duplicate-row: this cell was read already"):
        read(tmp_path, {}, {"value": "2.42"})
    other = tmp_path / "other.csv"
    other.write_text("code,value\nRA1,2\n")
    with pytest.raises(InputError, match="missing-column"):
        read_published([other])
