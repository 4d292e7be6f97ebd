"""Proofs and least changes, by the analysis of cells and by z3 asked the same.

Of z3 its import is not counted; what it takes to say the program to it is, once for each question.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.timing import Timed, milliseconds, rounds_of, table
from oversight_engine.analysis.laws import decided_periods, prove
from oversight_engine.analysis.paths import Pathfinder, _Finding
from oversight_engine.analysis.search import MOST_BOXES
from oversight_engine.analysis.solver import Least, least_change, load_z3, refute
from oversight_engine.engine import Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import Case
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.resources import shipped

MOST_CASES = 10
"""For how many stories a least change is looked for."""
ALONE = ("reference",)


def report(rounds: int) -> str:
    """Return how long proofs and least changes take, beside z3 asked the same."""
    load_z3()  # its import is not counted
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    return "\n\n".join(
        [
            "## Proofs and least changes",
            _sizes(),
            _laws(rulebook, rounds),
            changes_report(rulebook, rounds),
        ]
    )


def _sizes() -> str:
    """Return how large the spaces are that are proved over, period by period."""
    rows = []
    for folder in sorted(path for path in shipped("rules").iterdir() if path.is_dir()):
        rulebook = load_rulebook(folder)
        for period in prove(rulebook, solver=False, evaluators=ALONE).periods:
            numbers = (period.facts, period.axes, period.cells, period.groups, period.largest)
            rows.append([rulebook.id, period.span.start.isoformat(), *map("{:,}".format, numbers)])
    heads = ["rulebook", "from", "facts", "axes", "cells", "groups", "largest group"]
    return table(heads, rows)


def _laws(rulebook: Rulebook, rounds: int) -> str:
    periods = [span.start for span in decided_periods(rulebook)]

    def by_z3() -> None:
        for day in periods:
            for law in rulebook.claims:
                opinion = refute(law, find_in_force(rulebook, day), day, evaluators=ALONE)
                assert opinion.answer == "proved", opinion

    def by_cells() -> None:
        for period in prove(rulebook, solver=False, evaluators=ALONE).periods:
            assert {answer.result for answer in period.answers} == {"proved"}

    times = rounds_of({"cells": by_cells, "z3": by_z3}, rounds)
    asked = f"{len(rulebook.claims)} laws in {len(periods)} periods of {rulebook.id}"
    return f"All claimed laws: {asked}.\n\n" + _beside(times)


def changes_report(rulebook: Rulebook, rounds: int) -> str:
    """Return how long the least change of a few stories takes, beside z3 asked the same."""
    cases = read_cases(shipped("cases") / "illustrative", rulebook)
    with Engine(rulebook, evaluators=ALONE) as engine:
        finder = Pathfinder(engine)
        asked = [_asked(finder, case) for case in cases]
        pairs = [pair for pair in asked if pair is not None][:MOST_CASES]

        def search() -> list[object]:
            return [ours() for ours, _ in pairs]

        def z3() -> list[object]:
            return [theirs() for _, theirs in pairs]

        assert search() == z3(), "the search and z3 differ"
        times = rounds_of({"search": search, "z3": z3}, rounds)
    heading = f"The least change to the lightest outcome, fewest facts: {len(pairs)} stories."
    return f"{heading}\n\n" + _beside(times)


def _asked(
    finder: Pathfinder, case: Case
) -> tuple[Callable[[], object], Callable[[], object]] | None:
    """Return the question as the search is asked it, and as z3 is; None where it is no question."""
    rulebook = finder.engine.rulebook
    to = rulebook.lightest
    found = finder.find(case, to, number=1)
    if found.is_there or not found.paths:
        return None
    finding = _Finding(finder, found, frozenset(), 1, MOST_BOXES)

    def ours() -> object:
        finding.ground.kept.clear()  # what was once found is not to be found there
        return finder.find(case, to, number=1).paths[0].total

    def theirs() -> object:
        least: Least = least_change(
            finding.ground.in_force, finding.day, finding.known, finding.levers, to
        )
        assert least.weight is not None, least.because
        return least.weight[0]

    return ours, theirs


def _beside(times: dict[str, Timed]) -> str:
    ours, theirs = times.values()
    rows = [[name, milliseconds(timed)] for name, timed in times.items()]
    ratio = theirs.median / ours.median
    return table(["by", "ms"], rows) + f"\n\nz3 takes {ratio:.1f} times as long."
