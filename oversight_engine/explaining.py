"""The commands about a case: why it is decided so, what would change it, and how firm it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    EVALUATORS,
    FORMATS,
    UNDER,
    Options,
    cohort_for,
    complete_file,
    complete_ids,
    load,
    outcome_of,
    output,
    print_data,
    print_page,
    read,
    several,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError

if TYPE_CHECKING:
    from oversight_engine.engine import Engine
    from oversight_engine.model.case import Case

ONE_CASE = several(
    click.argument("case", shell_complete=complete_file),
    click.option("--system", metavar="CODE", help="Which system, where CASE holds several."),
    UNDER,
    EVALUATORS,
)


@contextmanager
def _one(source: str, options: Options) -> Iterator[tuple[Engine, Case]]:
    """Yield an engine for the rulebook that is asked for, and the one case that is meant."""
    with _all(source, options) as (engine, cases):
        if len(cases) != 1:
            codes = ", ".join(sorted({case.system.code for case in cases}))
            raise InputError(f"{source} holds {codes}: choose one with --system")
        yield engine, cases[0]


@contextmanager
def _all(source: str, options: Options) -> Iterator[tuple[Engine, list[Case]]]:
    """Yield an engine for the rulebook that is asked for, and every case that is meant."""
    from oversight_engine.engine import Engine
    from oversight_engine.language.problems import did_you_mean

    rulebook = load(options)
    cases, _ = read([source], rulebook, options)
    wanted = options["system"]
    chosen = [case for case in cases if wanted in {None, case.system.code}]
    if not chosen:
        codes = sorted({case.system.code for case in cases})
        hint = did_you_mean(wanted, codes) or f"it holds {', '.join(codes)}"
        raise InputError(f"{source} holds no case of {wanted}: {hint}")
    cohort = cohort_for(rulebook, cases, options, options["as_of"])
    with Engine(rulebook, cohort=cohort, evaluators=options["evaluators"]) as engine:
        yield engine, chosen


@click.command(
    cls=Command,
    short_help="Explain the decision of one case, in full.",
    example="oversight explain our-case.yaml --why-not lighter_reporting",
)
@click.option(
    "--why-not",
    metavar="OUTCOME",
    shell_complete=complete_ids("outcomes"),
    help="Tell what stands in the way of this outcome, rule by rule.",
)
@ONE_CASE
@output(*FORMATS)
def explain(case: str, why_not: str | None, **options: Any) -> None:
    """Explain the decision of one CASE to a reader who was not there."""
    from oversight_engine import explanation

    with _one(case, options) as (engine, one):
        if why_not is not None:
            outcome_of(engine.rulebook, why_not, "--why-not")
        decision = engine.decide(one, as_of=options["as_of"])
    if why_not is not None:
        page = explanation.explain_why_not(decision, why_not)
    else:
        page = explanation.explain(decision)
    if options["format"] == "json":
        from oversight_engine.report import data

        click.echo(data.explanation(decision, page), nl=False)
    else:
        print_page(page, options)


@click.command(
    cls=Command,
    short_help="Find the smallest changes that bring an outcome.",
    example="oversight path our-case.yaml --to lighter_reporting",
)
@click.option(
    "--to",
    required=True,
    metavar="OUTCOME",
    shell_complete=complete_ids("outcomes"),
    help="The outcome to be brought about.",
)
@click.option(
    "--least",
    type=click.Choice(["facts", "movement", "effort"]),
    default="facts",
    show_default=True,
    help="What is to be least: how many facts change, how far they move, or the stated effort.",
)
@click.option(
    "--paths", "number", metavar="N", type=click.IntRange(1, 20), default=3, show_default=True,
    help="How many different paths to show at most.",
)  # fmt: skip
@click.option(
    "--without",
    multiple=True,
    metavar="FACT",
    shell_complete=complete_ids("facts"),
    help="Leave this fact as it is; may be given several times.",
)
@ONE_CASE
@output(*FORMATS)
def path(case: str, **options: Any) -> int:
    """Find the smallest changes of CASE that would bring an outcome, or say why there are none.

    Where CASE holds several, each has its line in a table. Exits 0 if there is a path or the case
    is there already, and 1 if there is none.
    """
    from oversight_engine.analysis.paths import Pathfinder
    from oversight_engine.report.prospects import (
        paths_data,
        paths_page,
        prospects_data,
        prospects_page,
    )

    with _all(case, options) as (engine, cases):
        finder = Pathfinder(engine)
        found = [
            finder.find(
                one,
                options["to"],
                as_of=options["as_of"],
                least=options["least"],
                number=options["number"],
                without=options["without"],
            )
            for one in cases
        ]
    if options["format"] == "json":
        print_data(paths_data(found[0]) if len(found) == 1 else prospects_data(found))
    else:
        print_page(paths_page(found[0]) if len(found) == 1 else prospects_page(found), options)
    can_be = all(one.paths or one.is_there for one in found)
    return ExitCode.DONE if can_be else ExitCode.FINDINGS


@click.command(
    cls=Command,
    short_help="Say whether decisions are firm or borderline.",
    example="oversight robust our-case.yaml --fail-on borderline",
)
@click.option(
    "--fail-on",
    type=click.Choice(["borderline", "rounding"]),
    help="Exit 1 if a decision is borderline or undecided, or would be if figures may have been "
    "rounded.",
)
@click.option(
    "--seconds",
    metavar="NUMBER",
    type=click.FloatRange(min=0.001),
    default=60.0,
    show_default=True,
    help="How long the solver may think about a case, where a search would take too many steps.",
)
@ONE_CASE
@output(*FORMATS)
def robust(case: str, **options: Any) -> int:
    """Say whether the decision of CASE is firm under what its facts say of their uncertainty.

    Where CASE holds several, each has its line in a table.
    """
    from oversight_engine.analysis.robustness import Examiner
    from oversight_engine.report.robustness import (
        firmness_data,
        firmness_page,
        robustness_data,
        robustness_page,
    )

    with _all(case, options) as (engine, cases):
        examiner = Examiner(engine)
        found = [
            examiner.examine(one, as_of=options["as_of"], seconds=options["seconds"])
            for one in cases
        ]
    if options["format"] == "json":
        print_data(robustness_data(found[0]) if len(found) == 1 else firmness_data(found))
    else:
        page = robustness_page(found[0]) if len(found) == 1 else firmness_page(found)
        print_page(page, options)
    holds = {
        "borderline": all(one.is_firm for one in found),
        "rounding": all(one.is_firm and one.is_firm_if_rounded for one in found),
    }
    return ExitCode.DONE if holds.get(options["fail_on"], True) else ExitCode.FINDINGS
