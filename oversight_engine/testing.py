"""The command that tests rulebooks: their own tests, what these show, what they would notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    DEFAULT_RULEBOOK,
    EVALUATORS,
    Options,
    complete_rulebook,
    load,
    output,
    place_of,
    print_data,
    print_page,
    read,
    write_file,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError

if TYPE_CHECKING:
    from oversight_engine.analysis.coverage import Coverage
    from oversight_engine.analysis.missing_tests import Proposed
    from oversight_engine.analysis.mutants import MutationRun
    from oversight_engine.analysis.rulebook_tests import Result, Situation
    from oversight_engine.model.rulebook import Rulebook
    from oversight_engine.model.rulebook_tests import Suite
    from oversight_engine.report.tested import Tested


def _in_tenths(
    _context: click.Context, _option: click.Parameter, value: float | None
) -> int | None:
    return None if value is None else round(value * 10)


@click.command(
    "test",
    cls=Command,
    short_help="Run the tests of a rulebook, and say what they show.",
    example="oversight test our-rulebook --coverage --threshold 95",
)
@click.argument("rulebooks", nargs=-1, metavar="[RULEBOOK]...", shell_complete=complete_rulebook)
@click.option(
    "--tests",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Run the tests of this file as well; they may build on the rulebook's own.",
)
@click.option(
    "--cases",
    multiple=True,
    metavar="CASE",
    help="Run these cases as well, as far as they say what is expected: files or folders.",
)
@click.option("--coverage", is_flag=True, help="Say what of the rulebook no test shows.")
@click.option(
    "--mutation", is_flag=True, help="Say which small changes of the rulebook no test would notice."
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    callback=_in_tenths,
    metavar="PERCENT",
    help="With --coverage or --mutation: exit 1 if less than this is shown, or noticed.",
)
@click.option(
    "--write-missing",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the tests that are missing to this folder, to be reviewed: they expect what the "
    "rulebook says now.",
)
@EVALUATORS
@output("pretty", "plain", "json", "markdown", "junit")
def test(rulebooks: tuple[str, ...], **options: Any) -> int:
    """Run the tests of each RULEBOOK: those in the folder `tests` beside it.

    It is a folder, or the id of one that ships; hewitt-2023 if none is named.

    A test is a case with what must come of it. --coverage says what of the rulebook they show,
    --mutation which slips of the pen they would notice.
    """
    from oversight_engine.report.tested import junit, tested_data, tested_page

    if options["threshold"] is not None and not (options["coverage"] or options["mutation"]):
        raise click.UsageError("--threshold is of --coverage or --mutation: say which")
    tested = [_tested(name, options) for name in rulebooks or (DEFAULT_RULEBOOK,)]
    form = options["format"]
    if form == "json":
        print_data(tested_data(tested))
    elif form == "junit":
        click.echo(junit(tested), nl=False)
    else:
        print_page(tested_page(tested), options)
    return ExitCode.DONE if all(one.is_well for one in tested) else ExitCode.FINDINGS


def _tested(name: str, options: Options) -> Tested:
    from oversight_engine.analysis.rulebook_tests import run_tests, situations_of
    from oversight_engine.cohort import compute_cohort
    from oversight_engine.report.tested import Tested

    rulebook = load({"rulebook": name, "rulebook_digest": None})
    suites = _suites(name, rulebook, options)
    results = tuple(run_tests(rulebook, suites, compute_cohort, evaluators=options["evaluators"]))
    if any(result.failures for result in results):
        return Tested(rulebook, results)  # what failing tests show is nothing to rely on
    coverage = mutation = None
    proposed: tuple[Proposed, ...] = ()
    not_found = 0
    situations = situations_of(rulebook, suites, compute_cohort)
    if options["coverage"] or options["folder"]:
        coverage = _coverage(rulebook, suites, situations, results)
    if options["mutation"]:
        from oversight_engine.analysis.equivalence import CellProof
        from oversight_engine.analysis.mutants import run_mutants

        mutation = run_mutants(rulebook, situations, compute_cohort, CellProof(rulebook))
    if options["folder"]:
        proposed, not_found = _missing(situations, coverage, mutation, options)
        _write(proposed, suites, rulebook, options["folder"])
    return Tested(
        rulebook, results, coverage if options["coverage"] else None, mutation, proposed,
        not_found, options["threshold"],
    )  # fmt: skip


def _suites(name: str, rulebook: Rulebook, options: Options) -> tuple[Suite, ...]:
    from oversight_engine.analysis.rulebook_tests import suite_of_cases
    from oversight_engine.language.rulebook_tests import files_of_tests, read_tests

    files = (*files_of_tests(place_of(name)), *options["files"])
    suites = read_tests(files, rulebook)
    if options["cases"]:
        found, _ = read(options["cases"], rulebook, {})
        suites = (*suites, suite_of_cases(found))
    if not any(suite.tests for suite in suites):
        raise InputError(
            f"{name} has no tests: write some into the folder `tests` beside it, or name cases "
            "that say what is expected with --cases"
        )
    return suites


def _coverage(
    rulebook: Rulebook,
    suites: Sequence[Suite],
    situations: Sequence[Situation],
    results: Sequence[Result],
) -> Coverage:
    from oversight_engine.analysis.coverage import Seen, measure
    from oversight_engine.analysis.rulebook_tests import reformed

    books = [rulebook, *(reformed(rulebook, suite) for suite in suites if suite.reform)]
    labels = {result.test.name: result.decision.label for result in results}
    return measure(
        books,
        (Seen(each.in_force, each.trace, labels[each.test.name]) for each in situations),
    )


def _missing(
    situations: Sequence[Situation],
    coverage: Coverage | None,
    mutation: MutationRun | None,
    options: Options,
) -> tuple[tuple[Proposed, ...], int]:
    """Return the tests that are missing, and for how many things none was found."""
    from oversight_engine.analysis.missing_tests import Finder, propose
    from oversight_engine.analysis.mutants import Trial
    from oversight_engine.cohort import compute_cohort
    from oversight_engine.model.cohort import CohortValues

    def cohort_for(seed: Situation) -> CohortValues | None:
        book = seed.in_force.rulebook
        return compute_cohort(book, seed.among, seed.day) if book.cohort is not None else None

    def trial_of(tests: Sequence[Situation]) -> Trial:
        return Trial(tests, compute_cohort)

    finder = Finder(situations, trial_of(situations), cohort_for, options["evaluators"])
    assert coverage is not None, "it is measured where missing tests are asked for"
    uncovered = (*coverage.uncovered["rules"], *coverage.uncovered["conditions"])
    survivors = mutation.survivors if mutation is not None else ()
    found = [proposed for _, proposed in propose(finder, uncovered, survivors, trial_of)]
    return tuple(each for each in found if each is not None), found.count(None)


def _write(
    proposed: Sequence[Proposed], suites: Sequence[Suite], rulebook: Rulebook, folder: Path
) -> None:
    from oversight_engine.language.writer import suite_text

    if not proposed:
        return
    named = {test.name for suite in suites for test in suite.tests if not test.case.expect}

    def rows() -> Iterator[tuple[Any, str, list[str]]]:
        for each in proposed:
            seed = each.seed.test.name
            begins = seed if seed in named else ""
            yield each.test, begins, list(each.changes if begins else each.test.case.facts)

    about = "Proposed: what is expected is what the rulebook comes to. Is it as it should be?"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}") from error
    text = suite_text(list(rows()), about)
    write_file(folder / f"{rulebook.id}-missing.yaml", text.encode(), mode="xb")
