"""A decision in words: views over what it recorded, never a second evaluation."""

from __future__ import annotations

from oversight_engine.explanation.brings import say_consequences, say_principles
from oversight_engine.explanation.grounds import (
    say_facts,
    say_identity,
    say_not_in_force,
    say_parameters,
    say_sources,
)
from oversight_engine.explanation.outcome import Account
from oversight_engine.explanation.page import Page
from oversight_engine.model.decision import Decision

NEAREST, NEAREST_IN_BRIEF = 8, 3
"""How many of the numbers nearest to a threshold are shown, in full and in brief."""


def explain(decision: Decision) -> Page:
    """Return *decision* in full, for a reader who was not there."""
    account = Account(decision)
    return Page(
        (
            account.headline(),
            *account.why(),
            *account.lesser(),
            *account.unknown(),
            *account.close(NEAREST),
            *say_consequences(decision),
            *say_principles(decision),
            *account.every_rule(),
            *say_facts(decision),
            *say_parameters(decision),
            *say_not_in_force(decision),
            *say_sources(decision),
            *say_identity(decision),
        )
    )


def summarise(decision: Decision) -> Page:
    """Return what a reader of *decision* must know: the outcome, its reasons, what it brings."""
    account = Account(decision)
    return Page(
        (
            account.headline(),
            *account.why(),
            *account.unknown(is_brief=True),
            *account.close(NEAREST_IN_BRIEF),
            *say_consequences(decision, is_brief=True),
        )
    )


def explain_why_not(decision: Decision, outcome: str) -> Page:
    """Return what stands between *decision* and *outcome*, rule by rule.

    Raises:
        KeyError: the rulebook has no such outcome.
    """
    account = Account(decision)
    return Page((account.headline(), *account.why_not(outcome)))
