"""Many cases at once, column by column: what a program says of each, exactly.

A number is a whole one or a fraction of two, in 64 bits or fewer; a truth is two masks, one of the
cases in which it is true and one of those in which it is false. What could leave 64 bits is refused
before it is computed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from oversight_engine.analysis.vectors import (
    Array,
    Numbers,
    Truths,
    added,
    any_of,
    every_of,
    extreme,
    largest,
    lying_in,
    narrowest,
    refuse_beyond,
    rounded_off,
    sign_of,
    times,
    zero_where_unknown,
)
from oversight_engine.compiler import compile_program
from oversight_engine.model.case import Value
from oversight_engine.model.in_force import InForce
from oversight_engine.model.number import Exact, rounded
from oversight_engine.model.rulebook import REFER
from oversight_engine.model.whole import whole_of
from oversight_engine.program import (
    AggregateTerm,
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    KnownTerm,
    LinearSum,
    Node,
    Program,
    Proposition,
    RuleEntry,
    TableTerm,
    Tally,
    Term,
)


class Columns(NamedTuple):
    """The facts of many cases on one day, as terms of a program are: whole numbers.

    Attributes:
        size: how many cases there are.
        values: by fact, the number of each case; anything where it is unknown.
        known: by fact, where it is known; a fact that is not there is unknown in all.
        bounds: by fact, a number that none of its values is further from 0 than.
    """

    size: int
    values: Mapping[str, Array]
    known: Mapping[str, Array]
    bounds: Mapping[str, int]

    def chunk(self, start: int, end: int) -> Columns:
        """Return the cases from *start* to before *end*."""
        return Columns(
            min(end, self.size) - start,
            {fact: column[start:end] for fact, column in self.values.items()},
            {fact: column[start:end] for fact, column in self.known.items()},
            self.bounds,
        )


def columns_of(
    in_force: InForce, known: Sequence[Mapping[str, Value]], day: datetime.date
) -> Columns:
    """Return the *known* facts of cases that are decided on *day*, column by column."""
    program = compile_program(in_force)
    values, masks, bounds = {}, {}, {}
    for term in program.terms:
        if isinstance(term, FactTerm):
            fact = in_force.rulebook.fact(term.fact)
            stated = [case.get(fact.id) for case in known]
            numbers = [0 if v is None else whole_of(fact, v, day) for v in stated]
            bounds[term.fact] = max(map(abs, numbers), default=0)
            refuse_beyond(bounds[term.fact], f"the fact {term.fact}")
            values[term.fact] = np.array(numbers, dtype=narrowest(bounds[term.fact]))
            masks[term.fact] = np.array([value is not None for value in stated], dtype=bool)
    return Columns(len(known), values, masks, bounds)


# A program over columns


class ColumnEvaluator:
    """Computes what a program says of many cases at once."""

    def __init__(self, program: Program) -> None:
        """Make ready for *program*."""
        self.program = program
        # Terms and nodes in an order in which none reads what comes after it.
        order = [("term", place, term.stage, 0) for place, term in enumerate(program.terms)]
        order += [("node", place, node.stage, 1) for place, node in enumerate(program.nodes)]
        rank = {"term": 0, "node": 1}
        order.sort(key=lambda each: (each[2], rank[each[0]], each[1]))
        self.order = [(kind, place) for kind, place, _, _ in order]

    def touched_by(self, facts: Iterable[str]) -> frozenset[tuple[str, int]]:
        """Return the terms and nodes that rest on any of these *facts*."""
        wanted, touched = set(facts), set[tuple[str, int]]()
        for item in self.order:
            kind, place = item
            if kind == "term":
                term = self.program.terms[place]
                is_fact = isinstance(term, FactTerm) and term.fact in wanted
                if is_fact or not touched.isdisjoint(_read_by_term(term)):
                    touched.add(item)
            elif not touched.isdisjoint(self._read_by_node(self.program.nodes[place])):
                touched.add(item)
        return frozenset(touched)

    def needed_by(
        self, values: Iterable[str], conditions: Iterable[str]
    ) -> frozenset[tuple[str, int]]:
        """Return the terms and nodes that rules rest on, or any finding of these ids."""
        program = self.program
        places, nodes = dict(program.values), dict(program.conditions)
        waiting = [_node_of(rule) for rule in program.rules]
        waiting += [("term", places[name]) for name in values]
        waiting += [("node", max(nodes[name], ~nodes[name])) for name in conditions]
        needed: set[tuple[str, int]] = set()
        while waiting:
            item = waiting.pop()
            if item not in needed:
                needed.add(item)
                kind, place = item
                waiting += (
                    _read_by_term(program.terms[place])
                    if kind == "term"
                    else self._read_by_node(program.nodes[place])
                )
        return frozenset(needed)

    def _read_by_node(self, node: Node) -> set[tuple[str, int]]:
        if isinstance(node, InRange):
            return {("term", t) for t, _ in self.program.quantities[node.quantity].multiples}
        return {("node", max(p, ~p)) for p in node.of}

    def evaluate(
        self,
        columns: Columns,
        before: Pass | None = None,
        again: frozenset[tuple[str, int]] | None = None,
    ) -> Pass:
        """Return what everything comes to in the cases of *columns*.

        Args:
            columns: the cases.
            before: a pass of which all is kept but what stands in *again*.
            again: what is to be computed anew; None for everything.
        """
        terms = dict(before.terms) if before is not None else {}
        nodes = dict(before.nodes) if before is not None else {}
        made = Pass(self.program, columns, terms, nodes)
        for item in self.order:
            if again is None or item in again:
                kind, place = item
                if kind == "term":
                    terms[place] = made.term(self.program.terms[place])
                else:
                    nodes[place] = made.node(self.program.nodes[place])
        return made


def _read_by_term(term: Term) -> set[tuple[str, int]]:
    if isinstance(term, KnownTerm):
        if term.term is not None:
            return {("term", term.term)}
        assert term.proposition is not None, "what may be known is a term or a truth"
        return {("node", max(term.proposition, ~term.proposition))}
    if isinstance(term, AggregateTerm):
        return {("term", t) for operand in term.operands for t, _ in operand.multiples}
    if isinstance(term, FormulaTerm):
        return {("term", t) for t, _ in term.formula.multiples}
    if isinstance(term, TableTerm):
        return {("node", max(row, ~row)) for row, _ in term.rows}
    return set()


class Pass:
    """What a program comes to in some cases."""

    def __init__(
        self,
        program: Program,
        columns: Columns,
        terms: dict[int, Numbers],
        nodes: dict[int, Truths],
    ) -> None:
        """Begin with what is there."""
        self.program = program
        self.columns = columns
        self.terms = terms
        self.nodes = nodes

    def truths(self, proposition: Proposition) -> Truths:
        """Return the truth of *proposition*."""
        if proposition >= 0:
            return self.nodes[proposition]
        denied = self.nodes[~proposition]
        return Truths(denied.false, denied.true)

    # Terms

    def term(self, term: Term) -> Numbers:
        """Return the numbers of *term*."""
        if isinstance(term, FactTerm):
            return self._fact(term.fact)
        if isinstance(term, KnownTerm):
            return self._whether_known(term)
        if isinstance(term, AggregateTerm):
            return self._aggregate(term)
        return self._formula(term) if isinstance(term, FormulaTerm) else self._table(term)

    def _fact(self, fact: str) -> Numbers:
        size = self.columns.size
        if fact not in self.columns.values:
            zeros = np.zeros(size, dtype=np.int8)
            return Numbers(zeros, 1, np.zeros(size, dtype=bool), 0)
        return Numbers(
            self.columns.values[fact], 1, self.columns.known[fact], self.columns.bounds[fact]
        )

    def _whether_known(self, term: KnownTerm) -> Numbers:
        if term.term is not None:
            known = self.terms[term.term].known
        else:
            assert term.proposition is not None, "what may be known is a term or a truth"
            truths = self.truths(term.proposition)
            known = truths.true | truths.false
        return Numbers(known.astype(np.int8), 1, np.ones(self.columns.size, dtype=bool), 1)

    def _aggregate(self, term: AggregateTerm) -> Numbers:
        parts = [self.total(operand) for operand in term.operands]
        divisor = term.operands[0].divisor
        known = any_of([part.known for part in parts])
        if term.function == "mean_known":
            found = self._mean(parts, term.weights, divisor)
        elif term.function == "sum_known":
            found = added([zero_where_unknown(part) for part in parts])
            found = self._divided(found, divisor)
        else:
            found = self._divided(extreme(parts, least=term.function == "min_known"), divisor)
        return self._scaled(found._replace(known=known), term.scale)

    def _mean(self, parts: Sequence[Numbers], weights: Sequence[int], divisor: int) -> Numbers:
        weighed = [
            times(zero_where_unknown(part), weight)
            for part, weight in zip(parts, weights, strict=True)
        ]
        total = added(weighed)
        together = sum(weights)
        under = total.under * together * divisor
        refuse_beyond(under, "the weight of a mean")
        weight = np.zeros(self.columns.size, dtype=np.int64)
        for part, each in zip(parts, weights, strict=True):
            weight += part.known * each
        weight[weight == 0] = 1  # there the mean is unknown, and nothing is divided by 0
        return Numbers(
            total.numerator, total.denominator * weight * divisor, total.known, total.bound, under
        )

    def _formula(self, term: FormulaTerm) -> Numbers:
        total = self._divided(self.total(term.formula), term.formula.divisor)
        if term.steps is not None:
            return self._by_value(total, term)
        if term.rounded is None:
            return self._scaled(total, term.scale)
        shift = 10**term.rounded.decimals
        assert term.scale == shift, "what is rounded is a whole number of its last place"
        return rounded_off(times(total, shift), term.rounded.mode)

    def _by_value(self, total: Numbers, term: FormulaTerm) -> Numbers:
        """Return scores by rank: every value there is is looked up once."""
        assert term.steps is not None, "only a ranked finding has steps"
        assert term.scale is not None, "scores have a common denominator"
        denominator = np.broadcast_to(np.asarray(total.denominator), total.numerator.shape)
        pairs, inverse = np.unique(
            np.stack([total.numerator, denominator]), axis=1, return_inverse=True
        )
        scores = []
        for above, below in pairs.T.tolist():
            score: Exact = term.steps.score(Fraction(above, below))
            if term.rounded is not None:
                score = rounded(score, term.rounded.decimals, term.rounded.mode)
            scores.append(int(score * term.scale))
        found = np.array(scores, dtype=np.int64)[inverse.reshape(-1)]
        return Numbers(found, 1, total.known, largest(found))

    def _table(self, term: TableTerm) -> Numbers:
        given = [value for _, value in term.rows]
        given += [] if term.otherwise is None else [term.otherwise]
        bound = max(map(abs, given))
        refuse_beyond(bound, "a row's value")
        numbers = np.zeros(self.columns.size, dtype=narrowest(bound))
        known = np.zeros(self.columns.size, dtype=bool)
        rest = np.ones(self.columns.size, dtype=bool)
        for row, value in reversed(term.rows):  # of several that are true the first is taken
            truths = self.truths(row)
            np.copyto(numbers, value, where=truths.true)
            known |= truths.true
            rest &= truths.false
        if term.otherwise is not None:
            np.copyto(numbers, term.otherwise, where=rest)
            known |= rest
        return Numbers(numbers, 1, known, bound)

    def _divided(self, numbers: Numbers, divisor: int) -> Numbers:
        if divisor == 1:
            return numbers
        refuse_beyond(numbers.under * divisor, "a divisor")
        return numbers._replace(
            denominator=numbers.denominator * divisor, under=numbers.under * divisor
        )

    def _scaled(self, numbers: Numbers, scale: int | None) -> Numbers:
        """Return *numbers* times a *scale* that makes them whole; as they are without one."""
        if scale is None:
            return numbers
        whole = times(numbers, scale)
        if isinstance(whole.denominator, int) and whole.denominator == 1:
            return whole
        return Numbers(whole.numerator // whole.denominator, 1, whole.known, whole.bound)

    def total(self, quantity: LinearSum) -> Numbers:
        """Return what the sum comes to, its divisor left aside."""
        parts = [times(self.terms[place], multiple) for place, multiple in quantity.multiples]
        if quantity.constant or not parts:
            size, bound = self.columns.size, abs(quantity.constant)
            refuse_beyond(bound, "a constant")
            constant = np.full(size, quantity.constant, dtype=np.int64)
            parts.append(Numbers(constant, 1, np.ones(size, dtype=bool), bound))
        return added(parts)._replace(known=every_of([part.known for part in parts]))

    # Nodes

    def node(self, node: Node) -> Truths:
        """Return the truth of *node*."""
        if isinstance(node, InRange):
            quantity = self.program.quantities[node.quantity]
            total = self.total(quantity)
            if any(self.program.terms[place].scale is None for place, _ in quantity.multiples):
                total = sign_of(total)  # of a fraction only that is asked for
            inside = lying_in(total, node.within)
            return Truths(inside & total.known, ~inside & total.known)
        parts = [self.truths(part) for part in node.of]
        if isinstance(node, AllOf):
            return Truths(
                every_of([part.true for part in parts]), any_of([part.false for part in parts])
            )
        return _tallied(node, parts, self.columns.size)


def _tallied(node: Tally, parts: Sequence[Truths], size: int) -> Truths:
    least, most = tally(parts, size)
    every = np.zeros(size, dtype=bool)
    some = np.zeros(size, dtype=bool)
    for first, last in node.within:
        low = least if first is None else np.maximum(least, first)
        high = most if last is None else np.minimum(most, last)
        some |= low <= high
        every |= (low == least) & (high == most)
    return Truths(every, ~some)


def tally(parts: Sequence[Truths], size: int) -> tuple[Array, Array]:
    """Return how many of *parts* hold at least, and at most, in each case."""
    least, false = np.zeros(size, dtype=np.int16), np.zeros(size, dtype=np.int16)
    for part in parts:
        least += part.true
        false += part.false
    return least, len(parts) - false


# Outcomes


class Combining:
    """Turns the truths of rules into outcomes, as `combining` does for one case.

    Rules that do not change from pass to pass are looked at once.
    """

    def __init__(self, program: Program, again: frozenset[tuple[str, int]]) -> None:
        """Make ready for passes in which only what stands in *again* may be another."""
        self._scale = {name: place for place, name in enumerate(program.outcomes)}
        self._rules = {
            changing: [r for r in program.rules if (_node_of(r) in again) == changing]
            for changing in (False, True)
        }
        self.referral = len(program.outcomes)

    def begin(self, made: Pass) -> _Acting:
        """Return what the rules that stay the same do."""
        zeros = np.zeros(made.columns.size, dtype=np.int8)
        nothing = np.zeros(made.columns.size, dtype=bool)
        return self._with(made, _Acting(zeros, zeros, nothing), changing=False)

    def outcomes(self, made: Pass, begun: _Acting) -> Array:
        """Return the outcome of each case, as its place on the scale; a referral is beyond it."""
        acting = self._with(made, begun, changing=True)
        harshest = np.int8(self.referral - 1)
        is_harshest = acting.held == harshest
        found = np.where(is_harshest, harshest, acting.acting)
        np.copyto(found, np.int8(self.referral), where=acting.refers & ~is_harshest)
        return found

    def _with(self, made: Pass, begun: _Acting, *, changing: bool) -> _Acting:
        held, acting, refers = begun.held.copy(), begun.acting.copy(), begun.refers
        for rule in self._rules[changing]:
            truths = made.truths(rule.proposition)
            if rule.outcome == REFER:
                refers = refers | ~truths.false
                continue
            severity = np.int8(self._scale[rule.outcome])
            np.maximum(held, truths.true * severity, out=held)
            holds = ~truths.false if rule.if_unknown == "hold_back" else truths.true
            np.maximum(acting, holds * severity, out=acting)
            if rule.if_unknown == "refer":
                refers = refers | ~(truths.true | truths.false)
        return _Acting(held, acting, refers)


class _Acting(NamedTuple):
    """The harshest outcome of true rules, of those that count as held, and what refers."""

    held: Array
    acting: Array
    refers: Array


def _node_of(rule: RuleEntry) -> tuple[str, int]:
    return "node", max(rule.proposition, ~rule.proposition)


def outcomes(program: Program, made: Pass) -> Array:
    """Return the outcome of each case, as its place on the scale; one beyond it is a referral."""
    combining = Combining(program, frozenset())
    return combining.outcomes(made, combining.begin(made))
