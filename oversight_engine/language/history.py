"""Facts that are history: what a fact takes from a ledger, and whether it can hold that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from oversight_engine.language.forms import Form, read_id
from oversight_engine.language.problems import Place, Problems, quoted
from oversight_engine.model.people import (
    EXIT_STATES,
    NO_OUTCOME,
    NOT_APPLICABLE,
    HistoryAs,
    HistoryDeclaration,
    HistoryOf,
)
from oversight_engine.model.rulebook import Fact, FactType, Finding, Rule, Status

FILLED_AS: Status = "derived"
"""The status of a fact that was filled in from a ledger."""

_SHOWN: Mapping[HistoryOf, tuple[HistoryAs, ...]] = {
    "outcome_in_force": ("value", "days", "periods"),
    "engine_outcome": ("value", "days", "periods"),
    "finding": ("value", "periods"),
    "no_rule_held": ("value", "periods"),
    "exit_criteria": ("value",),
}
_ONLY_OF: Mapping[str, HistoryOf] = {
    "finding": "finding",
    "apart_from": "no_rule_held",
    "sustained_for": "exit_criteria",
}


def read_history(outer: Form) -> HistoryDeclaration | None:
    """Return what the fact of the form *outer* says under `history`, if it says something."""
    node = outer.node("history", needed=False)
    if node is None:
        return None
    form = Form(node, "`history`", outer.problems)
    of = form.choice("of", get_args(HistoryOf))
    form.forbid({
        key: f"only the history of `{owner}` has `{key}`"
        for key, owner in _ONLY_OF.items() if owner != of
    })  # fmt: skip
    aside: tuple[str, ...] = ()
    if of == "no_rule_held":
        aside = form.each("apart_from", lambda s: read_id(s, "a rule", form.problems), needed=False)
    history = HistoryDeclaration(
        of=of,
        shown=form.choice("as", _SHOWN[of], "value"),
        finding=form.id("finding") if of == "finding" else "",
        apart_from=tuple(sorted(aside)),
        sustained_for=form.whole("sustained_for") if of == "exit_criteria" else None,
    )
    if form.finish():
        return history
    outer.ok = False
    return None


def check_history_fact(form: Form, fact: Fact, outcomes: Sequence[str] | None) -> None:
    """Note where *fact* cannot hold the history it declares; findings are checked later."""
    history = fact.history
    if history is None:
        return
    place = form.place_of("history")
    if FILLED_AS not in fact.accepts:
        form.fail(
            "history-mismatch", f"what a ledger fills in is `{FILLED_AS}`, which is not accepted",
            place=place, got=fact.id, help=f"add `{FILLED_AS}` to `accepts`",
        )  # fmt: skip
    wanted = _type_of(history)
    if wanted is not None and fact.type != wanted:
        form.fail(
            "history-mismatch", f"this history is a {wanted}, and the fact a {fact.type}",
            place=place, got=fact.id, help=f"say `type: {wanted}`",
        )  # fmt: skip
    elif wanted == "number":
        least, _ = fact.range
        if fact.decimals or (least is not None and least > 0):
            form.fail(
                "history-mismatch", "days and periods are counted in whole numbers from 0",
                place=place, got=fact.id, help="leave `decimals` out and let `range` begin at 0",
            )  # fmt: skip
    elif wanted == "category" and history.of == "exit_criteria":
        _check_words(form, fact, (*EXIT_STATES, NOT_APPLICABLE), place)
    elif wanted == "category" and outcomes is not None:
        _check_words(form, fact, (*outcomes, NO_OUTCOME), place)


def _type_of(history: HistoryDeclaration) -> FactType | None:
    """Return the type of fact that *history* needs; None where its finding says that."""
    if history.shown != "value":
        return "number"
    if history.of == "finding":
        return None
    return "boolean" if history.of == "no_rule_held" else "category"


def _check_words(form: Form, fact: Fact, words: Sequence[str], place: Place) -> None:
    fault = _missing_words(fact, words)
    if fault:
        form.fail("history-mismatch", fault, place=place, got=fact.id, help=_WAY_OUT)


_WAY_OUT = "add them to `values`, or to `outside_order`"


def _missing_words(fact: Fact, words: Sequence[str]) -> str:
    missing = [word for word in words if word not in (*fact.values, *fact.outside_order)]
    return f"this history can be {quoted(missing)}, which the fact cannot" if missing else ""


def check_history_names(
    facts: Sequence[Fact],
    findings: Sequence[Finding],
    rules: Sequence[Rule],
    places: Mapping[str, Place],
    problems: Problems,
) -> None:
    """Note where a history names a finding or rule that is not there, or does not fit."""
    by_id = {finding.id: finding for finding in findings}
    rule_ids = [rule.id for rule in rules]
    for fact in facts:
        history = fact.history
        if history is None:
            continue
        for rule_id in history.apart_from:
            if rule_id not in rule_ids and rule_id not in places:
                problems.add(
                    "unknown-rule", places[fact.id], "there is no such rule", got=rule_id,
                    help=problems.did_you_mean(rule_id, rule_ids),
                )  # fmt: skip
        if history.of != "finding":
            continue
        finding = by_id.get(history.finding)
        if finding is not None:
            _check_finding(fact, finding, places[fact.id], problems)
        elif history.finding not in places or history.finding in {each.id for each in facts}:
            problems.add(
                "unknown-name", places[fact.id], "no finding has this name", got=history.finding,
                help=problems.did_you_mean(history.finding, by_id),
            )  # fmt: skip


def _check_finding(fact: Fact, finding: Finding, place: Place, problems: Problems) -> None:
    history = fact.history
    kind = "boolean" if finding.when is not None else "category" if finding.values else "number"
    fault = way_out = ""
    if history is not None and history.shown == "periods":
        if kind != "boolean":
            fault = f"`{finding.id}` is a {kind}, and only a condition holds for some periods"
            way_out = "name a finding with `when`"
    elif fact.type != kind:
        fault, way_out = f"`{finding.id}` is a {kind}, and the fact a {fact.type}", f"say `{kind}`"
    elif kind == "category":
        words = (*finding.values, *finding.outside_order, NO_OUTCOME)
        fault, way_out = _missing_words(fact, words), _WAY_OUT
    elif kind == "number" and fact.unit != finding.unit:
        fault, way_out = f"the unit of `{finding.id}` is another", f"say `unit: {finding.unit}`"
    if fault:
        problems.add("history-mismatch", place, fault, got=fact.id, help=way_out)
