"""The commands about what others publish: to import it, and to compare it with ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    AS_OF,
    EVALUATORS,
    FORMATS,
    REFORM,
    RULEBOOK,
    Options,
    cohort_for,
    day_option,
    load,
    output,
    print_data,
    print_page,
    read,
    rulebook_options,
    several,
)
from oversight_engine.commands import Command, Commands, report
from oversight_engine.errors import ExitCode, InputError
from oversight_engine.importing.importer import find_importer, importer_names

if TYPE_CHECKING:
    from oversight_engine.importing.importer import Importer
    from oversight_engine.language.problems import Problems

FOLDER = several(
    click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        metavar="FOLDER",
        help="Write to this folder, which is made if it is not there.",
    ),
    click.option("--force", is_flag=True, help="Replace files that are there already."),
)
FILES = click.Path(path_type=Path)
PUBLISHED_RULEBOOK = "nof-2025-26"


class Importers(Commands):
    """The group of importers: one command for each, and those that are commands by themselves."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all importers, those of other packages among them."""
        return sorted({*super().list_commands(ctx), *importer_names()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, made for the importer that has it."""
        if cmd_name in importer_names():
            return _command_of(find_importer(cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group("import", cls=Importers, short_help="Turn what others publish into cases.")
def import_() -> None:
    """Turn what others publish into cases, and into cells to compare with."""


def _command_of(importer: Importer) -> click.Command:
    reads = importer.reads.partition(":")[0].removesuffix(".")
    example = f"oversight import {importer.name} published.csv -o imported"

    @click.command(
        importer.name,
        cls=Command,
        short_help=f"Read {reads}.",
        example=example,
        help=f"Read {importer.reads}",
    )
    @click.argument("files", nargs=-1, required=True, type=FILES, metavar="FILE...")
    @FOLDER
    @rulebook_options(importer.rulebook)
    @day_option("--as-of", "The date of the decisions, where the publication does not settle it.")
    @click.option("--keep-going", is_flag=True, help="Leave bad rows out, write the rest, exit 2.")
    @output(*FORMATS)
    def command(files: tuple[Path, ...], **options: Any) -> int:
        return _import(importer, files, options)

    return command


def _import(importer: Importer, files: Sequence[Path], options: Options) -> int:
    from oversight_engine.language.published_files import published_text
    from oversight_engine.language.writer import cases_text
    from oversight_engine.report import imports

    options = options | {"reform": None}
    rulebook = load(options)
    imported = importer.read(files, rulebook, options["as_of"])
    _report_problems(imported.problems, "what was published", options)
    texts: dict[str, str] = {}
    for cohort in imported.cohorts:
        texts[f"cohort-{cohort.label}.yaml"] = cases_text(cohort.cases, rulebook)
        if cohort.cells:
            texts[f"published-{cohort.label}.csv"] = published_text(cohort.cells)
    written = _write(options["folder"], texts, force=options["force"])
    if options["format"] == "json":
        print_data(imports.imported_data(imported, written))
    else:
        print_page(imports.imported_page(imported, written), options)
    return ExitCode.BAD_INPUT if imported.problems.errors else ExitCode.DONE


def _report_problems(problems: Problems, subject: str, options: Options) -> None:
    """Say what is wrong, and go on only if it is nothing worse than warnings, or was asked to."""
    if problems.errors and not options.get("keep_going"):
        problems.raise_as(InputError, subject)
    if len(problems):
        report(InputError(f"problems of {subject}", problems=problems), options)


def _write(folder: Path, texts: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write *texts* into *folder*, by name, all or none; return where they are."""
    paths = {folder / name: text for name, text in texts.items()}
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise InputError(f"{there[0]} is there already: --force replaces it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{folder} cannot be written to: {error.strerror}") from error
    return [*paths]


@import_.command(
    "systems",
    short_help="Gather decisions about trusts, by system.",
    example="oversight import systems trusts.json --map trust_to_ics.csv -o gathered",
)
@click.argument("decisions", nargs=-1, required=True, type=FILES, metavar="DECISIONS...")
@click.option(
    "--map",
    "map_file",
    type=FILES,
    required=True,
    metavar="FILE",
    help="A CSV file that says which system each trust belongs to.",
)
@click.option(
    "--system-column",
    default="system_code",
    show_default=True,
    metavar="NAME",
    help="The column of the map that names the system.",
)
@click.option(
    "--onto",
    multiple=True,
    metavar="CASE",
    help="Add what is gathered to these cases; without it, each system has a case of its own.",
)
@FOLDER
@RULEBOOK
@day_option("--as-of", "The date of the cases; that of the decisions if left out.")
@output(*FORMATS)
def systems(decisions: tuple[Path, ...], **options: Any) -> int:
    """Gather DECISIONS about trusts, as `decide --format json` prints them, by system.

    What is known of every trust of a system becomes a fact of the system, marked as derived.
    """
    from oversight_engine.analysis.stored import read_decisions
    from oversight_engine.importing.systems import gather, read_map
    from oversight_engine.language.problems import Problems
    from oversight_engine.language.writer import cases_text
    from oversight_engine.report import imports
    from oversight_engine.report.sheet import sheet

    rulebook = load(options | {"reform": None})
    problems = Problems()
    places = read_map(options["map_file"], problems, options["system_column"])
    found = []
    for path in decisions:
        stored = read_decisions(path)
        if stored is None:
            because = "holds no decisions, as `oversight decide --format json` prints them"
            raise InputError(f"{path} {because if path.exists() else 'is not there'}")
        found += stored
    onto, _ = read(options["onto"], rulebook, options) if options["onto"] else ((), False)
    gathered = gather(found, places, rulebook, problems, onto=onto, as_of=options["as_of"])
    _report_problems(problems, "the map", options)
    columns, rows = imports.gathered_rows(gathered)
    texts = {
        "systems.yaml": cases_text(gathered.cases, rulebook),
        "systems.csv": sheet(columns, rows),
    }
    written = _write(options["folder"], texts, force=options["force"])
    if options["format"] == "json":
        print_data(imports.gathered_data(gathered, written))
    else:
        print_page(imports.gathered_page(gathered, written), options)
    return ExitCode.DONE


@click.command(
    cls=Command,
    short_help="Compare published outcomes with ours, cell by cell.",
    example="oversight agree cases/trusts --published published.csv --details",
)
@click.argument("cohort", nargs=-1, required=True, metavar="COHORT...")
@click.option(
    "--published",
    multiple=True,
    required=True,
    type=FILES,
    metavar="FILE",
    help="Published cells, as an import writes them.",
)
@rulebook_options(PUBLISHED_RULEBOOK)
@REFORM
@AS_OF
@EVALUATORS
@click.option(
    "--fail-on",
    type=click.Choice(["unexplained", "different"]),
    default="unexplained",
    show_default=True,
    help="Exit 1 if a cell differs and nothing shows why, or if any differs.",
)
@click.option("--details", is_flag=True, help="Tell of every cell that is not equal.")
@output(*FORMATS)
def agree(cohort: tuple[str, ...], **options: Any) -> int:
    """Compare every published cell with what the cases of COHORT come to, and show why some differ.

    COHORT is files or folders of cases, all decided together.
    """
    from oversight_engine.analysis.agreement import compare
    from oversight_engine.engine import Engine
    from oversight_engine.language.published_files import read_published
    from oversight_engine.report.agreement import agreement_data, agreement_page

    rulebook = load(options)
    cells = read_published(options["published"])
    cases, _ = read(cohort, rulebook, options)
    day = options["as_of"]
    values = cohort_for(rulebook, cases, options, day)
    evaluators = options["evaluators"]
    with Engine(rulebook, cohort=values, evaluators=evaluators) as engine:
        agreement = compare([engine.decide(case, as_of=day) for case in cases], cells)
    if options["format"] == "json":
        print_data(agreement_data(agreement))
    else:
        print_page(agreement_page(agreement, details=options["details"]), options)
    failed = agreement.unexplained or (
        options["fail_on"] == "different" and agreement.of("different")
    )
    return ExitCode.FINDINGS if failed else ExitCode.DONE
