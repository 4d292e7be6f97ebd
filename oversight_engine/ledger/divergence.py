"""Where two recorded decisions of one case part: condition by condition, the first one first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from attrs import frozen

from oversight_engine.model.in_force import InForce
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain

_SETTINGS = (
    "format", "semantics", "rulebook", "reform", "cohort", "in_force", "case", "system", "as_of",
    "as_of_overridden",
)  # fmt: skip
_RESULTS = (
    "decision", "possible_outcomes", "missing_evidence", "measure", "burden", "review_on",
)  # fmt: skip
_WORDS = {"t": "true", "f": "false", "u": "unknown", None: "unknown", "": "nothing"}


@frozen(eq=False, repr=False)
class Divergence(Noun):
    """One thing in which what was derived is not what was recorded.

    Attributes:
        what: a setting, a fact, a finding, a rule, a consequence or a result, by name.
        condition: the leaf as the rulebook writes it; empty where it is no leaf that differs.
        recorded, derived: what each says, in words.
    """

    what: str
    condition: str
    recorded: str
    derived: str

    def __str__(self) -> str:
        """Say it in one line."""
        where = f"{self.what}, `{self.condition}`" if self.condition else self.what
        return f"{where}: recorded {self.recorded}, derived {self.derived}"


def find_divergences(recorded: Plain, derived: Plain, in_force: InForce) -> Iterator[Divergence]:
    """Yield where *derived* differs from *recorded*: what leads to something before it.

    Args:
        recorded: a recorded decision as plain data, whatever is in it.
        derived: another of the same case.
        in_force: what held of the rulebook on the day, for the words of its conditions.
    """
    yield from _values(_SETTINGS, recorded, derived)
    yield from _unknown(_mapping(recorded, "unknown"), derived["unknown"])
    for kind, items in (
        ("finding", in_force.findings),
        ("rule", in_force.rules),
        ("consequence", in_force.consequences),
    ):
        if kind == "consequence":
            yield from _values(_RESULTS[:1], recorded, derived)
        ours, theirs = _mapping(recorded, f"{kind}s"), derived[f"{kind}s"]
        known = {item.id for item in items}
        others = sorted({*ours, *theirs} - known)
        for item_id in [*(item.id for item in items), *others]:
            texts = [leaf.text for leaf in _leaves(in_force, kind, item_id)]
            yield from _row(f"{kind} {item_id}", ours.get(item_id), theirs.get(item_id), texts)
    yield from _values(_RESULTS[1:], recorded, derived)
    named = {*_SETTINGS, *_RESULTS, "unknown", "findings", "rules", "consequences"}
    yield from _values(sorted({*recorded, *derived} - named), recorded, derived)


def _leaves(in_force: InForce, kind: str, item_id: str) -> Any:
    where = in_force.owners.get((kind, item_id))
    return () if where is None else in_force.leaves[where]


def _mapping(data: Plain, key: str) -> Plain:
    """What a ledger holds may be anything."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _values(keys: Any, recorded: Plain, derived: Plain) -> Iterator[Divergence]:
    for key in keys:
        ours, theirs = recorded.get(key), derived.get(key)
        if ours != theirs:
            yield Divergence(key.replace("_", " "), "", _shown(ours), _shown(theirs))


def _unknown(recorded: Plain, derived: Plain) -> Iterator[Divergence]:
    ours, theirs = _by_fact(recorded), _by_fact(derived)
    for fact in sorted({*ours, *theirs}):
        if ours.get(fact) != theirs.get(fact):
            pair = [
                f"unknown ({each[fact]})" if fact in each else "known" for each in (ours, theirs)
            ]
            yield Divergence(f"fact {fact}", "", *pair)


def _by_fact(unknown: Plain) -> dict[str, str]:
    return {
        str(fact): reason
        for reason, facts in unknown.items()
        if isinstance(facts, list)
        for fact in facts
    }


def _row(what: str, ours: Any, theirs: Any, texts: list[str]) -> Iterator[Divergence]:
    """Compare two rows: their leaves, which come last, before what is said of them."""
    if ours == theirs:
        return
    if not (_is_row(ours) and _is_row(theirs)):
        yield Divergence(what, "", _shown(ours), _shown(theirs))
        return
    found = False
    for text, one, other in zip_longest(texts, ours[-1], theirs[-1], fillvalue=""):
        if one != other:
            found = True
            yield Divergence(what, text or "a condition", _word(one), _word(other))
    for one, other in zip_longest(ours[:-1], theirs[:-1], fillvalue=""):
        if one != other:
            found = True
            yield Divergence(what, "", _word(one), _word(other))
    if not found:
        yield Divergence(what, "", _shown(ours), _shown(theirs))


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and isinstance(value[-1], str)


def _word(value: Any) -> str:
    return _WORDS.get(value, str(value)) if value is None or isinstance(value, str) else str(value)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_word, value)) or "nothing"
    return str(value)
