"""Paths and robustness as pages and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from oversight_engine.analysis.found_paths import Change, Obstacle, Path, Paths
from oversight_engine.analysis.levers import Measure
from oversight_engine.analysis.nearness import Threshold
from oversight_engine.analysis.robustness import Robustness, Uncertain
from oversight_engine.explanation.page import Headline, Line, Page, section
from oversight_engine.explanation.wording import (
    in_sentence,
    outcome_title,
    say_count,
    say_day,
    say_few,
    say_id,
    say_list,
    say_number,
    say_value,
)
from oversight_engine.model.case_form import value_data
from oversight_engine.model.decision import Decision
from oversight_engine.model.number import Exact, rounded, written
from oversight_engine.model.plain import Plain

PATHS_FORMAT = "oversight-paths/1"
ROBUSTNESS_FORMAT = "oversight-robustness/1"
OTHERS_STAY = "All others of the cohort, and what is computed of it, stay as they are"
FEW_CHANGES = 2
"""So few are said in one sentence."""
MOST_THRESHOLDS = 5
MOST_PAIRS = 5

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
    about = (_about(decision), f"Now: {now}")
    if found.is_there:
        return Page((Headline(f"Already there: {to}", about=about),))
    if not found.paths:
        lines = [line for each in found.obstacles for line in _obstacle(each)]
        headline = Headline(f"No path to {to}", about=about)
        besides = section("Besides, the other rules would need", map(_change, found.besides))
        return Page((headline, *section("What stands in the way", lines), *besides))
    first, *others = found.paths
    is_short = len(first.changes) <= FEW_CHANGES
    says = say_list(map(_phrase, first.changes)) if is_short else _asks(first)
    headline = Headline(
        f"{_way(found)}: {says}",
        about=(*about, f"Least: {_MEASURES[found.measure]}; nothing less would do"),
    )
    if is_short:
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


def _about(decision: Decision) -> str:
    system = decision.case.system
    return f"{system.name} ({system.code}), {say_day(decision.as_of)}"


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
    return f"{_percent(total)} of the facts' scales"


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


def _percent(share: Exact) -> str:
    return say_number(rounded(share * 100, 2, "half_even"), "%")


# Robustness


def robustness_page(found: Robustness) -> Page:
    """Return for a reader whether a decision is firm, and what could turn it."""
    decision, rulebook = found.decision, found.decision.rulebook
    now = in_sentence(outcome_title(rulebook, decision.outcome))
    is_firm, is_firm_if_rounded = found.is_firm, found.is_firm_if_rounded
    word = "Borderline" if not is_firm else "Firm" if is_firm_if_rounded else "Firm as stated"
    if is_firm and found.uncertain:
        says = "Nothing that is said to be uncertain would turn it"
    elif is_firm:
        says = "No fact it rests on states how uncertain it is"
    else:
        says = f"Within what is uncertain it could be {_brings(found, found.possible)}"
    about = [_about(decision), says]
    if found.if_rounded != found.possible:
        could = _brings(found, found.if_rounded)
        word_too = "borderline" if is_firm else "more is possible"
        about.append(f"If rounding is allowed for, {word_too}: it could be {could}")
    elif is_firm:
        about.append("Nor would the rounding of its figures")
    headline = Headline(f"{word}: {now}", about=tuple(about))
    return Page(
        (
            headline,
            *section("If rounding is allowed for", _rounding(found)),
            *section("How likely", _chances(found)),
            *section("What could turn it", _flips(found)),
            *section(
                "Uncertain, and without effect by itself",
                [_uncertain(each) for each in found.uncertain if not each.flips],
            ),
            *section("The nearest lines", map(_threshold, found.thresholds[:MOST_THRESHOLDS])),
            *section("If all that is unknown were known", _if_known(found)),
            *section("What this assumes", _assumptions(found)),
        )
    )


def _chances(found: Robustness) -> Iterator[Line]:
    for outcome, chance in found.chances:
        title = outcome_title(found.decision.rulebook, outcome)
        exactly = "" if chance in (0, 1) else f" (exactly {written(chance)})"
        yield Line(f"{title}: {_percent(chance)}{exactly}", 0, "item")


def _flips(found: Robustness) -> Iterator[Line]:
    for each in found.uncertain:
        if each.flips:
            yield Line(f"{_uncertain(each)}: alone brings {_brings(found, each.flips)}", 0, "item")
    for one, other, flips in found.pairs[:MOST_PAIRS]:
        brings = _brings(found, flips)
        yield Line(f"{one.title} and {other.title}: together bring {brings}", 0, "item")
    more = len(found.pairs) - MOST_PAIRS
    if more > 0:
        yield Line(f"and {say_count(more, 'more pair')}", 0, "item")
    if found.are_pairs_left_out:
        yield Line("Too many facts are uncertain to look at every pair", 0, "warning")


def _rounding(found: Robustness) -> Iterator[Line]:
    if found.if_rounded == found.possible:
        return
    others = []
    for each in found.rounded:
        unit = each.fact.unit
        stated = say_value(each.value, unit)
        if each.flips and each.at is not None:
            brings = _brings(found, each.flips)
            said = f"{stated} could be {say_value(each.at, unit)}: alone brings {brings}"
            yield Line(f"{each.fact.title}: {said}", 0, "item")
        else:
            others.append(f"{in_sentence(each.fact.title)} ({stated})")
    if others:
        yield Line(f"Only together with others: {say_few(others)}", 0, "item")


def _brings(found: Robustness, outcomes: Iterable[str]) -> str:
    rulebook = found.decision.rulebook
    return say_list((in_sentence(outcome_title(rulebook, o)) for o in outcomes), "or")


def _uncertain(each: Uncertain) -> str:
    fact = each.fact
    said = f"{fact.title}: {say_value(each.value, fact.unit)}"
    if each.least is None or each.most is None:
        return f"{said}, with stated chances"
    ends = f"{say_value(each.least, fact.unit)} to {say_value(each.most, fact.unit)}"
    return f"{said}, likely {ends}"


def _threshold(each: Threshold) -> Line:
    unit = "percentage points" if each.fact.unit == "%" else each.fact.unit
    said = (
        f"{each.fact.title}: {say_number(each.value, each.fact.unit)}; “{each.rule.title}” "
        f"turns at {say_number(each.at, each.fact.unit)}, {say_number(each.distance, unit)} away"
    )
    if each.is_within:
        return Line(f"{said}; within its likely range", 0, "warning")
    return Line(f"{said}; rounding may reach it" if each.may_be_rounding else said, 0, "item")


def _if_known(found: Robustness) -> Iterator[str]:
    if not found.unknown:
        return
    yield f"Exactly possible: {_brings(found, found.if_known)}"
    yield f"The decision's own bound: {_brings(found, found.bound)}"
    names = [in_sentence(fact.title) for fact in found.unknown]
    yield f"Unknown: {say_few(names)}"


def _assumptions(found: Robustness) -> Iterator[str]:
    if found.decision.rulebook.cohort is not None:
        yield OTHERS_STAY
    if found.chances:
        yield "The uncertain facts are independent of each other"
        if any(each.basis == "uniform" for each in found.uncertain):
            yield "In a uniform range every value, to the last decimal, is as likely as any other"
    elif any(each.basis == "range" for each in found.uncertain):
        yield "A range alone says nothing of how likely its values are, so no probability is given"
    statuses = [
        f"{say_id(status)} without a range: {say_count(len(facts), 'fact')}"
        for status, facts in _without_range(found)
    ]
    if statuses:
        yield f"What states no range is taken as it stands ({say_list(statuses)})"


def _without_range(found: Robustness) -> list[tuple[str, list[str]]]:
    uncertain = {each.fact.id for each in found.uncertain}
    rests_on = [
        (status, [fact for fact in facts if fact not in uncertain])
        for status, facts in found.decision.rests_on
        if status in ("provisional", "estimated")
    ]
    return [(status, facts) for status, facts in rests_on if facts]


# Plain data


def paths_data(found: Paths) -> Plain:
    """Return the paths as plain data: `oversight-paths/1`."""
    return {
        "format": PATHS_FORMAT,
        **_head(found.decision),
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


def _head(decision: Decision) -> Plain:
    system = decision.case.system
    return {
        "rulebook": {"id": decision.rulebook.id, "digest": decision.rulebook.digest},
        "case": {"code": system.code, "name": system.name, "digest": decision.case.digest},
        "as_of": decision.as_of.isoformat(),
        "decision": decision.label,
    }


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


def robustness_data(found: Robustness) -> Plain:
    """Return the robustness as plain data: `oversight-robustness/1`."""
    return {
        "format": ROBUSTNESS_FORMAT,
        **_head(found.decision),
        "firm": found.is_firm,
        "possible": list(found.possible),
        "chances": {outcome: written(chance) for outcome, chance in found.chances},
        "uncertain": [
            {
                "fact": each.fact.id,
                "value": value_data(each.value),
                "basis": each.basis,
                "least": value_data(each.least),
                "most": value_data(each.most),
                "flips": list(each.flips),
            }
            for each in found.uncertain
        ],
        "pairs": [
            {"facts": [one.id, other.id], "flips": list(flips)} for one, other, flips in found.pairs
        ],
        "pairs_left_out": found.are_pairs_left_out,
        "firm_if_rounded": found.is_firm_if_rounded,
        "if_rounded": list(found.if_rounded),
        "rounded": [
            {
                "fact": each.fact.id,
                "value": value_data(each.value),
                "least": value_data(each.least),
                "most": value_data(each.most),
                "at": value_data(each.at),
                "flips": list(each.flips),
            }
            for each in found.rounded
        ],
        "thresholds": [_threshold_data(each) for each in found.thresholds],
        "unknown": [fact.id for fact in found.unknown],
        "if_known": list(found.if_known),
        "bound": list(found.bound),
    }


def _threshold_data(each: Threshold) -> Plain:
    return {
        "rule": each.rule.id,
        "fact": each.fact.id,
        "value": written(each.value),
        "at": written(each.at),
        "distance": written(each.distance),
        "share": None if each.share is None else written(each.share),
        "within_likely": each.is_within,
        "rounding": each.may_be_rounding,
    }
