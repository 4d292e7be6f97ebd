"""Quantities and conditions in words: as a rulebook states them, and as a decision found them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from oversight_engine.explanation.wording import (
    capital,
    in_sentence,
    say_id,
    say_list,
    say_number,
    say_value,
)
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision, FactReading, LeafResult
from oversight_engine.model.expression import (
    MIRRORED,
    Aggregate,
    And,
    CategoryComparison,
    Comparison,
    Condition,
    Count,
    DaysSince,
    Holds,
    Known,
    Leaf,
    Membership,
    Name,
    Not,
    Number,
    Operator,
    Or,
    Product,
    Quantity,
    Quotient,
    Sum,
    names_in_leaf,
    names_in_quantity,
)
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.trace import Conclusion, Operand
from oversight_engine.model.truth import TRUE, UNKNOWN, Truth

_SAID: Mapping[Operator, str] = {
    "<": "less than", "<=": "at most", ">": "more than", ">=": "at least",
    "==": "exactly", "!=": "other than",
}  # fmt: skip
_SAID_OF_ORDER: Mapping[Operator, str] = {**_SAID, "<": "below", ">": "above", "==": ""}
_OPPOSITE: Mapping[Operator, Operator] = {
    "<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "==",
}  # fmt: skip
_OF_KNOWN = {
    "mean_known": "the mean of what is known of",
    "min_known": "the least of what is known of",
    "max_known": "the most of what is known of",
    "sum_known": "the sum of what is known of",
}


class Titles:
    """The words for what a rulebook states: titles and units from the rulebook alone."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Speak of *rulebook*."""
        self.rulebook = rulebook

    def title(self, name: Name) -> str:
        """Return the title of what *name* refers to."""
        if name.referent == "fact":
            return self.rulebook.fact(name.id).title
        if name.referent == "finding":
            return self.rulebook.finding(name.id).title
        return self.rulebook.parameter(name.id).title

    def unit(self, *quantities: Quantity) -> str:
        """Return the unit of *quantities* that are compared: that of the first to have one."""
        return next(filter(None, map(self._unit_in, quantities)), "")

    def _unit_in(self, quantity: Quantity) -> str:
        """Return the unit of *quantity*; factors, divisors and weights leave it as it is."""
        if isinstance(quantity, Name):
            return self._unit_of(quantity)
        if isinstance(quantity, DaysSince):
            return "days"
        if isinstance(quantity, Sum):
            return self.unit(quantity.left, quantity.right)
        if isinstance(quantity, Product | Quotient):
            return self._unit_in(quantity.operand)
        return self.unit(*quantity.operands) if isinstance(quantity, Aggregate) else ""

    def _unit_of(self, name: Name) -> str:
        if name.referent == "fact":
            return self.rulebook.fact(name.id).unit
        if name.referent == "finding":
            return self.rulebook.finding(name.id).unit
        return self.rulebook.parameter(name.id).unit

    def quantity(self, quantity: Quantity) -> str:
        """Return *quantity* in words, by the titles of what it mentions."""
        if isinstance(quantity, Number):
            return say_number(quantity.value)
        if isinstance(quantity, Name):
            return self.title(quantity)
        if isinstance(quantity, Sum):
            word = "-" if quantity.minus else "+"
            return f"{self.quantity(quantity.left)} {word} {self._grouped(quantity.right)}"
        if isinstance(quantity, Product):
            return f"{self._grouped(quantity.factor)} × {self._grouped(quantity.operand)}"
        if isinstance(quantity, Quotient):
            return f"{self._grouped(quantity.operand)} / {self._grouped(quantity.divisor)}"
        if isinstance(quantity, DaysSince):
            return f"days since: {self.rulebook.fact(quantity.fact).title}"
        return self._aggregate(quantity)

    def _grouped(self, quantity: Quantity) -> str:
        said = self.quantity(quantity)
        return f"({said})" if isinstance(quantity, Sum) else said

    def _aggregate(self, quantity: Aggregate) -> str:
        weighted = ", weighted" if quantity.weights else ""
        parts = "; ".join(self.quantity(part) for part in quantity.operands)
        return f"{_OF_KNOWN[quantity.function]} ({parts}){weighted}"

    def condition(self, condition: Condition) -> str:
        """Return *condition* as it stands within a sentence."""
        if isinstance(condition, Not):
            return f"not ({self.condition(condition.condition)})"
        if isinstance(condition, And | Or):
            word = ", and " if isinstance(condition, And) else ", or "
            return word.join(
                f"({self.condition(part)})" if isinstance(part, And | Or) else self.condition(part)
                for part in condition.conditions
            )
        if isinstance(condition, Count):
            counted = "; ".join(map(self.condition, condition.conditions))
            bound = self.quantity(condition.right)
            return f"{_SAID[condition.operator]} {bound} of these hold: ({counted})"
        return self._leaf(condition)

    def _leaf(self, leaf: Leaf) -> str:
        if isinstance(leaf, Comparison):
            subject, operator, threshold = sides(leaf)
            bound = self.quantity(threshold)
            if isinstance(threshold, Number):
                bound = say_number(threshold.value, self.unit(subject))
            return f"{in_sentence(self.quantity(subject))} is {_SAID[operator]} {bound}"
        assert not isinstance(leaf, Count), "a count holds conditions of its own"
        title = in_sentence(self.title(leaf.name))
        if isinstance(leaf, Known):
            return f"it is known whether, or how much: {title}"
        if isinstance(leaf, CategoryComparison):
            return f"{title} is {_SAID_OF_ORDER[leaf.operator]} {say_id(leaf.value)}"
        if isinstance(leaf, Membership):
            members = say_list(self.members(leaf), "or")
            return f"{title} is {'not ' if leaf.negated else ''}{members}"
        return title

    def members(self, leaf: Membership) -> Sequence[str]:
        """Return the values that *leaf* lists."""
        unit = self._unit_of(leaf.name)
        return [say_value(value, unit) for value in leaf.values]


class Words(Titles):
    """The words for what one decision found: titles, units and values from the decision alone."""

    def __init__(self, decision: Decision) -> None:
        """Speak of *decision*."""
        super().__init__(decision.rulebook)
        self.readings: Mapping[str, FactReading] = {r.fact.id: r for r in decision.facts}
        self.findings = {result.finding.id: result for result in decision.findings}
        self.parameters = {use.parameter.id: use for use in decision.parameters}

    def why_unknown(self, names: Iterable[Name]) -> str:
        """Return which of *names* are unknown, each fact with why; only the why of a single one."""
        unknown = [(name, why) for name in dict.fromkeys(names) if (why := self._why(name))]
        if len(unknown) == 1 and unknown[0][0].referent == "fact":
            (_, why) = unknown[0]
            return why
        return "; ".join(f"{self.title(name)}: {why}" for name, why in unknown)

    def _why(self, name: Name) -> str:
        if name.referent == "fact":
            return self.readings[name.id].why_unknown
        if name.referent == "finding" and self.findings[name.id].conclusion in (None, UNKNOWN):
            return "unknown"
        return ""

    def named_value(self, name: Name) -> str:
        """Return the title of what *name* refers to, and its value or why it has none."""
        if name.referent == "parameter":
            value: Conclusion | Value = self.parameters[name.id].dated.value
        elif name.referent == "finding":
            value = self.findings[name.id].conclusion
        else:
            value = self.readings[name.id].value
        why = self._why(name) if name.referent == "fact" else ""
        said = say_value(value, self._unit_of(name))
        return f"{self.title(name)}: {said}{f' ({why})' if why else ''}"

    def wanted(self, result: LeafResult, want: Truth) -> str:
        """Return what the leaf of *result* asks for, for its truth to be what is wanted."""
        leaf = result.leaf
        if isinstance(leaf, Holds | Known):
            yes, no = ("known", "not known") if isinstance(leaf, Known) else ("yes", "no")
            return yes if want is TRUE else no
        if isinstance(leaf, Membership):
            is_among = (want is TRUE) is not leaf.negated
            return ("" if is_among else "not ") + say_list(self.members(leaf), "or")
        if isinstance(leaf, CategoryComparison):
            operator = leaf.operator if want is TRUE else _OPPOSITE[leaf.operator]
            return f"{_SAID_OF_ORDER[operator]} {say_id(leaf.value)}".strip()
        if isinstance(leaf, Comparison):
            subject, operator, threshold = sides(leaf)
            bound = result.right if subject is leaf.left else result.left
            unit = self.unit(subject, threshold)
        else:
            operator, threshold, bound, unit = leaf.operator, leaf.right, result.right, ""
        said = _SAID[operator if want is TRUE else _OPPOSITE[operator]]
        subject_said, _ = self.subject_of(result)
        return f"{said} {self._threshold(threshold, bound, unit, subject_said)}"

    def subject_of(self, result: LeafResult) -> tuple[str, str]:
        """Return what the leaf of *result* is about, and what that came to."""
        leaf = result.leaf
        if isinstance(leaf, Count):
            assert isinstance(result.left, tuple), "a count is the interval of how many may hold"
            least, most = result.left
            number = str(least) if least == most else f"between {least} and {most}"
            return f"how many of these {len(leaf.conditions)} hold", number
        if isinstance(leaf, Comparison):
            subject, _, threshold = sides(leaf)
            value = result.left if subject is leaf.left else result.right
            return self.quantity(subject), _said(value, self.unit(subject, threshold))
        if isinstance(leaf, Known):
            return self.title(leaf.name), self.wanted(result, result.truth)
        return self.title(leaf.name), _said(result.left, self._unit_of(leaf.name))

    def leaf(self, result: LeafResult) -> str:
        """Return what *result* found: the value, and how it stands to what it is compared with."""
        leaf = result.leaf
        subject, value = self.subject_of(result)
        found = f"{capital(subject)}: {value}"
        if result.truth is UNKNOWN:
            return self._undecided(result, capital(subject), value)
        if isinstance(leaf, Holds | Known):
            return found
        if isinstance(leaf, Membership):
            return found + self._among(leaf, result.truth)
        if isinstance(leaf, CategoryComparison) and not self._is_in_order(leaf, result):
            return f"{found}, outside the order in which {say_id(leaf.value)} stands"
        return f"{found}, {self.wanted(result, result.truth)}"

    def _undecided(self, result: LeafResult, subject: str, value: str) -> str:
        leaf = result.leaf
        if isinstance(leaf, Count):
            return f"{subject}: {value}; asked: {self.wanted(result, TRUE)}"
        names = [*names_in_leaf(leaf)]
        why = self.why_unknown(names)
        is_itself = len(names) == 1 and names[0].referent == "finding"
        because = "" if is_itself or not why else f" ({why})"
        if isinstance(leaf, Holds):
            return f"{subject}: unknown{because}"
        return f"{subject}: {value}{because}; asked: {self.wanted(result, TRUE)}"

    def _threshold(self, threshold: Quantity, bound: Operand, unit: str, subject: str) -> str:
        """Return the threshold with its name, unless it has the name of what it is for."""
        if isinstance(threshold, Number):
            return say_number(threshold.value, unit)
        name = self.quantity(threshold)
        if bound is None:
            return name
        value = _said(bound, unit)
        return value if name == subject else f"{value} ({name})"

    def _is_in_order(self, leaf: CategoryComparison, result: LeafResult) -> bool:
        return result.left in self.rulebook.categories(leaf.name)

    def _among(self, leaf: Membership, truth: Truth) -> str:
        is_among = (truth is TRUE) is not leaf.negated
        members = self.members(leaf)
        if len(members) == 1:
            return "" if is_among else f", not {members[0]}"
        return f", {'one' if is_among else 'none'} of {say_list(members, 'or')}"


def _said(operand: Operand, unit: str) -> str:
    """Return a side of a leaf in words."""
    assert not isinstance(operand, tuple), "counts have words of their own"
    return say_value(operand, unit)


def sides(leaf: Comparison) -> tuple[Quantity, Operator, Quantity]:
    """Return the subject of *leaf*, how it is compared, and the threshold.

    The subject is the side that mentions a fact or a finding; a threshold on the left is turned
    round, so that `70 <= cancer_pct` reads as `cancer_pct >= 70`.
    """
    if _is_constant(leaf.left) and not _is_constant(leaf.right):
        return leaf.right, MIRRORED[leaf.operator], leaf.left
    return leaf.left, leaf.operator, leaf.right


def _is_constant(quantity: Quantity) -> bool:
    return all(name.referent == "parameter" for name in names_in_quantity(quantity))
