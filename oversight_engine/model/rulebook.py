"""A rulebook: one policy in one version, as frozen values.

The shapes follow the files (`docs/reference/rulebook-files.md`). A `Rulebook` made by
`oversight_engine.language` is checked: names resolve, units agree, tables are disjoint.
"""

from __future__ import annotations

import datetime
import math
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from oversight_engine.model.expression import Formula, Name, Statement
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, Rounding

if TYPE_CHECKING:
    from oversight_engine.model.people import Confirmation, HistoryDeclaration
    from oversight_engine.model.together import (
        CohortCount,
        CohortDeclaration,
        CohortQuantile,
        ProposalDeclaration,
        Ranked,
    )

FactType = Literal["number", "boolean", "category", "date"]
Better = Literal["higher", "lower", "neither"]
Status = Literal["final", "provisional", "estimated", "suppressed", "derived", "illustrative"]
IfUnknown = Literal["hold_back", "refer", "ignore"]
ConsequenceKind = Literal[
    "return", "freedom", "obligation", "support", "lead", "informed", "review"
]
Claim = Literal["better_is_never_harsher", "hiding_never_helps", "everything_can_occur"]

DIRECTIONS: tuple[Better, ...] = ("higher", "lower", "neither")
STATUSES: tuple[Status, ...] = (
    "final", "provisional", "estimated", "suppressed", "derived", "illustrative",
)  # fmt: skip
ACCEPTED_BY_DEFAULT: tuple[Status, ...] = tuple(s for s in STATUSES if s != "suppressed")
REFER = "refer"
"""The outcome of an admissibility rule: the case is referred."""
REFERRAL = "referral"
"""Stands beside the outcomes where a consequence or an expectation speaks of a referral."""


@frozen(eq=False, repr=False)
class Span(Noun):
    """Days from *start* to *end*, both included; no end means until further notice."""

    start: datetime.date
    end: datetime.date | None = None

    def __contains__(self, day: datetime.date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@frozen(eq=False, repr=False)
class Source(Noun):
    """A place in a document that the rulebook cites, and what it says in our own words."""

    document: str
    at: str
    says: str = ""


@frozen(eq=False, repr=False)
class Basis(Noun):
    """Why something stands in the rulebook: its sources, or the frank label of a policy choice."""

    sources: tuple[Source, ...] = ()
    policy_choice: str = ""
    brief: tuple[str, ...] = ()


@frozen(eq=False, repr=False)
class Identifier(Noun):
    """How systems are coded: allowed characters (`A-Z0-9`) and length."""

    scheme: str
    characters: str
    shortest: int
    longest: int


@frozen(eq=False, repr=False)
class Outcome(Noun):
    """One label of the ordered scale."""

    id: str
    title: str
    about: str = ""


@frozen(eq=False, repr=False)
class Measure(Noun):
    """A step that may be recommended with the harshest outcome."""

    id: str
    title: str
    about: str = ""
    basis: Basis = Basis()


@frozen(eq=False, repr=False)
class Principle(Noun):
    """A principle that rules serve."""

    id: str
    title: str
    about: str = ""


@frozen(eq=False, repr=False)
class Document(Noun):
    """A document the rulebook cites, and how well it is known to us."""

    id: str
    title: str
    publisher: str
    date: datetime.date | None
    evidence: Literal["full", "part", "secondary", "unread"]
    note: str = ""


@frozen(eq=False, repr=False)
class Limit(Noun):
    """At most so many facts may carry a tag."""

    tag: str
    at_most: int
    basis: Basis = Basis()


@frozen(eq=False, repr=False)
class LocalPriorityFacts(Noun):
    """The whole-number facts that a case's own list of local priorities becomes."""

    agreed: str
    on_track: str
    not_on_track: str
    unknown: str


@frozen(eq=False, repr=False)
class Effort(Noun):
    """What changing a fact costs: so much for any change, and so much for each unit of movement.

    A unit is the fact's own, or a step in the order of a category.
    """

    per_change: Exact = 0
    per_unit: Exact = 0


@frozen(eq=False, repr=False)
class Fact(Noun):
    """A named, typed quantity that a case may state.

    Attributes:
        unit: of a number; empty for a bare number.
        decimals: of a number; a value is held as a whole number of that last place.
        range: of a number; both ends included, None where open.
        scaled_range: the range in units of the last decimal.
        values: of a category; the ordered ones in order, if *ordered*.
        outside_order: of an ordered category; values that `<` never compares.
        max_age: days; a value older than that at the decision's date is unknown.
        history: what a ledger can fill it in from; None for what only a case can say.
        changeable: whether what it states could have been otherwise by what a system does now.
        moves_with: facts that cannot move without this one, nor it without them.
        effort: what changing it costs; None where the rulebook does not say.
    """

    id: str
    title: str
    type: FactType
    better: Better
    unit: str = ""
    decimals: int = 0
    range: tuple[Exact | None, Exact | None] = (None, None)
    values: tuple[str, ...] = ()
    ordered: bool = False
    outside_order: tuple[str, ...] = ()
    theme: str = ""
    cadence: str = ""
    max_age: int | None = None
    accepts: tuple[Status, ...] = ACCEPTED_BY_DEFAULT
    tags: tuple[str, ...] = ()
    basis: Basis = Basis()
    about: str = ""
    history: HistoryDeclaration | None = None
    changeable: bool = True
    moves_with: tuple[str, ...] = ()
    effort: Effort | None = None
    place: str = field(default="", eq=False)
    scaled_range: tuple[int | None, int | None] = field(eq=False, init=False)

    @scaled_range.default
    def _scale_range(self) -> tuple[int | None, int | None]:
        least, most = self.range
        shift = 10**self.decimals
        return (
            None if least is None else math.ceil(least * shift),
            None if most is None else math.floor(most * shift),
        )


@frozen(eq=False, repr=False)
class DatedValue(Noun):
    """What a parameter is worth over a span of days, and by which instrument."""

    span: Span
    value: Exact
    basis: Basis = Basis()


@frozen(eq=False, repr=False)
class Parameter(Noun):
    """A number the rulebook uses, with the dates it holds for. A gap is a gap.

    Attributes:
        cohort: what it is computed from, where that is the cohort; then there are no *values*.
        required: whether the rulebook decides nothing on a day on which it has no value.
    """

    id: str
    title: str
    values: tuple[DatedValue, ...]
    unit: str = ""
    about: str = ""
    brief: tuple[str, ...] = ()
    cohort: CohortQuantile | CohortCount | None = None
    required: bool = False
    place: str = field(default="", eq=False)

    def on(self, day: datetime.date) -> DatedValue | None:
        """Return what holds on *day*, or None in a gap."""
        return next((dated for dated in self.values if day in dated.span), None)


@frozen(eq=False, repr=False)
class RoundingTo(Noun):
    """How a number finding is rounded, and on whose authority."""

    decimals: int
    mode: Rounding
    basis: Basis = Basis()


@frozen(eq=False, repr=False)
class Row(Noun):
    """One row of a decision table; the value is a formula of constants, or a category."""

    when: Statement
    value: Formula | str


@frozen(eq=False, repr=False)
class Table(Noun):
    """Disjoint rows; *otherwise* applies only when every row is false."""

    rows: tuple[Row, ...]
    otherwise: Formula | str | None = None


@frozen(eq=False, repr=False)
class Finding(Noun):
    """A named conclusion from facts and earlier findings.

    Exactly one of *when* (a condition), *value* (a number) and *table* is there. A table's
    value is a number, or a category where *values* are declared. With *ranked*, the *value* is
    what is ranked among the cohort, and the finding is the score.

    Attributes:
        reported: whether it is a result of its own, so that nothing else need mention it.
    """

    id: str
    title: str
    when: Statement | None = None
    value: Formula | None = None
    table: Table | None = None
    unit: str = ""
    values: tuple[str, ...] = ()
    ordered: bool = False
    outside_order: tuple[str, ...] = ()
    better: Better = "neither"
    rounded: RoundingTo | None = None
    ranked: Ranked | None = None
    reported: bool = False
    theme: str = ""
    basis: Basis = Basis()
    about: str = ""
    place: str = field(default="", eq=False)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its conditions: the one of a condition finding, or those of a table's rows in order."""
        if self.when is not None:
            return (self.when,)
        return tuple(row.when for row in self.table.rows) if self.table is not None else ()


@frozen(eq=False, repr=False)
class Rule(Noun):
    """When (or unless) a condition holds, the outcome is at least this severe.

    Attributes:
        statement: the condition as written.
        negated: True for `unless`: the rule is true when the condition is false.
        outcome: one of the scale's, or `refer` for an admissibility rule.
    """

    id: str
    title: str
    statement: Statement
    negated: bool
    outcome: str
    if_unknown: IfUnknown
    principle: str
    theme: str = ""
    reason_to_ignore: str = ""
    measure: str = ""
    span: Span | None = None
    basis: Basis = Basis()
    about: str = ""
    place: str = field(default="", eq=False)


@frozen(eq=False, repr=False)
class Consequence(Noun):
    """What an outcome carries, if its own condition (where it has one) holds."""

    id: str
    kind: ConsequenceKind
    title: str
    outcomes: tuple[str, ...]
    statement: Statement | None = None
    per_year: int | None = None
    days: int | None = None
    actor: str = ""
    theme: str = ""
    principle: str = ""
    basis: Basis = Basis()
    about: str = ""
    place: str = field(default="", eq=False)


@frozen(eq=False, repr=False)
class UnderReform(Noun):
    """The reform under which a rulebook's parameters stand.

    Attributes:
        rulebook: the digest of the rulebook as it is without the reform.
    """

    id: str
    title: str
    digest: str
    rulebook: str


@frozen(eq=False, repr=False)
class Rulebook(Noun):
    """One policy in one version.

    Attributes:
        findings: in dependency order: each mentions only facts, parameters and those before it.
        reform: what changed its parameters, where something did.
        confirmation: which outcomes need a person's confirmation; None: the harshest, by any role.
        extended: the folders of the rulebooks it extends; nothing depends on them once it is read.
    """

    id: str
    version: str
    title: str
    span: Span
    outcomes: tuple[Outcome, ...]
    facts: tuple[Fact, ...]
    rules: tuple[Rule, ...]
    parameters: tuple[Parameter, ...] = ()
    findings: tuple[Finding, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    measures: tuple[Measure, ...] = ()
    principles: tuple[Principle, ...] = ()
    documents: tuple[Document, ...] = ()
    themes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    identifier: Identifier | None = None
    local_priorities: LocalPriorityFacts | None = None
    claims: tuple[Claim, ...] = ()
    cohort: CohortDeclaration | None = None
    proposals: tuple[ProposalDeclaration, ...] = ()
    confirmation: Confirmation | None = None
    about: str = ""
    reform: UnderReform | None = None
    extended: tuple[str, ...] = field(default=(), eq=False)
    place: str = field(default="", eq=False)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form: what identifies the rulebook.

        Under a reform it stays what it is without.
        """
        from oversight_engine.model.plain import digest
        from oversight_engine.model.rulebook_form import rulebook_data

        return digest(rulebook_data(self)) if self.reform is None else self.reform.rulebook

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        return {fact.id: fact for fact in self.facts}

    @cached_property
    def _parameters(self) -> dict[str, Parameter]:
        return {parameter.id: parameter for parameter in self.parameters}

    @cached_property
    def _findings(self) -> dict[str, Finding]:
        return {finding.id: finding for finding in self.findings}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {document.id: document for document in self.documents}

    @cached_property
    def _severities(self) -> dict[str, int]:
        return {outcome.id: place for place, outcome in enumerate(self.outcomes)}

    def fact(self, fact_id: str) -> Fact:
        """Return the fact of that id."""
        return self._facts[fact_id]

    def parameter(self, parameter_id: str) -> Parameter:
        """Return the parameter of that id."""
        return self._parameters[parameter_id]

    def finding(self, finding_id: str) -> Finding:
        """Return the finding of that id."""
        return self._findings[finding_id]

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that id."""
        return self._rules[rule_id]

    def document(self, document_id: str) -> Document:
        """Return the document of that id."""
        return self._documents[document_id]

    def has_fact(self, fact_id: str) -> bool:
        """Say whether a fact of that id is declared."""
        return fact_id in self._facts

    def categories(self, name: Name) -> tuple[str, ...]:
        """Return the values, in order, of the category fact or finding that *name* refers to."""
        if name.referent == "fact":
            return self.fact(name.id).values
        return self.finding(name.id).values

    @property
    def lightest(self) -> str:
        """The first outcome of the scale."""
        return self.outcomes[0].id

    @property
    def harshest(self) -> str:
        """The last outcome of the scale."""
        return self.outcomes[-1].id

    def severity(self, outcome: str) -> int:
        """Return the place of *outcome* on the scale, the lightest being 0."""
        return self._severities[outcome]
