"""What a rulebook leaves to people: who confirms what, and which facts are history."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Basis

HistoryOf = Literal[
    "outcome_in_force", "engine_outcome", "finding", "no_rule_held", "exit_criteria"
]
HistoryAs = Literal["value", "days", "periods"]

NO_OUTCOME = "none"
"""The outcome in force of a system that was never decided."""

EXIT_STATES = ("not_agreed", "not_met", "met_for_now", "met_and_sustained")
"""How far the exit criteria of the harshest outcome are met, the worst first."""
NOT_APPLICABLE = "not_applicable"
"""Said of the exit criteria where the harshest outcome is not in force."""

UNSTATED = Basis()


@frozen(eq=False, repr=False)
class Confirmation(Noun):
    """Which outcomes are only recommended until somebody confirms them.

    Attributes:
        outcomes: their ids, lightest first; the harshest is always among them.
        roles: ids of the roles that may confirm or refuse; empty: whoever names a role.
    """

    outcomes: tuple[str, ...]
    roles: tuple[str, ...] = ()
    basis: Basis = UNSTATED


@frozen(eq=False, repr=False)
class HistoryDeclaration(Noun):
    """What a fact takes from earlier decisions on the same system, and from what people did.

    Attributes:
        of: what is looked at.
        shown: the value itself, or for how many days or periods in a row it has held.
        finding: of `finding`, its id.
        apart_from: of `no_rule_held`, the rules that are left aside.
        sustained_for: of `exit_criteria`, after how many days of being met they are sustained.
    """

    of: HistoryOf
    shown: HistoryAs = "value"
    finding: str = ""
    apart_from: tuple[str, ...] = ()
    sustained_for: int | None = None
