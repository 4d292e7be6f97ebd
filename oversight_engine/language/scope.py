"""What the names in conditions stand for, and what constants are worth from day to day."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal

from attrs import frozen

from oversight_engine.model.expression import (
    Aggregate,
    DaysSince,
    Name,
    Number,
    Operator,
    Product,
    Quantity,
    Quotient,
    Sum,
    names_in_quantity,
)
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Fact, Parameter

SAME_UNITS = ("%", "percentage points")
"""The two units that go together; what they sum to is in the first."""

COMPARE: Mapping[Operator, Callable[[Exact, Exact], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

TURNED: Mapping[Operator, Operator] = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip
"""Each operator as it reads when the sides of a comparison change places."""

Kind = Literal["number", "boolean", "category", "date", "unclear"]


@frozen
class Declared:
    """What a name stands for.

    Attributes:
        kind: `unclear` where the declaration itself has problems, so that nothing can be said.
        unit: of a number.
        values: of a category; in order, if *ordered*.
        outside_order: of a category; values that `<` never compares.
        fact: the fact, where it is one.
        varies: whether it is a parameter that each cohort gives another value.
    """

    name: Name
    kind: Kind
    unit: str = ""
    values: tuple[str, ...] = ()
    ordered: bool = False
    outside_order: tuple[str, ...] = ()
    fact: Fact | None = None
    varies: bool = False


@frozen
class Scope:
    """Every name a rulebook declares.

    Attributes:
        is_complete: whether a name that is not here is a mistake; not so when a file that
            declares names could not be read.
        parameters: the sound ones, by id.
    """

    names: Mapping[str, Declared]
    parameters: Mapping[str, Parameter]
    is_complete: bool = True


def common_unit(one: str | None, other: str | None) -> tuple[bool, str | None]:
    """Return whether two units go together, and the unit of the sum.

    A bare constant, of unit None, goes with every unit and takes it.
    """
    if one is None or other is None:
        return True, one if other is None else other
    if one in SAME_UNITS and other in SAME_UNITS:
        return True, one if one == other else SAME_UNITS[0]
    return one == other, one


def is_constant(quantity: Quantity) -> bool:
    """Say whether *quantity* mentions no fact and no finding."""
    return all(name.referent == "parameter" for name in names_in_quantity(quantity))


def unit_of(quantity: Quantity, scope: Scope) -> str | None:
    """Return the unit of a *quantity* that was read; None of a bare constant, which takes any."""
    if isinstance(quantity, Name):
        return scope.names[quantity.id].unit
    if isinstance(quantity, Number):
        return None
    if isinstance(quantity, DaysSince):
        return "days"
    if isinstance(quantity, Product | Quotient):
        return unit_of(quantity.operand, scope)
    parts = (
        quantity.operands if isinstance(quantity, Aggregate) else (quantity.left, quantity.right)
    )
    unit: str | None = None
    for part in parts:
        _, unit = common_unit(unit, unit_of(part, scope))
    return unit


def varies(quantity: Quantity, scope: Scope) -> bool:
    """Say whether *quantity* mentions a parameter that is computed from the cohort."""
    return any(scope.names[name.id].varies for name in names_in_quantity(quantity))


def constant_on(
    quantity: Quantity, day: datetime.date, parameters: Mapping[str, Parameter]
) -> Exact | None:
    """Return what a constant expression is worth on *day*, or None where nobody can say.

    That is so in a gap of a parameter, and of one that is computed from the cohort.

    Raises:
        ZeroDivisionError: a divisor is worth nothing on that day.
    """
    if isinstance(quantity, Number):
        return quantity.value
    if isinstance(quantity, Name):
        parameter = parameters.get(quantity.id)
        dated = parameter.on(day) if parameter is not None else None
        return None if dated is None else dated.value
    if isinstance(quantity, Product):
        one, other = quantity.factor, quantity.operand
    elif isinstance(quantity, Quotient):
        one, other = quantity.operand, quantity.divisor
    else:
        assert isinstance(quantity, Sum), f"not a constant: {quantity}"
        one, other = quantity.left, quantity.right
    left, right = constant_on(one, day, parameters), constant_on(other, day, parameters)
    if left is None or right is None:
        return None
    if isinstance(quantity, Product):
        return left * right
    if isinstance(quantity, Quotient):
        return whole_if_possible(Fraction(left) / right)
    return left - right if quantity.minus else left + right


def days_that_differ(
    quantities: Iterable[Quantity], parameters: Mapping[str, Parameter]
) -> tuple[datetime.date, ...]:
    """Return days between which the constants among *quantities* take every worth they have."""
    used = {name.id for quantity in quantities for name in names_in_quantity(quantity)}
    days = {
        dated.span.start
        for parameter in parameters.values()
        if parameter.id in used
        for dated in parameter.values
    }
    return tuple(sorted(days)) or (datetime.date(2000, 1, 1),)
