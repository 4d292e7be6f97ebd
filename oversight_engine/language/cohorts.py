"""What a rulebook computes from a cohort: who belongs to it, quantiles, counts, scores by rank."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from itertools import pairwise
from typing import get_args

from attrs import evolve

from oversight_engine.language.entries import formula_at, rounding_at, statement_at
from oversight_engine.language.facts import ComputedDraft
from oversight_engine.language.forms import Form
from oversight_engine.language.headings import References, read_basis
from oversight_engine.language.problems import Problems, quoted
from oversight_engine.language.scope import Scope, constant_on, days_that_differ, unit_of, varies
from oversight_engine.language.source import Node
from oversight_engine.model.expression import Formula
from oversight_engine.model.number import Exact, written
from oversight_engine.model.rulebook import Finding, Parameter
from oversight_engine.model.together import (
    CohortCount,
    CohortDeclaration,
    CohortQuantile,
    Interpolation,
    Ranked,
    Side,
    Threshold,
)

INTERPOLATIONS: tuple[Interpolation, ...] = get_args(Interpolation)
SIDES: tuple[Side, ...] = get_args(Side)


class CohortReader:
    """Reads what rests on a cohort, once every name of the rulebook is known."""

    def __init__(self, references: References, scope: Scope, problems: Problems) -> None:
        """Refer to what the heading declares and to the names of *scope*."""
        self._references = references
        self._scope = scope
        self._problems = problems

    def declaration(self, node: Node | None) -> CohortDeclaration | None:
        """Return what *node*, the heading's `cohort`, declares."""
        if node is None:
            return None
        form = Form(node, "`cohort`", self._problems)
        members = None
        if form.node("members", needed=False) is not None:
            members = statement_at(form, "members", self._scope)
        declaration = CohortDeclaration(
            title=form.text("title"),
            smallest=form.whole("smallest", least=1),
            members=members,
            basis=read_basis(form, self._references.documents, needed=True),
            about=form.text("about", needed=False),
        )
        return declaration if form.finish() else None

    def parameters(
        self, parameters: tuple[Parameter, ...], computed: Mapping[str, ComputedDraft]
    ) -> tuple[Parameter, ...]:
        """Return *parameters*, those that are *computed* with what they are computed from."""
        complete = []
        for parameter in parameters:
            draft = computed.get(parameter.id)
            if draft is None:
                complete.append(parameter)
            elif (found := self._computed(parameter, draft)) is not None:
                complete.append(evolve(parameter, cohort=found))
        return tuple(complete)

    def _computed(
        self, parameter: Parameter, draft: ComputedDraft
    ) -> CohortQuantile | CohortCount | None:
        form = Form(draft.node, "`cohort`", self._problems)
        keys = ("quantile", "count")
        found = [key for key in keys if form.has(key)]
        if len(found) != 1:
            if form.is_mapping:
                message = f"what is computed from a cohort is exactly one of {quoted(keys)}"
                form.fail("one-of", message, got=", ".join(found))
            form.abandon()
            return None
        if found == ["count"]:
            form.forbid(dict.fromkeys(("at", "interpolation"), "only a quantile has this"))
            condition = statement_at(form, "count", self._scope)
            if not form.finish() or condition is None:
                return None
            return CohortCount(condition, draft.basis)
        of = formula_at(form, "quantile", self._scope, unit=parameter.unit)
        at = form.number("at")
        interpolation = form.choice("interpolation", INTERPOLATIONS)
        if not 0 <= at <= 1:
            form.fail(
                "out-of-range", "`at` is from 0, the least, to 1, the most",
                place=form.place_of("at"), got=written(at),
            )  # fmt: skip
        if not form.finish() or of is None:
            return None
        return CohortQuantile(of, at, interpolation, draft.basis)

    def ranked(self, node: Node, finding: Finding, value: Formula | None) -> Ranked | None:
        """Return how the *value* of *finding* is ranked, as *node* says."""
        form = Form(node, "`ranked`", self._problems)
        better = form.choice("better", SIDES)
        standard, floor = (self._threshold(form, key, finding, value) for key in _THRESHOLDS)
        best = formula_at(form, "best", self._scope, unit=finding.unit, constant=True)
        worst = formula_at(form, "worst", self._scope, unit=finding.unit, constant=True)
        rounded = rounding_at(form, "rounded", self._references.documents)
        if not form.finish() or best is None or worst is None:
            return None
        ranked = Ranked(better, best, worst, standard, floor, rounded)
        if any(varies(formula.quantity, self._scope) for formula in ranked.formulas):
            form.fail("bad-ranking", "thresholds and scores are the same for every cohort")
        self._check(form, ranked)
        return ranked if form.ok else None

    def _threshold(
        self, outer: Form, key: str, finding: Finding, value: Formula | None
    ) -> Threshold | None:
        node = outer.node(key, needed=False)
        if node is None:
            return None
        form = Form(node, f"`{key}`", self._problems)
        unit = None if value is None else unit_of(value.quantity, self._scope)
        at = formula_at(form, "at", self._scope, unit=unit, constant=True)
        score = formula_at(form, "score", self._scope, unit=finding.unit, constant=True)
        outer.ok = form.finish() and outer.ok
        return Threshold(at, score) if at is not None and score is not None else None

    def _check(self, form: Form, ranked: Ranked) -> None:
        """Refuse scores that do not go one way, and a floor that is better than the standard."""
        constants = [formula.quantity for formula in ranked.formulas]
        for day in days_that_differ(constants, self._scope.parameters):
            fault = self._fault(ranked, day)
            if fault:
                form.fail("bad-ranking", fault)
                return

    def _fault(self, ranked: Ranked, day: datetime.date) -> str:
        """Return what is wrong with *ranked* on *day*, or an empty text."""
        standard, floor = ranked.standard, ranked.floor
        scores = [ranked.best, ranked.worst]
        scores[:0] = [] if standard is None else [standard.score]
        scores += [] if floor is None else [floor.score]
        worths = [self._worth(score, day) for score in scores]
        known = [worth for worth in worths if worth is not None]
        ways = {(after > before) - (after < before) for before, after in pairwise(known)} - {0}
        if len(known) == len(scores) and len(ways) != 1:
            told = ", ".join(map(written, known))
            return f"from the standard over best and worst to the floor, scores go one way: {told}"
        if standard is not None and floor is not None:
            high, low = self._worth(standard.at, day), self._worth(floor.at, day)
            if ranked.better == "lower":
                high, low = low, high
            if high is not None and low is not None and high < low:
                return "the floor is better than the standard"
        return ""

    def _worth(self, formula: Formula, day: datetime.date) -> Exact | None:
        return constant_on(formula.quantity, day, self._scope.parameters)


_THRESHOLDS = ("standard", "floor")
