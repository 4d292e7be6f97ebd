"""What a condition can be: true, false or unknown, with Kleene's connectives."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Truth(enum.Enum):
    """The truth of a condition. Not knowing is a value of its own."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def negation(truth: Truth) -> Truth:
    """Return Kleene's `not`."""
    if truth is UNKNOWN:
        return UNKNOWN
    return FALSE if truth is TRUE else TRUE


def conjunction(truths: Iterable[Truth]) -> Truth:
    """Return Kleene's `and`: false if any is false, else unknown if any is unknown."""
    result = TRUE
    for truth in truths:
        if truth is FALSE:
            return FALSE
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def disjunction(truths: Iterable[Truth]) -> Truth:
    """Return Kleene's `or`: true if any is true, else unknown if any is unknown."""
    result = FALSE
    for truth in truths:
        if truth is TRUE:
            return TRUE
        if truth is UNKNOWN:
            result = UNKNOWN
    return result
