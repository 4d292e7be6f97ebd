"""Which way each part of a program moves as one fact's number grows, by its form alone.

A *direction* is 1 (never falls), -1 (never rises), 0 (stays) or `MIXED` (its form does not tell).
Truths are in the order false, unknown, true; a fact grows while it stays known. What is concluded
from forms holds whatever the constants are, so it holds for every parameter and every cohort.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oversight_engine.model.cohort import StepTable
from oversight_engine.program import (
    AggregateTerm,
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    KnownTerm,
    LinearSum,
    Program,
    Proposition,
    Tally,
)

MIXED = 2
"""The direction of what may rise and fall."""

Moves = Mapping[str, int]
"""By fact id, the direction of something; what is not there stays."""


class Directions:
    """The directions of the terms, quantities and nodes of *program*."""

    def __init__(self, program: Program) -> None:
        """Begin with nothing worked out."""
        self.program = program
        self._terms: dict[int, Moves] = {}
        self._nodes: dict[int, Moves] = {}
        self._knowing: dict[int, Moves] = {}

    def of_term(self, place: int) -> Moves:
        """Return how the number of the term at *place* moves."""
        moves = self._terms.get(place)
        if moves is None:
            moves = self._terms[place] = self._term(place)
        return moves

    def _term(self, place: int) -> Moves:
        term = self.program.terms[place]
        if isinstance(term, FactTerm):
            return {term.fact: 1}
        if isinstance(term, KnownTerm):
            if term.term is not None:
                return self.knowing_term(term.term)
            assert term.proposition is not None, "what may be known is a term or a truth"
            return _mixed(self.of_proposition(term.proposition))
        if isinstance(term, FormulaTerm):
            moves = self.of_quantity(term.formula)
            return moves if term.steps is None else _scored(moves, term.steps)
        if isinstance(term, AggregateTerm):
            if any(weight <= 0 for weight in term.weights):
                return _mixed(_joined(map(self.of_quantity, term.operands)))
            return _joined(map(self.of_quantity, term.operands))
        return _mixed(_joined(self.of_proposition(row) for row, _ in term.rows))

    def knowing_term(self, place: int) -> Moves:
        """Return how it moves that the term at *place* is known: 1 above 0."""
        term = self.program.terms[place]
        if isinstance(term, FactTerm | KnownTerm):
            return {}
        if isinstance(term, FormulaTerm):
            return _mixed(_joined(self.knowing_term(t) for t, _ in term.formula.multiples))
        if isinstance(term, AggregateTerm):
            parts = (t for operand in term.operands for t, _ in operand.multiples)
            return _mixed(_joined(map(self.knowing_term, parts)))
        return _mixed(_joined(self.of_proposition(row) for row, _ in term.rows))

    def of_quantity(self, quantity: LinearSum) -> Moves:
        """Return how *quantity* moves, where it stays known."""
        return _joined(
            _times(self.of_term(term), multiple) if multiple else {}
            for term, multiple in quantity.multiples
        )

    def of_proposition(self, proposition: Proposition) -> Moves:
        """Return how the truth of *proposition* moves."""
        place = max(proposition, ~proposition)
        moves = self._nodes.get(place)
        if moves is None:
            moves = self._nodes[place] = self._node(place)
        return moves if proposition >= 0 else _times(moves, -1)

    def _node(self, place: int) -> Moves:
        node = self.program.nodes[place]
        if isinstance(node, InRange):
            quantity = self.program.quantities[node.quantity]
            moves = self.of_quantity(quantity)
            knowing = _joined(self.knowing_term(t) for t, _ in quantity.multiples)
            if any(knowing.values()) or not _is_least(node):
                return _mixed(_joined((moves, knowing)))
            return moves
        moves = _joined(map(self.of_proposition, node.of))
        return moves if isinstance(node, AllOf) or _is_least(node) else _mixed(moves)


def _is_least(node: InRange | Tally) -> bool:
    """Say whether a test asks for a least number, and nothing else."""
    return len(node.within) == 1 and node.within[0][1] is None


def _scored(moves: Moves, steps: StepTable) -> Moves:
    """Return how the score of a number moves that itself *moves* so."""
    scores = [score for _, score in steps.steps]
    ascending = (
        [steps.otherwise, *scores] if steps.better == "higher" else [*scores, steps.otherwise]
    )
    if ascending == sorted(ascending):
        return moves
    return _times(moves, -1) if ascending == sorted(ascending, reverse=True) else _mixed(moves)


def _times(moves: Moves, factor: int) -> Moves:
    if factor > 0:
        return moves
    return {fact: way if way == MIXED else -way for fact, way in moves.items()}


def _joined(parts: Iterable[Moves]) -> Moves:
    """Return how something moves that rises with each of its *parts*."""
    joined: dict[str, int] = {}
    for part in parts:
        for fact, way in part.items():
            before = joined.setdefault(fact, way)
            if before != way:
                joined[fact] = way if before == 0 else before if way == 0 else MIXED
    return joined


def _mixed(moves: Moves) -> Moves:
    return {fact: MIXED if way else 0 for fact, way in moves.items()}
