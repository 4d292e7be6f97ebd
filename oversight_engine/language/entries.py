"""Conditions, quantities and roundings as they stand at the keys of a form."""

from __future__ import annotations

from oversight_engine.language.expressions import read_formula, read_statement
from oversight_engine.language.facts import MOST_DECIMALS
from oversight_engine.language.forms import Form, Names
from oversight_engine.language.headings import read_basis
from oversight_engine.language.scope import Scope
from oversight_engine.model.expression import Formula, Statement
from oversight_engine.model.number import Rounding
from oversight_engine.model.rulebook import RoundingTo

ROUNDINGS: tuple[Rounding, ...] = ("half_even", "half_up", "down", "up")


def statement_at(form: Form, key: str, scope: Scope) -> Statement | None:
    """Return the condition at *key*, or None; every problem is noted."""
    scalar = form.scalar(key)
    statement = None if scalar is None else read_statement(scalar, scope, form.problems)
    form.ok = form.ok and statement is not None
    return statement


def formula_at(
    form: Form, key: str, scope: Scope, *, unit: str | None, constant: bool = False
) -> Formula | None:
    """Return the quantity at *key*, or None; every problem is noted.

    It must be in *unit*, unless that is None, and a *constant* if that is asked for.
    """
    scalar = form.scalar(key)
    formula = None
    if scalar is not None:
        formula = read_formula(scalar, scope, form.problems, unit=unit, constant=constant)
    form.ok = form.ok and formula is not None
    return formula


def rounding_at(form: Form, key: str, documents: Names) -> RoundingTo | None:
    """Return how numbers are rounded, as *key* says, if it is there."""
    node = form.node(key, needed=False)
    if node is None:
        return None
    inner = Form(node, f"`{key}`", form.problems)
    rounding = RoundingTo(
        inner.whole("decimals", most=MOST_DECIMALS),
        inner.choice("mode", ROUNDINGS),
        read_basis(inner, documents, needed=True),
    )
    form.ok = inner.finish() and form.ok
    return rounding
