"""What a program makes of all cases at once, said to z3 exactly or not at all.

A truth is a pair, *is true* and *is false*; what is neither is unknown. Linear sums, tables,
tallies, roundings and step tables are said as they are. A mean is a fraction of its own, defined
by `mean * weights = sum` for each weight that the known ones can add up to, so that nothing is
ever multiplied by a number that is still to be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from oversight_engine.analysis.encoding import Bool, Encoding, Reading, Whole
from oversight_engine.errors import EvaluatorLimitError
from oversight_engine.model.cohort import StepTable
from oversight_engine.model.rulebook import REFER
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
    TableTerm,
    Tally,
    complement,
)

MOST_WEIGHTS = 4096
"""To how many numbers the weights of the known ones among the operands of a mean may add up."""


class Said(NamedTuple):
    """A truth of Kleene's logic: one of both, or neither where it is unknown."""

    true: Bool
    false: Bool


class World(NamedTuple):
    """What one program makes of the facts.

    Attributes:
        facts: what it reads, by id.
        rules: the truth of each rule, by id.
        decided: for each outcome, the lightest first, that it is the decision.
        referred: that the case is referred.
    """

    facts: Mapping[str, Reading]
    rules: Mapping[str, Said]
    decided: tuple[Bool, ...]
    referred: Bool


def encode(encoding: Encoding, program: Program, facts: Mapping[str, Reading]) -> World:
    """Return what *program* makes of *facts*.

    Raises:
        EvaluatorLimitError: it holds what cannot be said exactly.
    """
    return _Program(encoding, program, facts).world()


class _Program:
    """One walk through a program; what is read twice is said once."""

    def __init__(self, encoding: Encoding, program: Program, facts: Mapping[str, Reading]) -> None:
        self.encoding = encoding
        self.program = program
        self.facts = facts
        self.terms: dict[int, Reading] = {}
        self.nodes: dict[int, Said] = {}

    def world(self) -> World:
        rules = {rule.id: self.said(rule.proposition) for rule in self.program.rules}
        return World(self.facts, rules, *self.outcome(rules))

    def outcome(self, rules: Mapping[str, Said]) -> tuple[tuple[Bool, ...], Bool]:
        """Return of each outcome that it is decided, and that the case is referred."""
        encoding, scale = self.encoding, self.program.outcomes
        held: dict[str, list[Bool]] = {outcome: [] for outcome in scale}
        harshest: list[Bool] = []
        refers: list[Bool] = []
        for rule in self.program.rules:
            said = rules[rule.id]
            is_unknown = encoding.negation(encoding.any_of(said))
            if rule.outcome == REFER:
                refers.append(encoding.negation(said.false))
                continue
            held[rule.outcome].append(said.true)
            if rule.outcome == scale[-1]:
                harshest.append(said.true)
            if rule.if_unknown == "refer":
                refers.append(is_unknown)
            elif rule.if_unknown == "hold_back":
                held[rule.outcome].append(is_unknown)
        is_harshest = encoding.any_of(harshest)
        is_referred = encoding.all_of((encoding.negation(is_harshest), encoding.any_of(refers)))
        at_least = [
            encoding.any_of(truth for outcome in scale[place:] for truth in held[outcome])
            for place in range(1, len(scale))
        ]
        lighter = [*map(encoding.negation, at_least)]
        decided = (
            encoding.all_of((encoding.negation(is_referred), *reached, *unreached))
            for reached, unreached in zip(
                [[], *([each] for each in at_least)],
                [*([each] for each in lighter), []],
                strict=True,
            )
        )
        return tuple(decided), is_referred

    # Terms

    def term(self, place: int) -> Reading:
        """Return the term at *place*."""
        if place not in self.terms:
            term = self.program.terms[place]
            if isinstance(term, FactTerm):
                reading = self.fact(term)
            elif isinstance(term, KnownTerm):
                reading = self.known(term)
            elif isinstance(term, AggregateTerm):
                reading = self.aggregate(term)
            elif isinstance(term, FormulaTerm):
                reading = self.formula(term)
            else:
                reading = self.table(term)
            self.terms[place] = reading
        return self.terms[place]

    def fact(self, term: FactTerm) -> Reading:
        """Return a fact in the program's own scale or codes."""
        reading = self.facts[term.fact]
        if term.codes is not None:
            codes = [term.codes[value] for value in self.encoding.categories(term.fact)]
            return Reading(reading.known, self.encoding.pick(reading.value, codes))
        shift = (term.scale or 1) // 10 ** self.encoding.decimals(term.fact)
        return reading if shift <= 1 else Reading(reading.known, reading.value * shift)

    def known(self, term: KnownTerm) -> Reading:
        encoding = self.encoding
        if term.term is not None:
            is_known = self.term(term.term).known
        else:
            assert term.proposition is not None, "what may be known is a term or a truth"
            is_known = encoding.any_of(self.said(term.proposition))
        return Reading(encoding.truth(value=True), encoding.count([is_known]))

    def total(self, quantity: LinearSum) -> Reading:
        """Return a *quantity* as it is without its divisor."""
        readings = [(self.term(term), multiple) for term, multiple in quantity.multiples]
        return Reading(
            self.encoding.all_of(reading.known for reading, _ in readings),
            self.encoding.total(
                [
                    *(reading.value * multiple for reading, multiple in readings),
                    self.encoding.whole(quantity.constant),
                ]
            ),
        )

    def aggregate(self, term: AggregateTerm) -> Reading:
        encoding = self.encoding
        operands = [self.total(operand) for operand in term.operands]
        divisor = term.operands[0].divisor
        is_known = encoding.any_of(operand.known for operand in operands)
        if term.function == "mean_known":
            return Reading(is_known, self.mean(operands, term.weights, divisor))
        if term.function == "sum_known":
            value = encoding.total(
                encoding.if_else(each.known, each.value, encoding.whole(0)) for each in operands
            )
        else:
            value = self.extreme(operands, highest=term.function == "max_known")
        return Reading(is_known, value if term.scale is not None else encoding.over(value, divisor))

    def extreme(self, operands: Sequence[Reading], *, highest: bool) -> Whole:
        """Return the highest, or lowest, of those *operands* that are known."""
        encoding = self.encoding
        best, *others = operands
        for other in others:
            wins = other.value > best.value if highest else other.value < best.value
            takes = encoding.all_of(
                (other.known, encoding.any_of((encoding.negation(best.known), wins)))
            )
            best = Reading(
                encoding.any_of((best.known, other.known)),
                encoding.if_else(takes, other.value, best.value),
            )
        return best.value

    def mean(self, operands: Sequence[Reading], weights: Sequence[int], divisor: int) -> Whole:
        """Return the mean of those *operands* that are known; anything where none is."""
        encoding = self.encoding
        if min(weights) <= 0:
            raise EvaluatorLimitError("not encoded: a mean with a weight that is not above nought")
        reachable = {0}
        for weight in weights:
            reachable |= {weight + other for other in reachable}
        if len(reachable) > MOST_WEIGHTS:
            raise EvaluatorLimitError(
                f"not encoded: a mean whose weights can add up to {len(reachable):,} numbers: "
                f"at most {MOST_WEIGHTS:,} are"
            )
        nought = encoding.whole(0)
        pairs = [*zip(operands, weights, strict=True)]
        summed = encoding.total(encoding.if_else(o.known, o.value * w, nought) for o, w in pairs)
        weighed = encoding.total(
            encoding.if_else(o.known, encoding.whole(w), nought) for o, w in pairs
        )
        mean = encoding.fraction("mean")
        for weight in reachable - {0}:
            # Each is a line of its own, so that the mean stays linear.
            means = mean * (weight * divisor) == summed
            encoding.where(encoding.implies(weighed == weight, means))
        return mean

    def formula(self, term: FormulaTerm) -> Reading:
        encoding, (is_known, number) = self.encoding, self.total(term.formula)
        divisor = term.formula.divisor
        if term.steps is not None:
            return Reading(is_known, self.score(number, divisor, term.steps, term.scale or 1))
        if term.rounded is not None:
            to = term.rounded
            return Reading(is_known, encoding.rounded(number, divisor, to.decimals, to.mode))
        return Reading(is_known, number if term.scale else encoding.over(number, divisor))

    def score(self, number: Whole, divisor: int, steps: StepTable, scale: int) -> Whole:
        """Return the score, times *scale*, of *number* over the *divisor*."""
        encoding = self.encoding
        score = encoding.whole(int(steps.otherwise * scale))
        is_higher = steps.better == "higher"
        # The best step that is reached comes to be asked first.
        for at, given in steps.steps if is_higher else reversed(steps.steps):
            step = Fraction(at) * divisor
            left, right = number * step.denominator, step.numerator
            reached = left >= right if is_higher else left <= right
            score = encoding.if_else(reached, encoding.whole(int(given * scale)), score)
        return score

    def table(self, term: TableTerm) -> Reading:
        encoding = self.encoding
        rows = [(self.said(row), value) for row, value in term.rows]
        is_row = encoding.any_of(said.true for said, _ in rows)
        is_known = is_row
        value = encoding.whole(0)
        if term.otherwise is not None:
            none_holds = encoding.all_of(said.false for said, _ in rows)
            is_known, value = encoding.any_of((is_row, none_holds)), encoding.whole(term.otherwise)
        for said, given in reversed(rows):
            value = encoding.if_else(said.true, encoding.whole(given), value)
        return Reading(is_known, value)

    # Truths

    def said(self, proposition: Proposition) -> Said:
        """Return the truth of a node, or of its negation."""
        place = max(proposition, ~proposition)
        if place not in self.nodes:
            node = self.program.nodes[place]
            if isinstance(node, InRange):
                self.nodes[place] = self.in_range(node)
            elif isinstance(node, Tally):
                self.nodes[place] = self.tally(node)
            else:
                self.nodes[place] = self.every(node)
        true, false = self.nodes[place]
        return Said(true, false) if proposition >= 0 else Said(false, true)

    def in_range(self, node: InRange) -> Said:
        encoding = self.encoding
        is_known, number = self.total(self.program.quantities[node.quantity])
        is_inside = encoding.inside(number, node.within)
        return Said(
            encoding.all_of((is_known, is_inside)),
            encoding.all_of((is_known, encoding.negation(is_inside))),
        )

    def tally(self, node: Tally) -> Said:
        """Return that all numbers from the least to the most lie in one interval, or one gap."""
        encoding = self.encoding
        truths = [self.said(each) for each in node.of]
        least = encoding.count(said.true for said in truths)
        most = encoding.count(encoding.negation(said.false) for said in truths)

        def lie_in_one(intervals: Iterable[tuple[int | None, int | None]]) -> Bool:
            return encoding.any_of(
                encoding.all_of(
                    (
                        encoding.inside(least, ((start, None),)),
                        encoding.inside(most, ((None, end),)),
                    )
                )
                for start, end in intervals
            )

        return Said(lie_in_one(node.within), lie_in_one(complement(node.within)))

    def every(self, node: AllOf) -> Said:
        truths = [self.said(each) for each in node.of]
        return Said(
            self.encoding.all_of(said.true for said in truths),
            self.encoding.any_of(said.false for said in truths),
        )
