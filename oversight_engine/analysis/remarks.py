"""What a rulebook says without effect: rules that decide nothing, conditions that never turn.

All of it is certain of every case of every period. What is not certain is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from attrs import frozen

from oversight_engine.analysis.axes import facts_behind
from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.cohorts import example_cohort, rules_of_cohort
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN
from oversight_engine.analysis.laws import Proof
from oversight_engine.analysis.searching import Demand, search
from oversight_engine.analysis.steps import Levels, levels_of
from oversight_engine.analysis.tables import Table
from oversight_engine.model.in_force import Owner, find_in_force
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Rulebook

Kind = Literal[
    "rule-never-true",
    "rule-never-decides",
    "outcome-never",
    "condition-always-true",
    "condition-always-false",
    "fact-never-matters",
]

SAID: dict[Kind, str] = {
    "rule-never-true": "no case makes this rule true",
    "rule-never-decides": "no outcome, and no referral, would be another one without this rule",
    "outcome-never": "no case has this outcome",
    "condition-always-true": "no case makes this condition false",
    "condition-always-false": "no case makes this condition true",
    "fact-never-matters": "conditions read this fact, and no value of it changes any of them",
}


@frozen(eq=False, repr=False)
class Remark(Noun):
    """Something that is there without effect.

    Attributes:
        id: of the rule, outcome or fact, or of what the condition belongs to.
        text: the condition, where it is one.
        place: `file:line:column`, where known.
    """

    kind: Kind
    id: str
    text: str = ""
    place: str = ""


def find_remarks(proof: Proof) -> tuple[Remark, ...]:
    """Return what the rulebook says without effect in any period in which it says it."""
    return tuple(_Remarks(proof).all())


class _Remarks:
    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.rulebook: Rulebook = proof.rulebook
        self.spaces = []
        for period in proof.periods:
            day = period.span.start
            cohort = example_cohort(self.rulebook, day)
            self.spaces.append(Space.of(find_in_force(self.rulebook, day, cohort), day))

    def all(self) -> Iterator[Remark]:
        yield from self.rules()
        yield from self.outcomes()
        yield from self.conditions()
        yield from self.facts()

    def rules(self) -> Iterator[Remark]:
        for rule in self.rulebook.rules:
            spaces = [s for s in self.spaces if any(r.id == rule.id for r in s.in_force.rules)]
            if not spaces or any(rule.id in rules_of_cohort(s.in_force) for s in spaces):
                continue
            name = f"rule {rule.id}"
            there = [p for p in self.proof.periods if p.span.start in {s.day for s in spaces}]
            if all(name in period.occurrences.never for period in there):
                yield Remark("rule-never-true", rule.id, place=rule.place)
            elif not any(_decides(space, rule.id) for space in spaces):
                yield Remark("rule-never-decides", rule.id, place=rule.place)

    def outcomes(self) -> Iterator[Remark]:
        for outcome in self.rulebook.outcomes:
            name = f"outcome {outcome.id}"
            if self.rulebook.cohort is None and all(
                name in period.occurrences.never for period in self.proof.periods
            ):
                yield Remark("outcome-never", outcome.id, place=self.rulebook.place)

    def conditions(self) -> Iterator[Remark]:
        """Yield the leaves that are never false, or never true, wherever they are in force."""
        if self.rulebook.cohort is not None:
            return  # another cohort may turn them
        truths: dict[tuple[str, str], set[int]] = {}
        for space in self.spaces:
            for (_, owner), where in space.in_force.owners.items():
                rows = space.in_force.leaves[where], space.program.leaves[where]
                for leaf, proposition in zip(*rows, strict=True):
                    table = space.table(proposition)
                    known = truths.setdefault((owner, leaf.text), set())
                    known.update((FALSE, TRUE) if table is None else table.entries)
        for (owner, text), known in truths.items():
            if TRUE in known and FALSE in known:
                continue
            kind: Kind = "condition-always-true" if TRUE in known else "condition-always-false"
            yield Remark(kind, owner, text, self.place(owner))

    def facts(self) -> Iterator[Remark]:
        if self.rulebook.cohort is not None:
            return  # it may matter in another cohort
        for fact in self.rulebook.facts:
            spaces = [space for space in self.spaces if fact.id in space.axes]
            if spaces and not any(_matters(space, fact.id) for space in spaces):
                yield Remark("fact-never-matters", fact.id, place=fact.place)

    def place(self, owner: str) -> str:
        book = self.rulebook
        items: tuple[Owner, ...] = (*book.findings, *book.rules, *book.consequences)
        return next((item.place for item in items if item.id == owner), "")


def _decides(space: Space, rule_id: str) -> bool:
    """Say whether a decision may be another one without the rule; if that is open, it may."""
    levels = levels_of(space)
    tables = space.rule_tables()
    for other in rules_of_cohort(space.in_force):
        tables.pop(other)  # in another cohort it may stand above nothing
    own = tables[rule_id]
    if own is None:
        return True
    for level in sorted({levels[rule_id][truth] for truth in own.entries} - {0}):
        demands = [_demand(own, levels[rule_id], (level,))]
        for other, table in tables.items():
            below = tuple(range(level))
            if other == rule_id or all(n < level for n in levels[other]):
                continue
            if table is None:
                return True
            demands.append(_demand(table, levels[other], below))
        answer = search(space, demands)
        if answer.first is not None or not answer.is_certain:
            return True
    return False


def _demand(table: Table, levels: Levels, wanted: Iterable[int]) -> Demand:
    among = tuple(wanted)
    return Demand(table, tuple(t for t in (FALSE, UNKNOWN, TRUE) if levels[t] in among))


def _matters(space: Space, fact_id: str) -> bool:
    """Say whether any condition of a rule, a consequence or a finding turns on the fact."""
    program = space.program
    propositions = [rule.proposition for rule in program.rules]
    propositions += [p for _, p in program.consequences if p is not None]
    propositions += [p for _, p in program.conditions]
    axes = set(space.axes_of(fact_id))
    for proposition in propositions:
        support = space.support(proposition)
        if support is None or axes & set(support):
            return True
    # Whether a fact is known may matter where its number is multiplied by nothing.
    return fact_id in facts_behind(program, [("term", place) for _, place in program.values])
