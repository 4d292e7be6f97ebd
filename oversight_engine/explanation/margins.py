"""How near each compared number was to the point at which its condition turns.

The distance is a share of the range the number may have, by the declared ranges of the facts it
comes from, so that pounds, days and percentages can stand in one list. Nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from oversight_engine.explanation.conditions import sides
from oversight_engine.model.decision import Decision, LeafResult
from oversight_engine.model.expression import (
    Aggregate,
    Comparison,
    Name,
    Number,
    Quantity,
    Sum,
)
from oversight_engine.model.number import Exact

Range = tuple[Exact, Exact]


class Margin(NamedTuple):
    """The distance of one compared number from its threshold.

    Attributes:
        owners: titles of the rules and findings whose condition it is.
        distance: in the number's own unit, never negative.
        share: the distance as a share of the range the number may have.
        is_within_likely: whether the stated uncertainty of the fact reaches across the threshold.
    """

    owners: tuple[str, ...]
    result: LeafResult
    distance: Exact
    share: Fraction
    is_within_likely: bool


def find_margins(decision: Decision) -> tuple[Margin, ...]:
    """Return the margin of each comparison of known numbers, the nearest first.

    A comparison whose number has no declared end has no share, and is left out.
    """
    ranges = _Ranges(decision)
    owners: dict[tuple[Quantity, Quantity], list[str]] = {}
    found: dict[tuple[Quantity, Quantity], Margin] = {}
    for owner, result in _leaves(decision):
        leaf = result.leaf
        if not isinstance(leaf, Comparison):
            continue
        subject, _, threshold = sides(leaf)
        limit = subject, threshold  # whichever way it is compared, it is one limit
        owners.setdefault(limit, []).append(owner)
        width = ranges.width(subject)
        left, right = result.left, result.right
        if width and isinstance(left, int | Fraction) and isinstance(right, int | Fraction):
            distance = left - right if left > right else right - left
            found[limit] = Margin(
                tuple(dict.fromkeys(owners[limit])),
                result,
                distance,
                Fraction(distance) / width,
                _is_within_likely(decision, leaf, result),
            )
    return tuple(sorted(found.values(), key=lambda margin: (margin.share, margin.result.leaf.text)))


def _leaves(decision: Decision) -> Iterator[tuple[str, LeafResult]]:
    for rule in decision.rules:
        yield from ((rule.rule.title, leaf) for leaf in rule.leaves)
    for finding in decision.findings:
        yield from ((finding.finding.title, leaf) for leaf in finding.leaves)


def _is_within_likely(decision: Decision, leaf: Comparison, result: LeafResult) -> bool:
    subject, _, _ = sides(leaf)
    if not isinstance(subject, Name) or subject.referent != "fact":
        return False
    stated = decision.case.facts.get(subject.id)
    if stated is None or stated.likely is None:
        return False
    threshold = result.right if subject is leaf.left else result.left
    least, most = stated.likely
    return least <= threshold <= most  # type: ignore[operator]


class _Ranges:
    """What range a quantity may have, by the declared ranges of the facts in it."""

    def __init__(self, decision: Decision) -> None:
        self.rulebook = decision.rulebook
        self.parameters = {use.parameter.id: use.dated.value for use in decision.parameters}

    def width(self, quantity: Quantity) -> Exact | None:
        span = self.of(quantity)
        return None if span is None else span[1] - span[0]

    def of(self, quantity: Quantity) -> Range | None:
        if isinstance(quantity, Number):
            return quantity.value, quantity.value
        if isinstance(quantity, Name):
            return self._of_name(quantity)
        if isinstance(quantity, Aggregate) and quantity.function != "sum_known":
            return _hull([self.of(operand) for operand in quantity.operands])
        if not isinstance(quantity, Sum):
            return None  # days have no declared range, and a product is nobody's figure
        left, right = self.of(quantity.left), self.of(quantity.right)
        if left is None or right is None:
            return None
        if quantity.minus:
            return left[0] - right[1], left[1] - right[0]
        return left[0] + right[0], left[1] + right[1]

    def _of_name(self, name: Name) -> Range | None:
        if name.referent == "parameter":
            value = self.parameters[name.id]
            return value, value
        if name.referent == "fact":
            least, most = self.rulebook.fact(name.id).range
            return None if least is None or most is None else (least, most)
        finding = self.rulebook.finding(name.id)
        if finding.value is not None:
            return self.of(finding.value.quantity)
        return None  # a table moves in steps; how near a step was shows in its own conditions


def _hull(ranges: list[Range | None]) -> Range | None:
    known = [span for span in ranges if span is not None]
    if not known or len(known) < len(ranges):
        return None
    return min(least for least, _ in known), max(most for _, most in known)
