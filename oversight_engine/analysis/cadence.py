"""When a fact is next stated, by its cadence."""

from __future__ import annotations

import calendar
import datetime

_MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}


def next_due(cadence: str, as_at: datetime.date | None, day: datetime.date) -> datetime.date | None:
    """Return the first day after *day* on which a fact last stated *as_at* is due again.

    None where it has no regular cadence, or nobody knows when it was stated.
    """
    if as_at is None or cadence in ("", "ad_hoc"):
        return None
    if cadence == "weekly":
        weeks = (day - as_at).days // 7 + 1
        return as_at + datetime.timedelta(weeks=weeks)
    step, due, number = _MONTHS[cadence], as_at, 0
    while due <= day:
        number += 1
        due = _months_after(as_at, number * step)
    return due


def _months_after(day: datetime.date, months: int) -> datetime.date:
    """Return the same day so many months later; the last of a month stays the last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return datetime.date(year, month + 1, length if is_last else min(day.day, length))
