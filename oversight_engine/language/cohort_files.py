"""Cohort values: from a file, as the command writes it, to the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.language.cohorts import SIDES
from oversight_engine.language.forms import (
    Form,
    read_format,
    read_scalar,
    read_whole,
    refuse_other_kind,
)
from oversight_engine.language.headings import read_each
from oversight_engine.language.problems import Problems, TooManyProblemsError
from oversight_engine.language.source import Broken, Node, Sequence, from_mapping, read_file
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.model.cohort import COHORT_FORMAT, CohortValues, Excluded, StepTable
from oversight_engine.model.number import Exact, exact

T = TypeVar("T")


def read_cohort(path: Path | str) -> CohortValues:
    """Return the cohort values in the file at *path*.

    Raises:
        InputError: it holds no such values; the error carries every problem.
        IntegrityError: a step table is not the one that its digest names.
    """
    return _read(str(path), lambda problems: read_file(Path(path), problems))


def cohort_from_data(data: Mapping[str, object]) -> CohortValues:
    """Return the cohort values that plain *data*, such as `cohort_data` makes, stands for.

    Raises what `read_cohort` raises.
    """
    name = "the cohort values"
    return _read(name, lambda problems: from_mapping(data, name, problems))


def _read(name: str, find_root: Callable[[Problems], Node | None]) -> CohortValues:
    problems = Problems()
    values = None
    try:
        root = find_root(problems)
        if root is not None:
            values = _Reader(problems).read(root)
    except TooManyProblemsError:
        pass  # the problems say so themselves
    if values is None or problems.errors:
        problems.raise_as(InputError, name)
    return values


class _Reader:
    """Reads one document of cohort values."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def read(self, root: Node) -> CohortValues | None:
        form = Form(root, "cohort values", self._problems)
        if refuse_other_kind(form, COHORT_FORMAT):
            return None
        read_format(form, COHORT_FORMAT)
        tables = dict(self._entries(form, "tables", self._table))
        scores = dict(self._entries(form, "scores", self._text))
        values = CohortValues(
            rulebook=form.text("rulebook"),
            reform=form.text("reform", needed=False),
            day=form.date("as_of"),
            members=form.each("members", lambda scalar: scalar.text),
            excluded=read_each(form, "excluded", self._excluded, needed=True),
            parameters=dict(self._entries(form, "parameters", self._number)),
            steps={
                finding: tables[digest] for finding, digest in scores.items() if digest in tables
            },
            left_out=dict(self._entries(form, "left_out", self._count)),
        )
        for finding, digest in scores.items():
            if digest not in tables:
                form.fail(
                    "unknown-table", "there is no step table of this digest",
                    place=form.place_of("scores"), got=f"{finding}: {digest}",
                )  # fmt: skip
        form.finish()
        if not self._problems.errors:
            _check_tables(tables)
        return values

    def _entries(
        self, form: Form, key: str, read: Callable[[Node, str], T | None]
    ) -> Iterator[tuple[str, T]]:
        """Yield what *read* makes of each entry of the mapping at *key*."""
        node = form.node(key) or Broken(form.place)
        inner = Form(node, f"`{key}`", self._problems)
        inner.abandon()
        for name, value in node.entries if isinstance(node, MappingNode) else ():
            found = read(value, name.text)
            if found is not None:
                yield name.text, found

    def _text(self, node: Node, name: str) -> str | None:
        scalar = read_scalar(node, f"`{name}`", self._problems)
        return scalar.text if scalar is not None else None

    def _number(self, node: Node, name: str) -> Exact | None:
        scalar = read_scalar(node, f"`{name}`", self._problems)
        if scalar is None:
            return None
        try:
            return exact(scalar.text)
        except ValueError:
            self._problems.add(
                "not-a-number", scalar.place, f"`{name}` is an exact number", got=scalar.text
            )
            return None

    def _count(self, node: Node, name: str) -> int | None:
        scalar = read_scalar(node, f"`{name}`", self._problems)
        return None if scalar is None else read_whole(scalar, f"`{name}`", self._problems)

    def _excluded(self, node: Node) -> Excluded | None:
        form = Form(node, "an excluded case", self._problems)
        excluded = Excluded(form.text("code"), form.text("because"))
        return excluded if form.finish() else None

    def _table(self, node: Node, name: str) -> StepTable | None:
        form = Form(node, "a step table", self._problems)
        better = form.choice("better", SIDES)
        pairs = [self._step(each) for each in form.nodes("steps")]
        otherwise = self._number(form.node("otherwise") or Broken(form.place), "otherwise")
        if not form.finish() or None in pairs or otherwise is None:
            return None
        steps = tuple(pair for pair in pairs if pair is not None)
        if any(after <= before for (before, _), (after, _) in pairwise(steps)):
            form.fail("wrong-shape", "the numbers of a step table ascend", got=name)
        return StepTable(better, steps, otherwise)

    def _step(self, node: Node) -> tuple[Exact, Exact] | None:
        items = node.items if isinstance(node, Sequence) else ()
        numbers = [self._number(item, "an entry of a step") for item in items]
        if len(numbers) != 2:  # noqa: PLR2004 - a step is a number and its score
            self._problems.add(
                "wrong-shape", node.place, "a step is a list of a number and its score"
            )
            return None
        number, score = numbers
        return None if number is None or score is None else (number, score)


def _check_tables(tables: dict[str, StepTable]) -> None:
    for digest, table in tables.items():
        if table.digest != digest:
            raise IntegrityError(f"the step table under {digest} is {table.digest}")
