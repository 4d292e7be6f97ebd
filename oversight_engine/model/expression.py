"""Conditions and quantities as trees: what a rulebook's expressions say, parsed and checked.

A tree is made by `oversight_engine.language.expressions` and is well typed by then. Names say
what they refer to, literals are exact, categories are checked against their declaration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import field, frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
MIRRORED: Mapping[Operator, Operator] = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip
"""What says the same with the sides exchanged."""
Referent = Literal["fact", "finding", "parameter"]
AggregateFunction = Literal["mean_known", "min_known", "max_known", "sum_known"]


# Quantities: what a comparison compares.


@frozen(eq=False, repr=False)
class Number(Noun):
    """An exact literal."""

    value: Exact


@frozen(eq=False, repr=False)
class Name(Noun):
    """A fact, a finding or a parameter of the rulebook, by id."""

    id: str
    referent: Referent


@frozen(eq=False, repr=False)
class Sum(Noun):
    """`left + right`, or `left - right` where *minus*."""

    left: Quantity
    right: Quantity
    minus: bool = False


@frozen(eq=False, repr=False)
class Product(Noun):
    """A quantity times a factor (a constant expression of literals and parameters)."""

    factor: Quantity
    operand: Quantity


@frozen(eq=False, repr=False)
class Quotient(Noun):
    """A quantity divided by a divisor (a constant expression of literals and parameters)."""

    operand: Quantity
    divisor: Quantity


@frozen(eq=False, repr=False)
class Aggregate(Noun):
    """A function of those of its operands that are known; weights only for `mean_known`.

    Weights are constant expressions, as many as the operands, and positive.
    """

    function: AggregateFunction
    operands: tuple[Quantity, ...]
    weights: tuple[Quantity, ...] = ()


@frozen(eq=False, repr=False)
class DaysSince(Noun):
    """Whole days from a date fact to the date of the decision."""

    fact: str


Quantity = Number | Name | Sum | Product | Quotient | Aggregate | DaysSince


# Conditions: what a rule or a finding says. The leaves are what a decision explains.


@frozen(eq=False, repr=False)
class Comparison(Noun):
    """One comparison of two quantities in one unit."""

    left: Quantity
    operator: Operator
    right: Quantity
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class CategoryComparison(Noun):
    """An ordered category against one of its values, in the declared order."""

    name: Name
    operator: Operator
    value: str
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class Membership(Noun):
    """Whether a category or a number is one of some values; `==` and `!=` of a category too."""

    name: Name
    values: tuple[str, ...] | tuple[Exact, ...]
    negated: bool
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class Holds(Noun):
    """The truth of a boolean fact or of a condition finding."""

    name: Name
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class Known(Noun):
    """Whether a fact or finding is known. Never unknown."""

    name: Name
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class Count(Noun):
    """How many of some conditions hold, compared with a constant expression."""

    conditions: tuple[Condition, ...]
    operator: Operator
    right: Quantity
    text: str = field(eq=False)


@frozen(eq=False, repr=False)
class Not(Noun):
    """Kleene's negation."""

    condition: Condition


@frozen(eq=False, repr=False)
class And(Noun):
    """Kleene's conjunction of two or more conditions."""

    conditions: tuple[Condition, ...]


@frozen(eq=False, repr=False)
class Or(Noun):
    """Kleene's disjunction of two or more conditions."""

    conditions: tuple[Condition, ...]


Leaf = Comparison | CategoryComparison | Membership | Holds | Known | Count
Condition = Leaf | Not | And | Or


@frozen(eq=False, repr=False)
class Statement(Noun):
    """A condition as written, and its tree.

    Attributes:
        text: as written, with runs of white space made one space.
        condition: the tree.
        leaves: the comparisons and other leaves, in the order of the text; a count comes before
            the leaves of the conditions it counts. A decision states the truth of each.
    """

    text: str
    condition: Condition = field(eq=False)
    leaves: tuple[Leaf, ...] = field(eq=False, init=False)

    @leaves.default
    def _find_leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaves_of(self.condition))


@frozen(eq=False, repr=False)
class Formula(Noun):
    """A quantity as written, and its tree."""

    text: str
    quantity: Quantity = field(eq=False)


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of *condition* in the order of the text."""
    if isinstance(condition, Not):
        yield from leaves_of(condition.condition)
    elif isinstance(condition, And | Or):
        for part in condition.conditions:
            yield from leaves_of(part)
    else:
        yield condition
        if isinstance(condition, Count):
            for part in condition.conditions:
                yield from leaves_of(part)


def names_in_quantity(quantity: Quantity) -> Iterator[Name]:
    """Yield every name *quantity* mentions, in the order of the text, repeats included."""
    if isinstance(quantity, Name):
        yield quantity
    elif isinstance(quantity, Sum):
        yield from names_in_quantity(quantity.left)
        yield from names_in_quantity(quantity.right)
    elif isinstance(quantity, Product):
        yield from names_in_quantity(quantity.factor)
        yield from names_in_quantity(quantity.operand)
    elif isinstance(quantity, Quotient):
        yield from names_in_quantity(quantity.operand)
        yield from names_in_quantity(quantity.divisor)
    elif isinstance(quantity, Aggregate):
        for part in (*quantity.operands, *quantity.weights):
            yield from names_in_quantity(part)
    elif isinstance(quantity, DaysSince):
        yield Name(quantity.fact, "fact")


def names_in_leaf(leaf: Leaf) -> Iterator[Name]:
    """Yield every name that *leaf* itself mentions (of a count: only its right side)."""
    if isinstance(leaf, Comparison):
        yield from names_in_quantity(leaf.left)
        yield from names_in_quantity(leaf.right)
    elif isinstance(leaf, Count):
        yield from names_in_quantity(leaf.right)
    else:
        yield leaf.name


def names_in_condition(condition: Condition) -> Iterator[Name]:
    """Yield every name *condition* mentions, in the order of the text, repeats included."""
    for leaf in leaves_of(condition):
        yield from names_in_leaf(leaf)
