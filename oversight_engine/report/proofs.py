"""What was proved of a rulebook, as sections of a page and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oversight_engine.analysis.certificate import proof_data
from oversight_engine.analysis.laws import LAWS, Answer, Proof
from oversight_engine.analysis.remarks import SAID, Remark
from oversight_engine.explanation.page import Line, Mark, Section, section
from oversight_engine.explanation.wording import capital, say_count, say_id, say_list, say_span
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Claim, Span

METHODS = {
    "form": "by the form of its conditions, whatever its numbers are",
    "cells": "by cells",
    "solver": "by the solver",
}
OF_THE_ENGINE = (
    ("one_outcome_or_a_referral", "each rule has one truth, and the most severe wins"),
    ("order_is_irrelevant", "what is combined are sets: the greatest of them has no order"),
    ("adding_a_rule_never_eases", "the greatest of more is no less"),
    ("a_line_is_decided_as_its_sign_says", "numbers are exact, and compared as they are written"),
)
"""The laws that hold whatever the rulebook, and why."""


def proof_sections(proof: Proof, remarks: Sequence[Remark]) -> Iterator[Section]:
    """Yield what is certain of a rulebook: its claims, the other laws, what has no effect."""
    claims = proof.rulebook.claims
    yield from section("What it claims", _laws(proof, [law for law in LAWS if law in claims]))
    yield from section(
        "What it does not claim", _laws(proof, [law for law in LAWS if law not in claims])
    )
    yield from section("What holds for every rulebook", map(_of_the_engine, OF_THE_ENGINE))
    yield from section("What the proofs went through", _sizes(proof))
    yield from section("What changes no outcome", map(_remark, remarks))


def _laws(proof: Proof, laws: Sequence[Claim]) -> Iterator[Line]:
    for law in laws:
        by_text: dict[tuple[str, str, Mark], list[Span]] = {}
        for answer in proof.answers(law):
            text, mark = _said(answer, claimed=law in proof.rulebook.claims)
            by_text.setdefault((text, answer.result, mark), []).append(answer.span)
        for (text, _, mark), spans in by_text.items():
            when = "" if len(spans) == len(proof.periods) else f", {_say_spans(spans)}"
            yield Line(f"{capital(say_id(law))}{when}: {text}", 0, mark)


def _say_spans(spans: list[Span]) -> str:
    return say_list([say_span(span) for span in spans])


def _said(answer: Answer, *, claimed: bool) -> tuple[str, Mark]:
    though = "" if claimed else "; it holds, though it is not claimed"
    if answer.result == "proved":
        example = ", for an example of a cohort" if answer.of_example else ""
        return f"proved, {METHODS[answer.method]}{example}{though}", "item"
    if answer.result == "undecided":
        where = f" ({answer.rule}, {answer.fact})" if answer.rule and answer.fact else ""
        return f"not proved{where}: {answer.because}", "warning"
    mark: Mark = "fault" if claimed else "item"
    if answer.never:
        return f"refuted: nothing brings about {say_list(answer.never)}", mark
    rule = f" and the rule {answer.rule}" if answer.rule else ""
    example = ", in an example of a cohort" if answer.of_example else ""
    return f"refuted, by two cases that differ in {answer.fact}{rule}{example}", mark


def _of_the_engine(law: tuple[str, str]) -> Line:
    name, because = law
    return Line(f"{capital(say_id(name))}: {because}", 0, "item")


def _sizes(proof: Proof) -> Iterator[Line]:
    if not proof.periods:
        yield Line("It decides nothing on any day, so nothing was to be proved", 0, "item")
        return
    most = max(proof.periods, key=lambda period: period.largest)
    yield Line(
        f"{say_count(len(proof.periods), 'period')} in which nothing in force changes", 0, "item"
    )
    yield Line(
        f"At most {say_count(most.facts, 'fact')}, cut into {say_count(most.cells, 'cell')}, in "
        f"{say_count(most.groups, 'group')} that share no rule; the largest has "
        f"{say_count(most.largest, 'combination')}",
        0, "item",
    )  # fmt: skip


def _remark(remark: Remark) -> Line:
    text = f", `{remark.text}`" if remark.text else ""
    where = f" ({remark.place})" if remark.place else ""
    return Line(f"{remark.id}{text}: {SAID[remark.kind]}{where}", 0, "item")


def proofs_data(proof: Proof, remarks: Sequence[Remark]) -> Plain:
    """Return the same as plain data."""
    return {
        "proof": {
            **proof_data(proof),
            "of_the_engine": [{"law": law, "because": because} for law, because in OF_THE_ENGINE],
        },
        "remarks": [
            {
                "kind": remark.kind,
                "id": remark.id,
                "text": remark.text or None,
                "place": remark.place or None,
                "message": SAID[remark.kind],
            }
            for remark in remarks
        ],
    }
