"""Reforms: from a file to the model, checked against the rulebook they are for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oversight_engine.errors import InputError
from oversight_engine.language.facts import read_dated_values
from oversight_engine.language.forms import Form, Names, read_format, refuse_other_kind
from oversight_engine.language.headings import References, read_each
from oversight_engine.language.problems import Problems, TooManyProblemsError
from oversight_engine.language.rulebooks import examine_data
from oversight_engine.language.source import Broken, Node, Scalar, from_mapping, read_file
from oversight_engine.model.reform import REFORM_FORMAT, Change, Reform, under_reform
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.rulebook_form import rulebook_data


def read_reform(path: Path | str, rulebook: Rulebook) -> Reform:
    """Return the reform in the file at *path*, which is one of *rulebook*.

    Raises:
        InputError: it has problems, or the rulebook has some under it; the error carries them all.
    """
    reform, problems = examine_reform(path, rulebook)
    if reform is None:
        problems.raise_as(InputError, str(path))
    return reform


def reform_from_data(data: Mapping[str, object], rulebook: Rulebook) -> Reform:
    """Return the reform that plain *data*, such as `reform_data` makes, stands for.

    Raises what `read_reform` raises.
    """
    problems = Problems()
    try:
        reform = _examine(from_mapping(data, "reform", problems), rulebook, problems)
    except TooManyProblemsError:
        reform = None
    if reform is None:
        problems.raise_as(InputError, "the reform")
    return reform


def examine_reform(path: Path | str, rulebook: Rulebook) -> tuple[Reform | None, Problems]:
    """Return the reform at *path*, if it is sound, and all that is to be said against it."""
    problems = Problems()
    try:
        return _examine(read_file(Path(path), problems), rulebook, problems), problems
    except TooManyProblemsError:
        return None, problems


def _examine(root: Node | None, rulebook: Rulebook, problems: Problems) -> Reform | None:
    if root is None:
        return None
    reform = _ReformReader(rulebook, problems).read(root)
    if reform is not None:
        _check_under(reform, rulebook, root, problems)
    return None if problems.errors else reform


def _check_under(reform: Reform, rulebook: Rulebook, root: Node, problems: Problems) -> None:
    """Check the rulebook as it stands under *reform* like any other."""
    _, found = examine_data(rulebook_data(under_reform(rulebook, reform)), name=rulebook.id)
    for problem in found.errors:
        problems.add(
            "unsound-under-reform", root.place, f"under this reform, {problem}",
            help="mend the values, or change what rests on them in a rulebook of its own",
        )  # fmt: skip


class _ReformReader:
    """Reads a reform of one rulebook."""

    def __init__(self, rulebook: Rulebook, problems: Problems) -> None:
        self._rulebook = rulebook
        self._problems = problems
        documents = frozenset(document.id for document in rulebook.documents)
        nothing = Names("", "", None)
        self._references = References(
            documents=Names("document", "unknown-document", documents),
            themes=nothing,
            principles=nothing,
            measures=nothing,
            outcomes=None,
            span=rulebook.span,
        )
        self._changed: set[str] = set()

    def read(self, root: Node) -> Reform | None:
        form = Form(root, "a reform", self._problems)
        if refuse_other_kind(form, REFORM_FORMAT):
            return None
        read_format(form, REFORM_FORMAT)
        reform_id, title = form.id(hyphens=True), form.text("title")
        pinned = self._pinned(form)
        changes = read_each(form, "parameters", self._change, needed=True)
        if form.ok and not changes:
            form.fail("missing-value", "`parameters` is empty", place=form.place_of("parameters"))
        reform = Reform(
            id=reform_id,
            title=title,
            rulebook=self._rulebook.id,
            changes=tuple(sorted(changes, key=lambda change: change.parameter)),
            pinned=pinned,
            about=form.text("about", needed=False),
            place=str(form.place),
        )
        return reform if form.finish() else None

    def _pinned(self, outer: Form) -> str:
        """Check that the reform is for this rulebook; return the digest that it names, if any."""
        node = outer.node("rulebook")
        form = Form(node or Broken(outer.place), "`rulebook`", self._problems)
        stated = form.id(hyphens=True)
        pinned = form.text("digest", needed=False)
        if stated and stated != self._rulebook.id:
            form.fail(
                "other-rulebook", f"the rulebook is `{self._rulebook.id}`",
                place=form.place_of("id"), got=stated, help="name the rulebook it is for",
            )  # fmt: skip
        elif pinned and pinned != self._rulebook.digest:
            form.fail(
                "other-rulebook", f"`{stated}` is not as it was when this was written",
                place=form.place_of("digest"), got=pinned,
                help=f'look at what has changed, and write digest: "{self._rulebook.digest}"',
            )  # fmt: skip
        outer.ok = form.finish() and outer.ok
        return pinned

    def _change(self, node: Node) -> Change | None:
        form = Form(node, "a changed parameter", self._problems)
        scalar = form.scalar("id")
        if scalar is not None:
            self._check_parameter(form, scalar)
        values = read_dated_values(form, self._references)
        return Change(scalar.text, values) if form.finish() and scalar is not None else None

    def _check_parameter(self, form: Form, scalar: Scalar) -> None:
        parameters = {parameter.id: parameter for parameter in self._rulebook.parameters}
        if scalar.text not in parameters:
            form.fail(
                "unknown-parameter", "the rulebook has no such parameter", place=scalar.place,
                got=scalar.text, help=self._problems.did_you_mean(scalar.text, parameters),
            )  # fmt: skip
        elif parameters[scalar.text].cohort is not None:
            form.fail(
                "computed-parameter", "the cohort gives this parameter its value",
                place=scalar.place, got=scalar.text,
                help="state another rulebook that extends this one, and let it have values there",
            )  # fmt: skip
        elif scalar.text in self._changed:
            form.fail(
                "duplicate-id", "this parameter is changed already", place=scalar.place,
                got=scalar.text, help="put all its values in one place",
            )  # fmt: skip
        self._changed.add(scalar.text)
