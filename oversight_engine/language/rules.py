"""Rules and consequences: from their files to the model."""

from __future__ import annotations

from typing import get_args

from oversight_engine.language.entries import statement_at
from oversight_engine.language.facts import refuse_dates_outside
from oversight_engine.language.forms import Form, read_choice, read_id
from oversight_engine.language.headings import References, Register, read_basis, read_span
from oversight_engine.language.problems import Problems, quoted
from oversight_engine.language.scope import Scope
from oversight_engine.language.source import Node
from oversight_engine.model.expression import Statement
from oversight_engine.model.rulebook import (
    REFER,
    REFERRAL,
    Consequence,
    ConsequenceKind,
    IfUnknown,
    Rule,
    Span,
)

CONSEQUENCE_KINDS: tuple[ConsequenceKind, ...] = get_args(ConsequenceKind)
IF_UNKNOWN: tuple[IfUnknown, ...] = get_args(IfUnknown)
WITH_ACTOR: tuple[ConsequenceKind, ...] = ("lead", "informed")


class RuleReader:
    """Reads what leads to outcomes, and what outcomes lead to."""

    def __init__(self, references: References, scope: Scope, problems: Problems) -> None:
        """Refer to what the heading declares and to the names of *scope*."""
        self._references = references
        self._scope = scope
        self._problems = problems
        self.rules = Register("rule")
        self.consequences = Register("consequence", "unknown-consequence")

    def rule(self, node: Node) -> Rule | None:
        """Return the rule that *node* states."""
        form = Form(node, "a rule", self._problems)
        rule_id, title = self.rules.id_of(form), form.text("title")
        outcome = self._outcome(form)
        negated = form.has("unless")
        statement = self._condition(form)
        if_unknown = self._if_unknown(form, outcome)
        principle = form.reference("principle", self._references.principles)
        theme = form.reference("theme", self._references.themes, needed=False)
        reason = self._reason(form, if_unknown)
        measure = self._measure(form, outcome)
        span = self._span(form)
        basis = read_basis(form, self._references.documents, needed=True, brief=True)
        about = form.text("about", needed=False)
        if not form.finish() or statement is None:
            return None
        return Rule(
            id=rule_id,
            title=title,
            statement=statement,
            negated=negated,
            outcome=outcome,
            if_unknown=if_unknown,
            principle=principle,
            theme=theme,
            reason_to_ignore=reason,
            measure=measure,
            span=span,
            basis=basis,
            about=about,
            place=str(form.place),
        )

    def _condition(self, form: Form) -> Statement | None:
        keys = ("when", "unless")
        found = [key for key in keys if form.node(key, needed=False) is not None]
        if len(found) == 1:
            return statement_at(form, found[0], self._scope)
        if form.is_mapping:
            message = f"a rule has exactly one of {quoted(keys)}"
            form.fail("one-of", message, got=", ".join(found))
        return None

    def _outcome(self, form: Form) -> str:
        scalar = form.scalar("outcome")
        scale = self._references.outcomes
        if scalar is None or scale is None:
            return scalar.text if scalar is not None else ""
        if scalar.text == scale[0]:
            form.fail(
                "lightest-outcome", "the lightest outcome is what remains where no rule holds",
                place=scalar.place, got=scalar.text,
                help="name an outcome above it, and say what stands against the lightest",
            )  # fmt: skip
            return scalar.text
        allowed = (*scale[1:], REFER)
        outcome = read_choice(scalar, "`outcome`", self._problems, allowed, "unknown-outcome")
        form.ok = form.ok and outcome is not None
        return outcome or ""

    def _is_harshest(self, outcome: str) -> bool:
        scale = self._references.outcomes
        return scale is not None and outcome == scale[-1]

    def _if_unknown(self, form: Form, outcome: str) -> IfUnknown:
        is_harshest = self._is_harshest(outcome)
        stated = form.choice("if_unknown", IF_UNKNOWN, "refer" if is_harshest else "hold_back")
        place = form.place_of("if_unknown")
        if is_harshest and stated == "hold_back":
            form.fail(
                "harshest-holds-back", "the harshest outcome is never inferred from silence",
                place=place, got=stated, help="say `refer`, or leave `if_unknown` out",
            )  # fmt: skip
        if outcome == REFER and stated != "hold_back":
            form.fail(
                "misplaced-key", "a rule of admissibility that is unknown counts as held",
                place=place, got=stated, help="leave `if_unknown` out",
            )  # fmt: skip
        return stated

    def _reason(self, form: Form, if_unknown: IfUnknown) -> str:
        if if_unknown == "ignore":
            if form.has("reason_to_ignore"):
                return form.text("reason_to_ignore")
            form.fail(
                "ignore-without-reason", "`ignore` needs a written reason",
                place=form.place_of("if_unknown"), help="add `reason_to_ignore`",
            )  # fmt: skip
        form.forbid({"reason_to_ignore": "only a rule that says `if_unknown: ignore` has a reason"})
        return ""

    def _measure(self, form: Form, outcome: str) -> str:
        measure = form.reference("measure", self._references.measures, needed=False)
        scale = self._references.outcomes
        if form.has("measure") and scale is not None and outcome and outcome != scale[-1]:
            form.fail(
                "misplaced-key", f"a measure goes with the harshest outcome, `{scale[-1]}`",
                place=form.place_of("measure"), got="measure",
            )  # fmt: skip
        return measure

    def _span(self, form: Form) -> Span | None:
        node = form.node("in_force", needed=False)
        span = read_span(node, "`in_force`", self._problems)
        form.ok = form.ok and (node is None or span is not None)
        if span is not None and self._references.span is not None:
            refuse_dates_outside(form, span, self._references.span)
        return span

    def consequence(self, node: Node) -> Consequence | None:
        """Return the consequence that *node* states."""
        form = Form(node, "a consequence", self._problems)
        consequence_id, title = self.consequences.id_of(form), form.text("title")
        form.node("kind")
        kind = form.choice_if_any("kind", CONSEQUENCE_KINDS)
        if kind is None:
            form.abandon()
            return None
        outcomes = self._outcomes(form)
        statement = None
        if form.node("when", needed=False) is not None:
            statement = statement_at(form, "when", self._scope)
        per_year, days, actor = self._particulars(form, kind)
        consequence = Consequence(
            id=consequence_id,
            kind=kind,
            title=title,
            outcomes=outcomes,
            statement=statement,
            per_year=per_year,
            days=days,
            actor=actor,
            theme=form.reference("theme", self._references.themes, needed=False),
            principle=form.reference("principle", self._references.principles, needed=False),
            basis=read_basis(form, self._references.documents, needed=True, brief=True),
            about=form.text("about", needed=False),
            place=str(form.place),
        )
        return consequence if form.finish() else None

    def _outcomes(self, form: Form) -> tuple[str, ...]:
        scale = self._references.outcomes
        if scale is None:
            return form.each("outcomes", lambda s: read_id(s, "an outcome", self._problems))
        outcomes = form.choices("outcomes", (*scale, REFERRAL), code="unknown-outcome")
        if form.ok and not outcomes:
            form.fail("missing-value", "`outcomes` is empty", place=form.place_of("outcomes"))
        return outcomes

    def _particulars(self, form: Form, kind: ConsequenceKind) -> tuple[int | None, int | None, str]:
        """Return how many a year, after how many days, and who: what each kind has of its own."""
        per_year = days = None
        actor = ""
        if kind == "return":
            per_year = form.whole("per_year", least=1)
        else:
            form.forbid({"per_year": "only a return has `per_year`"})
        if kind == "review":
            days = form.whole("days", least=1)
        else:
            form.forbid({"days": "only a review has `days`"})
        if kind in WITH_ACTOR:
            actor = form.text("actor")
        else:
            form.forbid({"actor": "only `lead` and `informed` have an `actor`"})
        return per_year, days, actor
