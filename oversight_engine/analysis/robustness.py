"""Whether a decision stands if its facts are not quite what they are stated to be, exactly.

An uncertain fact has the values it may truly have: a stated range or chances, or all that its
figure could have been rounded from. Within them every combination is covered, by boxes in which
nothing changes; none is sampled. Where every uncertain fact states how likely its values are, so
are the outcomes, as fractions, the facts taken as independent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, combinations
from typing import Literal

from attrs import evolve, frozen

from oversight_engine.analysis.enclosures import FALSE, MAY, TRUE, Reach
from oversight_engine.analysis.ground import ANY, Ground
from oversight_engine.analysis.levers import NOTHING, Lever, Toward, prefers_more
from oversight_engine.analysis.nearness import Nearness, Threshold
from oversight_engine.analysis.rounding import Rounded, Rounding, finer_ground
from oversight_engine.analysis.search import Search, Wanted
from oversight_engine.analysis.spreads import Sign, Spread
from oversight_engine.engine import Engine
from oversight_engine.errors import AnalysisLimitError
from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.decision import Decision, FactReading
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, whole_if_possible
from oversight_engine.model.rulebook import REFER, REFERRAL, Fact
from oversight_engine.model.whole import value_of, whole_of
from oversight_engine.program import Proposition, RuleEntry

MOST_BOXES = 20_000
"""How many boxes are looked at for one answer unless somebody says otherwise."""
MOST_PAIRED = 24
"""Of so many uncertain facts at most, every pair is looked at."""

Asked = tuple[tuple[Proposition, int], ...]
Basis = Literal["range", "uniform", "chances"]
"""What says that a fact is uncertain: a stated range, one with a shape, or stated chances."""


@frozen(eq=False, repr=False)
class Uncertain(Noun):
    """A fact that may truly be otherwise.

    Attributes:
        least, most: the ends of its range; of what has no order, None.
        flips: the outcomes (or `referral`) that become possible by it alone.
    """

    fact: Fact
    value: Value
    basis: Basis
    least: Value | None
    most: Value | None
    flips: tuple[str, ...] = ()


@frozen(eq=False, repr=False)
class Robustness(Noun):
    """Whether a decision is firm, and what could turn it.

    Attributes:
        possible: the outcomes (or `referral`) that remain possible under all stated uncertainty.
        uncertain: the facts that may be otherwise, those that turn the decision first.
        pairs: of facts that do not turn it alone, those that do together, with what they bring.
        chances: the exact probability of each of *possible*; none where some fact states a range
            and not how likely its values are.
        thresholds: the nearest first.
        unknown: the facts that are unknown and that the rules read.
        if_known: the outcomes (or `referral`) that are possible if those were known, exactly.
        bound: what the decision itself says is possible, a bound that is quick to find.
        if_rounded: the outcomes (or `referral`) that remain possible if, besides, each figure that
            states nothing of its uncertainty may have been rounded to its last decimal.
        rounded: the figures whose rounding may matter, those that turn the decision alone first.
    """

    decision: Decision
    possible: tuple[str, ...]
    uncertain: tuple[Uncertain, ...]
    pairs: tuple[tuple[Fact, Fact, tuple[str, ...]], ...]
    chances: tuple[tuple[str, Exact], ...]
    thresholds: tuple[Threshold, ...]
    unknown: tuple[Fact, ...]
    if_known: tuple[str, ...]
    bound: tuple[str, ...]
    if_rounded: tuple[str, ...]
    rounded: tuple[Rounded, ...] = ()
    are_pairs_left_out: bool = False

    @property
    def is_firm(self) -> bool:
        """Whether nothing but the decision as it is remains possible."""
        return self.possible == (self.decision.label,)

    @property
    def is_firm_if_rounded(self) -> bool:
        """Whether it also is where figures may have been rounded."""
        return self.if_rounded == (self.decision.label,)


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
        self, case: Case, *, as_of: datetime.date | None = None, most: int = MOST_BOXES
    ) -> Robustness:
        """Return whether the decision of *case* stands under what is uncertain about its facts.

        Raises:
            AnalysisLimitError: the exact answer would take more than *most* steps.
        """
        decision = self.engine.decide(case, as_of=as_of)
        day = decision.as_of
        if day not in self._grounds:
            ground = Ground.of(self.engine.rulebook, day, self.engine.cohort)
            self._grounds[day] = ground, finer_ground(self.engine, day)
        ground, finer = self._grounds[day]
        rounding = Rounding(finer, decision)
        found = _Examination(ground, decision, most).robustness(rounding)
        return _Examination(finer, decision, most).with_rounding(found, rounding)


def find_robustness(
    engine: Engine, case: Case, *, as_of: datetime.date | None = None
) -> Robustness:
    """Return whether the decision of *case* stands under what is uncertain about its facts.

    For many cases keep an `Examiner`. Raises what `Examiner.examine` raises.
    """
    return Examiner(engine).examine(case, as_of=as_of)


class _Examination:
    """What becomes of one case."""

    def __init__(self, ground: Ground, decision: Decision, most: int) -> None:
        self.ground, self.decision, self.most = ground, decision, most
        self.day = decision.as_of
        self.known = ground.known_in(decision)
        self.now = ground.at(self.known)
        self.scale = [outcome.id for outcome in ground.rulebook.outcomes]
        self.read = frozenset[str]().union(
            *(ground.supports.of(rule.proposition) for rule in ground.program.rules)
        )

    def robustness(self, rounding: Rounding) -> Robustness:
        spreads = self.spreads()
        signs = self.signs(spreads)
        possible = self.labels(signs)
        label = self.decision.label
        uncertain, pairs, left_out = self.turning(spreads, possible)
        open_ = [
            reading.fact for reading in self.decision.facts
            if reading.value is None and reading.fact.id in self.read
        ]  # fmt: skip
        bound = self.decision.possible
        ranges = {each.fact: (each.values[0], each.values[-1]) for each in spreads}
        nearness = Nearness(self.ground, self.known, self.now, ranges, rounding.turns)
        return Robustness(
            decision=self.decision,
            possible=possible,
            uncertain=tuple(sorted(uncertain, key=lambda each: not each.flips)),
            pairs=pairs,
            chances=self.chances(signs) if all(map(_has_chances, spreads)) and spreads else (),
            thresholds=nearness.thresholds(),
            unknown=tuple(open_),
            if_known=self.labels(self.signs([self.any_of(fact) for fact in open_], once=True))
            if open_ else (label,),
            bound=bound,
            if_rounded=possible,
            are_pairs_left_out=left_out,
        )  # fmt: skip

    def with_rounding(self, found: Robustness, rounding: Rounding) -> Robustness:
        """Return *found* with what becomes of it if figures may have been rounded."""
        spreads = self.spreads()
        ranges = {each.fact: Reach(each.values[0], each.values[-1]) for each in spreads}
        matters = rounding.matters(ranges)
        if not matters:
            return found
        rounded = [Spread(fact, rounding.reaches[fact]) for fact in matters]
        possible = self.labels(self.signs([*spreads, *rounded], once=True))
        told = [self.rounded(spread) for spread in rounded]
        return evolve(
            found,
            if_rounded=possible,
            rounded=tuple(sorted(told, key=lambda each: not each.flips)),
        )

    def rounded(self, spread: Spread) -> Rounded:
        finer, flips = self.ground.rulebook.fact(spread.fact), self.others([spread])
        ends = (spread.values[0], spread.values[-1])
        turns = [end for end in ends if flips and self.others([Spread(spread.fact, (end,))])]
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
            if stated is not None and reading.value is not None and reading.fact.id in self.read:
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

    # What the rules come to

    def signs(self, spreads: Sequence[Spread], *, once: bool = False) -> dict[Sign, Exact]:
        """Return what the rules can come to together, each with how likely that is.

        Rules that share no fact of *spreads* are looked at apart. With *once*, how likely
        something is does not matter, and what was found is not looked for again.
        """
        is_weighed = not once and bool(spreads) and all(map(_has_chances, spreads))
        found: dict[Sign, Exact] = {Sign(): 1}
        for part, rules in self.parts(spreads):
            if is_weighed:
                signs = self.weighed(part, rules)
            else:
                signs = dict.fromkeys(self.once_possible(part, rules), 1)
            together: dict[Sign, Exact] = {}
            for one, chance in found.items():
                for other, another in signs.items():
                    sign = one.beside(other)
                    together[sign] = together.get(sign, 0) + chance * another
            found = together
        return found

    def parts(self, spreads: Sequence[Spread]) -> Iterator[tuple[list[Spread], list[RuleEntry]]]:
        owner = {spread.fact: n for n, spread in enumerate(spreads)}
        joined = {n: {n} for n in range(len(spreads))}
        reached: list[tuple[RuleEntry, frozenset[int]]] = []
        for rule in self.ground.program.rules:
            facts = self.ground.supports.of(rule.proposition)
            places = frozenset(owner[fact] for fact in facts if fact in owner)
            reached.append((rule, places))
            whole: set[int] = set().union(*(joined[place] for place in places))
            for place in whole:
                joined[place] = whole
        yield [], [rule for rule, places in reached if not places]
        for whole in {id(whole): whole for whole in joined.values()}.values():
            rules = [rule for rule, places in reached if places and places <= whole]
            if rules:
                yield [spreads[place] for place in sorted(whole)], rules

    def once_possible(self, spreads: list[Spread], rules: list[RuleEntry]) -> tuple[Sign, ...]:
        """Return what *rules* can come to, as far as it makes a difference to the decision."""
        moving = {spread.fact for spread in spreads}
        fixed = self.ground.relevant(self.known, (rule.proposition for rule in rules), moving)
        return self.ground.once(
            ("possible", tuple(spreads), tuple(rules), fixed, self.most),
            lambda: tuple(self.possible(spreads, rules)),
        )

    def possible(self, spreads: list[Spread], rules: list[RuleEntry]) -> Iterator[Sign]:
        """Yield what *rules* can come to, as far as it makes a difference to the decision."""
        if not spreads:
            yield self.sign((rule, self.now.truths(rule.proposition)) for rule in rules)
            return
        supports, harshest = self.ground.supports, self.scale[-1]
        mine = {rule.id for rule in rules}

        def asked(pairs: Iterable[tuple[RuleEntry, int]]) -> tuple[tuple[Proposition, int], ...]:
            return tuple((rule.proposition, truths) for rule, truths in pairs if rule.id in mine)

        brings = asked(self.ground.holding(harshest))
        worst = len(self.scale) - 1
        ways: list[tuple[Sign, Asked, Asked, bool]] = [(Sign(worst, worst), (), brings, True)]
        averts = tuple((proposition, ANY & ~MAY[TRUE]) for proposition, _ in brings)
        ways.append((Sign(refers=True), averts, asked(self.ground.referring()), True))
        for severity, outcome in enumerate(self.scale[:-1]):
            some = asked(self.ground.holding(outcome)) if severity else ()
            quiet = asked(self.ground.quiet(outcome))
            ways.append((Sign(0, severity), quiet, some, bool(severity)))
        for sign, every, some, needs_some in ways:
            if some or not needs_some:
                levers = self.levers(spreads, "worse" if sign.held else "better")
                search = Search(supports, self.now, levers, Wanted(every, some), most=self.most)
                if any(True for _ in search.answers(1, may_stay=False)):
                    yield sign

    def levers(self, spreads: list[Spread], toward: Toward) -> list[Lever]:
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

    def weighed(self, spreads: list[Spread], rules: list[RuleEntry]) -> dict[Sign, Exact]:
        """Return what *rules* can come to, each with how likely that is."""
        found: dict[Sign, Exact] = {}
        waiting = [tuple((0, len(spread.values) - 1) for spread in spreads)]
        looked = 0
        while waiting:
            box = waiting.pop()
            looked += 1
            if looked > self.most:
                raise AnalysisLimitError(
                    f"what {len(spreads)} uncertain facts bring takes more than {self.most:,} steps"
                )
            facts = {
                spread.fact: Reach(spread.values[first], spread.values[last])
                for spread, (first, last) in zip(spreads, box, strict=True)
            }
            within = self.now.changed(facts, self.ground.supports.readers)
            truths = [(rule, within.truths(rule.proposition)) for rule in rules]
            undecided = [rule for rule, truth in truths if truth not in MAY]
            if not undecided:
                sign = self.sign(truths)
                chance: Exact = 1
                for spread, (first, last) in zip(spreads, box, strict=True):
                    chance *= spread.chance(first, last)
                found[sign] = found.get(sign, 0) + chance
                continue
            waiting += self.halves(spreads, box, undecided)
        return found

    def halves(
        self, spreads: list[Spread], box: tuple[tuple[int, int], ...], undecided: list[RuleEntry]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        facts = frozenset[str]().union(
            *(self.ground.supports.of(rule.proposition) for rule in undecided)
        )
        place = max(
            (n for n, spread in enumerate(spreads) if spread.fact in facts),
            key=lambda n: Fraction(box[n][1] - box[n][0], len(spreads[n].values)),
        )
        first, last = box[place]
        middle = (first + last) // 2
        for half in ((middle + 1, last), (first, middle)):
            yield (*box[:place], half, *box[place + 1 :])

    def sign(self, truths: Iterable[tuple[RuleEntry, int]]) -> Sign:
        sign = Sign()
        for rule, truth in truths:
            sign = sign.beside(self.sign_of(rule, truth))
        return sign

    def sign_of(self, rule: RuleEntry, truth: int) -> Sign:
        if truth == MAY[FALSE]:
            return Sign()
        if rule.outcome == REFER:
            return Sign(refers=True)
        severity = self.ground.severity(rule)
        if truth == MAY[TRUE]:
            return Sign(severity, severity)
        if rule.if_unknown == "hold_back":
            return Sign(back=severity)
        return Sign(refers=rule.if_unknown == "refer")

    def label(self, sign: Sign) -> str:
        if sign.held == len(self.scale) - 1:
            return self.scale[-1]
        return REFERRAL if sign.refers else self.scale[sign.back]

    def labels(self, signs: Iterable[Sign]) -> tuple[str, ...]:
        found = {self.label(sign) for sign in signs}
        return tuple(label for label in (*self.scale, REFERRAL) if label in found)

    def chances(self, signs: Mapping[Sign, Exact]) -> tuple[tuple[str, Exact], ...]:
        found: dict[str, Exact] = {}
        for sign, chance in signs.items():
            label = self.label(sign)
            found[label] = found.get(label, 0) + chance
        return tuple(
            (label, whole_if_possible(found[label]))
            for label in (*self.scale, REFERRAL) if label in found
        )  # fmt: skip

    # What turns the decision

    def turning(
        self, spreads: list[Spread], possible: tuple[str, ...]
    ) -> tuple[list[Uncertain], tuple[tuple[Fact, Fact, tuple[str, ...]], ...], bool]:
        label = self.decision.label
        is_firm = possible == (label,)
        alone = {spread.fact: () if is_firm else self.others([spread]) for spread in spreads}
        uncertain = [self.uncertain(spread, alone[spread.fact]) for spread in spreads]
        quiet = [spread for spread in spreads if not alone[spread.fact]]
        if is_firm or len(quiet) > MOST_PAIRED:
            return uncertain, (), not is_firm
        rulebook = self.ground.rulebook
        pairs = [
            (rulebook.fact(one.fact), rulebook.fact(other.fact), brings)
            for one, other in combinations(quiet, 2)
            if (brings := self.others([one, other]))
        ]
        return uncertain, tuple(pairs), False

    def others(self, spreads: list[Spread]) -> tuple[str, ...]:
        found = self.labels(self.signs(spreads, once=True))
        return tuple(label for label in found if label != self.decision.label)

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


def _has_chances(spread: Spread) -> bool:
    return spread.is_even or bool(spread.sums)
