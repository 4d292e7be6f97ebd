"""What of a case could be otherwise, how far it could move, and what a movement counts.

A *lever* is a fact that can change, or facts that move together by as much as each other. It has
*options*: whole numbers, ascending, in the last place of the program's terms. For known facts an
option is how far they move, and 0 is among them; for an unknown fact it is a value that evidence
could show. Where a fact is judged by itself, the nearest value of each cell stands for all of it.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple, get_args

from attrs import frozen

from oversight_engine.analysis.cells import range_of
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Fact, Rulebook

Measure = Literal["facts", "movement", "effort"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
Toward = Literal["better", "worse"]
"""The way in which a path may move a fact that has a better direction."""

Weight = tuple[int, int]
"""What a movement counts: first what is to be least, then what settles a tie."""

NOTHING: Weight = (0, 0)


class Lever(NamedTuple):
    """Facts that can move, together where there are several.

    Attributes:
        bases: what each of *facts* is now, as a term; 0 where it is unknown.
        options: how far they can move, ascending.
        stays: the place of staying put among them; None where the fact is unknown, which stays
            by remaining so.
        flat: what any movement counts.
        rate: what a unit of movement counts besides.
        best: of an unknown fact, the place of the option that is tried first.
        joined: whether what it changes depends on where other facts are.
    """

    facts: tuple[str, ...]
    bases: tuple[int, ...]
    options: Sequence[int]
    stays: int | None
    flat: Weight
    rate: Weight
    best: int = 0
    joined: bool = False

    def weight(self, place: int) -> Weight:
        """Return what the option at *place* counts."""
        if place == self.stays:
            return NOTHING
        units = abs(self.options[place]) if self.stays is not None else 0
        return self.flat[0] + self.rate[0] * units, self.flat[1] + self.rate[1] * units

    def nearest(self, first: int, last: int) -> int:
        """Return the place of the option between two places that counts least."""
        wanted = self.best if self.stays is None else self.stays
        return min(max(wanted, first), last)


@frozen(eq=False, repr=False)
class Scales(Noun):
    """What a movement of each fact of a rulebook counts, in whole numbers.

    Attributes:
        whole: what the whole of a fact's own scale counts.
        priced: what an effort of 1 counts.
        rates: by fact, what a movement by its last place counts; 0 where any movement is a whole.
    """

    rulebook: Rulebook
    whole: int
    priced: int
    rates: Mapping[str, int]

    @classmethod
    def of(cls, rulebook: Rulebook) -> Scales:
        """Return the scales of *rulebook*."""
        widths = {fact.id: width_of(fact) for fact in rulebook.facts}
        whole = math.lcm(*(width for width in widths.values() if width))
        efforts = [fact.effort for fact in rulebook.facts if fact.effort is not None]
        shares = [effort.per_change for effort in efforts]
        shares += [
            Fraction(fact.effort.per_unit, 10**fact.decimals)
            for fact in rulebook.facts
            if fact.effort is not None
        ]
        return cls(
            rulebook,
            whole,
            math.lcm(*(share.denominator for share in shares)),
            {fact_id: whole // width if width else 0 for fact_id, width in widths.items()},
        )

    def movement(self, facts: Iterable[str], *, known: bool) -> tuple[int, int]:
        """Return what moving *facts* together counts at all, and by the unit: the most of any."""
        rates = [self.rates[fact] for fact in facts]
        if not known or 0 in rates:
            return self.whole, 0
        return 0, max(rates)

    def effort(self, facts: Iterable[str]) -> tuple[int, int] | None:
        """Return what changing *facts* costs at all, and by the unit; None if nobody says."""
        found = [(self.rulebook.fact(fact), self.rulebook.fact(fact).effort) for fact in facts]
        stated = [(fact, effort) for fact, effort in found if effort is not None]
        if not stated:
            return None
        return (
            sum(int(effort.per_change * self.priced) for _, effort in stated),
            sum(
                int(Fraction(effort.per_unit, 10**fact.decimals) * self.priced)
                for fact, effort in stated
            ),
        )

    def weights(
        self, facts: tuple[str, ...], measure: Measure, *, known: bool
    ) -> tuple[Weight, Weight] | None:
        """Return what moving *facts* counts at all and by the unit, by *measure*.

        None where the measure says nothing about them.
        """
        flat, rate = self.movement(facts, known=known)
        if measure == "facts":
            return (1, flat), (0, rate)
        if measure == "movement":
            return (flat, 1), (rate, 0)
        cost = self.effort(facts)
        return None if cost is None else ((cost[0], flat), (cost[1] if known else 0, rate))

    def told(self, weight: Weight, measure: Measure) -> Exact:
        """Return what *weight* comes to by *measure*, in the measure's own unit."""
        if measure == "facts":
            return weight[0]
        return whole_if_possible(
            Fraction(weight[0], self.whole if measure == "movement" else self.priced)
        )


def width_of(fact: Fact) -> int:
    """Return the whole of a fact's own scale, in its last place; 0 where any change is a whole.

    That of a number is its declared range, and that of an ordered category the steps of its
    order. A yes or no has one step. What has no such scale (a number without an end, a date, a
    category without an order) changes or does not.
    """
    if fact.type == "boolean":
        return 1
    if fact.type == "category":
        return len(fact.values) - 1 if fact.ordered else 0
    least, most = fact.scaled_range if fact.type == "number" else (None, None)
    return 0 if least is None or most is None else most - least


class Levers(NamedTuple):
    """What of a case can move, and why the rest does not, by fact."""

    levers: tuple[Lever, ...]
    fixed: Mapping[str, str]


HISTORY = "it is history"
CONTEXT = "it is not the system's to change"
AT_ITS_END = "it is as {} as it can be"
NO_EFFORT = "the rulebook states no effort for it"
TIED = "it moves only together with {}"


def find_levers(
    scales: Scales,
    known: Mapping[str, int],
    cuts: Mapping[str, tuple[int, ...]],
    day: datetime.date,
    *,
    measure: Measure,
    toward: Toward,
    far: int,
    without: frozenset[str] = frozenset(),
) -> Levers:
    """Return what can move of a case in which these facts are *known*, as terms.

    Args:
        scales: what movements count.
        known: by fact.
        cuts: of each fact that is judged by itself, where its cells begin.
        day: the date of the decision.
        measure: what is to be least.
        toward: which way facts with a better direction may move.
        far: how far a number without an end is looked at.
        without: facts that are to stay as they are.
    """
    rulebook = scales.rulebook
    levers: list[Lever] = []
    fixed: dict[str, str] = {}
    for facts in _together(rulebook, known):
        is_known = facts[0] in known
        reasons = {
            fact: _why_fixed(rulebook.fact(fact), without, is_known=is_known) for fact in facts
        }
        if any(reasons.values()):
            tied = TIED.format(next(fact for fact in facts if reasons[fact]))
            fixed |= {fact: reasons[fact] or tied for fact in facts}
            continue
        weights = scales.weights(
            facts, measure, known=is_known and _is_inside(rulebook, facts, known)
        )
        if weights is None:
            fixed |= dict.fromkeys(facts, NO_EFFORT)
            continue
        bases = tuple(known.get(fact, 0) for fact in facts)
        joined = any(fact not in cuts for fact in facts)
        spans = [
            _span(rulebook.fact(fact), known.get(fact), cuts.get(fact, ()), day, toward, far)
            for fact in facts
        ]
        if not is_known:
            options = _values(rulebook.fact(facts[0]), spans[0], cuts.get(facts[0]))
            best = len(options) - 1 if prefers_more(rulebook.fact(facts[0]), toward) else 0
            levers.append(Lever(facts, bases, options, None, *weights, best, joined))
            continue
        down = max(first - base for (first, _), base in zip(spans, bases, strict=True))
        up = min(last - base for (_, last), base in zip(spans, bases, strict=True))
        options = _moves(rulebook, facts, bases, cuts, down, up, joined=joined)
        if len(options) == 1:
            if down == up == 0:
                word = "good" if toward == "better" else "bad"
                fixed |= dict.fromkeys(facts, AT_ITS_END.format(word))
            continue
        stays = options.index(0)
        levers.append(Lever(facts, bases, options, stays, *weights, stays, joined))
    return Levers(tuple(levers), fixed)


def _together(rulebook: Rulebook, known: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return the facts that move, together where they do; an unknown one is by itself."""
    sets = {fact.id: {fact.id} for fact in rulebook.facts}
    for fact in rulebook.facts:
        for other in fact.moves_with:
            if fact.id in known and other in known:
                whole = sets[fact.id] | sets[other]
                for each in whole:
                    sets[each] = whole
    order = {fact.id: place for place, fact in enumerate(rulebook.facts)}
    groups = {id(found): found for found in sets.values()}
    return [tuple(sorted(found, key=order.__getitem__)) for found in groups.values()]


def _why_fixed(fact: Fact, without: frozenset[str], *, is_known: bool) -> str:
    """Return why *fact* stays as it is; evidence of what nobody can change may still be shown."""
    if is_known and fact.history is not None:
        return HISTORY
    if is_known and not fact.changeable:
        return CONTEXT
    return "it was to be left as it is" if fact.id in without else ""


def _is_inside(rulebook: Rulebook, facts: tuple[str, ...], known: Mapping[str, int]) -> bool:
    """Say whether *facts* move on their scales; into an order from outside it is a whole."""
    return all(rulebook.fact(f).type != "category" or known[f] >= 0 for f in facts)


def prefers_more(fact: Fact, toward: Toward) -> bool:
    """Say whether more of the term of *fact* is what a path would rather have."""
    more = fact.better != "lower"
    if fact.type == "date":
        more = fact.better == "lower"  # the term is the days since
    return more == (toward == "better")


def _span(
    fact: Fact, base: int | None, cuts: tuple[int, ...], day: datetime.date, toward: Toward,
    far: int,
) -> tuple[int, int]:  # fmt: skip
    """Return from where to where the term of *fact* may be."""
    if fact.type == "date":  # nothing that is yet to come is asked for
        first, last = min(0, base or 0), max(0, base or 0, *cuts, 0) + 1
    else:
        reach = range_of(fact, day)
        ends = [far, *map(abs, cuts), abs(base or 0)]
        first = -sum(ends) if reach.least is None else int(reach.least)
        last = sum(ends) if reach.most is None else int(reach.most)
    if base is None:
        return first, last
    if fact.type == "category":
        first = 0  # a value outside the order is no step within it
        if base < 0:
            return base, last
    if fact.better == "neither":
        return first, last
    return (base, last) if prefers_more(fact, toward) else (first, base)


def _values(fact: Fact, span: tuple[int, int], cuts: tuple[int, ...] | None) -> Sequence[int]:
    """Return the values that evidence about an unknown *fact* could show."""
    first, last = span
    if cuts is None or fact.type in ("boolean", "category"):
        return range(first, last + 1)
    return first, *(cut for cut in cuts if first < cut <= last)


def _moves(
    rulebook: Rulebook, facts: tuple[str, ...], bases: tuple[int, ...],
    cuts: Mapping[str, tuple[int, ...]], down: int, up: int, *, joined: bool,
) -> Sequence[int]:  # fmt: skip
    """Return how far known *facts* can move, staying put among it."""
    if any(rulebook.fact(fact).type == "category" for fact in facts):
        base = bases[0]
        inside = range(down, up + 1) if base >= 0 else range(-base, up + 1)
        return tuple(sorted({0, *inside}))
    if joined:
        return range(down, up + 1)
    moves = {0}
    for fact, base in zip(facts, bases, strict=True):
        for cut in cuts[fact]:
            move = cut - base if cut > base else cut - 1 - base
            moves |= {move} if down <= move <= up else set()
    return tuple(sorted(moves))
