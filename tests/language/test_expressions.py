"""Conditions: every form of the language, and what tree it becomes."""

import datetime
import sys
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.language.expressions import read_formula, read_statement
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.scope import Declared, Scope
from oversight_engine.language.source import Scalar
from oversight_engine.model import expression as x
from oversight_engine.model.rulebook import DatedValue, Parameter, Span

START = datetime.date(2024, 4, 1)


def declared(name, kind, referent="fact", **more):
    return Declared(x.Name(name, referent), kind, **more)


def parameter(name, *values):
    spans = [Span(datetime.date(2024 + i, 4, 1), datetime.date(2025 + i, 3, 31)) for i in range(9)]
    dated = tuple(DatedValue(span, value) for span, value in zip(spans, values, strict=False))
    return Parameter(name, name, dated)


NAMES = [
    declared("pct", "number", unit="%"),
    declared("change", "number", unit="percentage points"),
    declared("wait", "number", unit="minutes"),
    declared("bodies", "number"),
    declared("met", "boolean"),
    declared(
        "level", "category", values=("low", "mid", "high"), ordered=True, outside_order=("none",)
    ),
    declared("status", "category", values=("fine", "failing")),
    declared("since", "date"),
    declared("mean", "number", "finding", unit="%"),
    declared("strong", "boolean", "finding"),
    declared("broken", "unclear", "finding"),
    declared("target", "number", "parameter", unit="%"),
    declared("few", "number", "parameter"),
    declared("sometimes_zero", "number", "parameter"),
]  # fmt: skip
SCOPE = Scope(
    {each.name.id: each for each in NAMES},
    {
        "target": parameter("target", 70, 75),
        "few": parameter("few", 3),
        "sometimes_zero": parameter("sometimes_zero", 1, 0, 1),
    },
)

PCT, CHANGE, BODIES = x.Name("pct", "fact"), x.Name("change", "fact"), x.Name("bodies", "fact")
TARGET, FEW = x.Name("target", "parameter"), x.Name("few", "parameter")
MET = x.Holds(x.Name("met", "fact"), "met")
N = x.Number


def at(text, column=10):
    return Scalar(text, Place("f", 1, column), text_column=column)


def statement(text, scope=SCOPE):
    problems = Problems()
    return read_statement(at(text), scope, problems), [str(problem) for problem in problems]


def condition(text):
    found, problems = statement(text)
    assert problems == []
    return found.condition


def compared(left, operator, right):
    return x.Comparison(left, operator, right, "")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("met", MET),
        ("not strong", x.Not(x.Holds(x.Name("strong", "finding"), ""))),
        ("met and strong and met", x.And((MET, x.Holds(x.Name("strong", "finding"), ""), MET))),
        ("met or (met and met)", x.Or((MET, x.And((MET, MET))))),
        ("pct < 3", compared(PCT, "<", N(3))),
        ("3 <= pct", compared(N(3), "<=", PCT)),
        ("pct == 62.50", compared(PCT, "==", N(Fraction(125, 2)))),
        ("pct != -0.1", compared(PCT, "!=", N(Fraction(-1, 10)))),
        ("0 <= pct < target", x.And((compared(N(0), "<=", PCT), compared(PCT, "<", TARGET)))),
        ("pct + change > 1", compared(x.Sum(PCT, CHANGE), ">", N(1))),
        ("pct - change - 1 > 1", compared(
            x.Sum(x.Sum(PCT, CHANGE, minus=True), N(1), minus=True), ">", N(1))),
        ("-pct >= target", compared(x.Product(N(-1), PCT), ">=", TARGET)),
        ("2 * pct > 1", compared(x.Product(N(2), PCT), ">", N(1))),
        ("pct * 2 > 1", compared(x.Product(N(2), PCT), ">", N(1))),
        ("target * bodies > 1", compared(x.Product(TARGET, BODIES), ">", N(1))),
        ("2 * target > pct", compared(x.Product(N(2), TARGET), ">", PCT)),
        ("target * 2 > pct", compared(x.Product(N(2), TARGET), ">", PCT)),
        ("target * few > pct", compared(x.Product(FEW, TARGET), ">", PCT)),
        ("pct / (few + 1) > 1", compared(x.Quotient(PCT, x.Sum(FEW, N(1))), ">", N(1))),
        ("bodies > 1 / 3", compared(BODIES, ">", x.Quotient(N(1), N(3)))),
        ("mean_known(pct, mean) < 1", compared(
            x.Aggregate("mean_known", (PCT, x.Name("mean", "finding"))), "<", N(1))),
        ("mean_known(pct, pct, weights=(1, few)) < 1", compared(
            x.Aggregate("mean_known", (PCT, PCT), (N(1), FEW)), "<", N(1))),
        ("max_known(pct, 0) < 1", compared(x.Aggregate("max_known", (PCT, N(0))), "<", N(1))),
        ("days_since(since) > 365", compared(x.DaysSince("since"), ">", N(365))),
        ("known(pct)", x.Known(PCT, "")),
        ("known(since)", x.Known(x.Name("since", "fact"), "")),
        ("level >= 'mid'", x.CategoryComparison(x.Name("level", "fact"), ">=", "mid", "")),
        ("'mid' > level", x.CategoryComparison(x.Name("level", "fact"), "<", "mid", "")),
        ("level == 'none'", x.Membership(x.Name("level", "fact"), ("none",), False, "")),
        ('status != "fine"', x.Membership(x.Name("status", "fact"), ("fine",), True, "")),
        ("status in {'fine'}", x.Membership(x.Name("status", "fact"), ("fine",), False, "")),
        ("bodies not in {1, -2.5}", x.Membership(BODIES, (1, Fraction(-5, 2)), True, "")),
        ("count(met, pct < 3) >= 1", x.Count((MET, compared(PCT, "<", N(3))), ">=", N(1), "")),
        ("few > count(met, met, met)", x.Count((MET, MET, MET), "<", FEW, "")),
        ("1 <= count(met, met) < 2", x.And((
            x.Count((MET, MET), ">=", N(1), ""), x.Count((MET, MET), "<", N(2), "")))),
    ],
)  # fmt: skip
def test_every_form_of_the_language_becomes_its_tree(text, tree):
    assert condition(text) == tree or without_texts(condition(text)) == without_texts(tree)


def without_texts(node):
    """Return *node* as nested tuples, the texts of its leaves aside."""
    if isinstance(node, tuple):
        return tuple(without_texts(part) for part in node)
    if not attrs.has(type(node)):
        return node
    parts = {f.name: getattr(node, f.name) for f in attrs.fields(type(node)) if f.name != "text"}
    return type(node).__name__, tuple((k, without_texts(v)) for k, v in parts.items())


def test_a_number_that_binary_cannot_hold_is_exact():
    assert condition("pct < 0.1").right.value == Fraction(1, 10)
    assert condition("pct < 9007199254740993").right.value == 2**53 + 1


def test_leaves_are_said_as_they_are_written_with_single_spaces():
    found, _ = statement("0  <=   pct <\n target   and count( met,pct<1 )>=1")

    assert found.text == "0 <= pct < target and count( met,pct<1 )>=1"
    assert [leaf.text for leaf in found.leaves] == [
        "0 <= pct", "pct < target", "count( met,pct<1 ) >= 1", "met", "pct < 1",
    ]  # fmt: skip


def test_a_name_whose_declaration_is_broken_says_nothing_more():
    assert statement("broken > 3 and nobody") == (
        None,
        ["f:1:25: unknown-name: no fact, finding or parameter has this name (got `nobody`)"],
    )
    assert statement("broken > met") == (None, [])


def test_where_declarations_are_missing_an_unknown_name_says_nothing():
    scope = attrs.evolve(SCOPE, is_complete=False)

    assert statement("nobody > 3", scope) == (None, [])


def test_every_part_of_a_condition_is_checked():
    _, problems = statement("pct > met and level > 'hihg' or not count(wait, pct > wait) > 0")

    assert [line.split(": ")[0] for line in problems] == ["f:1:16", "f:1:32", "f:1:52", "f:1:58"]


def test_a_text_over_several_lines_is_located_where_it_begins():
    problems = Problems()

    read_statement(Scalar("pct >\n nobody", Place("f", 7, 9)), SCOPE, problems)

    assert str(next(iter(problems))).startswith("f:7:9: unknown-name: ")


def test_a_quoted_text_with_spaces_in_front_is_located_too():
    _, problems = statement("   nobody > 1")

    assert problems[0].startswith("f:1:13: unknown-name: ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pct / sometimes_zero > 1", "division-by-zero"),
        ("pct / (2 - 2) > 1", "division-by-zero"),
        ("pct / (few * 2 - 6) > 1", "division-by-zero"),
        ("pct / (few / 3 - 1) > 1", "division-by-zero"),
        ("pct / (1 / (few - 3)) > 1", "division-by-zero"),
        ("mean_known(pct, pct, weights=(1, sometimes_zero)) > 1", "bad-weights"),
        ("mean_known(pct, pct, weights=(1, pct)) > 1", "bad-weights"),
        ("mean_known(pct, pct, weights=(1, target)) > 1", "bad-weights"),
        ("mean_known(pct, pct, weights=1) > 1", "bad-weights"),
        ("mean_known() > 1", "wrong-arguments"),
        ("mean_known(pct, wait) > 1", "wrong-unit"),
        ("mean_known(pct, weight=(1,)) > 1", "wrong-arguments"),
        ("mean_known(1, 2) > pct", "constant-condition"),
        ("known(pct, pct)", "wrong-arguments"),
        ("known(pct + 1)", "wrong-arguments"),
        ("count() > 1", "wrong-arguments"),
        ("count(met, met) > target", "wrong-unit"),
        ("days_since(since, since) > 1", "wrong-arguments"),
        ("bodies in {few}", "not-constant"),
        ("few in {1}", "wrong-arguments"),
        ("met in {1}", "wrong-arguments"),
        ("pct + 1 in {1}", "wrong-arguments"),
        ("level == 'low' 'mid'", "unknown-category"),
        ("level == status", "not-comparable"),
        ("count == 1", "unknown-name"),
        ("pct << 1 > 1", "forbidden-syntax"),
        ("pct // 1 > 1", "forbidden-syntax"),
        ("pct > +1", "not-a-quantity"),
        ("pct > 'a'", "not-a-quantity"),
        ("{1} > pct", "not-a-quantity"),
        ("(met, met)", "not-a-condition"),
        ("count(*met) > 1", "not-a-condition"),
        ("pct > 1e999", "not-a-number"),
        ("pct > 1_000", "not-a-number"),
        ("pct > 1.2.3", "not-a-number"),
        ("pct > 0b1", "not-a-number"),
        ("pct > 1j", "not-a-number"),
        ("pct > " + "1" * 41, "number-too-long"),
        ("pct > None", "forbidden-syntax"),
        ("pct is 1", "forbidden-syntax"),
        ("lambda: met", "forbidden-syntax"),
        ("await met", "forbidden-syntax"),
        ("met; met", "forbidden-syntax"),
        ("met # met", "forbidden-syntax"),
        ("b'low' == level", "forbidden-syntax"),
        ("level == 'low\\'", "forbidden-syntax"),
        ("level == '''low'''", "unknown-category"),
        ("pct\u00a0> 1", "forbidden-syntax"),
        ("pct ≥ 1", "forbidden-syntax"),
        ("met met", "condition-syntax"),
        (" ", "missing-value"),
        ("bodies" + " + bodies" * 33 + " > 1", "condition-too-deep"),
        ("-" * 33 + "bodies > 1", "condition-too-deep"),
        ("mean_known(pct, weights=(" + "-(" * 30 + "1" + ")" * 30 + ",)) > 1",
         "condition-too-deep"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused_by_name(text, code):
    found, problems = statement(text)

    assert found is None
    assert [line.split(": ")[1] for line in problems] == [code]


@pytest.mark.parametrize(
    ("text", "unit", "problem"),
    [
        ("pct + change", "%", ""),
        ("change + change", "percentage points", ""),
        ("change", "%", ""),
        ("3", "anything", ""),
        ("bodies", "", ""),
        ("bodies / 3", "", ""),
        ("target * wait / 100", "minutes", ""),
        ("wait", "%", "this is in `minutes`, and `%` is declared"),
        ("pct", "", "this is in `%`, and a bare number is declared"),
        ("bodies", "people", "this is in a bare number, and `people` is declared"),
        ("days_since(since)", "days", ""),
    ],
)
def test_a_formula_is_in_the_unit_that_is_declared(text, unit, problem):
    problems = Problems()

    found = read_formula(at(text), SCOPE, problems, unit=unit)

    assert [each.message for each in problems] == ([problem] if problem else [])
    assert (found is None) == bool(problem)


@given(st.text(max_size=60) | st.text("abmet pct()<>=!'\"{},+-*/.0123 notandorin_:[]", max_size=80))
def test_no_text_whatever_raises_or_runs_anything(text):
    found, problems = statement(text)

    assert (found is None) == bool(problems)


@pytest.mark.parametrize(
    "text",
    ["-" * 1999 + "1", "not " * 499 + "met", "(" * 999, "{" * 1999, "pct<" * 499 + "1",
     "bodies+" * 285 + "1", "known(" * 333, "met and " * 249 + "met", "((" * 16 + "met" + "))" * 16,
     "met if " * 280, "lambda:" * 285, "f(" * 900, "1" * 1999, "'" * 1999, "a." * 999, "a**" * 600],
)  # fmt: skip
def test_the_worst_text_of_the_allowed_length_is_read_without_deep_recursion(text):
    """Whatever Python's parser would make of it, nothing goes deep before it is refused."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        statement(text)
    finally:
        sys.setrecursionlimit(limit)
