"""Facts and parameters: from their files to the model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from attrs import frozen

from oversight_engine.language.forms import Form, read_id, read_number, read_scalar, span_of
from oversight_engine.language.headings import (
    References,
    Register,
    read_basis,
    read_brief,
    read_each,
)
from oversight_engine.language.history import check_history_fact, read_history
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.source import Node, Scalar
from oversight_engine.model.number import Exact, scaled, written
from oversight_engine.model.rulebook import (
    ACCEPTED_BY_DEFAULT,
    DIRECTIONS,
    STATUSES,
    Basis,
    Better,
    DatedValue,
    Effort,
    Fact,
    FactType,
    Parameter,
    Span,
)

FACT_TYPES: tuple[FactType, ...] = get_args(FactType)
CADENCES = ("weekly", "monthly", "quarterly", "annual", "ad_hoc")
MOST_DECIMALS = 9

_ONLY_NUMBERS = ("unit", "decimals", "range")
_ONLY_CATEGORIES = ("values", "ordered", "outside_order")


@frozen
class ComputedDraft:
    """What a parameter is computed from in the cohort, not read yet; and its basis."""

    node: Node
    basis: Basis


class DeclarationReader:
    """Reads what declares names: facts and parameters."""

    def __init__(self, names: Register, references: References, problems: Problems) -> None:
        """Enter ids in *names*; refer to what the heading declares."""
        self._names = names
        self._references = references
        self._problems = problems
        self.computed: dict[str, ComputedDraft] = {}
        self.moving: list[tuple[str, Scalar]] = []

    def fact(self, node: Node) -> Fact | None:
        """Return the fact that *node* declares."""
        form = Form(node, "a fact", self._problems)
        fact_id = self._names.id_of(form)
        form.node("type")
        kind = form.choice_if_any("type", FACT_TYPES)
        if kind is None:
            form.abandon()
            return None
        unit, decimals, span = self._number(form, kind)
        values, ordered, outside = read_categories(form, is_category=kind == "category")
        fact = Fact(
            id=fact_id,
            title=form.text("title"),
            type=kind,
            better=read_better(form, is_ordered=kind != "category" or ordered),
            unit=unit,
            decimals=decimals,
            range=span,
            values=values,
            ordered=ordered,
            outside_order=outside,
            theme=form.reference("theme", self._references.themes, needed=False),
            cadence=form.choice_if_any("cadence", CADENCES) or "",
            max_age=form.whole_if_any("max_age"),
            accepts=form.choices("accepts", STATUSES, needed=False) or ACCEPTED_BY_DEFAULT,
            tags=form.each("tags", lambda s: read_id(s, "a tag", self._problems), needed=False),
            basis=read_basis(form, self._references.documents, brief=True),
            about=form.text("about", needed=False),
            history=read_history(form),
            changeable=form.boolean_if_any("changeable") is not False,
            moves_with=self._moves_with(form, fact_id, kind),
            effort=_effort(form, has_units=kind == "number" or ordered),
            place=str(form.place),
        )
        if kind == "number":
            _refuse_deficit(form, fact)
        check_history_fact(form, fact, self._references.outcomes)
        return fact if form.finish() else None

    def _moves_with(self, form: Form, fact_id: str, kind: FactType) -> tuple[str, ...]:
        if kind != "number":
            form.forbid({"moves_with": "only numbers move by as much as each other"})
            return ()
        others: list[str] = []
        for scalar in form.scalars("moves_with", needed=False):
            if scalar.text == fact_id:
                form.fail(
                    "moves-with-itself", "a fact moves with others", place=scalar.place,
                    got=scalar.text,
                )  # fmt: skip
            else:
                others.append(scalar.text)
                self.moving.append((fact_id, scalar))
        return tuple(sorted(others))

    def check_moves(self, facts: Sequence[Fact], *, complete: bool) -> None:
        """Refuse what facts are said to move with that is no number of as many decimals."""
        known = {fact.id: fact for fact in facts}
        for fact_id, scalar in self.moving:
            other, fact = known.get(scalar.text), known.get(fact_id)
            if other is None and complete:
                self._problems.add(
                    "unknown-name", scalar.place, "there is no such fact", got=scalar.text,
                    help=self._problems.did_you_mean(scalar.text, known),
                )  # fmt: skip
            elif (
                other is not None
                and fact is not None
                and (other.type != "number" or other.decimals != fact.decimals)
            ):
                self._problems.add(
                    "moves-unlike", scalar.place,
                    f"`{fact_id}` is a number with `decimals: {fact.decimals}`, and this is not",
                    got=scalar.text, help="only numbers with as many decimals move by as much",
                )  # fmt: skip

    def _number(
        self, form: Form, kind: FactType
    ) -> tuple[str, int, tuple[Exact | None, Exact | None]]:
        if kind != "number":
            form.forbid({key: f"only a number has `{key}`" for key in _ONLY_NUMBERS})
            return "", 0, (None, None)
        decimals = form.whole_if_any("decimals", most=MOST_DECIMALS) or 0
        return form.text("unit", needed=False), decimals, self._range(form, decimals)

    def _range(self, form: Form, decimals: int) -> tuple[Exact | None, Exact | None]:
        if form.node("range", needed=False) is None:
            return None, None
        nodes = form.nodes("range")
        if len(nodes) != 2:  # noqa: PLR2004 - a range has two ends
            form.fail(
                "wrong-shape", "`range` is a list of two ends, as in [0, 100]",
                place=form.place_of("range"),
            )  # fmt: skip
            return None, None
        least, most = (self._end(form, node, decimals) for node in nodes)
        if least is not None and most is not None and least > most:
            form.fail(
                "range-reversed", "the range ends before it begins", place=form.place_of("range")
            )
        return least, most

    def _end(self, form: Form, node: Node, decimals: int) -> Exact | None:
        scalar = read_scalar(node, "an end of `range`", self._problems)
        if scalar is not None and scalar.text == "none":
            return None
        number = None
        if scalar is not None:
            number = read_number(scalar, "an end of `range`", self._problems)
        if scalar is None or number is None:
            form.ok = False
        elif scaled(number, decimals) is None:
            form.fail(
                "too-many-decimals", f"the fact has {decimals} decimals", place=scalar.place,
                got=scalar.text, help="an end of the range is a value the fact can have",
            )  # fmt: skip
        return number

    def parameter(self, node: Node) -> Parameter | None:
        """Return the parameter that *node* declares.

        One that is computed from the cohort is not complete: what it is computed from is noted in
        `computed`, to be read once every name is known.
        """
        form = Form(node, "a parameter", self._problems)
        parameter_id = self._names.id_of(form)
        from_cohort = form.node("cohort", needed=False)
        values: tuple[DatedValue, ...] = ()
        if from_cohort is None:
            required = form.boolean_if_any("required") or False
            values = read_dated_values(form, self._references, needed=not required)
        else:
            required = False
            told = "its value is computed from the cohort"
            form.forbid(dict.fromkeys(("values", "required"), told))
            basis = read_basis(form, self._references.documents, needed=True)
            self.computed[parameter_id] = ComputedDraft(from_cohort, basis)
        parameter = Parameter(
            id=parameter_id,
            title=form.text("title"),
            values=values,
            unit=form.text("unit", needed=False),
            about=form.text("about", needed=False),
            brief=read_brief(form),
            required=required,
            place=str(form.place),
        )
        return parameter if form.finish() else None


def read_dated_values(
    form: Form, references: References, *, needed: bool = True
) -> tuple[DatedValue, ...]:
    """Return the values at the key `values` of *form* by date; no two hold on one day."""
    placed = read_each(
        form, "values", lambda node: _dated_value(node, references, form.problems), needed=needed
    )
    if form.ok and form.has("values") and not placed:
        form.fail("missing-value", "`values` is empty", place=form.place_of("values"))
    ordered = sorted(placed, key=lambda pair: pair[0].span.start)
    for (earlier, at), (dated, place) in pairwise(ordered):
        if dated.span.start in earlier.span:
            form.fail(
                "overlapping-dates", f"on {dated.span.start} the value at {at} still holds",
                place=place, help="end the earlier span on the day before",
            )  # fmt: skip
    return tuple(dated for dated, _ in ordered)


def _dated_value(
    node: Node, references: References, problems: Problems
) -> tuple[DatedValue, Place] | None:
    form = Form(node, "a dated value", problems)
    dated = DatedValue(
        span=span_of(form),
        value=form.number("value"),
        basis=read_basis(form, references.documents, key="instrument", needed=True),
    )
    if form.ok and references.span is not None:
        refuse_dates_outside(form, dated.span, references.span)
    return (dated, form.place) if form.finish() else None


def read_categories(
    form: Form, *, is_category: bool
) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Return the values of a category, whether they have an order, and those outside it."""
    if not is_category:
        form.forbid({key: f"only a category has `{key}`" for key in _ONLY_CATEGORIES})
        return (), False, ()
    ordered = form.boolean_if_any("ordered") or False
    values = form.each("values", lambda s: read_id(s, "a value", form.problems))
    if form.ok and not values:
        form.fail("missing-value", "`values` is empty", place=form.place_of("values"))
    if not ordered:
        form.forbid({"outside_order": "there is no order for values to be outside of"})
        return values, False, ()

    def outside(scalar: Scalar) -> str | None:
        if scalar.text in values:
            message = "this value is in the order"
            form.problems.add("duplicate-entry", scalar.place, message, got=scalar.text)
            return None
        return read_id(scalar, "a value", form.problems)

    return values, True, form.each("outside_order", outside, needed=False)


def read_better(form: Form, *, is_ordered: bool, needed: bool = True) -> Better:
    """Return which direction is better; without an order there is none."""
    if not is_ordered:
        if form.choice("better", DIRECTIONS, "neither") != "neither":
            form.fail(
                "misplaced-key", "what has no order has no better direction",
                place=form.place_of("better"), got="better", help="say `ordered: yes` or `neither`",
            )  # fmt: skip
        return "neither"
    return form.choice("better", DIRECTIONS, None if needed else "neither")


def refuse_dates_outside(form: Form, span: Span, whole: Span) -> None:
    """Refuse a *span* no day of which lies in the *whole*, when the rulebook is in force."""
    if not overlap(span, whole):
        form.fail(
            "never-in-force",
            f"these dates are outside those of the rulebook, {whole.start} to "
            f"{whole.end or 'further notice'}",
            place=form.place_of("in_force"), help="remove it, or mend the dates",
        )  # fmt: skip


def overlap(one: Span, other: Span) -> bool:
    """Say whether two spans have a day in common."""
    return (other.end is None or one.start <= other.end) and (
        one.end is None or other.start <= one.end
    )


def _effort(form: Form, *, has_units: bool) -> Effort | None:
    """Return what the fact of *form* says changing it costs, if it says so."""
    node = form.node("effort", needed=False)
    if node is None:
        return None
    inner = Form(node, "`effort`", form.problems)
    if not has_units:
        inner.forbid({"per_unit": "only a number or an ordered category moves by units"})
    costs = {
        key: inner.number_if_any(key) or 0
        for key in ("per_change", "per_unit")
        if has_units or key == "per_change"
    }
    for key, cost in costs.items():
        if cost < 0:
            inner.fail(
                "out-of-range", "an effort is not below 0", place=inner.place_of(key),
                got=written(cost),
            )  # fmt: skip
    if inner.ok and not any(costs.values()):
        inner.fail(
            "missing-value", "an effort of nothing is none",
            help="say `per_change` or `per_unit`, or leave `effort` out",
        )  # fmt: skip
    if not inner.finish():
        form.ok = False
        return None
    return Effort(**costs)


def _refuse_deficit(form: Form, fact: Fact) -> None:
    words = fact.id.split("_")
    if "deficit" in words and "surplus" not in words:
        node = form.node("id")
        form.fail(
            "unsigned-deficit", "a number is not called a deficit: what would -5 of it be?",
            place=node.place if node is not None else form.place, got=fact.id,
            help="state the signed position, surplus positive, and call it "
            f"`{'_'.join('surplus_deficit' if word == 'deficit' else word for word in words)}`",
        )  # fmt: skip
    if "deficit" in fact.unit.lower() and "surplus" not in fact.unit.lower():
        form.fail(
            "unsigned-deficit", "a unit is not a deficit: surplus is positive, deficit negative",
            place=form.place_of("unit"), got=fact.unit, help="say what is counted, such as `%`",
        )  # fmt: skip
