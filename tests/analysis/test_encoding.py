"""What is said to z3 of a program is what the reference evaluator makes of each case."""

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.analysis.encoded_program import encode
from oversight_engine.analysis.encoding import Encoding
from oversight_engine.analysis.solver import load_z3
from oversight_engine.cohort import compute_cohort
from oversight_engine.combining import combine
from oversight_engine.compiler import compile_program
from oversight_engine.errors import EvaluatorLimitError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import rounded
from oversight_engine.model.rulebook import LocalPriorityFacts
from oversight_engine.model.truth import FALSE, TRUE
from oversight_engine.resources import shipped
from tests import builders as b
from tests import leagues
from tests.analysis.small import all_cases, small_rulebooks
from tests.laws.relations import A_TENTH
from tests.strategies import DAYS, ROUNDINGS, known_facts, known_of, rulebooks

CASES = [*all_cases()]


class Sample:
    """A program as z3 knows it, of which single cases are asked."""

    def __init__(self, in_force, day):
        self.in_force, self.day = in_force, day
        self.encoding = Encoding(load_z3(), (in_force.rulebook,), day, 60)
        program = compile_program(in_force)
        self.facts = self.encoding.facts([program])
        self.world = encode(self.encoding, program, self.facts)

    def asserted(self, known):
        encoding = self.encoding
        for fact_id, reading in self.facts.items():
            if fact_id not in known:
                yield encoding.negation(reading.known)
            else:
                yield reading.known
                yield reading.value == encoding.number_of(fact_id, known[fact_id])

    def check(self, known):
        """Hold every truth and the outcome to the reference: z3 finds these, and no others."""
        encoding = self.encoding
        trace = semantics.evaluate(self.in_force, known, self.day)
        verdict = combine(self.in_force, trace.rules)
        labels = dict(
            zip([o.id for o in self.in_force.rulebook.outcomes], self.world.decided, strict=True)
        )
        labels[None] = self.world.referred
        expected = [labels.pop(verdict.outcome), *map(encoding.negation, labels.values())]
        for rule_id, truth in trace.rules.items():
            said = self.world.rules[rule_id]
            expected.append(said.true if truth is TRUE else encoding.negation(said.true))
            expected.append(said.false if truth is FALSE else encoding.negation(said.false))
        case = [*self.asserted(known)]
        found = encoding.ask(*case, *expected)
        assert found.model is not None, found.because
        assert encoding.ask(*case, encoding.negation(encoding.all_of(expected))).is_impossible
        declared = {fact_id: value for fact_id, value in known.items() if fact_id in self.facts}
        assert encoding.values_of(found, self.facts) == declared


@A_TENTH
@given(st.data(), rulebooks(), st.sampled_from(DAYS))
def test_every_truth_and_the_outcome_are_those_of_the_reference_for_random_cases(data, book, day):
    sample = Sample(find_in_force(book, day), day)
    for _ in range(4):
        sample.check(data.draw(known_facts(book, day)))


@given(st.data(), small_rulebooks())
def test_every_truth_and_the_outcome_are_those_of_the_reference_where_much_is_unknown(data, book):
    sample = Sample(find_in_force(book, b.DAY), b.DAY)
    for known in data.draw(st.lists(st.sampled_from(CASES), min_size=3, max_size=3)):
        sample.check(known)


@A_TENTH
@given(st.data(), leagues.leagues())
def test_scores_by_rank_are_looked_up_as_the_reference_does(data, book):
    book = leagues.of_all(book)
    members = data.draw(leagues.cohorts(book, least=2))
    cohort = compute_cohort(book, members, b.DAY)
    sample = Sample(find_in_force(book, b.DAY, cohort), b.DAY)
    for case in [*members, data.draw(leagues.cases(book))]:
        sample.check(known_of(book, case))


STORIES = shipped("cases") / "illustrative"


def test_shipped_stories_are_decided_as_the_reference_decides_them():
    book = load_rulebook(shipped("rules") / "hewitt-2023")
    samples = {}
    for case in read_cases(STORIES, book)[::6]:
        day = case.as_of
        sample = samples.setdefault(day, Sample(find_in_force(book, day), day))
        sample.check(known_of(book, case))
    assert samples


ENCODING = Encoding(load_z3(), (b.rulebook(),), b.DAY, 60)


@pytest.mark.parametrize("is_fraction", [False, True])
@given(st.integers(-(10**4), 10**4), st.integers(1, 60), st.integers(0, 2), ROUNDINGS)
def test_numbers_are_rounded_as_the_reference_rounds_them(
    is_fraction, number, divisor, decimals, mode
):
    given_ = ENCODING.whole(number)
    if is_fraction:
        given_ = ENCODING.over(given_ * 3, 3)
    found = ENCODING.rounded(given_, divisor, decimals, mode)
    expected = rounded(Fraction(number, divisor), decimals, mode) * 10**decimals

    assert ENCODING.ask(found != int(expected)).is_impossible


def test_ties_and_negative_numbers_are_among_those_that_are_rounded():
    for mode in ("half_even", "half_up", "down", "up"):
        for halves in range(-7, 8):
            expected = rounded(Fraction(halves, 2), 0, mode)
            found = ENCODING.rounded(ENCODING.whole(halves), 2, 0, mode)
            assert ENCODING.ask(found != int(expected)).is_impossible


def test_a_mean_of_too_many_weights_is_refused_and_not_guessed():
    facts = [b.number(f"n{place}") for place in range(13)]
    weights = [2**place for place in range(13)]
    mean = b.mean_known(*(fact.id for fact in facts), weights=weights)
    book = b.rulebook(*facts, rules=[b.when(b.below(mean, 5))])

    with pytest.raises(EvaluatorLimitError, match="not encoded: a mean whose weights"):
        Sample(find_in_force(book, b.DAY), b.DAY)


LISTED = LocalPriorityFacts("agreed", "on_track", "off_track", "not_known")


def local_facts():
    return [b.number(fact_id, range=(0, 50)) for fact_id in attrs.astuple(LISTED)]


@pytest.mark.parametrize(
    ("numbers", "is_realisable"),
    [
        ((3, 1, 1, 1), True),
        ((3, 3, 0, 0), True),
        ((3, 1, 1, 0), False),
        ((0, 0, 0, 0), False),
        ((3, 1, 2, None), False),
        ((None, None, None, None), True),
    ],
)
def test_the_numbers_of_local_priorities_are_those_of_a_list(numbers, is_realisable):
    rule = b.when(b.below(b.times(10, "on_track"), b.times(7, "agreed")))
    book = b.rulebook(*local_facts(), rules=[rule], local_priorities=LISTED)
    sample = Sample(find_in_force(book, b.DAY), b.DAY)
    stated = zip(attrs.astuple(LISTED), numbers, strict=True)
    known = {fact_id: number for fact_id, number in stated if number is not None}
    conditions = [*sample.asserted(known), sample.encoding.realisable(sample.facts)]

    assert (sample.encoding.ask(*conditions).model is not None) == is_realisable


def test_no_value_beyond_its_range_is_ever_found():
    book = b.rulebook(b.number("a", decimals=1, range=(0, Fraction(5, 2))), rules=[
        b.when(b.at_least("a", 2)),
    ])  # fmt: skip
    sample = Sample(find_in_force(book, b.DAY), b.DAY)
    value = sample.facts["a"].value

    assert sample.encoding.ask(value > 25).is_impossible
    assert sample.encoding.ask(value < 0).is_impossible
    assert sample.encoding.values_of(sample.encoding.ask(value == 25), sample.facts) in (
        {"a": Fraction(5, 2)},
        {},
    )
