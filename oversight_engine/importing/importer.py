"""What an importer is: files as they were published in, cases and cells to compare out."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, Protocol

from attrs import field, frozen

from oversight_engine.errors import InputError
from oversight_engine.language.problems import Problems, did_you_mean, quoted
from oversight_engine.model.case import Case
from oversight_engine.model.published import PublishedCell
from oversight_engine.model.rulebook import Rulebook

GROUP = "oversight_engine.importers"
"""The entry points under which other packages offer their importers."""

_SHIPPED = {"nof": "oversight_engine.importing.nof:NofImporter"}

Use = Literal["fact", "compared", "fact and compared", "contextual", "no value", "unknown metric"]
"""What became of a row that was read."""


@frozen
class ImportedCohort:
    """The cases of one period, to be decided together.

    Attributes:
        label: what tells it from the others, fit to be part of a file's name.
        cases: by code.
        cells: what was published and is compared with what we compute.
    """

    label: str
    cases: tuple[Case, ...]
    cells: tuple[PublishedCell, ...] = ()


@frozen
class UsedRows:
    """So many rows of one metric in one file, and what became of them."""

    file: str
    metric: str
    title: str
    use: Use
    number: int


@frozen
class Imported:
    """What an importer made of some files.

    Attributes:
        cohorts: by period.
        rows_read: by file; what is not among those used was left out, and is a problem.
        rows_used: every row that was not left out.
        problems: all that is to be said against the files.
    """

    cohorts: tuple[ImportedCohort, ...]
    rows_read: dict[str, int]
    rows_used: tuple[UsedRows, ...]
    problems: Problems = field(eq=False)

    @property
    def rows_left_out(self) -> dict[str, int]:
        """By file, how many rows were left out because something is wrong with them."""
        used = Counter[str]()
        for rows in self.rows_used:
            used[rows.file] += rows.number
        return {file: number - used[file] for file, number in self.rows_read.items()}


class Importer(Protocol):
    """Reads one kind of publication.

    Attributes:
        name: what it is called on the command line.
        reads: in a sentence, the files it reads.
        rulebook: the rulebook whose facts it states, where no other is named.
    """

    name: str
    reads: str
    rulebook: str

    def read(
        self, files: Sequence[Path], rulebook: Rulebook, as_of: datetime.date | None
    ) -> Imported:
        """Return what the *files* say to *rulebook*, whatever the order of files and rows.

        Args:
            files: as they were published.
            rulebook: its facts and findings say what is read and what is compared.
            as_of: the date of the decisions, where the publication does not settle it.
        """


def importer_names() -> tuple[str, ...]:
    """Return the names of all importers, ours and those that other packages offer."""
    return tuple(sorted({*_SHIPPED, *(point.name for point in entry_points(group=GROUP))}))


def find_importer(name: str) -> Importer:
    """Return the importer of that *name*.

    Raises:
        InputError: there is none.
    """
    for place in _places(name):
        module, _, attribute = place.partition(":")
        importer: Importer = getattr(import_module(module), attribute)()
        return importer
    names = importer_names()
    hint = did_you_mean(name, names) or f"there are {quoted(names)}"
    raise InputError(f"no importer is called `{name}`: {hint}")


def _places(name: str) -> Iterator[str]:
    if name in _SHIPPED:
        yield _SHIPPED[name]
    yield from (point.value for point in entry_points(group=GROUP, name=name))
