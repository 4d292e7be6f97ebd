"""The axes of a program: its facts and what they make together, cut where a test draws a line."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from attrs import frozen

from oversight_engine.analysis.directions import Directions, Moves
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN, Reach, is_whole
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Fact, Rulebook
from oversight_engine.program import (
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    KnownTerm,
    LinearSum,
    Program,
    TableTerm,
    Tally,
)


class Line(NamedTuple):
    """Where a cell begins: *at* a number, or just *above* it."""

    at: Exact
    above: bool = False


class Cell(NamedTuple):
    """The known values from one line to the next; `UNKNOWN_CELL` is the one of not knowing.

    Attributes:
        starts: where it begins; None where it is open.
        ends: where the next one begins.
    """

    starts: Line | None
    ends: Line | None
    known: bool = True

    @property
    def first(self) -> int | None:
        """The least whole number in it, or None."""
        return None if self.starts is None else _whole_from(self.starts)

    @property
    def last(self) -> int | None:
        """The greatest whole number in it, or None."""
        return None if self.ends is None else _whole_from(self.ends) - 1

    @property
    def representative(self) -> int | None:
        """A whole number in it: where its line is, if it has one; None if it is of not knowing."""
        if not self.known:
            return None
        if self.first is not None:
            return self.first
        return self.last if self.last is not None else 0

    @property
    def reach(self) -> Reach:
        """The same as a reach of whole numbers."""
        return Reach(self.first, self.last, self.known, not self.known)


UNKNOWN_CELL = Cell(None, None, known=False)


def _whole_from(line: Line) -> int:
    """Return the first whole number from *line* on."""
    number, rest = divmod(line.at.numerator, line.at.denominator)
    return number + 1 if rest or line.above else number


@frozen(eq=False, repr=False)
class Axis(Noun):
    """A fact, or what several facts make together, and its cells.

    Attributes:
        fact: the id of the fact; empty for a joint axis.
        sum: of a joint axis: its terms, by place, each with its multiple.
        moves: by fact, which way its number moves as that of the fact grows.
        vanishes: whether not knowing one of its facts makes it unknown, and nothing else can.
        cells: that of not knowing first, the others ascending.
    """

    place: int
    fact: str
    sum: tuple[tuple[int, int], ...]
    moves: Moves
    vanishes: bool
    cells: tuple[Cell, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it is made of."""
        return tuple(self.moves)

    def cell_of(self, number: Exact | None) -> int:
        """Return which cell the *number* is in, None being unknown."""
        if number is None:
            return 0
        for place in reversed(range(1, len(self.cells))):
            starts = self.cells[place].starts
            if starts is None or (number > starts.at if starts.above else number >= starts.at):
                return place
        return 1


class Test(NamedTuple):
    """Where a node asks its question: the lines on an axis between which it is true."""

    axis: int
    spans: tuple[tuple[Line | None, Line | None], ...]


class Cut(NamedTuple):
    """The axes of a program, cut into cells.

    Attributes:
        axes: by place; each fact has one, and comes before what it is part of.
        tests: by node, where it asks its question; the others follow from tables alone.
        knowing: by `known` term, the axis whose first cell is that of not knowing.
    """

    axes: tuple[Axis, ...]
    tests: Mapping[int, Test]
    knowing: Mapping[int, int]


def cut_axes(
    program: Program, directions: Directions, rulebook: Rulebook, day: datetime.date
) -> Cut:
    """Return the axes of *program*, which is of *rulebook* on *day*."""
    return _Cutter(program, directions, rulebook, day).all()


Combination = dict[int, Exact]
"""A sum of terms, by place."""


def truth_on(cell: Cell, spans: Iterable[tuple[Line | None, Line | None]]) -> int:
    """Return the truth, on *cell*, of a test that holds within any of the *spans*."""
    if not cell.known:
        return UNKNOWN
    for first, last in spans:
        if (first is None or (cell.starts is not None and first <= cell.starts)) and (
            last is None or (cell.ends is not None and cell.ends <= last)
        ):
            return TRUE
    return FALSE


def range_of(fact: Fact, day: datetime.date) -> Reach:
    """Return the whole numbers that *fact*, as a term, may be on *day* when it is known."""
    if fact.type == "boolean":
        return Reach(0, 1)
    if fact.type == "category":
        return Reach(-len(fact.outside_order), len(fact.values) - 1)
    if fact.type == "date":
        return Reach((day - datetime.date.max).days, (day - datetime.date.min).days)
    return Reach(*fact.scaled_range)


# How axes are found


class _Cutter:
    """Finds the axes of a program, and cuts them where its tests do."""

    def __init__(
        self, program: Program, directions: Directions, rulebook: Rulebook, day: datetime.date
    ) -> None:
        self.rulebook = rulebook
        self.day = day
        self.program = program
        self.directions = directions
        self.places: dict[tuple[tuple[int, int], ...], int] = {}
        self.lines: list[set[Line]] = []
        self.tests: dict[int, Test] = {}
        self.knowing: dict[int, int] = {}

    def all(self) -> Cut:
        for place, term in enumerate(self.program.terms):
            if isinstance(term, FactTerm):
                axis = self.axis_of({place: 1})
                codes = term.codes or {}
                if any(code < 0 for code in codes.values()):
                    self.lines[axis].add(Line(0))  # nothing outside an order is better or worse
        for place, term in enumerate(self.program.terms):
            if isinstance(term, KnownTerm) and term.term is not None:
                known = self.program.terms[term.term]
                if not isinstance(known, TableTerm | KnownTerm):
                    self.knowing[place] = self.axis_of(self.flat(LinearSum(((term.term, 1),)))[0])
        for place, node in enumerate(self.program.nodes):
            if isinstance(node, InRange):
                self.cut(place, node, self.program.quantities[node.quantity])
        axes = tuple(self.axis(form, place) for form, place in self.places.items())
        return Cut(axes, self.tests, self.knowing)

    def cut(self, place: int, node: InRange, quantity: LinearSum) -> None:
        """Draw the lines of the test that is the node at *place*."""
        kinds = {type(self.program.terms[term]) for term, _ in quantity.multiples}
        if kinds <= {TableTerm, KnownTerm}:
            return  # it follows from what these come to
        sums, constant_part = self.flat(quantity)
        axis = self.axis_of(sums)
        form = next(form for form, at in self.places.items() if at == axis)
        factor = next((Fraction(sums[t]) / m for t, m in form if m), Fraction(1))
        whole = is_whole(self.program, quantity)
        spans = []
        for first, last in node.within:
            ends = [
                None if first is None else Line(first),
                None if last is None else Line(last, above=True),
            ]
            if not whole:  # the sign of a fraction is asked for
                ends = [None if end is None else _of_sign(end) for end in ends]
            moved = [
                None if end is None else Line((end.at - constant_part) / factor, end.above)
                for end in ends
            ]
            if factor < 0:
                moved = [_turned(end) for end in reversed(moved)]
            if self.is_whole_axis(form):
                moved = [None if end is None else Line(_whole_from(end)) for end in moved]
            self.lines[axis].update(end for end in moved if end is not None)
            spans.append((moved[0], moved[1]))
        self.tests[place] = Test(axis, tuple(spans))

    def is_whole_axis(self, form: tuple[tuple[int, int], ...]) -> bool:
        return is_whole(self.program, LinearSum(form))

    def flat(self, quantity: LinearSum) -> tuple[Combination, Exact]:
        """Return *quantity* with the formulas in it written out, and its constant."""
        sums: Combination = {}
        total: Exact = quantity.constant
        for place, multiple in quantity.multiples:
            term = self.program.terms[place]
            if not isinstance(term, FormulaTerm) or term.rounded or term.steps is not None:
                sums[place] = sums.get(place, 0) + multiple
                continue
            inner, more = self.flat(term.formula)
            factor = Fraction(multiple)
            if term.scale is None:
                factor /= term.formula.divisor
            total += factor * more
            for part, of_part in inner.items():
                sums[part] = sums.get(part, 0) + factor * of_part
        return sums, total

    def axis_of(self, sums: Combination) -> int:
        """Return the place of the axis of what is a multiple of this sum."""
        terms = sorted(sums)
        numbers = [Fraction(sums[term]) for term in terms]
        lead = next((number for number in numbers if number), Fraction(1))
        shared = [number / lead for number in numbers]
        common = math.lcm(*(number.denominator for number in shared))
        form = tuple((t, int(number * common)) for t, number in zip(terms, shared, strict=True))
        if form not in self.places:
            self.places[form] = len(self.lines)
            self.lines.append(set())
        return self.places[form]

    def axis(self, form: tuple[tuple[int, int], ...], place: int) -> Axis:
        moves = dict(self.directions.of_quantity(LinearSum(form)))
        terms = [self.program.terms[term] for term, _ in form]
        alone = terms[0] if [m for _, m in form] == [1] and isinstance(terms[0], FactTerm) else None
        for fact in facts_behind(self.program, [("term", term) for term, _ in form]):
            moves.setdefault(fact, 0)
        fact = ""
        reach = Reach(None, None)
        if alone is not None:
            fact = alone.fact
            reach = range_of(self.rulebook.fact(fact), self.day)
        return Axis(
            place=place,
            fact=fact,
            sum=form,
            moves=moves,
            vanishes=all(isinstance(term, FactTerm) for term in terms),
            cells=(UNKNOWN_CELL, *_cells(sorted(self.lines[place]), reach)),
        )


def facts_behind(program: Program, parts: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return every fact that some terms and nodes rest on, if only by being known."""
    return tuple(
        dict.fromkeys(
            part.fact for part in all_behind(program, parts) if isinstance(part, FactTerm)
        )
    )


def all_behind(program: Program, parts: Iterable[tuple[str, int]]) -> Iterator[Any]:
    """Yield every term and node that some rest on, and those themselves."""
    waiting = list(parts)
    seen = set(waiting)
    while waiting:
        kind, place = waiting.pop()
        part = program.terms[place] if kind == "term" else program.nodes[place]
        yield part
        more = [item for item in behind(program, part) if item not in seen]
        seen.update(more)
        waiting += more


def behind(program: Program, part: Any) -> list[tuple[str, int]]:
    """Return the terms and nodes that a term or node reads, by kind and place."""
    terms: list[int] = []
    nodes: list[int] = []
    if isinstance(part, KnownTerm):
        terms += [] if part.term is None else [part.term]
        nodes += [] if part.proposition is None else [part.proposition]
    elif isinstance(part, FormulaTerm):
        terms += [term for term, _ in part.formula.multiples]
    elif isinstance(part, TableTerm):
        nodes += [row for row, _ in part.rows]
    elif isinstance(part, InRange):
        terms += [term for term, _ in program.quantities[part.quantity].multiples]
    elif isinstance(part, Tally | AllOf):
        nodes += part.of
    elif not isinstance(part, FactTerm):
        terms += [term for operand in part.operands for term, _ in operand.multiples]
    return [("term", t) for t in terms] + [("node", max(n, ~n)) for n in nodes]


def _of_sign(line: Line) -> Line:
    """Return where a number begins whose sign begins at *line*, which is -1, 0 or 1."""
    if line.above:  # the end of what has at most that sign
        return Line(0, above=line.at == 0) if line.at <= 0 else line
    return Line(0, above=line.at == 1)


def _turned(line: Line | None) -> Line | None:
    return None if line is None else Line(line.at, above=not line.above)


def _cells(lines: list[Line], reach: Reach) -> tuple[Cell, ...]:
    """Return the cells between *lines* that have a number within *reach*."""
    first = None if reach.least is None else Line(reach.least)
    end = None if reach.most is None else Line(reach.most + 1)
    inside = [
        line for line in lines if (first is None or line > first) and (end is None or line < end)
    ]
    starts: list[Line | None] = [first, *inside]
    return tuple(Cell(a, b) for a, b in zip(starts, [*inside, end], strict=True))
