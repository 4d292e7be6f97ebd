"""What can only be said of a rulebook as a whole: cycles, limits, gaps, and what nobody uses."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from oversight_engine.language.findings import CompleteFinding
from oversight_engine.language.headings import Heading
from oversight_engine.language.history import check_history_names
from oversight_engine.language.problems import Place, Problems
from oversight_engine.model.expression import (
    Statement,
    names_in_condition,
    names_in_quantity,
)
from oversight_engine.model.in_force import names_in_computed, names_in_finding
from oversight_engine.model.rulebook import (
    Consequence,
    Fact,
    Finding,
    Limit,
    Measure,
    Parameter,
    Rule,
    Span,
)
from oversight_engine.model.together import CohortDeclaration, ProposalDeclaration

_A_DAY = datetime.timedelta(days=1)


@frozen
class Parts:
    """What was read of a rulebook, and where each name of its items stands."""

    heading: Heading
    facts: Sequence[Fact]
    parameters: Sequence[Parameter]
    findings: Sequence[Finding]
    rules: Sequence[Rule]
    consequences: Sequence[Consequence]
    places: Mapping[str, Place]
    cohort: CohortDeclaration | None = None
    cohort_place: Place | None = None
    proposals: Sequence[ProposalDeclaration] = ()


def in_dependency_order(
    findings: Sequence[CompleteFinding],
    parameters: Sequence[Parameter],
    places: Mapping[str, Place],
    problems: Problems,
) -> tuple[CompleteFinding, ...]:
    """Return *findings* so that each comes after those it mentions; note every cycle.

    What a parameter of the cohort is computed from comes before what mentions the parameter.
    Findings on a cycle, or built on one, are left out.
    """
    by_id = {complete.finding.id: complete for complete in findings}
    mentioned = {
        finding_id: names_in_finding(complete.finding) for finding_id, complete in by_id.items()
    } | {each.id: names_in_computed(each) for each in parameters if each.cohort is not None}
    needs = {
        item_id: sorted({name.id for name in names if name.id in mentioned})
        for item_id, names in mentioned.items()
    }
    ordered = {item_id: by_id.get(item_id) for item_id in _in_order(needs)}
    seen: set[str] = set()
    for start in sorted(needs.keys() - ordered.keys()):
        cycle = _cycle_from(start, needs, ordered)
        if not seen.intersection(cycle):
            problems.add(
                "cycle", places[cycle[0]],
                f"this {'finding' if cycle[0] in by_id else 'parameter'} rests on itself: "
                f"{' → '.join((*cycle, cycle[0]))}",
                got=cycle[0], help="let one of them look at facts instead",
            )  # fmt: skip
        seen.update(cycle)
    return tuple(complete for complete in ordered.values() if complete is not None)


def _in_order(needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each id after those it needs, the first in the alphabet first where there is a choice.

    Those on a cycle, or needing one, are left out.
    """
    needed_by: dict[str, list[str]] = {item_id: [] for item_id in needs}
    missing = {item_id: len(those) for item_id, those in needs.items()}
    for item_id, those in needs.items():
        for need in those:
            needed_by[need].append(item_id)
    ready = sorted(item_id for item_id, count in missing.items() if not count)
    while ready:
        item_id = heapq.heappop(ready)
        yield item_id
        for other in needed_by[item_id]:
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(ready, other)


def _cycle_from(
    start: str, needs: Mapping[str, Sequence[str]], ordered: Mapping[str, object]
) -> list[str]:
    """Return a cycle that *start* is on or leads to, from its first name in the alphabet on."""
    path = {start: None}  # in order, and quick to look up
    here = start
    while True:
        here = next(need for need in needs[here] if need not in ordered)
        if here in path:
            walked = list(path)
            cycle = walked[walked.index(here) :]
            first = cycle.index(min(cycle))
            return cycle[first:] + cycle[:first]
        path[here] = None


def check_whole(parts: Parts, problems: Problems) -> None:
    """Note what is wrong with the rulebook as a whole."""
    for limit in parts.heading.limits:
        _check_limit(limit, parts, problems)
    _check_local_priorities(parts, problems)
    _check_cohort(parts, problems)
    check_history_names(parts.facts, parts.findings, parts.rules, parts.places, problems)


def _check_limit(limit: Limit, parts: Parts, problems: Problems) -> None:
    tagged = [fact for fact in parts.facts if limit.tag in fact.tags]
    if len(tagged) > limit.at_most:
        problems.add(
            "too-many-tagged", parts.places[tagged[limit.at_most].id],
            f"{len(tagged)} facts carry the tag `{limit.tag}`, and at most {limit.at_most} may",
            got=tagged[limit.at_most].id, help="take the tag from those that need it least",
        )  # fmt: skip


def _check_cohort(parts: Parts, problems: Problems) -> None:
    """Refuse what rests on a cohort that is not declared, and membership that rests on one."""
    users = [p.id for p in parts.parameters if p.cohort is not None]
    users += [finding.id for finding in parts.findings if finding.ranked is not None]
    if parts.cohort_place is None:
        for item_id in users:
            problems.add(
                "no-cohort", parts.places[item_id], "no cohort is declared for this",
                got=item_id, help="say in `rulebook.yaml` under `cohort` who is judged together",
            )  # fmt: skip
    if parts.cohort is None or parts.cohort.members is None:
        return
    mentions = {finding.id: names_in_finding(finding) for finding in parts.findings}
    waiting = [name.id for name in names_in_condition(parts.cohort.members.condition)]
    seen: set[str] = set()
    while waiting:
        item_id = waiting.pop()
        if item_id in users and item_id not in seen:
            problems.add(
                "members-by-cohort", parts.cohort_place or parts.places[item_id],
                "who is a member rests on what is computed from the members",
                got=item_id, help="let it rest on facts, and on findings that need no cohort",
            )  # fmt: skip
        elif item_id not in seen:
            waiting += [name.id for name in mentions.get(item_id, ())]
        seen.add(item_id)


def _check_local_priorities(parts: Parts, problems: Problems) -> None:
    local = parts.heading.local_priorities
    facts = {fact.id: fact for fact in parts.facts}
    if local is None:
        return
    for fact_id in (local.agreed, local.on_track, local.not_on_track, local.unknown):
        fact = facts.get(fact_id)
        if fact is None and (not fact_id or fact_id in parts.places):
            continue  # its own problems have been noted
        if fact is None or fact.type != "number" or fact.decimals:
            near = problems.did_you_mean(fact_id, facts) if fact is None else ""
            problems.add(
                "not-a-count", parts.heading.local_priorities_place,
                "local priorities become facts that are numbers without decimals",
                got=fact_id, help=near or "declare it so, in `facts.yaml`",
            )  # fmt: skip


# Warnings: nothing is wrong, and yet somebody may have meant something else.


def warn_of_whole(parts: Parts, problems: Problems) -> None:
    """Note what a sound rulebook holds and does not use, and the days a number is missing."""
    used = _used(parts) | {finding.id for finding in parts.findings if finding.reported}
    if parts.cohort_place is not None and not any(
        (*(p.cohort for p in parts.parameters), *(f.ranked for f in parts.findings))
    ):
        message = "nothing is computed from this cohort"
        problems.add("unused", parts.cohort_place, message, got="cohort")
    declared: list[Fact | Parameter | Finding] = [*parts.facts, *parts.parameters, *parts.findings]
    for item in declared:
        if item.id not in used:
            message = f"nothing reads this {type(item).__name__.lower()}"
            problems.add("unused", parts.places[item.id], message, got=item.id)
    served = {kind: _served(kind, parts) for kind in _UNSERVED}
    for (kind, item_id), place in parts.heading.places.items():
        if item_id not in served[kind]:
            problems.add("unserved", place, _UNSERVED[kind], got=item_id)
    for parameter in parts.parameters:
        if parameter.required or parameter.cohort is not None:
            continue
        spans = [
            f"from {gap.start} to {gap.end or 'further notice'}"
            for gap in _gaps(parameter, parts.heading.span)
        ]
        if spans:
            problems.add(
                "parameter-gap", parts.places[parameter.id],
                f"there is no value {' and '.join(spans)}, and what reads it is not in force then",
                got=parameter.id,
            )  # fmt: skip


def _used(parts: Parts) -> set[str]:
    """Return the ids of the facts, parameters and findings that something reads."""
    used = {name.id for finding in parts.findings for name in names_in_finding(finding)}
    used.update(name.id for each in parts.parameters for name in names_in_computed(each))
    for proposal in parts.proposals:
        used.update(name.id for name in names_in_quantity(proposal.places.quantity))
        used.update(key.name.id for key in proposal.order)
    used.update(fact.history.finding for fact in parts.facts if fact.history is not None)
    for statement in _statements(parts):
        used.update(name.id for name in names_in_condition(statement.condition))
    return used


_UNSERVED = {
    "outcome": "no rule leads to this outcome",
    "measure": "no rule recommends this measure",
    "principle": "no rule serves this principle",
    "document": "nothing cites this document",
}


def _statements(parts: Parts) -> Iterator[Statement]:
    owners: list[Rule | Consequence] = [*parts.rules, *parts.consequences]
    for owner in owners:
        if owner.statement is not None:
            yield owner.statement
    if parts.cohort is not None and parts.cohort.members is not None:
        yield parts.cohort.members


def _served(kind: str, parts: Parts) -> set[str]:
    if kind == "outcome":
        lightest = parts.heading.outcomes[0].id
        return {rule.outcome for rule in parts.rules} | {lightest}
    if kind == "document":
        return set(_cited(parts))
    return {getattr(rule, kind) for rule in parts.rules}


def _cited(parts: Parts) -> Iterator[str]:
    items: list[Measure | Limit | Fact | Finding | Rule | Consequence] = [
        *parts.heading.measures, *parts.heading.limits, *parts.facts, *parts.findings,
        *parts.rules, *parts.consequences,
    ]  # fmt: skip
    bases = [item.basis for item in items]
    bases += [dated.basis for parameter in parts.parameters for dated in parameter.values]
    bases += [each.cohort.basis for each in parts.parameters if each.cohort is not None]
    bases += [parts.cohort.basis] if parts.cohort is not None else []
    bases += [proposal.basis for proposal in parts.proposals]
    confirmation = parts.heading.confirmation
    bases += [confirmation.basis] if confirmation is not None else []
    for finding in parts.findings:
        ranked = finding.ranked
        roundings = (finding.rounded, ranked.rounded if ranked is not None else None)
        bases += [rounded.basis for rounded in roundings if rounded is not None]
    for basis in bases:
        yield from (source.document for source in basis.sources)


def _gaps(parameter: Parameter, whole: Span) -> Iterator[Span]:
    """Yield the days of the *whole* on which *parameter* has no value."""
    day: datetime.date | None = whole.start
    for dated in parameter.values:
        if day is not None and dated.span.start > day:
            yield Span(day, dated.span.start - _A_DAY)
        end = dated.span.end
        day = None if end is None else end + _A_DAY if day is None else max(day, end + _A_DAY)
    if day is not None and (whole.end is None or day <= whole.end):
        yield Span(day, whole.end)
