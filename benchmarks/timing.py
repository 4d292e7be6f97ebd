"""Timing that can be trusted on a shared machine: interleaved rounds, medians, and ratios."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Timed(NamedTuple):
    """Seconds of one thing over the rounds."""

    least: float
    median: float
    most: float


def rounds_of(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timed]:
    """Time each of the *things* once a round, in turn, so that a slow spell meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for thing in things.values():
        thing()  # warm
    for _ in range(rounds):
        for name, thing in things.items():
            start = time.perf_counter()
            thing()
            seconds[name].append(time.perf_counter() - start)
    return {
        name: Timed(min(taken), statistics.median(taken), max(taken))
        for name, taken in seconds.items()
    }


def processes(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Timed]:
    """Time whole processes the same way; one that fails is an error.

    They find their modules compiled, as whoever installs the package does, even where the shell
    that measures keeps Python from writing bytecode.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(command: Sequence[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)

    return rounds_of({name: run(command) for name, command in commands.items()}, rounds)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def milliseconds(timed: Timed) -> str:
    """Return the median with the range."""
    return f"{timed.median * 1e3:.1f} ({timed.least * 1e3:.1f}..{timed.most * 1e3:.1f})"
