"""Who is proposed, of many systems: from the heading of a rulebook to the model."""

from __future__ import annotations

from oversight_engine.language.cohorts import SIDES
from oversight_engine.language.entries import formula_at
from oversight_engine.language.forms import Form, Names
from oversight_engine.language.headings import References, Register, read_basis, read_each
from oversight_engine.language.problems import Problems
from oversight_engine.language.scope import Declared, Scope, constant_on, days_that_differ
from oversight_engine.language.source import Node, Scalar
from oversight_engine.model.expression import Formula
from oversight_engine.model.number import written
from oversight_engine.model.together import OrderKey, ProposalDeclaration


class ProposalReader:
    """Reads which systems are proposed, once facts, findings and consequences are known."""

    def __init__(
        self, references: References, scope: Scope, consequences: Names, problems: Problems
    ) -> None:
        """Refer to what the heading declares, the names of *scope* and the *consequences*."""
        self._references = references
        self._scope = scope
        self._consequences = consequences
        self._problems = problems
        self._proposals = Register("proposal")

    def proposal(self, node: Node) -> ProposalDeclaration | None:
        """Return what *node* says of one kind of proposal."""
        form = Form(node, "a proposal", self._problems)
        proposal_id, title = self._proposals.id_of(form), form.text("title")
        consequence = form.reference("consequence", self._consequences)
        places = formula_at(form, "places", self._scope, unit=None, constant=True)
        if places is not None:
            self._check_places(form, places)
        order = read_each(form, "order", self._key, needed=True)
        if form.ok and not order:
            form.fail("missing-value", "`order` is empty", place=form.place_of("order"))
        basis = read_basis(form, self._references.documents, needed=True, brief=True)
        about = form.text("about", needed=False)
        if not form.finish() or places is None:
            return None
        return ProposalDeclaration(
            proposal_id, title, consequence, places, order, basis, about, str(form.place)
        )

    def _check_places(self, form: Form, places: Formula) -> None:
        """Refuse a number of places that is not whole, or below nothing, on some day."""
        parameters = self._scope.parameters
        for day in days_that_differ((places.quantity,), parameters):
            worth = constant_on(places.quantity, day, parameters)
            if worth is not None and (not isinstance(worth, int) or worth < 0):
                form.fail(
                    "not-whole", "`places` is a whole number, and not below nothing",
                    place=form.place_of("places"), got=written(worth),
                )  # fmt: skip
                return

    def _key(self, node: Node) -> OrderKey | None:
        form = Form(node, "an entry of `order`", self._problems)
        scalar = form.scalar("by")
        first = form.choice("first", SIDES)
        declared = self._declared(form, scalar) if scalar is not None else None
        return OrderKey(declared.name, first) if form.finish() and declared is not None else None

    def _declared(self, form: Form, scalar: Scalar) -> Declared | None:
        """Return what *scalar* names, or note that it puts nothing in an order."""
        declared = self._scope.names.get(scalar.text)
        if declared is None:
            if self._scope.is_complete:
                form.fail(
                    "unknown-name", "no fact or finding has this name", place=scalar.place,
                    got=scalar.text,
                    help=self._problems.did_you_mean(scalar.text, self._scope.names),
                )  # fmt: skip
            form.ok = False
            return None
        is_unordered = declared.kind == "category" and not declared.ordered
        if declared.name.referent == "parameter" or is_unordered:
            why = "is the same for all" if not is_unordered else "is a category without an order"
            form.fail(
                "no-order", f"this {why}, so it puts nothing in order", place=scalar.place,
                got=scalar.text, help="name a fact or a finding that has an order",
            )  # fmt: skip
        return declared if declared.kind != "unclear" else None
