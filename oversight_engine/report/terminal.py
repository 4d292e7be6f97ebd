"""What a stream can show: its width, whether it takes colour, and which symbols."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Literal, NamedTuple

from oversight_engine.explanation.page import Mark, Tone

Colour = Literal["auto", "always", "never"]

WIDEST = 100
"""Lines longer than this are hard to read, however wide the window."""

NARROWEST = 24
"""Below this nothing is wrapped any further."""


class Appearance(NamedTuple):
    """How a mark looks: a symbol, one for terminals without it, a word, and a colour code."""

    symbol: str
    ascii: str
    word: str
    colour: str = ""


MARKS: Mapping[Mark, Appearance] = {
    "": Appearance("", "", ""),
    "item": Appearance("·", "-", ""),
    "holds": Appearance("●", "*", "applies", "31"),
    "holds_back": Appearance("◐", "?", "unknown, so it holds back", "33"),
    "refers": Appearance("◆", "?", "calls for a referral", "36"),
    "ignored": Appearance("◌", "~", "unknown, ignored", "2"),
    "clear": Appearance("○", "o", "does not apply", "32"),
    "true": Appearance("✓", "+", "true"),
    "false": Appearance("✗", "-", "false"),
    "unknown": Appearance("?", "?", "unknown", "33"),
    "warning": Appearance("▲", "!", "note", "33"),
    "fault": Appearance("✗", "x", "fault", "31"),
}

TONES: Mapping[Tone, str] = {
    "lightest": "1;32",
    "between": "1;33",
    "harshest": "1;31",
    "referral": "1;36",
    "plain": "1",
}

_PLAINER = str.maketrans(
    {
        "–": "-", "—": "-", "−": "-", "’": "'", "\u2018": "'", "“": '"', "”": '"', "…": "...",
        "·": "-", "×": "x", "≤": "<=", "≥": ">=", "→": "->", "─": "-", "\u00a0": " ", "£": "GBP ",
        "█": "#", "é": "e",
    }
)  # fmt: skip


class Terminal(NamedTuple):
    """What one stream can show.

    Attributes:
        width: columns a line may take.
        has_colour: whether colour codes are wanted.
        has_symbols: whether it shows more than ASCII.
        is_live: whether somebody is watching: it is a terminal, not a file or a pipe.
    """

    width: int = 80
    has_colour: bool = False
    has_symbols: bool = True
    is_live: bool = False

    def paint(self, text: str, code: str) -> str:
        """Return *text* in the colour *code*, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour and code else text

    def fitted(self, text: str) -> str:
        """Return *text* with what the stream cannot show written as plainly as it can."""
        if self.has_symbols or text.isascii():
            return text
        return text.translate(_PLAINER).encode("ascii", "replace").decode()

    def symbol(self, mark: Mark) -> str:
        """Return the symbol of *mark*."""
        look = MARKS[mark]
        return self.paint(look.symbol if self.has_symbols else look.ascii, look.colour)


def terminal_of(
    stream: IO[str], colour: Colour = "auto", environment: Mapping[str, str] = os.environ
) -> Terminal:
    """Return what *stream* can show."""
    is_live = stream.isatty()
    return Terminal(
        width=_width(stream, environment),
        has_colour=_has_colour(colour, environment, is_live=is_live),
        has_symbols=_has_symbols(stream, environment),
        is_live=is_live,
    )


def _has_colour(colour: Colour, environment: Mapping[str, str], *, is_live: bool) -> bool:
    if colour != "auto":
        return colour == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") != "0":
        return True
    return is_live and environment.get("TERM") != "dumb"


def _has_symbols(stream: IO[str], environment: Mapping[str, str]) -> bool:
    # Python speaks UTF-8 in the locale `C`, but whoever chose that locale may not read it.
    locale = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG")
    if locale in {"C", "POSIX"}:
        return False
    encoding = getattr(stream, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


def _width(stream: IO[str], environment: Mapping[str, str]) -> int:
    stated = environment.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:  # no terminal, or one that does not tell
        return 80
