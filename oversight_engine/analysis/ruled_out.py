"""What the cells of two rulebooks rule out: that the second is ever lighter, say.

Both programs are put together, so that what they have in common is there once. A kind of
difference is ruled out where every rule of one rulebook that could make it has a rule of the other
that holds against it, cell by cell. That is enough, and not needed: what is not ruled out here may
still never happen.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from attrs import evolve

from oversight_engine.analysis.axes import cut_axes
from oversight_engine.analysis.cells import MOST_ENTRIES, Space
from oversight_engine.analysis.directions import Directions
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN
from oversight_engine.analysis.sides import Kind, Side, scale_of, union_of
from oversight_engine.analysis.tables import combined, size_of
from oversight_engine.model.rulebook import REFER
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
    Term,
)

Part = TypeVar("Part", Term, LinearSum, Node)

Holding = Callable[[RuleEntry, int], bool]
"""Whether a rule of that truth does something to the decision."""


def ruled_out(
    first: Side, second: Side, day: datetime.date, *, bound: int = MOST_ENTRIES
) -> frozenset[Kind]:
    """Return the kinds of difference that the cells rule out, of those there could be.

    Nothing is ruled out where the rulebooks declare a common fact otherwise, or have different
    outcomes.
    """
    if scale_of(first.rulebook) != scale_of(second.rulebook) or not _is_declared_alike(
        first, second
    ):
        return frozenset()
    both = _Both(first, second, day, bound)
    kinds: Mapping[Kind, bool] = {
        "lighter": both.covers(both.first, both.second),
        "harsher": both.covers(both.second, both.first),
        "referred": both.refers_too(both.second, both.first),
        "decided": both.refers_too(both.first, both.second),
    }
    return frozenset(kind for kind, is_ruled_out in kinds.items() if is_ruled_out)


def _is_declared_alike(first: Side, second: Side) -> bool:
    """Say whether each common fact has the same values, known under the same circumstances."""
    return all(
        (fact.scaled_range, fact.decimals, fact.values, fact.outside_order, fact.max_age)
        == (other.scaled_range, other.decimals, other.values, other.outside_order, other.max_age)
        and {*fact.accepts} == {*other.accepts}
        for fact in first.rulebook.facts
        if second.rulebook.has_fact(fact.id)
        for other in [second.rulebook.fact(fact.id)]
    )


class _Both:
    """Two programs as one, and its cells."""

    def __init__(self, first: Side, second: Side, day: datetime.date, bound: int) -> None:
        program, self.second = _together(first.program, second.program)
        self.first = first.program.rules
        self.scale = scale_of(first.rulebook)
        rulebook = union_of(first.rulebook, second.rulebook)
        in_force = evolve(first.in_force, rulebook=rulebook)
        directions = Directions(program)
        cut = cut_axes(program, directions, rulebook, day)
        self.space = Space(in_force, day, program, directions, cut, bound)

    def covers(self, ours: tuple[RuleEntry, ...], theirs: tuple[RuleEntry, ...]) -> bool:
        """Say whether, wherever both decide, *theirs* are no lighter than *ours*.

        So it is where each rule of ours that holds has one of theirs, as severe, that holds too or
        refers the case.
        """
        return all(
            any(
                self.implies(rule, self.holds, other, self.holds_or_refers)
                for other in self.nearest(rule, theirs)
                if self.severity(other) >= self.severity(rule)
            )
            for rule in ours
            if self.severity(rule) > 0
        )

    def refers_too(self, ours: tuple[RuleEntry, ...], theirs: tuple[RuleEntry, ...]) -> bool:
        """Say whether *theirs* refer each case that *ours* do.

        So it is where each rule of ours that refers has one of theirs that does so too, and
        whatever brings the harshest outcome in spite of a referral brings it by ours as well.
        """
        harshest = len(self.scale) - 1
        referring = [rule for rule in ours if rule.outcome == REFER or rule.if_unknown == "refer"]
        answered = all(
            any(
                self.implies(rule, self.refers, other, self.refers)
                for other in self.nearest(rule, theirs)
            )
            for rule in referring
        )
        return not referring or (
            answered
            and all(
                any(
                    self.implies(rule, self.is_true, other, self.is_true)
                    for other in self.nearest(rule, ours)
                    if self.severity(other) == harshest
                )
                for rule in theirs
                if self.severity(rule) == harshest
            )
        )

    # What a rule does

    def severity(self, rule: RuleEntry) -> int:
        """Return how severe its outcome is; one of admissibility has none."""
        return self.scale.index(rule.outcome) if rule.outcome != REFER else -1

    def is_true(self, _rule: RuleEntry, truth: int) -> bool:
        return truth == TRUE

    def holds(self, rule: RuleEntry, truth: int) -> bool:
        return truth == TRUE or (truth == UNKNOWN and rule.if_unknown == "hold_back")

    def refers(self, rule: RuleEntry, truth: int) -> bool:
        if rule.outcome == REFER:
            return truth != FALSE
        return truth == UNKNOWN and rule.if_unknown == "refer"

    def holds_or_refers(self, rule: RuleEntry, truth: int) -> bool:
        return self.holds(rule, truth) or self.refers(rule, truth)

    # Cell by cell

    def nearest(self, rule: RuleEntry, others: Iterable[RuleEntry]) -> list[RuleEntry]:
        """Return *others*, those that are most likely the same rule first."""
        return sorted(others, key=lambda o: (o.proposition != rule.proposition, o.id != rule.id))

    def implies(self, rule: RuleEntry, does: Holding, other: RuleEntry, answers: Holding) -> bool:
        """Say whether in every cell in which *rule* does so the *other* answers it."""

        def is_right(truth: int, against: int) -> bool:
            return not does(rule, truth) or answers(other, against)

        if rule.proposition == other.proposition:
            return all(is_right(truth, truth) for truth in (TRUE, UNKNOWN, FALSE))
        tables = [self.space.table(each.proposition) for each in (rule, other)]
        known = [table for table in tables if table is not None]
        if len(known) < len(tables) or size_of(known) > self.space.bound:
            return False
        return all(combined(known, is_right).entries)


# Two programs as one


def _together(first: Program, second: Program) -> tuple[Program, tuple[RuleEntry, ...]]:
    """Return a program of both, and the rules of the *second* as they stand in it."""
    joined = _Joined(first, second)
    rules = tuple(
        rule._replace(proposition=joined.proposition(rule.proposition)) for rule in second.rules
    )
    program = first._replace(
        terms=tuple(joined.terms),
        quantities=tuple(joined.quantities),
        nodes=tuple(joined.nodes),
        rules=(*first.rules, *rules),
        conditions=(),
        values=(),
        consequences=(),
        leaves=(),
        stages=max(first.stages, second.stages),
    )
    return program, rules


class _Joined:
    """The parts of a first program, and those of a second that are not among them."""

    def __init__(self, first: Program, second: Program) -> None:
        self.terms: list[Term] = [*first.terms]
        self.quantities: list[LinearSum] = [*first.quantities]
        self.nodes: list[Node] = [*first.nodes]
        self.second = second
        self._terms: dict[int, int] = {}
        self._nodes: dict[int, int] = {}

    def proposition(self, said: Proposition) -> Proposition:
        place = self.node(max(said, ~said))
        return place if said >= 0 else ~place

    def node(self, place: int) -> int:
        if place not in self._nodes:
            self._nodes[place] = _place_of(self.moved_node(self.second.nodes[place]), self.nodes)
        return self._nodes[place]

    def moved_node(self, node: Node) -> Node:
        if isinstance(node, InRange):
            quantity = self.sum(self.second.quantities[node.quantity])
            return node._replace(quantity=_place_of(quantity, self.quantities))
        of = tuple(map(self.proposition, node.of))
        return node._replace(of=tuple(sorted(of)) if isinstance(node, AllOf) else of)

    def sum(self, quantity: LinearSum) -> LinearSum:
        multiples = sorted((self.term(term), multiple) for term, multiple in quantity.multiples)
        return quantity._replace(multiples=tuple(multiples))

    def term(self, place: int) -> int:
        if place not in self._terms:
            self._terms[place] = _place_of(self.moved_term(self.second.terms[place]), self.terms)
        return self._terms[place]

    def moved_term(self, term: Term) -> Term:
        if isinstance(term, FactTerm):
            return term
        if isinstance(term, KnownTerm):
            if term.term is not None:
                return term._replace(term=self.term(term.term))
            assert term.proposition is not None, "what may be known is a term or a truth"
            return term._replace(proposition=self.proposition(term.proposition))
        if isinstance(term, AggregateTerm):
            return term._replace(operands=tuple(map(self.sum, term.operands)))
        if isinstance(term, FormulaTerm):
            return term._replace(formula=self.sum(term.formula))
        rows = tuple((self.proposition(row), value) for row, value in term.rows)
        return term._replace(rows=rows)


def _place_of(part: Part, parts: list[Part]) -> int:
    """Return the place of *part* among *parts*, at whose end it is put if it is not there."""
    if part not in parts:
        parts.append(part)
    return parts.index(part)
