"""Published scores by rank say how many were ranked; values that tie may not have tied before."""

from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.analysis.ranks import Scale, is_from, smallest_cohort
from oversight_engine.model.number import rounded
from oversight_engine.model.published import half_unit

PLAIN = Scale(1, 1, 4, None, None, half_unit(2))
LOWER = evolve(PLAIN, sign=-1)
WITH_STANDARD = Scale(-1, 2, 4, (30, 1), None, half_unit(2))
WITH_FLOOR = Scale(1, 1, 3, None, (70, 4), half_unit(2))


def two_decimals(number):
    return rounded(number, 2, "half_up")


def test_the_best_and_the_worst_have_the_ends_of_the_scale_and_others_lie_evenly_between():
    assert [PLAIN.at(place, 4) for place in range(4)] == [1, 2, 3, 4]
    assert PLAIN.at(0, 1) == 1
    values = [9, 7, 5, 3]
    for scale, in_order in ((PLAIN, values), (LOWER, values[::-1])):
        for value, score in zip(in_order, (1, 2, 3, 4), strict=True):
            assert is_from(scale, (value, score), values)
            assert not is_from(scale, (value, score + 1), values)


def test_a_score_may_be_off_by_half_of_its_last_decimal_and_no_more():
    values = list(range(8))  # steps of 3/7: 1.428571…
    assert is_from(PLAIN, (6, Fraction("1.43")), values)
    assert is_from(PLAIN, (6, Fraction(10, 7) + half_unit(2)), values)
    assert not is_from(PLAIN, (6, Fraction("1.42")), values)
    assert not is_from(PLAIN, (6, Fraction(10, 7) + half_unit(2) * 2), values)


def test_whoever_reaches_the_standard_or_falls_short_of_the_floor_has_its_score_and_no_other():
    assert is_from(WITH_STANDARD, (30, 1), [30, 31, 40])
    assert not is_from(WITH_STANDARD, (30, 2), [30, 31, 40])
    assert is_from(WITH_STANDARD, (31, 2), [30, 31, 40])
    assert is_from(WITH_STANDARD, (40, 4), [30, 31, 40])
    assert is_from(WITH_FLOOR, (Fraction("69.99"), 4), [69, 70, 80])
    assert is_from(WITH_FLOOR, (70, 3), [69, 70, 80])
    assert is_from(WITH_FLOOR, (80, 1), [69, 70, 80])


def test_a_value_that_ties_can_have_the_score_of_any_place_of_the_tie_and_of_no_other():
    values = [5, 4, 4, 4, 3]

    assert [
        score for score in (1, Fraction("1.75"), Fraction("2.5"), Fraction("3.25"), 4)
        if is_from(PLAIN, (4, score), values)
    ] == [Fraction("1.75"), Fraction("2.5"), Fraction("3.25")]  # fmt: skip


def test_scores_spread_finer_than_those_at_hand_allow_come_from_a_larger_cohort():
    # Places 0, 1 and 4 of five.
    assert smallest_cohort(PLAIN, [(9, 1), (8, Fraction("1.75")), (2, 4)]) == 5
    assert smallest_cohort(PLAIN, [(9, 1), (8, Fraction("2.5")), (2, 4)]) == 3


def test_those_who_tie_use_up_as_many_places_as_they_are():
    # The next is in the fourth place, at the sixth part of the scale: 3/18.
    cells = [(9, 1), (9, 1), (9, 1), (5, Fraction("1.5"))]

    assert smallest_cohort(PLAIN, cells) == 19


def test_what_has_a_score_of_its_own_is_not_counted_among_the_ranked():
    cells = [(20, 1), (31, 2), (35, 3), (40, 4)]

    assert smallest_cohort(WITH_STANDARD, cells) == 3
    assert smallest_cohort(WITH_STANDARD, [(20, 2), *cells[1:]]) is None


def test_a_better_value_with_a_worse_score_is_from_no_cohort():
    assert smallest_cohort(PLAIN, [(9, 4), (2, 1)]) is None
    assert smallest_cohort(WITH_STANDARD, [(40, Fraction("1.5"))]) is None


def test_a_cohort_so_large_that_its_places_cannot_be_told_apart_explains_nothing():
    assert smallest_cohort(PLAIN, [(9, 2), (2, 2)]) is None
    assert smallest_cohort(PLAIN, [(9, 2), (2, Fraction("2.01"))]) is not None


@pytest.mark.parametrize("scale", [PLAIN, LOWER, WITH_STANDARD, WITH_FLOOR])
@given(data=st.data())
def test_scores_of_some_are_found_to_be_from_a_cohort_no_larger_than_their_own(scale, data):
    values = data.draw(
        st.lists(st.integers(0, 120), min_size=2, max_size=60), label="values of all"
    )
    scored = []
    for value in values:
        score = scale.fixed(value)
        if score is None:
            ranked = [each for each in values if scale.fixed(each) is None]
            ahead = sum(1 for each in ranked if scale.sign * each > scale.sign * value)
            score = scale.at(ahead, len(ranked))
        scored.append((value, two_decimals(score)))

    assert all(is_from(scale, each, values) for each in scored)
    some = data.draw(
        st.lists(st.sampled_from(range(len(values))), unique=True), label="who is here"
    )
    ranked = sum(1 for value in values if scale.fixed(value) is None)
    found = smallest_cohort(scale, [scored[place] for place in some])
    assert found is not None
    assert found <= max(ranked, 1)
    assert smallest_cohort(scale, scored) is not None
