"""How our findings agree with what NHS England published: the page `docs/explanation/agreement.md`.

Run by maintainers when the published data, the importer or the rulebook changes:

    OVERSIGHT_PUBLISHED_DATA=<folder> python tools/build_agreement.py

It imports every file of the framework in that folder, decides each quarter as a cohort with every
evaluator, compares every published cell, and writes the page. No number on it is typed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from attrs import frozen  # noqa: E402 - the checkout comes first

from oversight_engine import Decision, Engine, load_rulebook  # noqa: E402
from oversight_engine.analysis.agreement import Agreement, Compared, compare  # noqa: E402
from oversight_engine.cohort import compute_cohort  # noqa: E402
from oversight_engine.importing.importer import Imported, find_importer  # noqa: E402
from oversight_engine.model.number import written  # noqa: E402
from oversight_engine.model.truth import TRUE  # noqa: E402
from oversight_engine.report.agreement import metrics_table  # noqa: E402

PAGE = ROOT / "docs" / "explanation" / "agreement.md"
RULEBOOK = ROOT / "rules" / "nof-2025-26"

HEAD = """\
# Agreement with the published record

<!-- Written by tools/build_agreement.py from the published data: run it again, do not edit. -->

NHS England publishes, for each trust and quarter, the scores, averages and segments of its Oversight Framework. The rulebook [`nof-2025-26`](../../rules/nof-2025-26/README.md) computes the same from the same figures, under the same identifiers. This page compares every published cell with ours: whoever doubts the engine can begin here. A test holds the page to the data, and others hold its main numbers to counts by hand; [from a download to a segment](../how-to/from-download-to-segment.md) makes the same comparison with commands.
"""  # noqa: E501 - prose

WHY = """\
## Why some differ

A difference is *explained* only where something exact shows why. Nothing is excused by a tolerance.

* **rounded scores**: NHS England averages metric scores before it rounds them, and publishes them rounded to two decimals. So the mean of the published scores may be off by half of the last decimal, times the share of scores that were rounded; scores that are whole for every trust come from bands and count as exact, and no score was beyond 1 or 4. Each such cell lies within the range this allows; all are listed below.
* **ranked by kind**: the score is one by rank, and NHS England ranked within one type of trust. Ranked there, every published score of the metric comes out, each tie at the published decimals standing at one of its places.
* **another cohort**: the published scores of the metric are spread more finely than the trusts at hand allow. No even spread by rank among fewer trusts gives them, in the order of the values; how many there must have been at least stands beside it. The acute trusts' values are not among the files.
* **rounded values**: the metric's values tie as published, to two decimals, and need not have tied before; the published score is one of those the tie can have.

## Why some cannot be compared

* **unknown here**: a fact is missing, so there is no figure of ours. The trust is referred, and the published segment is among its possible outcomes.
* **another cohort**: segments rest on quartiles of all trusts, and of one type no row is at hand for the quarter. That a segment would come out as published all the same would prove nothing, so it is not counted.
"""  # noqa: E501 - prose

GIVEN = """\
## What is not compared because it is taken as it is

The financial override, membership of the Recovery Support Programme and the published metric scores enter as facts, and so does the published average of trusts of which no score is at hand (the acute trusts: only the summary rows of their file could be had, transcribed and checked against every published rank). To compare them with themselves would show nothing. What the rulebook can say of the override by itself, that plan and variance together are below balance, is the published flag for {agreeing}.
"""  # noqa: E501 - prose


@frozen
class Quarter:
    """What one quarter came to."""

    label: str
    decisions: tuple[Decision, ...]
    agreement: Agreement


def gather(published: Path) -> tuple[Imported, list[Quarter]]:
    """Return what was imported from the *published* folder, and what it came to."""
    rulebook = load_rulebook(RULEBOOK)
    files = sorted((published / "nof").glob("*/*.csv"))
    imported = find_importer("nof").read(files, rulebook, None)
    if imported.problems.errors:
        raise SystemExit("\n".join(map(str, imported.problems)))
    quarters = []
    for cohort in imported.cohorts:
        values = compute_cohort(rulebook, cohort.cases, cohort.cases[0].as_of)
        with Engine(rulebook, cohort=values) as engine:
            decisions = tuple(engine.decide(case) for case in cohort.cases)
        quarters.append(Quarter(cohort.label, decisions, compare(decisions, cohort.cells)))
    return imported, quarters


def build(published: Path) -> str:
    """Return the page, from the *published* folder."""
    imported, quarters = gather(published)
    parts = [HEAD, _rows(imported), _summary(quarters)]
    parts += [_metrics(quarter) for quarter in quarters]
    parts += [WHY, _ranked(quarters), _rounded(quarters), _unknown(quarters)]
    return "\n".join([*parts, GIVEN.format(agreeing=_say_override(quarters))])


def _rows(imported: Imported) -> str:
    uses = ("fact", "compared", "fact and compared", "contextual")
    counts: dict[str, Counter[str]] = {file: Counter() for file in imported.rows_read}
    for rows in imported.rows_used:
        counts[rows.file][rows.use] += rows.number
    assert {use for count in counts.values() for use in count} <= {*uses}
    lines = [
        (_say_file(file), number, *(counts[file][use] for use in uses))
        for file, number in imported.rows_read.items()
    ]
    totals = ("all", *(sum(line[n] for line in lines) for n in range(1, len(lines[0]))))
    context = sorted({r.metric for r in imported.rows_used if r.use == "contextual"})
    said = (
        "A row may be a fact of a case, a cell to compare, or both: a published score is averaged "
        "as it is, and compared with the score that its value has by rank. Context is what the "
        f"rulebook neither states nor computes: the domain segments ({', '.join(context)})."
    )
    table = _table(("file", "rows", *uses), [*lines, totals])
    return "\n".join(["## What became of the rows", "", *table, "", said, ""])


def _say_file(path: str) -> str:
    file = Path(path)
    name = file.stem.removeprefix("nhs-oversight-framework-").replace("-", " ")
    return f"{file.parent.name}: {name}"


def _summary(quarters: Iterable[Quarter]) -> str:
    rows = []
    for quarter in quarters:
        agreement = quarter.agreement
        different = agreement.of("different")
        rows.append(
            (
                quarter.label,
                len(quarter.decisions),
                len(agreement.compared),
                len(agreement.of("equal")),
                len(different) - len(agreement.unexplained),
                f"**{len(agreement.unexplained)}**",
                len(agreement.of("not comparable")),
            )
        )
    head = ("quarter", "trusts", "cells", "equal", "different and explained",
            "different and unexplained", "not comparable")  # fmt: skip
    return "\n".join(["## In short", "", *_table(head, rows), ""])


def _metrics(quarter: Quarter) -> str:
    table = metrics_table(quarter.agreement)
    head = tuple(column.lower() for column in table.columns)
    return "\n".join([f"## By metric: {quarter.label}", "", *_table(head, table.rows), ""])


def _ranked(quarters: Iterable[Quarter]) -> str:
    """Return a row for each metric that is scored by rank, quarter and kind of trust."""
    rows = []
    for quarter in quarters:
        ranked = {f.id for f in quarter.agreement.rulebook.findings if f.ranked is not None}
        for metric, cells in quarter.agreement.by_metric.items():
            if metric not in ranked:
                continue
            for kind in sorted({each.cell.group for each in cells}):
                alike = [each for each in cells if each.cell.group == kind]
                equal = sum(each.verdict == "equal" for each in alike)
                share = f"{equal} of {len(alike)}"
                because = {each.because for each in alike if each.because} or {"all are here"}
                rows.append((quarter.label, metric.upper(), kind, share, "; ".join(because)))
    head = ("quarter", "metric", "type", "equal", "why")
    return "\n".join(["## Scores by rank, recomputed from values", "", *_table(head, rows), ""])


def _rounded(quarters: Iterable[Quarter]) -> str:
    rows = [
        (quarter.label, each.cell.metric.upper(), each.cell.code, written(each.cell.value),
         _ours(each), each.because)
        for quarter in quarters
        for each in quarter.agreement.compared
        if each.reason == "rounded scores"
    ]  # fmt: skip
    head = ("quarter", "metric", "trust", "published", "ours", "what rounding allows")
    title = f"## Every mean that differs by the rounding of its scores: {len(rows)}"
    return "\n".join([title, "", *_table(head, rows), ""])


def _ours(each: Compared) -> str:
    assert each.ours is not None, "what differs has a figure of ours"
    return written(each.ours)


def _unknown(quarters: Iterable[Quarter]) -> str:
    rows = [
        (quarter.label, each.cell.metric.upper(), each.cell.code, written(each.cell.value),
         each.because)
        for quarter in quarters
        for each in quarter.agreement.compared
        if each.reason == "unknown here"
    ]  # fmt: skip
    head = ("quarter", "metric", "trust", "published", "why")
    return "\n".join(["## Every cell of which there is none of ours", "", *_table(head, rows), ""])


def _say_override(quarters: Iterable[Quarter]) -> str:
    said = []
    for quarter in quarters:
        both = [*_override(quarter.decisions)]
        said.append(f"{sum(a == b for a, b in both)} of {len(both)} trusts in {quarter.label}")
    return " and ".join(said)


def _override(decisions: Iterable[Decision]) -> Iterator[tuple[bool, bool]]:
    """Yield, for each trust of which both are known, the published flag and ours."""
    for decision in decisions:
        facts = {reading.fact.id: reading.value for reading in decision.facts}
        [below] = [r for r in decision.findings if r.finding.id == "below_balance"]
        if None not in {facts["of0079"], facts["of0081"], facts["published_of5004"]}:
            yield bool(facts["published_of5004"]), below.conclusion is TRUE


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(str(cell).replace('|', ' ') for cell in cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(
        build(Path(os.environ["OVERSIGHT_PUBLISHED_DATA"])), encoding="utf-8", newline="\n"
    )
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
