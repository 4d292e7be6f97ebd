"""What a rulebook says of itself: its identity, dates, scale, principles and documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import Literal, TypeVar, get_args

from attrs import frozen

from oversight_engine.language.forms import (
    NEVER,
    Form,
    Names,
    read_format,
    read_id,
    read_text,
    span_of,
)
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.source import Node, Scalar, Sequence
from oversight_engine.model.people import Confirmation
from oversight_engine.model.rulebook import (
    REFER,
    REFERRAL,
    Basis,
    Claim,
    Document,
    Identifier,
    Limit,
    LocalPriorityFacts,
    Measure,
    Outcome,
    Principle,
    Source,
    Span,
)
from oversight_engine.model.rulebook_form import RULEBOOK_FORMAT

CLAIMS: tuple[Claim, ...] = get_args(Claim)
EVIDENCE: tuple[Literal["full", "part", "secondary", "unread"], ...] = (
    "full", "part", "secondary", "unread",
)  # fmt: skip
FEWEST_OUTCOMES = 2

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,2}([-+.][0-9A-Za-z.-]+)?")
_CHARACTERS = re.compile(r"([0-9A-Za-z](-[0-9A-Za-z])?)+")

T = TypeVar("T")


class Register:
    """The ids of one kind as they are read; an id that occurs twice is refused."""

    def __init__(self, kind: str, code: str = "", reserved: Container[str] = ()) -> None:
        """Register ids of that *kind*; a reference to none of them is a problem of that *code*."""
        self.kind = kind
        self._code = code
        self._reserved = reserved
        self.places: dict[str, Place] = {}
        self.is_complete = True

    def id_of(self, form: Form, *, hyphens: bool = False) -> str:
        """Return the id of what is read from *form*."""
        item_id = form.id(hyphens=hyphens)
        node = form.node("id", needed=False)
        place = node.place if node is not None else form.place
        if not item_id:
            self.is_complete = False
        elif item_id in self._reserved:
            self.is_complete = False
            form.fail(
                "reserved-name", "this is a word of the language", place=place, got=item_id,
                help="give it another name",
            )  # fmt: skip
        elif item_id in self.places:
            form.fail(
                "duplicate-id", f"this id is taken, at {self.places[item_id]}", place=place,
                got=item_id, help="give one of them another name",
            )  # fmt: skip
        else:
            self.places[item_id] = form.place
        return item_id

    def names(self) -> Names:
        """Return the ids, as something that can be referred to."""
        return Names(self.kind, self._code, frozenset(self.places) if self.is_complete else None)


def read_each(
    form: Form, key: str, read: Callable[[Node], T | None], *, needed: bool = False
) -> tuple[T, ...]:
    """Return what *read* makes of each item of the list at *key*."""
    nodes = form.nodes(key, needed=needed)
    found = [item for item in map(read, nodes) if item is not None]
    form.ok = form.ok and len(found) == len(nodes)
    return tuple(found)


def read_span(node: Node | None, what: str, problems: Problems) -> Span | None:
    """Return the days that *node*, `{from: …, to: …}`, covers."""
    if node is None:
        return None
    form = Form(node, what, problems)
    span = span_of(form)
    return span if form.finish() else None


def read_basis(
    form: Form, documents: Names, *, key: str = "source", needed: bool = False, brief: bool = False
) -> Basis:
    """Return what *form* rests on: its sources, its policy choice, and the rows of the brief."""
    node = form.node(key, needed=False)
    nodes = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
    sources = [_source(each, documents, form.problems) for each in nodes]
    basis = Basis(
        tuple(source for source in sources if source is not None),
        form.text("policy_choice", needed=False),
        read_brief(form) if brief else (),
    )
    form.ok = form.ok and len(basis.sources) == len(sources)
    if needed and form.is_mapping and not sources and not form.has("policy_choice"):
        code = "no-instrument" if key == "instrument" else "no-source"
        form.fail(
            code, f"{form.what} has neither `{key}` nor `policy_choice`",
            help="cite a document, or say frankly why this was chosen",
        )  # fmt: skip
    return basis


def read_brief(form: Form) -> tuple[str, ...]:
    """Return the rows of the brief that *form* serves."""
    what = "an entry of `brief`"
    return form.each("brief", lambda s: read_text(s, what, form.problems), needed=False)


def _source(node: Node, documents: Names, problems: Problems) -> Source | None:
    form = Form(node, "a source", problems)
    source = Source(
        form.reference("document", documents), form.text("at"), form.text("says", needed=False)
    )
    return source if form.finish() else None


@frozen
class References:
    """What the rest of a rulebook may refer to.

    Attributes:
        outcomes: ids, lightest first; None where the scale could not be read.
        span: when the rulebook is in force; None where that could not be read.
    """

    documents: Names
    themes: Names
    principles: Names
    measures: Names
    outcomes: tuple[str, ...] | None
    span: Span | None


@frozen
class Heading:
    """What `rulebook.yaml` says, and what of it the rest may refer to.

    Attributes:
        places: where each outcome, measure, principle and document stands, by kind and id.
    """

    id: str
    version: str
    title: str
    about: str
    span: Span
    outcomes: tuple[Outcome, ...]
    measures: tuple[Measure, ...]
    principles: tuple[Principle, ...]
    documents: tuple[Document, ...]
    themes: tuple[str, ...]
    limits: tuple[Limit, ...]
    identifier: Identifier | None
    local_priorities: LocalPriorityFacts | None
    claims: tuple[Claim, ...]
    confirmation: Confirmation | None
    place: Place
    local_priorities_place: Place
    references: References
    places: Mapping[tuple[str, str], Place]


class HeadingReader:
    """Reads the keys of `rulebook.yaml`, and leaves those of other files to their readers."""

    def __init__(self, form: Form) -> None:
        """Read from *form*."""
        self._form = form
        self._problems = form.problems
        self._documents = Register("document", "unknown-document")
        self._principles = Register("principle", "unknown-principle")
        self._outcomes = Register("outcome", "unknown-outcome", (REFER, REFERRAL))
        self._measures = Register("measure", "unknown-measure")

    def read(self) -> Heading:
        """Return what the form says."""
        form = self._form
        read_format(form, RULEBOOK_FORMAT)
        heading_id, version = form.id(hyphens=True), self._version()
        title, about = form.text("title"), form.text("about", needed=False)
        span = read_span(form.node("in_force"), "`in_force`", self._problems)
        documents = self._each("documents", self._documents, self._document)
        principles = self._each("principles", self._principles, self._principle)
        measures = self._each("measures", self._measures, self._measure)
        outcomes = self._scale()
        themes = form.each("themes", lambda s: read_id(s, "a theme", self._problems), needed=False)
        limits = self._limits()
        identifier = self._identifier(form.node("identifier", needed=False))
        local_priorities = self._local_priorities(form.node("local_priorities", needed=False))
        claims = tuple(sorted(form.choices("claims", CLAIMS, needed=False)))
        confirmation = self._confirmation(form.node("confirmation", needed=False))
        form.ok = form.ok and span is not None
        return Heading(
            id=heading_id,
            version=version,
            title=title,
            about=about,
            span=span or Span(NEVER),
            outcomes=outcomes,
            measures=measures,
            principles=principles,
            documents=documents,
            themes=themes,
            limits=limits,
            identifier=identifier,
            local_priorities=local_priorities,
            claims=claims,
            confirmation=confirmation,
            place=form.place,
            local_priorities_place=form.place_of("local_priorities"),
            references=References(
                documents=self._documents.names(),
                themes=Names(
                    "theme", "unknown-theme", frozenset(themes) if self._is_list("themes") else None
                ),
                principles=self._principles.names(),
                measures=self._measures.names(),
                outcomes=tuple(self._outcomes.places) if self._outcomes.is_complete else None,
                span=span,
            ),
            places={
                (register.kind, item_id): place
                for register in (
                    self._documents,
                    self._principles,
                    self._outcomes,
                    self._measures,
                )
                for item_id, place in register.places.items()
            },
        )

    def _is_list(self, key: str) -> bool:
        """Say whether all that stands under *key* can be read: a list, or nothing."""
        node = self._form.node(key, needed=False)
        return isinstance(node, Sequence) or (node is None and self._form.is_mapping)

    def _each(
        self, key: str, register: Register, read: Callable[[Node], T | None]
    ) -> tuple[T, ...]:
        register.is_complete = self._is_list(key)
        return read_each(self._form, key, read)

    def _version(self) -> str:
        version = self._form.text("version")
        if version and not _VERSION.fullmatch(version):
            self._form.fail(
                "bad-version", "`version` is numbers with points between them",
                place=self._form.place_of("version"), got=version, help="write 1.0.0, say",
            )  # fmt: skip
        return version

    def _scale(self) -> tuple[Outcome, ...]:
        form = self._form
        outcomes = read_each(form, "outcomes", self._outcome, needed=True)
        if len(self._outcomes.places) < FEWEST_OUTCOMES:
            if form.has("outcomes"):
                form.fail(
                    "too-few-outcomes", f"a scale has at least {FEWEST_OUTCOMES} outcomes",
                    place=form.place_of("outcomes"),
                )  # fmt: skip
            self._outcomes.is_complete = False
        return outcomes

    def _outcome(self, node: Node) -> Outcome | None:
        form = Form(node, "an outcome", self._problems)
        outcome = Outcome(
            self._outcomes.id_of(form), form.text("title"), form.text("about", needed=False)
        )
        return outcome if form.finish() else None

    def _principle(self, node: Node) -> Principle | None:
        form = Form(node, "a principle", self._problems)
        principle = Principle(
            self._principles.id_of(form), form.text("title"), form.text("about", needed=False)
        )
        return principle if form.finish() else None

    def _document(self, node: Node) -> Document | None:
        form = Form(node, "a document", self._problems)
        document = Document(
            id=self._documents.id_of(form, hyphens=True),
            title=form.text("title"),
            publisher=form.text("publisher"),
            date=form.date_if_any("date"),
            evidence=form.choice("evidence", EVIDENCE),
            note=form.text("note", needed=False),
        )
        return document if form.finish() else None

    def _measure(self, node: Node) -> Measure | None:
        form = Form(node, "a measure", self._problems)
        measure = Measure(
            self._measures.id_of(form),
            form.text("title"),
            form.text("about", needed=False),
            read_basis(form, self._documents.names(), needed=True),
        )
        return measure if form.finish() else None

    def _limits(self) -> tuple[Limit, ...]:
        tags: dict[str, Place] = {}
        limits = []
        for node in self._form.nodes("limits", needed=False):
            form = Form(node, "a limit", self._problems)
            limit = Limit(
                form.id("tag"),
                form.whole("at_most"),
                read_basis(form, self._documents.names(), needed=True),
            )
            if limit.tag in tags:
                message = f"this tag has a limit already, at {tags[limit.tag]}"
                form.fail("duplicate-entry", message, got=limit.tag)
            tags.setdefault(limit.tag, form.place)
            self._form.ok = form.finish() and self._form.ok
            limits.append(limit)
        return tuple(limits)

    def _identifier(self, node: Node | None) -> Identifier | None:
        if node is None:
            return None
        form = Form(node, "`identifier`", self._problems)
        identifier = Identifier(
            form.text("scheme"),
            form.text("characters"),
            form.whole("shortest", least=1),
            form.whole("longest", least=1),
        )
        if identifier.characters and not _CHARACTERS.fullmatch(identifier.characters):
            form.fail(
                "bad-characters", "`characters` is letters and digits, and ranges of them",
                place=form.place_of("characters"), got=identifier.characters,
                help="write A-Z0-9, say",
            )  # fmt: skip
        if form.ok and identifier.shortest > identifier.longest:
            form.fail(
                "range-reversed", "`shortest` is more than `longest`",
                place=form.place_of("shortest"),
            )  # fmt: skip
        self._form.ok = form.finish() and self._form.ok
        return identifier

    def _local_priorities(self, node: Node | None) -> LocalPriorityFacts | None:
        if node is None:
            return None
        form = Form(node, "`local_priorities`", self._problems)
        keys = ("agreed", "on_track", "not_on_track", "unknown")
        ids = [form.id(key) for key in keys]
        if form.ok and len(set(ids)) < len(ids):
            form.fail("duplicate-entry", "local priorities become four different facts")
        self._form.ok = form.finish() and self._form.ok
        return LocalPriorityFacts(*ids)

    def _confirmation(self, node: Node | None) -> Confirmation | None:
        if node is None:
            return None
        form = Form(node, "`confirmation`", self._problems)
        named = form.references("outcomes", self._outcomes.names())
        confirmation = Confirmation(
            tuple(outcome for outcome in self._outcomes.places if outcome in named),
            tuple(sorted(form.each("roles", self._role, needed=False))),
            read_basis(form, self._documents.names(), needed=True),
        )
        harshest = next(reversed(self._outcomes.places), "")
        if form.ok and self._outcomes.is_complete and harshest not in named:
            form.fail(
                "harshest-unconfirmed", "the harshest outcome is never more than recommended",
                place=form.place_of("outcomes"), got=harshest, help=f"add `{harshest}`",
            )  # fmt: skip
        self._form.ok = form.finish() and self._form.ok
        return confirmation

    def _role(self, scalar: Scalar) -> str | None:
        return read_id(scalar, "a role", self._problems)
