"""How a rulebook as it holds on a day becomes a program, of which nothing else need be known."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from oversight_engine.model.expression import (
    MIRRORED,
    Aggregate,
    And,
    CategoryComparison,
    Comparison,
    Condition,
    Count,
    DaysSince,
    Formula,
    Holds,
    Known,
    Leaf,
    Membership,
    Name,
    Not,
    Number,
    Operator,
    Or,
    Product,
    Quantity,
    Quotient,
    Statement,
)
from oversight_engine.model.in_force import InForce
from oversight_engine.model.number import Exact, rounded, whole_if_possible
from oversight_engine.model.rulebook import Finding, RoundingTo, Table
from oversight_engine.program import (
    AggregateTerm,
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    Intervals,
    KnownTerm,
    LinearSum,
    Node,
    Program,
    Proposition,
    RuleEntry,
    TableTerm,
    Tally,
    Term,
    complement,
    interval_of,
)


def compile_program(in_force: InForce) -> Program:
    """Return what is *in_force* as a program."""
    return _Compiler(in_force).program()


# How it is made

_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class _Sum(NamedTuple):
    """A sum while it is being made: exact multiples of terms and a constant."""

    multiples: dict[int, Exact]
    constant: Exact

    def times(self, factor: Exact) -> _Sum:
        return _Sum({t: m * factor for t, m in self.multiples.items()}, self.constant * factor)

    def plus(self, other: _Sum) -> _Sum:
        multiples = dict(self.multiples)
        for term, multiple in other.multiples.items():
            multiples[term] = multiples.get(term, 0) + multiple
        return _Sum(multiples, self.constant + other.constant)

    def denominators(self) -> Iterable[int]:
        yield self.constant.denominator
        for multiple in self.multiples.values():
            yield multiple.denominator

    def over(self, divisor: int, constant: Exact | None = None) -> LinearSum:
        """Return it with this divisor, which makes everything whole."""
        return LinearSum(
            tuple(sorted((t, int(m * divisor)) for t, m in self.multiples.items())),
            int(self.constant * divisor) if constant is None else int(constant),
            divisor,
        )


class _Compiler:
    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self.rulebook = in_force.rulebook
        self.terms: list[Term] = []
        self._places: dict[Hashable, int] = {}  # of terms
        self._quantities: dict[LinearSum, int] = {}
        self._nodes: dict[Node, int] = {}
        self.nodes: list[Node] = []
        self.conditions: dict[str, Proposition] = {}
        self.values: dict[str, int] = {}
        self.leaves: list[Proposition] = []

    def program(self) -> Program:
        for finding in self.in_force.findings:
            self.conclude(finding)
        rules = []
        for rule in self.in_force.rules:
            truth = self.state(rule.statement)
            truth = ~truth if rule.negated else truth
            rules.append(RuleEntry(rule.id, truth, rule.outcome, rule.if_unknown))
        consequences: list[tuple[str, Proposition | None]] = []
        for item in self.in_force.consequences:
            condition = self.state(item.statement) if item.statement is not None else None
            consequences.append((item.id, condition))
        return Program(
            outcomes=tuple(outcome.id for outcome in self.rulebook.outcomes),
            terms=tuple(self.terms),
            quantities=tuple(self._quantities),
            nodes=tuple(self.nodes),
            conditions=tuple(self.conditions.items()),
            values=tuple(self.values.items()),
            rules=tuple(rules),
            consequences=tuple(consequences),
            leaves=tuple(self.leaves),
            stages=1 + max((part.stage for part in (*self.terms, *self.nodes)), default=0),
        )

    # Findings

    def conclude(self, finding: Finding) -> None:
        truths = [self.state(statement) for statement in finding.statements]
        if finding.when is not None:
            self.conditions[finding.id] = truths[0]
        elif finding.value is not None:
            self.values[finding.id] = self.formula_term(finding, finding.value)
        else:
            assert finding.table is not None, "a finding is a condition, a value or a table"
            self.values[finding.id] = self.table_term(finding, finding.table, truths)

    def formula_term(self, finding: Finding, formula: Formula) -> int:
        value = self.sum_of(formula.quantity)
        divisor = math.lcm(*value.denominators())
        scale: int | None = divisor if self.is_whole(value) else None
        if finding.rounded is not None:
            scale = 10**finding.rounded.decimals
        steps = self.in_force.steps.get(finding.id)
        if steps is not None:
            scale = math.lcm(*(score.denominator for score in steps.scores))
        term = FormulaTerm(
            finding.id, value.over(divisor), finding.rounded, scale, self.stage_of(value), steps
        )
        return self.term(finding.id, term)

    def table_term(self, finding: Finding, table: Table, truths: list[Proposition]) -> int:
        given = [row.value for row in table.rows]
        if table.otherwise is not None:
            given.append(table.otherwise)
        codes = _codes(finding.values, finding.outside_order) if finding.values else None
        scale = 1
        values: list[int] = []
        if codes is not None:
            values = [codes[value] for value in given if isinstance(value, str)]
        else:
            numbers = [self.row_number(f, finding.rounded) for f in given if isinstance(f, Formula)]
            scale = math.lcm(*(number.denominator for number in numbers))
            values = [int(number * scale) for number in numbers]
        assert len(values) == len(given), "a table gives numbers or categories, not both"
        term = TableTerm(
            finding=finding.id,
            rows=tuple(zip(truths, values, strict=False)),
            otherwise=values[-1] if table.otherwise is not None else None,
            scale=scale,
            codes=codes,
            stage=self.stage_after(truths),
        )
        return self.term(finding.id, term)

    def row_number(self, formula: Formula, to: RoundingTo | None) -> Exact:
        number = self.constant(formula.quantity)
        return rounded(number, to.decimals, to.mode) if to is not None else number

    # Conditions

    def state(self, statement: Statement) -> Proposition:
        """Return what *statement* says, noting its leaves."""
        return self.every(self.conjuncts(statement.condition))

    def conjuncts(self, condition: Condition, *, denied: bool = False) -> list[Proposition]:
        """Return what must hold together for *condition* to be true (or false, where denied)."""
        if isinstance(condition, Not):
            return self.conjuncts(condition.condition, denied=not denied)
        if isinstance(condition, And | Or):
            # `a or b` is `not (not a and not b)`, so its parts are looked at denied.
            disjunction = isinstance(condition, Or)
            parts: list[Proposition] = []
            for part in condition.conditions:
                parts += self.conjuncts(part, denied=disjunction)
            return parts if disjunction == denied else [~self.every(parts)]
        place = len(self.leaves)
        said = self.leaf(condition)
        self.leaves.insert(place, said)  # a count stands before the leaves it counts
        return [~said if denied else said]

    def every(self, propositions: Iterable[Proposition]) -> Proposition:
        distinct = tuple(sorted(set(propositions)))
        if len(distinct) == 1:
            return distinct[0]
        return self.node(AllOf(distinct, max(map(self.stage_to_join, distinct))))

    def leaf(self, leaf: Leaf) -> Proposition:
        if isinstance(leaf, Comparison):
            left, right = self.sum_of(leaf.left), self.sum_of(leaf.right)
            return self.comparison(left.plus(right.times(-1)), leaf.operator)
        if isinstance(leaf, Holds):
            if leaf.name.referent == "finding":
                return self.conditions[leaf.name.id]
            return self.test_of_term(self.fact_term(leaf.name.id), ((1, None),))
        if isinstance(leaf, Known):
            return self.known(leaf.name)
        if isinstance(leaf, Count):
            of = [self.every(self.conjuncts(part)) for part in leaf.conditions]
            wanted = self.constant(leaf.right)
            numbers = [n for n in range(len(of) + 1) if _HOLDS[leaf.operator](n, wanted)]
            return self.tally(tuple(of), _runs(numbers, 0, len(of)))
        if isinstance(leaf, Membership):
            said = self.membership(leaf)
            return ~said if leaf.negated else said
        return self.category_comparison(leaf)

    def membership(self, leaf: Membership) -> Proposition:
        texts = [value for value in leaf.values if isinstance(value, str)]
        if texts:
            codes = self.codes_of(leaf.name)
            return self.test_of_codes(leaf.name, [codes[text] for text in texts])
        left = self.sum_of(leaf.name)
        numbers = [value for value in leaf.values if not isinstance(value, str)]
        return ~self.every(
            [~self.comparison(left.plus(_Sum({}, -number)), "==") for number in numbers]
        )

    def category_comparison(self, leaf: CategoryComparison) -> Proposition:
        codes = self.codes_of(leaf.name)
        holds, wanted = _HOLDS[leaf.operator], codes[leaf.value]
        # What lies outside the order has a negative code, and is on no side of anything.
        inside = [code for code in codes.values() if code >= 0 and holds(code, wanted)]
        return self.test_of_codes(leaf.name, inside)

    def known(self, name: Name) -> Proposition:
        if name.referent == "parameter":
            return self.in_range(LinearSum(()), ((None, None),), 0)
        if name.id in self.conditions:
            proposition = self.conditions[name.id]
            term = KnownTerm(None, proposition, self.stage_after((proposition,)))
        else:
            of = self.place_of(name)
            term = KnownTerm(of, None, self.terms[of].stage)
        return self.test_of_term(self.term(("known", name.id), term), ((1, None),))

    def comparison(self, difference: _Sum, symbol: Operator) -> Proposition:
        """Return the test that *difference* stands in that relation to 0."""
        stage = self.stage_of(difference)
        if not self.is_whole(difference):
            # Multiplied by a positive number, and so of the same sign.
            quantity = difference.over(math.lcm(*difference.denominators()))
            return self.in_range(_undivided(quantity), _solutions(symbol, 0), stage)
        divisor = math.lcm(*(multiple.denominator for multiple in difference.multiples.values()))
        multiples = difference.over(divisor, constant=0).multiples
        # The same quantity has one form, however it is written: the least whole multiples, of
        # which the first is positive.
        common = math.gcd(*(multiple for _, multiple in multiples)) or 1
        if next((multiple for _, multiple in multiples if multiple), 1) < 0:
            common, symbol = -common, MIRRORED[symbol]
        quantity = LinearSum(tuple((term, multiple // common) for term, multiple in multiples))
        bound = Fraction(-difference.constant * divisor) / common
        return self.in_range(quantity, _solutions(symbol, bound), stage)

    def test_of_codes(self, name: Name, codes: Iterable[int]) -> Proposition:
        every = self.codes_of(name).values()
        return self.test_of_term(self.place_of(name), _runs(codes, min(every), max(every)))

    def test_of_term(self, term: int, within: Intervals) -> Proposition:
        return self.in_range(LinearSum(((term, 1),)), within, self.terms[term].stage)

    def in_range(self, quantity: LinearSum, within: Intervals, stage: int) -> Proposition:
        # Of a test and its opposite one is kept: the one that no very small number passes.
        if within and within[0][0] is None:
            return ~self.in_range(quantity, complement(within), stage)
        place = self._quantities.setdefault(quantity, len(self._quantities))
        return self.node(InRange(place, within, stage))

    def tally(self, of: tuple[Proposition, ...], within: Intervals) -> Proposition:
        if within and within[0][0] is None:
            return ~self.tally(of, complement(within))
        return self.node(Tally(of, within, self.stage_after(of)))

    # Quantities

    def sum_of(self, quantity: Quantity) -> _Sum:
        """Return *quantity* as a sum of terms."""
        if isinstance(quantity, Number):
            return _Sum({}, quantity.value)
        if isinstance(quantity, Name):
            if quantity.referent == "parameter":
                return _Sum({}, self.in_force.parameters[quantity.id].value)
            return self.sum_of_term(self.place_of(quantity))
        if isinstance(quantity, DaysSince):
            return self.sum_of_term(self.fact_term(quantity.fact))
        if isinstance(quantity, Aggregate):
            return self.sum_of_term(self.aggregate_term(quantity))
        if isinstance(quantity, Product):
            return self.sum_of(quantity.operand).times(self.constant(quantity.factor))
        if isinstance(quantity, Quotient):
            divisor = self.constant(quantity.divisor)
            return self.sum_of(quantity.operand).times(whole_if_possible(Fraction(1) / divisor))
        left, right = self.sum_of(quantity.left), self.sum_of(quantity.right)
        return left.plus(right.times(-1) if quantity.minus else right)

    def sum_of_term(self, term: int) -> _Sum:
        scale = self.terms[term].scale
        return _Sum({term: 1 if scale in (1, None) else Fraction(1, scale)}, 0)

    def constant(self, quantity: Quantity) -> Exact:
        value = self.sum_of(quantity)
        assert not value.multiples, "a factor, a divisor, a weight, a row's value are constants"
        return value.constant

    def aggregate_term(self, aggregate: Aggregate) -> int:
        operands = [self.sum_of(operand) for operand in aggregate.operands]
        divisor = math.lcm(*(d for operand in operands for d in operand.denominators()))
        weights = [self.constant(weight) for weight in aggregate.weights] or [1] * len(operands)
        common = math.lcm(*(weight.denominator for weight in weights))
        whole = aggregate.function != "mean_known" and all(map(self.is_whole, operands))
        term = AggregateTerm(
            function=aggregate.function,
            operands=tuple(operand.over(divisor) for operand in operands),
            weights=tuple(int(weight * common) for weight in weights),
            scale=divisor if whole else None,
            stage=max(map(self.stage_of, operands)),
        )
        return self.term(term, term)

    # Places

    def place_of(self, name: Name) -> int:
        """Return the place of the term that *name* refers to."""
        if name.referent == "fact":
            return self.fact_term(name.id)
        return self.values[name.id]

    def fact_term(self, fact_id: str) -> int:
        fact = self.rulebook.fact(fact_id)
        codes = _codes(fact.values, fact.outside_order) if fact.type == "category" else None
        scale = 10**fact.decimals if fact.type == "number" else 1
        return self.term(fact_id, FactTerm(fact_id, fact.type, scale, codes))

    def term(self, key: Hashable, term: Term) -> int:
        place = self._places.setdefault(key, len(self.terms))
        if place == len(self.terms):
            self.terms.append(term)
        return place

    def node(self, node: Node) -> Proposition:
        place = self._nodes.setdefault(node, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(node)
        return place

    def codes_of(self, name: Name) -> Mapping[str, int]:
        term = self.terms[self.place_of(name)]
        assert isinstance(term, FactTerm | TableTerm), f"{name.id} is no category"
        assert term.codes is not None, f"{name.id} is no category"
        return term.codes

    def is_whole(self, value: _Sum) -> bool:
        return all(self.terms[term].scale is not None for term in value.multiples)

    def stage_of(self, value: _Sum) -> int:
        return max((self.terms[term].stage for term in value.multiples), default=0)

    def stage_to_join(self, said: Proposition) -> int:
        """Return the first stage in which a conjunction can read the proposition."""
        node = self.nodes[max(said, ~said)]
        return node.stage if interval_of(node, denied=said < 0) else node.stage + 1

    def stage_after(self, propositions: Iterable[Proposition]) -> int:
        """Return the first stage that can read *propositions*."""
        return 1 + max(self.nodes[max(said, ~said)].stage for said in propositions)


def _codes(values: tuple[str, ...], outside_order: tuple[str, ...]) -> dict[str, int]:
    outside = {value: -1 - place for place, value in enumerate(outside_order)}
    return outside | {value: place for place, value in enumerate(values)}


def _undivided(quantity: LinearSum) -> LinearSum:
    return LinearSum(quantity.multiples, quantity.constant)


def _solutions(symbol: Operator, bound: Exact) -> Intervals:
    """Return the whole numbers that stand in that relation to *bound*."""
    down, up = math.floor(bound), math.ceil(bound)
    if symbol == "<":
        return ((None, up - 1),)
    if symbol == "<=":
        return ((None, down),)
    if symbol == ">":
        return ((down + 1, None),)
    if symbol == ">=":
        return ((up, None),)
    if down != up:  # no whole number equals it
        return () if symbol == "==" else ((None, None),)
    return ((down, down),) if symbol == "==" else ((None, down - 1), (down + 1, None))


def _runs(numbers: Iterable[int], least: int, most: int) -> Intervals:
    """Return *numbers* between *least* and *most* as intervals, open where nothing lies beyond."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return tuple(
        (None if start == least else start, None if end == most else end) for start, end in runs
    )
