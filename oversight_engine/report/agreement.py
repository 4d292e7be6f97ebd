"""How published figures and ours agree, for people and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from oversight_engine.analysis.agreement import Agreement, Compared, Verdict
from oversight_engine.explanation.page import Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import say_count
from oversight_engine.model.number import written
from oversight_engine.model.plain import Plain

AGREEMENT_FORMAT = "oversight-agreement/1"
VERDICTS: tuple[Verdict, ...] = ("equal", "different", "not comparable")


def agreement_page(agreement: Agreement, *, details: bool = False) -> Page:
    """Return *agreement* for people: a table by metric, and what is unexplained.

    With *details*, every cell that differs or cannot be compared is told as well.
    """
    numbers = {verdict: len(agreement.of(verdict)) for verdict in VERDICTS}
    unexplained = agreement.unexplained
    compared = numbers["equal"] + numbers["different"]
    headline = Headline(
        f"{say_count(compared, 'published cell')} compared: {numbers['equal']:,} equal, "
        f"{numbers['different']:,} different, {len(unexplained):,} of them unexplained",
        about=(
            f"{numbers['not comparable']:,} more cannot be compared",
            f"By {agreement.rulebook.title}, version {agreement.rulebook.version}",
        ),
        warnings=("Something differs, and nothing shows why.",) if unexplained else (),
    )
    others = [each for each in agreement.compared if each.reason and not each.is_unexplained]
    return Page(
        (
            headline,
            metrics_table(agreement),
            *section("Unexplained", map(_line, unexplained)),
            *section("Explained, or not comparable", map(_line, others if details else ())),
        )
    )


def metrics_table(agreement: Agreement) -> Table:
    """Return a row for each metric: how many cells came to what, and why."""
    titles = {finding.id: finding.title for finding in agreement.rulebook.findings}
    rows = []
    for metric, cells in agreement.by_metric.items():
        numbers = Counter(each.verdict for each in cells)
        rows.append(
            (
                metric.upper(),
                titles.get(metric, ""),
                str(len(cells)),
                *(str(numbers[verdict]) for verdict in VERDICTS),
                say_reasons(cells),
            )
        )
    columns = ("Metric", "Title", "Cells", "Equal", "Different", "Not comparable", "Why")
    return Table("By metric", columns, tuple(rows), named=2)


def say_reasons(cells: Iterable[Compared]) -> str:
    """Return why *cells* are not equal, with how many there are for each reason."""
    numbers = Counter(each.reason for each in cells if each.reason)
    return "; ".join(f"{reason} ({number})" for reason, number in numbers.most_common())


def say_compared(each: Compared) -> str:
    """Return one cell in a sentence."""
    ours = "" if each.ours is None else f", ours {written(each.ours)}"
    cell = each.cell
    return (
        f"{cell.metric.upper()} of {cell.code}: published {written(cell.value)}{ours}; "
        f"{each.reason}: {each.because}" + (f" ({cell.source})" if cell.source else "")
    )


def _line(each: Compared) -> Line:
    return Line(say_compared(each), 0, "fault" if each.is_unexplained else "item")


def agreement_data(agreement: Agreement) -> Plain:
    """Return *agreement* as plain data."""
    rulebook = agreement.rulebook
    return {
        "format": AGREEMENT_FORMAT,
        "rulebook": {"id": rulebook.id, "version": rulebook.version, "digest": rulebook.digest},
        "cells": len(agreement.compared),
        **{verdict.replace(" ", "_"): len(agreement.of(verdict)) for verdict in VERDICTS},
        "unexplained": len(agreement.unexplained),
        "compared": [_compared_data(each) for each in agreement.compared],
    }


def _compared_data(each: Compared) -> Plain:
    cell = each.cell
    end = cell.period.end
    return {
        "code": cell.code,
        "from": cell.period.start.isoformat(),
        "to": end.isoformat() if end is not None else None,
        "metric": cell.metric,
        "published": written(cell.value),
        "ours": None if each.ours is None else written(each.ours),
        "verdict": each.verdict,
        "reason": each.reason or None,
        "because": each.because or None,
        "source": cell.source or None,
    }
