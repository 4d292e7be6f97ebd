"""What a decision brings, and how freedom and accountability weighed in it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from oversight_engine.explanation.page import EFFECT_MARKS, Line, Section, section
from oversight_engine.explanation.wording import (
    in_sentence,
    outcome_title,
    say_count,
    say_day,
    say_few,
    say_list,
    say_yearly,
)
from oversight_engine.model.decision import ConsequenceResult, Decision, RuleResult
from oversight_engine.model.rulebook import Consequence, ConsequenceKind
from oversight_engine.model.truth import UNKNOWN

_EFFECTS = {
    "holds": "true",
    "holds_back": "not known and so holding back",
    "refers": "calling for a referral",
    "ignored": "not known and ignored",
}
_NOUNS: dict[ConsequenceKind, tuple[str, str]] = {
    "freedom": ("freedom", "freedoms"),
    "return": ("return", "returns"),
    "obligation": ("obligation", "obligations"),
    "support": ("offer of support", "offers of support"),
    "lead": ("lead", "leads"),
    "informed": ("body to be informed", "bodies to be informed"),
    "review": ("review", "reviews"),
}
_KINDS: dict[ConsequenceKind, str] = {
    "return": "Returns due",
    "freedom": "Freedoms",
    "obligation": "Obligations",
    "support": "Support",
    "lead": "Who leads",
    "informed": "Who is informed",
    "review": "Review",
}


def say_consequences(decision: Decision, *, is_brief: bool = False) -> tuple[Section, ...]:
    """Return what *decision* brings, and its burden beside that of the other outcomes."""
    lines: list[Line] = []
    for kind, title in _KINDS.items():
        brought = [
            _consequence(decision, result)
            for result in decision.consequences
            if result.consequence.kind == kind
        ]
        if brought and is_brief:
            lines.append(Line(f"{title}: {say_few([line.text for line in brought])}.", 0, "item"))
        elif brought:
            lines += [Line(f"{title}:"), *brought]
    lines += _burden(decision)
    return section("What it brings", lines)


def say_principles(decision: Decision) -> tuple[Section, ...]:
    """Return, principle by principle, which rules spoke and what the decision brings."""
    lines: list[Line] = []
    for principle in decision.rulebook.principles:
        rules = [r for r in decision.rules if r.rule.principle == principle.id]
        brought = [r for r in decision.consequences if r.consequence.principle == principle.id]
        if rules or brought:
            lines.append(Line(f"{principle.title}: {_tally(rules)}."))
            lines += [
                Line(r.rule.title, 1, EFFECT_MARKS[r.effect]) for r in rules if r.effect != "none"
            ]
            if brought:
                lines.append(Line(f"It brings {_counted(brought)}.", 1, "item"))
    return section("How freedom and accountability weighed", lines)


def _consequence(decision: Decision, result: ConsequenceResult) -> Line:
    consequence = result.consequence
    said = consequence.title
    if consequence.actor:
        said = f"{consequence.actor}: {said}"
    if consequence.per_year is not None:
        said += f", {say_yearly(consequence.per_year)}"
    if consequence.days is not None:
        due = decision.as_of + datetime.timedelta(days=consequence.days)
        said += f" (by {say_day(due)})"
    if result.truth is UNKNOWN:
        return Line(f"{said} (depends on missing evidence)", 1, "unknown")
    return Line(said, 1, "item")


def _burden(decision: Decision) -> Iterator[Line]:
    """The returns of a year, beside those of the other outcomes, from the rulebook alone."""
    rulebook, burden = decision.rulebook, decision.burden
    absent = {item.id for item in decision.not_in_force if item.kind == "consequence"}
    returns = [c for c in rulebook.consequences if c.per_year is not None and c.id not in absent]
    if not returns:
        return
    beside = [
        f"{in_sentence(outcome.title)} {_between(*_returns_of(returns, outcome.id))}"
        for outcome in rulebook.outcomes
        if outcome.id != decision.outcome
    ]
    own = in_sentence(outcome_title(rulebook, decision.outcome))
    yield Line(
        f"Reporting burden in returns a year: {own} {_between(burden.least, burden.most)}. "
        f"Beside it: {say_list(beside)}."
    )


def _between(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _returns_of(returns: Iterable[Consequence], outcome: str) -> tuple[int, int]:
    """Return how many of *returns* a year *outcome* surely brings, and may bring at most."""
    due = [c for c in returns if outcome in c.outcomes]
    sure = [c for c in due if c.statement is None]
    return sum(c.per_year or 0 for c in sure), sum(c.per_year or 0 for c in due)


def _tally(rules: list[RuleResult]) -> str:
    """Return how many of *rules* did what."""
    if not rules:
        return "no rule in force serves it"
    parts = []
    for effect, word in _EFFECTS.items():
        number = sum(1 for result in rules if result.effect == effect)
        if number:
            parts.append(f"{number} {word}")
    count = say_count(len(rules), "rule")
    return f"{count}; {say_list(parts)}" if parts else f"{count}, none of which applies"


def _counted(results: list[ConsequenceResult]) -> str:
    """Return how many consequences of each kind there are."""
    kinds = [result.consequence.kind for result in results]
    counted = [(kinds.count(kind), noun) for kind, noun in _NOUNS.items()]
    return say_list(say_count(number, *noun) for number, noun in counted if number)
