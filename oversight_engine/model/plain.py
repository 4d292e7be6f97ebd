"""Plain data: what is digested, written, recorded and shown to programs.

Plain data is dictionaries with ASCII keys, lists, texts, booleans, None and whole numbers
within ±(2^53−1). Exact numbers are texts. Its canonical bytes are those of RFC 8785.

How each noun looks as plain data is said in `rulebook_form`, `case_form` and `decision_form`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from oversight_engine.model.number import Exact, written

if TYPE_CHECKING:
    from oversight_engine.model.rulebook import Span

Plain = dict[str, Any]


class NumberText(str):
    """The text of an exact number; a writer of YAML writes it without quotes."""

    __slots__ = ()


def canonical(data: Plain) -> bytes:
    """Return the canonical bytes (RFC 8785) of plain *data*."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(data: Plain) -> str:
    """Return `sha256:` and the SHA-256 of the canonical bytes of plain *data*."""
    return "sha256:" + hashlib.sha256(canonical(data)).hexdigest()


def number_text(number: Exact) -> str:
    """Return the text of an exact *number*, as plain data has it."""
    return NumberText(written(number))


def trimmed(**entries: Any) -> Plain:
    """Leave out what says nothing, so that a default and its absence have one form."""
    return {
        key: value
        for key, value in entries.items()
        if not (value is None or value is False or value in ("", [], {}))
    }


def each(items: Iterable[Any], view: Callable[[Any], Plain]) -> list[Plain]:
    """Return the *view* of each item, in their order."""
    return [view(item) for item in items]


def by_id(items: Iterable[Any], view: Callable[[Any], Plain]) -> list[Plain]:
    """Return the *view* of each item, in the order of their ids."""
    return [view(item) for item in sorted(items, key=lambda item: item.id)]


def day_text(day: datetime.date | None) -> str | None:
    """Return *day* as text, or None."""
    return None if day is None else day.isoformat()


def span_data(span: Span | None) -> Plain | None:
    """Return the days from which and to which something holds, or None."""
    if span is None:
        return None
    return trimmed(**{"from": day_text(span.start), "to": day_text(span.end)})
