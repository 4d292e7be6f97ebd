"""All cases at once, as z3 takes them: facts that are still to be found, and questions of them.

A fact is a whole number, in units of its last decimal, and a truth of its own: whether it is
known. What is said here is exact; `encoded_program` says what a program makes of the facts.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from types import ModuleType
from typing import Any, NamedTuple

from oversight_engine.errors import EvaluatorLimitError
from oversight_engine.model.case import Value
from oversight_engine.model.number import Rounding, whole_if_possible
from oversight_engine.model.rulebook import Fact, LocalPriorityFacts, Rulebook
from oversight_engine.program import FactTerm, Intervals, Program

Bool = Any
"""A truth that is still to be found; z3 states no types that say more."""
Whole = Any
"""A number that is still to be found."""


class Reading(NamedTuple):
    """A number that may be unknown: then its *value* says nothing."""

    known: Bool
    value: Whole


class Found(NamedTuple):
    """What was found: a case that answers, that there is none, or neither.

    Attributes:
        model: z3's own account of the case, where there is one.
        because: why z3 gave up; empty where it did not.
    """

    model: Any
    because: str = ""

    @property
    def is_impossible(self) -> bool:
        """Whether no case at all answers."""
        return self.model is None and not self.because


class Encoding:
    """All cases that some rulebooks can be asked about on one day, in a solver of their own."""

    def __init__(
        self, z3: ModuleType, rulebooks: Sequence[Rulebook], day: datetime.date, seconds: float
    ) -> None:
        """Begin with nothing; z3 gives up on a question after so many *seconds*."""
        self.rulebooks = tuple(rulebooks)
        self.day = day
        self.asked = 0
        self._z3 = z3
        self._context = z3.Context()  # z3's own is not safe between threads
        self._solver = z3.Solver(ctx=self._context)
        self._made = 0
        self.limit(seconds)

    def limit(self, seconds: float) -> None:
        """Let z3 give up on any later question after so many *seconds*."""
        self._timeout = max(1, round(seconds * 1000))
        self._solver.set("timeout", self._timeout)

    # Facts

    def facts(self, programs: Iterable[Program]) -> dict[str, Reading]:
        """Return, by id, new readings of all that *programs* and lists of local priorities read."""
        ids = {t.fact for p in programs for t in p.terms if isinstance(t, FactTerm)}
        for names in self._local_priorities():
            if ids & set(_listed(names)):
                ids.update(_listed(names))
        return {fact_id: self.fact(fact_id) for fact_id in sorted(ids)}

    def fact(self, fact_id: str) -> Reading:
        """Return a new reading of that fact, within what every rulebook lets it be."""
        known = self._z3.Bool(self._new(f"known {fact_id}"), self._context)
        value = self._z3.Int(self._new(fact_id), self._context)
        self.where(self.inside(value, (self.bounds(fact_id),)))
        return Reading(known, value)

    def bounds(self, fact_id: str) -> tuple[int | None, int | None]:
        """Return the least and the most that the number of a fact may be; None where open."""
        facts = self.declared(fact_id)
        if facts[0].type == "boolean":
            return 0, 1
        if facts[0].type == "category":
            return 0, len(self.categories(fact_id)) - 1
        if facts[0].type == "date":
            return (self.day - datetime.date.max).days, (self.day - datetime.date.min).days
        shift = 10 ** self.decimals(fact_id)
        leasts = [math.ceil(f.range[0] * shift) for f in facts if f.range[0] is not None]
        mosts = [math.floor(f.range[1] * shift) for f in facts if f.range[1] is not None]
        return max(leasts, default=None), min(mosts, default=None)

    def decimals(self, fact_id: str) -> int:
        """Return to how many decimals every rulebook knows the fact."""
        return min(fact.decimals for fact in self.declared(fact_id))

    def categories(self, fact_id: str) -> tuple[str, ...]:
        """Return the values that every rulebook has for the fact, in the order of the first."""
        first, *others = ((*f.values, *f.outside_order) for f in self.declared(fact_id))
        return tuple(value for value in first if all(value in other for other in others))

    def declared(self, fact_id: str) -> tuple[Fact, ...]:
        """Return how the rulebooks declare the fact."""
        return tuple(book.fact(fact_id) for book in self.rulebooks if book.has_fact(fact_id))

    def realisable(self, facts: Mapping[str, Reading]) -> Bool:
        """Return that the numbers of local priorities are those of some list, or all unknown."""
        conditions = []
        for names in self._local_priorities():
            if names.agreed not in facts:
                continue
            readings = [facts[each] for each in _listed(names)]
            agreed, *parts = (reading.value for reading in readings)
            known = [reading.known for reading in readings]
            adds_up = [agreed == self.total(parts), agreed >= 1, *(part >= 0 for part in parts)]
            conditions.append(
                self.any_of(
                    (self.all_of(map(self.negation, known)), self.all_of((*known, *adds_up)))
                )
            )
        return self.all_of(conditions)

    def _local_priorities(self) -> Iterator[LocalPriorityFacts]:
        for book in self.rulebooks:
            if book.local_priorities is not None:
                yield book.local_priorities

    def number_of(self, fact_id: str, value: Value) -> int:
        """Return the number that stands for a *value* of the fact."""
        if isinstance(value, datetime.date):
            return (self.day - value).days
        if isinstance(value, str):
            return self.categories(fact_id).index(value)
        return int(value * 10 ** self.decimals(fact_id))

    def term_of(self, fact: Fact, value: Whole) -> Whole:
        """Return the *value* of a fact as the program of the one rulebook there is has it."""
        if fact.type != "category":
            return value
        codes = range(-len(fact.outside_order), len(fact.values))
        inside = [*codes[len(fact.outside_order) :], *reversed(codes[: len(fact.outside_order)])]
        return self.pick(value, inside)

    def hold(self, fact: Fact, reading: Reading, numbers: Sequence[int]) -> None:
        """Let *fact* be one of *numbers* as a term of the program; unknown if there are none."""
        if numbers:
            self.where(reading.known, self.one_of(self.term_of(fact, reading.value), numbers))
        else:
            self.where(self.negation(reading.known))

    def values_of(self, found: Found, facts: Mapping[str, Reading]) -> dict[str, Value]:
        """Return what was *found* that the known ones among *facts* are."""
        return {
            fact_id: self._value_of(fact_id, self.number(found, reading.value))
            for fact_id, reading in facts.items()
            if self.is_true(found, reading.known)
        }

    def _value_of(self, fact_id: str, number: int) -> Value:
        type_ = self.declared(fact_id)[0].type
        if type_ == "boolean":
            return bool(number)
        if type_ == "category":
            return self.categories(fact_id)[number]
        if type_ == "date":
            return self.day - datetime.timedelta(days=number)
        return whole_if_possible(Fraction(number, 10 ** self.decimals(fact_id)))

    # Asking

    def where(self, *conditions: Bool) -> None:
        """Ask from now on only about cases for which the *conditions* hold."""
        self._solver.add(*conditions)

    def ask(self, *conditions: Bool) -> Found:
        """Return a case for which the *conditions* hold, or that there is none, or neither."""
        self.asked += 1
        self._solver.push()
        self._solver.add(*conditions)
        try:
            return self._answer(self._solver)
        finally:
            self._solver.pop()

    def least(self, amounts: Sequence[Whole], *conditions: Bool) -> Found:
        """Return a case for which the *conditions* hold, of the least *amounts*, first by first."""
        self.asked += 1
        optimizer = self._z3.Optimize(ctx=self._context)
        optimizer.set("timeout", self._timeout)
        optimizer.add(*self._solver.assertions(), *conditions)
        for amount in amounts:
            optimizer.minimize(amount)
        return self._answer(optimizer)

    def _answer(self, solver: Any) -> Found:
        result = solver.check()
        if result == self._z3.sat:
            return Found(solver.model())
        if result == self._z3.unsat:
            return Found(None)
        return Found(None, f"z3 gave up: {solver.reason_unknown()}")

    def is_true(self, found: Found, truth: Bool) -> bool:
        """Return whether *truth* holds in the case that was *found*."""
        return bool(self._z3.is_true(found.model.eval(truth, model_completion=True)))

    def number(self, found: Found, whole: Whole) -> int:
        """Return what a *whole* number is in the case that was *found*."""
        return int(found.model.eval(whole, model_completion=True).as_long())

    # What questions are made of

    def truth(self, value: bool) -> Bool:
        """Return a truth that is given."""
        return self._z3.BoolVal(value, self._context)

    def whole(self, number: int) -> Whole:
        """Return a whole number that is given."""
        return self._z3.IntVal(number, self._context)

    def number_named(self, name: str) -> Whole:
        """Return a new whole number, of which nothing is said yet."""
        return self._z3.Int(self._new(name), self._context)

    def one_of(self, number: Whole, numbers: Sequence[int]) -> Bool:
        """Return that *number* is one of *numbers*."""
        if isinstance(numbers, range) and numbers.step == 1:
            return self.inside(number, ((numbers[0], numbers[-1]),))
        return self.any_of(number == each for each in numbers)

    def fraction(self, name: str) -> Whole:
        """Return a new fraction, of which nothing is said yet."""
        return self._z3.Real(self._new(name), self._context)

    def _new(self, name: str) -> str:
        self._made += 1
        return f"{name} {self._made}"

    def all_of(self, truths: Iterable[Bool]) -> Bool:
        """Return that all of *truths* hold."""
        listed = [*truths]
        return self._z3.And(*listed) if listed else self.truth(value=True)

    def any_of(self, truths: Iterable[Bool]) -> Bool:
        """Return that at least one of *truths* holds."""
        listed = [*truths]
        return self._z3.Or(*listed) if listed else self.truth(value=False)

    def negation(self, truth: Bool) -> Bool:
        """Return that *truth* does not hold."""
        return self._z3.Not(truth)

    def implies(self, one: Bool, other: Bool) -> Bool:
        """Return that the *other* holds wherever *one* does."""
        return self._z3.Implies(one, other)

    def if_else(self, truth: Bool, one: Any, other: Any) -> Any:
        """Return *one* where *truth* holds, else the *other*."""
        return self._z3.If(truth, one, other)

    def count(self, truths: Iterable[Bool]) -> Whole:
        """Return how many of *truths* hold."""
        one, nought = self.whole(1), self.whole(0)
        return self.total(self.if_else(truth, one, nought) for truth in truths)

    def total(self, numbers: Iterable[Whole]) -> Whole:
        """Return the sum of *numbers*."""
        listed = [*numbers]
        return self._z3.Sum(listed) if listed else self.whole(0)

    def pick(self, place: Whole, numbers: Sequence[int]) -> Whole:
        """Return the one of *numbers* that has that *place*, the last for any place beyond."""
        *others, picked = map(self.whole, numbers)
        for number, other in reversed([*enumerate(others)]):
            picked = self.if_else(place == number, other, picked)
        return picked

    def inside(self, number: Whole, intervals: Intervals) -> Bool:
        """Return that a *number* lies in one of the *intervals*."""
        return self.any_of(self._between(number, *interval) for interval in intervals)

    def _between(self, number: Whole, least: int | None, most: int | None) -> Bool:
        if number.is_int():
            asked = [] if least is None else [number >= least]
            return self.all_of(asked if most is None else [*asked, number <= most])
        # Of a fraction a program asks the sign, which is that of its numerator.
        if least not in {None, 0, 1} or most not in {None, -1, 0}:
            raise EvaluatorLimitError(
                "not encoded: a fraction is compared with another number than nought"
            )
        asked = [] if least is None else [number > 0 if least else number >= 0]
        return self.all_of(asked if most is None else [*asked, number < 0 if most else number <= 0])

    def over(self, number: Whole, divisor: int) -> Whole:
        """Return *number* over the *divisor*, a fraction."""
        return (self._z3.ToReal(number) if number.is_int() else number) / divisor

    def rounded(self, number: Whole, divisor: int, decimals: int, mode: Rounding) -> Whole:
        """Return *number* over the *divisor*, rounded, in units of the last of its *decimals*."""
        shifted = number * 10**decimals
        if mode in {"down", "up"}:
            below, above = self._floor(shifted, divisor), -self._floor(-shifted, divisor)
            towards = (above, below) if mode == "down" else (below, above)
            return self.if_else(number < 0, *towards)
        nearest = self._floor(2 * shifted + divisor, 2 * divisor)  # a tie is the higher one
        if mode == "half_up":
            return self.if_else(
                number < 0, -self._floor(divisor - 2 * shifted, 2 * divisor), nearest
            )
        is_tie = 2 * shifted + divisor == nearest * (2 * divisor)
        return self.if_else(self.all_of((is_tie, nearest % 2 == 1)), nearest - 1, nearest)

    def _floor(self, number: Whole, divisor: int) -> Whole:
        """Return the whole of *number* over the *divisor*, which is above nought."""
        return number / divisor if number.is_int() else self._z3.ToInt(number / divisor)


def _listed(names: LocalPriorityFacts) -> tuple[str, ...]:
    return names.agreed, names.on_track, names.not_on_track, names.unknown
