"""Findings: from their file to the model, in two steps, for they mention one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from attrs import evolve, frozen

from oversight_engine.language.cohorts import CohortReader
from oversight_engine.language.entries import formula_at, rounding_at, statement_at
from oversight_engine.language.expressions import read_statement
from oversight_engine.language.facts import read_better, read_categories
from oversight_engine.language.forms import Form, read_choice
from oversight_engine.language.headings import References, Register, read_basis
from oversight_engine.language.problems import Place, Problems, quoted
from oversight_engine.language.scope import Scope, constant_on, days_that_differ
from oversight_engine.language.source import Node, Scalar
from oversight_engine.language.tables import LocatedRow
from oversight_engine.model.expression import Formula
from oversight_engine.model.number import Exact
from oversight_engine.model.rulebook import Finding, Row, Table

Kind = Literal["when", "value", "table", "bands"]

KINDS: tuple[Kind, ...] = ("when", "value", "table", "bands")


@frozen
class FindingDraft:
    """A finding whose conditions are not read yet.

    Attributes:
        finding: all of it but the conditions and formulas.
        kind: which of its kinds it is; None if that is not clear.
        is_category: whether its values are words.
    """

    form: Form
    finding: Finding
    kind: Kind | None
    is_category: bool


@frozen
class CompleteFinding:
    """A finding as it will stand in the model, and where the rows of its table stand."""

    finding: Finding
    place: Place
    rows: tuple[LocatedRow, ...] = ()


@frozen
class _Band:
    """One row of bands: it takes what is below, or up to, its bound."""

    place: Place
    symbol: Literal["<", "<=", ""]
    bound: Formula | None
    row_value: Formula | str


class FindingReader:
    """Reads findings: first what they are, then, once every name is known, what they say."""

    def __init__(self, names: Register, references: References, problems: Problems) -> None:
        """Enter ids in *names*; refer to what the heading declares."""
        self._names = names
        self._references = references
        self._problems = problems

    def declare(self, node: Node) -> FindingDraft:
        """Return the finding that *node* states, without its conditions."""
        form = Form(node, "a finding", self._problems)
        finding_id = self._names.id_of(form)
        kind = self._kind(form)
        is_category = kind in ("table", "bands") and form.has("values")
        if kind == "when":
            form.forbid(dict.fromkeys(("unit", "rounded"), "a condition has no number"))
        if is_category:
            form.forbid(dict.fromkeys(("unit", "rounded"), "a category has no number"))
        if kind != "value":
            form.forbid({"ranked": "only a number (`value`) is ranked"})
        elif form.node("ranked", needed=False) is not None:
            form.forbid({"rounded": "say within `ranked` how scores are rounded"})
        values, ordered, outside = read_categories(form, is_category=is_category)
        finding = Finding(
            id=finding_id,
            title=form.text("title"),
            unit=form.text("unit", needed=False),
            values=values,
            ordered=ordered,
            outside_order=outside,
            better=read_better(form, is_ordered=not is_category or ordered, needed=False),
            rounded=rounding_at(form, "rounded", self._references.documents),
            reported=form.boolean_if_any("reported") or False,
            theme=form.reference("theme", self._references.themes, needed=False),
            basis=read_basis(form, self._references.documents, brief=True),
            about=form.text("about", needed=False),
            place=str(form.place),
        )
        for key in KINDS:
            form.node(key, needed=False)
        form.finish()
        return FindingDraft(form, finding, kind, is_category)

    def _kind(self, form: Form) -> Kind | None:
        found: list[Kind] = [key for key in KINDS if form.has(key)]
        if len(found) == 1:
            return found[0]
        if form.is_mapping:
            message = f"a finding has exactly one of {quoted(KINDS)}"
            form.fail("one-of", message, got=", ".join(found))
        form.abandon()
        return None

    def complete(self, draft: FindingDraft, scope: Scope) -> CompleteFinding | None:
        """Return the finding that *draft* began, its names being those of *scope*."""
        form, finding = draft.form, draft.finding
        if draft.kind == "when":
            statement = statement_at(form, "when", scope)
            complete = CompleteFinding(evolve(finding, when=statement), form.place)
        elif draft.kind == "value":
            complete = CompleteFinding(self._number(form, finding, scope), form.place)
        elif draft.kind:
            read = self._table if draft.kind == "table" else self._bands
            table, rows = read(draft, scope)
            complete = CompleteFinding(evolve(finding, table=table), form.place, rows)
        else:
            return None
        return complete if form.ok else None

    def _number(self, form: Form, finding: Finding, scope: Scope) -> Finding:
        """Return *finding* with its number, and with how that is ranked, if it is."""
        node = form.node("ranked", needed=False)
        if node is None:
            return evolve(finding, value=formula_at(form, "value", scope, unit=finding.unit))
        value = formula_at(form, "value", scope, unit=None)  # the unit is that of the score
        cohorts = CohortReader(self._references, scope, self._problems)
        ranked = cohorts.ranked(node, finding, value)
        form.ok = form.ok and ranked is not None
        return evolve(finding, value=value, ranked=ranked)

    def _row_value(
        self, form: Form, key: str, draft: FindingDraft, scope: Scope
    ) -> Formula | str | None:
        """Return what a row says: a word of the finding's category, or a constant in its unit."""
        finding = draft.finding
        if not draft.is_category:
            return formula_at(form, key, scope, unit=finding.unit, constant=True)
        scalar = form.scalar(key)
        word = None
        if scalar is not None:
            allowed = (*finding.values, *finding.outside_order)
            word = read_choice(scalar, f"`{key}`", self._problems, allowed, "unknown-category")
        form.ok = form.ok and word is not None
        return word

    def _rows(self, form: Form, key: str = "rows") -> tuple[Node, ...]:
        nodes = form.nodes(key)
        if form.ok and not nodes:
            form.fail("missing-value", f"`{key}` is empty", place=form.place_of(key))
        return nodes

    def _table(
        self, draft: FindingDraft, scope: Scope
    ) -> tuple[Table | None, tuple[LocatedRow, ...]]:
        node = draft.form.node("table")
        assert node is not None, "the kind says that it is there"
        form = Form(node, "a table", self._problems)
        rows, located = [], []
        for row_node in self._rows(form):
            inner = Form(row_node, "a row", self._problems)
            statement = statement_at(inner, "when", scope)
            value = self._row_value(inner, "value", draft, scope)
            form.ok = inner.finish() and form.ok
            if statement is not None and value is not None:
                rows.append(Row(statement, value))
                located.append((inner.place, statement))
        otherwise = None
        if form.node("otherwise", needed=False) is not None:
            otherwise = self._row_value(form, "otherwise", draft, scope)
        draft.form.ok = form.finish() and draft.form.ok
        return Table(tuple(rows), otherwise), tuple(located)

    def _bands(
        self, draft: FindingDraft, scope: Scope
    ) -> tuple[Table | None, tuple[LocatedRow, ...]]:
        """Read bands as the table they stand for: each row takes what those before it left."""
        node = draft.form.node("bands")
        assert node is not None, "the kind says that it is there"
        form = Form(node, "bands", self._problems)
        of = formula_at(form, "of", scope, unit=None)
        nodes = self._rows(form)
        bands = [self._band(form, each, draft, scope, is_last=each is nodes[-1]) for each in nodes]
        draft.form.ok = form.finish() and draft.form.ok
        if not form.ok or of is None:
            return None, ()
        self._check_ascent(form, bands, scope)
        rows, located = [], []
        for text, band in zip(_band_texts(of.text, bands), bands, strict=True):
            statement = read_statement(Scalar(text, band.place), scope, self._problems)
            form.ok = form.ok and statement is not None
            if statement is not None:
                rows.append(Row(statement, band.row_value))
                located.append((band.place, statement))
        draft.form.ok = form.ok and draft.form.ok
        return Table(tuple(rows)), tuple(located)

    def _band(
        self, bands: Form, node: Node, draft: FindingDraft, scope: Scope, *, is_last: bool
    ) -> _Band:
        form = Form(node, "a row of bands", self._problems)
        below, up_to = (form.node(key, needed=False) is not None for key in ("below", "up_to"))
        key = "below" if below else "up_to"
        bound = None
        if below or up_to:
            bound = formula_at(form, key, scope, unit=None, constant=True)
        if form.ok and ((below and up_to) or (below or up_to) == is_last):
            form.fail(
                "bad-band", "every row but the last has either `below` or `up_to`, and the last "
                "has neither",
            )  # fmt: skip
        value = self._row_value(form, "value", draft, scope)
        bands.ok = form.finish() and bands.ok
        return _Band(
            form.place, "" if bound is None else "<" if below else "<=", bound, value or ""
        )

    def _check_ascent(self, form: Form, bands: Sequence[_Band], scope: Scope) -> None:
        """Refuse bounds that do not rise from row to row on every day that makes a difference."""
        bounds = [(band, band.bound.quantity) for band in bands if band.bound is not None]
        for day in days_that_differ([bound for _, bound in bounds], scope.parameters):
            highest: tuple[Exact, bool] | None = None
            for band, bound in bounds:
                worth = constant_on(bound, day, scope.parameters)
                if worth is None:
                    break
                reach = worth, band.symbol == "<="
                if highest is not None and reach <= highest:
                    form.fail(
                        "bad-band", "this bound does not lie above the one before it",
                        place=band.place, help="order the rows by their bounds",
                    )  # fmt: skip
                    return
                highest = reach


def _band_texts(of: str, bands: Sequence[_Band]) -> Iterator[str]:
    """Yield each row's condition in words."""
    lower = ""
    for band in bands:
        if band.bound is None:
            yield lower
            return
        upper = f"{of} {band.symbol} {band.bound.text}"
        yield f"{lower} and {upper}" if lower else upper
        lower = f"{of} {'>=' if band.symbol == '<' else '>'} {band.bound.text}"
