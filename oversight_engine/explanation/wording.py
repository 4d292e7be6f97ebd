"""Values, titles and lists in words: what the parts of a rulebook are called in a sentence."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from oversight_engine.model.case import Value
from oversight_engine.model.number import Exact, decimal_places, rounded, written
from oversight_engine.model.rulebook import REFERRAL, Basis, Fact, Rule, Rulebook, Span
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import TRUE, UNKNOWN, Truth

if TYPE_CHECKING:
    from oversight_engine.model.people import HistoryDeclaration

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

FEW = 4
"""Up to so many names are given in full within one sentence."""

_CURRENCIES = "£$€"
EVIDENCE = {
    "full": "read in full",
    "part": "read in part",
    "secondary": "known from others who cite it",
    "unread": "not read",
}
"""How well a document is known to those who wrote the rulebook."""


# Values


def say_day(day: datetime.date) -> str:
    """Return *day* as `30 June 2025`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def say_span(span: Span) -> str:
    """Return *span* as `from 1 April 2025 to 31 March 2026`."""
    end = f" to {say_day(span.end)}" if span.end else ""
    return f"from {say_day(span.start)}{end}"


def say_number(number: Exact, unit: str = "") -> str:
    """Return *number* with its *unit*; one no decimal can write is rounded, and that is said."""
    if decimal_places(number) is None:
        nearest = say_number(rounded(number, 2, "half_even"), unit)
        return f"about {nearest} (exactly {written(number)})"
    whole, dot, rest = written(number).partition(".")
    digits = f"{int(whole):,}{dot}{rest}".lstrip("-")
    sign = "-" if number < 0 else ""
    if unit[:1] in _CURRENCIES and unit:
        return f"{sign}{unit[0]}{digits}{unit[1:]}"
    if unit == "%":
        return f"{sign}{digits}%"
    if digits == "1" and unit.endswith("s") and not unit.endswith("ss"):
        unit = f"{unit[:-3]}y" if unit.endswith("ies") else unit.removesuffix("s")
    return f"{sign}{digits} {unit}".rstrip()


def say_value(value: Value | Conclusion, unit: str = "") -> str:
    """Return a value, or what a finding came to, in words."""
    if value is None or value is UNKNOWN:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Truth):
        return "yes" if value is TRUE else "no"
    if isinstance(value, str):
        return say_id(value)
    return say_day(value) if isinstance(value, datetime.date) else say_number(value, unit)


def say_id(name: str) -> str:
    """Return a category's value, a theme or another bare id as words."""
    return name.replace("_", " ")


def say_list(items: Iterable[str], word: str = "and") -> str:
    """Return *items* as `a, b and c`."""
    texts = list(items)
    if len(texts) <= 1:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def say_few(names: Sequence[str]) -> str:
    """Return *names* as a list that stays short: the first ones, and how many more there are."""
    if len(names) <= FEW:
        return "; ".join(names)
    shown = FEW - 1
    return f"{'; '.join(names[:shown])}; and {len(names) - shown} more"


def say_count(number: int, noun: str, plural: str = "") -> str:
    """Return *number* and *noun*, in the plural where there is not exactly one."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def say_yearly(times: int) -> str:
    """Return how often something is due in a year."""
    return "once a year" if times == 1 else f"{times:,} times a year"


def capital(text: str) -> str:
    """Return *text* with a capital first letter."""
    return text[:1].upper() + text[1:]


# A rulebook's items


def outcome_title(rulebook: Rulebook, outcome: str | None) -> str:
    """Return the title of *outcome*, or `Referred` where there is none."""
    if outcome is None or outcome == REFERRAL:
        return "Referred"
    return rulebook.outcomes[rulebook.severity(outcome)].title


def say_outcomes(rulebook: Rulebook, outcomes: Iterable[str], word: str = "or") -> str:
    """Return the titles of *outcomes* within a sentence."""
    return say_list((in_sentence(outcome_title(rulebook, o)) for o in outcomes), word)


def themes_of(rulebook: Rulebook, items: Iterable[Fact | Rule]) -> list[str]:
    """Return the themes of *items* in the rulebook's order, none at all last."""
    present = {item.theme for item in items}
    return sorted(present, key=lambda theme: (theme == "", _place_of(theme, rulebook), theme))


def _place_of(theme: str, rulebook: Rulebook) -> int:
    themes = rulebook.themes
    return themes.index(theme) if theme in themes else len(themes)


def in_sentence(title: str) -> str:
    """Return *title* as it stands within a sentence; an abbreviation keeps its capitals."""
    first, _, _ = title.partition(" ")
    return title if any(c.isupper() for c in first[1:]) else title[:1].lower() + title[1:]


def say_basis(rulebook: Rulebook, basis: Basis) -> str:
    """Return where something comes from: the documents and places, or that it is a choice."""
    parts = [
        f"{rulebook.document(source.document).title}, {source.at}"
        + (f" ({source.says})" if source.says else "")
        for source in basis.sources
    ]
    if basis.policy_choice:
        parts.append(f"a policy choice: {basis.policy_choice}")
    return "; ".join(parts)


def say_history(rulebook: Rulebook, history: HistoryDeclaration) -> str:
    """Return what a ledger fills in for a fact of that *history*."""
    aside = [rulebook.rule(rule_id).title for rule_id in history.apart_from]
    what = {
        "outcome_in_force": "the outcome in force",
        "engine_outcome": "the engine's own latest outcome",
        "finding": f"what the latest decision found of {history.finding}",
        "no_rule_held": "no rule held" + (f" apart from: {'; '.join(aside)}" if aside else ""),
        "exit_criteria": "how far the exit criteria are met, sustained after "
        f"{say_count(history.sustained_for or 0, 'day')}",
    }[history.of]
    counted = {"value": "", "days": "for how many days: ", "periods": "for how many periods: "}
    return counted[history.shown] + what
