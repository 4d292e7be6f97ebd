"""Cells, tables, enclosures and directions against the reference evaluator, on random rulebooks."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.analysis.cells import Cell, Space
from oversight_engine.analysis.directions import MIXED
from oversight_engine.analysis.enclosures import FALSE, MAY, TRUE, UNKNOWN, Enclosure, Reach
from oversight_engine.model import truth
from oversight_engine.model.in_force import find_in_force
from tests import builders as b
from tests.laws.relations import A_TENTH
from tests.strategies import cases, known_facts, known_of, rulebooks

CODE = {truth.FALSE: FALSE, truth.UNKNOWN: UNKNOWN, truth.TRUE: TRUE}


def space_of(book, day=b.DAY, **more):
    return Space.of(find_in_force(book, day), day, **more)


def truths_of(space, known):
    trace = semantics.evaluate(space.in_force, known, space.day)
    return {rule: CODE[said] for rule, said in trace.rules.items()}


@A_TENTH
@given(st.data(), rulebooks())
def test_the_table_of_a_rule_says_of_a_cases_cells_what_the_reference_says_of_the_case(data, book):
    space = space_of(book)
    for case in data.draw(st.lists(cases(book, b.DAY), min_size=1, max_size=6)):
        known = known_of(book, case)
        cells = space.cells_at(space.numbers_of(known))
        tables = space.rule_tables()

        assert {rule: table.at(cells) for rule, table in tables.items()} == truths_of(space, known)


@A_TENTH
@given(st.data(), rulebooks())
def test_an_enclosure_of_points_says_what_the_reference_says_and_one_of_ranges_covers_it(
    data, book
):
    space = space_of(book)
    for case in data.draw(st.lists(cases(book, b.DAY), min_size=1, max_size=6)):
        known = known_of(book, case)
        numbers = space.numbers_of(known)
        points = {fact: Reach(number, number) for fact, number in numbers.items()}
        ranges = {}
        for fact, number in numbers.items():
            widths = st.none() | st.integers(0, 30)
            below, above = data.draw(widths), data.draw(widths)
            ranges[fact] = Reach(
                None if below is None else number - below,
                None if above is None else number + above,
                unknown=data.draw(st.booleans()),
            )
        exact, wide = Enclosure(space.program, points), Enclosure(space.program, ranges)
        expected = truths_of(space, known)

        for rule in space.program.rules:
            assert exact.truths(rule.proposition) == MAY[expected[rule.id]]
            assert wide.truths(rule.proposition) & MAY[expected[rule.id]]


@A_TENTH
@given(st.data(), rulebooks())
def test_a_fact_moves_a_rule_only_as_its_direction_says(data, book):
    space = space_of(book)
    numbers = space.numbers_of(data.draw(known_facts(book, b.DAY)))
    for fact, number in numbers.items():
        reach = space.range_of(fact)
        steps = [n for n in range(number, number + 4) if reach.most is None or n <= reach.most]
        worlds = [
            Enclosure(space.program, {f: Reach(n, n) for f, n in {**numbers, fact: step}.items()})
            for step in steps
        ]
        for rule in space.program.rules:
            way = space.directions.of_proposition(rule.proposition).get(fact, 0)
            truths = [MAY.index(world.truths(rule.proposition)) for world in worlds]
            assert way == MIXED or truths == sorted(truths, reverse=way < 0)
            assert way != 0 or len(set(truths)) == 1


# What cells are


def test_a_fact_has_a_cell_for_not_knowing_it_and_one_for_every_run_that_no_test_tells_apart():
    book = b.rulebook(
        b.number("a", decimals=1, range=(0, 10)),
        rules=[b.when(b.below("a", 5)), b.when(b.compare("a", ">", 7), b.HEAVY)],
    )

    axis = space_of(book).axes["a"]

    assert [(c.known, c.first, c.last, c.representative) for c in axis.cells] == [
        (False, None, None, None),
        (True, 0, 49, 0),
        (True, 50, 70, 50),
        (True, 71, 100, 71),
    ]


def test_what_two_facts_make_is_an_axis_of_its_own_and_joins_them_in_one_group():
    book = b.rulebook(
        b.number("a"),
        b.number("b"),
        b.number("c"),
        findings=[b.value_finding("sum", b.plus("a", "b"))],
        rules=[
            b.when(b.below(b.finding("sum"), 5)),
            b.when(b.below("a", 1), rule_id="alone"),
            b.when(b.below("c", 1), b.HEAVY),
        ],
    )

    space = space_of(book)

    assert [axis.facts for axis in space.joints] == [("a", "b")]
    assert {group.facts for group in space.groups} == {("a", "b"), ("c",)}
    assert sum(group.combinations for group in space.groups) == 3 * 3 + 3


def test_a_value_outside_an_order_shares_no_cell_with_one_inside():
    fact = b.category("c", "low", "high", ordered=True, outside_order=("none",), better="higher")
    book = b.rulebook(fact, rules=[b.when(b.known("c"))])

    cells = space_of(book).axes["c"].cells

    assert [(cell.first, cell.last) for cell in cells[1:]] == [(-1, -1), (0, 1)]


def test_a_table_larger_than_the_bound_is_not_made():
    book = b.rulebook(
        b.boolean("a"), b.boolean("b"), rules=[b.when(b.every(b.holds("a"), b.holds("b")))]
    )
    (rule,) = space_of(book).program.rules

    assert len(space_of(book, bound=9).table(rule.proposition).entries) == 9
    assert space_of(book, bound=8).table(rule.proposition) is None
    assert space_of(book, bound=8).reads(rule) == (0, 1)


def test_a_case_is_made_of_cells():
    book = b.rulebook(
        b.number("a", decimals=1),
        b.date_fact("d"),
        rules=[b.when(b.every(b.below("a", 5), b.compare(b.x.DaysSince("d"), ">", 3)))],
    )
    space = space_of(book)

    case = space.case_of(
        {"a": space.axes["a"].cells[2], "d": Cell(None, None), "x": Cell(None, None, known=False)}
    )

    assert {fact: stated.value for fact, stated in case.facts.items()} == {"a": 5, "d": b.DAY}
    assert datetime.date.max - b.DAY == datetime.timedelta(-space.range_of("d").least)
