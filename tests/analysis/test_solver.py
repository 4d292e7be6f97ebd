"""What z3 says of the laws is what deciding every case says, and what it names is decided again."""

import attrs
import pytest
from hypothesis import given

from oversight_engine.analysis import solver
from oversight_engine.analysis.examples import example_code
from oversight_engine.analysis.relations import breaks, is_harsher, is_helped
from oversight_engine.analysis.solver import refute
from oversight_engine.engine import decide
from oversight_engine.errors import EvaluatorUnavailableError
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import change_days, find_in_force
from oversight_engine.model.rulebook import Identifier
from oversight_engine.model.truth import TRUE
from oversight_engine.resources import shipped
from tests import builders as b
from tests.analysis.small import (
    all_outcomes,
    better_steps,
    hidden_steps,
    key_of,
    small_rulebooks,
)
from tests.claiming import claiming_rulebooks
from tests.laws import relations
from tests.laws.relations import A_TENTH

BETTER, HIDING, OCCUR = "better_is_never_harsher", "hiding_never_helps", "everything_can_occur"
STEPS = {BETTER: better_steps, HIDING: hidden_steps}
FAST = ("reference",)


def opinion_of(book, law, day=b.DAY, **more):
    more = {"evaluators": FAST, **more}
    return refute(law, find_in_force(book, day), day, **more)


@pytest.mark.parametrize("law", [BETTER, HIDING])
@given(book=small_rulebooks())
def test_a_law_is_proved_just_where_no_step_of_any_case_breaks_it(law, book):
    outcomes = all_outcomes(book)
    is_broken = any(
        breaks(law, book, outcomes[key_of(one)][0], outcomes[key_of(other)][0])
        for one, other in STEPS[law]()
    )

    opinion = opinion_of(book, law)

    assert opinion.answer == ("refuted" if is_broken else "proved")
    if is_broken:
        before, after = (decide(book, c, evaluators=FAST) for c in (opinion.before, opinion.after))
        assert breaks(law, book, before.outcome, after.outcome)
        differing = {
            fact_id
            for fact_id in {*opinion.before.facts, *opinion.after.facts}
            if opinion.before.facts.get(fact_id) != opinion.after.facts.get(fact_id)
        }
        assert differing == {opinion.fact}


@given(small_rulebooks())
def test_what_can_occur_is_what_some_case_comes_to(book):
    outcomes = all_outcomes(book).values()
    occurring = {("outcome", outcome) for outcome, _ in outcomes if outcome is not None}
    occurring |= {("rule", i) for _, truths in outcomes for i, t in truths.items() if t is TRUE}
    every = {("outcome", o.id) for o in book.outcomes} | {("rule", r.id) for r in book.rules}

    opinion = opinion_of(book, OCCUR)

    assert set(opinion.never) == every - occurring
    assert set(opinion.occurs) == every & occurring
    assert opinion.answer == ("refuted" if every - occurring else "proved")


@A_TENTH
@given(claiming_rulebooks())
def test_what_rulebooks_claim_by_the_way_they_are_made_is_proved(book):
    for day in change_days(book)[:2]:
        assert opinion_of(book, BETTER, day).answer == "proved"
        assert opinion_of(book, HIDING, day).answer == "proved"


HEWITT = load_rulebook(shipped("rules") / "hewitt-2023")


def test_both_evaluators_decide_the_case_that_breaks_a_law_and_it_states_no_more_than_it_must():
    book = b.rulebook(
        b.number("a", range=(0, 9)), b.number("idle", range=(0, 9)),
        rules=[
            b.when(b.at_least("a", 5)),
            b.when(b.below("idle", 0), b.HEAVY, rule_id="idle", if_unknown="ignore"),
        ],
    )  # fmt: skip

    opinion = opinion_of(book, BETTER, evaluators=("reference", "durable"))

    assert (opinion.answer, opinion.fact) == ("refuted", "a")
    assert set(opinion.before.facts) == {"a"}
    assert opinion.before.facts["a"].value < 5 <= opinion.after.facts["a"].value


def test_the_cases_have_the_code_that_a_rulebook_wants_and_accepted_statuses_and_fresh_values():
    facts = [b.number("a", range=(0, 9), max_age=5, accepts=("provisional",))]
    identifier = Identifier("letters", "A-C7", 2, 4)
    book = b.rulebook(*facts, rules=[b.when(b.at_least("a", 5))], identifier=identifier)

    opinion = opinion_of(book, BETTER)

    assert opinion.answer == "refuted"
    assert opinion.before.system.code == "AA"
    assert [example_code(identifier, n) for n in (0, 1, 3, 4, 16)] == [
        "AA",
        "AB",
        "A7",
        "BA",
        "BAA",
    ]


class TestWhatIsNoProof:
    def test_z3_giving_up_is_undecided_and_says_so(self):
        opinion = opinion_of(HEWITT, BETTER, HEWITT.span.start, seconds=0.001)

        assert opinion.answer == "undecided"
        assert "z3 gave up" in opinion.because

    def test_what_is_not_encoded_is_undecided_and_says_so(self):
        facts = [b.number(f"n{place}") for place in range(13)]
        mean = b.mean_known(*(f.id for f in facts), weights=[2**p for p in range(13)])
        book = b.rulebook(*facts, rules=[b.when(b.below(mean, 5))])

        opinion = opinion_of(book, BETTER)

        assert opinion.answer == "undecided"
        assert opinion.because.startswith("not encoded: ")

    @pytest.mark.usefixtures("_without_z3")
    def test_without_z3_it_is_said_what_to_install(self):
        with pytest.raises(
            EvaluatorUnavailableError, match=r"pip install 'oversight-engine\[proof\]'"
        ):
            solver.load_z3()


def test_what_breaks_a_law_is_said_as_the_tests_of_the_laws_say_it():
    book = b.rulebook(outcomes=("o0", "o1", "o2", "o3"))
    labels = [None, "o0", "o1", "o2", "o3"]
    plain = b.decided(book)

    def decision(outcome):
        return attrs.evolve(plain, outcome=outcome)

    for one in labels:
        for other in labels:
            before, after = decision(one), decision(other)
            assert is_harsher(book, one, other) != relations.is_never_harsher(book, before, after)
            assert is_helped(book, one, other) != relations.is_never_helped(book, before, after)
            for third in labels:
                for is_broken in (is_harsher, is_helped):
                    if is_broken(book, one, third):  # so a chain of steps has a broken link
                        assert is_broken(book, one, other) or is_broken(book, other, third)
