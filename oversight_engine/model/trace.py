"""What an evaluator returns: the truth of every condition, finding, rule and consequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact
from oversight_engine.model.truth import Truth

Conclusion = Truth | Exact | str | None
"""What a finding comes to: a truth, a number, a category; None where a value is unknown."""

Operand = Exact | str | Truth | tuple[int, int] | None
"""What a side of a leaf came to; a count is the interval of how many may hold; None: unknown."""

Operands = tuple[Operand, Operand]

Effect = Literal["none", "holds", "holds_back", "refers", "ignored"]
"""What a rule did: nothing; it is true; it is unknown and counts as held; it is unknown (or an
admissibility rule holds) and refers the case; it is unknown and ignored."""


@frozen(eq=False, repr=False)
class Verdict(Noun):
    """What follows from the truth of the rules.

    Attributes:
        outcome: one of the scale's, or None for a referral.
        possible: the outcomes that remain possible whatever the unknown facts are (a sound
            bound), lightest first; admissibility is left aside.
        effects: what each rule did, by id.
    """

    outcome: str | None
    possible: tuple[str, ...]
    effects: Mapping[str, Effect] = field(factory=dict, eq=False)


@frozen(eq=False, repr=False)
class Trace(Noun):
    """The truth of everything in force, for one case on one day.

    Attributes:
        findings, rules, consequences: what each comes to, by id. A consequence without a
            condition is true.
        leaves: the truth of each of the leaves in force (see `InForce.leaves`).
        operands: what the sides of each came to. Only the reference evaluator gives them.
        label: the outcome, or `referral`, as the evaluator itself derives it; empty where it
            leaves that to the engine.
        remarks: what a reader of the trace should know of how it came about.
    """

    findings: Mapping[str, Conclusion]
    rules: Mapping[str, Truth]
    consequences: Mapping[str, Truth]
    leaves: tuple[Truth, ...]
    operands: tuple[Operands, ...] = field(default=(), eq=False)
    label: str = ""
    remarks: tuple[str, ...] = field(default=(), eq=False)
