"""Random well-formed rulebooks with everything the language has, and cases that come close to them.

A rulebook is drawn as model values, and each condition with the text that a file would have. The
numbers of a fact lie around an *anchor* (nought, or where 53 or 64 bits end); so do the constants
it is compared with, and cases take them exactly, or one last place above or below. Tables are
disjoint by the way they are made.

`tests.claiming` draws rulebooks that keep the laws a rulebook may claim; these need not.
"""

import datetime
import itertools
from fractions import Fraction

import attrs
from attrs import frozen
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.model import expression as x
from oversight_engine.model.case import StatedFact
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.rulebook import (
    REFER,
    REFERRAL,
    Basis,
    Principle,
    RoundingTo,
    Span,
)
from tests import builders as b
from tests.doubts import doubtful, moving

SCALES = [("light", "heavy"), ("light", "middle", "heavy"), ("o0", "o1", "o2", "o3", "o4")]
ANCHORS = [0, 0, 0, 0, 0, 0, 2**53, 2**63, -(2**63), 10**25]
"""In units of a fact's last place."""
VALUES, OUTSIDE = ("low", "fair", "good"), ("none", "closed")
GAP = Span(b.days_before(1), b.days_before(-3))
"""One parameter has no value on these days."""
DAYS = [b.days_before(days) for days in (9, 2, 1, 0, -3, -4, -9)]
CHOSEN = Basis(policy_choice="for the test")
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
STEPS = st.integers(-3, 3)
LAST_PLACES = st.sampled_from([-1, 0, 0, 1])
FACTORS = [1, 1, 2, 3, -1, -2, 0, Fraction(1, 2), Fraction(-5, 4), Fraction(1, 100)]
DIVISORS = [2, 3, 7, -4, Fraction(3, 2)]
ROUNDINGS = st.sampled_from(["half_even", "half_up", "down", "up"])


@frozen
class Amount:
    """A quantity, and about where its values lie.

    Attributes:
        days: whether that is its unit, which goes with no other.
        few: whether it takes a few values only, as a table does, so that a row might never hold.
    """

    quantity: object
    anchor: object = 0
    days: bool = False
    few: bool = False


@frozen
class Names:
    """What conditions may mention, by kind."""

    amounts: tuple[Amount, ...]
    truths: tuple[x.Name, ...]
    categories: tuple[tuple[x.Name, bool, tuple[str, ...]], ...]
    """Each with whether it is ordered, and the values outside its order."""
    known: tuple[x.Name, ...]
    constants: tuple[x.Name, ...]

    def with_(self, **more):
        old = {name: getattr(self, name) for name in ("amounts", "truths", "categories")}
        merged = {name: old[name] + more.get(name, ()) for name in old}
        return Names(**merged, known=self.known + more["known"], constants=self.constants)


# Conditions and their text


def worded(condition):
    """Return the text of *condition* in a file; two comparisons that meet make one chain."""
    match condition:
        case x.Not(inner):
            return f"not ({worded(inner)})"
        case x.And((x.Comparison() as one, x.Comparison() as other)) if one.right == other.left:
            return f"{one.text} {other.operator} {_side(other.right)}"
        case x.And(parts):
            return " and ".join(f"({worded(part)})" for part in parts)
        case x.Or(parts):
            return " or ".join(f"({worded(part)})" for part in parts)
        case _:
            return condition.text


def _side(quantity):
    text = b.spelled(quantity)
    return text[1:-1] if isinstance(quantity, x.Sum) else text  # it needs no brackets there


def compared(left, sign, right):
    left, right = b.quantity(left), b.quantity(right)
    return x.Comparison(left, sign, right, f"{_side(left)} {sign} {_side(right)}")


def counted(conditions, sign, right):
    inner = ", ".join(map(worded, conditions))
    return x.Count(tuple(conditions), sign, right, f"count({inner}) {sign} {b.spelled(right)}")


def stated(condition):
    return x.Statement(worded(condition), condition)


@st.composite
def conditions(draw, names, depth=2):
    """Draw a condition over these *names*."""
    kinds = ["leaf", "leaf", "and", "or", "not", "count", "chain"]
    kind = draw(st.sampled_from(kinds)) if depth else "leaf"
    if kind == "leaf":
        return draw(_leaves(names))
    if kind == "chain":
        amount = draw(_amounts(names))
        low, high = draw(_constants(amount)), draw(_constants(amount))
        first, second = draw(st.sampled_from(["<", "<="])), draw(st.sampled_from(["<", "<="]))
        return b.every(
            compared(low, first, amount.quantity), compared(amount.quantity, second, high)
        )
    inner = conditions(names, depth - 1)
    if kind == "not":
        return b.negated(draw(inner))
    parts = draw(st.lists(inner, min_size=2, max_size=3))
    if kind == "count":
        numbers = st.sampled_from([0, 1, 2, 3, Fraction(3, 2)]).map(x.Number)
        sign, right = draw(SIGNS), draw(numbers | numbers | st.sampled_from(names.constants))
        comes_out = {
            semantics.compare(n, sign, getattr(right, "value", 1)) for n in range(len(parts) + 1)
        }
        return counted(parts, *((sign, right) if len(comes_out) == 2 else (">=", x.Number(1))))
    return b.every(*parts) if kind == "and" else b.some(*parts)


@st.composite
def _leaves(draw, names):
    kinds = ["compare"] * 4 + ["truth", "truth", "rank", "member", "known", "number in"]
    kind = draw(st.sampled_from(kinds))
    if kind == "truth" and names.truths:
        return b.holds(draw(st.sampled_from(names.truths)))
    if kind in ("rank", "member") and names.categories:
        name, ordered, outside = draw(st.sampled_from(names.categories))
        if kind == "rank" and ordered:
            sign = draw(st.sampled_from(["<", "<=", ">", ">="]))
            return b.ranks(name, sign, draw(st.sampled_from(VALUES)))
        members = st.lists(st.sampled_from(VALUES + outside), min_size=1, max_size=3, unique=True)
        return b.is_in(name, *draw(members), negated=draw(st.booleans()))
    if kind == "known":
        return b.known(draw(st.sampled_from(names.known)))
    if kind == "number in":
        named = [a for a in names.amounts if isinstance(a.quantity, x.Name)]
        amount = draw(st.sampled_from(named))
        numbers = {draw(_near(amount.anchor)) for _ in range(draw(st.integers(1, 3)))}
        return b.is_in(amount.quantity, *sorted(numbers), negated=draw(st.booleans()))
    amount = draw(_amounts(names))
    right = draw(_constants(amount))
    if draw(st.integers(0, 3)) == 0:
        right = draw(_amounts(names, days=amount.days)).quantity
    elif not amount.days and draw(st.integers(0, 2)) == 0:
        right = draw(st.sampled_from(names.constants))
    return compared(amount.quantity, draw(SIGNS), right)


# Quantities


def _near(anchor):
    """Draw a number close to *anchor*, with up to three decimals."""
    places = st.sampled_from([1, 1, Fraction(1, 2), Fraction(1, 10), Fraction(1, 1000)])
    return st.builds(lambda step, place: whole_if_possible(anchor + step * place), STEPS, places)


def _constants(amount):
    return _near(amount.anchor).map(x.Number)


@st.composite
def _amounts(draw, names, *, days=None):
    """Draw a quantity: one or two parts, or a function of some; *days* asks for their unit."""
    if days is None:
        days = draw(st.integers(0, 5)) == 0 and any(amount.days for amount in names.amounts)
    choice = [amount for amount in names.amounts if amount.days == days]
    kind = draw(st.sampled_from(["one", "one", "scaled", "sum", "difference", "aggregate"]))
    one = draw(st.sampled_from(choice))
    if kind == "one":
        return one
    if kind == "aggregate":
        return draw(_aggregates(choice))
    first = draw(_scaled(one, names))
    if kind == "scaled":
        return first
    second = draw(_scaled(draw(st.sampled_from(choice)), names))
    if kind == "sum":
        return Amount(b.plus(first.quantity, second.quantity), first.anchor + second.anchor, days)
    return Amount(b.minus(first.quantity, second.quantity), first.anchor - second.anchor, days)


@st.composite
def _scaled(draw, amount, names):
    kind = draw(st.sampled_from(["number", "number", "parameter", "quotient"]))
    if kind == "parameter":  # worth about nothing
        return Amount(
            b.times(draw(st.sampled_from(names.constants)), amount.quantity), 0, amount.days
        )
    if kind == "quotient":
        divisor = draw(st.sampled_from(DIVISORS))
        anchor = round(Fraction(amount.anchor) / divisor)
        return Amount(b.over(amount.quantity, divisor), anchor, amount.days)
    factor = draw(st.sampled_from(FACTORS))
    if factor == 1:
        return amount
    return Amount(b.times(factor, amount.quantity), amount.anchor * factor, amount.days)


@st.composite
def _aggregates(draw, choice):
    function = draw(
        st.sampled_from(["mean_known", "mean_known", "min_known", "max_known", "sum_known"])
    )
    amounts = draw(st.lists(st.sampled_from(choice), min_size=1, max_size=3))
    weights = ()
    if function == "mean_known" and draw(st.booleans()):
        weights = [draw(st.sampled_from([1, 2, Fraction(1, 2), Fraction(13, 10)])) for _ in amounts]
    anchor = sum(a.anchor for a in amounts) if function == "sum_known" else amounts[0].anchor
    operands = [amount.quantity for amount in amounts]
    return Amount(b.aggregate(function, *operands, weights=weights), anchor, amounts[0].days)


# Facts and findings


@st.composite
def _facts(draw):
    ages = st.sampled_from([None, None, None, 5])
    facts = [draw(_numbers(f"number_{n}")) for n in range(draw(st.integers(1, 4)))]
    facts += [b.boolean(f"boolean_{n}") for n in range(draw(st.integers(0, 2)))]
    for n in range(draw(st.integers(0, 2))):
        ordered = draw(st.booleans())
        outside = OUTSIDE if ordered and draw(st.booleans()) else ()
        facts.append(b.category(f"category_{n}", *VALUES, ordered=ordered, outside_order=outside))
    facts += [b.date_fact(f"date_{n}", max_age=draw(ages)) for n in range(draw(st.integers(0, 2)))]
    return [draw(moving(fact, facts)) for fact in facts]


@st.composite
def _numbers(draw, fact_id):
    decimals = draw(st.sampled_from([0, 0, 1, 2]))
    middle = _anchor(decimals, draw(st.sampled_from(ANCHORS)))
    ends = st.sampled_from([(None, None), (-5, 5), (-5, None), (None, 5)])
    bounds = tuple(None if end is None else middle + end for end in draw(ends))
    ages = st.sampled_from([None, None, None, 5])
    about = str(middle)  # the anchor, for cases
    return b.number(fact_id, decimals=decimals, range=bounds, max_age=draw(ages), about=about)


def _anchor(decimals, last_places):
    return round(Fraction(last_places, 10**decimals))


def _names_of(facts, constants):
    named = {kind: [f for f in facts if f.type == kind] for kind in
             ("number", "boolean", "category", "date")}  # fmt: skip
    return Names(
        amounts=(
            *(Amount(b.fact(f.id), int(f.about)) for f in named["number"]),
            *(Amount(x.DaysSince(f.id), days=True) for f in named["date"]),
        ),
        truths=tuple(b.fact(f.id) for f in named["boolean"]),
        categories=tuple((b.fact(f.id), f.ordered, f.outside_order) for f in named["category"]),
        known=tuple(b.fact(f.id) for f in facts),
        constants=constants,
    )


@st.composite
def _findings(draw, finding_id, names):
    """Draw a finding, and the names with it among them."""
    name = b.finding(finding_id)
    kind = draw(st.sampled_from(["when", "value", "value", "numbers", "stages"]))
    if kind == "when":
        condition = draw(conditions(names))
        finding = b.condition_finding(finding_id, condition)
        return attrs.evolve(finding, when=stated(condition)), names.with_(
            truths=(name,), known=(name,)
        )
    rounding = st.builds(RoundingTo, st.integers(0, 2), ROUNDINGS, basis=st.just(CHOSEN))
    rounded = draw(st.none() | rounding)
    if kind == "value":
        amount = draw(_amounts(names, days=False))
        finding = b.value_finding(finding_id, amount.quantity, rounded=rounded)
        more = Amount(name, amount.anchor)
        return finding, names.with_(amounts=(more,), known=(name,))
    rows = draw(_rows(names))
    otherwise_needed = draw(st.booleans())
    if otherwise_needed:
        rows = rows[:-1]
    if kind == "stages":
        values = draw(st.permutations(VALUES + OUTSIDE[:1]))
        otherwise = values[-1] if otherwise_needed else None
        finding = b.table_finding(
            finding_id, *zip(rows, values, strict=False), otherwise=otherwise,
            values=VALUES, ordered=True, outside_order=OUTSIDE[:1],
        )  # fmt: skip
        category = (name, True, OUTSIDE[:1])
        return finding, names.with_(categories=(category,), known=(name,))
    numbers = st.one_of(_near(0), _near(0), st.sampled_from(names.constants))
    values = [draw(numbers) for _ in rows]
    otherwise = draw(numbers) if otherwise_needed else None
    finding = b.table_finding(
        finding_id, *zip(rows, values, strict=True), otherwise=otherwise, rounded=rounded
    )
    return finding, names.with_(amounts=(Amount(name, few=True),), known=(name,))


@st.composite
def _rows(draw, names):
    """Draw conditions of which exactly one is true wherever all is known; at most four."""
    categories = [
        (name, outside) for name, _, outside in names.categories if name.referent == "fact"
    ]
    if categories and draw(st.booleans()):
        name, outside = draw(st.sampled_from(categories))
        return [b.is_in(name, *VALUES[:2]), b.is_in(name, *VALUES[2:], *outside)]
    bands = draw(_bands(names))
    if draw(st.booleans()) or not names.truths:
        return bands
    truth = b.holds(draw(st.sampled_from(names.truths)))
    bands = [bands[0], b.negated(bands[0])]
    return [b.every(band, other) for band in bands for other in (truth, b.negated(truth))]


@st.composite
def _bands(draw, names):
    amount = draw(_amounts(names).filter(lambda amount: not amount.few))
    cuts = sorted({draw(_near(amount.anchor)) for _ in range(draw(st.integers(1, 2)))})
    sign, other = draw(st.sampled_from([("<", ">="), ("<=", ">")]))
    quantity = amount.quantity
    bands = [compared(quantity, sign, cuts[0])]
    bands += [
        b.every(compared(quantity, other, low), compared(quantity, sign, high))
        for low, high in itertools.pairwise(cuts)
    ]
    return [*bands, compared(quantity, other, cuts[-1])]


# Rulebooks


@st.composite
def rulebooks(draw, most_rules=5):
    """Draw a rulebook with some of everything."""
    facts = draw(_facts())
    parameters = [
        b.parameter_of("always", draw(_near(0))),
        b.parameter_of(
            "at_times",
            b.dated(draw(_near(0)), end=GAP.start - datetime.timedelta(days=1)),
            b.dated(draw(_near(0)), GAP.end + datetime.timedelta(days=1)),
        ),
    ]
    names = _names_of(facts, tuple(b.parameter(p.id) for p in parameters))
    findings = []
    for place in range(draw(st.integers(0, 4))):
        finding, names = draw(_findings(f"finding_{place}", names))
        findings.append(finding)
    outcomes = draw(st.sampled_from(SCALES))
    rules = [
        draw(_rules(f"rule_{n}", outcomes, names)) for n in range(draw(st.integers(1, most_rules)))
    ]
    consequences = [
        draw(_consequences(f"consequence_{n}", outcomes, names))
        for n in range(draw(st.integers(0, 2)))
    ]
    return b.rulebook(
        *facts,
        rules=rules,
        outcomes=outcomes,
        parameters=parameters,
        findings=findings,
        consequences=consequences,
        principles=[Principle("fairness", "Fairness")],
    )


@st.composite
def _rules(draw, rule_id, outcomes, names):
    condition = draw(conditions(names))
    outcome = draw(st.sampled_from([*outcomes[1:], *outcomes[1:], REFER]))
    if outcome == REFER:
        if_unknown = "hold_back"  # as a file is read; it counts as held
    elif outcome == outcomes[-1]:
        if_unknown = draw(st.sampled_from(["refer", "refer", "ignore"]))
    else:
        if_unknown = draw(st.sampled_from(["hold_back", "hold_back", "refer", "ignore"]))
    span = draw(st.sampled_from([None, None, None, Span(b.days_before(2), b.DAY)]))
    make = b.unless if draw(st.booleans()) else b.when
    rule = make(
        condition, outcome, rule_id=rule_id, if_unknown=if_unknown, span=span,
        reason_to_ignore="for the test" if if_unknown == "ignore" else "", basis=CHOSEN,
    )  # fmt: skip
    return attrs.evolve(rule, statement=stated(condition))


@st.composite
def _consequences(draw, consequence_id, outcomes, names):
    labels = [*outcomes, REFERRAL]
    carried = sorted(draw(st.sets(st.sampled_from(labels), min_size=1)), key=labels.index)
    condition = draw(st.none() | conditions(names, depth=1))
    consequence = b.consequence(consequence_id, *carried, when=condition, basis=CHOSEN)
    if condition is None:
        return consequence
    return attrs.evolve(consequence, statement=stated(condition))


# Cases


@st.composite
def values_of(draw, fact, day):
    """Draw a value of *fact*, as likely as not on a line that a rulebook of ours draws."""
    if fact.type == "boolean":
        return draw(st.booleans())
    if fact.type == "category":
        return draw(st.sampled_from(fact.values + fact.outside_order))
    if fact.type == "date":
        return day - datetime.timedelta(days=draw(st.integers(-1, 4)))
    last_place = Fraction(1, 10**fact.decimals)
    halves = Fraction(draw(st.integers(-8, 8)), 2 if fact.decimals else 1)
    halves = max(-4, min(halves, 4))
    return whole_if_possible(int(fact.about) + halves + draw(LAST_PLACES) * last_place)


@st.composite
def known_facts(draw, book, day):
    """Draw what is known of a case on *day*, fact by fact."""
    return {fact.id: draw(values_of(fact, day)) for fact in book.facts if draw(st.integers(0, 4))}


@st.composite
def cases(draw, book, day=None):
    """Draw a case for *book*: some facts absent, suppressed, or too old to be known."""
    day = day or draw(st.sampled_from(DAYS))
    facts = {}
    for fact in book.facts:
        how = draw(st.sampled_from(["plain"] * 6 + ["old", "suppressed", "absent"]))
        if how == "absent":
            continue
        stated = StatedFact(
            None if how == "suppressed" else draw(values_of(fact, day)),
            as_at=b.days_before(7 if how == "old" else 3, day),
            status="suppressed" if how == "suppressed" else "final",
        )
        facts[fact.id] = draw(doubtful(fact, stated, values_of(fact, day)))
    return b.case_of(as_of=day, **facts)


def known_of(book, case):
    """Return the facts of *case* that are known on its day."""
    return {
        fact.id: stated.value
        for fact in book.facts
        if (stated := case.facts.get(fact.id)) is not None
        and not semantics.why_unknown(fact, stated, as_of=case.as_of, period=case.period)
    }
