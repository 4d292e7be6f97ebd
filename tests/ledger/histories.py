"""A rulebook with every kind of history fact, and the quarters that ledgers give them for."""

from oversight_engine.ledger.history import with_history
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.people import HistoryDeclaration
from oversight_engine.model.rulebook import Fact, Outcome, Rulebook, Span
from tests.ledger.people import (
    SCALE,
    SYSTEM,
    day,
    decision,
    numbered,
    quarter,
    terms,
)  # fmt: skip

OUTCOMES = ("none", *SCALE)
EXIT = ("not_agreed", "not_met", "met_for_now", "met_and_sustained", "not_applicable")


def fact(fact_id, kind, of, shown="value", **more):
    values = {"outcome": OUTCOMES, "exit": EXIT}.get(kind, ())
    return Fact(
        fact_id, fact_id, "category" if values else kind, "neither", values=values,
        history=HistoryDeclaration(of, shown, **more),
    )  # fmt: skip


FACTS = (
    fact("outcome_before", "outcome", "outcome_in_force"),
    fact("days_held", "number", "outcome_in_force", "days"),
    fact("periods_held", "number", "outcome_in_force", "periods"),
    fact("engine_before", "outcome", "engine_outcome"),
    fact("engine_days", "number", "engine_outcome", "days"),
    fact("engine_periods", "number", "engine_outcome", "periods"),
    fact("was_poor", "boolean", "finding", finding="poor"),
    fact("poor_periods", "number", "finding", "periods", finding="poor"),
    fact("clear", "boolean", "no_rule_held", apart_from=("record",)),
    fact("clear_periods", "number", "no_rule_held", "periods", apart_from=("record",)),
    fact("exit_status", "exit", "exit_criteria", sustained_for=90),
)
RULEBOOK = Rulebook(
    id="book",
    version="1.0.0",
    title="Book",
    span=Span(day(0)),
    outcomes=tuple(Outcome(each, each) for each in SCALE),
    facts=FACTS,
    rules=(),
)


def of(number):
    """Return the period of the quarter of that number."""
    return Span(day(90 * number), day(90 * number + 89))


def as_of(number):
    """Return the number of the day on which the quarter of that number is decided."""
    return 90 * number + 100


def decided(number, label, *, poor="f", held=(), stated=None):
    rules = {rule: ["t", effect, "t"] for rule, effect in held}
    return decision(
        as_of(number), label, period=quarter(number), findings={"poor": [poor, "t"]}, rules=rules,
        stated=stated,
    )  # fmt: skip


def case_of(number, **stated):
    facts = {name: StatedFact(value, "the system") for name, value in stated.items()}
    return Case(System(SYSTEM, "A system"), day(as_of(number)), facts, of(number))


def drawn(number, *drafts, book=RULEBOOK, known_on=None, **stated):
    """Return what the ledger of *drafts* gives for the case of a quarter, by fact."""
    case = case_of(number, **stated)
    full, history = with_history(case, book, numbered(drafts), case.as_of, known_on, terms=terms)
    assert {name: each["source"] for name, each in history.items()} == {
        name: each.source for name, each in full.facts.items() if each.status == "derived"
    }
    return {name: each.value for name, each in full.facts.items()}


def given_of(name, number, *drafts, **stated):
    return drawn(number, *drafts, **stated).get(name)
