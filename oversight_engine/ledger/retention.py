"""Retention: what a policy has masked in a ledger, and when; what is due is masked on record."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from oversight_engine.errors import IntegrityError
from oversight_engine.language.problems import did_you_mean
from oversight_engine.language.retention import Maskable, Refusal, read_retention
from oversight_engine.ledger import checks
from oversight_engine.ledger.entries import KEPT, KINDS, MASKABLE, Entry
from oversight_engine.ledger.folding import Fold, terms_by
from oversight_engine.model.noun import Noun
from oversight_engine.model.retention import RetentionItem, RetentionPolicy

if TYPE_CHECKING:
    from oversight_engine.ledger.keys import Signer
    from oversight_engine.ledger.log import Clock, Ledger

Day = datetime.date

_ITS_OWN = ("format", "number", "kind", "recorded_at", "clock", "masked")
_SHAPES = {
    "by": ("/by/name",),
    "case": (
        "/case/facts/some_fact", "/case/local_priorities", "/case/system/name",
        "/case/system/region",
    ),
    "history": ("/history/some_fact",),
}  # fmt: skip
"""What may be masked under each key; the others of `MASKABLE` are masked whole."""
_OF_A_FACT = re.compile(r"/(case/facts|history)/[^/]+(/[^/]+)?")


def refusal_of(kind: str, path: str) -> Refusal | None:
    """Return why the field at *path* cannot be masked in entries of that *kind*, if it cannot."""
    keys = KINDS[kind].keys
    key = path.split("/")[1] if not checks.pointers([path]) else ""
    if path in KEPT:
        return Refusal(
            "never-masked", "this is never masked: later decisions, and who may do what, rest on it"
        )
    if key in _ITS_OWN or (key in keys and key not in MASKABLE):
        return Refusal(
            "never-masked", f"nothing of `{key}` is ever masked: what was decided or done, when "
            "and about what stays",
        )  # fmt: skip
    there = [p for k in MASKABLE if k in keys for p in _SHAPES.get(k, (f"/{k}",))]
    if path in there or (key in keys and _OF_A_FACT.fullmatch(path)):
        return None
    listed = f"write one of {', '.join(there)}"
    return Refusal(
        "unknown-field",
        f"entries of the kind {kind} have no such field",
        did_you_mean(path, there) or listed,
    )


MASKABLE_FIELDS = Maskable(KINDS["masking"].about, refusal_of)


def read_policy(path: Path) -> RetentionPolicy:
    """Return the retention policy at *path*.

    Raises:
        InputError: it holds none, or would mask what is never masked; with every problem.
    """
    return read_retention(path, MASKABLE_FIELDS)


@frozen(eq=False, repr=False)
class Found(Noun):
    """A field that a policy has masked.

    Attributes:
        entry: its number.
        since: from which day on it is due.
        masking: the number of the entry that masked it; 0 where it is not masked.
        because: why it cannot be masked; empty where it can, or is.
    """

    entry: int
    kind: str
    field: str
    item: RetentionItem
    since: Day
    masking: int = 0
    because: str = ""


@frozen(eq=False, repr=False)
class Retention(Noun):
    """What a policy says of a ledger on a day.

    Attributes:
        due: what is to be masked.
        masked: what is due and was masked already, by whomever.
        held: what is due, and cannot be masked because later history rests on it.
        done: what was masked now; None where nothing was to be.
    """

    policy: RetentionPolicy
    on: Day
    due: tuple[Found, ...]
    masked: tuple[Found, ...]
    held: tuple[Found, ...]
    done: tuple[Found, ...] | None = None


def find_due(ledger: Ledger, policy: RetentionPolicy, on: Day) -> Retention:
    """Return what the *policy* has masked in *ledger* on the day *on*; nothing is changed.

    Raises:
        IntegrityError: the ledger is damaged.
        MoveError: it holds what was never legal, so that nobody knows what rests on what.
    """
    wanted: dict[str, list[tuple[RetentionItem, str]]] = {}
    for item in policy.items:
        for kind in item.kinds:
            wanted.setdefault(kind, []).extend((item, field) for field in item.fields)
    fold, rests = Fold(terms_by(ledger.object)), _Rests(ledger)
    maskings: dict[int, dict[str, int]] = {}
    found: list[Found] = []
    masked: list[Found] = []
    for entry in ledger.entries():
        fold.add(entry)
        if entry.kind == "decision":
            rests.take(entry)
        elif entry.kind == "masking":
            fields = dict.fromkeys(entry.data["fields"], entry.number)
            maskings.setdefault(entry.data["about"], {}).update(fields)
        due, gone = _of_entry(entry, wanted.get(entry.kind, ()), on)
        found += due
        masked += gone
    held = [evolve(each, because=because) for each in found if (because := rests.why(each, fold))]
    kept = {(each.entry, each.field) for each in held}
    return Retention(
        policy=policy,
        on=on,
        due=_outermost(each for each in found if (each.entry, each.field) not in kept),
        masked=_outermost(evolve(each, masking=_masking_of(each, maskings)) for each in masked),
        held=_outermost(held),
    )


def mask_due(
    ledger: Ledger,
    found: Retention,
    by: Mapping[str, str],
    *,
    signer: Signer,
    clock: Clock,
) -> Iterator[Found]:
    """Mask what is due in *ledger*, an entry and an item at a time, and yield each field then.

    What is yielded is kept for good. Who stops in between finds the rest due.

    Args:
        ledger: open to be written.
        found: what `find_due` returned.
        by: the `name` and the `role` of who does it.
        signer: whose key signs.
        clock: what says the time.

    Raises:
        InputError: it was masked meanwhile, or this is not the key that signs here.
        LedgerUnavailableError: it could not be recorded.
    """
    for (number, item_id), each in groupby(found.due, lambda due: (due.entry, due.item.id)):
        fields = tuple(each)
        reason = f"retention policy {found.policy.id}, item {item_id}, {found.policy.digest}"
        said = {"by": dict(by), "reason": reason}
        paths = [one.field for one in fields]
        masking = ledger.mask(number, paths, said, signer=signer, clock=clock).entry.number
        yield from (evolve(one, masking=masking) for one in fields)


def _of_entry(
    entry: Entry, wanted: Sequence[tuple[RetentionItem, str]], on: Day
) -> tuple[list[Found], list[Found]]:
    """Return what of *entry* is due to be masked on the day *on*, and what of that is masked."""
    due, masked = list[Found](), list[Found]()
    for item, field in wanted:
        since = entry.recorded_at.date() + datetime.timedelta(days=item.after_days)
        if since > on:
            continue
        found = Found(entry.number, entry.kind, field, item, since)
        if any(_is_within(field, path) for path in entry.masked):
            masked.append(found)
        elif has_field(entry, field):
            due.append(found)
    return due, masked


def _outermost(found: Iterable[Found]) -> tuple[Found, ...]:
    """Return *found* without what goes with the whole of what it is in."""
    kept = tuple(found)
    fields = {(each.entry, each.field) for each in kept}
    return tuple(e for e in kept if not any((e.entry, a) in fields for a in _above(e.field)))


def _above(field: str) -> Iterator[str]:
    """Yield the paths of what *field* is in."""
    parts = field.split("/")
    return ("/".join(parts[:end]) for end in range(2, len(parts)))


def _is_within(field: str, path: str) -> bool:
    return f"{field}/".startswith(f"{path}/")


def _masking_of(found: Found, maskings: Mapping[int, Mapping[str, int]]) -> int:
    for field, number in maskings.get(found.entry, {}).items():
        if _is_within(found.field, field):
            return number
    raise IntegrityError(
        f"entry {found.entry} says that {found.field} is masked, and no entry records that: "
        "`oversight ledger verify` says more"
    )


def has_field(entry: Entry, path: str) -> bool:
    """Say whether *entry* has something at *path*."""
    inner: Any = entry.data
    for part in path.split("/")[1:]:
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part]
    return inner is not entry.data


class _Rests:
    """Knows what the first decision on each system states that later history is drawn from."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._facts: dict[str, set[str]] = {}
        self._of_rulebook = cache(self._read)

    def take(self, entry: Entry) -> None:
        """Note which facts the rulebook of a decision takes from a ledger."""
        rulebook, facts = self._of_rulebook(entry.data["decision"]["rulebook"])
        self._facts.setdefault(rulebook, set()).update(facts)

    def _read(self, digest: str) -> tuple[str, tuple[str, ...]]:
        rulebook = json.loads(self._ledger.object(digest))
        return rulebook["id"], tuple(f["id"] for f in rulebook["facts"] if "history" in f)

    def why(self, found: Found, fold: Fold) -> str:
        """Return why later history rests on what was *found*; empty where it does not."""
        place = fold.place_of(found.entry) if found.kind == "decision" else None
        live = fold.standings[place].live if place is not None else ()
        if place is None or not live or live[0].number != found.entry:
            return ""
        for fact_id in self._facts[place[1]]:
            fact = f"/case/facts/{fact_id}"
            if found.field in {fact, f"{fact}/value"}:
                return f"the history of {place[0]} under {place[1]} begins with it"
        return ""
