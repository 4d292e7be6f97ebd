"""Where two rulebooks differ, asked of z3: whether some case has a pair of outcomes, and which."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator
from itertools import product
from typing import NamedTuple

from attrs import evolve, frozen

from oversight_engine.analysis.encoded_program import Said, World, encode
from oversight_engine.analysis.encoding import Bool, Encoding, Found, Reading
from oversight_engine.analysis.examples import example_case, stated, with_few_facts
from oversight_engine.analysis.sides import (
    Kind,
    Outcomes,
    Side,
    as_read_by,
    bearing,
    kind_of,
    responsible,
    scale_of,
    union_of,
)
from oversight_engine.engine import Engine
from oversight_engine.errors import EvaluatorError
from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFER, STATUSES, Fact, Status
from oversight_engine.program import RuleEntry


@frozen(eq=False, repr=False)
class Example(Noun):
    """A case that two rulebooks decide differently, as each of them reads it.

    Attributes:
        rules: the ids of those that make the difference.
    """

    kind: Kind
    before: Decision
    after: Decision
    rules: tuple[str, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """The case; as two where the rulebooks declare different facts of it."""
        one, other = self.before.case, self.after.case
        return (one,) if one == other else (one, other)


class Shown(NamedTuple):
    """What was found of one kind of difference: examples, or why nobody knows, or nothing."""

    examples: tuple[Example, ...]
    because: str


class Differing:
    """Two programs, asked about the same cases."""

    def __init__(
        self, encoding: Encoding, first: Side, second: Side, evaluators: tuple[str, ...]
    ) -> None:
        self.encoding = encoding
        self.sides = (first, second)
        self.evaluators = evaluators
        self.facts = encoding.facts([first.program, second.program])
        self.knowing = {fact_id: self.known_to(fact_id) for fact_id in self.facts}
        self.before, self.after = (
            encode(encoding, side.program, self.facts_of(place))
            for place, side in enumerate(self.sides)
        )
        encoding.where(encoding.realisable(self.facts_of(0)), encoding.realisable(self.facts_of(1)))

    # Facts that one side may know and the other not

    def known_to(self, fact_id: str) -> tuple[Bool, Bool]:
        """Return, for each side, that it knows the fact."""
        encoding, known = self.encoding, self.facts[fact_id].known
        facts = self.declared(fact_id)
        ways = {way for way, _ in _ways(facts)}
        if None in facts or all(one == other for one, other in ways):
            return known, known
        other = encoding.fact(fact_id).known
        if (True, True) not in ways:
            encoding.where(encoding.negation(encoding.all_of((known, other))))
        if (True, False) not in ways:
            encoding.where(encoding.implies(known, other))
        if (False, True) not in ways:
            encoding.where(encoding.implies(other, known))
        return known, other

    def declared(self, fact_id: str) -> tuple[Fact | None, Fact | None]:
        """Return how each side declares the fact, if it does."""
        first, second = (
            side.rulebook.fact(fact_id) if side.rulebook.has_fact(fact_id) else None
            for side in self.sides
        )
        return first, second

    def facts_of(self, place: int) -> dict[str, Reading]:
        """Return the facts as the side at *place* reads them."""
        return {
            fact_id: Reading(self.knowing[fact_id][place], reading.value)
            for fact_id, reading in self.facts.items()
            if self.declared(fact_id)[place] is not None
        }

    # Questions

    def find(self, kinds: Collection[Kind]) -> dict[Kind, Shown]:
        """Ask of every pair of outcomes that differ in one of these *kinds* if some case has it."""
        found = {kind: Shown((), "") for kind in kinds}
        number = 0
        for kind, outcomes in self.moves():
            if kind in found:
                shown, because = self.examples(kind, outcomes, number)
                number += len(shown)
                examples = (*found[kind].examples, *shown)
                found[kind] = Shown(examples, found[kind].because or because)
        return found

    def moves(self) -> Iterator[tuple[Kind, Outcomes]]:
        """Yield every way from one outcome, or a referral, to another."""
        first, second = (side.rulebook for side in self.sides)
        for before, after in product((*scale_of(first), None), (*scale_of(second), None)):
            if before != after:
                yield kind_of(first, second, before, after), (before, after)

    def examples(self, kind: Kind, outcomes: Outcomes, number: int) -> tuple[list[Example], str]:
        """Return a case for each rule that alone has to answer for a move, and why z3 gave up.

        Where none ever does so alone, one case.
        """
        encoding = self.encoding
        before, after = outcomes
        asked = [
            self.label(self.before, self.sides[0], before),
            self.label(self.after, self.sides[1], after),
        ]
        found = encoding.ask(*asked)
        if found.model is None:
            return [], found.because
        bringing = self.bringing(outcomes)
        shown: list[Example] = []
        for rule_id, brings in bringing.items():
            others = (truth for other, truth in bringing.items() if other != rule_id)
            alone = encoding.ask(*asked, brings, encoding.negation(encoding.any_of(others)))
            if alone.model is not None:
                shown.append(self.example(alone, kind, outcomes, number + len(shown)))
        return shown or [self.example(found, kind, outcomes, number)], ""

    def label(self, world: World, side: Side, outcome: str | None) -> Bool:
        """Return that a side comes to the *outcome*, or refers the case where there is none."""
        if outcome is None:
            return world.referred
        return world.decided[side.rulebook.severity(outcome)]

    def bringing(self, outcomes: Outcomes) -> dict[str, Bool]:
        """Return, by id, that a rule has to answer for a move: what `responsible` says of it."""
        first, second = self.sides
        place = bearing(first.rulebook, second.rulebook, *outcomes)
        outcome, world = outcomes[place], (self.before, self.after)[place]
        return {
            rule.id: self.brings(rule, world.rules[rule.id], outcome)
            for rule in self.sides[place].program.rules
            if (rule.outcome == outcome) or (outcome is None and _may_refer(rule))
        }

    def brings(self, rule: RuleEntry, said: Said, outcome: str | None) -> Bool:
        """Return that *rule* brings the *outcome*, or the referral where there is none."""
        unknown = self.encoding.negation(self.encoding.any_of(said))
        if outcome is not None:
            held = (said.true, unknown) if rule.if_unknown == "hold_back" else (said.true,)
            return self.encoding.any_of(held)
        return self.encoding.negation(said.false) if rule.outcome == REFER else unknown

    # Examples

    def example(self, found: Found, kind: Kind, outcomes: Outcomes, number: int) -> Example:
        """Return what was *found* as a case of few facts that both rulebooks have decided."""
        values = self.encoding.values_of(
            found,
            {
                fact_id: Reading(self.encoding.any_of(self.knowing[fact_id]), reading.value)
                for fact_id, reading in self.facts.items()
            },
        )
        facts = {
            fact_id: self.stated(found, fact_id, values[fact_id])
            for fact_id in self.facts
            if fact_id in values
        }
        book = union_of(*(side.rulebook for side in self.sides))
        case = evolve(example_case(book, self.encoding.day, {}, number=number), facts=facts)
        with self.engine(0) as first, self.engine(1) as second:

            def decided(one: Case) -> tuple[Decision, Decision]:
                cases = [as_read_by(side.rulebook, one) for side in self.sides]
                return first.decide(cases[0]), second.decide(cases[1])

            before, after = decided(case)
            if (before.outcome, after.outcome) != outcomes:
                raise EvaluatorError("z3 finds a difference, and the engine does not")
            rules = {*responsible(before, after)}

            def shows(one: Case) -> bool:
                before, after = decided(one)
                is_same = (before.outcome, after.outcome) == outcomes
                return is_same and rules.issuperset(responsible(before, after))

            case = with_few_facts(book, case, shows)
        decisions = []
        for place in (0, 1):
            with self.engine(place, self.evaluators) as both:
                decisions.append(both.decide(as_read_by(self.sides[place].rulebook, case)))
        before, after = decisions
        return Example(kind, before, after, responsible(before, after))

    def stated(self, found: Found, fact_id: str, value: Value) -> StatedFact:
        """Return *value* stated so that just those know it who do in what was *found*."""
        encoding = self.encoding
        facts = self.declared(fact_id)
        wanted = tuple(encoding.is_true(found, known) for known in self.knowing[fact_id])
        status, age = next(how for way, how in _ways(facts) if way == wanted)
        declared = next(fact for fact in facts if fact is not None)
        day = encoding.day - datetime.timedelta(days=age)
        return stated(declared, value, day, status=status)

    def engine(self, place: int, evaluators: Iterable[str] = ("reference",)) -> Engine:
        """Return an engine of the side at *place*."""
        side = self.sides[place]
        return Engine(side.rulebook, cohort=side.cohort, evaluators=evaluators)


def _may_refer(rule: RuleEntry) -> bool:
    return rule.outcome == REFER or rule.if_unknown == "refer"


def _ways(
    facts: tuple[Fact | None, Fact | None],
) -> Iterator[tuple[tuple[bool, bool], tuple[Status, int]]]:
    """Yield who can know a fact, by the status and the age in days that it has then."""
    declared = [fact for fact in facts if fact is not None]
    ages = [0, *(fact.max_age + 1 for fact in declared if fact.max_age is not None)]
    statuses = [status for status in STATUSES if any(status in f.accepts for f in declared)]
    for age, status in product(sorted(ages), statuses):
        first, second = (
            fact is None
            or (status in fact.accepts and (fact.max_age is None or age <= fact.max_age))
            for fact in facts
        )
        yield (first, second), (status, age)
