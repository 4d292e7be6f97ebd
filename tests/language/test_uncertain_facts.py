"""How likely a stated value is, and what of a fact can change: read, written, and left out."""

from fractions import Fraction

import pytest

from oversight_engine.language.cases import read_cases
from oversight_engine.language.writer import case_text
from oversight_engine.model.case import StatedFact
from oversight_engine.model.case_form import case_data
from oversight_engine.model.rulebook import Effort
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.model.validity import find_faults
from tests import builders as b
from tests.language.bad_files import every_construct

SHARE, LEVEL, MET = "cancer_62day_pct", "maturity_level", "met"
STATED = {
    "a range": (SHARE, {"value": "69.2", "likely": ["69", "70"]}, ["69", "70"]),
    "a shape": (
        SHARE,
        {"value": "69.2", "likely": {"from": "69", "to": "70", "shape": "uniform"}},
        {"from": "69", "to": "70", "shape": "uniform"},
    ),
    "chances of numbers": (
        SHARE,
        {"value": "69.2", "chances": {"69.20": "1/3", "70": "2/3"}},
        {"69.2": "1/3", "70": "2/3"},
    ),
    "chances of categories": (
        LEVEL,
        {"value": "maturing", "chances": {"maturing": "0.75", "thriving": "1/4"}},
        {"maturing": "0.75", "thriving": "0.25"},
    ),
    "chances of yes and no": (
        MET, {"value": True, "chances": {"yes": "0.9", "no": "0.1"}}, {"no": "0.1", "yes": "0.9"},
    ),
}  # fmt: skip


def case_with(fact, stated):
    mapping = {
        "format": "oversight-case/1",
        "system": {"code": "QE1", "name": "Lancashire"},
        "as_of": "2025-06-30",
        "facts": {fact: stated},
    }
    [case] = read_cases(mapping, every_construct())
    return case


@pytest.mark.parametrize("name", STATED)
def test_what_a_case_says_of_how_likely_a_value_is_is_read_and_written(name, tmp_path):
    fact, stated, plain = STATED[name]
    case = case_with(fact, stated)
    path = tmp_path / "case.yaml"
    path.write_text(case_text(case, every_construct()), encoding="utf-8")

    data = case_data(case)["facts"][fact]
    assert data.get("likely", data.get("chances")) == plain
    assert read_cases(path, every_construct()) == (case,)


def test_chances_are_exact_and_their_order_makes_no_difference():
    one = case_with(MET, {"value": True, "chances": {"yes": "2/3", "no": "1/3"}})
    other = case_with(MET, {"value": True, "chances": {"no": "1/3", "yes": "2/3"}})

    assert dict(one.facts[MET].chances) == {True: Fraction(2, 3), False: Fraction(1, 3)}
    assert one.digest == other.digest
    assert one.digest != case_with(MET, {"value": True}).digest


def test_a_shape_makes_another_case_of_it():
    plain, shaped = (case_with(*STATED[name][:2]) for name in ("a range", "a shape"))

    assert plain.digest != shaped.digest


@pytest.mark.parametrize(
    ("chances", "fault"),
    [
        (((True, Fraction(1, 2)),), "met: its chances do not add up to 1"),
        (((True, 0.5), (False, 0.5)), "met: among its chances one is no exact number above 0"),
        (((True, 2), (False, -1)), "met: among its chances one is no exact number above 0"),
        ((("maybe", 1),), "met: among its chances a boolean is wanted"),
    ],
)
def test_chances_that_no_reader_saw_are_checked_before_a_decision(chances, fault):
    book = b.rulebook(b.boolean("met"))
    case = b.case_of(met=StatedFact(True, chances=chances))

    assert find_faults(book, case, b.DAY) == [fault]


def test_a_rulebook_says_what_can_change_with_what_and_at_what_cost():
    book = every_construct()

    assert not book.fact("status").changeable
    assert book.fact("cancer_change_pp").moves_with == (SHARE,)
    assert book.fact("people_waiting").effort == Effort(2, Fraction(1, 2))
    assert book.fact("last_review").effort == Effort(Fraction(5, 4))


def test_what_says_nothing_is_no_part_of_the_canonical_form():
    [data] = rulebook_data(b.rulebook(b.number("share")))["facts"]
    [other] = rulebook_data(b.rulebook(b.number("share", changeable=False)))["facts"]

    assert data.keys() == {"id", "title", "type", "better", "decimals"}
    assert other == data | {"changeable": False}
