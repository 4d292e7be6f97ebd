"""Which case files say what was published about the 42 systems for January to March 2025.

Run by maintainers when the published figures or the names of facts change:

    OVERSIGHT_PUBLISHED_DATA=<folder> python tools/build_ics_cases.py

It reads `ics/icb_reference.csv` and `ics/ics_performance_2025_q1_derived.csv` in that folder and
writes `cases/ics-2025-q1/<code>-<name>.yaml`, the same bytes every time. A figure is copied as the
text it is, never read as a number. A cell without a figure is a fact that is not stated.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen

CASES = Path(__file__).resolve().parent.parent / "cases" / "ics-2025-q1"

AS_OF = "2025-06-30"
PERIOD = ("2025-01-01", "2025-03-31")
QUARTER = "2025Q1"
MONTHS = "January to March 2025"

FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
PLAIN_TEXT = re.compile(r"[A-Z][A-Za-z ,&-]*[a-z]")
"""Text that YAML reads as itself without quotes. A name of any other form is refused."""


@frozen
class Measure:
    """A column of the published figures and the fact it becomes."""

    column: str
    fact: str
    statistics: str


MEASURES = (
    Measure("ae_4hr_pct", "ae_4hr_pct", "A&E waiting times"),
    Measure("rtt_18w_pct", "rtt_18wk_pct", "RTT waiting times"),
    Measure("rtt_52w_pct", "rtt_over_52wk_share_pct", "RTT waiting times"),
    Measure("cancer_28d_fds_pct", "cancer_fds_pct", "cancer waiting times"),
    Measure("cancer_31d_pct", "cancer_31day_pct", "cancer waiting times"),
    Measure("cancer_62d_pct", "cancer_62day_pct", "cancer waiting times"),
    Measure("diag_6w_pct", "diagnostics_over_6wk_share_pct", "diagnostic waiting times"),
)


@frozen
class System:
    """A system as published.

    Attributes:
        trusts_in_rtt: how many trusts the referral-to-treatment figures are rolled up from.
        figures: by column, as text; empty where the source has none.
    """

    code: str
    name: str
    region: str
    trusts_in_rtt: str
    figures: dict[str, str] = field(repr=False)

    @property
    def file_name(self) -> str:
        """The name of its case file: the code to find it by, the name to know it by."""
        return f"{self.code}-{self.name.lower().replace(',', '').replace(' ', '-')}.yaml"

    @property
    def heading(self) -> str:
        """The line of a case file that says which system it is."""
        return f"system: {{code: {self.code}, name: {_quoted(self.name)}, region: {self.region}}}"


def read_systems(published: Path) -> list[System]:
    """Return the systems of the *published* folder in the order of their codes."""
    references = sorted(_read_rows(published / "icb_reference.csv"), key=_code)
    performances = sorted(_read_rows(published / "ics_performance_2025_q1_derived.csv"), key=_code)
    if [*map(_code, references)] != [*map(_code, performances)]:
        raise SystemExit("the two files do not have the same systems, each once")
    return [_make_system(*rows) for rows in zip(references, performances, strict=True)]


def write_case(system: System) -> str:
    """Return the text of the case file of *system*."""
    number = sum(1 for measure in MEASURES if system.figures[measure.column])
    lines = [
        "# Written by tools/build_ics_cases.py from published figures; see README.md beside it.",
        "format: oversight-case/1",
        f"about: {number} figures published for {MONTHS}; every other fact is unknown.",
        system.heading,
        f"period: {{from: {PERIOD[0]}, to: {PERIOD[1]}}}",
        f"as_of: {AS_OF}",
        f"defaults: {{as_at: {PERIOD[1]}, status: derived}}",
        "facts:",
        *write_facts(system),
    ]
    return "\n".join(lines) + "\n"


def write_facts(system: System) -> Iterator[str]:
    """Yield the lines that state the figures of *system*."""
    for measure in MEASURES:
        if not system.figures[measure.column]:
            continue
        yield f"  {measure.fact}:"
        yield f"    value: {system.figures[measure.column]}"
        yield '    unit: "%"'
        yield f'    source: "NHS England: {measure.statistics}, {MONTHS}; roll-up of host trusts"'
        if measure.column.startswith("rtt_"):
            yield f"    note: {_count_trusts(system.trusts_in_rtt)} in the roll-up."


def build(published: Path) -> dict[str, str]:
    """Return the text of every case file, by file name, from the *published* folder."""
    return {system.file_name: write_case(system) for system in read_systems(published)}


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _code(row: dict[str, str]) -> str:
    return row["icb_ods"]


def _make_system(reference: dict[str, str], performance: dict[str, str]) -> System:
    code, name, region = _code(performance), performance["ics_name"], reference["nhs_region"]
    if performance["calendar_quarter"] != QUARTER:
        raise SystemExit(f"{code}: {performance['calendar_quarter']} is not {QUARTER}")
    if reference["icb_name"] != f"NHS {name} Integrated Care Board":
        raise SystemExit(f"{code}: {name} is not the name of {reference['icb_name']}")
    figures = {measure.column: performance[measure.column] for measure in MEASURES}
    wrong = [text for text in figures.values() if text and not FIGURE.fullmatch(text)]
    wrong += [text for text in (name, region) if not PLAIN_TEXT.fullmatch(text)]
    if wrong:
        raise SystemExit(f"{code}: cannot be copied as it stands: {', '.join(wrong)}")
    return System(code, name, region, performance["trusts_in_rtt"], figures)


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name  # a comma would end a name within braces


def _count_trusts(number: str) -> str:
    return "1 trust" if number == "1" else f"{number} trusts"


def main() -> None:
    """Write every case file, and remove those that no system has any more."""
    files = build(Path(os.environ["OVERSIGHT_PUBLISHED_DATA"]) / "ics")
    for stale in {path.name for path in CASES.glob("*.yaml")} - set(files):
        (CASES / stale).unlink()
    CASES.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (CASES / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(files)} case files in {CASES}")


if __name__ == "__main__":
    main()
