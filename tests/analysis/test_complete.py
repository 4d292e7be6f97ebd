"""Which tables leave nothing out, held against every value; and that a range then stays known."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.analysis.complete import is_complete
from oversight_engine.analysis.enclosures import MAY, UNKNOWN, Enclosure, Reach
from oversight_engine.compiler import compile_program
from oversight_engine.model.in_force import find_in_force
from tests import builders as b

FACTS = (
    b.number("x", range=(-9, 9)),
    b.number("y", range=(-9, 9)),
    b.boolean("z"),
    b.category("w", "low", "high", ordered=True),
)
BANDS = [(b.below("x", 0), 0), (b.at_least("x", 0), 1)]


def table_of(*rows, otherwise=None, before=()):
    """Return what is in force where *rows* are a table, the program, and the table's place."""
    table = b.table_finding("it", *rows, otherwise=otherwise)
    rule = b.when(b.at_least(b.finding("it"), 1))
    book = b.rulebook(*FACTS, findings=[*before, table], rules=[rule])
    in_force = find_in_force(book, b.DAY)
    program = compile_program(in_force)
    return in_force, program, dict(program.values)["it"]


@st.composite
def some_rows(draw):
    """Draw the rows of a table: every cell of some tests is in one row, or in none."""
    cut, other = (draw(st.integers(-3, 3)) for _ in range(2))
    tests = [
        b.below("x", cut),
        draw(st.sampled_from([b.below(b.plus("x", "y"), other), b.below("y", other)])),
        draw(st.sampled_from([b.holds("z"), b.ranks("w", ">=", "high")])),
    ][: draw(st.integers(1, 3))]
    left_out = draw(st.sampled_from([0, 0, 1]))
    rows = []
    for number, signs in enumerate(itertools.product((True, False), repeat=len(tests))):
        parts = [t if sign else b.negated(t) for t, sign in zip(tests, signs, strict=True)]
        if number or not left_out:
            rows.append((b.every(*parts) if len(parts) > 1 else parts[0], number))
    return rows


@settings(max_examples=30, deadline=None)
@given(some_rows())
def test_a_table_is_complete_where_every_case_has_a_row(rows):
    in_force, program, place = table_of(*rows)
    values = (range(-9, 10, 1), range(-9, 10, 3), (False, True), ("low", "high"))
    found = {
        semantics.evaluate(
            in_force, dict(zip("xyzw", each, strict=True)), b.DAY
        ).findings["it"] is None
        for each in itertools.product(*values)
    }  # fmt: skip

    assert is_complete(program, place) == (found == {False})


@pytest.mark.parametrize(
    ("rows", "is_so"),
    [
        (BANDS, True),
        (BANDS[1:], False),
        ([(b.below("x", 0), 0), (b.at_least("x", 1), 1)], False),
        ([(b.holds("z"), 0), (b.negated(b.holds("z")), 1)], True),
        ([(b.is_in("w", "low"), 0), (b.is_in("w", "high"), 1)], True),
        ([(b.is_in("w", "low"), 0)], False),
        ([(b.count([b.below("x", 0), b.holds("z")], "<", 2), 0),
          (b.every(b.below("x", 0), b.holds("z")), 1)], True),
    ],
)  # fmt: skip
def test_what_leaves_nothing_out(rows, is_so):
    _, program, place = table_of(*rows)

    assert is_complete(program, place) == is_so


def test_the_values_of_an_earlier_table_are_all_there_are():
    before = [b.table_finding("score", *BANDS)]
    rows = [(b.compare(b.finding("score"), "==", n), n) for n in (0, 1)]

    assert is_complete(*table_of(*rows, before=before)[1:])
    assert not is_complete(*table_of(*rows[1:], before=before)[1:])


@pytest.mark.parametrize(("rows", "may_be_unknown"), [(BANDS, False), (BANDS[1:], True)])
def test_within_a_range_only_a_table_that_leaves_something_out_may_come_to_nothing(
    rows, may_be_unknown
):
    _, program, place = table_of(*rows)
    enclosure = Enclosure(program, {"x": Reach(-5, 5)})
    [rule] = program.rules

    assert enclosure.term(place) == Reach(0 if not may_be_unknown else 1, 1, True, may_be_unknown)
    assert bool(enclosure.truths(rule.proposition) & MAY[UNKNOWN]) == may_be_unknown
