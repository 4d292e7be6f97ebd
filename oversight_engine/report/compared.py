"""Two rulebooks side by side, for readers and as data: verdicts, examples, moves, changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from oversight_engine.analysis.comparison import Method, OverAllCases, Verdict
from oversight_engine.analysis.difference import find_difference
from oversight_engine.analysis.differing import Example
from oversight_engine.analysis.sides import Kind, kind_of, responsible
from oversight_engine.explanation.page import Headline, Line, Page, Section, Table, section
from oversight_engine.explanation.wording import (
    capital,
    in_sentence,
    outcome_title,
    say_count,
    say_day,
    say_list,
)
from oversight_engine.model.case_form import stated_data
from oversight_engine.model.decision import Decision
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.report.differences import rule_lines, titles_of
from oversight_engine.report.listing import identity_data
from oversight_engine.report.rulebook_changes import (
    ItemChange,
    change_sections,
    changes_data,
)

COMPARISON_FORMAT = "oversight-comparison/1"

_NEVER: Mapping[Kind, tuple[str, str, str]] = {
    "lighter": ("never lighter", "lighter in some cases", "whether it is ever lighter"),
    "harsher": ("never harsher", "harsher in some cases", "whether it is ever harsher"),
    "referred": (
        "refers no case that was decided",
        "refers some cases that were decided",
        "whether it refers a case that was decided",
    ),
    "decided": (
        "decides no case that was referred",
        "decides some cases that were referred",
        "whether it decides a case that was referred",
    ),
    "other": (
        "no case comes to another outcome",
        "some cases come to other outcomes, and the scales differ: neither lighter nor harsher",
        "whether a case comes to another outcome",
    ),
}
"""What is said of a kind of difference where it is ruled out, found, or neither."""
_METHODS: Mapping[Method, str] = {"programs": "sight", "cells": "cells", "solver": "z3"}


@frozen(eq=False, repr=False)
class Compared(Noun):
    """Two rulebooks, compared.

    Attributes:
        over_all: how they differ over all cases; None where that was not asked, and *why_not* says
            why.
        facts: the ids of the facts that only the first and only the second declares.
        decisions: of given cases, by the first and by the second.
        files: where the example of each number is written.
    """

    before: Rulebook
    after: Rulebook
    over_all: OverAllCases | None
    why_not: str
    facts: tuple[tuple[str, ...], tuple[str, ...]]
    changes: tuple[ItemChange, ...]
    decisions: tuple[tuple[Decision, Decision], ...] = ()
    files: tuple[tuple[str, ...], ...] = ()

    def reaches(self, level: str | None) -> bool:
        """Say whether a `lighter` or `harsher` decision, or `any` other one, is not ruled out."""
        if level is None:
            return False
        if self.over_all is None and not self.decisions:
            return True  # nothing was looked at, so nothing is ruled out
        over_all = self.over_all.verdicts if self.over_all is not None else ()
        differing = {verdict.kind for verdict in over_all if verdict.answer != "proved"}
        if level != "any" and "other" in {verdict.kind for verdict in over_all}:
            return True  # there is no common scale on which anything could be ruled out
        differing |= {
            kind_of(self.before, self.after, one.outcome, other.outcome)
            for one, other in self.decisions
            if one.outcome != other.outcome
        }
        return bool(differing & {level, "other"}) if level != "any" else bool(differing)


def compared_page(compared: Compared) -> Page:
    """Return *compared* for a reader."""
    blocks: list[Headline | Section | Table] = [_headline(compared)]
    if compared.over_all is not None:
        blocks += section(_scope(compared.over_all), _verdicts(compared.over_all))
        blocks += section("Where they differ, with an example of each", _examples(compared))
    elif compared.why_not:
        blocks += section("Over all cases", [f"Not asked: {compared.why_not}."])
    blocks += _moves(compared)
    blocks += section("Facts that only one of them knows", _facts(compared))
    blocks += change_sections(compared.changes)
    return Page(tuple(blocks))


def _headline(compared: Compared) -> Headline:
    before, after = compared.before, compared.after
    over_all = compared.over_all
    title = "Two rulebooks, compared"
    if over_all is not None and over_all.is_same:
        title = "Every case is decided alike"
    elif over_all is not None:
        told = [
            _NEVER[verdict.kind][("proved", "refuted", "undecided").index(verdict.answer)]
            for verdict in over_all.verdicts[:2]
            if verdict.answer != "undecided"
        ]
        title = capital("; ".join(told)) or title
    about = [f"{_named(after)}, beside {_named(before)}"]
    if over_all is not None and not over_all.on_every_day:
        about.append(f"On {_days(over_all)} alone")
    return Headline(title, about=tuple(about))


def _days(over_all: OverAllCases) -> str:
    return say_list([say_day(day) for day in over_all.days])


def _scope(over_all: OverAllCases) -> str:
    if over_all.on_every_day:
        return "Over all cases, on every day on which both decide"
    return f"Over all cases on {_days(over_all)}"


def _named(rulebook: Rulebook) -> str:
    reform = f" under the reform {rulebook.reform.title}" if rulebook.reform else ""
    return f"{rulebook.title} ({rulebook.id} {rulebook.version}){reform}"


def _verdicts(over_all: OverAllCases) -> Iterator[Line]:
    if {verdict.method for verdict in over_all.verdicts} == {"programs"}:
        yield Line("Both say the same, to the letter: there is nothing to tell apart.")
        return
    yield from map(_verdict, over_all.verdicts)
    if over_all.on_every_day:
        yield Line(f"Asked as of {_days(over_all)}: every other day is like one, or both agree.")
    if over_all.questions:
        questions = say_count(over_all.questions, "question")
        yield Line(f"z3 was asked {questions}; each example was decided again by both.")


def _verdict(verdict: Verdict) -> Line:
    never, sometimes, whether = map(capital, _NEVER[verdict.kind])
    if verdict.answer == "proved":
        return Line(f"{never}: proved by {_METHODS[verdict.method]}", 0, "true")
    if verdict.answer == "refuted":
        return Line(sometimes, 0, "warning")
    return Line(f"{whether} is not known: {verdict.because}", 0, "unknown")


def _examples(compared: Compared) -> Iterator[Line]:
    assert compared.over_all is not None, "examples are of all cases"
    files = compared.files or ((),) * len(compared.over_all.examples)
    for example, paths in zip(compared.over_all.examples, files, strict=True):
        yield Line(_moved(example.before, example.after), 0, "item")
        difference = find_difference(
            before=decision_data(example.before), after=decision_data(example.after)
        )
        titles = titles_of(compared.before) | titles_of(compared.after)
        for line in rule_lines(difference, titles, example.rules):
            yield line._replace(level=line.level + 1)
        yield Line(f"The case states {say_count(len(example.cases[0].facts), 'fact')}.", 1)
        if paths:
            yield Line(f"Written to {say_list(paths)}.", 1)


def _moved(before: Decision, after: Decision) -> str:
    old, new = (outcome_title(d.rulebook, d.outcome) for d in (before, after))
    return f"{old}, now {in_sentence(new)}"


def _rule_title(before: Decision, after: Decision, rule_id: str) -> str:
    rules = [*after.rulebook.rules, *before.rulebook.rules]
    return next(rule.title for rule in rules if rule.id == rule_id)


def _moves(compared: Compared) -> Iterator[Table | Section]:
    """Yield what becomes of the given cases: by outcome, by rule, and one by one."""
    pairs = compared.decisions
    if not pairs:
        return
    counts = Counter((one.outcome, other.outcome) for one, other in pairs)
    first, second = compared.before, compared.after
    columns = [*(o.id for o in second.outcomes), None]
    rows = [
        (outcome_title(first, old), *(str(counts[old, new]) for new in columns))
        for old in [*(o.id for o in first.outcomes), None]
    ]
    titles = [outcome_title(second, new) for new in columns]
    yield Table("What becomes of the cases", ("Before", *titles), tuple(rows))
    moved = [(one, other) for one, other in pairs if one.outcome != other.outcome]
    if not moved:
        yield Section("Moves", (Line(f"None of {say_count(len(pairs), 'case')} moves."),))
        return
    by_rule: Counter[tuple[str, str]] = Counter()
    for one, other in moved:
        for rule_id in responsible(one, other):
            by_rule[_rule_title(one, other, rule_id), _moved(one, other)] += 1
    yield Table(
        "Moves by the rule that answers for them",
        ("Rule", "Move", "Cases"),
        tuple((rule, move, str(count)) for (rule, move), count in by_rule.most_common()),
        named=2,
    )
    yield Table(
        "The cases that move",
        ("Code", "System", "Before", "Now"),
        tuple(
            (
                one.case.system.code,
                one.case.system.name,
                outcome_title(first, one.outcome),
                outcome_title(second, other.outcome),
            )
            for one, other in moved
        ),
        named=2,
    )


def _facts(compared: Compared) -> Iterator[Line]:
    for word, rulebook, ids in zip(
        ("the first", "the second"), (compared.before, compared.after), compared.facts, strict=True
    ):
        for fact_id in ids:
            yield Line(f"Only {word}: {rulebook.fact(fact_id).title} ({fact_id})", 0, "item")


def comparison_data(compared: Compared) -> Plain:
    """Return *compared* as plain data."""
    only_before, only_after = compared.facts
    return {
        "format": COMPARISON_FORMAT,
        "before": _identity(compared.before),
        "after": _identity(compared.after),
        "over_all_cases": _over_all_data(compared),
        "cases": [_case_data(one, other) for one, other in compared.decisions],
        "facts_only_before": list(only_before),
        "facts_only_after": list(only_after),
        "changes": changes_data(compared.changes),
    }


def _identity(rulebook: Rulebook) -> Plain:
    reform = rulebook.reform
    return identity_data(rulebook) | (
        {"reform": {"id": reform.id, "digest": reform.digest}} if reform is not None else {}
    )


def _over_all_data(compared: Compared) -> Plain:
    over_all = compared.over_all
    if over_all is None:
        return {"not_asked": compared.why_not}
    files = compared.files or ((),) * len(over_all.examples)
    return {
        "days": [day.isoformat() for day in over_all.days],
        "on_every_day": over_all.on_every_day,
        "questions": over_all.questions,
        "verdicts": [
            {
                "kind": verdict.kind,
                "answer": verdict.answer,
                "method": verdict.method,
                "because": verdict.because,
            }
            for verdict in over_all.verdicts
        ],
        "examples": [_example_data(e, f) for e, f in zip(over_all.examples, files, strict=True)],
    }


def _example_data(example: Example, files: Sequence[str]) -> Plain:
    facts = {i: fact for case in example.cases for i, fact in case.facts.items()}
    return {
        "kind": example.kind,
        "before": example.before.label,
        "after": example.after.label,
        "rules": list(example.rules),
        "facts": {fact_id: stated_data(facts[fact_id]) for fact_id in sorted(facts)},
        "files": list(files),
    }


def _case_data(before: Decision, after: Decision) -> Plain:
    is_same = before.outcome == after.outcome
    books = before.rulebook, after.rulebook
    return {
        "system": before.case.system.code,
        "as_of": before.as_of.isoformat(),
        "before": before.label,
        "after": after.label,
        "kind": "same" if is_same else kind_of(*books, before.outcome, after.outcome),
        "rules": [] if is_same else list(responsible(before, after)),
    }
