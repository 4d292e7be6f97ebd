"""How commands are called, and how they end: what is wrong is said in the format asked for."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from oversight_engine._version import __version__
from oversight_engine.errors import ExitCode, InputError, OversightError

if TYPE_CHECKING:
    from oversight_engine.report.terminal import Colour, Terminal

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

_EMPTY = re.compile(r"--[\w-]+=")
_UNITS = re.compile(r"--?[\w-]+ (?:'[^']*'|[^\s'-]\S*)|\S+")
_FILE_ERRORS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG,
)  # fmt: skip
"""What is wrong with the file or folder that was named, and no fault of ours."""

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class Command(click.Command):
    """A command that says what went wrong in the format it was asked for, and exits by code."""

    def __init__(self, *args: Any, example: str = "", **more: Any) -> None:
        """Make a command whose help begins with an *example*, and ends with its exit codes."""
        super().__init__(*args, **{"epilog": EXIT_CODES, **more})
        self.example = example

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, and how it is called, say."""
        super().format_help_text(ctx, formatter)
        if self.example:
            lines = _broken(self.example, formatter.width - 8)
            formatter.write("\n  For example:\n    " + " \\\n      ".join(lines) + "\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read how the command is called; where one value is wanted, one may be given."""
        words = list(args)
        try:
            if not ctx.resilient_parsing:
                _refuse_empty(ctx, words)
                self._refuse_twice(ctx, words)
            return super().parse_args(ctx, args)
        except click.UsageError:
            # In which format that is to be said may stand behind what is wrong.
            ctx.params = self.make_context(
                ctx.info_name, words, ctx.parent, resilient_parsing=True
            ).params
            raise

    def _refuse_twice(self, ctx: click.Context, words: list[str]) -> None:
        """Refuse an option that is given twice: which of two ledgers or days was meant?"""
        _, _, given = self.make_parser(ctx).parse_args(args=list(words))
        for option in given:
            if isinstance(option, click.Option) and not option.multiple and not option.is_flag:
                times = given.count(option)
                if times > 1:
                    raise click.UsageError(
                        f"{option.opts[-1]} is given {times} times: give one", ctx=ctx
                    )

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
            if error.filename is not None and error.errno in _FILE_ERRORS:
                told = f"{error.filename!s:.60} cannot be used: {error.strerror}"
                report(InputError(told), ctx.params)
                ctx.exit(ExitCode.BAD_INPUT)
            if not _is_of_output(error):
                _report_fault(error, ctx)
                ctx.exit(ExitCode.BUG)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and is said
            _report_fault(error, ctx)
            ctx.exit(ExitCode.BUG)
        return result


def _refuse_empty(ctx: click.Context, words: list[str]) -> None:
    """Refuse an empty text: it is what a variable that is not set leaves, and says nothing."""
    for before, word in pairwise(["", *words]):
        if not word or _EMPTY.fullmatch(word):
            where = f" after `{before or ctx.info_name}`" if not word else f": `{word}`"
            raise click.UsageError(f"an empty text is given{where}: is a variable not set?", ctx)


def _broken(call: str, width: int) -> list[str]:
    """Return *call* in lines of that *width*, none of which parts an option and its value."""
    lines = [""]
    for word in _UNITS.findall(call):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


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
            _report_usage(error)
            sys.exit(ExitCode.BAD_INPUT)
        except click.Abort:
            click.echo("Interrupted.", err=True)
            sys.exit(ExitCode.INTERRUPTED)
        except OSError as error:
            if not _is_of_output(error):
                raise
            _report_lost_output(error)
            sys.exit(ExitCode.BAD_INPUT)
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def report(error: OversightError, options: Mapping[str, Any]) -> None:
    """Say on standard error what is wrong, in the format that was asked for."""
    from oversight_engine.report.problems import error_data, problem_text

    if _is_for_programs(options):
        from oversight_engine.report.data import document

        click.echo(document(error_data(error)), err=True, nl=False)
    else:
        terminal = terminal_for(sys.stderr, options.get("color", "auto"))
        click.echo(problem_text(error, terminal), err=True, color=True)


def _is_for_programs(options: Mapping[str, Any]) -> bool:
    return options.get("format") in {"json", "jsonl"}


def _report_usage(error: click.ClickException) -> None:
    """Say how the command is called, or what is wrong with how it was."""
    if isinstance(error, _NO_ARGUMENTS):
        error.show()
        return
    context: click.Context | None = getattr(error, "ctx", None)
    options = {} if context is None else context.params
    report(InputError(error.format_message()), options)
    if context is not None and not _is_for_programs(options):
        click.echo(f"  help: `{context.command_path} --help` says how it is called", err=True)


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


def terminal_for(stream: IO[str], colour: Colour = "auto") -> Terminal:
    """Return what *stream* can show."""
    from oversight_engine.report.terminal import terminal_of

    return terminal_of(stream, colour)
