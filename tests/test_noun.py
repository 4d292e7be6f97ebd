"""Values are equal by their parts, and show them, just as attrs would have it."""

import attrs
import pytest

from oversight_engine.model import case, cohort, decision, expression, in_force, rulebook, together
from oversight_engine.model.expression import And, Formula, Holds, Name, Number, Or, Sum
from oversight_engine.model.noun import Noun

MODULES = (case, cohort, decision, expression, in_force, rulebook, together)
ENOUGH = Name("enough", "finding")


@attrs.frozen
class LikeHolds:
    """What `Holds` would be if attrs wrote its methods."""

    name: Name
    text: str = attrs.field(eq=False)


def test_what_is_equal_in_every_part_is_equal_and_hashes_alike():
    one, other = Sum(Number(1), ENOUGH), Sum(Number(1), Name("enough", "finding"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Sum(Number(1), ENOUGH, minus=True)


def test_a_part_that_is_left_aside_makes_no_difference_to_equality_but_is_shown():
    one, other = Holds(ENOUGH, "enough"), Holds(ENOUGH, "as it was written")
    assert one == other
    assert hash(one) == hash(other)
    assert "as it was written" in repr(other)


def test_two_kinds_with_equal_parts_differ():
    assert And((Number(1),)) != Or((Number(1),))
    assert Formula("1", Number(1)) != "1"


def test_a_value_is_shown_as_attrs_shows_it():
    shown = repr(Holds(ENOUGH, "enough"))
    assert shown == repr(LikeHolds(ENOUGH, "enough")).replace("LikeHolds", "Holds")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_class_of_the_model_is_a_frozen_noun_without_methods_written_for_it(module):
    classes = [kind for kind in vars(module).values() if isinstance(kind, type) and attrs.has(kind)]
    assert classes
    for kind in classes:
        assert issubclass(kind, Noun)
        assert not {"__eq__", "__hash__", "__repr__", "__dict__"} & vars(kind).keys()
