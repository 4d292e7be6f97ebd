"""The cells of a rulebook on a day: what a case may say, as far as any condition can tell.

Each fact is an *axis*, cut into *cells*: unknown, and every run of values that no condition about
that fact alone tells apart. What several facts make together (a sum, a mean) is an axis of its
own, a *joint* one, cut by the tests that are made of it. The truth of everything is constant on a
combination of cells, one of each axis.

Every case lies in such a combination; but a combination may have no case, because the cells of a
joint axis follow from the facts. So what holds for all combinations holds for all cases, and what
fails for one is to be looked for among the cases: `realising` does that.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from oversight_engine.analysis.axes import (
    UNKNOWN_CELL,
    Axis,
    Cell,
    Cut,
    Line,
    cut_axes,
    facts_behind,
    range_of,
    truth_on,
)
from oversight_engine.analysis.directions import Directions
from oversight_engine.analysis.enclosures import (
    FALSE,
    TRUE,
    UNKNOWN,
    Enclosure,
    Reach,
    counted,
)
from oversight_engine.analysis.examples import example_case
from oversight_engine.analysis.tables import Table, combined, constant, of_axis, size_of
from oversight_engine.compiler import compile_program
from oversight_engine.model.case import Case, Value
from oversight_engine.model.in_force import InForce
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Fact, Rulebook
from oversight_engine.model.whole import value_of, whole_of
from oversight_engine.program import (
    AllOf,
    InRange,
    KnownTerm,
    LinearSum,
    Program,
    Proposition,
    RuleEntry,
    TableTerm,
)

__all__ = ["UNKNOWN_CELL", "Axis", "Cell", "Group", "Line", "Space", "range_of"]

MOST_ENTRIES = 200_000
"""How many entries a table may have unless somebody says otherwise."""


@frozen(eq=False, repr=False)
class Group(Noun):
    """Rules that share facts, directly or through others, and those facts."""

    facts: tuple[str, ...]
    rules: tuple[str, ...]
    axes: tuple[int, ...]
    combinations: int


@frozen(eq=False, repr=False)
class Space(Noun):
    """All cases of what is in force on a day, cut into cells.

    Attributes:
        directions: which way its parts move by their form alone.
        cut: its axes, and where its tests are on them.
        kept: tables that were worked out, so that none is made twice.
        bound: how many entries a table may have.
    """

    in_force: InForce
    day: datetime.date
    program: Program
    directions: Directions
    cut: Cut
    bound: int
    kept: dict[Any, Table | None] = field(factory=dict, eq=False)

    @classmethod
    def of(cls, in_force: InForce, day: datetime.date, *, bound: int = MOST_ENTRIES) -> Space:
        """Return the space of what is *in_force* on *day*."""
        program = compile_program(in_force)
        directions = Directions(program)
        cut = cut_axes(program, directions, in_force.rulebook, day)
        return cls(in_force, day, program, directions, cut, bound)

    @property
    def every(self) -> tuple[Axis, ...]:
        """All axes, by place."""
        return self.cut.axes

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook it is of."""
        return self.in_force.rulebook

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """By id, the axis of each fact that something in force reads."""
        return {axis.fact: axis for axis in self.every if axis.fact}

    @cached_property
    def joints(self) -> tuple[Axis, ...]:
        """The axes of what several facts make together."""
        return tuple(axis for axis in self.every if not axis.fact)

    def axes_of(self, fact_id: str) -> tuple[int, ...]:
        """Return the places of the axes that the fact is on: its own and joint ones."""
        return tuple(axis.place for axis in self.every if fact_id in axis.moves)

    # Tables

    def table(self, proposition: Proposition) -> Table | None:
        """Return the truth of *proposition* by cells: `FALSE`, `UNKNOWN` or `TRUE`.

        None where that would take more entries than the bound allows.
        """
        place = max(proposition, ~proposition)
        table = self._kept(("node", place), lambda: self._node(place))
        if proposition >= 0 or table is None:
            return table
        return self._kept(("not", place), lambda: combined([table], _NEGATION.__getitem__))

    def support(self, proposition: Proposition) -> tuple[int, ...] | None:
        """Return the axes that matter to *proposition*; None where its table is too large."""
        table = self.table(proposition)
        return None if table is None else table.axes

    def _kept(self, key: Any, make: Any) -> Table | None:
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def _combined(self, parts: Iterable[Table | None], work_out: Any) -> Table | None:
        tables = [part for part in parts if part is not None]
        if not tables:
            return constant(work_out())
        return combined(tables, work_out) if size_of(tables) <= self.bound else None

    def _node(self, place: int) -> Table | None:
        node = self.program.nodes[place]
        if place in self.cut.tests:
            test = self.cut.tests[place]
            return of_axis(
                test.axis, [truth_on(c, test.spans) for c in self.every[test.axis].cells]
            )
        if isinstance(node, InRange):
            return self._test_of_terms(node)
        parts = [self.table(part) for part in node.of]
        if None in parts:
            return None
        if isinstance(node, AllOf):
            return self._combined(parts, _least)
        # A true part counts 1 and an unknown one so much that the sum tells how many there are.
        many = len(parts) + 1
        weights = {FALSE: 0, UNKNOWN: many, TRUE: 1}
        truths = {
            many * unknown + true: counted(true, unknown, node.within)
            for unknown in range(many)
            for true in range(many - unknown)
        }
        weighed = [combined([part], weights.__getitem__) for part in parts if part is not None]
        return self._combined(weighed, lambda *numbers: truths[sum(numbers)])

    def _test_of_terms(self, node: InRange) -> Table | None:
        """Return the table of a test of what tables and knowing come to: few values, all known."""
        quantity = self.program.quantities[node.quantity]
        parts = [self.values(place) for place, _ in quantity.multiples]
        if None in parts:
            return None
        multiples = [multiple for _, multiple in quantity.multiples]

        def truth(*numbers: int | None) -> int:
            total = quantity.constant
            for multiple, number in zip(multiples, numbers, strict=True):
                if number is None:
                    return UNKNOWN
                total += multiple * number
            return counted(total, 0, node.within)

        return self._combined(parts, truth)

    def values(self, place: int) -> Table | None:
        """Return the number, or None, of the table or `known` term at *place* by cells."""
        return self._kept(("term", place), lambda: self._values(place))

    def _values(self, place: int) -> Table | None:
        term = self.program.terms[place]
        if isinstance(term, KnownTerm):
            if place in self.cut.knowing:
                axis = self.cut.knowing[place]
                return of_axis(axis, [int(cell.known) for cell in self.every[axis].cells])
            if term.term is not None:
                table = self.values(term.term)
                return None if table is None else combined([table], lambda n: int(n is not None))
            assert term.proposition is not None, "what may be known is a term or a truth"
            table = self.table(term.proposition)
            return None if table is None else combined([table], lambda t: int(t != UNKNOWN))
        assert isinstance(term, TableTerm), "every other term has an axis"
        parts = [self.table(row) for row, _ in term.rows]
        if None in parts:
            return None
        given, otherwise = [value for _, value in term.rows], term.otherwise

        def value(*truths: int) -> int | None:
            if TRUE in truths:
                return given[truths.index(TRUE)]
            return None if UNKNOWN in truths else otherwise

        return self._combined(parts, value)

    # Groups and sizes

    def rule_tables(self) -> dict[str, Table | None]:
        """Return the table of each rule's truth, by its id."""
        return {rule.id: self.table(rule.proposition) for rule in self.program.rules}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The rules that share facts, and the facts they share; rules of no facts are left out."""
        supports = {rule.id: self.reads(rule) for rule in self.program.rules}
        read = set().union(*supports.values())
        joined: dict[int, set[int]] = {place: {place} for place in read}

        def join(places: Iterable[int]) -> None:
            whole: set[int] = set().union(*(joined[place] for place in places))
            for place in whole:
                joined[place] = whole

        for fact_id in {fact for place in read for fact in self.every[place].moves}:
            join(read.intersection(self.axes_of(fact_id)))
        for support in supports.values():
            join(support)
        found: dict[frozenset[int], list[str]] = defaultdict(list)
        for rule_id, support in supports.items():
            if support:
                found[frozenset(joined[support[0]])].append(rule_id)
        return tuple(self._group(axes, rules) for axes, rules in found.items())

    def reads(self, rule: RuleEntry) -> tuple[int, ...]:
        """Return the axes that matter to *rule*, or may where its table is too large."""
        support = self.support(rule.proposition)
        if support is not None:
            return support
        facts = self.facts_of(rule.proposition)
        return tuple(sorted({place for fact in facts for place in self.axes_of(fact)}))

    def facts_of(self, proposition: Proposition) -> tuple[str, ...]:
        """Return the facts that *proposition* rests on, whether they matter or not."""
        return facts_behind(self.program, [("node", max(proposition, ~proposition))])

    def _group(self, axes: Iterable[int], rules: list[str]) -> Group:
        places = tuple(sorted(axes))
        facts = sorted({fact for place in places for fact in self.every[place].moves})
        count = math.prod(len(self.every[place].cells) for place in places)
        return Group(tuple(facts), tuple(rules), places, count)

    @property
    def cells(self) -> int:
        """How many cells there are on all axes."""
        return sum(len(axis.cells) for axis in self.every)

    # Values

    def fact(self, fact_id: str) -> Fact:
        """Return the fact of that id."""
        return self.rulebook.fact(fact_id)

    def range_of(self, fact_id: str) -> Reach:
        """Return the whole numbers that the fact may be when it is known."""
        return range_of(self.fact(fact_id), self.day)

    def value_of(self, fact_id: str, number: int) -> Value:
        """Return what a case states where the fact's term is *number*."""
        return value_of(self.fact(fact_id), number, self.day)

    def numbers_of(self, known: Mapping[str, Value]) -> dict[str, int]:
        """Return *known* facts as terms of the program; those that nothing reads are left out."""
        return {
            fact_id: whole_of(self.fact(fact_id), known[fact_id], self.day)
            for fact_id in known.keys() & self.axes.keys()
        }

    def case_of(self, facts: Mapping[str, Cell | int], *, number: int = 0, about: str = "") -> Case:
        """Return a case that states these *facts* alone: by a cell's representative, or as a term.

        Every other fact is unknown. It is for the engine to decide; the joint axes are not asked.
        """
        numbers = {
            fact: each.representative if isinstance(each, Cell) else each
            for fact, each in facts.items()
        }
        values = {f: self.value_of(f, n) for f, n in numbers.items() if n is not None}
        return example_case(self.rulebook, self.day, values, number=number, about=about)

    def cells_at(self, facts: Mapping[str, int]) -> dict[int, int]:
        """Return the cell of each axis in which the case with these *facts*, as terms, lies."""
        reaches = {fact: Reach(number, number) for fact, number in facts.items()}
        enclosure = Enclosure(self.program, reaches)
        found = {}
        for axis in self.every:
            reach = enclosure.total(LinearSum(axis.sum))
            found[axis.place] = axis.cell_of(reach.least if reach.known else None)
        return found


def _least(*truths: int) -> int:
    return min(truths)


_NEGATION = {FALSE: TRUE, UNKNOWN: UNKNOWN, TRUE: FALSE}
