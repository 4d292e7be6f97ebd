"""A threshold at many values over many cases: exact counts of outcomes, in two passes and not many.

The comparisons that mention the parameter are looked at either way, which gives the outcome of each
case on either side. Only where these differ does it matter at which value the case turns.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from attrs import frozen

from oversight_engine.analysis.columns import ColumnEvaluator, Columns, Combining, Pass, tally
from oversight_engine.analysis.swept import Hinge, set_free
from oversight_engine.analysis.vectors import Array, Numbers, any_of, refuse_beyond
from oversight_engine.compiler import compile_program
from oversight_engine.model.in_force import InForce
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.program import FormulaTerm, Program, Term

CHUNK = 1 << 16
"""So many cases are looked at together: what they need stays in the cache."""


@frozen(eq=False, repr=False)
class Sweep(Noun):
    """How many cases come to each outcome, at each value of a parameter.

    Attributes:
        labels: the outcomes, lightest first, and the referral.
        counts: for each value, as many numbers as there are labels.
    """

    parameter: str
    values: tuple[Exact, ...]
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def plus(self, other: Sweep) -> Sweep:
        """Return the counts of both together."""
        assert (self.values, self.labels) == (other.values, other.labels), "of one sweep"
        counts = tuple(
            tuple(a + b for a, b in zip(one, two, strict=True))
            for one, two in zip(self.counts, other.counts, strict=True)
        )
        return Sweep(self.parameter, self.values, self.labels, counts)


class Steps(NamedTuple):
    """The values of a sweep: *number* of them, from *start* on, each a *step* above the last."""

    start: Exact
    step: Exact
    number: int


class _Turn(NamedTuple):
    """For each case: whether a hinge holds at first, and at which value it turns."""

    at_first: Array
    turns: Array


def sweep(in_force: InForce, parameter: str, steps: Steps, columns: Columns) -> Sweep:
    """Return how many of the cases in *columns* come to each outcome at each value, exactly.

    The comparisons that mention the parameter are looked at either way, which gives the outcome
    of each case on either side; where each of them turns is where the outcome may change.

    Raises:
        InputError: the parameter is no threshold, or a number is beyond 64 bits.
    """
    freed = set_free(in_force, parameter)
    program = compile_program(freed.in_force)
    evaluator = ColumnEvaluator(program)
    again = evaluator.touched_by(hinge.fact for hinge in freed.hinges)
    needed = evaluator.needed_by(
        [name for hinge in freed.hinges for name in (hinge.at_zero, hinge.at_one)],
        [name for hinge in freed.hinges for name in hinge.counted],
    )
    swept = _Swept(evaluator, freed.hinges, steps, needed & again)
    for start in range(0, columns.size, CHUNK):
        part = columns.chunk(start, start + CHUNK)
        swept.count(evaluator.evaluate(part, again=needed - again))
    counts = np.cumsum(swept.changes, axis=1)[:, :-1].T
    values = tuple(_whole(steps.start + n * Fraction(steps.step)) for n in range(steps.number))
    labels = (*program.outcomes, REFERRAL)
    return Sweep(parameter, values, labels, tuple(tuple(row) for row in counts.tolist()))


def _whole(number: Fraction | int) -> Exact:
    return int(number) if number.denominator == 1 else number


class _Swept:
    """Where, along the values, cases begin to come to an outcome and where they cease to.

    Attributes:
        changes: by outcome and value, how many more cases come to it than at the value before.
    """

    def __init__(
        self,
        evaluator: ColumnEvaluator,
        hinges: Sequence[Hinge],
        steps: Steps,
        again: frozenset[tuple[str, int]],
    ) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._hinges = hinges
        self._steps = steps
        self._again = again
        self._combining = Combining(evaluator.program, again)
        self._bits = sum(hinge.bits for hinge in hinges)
        labels = len(evaluator.program.outcomes) + 1
        self.changes = np.zeros((labels, steps.number + 1), dtype=np.int64)

    def count(self, base: Pass) -> None:
        """Add the cases of *base*, of which all is there but what rests on a hinge."""
        begun = self._combining.begin(base)
        results = [
            self._combining.outcomes(
                self._evaluator.evaluate(_forced(base, self._hinges, bits), base, self._again),
                begun,
            )
            for bits in itertools.product((False, True), repeat=self._bits)
        ]
        varies = any_of([result != results[0] for result in results[1:]])
        alike = np.bincount(results[0][~varies], minlength=len(self.changes))
        self.changes[:, 0] += alike
        chosen = np.flatnonzero(varies)
        if len(chosen):
            self._follow(np.stack([result[chosen] for result in results]), base, chosen)

    def _follow(self, results: Array, base: Pass, chosen: Array) -> None:
        """Follow the *chosen* cases along the values; *results* are theirs, by hinges' sides."""
        turns: list[_Turn] = []
        for hinge in self._hinges:
            turns += _turns(self._program, base, hinge, self._steps, chosen)
        at = np.stack([turn.turns for turn in turns])
        order = np.argsort(at, axis=0, kind="stable")
        weights = np.array([1 << p for p in reversed(range(self._bits))], dtype=np.int64)
        cases = np.arange(len(chosen))
        state = np.zeros(len(chosen), dtype=np.int64)
        for turn, weight in zip(turns, weights, strict=True):
            state += turn.at_first * weight
        width = self._steps.number + 1
        outcome = results[state, cases].astype(np.int64)
        self.changes[:, 0] += np.bincount(outcome, minlength=len(self.changes))
        for place in range(self._bits):
            turning = order[place]
            state ^= weights[turning]
            before, outcome = outcome, results[state, cases].astype(np.int64)
            where = at[turning, cases]
            other = np.flatnonzero(before != outcome)
            for sign, which in ((1, outcome), (-1, before)):
                flat = which[other] * width + where[other]
                found = np.bincount(flat, minlength=self.changes.size)
                self.changes += sign * found.reshape(self.changes.shape)


def _forced(base: Pass, hinges: Sequence[Hinge], bits: Sequence[bool]) -> Columns:
    """Return the cases with each hinge as *bits* say; unknown where what it compares is."""
    size = base.columns.size
    values, known, bounds = ({**each} for each in base.columns[1:])
    left = list(bits)
    places = dict(base.program.values)
    for hinge in hinges:
        own = [left.pop(0) for _ in range(hinge.bits)]
        is_known = base.terms[places[hinge.at_zero]].known
        if len(set(own)) > 1:  # some numbers that may hold agree and some do not
            is_known = np.zeros(size, dtype=bool)
        values[hinge.fact] = np.full(size, int(own[0]), dtype=np.int8)
        known[hinge.fact] = is_known
        bounds[hinge.fact] = 1
    return Columns(size, values, known, bounds)


def _turns(program: Program, base: Pass, hinge: Hinge, steps: Steps, chosen: Array) -> list[_Turn]:
    places = dict(program.values)
    ends = [_at(base.terms[places[name]], chosen) for name in (hinge.at_zero, hinge.at_one)]
    scales = [_scale_of(program.terms[places[name]]) for name in (hinge.at_zero, hinge.at_one)]
    if not hinge.counted:
        return [_turn(hinge.operator, ends, scales, steps, None)]
    conditions = dict(program.conditions)
    parts = [base.truths(conditions[name]) for name in hinge.counted]
    return [
        _turn(hinge.operator, ends, scales, steps, number)
        for number in (each[chosen] for each in tally(parts, base.columns.size))
    ]


def _at(numbers: Numbers, chosen: Array) -> Numbers:
    """Return the numbers of the *chosen* cases."""
    under = (
        numbers.denominator
        if isinstance(numbers.denominator, int)
        else (numbers.denominator[chosen])
    )
    return Numbers(
        numbers.numerator[chosen], under, numbers.known[chosen], numbers.bound, numbers.under
    )


def _scale_of(term: Term) -> int:
    assert isinstance(term, FormulaTerm), "the sides of a hinge are formulas"
    return term.scale or 1


def _turn(
    operator: str,
    ends: Sequence[Numbers],
    scales: Sequence[int],
    steps: Steps,
    number: Array | None,
) -> _Turn:
    """Return where `difference (operator) 0` turns as the parameter goes up step by step.

    The difference at the n-th value is `first + n * each`, both made whole by one positive
    factor.
    """
    at_zero, at_one = ends
    start, step = Fraction(steps.start), Fraction(steps.step)
    # Both ends over one denominator: that of the other times its own.
    zero = _over(at_zero, at_one, scales[1])
    one = _over(at_one, at_zero, scales[0])
    common = start.denominator * step.denominator
    slope = one.numerator - zero.numerator
    refuse_beyond(
        (zero.bound + one.bound)
        * common
        * (abs(start.numerator) + abs(step.numerator) + 1)
        * (steps.number + 2),
        "a sweep",
    )
    first = zero.numerator * common + slope * int(start * common)
    each = slope * int(step * common)
    if number is not None:  # the count against its right side, not a difference
        shared = scales[0] * scales[1] * common
        both = np.asarray(at_zero.denominator) * np.asarray(at_one.denominator)
        first = number.astype(np.int64) * (both * shared) - first
        each = -each
    if operator in {"<", "<="}:
        first, each = -first, -each
    if operator in {"<", ">"}:
        first = first - 1  # of whole numbers, above 0 is at least 1
    return _where_it_turns(first, each, steps.number)


def _over(one: Numbers, other: Numbers, other_scale: int) -> Numbers:
    factor = other.under * other_scale
    refuse_beyond(one.bound * factor, "a sweep")
    numerator = one.numerator.astype(np.int64) * other.denominator * other_scale
    return Numbers(numerator, 1, one.known, one.bound * factor)


def _where_it_turns(first: Array, each: Array, number: int) -> _Turn:
    """Return where `first + n * each >= 0` turns, for n from 0 to before *number*."""
    at_first = first >= 0
    rising = (each > 0) & ~at_first
    falling = (each < 0) & at_first
    safe = np.where(each == 0, 1, np.abs(each))
    turns = np.full(len(first), number, dtype=np.int64)
    np.copyto(turns, -(first // safe), where=rising)  # the first n with n * each >= -first
    np.copyto(turns, first // safe + 1, where=falling)
    return _Turn(at_first, np.minimum(turns, number))
