"""What a rulebook says on a day, made ready for questions about one case."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from attrs import field, frozen

from oversight_engine.analysis.enclosures import FALSE, MAY, TRUE, UNKNOWN, Enclosure, Reach
from oversight_engine.analysis.levers import Scales
from oversight_engine.analysis.supports import Supports
from oversight_engine.compiler import compile_program
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import Decision
from oversight_engine.model.in_force import InForce, find_in_force
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFER, REFERRAL, Rulebook
from oversight_engine.model.whole import whole_of
from oversight_engine.program import FactTerm, InRange, LinearSum, Program, Proposition, RuleEntry

MOST_KEPT = 20_000
"""So many answers are kept of a day."""
Found = TypeVar("Found")
ANY = MAY[FALSE] | MAY[UNKNOWN] | MAY[TRUE]
Degree = int
"""What rules come to, so that of several together the greatest counts: an outcome, the lightest
first; beyond them a referral; and beyond that the harshest outcome, where a true rule brings it."""


@frozen(eq=False, repr=False)
class Ground(Noun):
    """What of *rulebook* holds on *day* as a program, and what each part of it rests on.

    Attributes:
        program: of what is in force; a last node says that local priorities add up.
        adding_up: that node, where the rulebook knows local priorities.
    """

    rulebook: Rulebook
    day: datetime.date
    in_force: InForce
    program: Program
    adding_up: Proposition | None
    supports: Supports
    scales: Scales
    kept: dict[Hashable, Any] = field(factory=dict, eq=False)

    @classmethod
    def of(cls, rulebook: Rulebook, day: datetime.date, cohort: CohortValues | None) -> Ground:
        """Return the ground of *rulebook* on *day*, and of a *cohort* where it needs one."""
        in_force = find_in_force(rulebook, day, cohort)
        program, adding_up = _with_priorities(compile_program(in_force), rulebook)
        scales = Scales.of(rulebook)
        return cls(rulebook, day, in_force, program, adding_up, Supports(program), scales)

    @cached_property
    def far(self) -> int:
        """How far a number without an end is looked at: well past everything it is tested for."""
        edges = [
            abs(edge)
            for node in self.program.nodes
            if isinstance(node, InRange)
            for span in node.within
            for edge in span
            if edge is not None
        ]
        sums = [abs(quantity.constant) for quantity in self.program.quantities]
        return 10 * (1 + sum(edges) + sum(sums))

    @cached_property
    def rules_by_fact(self) -> Mapping[str, tuple[RuleEntry, ...]]:
        """The rules that rest on each fact."""
        found: dict[str, tuple[RuleEntry, ...]] = {}
        for rule in self.program.rules:
            for fact_id in self.supports.of(rule.proposition):
                found[fact_id] = (*found.get(fact_id, ()), rule)
        return found

    def once(self, key: Hashable, work_out: Callable[[], Found]) -> Found:
        """Return what *work_out* returns, or what it once returned for the same *key*.

        Many cases ask the same: of all that nobody stated, say. The key has to hold all that the
        answer rests on.
        """
        if key not in self.kept:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = work_out()
        found: Found = self.kept[key]
        return found

    def relevant(
        self,
        numbers: Mapping[str, int],
        propositions: Iterable[Proposition],
        besides: Container[str],
    ) -> tuple[tuple[str, int], ...]:
        """Return those *numbers* that *propositions* rest on, but for some facts, in order."""
        asked = tuple(propositions)
        facts = self.once(("facts", asked), lambda: sorted(self.supports.of_all(asked)))
        return tuple(
            (fact, numbers[fact]) for fact in facts if fact in numbers and fact not in besides
        )

    @cached_property
    def nothing_known(self) -> Enclosure:
        """What comes of a case of which nothing is known; of others, as far as it is the same."""
        return Enclosure(self.program, {})

    def at(self, numbers: Mapping[str, int]) -> Enclosure:
        """Return what comes of a case in which these facts are known, as terms."""
        facts = {fact: Reach(number, number) for fact, number in numbers.items()}
        return self.nothing_known.changed(facts, self.supports.readers)

    def severity(self, rule: RuleEntry) -> int:
        """Return how severe the outcome of *rule* is."""
        return self.rulebook.severity(rule.outcome)

    @property
    def harshest_degree(self) -> Degree:
        """What a true rule of the harshest outcome comes to."""
        return len(self.rulebook.outcomes) + 1

    @cached_property
    def degrees(self) -> Mapping[str, Mapping[int, Degree]]:
        """By rule and by its truth, as a bit of `MAY`, what it comes to."""
        return {
            rule.id: dict(zip(MAY, self._degrees_of(rule), strict=True))
            for rule in self.program.rules
        }

    def _degrees_of(self, rule: RuleEntry) -> tuple[Degree, Degree, Degree]:
        referral = len(self.rulebook.outcomes)
        if rule.outcome == REFER:
            return 0, referral, referral
        severity = self.severity(rule)
        unknown = {"hold_back": severity, "refer": referral, "ignore": 0}[rule.if_unknown]
        is_harshest = rule.outcome == self.rulebook.harshest
        return 0, unknown, self.harshest_degree if is_harshest else severity

    def labels(self, degrees: Iterable[Degree]) -> tuple[str, ...]:
        """Return the outcomes (or `referral`) that *degrees* come to, in order."""
        scale = [outcome.id for outcome in self.rulebook.outcomes]
        of_degree = (*scale, REFERRAL, scale[-1])
        found = {of_degree[degree] for degree in degrees}
        return tuple(label for label in (*scale, REFERRAL) if label in found)

    def quiet(self, outcome: str) -> tuple[tuple[RuleEntry, int], ...]:
        """Return the truths that each rule may have if a case is to be no worse than *outcome*.

        Only rules are there that may not have any. Of the harshest outcome nothing is asked.
        """
        wanted = self.rulebook.severity(outcome)
        found = []
        for rule in self.program.rules:
            allowed = ANY
            if rule.outcome == REFER:
                allowed = MAY[FALSE]
            else:
                if self.severity(rule) > wanted:
                    allowed &= ~MAY[TRUE]
                    if rule.if_unknown == "hold_back":
                        allowed &= ~MAY[UNKNOWN]
                if rule.if_unknown == "refer":
                    allowed &= ~MAY[UNKNOWN]
            if allowed != ANY:
                found.append((rule, allowed))
        return tuple(found)

    def holding(self, outcome: str) -> tuple[tuple[RuleEntry, int], ...]:
        """Return the truths with which each rule of *outcome* brings it about."""
        return tuple(
            (rule, MAY[TRUE] | (MAY[UNKNOWN] if rule.if_unknown == "hold_back" else 0))
            for rule in self.program.rules
            if rule.outcome == outcome
        )

    def known_in(self, decision: Decision) -> dict[str, int]:
        """Return the facts that *decision* knew, as terms."""
        return {
            reading.fact.id: whole_of(
                self.rulebook.fact(reading.fact.id), reading.value, decision.as_of
            )
            for reading in decision.facts
            if reading.value is not None
        }


def _with_priorities(program: Program, rulebook: Rulebook) -> tuple[Program, Proposition | None]:
    """Return *program* with a node that is true where the local priorities add up, and that."""
    names = rulebook.local_priorities
    if names is None:
        return program, None
    terms = list(program.terms)
    places: Mapping[str, int] = {
        term.fact: place for place, term in enumerate(terms) if isinstance(term, FactTerm)
    }
    multiples = []
    for fact_id, multiple in (
        (names.agreed, -1), (names.on_track, 1), (names.not_on_track, 1), (names.unknown, 1)
    ):  # fmt: skip
        place = places.get(fact_id, len(terms))
        if place == len(terms):
            terms.append(FactTerm(fact_id, "number"))
        multiples.append((place, multiple))
    quantity = LinearSum(tuple(sorted(multiples)))
    node = InRange(len(program.quantities), ((0, 0),), 0)
    return program._replace(
        terms=tuple(terms),
        quantities=(*program.quantities, quantity),
        nodes=(*program.nodes, node),
    ), len(program.nodes)
