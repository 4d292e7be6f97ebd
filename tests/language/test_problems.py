"""Problems: how they read, what is suggested, and in which order they come."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import RulebookError
from oversight_engine.language import problems as problems_module
from oversight_engine.language.problems import (
    Place,
    Problem,
    Problems,
    printable,
    quoted,
    shown,
    suggest,
)

FACTS = ["cancer_62day_pct", "cancer_31day_pct", "mhis_met", "plan_surplus_deficit_pct", "score"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cancer_62day_pc", "cancer_62day_pct"),
        ("cancer_62_day_pct", "cancer_62day_pct"),
        ("cancer_26day_pct", "cancer_62day_pct"),
        ("Score", "score"),
        ("socre", "score"),
        ("met_mhis", ""),
        ("weather", ""),
        ("x", ""),
        ("", ""),
        ("s" * 10_000, ""),
    ],
)
def test_the_nearest_name_is_suggested_and_a_far_one_is_not(written, meant):
    assert suggest(written, FACTS) == meant


def test_among_equally_near_names_the_first_in_the_alphabet_is_suggested():
    assert suggest("rule_c", ["rule_b", "rule_a"]) == "rule_a"


@given(st.text("abc_", min_size=1, max_size=8), st.sets(st.text("abc_", min_size=1, max_size=8)))
def test_a_suggestion_is_a_candidate_and_does_not_depend_on_their_order(name, candidates):
    found = suggest(name, sorted(candidates))

    assert found == suggest(name, sorted(candidates, reverse=True))
    assert found == "" or found in candidates
    if name in candidates:
        assert found == name


@given(st.text("ab_c", max_size=7), st.text("ab_c", max_size=7))
def test_edits_are_counted_as_their_definition_says(one, other):
    """Optimal string alignment, straight from its recurrence, without any shortcut."""

    @functools.cache
    def edits(i, j):
        if not i or not j:
            return i + j
        best = min(edits(i - 1, j) + 1, edits(i, j - 1) + 1)
        best = min(best, edits(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            best = min(best, edits(i - 2, j - 2) + 1)
        return best

    assert problems_module._edits(one, other, 99) == edits(len(one), len(other))


def test_advice_never_takes_long():
    problems = Problems()
    names = [f"name_{i}" for i in range(1_000)]

    found = [problems.did_you_mean("nam_1", names) for _ in range(100)]

    assert found[0] == "did you mean `name_1`?"
    assert found[-1] == ""


def test_warnings_never_stop_a_reader():
    problems = Problems()
    for i in range(5_000):
        problems.add("unused", Place("a", i + 1, 1), "nobody reads it")

    assert len(problems) == 5_000
    assert problems.errors == ()


def test_a_problem_reads_as_one_line():
    problem = Problem("unknown-fact", Place("a.yaml", 3, 5), "there is none", "x\ny", "say `z`")

    assert str(problem) == "a.yaml:3:5: unknown-fact: there is none (got `x\\ny`); say `z`"


def test_a_problem_without_text_or_advice_says_neither():
    problem = Problem("empty-file", Place("a.yaml"), "the file is empty")

    assert str(problem) == "a.yaml: empty-file: the file is empty"


def test_a_long_text_is_cut_and_a_strange_one_is_escaped():
    assert shown("x" * 200) == "x" * 79 + "…"
    assert printable("a\x1b[31m\u202e\nb") == "a\\x1b[31m\\u202e\\nb"
    assert printable("café £5") == "café £5"


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["a"], "`a`"), (["a", "b"], "`a` or `b`"), (["a", "b", "c"], "`a`, `b` or `c`")],
)
def test_names_are_listed_in_words(names, words):
    assert quoted(names) == words


def test_problems_come_by_file_and_line_and_those_without_a_line_as_they_were_met():
    problems = Problems()
    for place in (
        Place("b", 1, 1), Place("a", 10, 1), Place("a", 9, 7), Place("a", 9, 2),
        Place("c", path="$.z"), Place("c", path="$.a"),
    ):  # fmt: skip
        problems.add("empty-file", place, "x")

    assert [str(problem.place) for problem in problems] == [
        "a:9:2", "a:9:7", "a:10:1", "b:1:1", "c: $.z", "c: $.a",
    ]  # fmt: skip


def test_an_error_carries_every_problem_and_names_the_first_that_is_no_warning():
    problems = Problems()
    problems.add("unused", Place("a", 1, 1), "nobody reads it")
    problems.add("cycle", Place("b", 1, 1), "it rests on itself")

    with pytest.raises(RulebookError) as caught:
        problems.raise_as(RulebookError, "rules/x")

    assert str(caught.value) == ("rules/x: 2 problems; the first: b:1:1: cycle: it rests on itself")
    assert [problem.code for problem in caught.value.problems] == ["unused", "cycle"]
    assert [problem.is_warning for problem in caught.value.problems] == [True, False]


def test_a_problem_of_no_known_code_is_a_slip_of_ours():
    with pytest.raises(AssertionError, match="no such code"):
        Problems().add("no-such-code", Place("a"), "x")
