"""What the terms and quantities of a program come to for one case: integers, or unknown."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from oversight_engine.errors import EvaluatorError
from oversight_engine.model.case import Value
from oversight_engine.model.cohort import StepTable
from oversight_engine.model.number import Exact, rounded
from oversight_engine.model.rulebook import FactType
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth
from oversight_engine.program import (
    AggregateTerm,
    FactTerm,
    FormulaTerm,
    KnownTerm,
    LinearSum,
    Program,
    TableTerm,
    Term,
)


class Workings:
    """One case on its way through a program.

    Attributes:
        terms: by place, what each comes to; None where unknown or not reached yet.
        truths: by place, what is concluded of each node, and by `~place` of its negation.
    """

    __slots__ = ("as_of", "known", "terms", "truths")

    def __init__(self, program: Program, known: Mapping[str, Value], as_of: datetime.date) -> None:
        """Begin, with nothing read and nothing concluded."""
        self.known = known
        self.as_of = as_of
        self.terms: list[Any] = [None] * len(program.terms)
        self.truths: list[Truth] = [UNKNOWN] * (2 * len(program.nodes))


Reader = Callable[[Workings], Any]
"""Says what something comes to, from what was read and concluded before; None if unknown."""


def readers_of(terms: Mapping[int, Term]) -> tuple[Callable[[Workings], None], ...]:
    """Return what reads these *terms*, given by place, into a case's workings."""
    facts: dict[FactType, dict[int, FactTerm]] = {}
    for place, term in terms.items():
        if isinstance(term, FactTerm):
            facts.setdefault(term.type, {})[place] = term
    readers = [_READERS_OF_FACTS[type_](of_type) for type_, of_type in facts.items()]
    readers += [
        _stored(place, _reader(term))
        for place, term in terms.items()
        if not isinstance(term, FactTerm)
    ]
    return tuple(readers)


def _stored(place: int, reader: Reader) -> Callable[[Workings], None]:
    def read(case: Workings) -> None:
        case.terms[place] = reader(case)

    return read


def _reader(term: Term) -> Reader:
    if isinstance(term, KnownTerm):
        return _reader_of_known(term)
    if isinstance(term, AggregateTerm):
        return _reader_of_aggregate(term)
    if isinstance(term, FormulaTerm):
        return _reader_of_formula(term)
    assert isinstance(term, TableTerm), "facts are read all at once"
    return _reader_of_table(term)


def total_of(quantity: LinearSum) -> Reader:
    """Return what adds up *quantity*, leaving its divisor aside."""
    constant, multiples = quantity.constant, quantity.multiples

    def add(case: Workings) -> Exact | None:
        total = constant
        for term, multiple in multiples:
            value = case.terms[term]
            if value is None:
                return None
            total += multiple * value
        return total

    return add


def conclusion_of(term: Term) -> Callable[[Any], Exact | str | None]:
    """Return what turns the value of a finding's *term* into what the finding concludes."""
    assert isinstance(term, FormulaTerm | TableTerm), "only findings conclude"
    if isinstance(term, TableTerm) and term.codes is not None:
        values = {code: value for value, code in term.codes.items()}
        return values.get
    scale = term.scale
    if scale is None or scale == 1:
        return lambda value: value
    return lambda value: None if value is None else _divided(value, scale)


def _divided(number: int, scale: int) -> Exact:
    return Fraction(number, scale) if number % scale else number // scale


# Facts are most of a case, and read in one loop for each type; the others one by one.


def _numbers(facts: Mapping[int, FactTerm]) -> Callable[[Workings], None]:
    places = [(place, term.fact, term.scale or 1) for place, term in facts.items()]

    def read(case: Workings) -> None:
        for place, fact, scale in places:
            value: Any = case.known.get(fact)
            if value is not None:
                numerator, denominator = value.as_integer_ratio()
                case.terms[place], rest = divmod(numerator * scale, denominator)
                if rest:
                    raise EvaluatorError(f"{fact} has more decimals than it declares: {value}")

    return read


def _booleans(facts: Mapping[int, FactTerm]) -> Callable[[Workings], None]:
    places = [(place, term.fact) for place, term in facts.items()]

    def read(case: Workings) -> None:
        for place, fact in places:
            value = case.known.get(fact)
            if value is not None:
                case.terms[place] = 1 if value else 0

    return read


def _categories(facts: Mapping[int, FactTerm]) -> Callable[[Workings], None]:
    places = [(place, term.fact, term.codes or {}) for place, term in facts.items()]

    def read(case: Workings) -> None:
        for place, fact, codes in places:
            value: Any = case.known.get(fact)
            if value is not None:
                case.terms[place] = codes[value]

    return read


def _dates(facts: Mapping[int, FactTerm]) -> Callable[[Workings], None]:
    places = [(place, term.fact) for place, term in facts.items()]

    def read(case: Workings) -> None:
        for place, fact in places:
            value: Any = case.known.get(fact)
            if value is not None:
                case.terms[place] = (case.as_of - value).days

    return read


_READERS_OF_FACTS: Mapping[
    FactType, Callable[[Mapping[int, FactTerm]], Callable[[Workings], None]]
] = {"number": _numbers, "boolean": _booleans, "category": _categories, "date": _dates}


def _reader_of_known(term: KnownTerm) -> Reader:
    place, proposition = term.term, term.proposition
    if place is not None:
        return lambda case: 0 if case.terms[place] is None else 1
    assert proposition is not None, "what may be known is a term or a truth"
    return lambda case: 0 if case.truths[proposition] is UNKNOWN else 1


def _reader_of_aggregate(term: AggregateTerm) -> Reader:
    operands = tuple(map(total_of, term.operands))
    divisor = term.operands[0].divisor

    def mean(case: Workings) -> Exact | None:
        total, weights = 0, 0
        for operand, weight in zip(operands, term.weights, strict=True):
            value = operand(case)
            if value is not None:
                total += weight * value
                weights += weight
        return Fraction(total, divisor * weights) if weights else None

    if term.function == "mean_known":
        return mean
    functions: dict[str, Callable[[list[Any]], Any]]
    functions = {"min_known": min, "max_known": max, "sum_known": sum}
    function, whole = functions[term.function], term.scale is not None

    def other(case: Workings) -> Exact | None:
        values = [value for operand in operands if (value := operand(case)) is not None]
        if not values:
            return None
        result: Exact = function(values)
        return result if whole else Fraction(result) / divisor

    return other


def _reader_of_formula(term: FormulaTerm) -> Reader:
    add, divisor, to, scale = total_of(term.formula), term.formula.divisor, term.rounded, term.scale
    steps = term.steps
    if steps is not None:
        return _reader_of_score(add, divisor, steps, scale or 1)

    def read(case: Workings) -> Exact | None:
        total: Exact | None = add(case)
        if total is None or (to is None and scale is not None):
            return total
        number = Fraction(total) / divisor
        if to is None:
            return number
        return int(rounded(number, to.decimals, to.mode) * 10**to.decimals)

    return read


def _reader_of_score(add: Reader, divisor: int, steps: StepTable, scale: int) -> Reader:
    def read(case: Workings) -> int | None:
        total: Exact | None = add(case)
        return None if total is None else int(steps.score(Fraction(total) / divisor) * scale)

    return read


def _reader_of_table(term: TableTerm) -> Reader:
    rows, otherwise = term.rows, term.otherwise

    def read(case: Workings) -> int | None:
        truths = [case.truths[row] for row, _ in rows]
        if TRUE in truths:
            return rows[truths.index(TRUE)][1]
        return None if UNKNOWN in truths else otherwise

    return read


def tally(case: Workings, of: tuple[int, ...]) -> tuple[int, int]:
    """Return how many of these propositions hold, and how many may."""
    truths = [case.truths[proposition] for proposition in of]
    return truths.count(TRUE), len(truths) - truths.count(FALSE)
