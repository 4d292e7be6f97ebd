"""What a retention policy has masked in a ledger, as a page and as plain data."""

from __future__ import annotations

from collections.abc import Sequence

from oversight_engine.explanation.page import Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import say_count, say_day
from oversight_engine.ledger.retention import Found, Retention
from oversight_engine.model.plain import Plain

RETAINED_FORMAT = "oversight-retained/1"


def retention_page(found: Retention, place: str) -> Page:
    """Return what was *found* of the ledger at *place*, for people."""
    policy = found.policy
    if found.done is None:
        title = say_count(len(found.due), "field due to be masked", "fields due to be masked")
    else:
        title = say_count(len(found.done), "field masked now", "fields masked now")
    about = (policy.title, f"on {say_day(found.on)}", place, f"policy {policy.id} {policy.digest}")
    tables = (
        _table("Due to be masked", found.due),
        _table("Masked now", found.done or ()),
        _table("Masked already", found.masked),
    )
    held = [
        Line(
            f"Entry {each.entry}, {each.field}, since {each.since} by {each.item.id}: "
            f"{each.because}",
            0,
            "item",
        )
        for each in found.held
    ]
    return Page(
        (
            Headline(title, about=about),
            *(table for table in tables if table.rows),
            *section("Due, and not masked: later history rests on it", held),
        )
    )


def _table(title: str, found: Sequence[Found]) -> Table:
    """Return *found* as a table, with the entries that masked it where it is masked."""
    columns: tuple[str, ...] = ("Entry", "Kind", "Field", "Since", "Item")
    rows: tuple[tuple[str, ...], ...] = tuple(
        (str(each.entry), each.kind, each.field, each.since.isoformat(), each.item.id)
        for each in found
    )
    if any(each.masking for each in found):
        columns = (*columns, "In entry")
        rows = tuple((*row, str(each.masking)) for row, each in zip(rows, found, strict=True))
    return Table(title, columns, rows)


def retention_data(found: Retention, place: str) -> Plain:
    """Return the same as plain data."""
    policy = found.policy
    return {
        "format": RETAINED_FORMAT,
        "ledger": place,
        "on": found.on.isoformat(),
        "policy": {"id": policy.id, "title": policy.title, "digest": policy.digest},
        "due": list(map(_data, found.due)),
        "masked_now": None if found.done is None else list(map(_data, found.done)),
        "masked": list(map(_data, found.masked)),
        "held": list(map(_data, found.held)),
    }


def _data(found: Found) -> Plain:
    data: Plain = {
        "entry": found.entry,
        "kind": found.kind,
        "field": found.field,
        "item": found.item.id,
        "since": found.since.isoformat(),
    }
    if found.masking:
        data["masking"] = found.masking
    return data | {"because": found.because} if found.because else data
