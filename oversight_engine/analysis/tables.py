"""Exact tables: what something comes to for every combination of the cells that matter to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

Entries = bytes | tuple[Any, ...]
"""Small whole numbers, which truths are, as bytes; anything else in a tuple."""


class Table(NamedTuple):
    """What something comes to, by the cells of some axes.

    Cells that make no difference to it are one *class*.

    Attributes:
        axes: the places of those that matter, ascending.
        classes: for each of them, the class of each of its cells.
        counts: for each of them, how many classes there are.
        entries: one for each combination of classes, the last axis changing fastest.
    """

    axes: tuple[int, ...]
    classes: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    entries: Entries

    def at(self, cells: Mapping[int, int]) -> Any:
        """Return the entry for these *cells*, by the place of their axis."""
        index = 0
        for axis, classes, count in zip(self.axes, self.classes, self.counts, strict=True):
            index = index * count + classes[cells[axis]]
        return self.entries[index]

    def stride(self, number: int) -> int:
        """Return how far apart two entries are that differ by one class of that axis."""
        return math.prod(self.counts[number + 1 :])

    def classes_at(self, index: int) -> tuple[int, ...]:
        """Return, for each axis, the class of the entry at *index*."""
        found = []
        for count in reversed(self.counts):
            index, place = divmod(index, count)
            found.append(place)
        return tuple(reversed(found))


def constant(entry: Any) -> Table:
    """Return the table of what is always the same."""
    return Table((), (), (), (entry,))


def of_axis(axis: int, entries: Sequence[Any]) -> Table:
    """Return the table of what depends on one axis: an entry for each of its cells."""
    classes = tuple(range(len(entries)))
    return _with_few_classes(Table((axis,), (classes,), (len(entries),), _packed(entries)))


def size_of(parts: Sequence[Table]) -> int:
    """Return how many entries a table of what depends on all *parts* is first worked out for."""
    return math.prod(len(set(zip(*maps, strict=True))) for _, maps in _shared(parts))


def combined(parts: Sequence[Table], work_out: Callable[..., Any]) -> Table:
    """Return the table of what *work_out* makes of one entry of each of *parts*."""
    axes: list[int] = []
    classes: list[tuple[int, ...]] = []
    picked: list[list[int]] = []  # for each axis, a cell of each class
    for axis, maps in _shared(parts):
        seen: dict[tuple[int, ...], int] = {}
        cells: list[int] = []
        of_cells = []
        for cell, key in enumerate(zip(*maps, strict=True)):
            if key not in seen:
                seen[key] = len(seen)
                cells.append(cell)
            of_cells.append(seen[key])
        axes.append(axis)
        classes.append(tuple(of_cells))
        picked.append(cells)
    columns = [_column(part, axes, picked) for part in parts]
    entries = _packed(list(map(work_out, *columns)))
    return _with_few_classes(Table(tuple(axes), tuple(classes), tuple(map(len, picked)), entries))


def _packed(entries: Sequence[Any]) -> Entries:
    try:
        return bytes(entries)
    except (TypeError, ValueError):  # not all are small whole numbers
        return tuple(entries)


def _shared(parts: Sequence[Table]) -> list[tuple[int, list[tuple[int, ...]]]]:
    """Return every axis of *parts*, ascending, with the classes that each part has there."""
    shared: dict[int, list[tuple[int, ...]]] = {}
    for part in parts:
        for axis, classes in zip(part.axes, part.classes, strict=True):
            shared.setdefault(axis, []).append(classes)
    return sorted(shared.items())


def _column(part: Table, axes: list[int], picked: list[list[int]]) -> list[Any]:
    """Return the entry of *part* for each combination of the cells *picked* of *axes*."""
    indices = [0]
    for axis, cells in zip(axes, picked, strict=True):
        if axis in part.axes:
            number = part.axes.index(axis)
            stride, classes = part.stride(number), part.classes[number]
            steps = [classes[cell] * stride for cell in cells]
            indices = [index + step for index in indices for step in steps]
        else:
            indices = [index for index in indices for _ in cells]
    return list(map(part.entries.__getitem__, indices))


def _with_few_classes(table: Table) -> Table:
    """Return *table* with cells that make no difference in one class, and without idle axes."""
    for number in reversed(range(len(table.axes))):
        count, stride, entries = table.counts[number], table.stride(number), table.entries
        slices: dict[Entries, int] = {}
        kept: list[int] = []
        renamed = []
        for place in range(count):
            key = slice_of(entries, place, stride, count)
            if key not in slices:
                slices[key] = len(slices)
                kept.append(place)
            renamed.append(slices[key])
        if len(kept) == count and count > 1:
            continue
        idle = len(kept) == 1
        new = () if idle else (tuple(renamed[place] for place in table.classes[number]),)
        before, after = slice(None, number), slice(number + 1, None)
        table = Table(
            (*table.axes[before], *(() if idle else (table.axes[number],)), *table.axes[after]),
            (*table.classes[before], *new, *table.classes[after]),
            (*table.counts[before], *(() if idle else (len(kept),)), *table.counts[after]),
            _joined(
                entries[start + place * stride : start + (place + 1) * stride]
                for start in range(0, len(entries), stride * count)
                for place in kept
            ),
        )
    return table


def slice_of(entries: Entries, place: int, stride: int, count: int) -> Entries:
    """Return the entries of one class of an axis, in order."""
    if stride == 1:
        return entries[place::count]
    starts = range(place * stride, len(entries), stride * count)
    return _joined(entries[start : start + stride] for start in starts)


def _joined(parts: Iterable[Entries]) -> Entries:
    listed: list[Any] = list(parts)
    if isinstance(listed[0], bytes):
        return b"".join(listed)
    return tuple(chain.from_iterable(listed))
