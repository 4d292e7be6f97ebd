"""What a reader is shown, before any format: a headline, sections of lines, and tables.

Tuples with names, because they are made on the way to the first answer: a fifth of the import
time of any other frozen value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from oversight_engine.model.trace import Effect

Mark = Literal[
    "",
    "item",
    "holds",
    "holds_back",
    "refers",
    "ignored",
    "clear",
    "true",
    "false",
    "unknown",
    "warning",
    "fault",
]
"""What a line says at a glance: the effect of a rule, the truth of a condition, or a warning."""

EFFECT_MARKS: dict[Effect, Mark] = {
    "none": "clear",
    "holds": "holds",
    "holds_back": "holds_back",
    "refers": "refers",
    "ignored": "ignored",
}
"""What the effect of a rule looks like."""

Tone = Literal["lightest", "between", "harshest", "referral", "plain"]
"""Where an outcome stands on its scale, whatever it is called."""


class Line(NamedTuple):
    """One sentence or entry.

    Attributes:
        level: how deep it stands under the lines before it.
        mark: said in words or as a symbol, never by colour alone.
    """

    text: str
    level: int = 0
    mark: Mark = ""


class Section(NamedTuple):
    """Lines under a title."""

    title: str
    lines: tuple[Line, ...]


class Table(NamedTuple):
    """Rows under a title.

    Attributes:
        columns: the heading of each column.
        rows: as many texts in each as there are columns.
        tones: the tone of each row, where rows are outcomes.
        toned: the column that says the outcome.
        named: how many columns at the left name a row.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...] = ()
    toned: int = 0
    named: int = 1

    def toned_rows(self) -> Iterator[tuple[tuple[str, ...], Tone]]:
        """Yield each row with its tone."""
        plain: Tone = "plain"
        for number, row in enumerate(self.rows):
            yield row, self.tones[number] if self.tones else plain

    def longest(self, number: int) -> int:
        """Return the length of the longest word in the column of that *number*."""
        cells = [self.columns[number], *(row[number] for row in self.rows)]
        return max((len(word) for cell in cells for word in cell.split()), default=0)


class Headline(NamedTuple):
    """What comes first, and stays together.

    Attributes:
        about: what the title is about, and when.
        warnings: what nobody may read the title without.
    """

    title: str
    tone: Tone = "plain"
    about: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Block = Headline | Section | Table


class Page(NamedTuple):
    """Blocks, in the order in which they are read."""

    blocks: tuple[Block, ...]

    def then(self, *blocks: Block) -> Page:
        """Return this page with more *blocks* after its own."""
        return Page(self.blocks + blocks)


def section(title: str, lines: Iterable[Line | str]) -> tuple[Section, ...]:
    """Return a section of *lines*, or none where there are no lines."""
    kept = tuple(Line(line) if isinstance(line, str) else line for line in lines)
    return (Section(title, kept),) if kept else ()
