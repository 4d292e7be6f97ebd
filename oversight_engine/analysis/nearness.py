"""How far each number is from where a rule turns, all else being as it is."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from fractions import Fraction

from attrs import frozen

from oversight_engine.analysis.enclosures import Enclosure, Reach
from oversight_engine.analysis.ground import Ground
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Fact, Rule
from oversight_engine.model.whole import value_of
from oversight_engine.program import Proposition, RuleEntry


@frozen(eq=False, repr=False)
class Threshold(Noun):
    """How far a number is from where a rule turns, all else being as it is.

    Attributes:
        distance: in the unit of *fact*, to the first value at which it turns.
        at: that value.
        share: the distance as a share of the fact's declared range; None where that has no end.
        is_within: whether the fact's own uncertainty reaches it.
        may_be_rounding: whether what the figure was rounded from may turn the rule.
    """

    rule: Rule
    fact: Fact
    value: Exact
    at: Exact
    distance: Exact
    share: Exact | None
    is_within: bool
    may_be_rounding: bool


class Nearness:
    """The lines near one case."""

    def __init__(
        self,
        ground: Ground,
        known: Mapping[str, int],
        now: Enclosure,
        ranges: Mapping[str, tuple[int, int]],
        turns: Callable[[str, str], bool],
    ) -> None:
        """Look at the *known* facts, as terms.

        Args:
            ground: what the rulebook says.
            known: by fact.
            now: what comes of them.
            ranges: where some may truly lie.
            turns: says whether a rule may turn by the rounding of a fact.
        """
        self.ground, self.known, self.now = ground, known, now
        self.ranges, self.turns = ranges, turns

    def where(self, fact_id: str, first: int, last: int) -> Enclosure:
        """Return what comes of the case with one fact between two values."""
        return self.now.changed({fact_id: Reach(first, last)}, self.ground.supports.readers)

    def thresholds(self) -> tuple[Threshold, ...]:
        """Return how far each known number is from where a rule turns, the nearest first."""
        now = self.now
        found: list[Threshold] = []
        for fact_id, rules in self.ground.rules_by_fact.items():
            fact = self.ground.rulebook.fact(fact_id)
            if fact.type != "number" or fact_id not in self.known:
                continue
            left = {rule.id: (rule, now.truths(rule.proposition)) for rule in rules}
            values = self.turning_values(fact, now)
            if values is None:
                values = sorted(
                    {
                        value for rule, truth in left.values()
                        if (value := self.first_turn(rule.proposition, fact, truth)) is not None
                    },
                    key=lambda value: abs(value - self.known[fact.id]),
                )  # fmt: skip
            for value in values:
                if not left:
                    break
                at = self.where(fact_id, value, value)
                for rule, truth in list(left.values()):
                    if at.truths(rule.proposition) != truth:
                        found.append(self.threshold(rule, fact, value, self.ranges.get(fact_id)))
                        del left[rule.id]
        found.sort(key=lambda t: (t.share is None, t.share or t.distance, t.rule.id, t.fact.id))
        return tuple(found)

    def first_turn(self, proposition: Proposition, fact: Fact, truth: int) -> int | None:
        """Return the value of *fact* nearest to its own at which *proposition* turns."""
        base, far = self.known[fact.id], self.ground.far
        least, most = fact.scaled_range
        first, last = base - far if least is None else least, base + far if most is None else most
        heap = [(1, first, base - 1), (1, base + 1, last)]
        while heap:
            _, start, end = heapq.heappop(heap)
            if start > end:
                continue
            found = self.where(fact.id, start, end).truths(proposition)
            if found == truth:
                continue
            if start == end:
                return start
            middle = (start + end) // 2
            for a, z in ((start, middle), (middle + 1, end)):
                heapq.heappush(heap, (min(abs(a - base), abs(z - base)), a, z))
        return None

    def turning_values(self, fact: Fact, now: Enclosure) -> list[int] | None:
        """Return the values of *fact* at which something may turn, the nearest first.

        None where it is in a number that is no sum, so that nothing short of trying tells.
        """
        base = self.known[fact.id]
        cuts = self.ground.supports.cuts_at(fact.id, base, now)
        if cuts is None:
            return None
        least, most = fact.scaled_range
        values = {cut if cut > base else cut - 1 for cut in cuts}
        return sorted(
            (
                value for value in values
                if (least is None or value >= least) and (most is None or value <= most)
            ),
            key=lambda value: (abs(value - base), value),
        )  # fmt: skip

    def threshold(
        self, rule: RuleEntry, fact: Fact, at: int, span: tuple[int, int] | None
    ) -> Threshold:
        """Return *at* as the line at which *rule* turns."""
        value = self.known[fact.id]
        least, most = fact.scaled_range
        width = None if least is None or most is None or least == most else most - least
        gap = abs(at - value)
        stated = [value_of(fact, number, self.ground.day) for number in (value, at, gap)]
        numbers = [number for number in stated if isinstance(number, int | Fraction)]
        return Threshold(
            rule=self.ground.rulebook.rule(rule.id),
            fact=fact,
            value=numbers[0],
            at=numbers[1],
            distance=numbers[2],
            share=None if width is None else whole_if_possible(Fraction(gap, width)),
            is_within=span is not None and span[0] <= at <= span[1],
            may_be_rounding=gap == 1 and self.turns(rule.id, fact.id),
        )
