"""Every kind of problem a reader can report: what it is, what gives it, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from oversight_engine.language.codes import (
    cases,
    conditions,
    entries,
    files,
    publications,
    retention,
    rulebooks,
    tests,
)
from oversight_engine.language.codes.code import Code

__all__ = ["CODES", "Code"]

CODES: Mapping[str, Code] = MappingProxyType(
    files.CODES
    | entries.CODES
    | conditions.CODES
    | rulebooks.CODES
    | cases.CODES
    | publications.CODES
    | tests.CODES
    | retention.CODES
)
"""By code; in the order in which a reader meets them."""
