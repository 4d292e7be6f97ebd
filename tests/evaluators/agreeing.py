"""What durable-rules comes to, once the reference has come to the same."""

from oversight_engine import semantics
from oversight_engine.combining import combine
from oversight_engine.engine import find_differences
from oversight_engine.evaluators.durable import DurableEvaluator
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFER
from tests.builders import (
    DAY,
    HEAVY,
    MIDDLE,
    at_least,
    below,
    boolean,
    category,
    condition_finding,
    consequence,
    count,
    every,
    finding,
    holds,
    known,
    negated,
    number,
    plus,
    ranks,
    rulebook,
    some,
    table_finding,
    unless,
    value_finding,
    when,
)

FACTS = (
    number("a", decimals=1),
    number("b"),
    boolean("met"),
    boolean("told"),
    category("c", "low", "fair", "good", ordered=True, outside_order=("none",)),
)


def trace_of(book, *, day=DAY, **facts):
    """Return what durable-rules comes to, having seen that the reference comes to the same."""
    evaluator = DurableEvaluator(book)
    try:
        return agreed(evaluator, find_in_force(book, day), facts, day)
    finally:
        evaluator.close()


def agreed(evaluator, in_force, facts, day=DAY):
    reference = semantics.evaluate(in_force, facts, day)
    trace = evaluator.evaluate(in_force, facts, day)
    outcome = combine(in_force, reference.rules).outcome
    assert find_differences(in_force, reference, trace, outcome) == ()
    return trace


def truth_of(condition, *facts, **known_facts):
    book = rulebook(*(facts or FACTS), rules=[when(condition)])
    return trace_of(book, **known_facts).rules["middle_rule"]


SMALL = rulebook(
    *FACTS,
    findings=[
        condition_finding("f", every(holds("met"), below("a", 5))),
        value_finding("v", plus("a", "b")),
        table_finding("t", (below("b", 0), 1), (at_least("b", 10), 2), otherwise=3),
    ],
    rules=[
        when(some(holds(finding("f")), negated(holds("told")))),
        when(at_least(finding("t"), 2), HEAVY, rule_id="table"),
        when(count([holds("met"), holds("told"), below("a", 5)], ">=", 2), rule_id="count"),
        unless(every(known("c"), ranks("c", ">=", "fair")), rule_id="category"),
        when(below(finding("v"), 3), REFER),
    ],
    consequences=[
        consequence("always", MIDDLE),
        consequence("at_times", MIDDLE, when=holds(finding("f"))),
    ],
)
