"""Whether a ledger is what it says it is: the first damaged entry, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from attrs import frozen

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.bulk import read_quickly
from oversight_engine.ledger.entries import KINDS, Entry, digest_of
from oversight_engine.ledger.keys import Verifier
from oversight_engine.ledger.log import BATCH, Ledger
from oversight_engine.ledger.merkle import Frontier, leaf_hash
from oversight_engine.ledger.notes import Checkpoint, open_note
from oversight_engine.ledger.store import LATEST, Row, StoredCheckpoint
from oversight_engine.model.noun import Noun

AT_ONCE = 1024
"""How many entries are hashed at a time."""


@frozen(eq=False, repr=False)
class Damage(Noun):
    """What is wrong, and with which entries: the first, where it cannot be told more closely.

    Attributes:
        first: the number of the first entry that may be damaged; 0 where it is none of them.
        last: of the last that may be; the same where it is known which.
    """

    first: int
    last: int
    message: str

    def __str__(self) -> str:
        """Return the entries and what is wrong with them."""
        if not self.first:
            return self.message
        between = f" to {self.last}" if self.last != self.first else ""
        return f"entry {self.first}{between}: {self.message}"


@frozen(eq=False, repr=False)
class Verification(Noun):
    """What a ledger was found to be.

    Attributes:
        origin: what it is called.
        size: how many entries it has.
        root: the root of the tree over them, as it was computed.
        keys: the texts of its keys, each with the number of the entry that brought it.
        checkpoints: how many checkpoints were compared with the tree.
        masked: the numbers of the entries whose bytes were masked after they were recorded.
        trusted: whether one of the keys is one that the reader brought along.
        quick: whether it was looked at for bytes, tree and newest signature only.
        damage: the first there is, or None.
    """

    origin: str = ""
    size: int = 0
    root: bytes = b""
    keys: tuple[tuple[int, str], ...] = ()
    checkpoints: int = 0
    masked: tuple[int, ...] = ()
    trusted: bool = False
    quick: bool = False
    damage: Damage | None = None


def verify(
    ledger: Ledger,
    *,
    verifiers: Iterable[Verifier] = (),
    checkpoint: bytes | None = None,
    quick: bool = False,
) -> Verification:
    """Look at every byte of *ledger*, and return what it is, or the first damage.

    Args:
        ledger: opened by `Ledger.examine`, so that damage does not keep it from being opened.
        verifiers: the keys of which one must be the ledger's; none takes the ledger's own word.
        checkpoint: a signed note kept from earlier, with which the ledger must begin.
        quick: leave it at bytes, tree and newest signature: no entry is read for what it says.

    Raises:
        LedgerUnavailableError: it cannot be read now.
    """
    check = _Check(ledger, tuple(verifiers), checkpoint, quick=quick)
    damage = None
    try:
        with ledger.reading():
            check.run()
    except _Found as found:
        damage = found.damage
    except IntegrityError as error:
        damage = Damage(0, 0, str(error))
    return Verification(
        origin=check.origin,
        size=check.frontier.size,
        root=check.frontier.root(),
        keys=tuple((number, key.text) for number, key in check.keys),
        checkpoints=check.compared,
        masked=tuple(check.masked),
        trusted=check.trusted,
        quick=quick,
        damage=damage,
    )


class _Found(Exception):  # noqa: N818 - no error: how a check that found something ends
    def __init__(self, first: int, message: str, last: int | None = None) -> None:
        super().__init__(message)
        self.damage = Damage(first, first if last is None else last, message)


class _Masking(NamedTuple):
    """What is said of the masking of an entry: in which entry last, and all that was masked."""

    number: int
    digest: str
    fields: set[str]


class _Check:
    """One look at a ledger, from its first entry to its last."""

    def __init__(
        self, ledger: Ledger, verifiers: Sequence[Verifier], kept: bytes | None, *, quick: bool
    ) -> None:
        self.ledger = ledger
        self.store = ledger.store
        self.verifiers = verifiers
        self.kept_note = kept
        self.kept: Checkpoint | None = None
        self.quick = quick
        self.frontier = Frontier()
        self.origin = ""
        self.keys: list[tuple[int, Verifier]] = []
        self.compared = 0
        self.masked: dict[int, None] = {}  # in their order
        self.trusted = False
        self._maskings: dict[int, _Masking] = {}
        self._sound = 0  # up to here a checkpoint agreed
        self._ahead: list[StoredCheckpoint] = []
        self._reached = 0
        self._recorded_at = ""
        self._objects: set[str] = set()
        self._to_open: set[int] = set()
        self._early: _Found | None = None

    def run(self) -> None:
        if not self.quick:
            for fault in self.store.faults():
                raise _Found(0, fault)
        head = self.store.head()
        self._read_first()
        self._read_maskings()
        self._read_kept()
        self._read_on()
        if self.quick:
            self._to_open = {head.size, *(number for number, _ in self.keys)}
            self._read_quickly()
        else:
            self._read_deeply()
        if self._early is not None:
            raise self._early
        size = self.frontier.size
        if size != head.size:
            raise _Found(
                min(size, head.size) + 1,
                f"the ledger says that it has {head.size} entries, and it has {size}",
                max(size, head.size),
            )
        if b"".join(self.frontier.hashes) != head.frontier:
            raise _Found(0, "what is kept of the tree to append to it is not of this tree")
        if not self.quick and head.recorded_at != self._recorded_at:
            raise _Found(
                0,
                f"the ledger says that its last entry was recorded at {head.recorded_at}, and "
                f"that says {self._recorded_at}",
            )
        self._check_end()
        if not self.quick:
            self._check_objects()

    # What is known before the entries are read

    def _read_first(self) -> None:
        rows = self.store.rows(1, 1, limit=1)
        if not rows:
            raise _Found(1, "it is missing")
        if leaf_hash(rows[0].content) != rows[0].leaf:
            raise _Found(1, "its bytes are not those that were recorded: their hash is another")
        first = _read(rows[0])
        if first.kind != "ledger":
            raise _Found(1, f"the first entry is of the kind ledger, and this is a {first.kind}")
        self.origin = str(first.data["origin"])
        self.keys = self._keys(first)
        own = {key for _, key in self.keys}
        self.trusted = bool(own & {*self.verifiers})
        if self.verifiers and not self.trusted:
            texts = ", ".join(key.text for _, key in self.keys)
            raise _Found(0, f"it is signed with a key that is not trusted: its keys are {texts}")

    def _keys(self, first: Entry) -> list[tuple[int, Verifier]]:
        texts = [(1, text) for text in first.data["keys"]]
        texts += [(entry.number, entry.data["key"]) for entry in self._ahead_of_all("key")]
        found = []
        for number, text in texts:
            try:
                found.append((number, Verifier.parse(text)))
            except InputError as error:
                raise _Found(number, f"the key it names is none: {error}") from error
        return found

    def _read_maskings(self) -> None:
        for entry in self._ahead_of_all("masking"):
            data, before = entry.data, self._maskings.get(entry.data["about"])
            fields = {*data["fields"], *(before.fields if before else ())}
            self._maskings[data["about"]] = _Masking(entry.number, data["digest"], fields)

    def _ahead_of_all(self, kind: str) -> Iterator[Entry]:
        """Yield the entries of a *kind* that must be known first; damage is told in its turn."""
        first = 1
        while rows := self.store.rows(first, LATEST - 1, kind=kind, limit=BATCH):
            for row in rows:
                try:
                    yield _read(row)
                except _Found as found:
                    self._early = self._early or found
            first = rows[-1].number + 1

    def _read_kept(self) -> None:
        if self.kept_note is None:
            return
        keys = [*self.verifiers, *(key for _, key in self.keys)]
        try:
            self.kept = Checkpoint.parse(open_note(self.kept_note, keys).text)
        except IntegrityError as error:
            raise _Found(0, f"the checkpoint that was kept: {error}") from error
        if self.kept.origin != self.origin:
            raise _Found(
                0, f"the checkpoint that was kept is of {self.kept.origin}, not of {self.origin}"
            )
        size = self.store.head().size
        if self.kept.size > size:
            raise _Found(
                size + 1,
                f"missing: the checkpoint that was kept is of {self.kept.size} entries, and the "
                f"ledger has {size}",
                self.kept.size,
            )

    # The entries, in order

    def _read_quickly(self) -> None:
        # One loop and nothing in it but SHA-256: this is what an auditor waits for.
        source = self.store.contents()
        while found := [
            (number, leaf, sha256(b"\0" + content).digest())
            for number, leaf, content in islice(source, AT_ONCE)
        ]:
            numbers, leaves, hashes = zip(*found, strict=True)
            self._check_hashes(numbers, leaves, hashes)
            self._grow(leaves)

    def _read_deeply(self) -> None:
        while rows := self.store.rows(self.frontier.size + 1, LATEST - 1, limit=BATCH):
            leaves = tuple(row.leaf for row in rows)
            sound, damage = self._count_sound(rows, leaves)
            self._grow(leaves[:sound])  # a checkpoint of entries before the damage is told first
            if damage is not None:
                raise damage

    def _count_sound(
        self, rows: Sequence[Row], leaves: Sequence[bytes]
    ) -> tuple[int, _Found | None]:
        """Return how many of *rows* come before the first that is damaged, and the damage."""
        damage, numbers = None, tuple(row.number for row in rows)
        try:
            self._check_hashes(numbers, leaves, tuple(leaf_hash(row.content) for row in rows))
        except _Found as found:
            damage = found
            rows = rows[: found.damage.first - self.frontier.size - 1]
        for place, row in enumerate(rows):
            try:
                self._check_entry(row)
            except _Found as found:
                return place, found
        return len(rows), damage

    def _check_hashes(
        self, numbers: Sequence[int], leaves: Sequence[bytes], hashes: Sequence[bytes]
    ) -> None:
        first = self.frontier.size + 1
        if numbers == tuple(range(first, first + len(numbers))) and hashes == leaves:
            return
        for place, number in enumerate(numbers):
            if number != first + place:
                raise _Found(first + place, "it is missing", number - 1)
            if hashes[place] != leaves[place]:
                self._check_masked(number)

    def _check_masked(self, number: int) -> None:
        if number not in self._maskings:
            raise _Found(
                number, "its bytes are not those that were recorded: their hash is another"
            )
        masking = self._maskings[number]
        [row] = self.store.rows(number, number, limit=1)
        if digest_of(row.content) != masking.digest:
            raise _Found(
                number, f"its bytes are not those that its masking, entry {masking.number}, left"
            )
        self.masked[number] = None

    def _check_entry(self, row: Row) -> None:
        entry = _read(row)
        number = row.number
        if entry.number != number:
            raise _Found(number, f"it says that it is entry {entry.number}")
        if entry.data["recorded_at"] < self._recorded_at:
            raise _Found(
                number,
                f"it says that it was recorded at {entry.data['recorded_at']}, before the entry "
                f"before it, {self._recorded_at}",
            )
        self._recorded_at = entry.data["recorded_at"]
        system = self._check_references(entry)
        there = None if entry.identity is None else self.store.number_of(entry.identity)
        if there not in (None, number):
            raise _Found(number, f"it records the same decision as entry {there}")
        columns = (entry.kind, system, entry.about, entry.data["recorded_at"], entry.identity)
        names = ("kind", "system", "about", "recorded_at", "identity")
        for name, column in zip(names, columns, strict=True):
            found_by = getattr(row, name)
            if found_by != column:
                raise _Found(
                    number,
                    f"it is found by the {name} {found_by!r}, and what it says is {column!r}",
                )
        self._check_objects_of(entry)
        self._check_masking(entry)

    def _check_masking(self, entry: Entry) -> None:
        number, about = entry.number, entry.about
        if entry.kind == "masking" and about not in self.masked:
            raise _Found(number, f"it says that entry {about} is masked, and it is as recorded")
        if number in self._maskings and number in self.masked:
            masking = self._maskings[number]
            if {*entry.masked} != masking.fields:
                said, masked = (", ".join(sorted(each)) for each in (masking.fields, entry.masked))
                raise _Found(
                    number,
                    f"what is masked in it is {masked}, and what its masking, entry "
                    f"{masking.number}, says is {said}",
                )

    def _check_references(self, entry: Entry) -> str | None:
        """Return the system that *entry* is on, what it refers to being checked."""
        system: str | None = entry.data.get("system")
        for key, kinds in (("about", KINDS[entry.kind].about), ("supersedes", ("decision",))):
            if key not in entry.data:
                continue
            named = entry.data[key]
            [row] = self.store.rows(named, named, limit=1)  # those before are known to be there
            if row.kind not in kinds:
                raise _Found(
                    entry.number,
                    f"`{key}` names entry {named}, which is a {row.kind}, "
                    f"not a {' or '.join(kinds)}",
                )
            if key == "supersedes" and row.system != system:
                raise _Found(
                    entry.number, f"it supersedes a decision on {row.system}, and is on {system}"
                )
            system = row.system if system is None else system
        return system

    def _check_objects_of(self, entry: Entry) -> None:
        for digest in entry.objects:
            if digest in self._objects:
                continue
            try:
                self.ledger.object(digest)
            except IntegrityError as error:
                raise _Found(entry.number, f"it refers to {digest}: {error}") from error
            self._objects.add(digest)

    def _check_objects(self) -> None:
        for digest in self.store.digests():
            if digest not in self._objects:
                raise _Found(0, f"it holds {digest}, to which no entry refers")

    # The tree and the checkpoints

    def _read_on(self) -> None:
        """Read the next checkpoints."""
        self._ahead = [*self.store.checkpoints(self._reached, BATCH)]
        self._reached = self._ahead[-1].size if self._ahead else self._reached

    def _grow(self, leaves: Sequence[bytes]) -> None:
        """Add *leaves* to the tree, and compare it with each checkpoint on the way."""
        done, start = 0, self.frontier.size
        while self._ahead and self._ahead[0].size <= start + len(leaves):
            stored = self._ahead.pop(0)
            self._extend(leaves[done : stored.size - start])
            done = stored.size - start
            self._check_checkpoint(stored)
            if not self._ahead:
                self._read_on()
        self._extend(leaves[done:])

    def _extend(self, leaves: Sequence[bytes]) -> None:
        kept = self.kept
        if kept is None or not self.frontier.size < kept.size <= self.frontier.size + len(leaves):
            self.frontier.extend(leaves)
            return
        before = kept.size - self.frontier.size
        self.frontier.extend(leaves[:before])
        if self.frontier.root() != kept.root:
            raise _Found(
                1,
                "among them is one that is not what it was: the tree is not that of the "
                f"checkpoint that was kept, of {kept.size} entries",
                kept.size,
            )
        self.frontier.extend(leaves[before:])

    def _check_checkpoint(self, stored: StoredCheckpoint) -> None:
        size = stored.size
        is_to_be_opened = not self.quick or size in self._to_open
        signed = self._opened(stored) if is_to_be_opened else _unopened(stored)
        if signed.size != size:
            raise _Found(0, f"the checkpoint held for {size} entries is of {signed.size}")
        if signed.origin != self.origin:
            raise _Found(
                0, f"the checkpoint of {size} entries is of {signed.origin}, not of {self.origin}"
            )
        if signed.root != self.frontier.root():
            raise _Found(
                self._sound + 1,
                "what stands here is not what was signed: the tree is not that of the checkpoint "
                f"of {size} entries",
                size,
            )
        self._sound = size
        self.compared += 1

    def _opened(self, stored: StoredCheckpoint) -> Checkpoint:
        """Return the checkpoint, its signature being that of the key in force at its size."""
        key = next(key for number, key in reversed(self.keys) if number < max(2, stored.size))
        try:
            return Checkpoint.parse(open_note(stored.note, [key]).text)
        except IntegrityError as error:
            raise _Found(
                0,
                f"the checkpoint of {stored.size} entries is not signed with the key in force, "
                f"{key.text}: {error}",
            ) from error

    def _check_end(self) -> None:
        if self._ahead:
            size = self._ahead[0].size
            raise _Found(
                self.frontier.size + 1, f"missing: there is a checkpoint of {size} entries", size
            )
        if self._sound != self.frontier.size:
            raise _Found(
                self._sound + 1, "no checkpoint signs what stands here", self.frontier.size
            )
        texts = [key.text for _, key in self.keys]
        for (number, key), before in zip(self.keys[1:], texts, strict=False):
            said = self.ledger.entry(number).data["replaces"]
            if said != before:
                raise _Found(number, f"it replaces {said}, and the key before it is {before}")
            if not any(c.size == number for c in self.store.checkpoints(number - 1, 1)):
                raise _Found(number, f"the new key {key.text} is not signed with the one before")


def _read(row: Row) -> Entry:
    try:
        return read_quickly(row.content)
    except IntegrityError as error:
        raise _Found(row.number, str(error)) from error


def _unopened(stored: StoredCheckpoint) -> Checkpoint:
    try:
        return Checkpoint.parse(stored.note.decode().partition("\n\n")[0] + "\n")
    except (IntegrityError, UnicodeDecodeError) as error:
        raise _Found(0, f"the checkpoint of {stored.size} entries: {error}") from error
