"""Rows as CSV: one decision, fact or rule to a row; exact numbers stay text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from oversight_engine.model.decision import Decision
from oversight_engine.model.rulebook import REFERRAL

COLUMNS = (
    "code", "name", "region", "as_of", "decision", "measure", "possible_outcomes",
    "rules_true", "rules_unknown", "missing_evidence", "rests_on", "returns_least",
    "returns_most", "review_on", "rulebook", "rulebook_digest", "case_digest", "semantics",
    "evaluators",
)  # fmt: skip


def sheet(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return *rows* under *columns* as CSV (RFC 4180)."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return page.getvalue()


def _harmless(cell: str) -> str:
    """Return *cell* so that no spreadsheet takes it for a formula."""
    is_number = cell.lstrip("-").replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} and not is_number else cell


def row_of(decision: Decision) -> tuple[str, ...]:
    """Return *decision* as one row; lists are separated by spaces."""
    system, rulebook = decision.case.system, decision.rulebook
    rests_on = [f"{status}:{fact}" for status, facts in decision.rests_on for fact in sorted(facts)]
    return (
        system.code,
        system.name,
        system.region,
        decision.as_of.isoformat(),
        decision.outcome or REFERRAL,
        decision.measure,
        " ".join(decision.possible),
        _ids(decision, "true"),
        _ids(decision, "unknown"),
        " ".join(sorted(decision.missing)),
        " ".join(rests_on),
        str(decision.burden.least),
        str(decision.burden.most),
        decision.review_on.isoformat() if decision.review_on else "",
        f"{rulebook.id} {rulebook.version}",
        rulebook.digest,
        decision.case.digest,
        str(decision.semantics),
        " ".join(decision.attestation.evaluators),
    )


def _ids(decision: Decision, truth: str) -> str:
    return " ".join(sorted(r.rule.id for r in decision.rules if r.truth.value == truth))
