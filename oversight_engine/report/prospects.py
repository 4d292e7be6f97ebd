"""Paths as pages and as plain data, and what robustness shows in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from oversight_engine.analysis.found_paths import Change, Obstacle, Path, Paths
from oversight_engine.analysis.levers import Measure
from oversight_engine.explanation.outcome import tone_of
from oversight_engine.explanation.page import Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import (
    in_sentence,
    outcome_title,
    say_count,
    say_day,
    say_few,
    say_list,
    say_number,
    say_value,
)
from oversight_engine.model.case_form import value_data
from oversight_engine.model.decision import Decision
from oversight_engine.model.number import Exact, rounded, written
from oversight_engine.model.plain import Plain

PATHS_FORMAT = "oversight-paths/1"
PROSPECTS_FORMAT = "oversight-prospects/1"
OTHERS_STAY = "All others of the cohort, and what is computed of it, stay as they are"
FEW_CHANGES = 2
"""So few are said in one sentence."""

_MEASURES: Mapping[Measure, str] = {
    "facts": "the fewest facts",
    "movement": "the least movement, each fact on its own scale",
    "effort": "the least effort, as the rulebook states it",
}


def paths_page(found: Paths) -> Page:
    """Return the paths for a reader, or why there are none."""
    decision = found.decision
    to = in_sentence(outcome_title(decision.rulebook, found.to))
    now = in_sentence(outcome_title(decision.rulebook, decision.outcome))
    about = (say_case(decision), f"Now: {now}")
    if found.is_there:
        return Page((Headline(f"Already there: {to}", about=about),))
    if not found.paths:
        lines = [line for each in found.obstacles for line in _obstacle(each)]
        headline = Headline(f"No path to {to}", about=about)
        besides = section("Besides, the other rules would need", map(_change, found.besides))
        return Page((headline, *section("What stands in the way", lines), *besides))
    first, *others = found.paths
    headline = Headline(
        f"{_way(found)}: {_says(first)}",
        about=(*about, f"Least: {_MEASURES[found.measure]}; nothing less would do"),
    )
    if _is_short(first):
        page = Page((headline, *section("When it is next stated", _dues(first))))
    else:
        known = [change for change in first.changes if change.before is not None]
        shown = [change for change in first.changes if change.before is None]
        page = Page(
            (
                headline,
                *section("What would have to change", map(_change, known)),
                *section("What evidence would have to show", map(_change, shown)),
            )
        )
    for number, path in enumerate(others, start=2):
        title = f"Another way ({number}): {_total(path.total, found.measure)}"
        page = page.then(*section(title, _other_way(first, path)))
    return page.then(
        *section("How it was found", [*_checked(found), _scale(found.measure)]),
    )


def prospects_page(found: Sequence[Paths]) -> Page:
    """Return the least path of each of several cases, a line for each."""
    rulebook = found[0].decision.rulebook
    to = in_sentence(outcome_title(rulebook, found[0].to))
    there = sum(each.is_there for each in found)
    ways = sum(bool(each.paths) for each in found)
    about = (
        f"by {rulebook.title} ({rulebook.id} {rulebook.version})",
        f"Already there: {there}",
        f"With no path: {len(found) - there - ways}",
        f"Least: {_MEASURES[found[0].measure]}; nothing less would do",
    )
    rows = [
        (
            each.decision.case.system.code,
            each.decision.as_of.isoformat(),
            outcome_title(rulebook, each.decision.outcome),
            _briefly(each),
        )
        for each in found
    ]
    tones = tuple(tone_of(rulebook, each.decision.outcome) for each in found)
    columns = ("System", "As of", "Decision", "What it would take")
    headline = Headline(f"A path to {to}: {ways} of {len(found)} cases", about=about)
    return Page((headline, Table("", columns, tuple(rows), tones, toned=2)))


def _briefly(found: Paths) -> str:
    if found.is_there:
        return "nothing: it is there"
    if found.paths:
        return _says(found.paths[0])
    titles = [in_sentence(rule.title) for each in found.obstacles for rule in each.rules]
    return f"no path: {say_few(titles)}" if titles else "no path: nothing that can change would do"


def _is_short(path: Path) -> bool:
    return len(path.changes) <= FEW_CHANGES


def _says(path: Path) -> str:
    return say_list(map(_phrase, path.changes)) if _is_short(path) else _asks(path)


def _way(found: Paths) -> str:
    rulebook = found.decision.rulebook
    to = in_sentence(outcome_title(rulebook, found.to))
    if found.toward == "worse":
        return f"What would lead to {to}"
    return f"To earn {to}" if found.to == rulebook.lightest else f"To come to {to}"


def _asks(path: Path) -> str:
    number = len(path.changes)
    evidence = sum(change.before is None for change in path.changes)
    if evidence == number:
        return f"{say_count(number, 'piece')} of evidence"
    return say_count(number, "change") + (f", {evidence} of them evidence" if evidence else "")


def _total(total: Exact, measure: Measure) -> str:
    if measure == "facts":
        return say_count(int(total), "change")
    if measure == "effort":
        return f"an effort of {say_number(total)}"
    return f"{say_share(total)} of the facts' scales"


def _change(change: Change) -> Line:
    fact = change.fact
    if change.before is None:
        said = f"{fact.title}: evidence that shows {_enough(change)}"
        if fact.type == "number":
            said += f", beside the others here (taken as {say_value(change.after, fact.unit)})"
        return Line(f"{said}{_why_unknown(change)}", 0, "item")
    due = f"; next due by {say_day(change.due)}" if change.due else ""
    return Line(f"{fact.title}: {_from_to(change)}{due}", 0, "item")


def _other_way(first: Path, other: Path) -> Iterator[Line]:
    """Yield what the *other* path takes, or how it differs where it is much the same."""
    before = {(change.fact.id, change.after) for change in first.changes}
    new = [change for change in other.changes if (change.fact.id, change.after) not in before]
    same = len(other.changes) - len(new)
    if same <= FEW_CHANGES:
        yield from map(_change, other.changes)
        return
    yield from map(_change, new)
    facts = {change.fact.id for change in other.changes}
    left = [in_sentence(c.fact.title) for c in first.changes if c.fact.id not in facts]
    instead = f", without {say_few(left)}" if left else ""
    yield Line(f"{say_count(same, 'change')} as in the first way{instead}", 0, "item")


def _phrase(change: Change) -> str:
    """Return *change* as a part of a sentence."""
    title = in_sentence(change.fact.title)
    if change.before is None:
        return f"evidence of “{title}” that shows {_enough(change)}{_why_unknown(change)}"
    return f"{title} {_from_to(change)}"


def _dues(path: Path) -> Iterator[str]:
    for change in path.changes:
        if change.due is not None and change.before is not None:
            yield f"{change.fact.title}: next due by {say_day(change.due)}"


def _from_to(change: Change) -> str:
    before = say_value(change.before, change.fact.unit)
    return f"from {before} to {_after(change)}{_moved(change)}"


def _why_unknown(change: Change) -> str:
    return "" if change.why_unknown == "not stated" else f" (now unknown: {change.why_unknown})"


def _after(change: Change) -> str:
    after = say_value(change.after, change.fact.unit)
    return f"{after} or later" if change.fact.type == "date" else after


def _moved(change: Change) -> str:
    before, after = change.before, change.after
    if change.fact.type != "number":
        return ""
    assert isinstance(before, int | Fraction), "a number is a number"
    assert isinstance(after, int | Fraction), "a number is a number"
    difference = after - before
    unit = "percentage points" if change.fact.unit == "%" else change.fact.unit
    sign = "+" if difference > 0 else ""
    return f" ({sign}{say_number(difference, unit)})"


def _enough(change: Change) -> str:
    """Return the values of an unknown fact that would do."""
    fact = change.fact
    ends = change.enough
    if ends and isinstance(ends[0], tuple):
        least, most = ends[0]
        low, high = fact.range
        first, last = (say_value(end, fact.unit) for end in (least, most))
        if fact.type == "date":
            return f"any day from {first}"
        if least == most:
            return first
        if least == low and most == high:
            return "any value"
        if least == low:
            return f"{last} or less"
        return f"{first} or more" if most == high else f"{first} to {last}"
    return say_list((say_value(value) for value in ends if not isinstance(value, tuple)), "or")


def _obstacle(obstacle: Obstacle) -> Iterator[Line]:
    titles = [rule.title for rule in obstacle.rules]
    if len(titles) == 1:
        yield Line(titles[0], 0, "holds")
    elif titles:
        yield Line(f"These cannot be lifted together: {'; '.join(titles)}", 0, "holds")
    else:
        yield Line("Nothing of the case that can change brings it about", 0, "holds")
    for fact, because in obstacle.fixed:
        yield Line(f"{fact.title}: {because}", 1, "item")


def _checked(found: Paths) -> Iterator[str]:
    evaluators = found.decision.attestation.evaluators
    yield (
        "Each path was decided again, as the case would be, by "
        f"{say_list(evaluators)}; a path never changes history, context or law"
    )
    if found.by_z3:
        yield "The search took too many steps; z3 found this one path and proved it least"
    if found.toward == "better":
        yield "No path makes a fact worse"
    if found.decision.rulebook.cohort is not None:
        yield OTHERS_STAY
    if found.is_evidence_only:
        yield "Evidence leads there, so nothing that is known was asked to change"


def _scale(measure: Measure) -> str:
    if measure == "movement":
        return (
            "A number moves by a share of its declared range, an ordered category by a share of "
            "its steps; any other change, or evidence where there was none, counts as a whole"
        )
    if measure == "effort":
        return "Facts of which the rulebook states no effort are left as they are"
    return "Among as few facts, the least movement comes first"


def say_case(decision: Decision) -> str:
    """Return whose decision it is, and of which day."""
    system = decision.case.system
    return f"{system.name} ({system.code}), {say_day(decision.as_of)}"


def head_data(decision: Decision) -> Plain:
    """Return of what case, by which rulebook and as at which day it is told, as plain data."""
    system = decision.case.system
    return {
        "rulebook": {"id": decision.rulebook.id, "digest": decision.rulebook.digest},
        "case": {"code": system.code, "name": system.name, "digest": decision.case.digest},
        "as_of": decision.as_of.isoformat(),
        "decision": decision.label,
    }


def say_share(share: Exact) -> str:
    """Return *share*, of 1, in per cent."""
    return say_number(rounded(share * 100, 2, "half_even"), "%")


# Plain data


def paths_data(found: Paths) -> Plain:
    """Return the paths as plain data: `oversight-paths/1`."""
    return {
        "format": PATHS_FORMAT,
        **head_data(found.decision),
        "to": found.to,
        "least": found.measure,
        "already_there": found.is_there,
        "paths": [
            {
                "total": written(path.total),
                "changes": [_change_data(change) for change in path.changes],
            }
            for path in found.paths
        ],
        "by_z3": found.by_z3,
        "evidence_only": found.is_evidence_only,
        "besides": [_change_data(change) for change in found.besides],
        "obstacles": [
            {
                "rules": [rule.id for rule in each.rules],
                "fixed": [{"fact": fact.id, "because": why} for fact, why in each.fixed],
            }
            for each in found.obstacles
        ],
    }


def prospects_data(found: Sequence[Paths]) -> Plain:
    """Return the paths of several cases as plain data: `oversight-prospects/1`."""
    return {"format": PROSPECTS_FORMAT, "cases": [paths_data(each) for each in found]}


def _change_data(change: Change) -> Plain:
    data: Plain = {
        "fact": change.fact.id,
        "before": value_data(change.before),
        "after": value_data(change.after),
        "enough": [
            [value_data(end) for end in each] if isinstance(each, tuple) else value_data(each)
            for each in change.enough
        ],
    }
    if change.why_unknown:
        data["unknown_because"] = change.why_unknown
    if change.due is not None:
        data["due"] = change.due.isoformat()
    return data
