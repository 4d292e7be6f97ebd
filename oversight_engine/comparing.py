"""The command that compares two rulebooks: over all cases, on given ones, and as they read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    EVALUATORS,
    FORMATS,
    Options,
    cohort_for,
    complete_rulebook,
    day_option,
    load,
    output,
    print_data,
    print_page,
    read,
    write_file,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError

if TYPE_CHECKING:
    from oversight_engine.analysis.comparison import OverAllCases
    from oversight_engine.model.case import Case
    from oversight_engine.model.decision import Decision
    from oversight_engine.model.rulebook import Rulebook


@click.command(
    cls=Command,
    short_help="Compare two rulebooks: is one ever lighter, and where?",
    example="oversight compare nof-2025-26 nof-2026-27 --fail-on lighter",
)
@click.argument("first", metavar="A", shell_complete=complete_rulebook)
@click.argument("others", nargs=-1, metavar="[B] [CASE]...", shell_complete=complete_rulebook)
@click.option(
    "--reform",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="B is A under this reform: dated changes of its parameters.",
)
@day_option("--as-of", "Compare on this day; without it, on every day on which both decide.")
@click.option(
    "--fail-on",
    type=click.Choice(["lighter", "harsher", "any"]),
    help="Exit 1 unless it is proved that B is never so; where nothing can be said of all cases, "
    "those that are named settle it. `any` covers referrals too.",
)
@click.option(
    "--examples",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write a case for each way in which they differ to this folder, ready to be decided.",
)
@click.option(
    "--seconds",
    metavar="NUMBER",
    type=click.FloatRange(min=0.001),
    default=60.0,
    show_default=True,
    help="How long the solver may think about one question.",
)
@EVALUATORS
@output(*FORMATS)
def compare(first: str, others: tuple[str, ...], **options: Any) -> int:
    """Compare rulebook B with rulebook A: is it ever lighter, or harsher, and where?

    Each is a folder, or the id of a rulebook that ships. What is said of all cases is proved, or
    shown by a case that both have decided. Of each CASE it is told what becomes of it. Then follows
    what differs in the rulebooks themselves.
    """
    from oversight_engine.analysis import comparison, sides
    from oversight_engine.report import compared as report
    from oversight_engine.report.rulebook_changes import find_changes

    before, after, sources = _sides(first, others, options)
    facts = sides.differing_facts(before, after)
    day = options["as_of"]
    over_all = None
    why_not = comparison.why_not_compared(
        before, after, [day] if day else sides.differing_days(before, after)
    )
    if not why_not:
        over_all = comparison.compare_rulebooks(
            before,
            after,
            as_of=day,
            seconds=options["seconds"],
            evaluators=options["evaluators"],
        )
    compared = report.Compared(
        before=before,
        after=after,
        over_all=over_all,
        why_not=why_not,
        facts=facts,
        changes=find_changes(before, after),
        decisions=_decided(before, after, sources, options),
        files=_written(over_all, options["examples"]) if over_all is not None else (),
    )
    if options["format"] == "json":
        print_data(report.comparison_data(compared))
    else:
        print_page(report.compared_page(compared), options)
    return ExitCode.FINDINGS if compared.reaches(options["fail_on"]) else ExitCode.DONE


def _sides(
    first: str, others: Sequence[str], options: Options
) -> tuple[Rulebook, Rulebook, Sequence[str]]:
    """Return both rulebooks, and where the cases are."""
    plain = options | {"rulebook_digest": None, "reform": None}
    before = load(plain | {"rulebook": first})
    if options["reform"] is not None:
        return before, load(plain | {"rulebook": first, "reform": options["reform"]}), others
    if not others:
        raise click.UsageError("name B, the rulebook to compare with A, or a reform with --reform")
    return before, load(plain | {"rulebook": others[0]}), others[1:]


def _decided(
    before: Rulebook, after: Rulebook, sources: Sequence[str], options: Options
) -> tuple[tuple[Decision, Decision], ...]:
    """Return what each rulebook makes of the cases at *sources*."""
    from oversight_engine.analysis.sides import union_of

    if not sources:
        return ()
    cases, _ = read(sources, union_of(before, after), options)
    return tuple(
        zip(
            *(_decided_by(rulebook, cases, options) for rulebook in (before, after)),
            strict=True,
        )
    )


def _decided_by(rulebook: Rulebook, cases: Sequence[Case], options: Options) -> list[Decision]:
    from oversight_engine.analysis.sides import as_read_by
    from oversight_engine.engine import Engine

    day = options["as_of"]
    known = [as_read_by(rulebook, case) for case in cases]
    cohort = cohort_for(rulebook, known, options, day)
    with Engine(rulebook, cohort=cohort, evaluators=options["evaluators"]) as engine:
        return [engine.decide(case, as_of=day) for case in known]


def _written(over_all: OverAllCases, folder: Path | None) -> tuple[tuple[str, ...], ...]:
    """Write the example cases into *folder*, if there is one, and return where each is."""
    from attrs import evolve

    from oversight_engine.language.writer import case_text

    if folder is None:
        return ()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}") from error
    written = []
    for number, example in enumerate(over_all.examples, start=1):
        sides = (example.before, example.after)
        about = ", ".join(
            f"{decision.label} by {word}"
            for decision, word in zip(sides, ("the first", "the second"), strict=True)
        )
        names = [""] if len(example.cases) == 1 else ["-first", "-second"]
        paths = []
        for case, decision, name in zip(example.cases, sides, names, strict=False):
            path = folder / f"{number:02}-{example.kind}{name}.yaml"
            text = case_text(evolve(case, about=f"{about}."), decision.rulebook)
            write_file(path, text.encode())
            paths.append(str(path))
        written.append(tuple(paths))
    return tuple(written)
