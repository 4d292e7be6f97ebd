"""The commands: read, call, print, exit.

Nothing but click is imported at the start: each command imports what it needs.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from oversight_engine._version import __version__
from oversight_engine.command_line import (
    AS_OF,
    EVALUATORS,
    FORMATS,
    REFORM,
    RULEBOOK,
    UNDER,
    VERBOSE,
    Options,
    cohort_for,
    complete_file,
    complete_ids,
    complete_schema,
    day_option,
    load,
    outcome_of,
    output,
    print_data,
    print_page,
    print_sheet,
    read,
    write_file,
)
from oversight_engine.commands import EXIT_CODES, EXIT_TIERS, Commands
from oversight_engine.errors import ExitCode, InputError
from oversight_engine.ledger_options import KEY, LEDGER

if TYPE_CHECKING:
    from oversight_engine.model.case import Case
    from oversight_engine.model.decision import Decision
    from oversight_engine.model.plain import Plain
    from oversight_engine.model.rulebook import Fact, Rule, Rulebook

Item = TypeVar("Item", "Fact", "Rule")


@click.group(
    cls=Commands,
    epilog=EXIT_CODES + EXIT_TIERS,
    context_settings={"help_option_names": ["-h", "--help"]},
    elsewhere={
        "agree": "publications:agree",
        "check": "proving:check",
        "compare": "comparing:compare",
        "explain": "explaining:explain",
        "import": "publications:import_",
        "ledger": "recording:ledger",
        "path": "explaining:path",
        "replay": "replaying:replay",
        "robust": "explaining:robust",
        "sweep": "sweeping:sweep",
        "test": "testing:test",
    },
)
@click.version_option(__version__, prog_name="oversight")
def cli() -> None:
    """Decide the oversight of integrated care systems, and show why.

    A rulebook says what follows from which facts; a case states the facts of one system. The
    decision is an outcome, or a referral that names the evidence that is missing.

    Begin with `oversight decide CASE`; `oversight COMMAND --help` says more of each command.
    """


@cli.command(
    epilog=EXIT_CODES + EXIT_TIERS,
    example="oversight decide cases/illustrative --format csv",
    short_help="Decide cases, and say why.",
)
@click.argument("cases", nargs=-1, required=True, metavar="CASE...", shell_complete=complete_file)
@UNDER
@EVALUATORS
@LEDGER
@KEY
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Attest that this was proved of the rulebook; refused if it is of another.",
)
@click.option(
    "--fail-on",
    metavar="OUTCOME|referred",
    shell_complete=complete_ids("outcomes", "referred"),
    help="Exit 1 if an outcome is at least this severe; with `referred`, 4 if a case is referred.",
)
@click.option("--exit-tier", is_flag=True, help="Exit by the most severe outcome, from 10 upwards.")
@click.option("--keep-going", is_flag=True, help="Leave bad cases out, decide the rest, exit 2.")
@click.option("--details", is_flag=True, help="For many cases, tell the reasons of each as well.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no hints on standard error.")
@output("pretty", "plain", "json", "jsonl", "csv", "markdown")
def decide(cases: tuple[str, ...], **options: Any) -> int:
    """Decide each CASE: a file, a folder of files, or `-` for standard input.

    Where --ledger or OVERSIGHT_LEDGER names a ledger, each decision is recorded there before it is
    printed; one that cannot be recorded is not issued. What is recorded already is not recorded
    again.
    """
    from oversight_engine import deciding
    from oversight_engine.engine import Engine

    rulebook = load(options)
    fail_on = options["fail_on"]
    if fail_on and fail_on != "referred":
        outcome_of(rulebook, fail_on, "--fail-on")
    found, has_bad = read(cases, rulebook, options)
    cohort = cohort_for(rulebook, found, options, options["as_of"])
    outcomes: list[str | None] = []
    left_out: list[InputError] = []
    evaluators = options["evaluators"]
    certificate = deciding.certificate_for(rulebook, options)
    with (
        Engine(rulebook, cohort=cohort, evaluators=evaluators, certificate=certificate) as engine,
        deciding.recorder_for(cohort, options) as recorder,
    ):
        if cohort is not None:
            deciding.announce(rulebook, cohort, options)
        decisions = deciding.decide_each(engine, found, options, left_out, recorder)
        noted = _noted(decisions, outcomes)
        deciding.print_decisions(engine, noted, len(found), options, recorder)
    if has_bad or left_out:
        return ExitCode.BAD_INPUT
    return deciding.exit_code(rulebook, outcomes, options)


def _noted(decisions: Iterator[Decision], outcomes: list[str | None]) -> Iterator[Decision]:
    for decision in decisions:
        outcomes.append(decision.outcome)
        yield decision


@cli.command(
    short_help="Say why two decisions differ.", example="oversight diff april.yaml july.yaml"
)
@click.argument("old", shell_complete=complete_file)
@click.argument("new", required=False, shell_complete=complete_file)
@RULEBOOK
@day_option("--old-as-of", "Decide OLD on this day.")
@day_option("--new-as-of", "Decide NEW on this day.")
@click.option(
    "--new-reform",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Decide NEW under this reform: dated changes of the rulebook's parameters.",
)
@EVALUATORS
@click.option(
    "--fail-on",
    type=click.Choice(["decision", "any"]),
    help="Exit 1 if a decision is another one, or if anything at all differs.",
)
@output(*FORMATS)
def diff(old: str, new: str | None, **options: Any) -> int:
    """Say why the decisions of OLD and NEW differ: facts, rules, parameters, date.

    Each is a case, a folder of cases, or decisions stored as JSON. Without NEW, it is OLD on
    another day or under a reform. Cases are decided here; stored decisions are taken as they
    stand, and nothing of them is verified: `oversight replay` derives one again.
    """
    from oversight_engine.analysis import difference
    from oversight_engine.report import differences

    reform = options["new_reform"]
    if new is None and reform is None and options["old_as_of"] == options["new_as_of"]:
        raise click.UsageError("name NEW, or another day with --new-as-of")
    rulebook = load(options)
    reformed = rulebook if reform is None else load(options | {"reform": reform})
    sides = [
        _decisions_of(old, rulebook, options, options["old_as_of"]),
        _decisions_of(new or old, reformed, options, options["new_as_of"]),
    ]
    compared = difference.compare(*sides)
    if options["format"] == "json":
        print_data(difference.comparison_data(compared))
    else:
        titles = differences.titles_of(rulebook)
        print_page(differences.comparison_page(compared, titles), options)
    return ExitCode.FINDINGS if compared.reaches(options["fail_on"]) else ExitCode.DONE


def _decisions_of(
    source: str, rulebook: Rulebook, options: Options, day: datetime.date | None
) -> list[Plain]:
    """Return the decisions stored at *source*, or those of the cases there, as plain data."""
    from oversight_engine.analysis.stored import read_decisions
    from oversight_engine.engine import Engine
    from oversight_engine.model.decision_form import decision_data

    stored = None if source == "-" else read_decisions(Path(source))
    if stored is not None:
        if day is not None:
            raise InputError(f"{source} holds decisions, which have their day already")
        if rulebook.reform is not None:
            raise InputError(f"{source} holds decisions, which no reform changes any more")
        return stored
    cases, _ = read([source], rulebook, options)
    cohort = cohort_for(rulebook, cases, options, day)
    evaluators = options["evaluators"]
    with Engine(rulebook, cohort=cohort, evaluators=evaluators) as engine:
        return [decision_data(engine.decide(case, as_of=day)) for case in cases]


@cli.command(
    "cohort",
    short_help="Say what a rulebook takes from all cases together.",
    example="oversight cohort cases/trusts --rulebook nof-2025-26 -o cohort.json",
)
@click.argument("cases", nargs=-1, required=True, metavar="CASE...", shell_complete=complete_file)
@RULEBOOK
@REFORM
@AS_OF
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the cohort values to this file.",
)
@click.option(
    "--check",
    "stated",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare the cohort values in FILE with those of the cases; exit 5 if they differ.",
)
@output(*FORMATS)
def cohort_command(
    cases: tuple[str, ...], file: Path | None, stated: Path | None, **options: Any
) -> int:
    """Say what a rulebook takes from the cohort of all CASEs: quantiles, counts, scores by rank."""
    from oversight_engine.model.cohort import cohort_data
    from oversight_engine.report import cohorts

    rulebook = load(options)
    found, _ = read(cases, rulebook, options)
    if stated is not None:
        return _check_cohort(rulebook, found, stated)
    values = cohort_for(rulebook, found, options, options["as_of"])
    if values is None:
        raise InputError(f"the rulebook {rulebook.id} declares no cohort")
    if file is not None:
        from oversight_engine.report.data import document

        write_file(file, document(cohort_data(values)))
    elif options["format"] == "json":
        print_data(cohort_data(values))
    else:
        print_page(cohorts.cohort_page(rulebook, values), options)
    return ExitCode.DONE


def _check_cohort(rulebook: Rulebook, cases: Sequence[Case], file: Path) -> int:
    from oversight_engine.cohort import check_cohort
    from oversight_engine.language.cohort_files import read_cohort

    values = read_cohort(file)
    differences = check_cohort(rulebook, cases, values)
    for difference in differences:
        click.echo(difference)
    if not differences:
        click.echo(f"{file}: as the cases give it, {values.digest}")
    return ExitCode.INTEGRITY if differences else ExitCode.DONE


@cli.command(short_help="List what a case may state.", example="oversight facts cancer_62day_pct")
@click.argument("ids", nargs=-1, metavar="[FACT]...", shell_complete=complete_ids("facts"))
@RULEBOOK
@output("pretty", "plain", "json", "csv", "markdown")
def facts(ids: tuple[str, ...], **options: Any) -> None:
    """List what a case may state; with a FACT, all there is to say about it."""
    from oversight_engine.report import listing

    rulebook = load(options)
    chosen = _chosen(rulebook.facts, ids, "fact")
    if options["format"] == "csv":
        rows = [listing.fact_row(rulebook, fact) for fact in chosen]
        print_sheet(listing.FACT_COLUMNS, rows)
    elif options["format"] == "json":
        print_data(listing.facts_data(rulebook, chosen))
    else:
        print_page(listing.facts_page(rulebook, chosen), options)


@cli.command(
    short_help="Tell in prose what a rulebook's rules say.",
    example="oversight rules --as-of 2025-06-30",
)
@click.argument("ids", nargs=-1, metavar="[RULE]...", shell_complete=complete_ids("rules"))
@RULEBOOK
@day_option("--as-of", "Say which are not in force on this day, and why.")
@output("pretty", "plain", "json", "csv", "markdown")
def rules(ids: tuple[str, ...], as_of: datetime.date | None, **options: Any) -> None:
    """Tell in prose what a rulebook's rules say."""
    from oversight_engine.report import listing

    rulebook = load(options)
    chosen = _chosen(rulebook.rules, ids, "rule")
    if options["format"] == "csv":
        print_sheet(listing.RULE_COLUMNS, [listing.rule_row(rulebook, rule) for rule in chosen])
    elif options["format"] == "json":
        print_data(listing.rules_data(rulebook, chosen))
    else:
        print_page(listing.rules_page(rulebook, chosen, as_of), options)


def _chosen(items: Sequence[Item], ids: Sequence[str], kind: str) -> list[Item]:
    """Return those of *items* that have one of *ids*, or all; refuse an id that nothing has."""
    from oversight_engine.language.problems import did_you_mean

    known = [item.id for item in items]
    for item_id in ids:
        if item_id not in known:
            hint = did_you_mean(item_id, known) or f"`oversight {kind}s` lists them"
            raise click.UsageError(f"no {kind} is called `{item_id}`: {hint}")
    return [item for item in items if not ids or item.id in ids]


@cli.command(short_help="Print a JSON Schema.", example="oversight schema case > case.schema.json")
@click.argument("name", default="case", shell_complete=complete_schema)
@RULEBOOK
@VERBOSE
def schema(name: str, **options: Any) -> None:
    """Print a JSON Schema: of a `case` under a rulebook, or of what a command prints.

    NAME is case (the default), act, agreement, audit, certificate, check, cohort, comparison,
    decided, decision, decisions, difference, differences, doctor, due, errors, explanation, facts,
    firmness, gathered, imported, in-force, paths, proof, prospects, rechecked, replay, retained,
    robustness, rules, standing, supposition, sweep, tested, transparency or verified.
    """
    from oversight_engine.report import schemas
    from oversight_engine.report.case_schema import case_schema

    if name == "case":
        print_data(case_schema(load(options)))
    elif name in schemas.schema_names():
        print_data(schemas.shipped_schema(name))
    else:
        known = ", ".join(["case", *schemas.schema_names()])
        raise click.BadParameter(f"`{name}` is none of {known}", param_hint="NAME")


@cli.command(
    short_help="Say what works on this machine, and what does not.", example="oversight doctor"
)
@output("pretty", "plain", "json")
def doctor(**options: Any) -> int:
    """Say what works on this machine, what does not, and what would mend it."""
    from oversight_engine import checkup

    found = checkup.examine(getattr(sys.stdout, "encoding", None) or "unknown")
    if options["format"] == "json":
        print_data(checkup.checkup_data(found))
    else:
        print_page(checkup.checkup_page(found), options)
    return ExitCode.DONE if checkup.is_well(found) else ExitCode.FINDINGS


@cli.group()
def new() -> None:
    """Write a file to fill in."""


@new.command(
    "case",
    short_help="Write a case to fill in.",
    example="oversight new case our-case.yaml --code QXX --as-of 2025-06-30",
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@RULEBOOK
@click.option("--code", default="XXX", show_default=True, help="The system's code.")
@click.option("--name", default="Name of the system", show_default=True, help="The system's name.")
@click.option("--region", default="", help="The system's region.")
@day_option("--as-of", "The date of the decision; today's if left out.")
@VERBOSE
def new_case(file: Path | None, **options: Any) -> None:
    """Write a case in which every fact waits to be filled in, to FILE or standard output."""
    from oversight_engine.report.blanks import blank_case

    rulebook = load(options)
    as_of = options["as_of"] or datetime.datetime.now().astimezone().date()
    text = blank_case(
        rulebook, code=options["code"], name=options["name"], region=options["region"], as_of=as_of
    )
    if file is None:
        click.echo(text.encode(), nl=False)
        return
    write_file(file, text.encode(), mode="xb")


@new.command(
    "rulebook",
    short_help="Write a small rulebook to change into your own.",
    example="oversight new rulebook our-rulebook",
)
@click.argument("folder", type=click.Path(path_type=Path))
@VERBOSE
def new_rulebook(folder: Path, **_options: Any) -> None:
    """Write a small rulebook that holds together into FOLDER, to be changed into your own."""
    from oversight_engine.report.blanks import write_blank_rulebook

    for path in write_blank_rulebook(folder):
        click.echo(f"Wrote {path}.", err=True)
