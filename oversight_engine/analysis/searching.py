"""The search for a case in which each rule does what is asked of it, through all combinations.

What is asked of rules that share no facts is looked for apart. A combination of cells is taken for
an answer only when a case lies in it; when the search ends without one, there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from oversight_engine.analysis.axes import Axis
from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.enclosures import Enclosure
from oversight_engine.analysis.realising import Numbers, Realised, Step, Want, realise
from oversight_engine.analysis.tables import Table
from oversight_engine.program import LinearSum

MOST_TRIES = 50_000
"""How many partial combinations, and ranges within them, a search looks at before it gives up."""
MOST_COMBINED = 2_000
"""Of how many combinations of its facts' cells a joint axis is asked beforehand which can be."""


class Demand(NamedTuple):
    """That the entry of a table be one of some."""

    table: Table
    allowed: Collection[Any]

    def is_met(self, cells: Mapping[int, int]) -> bool:
        """Say whether *cells*, one on each of its axes, meet it."""
        return self.table.at(cells) in self.allowed


class Answer(NamedTuple):
    """What a search found.

    Attributes:
        first, second: the facts of a case that meets all demands, and of the one after the step.
        is_certain: whether, where there is none, that is certain.
        tried: how many partial combinations were looked at.
        gave_up: whether it was too much to look at all of them.
    """

    first: Numbers | None
    second: Numbers | None
    is_certain: bool
    tried: int
    gave_up: bool = False


def search(
    space: Space,
    demands: Iterable[Demand],
    step: Step | None = None,
    wants: Sequence[Want] = (),
    *,
    demands_second: bool = False,
) -> Answer:
    """Return a case that meets all *demands*, and one after the *step* from it.

    Args:
        space: whose cases.
        demands: of the first case, or of the second if *demands_second* says so.
        step: which fact differs between the two.
        wants: cells that one of the two must be in besides.
        demands_second: which case the demands are of.
    """
    return _Search(space, step, wants, demands_second=demands_second).answer(list(demands))


class _Search:
    def __init__(
        self, space: Space, step: Step | None, wants: Sequence[Want], *, demands_second: bool
    ) -> None:
        self.space = space
        self.step = step
        self.wants = wants
        self.second = demands_second
        self.tried = 0
        self.halved = 0
        self.certain = True

    def answer(self, demands: list[Demand]) -> Answer:
        first: Numbers = {}
        second: Numbers = {}
        for axes, own in self.parts(demands):
            realised = self.part(axes, own)
            if realised is None or realised.first is None:
                gave_up = self.tried + self.halved > MOST_TRIES
                return Answer(None, None, self.certain, self.tried, gave_up)
            first |= realised.first
            second |= realised.first if realised.second is None else realised.second
        return Answer(first, second if self.step else None, is_certain=True, tried=self.tried)

    def parts(self, demands: list[Demand]) -> list[tuple[list[int], list[Demand]]]:
        """Return the demands in parts that share no facts, that of the step first."""
        parts: list[tuple[set[str], set[int], list[Demand]]] = []
        fixed = {want.axis for want in self.wants}
        items: list[tuple[set[int], list[Demand]]] = [(fixed, [])] if fixed else []
        items += [(set(demand.table.axes), [demand]) for demand in demands]
        for item_axes, item_demands in items:
            axes, own = item_axes, item_demands
            facts = {fact for axis in axes for fact in self.space.every[axis].moves}
            apart = []
            for part in parts:
                if facts & part[0]:
                    facts, axes, own = facts | part[0], axes | part[1], part[2] + own
                else:
                    apart.append(part)
            parts = [*apart, (facts, axes, own)]
        stepping = self.step.fact if self.step is not None else ""
        parts.sort(key=lambda part: stepping not in part[0])  # where it fails, it fails soonest
        return [(sorted(axes), own) for _, axes, own in parts]

    def part(self, axes: list[int], demands: list[Demand]) -> Realised | None:
        """Search one part through; None where nothing in it meets all demands."""
        space = self.space
        fixed = {w.axis: w.cell for w in self.wants if w.second == self.second and w.axis in axes}
        others = [w for w in self.wants if w.second != self.second and w.axis in axes]
        demands = [*demands, *self.possible(axes)]
        order = _order(axes, demands, fixed)
        asked = _asked(order, demands)
        if not all(demand.is_met({}) for demand in demands if not demand.table.axes):
            return None
        step = self.step_among(axes)
        if not order:
            return Realised({}, {})
        choices = [self.cells(axis, demands, fixed) for axis in order]
        cells: dict[int, int] = {}
        stack = [iter(choices[0])]
        while stack:
            axis = order[len(stack) - 1]
            cell = next(stack[-1], None)
            if cell is None:
                stack.pop()
                continue
            self.tried += 1
            if self.tried + self.halved > MOST_TRIES:
                self.certain = False
                return None
            cells[axis] = cell
            if not all(demand.is_met(cells) for demand in asked[len(stack) - 1]):
                continue
            if len(stack) < len(order):
                stack.append(iter(choices[len(stack)]))
                continue
            wants = [Want(a, c, self.second and step is not None) for a, c in cells.items()]
            realised = realise(space, [*wants, *others], step)
            if realised.first is not None:
                return realised
            self.halved += realised.looked_at
            self.certain = self.certain and realised.is_certain
        return None

    def step_among(self, axes: Iterable[int]) -> Step | None:
        """Return the step where it moves one of *axes*."""
        step = self.step
        if step is None or not any(step.fact in self.space.every[axis].moves for axis in axes):
            return None
        return step

    def cells(self, axis: int, demands: list[Demand], fixed: Mapping[int, int]) -> list[int]:
        """Return one cell for each way in which the demands tell cells of the axis apart.

        Joint axes and the facts on them tell all cells apart.
        """
        if axis in fixed:
            return [fixed[axis]]
        every = range(len(self.space.every[axis].cells))
        maps = [
            demand.table.classes[demand.table.axes.index(axis)]
            for demand in demands
            if axis in demand.table.axes
        ]
        facts = self.space.every[axis].moves
        alone = all(len(self.space.axes_of(fact)) == 1 for fact in facts)
        picked: dict[tuple[int, ...], int] = {}
        for cell in (*every[1:], 0):
            key = tuple(classes[cell] for classes in maps) if alone else (cell,)
            picked.setdefault(key, cell)
        return [cell for cell in picked.values() if self.suits(axis, cell, demands)]

    def suits(self, axis: int, cell: int, demands: list[Demand]) -> bool:
        return all(d.is_met({axis: cell}) for d in demands if d.table.axes == (axis,))

    def possible(self, axes: Collection[int]) -> list[Demand]:
        """Return what joint axes ask of the facts they are made of, where that is soon said."""
        demands = []
        for place in axes:
            axis = self.space.every[place]
            own = [self.space.axes[fact] for fact in axis.facts if fact in self.space.axes]
            if axis.fact or any(each.place not in axes for each in own):
                continue
            demand = _possible(self.space, axis, tuple(own))
            if demand is not None:
                demands.append(demand)
        return demands


def _order(axes: list[int], demands: list[Demand], fixed: Mapping[int, int]) -> list[int]:
    """Return *axes* so that small demands can be asked soon."""
    order = [axis for axis in axes if axis in fixed]
    for demand in sorted(demands, key=lambda demand: len(demand.table.entries)):
        order += [axis for axis in demand.table.axes if axis not in order]
    return order + [axis for axis in axes if axis not in order]


def _asked(order: list[int], demands: list[Demand]) -> Mapping[int, list[Demand]]:
    """Return the demands that can be asked once so many axes of the *order* are settled."""
    places = {axis: place for place, axis in enumerate(order)}
    asked: dict[int, list[Demand]] = defaultdict(list)
    for demand in demands:
        if demand.table.axes:
            asked[max(places[axis] for axis in demand.table.axes)].append(demand)
    return asked


def _possible(space: Space, axis: Axis, own: tuple[Axis, ...]) -> Demand | None:
    """Return the demand that a joint axis and those of its facts be in cells that can meet."""
    key = ("possible", axis.place)
    if key not in space.kept:
        table = None
        among = sorted((axis, *own), key=lambda each: each.place)
        size = 1
        for each in among:
            size *= len(each.cells)
        if size <= MOST_COMBINED:
            table = Table(
                tuple(each.place for each in among),
                tuple(tuple(range(len(each.cells))) for each in among),
                tuple(len(each.cells) for each in among),
                bytes(_entries(space, axis, among)),
            )
        space.kept[key] = table
    table = space.kept[key]
    return None if table is None else Demand(table, (1,))


def _entries(space: Space, axis: Axis, among: Sequence[Axis]) -> Iterable[bool]:
    for cells in product(*(each.cells for each in among)):
        by_axis = dict(zip((each.place for each in among), cells, strict=True))
        facts = {each.fact: by_axis[each.place].reach for each in among if each.fact}
        reach = Enclosure(space.program, facts).total(LinearSum(axis.sum))
        cell = by_axis[axis.place]
        if not cell.known:
            yield reach.unknown
            continue
        least = 1 if reach.least is None else axis.cell_of(reach.least)
        most = len(axis.cells) - 1 if reach.most is None else axis.cell_of(reach.most)
        yield reach.known and least <= axis.cells.index(cell) <= most


def marked(table: Table, is_marked: Callable[[int], bool]) -> Table:
    """Return a table of 1 where *is_marked* says so of the place of an entry of *table*, else 0."""
    entries = bytes(is_marked(index) for index in range(len(table.entries)))
    return table._replace(entries=entries)
