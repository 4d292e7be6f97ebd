"""What came of a replay: how many came out as recorded, and what is told of the others."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from attrs import frozen

from oversight_engine.ledger.bulk import Answer
from oversight_engine.ledger.deriving import GENERATED, Deriver
from oversight_engine.ledger.divergence import Divergence, find_divergences
from oversight_engine.ledger.rechecking import Rechecked
from oversight_engine.model.noun import Noun

MOST_KEPT = 100
"""How many of a kind a replay tells one by one; it counts all."""

One = TypeVar("One")


class Diverging(NamedTuple):
    """A decision that was not derived as recorded: every difference, the first one first."""

    number: int
    system: str
    as_of: str
    divergences: tuple[Divergence, ...]


class Masked(NamedTuple):
    """A decision that nobody can derive again, since something of what was asked is masked."""

    number: int
    system: str
    as_of: str
    fields: tuple[str, ...]


class Misremembered(NamedTuple):
    """The first decision on a system whose history is not what the ledger gives, and why."""

    number: int
    because: str


class Refused(NamedTuple):
    """A decision that cannot be derived from what was recorded, and why."""

    number: int
    because: str


@frozen(eq=False, repr=False)
class Replay(Noun):
    """What came of replaying some decisions.

    Attributes:
        same: how many came to the bytes that were recorded.
        diverging, masked, refused: the first of the others; the counts are of all.
        checked: how many that generated code derived were derived by the reference evaluator too.
        by_reference: how many were left to the reference altogether.
        misremembered: by system, the first whose history is not what the ledger gives.
        history_checked: how many had their history drawn from the ledger again.
        history_masked: how many did not, because something is masked that it may rest on.
        processes: how many it was done in.
        evaluators: what derived them.
        reader: what read the entries: `msgspec`, or the standard library's `json`.
    """

    same: int = 0
    diverging: tuple[Diverging, ...] = ()
    masked: tuple[Masked, ...] = ()
    refused: tuple[Refused, ...] = ()
    diverging_count: int = 0
    masked_count: int = 0
    refused_count: int = 0
    checked: int = 0
    by_reference: int = 0
    misremembered: tuple[Misremembered, ...] = ()
    history_checked: int = 0
    history_masked: int = 0
    processes: int = 1
    evaluators: tuple[str, ...] = (GENERATED,)
    reader: str = ""

    @property
    def total(self) -> int:
        """How many decisions were chosen."""
        return self.same + self.diverging_count + self.masked_count + self.refused_count

    @property
    def agrees(self) -> bool:
        """Whether all that can be derived again came out as recorded."""
        return not self.diverging_count and not self.refused_count and not self.misremembered

    def beside(self, other: Replay) -> Replay:
        """Return what came of both, which are of different systems."""
        return Replay(
            same=self.same + other.same,
            diverging=_first(self.diverging + other.diverging),
            masked=_first(self.masked + other.masked),
            refused=_first(self.refused + other.refused),
            diverging_count=self.diverging_count + other.diverging_count,
            masked_count=self.masked_count + other.masked_count,
            refused_count=self.refused_count + other.refused_count,
            checked=self.checked + other.checked,
            by_reference=self.by_reference + other.by_reference,
            misremembered=tuple(sorted(self.misremembered + other.misremembered)),
            history_checked=self.history_checked + other.history_checked,
            history_masked=self.history_masked + other.history_masked,
            processes=self.processes + other.processes,
            evaluators=self.evaluators,
            reader=self.reader,
        )


def _first(told: Iterable[One]) -> tuple[One, ...]:
    """Return the first of what is *told*, by number."""
    return tuple(sorted(told, key=attrgetter("number"))[:MOST_KEPT])


class Tally:
    """Counts, and keeps the first of each kind by number."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.same = 0
        self._told: dict[str, list[Any]] = {"diverging": [], "masked": [], "refused": []}
        self._counts = dict.fromkeys(self._told, 0)
        self._misremembered: list[Misremembered] = []
        self._history_checked = self._history_masked = 0

    def _is_first(self, kind: str, number: int) -> bool:
        """Count one more of a *kind*, and say whether it is among the first so far."""
        self._counts[kind] += 1
        told = self._told[kind]
        return len(told) < MOST_KEPT or number < told[-1].number

    def _tell(self, kind: str, one: Any) -> None:
        insort(self._told[kind], one, key=attrgetter("number"))
        del self._told[kind][MOST_KEPT:]

    def diverged(self, answer: Answer, derived: bytes, deriver: Deriver) -> None:
        """Take in a decision for which other bytes were *derived*."""
        if self._is_first("diverging", answer.number):
            pair = json.loads(answer.recorded), json.loads(derived)
            found = tuple(find_divergences(*pair, deriver.in_force(answer.day)))
            self._tell("diverging", Diverging(answer.number, answer.system, answer.day, found))

    def masked(self, answer: Answer) -> None:
        """Take in a decision of which something is masked."""
        if self._is_first("masked", answer.number):
            one = Masked(answer.number, answer.system, answer.day, answer.masked)
            self._tell("masked", one)

    def refuse(self, number: int, because: str) -> None:
        """Take in a decision that cannot be derived."""
        if self._is_first("refused", number):
            self._tell("refused", Refused(number, because))

    def remembered(self, found: Rechecked) -> None:
        """Take in what was *found* of the history of a system."""
        self._history_checked += found.checked
        self._history_masked += len(found.masked)
        if found.fault is not None:
            self._misremembered.append(Misremembered(*found.fault))

    def result(self, **more: Any) -> Replay:
        """Return what came of it, with what others say of it."""
        return Replay(
            same=self.same,
            misremembered=tuple(sorted(self._misremembered)),
            history_checked=self._history_checked,
            history_masked=self._history_masked,
            diverging=tuple(self._told["diverging"]),
            masked=tuple(self._told["masked"]),
            refused=tuple(self._told["refused"]),
            diverging_count=self._counts["diverging"],
            masked_count=self._counts["masked"],
            refused_count=self._counts["refused"],
            **more,
        )
