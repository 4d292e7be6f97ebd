"""What a fact states as a whole number, and back: what programs and the analysis calculate with.

A number is a whole number of its last decimal, a boolean is 0 or 1, a category is its place in the
order (negative outside it), and a date is how many days it lies before the decision's.
"""

from __future__ import annotations

import datetime
from fractions import Fraction

from oversight_engine.model.case import Value
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.rulebook import Fact


def whole_of(fact: Fact, value: Value, day: datetime.date) -> int:
    """Return the whole number that *value* of *fact* is on *day*."""
    if isinstance(value, datetime.date):
        return (day - value).days
    if isinstance(value, str):
        inside = value in fact.values
        return fact.values.index(value) if inside else -1 - fact.outside_order.index(value)
    return int(value * 10**fact.decimals)


def value_of(fact: Fact, whole: int, day: datetime.date) -> Value:
    """Return what a case states where *fact* is that *whole* number on *day*."""
    if fact.type == "boolean":
        return bool(whole)
    if fact.type == "category":
        return fact.values[whole] if whole >= 0 else fact.outside_order[-1 - whole]
    if fact.type == "date":
        return day - datetime.timedelta(days=whole)
    return whole_if_possible(Fraction(whole, 10**fact.decimals))
