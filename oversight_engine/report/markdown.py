"""A page as Markdown: headings, nested lists and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oversight_engine.explanation.page import Headline, Page, Section, Table
from oversight_engine.report.terminal import MARKS

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#"})


def markdown(page: Page) -> str:
    """Return *page* as Markdown."""
    return "\n\n".join("\n".join(_block(block)) for block in page.blocks) + "\n"


def escaped(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    return " ".join(text.split()).translate(_SPECIAL)


def _block(block: Headline | Section | Table) -> Iterator[str]:
    if isinstance(block, Headline):
        yield f"# {escaped(block.title)}"
        for text in block.about:
            yield ""
            yield escaped(text)
        for text in block.warnings:
            yield ""
            yield f"> **Note:** {escaped(text)}"
    elif isinstance(block, Section):
        yield from _heading(block.title)
        for line in block.lines:
            word = MARKS[line.mark].word
            said = f"**{word}:** {escaped(line.text)}" if word else escaped(line.text)
            yield f"{'  ' * line.level}- {said}"
    else:
        yield from _heading(block.title)
        yield _row(block.columns)
        yield _row("---" for _ in block.columns)
        yield from (_row(map(escaped, row)) for row in block.rows)


def _heading(title: str) -> Iterator[str]:
    if title:
        yield f"## {escaped(title)}"
        yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
