"""Rulebooks: from a folder, one file or plain data to the checked model."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from attrs import evolve

from oversight_engine.errors import DigestError, RulebookError
from oversight_engine.language.checks import (
    Parts,
    check_whole,
    in_dependency_order,
    warn_of_whole,
)
from oversight_engine.language.cohorts import CohortReader
from oversight_engine.language.extension import (
    REMOVES,
    check_extended,
    merge,
    read_extension,
    refuse_extension,
)
from oversight_engine.language.facts import DeclarationReader
from oversight_engine.language.findings import CompleteFinding, FindingDraft, FindingReader
from oversight_engine.language.forms import RESERVED, Form
from oversight_engine.language.headings import HeadingReader, Register
from oversight_engine.language.problems import Problems, TooManyProblemsError
from oversight_engine.language.proposals import ProposalReader
from oversight_engine.language.rules import RuleReader
from oversight_engine.language.scope import Declared, Kind, Scope
from oversight_engine.language.sections import EXTENDS, NOTHING, Sections, sections_at, sections_of
from oversight_engine.language.source import from_mapping
from oversight_engine.language.tables import TableCheck
from oversight_engine.model.expression import Name
from oversight_engine.model.rulebook import (
    Consequence,
    Document,
    Fact,
    Parameter,
    Principle,
    Rule,
    Rulebook,
)
from oversight_engine.model.together import ProposalDeclaration

T = TypeVar("T")
Item = TypeVar("Item", Fact, Parameter, Rule, Consequence, Principle, Document, ProposalDeclaration)


def load_rulebook(path: Path | str, *, digest: str | None = None) -> Rulebook:
    """Return the rulebook in the folder (or the one file) at *path*.

    Raises:
        RulebookError: it has problems; the error carries every one of them.
        DigestError: it is sound, but not the one whose *digest* is given.
    """
    rulebook, problems = examine_rulebook(path)
    if rulebook is None:
        problems.raise_as(RulebookError, str(path))
    return _pinned(rulebook, digest)


def examine_rulebook(path: Path | str) -> tuple[Rulebook | None, Problems]:
    """Return the rulebook at *path*, if it is sound, and all that is to be said against it."""
    return _examine(Path(path), ())


def _examine(path: Path, extending: tuple[Path, ...]) -> tuple[Rulebook | None, Problems]:
    """Examine the rulebook at *path*, which those at the places *extending* rest on."""
    problems = Problems()
    try:
        sections = _whole(sections_at(path, problems), path, extending, problems)
        return _RulebookReader(sections, problems).read(), problems
    except TooManyProblemsError:
        return None, problems


def _whole(own: Sections, path: Path, extending: tuple[Path, ...], problems: Problems) -> Sections:
    """Return the sections of a rulebook with those of the one it extends, if it does."""
    extension = read_extension(own.heading, problems)
    if extension is None:
        return own
    base = (path if path.is_dir() else path.parent) / extension.at
    places = (*extending, path.resolve())
    if base.resolve() in places:
        problems.add(
            "extends-itself", extension.place, "this leads back to the rulebook itself",
            got=extension.at, help="extend a rulebook that does not rest on this one",
        )  # fmt: skip
        return NOTHING
    extended, _ = _examine(base, places)
    check_extended(extension, extended, problems)
    if extended is None:
        return NOTHING
    whole = _whole(sections_at(base, Problems()), base, places, Problems())
    return merge(own, whole, extension, str(base), problems)


def rulebook_from_data(
    data: Mapping[str, object], *, name: str = "rulebook", digest: str | None = None
) -> Rulebook:
    """Return the rulebook that plain *data*, such as `rulebook_data` makes, stands for.

    Raises:
        RulebookError: it has problems; the error carries every one of them.
        DigestError: it is sound, but not the one whose *digest* is given.
    """
    rulebook, problems = examine_data(data, name=name)
    if rulebook is None:
        problems.raise_as(RulebookError, name)
    return _pinned(rulebook, digest)


def examine_data(data: Mapping[str, object], *, name: str) -> tuple[Rulebook | None, Problems]:
    """Return the rulebook that *data* stands for, if it is sound, and what is against it."""
    problems = Problems()
    try:
        sections = sections_of(from_mapping(data, name, problems), problems)
        refuse_extension(sections.heading, problems)
        return _RulebookReader(sections, problems).read(), problems
    except TooManyProblemsError:
        return None, problems


def _pinned(rulebook: Rulebook, digest: str | None) -> Rulebook:
    if digest is not None and rulebook.digest != digest:
        raise DigestError(
            f"the rulebook {rulebook.id} {rulebook.version} is {rulebook.digest}, "
            f"and {digest} is wanted"
        )
    return rulebook


# Reading.


class _RulebookReader:
    """Reads the sections one after the other, so that each can refer to those before it."""

    def __init__(self, sections: Sections, problems: Problems) -> None:
        self._sections = sections
        self._problems = problems
        self._names = Register("fact, finding or parameter", "unknown-name", RESERVED)

    def read(self) -> Rulebook | None:
        problems, nodes = self._problems, self._sections.nodes
        form = Form(self._sections.heading, "a rulebook", problems)
        heading = HeadingReader(form).read()
        cohort_node = form.node("cohort", needed=False)
        proposal_nodes = form.nodes("proposals", needed=False)
        for key in (EXTENDS, REMOVES):
            form.node(key, needed=False)  # read already, and answered
        form.finish()
        declarations = DeclarationReader(self._names, heading.references, problems)
        facts = _sound(map(declarations.fact, nodes["facts"]))
        complete = len(facts) == len(nodes["facts"]) and "facts" not in self._sections.unreadable
        declarations.check_moves(facts, complete=complete)
        parameters = _sound(map(declarations.parameter, nodes["parameters"]))
        finding_reader = FindingReader(self._names, heading.references, problems)
        drafts = [finding_reader.declare(node) for node in nodes["findings"]]
        scope = self._scope(facts, parameters, drafts, declarations.computed)
        cohorts = CohortReader(heading.references, scope, problems)
        parameters = cohorts.parameters(parameters, declarations.computed)
        scope = evolve(scope, parameters={each.id: each for each in parameters})
        findings = self._findings(finding_reader, drafts, scope)
        rule_reader = RuleReader(heading.references, scope, problems)
        rules = _sound(map(rule_reader.rule, nodes["rules"]))
        consequences = _sound(map(rule_reader.consequence, nodes["consequences"]))
        names = rule_reader.consequences.names()
        proposal_reader = ProposalReader(heading.references, scope, names, problems)
        parts = Parts(
            heading=heading,
            facts=facts,
            parameters=parameters,
            findings=tuple(complete.finding for complete in findings),
            rules=rules,
            consequences=consequences,
            proposals=_sound(map(proposal_reader.proposal, proposal_nodes)),
            places=self._names.places,
            cohort=cohorts.declaration(cohort_node),
            cohort_place=cohort_node.place if cohort_node is not None else None,
        )
        check_whole(parts, problems)
        if problems.errors:
            return None
        warn_of_whole(parts, problems)
        return evolve(_assembled(parts), extended=self._sections.extended)

    def _scope(
        self,
        facts: Iterable[Fact],
        parameters: Iterable[Parameter],
        drafts: Iterable[FindingDraft],
        computed: Container[str],
    ) -> Scope:
        names = {
            name: Declared(Name(name, "fact"), "unclear") for name in self._names.places
        }  # what was declared, until it is known what as
        for fact in facts:
            names[fact.id] = Declared(
                Name(fact.id, "fact"), fact.type, fact.unit, fact.values, fact.ordered,
                fact.outside_order, fact,
            )  # fmt: skip
        for parameter in parameters:
            names[parameter.id] = Declared(
                Name(parameter.id, "parameter"), "number", parameter.unit,
                varies=parameter.id in computed,
            )  # fmt: skip
        for draft in drafts:
            if draft.form.ok:
                finding = draft.finding
                names[finding.id] = Declared(
                    Name(finding.id, "finding"), _kind_of(draft), finding.unit, finding.values,
                    finding.ordered, finding.outside_order,
                )  # fmt: skip
        readable = self._sections.unreadable.isdisjoint(("facts", "parameters", "findings"))
        return Scope(
            names, {p.id: p for p in parameters}, is_complete=self._names.is_complete and readable
        )

    def _findings(
        self, reader: FindingReader, drafts: Iterable[FindingDraft], scope: Scope
    ) -> tuple[CompleteFinding, ...]:
        complete = _sound(reader.complete(draft, scope) for draft in drafts)
        ordered = in_dependency_order(
            complete, tuple(scope.parameters.values()), self._names.places, self._problems
        )
        tables = TableCheck(scope, self._problems)
        for each in ordered:
            if each.finding.table is not None:
                has_otherwise = each.finding.table.otherwise is not None
                tables.check(each.place, each.rows, has_otherwise=has_otherwise)
            tables.learn(each.finding)
        return ordered


def _kind_of(draft: FindingDraft) -> Kind:
    if draft.kind == "when":
        return "boolean"
    return "category" if draft.is_category else "number"


def _sound(items: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(item for item in items if item is not None)


def _assembled(parts: Parts) -> Rulebook:
    """Return the rulebook; the order of its items in the files makes no difference."""
    heading = parts.heading
    return Rulebook(
        id=heading.id,
        version=heading.version,
        title=heading.title,
        span=heading.span,
        outcomes=heading.outcomes,
        facts=_by_id(parts.facts),
        rules=_by_id(parts.rules),
        parameters=_by_id(parts.parameters),
        findings=tuple(parts.findings),
        consequences=_by_id(parts.consequences),
        measures=heading.measures,
        principles=_by_id(heading.principles),
        documents=_by_id(heading.documents),
        themes=tuple(sorted(heading.themes)),
        limits=tuple(sorted(heading.limits, key=lambda limit: limit.tag)),
        identifier=heading.identifier,
        local_priorities=heading.local_priorities,
        claims=heading.claims,
        confirmation=heading.confirmation,
        cohort=parts.cohort,
        proposals=_by_id(parts.proposals),
        about=heading.about,
        place=str(heading.place),
    )


def _by_id(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: item.id))
