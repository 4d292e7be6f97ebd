"""What is wrong with a file, where it stands, and what would be right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NoReturn

from attrs import frozen

from oversight_engine.errors import OversightError
from oversight_engine.model.noun import Noun

LONGEST_SHOWN = 80
MOST_PROBLEMS = 1_000
MOST_COMPARED = 30_000
"""How many names may be compared for suggestions, so that advice never takes long."""


@frozen(eq=False, repr=False)
class Place(Noun):
    """Where something stands: line and column from 1, or a key path where there are no lines."""

    file: str
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        """Return `file:line:column`, or `file: $.key.path`."""
        name = printable(self.file)
        if self.line:
            return f"{name}:{self.line}:{self.column}"
        return f"{name}: {printable(self.path)}" if self.path else name

    def inside(self, key: str | int) -> Place:
        """Return the place of the entry *key* of what stands at this key path."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        return Place(self.file, path=self.path + step)


@frozen(eq=False, repr=False)
class Problem(Noun):
    """One thing that is wrong.

    Attributes:
        code: its kind, one of `codes.CODES`; stable.
        message: what is wrong, in lower case and without a full stop.
        got: the offending text.
        help: what would be right.
    """

    code: str
    place: Place
    message: str
    got: str = ""
    help: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether the file may be used all the same."""
        from oversight_engine.language.codes import CODES  # only where there is a problem

        return CODES[self.code].is_warning

    def __str__(self) -> str:
        """Return the problem on one line."""
        got = f" (got `{shown(self.got)}`)" if self.got else ""
        way_out = f"; {self.help}" if self.help else ""
        return f"{self.place}: {self.code}: {self.message}{got}{way_out}"


class TooManyProblemsError(Exception):
    """Raised by `Problems.add` when a reader had better stop; never leaves this package."""


class Problems:
    """The problems met so far. Every reader adds to one of these, and nobody stops at the first."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: list[Problem] = []
        self._error_count = 0
        self._compared = 0

    def add(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        got: str = "",
        help: str = "",  # noqa: A002 - the word of `Problem`
    ) -> None:
        """Note a problem.

        Raises:
            TooManyProblemsError: there are so many that reading on would help nobody.
        """
        from oversight_engine.language.codes import CODES

        assert code in CODES, f"no such code: {code}"
        problem = Problem(code, place, message, got, help)
        self._found.append(problem)
        self._error_count += not problem.is_warning
        if self._error_count == MOST_PROBLEMS and not problem.is_warning:
            self._found.append(
                Problem("too-many-problems", place, f"reading stopped at {MOST_PROBLEMS} problems")
            )
            raise TooManyProblemsError

    def did_you_mean(self, name: str, candidates: Collection[str]) -> str:
        """Return a question that offers the nearest of *candidates*, or nothing if none is near."""
        self._compared += len(candidates)
        return did_you_mean(name, candidates) if self._compared <= MOST_COMPARED else ""

    def __len__(self) -> int:
        """Return how many there are, warnings included."""
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        """Yield them by file and place; those without a line in the order they were met."""
        return iter(sorted(self._found, key=_order))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those for which the file cannot be used."""
        return tuple(problem for problem in self if not problem.is_warning)

    def raise_as(self, kind: type[OversightError], subject: str) -> NoReturn:
        """Raise one error of that *kind* about *subject* that carries every problem."""
        found = tuple(self)
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        first = next(iter(self.errors))
        raise kind(f"{shown(subject)}: {count}; the first: {first}", problems=found)


def _order(problem: Problem) -> tuple[str, int, int]:
    return problem.place.file, problem.place.line, problem.place.column


def printable(text: str) -> str:
    """Return *text* with everything that could move a cursor or hide written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(text: str) -> str:
    """Return *text* as it may stand in a message: on one line, and not too long."""
    cut = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return printable(cut)


def quoted(names: Iterable[str]) -> str:
    """Return *names* as a list in words, each in backticks."""
    marked = [f"`{shown(name)}`" for name in names]
    if len(marked) <= 1:
        return "".join(marked)
    return f"{', '.join(marked[:-1])} or {marked[-1]}"


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return a question that offers the nearest of *candidates*, or nothing if none is near."""
    nearest = suggest(name, candidates)
    return f"did you mean `{nearest}`?" if nearest else ""


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that *name* most likely misspells, or an empty text.

    The nearest by edits (insert, delete, replace, swap neighbours) wins, the first in the
    alphabet among equals, so that the same mistake always meets the same advice.
    """
    worst = max(1, min(len(name), 64) // 3)
    ranked = [
        (edits, candidate)
        for candidate in candidates
        if abs(len(candidate) - len(name)) <= worst
        and (edits := _edits(name.lower(), candidate.lower(), worst)) <= worst
    ]
    return min(ranked)[1] if ranked else ""


def _edits(one: str, other: str, worst: int) -> int:
    """Return how many edits turn *one* into *other*, or some number above *worst*."""
    alike = _alike(one, other)
    one, other = one[alike:], other[alike:]
    alike = _alike(one[::-1], other[::-1])
    one, other = one[: len(one) - alike], other[: len(other) - alike]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > worst:
            return min(row)
    return row[-1]


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
