"""For fixed cohort values the laws hold as for any rulebook; across cohorts they need not."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.cohort import compute_cohort
from oversight_engine.compiler import compile_program
from oversight_engine.engine import EVALUATORS, Engine, decide
from oversight_engine.errors import CohortNeededError
from oversight_engine.language.rulebooks import rulebook_from_data
from oversight_engine.language.writer import rulebook_texts
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.model.together import Ranked
from oversight_engine.program import FormulaTerm
from tests import builders as b
from tests import leagues
from tests.claiming import better_cases
from tests.laws.relations import A_TENTH, is_never_harsher, is_one_outcome_or_a_referral


@st.composite
def judged(draw):
    """Draw a rulebook, the cases of a cohort of it, and the values they give."""
    book = draw(leagues.leagues())
    cases = draw(leagues.cohorts(book))
    try:
        return book, cases, compute_cohort(book, cases, b.DAY)
    except CohortNeededError:
        book = leagues.of_all(book)
        return book, cases, compute_cohort(book, cases, b.DAY)


def reference(book, case, values):
    return decide(book, case, cohort=values, evaluators=("reference",))


@given(st.data(), judged())
def test_law_1_a_case_judged_among_others_has_one_outcome_or_is_referred(data, league):
    book, _, values = league
    case = data.draw(leagues.cases(book))

    assert is_one_outcome_or_a_referral(book, reference(book, case, values))


@given(st.data(), judged())
def test_law_2_the_order_of_cases_findings_and_parameters_is_irrelevant(data, league):
    book, cases, values = league
    other = attrs.evolve(
        book,
        parameters=tuple(data.draw(st.permutations(book.parameters))),
        rules=tuple(data.draw(st.permutations(book.rules))),
    )
    again = compute_cohort(other, data.draw(st.permutations(cases)), b.DAY)
    case = data.draw(st.sampled_from(cases))

    assert other.digest == book.digest
    assert again == values
    assert decision_bytes(reference(other, case, again)) == decision_bytes(
        reference(book, case, values)
    )


@given(st.data(), judged())
def test_law_3_with_the_cohort_held_fixed_a_better_fact_never_brings_a_harsher_decision(
    data, league
):
    book, _, values = league
    case = data.draw(leagues.cases(book))
    better = data.draw(better_cases(book, case))

    before, after = (reference(book, each, values) for each in (case, better))

    assert is_never_harsher(book, before, after)


def test_across_cohorts_a_better_fact_of_one_member_can_bring_a_harsher_decision_for_another():
    ranking = Ranked("higher", leagues.constant(1), leagues.constant(3))
    book = b.rulebook(
        b.number("a"),
        findings=[leagues.ranked("score", "a", ranking)],
        rules=[b.when(b.at_least(b.finding("score"), 2))],
        cohort=leagues.cohort_of(),
    )
    [mine, *others] = (b.case_of(code=code, a=a) for code, a in (("QA", 5), ("QB", 4), ("QC", 3)))

    def decided(cases):
        return reference(book, mine, compute_cohort(book, cases, b.DAY)).outcome

    assert decided([mine, *others]) == b.LIGHT
    assert decided([mine, b.case_of(code="QB", a=6), others[1]]) == b.MIDDLE


@A_TENTH
@given(st.data(), judged())
def test_both_evaluators_agree_on_scores_by_rank_and_parameters_of_a_cohort(data, league):
    book, cases, values = league
    stranger = data.draw(leagues.cases(book))

    with Engine(book, cohort=values, evaluators=EVALUATORS) as engine:
        for case in (*cases, stranger):
            decision = engine.decide(case)  # raises where they differ
            assert decision.attestation.evaluators == EVALUATORS


@given(judged())
def test_a_score_by_rank_reaches_the_second_evaluator_as_a_whole_number(league):
    book, _, values = league
    program = compile_program(find_in_force(book, b.DAY, values))

    for term in program.terms:
        if isinstance(term, FormulaTerm) and term.steps is not None:
            assert all((score * term.scale).denominator == 1 for score in term.steps.scores)


def as_read(book):
    """Return *book* as a reader makes it: the documents a file cites are there."""
    return rulebook_from_data(rulebook_data(book))


@given(leagues.leagues())
def test_a_rulebook_with_a_cohort_is_read_from_its_canonical_form(book):
    found = as_read(book)

    assert found.digest == book.digest
    assert rulebook_texts(found) == rulebook_texts(book)
    assert found.cohort == book.cohort
    assert {p.id: p.cohort for p in found.parameters} == {p.id: p.cohort for p in book.parameters}
    assert {f.id: f.ranked for f in found.findings} == {f.id: f.ranked for f in book.findings}


@given(st.data(), judged())
def test_a_rulebook_read_back_takes_the_same_from_a_cohort_and_decides_the_same(data, league):
    book, cases, values = league
    found = as_read(book)
    case = data.draw(leagues.cases(book))

    again = compute_cohort(found, cases, b.DAY)

    assert again == values
    assert decision_bytes(reference(found, case, again)) == decision_bytes(
        reference(book, case, values)
    )
