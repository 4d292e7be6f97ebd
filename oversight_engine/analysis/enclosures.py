"""What a program can come to when each fact lies somewhere: for points exact, for ranges a bound.

Every fact is given a *reach*: the least and the most it may be as a term of the program, and
whether it may be known and may be unknown. What follows is a reach for each term and a set of
possible truths for each node. It never leaves out what can happen. It may name what cannot, except
where every reach is a single value or surely unknown: then it is exactly what an evaluator finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from oversight_engine.analysis.complete import is_complete
from oversight_engine.model.number import Exact, rounded
from oversight_engine.program import (
    AggregateTerm,
    FactTerm,
    FormulaTerm,
    InRange,
    Intervals,
    KnownTerm,
    LinearSum,
    Program,
    Proposition,
    TableTerm,
    Tally,
)

FALSE, UNKNOWN, TRUE = 0, 1, 2
"""Truths as the analysis writes them: in this order, so that `and` is the least of them."""

MAY = (1, 2, 4)
"""For each truth the bit that stands for it in a set of possible truths."""


class Reach(NamedTuple):
    """From *least* to *most*, both included, None where open; and what may be known of it."""

    least: Exact | None
    most: Exact | None
    known: bool = True
    unknown: bool = False

    @property
    def settled(self) -> bool:
        """Whether it is one value, or surely unknown."""
        return not self.known or (not self.unknown and self.least == self.most is not None)


NOTHING_KNOWN = Reach(None, None, known=False, unknown=True)


class Readers(NamedTuple):
    """The places of the terms and of the nodes of a program that rest on a fact."""

    terms: tuple[int, ...]
    nodes: tuple[int, ...]


class WorkedOut(NamedTuple):
    """What an enclosure knows of its terms and nodes, by place, and of the program by itself.

    Attributes:
        whole: which quantities are whole, by place.
        complete: which tables leave nothing out, by place.
    """

    terms: list[Reach | None]
    truths: list[int | None]
    whole: dict[int, bool]
    complete: dict[int, bool]


class Enclosure:
    """What the parts of *program* can come to, given the reach of each fact by its id.

    A fact that is not given is unknown.
    """

    def __init__(
        self, program: Program, facts: Mapping[str, Reach], worked_out: WorkedOut | None = None
    ) -> None:
        """Begin with what is *worked_out*, which is nothing unless somebody says so."""
        self.program = program
        self.facts = facts
        self._terms, self._truths, self._whole, self._complete = worked_out or WorkedOut(
            [None] * len(program.terms), [None] * len(program.nodes), {}, {}
        )

    def changed(self, facts: Mapping[str, Reach], readers: Callable[[str], Readers]) -> Enclosure:
        """Return what comes of it with these *facts* elsewhere: all else stays worked out.

        Args:
            facts: by id; `NOTHING_KNOWN` makes one unknown.
            readers: returns what reads a fact.
        """
        terms, truths = self._terms[:], self._truths[:]
        for fact, reach in facts.items():
            if self.facts.get(fact, NOTHING_KNOWN) != reach:
                read = readers(fact)
                for place in read.terms:
                    terms[place] = None
                for place in read.nodes:
                    truths[place] = None
        worked_out = WorkedOut(terms, truths, self._whole, self._complete)
        return Enclosure(self.program, {**self.facts, **facts}, worked_out)

    # Numbers

    def term(self, place: int) -> Reach:
        """Return what the term at *place* can come to."""
        reach = self._terms[place]
        if reach is None:
            reach = self._terms[place] = self._term(place)
        return reach

    def _term(self, place: int) -> Reach:
        term = self.program.terms[place]
        if isinstance(term, FactTerm):
            return self.facts.get(term.fact, NOTHING_KNOWN)
        if isinstance(term, KnownTerm):
            return self._known(term)
        if isinstance(term, AggregateTerm):
            return self._aggregate(term)
        if isinstance(term, FormulaTerm):
            return self._formula(term)
        return self._table(place, term)

    def total(self, quantity: LinearSum) -> Reach:
        """Return what *quantity* can come to, its divisor left aside."""
        if len(quantity.multiples) == 1 and not quantity.constant:
            [(place, multiple)] = quantity.multiples
            if multiple == 1:
                reach = self.term(place)
                return reach if reach.known else NOTHING_KNOWN
        least: Exact | None = quantity.constant
        most: Exact | None = quantity.constant
        known, unknown = True, False
        for place, multiple in quantity.multiples:
            reach = self.term(place)
            known, unknown = known and reach.known, unknown or reach.unknown
            if multiple:
                ends = (reach.least, reach.most) if multiple > 0 else (reach.most, reach.least)
                least = None if least is None or ends[0] is None else least + multiple * ends[0]
                most = None if most is None or ends[1] is None else most + multiple * ends[1]
        return Reach(least, most, known, unknown) if known else NOTHING_KNOWN

    def _known(self, term: KnownTerm) -> Reach:
        if term.term is not None:
            reach = self.term(term.term)
            return Reach(0 if reach.unknown else 1, 1 if reach.known else 0)
        assert term.proposition is not None, "what may be known is a term or a truth"
        truths = self.truths(term.proposition)
        return Reach(0 if truths & MAY[UNKNOWN] else 1, 1 if truths & ~MAY[UNKNOWN] else 0)

    def _formula(self, term: FormulaTerm) -> Reach:
        reach = self.total(term.formula)
        divisor, to, scale, steps = term.formula.divisor, term.rounded, term.scale, term.steps
        if not reach.known or (steps is None and to is None and scale is not None):
            return reach

        def worked(total: Exact | None) -> Exact | None:
            if total is None:
                return None
            number = Fraction(total) / divisor
            if to is None:
                return number
            return int(rounded(number, to.decimals, to.mode) * 10**to.decimals)

        if steps is None:
            return reach._replace(least=worked(reach.least), most=worked(reach.most))
        if reach.least is not None and reach.least == reach.most:
            scores = [steps.score(Fraction(reach.least) / divisor)]
        else:
            scores = list(steps.scores)
        scale = scale or 1
        return reach._replace(least=min(scores) * scale, most=max(scores) * scale)

    def _aggregate(self, term: AggregateTerm) -> Reach:
        operands = [self.total(operand) for operand in term.operands]
        may = [
            (reach, weight)
            for reach, weight in zip(operands, term.weights, strict=True)
            if reach.known
        ]
        if not may:
            return NOTHING_KNOWN
        sure = all(not reach.unknown for reach, _ in may)
        least: Exact | None
        most: Exact | None
        if term.function == "mean_known":
            least, most = _mean(may, sure=sure)
        elif term.function == "sum_known":
            least = _sum([_or_nothing(r.least, r, min) for r, _ in may])
            most = _sum([_or_nothing(r.most, r, max) for r, _ in may])
        else:
            least, most = _extreme(term.function, [reach for reach, _ in may])
        if term.scale is None:
            divisor = term.operands[0].divisor
            least = None if least is None else Fraction(least) / divisor
            most = None if most is None else Fraction(most) / divisor
        return Reach(least, most, unknown=all(reach.unknown for reach in operands))

    def _table(self, place: int, term: TableTerm) -> Reach:
        values: list[int] = []
        surely_false, unknown = True, False
        for proposition, value in term.rows:
            truths = self.truths(proposition)
            if truths & MAY[TRUE]:
                values.append(value)
            if truths == MAY[TRUE]:  # rows are disjoint, so this is the one
                return Reach(value, value)
            unknown = unknown or bool(truths & MAY[UNKNOWN])
            surely_false = surely_false and truths == MAY[FALSE]
        if surely_false:
            return (
                NOTHING_KNOWN if term.otherwise is None else Reach(term.otherwise, term.otherwise)
            )
        if all(
            self.truths(proposition) & MAY[FALSE] for proposition, _ in term.rows
        ) and not self._is_complete(place):
            if term.otherwise is None:
                unknown = True
            else:
                values.append(term.otherwise)
        if not values:
            return NOTHING_KNOWN
        return Reach(min(values), max(values), unknown=unknown)

    def _is_complete(self, place: int) -> bool:
        """Say whether some row of the table at *place* holds wherever its quantities are known.

        Then all rows are never false together, known or not: what is false with something unknown
        is false whatever that is.
        """
        found = self._complete.get(place)
        if found is None:
            found = self._complete[place] = is_complete(self.program, place)
        return found

    # Truths

    def truths(self, proposition: Proposition) -> int:
        """Return the set of truths that *proposition* can have, as bits of `MAY`."""
        place = proposition if proposition >= 0 else ~proposition
        truths = self._truths[place]
        if truths is None:
            truths = self._truths[place] = self._node(place)
        return truths if place == proposition else NEGATED[truths]

    def _node(self, place: int) -> int:
        node = self.program.nodes[place]
        if isinstance(node, InRange):
            return self._in_range(node.quantity, node.within)
        if isinstance(node, Tally):
            return tallied([self.truths(part) for part in node.of], node)
        parts = []
        for part in node.of:
            truths = self.truths(part)
            if truths == MAY[FALSE]:  # whatever the others are
                return truths
            parts.append(truths)
        return conjoined(parts)

    def _in_range(self, place: int, within: Intervals) -> int:
        quantity = self.program.quantities[place]
        reach = self.total(quantity)
        whole = self._whole.get(place)
        if whole is None:
            whole = self._whole[place] = is_whole(self.program, quantity)
        if not whole:  # all that is asked of a fraction is its sign
            reach = reach._replace(least=_sign(reach.least), most=_sign(reach.most))
        truths = MAY[UNKNOWN] if reach.unknown else 0
        return truths | tested(reach.least, reach.most, within) if reach.known else truths


def is_whole(program: Program, quantity: LinearSum) -> bool:
    """Say whether every value of *quantity* is whole; of any other, programs ask the sign alone."""
    return all(program.terms[place].scale is not None for place, _ in quantity.multiples)


def _sign(number: Exact | None) -> int | None:
    return None if number is None else (number > 0) - (number < 0)


def tested(least: Exact | None, most: Exact | None, within: Intervals) -> int:
    """Return the truths of a test for *within* of what lies between *least* and *most*."""
    truths = 0
    covered = False
    for first, last in within:
        starts = first is None or (least is not None and least >= first)
        ends = last is None or (most is not None and most <= last)
        apart = (most is not None and first is not None and most < first) or (
            least is not None and last is not None and least > last
        )
        if not apart:
            truths |= MAY[TRUE]
        covered = covered or (starts and ends)
    return MAY[TRUE] if covered else truths | MAY[FALSE]


def negated(truths: int) -> int:
    """Return the truths of the negation of what has these *truths*."""
    return NEGATED[truths]


NEGATED = tuple(
    (truths & MAY[UNKNOWN]) | (truths & MAY[TRUE]) >> 2 | (truths & MAY[FALSE]) << 2
    for truths in range(1 << len(MAY))
)


def conjoined(parts: list[int]) -> int:
    """Return the truths of the conjunction of what has the truths *parts*, each by itself."""
    some, every, is_above = 0, MAY[TRUE], True
    for part in parts:
        some |= part
        every &= part
        is_above = is_above and part != MAY[FALSE]
    truths = some & MAY[FALSE]
    return truths | (some & MAY[UNKNOWN]) | every if is_above else truths


def tallied(parts: list[int], tally: Tally) -> int:
    """Return the truths of *tally* over what has the truths *parts*, each by itself."""
    true, unknown = parts.count(MAY[TRUE]), parts.count(MAY[UNKNOWN])
    counts = {(true, unknown)}  # how many are true, how many unknown
    for part in parts:
        if part not in MAY:
            counts = {
                (true + (truth == TRUE), unknown + (truth == UNKNOWN))
                for true, unknown in counts
                for truth in (FALSE, UNKNOWN, TRUE)
                if part & MAY[truth]
            }
    truths = 0
    for true, unknown in counts:
        truths |= MAY[counted(true, unknown, tally.within)]
    return truths


def counted(true: int, unknown: int, within: Intervals) -> int:
    """Return the truth of a tally that wants *within*, of which so many hold and so many may."""
    truth = None
    for n in range(true, true + unknown + 1):
        is_inside = any((a is None or a <= n) and (b is None or n <= b) for a, b in within)
        if truth is None:
            truth = is_inside
        elif is_inside != truth:
            return UNKNOWN
    return TRUE if truth else FALSE


# Aggregates


def _mean(may: list[tuple[Reach, int]], *, sure: bool) -> tuple[Exact | None, Exact | None]:
    weights = sum(weight for _, weight in may)
    if any(weight <= 0 for _, weight in may):
        return (None, None)
    if sure:
        least = _sum([None if r.least is None else weight * r.least for r, weight in may])
        most = _sum([None if r.most is None else weight * r.most for r, weight in may])
        return (
            None if least is None else Fraction(least) / weights,
            None if most is None else Fraction(most) / weights,
        )
    return _furthest([r.least for r, _ in may], min), _furthest([r.most for r, _ in may], max)


def _extreme(function: str, may: list[Reach]) -> tuple[Exact | None, Exact | None]:
    """Return the reach of the least or the greatest, which what is surely known limits."""
    sure = [reach for reach in may if not reach.unknown]
    if function == "min_known":
        least = _furthest([r.least for r in may], min)
        return least, _nearest([r.most for r in sure], min) if sure else _furthest(
            [r.most for r in may], max
        )
    most = _furthest([r.most for r in may], max)
    return _nearest([r.least for r in sure], max) if sure else _furthest(
        [r.least for r in may], min
    ), most


def _furthest(ends: list[Exact | None], pick: Callable[..., Exact]) -> Exact | None:
    """Return the furthest of some ends: open where one of them is."""
    return None if None in ends else pick(ends)


def _nearest(ends: list[Exact | None], pick: Callable[..., Exact]) -> Exact | None:
    """Return the nearest of some ends: open only where all of them are."""
    given = [end for end in ends if end is not None]
    return pick(given) if given else None


def _sum(numbers: list[Exact | None]) -> Exact | None:
    total: Exact = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _or_nothing(end: Exact | None, reach: Reach, pick: Callable[..., Exact]) -> Exact | None:
    """Return the *end* of what a sum takes, which may take nothing where it may be unknown."""
    return pick(end, 0) if reach.unknown and end is not None else end
