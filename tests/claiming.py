"""Rulebooks that claim laws 3 and 4 by the way they are made, and cases for them.

A condition is *adverse* when making a fact better can only take it from true towards false. Every
rule made here is one: it leans on facts in their declared direction only, and reads no `known`,
no `..._known` and ignores nothing. Tables are bands over one quantity. These are the restrictions
under which anybody can claim the laws without a proof; `test_claims_can_fail.py` shows what each
of them is for.
"""

import datetime
from fractions import Fraction

from attrs import frozen
from hypothesis import strategies as st

from oversight_engine.model.case import StatedFact
from oversight_engine.model.expression import DaysSince
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.rulebook import REFER, Span
from tests import builders as b

SCALES = (("light", "heavy"), ("light", "middle", "heavy"), ("o0", "o1", "o2", "o3"))
CATEGORIES = ("low", "fair", "good")
OUTSIDE = "none"
DIRECTIONS = {"higher": 1, "lower": -1, "neither": 0}
THRESHOLDS = tuple(whole_if_possible(Fraction(halves, 2)) for halves in range(-6, 7))
LIMITS = (*THRESHOLDS, b.parameter("always"), b.parameter("at_times"))
DAYS = st.integers(0, 6)


@frozen
class Item:
    """A fact or a finding that conditions may lean on; *direction* says which way is better."""

    name: object
    kind: str
    direction: int


# Plain functions draw the parts: a strategy for each of them would cost more than all the rest.


@st.composite
def claiming_rulebooks(draw):
    """Draw a rulebook for which making a fact better, or hiding it, has the promised effects."""

    def choose(*choices):
        return draw(st.sampled_from(choices))

    facts = draw_facts(choose)
    items = [Item(b.fact(f.id), f.type, DIRECTIONS[f.better]) for f in facts]
    parameters = [
        b.parameter_of("always", choose(*THRESHOLDS)),
        b.parameter_of(
            "at_times",
            b.dated(choose(*THRESHOLDS), end=b.days_before(3)),
            b.dated(choose(*THRESHOLDS), b.days_before(1)),
        ),
    ]
    findings = []
    for place in range(choose(0, 1, 2, 3)):
        finding, item = draw_finding(choose, f"finding_{place}", items)
        findings.append(finding)
        items.append(item)
    outcomes = choose(*SCALES)
    return b.rulebook(
        *facts,
        outcomes=outcomes,
        parameters=parameters,
        findings=findings,
        rules=[
            draw_rule(choose, f"rule_{place}", outcomes, items)
            for place in range(choose(1, 2, 3, 4))
        ],
        claims=["better_is_never_harsher", "hiding_never_helps"],
    )


def draw_facts(choose):
    def several(make, prefix, most, **more):
        return [
            make(
                f"{prefix}_{place}",
                better=choose("higher", "higher", "lower", "lower", "neither"),
                max_age=choose(None, None, 5),
                **more,
            )
            for place in range(choose(*range(most + 1)))
        ]

    return [
        *several(b.number, "number", 3, decimals=1),
        *several(b.boolean, "boolean", 2),
        *several(stage, "category", 2),
        *several(b.date_fact, "date", 1),
        b.number("number_last", better="higher", decimals=1),
    ]


def stage(fact_id, **more):
    return b.category(fact_id, *CATEGORIES, ordered=True, outside_order=(OUTSIDE,), **more)


def draw_finding(choose, finding_id, items):
    """Draw a finding, and the item that later conditions may lean on."""
    name, kind = b.finding(finding_id), choose("when", "value", "bands", "stages")
    if kind == "when":
        adverse = choose(True, False)
        condition = draw_condition(choose, items, adverse=adverse)
        item = Item(name, "boolean", -1 if adverse else 1)
        return b.condition_finding(finding_id, condition), item
    quantity = draw_quantity(choose, items)
    if kind == "value":
        return b.value_finding(finding_id, quantity), Item(name, "number", 1)
    low, high = sorted((choose(*THRESHOLDS), choose(*THRESHOLDS)))
    conditions = [
        b.below(quantity, low),
        b.every(b.at_least(quantity, low), b.below(quantity, high)),
    ]
    values, categories = ((-1, 0, 1), ()) if kind == "bands" else (CATEGORIES, CATEGORIES)
    table = b.table_finding(
        finding_id,
        *zip(conditions, values, strict=False),
        otherwise=values[-1],
        values=categories,
        ordered=kind == "stages",
    )
    return table, Item(name, "number" if kind == "bands" else "category", 1)


def draw_quantity(choose, items):
    """Draw a linear sum that grows as facts get better."""
    numbers = [item for item in items if item.kind in ("number", "date")]
    total = None
    for _ in range(choose(1, 1, 2)):
        item = choose(*numbers)
        term, direction = item.name, item.direction or choose(1, -1)
        if item.kind == "date":
            term, direction = DaysSince(item.name.id), -direction
        factor = direction * choose(1, 1, 2, Fraction(1, 2))
        term = b.times(factor, term) if factor != 1 else term
        total = term if total is None else b.plus(total, term)
    return total


def draw_condition(choose, items, *, adverse, depth=2):
    """Draw a condition that is adverse, or the opposite: it only turns true as facts get better."""
    kind = choose("leaf", "leaf", "and", "or", "not", "count") if depth else "leaf"
    if kind == "leaf":
        return draw_leaf(choose, items, adverse=adverse)
    if kind == "not":
        return b.negated(draw_condition(choose, items, adverse=not adverse, depth=depth - 1))
    counts_up = choose(True, False) if kind == "count" else True
    parts = [
        draw_condition(choose, items, adverse=adverse == counts_up, depth=depth - 1)
        for _ in range(choose(2, 2, 3))
    ]
    if kind == "count":
        sign = choose(">", ">=") if counts_up else choose("<", "<=")
        return b.count(parts, sign, choose(0, 1, 2, 3))
    return b.every(*parts) if kind == "and" else b.some(*parts)


def draw_leaf(choose, items, *, adverse):
    item = choose(*items)
    # What no direction is declared for may be leant on either way.
    falls = adverse if item.direction > 0 else not adverse
    if item.direction == 0:
        falls = choose(True, False)
    if item.kind == "boolean":
        return b.negated(b.holds(item.name)) if falls else b.holds(item.name)
    if item.kind == "category":
        sign = choose("<", "<=") if falls else choose(">", ">=")
        return b.ranks(item.name, sign, choose(*CATEGORIES))
    sign = choose("<", "<=") if adverse else choose(">", ">=")
    return b.compare(draw_quantity(choose, items), sign, choose(*LIMITS))


def draw_rule(choose, rule_id, outcomes, items):
    adverse, outcome = choose(True, False), choose(*outcomes[1:], *outcomes[1:], REFER)
    return (b.when if adverse else b.unless)(
        draw_condition(choose, items, adverse=adverse),
        outcome,
        rule_id=rule_id,
        if_unknown="refer" if outcome in (outcomes[-1], REFER) else "hold_back",
        span=choose(None, None, None, Span(b.days_before(2))),
    )


# Cases


@st.composite
def cases_for(draw, book):
    """Draw a case for a rulebook made here: every fact known, unknown, stale or suppressed."""
    stated = {}
    for fact in book.facts:
        value = draw(VALUES[fact.type])
        if value is not None:
            stated[fact.id] = StatedFact(
                value, as_at=b.days_before(draw(DAYS)), status=draw(STATUS)
            )
    return b.case_of(**stated)


STATUS = st.sampled_from(("final",) * 15 + ("suppressed",))
VALUES = {  # few, so that thresholds are met often; and mostly known, or all cases are referred
    "number": st.sampled_from((*THRESHOLDS, None)),
    "boolean": st.sampled_from((True, False) * 5 + (None,)),
    "category": st.sampled_from((*CATEGORIES, OUTSIDE) * 2 + (None,)),
    "date": st.sampled_from((*map(b.days_before, range(7)), None)),
}


@st.composite
def better_cases(draw, book, case):
    """Draw *case* with some of its facts made better, as they declare what better is."""
    stated = dict(case.facts)
    for fact in book.facts:
        if fact.id in stated and fact.better != "neither" and draw(st.booleans()):
            choices = better_values(fact, stated[fact.id].value)
            stated[fact.id] = b.restated(stated[fact.id], draw(st.sampled_from(choices)))
    return b.with_facts(case, stated)


def better_values(fact, value):
    """Return some values of *fact* that are as good as *value* or better."""
    rises = fact.better == "higher"
    if fact.type == "boolean":
        return (value, rises)
    if fact.type == "category":
        if value not in fact.values:
            return (value,)  # nothing is better or worse than a value outside the order
        place = fact.values.index(value)
        return fact.values[place:] if rises else fact.values[: place + 1]
    sign = 1 if rises else -1
    if fact.type == "date":
        return tuple(value + datetime.timedelta(days=sign * days) for days in range(5))
    least, most = fact.range
    return tuple(
        number
        for step in (0, 1, 2, 3, 5, 8)
        for number in (whole_if_possible(value + sign * Fraction(step, 2)),)
        if (least is None or least <= number) and (most is None or number <= most)
    )


@st.composite
def hidden_cases(draw, case):
    """Draw *case* with some of its facts hidden: left out, or suppressed."""
    stated = {}
    for fact_id, fact in case.facts.items():
        match draw(HIDING):
            case "kept":
                stated[fact_id] = fact
            case "suppressed":
                stated[fact_id] = b.restated(fact, fact.value, status="suppressed")
    return b.with_facts(case, stated)


HIDING = st.sampled_from(("kept", "left out", "suppressed"))
