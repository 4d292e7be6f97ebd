"""What a sweep counted: a table, rows, plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oversight_engine.explanation.page import Headline, Page, Table
from oversight_engine.explanation.wording import outcome_title, say_count, say_number
from oversight_engine.model.number import written
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.report.listing import identity_data

if TYPE_CHECKING:
    from oversight_engine.analysis.sweep import Sweep  # it needs numpy, which not all have

SWEEP_FORMAT = "oversight-sweep/1"


def sweep_page(rulebook: Rulebook, swept: Sweep) -> Page:
    """Return the counts for people: of values that come to the same, the first and the last."""
    parameter = rulebook.parameter(swept.parameter)
    cases = sum(swept.counts[0])
    titles = [outcome_title(rulebook, label) for label in swept.labels]
    rows = []
    for first, last in _runs(swept.counts):
        ends = [say_number(swept.values[place], parameter.unit) for place in (first, last)]
        said = ends[0] if first == last else f"{ends[0]} to {ends[1]}"
        rows.append((said, *map(str, swept.counts[first])))
    return Page(
        (
            Headline(
                f"{parameter.title}: {say_count(len(swept.values), 'value')}",
                about=(say_count(cases, "case"), f"{rulebook.id} {rulebook.version}"),
            ),
            Table("Outcomes", ("value", *titles), tuple(rows)),
        )
    )


def _runs(counts: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    """Yield the first and last place of each run of equal counts."""
    first = 0
    for place in range(1, len(counts) + 1):
        if place == len(counts) or counts[place] != counts[first]:
            yield first, place - 1
            first = place


def sweep_rows(swept: Sweep) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a sheet: one for each value."""
    rows = [
        [written(value), *map(str, counts)]
        for value, counts in zip(swept.values, swept.counts, strict=True)
    ]
    return [swept.parameter, *swept.labels], rows


def sweep_data(rulebook: Rulebook, swept: Sweep) -> Plain:
    """Return the counts as plain data."""
    return {
        "format": SWEEP_FORMAT,
        "rulebook": identity_data(rulebook),
        "parameter": swept.parameter,
        "labels": list(swept.labels),
        "counts": [
            {"value": written(value), "cases": list(counts)}
            for value, counts in zip(swept.values, swept.counts, strict=True)
        ],
    }
