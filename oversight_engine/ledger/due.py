"""What waits for people on a day: reviews, expiries, representations and confirmations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from oversight_engine.ledger.standing import Day, Override, Standing
from oversight_engine.model.noun import Noun

DueKind = Literal["confirmation", "expiry", "representation", "review"]


@frozen(eq=False, repr=False)
class Due(Noun):
    """Something that waits for people.

    Attributes:
        kind: a recommendation to be confirmed or refused, an override that ran out with nothing
            after it, a representation to be answered, or a decision to be reviewed.
        entry: what it is about.
        day: since when it is due.
    """

    kind: DueKind
    system: str
    rulebook: str
    entry: int
    day: Day


def due_on(standing: Standing, day: Day) -> tuple[Due, ...]:
    """Return what is due of *standing* on *day* or before, the longest due first."""
    found = [each for each in _find(standing) if each.day <= day]
    return tuple(sorted(found, key=lambda due: (due.day, due.entry)))


def _find(standing: Standing) -> Iterator[Due]:
    place = standing.system, standing.rulebook
    live = standing.live
    for made in standing.representations:
        if made.state == "received":
            yield Due("representation", *place, made.number, made.received_on)
    for decided in live:
        later = [d for d in live if d.as_of > decided.as_of]
        if decided.state == "recommended" and not any(d.outcome for d in later):
            yield Due("confirmation", *place, decided.number, decided.as_of)
        # A later decision has a review of its own, and what was refused needs none.
        if decided.review_on is not None and not later and decided.state != "refused":
            yield Due("review", *place, decided.number, decided.review_on)
    for override in standing.overrides:
        if _ran_out(standing, override):
            yield Due("expiry", *place, override.number, override.until)


def _ran_out(standing: Standing, override: Override) -> bool:
    """Say whether nothing comes after the end of *override*: no decision, nobody's later word."""
    last = standing.in_force(override.until)
    followed = any(d.as_of > override.until for d in standing.live)
    begun = [o for o in standing.overrides if o.number > override.number and o.state == "standing"]
    return last.entry == override.number and not followed and not begun
