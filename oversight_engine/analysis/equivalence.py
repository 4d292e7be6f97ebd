"""Whether a small change of a rulebook is none: proved over all cases, or not said.

What is changed is put beside what it was, and the exact tables of both are compared over all cells
(see `cells`). A table holds for every case, so equal tables prove that no case can tell the two
apart; tables that differ, or that would be too large, prove nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve

from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.coverage import days_of
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN
from oversight_engine.analysis.mutants import find_owner, names_of_cohort
from oversight_engine.analysis.mutations import Moved, Mutant
from oversight_engine.analysis.slices import facts_of, names_in, rested_on
from oversight_engine.analysis.tables import Table, combined, size_of
from oversight_engine.model.cohort import some_cohort
from oversight_engine.model.in_force import InForce, Owner, find_in_force
from oversight_engine.model.rulebook import (
    REFER,
    REFERRAL,
    Consequence,
    Finding,
    Rule,
    Rulebook,
)

BESIDE = "__changed"
"""At the end of the id of what is changed, where it stands beside what it was."""


class CellProof:
    """Proves changes of a rulebook equivalent, where exact tables can."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Make ready for changes of *rulebook*."""
        self._rulebook = rulebook
        self._days = days_of(rulebook)
        self._of_cohort = names_of_cohort(rulebook)
        self._in_force: dict[datetime.date, InForce] = {}

    def why_equivalent(self, mutant: Mutant) -> str:
        """Return how it is proved that *mutant* is the same in every case, or nothing."""
        if mutant.id in self._of_cohort:
            return ""  # what a cohort comes to is no matter of one case
        days = [day for day in self._days if self._changes(mutant, day)]
        if any(self._begins(mutant, day) for day in self._days if day not in days):
            return ""  # without a parameter that has no value then, it is in force then
        if mutant.moved is not None and not any(self._readers(mutant.moved, day) for day in days):
            return "nothing in force on its days reads it"
        if mutant.new is None and mutant.moved is None:
            return self._why_rule_is_idle(mutant, days)
        if mutant.how == "if_unknown":
            return self._why_never_unknown(mutant, days)
        if mutant.how == "outcome":
            return self._why_covered(mutant, days)
        if all(self._is_same(mutant, day) for day in days):
            return "its table is the same over all cells"
        if all(self._is_same_where_carried(mutant, day) for day in days):
            return "it is the same over all cells wherever an outcome that carries it is possible"
        return ""

    def _changes(self, mutant: Mutant, day: datetime.date) -> bool:
        in_force = self._on(day)
        if mutant.moved is not None:
            return in_force.parameters.get(mutant.moved.parameter.id) == mutant.moved.dated
        return find_owner(in_force, mutant.kind, mutant.id) is not None

    def _begins(self, mutant: Mutant, day: datetime.date) -> bool:
        """Say whether what is changed is in force on a *day* on which what it was is not."""
        if mutant.new is None:
            return False
        book = self._rulebook
        kinds = {"finding": "findings", "rule": "rules", "consequence": "consequences"}
        name = kinds[mutant.kind]
        items = (mutant.new if i.id == mutant.id else i for i in getattr(book, name))
        changes: dict[str, Any] = {name: tuple(items)}
        changed = evolve(book, **changes)
        cohort = some_cohort(book, day) if book.cohort is not None else None
        return find_owner(find_in_force(changed, day, cohort), mutant.kind, mutant.id) is not None

    def _on(self, day: datetime.date) -> InForce:
        if day not in self._in_force:
            book = self._rulebook
            cohort = some_cohort(book, day) if book.cohort is not None else None
            self._in_force[day] = find_in_force(book, day, cohort)
        return self._in_force[day]

    def _readers(self, moved: Moved, day: datetime.date) -> list[Owner]:
        """Return what is in force on *day* and mentions the parameter itself."""
        in_force = self._on(day)
        owners: tuple[Owner, ...] = (*in_force.findings, *in_force.rules, *in_force.consequences)
        return [owner for owner in owners if moved.parameter.id in names_in(owner)]

    def _why_rule_is_idle(self, mutant: Mutant, days: list[datetime.date]) -> str:
        tables = [self._truths(mutant, day) for day in days]
        idle = all(table is not None and not any(table.entries) for table in tables)
        return "the rule is false in every case" if idle else ""

    def _why_covered(self, mutant: Mutant, days: list[datetime.date]) -> str:
        """A rule whose outcome is made lighter, though another as severe holds whenever it does."""
        assert isinstance(mutant.old, Rule), "only a rule has an outcome"
        assert isinstance(mutant.new, Rule), "and keeps one"
        severity = self._rulebook.severity
        if severity(mutant.new.outcome) > severity(mutant.old.outcome):
            return ""
        # Where both are unknown, the lighter outcome becomes possible beside the graver one.
        known = mutant.new.outcome != self._rulebook.lightest
        covering = [
            rule.id
            for rule in self._rulebook.rules
            if rule.id != mutant.id
            and rule.outcome == mutant.old.outcome
            and rule.if_unknown == mutant.old.if_unknown
            and all(self._covers(rule.id, mutant.id, day, known=known) for day in days)
        ]
        if not covering:
            return ""
        so = "holds" if known else "is no less so"
        return f"whenever it holds or is unknown, {covering[0]} {so}, and is as severe"

    def _covers(self, other: str, rule_id: str, day: datetime.date, *, known: bool) -> bool:
        """Say whether it is proved that the *other* rule is at least as true as *rule_id*.

        And that it is true, if it is to be *known*, wherever the rule is not false.
        """
        in_force = self._on(day)
        rules = [find_owner(in_force, "rule", name) for name in (other, rule_id)]
        if None in rules:
            return False
        space = Space.of(_together(in_force, [rule for rule in rules if rule is not None]), day)
        tables = [_table_of(space, rule, rule.id) for rule in rules if rule is not None]
        if tables[0] is None or tables[1] is None or not set(tables[0].axes) & set(tables[1].axes):
            return False
        pair = [tables[0], tables[1]]
        if size_of(pair) > space.bound:
            return False
        least = (FALSE, TRUE if known else UNKNOWN, TRUE)
        return all(combined(pair, lambda one, two: one >= least[two]).entries)

    def _is_same_where_carried(self, mutant: Mutant, day: datetime.date) -> bool:
        """Say whether a consequence is the same in every case whose outcome carries it.

        No outcome does while a harsher rule holds, or is unknown and holds back.
        """
        if mutant.kind != "consequence":
            return False
        in_force, severity = self._on(day), self._rulebook.severity
        old = find_owner(in_force, mutant.kind, mutant.id)
        assert isinstance(old, Consequence), "it is in force on that day"
        assert isinstance(mutant.new, Consequence), "and is not gone"
        if REFERRAL in old.outcomes:
            return False
        harshest = max(map(severity, old.outcomes))
        excluding = [
            rule
            for rule in in_force.rules
            if rule.outcome != REFER
            and severity(rule.outcome) > harshest
            and set(facts_of(rested_on(in_force, rule))) <= set(facts_of(rested_on(in_force, old)))
        ]
        part = _beside(_together(in_force, [old, *excluding]), mutant.new)
        space = Space.of(part, day)
        tables = [_table_of(space, old, old.id), _table_of(space, old, old.id + BESIDE)]
        tables += [_table_of(space, rule, rule.id) for rule in excluding]
        known = [table for table in tables if table is not None]
        if len(known) < len(tables) or size_of(known) > space.bound:
            return False
        holding_back = [rule.if_unknown == "hold_back" for rule in excluding]

        def is_same(one: int, two: int, *truths: int) -> bool:
            return one == two or any(
                truth == TRUE or (truth == UNKNOWN and holds_back)
                for truth, holds_back in zip(truths, holding_back, strict=True)
            )

        return all(combined(known, is_same).entries)

    def _why_never_unknown(self, mutant: Mutant, days: list[datetime.date]) -> str:
        assert isinstance(mutant.old, Rule), "only a rule says what it does when it is unknown"
        if mutant.old.outcome == REFER:
            return "an admissibility rule that is unknown counts as held, whatever it says"
        tables = [self._truths(mutant, day) for day in days]
        known = all(table is not None and UNKNOWN not in table.entries for table in tables)
        return "the rule is known in every case" if known else ""

    def _truths(self, mutant: Mutant, day: datetime.date) -> Table | None:
        in_force = self._on(day)
        owner = find_owner(in_force, mutant.kind, mutant.id)
        assert owner is not None, "it is in force on that day"
        space = Space.of(rested_on(in_force, owner), day)
        return _table_of(space, owner, owner.id)

    def _is_same(self, mutant: Mutant, day: datetime.date) -> bool:
        in_force = self._on(day)
        if mutant.moved is None:
            old = find_owner(in_force, mutant.kind, mutant.id)
            assert old is not None, "it is in force on that day"
            assert mutant.new is not None, "what is gone is another question"
            return _is_same(in_force, old, in_force, mutant.new, day)
        parameter, dated, value = mutant.moved
        moved = in_force.parameters | {parameter.id: evolve(dated, value=value)}
        other = evolve(in_force, parameters=moved)
        return all(
            _is_same(in_force, owner, other, owner, day)
            for owner in self._readers(mutant.moved, day)
        )


def _is_same(before: InForce, old: Owner, after: InForce, new: Owner, day: datetime.date) -> bool:
    """Say whether it is proved that *new* in *after* comes to what *old* in *before* does."""
    if before is after:
        part = _beside(rested_on(before, old), new)
        space = Space.of(part, day)
        tables = _table_of(space, old, old.id), _table_of(space, new, new.id + BESIDE)
        return tables[0] is not None and tables[0] == tables[1]
    return _same_cuts(_tabled(before, old, day), _tabled(after, new, day))


def _together(in_force: InForce, owners: Sequence[Owner]) -> InForce:
    """Return of what is *in_force* the *owners*, and what any of them rests on."""
    parts = [rested_on(in_force, owner) for owner in owners]
    wanted = {each.id for part in parts for each in part.findings}
    return evolve(
        in_force,
        findings=tuple(each for each in in_force.findings if each.id in wanted),
        rules=tuple(rule for part in parts for rule in part.rules),
        consequences=tuple(item for part in parts for item in part.consequences),
    )


def _beside(part: InForce, new: Owner) -> InForce:
    called = evolve(new, id=new.id + BESIDE)
    if isinstance(called, Finding):
        return evolve(part, findings=(*part.findings, called))
    if isinstance(called, Rule):
        return evolve(part, rules=(*part.rules, called))
    return evolve(part, consequences=(*part.consequences, called))


def _table_of(space: Space, owner: Owner, name: str) -> Table | None:
    program = space.program
    if isinstance(owner, Rule):
        return space.table({rule.id: rule.proposition for rule in program.rules}[name])
    if isinstance(owner, Consequence):
        proposition = dict(program.consequences)[name]
        assert proposition is not None, "a condition is what was changed"
        return space.table(proposition)
    if owner.when is not None:
        return space.table(dict(program.conditions)[name])
    return space.values(dict(program.values)[name]) if owner.table is not None else None


Tabled = tuple[Table, tuple[object, ...]]


def _tabled(in_force: InForce, owner: Owner, day: datetime.date) -> Tabled | None:
    """Return the table of *owner*, and the cells of the axes that matter to it."""
    space = Space.of(rested_on(in_force, owner), day)
    table = _table_of(space, owner, owner.id)
    if table is None:
        return None
    return table, tuple(_described(space, table))


def _described(space: Space, table: Table) -> Iterator[object]:
    """Yield, of each axis that matters, what it is made of and where its classes begin."""
    for place, classes in zip(table.axes, table.classes, strict=True):
        axis = space.every[place]
        terms = tuple((space.program.terms[term], multiple) for term, multiple in axis.sum)
        lines = [
            (cell.known, cell.starts, number)
            for before, cell, number in zip((None, *classes), axis.cells, classes, strict=False)
            if number != before
        ]
        yield terms, tuple(lines)


def _same_cuts(one: Tabled | None, other: Tabled | None) -> bool:
    if one is None or other is None:
        return False
    tables = one[0], other[0]
    return tables[0].entries == tables[1].entries and one[1] == other[1]
