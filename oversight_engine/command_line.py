"""What the commands share: how they end, their common options, reading, printing, completion.

Nothing but click is imported at the start: what a command needs is imported when it runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from oversight_engine._version import __version__
from oversight_engine.errors import ExitCode, InputError, OversightError, RulebookError

if TYPE_CHECKING:
    import datetime

    from click.shell_completion import CompletionItem

    from oversight_engine.explanation.page import Page
    from oversight_engine.model.case import Case
    from oversight_engine.model.cohort import CohortValues
    from oversight_engine.model.plain import Plain
    from oversight_engine.model.rulebook import Rulebook
    from oversight_engine.report.terminal import Colour, Terminal

DEFAULT_RULEBOOK = "hewitt-2023"
FORMATS = ("pretty", "plain", "json", "markdown")
FIRST_TIER = 10
"""The exit code of the lightest outcome, for those who ask for exit codes by outcome."""

EXIT_CODES = """\b
Exit codes, the same for every format:
    0  done
    1  findings, as --fail-on or the command itself says
    2  wrong usage or bad input
    3  a rulebook is invalid, or a law fails
    4  referred (decide: a single case, or with --fail-on referred)
    5  an integrity check failed
    6  the evaluators disagree
   70  a fault of ours
  130  interrupted
"""
EXIT_TIERS = (
    f"With decide --exit-tier, {FIRST_TIER} is the lightest outcome, {FIRST_TIER + 1} the next, "
    "and so on.\n"
)

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

Options = dict[str, Any]
Decorator = Callable[[Any], Any]


# How commands end


class Command(click.Command):
    """A command that says what went wrong in the format it was asked for, and exits by code."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Make a command whose help ends with its exit codes."""
        super().__init__(*args, **{"epilog": EXIT_CODES, **more})

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has had enough; nobody is left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(ExitCode.DONE)
        except OversightError as error:
            report(error, ctx.params)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                report(InputError(f"too long a name: {error.filename!s:.60}…"), ctx.params)
                ctx.exit(ExitCode.BAD_INPUT)
            if not _is_of_output(error):
                _report_fault(error, ctx)
                ctx.exit(ExitCode.BUG)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and is said
            _report_fault(error, ctx)
            ctx.exit(ExitCode.BUG)
        return result


class Commands(click.Group):
    """The group of all commands."""

    command_class = Command
    group_class = type  # groups within it are of its own kind

    def __init__(self, *args: Any, elsewhere: Mapping[str, str] | None = None, **more: Any) -> None:
        """Make the group.

        Args:
            *args: as of any group.
            elsewhere: by name, commands that are imported when they are asked for; each is named
                by its module within the package and the name it has there.
            **more: as of any group.
        """
        super().__init__(*args, **more)
        self._elsewhere = dict(elsewhere or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *self._elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now if it has to be."""
        if cmd_name not in self._elsewhere:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._elsewhere[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"oversight_engine.{module}"), name)
        return command

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command that the arguments name, and exit by its code."""
        run: Callable[..., Any] = super().main
        if not more.pop("standalone_mode", True):
            return run(*args, **more, standalone_mode=False)
        _open_closed_streams()
        try:
            code = run(*args, **more, standalone_mode=False)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Interrupted.", err=True)
            sys.exit(ExitCode.INTERRUPTED)
        except OSError as error:
            if not _is_of_output(error):
                raise
            _report_lost_output(error)
            sys.exit(ExitCode.BAD_INPUT)
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def report(error: OversightError, options: Options) -> None:
    """Say on standard error what is wrong, in the format that was asked for."""
    from oversight_engine.report.problems import error_data, problem_text

    if options.get("format") in {"json", "jsonl"}:
        from oversight_engine.report.data import document

        click.echo(document(error_data(error)), err=True, nl=False)
    else:
        terminal = terminal_for(sys.stderr, options.get("color", "auto"))
        click.echo(problem_text(error, terminal), err=True, color=True)


def _open_closed_streams() -> None:
    """Let those standard streams that the caller has closed lead nowhere, instead of failing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _is_of_output(error: OSError) -> bool:
    """Say whether writing to a standard stream failed: of a file, the error would have the name."""
    return error.filename is None and error.errno in _OUTPUT_ERRORS


def _report_lost_output(error: OSError) -> None:
    # What is still waiting to be written would fail once more when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with contextlib.suppress(OSError):  # standard error may be what cannot be written
        click.echo(f"error: the output cannot be written: {error.strerror}", err=True)


def _report_fault(error: Exception, ctx: click.Context) -> None:
    if ctx.params.get("verbose") or os.environ.get("OVERSIGHT_DEBUG"):
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo(
        f"A fault of ours, in oversight {__version__}: {type(error).__name__}: {error}\n"
        f"Please report it with the command and its files; --verbose shows where it happened.",
        err=True,
    )


# Options


def day_option(name: str, about: str) -> Decorator:
    """Return an option that takes a date such as 2025-06-30."""

    def as_day(
        _context: click.Context, _option: click.Parameter, value: datetime.datetime | None
    ) -> datetime.date | None:
        return None if value is None else value.date()

    day = click.DateTime(["%Y-%m-%d"])
    return click.option(name, type=day, callback=as_day, metavar="DATE", help=about)


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


def rulebook_options(default: str) -> Decorator:
    """Return the options that name a rulebook, *default* where none is named."""
    return several(
        click.option(
            "--rulebook",
            default=default,
            metavar="FOLDER|ID",
            show_default=True,
            shell_complete=complete_rulebook,
            help="The rulebook: a folder, or the id of one that ships.",
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
    help="What computes each decision: all must agree, and the decision names them.",
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
    ships = ", ".join(shipped_rulebooks())
    raise RulebookError(f"there is no rulebook {name}: name a folder, or one that ships ({ships})")


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
        f"`{name}` is no outcome of {rulebook.id}: use {', '.join(ids)}", param_hint=option
    )


# Printing


def terminal_for(stream: IO[str], colour: Colour = "auto") -> Terminal:
    """Return what *stream* can show."""
    from oversight_engine.report.terminal import terminal_of

    return terminal_of(stream, colour)


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
    except OSError as error:
        if error.filename is None:  # it was opened and could not be filled: leave no stump
            file.unlink(missing_ok=True)
        raise InputError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {file}.", err=True)
