"""Many decisions at a glance: a table, how many came to what, and the same by region."""

from __future__ import annotations

from collections.abc import Sequence

from oversight_engine.explanation.grounds import say_alone
from oversight_engine.explanation.outcome import tone_of
from oversight_engine.explanation.page import Line, Page, Section, Table, Tone, section
from oversight_engine.explanation.wording import in_sentence, outcome_title, say_count, say_outcomes
from oversight_engine.model.decision import Decision
from oversight_engine.model.rulebook import REFER, Fact

MOST_MISSING = 5
"""How many of the facts that are missing most often are named."""


ROOMY = 110
"""From this width on, what a decision rests on and what is possible have columns of their own."""


def overview(decisions: Sequence[Decision], width: int = ROOMY) -> Page:
    """Return *decisions* of one rulebook for so many columns: the table, then the summaries."""
    table = _wide(decisions) if width >= ROOMY else _compact(decisions)
    return Page((table, *_summary(decisions), *_by_region(decisions)))


def _wide(decisions: Sequence[Decision]) -> Table:
    return Table(
        title="",
        columns=("Code", "System", "Region", "Decision", "Rests on", "Possible", "Why"),
        rows=tuple(
            (
                d.case.system.code,
                d.case.system.name,
                d.case.system.region,
                outcome_title(d.rulebook, d.outcome),
                _basis(d),
                _possible(d),
                _why(d),
            )
            for d in decisions
        ),
        tones=_tones(decisions),
        toned=3,
        named=2,
    )


def _compact(decisions: Sequence[Decision]) -> Table:
    rows = []
    for decision in decisions:
        system, basis, possible = decision.case.system, _basis(decision), _possible(decision)
        outcome = outcome_title(decision.rulebook, decision.outcome)
        rows.append(
            (
                system.code,
                ", ".join(filter(None, (system.name, system.region))),
                f"{outcome} ({basis})" if basis else outcome,
                _why(decision) + (f"; possible: {possible}" if possible else ""),
            )
        )
    columns = ("Code", "System", "Decision", "Why")
    return Table("", columns, tuple(rows), _tones(decisions), toned=2, named=2)


def _tones(decisions: Sequence[Decision]) -> tuple[Tone, ...]:
    return tuple(tone_of(decision.rulebook, decision.outcome) for decision in decisions)


def _basis(decision: Decision) -> str:
    """What the decision rests on beside final facts; it stands beside every outcome."""
    return ", ".join(status for status, _ in decision.rests_on)


def _possible(decision: Decision) -> str:
    if decision.possible == (decision.outcome,):
        return ""
    return say_outcomes(decision.rulebook, decision.possible)


def _why(decision: Decision) -> str:
    if decision.missing:
        return f"{say_count(len(decision.missing), 'fact')} missing"
    effects = {"holds", "holds_back"} if decision.outcome else {"refers"}
    label = decision.outcome or REFER
    reasons = [
        result.rule.title
        for result in decision.rules
        if result.effect in effects and result.rule.outcome == label
    ]
    if not reasons:
        return "Nothing holds it back"
    return reasons[0] + (f", and {len(reasons) - 1} more" if len(reasons) > 1 else "")


def _summary(decisions: Sequence[Decision]) -> tuple[Section, ...]:
    rulebook = decisions[0].rulebook
    labels = [*(outcome.id for outcome in rulebook.outcomes), None]
    lines = []
    for label in labels:
        number = sum(1 for decision in decisions if decision.outcome == label)
        lines.append(Line(f"{outcome_title(rulebook, label)}: {number}", 0, "item"))
    referred = [decision for decision in decisions if decision.outcome is None]
    lines += _excluded(referred)
    lines += _missing_most(referred)
    warnings = (*_rests_on(decisions), *say_alone(decisions[0]))
    lines += [Line(text, 0, "warning") for text in warnings]
    return section(f"{say_count(len(decisions), 'system')} decided or referred", lines)


def _excluded(referred: Sequence[Decision]) -> list[Line]:
    """For how many of the referred an outcome is out, whatever the missing facts say."""
    lines = []
    for outcome in referred[0].rulebook.outcomes if referred else ():
        number = sum(1 for decision in referred if outcome.id not in decision.possible)
        if number:
            lines.append(
                Line(
                    f"{outcome.title} is excluded already for {number} of the {len(referred)} "
                    f"referred, whatever the missing facts say",
                    0,
                    "item",
                )
            )
    return lines


def _missing_most(referred: Sequence[Decision]) -> list[Line]:
    if not referred:
        return []
    count: dict[str, int] = {}
    for decision in referred:
        for fact in decision.missing:
            count[fact] = count.get(fact, 0) + 1
    rulebook = referred[0].rulebook
    most = sorted(count, key=lambda fact: (-count[fact], fact))[:MOST_MISSING]
    named = "; ".join(f"{_asked(rulebook.fact(fact))} ({count[fact]})" for fact in most)
    return [Line(f"Missing most often: {named}", 0, "item")] if most else []


def _asked(fact: Fact) -> str:
    """Say what is not known; the title of a boolean alone would read as if it held."""
    return f"whether {in_sentence(fact.title)}" if fact.type == "boolean" else fact.title


def _rests_on(decisions: Sequence[Decision]) -> list[str]:
    """What no one may read the table without: which decisions rest on which kind of figures."""
    systems: dict[str, int] = {}
    for decision in decisions:
        for status, _ in decision.rests_on:
            systems[status] = systems.get(status, 0) + 1
    return [
        f"{number} of {say_count(len(decisions), 'decision')} rest on {status} facts"
        for status, number in systems.items()
    ]


def _by_region(decisions: Sequence[Decision]) -> tuple[Table, ...]:
    regions = sorted({decision.case.system.region for decision in decisions})
    if len(regions) == 1:
        return ()
    rulebook = decisions[0].rulebook
    labels = [*(outcome.id for outcome in rulebook.outcomes), None]
    rows = []
    for region in regions:
        here = [decision for decision in decisions if decision.case.system.region == region]
        counts = [sum(1 for d in here if d.outcome == label) for label in labels]
        rows.append((region or "(no region)", *map(str, counts), str(len(here))))
    titles = [outcome_title(rulebook, label) for label in labels]
    return (Table("By region", ("Region", *titles, "All"), tuple(rows)),)
