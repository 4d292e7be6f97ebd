"""Above the bound of cells the solver answers, and says so; without it nothing is called proved."""

import pytest
from hypothesis import given, settings

from oversight_engine.analysis.laws import prove
from tests import builders as b
from tests.analysis.small_books import Every, small_books

BOOK = b.rulebook(
    b.number("a", range=(0, 9)),
    b.number("b", range=(0, 9)),
    rules=[
        b.when(b.some(b.below("a", 3), b.every(b.at_least("a", 5), b.below("b", 4)))),
        b.when(b.every(b.below("b", 2), b.below("a", 1)), b.HEAVY),
    ],
)


def answers(book, **more):
    (period,) = prove(book, evaluators=("reference",), **more).periods
    return {answer.law: answer for answer in period.answers}


@settings(max_examples=12)
@given(small_books())
def test_the_solver_answers_as_every_case_does_where_no_table_may_be_made(book):
    every, found = Every(book), answers(book, bound=1)

    assert (found["better_is_never_harsher"].result == "proved") == every.keeps_law_3()
    assert (found["hiding_never_helps"].result == "proved") == every.keeps_law_4()
    assert (found["everything_can_occur"].result == "proved") == (not every.never())


def test_the_answer_says_which_method_gave_it():
    by_cells, by_solver = answers(BOOK), answers(BOOK, bound=2)

    assert by_cells["better_is_never_harsher"].method == "cells"
    assert by_solver["better_is_never_harsher"].method == "solver"
    assert {law: a.result for law, a in by_cells.items()} == {
        law: a.result for law, a in by_solver.items()
    }
    assert by_cells["better_is_never_harsher"].result == "refuted"


@pytest.mark.usefixtures("_without_z3")
def test_without_the_solver_nothing_above_the_bound_is_called_proved():
    answer = answers(BOOK, bound=2)["better_is_never_harsher"]

    assert answer.result == "undecided"
    assert "its table is larger than the bound" in answer.because
    assert "pip install 'oversight-engine[proof]'" in answer.because


@pytest.mark.parametrize("solver", [True, False])
def test_a_law_that_the_form_of_conditions_proves_needs_no_table(solver):
    book = b.rulebook(
        b.number("a"), b.number("b"),
        rules=[b.when(b.every(b.below("a", 3), b.below("b", 4)))],
    )  # fmt: skip
    found = answers(book, bound=1, solver=solver)

    assert {found[law].method for law in ("better_is_never_harsher", "hiding_never_helps")} == {
        "form"
    }
