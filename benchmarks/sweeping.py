"""A threshold at a thousand values over a million cases, once the columns are there."""

from __future__ import annotations

import datetime
import random
import statistics
import time
from fractions import Fraction

from oversight_engine import semantics
from oversight_engine.combining import combine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.resources import shipped

DAY = datetime.date(2025, 6, 30)
PARAMETERS = ("cancer_62day_target_pct", "far_below_target_pp", "national_priorities_needed")
VALUES = 1_000


def report(size: int, rounds: int) -> str:
    """Return, in Markdown, how long the sweep of *size* cases takes, and that it is exact."""
    from oversight_engine.analysis.columns import Columns, columns_of
    from oversight_engine.analysis.sweep import Steps, sweep

    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    cases = read_cases(shipped("cases") / "illustrative", rulebook)
    known = [semantics.known_facts(rulebook, case, DAY) for case in cases if case.as_of <= DAY]
    in_force = find_in_force(rulebook, DAY)
    few = columns_of(in_force, known, DAY)
    draw = random.Random(0)  # noqa: S311 - made-up cases, of facts that some case has
    rows = [draw.randrange(len(known)) for _ in range(size)]
    # Each fact of a case is drawn from another story, so that few cases are alike.
    columns = Columns(
        size,
        {f: c[_shuffled(rows, draw)] for f, c in few.values.items()},
        {f: c[rows] | few.known[f].all() for f, c in few.known.items()},
        few.bounds,
    )
    lines = [
        f"## Sweeping {VALUES:,} values of a threshold over {size:,} cases",
        "",
        "| parameter | s of one processor | M decisions/s | checked by deciding |",
        "| --- | --- | --- | --- |",
    ]
    for parameter in PARAMETERS:
        middle = Fraction(in_force.parameters[parameter].value)
        step = Fraction(1, 100)
        steps = Steps(middle - VALUES // 2 * step, step, VALUES)
        times = []
        for _ in range(rounds):
            started = time.process_time()
            found = sweep(in_force, parameter, steps, columns)
            times.append(time.process_time() - started)
        assert all(sum(counts) == size for counts in found.counts), "every case is counted"
        checked = _checked(in_force, parameter, steps, few, known)
        median = statistics.median(times)
        lines.append(
            f"| {parameter} | {median:.3f} ({min(times):.3f}..{max(times):.3f}) | "
            f"{size * VALUES / median / 1e6:,.0f} | {checked} |"
        )
    return "\n".join(lines)


def _shuffled(rows: list[int], draw: random.Random) -> list[int]:
    turned = rows[:]
    cut = draw.randrange(1, len(rows))
    return turned[cut:] + turned[:cut]


def _checked(in_force, parameter, steps, few, known) -> str:  # noqa: ANN001
    """Decide the stories themselves at some of the values, and compare."""
    from attrs import evolve

    from oversight_engine.analysis.sweep import sweep

    found = sweep(in_force, parameter, steps, few)
    dated = in_force.parameters[parameter]
    some = range(0, steps.number, 97)
    for place in some:
        moved = evolve(dated, value=found.values[place])
        at = evolve(in_force, parameters=in_force.parameters | {parameter: moved})
        counts = [0] * len(found.labels)
        for facts in known:
            outcome = combine(at, semantics.evaluate(at, facts, DAY).rules).outcome
            counts[found.labels.index(outcome or "referral")] += 1
        assert tuple(counts) == found.counts[place], "a sweep differs from deciding"
    return f"{len(some)} values, {len(known)} cases: equal"
