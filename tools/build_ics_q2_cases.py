"""Which case files say what was known of the 42 systems on 30 September 2025.

Run by maintainers when the published figures or the names of facts change:

    OVERSIGHT_PUBLISHED_DATA=<folder> python tools/build_ics_q2_cases.py

It takes the figures of `tools/build_ics_cases.py`, which are old by then and not too old; decides
every trust whose figures of the first quarter of 2025/26 NHS England published on 9 September
2025; and gathers the decisions by system. It writes `cases/ics-2025-q2/<code>-<name>.yaml`, the
same bytes every time. What is not known of every trust of a system is a fact that is not stated.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from oversight_engine import Engine, load_rulebook  # noqa: E402 - the checkout comes first
from oversight_engine.cohort import compute_cohort  # noqa: E402
from oversight_engine.importing.importer import find_importer  # noqa: E402
from oversight_engine.importing.systems import gather, read_map  # noqa: E402
from oversight_engine.language.problems import Problems  # noqa: E402
from oversight_engine.model.case import StatedFact  # noqa: E402
from oversight_engine.model.decision_form import decision_data  # noqa: E402
from oversight_engine.model.number import written  # noqa: E402
from tools.build_ics_cases import System, read_systems, write_facts  # noqa: E402

CASES = ROOT / "cases" / "ics-2025-q2"
RULES = ROOT / "rules"

AS_OF = "2025-09-30"
PERIOD = ("2025-04-01", "2025-06-30")
FIGURES_AT = "2025-03-31"
QUARTER = "2025-26-q1"
SYSTEM_COLUMN = "icb_ods_pre_2026"

NOT_SEGMENTED = """\
  oversight_segment:
    value: not_segmented
    source: Written Ministerial Statement of 9 September 2025, as summarised by others
    as_at: 2025-09-09
    status: final
    note: No board was placed in a segment in 2025/26.
"""

Gathered = Mapping[str, Mapping[str, StatedFact]]


def gather_trusts(published: Path) -> Gathered:
    """Return what the trusts in the *published* folder say of their systems, by system and fact."""
    rulebook = load_rulebook(RULES / "nof-2025-26")
    files = sorted((published / "nof" / QUARTER).glob("*.csv"))
    imported = find_importer("nof").read(files, rulebook, None)
    if len(imported.problems):
        raise SystemExit("\n".join(map(str, imported.problems)))
    [cohort] = imported.cohorts
    values = compute_cohort(rulebook, cohort.cases, cohort.cases[0].as_of)
    with Engine(rulebook, cohort=values) as engine:
        decisions = [decision_data(engine.decide(case)) for case in cohort.cases]
    problems = Problems()
    places = read_map(published / "ics" / "trust_to_ics_map.csv", problems, SYSTEM_COLUMN)
    gathered = gather(decisions, places, load_rulebook(RULES / "hewitt-2023"), problems)
    if problems.errors:
        raise SystemExit("\n".join(map(str, problems.errors)))
    return {case.system.code: case.facts for case in gathered.cases}


def write_case(system: System, gathered: Mapping[str, StatedFact]) -> str:
    """Return the text of the case file of *system*, of whose trusts that was *gathered*."""
    number = sum(1 for figure in system.figures.values() if figure)
    lines = [
        "# Written by tools/build_ics_q2_cases.py from published figures; see README.md beside it.",
        "format: oversight-case/1",
        "about: >-",
        f"  {number} figures published for January to March 2025; that no board was segmented;",
        f"  {_say(gathered)}. Every other fact is unknown.",
        system.heading,
        f"period: {{from: {PERIOD[0]}, to: {PERIOD[1]}}}",
        f"as_of: {AS_OF}",
        f"defaults: {{as_at: {FIGURES_AT}, status: derived}}",
        "facts:",
        *write_facts(system),
        *_gathered_lines(gathered),
    ]
    return "\n".join(lines) + "\n" + NOT_SEGMENTED


def _say(gathered: Mapping[str, StatedFact]) -> str:
    return (
        "how many of its trusts were in intensive support from April to June"
        if gathered
        else "not of all its trusts whether they were in intensive support"
    )


def _gathered_lines(gathered: Mapping[str, StatedFact]) -> Iterator[str]:
    for fact_id, stated in gathered.items():
        assert isinstance(stated.value, int), "what is gathered is counted"
        yield f"  {fact_id}:"
        yield f"    value: {written(stated.value)}"
        yield f'    source: "{stated.source}"'
        yield f"    as_at: {stated.as_at}"
        yield f"    note: {stated.note}"


def build(published: Path) -> dict[str, str]:
    """Return the text of every case file, by file name, from the *published* folder."""
    gathered = gather_trusts(published)
    systems = read_systems(published / "ics")
    return {system.file_name: write_case(system, gathered[system.code]) for system in systems}


def main() -> None:
    """Write every case file, and remove those that no system has any more."""
    files = build(Path(os.environ["OVERSIGHT_PUBLISHED_DATA"]))
    CASES.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in CASES.glob("*.yaml")} - set(files):
        (CASES / stale).unlink()
    for name, text in files.items():
        (CASES / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(files)} case files in {CASES}")


if __name__ == "__main__":
    main()
