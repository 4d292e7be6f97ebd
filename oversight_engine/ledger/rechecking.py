"""Whether people's moves were legal, and whether history was drawn as the ledger gives it.

Bytes, tree and signatures may all hold while an entry says what could not have happened: whoever
has the key can sign anything. This looks for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from oversight_engine.errors import InputError, IntegrityError, OversightError
from oversight_engine.ledger.bulk import read_quickly
from oversight_engine.ledger.folding import Told, terms_by
from oversight_engine.ledger.history import Memory, Story, check_history
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.restoring import restore_rulebook
from oversight_engine.ledger.standing import Terms
from oversight_engine.ledger.store import LATEST
from oversight_engine.model.rulebook import Rulebook


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
    terms = terms_by(ledger.object)
    memories = Memories(lambda digest: restore_rulebook(ledger.object(digest), digest))
    found: list[Rechecked] = []
    with ledger.reading():
        for system, _ in ledger.store.systems(1, LATEST):
            if system is not None:
                rechecker = Rechecker(terms, memories)
                for entry in ledger.entries(system=system, read=read_quickly):
                    rechecker.take(entry)
                found.append(rechecker.found())
    faults = [each.fault for each in found if each.fault is not None]
    masked = sorted(number for each in found for number in each.masked)
    return Rechecked(min(faults, default=None), sum(each.checked for each in found), tuple(masked))


class Memories(dict[str, Memory]):
    """What rulebooks remember, by digest; each is asked for once."""

    def __init__(self, rulebook_of: Callable[[str], Rulebook]) -> None:
        """Ask for none yet."""
        super().__init__()
        self._rulebook_of = rulebook_of

    def __missing__(self, digest: str) -> Memory:
        self[digest] = memory = Memory(self._rulebook_of(digest))
        return memory


class Rechecker:
    """Goes through the entries on one system, in order, as if each were recorded now.

    It stops at the first that could not have been: what comes after that follows from nothing.
    """

    def __init__(self, terms: Callable[[str], Terms], memories: Memories) -> None:
        """Begin with no entry.

        Args:
            terms: those of the rulebook of a digest.
            memories: what the rulebooks remember.
        """
        self._story = Story(terms)
        self._terms, self._memories = terms, memories
        self._fault: Fault | None = None
        self._checked = 0
        self._masked: list[int] = []
        self._is_masked = False  # something that a history may rest on

    def take(self, entry: Told, *, draws: bool = True) -> None:
        """Take the next *entry*; its history is drawn again if it *draws* one."""
        if self._fault is not None:
            return
        try:
            if draws and entry.kind == "decision":
                self._draw(entry)
            self._story.add(entry)
        except (InputError, IntegrityError) as error:
            self._fault = Fault(entry.number, _said(error, entry))
        self._is_masked = self._is_masked or any(p.startswith("/case") for p in entry.masked)

    def lose(self, number: int, because: str) -> None:
        """Say that entry *number* cannot be read, so that nothing later can be told."""
        self._fault = self._fault or Fault(number, because)

    def _draw(self, entry: Told) -> None:
        if self._is_masked or entry.masked:
            self._masked.append(entry.number)
            return
        self._checked += 1
        memory = self._memories[entry.data["decision"]["rulebook"]]
        check_history(entry, self._story, memory, terms=self._terms)

    def found(self) -> Rechecked:
        """Return what was found."""
        return Rechecked(self._fault, self._checked, tuple(self._masked))


def _said(error: OversightError, entry: Told) -> str:
    return str(error).removeprefix(f"entry {entry.number}").removeprefix(":").strip()
