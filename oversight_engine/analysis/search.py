"""The least movement of some levers that brings what is wanted: best first, proved least.

A *box* says for each lever from which to which of its options it may move, and for an unknown fact
whether it may stay so. What the program can come to within a box is known without looking at its
points (`Enclosure`), and so is the least that any of them counts. The box that counts least is
looked at first: it is given up, it is found to hold the answer, or it is divided. So the first
answer found is a least one, whatever the rules are, and no point is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from oversight_engine.analysis.enclosures import (
    FALSE,
    MAY,
    NOTHING_KNOWN,
    TRUE,
    UNKNOWN,
    Enclosure,
    Reach,
    negated,
)
from oversight_engine.analysis.levers import NOTHING, Lever, Weight
from oversight_engine.analysis.needs import Needs, able_options, cheapest_rates, is_sum
from oversight_engine.analysis.supports import Supports
from oversight_engine.errors import AnalysisLimitError
from oversight_engine.model.number import Exact
from oversight_engine.program import AllOf, InRange, Proposition, Tally, complement

MOST_BOXES = 20_000
"""How many boxes are looked at for one answer unless somebody says otherwise."""

FEW_OPTIONS = 4
"""So few are tried one by one."""

Entry = tuple[int, int, bool]
"""From which option to which a lever may move, and whether an unknown fact may stay unknown."""

Box = tuple[Entry, ...]
NO_OPTION: tuple[int, int] = (1, 0)


class Wanted(NamedTuple):
    """What is wanted of the truths of propositions, as sets of truths (`MAY`).

    Attributes:
        every: each is to have one of its truths.
        some: at least one is; nothing is asked where there are none.
    """

    every: tuple[tuple[Proposition, int], ...]
    some: tuple[tuple[Proposition, int], ...] = ()


class Answer(NamedTuple):
    """A least movement: for each lever that moves, by its place, the place of its option."""

    weight: Weight
    moved: Mapping[int, int]


class Region(NamedTuple):
    """A box, the point of it that counts least, and what the program comes to in either."""

    box: Box
    nearest: Box
    within: Enclosure
    at: Enclosure


class Search:
    """The search for what *wanted* asks, by moving *levers*."""

    def __init__(
        self,
        supports: Supports,
        now: Enclosure,
        levers: Sequence[Lever],
        wanted: Wanted,
        *,
        most: int = MOST_BOXES,
    ) -> None:
        """Prepare it; facts that no lever moves stay as they are *now*."""
        self.supports, self.levers, self.wanted, self.most = supports, levers, wanted, most
        self.program = supports.program
        self.now = now
        self.lever_of = {fact: n for n, lever in enumerate(levers) for fact in lever.facts}
        self.found: list[Answer] = []
        self._levers: dict[int, list[int]] = {}
        self._sums: dict[int, bool] = {}
        self._cheapest: dict[tuple[int, tuple[int, ...]], tuple[Exact, Exact]] = {}
        self._able: dict[tuple[int, int, int], list[int]] = {}

    def answers(self, number: int, *, may_stay: bool = True) -> Iterator[Answer]:
        """Yield up to *number* answers, the least first; no later one moves all that one does.

        Args:
            number: how many at most.
            may_stay: whether facts that are unknown may remain so.

        Raises:
            AnalysisLimitError: more boxes would have to be looked at than is allowed.
        """
        self.found = []
        at_once = self.at_once(may_stay=may_stay)
        if at_once is not None:
            yield at_once
            return
        start: Box = tuple(
            (0, len(lever.options) - 1, may_stay and lever.stays is None) for lever in self.levers
        )
        order = count(0, -1)  # of boxes that count the same the latest comes first
        # An answer comes before a box that counts the same: nothing in the box is better.
        heap: list[tuple[Weight, bool, int, Region, Answer | None]] = []
        heapq.heappush(heap, (NOTHING, True, next(order), self.region(start), None))
        looked = 0
        while heap and len(self.found) < number:
            _, _, _, region, answer = heapq.heappop(heap)
            if self.is_repeated(region.box):
                continue
            if answer is not None:
                self.found.append(answer)
                yield answer
                continue
            looked += 1
            if looked > self.most:
                raise AnalysisLimitError(f"no least answer was found within {self.most:,} steps")
            for weight, part, reached in self.look(region):
                heapq.heappush(heap, (weight, reached is None, next(order), part, reached))

    def at_once(self, *, may_stay: bool) -> Answer | None:
        """Return the only answer there is where one unknown fact is all, and its best value does.

        Whatever it turns out to be counts the same, and moves the same.
        """
        if len(self.levers) != 1 or self.levers[0].stays is not None or not self.most:
            return None
        [lever] = self.levers
        if may_stay and self.has_all(self.changed(self.now, 0, (*NO_OPTION, True))):
            return None
        if not self.has_all(self.changed(self.now, 0, (lever.best, lever.best, False))):
            return None
        return Answer(lever.weight(lever.best), {0: lever.best})

    def is_repeated(self, box: Box) -> bool:
        """Say whether all of *box* moves whatever an answer moved that was found already."""
        return any(
            all(self.must_move(place, box[place]) for place in answer.moved)
            for answer in self.found
        )

    def must_move(self, place: int, entry: Entry) -> bool:
        """Say whether the lever at *place* moves all over *entry*."""
        first, last, may_stay = entry
        stays = self.levers[place].stays
        return not may_stay if stays is None else not first <= stays <= last

    # Looking at a box

    def look(self, region: Region) -> Iterator[tuple[Weight, Region, Answer | None]]:
        """Yield what is to be looked at instead of *region*, each with the least it can count."""
        if not self.has_all(region.within):
            return
        lacking = self.lacking(region)
        if lacking is None:
            moved = {
                place: first
                for place, (first, _, may_stay) in enumerate(region.nearest)
                if not may_stay and first != self.levers[place].stays
            }
            weight = self.weight_of(region.nearest)
            yield weight, region, Answer(weight, moved)
            return
        for part in self.divided(region, lacking):
            more = Needs(self, part).all_told()
            if more is not None:
                weight = self.weight_of(part.nearest)
                yield (weight[0] + more[0], weight[1] + more[1]), part, None

    def region(self, box: Box) -> Region:
        """Return *box* with what can come of it."""
        nearest = tuple(self.nearest(place, entry) for place, entry in enumerate(box))
        within, at = self.now, self.now
        for place, (entry, point) in enumerate(zip(box, nearest, strict=True)):
            within = self.changed(within, place, entry)
            at = self.changed(at, place, point)
        return Region(box, nearest, within, at)

    def part(self, region: Region, place: int, entry: Entry) -> Region:
        """Return the part of *region* in which the lever at *place* is in *entry*."""
        box, nearest, within, at = region
        point = self.nearest(place, entry)
        if point != nearest[place]:
            at = self.changed(at, place, point)
            nearest = (*nearest[:place], point, *nearest[place + 1 :])
        within = self.changed(within, place, entry)
        return Region((*box[:place], entry, *box[place + 1 :]), nearest, within, at)

    def changed(self, enclosure: Enclosure, place: int, entry: Entry) -> Enclosure:
        """Return *enclosure* with the lever at *place* in *entry*."""
        lever = self.levers[place]
        first, last, may_stay = entry
        if first > last:
            return enclosure.changed({lever.facts[0]: NOTHING_KNOWN}, self.supports.readers)
        least, most = lever.options[first], lever.options[last]
        facts = {
            fact: Reach(base + least, base + most, unknown=may_stay)
            for fact, base in zip(lever.facts, lever.bases, strict=True)
        }
        return enclosure.changed(facts, self.supports.readers)

    def nearest(self, place: int, entry: Entry) -> Entry:
        """Return the point of *entry* that counts least."""
        first, last, may_stay = entry
        if may_stay:
            return (*NO_OPTION, True)
        option = self.levers[place].nearest(first, last)
        return option, option, False

    def weight_of(self, point: Box) -> Weight:
        """Return what a *point* counts."""
        one = two = 0
        for lever, (option, _, may_stay) in zip(self.levers, point, strict=True):
            if not may_stay and option != lever.stays:
                weight = lever.weight(option)
                one, two = one + weight[0], two + weight[1]
        return one, two

    def has_all(self, within: Enclosure) -> bool:
        """Say whether a box may hold all that is wanted; of a point, whether it does."""
        if not all(within.truths(p) & allowed for p, allowed in self.wanted.every):
            return False
        some = self.wanted.some
        return not some or any(within.truths(p) & allowed for p, allowed in some)

    def lacking(self, region: Region) -> tuple[tuple[Proposition, int], ...] | None:
        """Return what a point has not that is wanted, any of which it takes; None: it has all.

        Of several the one comes first that fewest levers can still bring about.
        """
        at, box = region.at, region.box
        missing = [(p, allowed) for p, allowed in self.wanted.every if not at.truths(p) & allowed]
        if missing:
            return (min(missing, key=lambda each: len(self.open_levers(each[0], box))),)
        some = self.wanted.some
        if some and not any(at.truths(p) & allowed for p, allowed in some):
            return some
        return None

    def all_levers(self, place: int) -> list[int]:
        """Return the levers that the node at *place* rests on."""
        levers = self._levers.get(place)
        if levers is None:
            facts = self.supports.of(place)
            levers = sorted({self.lever_of[fact] for fact in facts if fact in self.lever_of})
            self._levers[place] = levers
        return levers

    def able(self, place: int, wanted: int, lever: int) -> list[int]:
        """Return the options of *lever* with which the node at *place* is as *wanted*."""
        key = place, wanted, lever
        if key not in self._able:
            self._able[key] = able_options(self, place, wanted, lever)
        return self._able[key]

    def is_sum(self, place: int) -> bool:
        """Say whether the quantity at *place* is a sum of facts whose value is whole."""
        if place not in self._sums:
            self._sums[place] = is_sum(self, place)
        return self._sums[place]

    def cheapest(self, place: int, levers: tuple[int, ...]) -> tuple[Exact, Exact]:
        """Return what moving the quantity at *place* by 1 counts at least, by these *levers*."""
        key = place, levers
        if key not in self._cheapest:
            self._cheapest[key] = cheapest_rates(self, place, levers)
        return self._cheapest[key]

    def open_levers(self, proposition: Proposition, box: Box) -> list[int]:
        """Return the levers that *proposition* rests on and that can still move in *box*."""
        levers = self.all_levers(proposition if proposition >= 0 else ~proposition)
        return [lever for lever in levers if self.is_open(box[lever])]

    # Dividing a box

    def divided(
        self, region: Region, lacking: tuple[tuple[Proposition, int], ...]
    ) -> Iterator[Region]:
        """Yield *region* in parts, divided where something lacking can be brought about."""
        place = leaf = None
        for proposition, allowed in lacking:
            if region.within.truths(proposition) & allowed:
                place, leaf = self.pivot(region, proposition, allowed)
                if place is not None:
                    break
        if place is None:  # what can happen hangs together in a way that no single test shows
            place, leaf = self.any_open(region.box, lacking), None
        for entry in self.parts(region, place, leaf):
            yield self.part(region, place, entry)

    def any_open(self, box: Box, lacking: tuple[tuple[Proposition, int], ...]) -> int:
        """Return a lever that can move in *box* and on which something wanted rests."""
        wanted = [*lacking, *self.wanted.every, *self.wanted.some]
        facts = (fact for p, _ in wanted for fact in sorted(self.supports.of(p)))
        places = (self.lever_of[fact] for fact in facts if fact in self.lever_of)
        return next(place for place in places if self.is_open(box[place]))

    def parts(
        self, region: Region, place: int, leaf: tuple[Proposition, int] | None
    ) -> Iterator[Entry]:
        """Yield the parts of one lever's entry."""
        first, last, may_stay = region.box[place]
        lever = self.levers[place]
        if may_stay:
            yield (*NO_OPTION, True)
            yield first, last, False
            return
        if lever.stays is not None and first <= lever.stays <= last:
            yield lever.stays, lever.stays, False
            if first < lever.stays:
                yield first, lever.stays - 1, False
            if lever.stays < last:
                yield lever.stays + 1, last, False
            return
        near = region.nearest[place][0]
        if last - first < FEW_OPTIONS:
            for option in range(first, last + 1):
                yield option, option, False
            return
        turn = self.turn(region.at, place, first, last, near, leaf)
        if turn > near:
            yield first, turn - 1, False
            yield turn, last, False
        else:
            yield first, turn, False
            yield turn + 1, last, False

    def turn(
        self, at: Enclosure, place: int, first: int, last: int, near: int,
        leaf: tuple[Proposition, int] | None,
    ) -> int:  # fmt: skip
        """Return the option nearest to *near* at which *leaf* turns, all else staying nearest.

        Where it does not turn, return the middle.
        """
        far = last if near == first else first
        if leaf is None or near not in (first, last):
            return (first + last + 1) // 2
        proposition, allowed = leaf

        def has(option: int) -> bool:
            moved = self.changed(at, place, (option, option, False))
            return bool(moved.truths(proposition) & allowed)

        if not has(far):
            return (first + last + 1) // 2
        lacks, holds = near, far
        while abs(holds - lacks) > 1:
            middle = (lacks + holds) // 2
            if has(middle):
                holds = middle
            else:
                lacks = middle
        return holds

    def pivot(
        self, region: Region, proposition: Proposition, allowed: int
    ) -> tuple[int | None, tuple[Proposition, int] | None]:
        """Return a lever that can bring *proposition* nearer to a truth that is *allowed*."""
        place = max(proposition, ~proposition)
        wanted = allowed if proposition >= 0 else negated(allowed)
        node = self.program.nodes[place]
        if isinstance(node, InRange):
            quantity = self.program.quantities[node.quantity]
            levers = [
                self.lever_of[fact]
                for term, _ in quantity.multiples
                for fact in sorted(self.supports.of_term(term))
                if fact in self.lever_of and self.is_open(region.box[self.lever_of[fact]])
            ]
            if not wanted & MAY[UNKNOWN]:  # nothing but what is unknown makes it known
                levers.sort(key=lambda lever: not region.nearest[lever][2])
            return (levers[0], (place, wanted)) if levers else (None, None)
        for part, target in _ways(node, [region.at.truths(part) for part in node.of], wanted):
            if region.within.truths(part) & target:
                found = self.pivot(region, part, target)
                if found[0] is not None:
                    return found
        return None, None

    def is_open(self, entry: Entry) -> bool:
        """Say whether there is more than one point in *entry*."""
        first, last, may_stay = entry
        return first < last or (may_stay and first <= last)


def _ways(node: AllOf | Tally, truths: list[int], wanted: int) -> Iterator[tuple[Proposition, int]]:
    """Yield the parts of *node* that may bring it to what is *wanted*, each with what it takes."""
    more, less = MAY[TRUE], MAY[FALSE]
    if isinstance(node, AllOf):
        if wanted & MAY[TRUE]:
            more = MAY[TRUE] if wanted == MAY[TRUE] else MAY[TRUE] | (wanted & MAY[UNKNOWN])
            yield from ((p, more) for p, t in zip(node.of, truths, strict=True) if not t & more)
        less = wanted & (MAY[FALSE] | MAY[UNKNOWN])
        yield from ((p, less) for p, t in zip(node.of, truths, strict=True) if not t & less)
        return
    within = node.within if wanted & MAY[TRUE] else ()
    within += complement(node.within) if wanted & MAY[FALSE] else ()
    true = truths.count(MAY[TRUE])
    ways = [more, less] if any(a is not None and a > true for a, _ in within) else [less, more]
    for way in (*ways, MAY[UNKNOWN]):
        yield from ((p, way) for p, t in zip(node.of, truths, strict=True) if t != way)
