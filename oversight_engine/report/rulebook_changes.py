"""What differs between two rulebooks, item by item and in words, for people who read no YAML.

The canonical form says *whether* something differs, so that nothing is left out; the words say
what it was and is.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from oversight_engine.explanation.conditions import Titles
from oversight_engine.explanation.page import Line, Section, section
from oversight_engine.explanation.wording import (
    capital,
    outcome_title,
    say_basis,
    say_count,
    say_id,
    say_list,
    say_number,
    say_span,
)
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import (
    REFER,
    Consequence,
    DatedValue,
    Fact,
    Finding,
    Parameter,
    Rule,
    Rulebook,
    Span,
)
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.report.listing import say_if_unknown, say_kind

What = Literal["added", "removed", "changed"]

SECTIONS = {
    "outcomes": "Outcomes",
    "rules": "Rules",
    "parameters": "Numbers of policy",
    "findings": "Findings",
    "facts": "Facts",
    "consequences": "Consequences",
    "measures": "Measures",
    "principles": "Principles",
    "documents": "Documents",
    "proposals": "Proposals",
}
"""The lists of a rulebook, in the order in which a reader is told of them."""
_BASIS = ("source", "policy_choice")
_A_DAY = datetime.timedelta(days=1)


class Attribute(NamedTuple):
    """Something said of an item, as it was and is; empty where nothing was or is said."""

    name: str
    before: str
    after: str


class ItemChange(NamedTuple):
    """An item of a rulebook that only one of two has, or that is not the same in both.

    Attributes:
        section: the list of the rulebook it is in; `rulebook` for what is said of it as a whole.
        attributes: what differs of an item that both have; all there is of another.
    """

    section: str
    what: What
    id: str
    title: str
    attributes: tuple[Attribute, ...]


def find_changes(before: Rulebook, after: Rulebook) -> tuple[ItemChange, ...]:
    """Return what of *after* is not as in *before*."""
    old, new = rulebook_data(before), rulebook_data(after)
    was, now = ({k: v for k, v in plain.items() if k not in SECTIONS} for plain in (old, new))
    heading = _attributes(was, now, _Words(before, before), _Words(after, after))
    changes = []
    if heading:
        changes.append(ItemChange("rulebook", "changed", after.id, after.title, heading))
    for name in SECTIONS:
        changes += _of_list(name, before, after, old.get(name, []), new.get(name, []))
    return tuple(changes)


def _of_list(
    name: str, before: Rulebook, after: Rulebook, old: list[Plain], new: list[Plain]
) -> Iterator[ItemChange]:
    was, now = ({plain["id"]: plain for plain in listed} for listed in (old, new))
    items = [{item.id: item for item in getattr(book, name)} for book in (before, after)]
    for item_id in [*was, *(each for each in now if each not in was)]:
        if was.get(item_id) == now.get(item_id):
            continue
        first, second = items[0].get(item_id), items[1].get(item_id)
        what: What = "changed" if first and second else "added" if second else "removed"
        attributes = _attributes(
            was.get(item_id, {}),
            now.get(item_id, {}),
            _Words(before, first) if first else None,
            _Words(after, second) if second else None,
        )
        if isinstance(first, Parameter) and isinstance(second, Parameter):
            attributes += tuple(_values(before, after, first, second))
        title = (now.get(item_id) or was[item_id])["title"]
        yield ItemChange(name, what, item_id, title, attributes)
    if name == "outcomes" and {*was} == {*now} and [*was] != [*now]:
        order = (say_list((each["title"] for each in listed), "then") for listed in (old, new))
        yield ItemChange(name, "changed", "order", "Order", (Attribute("from lightest", *order),))


def _attributes(
    old: Plain, new: Plain, was: _Words | None, now: _Words | None
) -> tuple[Attribute, ...]:
    """Return what differs, each thing once; the keys of a file that are said together are one."""
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key) and key != "id"]
    if was is not None and now is not None and "values" in differing and was.is_parameter:
        differing.remove("values")  # told date by date
    found: dict[str, Attribute] = {}
    for key in differing:
        name, before = was.say(key, old) if was is not None else ("", "")
        named, after = now.say(key, new) if now is not None else ("", "")
        name = named or name
        if before == after:  # the words do not tell them apart, so what the files say does
            before, after = _said(old.get(key)), _said(new.get(key))
        if name not in found and (before or after):
            found[name] = Attribute(name, before, after)
    return tuple(found.values())


def _values(
    before: Rulebook, after: Rulebook, old: Parameter, new: Parameter
) -> Iterator[Attribute]:
    """Yield what a parameter was and is worth, over each run of days on which that differs."""
    spans = [dated.span for parameter in (old, new) for dated in parameter.values]
    starts = {span.start for span in spans} | {
        span.end + _A_DAY for span in spans if span.end not in {None, datetime.date.max}
    }
    runs: list[tuple[Span, DatedValue | None, DatedValue | None]] = []
    days = sorted(starts)
    for start, following in zip(days, [*days[1:], None], strict=True):
        was, now = old.on(start), new.on(start)
        if (was and (was.value, was.basis)) == (now and (now.value, now.basis)):
            continue
        end = following - _A_DAY if following else None
        if runs and runs[-1][1:] == (was, now) and runs[-1][0].end == start - _A_DAY:
            runs[-1] = (Span(runs[-1][0].start, end), was, now)
        else:
            runs.append((Span(start, end), was, now))
    for span, was, now in runs:
        worth = [
            say_number(dated.value, parameter.unit) if dated else "no value"
            for dated, parameter in ((was, old), (now, new))
        ]
        if worth[0] != worth[1]:
            yield Attribute(say_span(span), *worth)
        bases = [
            say_basis(book, dated.basis) if dated else ""
            for dated, book in ((was, before), (now, after))
        ]
        if bases[0] != bases[1]:
            yield Attribute(f"source {say_span(span)}", *bases)


class _Words:
    """What the keys of an item of a rulebook say, in words."""

    def __init__(self, rulebook: Rulebook, item: Any) -> None:
        self.rulebook = rulebook
        self.item = item
        self.titles = Titles(rulebook)

    @property
    def is_parameter(self) -> bool:
        return isinstance(self.item, Parameter)

    def say(self, key: str, plain: Plain) -> tuple[str, str]:
        """Return what *key* is called, and what it says."""
        if key in _BASIS and hasattr(self.item, "basis"):
            return "source", say_basis(self.rulebook, self.item.basis)
        for kind, ways in _WAYS.items():
            if isinstance(self.item, kind) and key in ways:
                name, way = ways[key]
                return name, way(self, self.item)
        return say_id(key), _said(plain.get(key))

    def rule(self, rule: Rule) -> str:
        word = "unless" if rule.negated else "when"
        return f"{word} {self.titles.condition(rule.statement.condition)}"

    def outcome(self, rule: Rule) -> str:
        return "referral" if rule.outcome == REFER else outcome_title(self.rulebook, rule.outcome)

    def finding(self, finding: Finding) -> str:
        if finding.when is not None:
            return self.titles.condition(finding.when.condition)
        if finding.value is not None:
            return self.titles.quantity(finding.value.quantity)
        assert finding.table is not None, "a finding is a condition, a value or a table"
        rows = [
            f"{self.given(row.value)} when {self.titles.condition(row.when.condition)}"
            for row in finding.table.rows
        ]
        if finding.table.otherwise is not None:
            rows.append(f"otherwise {self.given(finding.table.otherwise)}")
        return "; ".join(rows)

    def given(self, value: Any) -> str:
        return say_id(value) if isinstance(value, str) else self.titles.quantity(value.quantity)

    def values(self, parameter: Parameter) -> str:
        return "; ".join(
            f"{say_number(dated.value, parameter.unit)} {say_span(dated.span)}"
            for dated in parameter.values
        )

    def consequence(self, consequence: Consequence) -> str:
        statement = consequence.statement
        return "" if statement is None else self.titles.condition(statement.condition)

    def outcomes(self, consequence: Consequence) -> str:
        return say_list(outcome_title(self.rulebook, each) for each in consequence.outcomes)


_Way = Callable[[_Words, Any], str]


def _together(name: str, way: _Way, *keys: str) -> dict[str, tuple[str, _Way]]:
    return dict.fromkeys(keys, (name, way))


_WAYS: Mapping[type, Mapping[str, tuple[str, _Way]]] = {
    Rule: {
        **_together("says", _Words.rule, "when", "unless"),
        **_together("brings", _Words.outcome, "outcome"),
        **_together(
            "if not known", lambda _, rule: say_if_unknown(rule), "if_unknown", "reason_to_ignore"
        ),
    },
    Finding: _together("says", _Words.finding, "when", "value", "table"),
    Fact: {
        **_together(
            "may be", lambda _, fact: say_kind(fact), "type", "better", "unit", "decimals",
            "range", "values", "ordered", "outside_order",
        ),
        **_together(
            "unknown when older than",
            lambda _, f: "" if f.max_age is None else say_count(f.max_age, "day"),
            "max_age",
        ),
    },
    Parameter: _together("values", _Words.values, "values"),
    Consequence: {
        **_together("only when", _Words.consequence, "when"),
        **_together("carried by", _Words.outcomes, "outcomes"),
    },
}  # fmt: skip


def _said(value: Any) -> str:
    """Return what stands in a file, as words as far as it goes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{say_id(key)} {_said(each)}" for key, each in value.items())
    return str(value)


# What a reader is shown


def change_sections(changes: Iterable[ItemChange]) -> Iterator[Section]:
    """Yield what changed, list by list."""
    listed = [*changes]
    for name, title in {"rulebook": "The rulebook as a whole", **SECTIONS}.items():
        of_list = [change for change in listed if change.section == name]
        yield from section(title, (line for change in of_list for line in _lines(change)))


def _lines(change: ItemChange) -> Iterator[Line]:
    word = "" if change.section == "rulebook" else f"{capital(change.what)}: "
    yield Line(f"{word}{change.title} ({change.id})", 0, "item")
    for name, before, after in change.attributes:
        if change.what == "changed":
            yield Line(f"{capital(name)}: {before or 'nothing'}, now {after or 'nothing'}", 1)
        elif name in {"says", "brings", "source", "may be", "values"}:
            yield Line(f"{capital(name)}: {before or after}", 1)


def changes_data(changes: Iterable[ItemChange]) -> list[Plain]:
    """Return *changes* as plain data."""
    return [
        {
            "section": change.section,
            "what": change.what,
            "id": change.id,
            "title": change.title,
            "attributes": [attribute._asdict() for attribute in change.attributes],
        }
        for change in changes
    ]
