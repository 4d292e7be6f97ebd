"""What the tests of a rulebook show of it: each rule, outcome and condition, on either side.

A *side* of a condition's leaf is shown when in some test the leaf has this truth, and its other
truth, with everything else of that test left as it is, would turn the truth of the whole
condition from true to false or back. So both sides together show that the leaf matters by itself.
(Elsewhere this is called masking MC/DC; a leaf that stands twice in a condition is two.)
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from attrs import frozen

from oversight_engine.model.cohort import some_cohort
from oversight_engine.model.expression import And, Condition, Count, Leaf, Not, Or, leaves_of
from oversight_engine.model.in_force import (
    InForce,
    Owner,
    change_days,
    find_in_force,
    statements_of,
)
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFERRAL, Rulebook
from oversight_engine.model.trace import Operands, Trace
from oversight_engine.model.truth import (
    FALSE,
    TRUE,
    UNKNOWN,
    Truth,
    conjunction,
    disjunction,
    negation,
)
from oversight_engine.semantics import compare

Key = tuple[str, str, int]
"""A leaf: the kind and id of its owner, and its place among the owner's leaves."""

SIDES = (TRUE, FALSE)


@frozen(eq=False, repr=False)
class Uncovered(Noun):
    """Something that no test shows.

    Attributes:
        what: `outcome`, `rule` or `condition`.
        kind, id: the owner of a condition; of a rule or outcome, what it is.
        number: the place of a condition's leaf among the owner's.
        text: the leaf as written, or the id.
        truth: the truth that is not shown, or None of an outcome.
        place: where the owner stands.
    """

    what: str
    kind: str
    id: str
    number: int
    text: str
    truth: Truth | None
    place: str


@frozen(eq=False, repr=False)
class Coverage(Noun):
    """What the tests show, by kind: how much there is, and what of it is not shown.

    Attributes:
        totals: by what is counted, how many there are.
        uncovered: by what is counted, those that no test shows, in the rulebook's order.
        never: ids of rules and findings in force on no day, so that no test could show them.
    """

    totals: Mapping[str, int]
    uncovered: Mapping[str, tuple[Uncovered, ...]]
    never: tuple[str, ...]

    def shown(self, what: str) -> int:
        """Return how many of *what* some test shows."""
        return self.totals[what] - len(self.uncovered[what])

    @property
    def of_conditions(self) -> tuple[int, int]:
        """How many sides of conditions are shown, and how many there are."""
        return self.shown("conditions"), self.totals["conditions"]


class Seen(NamedTuple):
    """One test, as far as coverage looks at it."""

    in_force: InForce
    trace: Trace
    label: str


def measure(rulebooks: Sequence[Rulebook], seen: Iterable[Seen]) -> Coverage:
    """Return what of the first of *rulebooks* is shown by what was *seen*.

    Args:
        rulebooks: the rulebook, and after it the same under each reform of its tests.
        seen: of each test.
    """
    labels: set[str] = set()
    rules: set[tuple[str, Truth]] = set()
    sides: set[tuple[Key, Truth]] = set()
    leaves: set[tuple[Key, Truth]] = set()
    for each in seen:
        labels.add(each.label)
        rules.update(each.trace.rules.items())
        for key, truth in _leaves_shown(each):
            leaves.add((key, truth))
        sides.update(shown_sides(each.in_force, each.trace))
    owners = owners_in_force(rulebooks)
    return _coverage(rulebooks[0], owners, labels, rules, sides, leaves)


def _coverage(
    rulebook: Rulebook,
    owners: Mapping[tuple[str, str], Owner],
    labels: set[str],
    rules: set[tuple[str, Truth]],
    sides: set[tuple[Key, Truth]],
    leaves: set[tuple[Key, Truth]],
) -> Coverage:
    outcomes = [*(outcome.id for outcome in rulebook.outcomes), REFERRAL]
    of_outcomes = [
        Uncovered("outcome", "outcome", outcome, 0, outcome, None, rulebook.place)
        for outcome in outcomes
    ]
    of_rules = [
        Uncovered("rule", "rule", id_, 0, id_, truth, owner.place)
        for (kind, id_), owner in owners.items()
        if kind == "rule"
        for truth in SIDES
    ]
    of_leaves = [
        Uncovered("condition", kind, id_, number, leaf.text, truth, owner.place)
        for (kind, id_), owner in owners.items()
        for number, leaf in enumerate(leaves_in(owner))
        for truth in (*SIDES, UNKNOWN)
    ]
    of_sides = [each for each in of_leaves if each.truth is not UNKNOWN]
    can_be_unknown = [each for each in of_leaves if not each.text.startswith("known(")]
    every: dict[str, list[Uncovered]] = {
        "outcomes": of_outcomes,
        "rules": of_rules,
        "leaves": can_be_unknown,
        "conditions": of_sides,
    }

    def is_shown(what: str, each: Uncovered) -> bool:
        if each.truth is None:
            return each.id in labels
        if what == "rules":
            return (each.id, each.truth) in rules
        key = (each.kind, each.id, each.number)
        return (key, each.truth) in (sides if what == "conditions" else leaves)

    written_down: tuple[Owner, ...] = (*rulebook.findings, *rulebook.rules)
    return Coverage(
        totals={what: len(items) for what, items in every.items()},
        uncovered={
            what: tuple(each for each in items if not is_shown(what, each))
            for what, items in every.items()
        },
        never=tuple(
            owner.id for owner in written_down if not any(id_ == owner.id for _, id_ in owners)
        ),
    )


def leaves_in(owner: Owner) -> tuple[Leaf, ...]:
    """Return the leaves of *owner*, in the order in which a trace states them."""
    return tuple(leaf for statement in statements_of(owner) for leaf in statement.leaves)


def days_of(rulebook: Rulebook) -> tuple[datetime.date, ...]:
    """Return the first day of each period of *rulebook* between which nothing changes."""
    span = rulebook.span
    return tuple(sorted({span.start, *(day for day in change_days(rulebook) if day in span)}))


def owners_in_force(rulebooks: Sequence[Rulebook]) -> dict[tuple[str, str], Owner]:
    """Return what has conditions and is in force on some day, by kind and id, in order."""
    there = {
        key
        for book in rulebooks
        for day in days_of(book)
        for key in find_in_force(
            book, day, some_cohort(book, day) if book.cohort is not None else None
        ).owners
    }
    book = rulebooks[0]
    every: list[tuple[str, Owner]] = [("finding", each) for each in book.findings]
    every += [("rule", each) for each in book.rules]
    every += [("consequence", each) for each in book.consequences]
    return {(kind, each.id): each for kind, each in every if (kind, each.id) in there}


def _leaves_shown(seen: Seen) -> Iterator[tuple[Key, Truth]]:
    for (kind, id_), where in seen.in_force.owners.items():
        for number, truth in enumerate(seen.trace.leaves[where]):
            yield (kind, id_, number), truth


def shown_sides(in_force: InForce, trace: Trace) -> Iterator[tuple[Key, Truth]]:
    """Yield each side of a leaf that *trace* shows: its truth decides that of its condition."""
    owners: tuple[Owner, ...] = (*in_force.findings, *in_force.rules, *in_force.consequences)
    for owner, ((kind, id_), where) in zip(owners, in_force.owners.items(), strict=True):
        number, start = 0, where.start
        for statement in statements_of(owner):
            end = start + len(statement.leaves)
            noted = trace.leaves[start:end], trace.operands[start:end]
            for flipped, truth in enumerate(noted[0]):
                if truth is not UNKNOWN and decides(statement.condition, *noted, flipped):
                    yield (kind, id_, number + flipped), truth
            number, start = number + len(statement.leaves), end


def decides(
    condition: Condition,
    truths: Sequence[Truth],
    operands: Sequence[Operands],
    flipped: int,
) -> bool:
    """Say whether the opposite truth of one leaf would turn *condition* from true to false or back.

    Args:
        condition: all of it.
        truths: of its leaves, in order.
        operands: of its leaves, in order.
        flipped: the place of the leaf.
    """
    as_it_is = _Fold(truths, operands, None).truth(condition)
    otherwise = _Fold(truths, operands, flipped).truth(condition)
    return {as_it_is, otherwise} == {TRUE, FALSE}


class _Fold:
    """One walk over a condition whose leaves have these truths, but for one that is denied."""

    def __init__(
        self, truths: Sequence[Truth], operands: Sequence[Operands], flipped: int | None
    ) -> None:
        self._truths, self._operands, self._flipped = truths, operands, flipped
        self._place = 0

    def truth(self, condition: Condition) -> Truth:
        if isinstance(condition, Not):
            return negation(self.truth(condition.condition))
        if isinstance(condition, And | Or):
            # Every part is walked, so that the leaves after it are found at their places.
            parts = [self.truth(part) for part in condition.conditions]
            return conjunction(parts) if isinstance(condition, And) else disjunction(parts)
        place = self._place
        self._place += 1
        if not isinstance(condition, Count):
            return self._leaf(place)
        inside = range(place + 1, place + 1 + sum(1 for _ in _inner(condition)))
        parts = [self.truth(part) for part in condition.conditions]
        return (
            self._count(condition, place, parts) if self._flipped in inside else self._leaf(place)
        )

    def _leaf(self, place: int) -> Truth:
        truth = self._truths[place]
        return negation(truth) if place == self._flipped else truth

    def _count(self, count: Count, place: int, parts: list[Truth]) -> Truth:
        right = self._operands[place][1]
        assert not isinstance(right, str | Truth | tuple), "a count is compared with a number"
        least = parts.count(TRUE)
        most = least + parts.count(UNKNOWN)
        possible = {compare(number, count.operator, right) for number in range(least, most + 1)}
        return possible.pop() if len(possible) == 1 else UNKNOWN


def _inner(count: Count) -> Iterator[Leaf]:
    for part in count.conditions:
        yield from leaves_of(part)
