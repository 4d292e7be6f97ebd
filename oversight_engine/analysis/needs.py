"""What the points of a box are sure to count beyond its nearest one: a bound from below.

For everything wanted that the nearest point has not, something has to move further. What that
counts at least is worked out from the leaves upwards. It may be too little, never too much: the
search then looks at more boxes than it has to, and finds the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from oversight_engine.analysis.enclosures import (
    FALSE,
    MAY,
    TRUE,
    UNKNOWN,
    is_whole,
    negated,
    tested,
)
from oversight_engine.analysis.levers import NOTHING, Weight
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.program import AllOf, InRange, Intervals, Proposition, Tally, complement

if TYPE_CHECKING:
    from oversight_engine.analysis.search import Region, Search

MOST_TRIED = 64
"""A lever with more options is not tried at each of them."""

Need = Weight | None
"""What something is sure to count more; None where it cannot be had at all."""


class Needs:
    """What is needed in one region beyond the point of it that counts least."""

    def __init__(self, search: Search, region: Region) -> None:
        """Work out nothing yet."""
        self.search, self.program = search, search.program
        self.box, self.nearest, self.within, self.at = region
        self._known: dict[tuple[int, int], Need] = {}

    def all_told(self) -> Need:
        """Return what all that is wanted needs together, or None where the box is in vain."""
        wanted = self.search.wanted
        needs = []
        for proposition, allowed in wanted.every:
            need = self.of(proposition, allowed)
            if need is None:
                return None
            if need != NOTHING:
                needs.append((frozenset(self.search.open_levers(proposition, self.box)), need))
        if wanted.some:
            some = [self.of(proposition, allowed) for proposition, allowed in wanted.some]
            least = _least(some)
            if least is None:
                return None
            levers = frozenset[int]().union(
                *(self.search.open_levers(p, self.box) for p, _ in wanted.some)
            )
            needs.append((levers, least))
        return _apart(needs)

    def of(self, proposition: Proposition, allowed: int) -> Need:
        """Return what it needs for *proposition* to have a truth that is *allowed*."""
        place, wanted = proposition, allowed
        if proposition < 0:
            place, wanted = ~proposition, negated(allowed)
        key = place, wanted
        if key not in self._known:
            self._known[key] = self._of(place, wanted)
        return self._known[key]

    def _of(self, place: int, wanted: int) -> Need:
        if self.at.truths(place) & wanted:
            return NOTHING
        if not self.within.truths(place) & wanted:
            return None
        node = self.program.nodes[place]
        if isinstance(node, InRange):
            return self.of_test(place, node, wanted)
        if isinstance(node, AllOf):
            return self.of_all(node, wanted)
        return self.of_tally(node, wanted)

    def of_all(self, node: AllOf, wanted: int) -> Need:
        """Return what a conjunction needs: all of its parts, or one of them."""
        ways: list[Need] = []
        if wanted & MAY[TRUE] or (wanted & MAY[UNKNOWN] and not self.is_above(node)):
            high = MAY[TRUE] | (wanted & MAY[UNKNOWN])
            ways.append(self.each_of([(part, high) for part in node.of]))
        low = wanted & (MAY[FALSE] | MAY[UNKNOWN])
        if low:
            ways.append(_least([self.of(part, low) for part in node.of]))
        return _least(ways)

    def is_above(self, node: AllOf) -> bool:
        """Say whether every part of *node* is true at the nearest point."""
        return all(self.at.truths(part) == MAY[TRUE] for part in node.of)

    def each_of(self, parts: Iterable[tuple[Proposition, int]]) -> Need:
        """Return what it needs for each of *parts* to have a truth that it is allowed."""
        needs = []
        for proposition, allowed in parts:
            need = self.of(proposition, allowed)
            if need is None:
                return None
            if need != NOTHING:
                needs.append((frozenset(self.search.open_levers(proposition, self.box)), need))
        return _apart(needs)

    def of_tally(self, node: Tally, wanted: int) -> Need:
        """Return what a count needs: more of its parts true, or more of them false."""
        if wanted & MAY[UNKNOWN]:
            return NOTHING
        within = node.within if wanted & MAY[TRUE] else ()
        within += complement(node.within) if wanted & MAY[FALSE] else ()
        truths = [self.at.truths(part) for part in node.of]
        true = truths.count(MAY[TRUE])
        most = len(truths) - truths.count(MAY[FALSE])
        ways: list[Need] = []
        for first, last in within:
            up = self.so_many(node.of, MAY[TRUE], 0 if first is None else first - true)
            down = self.so_many(node.of, MAY[FALSE], 0 if last is None else most - last)
            ways.append(None if up is None or down is None else _most([up, down]))
        return _least(ways)

    def so_many(self, parts: Sequence[Proposition], truth: int, number: int) -> Need:
        """Return what it needs for *number* more of *parts* to have that *truth*."""
        if number <= 0:
            return NOTHING
        needs, seen, apart = [], set[int](), True
        for part in parts:
            need = None if self.at.truths(part) == truth else self.of(part, truth)
            if need is None:
                continue
            needs.append(need)
            levers = self.search.open_levers(part, self.box)
            apart = apart and seen.isdisjoint(levers)
            seen.update(levers)
        if len(needs) < number:
            return None
        columns = [sorted(need[n] for need in needs)[:number] for n in (0, 1)]
        one, two = (sum(column) if apart else column[-1] for column in columns)
        return one, two

    def of_test(self, place: int, node: InRange, wanted: int) -> Need:
        """Return what the test of a sum needs."""
        levers = self.search.open_levers(place, self.box)
        ways = [self.next_of(lever) for lever in levers]
        if len(levers) == 1:
            [lever] = levers
            if len(self.search.levers[lever].options) <= MOST_TRIED and self.is_alone(place):
                return self.of_options(place, wanted, lever)
        least = _least(ways)
        if least is None:
            return None
        return _most([least, self.shortage(node, wanted, levers)])

    def is_alone(self, place: int) -> bool:
        """Say whether only one lever of the search has a part in the node at *place*."""
        return len(self.search.all_levers(place)) == 1

    def of_options(self, place: int, wanted: int, lever: int) -> Need:
        """Return what a test needs that one lever alone decides."""
        able = self.search.able(place, wanted, lever)
        first, last, _ = self.box[lever]
        options = [option for option in able if first <= option <= last]
        now = self.weight_at(lever)
        ways: list[Need] = [
            (weight[0] - now[0], weight[1] - now[1])
            for weight in (self.search.levers[lever].weight(option) for option in options)
        ]
        return _least(ways)

    def weight_at(self, lever: int) -> Weight:
        """Return what the lever counts at the nearest point."""
        option, _, may_stay = self.nearest[lever]
        return NOTHING if may_stay else self.search.levers[lever].weight(option)

    def next_of(self, place: int) -> Need:
        """Return what it counts to move the lever at *place* at all further than it is."""
        first, last, _ = self.box[place]
        lever = self.search.levers[place]
        option, _, stays_unknown = self.nearest[place]
        if stays_unknown:
            return lever.flat
        if lever.stays is None:
            return NOTHING
        now = lever.weight(option)
        near = [lever.weight(each) for each in (option - 1, option + 1) if first <= each <= last]
        return _least([(weight[0] - now[0], weight[1] - now[1]) for weight in near])

    def shortage(self, node: InRange, wanted: int, levers: Sequence[int]) -> Weight:
        """Return what it counts at least to bring a sum to where it is wanted.

        The cheapest of its facts would have to bring it there.
        """
        within: Intervals
        if wanted == MAY[TRUE]:
            within = node.within
        elif wanted == MAY[FALSE]:
            within = complement(node.within)
        else:
            return NOTHING
        quantity = self.program.quantities[node.quantity]
        reach = self.at.total(quantity)
        if not reach.known or not self.search.is_sum(node.quantity):
            return NOTHING
        value = reach.least
        assert value is not None, "a point has no open end"
        gaps = [value - last for _, last in within if last is not None and last < value]
        gaps += [first - value for first, _ in within if first is not None and first > value]
        if not gaps:
            return NOTHING
        one, two = self.search.cheapest(node.quantity, tuple(levers))
        gap = min(gaps)
        return _ceiling(gap * one), _ceiling(gap * two)


def is_sum(search: Search, place: int) -> bool:
    """Say whether the quantity at *place* is a sum of facts whose value is whole."""
    quantity = search.program.quantities[place]
    return search.supports.linear(quantity) is not None and is_whole(search.program, quantity)


def cheapest_rates(search: Search, place: int, levers: tuple[int, ...]) -> tuple[Exact, Exact]:
    """Return what moving the quantity at *place* by 1 counts at least, by each part, if at all."""
    multiples = search.supports.linear(search.program.quantities[place]) or {}
    shift = dict.fromkeys(levers, Fraction(0))
    for fact, multiple in multiples.items():
        lever = search.lever_of.get(fact)
        if lever in shift:
            shift[lever] += multiple
    rates = [
        [Fraction(search.levers[lever].rate[n]) / abs(m) for lever, m in shift.items() if m]
        for n in (0, 1)
    ]
    one, two = (whole_if_possible(min(column, default=Fraction(0))) for column in rates)
    return one, two


def able_options(search: Search, place: int, wanted: int, lever: int) -> list[int]:
    """Return the options of *lever* with which the test at *place* is as *wanted*."""
    node = search.program.nodes[place]
    assert isinstance(node, InRange), "a test is of a quantity"
    quantity = search.program.quantities[node.quantity]
    facts, bases, options, *_ = search.levers[lever]
    alone = search.supports.alone(quantity)
    if alone is not None:
        fact, multiple = alone
        first = multiple * bases[facts.index(fact)] + quantity.constant
        numbers = [first + multiple * option for option in options]
        return [n for n, at in enumerate(numbers) if tested(at, at, node.within) & wanted]
    return [
        option
        for option in range(len(options))
        if search.changed(search.now, lever, (option, option, False)).truths(place) & wanted
    ]


def _least(needs: Iterable[Need]) -> Need:
    """Return what any of *needs* counts at least, by each part; None where none can be had."""
    found = [need for need in needs if need is not None]
    if not found:
        return None
    return min(need[0] for need in found), min(need[1] for need in found)


def _most(needs: Sequence[Weight]) -> Weight:
    return max(need[0] for need in needs), max(need[1] for need in needs)


def _apart(needs: list[tuple[frozenset[int], Weight]]) -> Weight:
    """Return what *needs* count together: those that no lever is common to add up."""
    if not needs:
        return NOTHING
    needs.sort(key=lambda each: (-each[1][0], -each[1][1]))
    taken: set[int] = set()
    one = two = 0
    for levers, need in needs:
        if taken.isdisjoint(levers):
            taken |= levers
            one, two = one + need[0], two + need[1]
    return _most([(one, two), *(need for _, need in needs)])


def _ceiling(number: Fraction | int) -> int:
    return -(-number.numerator // number.denominator)
