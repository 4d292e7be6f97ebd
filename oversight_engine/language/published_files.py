"""Published cells as a CSV file: what is compared and never read as a fact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from oversight_engine.errors import InputError
from oversight_engine.language.forms import read_date, read_number, read_text, read_whole
from oversight_engine.language.problems import Problems, TooManyProblemsError
from oversight_engine.language.sheets import Row, read_sheet
from oversight_engine.model.number import scaled, written
from oversight_engine.model.published import PublishedCell
from oversight_engine.model.rulebook import Span

COLUMNS = ("code", "from", "to", "metric", "value", "decimals", "group", "absent", "source")
SEPARATOR = "; "
MOST_DECIMALS = 10


def published_text(cells: Iterable[PublishedCell]) -> str:
    """Return *cells* as the file that `read_published` reads, in the order of code and metric."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in sorted(cells, key=_key):
        assert cell.period.end is not None, "a period that figures speak of has ended"
        writer.writerow(
            (
                cell.code, cell.period.start.isoformat(), cell.period.end.isoformat(),
                cell.metric, written(cell.value), cell.decimals, cell.group,
                SEPARATOR.join(cell.absent), cell.source,
            )
        )  # fmt: skip
    return page.getvalue()


def read_published(paths: Iterable[Path]) -> tuple[PublishedCell, ...]:
    """Return the published cells in the files at *paths*.

    Raises:
        InputError: something is wrong with one of them; the error carries every problem.
    """
    problems = Problems()
    cells: dict[tuple[object, ...], PublishedCell] = {}
    try:
        for path in paths:
            for row in read_sheet(path, COLUMNS, problems):
                cell = _cell(row, problems)
                if cell is not None and cells.setdefault(_key(cell), cell) is not cell:
                    problems.add(
                        "duplicate-row", row.place, "this cell was read already", got=cell.metric,
                        help="keep one",
                    )  # fmt: skip
    except TooManyProblemsError:
        pass  # the problems say so themselves
    if problems.errors:
        problems.raise_as(InputError, "the published cells")
    return tuple(cells.values())


def _key(cell: PublishedCell) -> tuple[object, ...]:
    return cell.period.start, cell.code, cell.metric


def _cell(row: Row, problems: Problems) -> PublishedCell | None:
    code, metric = (read_text(row.scalar(c), f"the {c}", problems) for c in ("code", "metric"))
    start, end = (read_date(row.scalar(c), f"`{c}`", problems) for c in ("from", "to"))
    value = read_number(row.scalar("value"), "the value", problems)
    decimals = read_whole(row.scalar("decimals"), "`decimals`", problems, most=MOST_DECIMALS)
    if code is None or metric is None or start is None or end is None or decimals is None:
        return None
    if value is None or scaled(value, decimals) is None:
        if value is not None:
            problems.add(
                "too-many-decimals", row.scalar("value").place,
                f"this is published to {decimals} decimals", got=row["value"],
            )  # fmt: skip
        return None
    absent = tuple(filter(None, row["absent"].split(SEPARATOR)))
    return PublishedCell(
        code, Span(start, end), metric, value, decimals, row["group"], absent, row["source"]
    )
