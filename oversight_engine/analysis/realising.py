"""From cells to a case: facts whose values lie in given cells, or the certainty that none do.

The cells of one fact always have values. Those of a joint axis follow from several facts, so the
facts are enclosed in ranges, and the ranges halved until one is wholly right or all are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oversight_engine.analysis.axes import Axis, Cell
from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.enclosures import NOTHING_KNOWN, Enclosure, Reach
from oversight_engine.program import LinearSum

MOST_HALVINGS = 3_000
"""How many ranges are looked at before the question is left open."""

Numbers = dict[str, int]
"""The known facts, by id, as terms of a program."""


class Step(NamedTuple):
    """What one fact does between two cases that are otherwise the same.

    Attributes:
        way: 1 or -1 where its number rises or falls (or stays); 0 where it is hidden.
    """

    fact: str
    way: int


class Want(NamedTuple):
    """That an axis is in a cell: in the first case, or in the second, which follows a step."""

    axis: int
    cell: int
    second: bool = False


class Realised(NamedTuple):
    """What was found.

    Attributes:
        first, second: the facts of the cases; None where there are none.
        is_certain: whether, where there are none, that is certain.
        looked_at: how many ranges were looked at.
    """

    first: Numbers | None
    second: Numbers | None = None
    is_certain: bool = True
    looked_at: int = 0


NONE = Realised(None)
UNSURE = Realised(None, is_certain=False)

_OTHER = "\0"  # the name, beside those of facts, of the stepping fact in the second case


def realise(space: Space, wants: Iterable[Want], step: Step | None = None) -> Realised:
    """Return facts that lie where *wants* asks, in a first case and, after the *step*, a second."""
    return _Halving(space, tuple(wants), step).search()


class _Halving:
    def __init__(self, space: Space, wants: tuple[Want, ...], step: Step | None) -> None:
        self.space = space
        self.wants = [(space.every[want.axis], want) for want in wants]
        self.step = step
        self.clipped = False

    def search(self) -> Realised:
        start = self.start()
        if start is None:
            return NONE
        waiting = [start]
        for looked_at in range(MOST_HALVINGS):
            if not waiting:
                return (UNSURE if self.clipped else NONE)._replace(looked_at=looked_at)
            box = waiting.pop()
            doubtful = self.judge(box)
            if doubtful is None:
                continue
            if not doubtful:
                return self.found(box)
            # What no doubt rests on is left whole: halving it would ask the same twice.
            loose = [name for name in box if name in doubtful and not box[name].settled]
            if loose:
                waiting += self.halves(box, loose)
        return UNSURE._replace(looked_at=MOST_HALVINGS)

    def start(self) -> dict[str, Reach] | None:
        """Return the widest ranges that the cells of the facts themselves allow."""
        box: dict[str, Reach] = {}
        for axis, _ in self.wants:
            for fact in axis.moves:
                box.setdefault(fact, self.free(fact))
        if self.step is not None:
            fact = self.step.fact
            box.setdefault(fact, self.free(fact))
            box[fact] = box[fact]._replace(known=True, unknown=False)
            other = self.space.range_of(fact) if self.step.way else NOTHING_KNOWN
            box[_OTHER] = self.clip(fact, other)
        for axis, want in self.wants:
            if not axis.fact:
                continue
            name = axis.fact
            if self.step is not None and want.second and name == self.step.fact:
                name = _OTHER
            within = _met(box[name], axis.cells[want.cell])
            if within is None:
                return None
            box[name] = within
        return box

    def free(self, fact: str) -> Reach:
        return self.clip(fact, self.space.range_of(fact))._replace(unknown=True)

    def clip(self, fact: str, reach: Reach) -> Reach:
        """Return *reach* with ends: far beyond every line where it has none of its own."""
        if not reach.known or (reach.least is not None and reach.most is not None):
            return reach
        self.clipped = True
        far = self.far
        least = -far if reach.least is None else reach.least
        most = far if reach.most is None else reach.most
        return reach._replace(least=min(least, most), most=max(least, most))

    @property
    def far(self) -> int:
        """A number beyond every line, and beyond what a few facts there add up to."""
        lines = [
            line
            for axis, _ in self.wants
            for cell in axis.cells
            for line in (cell.starts, cell.ends)
            if line is not None
        ]
        numbers = [abs(math.ceil(line.at)) for line in lines]
        numbers += [abs(multiple) for axis, _ in self.wants for _, multiple in axis.sum]
        return 64 * (max(numbers, default=0) + 1)

    def judge(self, box: Mapping[str, Reach]) -> set[str] | None:
        """Return the facts on which it rests whether all in *box* suits; None if nothing does."""
        first = Enclosure(self.space.program, box)
        second = first
        if self.step is not None:
            other = {**box, self.step.fact: box[_OTHER]}
            second = Enclosure(self.space.program, other)
            if self.step.way and not _may_step(box[self.step.fact], box[_OTHER], self.step.way):
                return None
        doubtful: set[str] = set()
        for axis, want in self.wants:
            world = second if want.second else first
            within = _within(world.total(LinearSum(axis.sum)), axis, axis.cells[want.cell])
            if within is None:
                return None
            if not within:
                doubtful.update(
                    fact for fact, way in axis.moves.items() if way or _may_be_either(box[fact])
                )
        if self.step is not None and self.step.fact in doubtful:
            doubtful.add(_OTHER)
        return doubtful

    def halves(self, box: dict[str, Reach], loose: list[str]) -> list[dict[str, Reach]]:
        """Return *box* in two: by whether a fact is known, or by its range where that is widest."""
        for name in loose:
            reach = box[name]
            if _may_be_either(reach):
                # The last is looked at first: as few facts as do.
                return [
                    {**box, name: reach._replace(unknown=False)},
                    {**box, name: NOTHING_KNOWN},
                ]
        name = max(loose, key=lambda name: _width(box[name]))
        reach = box[name]
        assert reach.least is not None, "ranges have ends"
        middle = int(reach.least) + _width(reach) // 2
        halves = [reach._replace(least=middle + 1), reach._replace(most=middle)]
        halves.sort(key=_distance, reverse=True)  # the nearer to nothing is looked at first
        return [{**box, name: half} for half in halves]

    def found(self, box: Mapping[str, Reach]) -> Realised:
        """Return facts within *box*: near nothing, and the step as short as it can be."""
        known = {name: reach for name, reach in box.items() if reach.known and name != _OTHER}
        first = {name: _nearest(reach) for name, reach in known.items()}
        if self.step is None:
            return Realised(first)
        fact, way = self.step
        second = {name: number for name, number in first.items() if name != fact}
        if way:
            ends = [_ends(box[name]) for name in (fact, _OTHER)]
            (least, most), (other_least, other_most) = ends
            if way > 0:
                first[fact] = min(most, other_most)
                second[fact] = max(first[fact], other_least)
            else:
                first[fact] = max(least, other_least)
                second[fact] = min(first[fact], other_most)
        return Realised(first, second)


def _ends(reach: Reach) -> tuple[int, int]:
    assert reach.least is not None, "ranges have ends"
    assert reach.most is not None, "ranges have ends"
    return int(reach.least), int(reach.most)


def _nearest(reach: Reach) -> int:
    """Return the number within *reach* that is nearest to nothing."""
    least, most = _ends(reach)
    return min(max(least, 0), most)


def _distance(reach: Reach) -> int:
    return abs(_nearest(reach))


def _may_be_either(reach: Reach) -> bool:
    return reach.known and reach.unknown


def _width(reach: Reach) -> int:
    least, most = _ends(reach)
    return most - least


def _met(reach: Reach, cell: Cell) -> Reach | None:
    """Return what of *reach* lies in *cell*, or None."""
    if not cell.known:
        return NOTHING_KNOWN if reach.unknown else None
    if not reach.known:
        return None
    least, most = reach.least, reach.most
    if cell.first is not None:
        least = cell.first if least is None else max(least, cell.first)
    if cell.last is not None:
        most = cell.last if most is None else min(most, cell.last)
    if least is not None and most is not None and least > most:
        return None
    return Reach(least, most)


def _within(reach: Reach, axis: Axis, cell: Cell) -> bool | None:
    """Say whether *reach* lies in *cell*: wholly, not at all (None), or perhaps (False)."""
    if not cell.known:
        return None if not reach.unknown else not reach.known
    if not reach.known:
        return None
    place = axis.cells.index(cell)
    least = 1 if reach.least is None else axis.cell_of(reach.least)
    most = len(axis.cells) - 1 if reach.most is None else axis.cell_of(reach.most)
    if not least <= place <= most:
        return None
    return least == place == most and not reach.unknown


def _may_step(before: Reach, after: Reach, way: int) -> bool:
    if way < 0:
        before, after = after, before
    if before.least is None or after.most is None:
        return True
    return before.least <= after.most
