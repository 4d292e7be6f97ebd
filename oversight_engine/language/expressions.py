"""Conditions and quantities as text, resolved, type-checked and turned into the model's trees."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeGuard

from attrs import frozen

from oversight_engine.language.forms import LANGUAGE_FUNCTIONS
from oversight_engine.language.problems import Problems, quoted
from oversight_engine.language.scope import (
    COMPARE,
    TURNED,
    Declared,
    Scope,
    common_unit,
    constant_on,
    days_that_differ,
    varies,
)
from oversight_engine.language.source import Scalar
from oversight_engine.language.syntax import Syntax, one_spaced, parse
from oversight_engine.model.expression import (
    Aggregate,
    AggregateFunction,
    And,
    CategoryComparison,
    Comparison,
    Condition,
    Count,
    DaysSince,
    Formula,
    Holds,
    Known,
    Membership,
    Not,
    Number,
    Operator,
    Or,
    Product,
    Quantity,
    Quotient,
    Statement,
    Sum,
)
from oversight_engine.model.number import Exact, exact

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_AGGREGATES: dict[str, AggregateFunction] = {
    "mean_known": "mean_known",
    "min_known": "min_known",
    "max_known": "max_known",
    "sum_known": "sum_known",
}
_HOW_TO_USE = {
    "boolean": "let it stand alone, or after `not`",
    "date": "compare `days_since(...)` of it",
    "category": "compare it with one of its values, in quotes",
}


class _RefusedError(Exception):
    """The part being read is wrong, and that has been noted."""


@frozen
class _Typed:
    """A quantity, its unit (None for a bare constant, which takes any), and if it is constant."""

    quantity: Quantity
    unit: str | None
    is_constant: bool


def read_statement(scalar: Scalar, scope: Scope, problems: Problems) -> Statement | None:
    """Return the condition that *scalar* states, or None; every problem is noted."""
    syntax = parse(scalar, problems)
    if syntax is None or not _names_are_clear(syntax, scope):
        return None
    before = len(problems)
    try:
        condition = _Reader(syntax, scope).condition(syntax.root)
    except _RefusedError:
        return None
    return Statement(one_spaced(syntax.text), condition) if len(problems) == before else None


def read_formula(
    scalar: Scalar, scope: Scope, problems: Problems, *, unit: str | None, constant: bool = False
) -> Formula | None:
    """Return the quantity that *scalar* states, or None; every problem is noted.

    It must be in *unit*, unless that is None, and a *constant* if that is asked for.
    """
    syntax = parse(scalar, problems)
    if syntax is None or not _names_are_clear(syntax, scope):
        return None
    reader = _Reader(syntax, scope)
    try:
        typed = reader.quantity(syntax.root)
        if constant and not typed.is_constant:
            raise reader.refused(syntax.root, "not-constant", "only constants and parameters")
        if not common_unit(typed.unit, unit)[0]:
            raise reader.refused(
                syntax.root, "wrong-unit",
                f"this is in {_unit(typed.unit)}, and {_unit(unit)} is declared",
            )  # fmt: skip
    except _RefusedError:
        return None
    return Formula(one_spaced(syntax.text), typed.quantity)


def _unit(unit: str | None) -> str:
    return f"`{unit}`" if unit else "a bare number"


def _names_are_clear(syntax: Syntax, scope: Scope) -> bool:
    """Say whether every name is declared and sound; note those that are not declared."""
    functions = set()
    clear = True
    for node in ast.walk(syntax.root):
        if isinstance(node, ast.Call):
            functions.add(node.func)
            clear = _is_function(node.func, syntax) and clear
        elif isinstance(node, ast.Name) and node not in functions:
            declared = scope.names.get(node.id)
            if declared is None and scope.is_complete:
                if node.id in LANGUAGE_FUNCTIONS:
                    way_out = f"it is a function: `{node.id}(...)`"
                else:
                    way_out = syntax.problems.did_you_mean(node.id, scope.names)
                syntax.refuse(
                    node, "unknown-name", "no fact, finding or parameter has this name", way_out
                )
            clear = clear and declared is not None and declared.kind != "unclear"
    return clear


def _is_function(node: ast.expr, syntax: Syntax) -> bool:
    if isinstance(node, ast.Name) and node.id in LANGUAGE_FUNCTIONS:
        return True
    name = node.id if isinstance(node, ast.Name) else ""
    near = syntax.problems.did_you_mean(name, LANGUAGE_FUNCTIONS)
    way_out = near or f"it has {quoted(LANGUAGE_FUNCTIONS)}"
    syntax.refuse(node, "unknown-function", "the language has no such function", way_out)
    return False


class _Reader:
    """Turns the syntax of one text into a tree; every name in it is known to be declared."""

    def __init__(self, syntax: Syntax, scope: Scope) -> None:
        self._syntax = syntax
        self._scope = scope

    def refused(self, node: ast.expr, code: str, message: str, way_out: str = "") -> _RefusedError:
        """Note a problem of *node*, and return what is to be raised."""
        self._syntax.refuse(node, code, message, way_out)
        return _RefusedError()

    def _declared(self, node: ast.expr) -> Declared | None:
        return self._scope.names[node.id] if isinstance(node, ast.Name) else None

    # Conditions.

    def condition(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = self._conditions(node.values)
            return And(parts) if isinstance(node.op, ast.And) else Or(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            return self._comparisons(node)
        if _calls(node, "known"):
            return self._known(node)
        declared = self._declared(node)
        if declared is not None and declared.kind == "boolean":
            return Holds(declared.name, self._syntax.words(node))
        raise self.refused(
            node, "not-a-condition", "this is neither true nor false",
            "compare it with something",
        )  # fmt: skip

    def _conditions(self, nodes: list[ast.expr]) -> tuple[Condition, ...]:
        """Read each of *nodes*, and stop only after the last, so that all problems are noted."""
        read: list[Condition] = []
        for node in nodes:
            try:
                read.append(self.condition(node))
            except _RefusedError:
                continue
        if len(read) < len(nodes):
            raise _RefusedError
        return tuple(read)

    def _known(self, node: ast.Call) -> Known:
        (argument,) = self._arguments(node, exactly=1)
        declared = self._declared(argument)
        if declared is None or declared.name.referent == "parameter":
            raise self.refused(argument, "wrong-arguments", "this asks of a fact or a finding")
        return Known(declared.name, self._syntax.words(node))

    def _arguments(self, node: ast.Call, *, exactly: int = 0) -> list[ast.expr]:
        """Return the positional arguments of *node*, which are all it has but `weights`."""
        name = self._syntax.words(node.func)
        if any(keyword.arg != "weights" for keyword in node.keywords):
            raise self.refused(node, "wrong-arguments", f"`{name}` takes no argument of that name")
        if node.keywords and name != "mean_known":
            raise self.refused(node, "wrong-arguments", "only `mean_known` takes weights")
        if exactly and len(node.args) != exactly:
            raise self.refused(node, "wrong-arguments", f"`{name}` takes one name")
        if not node.args:
            raise self.refused(node, "wrong-arguments", f"`{name}` needs something to work on")
        return node.args

    def _comparisons(self, node: ast.Compare) -> Condition:
        sides = [node.left, *node.comparators]
        parts = [
            self._comparison(left, operator, right)
            for left, operator, right in zip(sides, node.ops, node.comparators, strict=False)
        ]
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _comparison(self, left: ast.expr, symbol: ast.cmpop, right: ast.expr) -> Condition:
        words = self._syntax.words
        if isinstance(symbol, ast.In | ast.NotIn):
            negated = isinstance(symbol, ast.NotIn)
            text = f"{words(left)} {'not in' if negated else 'in'} {words(right)}"
            return self._membership(left, right, text, negated=negated)
        operator = _OPERATORS[type(symbol)]
        text = f"{words(left)} {operator} {words(right)}"
        if _calls(left, "count"):
            return self._count(left, operator, right, text)
        if _calls(right, "count"):
            return self._count(right, TURNED[operator], left, text)
        if self._is_category(left):
            return self._category(left, operator, right, text)
        if self._is_category(right):
            return self._category(right, TURNED[operator], left, text)
        one, other = self.quantity(left), self.quantity(right)
        if one.is_constant and other.is_constant:
            raise self._refused_constant(left)
        if not common_unit(one.unit, other.unit)[0]:
            raise self.refused(
                left, "wrong-unit",
                f"this is in {_unit(one.unit)}, and `{words(right)}` in {_unit(other.unit)}",
            )  # fmt: skip
        return Comparison(one.quantity, operator, other.quantity, text)

    def _refused_constant(self, node: ast.expr) -> _RefusedError:
        return self.refused(
            node, "constant-condition", "no fact is compared here, so every case comes out alike"
        )

    # Categories.

    def _is_category(self, node: ast.expr) -> bool:
        declared = self._declared(node)
        return declared is not None and declared.kind == "category"

    def _category(
        self, node: ast.expr, operator: Operator, value: ast.expr, text: str
    ) -> CategoryComparison | Membership:
        declared = self._declared(node)
        assert declared is not None, "only a name is a category"
        if operator in ("==", "!="):
            known = (*declared.values, *declared.outside_order)
            word = self._category_value(value, declared, known)
            return Membership(declared.name, (word,), negated=operator == "!=", text=text)
        if not declared.ordered:
            raise self.refused(
                node, "unordered-category", "the values of this category have no order",
                "compare with `==`, `!=` or `in`, or declare it `ordered`",
            )  # fmt: skip
        return CategoryComparison(
            declared.name, operator, self._category_value(value, declared, declared.values), text
        )

    def _category_value(self, node: ast.expr, declared: Declared, allowed: tuple[str, ...]) -> str:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            raise self.refused(
                node, "not-comparable", f"`{declared.name.id}` is a category",
                f"compare it with {quoted(allowed)}, in quotes",
            )  # fmt: skip
        if node.value in allowed and self._syntax.words(node)[1:-1] == node.value:
            return node.value
        if node.value in declared.outside_order:
            raise self.refused(
                node, "unordered-category",
                f"this value of `{declared.name.id}` is outside its order",
                f"in order are {quoted(allowed)}",
            )  # fmt: skip
        raise self.refused(
            node, "unknown-category", f"`{declared.name.id}` has no such value",
            self._syntax.problems.did_you_mean(node.value, allowed) or f"it has {quoted(allowed)}",
        )  # fmt: skip

    def _membership(
        self, node: ast.expr, values: ast.expr, text: str, *, negated: bool
    ) -> Membership:
        if not isinstance(values, ast.Set):
            raise self.refused(values, "wrong-arguments", "`in` wants a set", "write `{'a', 'b'}`")
        declared = self._declared(node)
        read: Callable[[ast.expr], str | Exact]
        if declared is not None and declared.kind == "category":
            known = (*declared.values, *declared.outside_order)
            read = lambda value: self._category_value(value, declared, known)  # noqa: E731
        elif (
            declared is not None
            and declared.kind == "number"
            and declared.name.referent != "parameter"
        ):
            read = self._literal
        else:
            raise self.refused(node, "wrong-arguments", "a category or a number is in a set")
        found = [read(value) for value in values.elts]
        if len(set(found)) < len(found):
            raise self.refused(values, "duplicate-entry", "a value stands twice in this set")
        return Membership(declared.name, tuple(found), negated=negated, text=text)  # type: ignore[arg-type]

    def _literal(self, node: ast.expr) -> Exact:
        typed = self.quantity(node)
        if not isinstance(typed.quantity, Number):
            raise self.refused(node, "not-constant", "a set of numbers holds numbers only")
        return typed.quantity.value

    # Counts.

    def _count(self, node: ast.Call, operator: Operator, right: ast.expr, text: str) -> Count:
        conditions = self._conditions(self._arguments(node))
        bound = self.quantity(right)
        if not bound.is_constant:
            raise self.refused(right, "not-constant", "a count is compared with a constant")
        if not common_unit(bound.unit, "")[0]:
            raise self.refused(
                right, "wrong-unit", f"this is in {_unit(bound.unit)}, and a count is a bare number"
            )
        if isinstance(bound.quantity, Number):
            possible = {
                COMPARE[operator](n, bound.quantity.value) for n in range(len(conditions) + 1)
            }
            if len(possible) == 1:
                message = f"this count of {len(conditions)} comes out alike whatever holds"
                raise self.refused(node, "constant-condition", message)
        return Count(conditions, operator, bound.quantity, text)

    # Quantities.

    def quantity(self, node: ast.expr) -> _Typed:
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            return _Typed(Number(exact(self._syntax.words(node))), None, is_constant=True)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._minus(self.quantity(node.operand))
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if _calls(node, "days_since"):
            return self._days_since(node)
        if isinstance(node, ast.Call) and self._syntax.words(node.func) in _AGGREGATES:
            return self._aggregate(node)
        declared = self._declared(node)
        if declared is not None and declared.kind == "number":
            is_constant = declared.name.referent == "parameter"
            return _Typed(declared.name, declared.unit, is_constant)
        raise self._refused_quantity(node, declared)

    def _refused_quantity(self, node: ast.expr, declared: Declared | None) -> _RefusedError:
        if _calls(node, "count"):
            return self.refused(
                node, "not-a-quantity", "a count is compared as it is, without arithmetic",
                "write `count(...) >= 3`",
            )  # fmt: skip
        way_out = "" if declared is None else _HOW_TO_USE.get(declared.kind, "")
        return self.refused(node, "not-a-quantity", "a number is wanted here", way_out)

    def _minus(self, typed: _Typed) -> _Typed:
        if isinstance(typed.quantity, Number):
            return _Typed(Number(-typed.quantity.value), typed.unit, is_constant=True)
        return _Typed(Product(Number(-1), typed.quantity), typed.unit, typed.is_constant)

    def _arithmetic(self, node: ast.BinOp) -> _Typed:
        left, right = self.quantity(node.left), self.quantity(node.right)
        if isinstance(node.op, ast.Mult):
            return self._product(node, left, right)
        if isinstance(node.op, ast.Div):
            return self._quotient(node, left, right)
        agree, unit = common_unit(left.unit, right.unit)
        if not agree:
            raise self.refused(
                node, "wrong-unit",
                f"this adds or subtracts {_unit(left.unit)} and {_unit(right.unit)}",
            )  # fmt: skip
        total = Sum(left.quantity, right.quantity, minus=isinstance(node.op, ast.Sub))
        return _Typed(total, unit, left.is_constant and right.is_constant)

    def _product(self, node: ast.BinOp, left: _Typed, right: _Typed) -> _Typed:
        if not (left.is_constant or right.is_constant):
            raise self.refused(
                node, "non-linear", "two quantities are multiplied",
                "one side of a product is a constant or a parameter",
            )  # fmt: skip
        if not right.is_constant or (left.is_constant and _bareness(left) <= _bareness(right)):
            factor, operand = left, right
        else:
            factor, operand = right, left
        self._check_factor(node, factor)
        both = left.is_constant and right.is_constant
        return _Typed(Product(factor.quantity, operand.quantity), operand.unit, both)

    def _quotient(self, node: ast.BinOp, left: _Typed, right: _Typed) -> _Typed:
        if not right.is_constant:
            raise self.refused(
                node.right, "non-linear", "this divides by a quantity",
                "a divisor is a constant or a parameter",
            )  # fmt: skip
        self._check_factor(node.right, right)
        if varies(right.quantity, self._scope):
            raise self.refused(
                node.right, "division-by-zero", "a cohort may make this nothing",
                "multiply the other side by it instead",
            )  # fmt: skip
        if any(worth == 0 for worth in self._worths(node.right, right.quantity)):
            raise self.refused(node.right, "division-by-zero", "this divides by nothing")
        return _Typed(Quotient(left.quantity, right.quantity), left.unit, left.is_constant)

    def _check_factor(self, node: ast.expr, factor: _Typed) -> None:
        if factor.unit not in (None, "", "%"):
            raise self.refused(
                node, "wrong-unit", f"a factor or divisor in {_unit(factor.unit)}",
                "one is a bare number or in `%`",
            )  # fmt: skip

    def _worths(self, node: ast.expr, quantity: Quantity) -> Iterator[Exact]:
        """Yield what a constant expression is worth on every day that makes a difference."""
        parameters = self._scope.parameters
        for day in days_that_differ((quantity,), parameters):
            worth = constant_on(quantity, day, parameters)
            if worth is not None:
                yield worth

    # Functions.

    def _days_since(self, node: ast.Call) -> _Typed:
        (argument,) = self._arguments(node, exactly=1)
        declared = self._declared(argument)
        if declared is None or declared.kind != "date":
            raise self.refused(argument, "wrong-arguments", "this wants the name of a date fact")
        return _Typed(DaysSince(declared.name.id), "days", is_constant=False)

    def _aggregate(self, node: ast.Call) -> _Typed:
        operands = [self.quantity(argument) for argument in self._arguments(node)]
        if all(operand.is_constant for operand in operands):
            raise self._refused_constant(node)
        unit = operands[0].unit
        for argument, operand in zip(node.args, operands, strict=True):
            agree, common = common_unit(unit, operand.unit)
            if not agree:
                raise self.refused(
                    argument, "wrong-unit",
                    f"this is in {_unit(operand.unit)}, and what stands before it in {_unit(unit)}",
                )  # fmt: skip
            unit = common
        weights = self._weights(node, len(operands))
        function = _AGGREGATES[self._syntax.words(node.func)]
        quantities = tuple(operand.quantity for operand in operands)
        return _Typed(Aggregate(function, quantities, weights), unit, is_constant=False)

    def _weights(self, node: ast.Call, wanted: int) -> tuple[Quantity, ...]:
        if not node.keywords:
            return ()
        given = node.keywords[0].value
        if not isinstance(given, ast.Tuple) or len(given.elts) != wanted:
            raise self.refused(given, "bad-weights", f"give {wanted} numbers, as `(1, 2)`")
        weights = []
        for part in given.elts:
            weight = self.quantity(part)
            if not weight.is_constant or not common_unit(weight.unit, "")[0]:
                raise self.refused(part, "bad-weights", "a weight is a bare constant or parameter")
            if varies(weight.quantity, self._scope):
                raise self.refused(part, "bad-weights", "a cohort may make this nothing")
            if any(worth <= 0 for worth in self._worths(part, weight.quantity)):
                raise self.refused(part, "bad-weights", "a weight is more than nothing")
            weights.append(weight.quantity)
        return tuple(weights)


def _bareness(typed: _Typed) -> int:
    """Return a rank by which the barer of two constants becomes the factor of their product."""
    return 0 if typed.unit is None else 1 if not typed.unit else 2 if typed.unit == "%" else 3


def _calls(node: ast.expr, function: str) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    )
