"""A page as text: `pretty` for a terminal, `plain` for screen readers, pipes and `grep`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from oversight_engine.explanation.page import Headline, Line, Page, Section, Table
from oversight_engine.report.terminal import (
    MARKS,
    NARROWEST,
    TONES,
    WIDEST,
    Terminal,
)

ROOMY = 60
"""From this width on there is room for margins of two columns."""


GAP = 2
"""Columns between two columns of a table."""


def pretty(page: Page, terminal: Terminal) -> str:
    """Return *page* laid out for *terminal*."""
    layout = _Layout(terminal)
    return terminal.fitted("\n\n".join("\n".join(layout.block(block)) for block in page.blocks))


def plain(page: Page) -> str:
    """Return *page* without symbols, colours or tables: one sentence or entry to a line."""
    return "\n\n".join("\n".join(_plain_block(block)) for block in page.blocks)


class _Layout:
    """Wrapping and indenting for one terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.width = max(NARROWEST, min(terminal.width, WIDEST))
        # A narrow window cannot afford deep margins.
        self.step = 2 if self.width >= ROOMY else 1

    def block(self, block: Headline | Section | Table) -> Iterable[str]:
        if isinstance(block, Headline):
            return self.headline(block)
        if isinstance(block, Section):
            return self.section(block)
        return self.table(block)

    def headline(self, headline: Headline) -> Iterator[str]:
        yield from self.painted(headline.title, TONES[headline.tone])
        for text in headline.about:
            yield from self.wrapped(text, "", "  ")
        for text in headline.warnings:
            yield from self.marked(Line(text, 0, "warning"), 0)

    def section(self, section: Section) -> Iterator[str]:
        yield from self.painted(section.title, TONES["plain"])
        for line in section.lines:
            yield from self.marked(line, self.step)

    def painted(self, title: str, code: str) -> Iterator[str]:
        """Yield *title* in the colour *code*, or nothing where there is none."""
        for line in self.wrapped(title, "", "") if title else ():
            yield self.terminal.paint(line, code)

    def marked(self, line: Line, margin: int) -> Iterator[str]:
        """Yield *line* under its margin, its symbol hanging to the left of the text."""
        indent = " " * (margin + self.step * line.level)
        symbol = self.terminal.symbol(line.mark)
        if not symbol:
            yield from self.wrapped(line.text, indent, indent)
            return
        # Wrapped as if the symbol were blank: its colour code takes no room on the screen.
        first, *rest = self.wrapped(line.text, indent + "  ", indent + "  ")
        yield f"{indent}{symbol} {first.lstrip()}"
        yield from rest

    def wrapped(self, text: str, first: str, others: str) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=others,
            break_on_hyphens=False,
            break_long_words=True,
        ) or [first]

    def table(self, table: Table) -> Iterator[str]:
        yield from self.painted(table.title, TONES["plain"])
        narrowest = sum(table.longest(number) + GAP for number in range(len(table.columns))) - GAP
        if narrowest > self.terminal.width:
            yield from self.stacked(table)
            return
        from oversight_engine.report.grid import draw

        yield from draw(table, self.terminal)

    def stacked(self, table: Table) -> Iterator[str]:
        """Yield each row as a few lines: for windows in which the columns would break words."""
        indent = " " * self.step
        for row, tone in table.toned_rows():
            for line in self.wrapped(" ".join(row[: table.named]), "", indent):
                yield self.terminal.paint(line, TONES[tone])
            for column, cell in zip(table.columns[table.named :], row[table.named :], strict=True):
                if cell:
                    yield from self.wrapped(f"{column}: {cell}", indent, indent * 2)


def _plain_block(block: Headline | Section | Table) -> Iterator[str]:
    if isinstance(block, Headline):
        yield from map(_sentence, (block.title, *block.about))
        yield from (f"Note: {text}" for text in block.warnings)
    elif isinstance(block, Section):
        if block.title:
            yield f"{block.title}:"
        yield from (_plain_line(line) for line in block.lines)
    else:
        if block.title:
            yield f"{block.title}:"
        yield from (_plain_row(block.columns, row) for row in block.rows)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _plain_line(line: Line) -> str:
    word = MARKS[line.mark].word
    said = f"({word}) {line.text}" if word else line.text
    return "  " * line.level + said


def _plain_row(columns: tuple[str, ...], row: tuple[str, ...]) -> str:
    """Return a row as a sentence; a reader who hears it has no heading to look up at."""
    return "; ".join(f"{column}: {cell}" for column, cell in zip(columns, row, strict=True) if cell)
