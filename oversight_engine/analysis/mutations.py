"""Small changes of a rulebook, each such as a slip of the pen would make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple, cast

from attrs import evolve

from oversight_engine.model.expression import (
    Aggregate,
    And,
    CategoryComparison,
    Comparison,
    Condition,
    Count,
    Formula,
    Leaf,
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
    names_in_quantity,
)
from oversight_engine.model.in_force import Owner, names_in_finding
from oversight_engine.model.number import Exact, decimal_places, whole_if_possible, written
from oversight_engine.model.rulebook import (
    REFER,
    Consequence,
    DatedValue,
    Finding,
    IfUnknown,
    Parameter,
    Row,
    Rule,
    Rulebook,
)

How = Literal["threshold", "strictness", "dropped", "value", "outcome", "if_unknown", "when_unless"]
HOWS: tuple[How, ...] = (
    "threshold", "strictness", "dropped", "value", "outcome", "if_unknown", "when_unless",
)  # fmt: skip
STRICTNESS: dict[Operator, Operator] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
FOR_HARSHEST: tuple[IfUnknown, ...] = ("refer", "ignore")
FOR_OTHERS: tuple[IfUnknown, ...] = ("hold_back", "refer", "ignore")


class Moved(NamedTuple):
    """The value of a parameter over a span of days, and another in its place."""

    parameter: Parameter
    dated: DatedValue
    value: Exact


class Mutant(NamedTuple):
    """A rulebook but for one change.

    Attributes:
        kind, id: of what is changed: a finding, a rule, a consequence or a parameter.
        where: the text in which the change is.
        change: what becomes what.
        old, new: the owner before and after; None where a rule is gone, or for a parameter.
        moved: of a parameter.
    """

    how: How
    kind: str
    id: str
    place: str
    where: str
    change: str
    old: Owner | None = None
    new: Owner | None = None
    moved: Moved | None = None


def mutants_of(rulebook: Rulebook) -> Iterator[Mutant]:
    """Yield *rulebook* with one change after the other, in the order in which it is written."""
    units = _Units(rulebook)
    for parameter in rulebook.parameters:
        yield from _of_parameter(parameter, units)
    for finding in rulebook.findings:
        yield from _of_finding(finding, units)
    for rule in rulebook.rules:
        yield from _of_rule(rule, rulebook, units)
    for consequence in rulebook.consequences:
        yield from _of_consequence(consequence, units)


class _Units:
    """By how much a number is moved: by one of the last place of what it is compared with."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._decimals: dict[str, int] = {
            fact.id: fact.decimals for fact in rulebook.facts if fact.type == "number"
        }
        for finding in rulebook.findings:
            if finding.rounded is not None:
                self._decimals[finding.id] = finding.rounded.decimals
            elif finding.value is not None:
                self._decimals[finding.id] = self.decimals(
                    name.id for name in names_in_quantity(finding.value.quantity)
                )
        self._of_parameters: dict[str, int] = {}
        for ids in self._comparisons():
            for name in ids:
                found = max(self._of_parameters.get(name, 0), self.decimals(ids))
                self._of_parameters[name] = found

    def _comparisons(self) -> Iterator[list[str]]:
        """Yield the names that stand in one leaf or one formula together."""
        book = self.rulebook
        owners: tuple[Owner, ...] = (*book.findings, *book.rules, *book.consequences)
        for owner in owners:
            if isinstance(owner, Finding) and not owner.statements:
                yield [name.id for name in names_in_finding(owner)]
            for statement in _statements(owner):
                for leaf in statement.leaves:
                    if isinstance(leaf, Comparison):
                        sides = (leaf.left, leaf.right)
                        yield [n.id for side in sides for n in names_in_quantity(side)]

    def decimals(self, names: Iterator[str] | Sequence[str]) -> int:
        return max((self._decimals.get(name, 0) for name in names), default=0)

    def of_leaf(self, leaf: Comparison) -> int:
        names = [n.id for side in (leaf.left, leaf.right) for n in names_in_quantity(side)]
        return self.decimals(names)

    def of_parameter(self, parameter: Parameter, value: Exact) -> Exact:
        places = self._of_parameters.get(parameter.id, 0)
        return _unit(max(places, decimal_places(value) or 0))


def _unit(decimals: int) -> Exact:
    return whole_if_possible(Fraction(1, 10**decimals))


def _statements(owner: Owner) -> tuple[Statement, ...]:
    if isinstance(owner, Finding):
        return owner.statements
    return (owner.statement,) if owner.statement is not None else ()


# Parameters, findings, rules, consequences


def _of_parameter(parameter: Parameter, units: _Units) -> Iterator[Mutant]:
    for dated in parameter.values:
        unit = units.of_parameter(parameter, dated.value)
        for value in (dated.value - unit, dated.value + unit):
            yield Mutant(
                "threshold", "parameter", parameter.id, parameter.place,
                f"{parameter.id} from {dated.span.start}",
                f"{written(dated.value)} becomes {written(value)}",
                moved=Moved(parameter, dated, whole_if_possible(value)),
            )  # fmt: skip


def _of_finding(finding: Finding, units: _Units) -> Iterator[Mutant]:
    def made(how: How, where: str, change: str, new: Finding) -> Mutant:
        return Mutant(how, "finding", finding.id, finding.place, where, change, finding, new)

    if finding.when is not None:
        for how, where, change, condition in _of_condition(finding.when.condition, units):
            yield made(how, where, change, evolve(finding, when=_said(finding.when, condition)))
    elif finding.value is not None:
        decimals = units.decimals([name.id for name in names_in_quantity(finding.value.quantity)])
        for change, quantity in _numbers_moved(finding.value.quantity, decimals):
            formula = Formula(f"{finding.value.text} ({change})", quantity)
            new = evolve(finding, value=formula)
            yield made("threshold", finding.value.text, change, new)
    else:
        yield from _of_table(finding, units, made)


def _of_table(
    finding: Finding, units: _Units, made: Callable[[How, str, str, Finding], Mutant]
) -> Iterator[Mutant]:
    """A cut is one thing wherever it stands in a table: the reader refuses gaps and overlaps."""
    table = finding.table
    assert table is not None, "a finding is a condition, a value or a table"
    for how, where, change, mend in _cuts(finding.statements, units):
        rows = tuple(
            Row(_said(row.when, _each_leaf(row.when.condition, mend)), row.value)
            for row in table.rows
        )
        yield made(how, where, change, evolve(finding, table=evolve(table, rows=rows)))
    for place, row in enumerate(table.rows):
        for change, value in _values_moved(row.value, finding):
            rows = (*table.rows[:place], Row(row.when, value), *table.rows[place + 1 :])
            new = evolve(finding, table=evolve(table, rows=rows))
            yield made("value", row.when.text, change, new)
    if table.otherwise is not None:
        for change, value in _values_moved(table.otherwise, finding):
            new = evolve(finding, table=evolve(table, otherwise=value))
            yield made("value", "otherwise", change, new)


def _of_rule(rule: Rule, rulebook: Rulebook, units: _Units) -> Iterator[Mutant]:
    def made(how: How, where: str, change: str, new: Rule | None) -> Mutant:
        return Mutant(how, "rule", rule.id, rule.place, where, change, rule, new)

    for how, where, change, condition in _of_condition(rule.statement.condition, units):
        yield made(how, where, change, evolve(rule, statement=_said(rule.statement, condition)))
    yield made("dropped", rule.id, "the rule is gone", None)
    words = ("unless", "when") if rule.negated else ("when", "unless")
    swapped = evolve(rule, negated=not rule.negated)
    yield made("when_unless", rule.statement.text, f"{words[0]} becomes {words[1]}", swapped)
    if rule.outcome == REFER:
        return
    scale = [outcome.id for outcome in rulebook.outcomes]
    severity = scale.index(rule.outcome)
    for place in (severity - 1, severity + 1):
        if 1 <= place < len(scale):
            outcome = scale[place]
            is_harshest, holds_back = place == len(scale) - 1, rule.if_unknown == "hold_back"
            if_unknown: IfUnknown = "refer" if is_harshest and holds_back else rule.if_unknown
            new = evolve(rule, outcome=outcome, if_unknown=if_unknown)
            yield made("outcome", rule.id, f"{rule.outcome} becomes {outcome}", new)
    for other in FOR_HARSHEST if severity == len(scale) - 1 else FOR_OTHERS:
        if other != rule.if_unknown:
            new = evolve(rule, if_unknown=other)
            yield made("if_unknown", rule.id, f"{rule.if_unknown} becomes {other}", new)


def _of_consequence(item: Consequence, units: _Units) -> Iterator[Mutant]:
    if item.statement is None:
        return
    for how, where, change, condition in _of_condition(item.statement.condition, units):
        new = evolve(item, statement=_said(item.statement, condition))
        yield Mutant(how, "consequence", item.id, item.place, where, change, item, new)


def _said(statement: Statement, condition: Condition) -> Statement:
    """Return the mutated condition; it is called as it was, since its text was not written anew."""
    return Statement(statement.text, condition)


# Conditions

Changed = tuple[How, str, str, Condition]
"""How a condition is changed, where, what becomes what, and what it is then."""


def _of_condition(condition: Condition, units: _Units) -> Iterator[Changed]:
    if isinstance(condition, Not):
        for how, where, change, inner in _of_condition(condition.condition, units):
            yield how, where, change, Not(inner)
    elif isinstance(condition, And | Or):
        for how, where, change, parts in _of_parts(condition.conditions, units):
            one_left = len(parts) == 1
            yield how, where, change, parts[0] if one_left else evolve(condition, conditions=parts)
    elif isinstance(condition, Count):
        for how, where, change, parts in _of_parts(condition.conditions, units):
            yield how, where, change, evolve(condition, conditions=parts)
        yield from _of_strictness(condition)
        for change, right in _numbers_moved(condition.right, 0):
            yield "threshold", condition.text, change, evolve(condition, right=right)
    else:
        yield from _of_leaf(condition, units)


def _of_parts(
    parts: tuple[Condition, ...], units: _Units
) -> Iterator[tuple[How, str, str, tuple[Condition, ...]]]:
    for place, part in enumerate(parts):
        before, after = parts[:place], parts[place + 1 :]
        for how, where, change, new in _of_condition(part, units):
            yield how, where, change, (*before, new, *after)
        if len(parts) > 1:
            yield "dropped", _text_of(part), "this is gone", (*before, *after)


def _of_leaf(leaf: Leaf, units: _Units) -> Iterator[Changed]:
    if isinstance(leaf, Comparison | CategoryComparison):
        yield from _of_strictness(leaf)
    if isinstance(leaf, Comparison):
        decimals = units.of_leaf(leaf)
        for change, left in _numbers_moved(leaf.left, decimals):
            yield "threshold", leaf.text, change, evolve(leaf, left=left)
        for change, right in _numbers_moved(leaf.right, decimals):
            yield "threshold", leaf.text, change, evolve(leaf, right=right)
    elif isinstance(leaf, CategoryComparison):
        for change, value in _neighbours(leaf.value, units.rulebook.categories(leaf.name)):
            yield "threshold", leaf.text, change, evolve(leaf, value=value)
    elif isinstance(leaf, Membership) and len(leaf.values) > 1:
        every: tuple[Any, ...] = leaf.values  # all texts, or all numbers
        for place, value in enumerate(every):
            values = (*every[:place], *every[place + 1 :])
            said = value if isinstance(value, str) else written(value)
            yield "dropped", leaf.text, f"{said} is gone", evolve(leaf, values=values)


def _of_strictness(leaf: Comparison | CategoryComparison | Count) -> Iterator[Changed]:
    other = STRICTNESS.get(leaf.operator)
    if other is not None:
        new = evolve(leaf, operator=other)
        yield "strictness", leaf.text, f"{leaf.operator} becomes {other}", new


def _text_of(condition: Condition) -> str:
    if isinstance(condition, Not):
        return f"not {_text_of(condition.condition)}"
    if isinstance(condition, And | Or):
        word = " and " if isinstance(condition, And) else " or "
        return f"({word.join(map(_text_of, condition.conditions))})"
    return condition.text


# Tables


def _cuts(
    statements: tuple[Statement, ...], units: _Units
) -> Iterator[tuple[How, str, str, Callable[[Leaf], Leaf]]]:
    """Yield what may become of each cut of a table, with what changes it wherever it stands."""
    seen: list[object] = []
    for statement in statements:
        for leaf in statement.leaves:
            cut = _cut_of(leaf)
            if cut is None or cut in seen:
                continue
            seen.append(cut)
            for how, where, change, new in _of_leaf(leaf, units):
                assert isinstance(leaf, Comparison | CategoryComparison), "only these are cuts"
                assert isinstance(new, Comparison | CategoryComparison), "and stay what they are"
                yield how, where, change, _mending(cut, leaf, new)


def _cut_of(leaf: Leaf) -> object:
    """Return what leaves that part values at one place have in common; None for another leaf."""
    if isinstance(leaf, Comparison):
        return frozenset((leaf.left, leaf.right))
    return (leaf.name, leaf.value) if isinstance(leaf, CategoryComparison) else None


def _mending(
    cut: object,
    old: Comparison | CategoryComparison,
    new: Comparison | CategoryComparison,
) -> Callable[[Leaf], Leaf]:
    """Return what does to each leaf of the *cut* what made *new* of *old*."""

    def mended(leaf: Leaf) -> Leaf:
        if not isinstance(leaf, Comparison | CategoryComparison) or _cut_of(leaf) != cut:
            return leaf
        if new.operator != old.operator:
            return evolve(leaf, operator=STRICTNESS.get(leaf.operator, leaf.operator))
        if isinstance(leaf, CategoryComparison):
            assert isinstance(new, CategoryComparison), "one cut is of one kind"
            return evolve(leaf, value=new.value)
        assert isinstance(old, Comparison), "one cut is of one kind"
        assert isinstance(new, Comparison), "one cut is of one kind"
        sides = {old.left: new.left, old.right: new.right}
        return evolve(leaf, left=sides[leaf.left], right=sides[leaf.right])

    return mended


def _each_leaf(condition: Condition, mend: Callable[[Leaf], Leaf]) -> Condition:
    if isinstance(condition, Not):
        return Not(_each_leaf(condition.condition, mend))
    if isinstance(condition, And | Or | Count):
        parts = tuple(_each_leaf(part, mend) for part in condition.conditions)
        return evolve(condition, conditions=parts)
    return mend(condition)


def _values_moved(value: Formula | str, finding: Finding) -> Iterator[tuple[str, Formula | str]]:
    if isinstance(value, str):
        yield from _neighbours(value, finding.values)
        return
    for change, quantity in _numbers_moved(value.quantity, 0):
        yield change, Formula(f"{value.text} ({change})", quantity)


def _neighbours(value: str, order: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if value not in order:
        return
    place = order.index(value)
    for other in (place - 1, place + 1):
        if 0 <= other < len(order):
            yield f"{value} becomes {order[other]}", order[other]


# Numbers


def _numbers_moved(
    quantity: Quantity, decimals: int, *, factor: bool = False
) -> Iterator[tuple[str, Quantity]]:
    """Yield *quantity* with one of its literals moved by one unit, either way.

    Args:
        quantity: with its literals.
        decimals: of what it is compared with; a factor is moved in its own last place.
        factor: whether it multiplies, divides or weighs: then it stays above 0.
    """
    if isinstance(quantity, Number):
        own = decimal_places(quantity.value) or 0
        unit = _unit(own if factor else max(own, decimals))
        for value in (quantity.value - unit, quantity.value + unit):
            if value > 0 or not factor:
                yield (
                    f"{written(quantity.value)} becomes {written(value)}",
                    Number(whole_if_possible(value)),
                )
    elif isinstance(quantity, Aggregate):
        yield from _of_aggregate(quantity, decimals)
    elif isinstance(quantity, Sum | Product | Quotient):
        for part, is_factor in _PARTS[type(quantity)]:
            inner: Quantity = getattr(quantity, part)
            for change, new in _numbers_moved(inner, decimals, factor=factor or is_factor):
                made: Quantity = evolve(cast("Any", quantity), **{part: new})
                yield change, made


_PARTS: Mapping[type, tuple[tuple[str, bool], ...]] = {
    Sum: (("left", False), ("right", False)),
    Product: (("factor", True), ("operand", False)),
    Quotient: (("operand", False), ("divisor", True)),
}
"""The parts of a quantity, each with whether it multiplies or divides."""


def _of_aggregate(quantity: Aggregate, decimals: int) -> Iterator[tuple[str, Quantity]]:
    for place, operand in enumerate(quantity.operands):
        before, after = quantity.operands[:place], quantity.operands[place + 1 :]
        for change, new in _numbers_moved(operand, decimals):
            yield change, evolve(quantity, operands=(*before, new, *after))
    for place, weight in enumerate(quantity.weights):
        before, after = quantity.weights[:place], quantity.weights[place + 1 :]
        for change, new in _numbers_moved(weight, 0, factor=True):
            yield (
                f"weight {place + 1}: {change}",
                evolve(quantity, weights=(*before, new, *after)),
            )
