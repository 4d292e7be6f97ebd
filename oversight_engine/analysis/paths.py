"""The smallest changes that would bring an outcome, proved least, or why there are none.

The rules in the way fall into parts that share no fact that can move. Each part is searched by
itself (`search`), and what is found in all of them is put together. Every path is decided again by
the engine before anybody sees it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from attrs import evolve

from oversight_engine.analysis.cadence import next_due
from oversight_engine.analysis.enclosures import MAY, TRUE, UNKNOWN, Enclosure, Reach
from oversight_engine.analysis.enough import enough_of
from oversight_engine.analysis.examples import accepted_status
from oversight_engine.analysis.found_paths import Change, Obstacle, Path, Paths
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.levers import Levers, Measure, Toward, Weight, find_levers
from oversight_engine.analysis.search import MOST_BOXES, Answer, Search, Wanted
from oversight_engine.engine import Engine
from oversight_engine.errors import (
    AnalysisLimitError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
    InputError,
)
from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.decision import Decision, FactReading
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFERRAL, Fact
from oversight_engine.model.whole import value_of
from oversight_engine.program import Proposition

FEW_PATHS = 3


class Pathfinder:
    """Finds the paths of many cases; what it works out about a period it keeps."""

    def __init__(self, engine: Engine) -> None:
        """Use *engine* to decide cases, as they are and as they would be."""
        self.engine = engine
        self._grounds: dict[tuple[str, ...], Ground] = {}

    def ground(self, decision: Decision) -> Ground:
        """Return what the rulebook says on the day of *decision*, made ready."""
        key = (str(decision.as_of),)
        if key not in self._grounds:
            self._grounds[key] = Ground.of(self.engine.rulebook, decision.as_of, self.engine.cohort)
        return self._grounds[key]

    def forget(self) -> None:
        """Forget the answers that were found, and keep what was worked out of a period."""
        for ground in self._grounds.values():
            ground.kept.clear()

    def find(
        self,
        case: Case,
        to: str,
        *,
        as_of: datetime.date | None = None,
        least: Measure = "facts",
        number: int = FEW_PATHS,
        without: Iterable[str] = (),
        most: int = MOST_BOXES,
    ) -> Paths:
        """Return the smallest changes of *case* that would bring the outcome *to*.

        Args:
            case: the facts of one system.
            to: an outcome of the rulebook.
            as_of: the date of the decision, where it is not the case's own.
            least: what is to be least: the number of facts, the movement of each on its own
                scale, or the effort that the rulebook states.
            number: how many paths at most; no later one changes all that an earlier one does.
            without: facts that are to stay as they are.
            most: how many steps the search may take for one part of the rulebook.

        Raises:
            InputError: there is no such outcome or fact, or no effort is stated.
            AnalysisLimitError: the search would take more steps.
        """
        rulebook = self.engine.rulebook
        _check(rulebook.outcomes, to)
        unknown = [fact for fact in without if not rulebook.has_fact(fact)]
        if unknown:
            raise InputError(f"the rulebook {rulebook.id} declares no fact {unknown[0]}")
        if least == "effort" and all(fact.effort is None for fact in rulebook.facts):
            raise InputError(f"the rulebook {rulebook.id} states the effort of no fact")
        decision = self.engine.decide(case, as_of=as_of)
        toward: Toward = "better"
        if decision.outcome is not None:
            if rulebook.severity(to) > rulebook.severity(decision.outcome):
                toward = "worse"
        elif to == rulebook.harshest:
            toward = "worse"
        found = Paths(decision, to, least, toward)
        if found.is_there:
            return found
        left = frozenset(without)
        if decision.outcome is None and toward == "worse":
            # Nobody is to make worse what is known, as long as what is not could decide it.
            known = {reading.fact.id for reading in decision.facts if reading.value is not None}
            evidence = evolve(found, is_evidence_only=True)
            evidence = _Finding(self, evidence, left | known, number, most).paths_by_either()
            if evidence.paths:
                return evidence
        return _Finding(self, found, left, number, most).paths_by_either()


def find_paths(
    engine: Engine,
    case: Case,
    to: str,
    *,
    as_of: datetime.date | None = None,
    least: Measure = "facts",
    number: int = FEW_PATHS,
    without: Iterable[str] = (),
) -> Paths:
    """Return the smallest changes of *case* that would bring the outcome *to*.

    For many cases keep a `Pathfinder`. Raises what `Pathfinder.find` raises.
    """
    finder = Pathfinder(engine)
    return finder.find(case, to, as_of=as_of, least=least, number=number, without=without)


def _check(outcomes: Iterable[Noun], to: str) -> None:
    ids = [getattr(outcome, "id", "") for outcome in outcomes]
    if to == REFERRAL:
        raise InputError(
            "no path leads to a referral: it is what happens where evidence is missing; "
            f"use {', '.join(ids)}"
        )
    if to not in ids:
        raise InputError(f"`{to}` is no outcome of the rulebook: use {', '.join(ids)}")


class _Part(NamedTuple):
    """Rules that share facts that can move, and those facts' levers, by their place."""

    levers: tuple[int, ...]
    every: tuple[tuple[Proposition, int], ...]
    some: tuple[tuple[Proposition, int], ...]


Combined = tuple[Weight, dict[int, int]]
"""What a path counts; and the options of the levers it moves, by their place."""


class _Finding:
    """The paths of one case."""

    def __init__(
        self, finder: Pathfinder, found: Paths, without: frozenset[str], number: int, most: int
    ) -> None:
        self.engine, self.found, self.number, self.most = finder.engine, found, number, most
        self.ground = finder.ground(found.decision)
        self.decision, self.case = found.decision, found.decision.case
        self.day = self.decision.as_of
        self.known = self.ground.known_in(self.decision)
        self.movable: Levers = find_levers(
            self.ground.scales,
            self.known,
            self.ground.supports.cuts,
            self.day,
            measure=found.measure,
            toward=found.toward,
            far=self.ground.far,
            without=without,
        )
        self.levers = self.movable.levers
        self.now = self.ground.at(self.known)
        is_harshest = found.to == self.ground.rulebook.harshest
        self.rules = {rule.proposition: rule.id for rule in self.ground.program.rules}
        quiet = () if is_harshest else self.ground.quiet(found.to)
        self.every = [(rule.proposition, allowed) for rule, allowed in quiet]
        self.every += self.adding_up()
        holding = () if self.is_lightest else self.ground.holding(found.to)
        self.some = [(rule.proposition, allowed) for rule, allowed in holding]

    @property
    def is_lightest(self) -> bool:
        return self.found.to == self.ground.rulebook.lightest

    def adding_up(self) -> list[tuple[Proposition, int]]:
        """Local priorities go on adding up, where they do."""
        said = self.ground.adding_up
        allowed = MAY[TRUE] | MAY[UNKNOWN]
        return [] if said is None or not self.now.truths(said) & allowed else [(said, allowed)]

    @cached_property
    def every_by_fact(self) -> dict[str, tuple[tuple[Proposition, int], ...]]:
        found: dict[str, tuple[tuple[Proposition, int], ...]] = {}
        for wanted in self.every:
            for fact_id in self.ground.supports.of(wanted[0]):
                found[fact_id] = (*found.get(fact_id, ()), wanted)
        return found

    # The parts

    def parts(self) -> tuple[list[_Part], _Part]:
        """Return the parts, and what no lever reaches."""
        owner = {fact: n for n, lever in enumerate(self.levers) for fact in lever.facts}
        joined = {n: {n} for n in range(len(self.levers))}
        reached: dict[tuple[bool, Proposition, int], frozenset[int]] = {}
        for is_some, wanted in ((False, self.every), (True, self.some)):
            for proposition, allowed in wanted:
                facts = self.ground.supports.of(proposition)
                places = frozenset(owner[fact] for fact in facts if fact in owner)
                reached[is_some, proposition, allowed] = places
                whole: set[int] = set().union(*(joined[place] for place in places))
                for place in whole:
                    joined[place] = whole
        none = set[int]()
        mine: dict[int, list[tuple[bool, tuple[Proposition, int]]]] = {}
        for (is_some, proposition, allowed), places in reached.items():
            whole = joined[next(iter(places))] if places else none
            mine.setdefault(id(whole), []).append((is_some, (proposition, allowed)))

        def part(levers: set[int]) -> _Part:
            asked = mine.get(id(levers), ())
            return _Part(
                tuple(sorted(levers)),
                tuple(wanted for is_some, wanted in asked if not is_some),
                tuple(wanted for is_some, wanted in asked if is_some),
            )

        sets = {id(whole): whole for whole in joined.values() if id(whole) in mine}
        return list(map(part, sets.values())), part(none)

    def has(self, wanted: tuple[Proposition, int]) -> bool:
        return bool(self.now.truths(wanted[0]) & wanted[1])

    # The paths

    def paths_by_either(self) -> Paths:
        """Return the paths, from z3 where the search takes too many steps and z3 is installed."""
        try:
            return self.paths()
        except AnalysisLimitError as limit:
            from oversight_engine.analysis.solver import least_change

            try:
                least = least_change(
                    self.ground.in_force, self.day, self.known, self.levers, self.found.to
                )
            except (EvaluatorUnavailableError, EvaluatorLimitError) as unable:
                raise AnalysisLimitError(f"{limit}; {unable}") from limit
        if least.because:
            raise AnalysisLimitError(
                f"the search took too many steps, and z3 said: {least.because}"
            )
        if least.weight is None:
            obstacles = (self.obstacle(self.some),)
            return evolve(self.found, obstacles=obstacles, by_z3=True)
        return evolve(self.found, paths=(self.path((least.weight, dict(least.moved))),), by_z3=True)

    def paths(self) -> Paths:
        parts, fixed = self.parts()
        blocked = [self.obstacle([wanted]) for wanted in fixed.every if not self.has(wanted)]
        quiet: list[list[Answer]] = []
        for part in parts:
            answers = self.answers(part, need=False)
            quiet.append(answers)
            if not answers:
                blocked += self.obstacles(part)
        if blocked:
            [(_, besides)] = self.together([answers[:1] for answers in quiet if answers])
            return evolve(self.found, obstacles=tuple(blocked), besides=self.changes(besides))
        found: list[Combined] = []
        if self.is_lightest or any(map(self.has, fixed.some)) or self.is_held(parts):
            found = self.together(quiet)
        else:
            for place, part in enumerate(parts):
                if part.some:
                    instead = self.answers(part, need=True)
                    found += self.together([*quiet[:place], instead, *quiet[place + 1 :]])
            found.sort(key=lambda each: (each[0], sorted(each[1])))
        if not found:
            return evolve(self.found, obstacles=(self.obstacle(self.some),))
        return evolve(self.found, paths=tuple(map(self.path, self.different(found))))

    def is_held(self, parts: Sequence[_Part]) -> bool:
        """Say whether a rule of the outcome holds where nothing has to move."""
        return any(
            all(map(self.has, part.every)) and any(map(self.has, part.some)) for part in parts
        )

    def answers(self, part: _Part, *, need: bool) -> list[Answer]:
        """Return the least movements that quieten a *part*; with *need*, that hold in it too."""
        some = part.some if need else ()
        if all(map(self.has, part.every)) and (not some or any(map(self.has, some))):
            return [Answer((0, 0), {})]
        return [
            Answer(each.weight, {part.levers[n]: option for n, option in each.moved.items()})
            for each in self.least(part, Wanted(part.every, some), self.number)
        ]

    def least(self, part: _Part, wanted: Wanted, number: int) -> list[Answer]:
        levers = tuple(self.levers[place] for place in part.levers)
        moving = {fact for lever in levers for fact in lever.facts}
        asked = [proposition for proposition, _ in (*wanted.every, *wanted.some)]
        fixed = self.ground.relevant(self.known, asked, moving)

        def search() -> list[Answer]:
            supports, now = self.ground.supports, self.ground.at(dict(fixed))
            return list(Search(supports, now, levers, wanted, most=self.most).answers(number))

        return self.ground.once(("least", levers, wanted, fixed, number, self.most), search)

    def together(self, choices: Sequence[Sequence[Answer]]) -> list[Combined]:
        """Return the least ways to take an answer of each part, the least first."""
        ways: list[Combined] = [((0, 0), {})]
        for answers in choices:
            ways = [
                ((weight[0] + a.weight[0], weight[1] + a.weight[1]), moved | dict(a.moved))
                for weight, moved in ways
                for a in answers
            ]
            ways.sort(key=lambda way: (way[0], sorted(way[1])))
            del ways[self.number :]
        return ways

    def different(self, found: Sequence[Combined]) -> list[Combined]:
        kept: list[Combined] = []
        for weight, moved in found:
            if not any(other.keys() <= moved.keys() for _, other in kept):
                kept.append((weight, moved))
        return kept[: self.number]

    # What a path says

    def path(self, way: Combined) -> Path:
        weight, moved = way
        changes = self.changes(moved)
        decision = self.engine.decide(self.changed(changes), as_of=self.day)
        if decision.outcome != self.found.to:
            raise RuntimeError(f"the path to {self.found.to} leads to {decision.label}")
        total = self.ground.scales.told(weight, self.found.measure)
        return Path(changes, total, decision)

    def changes(self, moved: Mapping[int, int]) -> tuple[Change, ...]:
        """Return what the levers that are *moved*, each to an option, change."""
        numbers = dict(self.known)
        for place, option in moved.items():
            lever = self.levers[place]
            for fact, base in zip(lever.facts, lever.bases, strict=True):
                numbers[fact] = base + lever.options[option]
        changed = {fact for place in moved for fact in self.levers[place].facts}
        there = self.now.changed(
            {fact: Reach(numbers[fact], numbers[fact]) for fact in changed},
            self.ground.supports.readers,
        )
        return tuple(
            self.change(reading, numbers, there)
            for reading in self.decision.facts
            if reading.fact.id in changed
        )

    def changed(self, changes: Iterable[Change]) -> Case:
        """Return the case with these *changes* made, as at the day of the decision."""
        facts = dict(self.case.facts)
        for change in changes:
            stated = facts.get(change.fact.id, StatedFact(None))
            is_accepted = change.before is not None
            facts[change.fact.id] = evolve(
                stated,
                value=change.after,
                status=stated.status if is_accepted else accepted_status(change.fact),
                as_at=stated.as_at if is_accepted else self.day,
                likely=None,
                shape="",
                chances=(),
            )
        return evolve(self.case, facts=facts)

    def change(self, reading: FactReading, numbers: Mapping[str, int], there: Enclosure) -> Change:
        fact, day = reading.fact, self.day
        value = partial(value_of, fact, day=day)
        as_at = reading.stated.as_at if reading.stated is not None else None
        if as_at is None and self.case.period is not None:
            as_at = self.case.period.end
        return Change(
            fact=fact,
            before=reading.value,
            after=value(numbers[fact.id]),
            enough=self.enough(fact, numbers, there, value),
            why_unknown=reading.why_unknown,
            due=next_due(fact.cadence, as_at, day),
        )

    def enough(
        self,
        fact: Fact,
        numbers: Mapping[str, int],
        there: Enclosure,
        value: Callable[[int], Value],
    ) -> tuple[Value, ...] | tuple[tuple[Value, Value], ...]:
        """Return what else of *fact* would do, all the rest being as the path has it."""
        # What does not rest on the fact stays as the path has it.
        every = self.every_by_fact.get(fact.id, ())
        some = tuple(self.some)
        asked = [proposition for proposition, _ in (*every, *some)]
        others = self.ground.relevant(numbers, asked, (fact.id,))
        chosen = numbers[fact.id]
        spans = self.ground.once(
            ("enough", fact.id, chosen, every, some, others),
            lambda: enough_of(self.ground, fact, chosen, there, Wanted(every, some)),
        )
        if fact.type in ("boolean", "category"):
            return tuple(value(code) for code, _ in spans)
        [ends] = spans
        first, last = sorted(ends, reverse=fact.type == "date")
        return ((value(first), value(last)),)

    # Why there is none

    def obstacles(self, part: _Part) -> list[Obstacle]:
        """Return the rules of *part* that nothing lifts, one by one or else together."""
        lacking = [wanted for wanted in part.every if not self.has(wanted)]
        held = [
            wanted for wanted in lacking
            if not self.least(part, Wanted((*self.adding_up_in(part), wanted)), 1)
        ]  # fmt: skip
        if held:
            return [self.obstacle([wanted]) for wanted in held]
        return [self.obstacle(lacking)]

    def adding_up_in(self, part: _Part) -> tuple[tuple[Proposition, int], ...]:
        return tuple(wanted for wanted in part.every if wanted[0] == self.ground.adding_up)

    def obstacle(self, wanted: Iterable[tuple[Proposition, int]]) -> Obstacle:
        """Return the rules behind what is *wanted*, and the facts there that do not move."""
        said = {proposition for proposition, _ in wanted}
        ids = [rule.id for rule in self.ground.program.rules if rule.proposition in said]
        facts = frozenset[str]().union(*map(self.ground.supports.of, said))
        rulebook = self.ground.rulebook
        return Obstacle(
            tuple(rulebook.rule(rule_id) for rule_id in ids),
            tuple(
                (fact, self.movable.fixed[fact.id])
                for fact in rulebook.facts
                if fact.id in facts and fact.id in self.movable.fixed
            ),
        )
