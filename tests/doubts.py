"""What decides nothing: how facts can move, and how uncertain they are, for what could be."""

from fractions import Fraction

import attrs
from hypothesis import strategies as st

from oversight_engine.model.rulebook import Effort


@st.composite
def moving(draw, fact, facts):
    """Draw *fact*, one of *facts*, with what it says of whether and how it can change."""
    partners = [
        other.id for other in facts
        if fact.type == other.type == "number" and fact.id != other.id
        and fact.decimals == other.decimals
    ]  # fmt: skip
    has_units = fact.type == "number" or fact.ordered
    costs = [1, Fraction(1, 2), Fraction(2469, 200)]
    efforts = [None, None, *(Effort(per_change=cost) for cost in costs)]
    if has_units:
        efforts += [Effort(per_change=1, per_unit=cost) for cost in costs] + [Effort(per_unit=30)]
    return attrs.evolve(
        fact,
        changeable=draw(st.sampled_from([True, True, False])),
        moves_with=(draw(st.sampled_from(partners)),) if partners and draw(st.booleans()) else (),
        effort=draw(st.sampled_from(efforts)),
    )


@st.composite
def doubtful(draw, fact, stated, values):
    """Draw *stated* with what it says of its uncertainty, *values* being others it might have."""
    how = draw(st.sampled_from(["", "", "", "chances", "range", "uniform"]))
    if stated.value is None or not how:
        return stated
    other = draw(values)
    if other == stated.value:
        return stated
    if how == "chances":
        chance = draw(st.sampled_from([Fraction(1, 4), Fraction(1, 3), Fraction(7, 8)]))
        pairs = ((stated.value, chance), (other, 1 - chance))
        # In the order in which a reader holds them.
        return attrs.evolve(stated, chances=tuple(sorted(pairs, key=lambda pair: str(pair[0]))))
    if fact.type != "number":
        return stated
    ends = tuple(sorted((stated.value, other)))
    return attrs.evolve(stated, likely=ends, shape="uniform" if how == "uniform" else "")
