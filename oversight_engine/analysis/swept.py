"""What is in force with one parameter set free: its comparisons become facts of their own.

Each comparison that mentions the parameter is a *hinge*: as the parameter moves, it turns once for
any case. In its place stands a made-up fact, so that both of its sides can be looked at; what it
compares is asked for beside it, once with the parameter at 0 and once at 1, which says all of a
linear comparison. A count compared with the parameter has two hinges, at the least and the most
number that may hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from attrs import evolve

from oversight_engine.analysis.slices import names_in
from oversight_engine.errors import InputError
from oversight_engine.model.expression import (
    Aggregate,
    And,
    Comparison,
    Condition,
    Count,
    Formula,
    Holds,
    Leaf,
    Name,
    Not,
    Number,
    Operator,
    Or,
    Product,
    Quantity,
    Quotient,
    Statement,
    Sum,
    leaves_of,
    names_in_leaf,
    names_in_quantity,
)
from oversight_engine.model.in_force import InForce, Owner, names_in_finding
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Fact, Finding, Row

MARK = "__hinge"
MOST_BITS = 6
"""How many hinges there may be: all ways to turn them are looked at."""


class Hinge(NamedTuple):
    """A comparison that turns as the parameter moves.

    Attributes:
        fact: the id of the made-up fact in its place.
        operator: of the difference with 0.
        at_zero, at_one: ids of the findings that are the difference of its sides with the
            parameter at 0 and at 1; of a count, of its right side alone.
        counted: of a count, ids of the findings that are what it counts.
    """

    fact: str
    operator: Operator
    at_zero: str
    at_one: str
    counted: tuple[str, ...] = ()

    @property
    def bits(self) -> int:
        """How often it turns."""
        return 2 if self.counted else 1


class Freed(NamedTuple):
    """What is in force, with hinges in place of what mentions the parameter."""

    in_force: InForce
    hinges: tuple[Hinge, ...]


def set_free(in_force: InForce, parameter: str) -> Freed:
    """Return what is *in_force* with the *parameter* set free.

    Raises:
        InputError: it is no threshold: something else than a comparison rests on it.
    """
    _refuse(in_force, parameter)
    maker = _Maker(parameter)
    findings: list[Finding] = []
    moved: set[str] = set()
    for finding in in_force.findings:
        new = maker.finding(finding)
        if new is not finding or not moved.isdisjoint(names_in(finding)):
            moved.add(finding.id)
        findings.append(new)
    rules = tuple(
        evolve(rule, statement=maker.statement(rule.statement)) for rule in in_force.rules
    )
    for finding in maker.made:
        if not moved.isdisjoint(names_in(finding)):
            raise InputError(
                f"{parameter} cannot be swept: what it is compared with rests on it as well"
            )
    if sum(hinge.bits for hinge in maker.hinges) > MOST_BITS:
        raise InputError(f"{parameter} cannot be swept: more than {MOST_BITS} comparisons read it")
    facts = tuple(Fact(hinge.fact, hinge.fact, "boolean", "neither") for hinge in maker.hinges)
    book = in_force.rulebook
    freed = evolve(
        in_force,
        rulebook=evolve(book, facts=(*book.facts, *facts)),
        findings=(*findings, *maker.made),
        rules=rules,
        consequences=(),
    )
    return Freed(freed, tuple(maker.hinges))


def _refuse(in_force: InForce, parameter: str) -> None:
    """Refuse a parameter that something else than a condition mentions."""
    for finding in in_force.findings:
        if finding.table is not None or finding.value is not None:
            stated = [
                name.id
                for statement in finding.statements
                for leaf in statement.leaves
                for name in names_in_leaf(leaf)
            ]
            mentioned = [name.id for name in names_in_finding(finding)]
            if mentioned.count(parameter) > stated.count(parameter):
                raise InputError(
                    f"{parameter} cannot be swept: it is no threshold of {finding.id}, whose "
                    "value rests on it"
                )
    owners: tuple[Owner, ...] = (*in_force.findings, *in_force.rules)
    if not any(parameter in names_in(owner) for owner in owners):
        raise InputError(f"{parameter} cannot be swept: nothing in force on that day reads it")


class _Maker:
    """Puts hinges in place of what mentions the parameter."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter
        self.hinges: list[Hinge] = []
        self.made: list[Finding] = []
        self._known: dict[object, Hinge] = {}

    def finding(self, finding: Finding) -> Finding:
        if self._parameter not in names_in(finding):
            return finding
        if finding.when is not None:
            return evolve(finding, when=self.statement(finding.when))
        assert finding.table is not None, "a value that mentions it has been refused"
        rows = tuple(Row(self.statement(row.when), row.value) for row in finding.table.rows)
        return evolve(finding, table=evolve(finding.table, rows=rows))

    def statement(self, statement: Statement) -> Statement:
        condition = self._condition(statement.condition)
        return statement if condition is statement.condition else Statement("", condition)

    def _condition(self, condition: Condition) -> Condition:
        if isinstance(condition, Not):
            return Not(self._condition(condition.condition))
        if isinstance(condition, And | Or):
            return evolve(condition, conditions=tuple(map(self._condition, condition.conditions)))
        mentioned = {name.id for name in names_in_leaf(condition)}
        if isinstance(condition, Count):
            return self._count(condition, is_read=self._parameter in mentioned)
        if self._parameter not in mentioned:
            return condition
        if not isinstance(condition, Comparison) or condition.operator in {"==", "!="}:
            raise InputError(
                f"{self._parameter} cannot be swept: `{condition.text}` turns more than once"
            )
        return self._comparison(condition)

    def _comparison(self, leaf: Comparison) -> Condition:
        difference = Sum(leaf.left, leaf.right, minus=True)
        hinge = self._hinge((leaf.left, leaf.operator, leaf.right), leaf.operator, difference, ())
        return Holds(Name(hinge.fact, "fact"), leaf.text)

    def _count(self, count: Count, *, is_read: bool) -> Condition:
        inside = {name.id for leaf in _inner(count) for name in names_in_leaf(leaf)}
        if not is_read:
            return evolve(count, conditions=tuple(map(self._condition, count.conditions)))
        if self._parameter in inside or count.operator in {"==", "!="}:
            raise InputError(
                f"{self._parameter} cannot be swept: `{count.text}` turns more than once"
            )
        hinge = self._hinge(count, count.operator, count.right, count.conditions)
        return Holds(Name(hinge.fact, "fact"), count.text)

    def _hinge(
        self,
        key: object,
        operator: Operator,
        quantity: Quantity,
        counted: Iterable[Condition],
    ) -> Hinge:
        if key not in self._known:
            fact = f"{MARK}_{len(self.hinges)}"
            ends = [self._formula(f"{fact}_at_{value}", quantity, value) for value in (0, 1)]
            parts = tuple(
                self._made(Finding(f"{fact}_part_{place}", "", when=Statement("", condition)))
                for place, condition in enumerate(counted)
            )
            hinge = Hinge(fact, operator, ends[0], ends[1], parts)
            self._known[key] = hinge
            self.hinges.append(hinge)
        return self._known[key]

    def _formula(self, name: str, quantity: Quantity, value: Exact) -> str:
        at = _with(quantity, self._parameter, value)
        return self._made(Finding(name, "", value=Formula("", at)))

    def _made(self, finding: Finding) -> str:
        self.made.append(finding)
        return finding.id


def _inner(count: Count) -> Iterable[Leaf]:
    return (leaf for part in count.conditions for leaf in leaves_of(part))


def _with(quantity: Quantity, parameter: str, value: Exact) -> Quantity:
    """Return *quantity* with the *parameter* at this *value*, in which it must be linear."""

    def inner(part: Quantity) -> Quantity:
        return _with(part, parameter, value)

    if isinstance(quantity, Name):
        is_it = quantity.id == parameter and quantity.referent == "parameter"
        return Number(value) if is_it else quantity
    if isinstance(quantity, Sum):
        return evolve(quantity, left=inner(quantity.left), right=inner(quantity.right))
    if isinstance(quantity, Product):
        if all(_mentions(part, parameter) for part in (quantity.factor, quantity.operand)):
            raise InputError(f"{parameter} cannot be swept: it is multiplied by itself")
        return evolve(quantity, factor=inner(quantity.factor), operand=inner(quantity.operand))
    if isinstance(quantity, Quotient):
        if _mentions(quantity.divisor, parameter):
            raise InputError(f"{parameter} cannot be swept: something is divided by it")
        return evolve(quantity, operand=inner(quantity.operand))
    if isinstance(quantity, Aggregate) and _mentions(quantity, parameter):
        raise InputError(f"{parameter} cannot be swept: it stands in {quantity.function}")
    return quantity


def _mentions(quantity: Quantity, parameter: str) -> bool:
    return any(name.id == parameter for name in names_in_quantity(quantity))
