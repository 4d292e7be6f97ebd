"""Decisions as JSON: the canonical bytes of each, untouched, in an envelope beside its attestation.

Every document names its format; `oversight_engine/schemas/` has a schema for each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from oversight_engine.explanation.page import Headline, Page, Section
from oversight_engine.model.cohort import CohortValues, cohort_data
from oversight_engine.model.decision import Decision
from oversight_engine.model.decision_form import attestation_data, decision_bytes, decision_data
from oversight_engine.model.plain import Plain, canonical
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.proposals import proposals_data, propose

DECIDED_FORMAT = "oversight-decided/1"
DECISIONS_FORMAT = "oversight-decisions/1"
EXPLANATION_FORMAT = "oversight-explanation/1"


Recorded = Callable[[Decision], Plain]
"""From a decision to what says where it was recorded."""


def decided(decision: Decision, recorded: Recorded | None = None) -> bytes:
    """Return one *decision* with its attestation as one line: `oversight-decided/1`.

    Where it was *recorded* stands beside it. The bytes of the decision stay as they are, so that
    a reader can digest them.
    """
    attestation = canonical(attestation_data(decision))
    parts = (b'{"attestation":', attestation, b',"decision":', decision_bytes(decision))
    where = b"" if recorded is None else b',"recorded":' + canonical(recorded(decision))
    return b"".join(parts) + b',"format":"%s"' % DECIDED_FORMAT.encode() + where + b"}\n"


def decisions(
    many: Iterable[Decision],
    cohort: CohortValues | None = None,
    proposing: Rulebook | None = None,
    recorded: Recorded | None = None,
) -> Iterator[bytes]:
    """Yield *many* decisions as one document, a line for each: `oversight-decisions/1`.

    The *cohort* among which they were judged stands before them, once; and after them, whom the
    rulebook *proposing* proposes of them.
    """
    if proposing is not None and proposing.proposals:
        many = tuple(many)
    yield b"{"
    if cohort is not None:
        yield b'"cohort":' + canonical(cohort_data(cohort)) + b",\n"
    yield b'"decisions":['
    separator = b"\n"
    for decision in many:
        yield separator + decided(decision, recorded).rstrip(b"\n")
        separator = b",\n"
    yield b'\n],"format":"%s"' % DECISIONS_FORMAT.encode()
    if proposing is not None and proposing.proposals:
        rows = map(canonical, proposals_data(propose(proposing, many)))
        yield b',"proposals":[\n' + b",\n".join(rows) + b"\n]"
    yield b"}\n"


def explanation(decision: Decision, page: Page) -> bytes:
    """Return *decision* with its explanation, sentence by sentence: `oversight-explanation/1`."""
    return document(
        {
            "format": EXPLANATION_FORMAT,
            "decision": decision_data(decision),
            "attestation": attestation_data(decision),
            **page_data(page),
        }
    )


def document(data: Plain) -> bytes:
    """Return plain *data* as JSON that people can read too."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def page_data(page: Page) -> Plain:
    """Return *page* as plain data."""
    headlines = [block for block in page.blocks if isinstance(block, Headline)]
    return {
        "headlines": [
            {"title": h.title, "about": list(h.about), "warnings": list(h.warnings)}
            for h in headlines
        ],
        "sections": [
            {"title": block.title, "lines": [_line(line) for line in block.lines]}
            for block in page.blocks
            if isinstance(block, Section)
        ],
    }


def _line(line: Any) -> Plain:
    return {"level": line.level, "mark": line.mark, "text": line.text}
