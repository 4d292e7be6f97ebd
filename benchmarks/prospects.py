"""Paths and robustness of the shipped cases: how long a case takes. Against z3: `proofs`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.proofs import changes_report
from oversight_engine.analysis.paths import Pathfinder
from oversight_engine.analysis.robustness import Examiner
from oversight_engine.engine import Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import Case
from oversight_engine.resources import shipped

SETS = ("illustrative", "ics-2025-q1", "ics-2025-q2")


def report(rounds: int) -> str:
    """Return the times of every shipped case of the Hewitt rulebook, as a table."""
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    rows = []
    with Engine(rulebook, evaluators=["reference"]) as engine:
        finder, examiner = Pathfinder(engine), Examiner(engine)
        for name in SETS:
            cases = read_cases(shipped("cases") / name, rulebook)
            held = [c for c in cases if engine.decide(c).outcome != rulebook.lightest]
            to = rulebook.lightest
            asked: list[tuple[str, Sequence[Case], Callable[[Case], object]]] = [
                ("least path", held, partial(finder.find, to=to, number=1)),
                ("three paths", held, partial(finder.find, to=to)),
                ("robustness", cases, examiner.examine),
            ]
            for what, among, ask in asked:
                forget = [finder.forget, examiner.forget]
                ask(among[0])  # what is worked out of a period
                one_by_one = _medians(ask, among, rounds, forget, each=True)
                in_a_row = _medians(ask, among, rounds, forget, each=False)
                rows.append(_row(f"{what}, {name}", one_by_one, in_a_row))
    head = (
        "| what, for one case | cases | median ms | worst ms | median in a row | worst in a row |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    return (
        "## Paths and robustness\n\nTo the lightest outcome, after set-up. Deciding the case, and "
        "each path again, by the reference is counted. In a row, what many cases ask is looked "
        f"for once.\n\n{head}" + "\n".join(rows) + "\n\n" + changes_report(rulebook, 1)
    )


def _medians(
    ask: Callable[[Case], object], cases: Sequence[Case], rounds: int,
    forget: Sequence[Callable[[], None]], *, each: bool,
) -> list[float]:  # fmt: skip
    """Return the median time of *rounds* runs by case, in milliseconds of this process."""
    times: list[list[float]] = [[] for _ in cases]
    for _ in range(rounds):
        for place, case in enumerate(cases):
            if each or not place:
                for forgets in forget:
                    forgets()
            start = time.process_time()
            ask(case)
            times[place].append((time.process_time() - start) * 1000)
    return [statistics.median(found) for found in times]


def _row(name: str, *columns: Sequence[float]) -> str:
    numbers = " | ".join(f"{statistics.median(c):.1f} | {max(c):.1f}" for c in columns)
    return f"| {name} | {len(columns[0])} | {numbers} |"
