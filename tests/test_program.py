"""A compiled rulebook says in whole numbers what the rulebook says."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.compiler import compile_program
from oversight_engine.evaluators import terms
from oversight_engine.model.expression import DaysSince
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, conjunction, negation
from oversight_engine.program import (
    AggregateTerm,
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    KnownTerm,
    LinearSum,
    TableTerm,
    Tally,
    complement,
    interval_of,
)
from tests.builders import (
    DAY,
    at_least,
    below,
    boolean,
    category,
    compare,
    condition_finding,
    count,
    date_fact,
    days_before,
    every,
    finding,
    holds,
    is_in,
    known,
    mean_known,
    minus,
    negated,
    number,
    over,
    parameter,
    parameter_of,
    plus,
    ranks,
    rulebook,
    some,
    table_finding,
    times,
    unless,
    value_finding,
    when,
)
from tests.strategies import DAYS, known_facts, rulebooks

ORDERED = category("c", "low", "fair", "good", ordered=True, outside_order=("none",))
FACTS = (
    number("a", decimals=1),
    number("b"),
    boolean("met"),
    ORDERED,
    date_fact("d"),
)


def program_of(*conditions, findings=(), parameters=()):
    """Return the program of a rulebook with a rule for each of these conditions."""
    rules = [when(condition, rule_id=f"r{place}") for place, condition in enumerate(conditions)]
    book = rulebook(*FACTS, rules=rules, findings=findings, parameters=parameters)
    return compile_program(find_in_force(book, DAY))


def ranges_in(program):
    return [node for node in program.nodes if isinstance(node, InRange)]


def truths_in(program, known_facts, day=DAY):
    """Return the truth of every proposition of *program*, by the plainest reading of it."""
    case = terms.Workings(program, known_facts, day)
    for stage in range(program.stages):
        of_stage = {place: t for place, t in enumerate(program.terms) if t.stage == stage}
        for read in terms.readers_of(of_stage):
            read(case)
        for place, node in enumerate(program.nodes):
            if node.stage == stage:
                truth = _truth(program, node, case)
                case.truths[place], case.truths[~place] = truth, negation(truth)
    return case


def _truth(program, node, case):
    def within(number):
        return any(
            (start is None or start <= number) and (end is None or number <= end)
            for start, end in node.within
        )

    match node:
        case InRange(quantity):
            value = terms.total_of(program.quantities[quantity])(case)
            if value is None:
                return UNKNOWN
            return TRUE if within(value.numerator) else FALSE
        case Tally(of):
            least, most = terms.tally(case, of)
            answers = {within(number) for number in range(least, most + 1)}
            return UNKNOWN if len(answers) == 2 else TRUE if True in answers else FALSE
        case AllOf(of):
            return conjunction(case.truths[part] for part in of)


@given(st.data())
def test_a_program_says_what_the_rulebook_says(data):
    book = data.draw(rulebooks())
    day = data.draw(st.sampled_from(DAYS))
    in_force = find_in_force(book, day)
    program = compile_program(in_force)
    for facts in data.draw(st.lists(known_facts(book, day), min_size=1, max_size=4)):
        reference = semantics.evaluate(in_force, facts, day)
        case = truths_in(program, facts, day)

        assert tuple(case.truths[place] for place in program.leaves) == reference.leaves
        assert {r.id: case.truths[r.proposition] for r in program.rules} == reference.rules
        findings = {name: case.truths[place] for name, place in program.conditions}
        for name, place in program.values:
            findings[name] = terms.conclusion_of(program.terms[place])(case.terms[place])
        assert findings == reference.findings
        assert {
            name: TRUE if place is None else case.truths[place]
            for name, place in program.consequences
        } == reference.consequences


def nodes_of(propositions):
    return [max(said, ~said) for said in propositions]


def read_by(part):
    """Return the places of the terms that a part of a program reads, and of the nodes."""
    match part:
        case LinearSum(multiples):
            return [term for term, _ in multiples], []
        case KnownTerm(None, proposition):
            return [], nodes_of([proposition])
        case KnownTerm(term):
            return [term], []
        case AggregateTerm(_, operands):
            return [term for operand in operands for term in read_by(operand)[0]], []
        case FormulaTerm(_, formula):
            return read_by(formula)
        case TableTerm(_, rows):
            return [], nodes_of(row for row, _ in rows)
        case Tally(of) | AllOf(of):
            return [], nodes_of(of)
        case FactTerm() | InRange():
            return [], []


def in_one(program, conjunction, place):
    return interval_of(program.nodes[place], denied=place not in conjunction.of) is not None


@given(rulebooks(), st.sampled_from(DAYS))
def test_nothing_in_a_program_reads_backwards(book, day):
    program = compile_program(find_in_force(book, day))

    for place, term in enumerate(program.terms):
        terms_read, nodes_read = read_by(term)
        assert all(program.terms[t].stage <= term.stage and t < place for t in terms_read)
        assert all(program.nodes[n].stage < term.stage for n in nodes_read)
    for place, node in enumerate(program.nodes):
        terms_read, nodes_read = read_by(node)
        assert all(n < place for n in nodes_read)
        # A conjunction asks for what a test asks for, where that is one interval.
        asked = [n for n in nodes_read if isinstance(node, AllOf) and in_one(program, node, n)]
        nodes_read = [n for n in nodes_read if n not in asked]
        for test in [*asked, *([place] if isinstance(node, InRange) else [])]:
            terms_read += read_by(program.quantities[program.nodes[test].quantity])[0]
        assert all(program.terms[t].stage <= node.stage for t in terms_read)
        assert all(program.nodes[n].stage < node.stage for n in nodes_read)
        assert node.stage < program.stages


# Quantities


def test_a_share_of_a_total_is_compared_in_whole_numbers():
    share = at_least(times(100, "b"), times(parameter("t"), "a"))

    program = program_of(share, parameters=[parameter_of("t", Fraction(125, 2))])

    # 100 b >= 62.5 a, where a counts tenths, is 16 b - a >= 0.
    assert [term.fact for term in program.terms] == ["b", "a"]
    assert program.quantities == (LinearSum(((0, 16), (1, -1))),)
    assert ranges_in(program)[0].within == ((0, None),)


@pytest.mark.parametrize(
    "again",
    [
        compare(times(3, "b"), "<", 15),
        compare(5, ">", "b"),
        compare(minus("b", 5), "<", 0),
        compare(times(-2, "b"), ">", -10),
        compare(over("b", 7), "<", Fraction(5, 7)),
        compare("b", "<=", 4),
        compare("b", "<", Fraction(9, 2)),
        negated(at_least("b", 5)),
        every(below("b", 5), below("b", 5)),
    ],
)
def test_what_says_the_same_is_there_once(again):
    program = program_of(below("b", 5), again)

    assert len(program.quantities) == len(program.nodes) == 1
    assert program.rules[0].proposition == program.rules[1].proposition


def test_a_condition_and_its_opposite_are_one_node():
    program = program_of(
        below("b", 5), at_least("b", 5), compare("b", "==", 3), compare("b", "!=", 3)
    )

    below_5, at_least_5, is_3, is_not_3 = (rule.proposition for rule in program.rules)
    assert (below_5, is_not_3) == (~at_least_5, ~is_3)
    assert len(program.nodes) == 2


def test_or_is_the_negation_of_a_conjunction():
    program = program_of(
        some(below("b", 5), holds("met")),
        negated(every(at_least("b", 5), negated(holds("met")))),
        every(at_least("b", 5), negated(holds("met"))),
    )

    either, the_same, neither = (rule.proposition for rule in program.rules)
    assert either == the_same == ~neither
    assert [type(node) for node in program.nodes] == [InRange, InRange, AllOf]


@pytest.mark.parametrize(
    ("symbol", "within"),
    [
        (">", ((4, None),)),
        (">=", ((4, None),)),
        ("==", ()),
        ("<", ((4, None),)),  # denied
        ("<=", ((4, None),)),
        ("!=", ()),
    ],
)
def test_a_constant_between_two_last_places_cuts_between_them(symbol, within):
    (test,) = ranges_in(program_of(compare("a", symbol, Fraction(1, 3))))

    assert test.within == within


def test_a_number_that_no_value_can_equal_is_unequal_to_every_known_one():
    program = program_of(compare("a", "==", Fraction(1, 3)), compare("a", "!=", Fraction(1, 3)))

    def said(**facts):
        case = truths_in(program, facts)
        return [case.truths[rule.proposition] for rule in program.rules]

    assert said(a=Fraction(3, 10)) == [FALSE, TRUE]
    assert said() == [UNKNOWN, UNKNOWN]


def test_a_fact_that_cancels_out_must_still_be_known():
    program = program_of(below(minus("a", "a"), 1), below(times(0, "b"), 1))

    assert program.quantities == (LinearSum(((0, 0),)), LinearSum(((1, 0),)))
    assert set(truths_in(program, {}).truths) == {UNKNOWN}
    assert [truths_in(program, {"a": 7, "b": 7}).truths[r.proposition] for r in program.rules] == [
        TRUE,
        TRUE,
    ]


def test_a_parameter_is_a_constant_of_the_day():
    program = program_of(
        below("b", plus(parameter("t"), 1)), parameters=[parameter_of("t", Fraction(3, 2))]
    )

    assert ranges_in(program)[0].within == ((3, None),)
    assert program.rules[0].proposition == ~0


def test_a_mean_is_compared_by_the_sign_of_a_fraction():
    program = program_of(at_least(mean_known("a", "b", weights=(1, Fraction(1, 2))), 3))

    mean = program.terms[2]
    assert (mean.weights, mean.scale) == ((2, 1), None)
    assert program.quantities == (LinearSum(((2, 1),), -3),)
    assert ranges_in(program)[0].within == ((0, None),)


def test_dividing_by_nothing_is_refused_when_compiling():
    nothing = minus(parameter("t"), 2)

    with pytest.raises(ZeroDivisionError):
        program_of(below(over("a", nothing), 1), parameters=[parameter_of("t", 2)])


# Categories, counts, what is known


def test_categories_are_numbered_in_order_and_those_outside_are_negative():
    program = program_of(ranks("c", ">=", "fair"))

    assert program.terms[0].codes == {"none": -1, "low": 0, "fair": 1, "good": 2}
    assert ranges_in(program)[0].within == ((1, None),)


@pytest.mark.parametrize(
    ("symbol", "true_of"),
    [
        ("<", {"low"}),
        ("<=", {"low", "fair"}),
        (">", {"good"}),
        (">=", {"fair", "good"}),
        ("==", {"fair"}),
        ("!=", {"low", "good"}),
    ],
)
def test_a_value_outside_the_order_is_on_no_side_of_anything(symbol, true_of):
    program = program_of(ranks("c", symbol, "fair"))

    for value in ("none", "low", "fair", "good"):
        truth = truths_in(program, {"c": value}).truths[program.rules[0].proposition]
        assert truth is (TRUE if value in true_of else FALSE)


def test_a_category_outside_the_order_is_a_member_of_a_set_like_any_other():
    program = program_of(is_in("c", "none", "good"), is_in("c", "none", "low", negated=True))

    assert [node.within for node in ranges_in(program)] == [((0, 1),), ((1, None),)]
    assert [rule.proposition for rule in program.rules] == [~0, 1]


def test_a_count_is_a_tally_of_its_conditions():
    program = program_of(
        count([holds("met"), below("b", 5), below("b", 5)], "!=", Fraction(2)),
        count([holds("met"), below("b", 5), below("b", 5)], "<", Fraction(5, 2)),
    )

    assert [node for node in program.nodes if isinstance(node, Tally)] == [
        Tally((0, ~1, ~1), ((2, 2),), stage=1),
        Tally((0, ~1, ~1), ((3, None),), stage=1),
    ]
    assert [rule.proposition for rule in program.rules] == [~2, ~3]


def test_whether_something_is_known_is_a_number_that_is_always_known():
    program = program_of(
        known("a"),
        known(finding("f")),
        known(finding("v")),
        findings=[
            condition_finding("f", every(holds("met"), below("a", 5))),
            value_finding("v", plus("a", "b")),
        ],
    )

    def said(**facts):
        case = truths_in(program, facts)
        return [case.truths[rule.proposition] for rule in program.rules]

    assert said() == [FALSE, FALSE, FALSE]
    assert said(met=False) == [FALSE, TRUE, FALSE]
    assert said(a=9) == [TRUE, TRUE, FALSE]
    assert said(a=1, b=1) == [TRUE, FALSE, TRUE]


def test_a_parameter_in_force_is_known():
    program = program_of(known(parameter("t")), parameters=[parameter_of("t", 2)])

    assert truths_in(program, {}).truths[program.rules[0].proposition] is TRUE


# Findings and rules


def test_a_value_is_scaled_until_it_is_whole():
    program = program_of(
        below(finding("v"), 1),
        below(finding("w"), 1),
        findings=[
            value_finding("v", plus(over("a", 4), times(Fraction(1, 3), "b"))),
            value_finding("w", over(finding("v"), 2)),
        ],
    )

    v, w = (program.terms[place] for _, place in program.values)
    assert (v.scale, v.formula) == (120, LinearSum(((0, 3), (1, 40)), 0, 120))
    assert (w.scale, w.formula) == (240, LinearSum(((2, 1),), 0, 240))


def test_a_table_gives_scaled_numbers_or_codes():
    program = program_of(
        findings=[
            table_finding("score", (holds("met"), Fraction(1, 2)), otherwise=2),
            table_finding(
                "stage", (holds("met"), "late"), (negated(holds("met")), "odd"),
                values=("early", "late"), outside_order=("odd",),
            ),
        ],
    )  # fmt: skip

    score, stage = (program.terms[place] for _, place in program.values)
    assert (score.rows, score.otherwise, score.scale) == (((0, 1),), 4, 2)
    assert (stage.rows, stage.otherwise) == (((0, 1), (~0, -1)), None)


def test_leaves_keep_the_order_of_the_text_and_a_count_stands_before_what_it_counts():
    program = program_of(
        every(holds("met"), count([below("b", 5), known("d")], ">=", 1), below("b", 3))
    )

    met, counted, below_5, known_d, below_3 = program.leaves
    assert isinstance(program.nodes[counted], Tally)
    assert program.nodes[counted].of == (below_5, known_d)
    assert program.nodes[program.rules[0].proposition].of == tuple(sorted((met, counted, below_3)))


def test_unless_is_the_negation_of_its_condition():
    book = rulebook(*FACTS, rules=[when(holds("met"), rule_id="r"), unless(holds("met"))])
    program = compile_program(find_in_force(book, DAY))

    assert [rule.proposition for rule in program.rules] == [0, ~0]


def test_days_are_counted_to_the_day_of_the_decision():
    program = program_of(at_least(DaysSince("d"), 30))

    assert truths_in(program, {"d": days_before(30)}).truths[0] is TRUE
    assert truths_in(program, {"d": days_before(30)}, days_before(1)).truths[0] is FALSE


@given(st.sets(st.integers(-6, 6)), st.booleans(), st.booleans())
def test_the_complement_of_intervals_is_everything_else(numbers, opens_down, opens_up):
    intervals = []
    for n in sorted(numbers):
        if intervals and intervals[-1][1] == n - 1:
            intervals[-1] = (intervals[-1][0], n)
        else:
            intervals.append((n, n))
    if intervals and opens_down:
        intervals[0] = (None, intervals[0][1])
    if intervals and opens_up:
        intervals[-1] = (intervals[-1][0], None)

    def within(n, parts):
        return any((s is None or s <= n) and (e is None or n <= e) for s, e in parts)

    others = complement(tuple(intervals))
    assert all(within(n, intervals) != within(n, others) for n in range(-9, 10))
    assert complement(others) == tuple(intervals)
