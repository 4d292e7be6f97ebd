"""A program in the languages of other engines, for cases of which every fact is known.

Everything is made of whole numbers, as the program is. A peer gets a case as the numbers of the
program's fact terms, `t0`, `t1` …, and computes, step by step, the other terms and the nodes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from oversight_engine.model.case import Value
from oversight_engine.model.rulebook import REFER, REFERRAL
from oversight_engine.program import (
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    Intervals,
    LinearSum,
    Node,
    Program,
    Proposition,
    TableTerm,
)


class Step(NamedTuple):
    """One name and the expression that gives it its value."""

    name: str
    text: str


class Syntax(Protocol):
    """What the languages differ in."""

    def name(self, name: str) -> str:
        """Return how a step or a fact is referred to."""

    def no(self, text: str) -> str:
        """Return the negation."""

    def every(self, texts: list[str]) -> str:
        """Return the conjunction."""

    def some(self, texts: list[str]) -> str:
        """Return the disjunction."""

    def choose(self, condition: str, yes: str, no: str) -> str:
        """Return one or the other."""


class Words:
    """`and`, `or`, `not` and `?:`; as zen and rule-engine write it."""

    def __init__(self, prefix: str = "") -> None:
        """Put *prefix* before every name."""
        self.prefix = prefix

    def name(self, name: str) -> str:
        """Return the name with its prefix."""
        return self.prefix + name if name[0] in "nrv" else name

    def no(self, text: str) -> str:
        """Return `not (…)`."""
        return f"not ({text})"

    def every(self, texts: list[str]) -> str:
        """Return them joined by `and`."""
        return "(" + " and ".join(texts) + ")" if texts else "true"

    def some(self, texts: list[str]) -> str:
        """Return them joined by `or`."""
        return "(" + " or ".join(texts) + ")" if texts else "false"

    def choose(self, condition: str, yes: str, no: str) -> str:
        """Return `(… ? … : …)`."""
        return f"({condition} ? {yes} : {no})"


def facts_of(program: Program, known: Mapping[str, Value], as_of: datetime.date) -> dict[str, int]:
    """Return a complete case as the whole numbers that peers are given."""
    numbers: dict[str, int] = {}
    for place, term in enumerate(program.terms):
        if not isinstance(term, FactTerm):
            continue
        value = known[term.fact]
        if isinstance(value, datetime.date):
            numbers[f"t{place}"] = (as_of - value).days
        elif isinstance(value, str):
            assert term.codes is not None, "only categories are texts"
            numbers[f"t{place}"] = term.codes[value]
        else:
            numbers[f"t{place}"] = int(value * (term.scale or 1))
    return numbers


def steps_of(program: Program, syntax: Syntax) -> Iterator[Step]:
    """Yield what a peer computes, in order: terms and nodes stage by stage, then the rules.

    Raises:
        ValueError: the program has something that whole numbers alone cannot say.
    """
    for stage in range(program.stages):
        for place, term in enumerate(program.terms):
            if not isinstance(term, FactTerm) and term.stage == stage:
                yield Step(f"v{place}", _term(program, term, syntax))
        for place, node in enumerate(program.nodes):
            if node.stage == stage:
                yield Step(f"n{place}", _node(program, node, syntax))
    for place, rule in enumerate(program.rules):
        yield Step(f"r{place}", said(rule.proposition, syntax))


def said(proposition: Proposition, syntax: Syntax) -> str:
    """Return a proposition: a node's name, or its negation."""
    if proposition >= 0:
        return syntax.name(f"n{proposition}")
    return syntax.no(syntax.name(f"n{~proposition}"))


def outcome_of(program: Program, syntax: Syntax) -> str:
    """Return the expression of the outcome, as a text: the most severe wins."""
    by_outcome: dict[str, list[str]] = {}
    for place, rule in enumerate(program.rules):
        by_outcome.setdefault(rule.outcome, []).append(syntax.name(f"r{place}"))
    scale = program.outcomes
    ladder = [(scale[-1], scale[-1]), (REFER, REFERRAL)]
    ladder += [(outcome, outcome) for outcome in reversed(scale[1:-1])]
    text = f'"{scale[0]}"'
    for outcome, label in reversed(ladder):
        if outcome in by_outcome:
            text = syntax.choose(syntax.some(by_outcome[outcome]), f'"{label}"', text)
    return text


def _term_name(program: Program, place: int, syntax: Syntax) -> str:
    kind = "t" if isinstance(program.terms[place], FactTerm) else "v"
    return syntax.name(f"{kind}{place}")


def sum_of(program: Program, quantity: LinearSum, syntax: Syntax, times: int = 1) -> str:
    """Return a sum of terms as text, multiplied."""
    parts = [
        name if multiple * times == 1 else f"{multiple * times} * {name}"
        for place, multiple in quantity.multiples
        for name in (_term_name(program, place, syntax),)
    ]
    if quantity.constant or not parts:
        parts.append(str(quantity.constant * times))
    return "(" + " + ".join(parts) + ")" if len(parts) > 1 else parts[0]


def _term(program: Program, term: object, syntax: Syntax) -> str:
    if isinstance(term, FormulaTerm) and term.rounded is None and term.steps is None:
        scale, divisor = term.scale or 0, term.formula.divisor
        if scale and scale % divisor == 0:
            return sum_of(program, term.formula, syntax, scale // divisor)
    if isinstance(term, TableTerm):
        values = [*term.rows]
        text = str(term.otherwise if term.otherwise is not None else values.pop()[1])
        for proposition, value in reversed(values):
            text = syntax.choose(said(proposition, syntax), str(value), text)
        return text
    raise ValueError(f"not said in whole numbers alone: {term}")


def _node(program: Program, node: Node, syntax: Syntax) -> str:
    if isinstance(node, AllOf):
        return syntax.every([said(part, syntax) for part in node.of])
    if isinstance(node, InRange):
        return within(
            sum_of(program, program.quantities[node.quantity], syntax), node.within, syntax
        )
    ones = [syntax.choose(said(part, syntax), "1", "0") for part in node.of]
    return within("(" + " + ".join(ones) + ")", node.within, syntax)


def within(text: str, intervals: Intervals, syntax: Syntax) -> str:
    """Return whether a number lies in one of the intervals."""
    found = []
    for low, high in intervals:
        if low is not None and low == high:
            found.append(f"{text} == {low}")
            continue
        ends = ((">=", low), ("<=", high))
        found.append(
            syntax.every([f"{text} {sign} {end}" for sign, end in ends if end is not None])
        )
    return syntax.some(found)
