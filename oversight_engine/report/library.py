"""What a program that embeds the engine asks of a decision: its explanation, and differences."""

from __future__ import annotations

from typing import Literal

from oversight_engine import explanation
from oversight_engine.analysis import difference
from oversight_engine.analysis.difference import Difference
from oversight_engine.model.decision import Decision
from oversight_engine.model.decision_form import decision_data
from oversight_engine.report.markdown import markdown
from oversight_engine.report.text import plain


def explain(
    decision: Decision,
    *,
    why_not: str = "",
    format: Literal["plain", "markdown"] = "plain",  # noqa: A002 - the word of the command
) -> str:
    """Return *decision* in words, for a reader who was not there; nothing is evaluated again.

    Args:
        decision: what is to be explained.
        why_not: an outcome; then it is told, rule by rule, what stands in its way.
        format: one sentence to a line, or Markdown.

    Raises:
        KeyError: the rulebook has no outcome *why_not*.
    """
    if why_not:
        page = explanation.explain_why_not(decision, why_not)
    else:
        page = explanation.explain(decision)
    return markdown(page) if format == "markdown" else plain(page)


def find_difference(*, before: Decision, after: Decision) -> Difference:
    """Return why two decisions differ: facts, parameters, findings, rules and what they bring."""
    return difference.find_difference(before=decision_data(before), after=decision_data(after))
