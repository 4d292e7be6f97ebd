"""What a rulebook says, for people: its facts and its rules, in prose."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from oversight_engine.explanation.conditions import Titles
from oversight_engine.explanation.page import Headline, Line, Page, Section, section
from oversight_engine.explanation.wording import (
    capital,
    in_sentence,
    outcome_title,
    say_basis,
    say_count,
    say_history,
    say_id,
    say_list,
    say_number,
    say_span,
    themes_of,
)
from oversight_engine.model.cohort import some_cohort
from oversight_engine.model.expression import names_in_condition
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import written
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import ACCEPTED_BY_DEFAULT, REFER, Fact, Rule, Rulebook
from oversight_engine.model.rulebook_form import rulebook_data

FACTS_FORMAT = "oversight-facts/1"
RULES_FORMAT = "oversight-rules/1"

FACT_COLUMNS = (
    "id", "title", "type", "unit", "decimals", "least", "most", "values", "better", "theme",
    "cadence", "max_age", "source", "about",
)  # fmt: skip
RULE_COLUMNS = (
    "id", "title", "says", "outcome", "if_unknown", "principle", "theme", "measure", "from", "to",
    "source", "about",
)  # fmt: skip

_IF_UNKNOWN = {
    "hold_back": "counts as true: freedom has to be shown to be earned",
    "refer": "the case is referred: silence neither brings it nor avoids it",
    "ignore": "ignored",
}


def identity_data(rulebook: Rulebook) -> Plain:
    """Return what identifies *rulebook* as plain data."""
    return {
        "id": rulebook.id,
        "version": rulebook.version,
        "title": rulebook.title,
        "digest": rulebook.digest,
    }


# Facts


def facts_page(rulebook: Rulebook, facts: Sequence[Fact]) -> Page:
    """Return *facts* of *rulebook* by theme; a single one with all there is to say about it."""
    is_detailed = len(facts) < len(rulebook.facts)
    sections = [
        block
        for theme in themes_of(rulebook, facts)
        for block in section(
            capital(say_id(theme)) or "Without a theme",
            [
                line
                for fact in facts
                if fact.theme == theme
                for line in _fact(rulebook, fact, is_detailed=is_detailed)
            ],
        )
    ]
    headline = Headline(say_count(len(facts), "fact"), about=(_named(rulebook),))
    return Page((headline, *sections))


def _fact(rulebook: Rulebook, fact: Fact, *, is_detailed: bool) -> Iterator[Line]:
    yield Line(f"{fact.id}: {fact.title}", 0, "item")
    yield Line(f"{say_kind(fact)}.", 1)
    if not is_detailed:
        return
    if fact.about:
        yield Line(fact.about, 1)
    if fact.cadence:
        yield Line(f"Counted: {say_id(fact.cadence)}.", 1)
    if fact.max_age is not None:
        yield Line(f"Unknown when older than {say_count(fact.max_age, 'day')}.", 1)
    if fact.accepts != ACCEPTED_BY_DEFAULT:
        yield Line(f"Only accepted as: {say_list(fact.accepts, 'or')}.", 1)
    if fact.history is not None:
        yield Line(f"From a ledger, where there is one: {say_history(rulebook, fact.history)}.", 1)
    if basis := say_basis(rulebook, fact.basis):
        yield Line(f"Source: {basis}", 1)
    rules = [r.title for r in rulebook.rules if fact.id in _mentioned(r)]
    if rules:
        yield Line(f"Rules that ask for it directly: {'; '.join(rules)}.", 1)


def _mentioned(rule: Rule) -> set[str]:
    return {name.id for name in names_in_condition(rule.statement.condition)}


def say_kind(fact: Fact) -> str:
    """Return what a value of *fact* looks like."""
    if fact.type == "number":
        parts = [f"number in {fact.unit}" if fact.unit else "number", *_range(fact)]
        parts.append(f"at most {say_count(fact.decimals, 'decimal')}" if fact.decimals else "whole")
    elif fact.type == "category":
        order = "in this order" if fact.ordered else "in no order"
        parts = [f"one of {say_list(fact.values, 'or')} ({order})"]
        if fact.outside_order:
            parts.append(f"or, outside the order, {say_list(fact.outside_order, 'or')}")
    else:
        parts = ["yes or no" if fact.type == "boolean" else "date"]
    if fact.better != "neither" and fact.type != "category":
        word = {"higher": "yes", "lower": "no"} if fact.type == "boolean" else {}
        parts.append(f"{word.get(fact.better, fact.better)} is better")
    elif fact.better != "neither":
        parts.append(f"the {'last' if fact.better == 'higher' else 'first'} is best")
    return capital(", ".join(parts))


def _range(fact: Fact) -> Iterator[str]:
    least, most = fact.range
    if least is not None and most is not None:
        yield f"{say_number(least)} to {say_number(most)}"
    elif least is not None:
        yield f"from {say_number(least)}"
    elif most is not None:
        yield f"up to {say_number(most)}"


def facts_data(rulebook: Rulebook, facts: Sequence[Fact]) -> Plain:
    """Return *facts* as plain data."""
    wanted = {fact.id for fact in facts}
    listed = [plain for plain in rulebook_data(rulebook)["facts"] if plain["id"] in wanted]
    return {"format": FACTS_FORMAT, "rulebook": identity_data(rulebook), "facts": listed}


def fact_row(rulebook: Rulebook, fact: Fact) -> tuple[str, ...]:
    """Return *fact* as one row under `FACT_COLUMNS`."""
    least, most = ("" if end is None else written(end) for end in fact.range)
    decimals = str(fact.decimals) if fact.type == "number" else ""
    values = " ".join((*fact.values, *fact.outside_order))
    max_age = "" if fact.max_age is None else str(fact.max_age)
    return (
        fact.id, fact.title, fact.type, fact.unit, decimals, least, most, values, fact.better,
        fact.theme, fact.cadence, max_age, say_basis(rulebook, fact.basis), fact.about,
    )  # fmt: skip


# Rules


def rules_page(rulebook: Rulebook, rules: Sequence[Rule], day: datetime.date | None = None) -> Page:
    """Return *rules* of *rulebook* by outcome, the harshest first; on a *day*, those in force."""
    titles = Titles(rulebook)
    scale = [outcome.id for outcome in reversed(rulebook.outcomes)] + [REFER]
    absent = {} if day is None else _absent(rulebook, day)
    sections: list[Section] = []
    for outcome in scale:
        lines = [
            line
            for rule in rules
            if rule.outcome == outcome
            for line in _rule(titles, rule, absent.get(rule.id, ""))
        ]
        title = "Referral" if outcome == REFER else outcome_title(rulebook, outcome)
        sections += section(f"{title}: rules that bring it", lines)
    headline = Headline(say_count(len(rules), "rule"), about=(_named(rulebook),))
    return Page((headline, *sections))


def _absent(rulebook: Rulebook, day: datetime.date) -> dict[str, str]:
    """Why rules are not in force on *day*, by id."""
    absent = find_in_force(rulebook, day, some_cohort(rulebook, day)).not_in_force
    return {item.id: item.because for item in absent if item.kind == "rule"}


def _rule(titles: Titles, rule: Rule, absent: str) -> Iterator[Line]:
    rulebook = titles.rulebook
    yield Line(f"{rule.id}: {rule.title}", 0, "item")
    word = "Unless" if rule.negated else "When"
    yield Line(f"{word} {titles.condition(rule.statement.condition)}.", 1)
    yield Line(f"If that is not known: {say_if_unknown(rule)}.", 1)
    if rule.measure:
        measure = next(m.title for m in rulebook.measures if m.id == rule.measure)
        yield Line(f"Recommends: {in_sentence(measure)}.", 1)
    if rule.span:
        yield Line(f"In force {say_span(rule.span)}.", 1)
    if absent:
        yield Line(f"Not in force on that day: {absent}.", 1, "warning")
    if rule.about:
        yield Line(rule.about, 1)
    yield Line(f"Source: {say_basis(rulebook, rule.basis)}", 1)


def say_if_unknown(rule: Rule) -> str:
    """Return what *rule* does when nobody knows whether it holds."""
    if rule.outcome == REFER:
        return "the case is referred all the same"
    said = _IF_UNKNOWN[rule.if_unknown]
    return f"{said} ({rule.reason_to_ignore})" if rule.reason_to_ignore else said


def rules_data(rulebook: Rulebook, rules: Sequence[Rule]) -> Plain:
    """Return *rules* as plain data."""
    wanted = {rule.id for rule in rules}
    listed = [plain for plain in rulebook_data(rulebook)["rules"] if plain["id"] in wanted]
    return {"format": RULES_FORMAT, "rulebook": identity_data(rulebook), "rules": listed}


def rule_row(rulebook: Rulebook, rule: Rule) -> tuple[str, ...]:
    """Return *rule* as one row under `RULE_COLUMNS`."""
    says = ("unless " if rule.negated else "when ") + rule.statement.text
    start = rule.span.start.isoformat() if rule.span else ""
    end = rule.span.end.isoformat() if rule.span and rule.span.end else ""
    return (
        rule.id, rule.title, says, rule.outcome, rule.if_unknown, rule.principle, rule.theme,
        rule.measure, start, end, say_basis(rulebook, rule.basis), rule.about,
    )  # fmt: skip


def _named(rulebook: Rulebook) -> str:
    return f"{rulebook.title} ({rulebook.id} {rulebook.version})"
