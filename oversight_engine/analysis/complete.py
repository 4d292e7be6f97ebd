"""Whether the rows of a decision table leave nothing out: where all is known, some row holds.

Asked of the program by itself: every cell into which the tests of the rows cut the quantities that
they test is looked at. A quantity is taken as free to be any number, or any of the values that a
table or a category has, so that a table which is called complete is; another may be as well.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from oversight_engine.program import (
    AllOf,
    FactTerm,
    InRange,
    LinearSum,
    Program,
    Proposition,
    TableTerm,
)

MOST_CELLS = 4096
"""Tables that take more cells to look at are not called complete."""


def is_complete(program: Program, place: int) -> bool:
    """Say whether of the table at *place* some row holds wherever its quantities are known."""
    table = program.terms[place]
    assert isinstance(table, TableTerm), "only a table has rows"
    rows = [row for row, _ in table.rows]
    tested = _tested(program, rows)
    cells = {
        quantity: _cells(program, program.quantities[quantity], tests)
        for quantity, tests in tested.items()
    }
    if math.prod(map(len, cells.values())) > MOST_CELLS:
        return False
    return all(
        any(_holds(program, row, dict(zip(cells, numbers, strict=True))) for row in rows)
        for numbers in itertools.product(*cells.values())
    )


def _tested(program: Program, rows: Sequence[Proposition]) -> dict[int, list[InRange]]:
    """Return the quantities that *rows* test, by place, each with its tests."""
    tested: dict[int, list[InRange]] = {}
    waiting = list(rows)
    while waiting:
        proposition = waiting.pop()
        node = program.nodes[max(proposition, ~proposition)]
        if isinstance(node, InRange):
            tested.setdefault(node.quantity, []).append(node)
        else:
            waiting += node.of
    return tested


def _cells(program: Program, quantity: LinearSum, tests: Sequence[InRange]) -> list[int]:
    """Return a number of each cell into which *tests* cut *quantity*."""
    if len(quantity.multiples) == 1:
        [(place, multiple)] = quantity.multiples
        term = program.terms[place]
        values: Sequence[int] = ()
        if isinstance(term, TableTerm):
            values = [value for _, value in term.rows]
            values += [] if term.otherwise is None else [term.otherwise]
        elif isinstance(term, FactTerm) and term.type == "boolean":
            values = (0, 1)
        elif isinstance(term, FactTerm) and term.codes:
            values = [*term.codes.values()]
        if values:
            return sorted({multiple * value + quantity.constant for value in values})
    edges = {
        edge
        for test in tests
        for first, last in test.within
        for edge in (first, None if last is None else last + 1)
        if edge is not None
    }
    return [min(edges) - 1, *sorted(edges)] if edges else [0]


def _holds(program: Program, proposition: Proposition, numbers: Mapping[int, int]) -> bool:
    """Say whether *proposition* holds where the quantities are these *numbers*."""
    node = program.nodes[max(proposition, ~proposition)]
    if isinstance(node, InRange):
        number, within = numbers[node.quantity], node.within
    elif isinstance(node, AllOf):
        return all(_holds(program, part, numbers) for part in node.of) == (proposition >= 0)
    else:
        number, within = sum(_holds(program, part, numbers) for part in node.of), node.within
    is_inside = any(
        (first is None or first <= number) and (last is None or number <= last)
        for first, last in within
    )
    return is_inside == (proposition >= 0)
