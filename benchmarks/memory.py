"""Memory over a million decisions by both evaluators: it stays where it was."""

from __future__ import annotations

import gc
from pathlib import Path

from benchmarks.cases import cases_of
from benchmarks.timing import table
from oversight_engine.engine import Engine
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.resources import shipped


def report(number: int) -> str:
    """Return how much memory the process holds along *number* decisions."""
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    cases = cases_of(rulebook, 400, unknown=0.05)
    rows: list[list[str]] = []
    with Engine(rulebook) as engine:
        marks = {number // 100, *(number * tenth // 10 for tenth in range(1, 11))}
        for done in range(1, number + 1):
            engine.decide(cases[done % len(cases)])
            if done in marks:
                gc.collect()
                rows.append([f"{done:,}", f"{_resident():.1f}"])
    return f"## Memory over {number:,} decisions\n\n" + table(["decisions", "MiB resident"], rows)


def _resident() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not say how much memory a process holds")
