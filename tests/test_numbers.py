"""Numbers are exact: read, scaled, rounded and written without ever losing a digit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.model.number import (
    decimal_places,
    exact,
    rounded,
    scaled,
    whole_if_possible,
    written,
)

numbers = st.one_of(st.integers(), st.fractions(), st.decimals(-(10**9), 10**9, places=4)).map(
    lambda number: whole_if_possible(Fraction(number))
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-0", 0),
        ("62.5", Fraction(125, 2)),
        ("-0.05", Fraction(-1, 20)),
        ("3.000", 3),
        ("1/3", Fraction(1, 3)),
        ("-7/2", Fraction(-7, 2)),
        ("9007199254740993", 2**53 + 1),
    ],
)
def test_a_decimal_or_a_quotient_is_read_exactly(text, number):
    assert exact(text) == number


@pytest.mark.parametrize("text", ["3", "3.0", "6/2"])
def test_a_whole_number_is_always_an_int(text):
    assert type(exact(text)) is int


@pytest.mark.parametrize(
    "text",
    ["", "x", "nan", "inf", "1e3", "+1", " 1", "1 ", "1_000", ".5", "5.", "1/0", "1/-3", "1.5/2",
     "٣", "３", "1\n", "--1"],
)  # fmt: skip
def test_anything_but_a_plain_decimal_or_quotient_is_refused(text):
    with pytest.raises(ValueError, match="is not a plain decimal"):
        exact(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-12, "-12"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-1, 20), "-0.05"),
        (Fraction(1001, 100), "10.01"),
        (Fraction(1, 8), "0.125"),
        (Fraction(3, 25), "0.12"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-5, 6), "-5/6"),
        (Fraction(4, 2), "2"),
    ],
)
def test_a_number_is_written_as_its_shortest_exact_text(number, text):
    assert written(number) == text


@given(numbers)
def test_reading_what_was_written_gives_the_same_number(number):
    again = exact(written(number))

    assert again == number
    assert type(again) is type(number)


@pytest.mark.parametrize(
    ("number", "places"),
    [(7, 0), (Fraction(1, 2), 1), (Fraction(1, 5), 1), (Fraction(1, 4), 2), (Fraction(1, 50), 2),
     (Fraction(1, 80), 4), (Fraction(1, 3), None), (Fraction(1, 14), None)],
)  # fmt: skip
def test_the_decimals_a_number_needs_are_counted(number, places):
    assert decimal_places(number) == places


@pytest.mark.parametrize(
    ("number", "decimals", "units"),
    [(7, 0, 7), (7, 2, 700), (Fraction(-5, 4), 2, -125), (0, 3, 0)],
)
def test_a_number_is_scaled_to_a_whole_number_of_its_last_place(number, decimals, units):
    assert scaled(number, decimals) == units
    assert type(scaled(number, decimals)) is int


@pytest.mark.parametrize(
    ("number", "decimals"), [(Fraction(1, 2), 0), (Fraction(5, 4), 1), (Fraction(1, 3), 9)]
)
def test_a_number_with_more_decimals_is_never_scaled(number, decimals):
    assert scaled(number, decimals) is None


# Worked by hand: each number of tenths, rounded to a whole number.
ROUNDING = [
    # tenths, half_even, half_up, down, up
    (0, 0, 0, 0, 0),
    (1, 0, 0, 0, 1),
    (4, 0, 0, 0, 1),
    (5, 0, 1, 0, 1),
    (6, 1, 1, 0, 1),
    (9, 1, 1, 0, 1),
    (10, 1, 1, 1, 1),
    (11, 1, 1, 1, 2),
    (14, 1, 1, 1, 2),
    (15, 2, 2, 1, 2),
    (16, 2, 2, 1, 2),
    (20, 2, 2, 2, 2),
    (25, 2, 3, 2, 3),
    (35, 4, 4, 3, 4),
    (-1, 0, 0, 0, -1),
    (-5, 0, -1, 0, -1),
    (-6, -1, -1, 0, -1),
    (-15, -2, -2, -1, -2),
    (-25, -2, -3, -2, -3),
    (-30, -3, -3, -3, -3),
]


@pytest.mark.parametrize(("tenths", "half_even", "half_up", "down", "up"), ROUNDING)
def test_each_mode_rounds_as_its_name_says(tenths, half_even, half_up, down, up):
    number = whole_if_possible(Fraction(tenths, 10))

    assert rounded(number, 0, "half_even") == half_even
    assert rounded(number, 0, "half_up") == half_up
    assert rounded(number, 0, "down") == down
    assert rounded(number, 0, "up") == up


def test_rounding_keeps_the_decimals_asked_for():
    assert rounded(Fraction(12345, 1000), 2, "half_even") == Fraction(1234, 100)
    assert rounded(Fraction(12345, 1000), 2, "half_up") == Fraction(1235, 100)
    assert rounded(Fraction(2, 3), 3, "down") == Fraction(666, 1000)
    assert rounded(Fraction(-2, 3), 3, "up") == Fraction(-667, 1000)
    assert rounded(Fraction(1, 3), 1, "half_even") == Fraction(3, 10)


def test_a_third_is_no_tie():
    assert rounded(Fraction(-1, 3), 0, "half_up") == 0
    assert rounded(Fraction(2, 3), 0, "half_even") == 1


def test_what_is_rounded_to_a_whole_number_is_an_int():
    assert type(rounded(Fraction(199, 100), 1, "half_even")) is int
    assert type(rounded(3, 2, "up")) is int


@given(numbers, numbers, st.integers(0, 4), st.sampled_from(["half_even", "half_up", "down", "up"]))
def test_rounding_never_swaps_two_numbers(one, other, decimals, mode):
    least, most = sorted((one, other))

    assert rounded(least, decimals, mode) <= rounded(most, decimals, mode)


@given(numbers, st.integers(0, 4))
def test_the_modes_stay_within_one_unit_of_the_last_place(number, decimals):
    unit = Fraction(1, 10**decimals)

    assert abs(rounded(number, decimals, "down")) <= abs(number)
    assert abs(rounded(number, decimals, "up")) >= abs(number)
    for mode in ("down", "up"):
        assert abs(rounded(number, decimals, mode) - number) < unit
    for mode in ("half_even", "half_up"):
        assert abs(rounded(number, decimals, mode) - number) <= unit / 2
