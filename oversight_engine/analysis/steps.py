"""What one step of one fact does to each rule: made better (law 3), or hidden (law 4).

What a rule does to a decision is a *level*: the lightest outcome is 0, each more severe one higher,
then the referral, then the harshest outcome. The level of a decision is the highest of its rules'
(`docs/explanation/proofs.md` has the argument). So a law holds if every rule by itself keeps it,
and where one does not, the question is whether the others always stand above it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, product
from typing import NamedTuple

from oversight_engine.analysis.axes import Axis, all_behind
from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.directions import MIXED
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN
from oversight_engine.analysis.realising import Numbers, Step, Want
from oversight_engine.analysis.searching import Demand, marked, search
from oversight_engine.analysis.tables import Table, slice_of
from oversight_engine.model.rulebook import REFER, Fact
from oversight_engine.program import AggregateTerm, KnownTerm, Program, Proposition, RuleEntry

MOST_WAYS = 50_000
"""How many ways a step may move the axes of a rule before the search for cases gives up."""

Levels = tuple[int, int, int]
"""The level of a rule that is false, unknown, true."""


GAVE_UP = "the search through its cells was given up"


class Break(NamedTuple):
    """Two cases, a step of one fact apart, that break a law by what one rule does."""

    rule: str
    fact: str
    before: Numbers
    after: Numbers


class Review(NamedTuple):
    """What came of looking at every rule and every fact.

    Attributes:
        broken: the first two cases found that break the law.
        open: the rules and facts about which nothing is certain, and why.
        by_form, by_cells: how many pairs of a rule and a fact keep the law by their form alone,
            and by their cells.
        searched: for how many the other rules had to be looked at.
        beyond_form: the rules that keep the law by more than their form.
        tried: how many combinations those searches went through.
    """

    broken: Break | None
    open: tuple[tuple[str, str, str], ...]
    by_form: int
    by_cells: int
    searched: int
    tried: int
    beyond_form: frozenset[str]


class _Pair(NamedTuple):
    """One way in which a fact's step moves the axes that matter to a rule."""

    before: Mapping[int, int]
    after: Mapping[int, int]


def levels_of(space: Space) -> dict[str, Levels]:
    """Return the levels of each rule."""
    outcomes = space.program.outcomes
    return {rule.id: _levels(rule, outcomes) for rule in space.program.rules}


def _levels(rule: RuleEntry, outcomes: tuple[str, ...]) -> Levels:
    harshest = len(outcomes) - 1
    refers = harshest + 1
    if rule.outcome == REFER:
        return (0, refers, refers)
    severity = outcomes.index(rule.outcome)
    holds = refers + 1 if severity == harshest else severity
    unknown = {"hold_back": severity, "refer": refers, "ignore": 0}[rule.if_unknown]
    return (0, unknown, holds)


def way_of(fact: Fact) -> int:
    """Return 1 or -1 where the fact's term rises or falls as it is made better; else 0."""
    way = {"higher": 1, "lower": -1, "neither": 0}[fact.better]
    return -way if fact.type == "date" else way  # a later day is fewer days ago


def is_regular(program: Program, proposition: Proposition) -> bool:
    """Say whether hiding facts can only leave the truth as it is, or make it unknown.

    Kleene's connectives, counts, sums and tables are all like that; `known` and the functions of
    what is known are not.
    """
    parts = all_behind(program, [("node", max(proposition, ~proposition))])
    return not any(isinstance(part, KnownTerm | AggregateTerm) for part in parts)


class Reviewer(ABC):
    """Looks at every rule and every fact it depends on, for one law."""

    def __init__(self, space: Space) -> None:
        """Begin with nothing looked at."""
        self.space = space
        self.levels = levels_of(space)
        self.refers = len(space.program.outcomes)
        self.tried = 0

    def review(self) -> Review:
        """Return what came of it; the search ends with the first two cases that break the law."""
        harshest = self.space.program.outcomes[-1]
        left_open: list[tuple[str, str, str]] = [
            (rule.id, "", "a rule of the harshest outcome holds back what is unknown")
            for rule in self.space.program.rules
            if rule.outcome == harshest and rule.if_unknown == "hold_back"
        ]
        beyond: set[str] = set()
        counts = {"form": 0, "cells": 0, "search": 0}
        broken = None
        for rule in self.space.program.rules:
            for fact_id in self.facts(rule):
                step = self.step(fact_id)
                if step is None:
                    continue
                if self.keeps_by_form(rule, step):
                    counts["form"] += 1
                    continue
                beyond.add(rule.id)
                table = self.space.table(rule.proposition)
                if table is None:
                    left_open.append((rule.id, fact_id, "its table is larger than the bound"))
                    continue
                if self.keeps_by_cells(rule, table, step):
                    counts["cells"] += 1
                    continue
                counts["search"] += 1
                found, because = self.look(rule, table, step)
                if found is not None:
                    broken = found
                    break
                if because:
                    left_open.append((rule.id, fact_id, because))
            if broken is not None:
                break
        return Review(
            broken,
            tuple(left_open),
            counts["form"],
            counts["cells"],
            counts["search"],
            self.tried,
            frozenset(beyond),
        )

    # What each law says for itself

    @abstractmethod
    def facts(self, rule: RuleEntry) -> Iterable[str]:
        """Return the facts that *rule* may depend on."""

    @abstractmethod
    def step(self, fact_id: str) -> Step | None:
        """Return the step that the law speaks of; None where the fact has none."""

    @abstractmethod
    def keeps_by_form(self, rule: RuleEntry, step: Step) -> bool:
        """Say whether *rule* keeps the law whatever the constants in it are."""

    @abstractmethod
    def keeps(self, before: int, after: int) -> bool:
        """Say whether a rule keeps the law that goes from one level to another."""

    @abstractmethod
    def moves(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return, for one axis, cells that the step may lead from and to, and steps between."""

    @abstractmethod
    def targets(self, before: int, after: int) -> Iterator[tuple[bool, int]]:
        """Yield what the other rules would have to stay below for a decision to break the law.

        Each is whether it is asked of the second case, and the level.
        """

    # What they share

    def entry_levels(self, rule: RuleEntry, table: Table) -> bytes:
        """Return the level of *rule* for each entry of its *table*."""
        levels = self.levels[rule.id]
        return bytes(levels[truth] for truth in table.entries)

    def keeps_by_cells(self, rule: RuleEntry, table: Table, step: Step) -> bool:
        """Say whether *rule* keeps the law along each axis, whatever the others are.

        A step moves several axes at once where the fact is on several. Moved one after the other
        they come to the same, and the law is kept by all if it is kept by each.
        """
        entries = self.entry_levels(rule, table)
        for number, place in enumerate(table.axes):
            axis = self.space.every[place]
            if step.fact not in axis.moves:
                continue
            stride, count = table.stride(number), table.counts[number]
            classes = table.classes[number]
            pairs = {(classes[a], classes[b]) for a, b in self.moves(axis, step)}
            slices = [slice_of(entries, place, stride, count) for place in range(count)]
            for a, b in pairs:
                if a != b and not all(map(self.keeps, slices[a], slices[b])):
                    return False
        return True

    def look(self, rule: RuleEntry, table: Table, step: Step) -> tuple[Break | None, str]:
        """Return two cases that break the law by *rule*, or why that is left open, if it is."""
        because = ""
        entries = self.entry_levels(rule, table)
        pairs = list(islice(self.pairs(table, step), MOST_WAYS + 1))
        if len(pairs) > MOST_WAYS:
            return None, "its steps move too many cells at once"
        for pair in pairs:
            shifted = self.after(table, pair)
            wanted: dict[tuple[bool, int], set[int]] = {}
            for index in self.indices(table, pair.before):
                before, after = entries[index], entries[shifted(index)]
                for second, below in self.targets(before, after):
                    place = shifted(index) if second else index
                    wanted.setdefault((second, below), set()).add(place)
            for (second, below), places in wanted.items():
                answer, said = self.look_below(
                    rule, table, step, pair, places, below, second=second
                )
                if answer is not None:
                    return answer, ""
                because = because or said
                if said == GAVE_UP:
                    return None, said  # each of the others may take as long
        return None, because

    def look_below(
        self,
        rule: RuleEntry,
        table: Table,
        step: Step,
        pair: _Pair,
        places: set[int],
        below: int,
        *,
        second: bool,
    ) -> tuple[Break | None, str]:
        """Look for two cases in which every other rule stays *below* a level."""
        demands = [Demand(marked(table, places.__contains__), (1,))]
        for other in self.space.program.rules:
            if other is rule:
                continue
            levels = self.levels[other.id]
            allowed = {
                truth
                for truth in (FALSE, UNKNOWN, TRUE)
                if self.stays(levels[truth], below, second=second)
            }
            if len(allowed) == TRUE + 1:
                continue
            others = self.space.table(other.proposition)
            if others is None:
                return None, f"the table of {other.id} is larger than the bound"
            demands.append(Demand(others, allowed))
        wants = [Want(axis, cell, second=False) for axis, cell in pair.before.items()]
        wants += [Want(axis, cell, second=True) for axis, cell in pair.after.items()]
        if not step.way:  # hidden, the fact is unknown on every axis of its own
            wants += [
                Want(axis, 0, second=True)
                for axis in self.space.axes_of(step.fact)
                if axis not in pair.after and self.space.every[axis].vanishes
            ]
        answer = search(self.space, demands, step, wants, demands_second=second)
        self.tried += answer.tried
        if answer.first is not None and answer.second is not None:
            return Break(rule.id, step.fact, answer.first, answer.second), ""
        if answer.gave_up:
            return None, GAVE_UP
        return None, "" if answer.is_certain else "its cells could not be searched to the end"

    def stays(self, level: int, below: int, *, second: bool) -> bool:
        """Say whether a rule of this *level* leaves a decision below, and in the second decided."""
        return level < (min(below, self.refers) if second else below)

    def pairs(self, table: Table, step: Step) -> Iterator[_Pair]:
        """Yield the ways in which the step moves the axes that matter to the rule."""
        axes = [axis for axis in table.axes if step.fact in self.space.every[axis].moves]
        choices = [tuple(self.ends(self.space.every[axis], step)) for axis in axes]
        for cells in product(*choices):
            if any(a != b for a, b in cells):
                yield _Pair(
                    {axis: a for axis, (a, _) in zip(axes, cells, strict=True)},
                    {axis: b for axis, (_, b) in zip(axes, cells, strict=True)},
                )

    @abstractmethod
    def ends(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return, for one axis, every two cells that it may be in before and after the step."""

    def indices(self, table: Table, cells: Mapping[int, int]) -> list[int]:
        """Return the places of the entries of *table* on these *cells* of some of its axes."""
        indices = [0]
        for number, axis in enumerate(table.axes):
            stride = table.stride(number)
            if axis in cells:
                classes = [table.classes[number][cells[axis]]]
            else:
                classes = list(range(table.counts[number]))
            indices = [index + place * stride for index in indices for place in classes]
        return indices

    def after(self, table: Table, pair: _Pair) -> Callable[[int], int]:
        """Return what leads from the place of an entry to that after the step."""
        shift = sum(
            (table.classes[n][pair.after[axis]] - table.classes[n][pair.before[axis]])
            * table.stride(n)
            for n, axis in enumerate(table.axes)
            if axis in pair.before
        )
        return lambda index: index + shift


class BetterReviewer(Reviewer):
    """Law 3: no level rises when a fact is made better."""

    def facts(self, rule: RuleEntry) -> Iterable[str]:
        """Return the facts whose number the rule's truth moves with."""
        moves = self.space.directions.of_proposition(rule.proposition)
        return [fact for fact, way in moves.items() if way]

    def step(self, fact_id: str) -> Step | None:
        """Return the fact's step to what is better."""
        way = way_of(self.space.fact(fact_id))
        return Step(fact_id, way) if way else None

    def keeps_by_form(self, rule: RuleEntry, step: Step) -> bool:
        """Say whether the truth can only fall, and the level with it."""
        way = self.space.directions.of_proposition(rule.proposition)[step.fact]
        levels = self.levels[rule.id]
        rises = levels[FALSE] <= levels[UNKNOWN] <= levels[TRUE]
        return way != MIXED and way == -step.way and rises

    def keeps(self, before: int, after: int) -> bool:
        """Say whether the level does not rise."""
        return after <= before

    def moves(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return neighbouring cells."""
        return [(a, b) for a, b in self.ends(axis, step) if abs(a - b) == 1 or not a or not b]

    def ends(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return cells and those that are no worse; nothing outside an order is."""
        way = axis.moves[step.fact]
        cells = range(len(axis.cells))
        if axis.fact:
            cells = range(1, len(axis.cells))
            known = [cell for cell in cells if self.is_ordered(axis, cell)]
            return [(a, b) for a in known for b in known if (b - a) * step.way >= 0]
        pairs = [(a, b) for a in cells for b in cells]
        if way == MIXED:
            return pairs
        return [(a, b) for a, b in pairs if a == b or (a and b and (b - a) * way * step.way > 0)]

    def is_ordered(self, axis: Axis, cell: int) -> bool:
        """Say whether the values in the cell are in an order."""
        if self.space.fact(axis.fact).type != "category":
            return True
        first = axis.cells[cell].first
        return first is not None and first >= 0

    def targets(self, before: int, after: int) -> Iterator[tuple[bool, int]]:
        """Yield the level after the step, where it is higher: none may reach it before."""
        if after > before:
            yield False, after


class HiddenReviewer(Reviewer):
    """Law 4: hidden, a fact leaves a referral one, leads to none of the harshest, eases nothing."""

    def facts(self, rule: RuleEntry) -> Iterable[str]:
        """Return the facts that the rule reads."""
        return self.space.facts_of(rule.proposition)

    def step(self, fact_id: str) -> Step | None:
        """Return the step of hiding it."""
        return Step(fact_id, 0)

    def keeps_by_form(self, rule: RuleEntry, step: Step) -> bool:
        """Say whether a truth can only become unknown, and that keeps the law."""
        levels = self.levels[rule.id]
        return (
            self.keeps(levels[FALSE], levels[UNKNOWN])
            and self.keeps(levels[TRUE], levels[UNKNOWN])
            and is_regular(self.space.program, rule.proposition)
        )

    def keeps(self, before: int, after: int) -> bool:
        """Say whether it stays what it is, becomes a referral, or an outcome no lighter."""
        short = self.refers - 1
        return after in (before, self.refers) or (before <= after < short and before < short)

    def moves(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return the same as `ends`: hiding has no steps between."""
        return self.ends(axis, step)

    def ends(self, axis: Axis, step: Step) -> Iterable[tuple[int, int]]:
        """Return known cells and that of not knowing; other joint axes may go anywhere."""
        cells = range(len(axis.cells))
        if axis.fact:
            return [(cell, 0) for cell in cells[1:]]
        if axis.vanishes:
            return [(cell, 0) for cell in cells]
        return [(a, b) for a in cells for b in cells]

    def targets(self, before: int, after: int) -> Iterator[tuple[bool, int]]:
        """Yield what must be stayed below: the harshest before, or the level before, after."""
        harshest = self.refers + 1
        if after == harshest:
            if before != harshest:
                yield False, harshest
        elif not self.keeps(before, after):
            yield True, before
