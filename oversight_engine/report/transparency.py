"""A record for the UK's Algorithmic Transparency Recording Standard, as far as it can be known.

What a rulebook, a ledger and this engine say is filled in, and marked with which of them says it.
Everything else is a gap for the organisation that decides, and is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from oversight_engine._version import __version__
from oversight_engine.explanation.page import Headline, Line, Page, section
from oversight_engine.explanation.wording import (
    outcome_title,
    say_count,
    say_day,
    say_few,
    say_id,
    say_list,
    say_outcomes,
    say_span,
    themes_of,
)
from oversight_engine.ledger.auditing import Audit, Contents
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Basis, Rulebook

TRANSPARENCY_FORMAT = "oversight-transparency/1"
STANDARD = "Algorithmic Transparency Recording Standard"
STANDARD_VERSION = "4.0"
STANDARD_OF = "May 2025"
TEMPLATE = "https://www.gov.uk/government/publications/algorithmic-transparency-template"
GAP = "To be filled in by the organisation that decides"
MOST_SOURCES = 10
"""How many sources of facts are named; all are counted."""

Whence = Literal["rulebook", "ledger", "engine"]


class Said(NamedTuple):
    """A sentence of the record, and what it rests on."""

    whence: Whence
    text: str


class Entered(NamedTuple):
    """One field of the standard.

    Attributes:
        number: as the template numbers it.
        said: what is known of it.
        gap: what is left to the organisation; empty where nothing is.
    """

    part: str
    number: str
    name: str
    said: tuple[Said, ...]
    gap: str


_OVERVIEW = "Tier 1, overview"
_OWNER = "Tier 2, owner and responsibility"
_WHY = "Tier 2, description and rationale"
_DEPLOYED = "Tier 2, deployment context"
_TOOL = "Tier 2, tool specification"
_DATA = "Tier 2, data"
_RISKS = "Tier 2, risks, mitigations and impact assessments"


class _Record:
    """What is known of a tool: a rulebook, as the engine applies it and a ledger shows it."""

    def __init__(self, rulebook: Rulebook, contents: Contents) -> None:
        self.rulebook = rulebook
        self.contents = contents

    def fields(self) -> Iterator[Entered]:
        """Yield every field of the template, in its order."""
        for part, number, name, method, gap in _FIELDS:
            said: tuple[Said, ...] = tuple(getattr(self, method)()) if method else ()
            yield Entered(part, number, name, said, gap)

    def name(self) -> Iterator[Said]:
        yield Said("rulebook", self.rulebook.title)

    def description(self) -> Iterator[Said]:
        rulebook = self.rulebook
        scale = say_outcomes(rulebook, (each.id for each in rulebook.outcomes))
        yield Said("rulebook", f"Says what is due to a system: {scale}.")
        if rulebook.about:
            yield Said("rulebook", rulebook.about)
        yield Said("engine", "It applies written rules to stated facts, shows every reason, and "
                   "refers a system without an outcome where evidence that matters is "
                   "missing.")  # fmt: skip

    def third_party(self) -> Iterator[Said]:
        yield Said("engine", f"The tool is the package oversight-engine, version {__version__}, "
                   "which runs where it is installed, and opens no connection but to a database "
                   "that holds a ledger.")  # fmt: skip

    def detail(self) -> Iterator[Said]:
        rulebook = self.rulebook
        counts = [
            say_count(len(rulebook.facts), "fact"),
            say_count(len(rulebook.findings), "finding"),
            say_count(len(rulebook.rules), "rule"),
            say_count(len(rulebook.consequences), "consequence"),
        ]
        yield Said("rulebook", f"Version {rulebook.version}, {rulebook.digest}: "
                   f"{say_list(counts)}.")  # fmt: skip
        for theme in themes_of(rulebook, rulebook.rules):
            titles = [rule.title for rule in rulebook.rules if rule.theme == theme]
            of = f"Rules on {say_id(theme)}" if theme else "Rules without a theme"
            yield Said("rulebook", f"{of}: {'; '.join(titles)}.")
        yield Said("engine", "Every rule is either true, false or unknown of a case. The most "
                   "severe outcome that a rule brings is the outcome; nothing is scored, weighed "
                   "or ranked into one number.")  # fmt: skip

    def rationale(self) -> Iterator[Said]:
        for principle in self.rulebook.principles:
            about = f": {principle.about}" if principle.about else "."
            yield Said("rulebook", f"What the rules are to serve: {principle.title}{about}")

    def process(self) -> Iterator[Said]:
        kinds = self.contents.kinds
        counts = [
            say_count(kinds.get(kind, 0), kind) for kind in ("decision", "representation", "review")
        ]
        yield Said("ledger", f"Decisions are recorded before they are issued, and what people do "
                   f"about them is recorded beside them: {say_list(counts)}.")  # fmt: skip

    def human_review(self) -> Iterator[Said]:
        declared = self.rulebook.confirmation
        if declared is not None:
            outcomes = say_outcomes(self.rulebook, declared.outcomes, "and")
            roles = say_list((say_id(role) for role in declared.roles), "or")
            who = f"by {roles}" if roles else "by somebody who names a role"
            yield Said("rulebook", f"Only recommended until confirmed {who}: {outcomes}.")
        kinds = self.contents.kinds
        done = [
            say_count(kinds.get("confirmation", 0), "confirmation"),
            say_count(kinds.get("refusal", 0), "refusal"),
            say_count(kinds.get("override", 0), "override"),
            say_count(kinds.get("correction", 0), "correction"),
            say_count(kinds.get("withdrawal", 0), "withdrawal"),
        ]
        yield Said("ledger", f"People recorded {say_list(done)}.")

    def scale(self) -> Iterator[Said]:
        contents = self.contents
        for under in contents.under:
            named = f"{under.rulebook.id} {under.rulebook.version}"
            outcomes = [
                f"{outcome_title(under.rulebook, outcome)}: {count:,}"
                for outcome, count in sorted(under.outcomes.items())
            ]
            days = f"as of {say_day(under.first)} to {say_day(under.last)}"
            yield Said("ledger", f"{say_count(under.total, 'decision')} under {named}, {days}: "
                       f"{'; '.join(outcomes)}.")  # fmt: skip

    def appeals(self) -> Iterator[Said]:
        made = [act for act in self.contents.acts if act.entry.kind == "representation"]
        took = [act.days for act in made if act.days is not None]
        answered = f"{len(took):,} answered"
        if took:
            answered += f", after {min(took):,} to {max(took):,} days"
        yield Said("ledger", f"{say_count(len(made), 'representation')} recorded, {answered}.")
        reviews = self.contents.kinds.get("review", 0)
        yield Said("ledger", f"{say_count(reviews, 'review')} recorded.")

    def architecture(self) -> Iterator[Said]:
        yield Said("engine", "A rulebook and a case are read and checked; each condition is "
                   "evaluated; the outcome and all reasons are put together, recorded in an "
                   "append-only ledger and explained in words.")  # fmt: skip
        for names, count in sorted(self.contents.evaluators.items()):
            said = f"{say_count(count, 'decision')} computed by: {names}."
            yield Said("ledger", said)

    def inputs(self) -> Iterator[Said]:
        rulebook = self.rulebook
        for theme in themes_of(rulebook, rulebook.facts):
            titles = [fact.title for fact in rulebook.facts if fact.theme == theme]
            of = f"Facts on {say_id(theme)}" if theme else "Facts without a theme"
            yield Said("rulebook", f"{of}: {'; '.join(titles)}.")

    def outputs(self) -> Iterator[Said]:
        for outcome in self.rulebook.outcomes:
            about = f": {outcome.about}" if outcome.about else "."
            yield Said("rulebook", f"{outcome.title}{about}")
        for measure in self.rulebook.measures:
            yield Said("rulebook", f"May recommend: {measure.title}.")
        yield Said("engine", "Or a referral, with the evidence that is missing. Each decision has "
                   "its reasons, the numbers that were close and what was not known.")  # fmt: skip

    def maintenance(self) -> Iterator[Said]:
        rulebook = self.rulebook
        yield Said("rulebook", f"Version {rulebook.version} is in force {say_span(rulebook.span)}.")
        versions = sorted({under.rulebook.version for under in self.contents.under})
        yield Said("ledger", f"Versions that decided: {say_list(versions)}.")

    def models(self) -> Iterator[Said]:
        yield Said("engine", "None that is learned from data: the rules are written by people.")

    def specification(self) -> Iterator[Said]:
        rulebook = self.rulebook
        yield Said("rulebook", f"In place of a model: the rulebook {rulebook.id}, version "
                   f"{rulebook.version}, {rulebook.digest}.")  # fmt: skip
        proved = say_count(self.contents.certified, "decision")
        yield Said("ledger", f"{proved} with a certificate of what was proved of the "
                   "rulebook.")  # fmt: skip

    def development(self) -> Iterator[Said]:
        yield Said("engine", "None: nothing is trained on past data.")
        if self.rulebook.cohort is not None:
            yield Said("rulebook", "Some thresholds are computed from the cases that are decided "
                       "together, and the decisions name them.")  # fmt: skip

    def sources(self) -> Iterator[Said]:
        found = self.contents.sources
        named = sorted(found, key=lambda each: (-found[each], each))[:MOST_SOURCES]
        more = len(found) - len(named)
        yield Said("ledger", f"{say_count(len(found), 'source')} named by the facts that were "
                   "decided on.")  # fmt: skip
        for each in named:
            yield Said("ledger", f"{say_count(found[each], 'fact')}: {each}")
        if more:
            yield Said("ledger", f"And {say_count(more, 'source')} more.")

    def processing(self) -> Iterator[Said]:
        yield Said("engine", "Each fact is checked against the type and the range that the "
                   "rulebook declares; one that it does not declare is refused. What is missing "
                   "stays unknown: nothing is estimated or carried forward.")  # fmt: skip

    def storage(self) -> Iterator[Said]:
        masked = self.contents.kinds.get("masking", 0)
        yield Said("ledger", "Cases and decisions are kept in a ledger, to which is only ever "
                   "added; what must not stay is masked, which is recorded: "
                   f"{say_count(masked, 'masking')}.")  # fmt: skip

    def risks(self) -> Iterator[Said]:
        documents, choices = self.rulebook.documents, _choices(self.rulebook)
        if documents:
            unread = [each.title for each in documents if each.evidence != "full"]
            few = f": {say_few(unread)}" if unread else ""
            yield Said("rulebook", f"Of {say_count(len(documents), 'document')} that it cites, "
                       f"{len(unread):,} were not read in full by its authors{few}.")  # fmt: skip
        yield Said("rulebook", f"{say_count(choices, 'rule')} of {len(self.rulebook.rules):,} "
                   "rest on a choice of its authors, and say so.")  # fmt: skip
        yield Said("engine", "A wrong fact gives a wrong outcome: facts name their sources, "
                   "representations are recorded, and a correction decides anew.")  # fmt: skip


def _choices(rulebook: Rulebook) -> int:
    bases: list[Basis] = [rule.basis for rule in rulebook.rules]
    return sum(1 for basis in bases if basis.policy_choice)


_FIELDS: tuple[tuple[str, str, str, str, str], ...] = (
    (_OVERVIEW, "1.1", "Name", "name", ""),
    (_OVERVIEW, "1.2", "Description", "description", "what you use it for, in plain words"),
    (_OVERVIEW, "1.3", "Website URL", "", "where you say more about it"),
    (_OVERVIEW, "1.4", "Contact email", "", "whom to write to"),
    (_OWNER, "2.1.1", "Organisation or department", "", "which it is"),
    (_OWNER, "2.1.2", "Team", "", "which team answers for it"),
    (_OWNER, "2.1.3", "Senior responsible owner", "", "the role that answers for it"),
    (_OWNER, "2.1.4", "Third party involvement", "third_party",
     "who else is involved: their role, how they were procured, and what data they can see"),
    (_WHY, "2.2.1", "Detailed description", "detail", ""),
    (_WHY, "2.2.2", "Benefits", "rationale", "what you expect of it, and how you know"),
    (_WHY, "2.2.3", "Previous process", "", "how it was decided before"),
    (_WHY, "2.2.4", "Alternatives considered", "", "what else you looked at, and why not"),
    (_DEPLOYED, "2.3.1", "Integration into broader operational process", "process",
     "who uses the outcome, for what, and what else they look at"),
    (_DEPLOYED, "2.3.2", "Human review", "human_review",
     "how whoever confirms comes to a view of their own"),
    (_DEPLOYED, "2.3.3", "Frequency and scale of usage", "scale", "how often it is to be used"),
    (_DEPLOYED, "2.3.4", "Required training", "", "what people learn before they use it"),
    (_DEPLOYED, "2.3.5", "Appeals and review", "appeals",
     "how those affected can challenge what the tool says and what you decide"),
    (_TOOL, "2.4.1.1", "System architecture", "architecture", "where it runs"),
    (_TOOL, "2.4.1.2", "System-level input", "inputs", ""),
    (_TOOL, "2.4.1.3", "System-level output", "outputs", ""),
    (_TOOL, "2.4.1.4", "Maintenance", "maintenance", "who revises the rulebook, and how often"),
    (_TOOL, "2.4.1.5", "Models", "models", ""),
    (_TOOL, "2.4.2", "Model specification", "specification", ""),
    (_DATA, "2.4.3", "Development data", "development", ""),
    (_DATA, "2.4.4.1", "Data sources", "sources", "who collects the figures, and how"),
    (_DATA, "2.4.4.2", "Sensitive attributes", "",
     "whether any fact under 2.4.1.2 is about a person, and what protects them"),
    (_DATA, "2.4.4.3", "Data processing methods", "processing",
     "what happens to the figures before they become facts"),
    (_DATA, "2.4.4.4", "Data access and storage", "storage",
     "who can read the ledger, where it is kept and for how long"),
    (_DATA, "2.4.4.5", "Data sharing agreements", "", "with whom, and on what terms"),
    (_RISKS, "2.5.1", "Impact assessments", "",
     "which were made (data protection, equality, others), when, and where they can be read"),
    (_RISKS, "2.5.2", "Risks and mitigations", "risks", "the risks you see, and what you do"),
)  # fmt: skip
"""Part, number and name of each field; the method that knows something of it; what is left."""


def record_of(audit: Audit) -> tuple[Rulebook, tuple[Entered, ...]]:
    """Return the rulebook that decided last, and every field of the record of it."""
    contents = audit.contents
    assert contents is not None, "a record is made of a sound ledger"
    rulebook = max(contents.under, key=lambda each: each.last).rulebook
    return rulebook, tuple(_Record(rulebook, contents).fields())


def transparency_page(audit: Audit) -> Page:
    """Return the record as a page; every gap is marked."""
    rulebook, fields = record_of(audit)
    gaps = sum(1 for each in fields if each.gap)
    template = f"the {STANDARD}, version {STANDARD_VERSION} ({STANDARD_OF})"
    made_from = f"the rulebook {rulebook.id} {rulebook.version} and the ledger {audit.place}"
    left = f"{gaps} of {len(fields)} fields are to be filled in, or added to"
    headline = Headline(
        f"Algorithmic transparency record: {rulebook.title}",
        about=(
            f"After the template of {template}, {TEMPLATE}",
            f"From {made_from}, as on {say_day(audit.scope.on)}",
        ),
        warnings=(
            f"A draft: {left}, by the organisation that decides.",
            "Compare it with the template before you publish.",
        ),
    )
    blocks = [
        block
        for each in fields
        for block in section(f"{each.number} {each.name} ({each.part})", _lines(each))
    ]
    return Page((headline, *blocks))


def _lines(entered: Entered) -> Iterator[Line]:
    for said in entered.said:
        yield Line(f"{said.text} [{said.whence}]", 0, "item")
    if entered.gap:
        yield Line(f"{GAP}: {entered.gap}.", 0, "warning")


def transparency_data(audit: Audit) -> Plain:
    """Return the record as plain data."""
    rulebook, fields = record_of(audit)
    return {
        "format": TRANSPARENCY_FORMAT,
        "standard": {"name": STANDARD, "version": STANDARD_VERSION, "template": TEMPLATE},
        "ledger": audit.place,
        "on": audit.scope.on.isoformat(),
        "rulebook": {
            "id": rulebook.id,
            "version": rulebook.version,
            "digest": rulebook.digest,
        },
        "fields": [
            {
                "number": each.number,
                "name": each.name,
                "part": each.part,
                "said": [{"from": said.whence, "text": said.text} for said in each.said],
                "to_fill_in": each.gap or None,
            }
            for each in fields
        ],
    }
