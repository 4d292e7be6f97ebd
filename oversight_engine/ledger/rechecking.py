"""Whether people's moves were legal, and whether history was drawn as the ledger gives it.

Bytes, tree and signatures may all hold while an entry says what could not have happened: whoever
has the key can sign anything. This looks for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from oversight_engine.errors import InputError, IntegrityError, OversightError
from oversight_engine.ledger.bulk import read_quickly
from oversight_engine.ledger.entries import Entry
from oversight_engine.ledger.folding import terms_by
from oversight_engine.ledger.history import Story, check_history, outline_of
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.restoring import restore_rulebook
from oversight_engine.ledger.standing import Terms
from oversight_engine.model.rulebook import Rulebook

RulebookOf = Callable[[str], Rulebook]


class Fault(NamedTuple):
    """The number of an entry, and what could not have happened."""

    number: int
    message: str


class Rechecked(NamedTuple):
    """What was found.

    Attributes:
        fault: the first there is, by number; None where there is none.
        checked: how many decisions had their history drawn again.
        masked: the decisions of which it could not be, because something is masked.
    """

    fault: Fault | None
    checked: int
    masked: tuple[int, ...]


def recheck(ledger: Ledger) -> Rechecked:
    """Go through the entries of *ledger*, system by system, as if each were recorded now."""
    with ledger.reading():
        codes = {str(entry.data["system"]) for entry in ledger.entries(kind="decision")}
        found = recheck_systems(ledger, codes)
    faults = [each.fault for each in found if each.fault is not None]
    masked = sorted(number for each in found for number in each.masked)
    return Rechecked(min(faults, default=None), sum(each.checked for each in found), tuple(masked))


def recheck_systems(
    ledger: Ledger, codes: Iterable[str], takes: Callable[[Entry], bool] = lambda _: True
) -> list[Rechecked]:
    """Return what was found of each system, by its code.

    Args:
        ledger: open to be read.
        codes: of the systems.
        takes: says of which decisions the history is drawn again.
    """
    terms = terms_by(ledger.object)

    @cache
    def rulebook_of(digest: str) -> Rulebook:
        return restore_rulebook(ledger.object(digest), digest)

    return [
        _recheck_system(ledger.entries(system=code, read=read_quickly), terms, rulebook_of, takes)
        for code in sorted(codes)
    ]


def _recheck_system(
    entries: Iterable[Entry],
    terms: Callable[[str], Terms],
    rulebook_of: RulebookOf,
    takes: Callable[[Entry], bool],
) -> Rechecked:
    story = Story(terms)
    checked, masked = 0, list[int]()
    is_masked = False  # something that a history may rest on
    for entry in entries:
        misremembered = None
        try:
            if entry.kind == "decision" and takes(entry):
                if is_masked or entry.masked:
                    masked.append(entry.number)
                else:
                    misremembered = _misremembered(entry, story, terms, rulebook_of)
                    checked += 1
            story.add(entry)
        except (InputError, IntegrityError) as error:
            misremembered = error
        if misremembered is not None:
            fault = Fault(entry.number, _said(misremembered, entry))
            return Rechecked(fault, checked, tuple(masked))
        is_masked = is_masked or any(path.startswith("/case") for path in entry.masked)
    return Rechecked(None, checked, tuple(masked))


def _misremembered(
    entry: Entry, story: Story, terms: Callable[[str], Terms], rulebook_of: RulebookOf
) -> OversightError | None:
    """Return what is wrong with the history of *entry*; whether it is a legal move goes first."""
    rulebook = rulebook_of(entry.data["decision"]["rulebook"])
    try:
        check_history(entry, story, outline_of(entry.data, rulebook), rulebook, terms=terms)
    except (InputError, IntegrityError) as error:
        return error
    return None


def _said(error: OversightError, entry: Entry) -> str:
    return str(error).removeprefix(f"entry {entry.number}").removeprefix(":").strip()
