"""Decisions read back from the JSON that the command prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oversight_engine.errors import InputError
from oversight_engine.model.decision_form import DECISION_FORMAT
from oversight_engine.model.plain import Plain

LARGEST = 512 * 1024 * 1024

_ENVELOPES = ("oversight-decided/", "oversight-decisions/", "oversight-decision/")
_NEEDED: dict[str, tuple[str, ...]] = {
    "rules": ("id", "title", "outcome", "says", "truth", "effect", "conditions"),
    "findings": ("id", "title", "conclusion", "conditions"),
    "facts": ("id", "known"),
    "parameters": ("id", "unit", "value"),
    "consequences": ("id", "title", "truth"),
}
_SCALARS = ("decision", "as_of", "semantics", "rulebook", "case", "possible_outcomes", "rests_on")


def read_decisions(path: Path) -> list[Plain] | None:
    """Return the decisions stored at *path*, or None where it holds something else.

    Raises:
        InputError: it holds decisions, but not as the command writes them.
    """
    if path.suffix.lower() not in {".json", ".jsonl"} or not path.is_file():
        return None
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path}: larger than {LARGEST} bytes")
    text = path.read_text(encoding="utf-8", errors="replace")
    if not any(f'"{envelope}' in text for envelope in _ENVELOPES):
        return None
    try:
        documents = _documents(text, path)
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    decisions = [decision for document in documents for decision in _unpacked(document)]
    for decision in decisions:
        fault = _fault(decision)
        if fault:
            raise InputError(f"{path}: not a decision as oversight writes it: {fault}")
    return decisions


def _documents(text: str, path: Path) -> list[Any]:
    if path.suffix.lower() == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return [json.loads(text)]


def _unpacked(document: Any) -> list[Any]:
    """Return the decisions in *document*, which may be one, one with attestation, or many."""
    if isinstance(document, dict) and "decisions" in document:
        return [inner for entry in document["decisions"] for inner in _unpacked(entry)]
    if isinstance(document, dict) and isinstance(document.get("decision"), dict):
        return [document["decision"]]
    return [document]


def _fault(decision: Any) -> str:
    """Return what *decision* lacks of what a comparison reads, or an empty text."""
    if not isinstance(decision, dict) or decision.get("format") != DECISION_FORMAT:
        return f"its format is not {DECISION_FORMAT}"
    missing = [key for key in (*_SCALARS, *_NEEDED) if key not in decision]
    if missing:
        return f"`{missing[0]}` is missing"
    for kind, keys in _NEEDED.items():
        for item in decision[kind]:
            lacking = [key for key in keys if key not in item]
            if lacking:
                return f"`{lacking[0]}` is missing in one of its {kind}"
    return ""
