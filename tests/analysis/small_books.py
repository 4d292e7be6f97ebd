"""Rulebooks so small that every case can be decided, and what the laws come to when all are."""

import itertools
from fractions import Fraction

import attrs
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.combining import combine
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFER, RoundingTo
from oversight_engine.model.truth import TRUE
from tests import builders as b
from tests.laws.relations import is_never_harsher, is_never_helped

SIGNS = ("<", "<=", ">", ">=", "==", "!=")
VALUES = ("low", "fair", "good")
SCALES = (("light", "heavy"), ("light", "middle", "heavy"), ("light", "m1", "m2", "heavy"))


@st.composite
def small_books(draw):  # noqa: C901, PLR0915 (one draw of each kind)
    """Draw a rulebook of at most four facts of few values each, with some of every construct."""

    def choose(*choices):
        return draw(st.sampled_from(choices))

    def better():
        return choose("higher", "higher", "lower", "neither")

    facts = [
        b.number("a", better=better(), range=(0, 3)),
        b.number("b", better=better(), range=(-1, 1)),
    ]
    truths, ordered = [], []
    if choose(True, False):
        facts.append(b.boolean("t", better=better()))
        truths.append(b.fact("t"))
    if choose(True, False, False):
        fact = b.category("c", *VALUES, ordered=True, outside_order=("none",), better=better())
        facts.append(fact)
        ordered.append("c")
    amounts = [
        b.fact("a"), b.fact("b"), b.plus("a", "b"), b.minus("a", b.times(2, "b")),
        b.mean_known("a", "b"), b.aggregate("max_known", "a", "b"),
        b.aggregate("sum_known", "a", "b"), b.aggregate("min_known", b.times(2, "a"), "b"),
        b.minus(b.mean_known("a", "b"), "a"), b.mean_known("a", "b", weights=(2, 1)),
    ]  # fmt: skip
    names = ["a", "b"]
    if choose(True, False, False):
        facts.append(b.date_fact("d", better=better()))
        names.append("d")

    def leaf():
        kind = choose("compare", "compare", "compare", "truth", "rank", "known", "member")
        if kind == "truth" and truths:
            return b.holds(choose(*truths))
        if kind == "rank" and ordered:
            return b.ranks("c", choose(*SIGNS[:4]), choose(*VALUES))
        if kind == "member" and ordered:
            return b.is_in("c", choose(*VALUES, "none"))
        if kind == "known":
            return b.known(choose(*names))
        limit = choose(0, 1, 2, Fraction(1, 2))
        if kind == "truth" and "d" in names:
            return b.compare(b.x.DaysSince("d"), choose(*SIGNS), choose(1, 2))
        return b.compare(choose(*amounts), choose(*SIGNS), limit)

    def condition(depth):
        kind = choose("leaf", "leaf", "and", "or", "not", "count") if depth else "leaf"
        if kind == "leaf":
            return leaf()
        if kind == "not":
            return b.negated(condition(depth - 1))
        parts = [condition(depth - 1) for _ in range(2)]
        if kind == "count":
            return b.count(parts, choose(">=", "==", "<"), 1)
        return b.every(*parts) if kind == "and" else b.some(*parts)

    findings = []
    if choose(True, False):
        findings.append(b.condition_finding("said", condition(2)))
        truths.append(b.finding("said"))
        names.append(b.finding("said"))
    if choose(True, False):
        low = b.compare(choose(*amounts), "<", 1)
        rows = [(low, choose(0, 1, 2)), (b.every(b.negated(low), leaf()), choose(0, 1, 2))]
        findings.append(b.table_finding("score", *rows, otherwise=choose(0, 2)))
        amounts += [b.finding("score"), b.plus(b.finding("score"), "b")]
        names.append(b.finding("score"))
    if choose(True, False):
        to = RoundingTo(0, choose("half_even", "half_up", "down", "up"))
        half = b.over(choose(*amounts), 2)
        findings.append(b.value_finding("rounded", half, rounded=choose(None, to, to)))
        amounts += [b.finding("rounded"), b.minus(b.finding("rounded"), "a")]
        names.append(b.finding("rounded"))
    outcomes = choose(*SCALES)

    def rule(place):
        outcome = choose(*outcomes[1:], REFER)
        unknown = {REFER: ("hold_back",), outcomes[-1]: ("refer", "refer", "ignore")}
        return (b.when if choose(True, False) else b.unless)(
            condition(2),
            outcome,
            rule_id=f"rule_{place}",
            if_unknown=choose(*unknown.get(outcome, ("hold_back", "hold_back", "refer", "ignore"))),
        )

    rules = [rule(place) for place in range(choose(1, 2, 3))]
    return b.rulebook(*facts, outcomes=outcomes, findings=findings, rules=rules)


class Every:
    """Every case of a small rulebook, decided."""

    def __init__(self, book, day=b.DAY):
        self.book = book
        in_force = self.in_force = find_in_force(book, day)
        self.values = {fact.id: (None, *values_of(fact)) for fact in book.facts}
        self.decided, self.true, self.traces = {}, set(), {}
        for case in itertools.product(*self.values.values()):
            known = {f: v for f, v in zip(self.values, case, strict=True) if v is not None}
            trace = semantics.evaluate(in_force, known, day)
            self.traces[case] = trace
            self.decided[case] = Label(combine(in_force, trace.rules).outcome)
            self.true |= {f"rule {rule}" for rule, said in trace.rules.items() if said is TRUE}
        self.outcomes = {f"outcome {label.outcome}" for label in self.decided.values()}

    def keeps_law_3(self):
        return all(
            is_never_harsher(self.book, before, self.decided[better])
            for case, before in self.decided.items()
            for place, fact in enumerate(self.book.facts)
            for value in better_values(fact, case[place])
            for better in [(*case[:place], value, *case[place + 1 :])]
        )

    def keeps_law_4(self):
        return all(
            is_never_helped(self.book, before, self.decided[(*case[:n], None, *case[n + 1 :])])
            for case, before in self.decided.items()
            for n in range(len(case))
        )

    def idle_rules(self):
        """Return the rules without which every decision would be the same."""
        idle = set()
        for rule in self.book.rules:
            others = tuple(r for r in self.in_force.rules if r.id != rule.id)
            without = attrs.evolve(self.in_force, rules=others)
            labels = (combine(without, trace.rules).outcome for trace in self.traces.values())
            if all(a == b.outcome for a, b in zip(labels, self.decided.values(), strict=True)):
                idle.add(rule.id)
        return idle

    def never(self):
        every = {f"rule {rule.id}" for rule in self.book.rules}
        every |= {f"outcome {outcome.id}" for outcome in self.book.outcomes}
        return every - self.true - self.outcomes


class Label:
    """As much of a decision as the laws ask for."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.referred = outcome is None


def values_of(fact):
    if fact.type == "boolean":
        return (False, True)
    if fact.type == "category":
        return (*fact.values, *fact.outside_order)
    if fact.type == "date":
        return tuple(b.days_before(days) for days in (3, 2, 1, 0, -1))
    return range(fact.range[0], fact.range[1] + 1)


def better_values(fact, value):
    if value is None or fact.better == "neither" or value in fact.outside_order:
        return ()
    ordered = [each for each in values_of(fact) if each not in fact.outside_order]
    place = ordered.index(value)
    return ordered[place + 1 :] if fact.better == "higher" else ordered[:place]
