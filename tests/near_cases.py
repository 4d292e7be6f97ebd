"""Cases of any rulebook that come close to its lines: at a threshold, and one last place beside it.

Two ways lead there. Every number that a rulebook compares with is a candidate for every fact in
the same condition; and a drawn case is *aimed*: one fact is moved to where the two sides of one
comparison meet, however many findings lie between.
"""

import datetime
from fractions import Fraction
from math import floor

from attrs import frozen
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.model.case import StatedFact
from oversight_engine.model.expression import Comparison, Membership, Number, names_in_leaf
from oversight_engine.model.in_force import (
    InForce,
    find_in_force,
    names_in_finding,
    statements_of,
)
from oversight_engine.model.number import whole_if_possible
from tests import builders as b


@frozen
class Lines:
    """Where the lines of a rulebook lie on one day.

    Attributes:
        choices: some values of each fact, by its id, from the worst to the best if one is better.
        targets: places of the comparisons to aim at, each with the number facts that move it.
    """

    in_force: InForce
    choices: dict[str, tuple]
    targets: tuple


def find_lines(book, day, cohort=None):
    """Return where the lines of *book* lie on *day*, given what it takes from a *cohort*."""
    in_force = find_in_force(book, day, cohort)
    numbers = {fact.id: set() for fact in book.facts}
    for owner in (*book.findings, *book.rules, *book.consequences):
        for statement in statements_of(owner):
            for leaf in statement.leaves:
                for name in facts_behind(book, names_in_leaf(leaf)):
                    numbers[name] |= set(_numbers_in(book, leaf))
    choices = {fact.id: tuple(_choices(fact, numbers[fact.id], day)) for fact in book.facts}
    targets = tuple(
        (place, facts)
        for place, leaf in enumerate(in_force.leaves)
        if isinstance(leaf, Comparison)
        if (
            facts := [
                f for f in facts_behind(book, names_in_leaf(leaf)) if book.fact(f).type == "number"
            ]
        )
    )
    return Lines(in_force, choices, targets)


def facts_behind(book, names):
    """Return the ids of the facts that *names* lead to, through findings too, in order."""
    names, found = list(names), []
    while names:
        name = names.pop(0)
        if name.referent == "finding":
            names += names_in_finding(book.finding(name.id))
        elif name.referent == "fact" and name.id not in found:
            found.append(name.id)
    return found


def _numbers_in(book, leaf):
    if isinstance(leaf, Membership):
        yield from (value for value in leaf.values if not isinstance(value, str))
    for name in names_in_leaf(leaf):
        if name.referent == "parameter":
            yield from (dated.value for dated in book.parameter(name.id).values)
    sides = [leaf.left, leaf.right] if isinstance(leaf, Comparison) else []
    while sides:
        side = sides.pop()
        if isinstance(side, Number):
            yield side.value
        sides += [getattr(side, n) for n in ("left", "right", "factor", "operand", "divisor")
                  if hasattr(side, n)]  # fmt: skip


def _choices(fact, numbers, day):
    """Yield values of *fact*, from the worst to the best."""
    if fact.type == "boolean":
        found = [False, True]
    elif fact.type == "category":
        found = [*fact.values, *fact.outside_order]
    elif fact.type == "date":
        ages = {abs(floor(n)) + step for n in {*numbers, 0, 365} for step in (-1, 0, 1)}
        found = sorted(day - datetime.timedelta(days=age) for age in ages if age < 20_000)
    else:
        found = sorted({*_values(fact, numbers)})
    ordered = [value for value in found if value not in fact.outside_order]
    yield from reversed(ordered) if fact.better == "lower" else ordered
    yield from fact.outside_order


def _values(fact, numbers):
    """Yield, for every number and its opposite, the value there and one last place either side."""
    unit = Fraction(1, 10**fact.decimals)
    ends = [end for end in fact.range if end is not None]
    middle = sum(ends) / 2 if len(ends) == 2 else 0
    for number in {0, 1, middle, *ends, *numbers, *(-n for n in numbers)}:
        for step in (-1, 0, 1, 2):
            value = (floor(number / unit) + step) * unit
            if _within(fact, value):
                yield whole_if_possible(value)


def _within(fact, value):
    least, most = fact.range
    return (least is None or least <= value) and (most is None or value <= most)


# Cases


@st.composite
def cases_near(draw, book, lines, day, bases=()):
    """Draw a case for *day*: the best there could be, or one of *bases*, with some facts moved.

    A moved fact is absent, or on one of its lines. Drawn fact by fact, nearly every case would
    meet some rule of the harshest outcome, and the lines of the others would never matter.
    """
    base = draw(st.sampled_from((None, *bases)))
    if base is None:
        base = best_case(book, lines, day, lambda choices: draw(st.sampled_from(choices)))
    stated = dict(base.facts)
    for place in draw(st.lists(st.integers(0, len(book.facts) - 1), max_size=12)):
        fact = book.facts[place]
        value = draw(st.sampled_from((None, *lines.choices[fact.id])))
        stated[fact.id] = StatedFact(value, as_at=b.days_before(1, day))
        if value is None:
            del stated[fact.id]
    case = b.with_facts(b.case_of(as_of=day), stated)
    for _ in range(draw(st.integers(0, 2)) if lines.targets else 0):
        place, facts = draw(st.sampled_from(lines.targets))
        case = aimed(book, lines, case, place, draw(st.sampled_from(facts)), draw(st.booleans()))
    return case


def best_case(book, lines, day, choose):
    """Return the case with every fact at its best; *choose* one where none is better."""
    stated = {}
    for fact in book.facts:
        choices = lines.choices[fact.id]
        in_order = [choice for choice in choices if choice not in fact.outside_order]
        value = choose(choices) if fact.better == "neither" else in_order[-1]
        stated[fact.id] = StatedFact(value, as_at=b.days_before(1, day))
    return b.with_facts(b.case_of(as_of=day), stated)


def aimed(book, lines, case, place, fact_id, upwards):
    """Return *case* with that fact moved to where the sides of the leaf at *place* meet, if any."""
    fact, stated = book.fact(fact_id), case.facts.get(fact_id)
    if stated is None:
        return case
    unit = Fraction(1, 10**fact.decimals)
    start, value = _gap(lines, case, place), stated.value
    end = _gap(lines, with_value(case, fact_id, value + unit), place)
    if start is None or end is None or start == end:
        return case
    meeting = value - start * unit / (end - start)
    value = (floor(meeting / unit) + (upwards and (meeting / unit).denominator != 1)) * unit
    return with_value(case, fact_id, whole_if_possible(value)) if _within(fact, value) else case


def _gap(lines, case, place):
    """Return by how much the left side of a comparison is above its right, if both are known."""
    known = {name: stated.value for name, stated in case.facts.items() if stated.value is not None}
    left, right = semantics.evaluate(lines.in_force, known, case.as_of).operands[place]
    return None if left is None or right is None else Fraction(left) - right


def with_value(case, fact_id, value):
    stated = case.facts[fact_id]
    return b.with_facts(case, {**case.facts, fact_id: b.restated(stated, value, likely=None)})


@st.composite
def better_near(draw, book, lines, case):
    """Draw *case* with some of its facts made better, as they declare what better is."""
    movable = [
        (fact, better)
        for fact in book.facts
        if fact.id in case.facts
        if (better := as_good(fact, case.facts[fact.id].value, lines.choices[fact.id]))
    ]
    for place in draw(st.sets(st.integers(0, len(movable) - 1), max_size=6)) if movable else ():
        fact, better = movable[place]
        case = with_value(case, fact.id, draw(st.sampled_from(better)))
    return case


def as_good(fact, value, choices):
    """Return those of the *choices* that are better than *value*."""
    if fact.better == "neither" or value is None or value in fact.outside_order:
        return ()
    if fact.type == "category":
        place = fact.values.index(value)
        return fact.values[place + 1 :] if fact.better == "higher" else fact.values[:place][::-1]
    ordered = [choice for choice in choices if choice not in fact.outside_order]
    if fact.better == "higher":
        return tuple(choice for choice in ordered if choice > value)
    return tuple(choice for choice in ordered if choice < value)


@st.composite
def hidden_near(draw, case):
    """Draw *case* with one to three of its facts left out."""
    stated = dict(case.facts)
    for _ in range(draw(st.integers(1, 3))):
        if stated:
            del stated[draw(st.sampled_from(tuple(stated)))]
    return b.with_facts(case, stated)
