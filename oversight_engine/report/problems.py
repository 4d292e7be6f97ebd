"""Problems as people see them: place, code, the line itself with a caret, and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from oversight_engine.errors import OversightError
from oversight_engine.language.problems import Problem, printable, shown
from oversight_engine.model.plain import Plain
from oversight_engine.report.terminal import Terminal

ERRORS_FORMAT = "oversight-errors/1"
LONGEST_EXCERPT = 100


def problem_text(error: OversightError, terminal: Terminal) -> str:
    """Return *error* for people: every problem with its place, excerpt and way out."""
    located = [problem for problem in error.problems if isinstance(problem, Problem)]
    if not located:
        return terminal.fitted(f"{terminal.paint('error', '1;31')}: {error.code}: {error}")
    excerpts = _Excerpts()
    blocks = ["\n".join(_one(problem, excerpts, terminal)) for problem in located]
    number = sum(problem.code != "too-many-problems" for problem in located)
    count = "1 problem" if number == 1 else f"{number} problems"
    more = "" if number == len(located) else ", and there may be more"
    return terminal.fitted("\n\n".join([*blocks, f"{count} found{more}."]))


def problems_text(problems: Iterable[Problem], terminal: Terminal) -> str:
    """Return *problems* for people, without a count; warnings last, each on a line of its own."""
    excerpts = _Excerpts()
    every = list(problems)
    blocks = ["\n".join(_one(p, excerpts, terminal)) for p in every if not p.is_warning]
    warnings = [_warning(p, terminal) for p in every if p.is_warning]
    return terminal.fitted("\n\n".join([*blocks, *(["\n".join(warnings)] if warnings else [])]))


def error_data(error: OversightError) -> Plain:
    """Return *error* as plain data."""
    return {
        "format": ERRORS_FORMAT,
        "error": error.code,
        "exit_code": int(error.exit_code),
        "message": str(error),
        "problems": [problem_data(problem) for problem in error.problems],
    }


def problem_data(problem: object) -> Plain:
    """Return *problem* as plain data."""
    if not isinstance(problem, Problem):
        return {"message": str(problem)}
    return {
        "code": problem.code,
        "file": problem.place.file,
        "line": problem.place.line or None,
        "column": problem.place.column or None,
        "path": problem.place.path or None,
        "message": problem.message,
        "got": problem.got or None,
        "help": problem.help or None,
        "warning": problem.is_warning,
    }


def _one(problem: Problem, excerpts: _Excerpts, terminal: Terminal) -> Iterator[str]:
    word = "warning: " if problem.is_warning else ""
    place = terminal.paint(str(problem.place), "1")
    code = terminal.paint(problem.code, "33" if problem.is_warning else "31")
    got = f" (got `{shown(problem.got)}`)" if problem.got and not problem.place.line else ""
    yield f"{place}: {word}{code}: {problem.message}{got}"
    yield from excerpts.around(problem, terminal)
    if problem.help:
        yield f"  {terminal.paint('help', '36')}: {problem.help}"


def _warning(problem: Problem, terminal: Terminal) -> str:
    """Return a warning on one line: nothing in the file has to be mended."""
    place, code = terminal.paint(str(problem.place), "1"), terminal.paint(problem.code, "33")
    about = f"`{shown(problem.got)}`: " if problem.got else ""
    way_out = f"; {problem.help}" if problem.help else ""
    return f"{place}: warning: {code}: {about}{problem.message}{way_out}"


class _Excerpts:
    """The lines that problems point at, each file read once."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def around(self, problem: Problem, terminal: Terminal) -> Iterator[str]:
        place = problem.place
        lines = self._lines(place.file) if place.line else []
        if not 0 < place.line <= len(lines):
            return
        text = lines[place.line - 1]
        start = max(0, place.column - LONGEST_EXCERPT // 2) if len(text) > LONGEST_EXCERPT else 0
        before = printable(text[start : place.column - 1])
        after = printable(text[place.column - 1 : start + LONGEST_EXCERPT])
        margin = " " * len(str(place.line))
        length = len(printable(problem.got)) if after.startswith(printable(problem.got)) else 1
        yield f"  {margin} |"
        yield f"  {place.line} | {before}{after}"
        caret = terminal.paint("^" * max(1, length), "31")
        yield f"  {margin} | {' ' * len(before)}{caret}"

    def _lines(self, file: str) -> list[str]:
        if file not in self._files:
            try:
                text = Path(file).read_text(encoding="utf-8")
            except (OSError, ValueError):
                text = ""  # standard input, or a file that is no text: its place must do
            self._files[file] = text.split("\n")
        return self._files[file]
