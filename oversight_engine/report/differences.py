"""The difference between two decisions as a page: what moved, and what moved it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oversight_engine.analysis.difference import Change, Comparison, Difference, Kind
from oversight_engine.explanation.page import (
    EFFECT_MARKS,
    Headline,
    Line,
    Mark,
    Page,
    Table,
    section,
)
from oversight_engine.explanation.wording import capital, in_sentence, say_id, say_list, say_number
from oversight_engine.model.number import exact
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFER, REFERRAL, Rulebook

_COUNTED: tuple[Kind, ...] = ("fact", "parameter", "rule")
_EFFECTS: Mapping[str, str] = {
    "none": "does not apply",
    "holds": "applies",
    "holds_back": "is unknown and holds back",
    "refers": "calls for a referral",
    "ignored": "is unknown and ignored",
}


def comparison_page(comparison: Comparison, titles: Mapping[str, str]) -> Page:
    """Return *comparison* for a reader: one difference in full, or of many what changed."""
    if len(comparison.differences) == 1:
        page = difference_page(comparison.differences[0], titles)
    else:
        page = Page((_table(comparison.differences, titles),))
        for difference in comparison.differences:
            if difference.is_decision_changed:
                page = page.then(*difference_page(difference, titles).blocks)
    alone = [
        *(f"Only before: {code}" for code in comparison.only_before),
        *(f"Only now: {code}" for code in comparison.only_after),
    ]
    return page.then(*section("Without a counterpart", alone))


def _table(differences: Iterable[Difference], titles: Mapping[str, str]) -> Table:
    rows = []
    for difference in differences:
        words = _Differences(difference, titles)
        system = difference.after["case"]["system"]
        counts = [len(difference.of(kind)) for kind in _COUNTED]
        old, new = (words.title(d["decision"]) for d in (difference.before, difference.after))
        rows.append((system["code"], system["name"], old, new, *map(str, counts)))
    columns = ("Code", "System", "Before", "Now", "Facts", "Parameters", "Rules")
    return Table("What changed", columns, tuple(rows), named=2)


def titles_of(rulebook: Rulebook) -> dict[str, str]:
    """Return the titles of what *rulebook* declares, by id."""
    return (
        {outcome.id: outcome.title for outcome in rulebook.outcomes}
        | {fact.id: fact.title for fact in rulebook.facts}
        | {parameter.id: parameter.title for parameter in rulebook.parameters}
        | {finding.id: finding.title for finding in rulebook.findings}
    )


def difference_page(difference: Difference, titles: Mapping[str, str]) -> Page:
    """Return *difference* for a reader; *titles* are those of the rulebook's items, by id."""
    return _Differences(difference, titles).page()


def rule_lines(
    difference: Difference, titles: Mapping[str, str], rules: Iterable[str]
) -> Iterator[Line]:
    """Yield how the *rules* of these ids came out differently, and what in them did."""
    wanted = {*rules}
    chosen = [change for change in difference.of("rule") if change.id in wanted]
    return _Differences(difference, titles).rules(chosen, set())


class _Differences:
    """The sections about one difference."""

    def __init__(self, difference: Difference, titles: Mapping[str, str]) -> None:
        self.difference = difference
        self.titles = titles
        self.findings = {change.id: change for change in difference.of("finding")}

    def page(self) -> Page:
        difference = self.difference
        moving, others = self.split_rules()
        told: set[str] = set()
        return Page(
            (
                self.headline(),
                *section("What was asked differently", map(_setting, difference.settings)),
                *section("What moved it", self.rules(moving, told)),
                *section("Facts that changed", map(self.fact, difference.of("fact"))),
                *section(
                    "Numbers of policy that changed",
                    map(self.parameter, difference.of("parameter")),
                ),
                *section("Other rules that came out differently", self.rules(others, told)),
                *section(
                    "What it brings, and no longer brings",
                    sorted(map(_consequence, difference.of("consequence"))),
                ),
            )
        )

    def headline(self) -> Headline:
        before, after = self.difference.before, self.difference.after
        old, new = self.title(before["decision"]), self.title(after["decision"])
        if self.difference.is_decision_changed:
            title = f"{old}, now {in_sentence(new)}"
        elif self.difference.changes or self.difference.settings:
            title = f"{new}, as before"
        else:
            title = f"{new}: nothing differs"
        system = after["case"]["system"]
        rests_on = [*_rests_on("Before", before), *_rests_on("Now", after)]
        return Headline(
            title,
            about=(f"{system['name']} ({system['code']})", *self.possible()),
            warnings=tuple(rests_on),
        )

    def possible(self) -> Iterator[str]:
        before, after = self.difference.before, self.difference.after
        if before["possible_outcomes"] != after["possible_outcomes"]:
            old, new = (
                say_list(map(self.title, decision["possible_outcomes"]), "or")
                for decision in (before, after)
            )
            yield f"Possible before: {old}; now: {new}"

    def title(self, item_id: str) -> str:
        if item_id == REFERRAL:
            return "Referred"
        return self.titles.get(item_id) or capital(say_id(item_id))

    def fact(self, change: Change) -> Line:
        was, now = _say_fact(change.before), _say_fact(change.after)
        return Line(f"{self.title(change.id)}: {was}, now {now}", 0, "item")

    def parameter(self, change: Change) -> Line:
        was, now = _say_parameter(change.before), _say_parameter(change.after)
        return Line(f"{self.title(change.id)}: {was}, now {now}", 0, "item")

    def split_rules(self) -> tuple[list[Change], list[Change]]:
        """Return the rules that made either decision what it is, and the others."""
        moving: list[Change] = []
        others: list[Change] = []
        for change in self.difference.of("rule"):
            is_moving = self.difference.is_decision_changed and (
                _is_decisive(change.before, self.difference.before)
                or _is_decisive(change.after, self.difference.after)
            )
            (moving if is_moving else others).append(change)
        return moving, others

    def rules(self, changes: Iterable[Change], told: set[str]) -> Iterator[Line]:
        for change in changes:
            was, now = _say_rule(change.before), _say_rule(change.after)
            mark: Mark = EFFECT_MARKS[change.after["effect"]] if change.after else "clear"
            if was == now:
                yield Line(f"{change.title}: {now}, as before, though it reads otherwise", 0, mark)
            else:
                yield Line(f"{change.title}: {was}, now {now}", 0, mark)
            yield from self.reasons(change, 1, told)

    def reasons(self, change: Change, level: int, told: set[str]) -> Iterator[Line]:
        """Yield the conditions that differ, and behind them the findings that do, once each."""
        for condition in change.conditions:
            if condition.text not in self.findings:
                was, now = _say_condition(condition.before), _say_condition(condition.after)
                yield Line(f"{condition.text}: {was}, now {now}", level)
        for name in change.because:
            finding = self.findings.get(name)
            if finding is None:
                yield Line(f"because of {self.title(name)}", level, "item")
                continue
            was, now = (
                _say(item["conclusion"]) if item else "not in force"
                for item in (finding.before, finding.after)
            )
            again = ", as above" if name in told else ""
            yield Line(f"{finding.title}: {was}, now {now}{again}", level, "item")
            if name not in told:
                told.add(name)
                yield from self.reasons(finding, level + 1, told)


def _is_decisive(rule: Plain | None, decision: Plain) -> bool:
    if rule is None or rule["effect"] == "none":
        return False
    if decision["decision"] == REFERRAL:
        return bool(rule["effect"] == "refers" or rule["outcome"] == REFER)
    return bool(rule["outcome"] == decision["decision"])


def _setting(setting: tuple[str, str, str]) -> Line:
    name, before, after = setting
    return Line(f"{capital(name)}: {before}, now {after}", 0, "item")


def _consequence(change: Change) -> str:
    item = change.after or change.before or {}
    said = f"{item['actor']}: {item['title']}" if "actor" in item else item["title"]
    if change.before is None:
        return f"Now: {said}"
    if change.after is None:
        return f"No longer: {said}"
    if change.after["truth"] == "unknown":
        return f"Now depends on missing evidence: {said}"
    return f"Now certain: {said}"


def _rests_on(when: str, decision: Plain) -> Iterator[str]:
    for status, facts in decision["rests_on"].items():
        noun = "fact" if len(facts) == 1 else "facts"
        yield f"{when}: rests on {len(facts)} {status} {noun}"


def _say(value: Any, unit: str = "") -> str:
    """Return a value of a decision's plain data in words."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        least, most = value
        return str(least) if least == most else f"between {least} and {most}"
    try:
        return say_number(exact(value), unit)
    except ValueError:
        return {"true": "yes", "false": "no"}.get(value, say_id(value))


def _say_fact(fact: Plain | None) -> str:
    if fact is None:
        return "not declared"
    if not fact["known"]:
        return f"unknown ({fact['unknown_because']})"
    status = "" if fact["status"] == "final" else f" ({fact['status']})"
    return _say(fact["value"], fact.get("unit", "")) + status


def _say_parameter(parameter: Plain | None) -> str:
    return "none" if parameter is None else _say(parameter["value"], parameter["unit"])


def _say_rule(rule: Plain | None) -> str:
    return "not in force" if rule is None else _EFFECTS[rule["effect"]]


def _say_condition(condition: Plain) -> str:
    left, right = condition["left"], condition["right"]
    return _say(left) if right is None else f"{_say(left)} against {_say(right)}"
