"""Tables and progress on a terminal; the one door to rich, which is loaded only when it is used."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Literal, Self

from rich.box import ASCII2, SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from oversight_engine.explanation.page import Table, Tone
from oversight_engine.report.terminal import Terminal

_STYLES: dict[Tone, str] = {
    "lightest": "bold green",
    "between": "bold yellow",
    "harshest": "bold red",
    "referral": "bold cyan",
    "plain": "",
}


def draw(table: Table, terminal: Terminal) -> Iterator[str]:
    """Yield the lines of *table*, its cells wrapped to the width of *terminal*."""
    grid = Grid(
        box=SIMPLE_HEAD if terminal.has_symbols else ASCII2,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for number, column in enumerate(table.columns):
        cells = [row[number] for row in table.rows]
        grid.add_column(
            Text(column), overflow="fold", justify=_justify(cells), min_width=table.longest(number)
        )
    for row, tone in table.toned_rows():
        styles = [_STYLES[tone] if n == table.toned else "" for n in range(len(row))]
        grid.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    page = io.StringIO()
    _console(terminal, page).print(grid)
    yield from (line.rstrip() for line in page.getvalue().rstrip().splitlines())


def _justify(cells: list[str]) -> Literal["left", "right"]:
    """Numbers stand at the right of their column."""
    return "right" if cells and all(cell.isdecimal() for cell in cells) else "left"


def _console(terminal: Terminal, stream: IO[str]) -> Console:
    # Everything is said outright: rich would ask the environment, which has been asked already.
    return Console(
        file=stream,
        width=terminal.width,
        force_terminal=terminal.has_colour or terminal.is_live,
        color_system="standard" if terminal.has_colour else None,
        no_color=not terminal.has_colour,
        legacy_windows=False,
        _environ={},
    )


class Bar:
    """A progress bar on a terminal."""

    def __init__(self, terminal: Terminal, stream: IO[str], total: int) -> None:
        """Show progress towards *total* on *stream*."""
        columns = (
            TextColumn("Deciding"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=_console(terminal, stream), transient=True)
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def reach(self, number: int) -> None:
        """Show that *number* are done."""
        self._progress.update(self._task, completed=number)
