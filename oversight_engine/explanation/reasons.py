"""Why a rule or a finding came to its truth, and what would have to be otherwise, line by line.

Views over what a decision recorded: the truth of a compound is read off its recorded leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from oversight_engine.explanation.conditions import Words, sides
from oversight_engine.explanation.page import Line, Mark
from oversight_engine.explanation.wording import capital, say_value
from oversight_engine.model.decision import (
    Decision,
    FindingResult,
    LeafResult,
    ParameterUse,
    RuleResult,
)
from oversight_engine.model.expression import (
    And,
    Comparison,
    Condition,
    Count,
    Holds,
    Leaf,
    Name,
    Not,
    Or,
    names_in_condition,
    names_in_leaf,
    names_in_quantity,
)
from oversight_engine.model.in_force import names_in_finding
from oversight_engine.model.truth import (
    FALSE,
    TRUE,
    UNKNOWN,
    Truth,
    conjunction,
    disjunction,
    negation,
)

_MARKS: dict[Truth, Mark] = {TRUE: "true", FALSE: "false", UNKNOWN: "unknown"}


class Node(NamedTuple):
    """A condition with its truth: a leaf has its result, a compound (and a count) has parts."""

    condition: Condition
    truth: Truth
    result: LeafResult | None
    parts: tuple[Node, ...]


def tree_of(condition: Condition, results: Iterator[LeafResult]) -> Node:
    """Return *condition* with the truth of each part; *results* are those of its leaves."""
    if isinstance(condition, And | Or):
        parts = tuple([tree_of(part, results) for part in condition.conditions])
        combine = conjunction if isinstance(condition, And) else disjunction
        return Node(condition, combine(part.truth for part in parts), None, parts)
    if isinstance(condition, Not):
        inner = tree_of(condition.condition, results)
        return Node(condition, negation(inner.truth), None, (inner,))
    result = next(results)
    counted = condition.conditions if isinstance(condition, Count) else ()
    parts = tuple([tree_of(part, results) for part in counted])
    return Node(condition, result.truth, result, parts)


class Reasons:
    """The reasons within one decision, as lines."""

    def __init__(self, decision: Decision) -> None:
        """Give reasons for *decision*."""
        self.words = Words(decision)
        self._findings = self.words.findings

    # Why something came to its truth

    def of_rule(self, result: RuleResult, level: int = 0) -> list[Line]:
        """Return what each condition of the rule was, and what the facts said."""
        tree = tree_of(result.rule.statement.condition, iter(result.leaves))
        finding = self._finding_named_like(result, tree)
        if finding is None:
            return self._why_parts(tree, level, set())
        # The rule says what the finding says, so the finding need not be said again.
        return self._why_finding(finding, level, {finding.finding.id})

    def _finding_named_like(self, result: RuleResult, tree: Node) -> FindingResult | None:
        leaf = tree.condition
        if not isinstance(leaf, Holds) or leaf.name.referent != "finding" or result.rule.negated:
            return None
        finding = self._findings[leaf.name.id]
        return finding if finding.finding.title == result.rule.title else None

    def parameters_of(self, result: RuleResult) -> list[ParameterUse]:
        """Return the parameters in the rule's conditions, and in those of its findings."""
        names = dict.fromkeys(names_in_condition(result.rule.statement.condition))
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name.referent == "finding":
                behind = names_in_finding(self._findings[name.id].finding)
                new = [other for other in behind if other not in names]
                names.update(dict.fromkeys(new))
                waiting += new
        wanted = {name.id for name in names if name.referent == "parameter"}
        return [use for use in self.words.parameters.values() if use.parameter.id in wanted]

    def _why_parts(self, node: Node, level: int, told: set[str]) -> list[Line]:
        """Return lines for *node* as a whole statement: that all its parts count goes unsaid."""
        if isinstance(node.condition, And):
            return self._why_each(node.parts, level, told)
        return self._why(node, level, told)

    def _why(
        self, node: Node, level: int, told: set[str], negated: Truth | None = None
    ) -> list[Line]:
        """Return lines for *node*; *negated* is the truth of the negation it stands in."""
        if isinstance(node.condition, Not):
            return self._why(node.parts[0], level, told, negated or node.truth)
        mark = _MARKS[negated or node.truth]
        below = self._why_each(node.parts, level + 1, told)
        if node.result is None:
            return [Line(_said_of_compound(node, negated), level, mark), *below]
        behind = self._behind(node.result.leaf, level + 1, told)
        return [Line(self.words.leaf(node.result), level, mark), *below, *behind]

    def _why_each(self, nodes: Iterable[Node], level: int, told: set[str]) -> list[Line]:
        return [line for node in nodes for line in self._why(node, level, told)]

    def _behind(self, leaf: Leaf, level: int, told: set[str]) -> list[Line]:
        """Return where what *leaf* compares comes from, each finding told once for a rule."""
        if not isinstance(leaf, Comparison):
            return [] if isinstance(leaf, Count) else self._inputs_of(leaf.name, level, told)
        subject, _, _ = sides(leaf)
        if isinstance(subject, Name):
            return self._inputs_of(subject, level, told)
        return self._inputs(names_in_quantity(subject), level, told)

    def _inputs(self, names: Iterable[Name], level: int, told: set[str]) -> list[Line]:
        lines: list[Line] = []
        for name in dict.fromkeys(names):
            lines.append(Line(self.words.named_value(name), level, "item"))
            lines += self._inputs_of(name, level + 1, told)
        return lines

    def _inputs_of(self, name: Name, level: int, told: set[str]) -> list[Line]:
        """Return what the finding *name* came from; a fact comes from nothing else."""
        if name.referent != "finding" or name.id in told:
            return []
        told.add(name.id)
        return self._why_finding(self._findings[name.id], level, told)

    def _why_finding(self, result: FindingResult, level: int, told: set[str]) -> list[Line]:
        finding = result.finding
        if finding.when is None:
            return self._inputs(names_in_finding(finding), level, told)
        return self._why_parts(tree_of(finding.when.condition, iter(result.leaves)), level, told)

    # What would have to be otherwise

    def to_clear(self, result: RuleResult, level: int = 0) -> list[Line]:
        """Return what would have to be otherwise for the rule to be false."""
        return self._to_become(result, FALSE, level)

    def to_hold(self, result: RuleResult, level: int = 0) -> list[Line]:
        """Return what would have to be otherwise for the rule to be true."""
        return self._to_become(result, TRUE, level)

    def _to_become(self, result: RuleResult, truth: Truth, level: int) -> list[Line]:
        tree = tree_of(result.rule.statement.condition, iter(result.leaves))
        return self._needed(tree, negation(truth) if result.rule.negated else truth, level)

    def _needed(self, node: Node, want: Truth, level: int) -> list[Line]:
        """Return what must change for *node* to be as wanted; nothing where it is already."""
        if node.truth is want:
            return []
        condition = node.condition
        if isinstance(condition, Not):
            return self._needed(node.parts[0], negation(want), level)
        if node.result is not None:
            return self._needed_of_leaf(node, node.result, want, level)
        open_parts = [part for part in node.parts if part.truth is not want]
        one_is_enough = isinstance(condition, Or) is (want is TRUE)
        if one_is_enough and len(open_parts) > 1:
            return [
                Line("Any one of these:", level),
                *(line for part in open_parts for line in self._needed(part, want, level + 1)),
            ]
        return [line for part in open_parts for line in self._needed(part, want, level)]

    def _needed_of_leaf(
        self, node: Node, result: LeafResult, want: Truth, level: int
    ) -> list[Line]:
        leaf = result.leaf
        if isinstance(leaf, Holds) and leaf.name.referent == "finding":
            return self._needed_of_finding(leaf, want, level)
        subject, value = self.words.subject_of(result)
        why = self.words.why_unknown(names_in_leaf(leaf)) or f"now {value}"
        wanted = self.words.wanted(result, want)
        must = f"must not be {wanted[4:]}" if wanted.startswith("not ") else f"must be {wanted}"
        line = Line(f"{capital(subject)}: {must} ({why})", level)
        if isinstance(leaf, Count):
            return [line, *self._why_each(node.parts, level + 1, set())]
        return [line, *self._behind(leaf, level + 1, set())]

    def _needed_of_finding(self, leaf: Holds, want: Truth, level: int) -> list[Line]:
        result = self._findings[leaf.name.id]
        assert result.finding.when is not None, "only a condition can be said to hold"
        tree = tree_of(result.finding.when.condition, iter(result.leaves))
        line = Line(f"{result.finding.title}: must be {say_value(want)}", level)
        return [line, *self._needed(tree, want, level + 1)]


def _said_of_compound(node: Node, negated: Truth | None) -> str:
    is_and = isinstance(node.condition, And)
    if negated is None:
        return "All of these:" if is_and else "Any of these:"
    return "Not all of these:" if is_and else "None of these:"
