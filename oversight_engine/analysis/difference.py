"""Why two decisions differ: facts, parameters, rules, dates, and what follows from them.

It reads two decisions as plain data, so that a stored one can be compared with one just made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from attrs import frozen

from oversight_engine.errors import InputError
from oversight_engine.model.plain import Plain

DIFFERENCE_FORMAT = "oversight-difference/1"
DIFFERENCES_FORMAT = "oversight-differences/1"

Kind = Literal["fact", "parameter", "finding", "rule", "consequence"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_QUOTED = re.compile(r"'[^']*'")


@frozen
class Change:
    """Something that is not the same in both decisions.

    Attributes:
        title: what it is called; its id where the decisions do not say.
        before, after: what it was and is, as plain data; None where it was not there at all.
        because: ids of the facts, parameters and findings in its conditions that changed too.
        conditions: the conditions that differ.
    """

    kind: Kind
    id: str
    title: str
    before: Plain | None
    after: Plain | None
    because: tuple[str, ...] = ()
    conditions: tuple[ConditionChange, ...] = ()


@frozen
class ConditionChange:
    """A condition of both decisions that came to something else, or compared something else."""

    text: str
    before: Plain
    after: Plain


@frozen
class Difference:
    """What differs between two decisions.

    Attributes:
        settings: what they were asked under, where that differs: (name, before, after).
        changes: of each kind, by id.
        is_decision_changed: whether the outcome, or that there is none, differs.
    """

    before: Plain
    after: Plain
    settings: tuple[tuple[str, str, str], ...]
    changes: tuple[Change, ...]

    @property
    def is_decision_changed(self) -> bool:
        """Whether there is another outcome, or one where there was none."""
        return bool(self.before["decision"] != self.after["decision"])

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of one *kind*."""
        return tuple(change for change in self.changes if change.kind == kind)


def find_difference(*, before: Plain, after: Plain) -> Difference:
    """Return what differs between two decisions, given as plain data."""
    facts = _changes("fact", before, after, _known)
    parameters = _changes("parameter", before, after, lambda item: (item["value"], item["unit"]))
    findings = _changes("finding", before, after, lambda item: item["conclusion"])
    changed = {change.id for change in (*facts, *parameters, *findings)}
    findings = [_explained(change, changed - {change.id}) for change in findings]
    rules = [
        _explained(change, changed)
        for change in _changes(
            "rule", before, after, lambda i: (i["truth"], i["effect"], i["says"])
        )
    ]
    consequences = _changes("consequence", before, after, lambda item: item["truth"])
    return Difference(
        before,
        after,
        _settings(before, after),
        (*facts, *parameters, *findings, *rules, *consequences),
    )


def difference_data(difference: Difference) -> Plain:
    """Return *difference* as plain data."""
    return {
        "format": DIFFERENCE_FORMAT,
        "before": _identity(difference.before),
        "after": _identity(difference.after),
        "decision_changed": difference.is_decision_changed,
        "settings": [
            {"name": name, "before": old, "after": new} for name, old, new in difference.settings
        ],
        "changes": [
            {
                "kind": change.kind,
                "id": change.id,
                "title": change.title,
                "before": change.before,
                "after": change.after,
                "because": list(change.because),
            }
            for change in difference.changes
        ],
    }


def _identity(decision: Plain) -> Plain:
    return {
        key: decision[key] for key in ("decision", "as_of", "semantics", "rulebook", "case")
    } | {"possible_outcomes": decision["possible_outcomes"]}


def _settings(before: Plain, after: Plain) -> tuple[tuple[str, str, str], ...]:
    """What the decisions were asked under: system, date, rulebook, reform, cohort, semantics."""

    def both(name: str, view: Callable[[Plain], Any]) -> tuple[str, str, str]:
        return name, str(view(before)), str(view(after))

    settings = (
        both("system", lambda d: d["case"]["system"]["code"]),
        both("date of the decision", lambda d: d["as_of"]),
        both("rulebook", lambda d: f"{d['rulebook']['id']} {d['rulebook']['version']}"),
        both("digest of the rulebook", lambda d: d["rulebook"]["digest"]),
        both("reform", lambda d: d.get("reform", {}).get("digest", "none")),
        both("cohort values", lambda d: d.get("cohort", {}).get("digest", "none")),
        both("version of the semantics", lambda d: d["semantics"]),
    )
    return tuple(setting for setting in settings if setting[1] != setting[2])


def _known(fact: Plain) -> Any:
    return [fact.get(key) for key in ("value", "known", "unknown_because", "status", "as_at")]


def _changes(kind: Kind, before: Plain, after: Plain, view: Callable[[Plain], Any]) -> list[Change]:
    """Return what of one *kind* is not the same through *view*, by id."""
    old, new = _by_id(before[f"{kind}s"]), _by_id(after[f"{kind}s"])
    found = []
    for item_id in sorted({*old, *new}):
        was, now = old.get(item_id), new.get(item_id)
        if was is not None and now is not None and view(was) == view(now):
            continue
        title = (now or was or {}).get("title", item_id)
        found.append(Change(kind, item_id, title, was, now))
    return found


def _by_id(items: Iterable[Plain]) -> Mapping[str, Plain]:
    return {item["id"]: item for item in items}


def _explained(change: Change, changed: set[str]) -> Change:
    """Return *change* with which of its conditions differ, and what in them changed."""
    old = {c["text"]: c for c in (change.before or {}).get("conditions", [])}
    new = {c["text"]: c for c in (change.after or {}).get("conditions", [])}
    differing = tuple(
        ConditionChange(text, old[text], new[text])
        for text in new
        if text in old and old[text] != new[text]
    )
    texts = " ".join([*old, *new])
    mentioned = set(_NAME.findall(_QUOTED.sub("", texts)))
    because = tuple(sorted(mentioned & changed))
    return Change(
        change.kind, change.id, change.title, change.before, change.after, because, differing
    )


@frozen
class Comparison:
    """The differences between two sets of decisions, system by system.

    Attributes:
        only_before, only_after: codes of systems that have a decision on one side only.
    """

    differences: tuple[Difference, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def reaches(self, level: str | None) -> bool:
        """Say whether a `decision` differs, or `any` thing does; never where no level is given."""
        if level is None:
            return False
        if self.only_before or self.only_after:
            return True
        if level == "decision":
            return any(difference.is_decision_changed for difference in self.differences)
        return any(difference.changes or difference.settings for difference in self.differences)


def compare(before: list[Plain], after: list[Plain]) -> Comparison:
    """Return the differences of the decisions *before* and *after*, matched by system.

    One decision on each side is compared with the other whatever its system.

    Raises:
        InputError: a system has several decisions on one side, so that none can be chosen.
    """
    if len(before) == len(after) == 1:
        return Comparison((find_difference(before=before[0], after=after[0]),), (), ())
    old, new = _by_system(before), _by_system(after)
    return Comparison(
        tuple(
            find_difference(before=old[c], after=new[c]) for c in sorted(old.keys() & new.keys())
        ),
        tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(new.keys() - old.keys())),
    )


def _by_system(decisions: list[Plain]) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for decision in decisions:
        code = decision["case"]["system"]["code"]
        if code in found:
            raise InputError(f"{code} has several decisions on one side: keep one of each system")
        found[code] = decision
    return found


def comparison_data(comparison: Comparison) -> Plain:
    """Return *comparison* as plain data."""
    return {
        "format": DIFFERENCES_FORMAT,
        "differences": [difference_data(difference) for difference in comparison.differences],
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
    }
