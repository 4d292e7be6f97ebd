"""Which rows a CSV file holds, each cell with its place; what is wrong is noted, not guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from oversight_engine.language.problems import Place, Problems, quoted
from oversight_engine.language.source import Scalar
from oversight_engine.language.text import decode, place_at, read_content

# RFC 4180. What is in quotes may hold anything, a quote being doubled.
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\Z)')
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')


@frozen
class Row:
    """A row of a sheet.

    Attributes:
        line: the line it begins on, from 1.
        cells: the text of each cell, by column, without white space around it.
    """

    line: int
    cells: Mapping[str, str]
    _offsets: Mapping[str, int] = field(repr=False, eq=False)
    _text: str = field(repr=False, eq=False)
    _name: str = field(repr=False)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self._name, self.line, 1)

    def scalar(self, column: str) -> Scalar:
        """Return the cell in *column* as the readers of values take it."""
        offset = self._offsets[column]
        before = self._text[min(self._offsets.values()) : offset]
        line = self.line + before.count("\n")
        return Scalar(self.cells[column], Place(self._name, line, len(before) - before.rfind("\n")))


@frozen
class _Record:
    """The cells of a row as they stand, before anything is known of columns."""

    line: int
    cells: tuple[str, ...]
    offsets: tuple[int, ...]


def read_sheet(
    path: Path, needed: Sequence[str], problems: Problems, *, others: Sequence[str] | None = ()
) -> tuple[Row, ...]:
    """Return the sound rows of the CSV file at *path*.

    A byte-order mark is allowed, since most of what is downloaded has one. Every problem is
    noted: a row that is not sound is left out.

    Args:
        path: the file.
        needed: the columns that it must have.
        problems: what is wrong is noted here.
        others: columns that it may have, and any other is warned of; None allows all.
    """
    content = read_content(path, problems)
    text = None if content is None else decode(content, str(path), problems, may_be_marked=True)
    if text is None:
        return ()
    records = _records(text, str(path), problems)
    header = next(records, None)
    if header is None:
        problems.add("empty-file", Place(str(path)), "there is nothing in this file")
        return ()
    names = [cell.strip() for cell in header.cells]
    place = Place(str(path), header.line, 1)
    if not _has_columns(names, needed, place, problems):
        return ()
    for name in names:
        if others is not None and name not in (*needed, *others):
            problems.add("unknown-column", place, "nothing is read from this column", got=name)
    return tuple(_rows(names, records, text, str(path), problems))


def _has_columns(
    names: Sequence[str], needed: Sequence[str], place: Place, problems: Problems
) -> bool:
    """Say whether all columns *needed* are there, and none is there twice."""
    missing = [name for name in needed if name not in names]
    for name in missing:
        nearest = problems.did_you_mean(name, set(names) - set(needed))
        problems.add(
            "missing-column", place, f"the column {quoted([name])} is missing",
            help=nearest or f"the columns are {quoted(names)}",
        )  # fmt: skip
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in twice:
        problems.add("duplicate-column", place, f"two columns are called {quoted([name])}")
    return not missing and not twice


def _rows(
    names: Sequence[str], records: Iterator[_Record], text: str, file: str, problems: Problems
) -> Iterator[Row]:
    for record in records:
        if len(record.cells) == len(names):
            cells = dict(zip(names, map(str.strip, record.cells), strict=True))
            offsets = dict(zip(names, record.offsets, strict=True))
            yield Row(record.line, cells, offsets, text, file)
            continue
        place = Place(file, record.line, 1)
        is_last = record.offsets[-1] + len(record.cells[-1]) >= len(text)
        if is_last and len(record.cells) < len(names):
            _refuse_end(place, f"the last row has {len(record.cells)} of {len(names)} cells",
                        problems)  # fmt: skip
        else:
            problems.add(
                "wrong-width", place,
                f"this row has {len(record.cells)} cells, and there are {len(names)} columns",
                help="a cell that holds a comma stands in double quotes",
            )  # fmt: skip
    if text[-1:] not in {"\n", ""}:
        problems.add(
            "no-final-newline", place_at(text, len(text), file),
            "the file ends in the middle of a line, and its last cell may be cut short",
            help="compare the last row with the source",
        )  # fmt: skip


def _records(text: str, file: str, problems: Problems) -> Iterator[_Record]:
    """Yield the records of *text*; blank lines are none, and broken ones are noted."""
    at, line = 0, 1
    while at < len(text):
        cells: list[str] = []
        offsets: list[int] = []
        begin = at
        while True:
            match = _CELL.match(text, at)
            if match is None:
                at = _pass_over(text, at, file, problems)
                break
            plain, end = match[2], match[3]
            cells.append(match[1].replace('""', '"') if plain is None else plain)
            offsets.append(at)
            at = match.end()
            if end != ",":
                if cells != [""]:
                    yield _Record(line, tuple(cells), tuple(offsets))
                break
        line += text.count("\n", begin, at)


def _pass_over(text: str, at: int, file: str, problems: Problems) -> int:
    """Note what is wrong with the cell at *at*, and return where the next record begins."""
    place = place_at(text, at, file)
    if text[at] == '"' and not _QUOTED.match(text, at):
        _refuse_end(place, "the quote that opens here is never closed", problems)
        return len(text)
    end = text.find("\n", at) + 1 or len(text)
    problems.add(
        "stray-quote", place, "a quote stands inside this cell", got=text[at:end].rstrip(),
        help="put the whole cell in double quotes, and double those within",
    )  # fmt: skip
    return end


def _refuse_end(place: Place, message: str, problems: Problems) -> None:
    problems.add("truncated-file", place, message, help="download the file again")
