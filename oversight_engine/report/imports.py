"""What an import came to: what became of every row, and what was written where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from oversight_engine.explanation.page import Headline, Line, Page, Section, Table, section
from oversight_engine.explanation.wording import capital, say_count, say_id
from oversight_engine.importing.importer import Imported, Use
from oversight_engine.importing.systems import COUNTED, Gathered, Tally
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL

IMPORTED_FORMAT = "oversight-imported/1"
GATHERED_FORMAT = "oversight-gathered/1"
USES: tuple[Use, ...] = get_args(Use)
LEFT_OUT = "left out"


def imported_page(imported: Imported, written: Sequence[Path]) -> Page:
    """Return *imported* for people, with the files that were *written*."""
    read = sum(imported.rows_read.values())
    title = (
        f"Read {say_count(read, 'row')} of {say_count(len(imported.rows_read), 'file')}: "
        f"{say_count(len(imported.cohorts), 'cohort')}"
    )
    cohorts = tuple(
        f"{cohort.label}: {say_count(len(cohort.cases), 'case')}, "
        f"{say_count(len(cohort.cells), 'published cell')} to compare"
        for cohort in imported.cohorts
    )
    return Page(
        (
            Headline(title, about=cohorts),
            _rows_table(imported),
            *section("Not read by the rulebook", _told(imported, "contextual")),
            *section("Unknown", _told(imported, "unknown metric")),
            *_written(written),
        )
    )


def _rows_table(imported: Imported) -> Table:
    """Return what became of the rows of each file; what no row became has no column."""
    counts = {
        file: Counter({LEFT_OUT: imported.rows_left_out[file]}) for file in imported.rows_read
    }
    for rows in imported.rows_used:
        counts[rows.file][rows.use] += rows.number
    seen = [use for use in (*USES, LEFT_OUT) if any(count[use] for count in counts.values())]
    return Table(
        "What became of the rows",
        ("File", "Rows", *(capital(use) for use in seen)),
        tuple(
            (Path(file).name, str(number), *(str(counts[file][use]) for use in seen))
            for file, number in imported.rows_read.items()
        ),
    )


def _told(imported: Imported, use: Use) -> list[Line]:
    numbers: Counter[tuple[str, str]] = Counter()
    for rows in imported.rows_used:
        if rows.use == use:
            numbers[rows.metric, rows.title] += rows.number
    return [
        Line(f"{metric} {title}: {say_count(number, 'row')}", 0, "item")
        for (metric, title), number in sorted(numbers.items())
    ]


def _written(written: Sequence[Path]) -> tuple[Section, ...]:
    return section("Written", [Line(str(path), 0, "item") for path in written])


def imported_data(imported: Imported, written: Sequence[Path]) -> Plain:
    """Return *imported* as plain data."""
    return {
        "format": IMPORTED_FORMAT,
        "cohorts": [
            {"label": c.label, "cases": len(c.cases), "published_cells": len(c.cells)}
            for c in imported.cohorts
        ],
        "files": [
            {"file": file, "rows": number, "left_out": imported.rows_left_out[file]}
            for file, number in imported.rows_read.items()
        ],
        "rows": [
            {"file": r.file, "metric": r.metric, "title": r.title, "use": r.use, "rows": r.number}
            for r in imported.rows_used
        ],
        "written": [str(path) for path in written],
    }


# Systems, gathered from decisions about their trusts


def gathered_page(gathered: Gathered, written: Sequence[Path]) -> Page:
    """Return what was *gathered* for people, with the files that were *written*."""
    stating = sum(1 for case in gathered.cases if any(f in COUNTED for f in case.facts))
    trusts = sum(len(row.trusts) for row in gathered.rows)
    headline = Headline(
        f"{say_count(len(gathered.cases), 'case')} of systems, {stating} with what was gathered",
        about=(
            f"{say_count(trusts, 'trust')} of {say_count(len(gathered.rows), 'system')}",
            *_placeless(gathered.placeless),
        ),
    )
    columns, rows = gathered_rows(gathered)
    return Page((headline, Table("Trusts of each system", columns, rows), *_written(written)))


def _placeless(codes: Sequence[str]) -> Iterator[str]:
    if codes:
        yield f"In no system: {say_count(len(codes), 'trust')}: {', '.join(codes)}"


def gathered_rows(gathered: Gathered) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the columns and the rows of what was *gathered* of each system."""
    labels = {label for row in gathered.rows for label in row.outcomes}
    outcomes = sorted(labels, key=lambda label: (label == REFERRAL, label))
    told = [name for row in gathered.rows[:1] for name in row.tallies]
    columns = ("System", "Trusts", *map(say_id, outcomes), *told, "not decided")
    rows = tuple(
        (
            row.code,
            str(len(row.trusts)),
            *(str(row.outcomes.get(outcome, 0)) for outcome in outcomes),
            *(_say_tally(row.tallies[name]) for name in told),
            " ".join(row.undecided),
        )
        for row in gathered.rows
    )
    return columns, rows


def _say_tally(tally: Tally) -> str:
    unknown = f" (unknown for {' '.join(tally.unknown)})" if tally.unknown else ""
    return f"{tally.true}{unknown}"


def gathered_data(gathered: Gathered, written: Sequence[Path]) -> Plain:
    """Return what was *gathered* as plain data."""
    return {
        "format": GATHERED_FORMAT,
        "systems": [
            {
                "code": row.code,
                "trusts": list(row.trusts),
                "not_decided": list(row.undecided),
                "outcomes": {label: row.outcomes[label] for label in sorted(row.outcomes)},
                "told": {
                    name: {"true": tally.true, "unknown": list(tally.unknown)}
                    for name, tally in row.tallies.items()
                },
            }
            for row in gathered.rows
        ],
        "in_no_system": list(gathered.placeless),
        "written": [str(path) for path in written],
    }
