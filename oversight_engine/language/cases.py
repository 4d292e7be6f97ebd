"""Cases: from files, standard input or plain mappings to the model, checked against a rulebook."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from oversight_engine.errors import InputError
from oversight_engine.language.folder import HEADING_FILE
from oversight_engine.language.forms import (
    Form,
    Names,
    read_format,
    refuse_other_kind,
    span_of,
)
from oversight_engine.language.problems import Place, Problems, TooManyProblemsError
from oversight_engine.language.source import Broken, Node, from_mapping, read_file, read_stream
from oversight_engine.language.statements import NO_DEFAULTS, Defaults, StatementReader
from oversight_engine.model.case import Case, Expectation, System
from oversight_engine.model.case_form import CASE_FORMAT
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFERRAL, Identifier, Rulebook, Span

STANDARD_INPUT = "-"
SUFFIXES = (".yaml", ".yml", ".json")

CaseSource = Path | str | Mapping[str, object]
"""Where cases come from: a file, a folder of files, `-` for standard input, a plain mapping."""


def read_cases(
    sources: CaseSource | Iterable[CaseSource],
    rulebook: Rulebook,
    *,
    stdin: BinaryIO | None = None,
) -> tuple[Case, ...]:
    """Return the cases of all *sources*, checked against the facts of *rulebook*.

    Raises:
        InputError: there are problems; the error carries every one of them.
    """
    cases, problems = examine_cases(sources, rulebook, stdin=stdin)
    if len(problems):
        problems.raise_as(InputError, "the cases")
    return cases


def examine_cases(
    sources: CaseSource | Iterable[CaseSource],
    rulebook: Rulebook,
    *,
    stdin: BinaryIO | None = None,
) -> tuple[tuple[Case, ...], Problems]:
    """Return the sound cases of all *sources*, and all that is to be said against the others."""
    problems = Problems()
    reader = _CaseReader(rulebook, problems)
    try:
        for root in _roots(_listed(sources), problems, stdin):
            reader.read(root)
    except TooManyProblemsError:
        pass  # the problems say so themselves
    return tuple(reader.cases.values()), problems


def _listed(sources: CaseSource | Iterable[CaseSource]) -> Iterable[CaseSource]:
    return (sources,) if isinstance(sources, Path | str | Mapping) else sources


def _roots(
    sources: Iterable[CaseSource], problems: Problems, stdin: BinaryIO | None
) -> Iterator[Node]:
    """Yield the tree of every file, stream and mapping among *sources* that has one."""
    for number, source in enumerate(sources, start=1):
        if isinstance(source, Mapping):
            roots = [from_mapping(source, f"case {number}", problems)]
        elif source == STANDARD_INPUT:
            roots = [read_stream(stdin or sys.stdin.buffer, "<standard input>", problems)]
        else:
            roots = [read_file(path, problems) for path in _files(Path(source), problems)]
        yield from (root for root in roots if root is not None)


def _files(path: Path, problems: Problems) -> list[Path]:
    """Return the file at *path*, or the case files below the folder there."""
    if not path.is_dir():
        return [path]
    if (path / HEADING_FILE).is_file():
        problems.add(
            "missing-file", Place(str(path)), "this folder is a rulebook, and cases are wanted",
            help="name the cases here, and the rulebook with --rulebook",
        )  # fmt: skip
        return []
    files: list[Path] = []
    unread: list[OSError] = []
    for folder, inner, names in os.walk(path, onerror=unread.append):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found = (Path(folder, name) for name in names if not name.startswith("."))
        files += (file for file in found if file.suffix.lower() in SUFFIXES)
    for error in unread:
        problems.add(
            "unreadable-file", Place(str(error.filename)), "the folder cannot be read",
            got=str(error.strerror),
        )  # fmt: skip
    if not files and not unread:
        problems.add(
            "missing-file", Place(str(path)), "this folder holds no cases",
            help=f"a case file ends in {', '.join(SUFFIXES)}",
        )  # fmt: skip
    return sorted(files)


@frozen(eq=False, repr=False)
class _Shared(Noun):
    """What the cases of one file have in common, unless they say otherwise."""

    defaults: Defaults = NO_DEFAULTS
    period: Span | None = None
    as_of: datetime.date | None = None


class _CaseReader:
    """Reads documents of one or many cases."""

    def __init__(self, rulebook: Rulebook, problems: Problems) -> None:
        self.cases: dict[tuple[str, datetime.date], Case] = {}
        self._rulebook = rulebook
        self._problems = problems
        self._statements = StatementReader(rulebook, problems)
        self._rules = Names("rule", "unknown-rule", frozenset(rule.id for rule in rulebook.rules))

    def read(self, root: Node) -> None:
        """Read the one case, or the many, of the document at *root*."""
        form = Form(root, "a case file", self._problems)
        if refuse_other_kind(form, CASE_FORMAT):
            return
        read_format(form, CASE_FORMAT)
        if not form.has("cases"):
            self._keep(form, _Shared())
            return
        shared = _Shared(
            self._statements.defaults(form.node("defaults", needed=False), NO_DEFAULTS),
            self._period(form.node("period", needed=False)),
            form.date_if_any("as_of"),
        )
        form.text("about", needed=False)
        nodes = form.nodes("cases")
        form.finish()
        for node in nodes:
            self._keep(Form(node, "a case", self._problems), shared)

    def _keep(self, form: Form, shared: _Shared) -> None:
        """Keep the case that *form* holds, if it is sound and the first of its system and date."""
        before = len(self._problems)
        case = self._case(form, shared)
        if len(self._problems) > before or not form.ok or case is None:
            return
        key = case.system.code, case.as_of
        if key in self.cases:
            self._problems.add(
                "duplicate-case", form.place,
                f"this system has a case on {case.as_of} already, at {self.cases[key].place}",
                got=case.system.code, help="keep one",
            )  # fmt: skip
        else:
            self.cases[key] = case

    def _case(self, form: Form, shared: _Shared) -> Case | None:
        system = self._system(form)
        period = self._period(form.node("period", needed=False)) or shared.period
        as_of = form.date_if_any("as_of") or shared.as_of
        if as_of is None:
            form.node("as_of")
        defaults = self._statements.defaults(form.node("defaults", needed=False), shared.defaults)
        self._statements.check_day(form, "defaults", defaults.as_at, as_of)
        facts = self._statements.facts(form.node("facts"), defaults, as_of)
        node = form.node("local_priorities", needed=False)
        priorities, counts = self._statements.local_priorities(node, defaults, as_of)
        for fact_id in sorted(counts.keys() & facts.keys()):
            form.fail(
                "stated-twice", "this follows from `local_priorities`, and is stated as well",
                place=form.place_of("facts"), got=fact_id, help="leave it out of `facts`",
            )  # fmt: skip
        about = form.text("about", needed=False)
        expect = self._expectation(form.node("expect", needed=False))
        form.finish()
        if as_of is None:
            return None
        return Case(
            system=system,
            as_of=as_of,
            facts=facts | counts,
            period=period,
            local_priorities=priorities,
            about=about,
            expect=expect,
            place=str(form.place),
        )

    def _system(self, form: Form) -> System:
        node = form.node("system")
        inner = Form(node if node is not None else Broken(form.place), "`system`", self._problems)
        system = System(inner.text("code"), inner.text("name"), inner.text("region", needed=False))
        identifier = self._rulebook.identifier
        fault = fault_of_code(system.code, identifier) if system.code and identifier else ""
        if fault:
            place = inner.place_of("code")
            inner.fail("bad-identifier", fault, place=place, got=system.code)
        inner.finish()
        return system

    def _period(self, node: Node | None) -> Span | None:
        if node is None:
            return None
        form = Form(node, "`period`", self._problems)
        form.node("to")
        span = span_of(form)
        form.finish()
        return span

    def _expectation(self, node: Node | None) -> Expectation | None:
        if node is None:
            return None
        form = Form(node, "`expect`", self._problems)
        outcomes = (*(outcome.id for outcome in self._rulebook.outcomes), REFERRAL)
        expectation = Expectation(
            form.choice("outcome", outcomes),
            form.references("because", self._rules, needed=False),
            form.boolean_if_any("only") or False,
        )
        form.finish()
        return expectation


def fault_of_code(code: str, identifier: Identifier) -> str:
    """Return what is wrong with *code*, or nothing if it is as *identifier* asks."""
    is_as_long = identifier.shortest <= len(code) <= identifier.longest
    if is_as_long and allowed_characters(identifier).issuperset(code):
        return ""
    return (
        f"a code of {identifier.scheme} has {identifier.shortest} to {identifier.longest} "
        f"characters of {identifier.characters}"
    )


def allowed_characters(identifier: Identifier) -> set[str]:
    """Return the characters that a code of *identifier* may have."""
    allowed: set[str] = set()
    marks = identifier.characters
    at = 0
    while at < len(marks):
        last = at + 2 if marks[at + 1 : at + 2] == "-" else at
        allowed.update(map(chr, range(ord(marks[at]), ord(marks[last]) + 1)))
        at = last + 1
    return allowed
