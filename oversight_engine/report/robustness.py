"""Robustness as a page and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from oversight_engine.analysis.found_robustness import About, Robustness, Uncertain
from oversight_engine.analysis.nearness import Threshold
from oversight_engine.explanation.outcome import tone_of
from oversight_engine.explanation.page import Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import (
    in_sentence,
    outcome_title,
    say_count,
    say_few,
    say_id,
    say_list,
    say_number,
    say_value,
)
from oversight_engine.model.case_form import value_data
from oversight_engine.model.number import written
from oversight_engine.model.plain import Plain
from oversight_engine.report.prospects import OTHERS_STAY, head_data, say_case, say_share

FORMAT = "oversight-robustness/1"
FORMAT_OF_SEVERAL = "oversight-firmness/1"
MOST_THRESHOLDS = 5
MOST_PAIRS = 5


def robustness_page(found: Robustness) -> Page:
    """Return for a reader whether a decision is firm, and what could turn it."""
    decision, rulebook = found.decision, found.decision.rulebook
    now = in_sentence(outcome_title(rulebook, decision.outcome))
    is_firm, is_firm_if_rounded = found.is_firm, found.is_firm_if_rounded
    if found.is_undecided:
        says = "z3 gave up on whether what is uncertain could turn it"
    elif is_firm and found.uncertain:
        says = "Nothing that is said to be uncertain would turn it"
    elif is_firm:
        says = "No fact it rests on states how uncertain it is"
    else:
        says = f"Within what is uncertain it could be {_brings(found, found.possible)}"
    about = [say_case(decision), says]
    if found.if_rounded != found.possible:
        could = _brings(found, found.if_rounded)
        word_too = "borderline" if is_firm else "more is possible"
        about.append(f"If rounding is allowed for, {word_too}: it could be {could}")
    elif is_firm_if_rounded:
        about.append("Nor would the rounding of its figures")
    elif is_firm:
        about.append("z3 gave up on whether the rounding of its figures could turn it")
    headline = Headline(f"{_word(found)}: {now}", about=tuple(about))
    return Page(
        (
            headline,
            *section("If rounding is allowed for", _rounding(found)),
            *section("How likely", _chances(found)),
            *section("What could turn it", _flips(found)),
            *section(
                "Uncertain, and without effect by itself",
                [
                    _uncertain(each)
                    for each in found.uncertain
                    if not each.flips and not found.is_open("alone", each.fact)
                ],
            ),
            *section("The nearest lines", map(_threshold, found.thresholds[:MOST_THRESHOLDS])),
            *section("If all that is unknown were known", _if_known(found)),
            *section("What this assumes", _assumptions(found)),
            *section("How it was found", _by_z3(found)),
        )
    )


def _word(found: Robustness) -> str:
    if found.is_firm:
        return "Firm" if found.is_firm_if_rounded else "Firm as stated"
    return "Undecided" if found.is_undecided else "Borderline"


def firmness_page(found: Sequence[Robustness]) -> Page:
    """Return for a reader which of several decisions are firm, a line for each."""
    rulebook = found[0].decision.rulebook
    counts = Counter(map(_word, found))
    are = "are" if counts["Borderline"] > 1 else "is"
    title = f"{counts['Borderline'] or 'None'} of {len(found)} decisions {are} borderline"
    about = [f"by {rulebook.title} ({rulebook.id} {rulebook.version})"]
    about += [f"{word}: {counts[word]}" for word in _WORDS if counts[word]]
    rows = [
        (
            each.decision.case.system.code,
            each.decision.as_of.isoformat(),
            outcome_title(rulebook, each.decision.outcome),
            _word(each),
            _brings(each, [one for one in each.if_rounded if one != each.decision.label]),
            _nearest(each),
        )
        for each in found
    ]
    return Page(
        (
            Headline(title, about=tuple(about)),
            Table(
                "",
                ("System", "As of", "Decision", "Which is", "Could also be", "Nearest line"),
                tuple(rows),
                tuple(tone_of(rulebook, each.decision.outcome) for each in found),
                toned=2,
            ),
        )
    )


_WORDS = ("Firm", "Firm as stated", "Borderline", "Undecided")


def _nearest(found: Robustness) -> str:
    """Say which figure is nearest to a line, in its own scale, and how near."""
    for each in found.thresholds:
        return f"{in_sentence(each.fact.title)}, {_away(each)}"
    return ""


def _away(each: Threshold) -> str:
    unit = "percentage points" if each.fact.unit == "%" else each.fact.unit
    return f"{say_number(each.distance, unit)} away"


def _chances(found: Robustness) -> Iterator[Line]:
    if found.no_chances_because:
        yield Line(f"Not calculated: {found.no_chances_because}", 0, "warning")
    for outcome, chance in found.chances:
        title = outcome_title(found.decision.rulebook, outcome)
        exactly = "" if chance in (0, 1) else f" (exactly {written(chance)})"
        yield Line(f"{title}: {say_share(chance)}{exactly}", 0, "item")


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
    said = (
        f"{each.fact.title}: {say_number(each.value, each.fact.unit)}; “{each.rule.title}” "
        f"turns at {say_number(each.at, each.fact.unit)}, {_away(each)}"
    )
    if each.is_within:
        return Line(f"{said}; within its likely range", 0, "warning")
    return Line(f"{said}; rounding may reach it" if each.may_be_rounding else said, 0, "item")


def _if_known(found: Robustness) -> Iterator[str]:
    if not found.unknown:
        return
    how = "Surely" if found.is_open("if_known") else "Exactly"
    yield f"{how} possible: {_brings(found, found.if_known) or 'nothing'}"
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
    elif not found.no_chances_because and any(u.basis == "range" for u in found.uncertain):
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


_QUESTIONS: Mapping[About, str] = {
    "possible": "possible within what is uncertain",
    "alone": "brought by it alone",
    "pair": "brought by both together",
    "if_known": "possible if all that is unknown were known",
    "if_rounded": "possible if rounding is allowed for",
    "rounded": "brought by its rounding alone",
}


def _by_z3(found: Robustness) -> Iterator[Line]:
    """Yield that z3 was asked, and what it gave up on."""
    if found.by_z3:
        yield Line("Where the search took too many steps, z3 was asked", 0, "item")
    if found.undecided:
        yield Line(f"Unknown, because {found.undecided_because}", 0, "warning")
    for each in found.undecided:
        titles = say_list([fact.title for fact in each.facts])
        outcomes = _brings(found, each.outcomes)
        yield Line(
            f"{titles}{': ' if titles else ''}whether {outcomes} is {_QUESTIONS[each.about]}",
            1,
            "item",
        )


# Plain data


def robustness_data(found: Robustness) -> Plain:
    """Return the robustness as plain data: `oversight-robustness/1`."""
    return {
        "format": FORMAT,
        **head_data(found.decision),
        "firm": found.is_firm,
        "possible": list(found.possible),
        "chances": {outcome: written(chance) for outcome, chance in found.chances},
        "no_chances_because": found.no_chances_because,
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
        "by_z3": found.by_z3,
        "undecided": [
            {
                "about": each.about,
                "facts": [fact.id for fact in each.facts],
                "outcomes": list(each.outcomes),
            }
            for each in found.undecided
        ],
        "undecided_because": found.undecided_because,
    }


def firmness_data(found: Sequence[Robustness]) -> Plain:
    """Return the robustness of several decisions as plain data: `oversight-firmness/1`."""
    return {"format": FORMAT_OF_SEVERAL, "cases": [robustness_data(each) for each in found]}


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
