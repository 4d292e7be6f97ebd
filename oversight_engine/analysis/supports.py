"""Which facts a part of a program rests on, and where a fact by itself can change anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from oversight_engine.analysis.enclosures import Enclosure, Readers, is_whole
from oversight_engine.model.cohort import StepTable
from oversight_engine.model.number import Exact
from oversight_engine.program import (
    AggregateTerm,
    FactTerm,
    FormulaTerm,
    InRange,
    KnownTerm,
    LinearSum,
    Program,
    Proposition,
    TableTerm,
)


class Summand(NamedTuple):
    """A tested sum, how often a fact is in it, and the values at which a cell of it begins."""

    quantity: LinearSum
    multiple: Fraction
    begins: tuple[int, ...]


NO_READERS = Readers((), ())


class Supports:
    """What the parts of *program* rest on."""

    def __init__(self, program: Program) -> None:
        """Begin with nothing worked out."""
        self.program = program
        self._nodes: dict[int, frozenset[str]] = {}
        self._terms: dict[int, frozenset[str]] = {}
        self._summands: dict[str, tuple[Summand, ...] | None] = {}
        self._linear: dict[LinearSum, Mapping[str, Exact] | None] = {}

    @cached_property
    def _readers(self) -> Mapping[str, Readers]:
        terms: dict[str, list[int]] = {}
        nodes: dict[str, list[int]] = {}
        for place in range(len(self.program.terms)):
            for fact in self.of_term(place):
                terms.setdefault(fact, []).append(place)
        for place in range(len(self.program.nodes)):
            for fact in self.of(place):
                nodes.setdefault(fact, []).append(place)
        return {fact: Readers(tuple(terms[fact]), tuple(nodes.get(fact, ()))) for fact in terms}

    def readers(self, fact: str) -> Readers:
        """Return what reads *fact*, directly or through something else."""
        return self._readers.get(fact, NO_READERS)

    def of(self, proposition: Proposition) -> frozenset[str]:
        """Return the ids of the facts that *proposition* rests on."""
        place = max(proposition, ~proposition)
        found = self._nodes.get(place)
        if found is None:
            node = self.program.nodes[place]
            if isinstance(node, InRange):
                found = self.of_sum(self.program.quantities[node.quantity])
            else:
                found = frozenset[str]().union(*map(self.of, node.of))
            self._nodes[place] = found
        return found

    def of_all(self, propositions: Iterable[Proposition]) -> frozenset[str]:
        """Return the ids of the facts that any of *propositions* rests on."""
        return frozenset[str]().union(*map(self.of, propositions))

    def of_sum(self, quantity: LinearSum) -> frozenset[str]:
        """Return the ids of the facts that *quantity* rests on."""
        return frozenset[str]().union(*(self.of_term(term) for term, _ in quantity.multiples))

    def of_term(self, place: int) -> frozenset[str]:
        """Return the ids of the facts that the term at *place* rests on."""
        found = self._terms.get(place)
        if found is None:
            found = self._terms[place] = self._of_term(place)
        return found

    def _of_term(self, place: int) -> frozenset[str]:
        term = self.program.terms[place]
        if isinstance(term, FactTerm):
            return frozenset((term.fact,))
        if isinstance(term, KnownTerm):
            if term.term is not None:
                return self.of_term(term.term)
            assert term.proposition is not None, "what may be known is a term or a truth"
            return self.of(term.proposition)
        if isinstance(term, AggregateTerm):
            return frozenset[str]().union(*map(self.of_sum, term.operands))
        if isinstance(term, FormulaTerm):
            return self.of_sum(term.formula)
        return frozenset[str]().union(*(self.of(proposition) for proposition, _ in term.rows))

    @cached_property
    def cuts(self) -> Mapping[str, tuple[int, ...]]:
        """Where each fact by itself changes something: each cut begins a cell, upwards.

        Facts that meet others in a number are not there: where they change something depends on
        the others.
        """
        cuts: dict[str, set[int]] = {
            term.fact: set() for term in self.program.terms if isinstance(term, FactTerm)
        }
        joined: set[str] = set()
        for quantity, edges in self._tests():
            alone = self.alone(quantity)
            if alone is None:
                joined |= self.numbers_in(quantity)
            else:
                fact, multiple = alone
                cuts[fact] |= {_first_beyond(edge - quantity.constant, multiple) for edge in edges}
        for term in self.program.terms:
            if isinstance(term, AggregateTerm):
                joined = joined.union(*map(self.numbers_in, term.operands))
            elif isinstance(term, FormulaTerm):
                alone = self.alone(term.formula)
                if term.steps is None or alone is None:
                    joined |= self.numbers_in(term.formula)
                else:
                    cuts[alone[0]] |= _cuts_of_steps(term.formula, term.steps, alone[1])
        return {fact: tuple(sorted(at)) for fact, at in cuts.items() if fact not in joined}

    def cuts_at(self, fact: str, number: int, now: Enclosure) -> tuple[int, ...] | None:
        """Return where *fact* changes anything, all else being as it is *now* and it a *number*.

        None where it is in a number that is no sum, so that nothing short of trying tells.
        """
        if fact in self.cuts:
            return self.cuts[fact]
        sums = self.sums_with(fact)
        if sums is None:
            return None
        cuts: set[int] = set()
        for quantity, multiple, begins in sums:
            total = now.total(quantity)
            if total.known:
                value = total.least
                assert value is not None, "a case is a point"
                for edge in begins:
                    at = number + (edge - value) / multiple
                    cuts |= {math.ceil(at), math.floor(at) + 1}
        return tuple(sorted(cuts))

    def _tests(self) -> Iterator[tuple[LinearSum, list[int]]]:
        """Yield each quantity that is tested, and the values at which a cell of it begins."""
        edges: dict[int, set[int]] = {}
        for node in self.program.nodes:
            if isinstance(node, InRange):
                begins = edges.setdefault(node.quantity, set())
                for first, last in node.within:
                    begins |= {first} if first is not None else set()
                    begins |= {last + 1} if last is not None else set()
        for place, begins in edges.items():
            yield self.program.quantities[place], sorted(begins)

    def alone(self, quantity: LinearSum) -> tuple[str, int] | None:
        """Return the one fact in *quantity* and its multiple, if there is nothing else in it."""
        if len(quantity.multiples) != 1:
            return None
        [(place, multiple)] = quantity.multiples
        term = self.program.terms[place]
        return (term.fact, multiple) if isinstance(term, FactTerm) and multiple else None

    def numbers_in(self, quantity: LinearSum) -> frozenset[str]:
        """Return the facts that *quantity* takes as numbers, tables and flags left aside."""
        return frozenset(
            fact
            for place, _ in quantity.multiples
            if not isinstance(self.program.terms[place], TableTerm | KnownTerm)
            for fact in self.of_term(place)
        )

    def sums_with(self, fact: str) -> tuple[Summand, ...] | None:
        """Return the tested sums that *fact* is in, or None where it is in one that is no sum."""
        if fact not in self._summands:
            self._summands[fact] = self._sums_with(fact)
        return self._summands[fact]

    def _sums_with(self, fact: str) -> tuple[Summand, ...] | None:
        found = []
        for quantity, begins in self._tests():
            multiples = self.linear(quantity)
            if multiples is None:
                if fact in self.numbers_in(quantity):
                    return None
            elif multiples.get(fact):
                if not is_whole(self.program, quantity):
                    return None
                found.append(Summand(quantity, Fraction(multiples[fact]), tuple(begins)))
        return tuple(found)

    def linear(self, quantity: LinearSum) -> Mapping[str, Exact] | None:
        """Return *quantity* as multiples of facts, or None where it is not such a sum."""
        if quantity not in self._linear:
            self._linear[quantity] = self._as_linear(quantity)
        return self._linear[quantity]

    def _as_linear(self, quantity: LinearSum) -> Mapping[str, Exact] | None:
        found: dict[str, Exact] = {}
        for place, multiple in quantity.multiples:
            term = self.program.terms[place]
            if isinstance(term, FactTerm):
                found[term.fact] = found.get(term.fact, 0) + multiple
            elif isinstance(term, FormulaTerm) and term.rounded is None and term.steps is None:
                inner = self.linear(term.formula)
                if inner is None:
                    return None
                # A formula with a scale stands for its whole sum; without one, for the quotient.
                share = 1 if term.scale is not None else Fraction(1, term.formula.divisor)
                for fact, factor in inner.items():
                    found[fact] = found.get(fact, 0) + multiple * factor * share
            elif multiple:
                return None
        return found


def _first_beyond(edge: Exact, multiple: int) -> int:
    """Return the first whole number from which on its *multiple* is beyond *edge*."""
    at = Fraction(edge) / multiple
    return math.ceil(at) if multiple > 0 else math.floor(at) + 1


def _cuts_of_steps(formula: LinearSum, steps: StepTable, multiple: int) -> set[int]:
    """Return where a fact that alone is scored by *steps* comes to another score."""
    cuts: set[int] = set()
    for number, _ in steps.steps:
        at = Fraction(number * formula.divisor - formula.constant) / multiple
        cuts |= {math.ceil(at), math.floor(at) + 1}
    return cuts
