"""Whether the rows of a decision table are disjoint and complete, shown cell by cell.

Every distinct quantity of a table is taken as independent of the others. The constants it is
compared with cut its values into cells: the points themselves and what lies between them. In
every combination of cells at most one row may hold, and exactly one where there is no
`otherwise`. A table that cannot be seen this way is refused, with a cell that shows why.

A parameter that is computed from the cohort has whatever value a cohort may give it: the cells
are looked at in every *world*, where such parameters stand in every possible order among
themselves and among the constants.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.scope import (
    COMPARE,
    TURNED,
    Scope,
    constant_on,
    days_that_differ,
    is_constant,
    varies,
)
from oversight_engine.language.worlds import possible_values
from oversight_engine.model.expression import (
    And,
    CategoryComparison,
    Comparison,
    Condition,
    DaysSince,
    Formula,
    Holds,
    Leaf,
    Membership,
    Name,
    Not,
    Operator,
    Or,
    Quantity,
    Statement,
    names_in_quantity,
)
from oversight_engine.model.number import Exact, scaled, whole_if_possible, written
from oversight_engine.model.rulebook import Finding, Parameter

MOST_WORK = 200_000
"""How many rows may be looked at, cell by cell, for one table."""
MOST_WORK_IN_ALL = 1_000_000
"""How many for all tables of a rulebook."""

Value = Exact | str | bool
Cell = dict[Quantity, Value]
LocatedRow = tuple[Place, Statement]
World = Mapping[str, Parameter]
"""The parameters by id; those of the cohort with a value that a cohort may give them."""


@frozen
class _Domain:
    """The values a quantity can take: some alone, or all with so many decimals in a range."""

    alone: tuple[Value, ...] = ()
    least: Exact | None = None
    most: Exact | None = None
    decimals: int | None = None


class _TooLargeError(Exception):
    """A table has more cells than can be looked at."""


class TableCheck:
    """Checks the tables of a rulebook, one after the other, those that others look at first."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        """Check against what *scope* declares."""
        self._scope = scope
        self._problems = problems
        self._earlier: dict[str, Finding] = {}
        self._work_left = MOST_WORK_IN_ALL

    def learn(self, finding: Finding) -> None:
        """Note the values *finding* can take, for the tables that look at it."""
        self._earlier[finding.id] = finding

    def check(self, place: Place, rows: Sequence[LocatedRow], *, has_otherwise: bool) -> None:
        """Note where the *rows* of the table at *place* overlap, or leave a cell to nobody."""
        if not self._is_simple(rows):
            return
        overlaps: dict[int, tuple[int, str]] = {}
        idle: set[int] | None = None
        gap = ""
        try:
            for cell, holding in self._survey(rows):
                idle = (set(range(len(rows))) if idle is None else idle) - set(holding)
                if len(holding) > 1:
                    overlaps.setdefault(holding[1], (holding[0], _words(cell)))
                elif not holding and not has_otherwise:
                    gap = gap or _words(cell)
        except _TooLargeError:
            self._problems.add(
                "table-too-large", place, "the table has more cells than can be looked at",
                help="split it into several findings",
            )  # fmt: skip
            return
        for row, (earlier, where) in sorted(overlaps.items()):
            self._problems.add(
                "overlapping-rows", rows[row][0],
                f"this row and row {earlier + 1} both hold where {where}",
                got=rows[row][1].text, help="let no two rows hold at once",
            )  # fmt: skip
        if gap:
            self._problems.add(
                "incomplete-table", place, f"no row holds where {gap}",
                help="add a row, or say what is so `otherwise`",
            )  # fmt: skip
        for row in sorted(idle or ()):
            self._problems.add(
                "row-never-holds", rows[row][0], "no value makes this row hold",
                got=rows[row][1].text, help="mend it or remove it",
            )  # fmt: skip

    def _survey(self, rows: Sequence[LocatedRow]) -> Iterator[tuple[Cell, list[int]]]:
        """Yield every cell, on every day that makes a difference, and the rows that hold there.

        Raises:
            _TooLargeError: there are too many cells.
        """
        work_left = min(MOST_WORK, self._work_left)
        for day, world in self._worlds(rows):
            grid = self._grid(rows, day, world)
            if grid is None:
                work_left -= 1
                continue  # in a gap of a parameter the table is not in force
            samples, predicates = grid
            work = math.prod(map(len, samples.values())) * len(rows)
            work_left -= work
            if work_left < 0:
                raise _TooLargeError
            self._work_left -= work
            for values in itertools.product(*samples.values()):
                cell = dict(zip(samples, values, strict=True))
                yield cell, [row for row, holds in enumerate(predicates) if holds(cell)]

    def _is_simple(self, rows: Sequence[LocatedRow]) -> bool:
        """Say whether every leaf compares one quantity with constants; note those that do not."""
        simple = True
        for place, statement in rows:
            for leaf in statement.leaves:
                subject = _subject(leaf)
                if isinstance(subject, Name) and not self._is_sound(subject):
                    simple = False
                elif subject is None or self._is_mixed(leaf):
                    simple = False
                    self._problems.add(
                        "table-too-complex", place,
                        "a row compares single quantities with constants or parameters",
                        got=leaf.text, help="make this a finding, and let the row look at that",
                    )  # fmt: skip
        return simple

    def _is_mixed(self, leaf: Leaf) -> bool:
        """Say whether *leaf* compares with more of the cohort than a parameter as it is."""
        constant = _sides(leaf)[2] if isinstance(leaf, Comparison) else None
        return (
            constant is not None
            and not isinstance(constant, Name)
            and varies(constant, self._scope)
        )

    def _is_sound(self, name: Name) -> bool:
        """Say whether *name* has no problems of its own, which would make others appear here."""
        return name.referent != "finding" or name.id in self._earlier

    def _worlds(self, rows: Sequence[LocatedRow]) -> Iterator[tuple[datetime.date, World]]:
        """Yield days between which every constant takes every worth it has, and what is so then."""
        constants, parameters = self._constants(rows), self._scope.parameters
        used = {name.id for constant in constants for name in names_in_quantity(constant)}
        known = [parameters[name] for name in sorted(used) if name in parameters]
        computed = [parameter for parameter in known if parameter.cohort is not None]
        for day in days_that_differ(constants, parameters):
            worths = {constant_on(constant, day, parameters) for constant in constants}
            marks = sorted(worth for worth in worths if worth is not None)
            for values in possible_values(computed, marks):
                yield day, {**parameters, **values} if values else parameters

    def _constants(self, rows: Sequence[LocatedRow]) -> list[Quantity]:
        """Return every constant that matters to the table."""
        constants: list[Quantity] = []
        for leaf in _leaves(rows):
            subject = _subject(leaf)
            if isinstance(leaf, Comparison):
                constants.append(_sides(leaf)[2])
            if isinstance(subject, Name) and subject.id in self._earlier:
                constants.extend(_row_values(self._earlier[subject.id]))
        return constants

    def _grid(
        self, rows: Sequence[LocatedRow], day: datetime.date, world: World
    ) -> tuple[dict[Quantity, Sequence[Value]], list[Callable[[Cell], bool]]] | None:
        """Return sample values of every quantity on *day*, and each row as a predicate of them."""
        marks: dict[Quantity, set[Exact]] = {}
        for leaf in _leaves(rows):
            subject = _subject(leaf)
            assert subject is not None, "the rows are simple"
            own = marks.setdefault(subject, set())
            if isinstance(leaf, Comparison):
                worth = constant_on(_sides(leaf)[2], day, world)
                if worth is None:
                    return None
                own.add(worth)
            elif isinstance(leaf, Membership):
                own.update(value for value in leaf.values if not isinstance(value, str))
        samples = {
            subject: _samples(sorted(own), self._domain(subject, day, world))
            for subject, own in marks.items()
        }
        return samples, [self._predicate(statement.condition, day, world) for _, statement in rows]

    def _domain(self, subject: Quantity, day: datetime.date, world: World) -> _Domain:
        if isinstance(subject, DaysSince):
            return _Domain(decimals=0)
        if not isinstance(subject, Name):
            return _Domain()
        declared = self._scope.names[subject.id]
        if declared.kind == "boolean":
            return _Domain(alone=(False, True))
        if declared.kind == "category":
            return _Domain(alone=(*declared.values, *declared.outside_order))
        if declared.fact is not None:
            return _Domain((), *declared.fact.range, declared.fact.decimals)
        finding = self._earlier.get(subject.id)
        if finding is not None and finding.rounded is not None:
            return _Domain(decimals=finding.rounded.decimals)
        if finding is not None and finding.ranked is not None:
            return _Domain()
        values = _row_values(finding) if finding is not None else ()
        worths = {constant_on(value, day, world) for value in values}
        return _Domain(alone=tuple(sorted(worth for worth in worths if worth is not None)))

    def _predicate(
        self, condition: Condition, day: datetime.date, world: World
    ) -> Callable[[Cell], bool]:
        if isinstance(condition, And):
            parts = [self._predicate(part, day, world) for part in condition.conditions]
            return lambda cell: all(part(cell) for part in parts)
        if isinstance(condition, Or):
            parts = [self._predicate(part, day, world) for part in condition.conditions]
            return lambda cell: any(part(cell) for part in parts)
        if isinstance(condition, Not):
            inner = self._predicate(condition.condition, day, world)
            return lambda cell: not inner(cell)
        if isinstance(condition, Comparison):
            subject, symbol, constant = _sides(condition)
            worth = constant_on(constant, day, world)
            compare: Callable[[Any, Any], bool] = COMPARE[symbol]
            return lambda cell: compare(cell[subject], worth)
        if isinstance(condition, CategoryComparison):
            order = self._scope.names[condition.name.id].values
            holds, place = COMPARE[condition.operator], order.index(condition.value)
            values = {value for value in order if holds(order.index(value), place)}
            return lambda cell: cell[condition.name] in values
        if isinstance(condition, Membership):
            return lambda cell: (cell[condition.name] in condition.values) != condition.negated
        assert isinstance(condition, Holds), "the rows are simple"
        return lambda cell: bool(cell[condition.name])


def _leaves(rows: Iterable[LocatedRow]) -> Iterator[Leaf]:
    for _, statement in rows:
        yield from statement.leaves


def _row_values(finding: Finding) -> tuple[Quantity, ...]:
    """Return what the rows of a table of numbers say; nothing of any other finding."""
    if finding.table is None:
        return ()
    values = [row.value for row in finding.table.rows] + [finding.table.otherwise]
    return tuple(value.quantity for value in values if isinstance(value, Formula))


def _subject(leaf: Leaf) -> Quantity | None:
    """Return what *leaf* compares with constants, or None if that is not what it does."""
    if isinstance(leaf, Comparison):
        subject, _, constant = _sides(leaf)
        return subject if is_constant(constant) else None
    return leaf.name if isinstance(leaf, CategoryComparison | Membership | Holds) else None


def _sides(leaf: Comparison) -> tuple[Quantity, Operator, Quantity]:
    """Return the sides with the constant one, if there is one, on the right."""
    if is_constant(leaf.left):
        return leaf.right, TURNED[leaf.operator], leaf.left
    return leaf.left, leaf.operator, leaf.right


def _samples(marks: Sequence[Exact], domain: _Domain) -> Sequence[Value]:
    """Return a value of the *domain* from each cell into which the *marks* cut it."""
    if domain.alone:
        return domain.alone
    ends: list[tuple[Exact | None, Exact | None]] = [(None, marks[0]), (marks[-1], None)]
    ends += [(mark, mark) for mark in marks] + list(itertools.pairwise(marks))
    found = (_sample(low, high, domain) for low, high in ends)
    return sorted({value for value in found if value is not None})


def _sample(low: Exact | None, high: Exact | None, domain: _Domain) -> Exact | None:
    """Return a value of the *domain* between *low* and *high*, or at them if they are one."""
    if low is not None and low == high:
        value = Fraction(low)
    else:
        value = _between(low, high, domain)
        if (low is not None and value <= low) or (high is not None and value >= high):
            return None
    is_allowed = (
        (domain.least is None or domain.least <= value)
        and (domain.most is None or value <= domain.most)
        and (domain.decimals is None or scaled(value, domain.decimals) is not None)
    )
    return whole_if_possible(value) if is_allowed else None


def _between(low: Exact | None, high: Exact | None, domain: _Domain) -> Fraction:
    """Return what lies between *low* and *high* in the *domain*, if anything does."""
    if domain.decimals is None:
        low = max((end for end in (low, domain.least) if end is not None), default=None)
        high = min((end for end in (high, domain.most) if end is not None), default=None)
        if low is not None and high is not None:
            return (Fraction(low) + high) / 2
    unit = Fraction(1, 10 ** (domain.decimals or 0))
    if low is not None:
        value = math.floor(low / unit) * unit + unit
        return value if domain.least is None else max(value, Fraction(domain.least))
    assert high is not None, "a cell has an end"
    value = math.ceil(high / unit) * unit - unit
    return value if domain.most is None else min(value, Fraction(domain.most))


def _words(cell: Cell) -> str:
    return " and ".join(f"{_called(subject)} is {_said(value)}" for subject, value in cell.items())


def _called(subject: Quantity) -> str:
    if isinstance(subject, Name):
        return f"`{subject.id}`"
    return f"`days_since({subject.fact})`" if isinstance(subject, DaysSince) else "the quantity"


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else written(value)
