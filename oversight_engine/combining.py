"""The one combining rule: the most severe wins, and lighter exists only where nothing holds back.

Everything that turns truths of rules into an outcome is here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oversight_engine.model.in_force import InForce
from oversight_engine.model.rulebook import REFER, Rule, Rulebook
from oversight_engine.model.trace import Effect, Verdict
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth


def effect_of(rule: Rule, truth: Truth) -> Effect:
    """Return what *rule* does to a decision when it has this *truth*."""
    if truth is FALSE:
        return "none"
    if rule.outcome == REFER:
        return "refers"  # an admissibility rule that is unknown counts as held
    if truth is TRUE:
        return "holds"
    if rule.if_unknown == "hold_back":
        return "holds_back"
    return "refers" if rule.if_unknown == "refer" else "ignored"


def combine(in_force: InForce, truths: Mapping[str, Truth]) -> Verdict:
    """Return the outcome or referral, and what stays possible, from the *truths* of the rules."""
    rulebook = in_force.rulebook
    effects = {rule.id: effect_of(rule, truths[rule.id]) for rule in in_force.rules}
    standing = [rule for rule in in_force.rules if effects[rule.id] != "none"]

    def severest(*wanted: Effect) -> int:
        outcomes = {rule.outcome for rule in standing if effects[rule.id] in wanted}
        return max(map(rulebook.severity, outcomes), default=0)

    held = severest("holds")
    harshest = len(rulebook.outcomes) - 1
    if held == harshest:
        decided: int | None = harshest
    elif "refers" in effects.values():
        decided = None
    else:
        decided = severest("holds", "holds_back")
    return Verdict(
        outcome=None if decided is None else rulebook.outcomes[decided].id,
        possible=_possible(rulebook, standing, truths, held),
        effects=effects,
    )


def _possible(
    rulebook: Rulebook, rules: Iterable[Rule], truths: Mapping[str, Truth], held: int
) -> tuple[str, ...]:
    """The bound: what the true rules bring, and every harsher outcome of an unknown one."""
    unknown = {rule.outcome for rule in rules if truths[rule.id] is UNKNOWN}
    places = {max(held, rulebook.severity(outcome)) for outcome in unknown - {REFER}} | {held}
    return tuple(rulebook.outcomes[place].id for place in sorted(places))
