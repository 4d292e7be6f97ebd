"""Whether a decision stands if its facts are not quite what they are stated to be, exactly.

An uncertain fact has the values it may truly have: a stated range or chances, or all that its
figure could have been rounded from. Within them every combination is covered, by boxes in which
nothing changes; none is sampled. Where every uncertain fact states how likely its values are, so
are the outcomes, as fractions, the facts taken as independent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, combinations

from attrs import evolve

from oversight_engine.analysis.by_solver import Solver
from oversight_engine.analysis.enclosures import Enclosure, Reach
from oversight_engine.analysis.found_robustness import (
    About,
    Basis,
    Robustness,
    Uncertain,
    Undecided,
)
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.nearness import Nearness
from oversight_engine.analysis.remaining import Remaining
from oversight_engine.analysis.rounding import Rounded, Rounding, finer_ground
from oversight_engine.analysis.search import MOST_BOXES
from oversight_engine.analysis.solver import SECONDS
from oversight_engine.analysis.spreads import Spread
from oversight_engine.engine import Engine
from oversight_engine.errors import AnalysisLimitError
from oversight_engine.model.case import Case, StatedFact
from oversight_engine.model.decision import Decision, FactReading
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import Fact
from oversight_engine.model.whole import value_of, whole_of

MOST_PAIRED = 24
"""Of so many uncertain facts at most, every pair is looked at."""


class Examiner:
    """Examines many cases; what it works out about a day it keeps."""

    def __init__(self, engine: Engine) -> None:
        """Use *engine* to decide cases."""
        self.engine = engine
        self._grounds: dict[datetime.date, tuple[Ground, Ground]] = {}

    def forget(self) -> None:
        """Forget the answers that were found, and keep what was worked out of a day."""
        for grounds in self._grounds.values():
            for ground in grounds:
                ground.kept.clear()

    def examine(
        self,
        case: Case,
        *,
        as_of: datetime.date | None = None,
        most: int = MOST_BOXES,
        seconds: float = SECONDS,
    ) -> Robustness:
        """Return whether the decision of *case* stands under what is uncertain about its facts.

        Args:
            case: the facts of one system.
            as_of: the date of the decision, where it is not the case's own.
            most: how many steps the search for one answer may take; then z3 is asked.
            seconds: how long z3 may think in all; what it has not said then is undecided.

        Raises:
            AnalysisLimitError: it would take more steps, and z3 is not installed or cannot be told.
        """
        decision = self.engine.decide(case, as_of=as_of)
        day = decision.as_of
        if day not in self._grounds:
            ground = Ground.of(self.engine.rulebook, day, self.engine.cohort)
            self._grounds[day] = ground, finer_ground(self.engine, day)
        ground, finer = self._grounds[day]
        solver, known, rounding = (
            Solver(seconds),
            ground.known_in(decision),
            Rounding(finer, decision),
        )
        now = ground.at(known)
        found = _Examination(ground, decision, known, now, solver, most).robustness(rounding)
        finely = _Examination(finer, decision, rounding.known, rounding.now, solver, most)
        return finely.with_rounding(found, rounding)


def find_robustness(
    engine: Engine,
    case: Case,
    *,
    as_of: datetime.date | None = None,
    seconds: float = SECONDS,
) -> Robustness:
    """Return whether the decision of *case* stands under what is uncertain about its facts.

    For many cases keep an `Examiner`. Takes and raises what `Examiner.examine` does.
    """
    return Examiner(engine).examine(case, as_of=as_of, seconds=seconds)


class _Examination:
    """What becomes of one case."""

    def __init__(
        self,
        ground: Ground,
        decision: Decision,
        known: Mapping[str, int],
        now: Enclosure,
        solver: Solver,
        most: int,
    ) -> None:
        self.ground, self.decision = ground, decision
        self.day = decision.as_of
        self.known, self.now = known, now
        self.remaining = Remaining(ground, self.known, self.now, solver, most)
        self.undecided: list[Undecided] = []
        self.because = ""
        self.by_z3 = False

    def robustness(self, rounding: Rounding) -> Robustness:
        spreads = self.spreads()
        possible = self.possible(spreads, "possible")
        chances, no_chances = self.chances(spreads)
        uncertain, pairs, left_out = self.turning(spreads, possible)
        open_ = [
            reading.fact for reading in self.decision.facts
            if reading.value is None and reading.fact.id in self.ground.rules_by_fact
        ]  # fmt: skip
        ranges = {each.fact: (each.values[0], each.values[-1]) for each in spreads}
        nearness = Nearness(self.ground, self.known, self.now, ranges, rounding.turns)
        return Robustness(
            decision=self.decision,
            possible=possible,
            uncertain=tuple(sorted(uncertain, key=lambda each: not each.flips)),
            pairs=pairs,
            chances=chances,
            thresholds=nearness.thresholds(),
            unknown=tuple(open_),
            if_known=self.possible(map(self.any_of, open_), "if_known")
            if open_ else (self.decision.label,),
            bound=self.decision.possible,
            if_rounded=possible,
            are_pairs_left_out=left_out,
            no_chances_because=no_chances,
            by_z3=self.by_z3,
            undecided=tuple(self.undecided),
            undecided_because=self.because,
        )  # fmt: skip

    def with_rounding(self, found: Robustness, rounding: Rounding) -> Robustness:
        """Return *found* with what becomes of it if figures may have been rounded."""
        spreads = self.spreads()
        ranges = {each.fact: Reach(each.values[0], each.values[-1]) for each in spreads}
        matters = rounding.matters(ranges)
        if not matters:
            both = [
                evolve(each, about="if_rounded")
                for each in found.undecided
                if each.about == "possible"
            ]
            return evolve(found, undecided=(*found.undecided, *both))
        rounded = [Spread(fact, rounding.reaches[fact]) for fact in matters]
        possible = self.possible([*spreads, *rounded], "if_rounded")
        told = [self.rounded(spread) for spread in rounded]
        return evolve(
            found,
            if_rounded=possible,
            rounded=tuple(sorted(told, key=lambda each: not each.flips)),
            by_z3=found.by_z3 or self.by_z3,
            undecided=(*found.undecided, *self.undecided),
            undecided_because=found.undecided_because or self.because,
        )

    def rounded(self, spread: Spread) -> Rounded:
        finer = self.ground.rulebook.fact(spread.fact)
        flips = self.others([spread], "rounded")
        ends = (spread.values[0], spread.values[-1])
        turns = [
            end for end in ends
            if flips and self.others([Spread(spread.fact, (end,))], "rounded")
        ]  # fmt: skip
        least, most, value, *at = (
            value_of(finer, number, self.day) for number in (*ends, self.known[spread.fact], *turns)
        )
        fact = self.decision.rulebook.fact(spread.fact)
        return Rounded(fact, value, least, most, flips, at[0] if at else None)

    # What may be otherwise

    def spreads(self) -> list[Spread]:
        found = []
        for reading in self.decision.facts:
            stated = reading.stated
            is_read = reading.fact.id in self.ground.rules_by_fact
            if stated is not None and reading.value is not None and is_read:
                spread = self.spread(reading, stated)
                if spread is not None and len(spread.values) > 1:
                    found.append(spread)
        return found

    def spread(self, reading: FactReading, stated: StatedFact) -> Spread | None:
        fact = self.ground.rulebook.fact(reading.fact.id)
        if stated.chances:
            pairs = sorted(
                (whole_of(fact, value, self.day), chance) for value, chance in stated.chances
            )
            sums = [Fraction(0), *accumulate(Fraction(chance) for _, chance in pairs)]
            return Spread(fact.id, tuple(number for number, _ in pairs), tuple(sums))
        if stated.likely is None:
            return None
        least, most = (whole_of(fact, end, self.day) for end in stated.likely)
        return Spread(fact.id, range(least, most + 1), is_even=stated.shape == "uniform")

    def any_of(self, fact: Fact) -> Spread:
        """Return all that an unknown *fact* could turn out to be."""
        if fact.type == "boolean":
            return Spread(fact.id, range(2))
        if fact.type == "category":
            return Spread(fact.id, range(-len(fact.outside_order), len(fact.values)))
        cuts = self.ground.supports.cuts.get(fact.id)
        first, last = fact.scaled_range if fact.type == "number" else (0, None)
        first = -self.ground.far if first is None else first
        last = self.ground.far if last is None else last
        if cuts is None:
            return Spread(fact.id, range(first, last + 1))
        return Spread(fact.id, (first, *(cut for cut in cuts if first < cut <= last)))

    # What remains possible

    def possible(
        self, spreads: Iterable[Spread], about: About, facts: Sequence[Spread] = ()
    ) -> tuple[str, ...]:
        """Return what can come of *spreads*, and note what nobody knows of it.

        Args:
            spreads: what may be otherwise.
            about: the question that is asked.
            facts: of which facts it is asked, where not of all.
        """
        remains = self.remaining.of(spreads)
        labels = self.ground.labels(remains.found)
        self.by_z3 = self.by_z3 or remains.by_z3
        known = {*labels, *((self.decision.label,) if facts else ())}
        perhaps = [each for each in self.ground.labels(remains.perhaps) if each not in known]
        if perhaps:
            asked = tuple(self.decision.rulebook.fact(spread.fact) for spread in facts)
            self.undecided.append(Undecided(about, asked, tuple(perhaps)))
            self.because = self.because or remains.because
        return labels

    def others(self, spreads: Sequence[Spread], about: About) -> tuple[str, ...]:
        found = self.possible(spreads, about, spreads)
        return tuple(label for label in found if label != self.decision.label)

    def chances(self, spreads: Sequence[Spread]) -> tuple[tuple[tuple[str, Exact], ...], str]:
        """Return how likely each outcome is, or else why nobody says."""
        if not spreads or not all(spread.has_chances for spread in spreads):
            return (), ""
        try:
            by_degree = self.remaining.chances(spreads)
        except AnalysisLimitError as limit:
            return (), str(limit)
        found: dict[str, Exact] = {}
        for degree, chance in by_degree.items():
            [label] = self.ground.labels([degree])
            found[label] = found.get(label, 0) + chance
        labels = self.ground.labels(by_degree)
        return tuple((label, whole_if_possible(found[label])) for label in labels), ""

    # What turns the decision

    def turning(
        self, spreads: list[Spread], possible: tuple[str, ...]
    ) -> tuple[list[Uncertain], tuple[tuple[Fact, Fact, tuple[str, ...]], ...], bool]:
        is_firm = possible == (self.decision.label,) and not self.undecided
        alone = {
            spread.fact: () if is_firm else self.others([spread], "alone") for spread in spreads
        }
        uncertain = [self.uncertain(spread, alone[spread.fact]) for spread in spreads]
        quiet = [spread for spread in spreads if not alone[spread.fact]]
        if is_firm or len(quiet) > MOST_PAIRED:
            return uncertain, (), not is_firm
        rulebook = self.ground.rulebook
        pairs = [
            (rulebook.fact(one.fact), rulebook.fact(other.fact), brings)
            for one, other in combinations(quiet, 2)
            if (brings := self.others([one, other], "pair"))
        ]
        return uncertain, tuple(pairs), False

    def uncertain(self, spread: Spread, flips: tuple[str, ...]) -> Uncertain:
        fact = self.ground.rulebook.fact(spread.fact)
        reading = next(each for each in self.decision.facts if each.fact.id == fact.id)
        assert reading.value is not None, "what is unknown is not uncertain but unknown"
        basis: Basis = "chances" if spread.sums else "uniform" if spread.is_even else "range"
        ends = [
            value_of(fact, spread.values[end], self.day)
            if fact.type in ("number", "date") else None
            for end in (0, -1)
        ]  # fmt: skip
        return Uncertain(fact, reading.value, basis, ends[0], ends[1], flips)
