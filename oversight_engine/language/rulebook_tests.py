"""Tests of a rulebook: from the files of its folder `tests` to the model."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from oversight_engine.errors import InputError
from oversight_engine.language.forms import (
    Form,
    Names,
    read_boolean,
    read_choice,
    read_format,
    refuse_other_kind,
)
from oversight_engine.language.forms import read_number as number_of
from oversight_engine.language.problems import Place, Problems, TooManyProblemsError
from oversight_engine.language.reforms import examine_reform
from oversight_engine.language.source import Broken, Node, Scalar, read_file
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.language.statements import NO_DEFAULTS, StatementReader
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.noun import Noun
from oversight_engine.model.reform import Reform
from oversight_engine.model.rulebook import REFERRAL, Finding, Rulebook, Span
from oversight_engine.model.rulebook_tests import (
    TEST_FORMAT,
    Expected,
    PathExpected,
    RulebookTest,
    Suite,
)
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth

FOLDER = "tests"
"""Where the tests of a rulebook lie in its folder; they are no part of the rulebook itself."""
NOT_KNOWN = "unknown"


def files_of_tests(folder: Path) -> tuple[Path, ...]:
    """Return the files of tests beside the rulebook in *folder*, in order of their names."""
    inner = folder / FOLDER
    return tuple(sorted(inner.glob("*.yaml"))) if inner.is_dir() else ()


def read_tests(files: Iterable[Path], rulebook: Rulebook) -> tuple[Suite, ...]:
    """Return the tests in *files*, which may share bases, checked against *rulebook*.

    Raises:
        InputError: there are problems; the error carries every one of them.
    """
    suites, problems = examine_tests(files, rulebook)
    if problems.errors:
        problems.raise_as(InputError, "the tests")
    return suites


def examine_tests(files: Iterable[Path], rulebook: Rulebook) -> tuple[tuple[Suite, ...], Problems]:
    """Return the sound tests in *files*, and all that is to be said against the others."""
    problems = Problems()
    reader = _Reader(rulebook, problems)
    try:
        forms = []
        for path in files:
            root = read_file(path, problems)
            form = None if root is None else reader.bases_of(root)
            if form is not None:
                forms.append((path, form))
        suites = [reader.suite(path, form) for path, form in forms]
    except TooManyProblemsError:
        return (), problems
    return tuple(suites), problems


@frozen(eq=False, repr=False)
class _Begun(Noun):
    """What a test may begin with: the facts of a base, or of a test before it and its date."""

    facts: dict[str, StatedFact]
    as_of: datetime.date | None = None


NOTHING = _Begun({})


@frozen(eq=False, repr=False)
class _Shared(Noun):
    """What the tests of one file have in common."""

    as_of: datetime.date | None
    reform: Reform | None


class _Reader:
    """Reads the tests of one rulebook; the bases of every file first, then what rests on them."""

    def __init__(self, rulebook: Rulebook, problems: Problems) -> None:
        self._rulebook = rulebook
        self._problems = problems
        self._statements = StatementReader(rulebook, problems)
        self._bases: dict[str, _Begun] = {}
        self._places: dict[str, Place] = {}

        def names(kind: str, code: str, ids: Iterable[str]) -> Names:
            return Names(kind, code, frozenset(ids))

        self._facts = names("fact", "unknown-fact", (fact.id for fact in rulebook.facts))
        self._rules = names("rule", "unknown-rule", (rule.id for rule in rulebook.rules))
        self._measures = names("measure", "unknown-measure", (m.id for m in rulebook.measures))
        self._findings = {finding.id: finding for finding in rulebook.findings}
        self._consequences = tuple(item.id for item in rulebook.consequences)

    def bases_of(self, root: Node) -> Form | None:
        """Note the bases of the document at *root*, and return its form for the rest, if any."""
        form = Form(root, "a file of tests", self._problems)
        if refuse_other_kind(form, TEST_FORMAT):
            return None
        read_format(form, TEST_FORMAT)
        for node in form.nodes("bases", needed=False):
            inner = Form(node, "a base", self._problems)
            name = self._name(inner)
            facts = self._stated(inner, self._begun(inner), None)
            if inner.finish():
                self._bases[name] = _Begun(facts)
        return form

    def _name(self, form: Form) -> str:
        name = form.text("name")
        if name in self._places:
            form.fail(
                "duplicate-test", f"this name is taken, at {self._places[name]}",
                place=form.place_of("name"), got=name, help="say what this one shows",
            )  # fmt: skip
        self._places.setdefault(name, form.place)
        return name

    def _begun(self, form: Form) -> _Begun:
        """Return what the base or test that *form* begins with comes to."""
        scalar = form.scalar("from", needed=False)
        if scalar is None:
            return NOTHING
        if scalar.text in self._places and scalar.text not in self._bases:
            form.ok = False  # it is there, and what is wrong with it has been noted
        elif scalar.text not in self._bases:
            form.fail(
                "unknown-base", "no base or test before this has that name", place=scalar.place,
                got=scalar.text, help=self._problems.did_you_mean(scalar.text, self._bases),
            )  # fmt: skip
        return self._bases.get(scalar.text, NOTHING)

    def suite(self, path: Path, form: Form) -> Suite:
        """Return the tests of the document of *form*, which is the file at *path*."""
        about = form.text("about", needed=False)
        shared = _Shared(form.date_if_any("as_of"), self._reform(path, form))
        if form.has("as_of") and shared.as_of is not None:
            self._check_day(form, shared.as_of)
        members = [
            self._member(number, Form(node, "a member", self._problems), shared)
            for number, node in enumerate(form.nodes("among", needed=False), start=1)
        ]
        if members and self._rulebook.cohort is None:
            form.fail(
                "misplaced-key", "the rulebook declares no cohort", place=form.place_of("among"),
                got="among", help="leave it out",
            )  # fmt: skip
        tests = [
            self._test(Form(node, "a test", self._problems), shared)
            for node in form.nodes("tests", needed=not form.has("bases"))
        ]
        form.finish()
        return Suite(
            tests=tuple(test for test in tests if test is not None),
            among=tuple(member for member in members if member is not None),
            reform=shared.reform,
            about=about,
            place=str(path),
        )

    def _reform(self, path: Path, form: Form) -> Reform | None:
        at = form.text("reform", needed=False)
        if not at:
            return None
        reform, problems = examine_reform(path.parent / at, self._rulebook)
        for found in problems:
            self._problems.add(
                found.code, found.place, found.message, got=found.got, help=found.help
            )
        return reform

    def _member(self, number: int, form: Form, shared: _Shared) -> Case | None:
        name = form.text("name")
        facts = self._stated(form, self._begun(form), shared.as_of)
        if shared.as_of is None:
            form.fail("missing-key", "a cohort is of one day, so the file needs `as_of`")
        if not form.finish() or shared.as_of is None:
            return None
        return _case(f"M{number:02}", name, shared.as_of, facts, form.place)

    def _test(self, form: Form, shared: _Shared) -> RulebookTest | None:
        name, begun = self._name(form), self._begun(form)
        as_of = form.date_if_any("as_of") or begun.as_of or shared.as_of
        if as_of is None:
            form.node("as_of")
        elif form.has("as_of"):
            self._check_day(form, as_of)
        facts = self._stated(form, begun, as_of)
        about = form.text("about", needed=False)
        node = form.node("expect")
        expected = self._expected(node if node is not None else Broken(form.place))
        for fact_id, stated in facts.items():
            if as_of is not None and stated.as_at is not None and stated.as_at > as_of:
                form.fail(
                    "as-at-too-late",
                    f"`{fact_id}` is as at {stated.as_at}, after the test's date, {as_of}",
                    got=str(stated.as_at),
                )  # fmt: skip
        if not form.finish() or expected is None or as_of is None:
            return None
        self._bases[name] = _Begun(facts, as_of)
        case = _case("TEST", name, as_of, facts, form.place, about)
        return RulebookTest(name, case, expected, str(form.place))

    def _check_day(self, form: Form, day: datetime.date) -> None:
        span = self._rulebook.span
        if day not in span:
            end = f" to {span.end}" if span.end else ""
            form.fail(
                "day-not-in-force", f"the rulebook is in force from {span.start}{end}",
                place=form.place_of("as_of"), got=str(day),
            )  # fmt: skip

    def _stated(
        self, form: Form, begun: _Begun, as_of: datetime.date | None
    ) -> dict[str, StatedFact]:
        """Return the facts it begins with, changed as *form* says."""
        own = self._statements.facts(form.node("facts", needed=False), NO_DEFAULTS, as_of)
        hidden = form.references(NOT_KNOWN, self._facts, needed=False)
        for fact_id in hidden:
            if fact_id in own:
                form.fail(
                    "duplicate-entry", "this fact is stated, and called unknown as well",
                    place=form.place_of(NOT_KNOWN), got=fact_id,
                )  # fmt: skip
        facts = begun.facts | own
        return {fact_id: stated for fact_id, stated in facts.items() if fact_id not in hidden}

    def _expected(self, node: Node) -> Expected | None:
        form = Form(node, "`expect`", self._problems)
        outcomes = tuple(outcome.id for outcome in self._rulebook.outcomes)
        expected = Expected(
            outcome=form.choice("outcome", (*outcomes, REFERRAL)),
            because=form.references("because", self._rules, needed=False),
            only=form.boolean_if_any("only") or False,
            refers=(
                form.references("refers", self._rules, needed=False) if form.has("refers") else None
            ),
            missing=(
                form.references("missing", self._facts, needed=False)
                if form.has("missing")
                else None
            ),
            measure=(
                form.reference("measure", self._measures, needed=False)
                if form.has("measure")
                else None
            ),
            possible=(
                form.choices("possible", outcomes, needed=False) if form.has("possible") else None
            ),
            findings=self._findings_of(form),
            consequences=self._consequences_of(form),
            path=self._path(form.node("path", needed=False), outcomes),
        )
        form.ok = form.ok and (expected.path is not None or not form.has("path"))
        return expected if form.finish() else None

    def _path(self, node: Node | None, outcomes: tuple[str, ...]) -> PathExpected | None:
        if node is None:
            return None
        form = Form(node, "`path`", self._problems)
        path = PathExpected(form.choice("to", outcomes), form.references("facts", self._facts))
        return path if form.finish() else None

    def _entries(self, form: Form, key: str) -> Sequence[tuple[Scalar, Node]]:
        node = form.node(key, needed=False)
        if isinstance(node, MappingNode):
            return node.entries
        if node is not None:
            form.ok = Form(node, f"`{key}`", self._problems).ok
        return ()

    def _findings_of(self, form: Form) -> tuple[tuple[str, Conclusion], ...]:
        found: list[tuple[str, Conclusion]] = []
        for key, node in self._entries(form, "findings"):
            finding = self._findings.get(key.text)
            scalar = _scalar_of(node)
            if finding is None:
                form.fail(
                    "unknown-finding", "the rulebook has no such finding", place=key.place,
                    got=key.text, help=self._problems.did_you_mean(key.text, [*self._findings]),
                )  # fmt: skip
            elif scalar is None:
                form.fail("wrong-shape", f"`{key.text}` is a single value", place=node.place)
            else:
                before = len(self._problems)
                found.append((key.text, self._conclusion(finding, scalar)))
                form.ok = form.ok and len(self._problems) == before
        return tuple(found)

    def _conclusion(self, finding: Finding, scalar: Scalar) -> Conclusion:
        what = f"`{finding.id}`"
        if finding.when is not None:
            return self._truth(scalar, what)
        if finding.values:
            allowed = (*finding.values, *finding.outside_order)
            if scalar.text == NOT_KNOWN and NOT_KNOWN not in allowed:
                return None
            return read_choice(scalar, what, self._problems, allowed, "unknown-category")
        if scalar.text == NOT_KNOWN:
            return None
        return number_of(scalar, what, self._problems)

    def _consequences_of(self, form: Form) -> tuple[tuple[str, Truth], ...]:
        found = []
        for key, node in self._entries(form, "consequences"):
            scalar = _scalar_of(node)
            if key.text not in self._consequences:
                form.fail(
                    "unknown-consequence", "the rulebook has no such consequence", place=key.place,
                    got=key.text, help=self._problems.did_you_mean(key.text, self._consequences),
                )  # fmt: skip
            elif scalar is None:
                form.fail("wrong-shape", f"`{key.text}` is a single value", place=node.place)
            else:
                before = len(self._problems)
                found.append((key.text, self._truth(scalar, f"`{key.text}`")))
                form.ok = form.ok and len(self._problems) == before
        return tuple(found)

    def _truth(self, scalar: Scalar, what: str) -> Truth:
        if scalar.text == NOT_KNOWN:
            return UNKNOWN
        known = read_boolean(scalar, f"{what}, where it is known,", self._problems)
        return TRUE if known else FALSE


def _scalar_of(node: Node) -> Scalar | None:
    return node if isinstance(node, Scalar) else None


def _case(
    code: str,
    name: str,
    as_of: datetime.date,
    facts: dict[str, StatedFact],
    place: Place,
    about: str = "",
) -> Case:
    """Return a case whose facts are as at its own day, unless they say otherwise."""
    return Case(System(code, name), as_of, facts, Span(as_of, as_of), about=about, place=str(place))
