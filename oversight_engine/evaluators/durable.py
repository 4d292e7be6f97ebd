"""Deciding with durable-rules: the second evaluator, whose every truth is the package's own.

A rulebook as it holds on a day becomes a program (`oversight_engine.program`), and its nodes
become clauses (`plan`), which strata of durable-rules conclude (`strata`), stage by stage. In
between only sums are made here: of a quantity's terms, of how many propositions hold (`terms`).
"""

from __future__ import annotations

import datetime
import functools
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from oversight_engine.compiler import compile_program
from oversight_engine.errors import EvaluatorError, EvaluatorUnavailableError
from oversight_engine.evaluators import plan, strata
from oversight_engine.evaluators.strata import MOST, Clause, Stratum
from oversight_engine.evaluators.terms import (
    Reader,
    Workings,
    conclusion_of,
    readers_of,
    tally,
    total_of,
)
from oversight_engine.model.case import Value
from oversight_engine.model.in_force import InForce
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.trace import Trace
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth
from oversight_engine.program import (
    AggregateTerm,
    FactTerm,
    KnownTerm,
    Program,
    Proposition,
    Tally,
)

Fields = dict[str, int | None]
Maker = Callable[[str, tuple[Clause, ...]], tuple[Stratum, ...]]
"""Returns the strata of these clauses, made now unless there are such already."""


class DurableEvaluator:
    """Computes with durable-rules what `oversight_engine.semantics` defines.

    Threads may share it, and a child may use it after a fork.

    Attributes:
        decisions: how many cases it has evaluated; where threads share it, about so many.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        """Make ready for the rulebook; what holds on a day is compiled when it is first met.

        Raises:
            EvaluatorUnavailableError: durable-rules cannot be used on this machine.
            EvaluatorError: durable-rules as built here gives wrong answers.
        """
        try:
            _test_once()
        except EvaluatorUnavailableError as error:
            raise EvaluatorUnavailableError(
                f"{error}; to go on without it, ask for the reference evaluator alone "
                "(`--evaluators reference`): decisions then say that nothing else confirmed them"
            ) from error
        self.rulebook = rulebook
        self.decisions = 0
        self._layouts: dict[int, tuple[InForce, _Layout]] = {}
        self._strata: dict[tuple[Clause, ...], tuple[Stratum, ...]] = {}
        self._closed = False

    @property
    def strata(self) -> tuple[Stratum, ...]:
        """The strata made so far; each knows how often it has fired."""
        return tuple(stratum for made in tuple(self._strata.values()) for stratum in made)

    def evaluate(
        self, in_force: InForce, known: Mapping[str, Value], as_of: datetime.date
    ) -> Trace:
        """Return the truth of everything *in_force* as durable-rules concludes it.

        Raises:
            EvaluatorLimitError: what is in force is beyond what durable-rules can hold.
            EvaluatorError: durable-rules contradicts itself, or this is closed.
        """
        if self._closed:
            raise EvaluatorError("durable-rules: the evaluator is closed")
        self.decisions += 1
        return self._layout(in_force).trace(known, as_of)

    def close(self) -> None:
        """Give back the engine's memory; closed already, it stays so."""
        self._closed = True
        for stratum in self.strata:
            stratum.close()
        self._strata.clear()
        self._layouts.clear()

    # Without a lock, since a child would inherit one as it stood at the fork: of two threads
    # that make the same thing at once, one keeps what the other made.

    def _layout(self, in_force: InForce) -> _Layout:
        # Held together with its layout, so that no other object takes its identity.
        kept = self._layouts.get(id(in_force))
        if kept is None:
            layout = _Layout(compile_program(in_force), self._made)
            kept = self._layouts.setdefault(id(in_force), (in_force, layout))
        return kept[1]

    def _made(self, name: str, clauses: tuple[Clause, ...]) -> tuple[Stratum, ...]:
        made = self._strata.get(clauses)
        if made is None:
            made = tuple(Stratum(name, part) for part in strata.split(name, clauses))
            made = self._strata.setdefault(clauses, made)
        return made


@functools.cache
def _test_once() -> None:
    """Test durable-rules once in a process: its build does not change under us."""
    strata.self_test()


class _Lazy:
    """Strata that are made when they are first asked for."""

    def __init__(self, made: Maker, name: str, clauses: tuple[Clause, ...]) -> None:
        self._made = made
        self._name = name
        self._clauses = clauses
        self._strata: tuple[Stratum, ...] | None = None

    def __call__(self) -> tuple[Stratum, ...]:
        if self._strata is None:
            self._strata = self._made(self._name, self._clauses)
        return self._strata


class _Layout:
    """A program made ready: what to read, what to ask and where the answers go."""

    def __init__(self, program: Program, made: Maker) -> None:
        self._program = program
        tested = plan.tested_quantities(program)
        self._stages = tuple(
            _Stage(program, number, tested, made) for number in range(program.stages)
        )
        self._effects = tuple(
            (*plan.effect_fields(effect), _getter([rule.proposition for rule in rules]))
            for effect, rules in plan.rules_by_effect(program).items()
        )
        self._label_strata = _Lazy(made, "the outcome", plan.label_clauses(program))
        self._remarks = tuple(
            f"{_named(program, quantity.place)} compared with a constant beyond 64 bits: "
            "durable-rules was given its place among the constants"
            for quantity in tested.values()
            if quantity.coded
        )
        self._rules = _results((rule.id, rule.proposition) for rule in program.rules)
        self._conditions = _results(program.conditions)
        self._consequences = _results((i, p) for i, p in program.consequences if p is not None)
        self._carried = {i: TRUE for i, p in program.consequences if p is None}
        self._values = tuple((i, t, conclusion_of(program.terms[t])) for i, t in program.values)
        self._leaves = _getter(program.leaves)

    def trace(self, known: Mapping[str, Value], as_of: datetime.date) -> Trace:
        case = Workings(self._program, known, as_of)
        fields: Fields = {}
        remarks = list(self._remarks)
        for stage in self._stages:
            remarks += stage.read(case, fields)
            for panel in stage.panels:
                panel.conclude(case.truths, fields)
        label = self._label(case.truths)
        truths, terms = case.truths, case.terms
        findings: dict[str, Any] = self._conditions(truths)
        findings.update((finding, conclude(terms[t])) for finding, t, conclude in self._values)
        return Trace(
            findings=findings,
            rules=self._rules(truths),
            consequences=self._consequences(truths) | self._carried,
            leaves=self._leaves(truths),
            label=label,
            remarks=tuple(remarks),
        )

    def _label(self, truths: list[Truth]) -> str:
        fields: Fields = {plan.ALWAYS: 1}
        for true, unknown, rules in self._effects:
            of_rules = rules(truths)
            fields[true], fields[unknown] = of_rules.count(TRUE), of_rules.count(UNKNOWN)
        labels: set[str] = set()
        for stratum in self._label_strata():
            labels |= stratum.fire(fields)
        if len(labels) != 1:
            raise EvaluatorError(
                f"durable-rules concludes {len(labels)} outcomes instead of one: {sorted(labels)}"
            )
        return labels.pop()


class _Panel:
    """A group of nodes of one stage, and what the conclusions about it mean."""

    def __init__(self, name: str, group: plan.Group, made: Maker) -> None:
        self._name = name
        self._truths = _Lazy(made, name, group.truths)
        self._falsities = _Lazy(made, f"{name}, false", group.falsities)
        self._meanings = {
            conclusion: plan.propositions_in(conclusion)
            for conclusion, _ in (*group.truths, *group.falsities)
        }
        self._nodes = frozenset(member.node for member in group.members)
        self._asked = {member.node: member.asked for member in group.members}
        left_open: dict[str, set[int]] = {}
        for member in group.members:
            for guard in member.guards:
                left_open.setdefault(guard, set()).add(member.node)
        self._left_open = left_open
        self._guards = _getter(left_open)

    def conclude(self, truths: list[Truth], fields: Fields) -> None:
        """Note what durable-rules concludes of the group's nodes."""
        self._ask(self._truths(), truths, fields)
        settled = self._nodes
        if None in self._guards(fields):
            unknown = [nodes for guard, nodes in self._left_open.items() if fields[guard] is None]
            left_open: set[int] = set().union(*unknown)
            settled -= left_open
            asked = set().union(*map(self._asked.__getitem__, left_open))
            known = {name: fields[name] for name in asked if fields[name] is not None}
            if known:
                self._ask(self._falsities(), truths, known)
        for node in settled:
            if truths[node] is UNKNOWN:
                truths[node], truths[~node] = FALSE, TRUE

    def _ask(self, strata: tuple[Stratum, ...], truths: list[Truth], fields: Fields) -> None:
        for stratum in strata:
            if fields.keys().isdisjoint(stratum.fields):
                continue
            for conclusion in stratum.fire(fields):
                for said in self._meanings[conclusion]:
                    if truths[said] is FALSE:
                        raise EvaluatorError(
                            f"durable-rules concludes both truth and falsity: {self._name}, "
                            f"node {max(said, ~said)}"
                        )
                    truths[said], truths[~said] = TRUE, FALSE


class _Stage:
    """What one stage reads, and the panels that then conclude its nodes."""

    def __init__(
        self,
        program: Program,
        number: int,
        tested: plan.Tested,
        made: Maker,
    ) -> None:
        quantities = [quantity for quantity in tested.values() if quantity.stage == number]
        groups = plan.groups_of(program, number, tested)
        self.panels = tuple(
            _Panel(f"stage {number}, group {place}", group, made)
            for place, group in enumerate(groups)
        )
        self._terms = readers_of(
            {place: term for place, term in enumerate(program.terms) if term.stage == number}
        )
        self._tallies = tuple(
            (place, node.of)
            for place, node in enumerate(program.nodes)
            if isinstance(node, Tally) and node.stage == number
        )
        # What a stage concludes is read from the next one on.
        concluded = [p for p in plan.nodes_asked(program) if program.nodes[p].stage == number - 1]
        self._node_fields = tuple((plan.node_field(place), place) for place in sorted(concluded))
        self._names = {plan.quantity_field(q.place): _named(program, q.place) for q in quantities}
        self._values = _getter(self._names)
        alike = {
            plan.quantity_field(q.place): t for q in quantities for t in _terms_alike(program, q)
        }
        self._alike = tuple(alike)
        self._terms_alike = _getter(alike.values())
        self._sums = tuple(
            (name, _reader_of_quantity(program, quantity))
            for quantity in quantities
            if (name := plan.quantity_field(quantity.place)) not in alike
        )

    def read(self, case: Workings, fields: Fields) -> list[str]:
        """Read the stage's terms and fields; return what is to be said about them."""
        for read in self._terms:
            read(case)
        fields.update(zip(self._alike, self._terms_alike(case.terms), strict=True))
        for name, total in self._sums:
            fields[name] = total(case)
        for name, place in self._node_fields:
            truth = case.truths[place]
            fields[name] = 1 if truth is TRUE else 0 if truth is FALSE else None
        for place, of in self._tallies:
            least, most = plan.tally_fields(place)
            fields[least], fields[most] = low, high = tally(case, of)
            fields[plan.settled_field(place)] = low if low == high else None
        known = [value for value in self._values(fields) if value is not None]
        if not known or (min(known) >= -MOST and max(known) <= MOST):
            return []
        return list(self._held(fields))

    def _held(self, fields: Fields) -> Iterator[str]:
        """Hold values to 64 bits, which lie beyond all constants, and say of which."""
        for name, of in self._names.items():
            value = fields[name]
            if value is not None and not -MOST <= value <= MOST:
                fields[name] = max(-MOST, min(value, MOST))
                yield (
                    f"{of} compared beyond 64 bits: durable-rules was given the nearest number "
                    "within"
                )


def _terms_alike(program: Program, quantity: plan.TestedQuantity) -> tuple[int, ...]:
    """Return the place of the one term that the quantity is, if it is one and compared as it is."""
    multiples = program.quantities[quantity.place].multiples
    if len(multiples) != 1 or multiples[0][1] != 1 or quantity.coded:
        return ()
    place = multiples[0][0]
    return () if program.terms[place].scale is None else (place,)


def _reader_of_quantity(program: Program, quantity: plan.TestedQuantity) -> Reader:
    """Return what reads the whole number that clauses compare with the quantity's constants."""
    total, cuts = program.quantities[quantity.place], quantity.cuts
    add = total_of(total)
    if quantity.coded:
        return lambda case: None if (value := add(case)) is None else bisect_right(cuts, value)
    if any(program.terms[term].scale is None for term, _ in total.multiples):
        # A fraction, compared with 0: its numerator has its sign.
        return lambda case: None if (value := add(case)) is None else value.numerator
    return add


def _named(program: Program, quantity: int) -> str:
    """Return the names in the quantity and a verb, as a remark begins."""
    names: dict[str, None] = {}

    def gather(terms: Iterable[int]) -> None:
        for place in terms:
            term = program.terms[place]
            if isinstance(term, AggregateTerm):
                gather(term for operand in term.operands for term, _ in operand.multiples)
            elif isinstance(term, FactTerm):
                names[term.fact] = None
            elif not isinstance(term, KnownTerm):
                names[term.finding] = None

    gather(term for term, _ in program.quantities[quantity].multiples)
    return " and ".join(f"`{name}`" for name in names) + (" is" if len(names) == 1 else " are")


Getter = Callable[[Any], tuple[Any, ...]]


def _getter(keys: Iterable[Any]) -> Getter:
    """Return what takes several items at once, and always as a tuple."""
    keys = tuple(keys)
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        (key,) = keys
        return lambda items: (items[key],)
    return itemgetter(*keys)


def _results(named: Iterable[tuple[str, Proposition]]) -> Callable[[list[Truth]], dict[str, Truth]]:
    """Return what gives each name the truth of its proposition."""
    pairs = tuple(named)
    names = tuple(name for name, _ in pairs)
    truths_of = _getter(proposition for _, proposition in pairs)
    return lambda truths: dict(zip(names, truths_of(truths), strict=True))
