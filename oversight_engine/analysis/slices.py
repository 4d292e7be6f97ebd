"""Parts of what is in force: what something rests on, and what rests on it."""

from __future__ import annotations

from collections.abc import Container, Iterable

from attrs import evolve

from oversight_engine.model.expression import Name, names_in_condition
from oversight_engine.model.in_force import InForce, Owner, names_in_finding, statements_of
from oversight_engine.model.rulebook import Consequence, Finding, Rule


def names_in(owner: Owner) -> frozenset[str]:
    """Return the id of everything that *owner* mentions."""
    return frozenset(name.id for name in _names(owner))


def _names(owner: Owner) -> Iterable[Name]:
    if isinstance(owner, Finding):
        return names_in_finding(owner)
    return [n for each in statements_of(owner) for n in names_in_condition(each.condition)]


def kind_of(owner: Owner) -> str:
    """Return the kind of *owner*, as traces and in-force lists call it."""
    if isinstance(owner, Finding):
        return "finding"
    return "rule" if isinstance(owner, Rule) else "consequence"


def resting_on(in_force: InForce, changed: Container[tuple[str, str]], names: set[str]) -> InForce:
    """Return of what is *in_force* those *changed* (by kind and id), and what rests on them.

    Args:
        in_force: all of it.
        changed: what is looked at because it is another.
        names: of parameters, say: whatever mentions one of them is looked at as well.
    """
    met = set(names)
    findings: list[Finding] = []
    for finding in in_force.findings:
        if ("finding", finding.id) in changed or not met.isdisjoint(names_in(finding)):
            findings.append(finding)
            met.add(finding.id)

    def looked_at(owner: Rule | Consequence) -> bool:
        return (kind_of(owner), owner.id) in changed or not met.isdisjoint(names_in(owner))

    return evolve(
        in_force,
        findings=tuple(findings),
        rules=tuple(filter(looked_at, in_force.rules)),
        consequences=tuple(filter(looked_at, in_force.consequences)),
    )


def rested_on(in_force: InForce, owner: Owner) -> InForce:
    """Return of what is *in_force* the *owner* and the findings that it rests on."""
    needed = set(names_in(owner))
    findings: list[Finding] = []
    for finding in reversed(in_force.findings):
        if finding is owner or (finding.id in needed and finding is not owner):
            findings.append(finding)
            needed |= names_in(finding)
    findings.reverse()
    return evolve(
        in_force,
        findings=tuple(findings),
        rules=(owner,) if isinstance(owner, Rule) else (),
        consequences=(owner,) if isinstance(owner, Consequence) else (),
    )


def facts_of(part: InForce) -> tuple[str, ...]:
    """Return the ids of the facts that *part* mentions, in the rulebook's order."""
    owners: tuple[Owner, ...] = (*part.findings, *part.rules, *part.consequences)
    mentioned = frozenset[str]().union(*map(names_in, owners))
    return tuple(fact.id for fact in part.rulebook.facts if fact.id in mentioned)


def replaced(in_force: InForce, old: Owner, new: Owner) -> InForce:
    """Return what is *in_force* with *new*, which is of the same kind, where *old* stands."""
    if isinstance(new, Finding):
        findings = tuple(new if each is old else each for each in in_force.findings)
        return evolve(in_force, findings=findings)
    if isinstance(new, Rule):
        return evolve(
            in_force, rules=tuple(new if each is old else each for each in in_force.rules)
        )
    items = tuple(new if each is old else each for each in in_force.consequences)
    return evolve(in_force, consequences=items)
