"""What the rules can come to when some facts are spread, exactly.

Rules that share no spread fact are looked at apart. A fact that is judged by itself has one value
of each of its cells stand for all of it, so that the number of combinations is known before any is
looked at: few are all looked at; more are searched in boxes (`search`); and where that takes more
steps than allowed, z3 is asked the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from oversight_engine.analysis.by_solver import Solver
from oversight_engine.analysis.enclosures import MAY, Enclosure, Reach
from oversight_engine.analysis.ground import ANY, Degree, Ground
from oversight_engine.analysis.levers import NOTHING, Lever, Toward, prefers_more
from oversight_engine.analysis.search import Search, Wanted
from oversight_engine.analysis.spreads import Spread
from oversight_engine.errors import (
    AnalysisLimitError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
)
from oversight_engine.model.number import Exact
from oversight_engine.program import RuleEntry

FEW_POINTS = 32
"""So few combinations are all looked at."""

Box = tuple[tuple[int, int], ...]
"""For each spread, from the place of which of its values to that of which other."""


class Remains(NamedTuple):
    """What rules can come to together.

    Attributes:
        found: the degrees that some combination comes to.
        perhaps: those of which z3 gave up to say whether any does.
        by_z3: whether z3 said some of it.
        because: why it gave up.
    """

    found: frozenset[Degree]
    perhaps: frozenset[Degree] = frozenset()
    by_z3: bool = False
    because: str = ""

    def beside(self, other: Remains) -> Remains:
        """Return what these rules and the *other* ones can come to."""
        found = frozenset(max(a, b) for a in self.found for b in other.found)
        perhaps = frozenset(
            max(a, b)
            for a in self.found | self.perhaps
            for b in other.found | other.perhaps
        )  # fmt: skip
        return Remains(
            found, perhaps - found, self.by_z3 or other.by_z3, self.because or other.because
        )


class _Part(NamedTuple):
    """Spread facts, and the rules that rest on any of them."""

    spreads: tuple[Spread, ...]
    rules: tuple[RuleEntry, ...]


class Remaining:
    """What remains possible of one case."""

    def __init__(
        self, ground: Ground, known: Mapping[str, int], now: Enclosure, solver: Solver, most: int
    ) -> None:
        """Look at the *known* facts, as terms; *now* is what comes of them.

        Args:
            ground: what the rulebook says.
            known: by fact.
            now: what the parts of the program come to.
            solver: what is asked where a search takes too many steps.
            most: how many steps it may take for one answer.
        """
        self.ground, self.known, self.now = ground, known, now
        self.solver, self.most = solver, most

    @cached_property
    def degrees_now(self) -> Mapping[str, Degree]:
        """What each rule comes to, nothing being otherwise."""
        return {rule.id: self.degree_at(self.now, (rule,)) for rule in self.ground.program.rules}

    def of(self, spreads: Iterable[Spread]) -> Remains:
        """Return what all rules can come to.

        Raises:
            AnalysisLimitError: that takes too many steps, and z3 is not there or cannot be told.
        """
        parts, rest = self.parts(spreads)
        found = Remains(frozenset((rest,)))
        for part in parts:
            found = found.beside(self.of_part(part))
        return found

    def chances(self, spreads: Iterable[Spread]) -> dict[Degree, Exact]:
        """Return how likely each degree is that all rules can come to.

        Raises:
            AnalysisLimitError: that takes too many steps.
        """
        parts, rest = self.parts(spreads)
        found: dict[Degree, Exact] = {rest: 1}
        for part in parts:
            together: dict[Degree, Exact] = {}
            for other, another in self.weighed(part).items():
                for one, chance in found.items():
                    degree = max(one, other)
                    together[degree] = together.get(degree, 0) + chance * another
            found = together
        return found

    def parts(self, spreads: Iterable[Spread]) -> tuple[list[_Part], Degree]:
        """Return the parts of the rules that *spreads* reach, and what all others come to."""
        cuts = self.ground.supports.cuts
        spreads = [
            each.in_cells(cuts[each.fact]) if each.fact in cuts else each for each in spreads
        ]
        reached: dict[str, tuple[RuleEntry, set[int]]] = {}
        joined = [{place} for place in range(len(spreads))]
        for place, spread in enumerate(spreads):
            for rule in self.ground.rules_by_fact.get(spread.fact, ()):
                reached.setdefault(rule.id, (rule, set()))[1].add(place)
        for _, places in reached.values():
            whole: set[int] = set().union(*(joined[place] for place in places))
            for place in whole:
                joined[place] = whole
        rules: dict[int, list[RuleEntry]] = {}
        for rule, (place, *_) in reached.values():
            rules.setdefault(id(joined[place]), []).append(rule)
        sets = {id(whole): whole for whole in joined if id(whole) in rules}
        parts = [
            _Part(tuple(spreads[place] for place in sorted(whole)), tuple(rules[key]))
            for key, whole in sets.items()
        ]
        others = (d for rule_id, d in self.degrees_now.items() if rule_id not in reached)
        return parts, max(others, default=0)

    # What is possible

    def of_part(self, part: _Part) -> Remains:
        """Return what the rules of *part* can come to."""
        moving = {spread.fact for spread in part.spreads}
        asked = tuple(rule.proposition for rule in part.rules)
        fixed = self.ground.relevant(self.known, asked, moving)
        key = ("remaining", part.spreads, fixed, self.most)
        found = self.ground.once(key, lambda: self.work_out(part))
        if found.perhaps:
            self.ground.kept.pop(key)  # with more time z3 may say it
        return found

    def work_out(self, part: _Part) -> Remains:
        """Return the same, worked out by points or else by boxes."""
        number = math.prod(len(spread.values) for spread in part.spreads)
        if number <= max(1, min(FEW_POINTS, self.most)):
            return Remains(frozenset(self.at_points(part, 0, self.now)))
        return self.by_boxes(part)

    def at_points(self, part: _Part, place: int, at: Enclosure) -> Iterator[Degree]:
        """Yield what comes of every combination of the spreads from *place* on."""
        if place == len(part.spreads):
            yield self.degree_at(at, part.rules)
            return
        fact, values, *_ = part.spreads[place]
        for value in values:
            yield from self.at_points(part, place + 1, self.moved(at, {fact: Reach(value, value)}))

    def moved(self, at: Enclosure, facts: Mapping[str, Reach]) -> Enclosure:
        """Return *at* with these *facts* elsewhere."""
        return at.changed(facts, self.ground.supports.readers)

    def degree_at(self, at: Enclosure, rules: Iterable[RuleEntry]) -> Degree:
        """Return what *rules* come to where nothing about them is open."""
        degrees = self.ground.degrees
        return max(degrees[rule.id][at.truths(rule.proposition)] for rule in rules)

    def by_boxes(self, part: _Part) -> Remains:
        """Return what the rules of *part* can come to, each degree looked for by itself."""
        found, perhaps, because = set(self.at_corners(part)), set[Degree](), ""
        question = None
        for degree, wanted in self.ways(part.rules):
            if degree in found:
                continue
            if question is None:
                toward: Toward = "worse" if degree == self.ground.harshest_degree else "better"
                levers = self.levers(part.spreads, toward)
                search = Search(self.ground.supports, self.now, levers, wanted, most=self.most)
                try:
                    found |= {degree for _ in search.answers(1, may_stay=False)}
                    continue
                except AnalysisLimitError as limit:
                    try:
                        question = self.solver.question(self.ground, self.known, *part)
                    except (EvaluatorUnavailableError, EvaluatorLimitError) as unable:
                        raise AnalysisLimitError(f"{limit}; {unable}") from limit
            answer = question.can_be(wanted)
            if answer.because:
                perhaps.add(degree)
                because = answer.because
            elif not answer.is_impossible:
                found.add(degree)
        return Remains(frozenset(found), frozenset(perhaps), question is not None, because)

    def at_corners(self, part: _Part) -> Iterator[Degree]:
        """Yield what comes of the best and the worst values, and of one fact at its other end."""
        if 2 * len(part.spreads) + 2 > self.most:
            return
        ways: tuple[Toward, ...] = ("better", "worse")
        ends = [
            [lever.options[lever.best] for lever in self.levers(part.spreads, toward)]
            for toward in ways
        ]
        facts = [spread.fact for spread in part.spreads]
        for these, others in (ends, reversed(ends)):
            reaches = {fact: Reach(n, n) for fact, n in zip(facts, these, strict=True)}
            at = self.moved(self.now, reaches)
            yield self.degree_at(at, part.rules)
            for fact, number in zip(facts, others, strict=True):
                moved = self.moved(at, {fact: Reach(number, number)})
                yield self.degree_at(moved, part.rules)

    def ways(self, rules: Sequence[RuleEntry]) -> Iterator[tuple[Degree, Wanted]]:
        """Yield each degree that *rules* may come to, and what that takes of their truths."""
        degrees = [(rule.proposition, self.ground.degrees[rule.id]) for rule in rules]
        for wanted in sorted({0, *(degree for _, by in degrees for degree in by.values())}):
            every, some = [], []
            for proposition, by_truth in degrees:
                allowed = sum(truth for truth, degree in by_truth.items() if degree <= wanted)
                brings = sum(truth for truth, degree in by_truth.items() if degree == wanted)
                every += [(proposition, allowed)] if allowed != ANY else []
                some += [(proposition, brings)] if wanted and brings else []
            yield wanted, Wanted(tuple(every), tuple(some))

    def levers(self, spreads: Iterable[Spread], toward: Toward) -> list[Lever]:
        """Return *spreads* as levers that begin at the end that is better, or worse."""
        found = []
        for spread in spreads:
            last = len(spread.values) - 1
            best = last if prefers_more(self.ground.rulebook.fact(spread.fact), toward) else 0
            found.append(
                Lever(
                    (spread.fact,), (0,), spread.values, None, NOTHING, NOTHING, best, joined=True
                )
            )
        return found

    # How likely it is

    def weighed(self, part: _Part) -> dict[Degree, Exact]:
        """Return what the rules of *part* can come to, each with how likely that is."""
        found: dict[Degree, Exact] = {}
        spreads, rules = part
        waiting: list[Box] = [tuple((0, len(spread.values) - 1) for spread in spreads)]
        looked = 0
        while waiting:
            box = waiting.pop()
            looked += 1
            if looked > self.most:
                raise AnalysisLimitError(
                    f"to weigh all that {len(spreads)} uncertain facts bring takes more than "
                    f"{self.most:,} steps"
                )
            ends = [
                Reach(spread.values[first], spread.values[last])
                for spread, (first, last) in zip(spreads, box, strict=True)
            ]
            facts = {spread.fact: reach for spread, reach in zip(spreads, ends, strict=True)}
            within = self.moved(self.now, facts)
            undecided = [rule for rule in rules if within.truths(rule.proposition) not in MAY]
            if undecided:
                waiting += self.halves(spreads, box, undecided)
                continue
            chance: Exact = 1
            for spread, (first, last) in zip(spreads, box, strict=True):
                chance *= spread.chance(first, last)
            degree = self.degree_at(within, rules)
            found[degree] = found.get(degree, 0) + chance
        return found

    def halves(
        self, spreads: Sequence[Spread], box: Box, undecided: Iterable[RuleEntry]
    ) -> Iterator[Box]:
        """Yield *box* in two, divided where something that is *undecided* may be."""
        facts = self.ground.supports.of_all(rule.proposition for rule in undecided)
        place = max(
            (n for n, spread in enumerate(spreads) if spread.fact in facts),
            key=lambda n: Fraction(box[n][1] - box[n][0], len(spreads[n].values)),
        )
        first, last = box[place]
        middle = (first + last) // 2
        for half in ((middle + 1, last), (first, middle)):
            yield (*box[:place], half, *box[place + 1 :])
