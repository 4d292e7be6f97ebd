"""Rulebooks so small that every case of them can be decided: what brute force is held against."""

import itertools

import attrs
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.combining import combine
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFER
from tests import builders as b
from tests.strategies import Amount, Names, conditions, stated

FACTS = (
    b.number("a", range=(-1, 2)),
    b.number("c", range=(0, 2), better="lower"),
    b.boolean("d"),
    b.category("e", "low", "fair", "good", ordered=True, outside_order=("none",), better="higher"),
)
VALUES = {
    "a": (-1, 0, 1, 2),
    "c": (0, 1, 2),
    "d": (False, True),
    "e": ("none", "low", "fair", "good"),
}
PARAMETER = b.parameter_of("limit", 1)
NAMES = Names(
    amounts=(Amount(b.fact("a")), Amount(b.fact("c"))),
    truths=(b.fact("d"),),
    categories=((b.fact("e"), True, ("none",)),),
    known=tuple(b.fact(fact.id) for fact in FACTS),
    constants=(b.parameter("limit"),),
)


@st.composite
def small_rulebooks(draw, most_rules=4):
    """Draw a rulebook of 300 cases: four facts, and a finding that rules may mention."""
    names, findings = NAMES, []
    if draw(st.booleans()):
        condition = draw(conditions(names, depth=1))
        finding = b.condition_finding("found", condition)
        findings.append(attrs.evolve(finding, when=stated(condition)))
        names = names.with_(truths=(b.finding("found"),), known=(b.finding("found"),))
    rules = [draw(_rules(f"rule_{n}", names)) for n in range(draw(st.integers(1, most_rules)))]
    return b.rulebook(*FACTS, rules=rules, findings=findings, parameters=[PARAMETER])


@st.composite
def _rules(draw, rule_id, names):
    condition = draw(conditions(names, depth=1))
    outcome = draw(st.sampled_from(["middle", "middle", "heavy", REFER]))
    hold = ["hold_back"] if outcome != "heavy" else []
    if_unknown = draw(st.sampled_from([*hold, *hold, "refer", "ignore"]))
    make = b.unless if draw(st.booleans()) else b.when
    rule = make(
        condition, outcome, rule_id=rule_id,
        if_unknown="hold_back" if outcome == REFER else if_unknown,
        reason_to_ignore="for the test" if if_unknown == "ignore" else "",
    )  # fmt: skip
    return attrs.evolve(rule, statement=stated(condition))


def all_cases():
    """Yield what is known in every case there is."""
    for values in itertools.product(*([None, *VALUES[fact.id]] for fact in FACTS)):
        named = zip([fact.id for fact in FACTS], values, strict=True)
        yield {fact_id: value for fact_id, value in named if value is not None}


def key_of(known):
    return tuple(sorted(known.items()))


def all_outcomes(book, day=b.DAY):
    """Return the outcome (None for a referral) and the truths of the rules, for every case."""
    in_force = find_in_force(book, day)
    found = {}
    for known in all_cases():
        truths = semantics.evaluate(in_force, known, day).rules
        found[key_of(known)] = combine(in_force, truths).outcome, truths
    return found


def better_steps():
    """Yield every pair of cases of which the second has one fact better."""
    for known in all_cases():
        for fact in FACTS:
            value = known.get(fact.id)
            if value is None or value == "none":
                continue
            order = VALUES[fact.id] if fact.better == "higher" else VALUES[fact.id][::-1]
            for better in order[order.index(value) + 1 :]:
                yield known, {**known, fact.id: better}


def hidden_steps():
    """Yield every pair of cases of which the second has one fact less."""
    for known in all_cases():
        for fact_id in known:
            yield known, {i: value for i, value in known.items() if i != fact_id}
