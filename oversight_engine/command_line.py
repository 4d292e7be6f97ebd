"""What the commands share: their common options, reading, printing, completion.

Nothing but click is imported at the start: what a command needs is imported when it runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from oversight_engine.commands import report, terminal_for
from oversight_engine.errors import InputError, OversightError, RulebookError

if TYPE_CHECKING:
    import datetime

    from click.shell_completion import CompletionItem

    from oversight_engine.explanation.page import Page
    from oversight_engine.model.case import Case
    from oversight_engine.model.cohort import CohortValues
    from oversight_engine.model.plain import Plain
    from oversight_engine.model.rulebook import Rulebook
    from oversight_engine.report.terminal import Colour

DEFAULT_RULEBOOK = "hewitt-2023"
FORMATS = ("pretty", "plain", "json", "markdown")
Options = dict[str, Any]
Decorator = Callable[[Any], Any]


# Options


def day_option(name: str, about: str, *, required: bool = False) -> Decorator:
    """Return an option that takes a date such as 2025-06-30."""
    return click.option(name, callback=_as_day, required=required, metavar="DATE", help=about)


def _as_day(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> datetime.date | None:
    """Read a date, written in the one way in which nobody takes the month for the day."""
    from datetime import date

    if text is None:
        return None
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise click.BadParameter(f"`{text}` is no date: write it like 2025-06-30")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"`{text}` is no day of the calendar") from None


def several(*options: Decorator) -> Decorator:
    """Return *options* as one, in the order in which help lists them."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def complete_rulebook(
    _context: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the id of a rulebook that ships, or a folder."""
    from click.shell_completion import CompletionItem

    # Folders first: on meeting them bash forgets what it was offered before.
    return [
        CompletionItem(incomplete, type="dir"),
        *(CompletionItem(name) for name in shipped_rulebooks() if name.startswith(incomplete)),
    ]


def complete_file(
    _context: click.Context, _argument: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a file or folder."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_schema(
    _context: click.Context, _argument: click.Parameter, incomplete: str
) -> list[str]:
    """Complete the name of a schema."""
    from oversight_engine.report.schemas import schema_names

    return [name for name in ("case", *schema_names()) if name.startswith(incomplete)]


def complete_ids(kind: str, *others: str) -> Callable[..., list[str]]:
    """Return a function that completes ids of one *kind* in the chosen rulebook."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        try:
            rulebook = load(context.params | {"rulebook_digest": None})
        except OversightError:
            return []  # the command itself says what is wrong
        ids = [*(item.id for item in getattr(rulebook, kind)), *others]
        return [item_id for item_id in ids if item_id.startswith(incomplete)]

    return complete


AS_OF = day_option("--as-of", "Decide on this day, not on that of each case.")

VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show where a fault of ours happened.")


def rulebook_options(default: str, about: str = "The rulebook") -> Decorator:
    """Return the options that name a rulebook, *default* where none is named."""
    return several(
        click.option(
            "--rulebook",
            default=default,
            metavar="FOLDER|ID",
            show_default=True,
            shell_complete=complete_rulebook,
            help=f"{about}: a folder, or the id of one that ships.",
        ),
        click.option(
            "--rulebook-digest",
            metavar="SHA256",
            help="Refuse any other rulebook than the one of this digest.",
        ),
    )


RULEBOOK = rulebook_options(DEFAULT_RULEBOOK)

REFORM = click.option(
    "--reform",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Under this reform: dated changes of the rulebook's parameters.",
)

COHORT = click.option(
    "--cohort",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge among these cohort values, not among the cases that are given.",
)

UNDER = several(RULEBOOK, REFORM, AS_OF, COHORT)
"""What decisions are made under, beside what each case states."""

EVALUATORS = click.option(
    "--evaluators",
    default="reference,durable",
    metavar="NAMES",
    show_default=True,
    callback=lambda _context, _option, names: tuple(map(str.strip, names.split(","))),
    help="What computes each decision: reference, durable, or both, which must then agree. The "
    "decision names them.",
)


def output(*formats: str) -> Decorator:
    """Return the options that say how to print, the first of *formats* by default."""
    return several(
        click.option(
            "--format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="How to print.",
        ),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="Colour: on a terminal only (auto), always or never.",
        ),
        VERBOSE,
    )


# Reading


def place_of(name: str) -> Path:
    """Return where the rulebook *name* is: a path, or the id of one that ships."""
    from oversight_engine import resources

    shipped = resources.shipped("rules") / name
    place = shipped if not Path(name).exists() and shipped.is_dir() else Path(name)
    if place.exists():
        return place
    from oversight_engine.language.problems import did_you_mean

    ships = shipped_rulebooks()
    hint = did_you_mean(name, ships) or f"name a folder, or one that ships ({', '.join(ships)})"
    raise RulebookError(f"there is no rulebook {name}: {hint}")


def shipped_rulebooks() -> list[str]:
    """Return the ids of the rulebooks that ship, in order."""
    from oversight_engine import resources

    return sorted(path.name for path in resources.shipped("rules").iterdir() if path.is_dir())


def load(options: Options) -> Rulebook:
    """Return the rulebook that *options* name."""
    from oversight_engine.language import cache

    place = place_of(options.get("rulebook") or DEFAULT_RULEBOOK)
    rulebook = cache.load(place, digest=options["rulebook_digest"], where=cache.folder())
    if options.get("reform") is None:
        return rulebook
    from oversight_engine.language.reforms import read_reform
    from oversight_engine.model.reform import under_reform

    return under_reform(rulebook, read_reform(options["reform"], rulebook))


def read(
    sources: Sequence[str], rulebook: Rulebook, options: Options
) -> tuple[tuple[Case, ...], bool]:
    """Return the cases, and whether some are left out because something is wrong with them."""
    from oversight_engine.language.cases import examine_cases

    cases, problems = examine_cases(sources, rulebook)
    if problems.errors and not options.get("keep_going"):
        problems.raise_as(InputError, "the cases")
    if len(problems):
        report(InputError("some cases are left out", problems=problems), options)
    _refuse_twins(cases, options.get("as_of"))
    return cases, bool(problems.errors)


def _refuse_twins(cases: Sequence[Case], day: datetime.date | None) -> None:
    """Refuse two cases of one system that differ by their dates, where one *day* is for all."""
    codes = sorted(case.system.code for case in cases)
    twice = [code for code, after in pairwise(codes) if code == after]
    if twice and day is not None:
        raise InputError(
            f"several cases of {', '.join(dict.fromkeys(twice))} would be decided on {day}: "
            "name one of each"
        )


def cohort_for(
    rulebook: Rulebook, cases: Sequence[Case], options: Options, day: datetime.date | None
) -> CohortValues | None:
    """Return the cohort values that *options* name, or else those that *cases* give on *day*."""
    path = options.get("cohort")
    if rulebook.cohort is None:
        if path is not None:
            raise InputError(f"the rulebook {rulebook.id} declares no cohort, so {path} is no use")
        return None
    if path is not None:
        from oversight_engine.language.cohort_files import read_cohort

        return read_cohort(path)
    from oversight_engine.cohort import compute_cohort

    days = {day} if day is not None else {case.as_of for case in cases}
    if len(days) > 1:
        raise InputError(
            f"a cohort is of one day, and these cases are of {', '.join(map(str, sorted(days)))}: "
            "choose one with --as-of"
        )
    return compute_cohort(rulebook, cases, next(iter(days), rulebook.span.start))


def outcome_of(rulebook: Rulebook, name: str, option: str) -> str:
    """Return the outcome *name*, or refuse it by saying which there are."""
    ids = [outcome.id for outcome in rulebook.outcomes]
    if name in ids:
        return name
    raise click.BadParameter(
        f"`{name}` is no outcome of {rulebook.id}: use {', '.join(ids)}", param_hint=f"'{option}'"
    )


# Printing


def print_page(page: Page, options: Options) -> None:
    """Print *page* for people."""
    form, colour = options["format"], cast("Colour", options["color"])
    if form == "markdown":
        from oversight_engine.report.markdown import markdown

        click.echo(markdown(page).encode(), nl=False)
        return
    from oversight_engine.report.text import plain, pretty

    terminal = terminal_for(sys.stdout, colour)
    text = terminal.fitted(plain(page)) if form == "plain" else pretty(page, terminal)
    click.echo(text, color=True)


def print_data(data: Plain) -> None:
    """Print plain *data* as JSON."""
    from oversight_engine.report.data import document

    click.echo(document(data), nl=False)


def print_sheet(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print *rows* as CSV."""
    from oversight_engine.report.sheet import sheet

    click.echo(sheet(columns, rows).encode(), nl=False)


def write_file(file: Path, content: bytes, *, mode: str = "wb") -> None:
    """Write *content* to *file*; with the mode `xb` only where nothing is there yet."""
    try:
        with file.open(mode) as stream:
            stream.write(content)
    except FileExistsError:
        raise InputError(f"{file} is there already, and is not overwritten") from None
    except FileNotFoundError:
        raise InputError(f"{file} cannot be written: there is no folder {file.parent}") from None
    except OSError as error:
        if error.filename is None:  # it was opened and could not be filled: leave no stump
            file.unlink(missing_ok=True)
        raise InputError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {file}.", err=True)
