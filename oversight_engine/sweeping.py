"""The command that moves one threshold through many values, over many cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    UNDER,
    Decorator,
    Options,
    cohort_for,
    complete_file,
    complete_ids,
    load,
    output,
    print_data,
    print_page,
    print_sheet,
    read,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError

if TYPE_CHECKING:
    import datetime

    from oversight_engine.analysis.sweep import Steps, Sweep
    from oversight_engine.model.case import Case
    from oversight_engine.model.number import Exact
    from oversight_engine.model.rulebook import Rulebook

MOST_VALUES = 100_000


def _number(context: click.Context, option: click.Parameter, value: str) -> Exact:
    """Read an exact number; binary floating point would move thresholds."""
    from oversight_engine.model.number import exact

    try:
        return exact(value)
    except ValueError as error:
        raise click.BadParameter(f"`{value}` is no plain decimal", context, option) from error


def number_option(name: str, key: str, about: str) -> Decorator:
    """Return an option that takes an exact number."""
    return click.option(name, key, required=True, metavar="NUMBER", callback=_number, help=about)


@click.command(
    cls=Command,
    short_help="Move a threshold, and count the outcomes.",
    example="oversight sweep cancer_62day_target_pct cases/illustrative --from 60 --to 80 --step 1",
)
@click.argument("parameter", shell_complete=complete_ids("parameters"))
@click.argument("cases", nargs=-1, required=True, metavar="CASE...", shell_complete=complete_file)
@number_option("--from", "start", "The first value.")
@number_option("--to", "end", "No value is beyond this.")
@number_option("--step", "step", "How far each value is above the one before.")
@UNDER
@output("pretty", "plain", "json", "csv", "markdown")
def sweep(parameter: str, cases: tuple[str, ...], **options: Any) -> int:
    """Count the outcomes of all CASEs at each of many values of a threshold PARAMETER, exactly."""
    from oversight_engine.report import sweeps

    rulebook = load(options)
    steps = _steps(options["start"], options["end"], options["step"])
    _check(parameter, rulebook)
    found, _ = read(cases, rulebook, options)
    swept = _swept(parameter, rulebook, found, steps, options)
    if options["format"] == "json":
        print_data(sweeps.sweep_data(rulebook, swept))
    elif options["format"] == "csv":
        print_sheet(*sweeps.sweep_rows(swept))
    else:
        print_page(sweeps.sweep_page(rulebook, swept), options)
    return ExitCode.DONE


def _steps(start: Exact, end: Exact, step: Exact) -> Steps:
    if step <= 0 or end < start:
        raise click.UsageError("values go up: --to is not below --from, and --step is above 0")
    number = int((end - start) // step) + 1
    if number > MOST_VALUES:
        raise click.UsageError(
            f"these are {number:,} values, and at most {MOST_VALUES:,} are swept"
        )
    try:
        from oversight_engine.analysis.sweep import Steps
    except ImportError as error:
        raise InputError("numpy is not installed: pip install 'oversight-engine[batch]'") from error
    return Steps(start, step, number)


def _check(parameter: str, rulebook: Rulebook) -> None:
    from oversight_engine.language.problems import did_you_mean

    known = [each.id for each in rulebook.parameters]
    if parameter not in known:
        hint = did_you_mean(parameter, known)
        raise click.UsageError(f"no parameter is called `{parameter}`" + f": {hint}" * bool(hint))


def _swept(
    parameter: str, rulebook: Rulebook, cases: Sequence[Case], steps: Steps, options: Options
) -> Sweep:
    """Sweep the cases day by day, and add up."""
    from oversight_engine import semantics
    from oversight_engine.analysis.columns import columns_of
    from oversight_engine.analysis.sweep import sweep as sweep_cases
    from oversight_engine.engine import refuse_day
    from oversight_engine.model.in_force import find_in_force

    by_day: dict[datetime.date, list[Case]] = {}
    for case in cases:
        by_day.setdefault(options["as_of"] or case.as_of, []).append(case)
    total: Sweep | None = None
    for day in sorted(by_day):
        refuse_day(rulebook, day)
        cohort = cohort_for(rulebook, cases, options, options["as_of"])
        in_force = find_in_force(rulebook, day, cohort)
        known = [semantics.known_facts(rulebook, case, day) for case in by_day[day]]
        found = sweep_cases(in_force, parameter, steps, columns_of(in_force, known, day))
        total = found if total is None else total.plus(found)
    assert total is not None, "there is a case"
    return total
