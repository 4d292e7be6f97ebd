"""The ledger: entries appended for good, read back by number, kind or system, and proved."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import Self

from attrs import frozen

from oversight_engine._version import __version__
from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger import checks
from oversight_engine.ledger.bulk import find_codec
from oversight_engine.ledger.entries import (
    KINDS,
    Draft,
    Entry,
    Written,
    digest_of,
    masked_content,
    moment_of,
    moment_text,
    read_entry,
)
from oversight_engine.ledger.keys import Signer, Verifier
from oversight_engine.ledger.merkle import (
    HASH_SIZE,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from oversight_engine.ledger.notes import Checkpoint, sign_note
from oversight_engine.ledger.store import (
    LATEST,
    Head,
    Row,
    Store,
    StoredCheckpoint,
    create_store,
    open_store,
)
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain

BATCH = 256
"""How many entries are read at a time: enough to be fast, few enough to take little memory."""
MANY = 1024
"""How many hashes are read at a time."""

Clock = Callable[[], datetime.datetime]
"""What says the time when an entry is written: the commands give the machine's clock."""


@frozen(eq=False, repr=False)
class Recorded(Noun):
    """An entry, and whether it is new or was there already."""

    entry: Entry
    is_new: bool


class Ledger:
    """A ledger, open to be read, or to be appended to as well. Use it as a context manager.

    Attributes:
        store: where its bytes are.
        held: the digests of objects that are known to be in it.
    """

    def __init__(self, store: Store) -> None:
        """Read and write in *store*."""
        self.store = store
        self.held: set[str] = set()
        self._sound: tuple[Head, bytes] | None = None  # a head and a checkpoint that agree
        self._newest: Verifier | None = None  # the newest key where the ledger ends so

    @classmethod
    def create(cls, location: str, *, signer: Signer, origin: str, clock: Clock) -> None:
        """Make a ledger at *location*, with its first entry and checkpoint.

        Args:
            location: where nothing is yet: a path, or the address of a database.
            signer: whose key signs the checkpoints.
            origin: what the ledger is called in every checkpoint, for ever.
            clock: what says the time.

        Raises:
            InputError: something is there already, or the origin is not one line of text.
            LedgerUnavailableError: it cannot be written.
        """
        keys = [signer.verifier.text]
        draft = Draft("ledger", {"origin": origin, "keys": keys, "engine_version": __version__})
        draft.check()
        Checkpoint(origin, 0, bytes(HASH_SIZE))  # refuses what is no origin

        def fill(store: Store) -> None:
            entry = draft.entry(1, clock())
            leaf = leaf_hash(entry.content)
            note = sign_note(Checkpoint(origin, 1, leaf).text, signer)
            head = Head(1, leaf, moment_text(entry.recorded_at))
            store.add([_row(entry, leaf, None)], (), StoredCheckpoint(1, note), head)

        create_store(location, fill)

    @classmethod
    def open(cls, location: str, *, write: bool = False) -> Self:
        """Open the ledger at *location*: to read it, or to *write* as well.

        Raises:
            InputError: there is none.
            LedgerUnavailableError: it cannot be opened now.
            IntegrityError: it is damaged where that shows at once; `verify` looks everywhere.
        """
        ledger = cls(open_store(location, write=write))
        try:  # to go on from a damaged tree would spread the damage
            with ledger.reading():
                ledger.frontier()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def examine(cls, location: str) -> Self:
        """Open the ledger at *location* to be verified: damage does not keep it from opening."""
        return cls(open_store(location))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the file or the connection."""
        self.store.close()

    def reading(self) -> AbstractContextManager[None]:
        """Return a span in which everything read is of one moment, whoever appends meanwhile."""
        return self.store.reading()

    # Reading

    @property
    def place(self) -> str:
        """Where it is, as messages may say it."""
        return self.store.place

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self.store.head().size

    @property
    def origin(self) -> str:
        """What it is called in its checkpoints."""
        return str(self._first.data["origin"])

    @cached_property
    def _first(self) -> Entry:
        return self.entry(1)  # nothing ever changes it: not even a part can be masked

    def entry(self, number: int) -> Entry:
        """Return the entry of that *number*.

        Raises:
            InputError: there is none.
            IntegrityError: it is not what an entry is.
        """
        rows = self.store.rows(number, number, limit=1) if 1 <= number < LATEST else ()
        if not rows:
            raise InputError(f"{self.place} has no entry {number}: its last is {self.size}")
        return self._entry(rows[0])

    def entries(
        self,
        first: int = 1,
        last: int | None = None,
        *,
        kind: str | None = None,
        system: str | None = None,
        read: Callable[[bytes], Entry] = read_entry,
    ) -> Iterator[Entry]:
        """Yield the entries from number *first* to *last*, in order, a few being held at a time.

        Args:
            first: the number to begin with.
            last: the number to end with; the last there is if left out.
            kind: only those of this kind.
            system: only those on the system of this code: decisions, and what is about them.
            read: what makes entries of bytes, raising IntegrityError where they are none.
        """
        end = LATEST - 1 if last is None else last
        while rows := self.store.rows(first, end, kind=kind, system=system, limit=BATCH):
            for row in rows:
                yield self._entry(row, read)
            first = rows[-1].number + 1

    def _entry(self, row: Row, read: Callable[[bytes], Entry] = read_entry) -> Entry:
        try:
            entry = read(row.content)
        except IntegrityError as error:
            raise IntegrityError(f"entry {row.number} of {self.place}: {error}") from error
        if entry.number != row.number:
            raise IntegrityError(
                f"{self.place}: what stands as entry {row.number} says it is {entry.number}"
            )
        return entry

    def leaves(self) -> Iterator[bytes]:
        """Yield the leaf hash of each entry, in order."""
        first = 1
        while found := self.store.leaves(first, first + MANY - 1):
            yield from found
            first += len(found)

    def is_masked(self, entry: Entry) -> bool:
        """Say whether the bytes of *entry* were masked after it was recorded."""
        return self.store.leaves(entry.number, entry.number) != [leaf_hash(entry.content)]

    def system_of(self, entry: Entry) -> str | None:
        """Return the code of the system that *entry* is on, if it is on one."""
        while entry.about is not None:
            entry = self.entry(entry.about)
        system: str | None = entry.data.get("system")
        return system

    def object(self, digest: str) -> bytes:
        """Return the bytes of the rulebook, reform, cohort values or certificate of that *digest*.

        Raises:
            IntegrityError: it is not there, or is another.
        """
        content = self.store.object(digest)
        if content is None:
            raise IntegrityError(f"{self.place} does not hold {digest}, which it refers to")
        if digest_of(content) != digest:
            raise IntegrityError(f"{self.place}: what it holds as {digest} is {digest_of(content)}")
        return content

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint, as a signed note."""
        found = self.store.last_checkpoint()
        if found is None:
            raise IntegrityError(f"{self.place} has no checkpoint")
        return found.note

    def verifiers(self) -> list[tuple[int, Verifier]]:
        """Return each key, with the number of the entry that brought it, the newest last."""
        texts = [(1, text) for text in self._first.data.get("keys", ())]
        texts += [(entry.number, entry.data["key"]) for entry in self.entries(kind="key")]
        try:
            return [(number, Verifier.parse(text)) for number, text in texts]
        except InputError as error:
            raise IntegrityError(f"{self.place} names a key that is none: {error}") from error

    def frontier(self) -> Frontier:
        """Return what the tree over all entries can go on from.

        Raises:
            IntegrityError: it is not that of the newest checkpoint.
        """
        return self._state()[1]

    def _state(self) -> tuple[Head, Frontier]:
        head, note = self.store.head(), self.checkpoint()
        hashes = [
            head.frontier[at : at + HASH_SIZE] for at in range(0, len(head.frontier), HASH_SIZE)
        ]
        frontier = Frontier(head.size, hashes)
        if self._sound != (head, note):  # else nobody else has written since that was seen to
            checkpoint = _parsed(note)
            if (checkpoint.size, checkpoint.root) != (head.size, frontier.root()):
                raise IntegrityError(
                    f"{self.place}: its tree of {head.size} entries is not the one that its newest "
                    f"checkpoint, of {checkpoint.size}, signs: `oversight ledger verify` says more"
                )
            self._sound, self._newest = (head, note), None
        return head, frontier

    # Proofs

    def inclusion(self, number: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return what shows that entry *number* is in the tree of the first *size* entries."""
        return inclusion_proof(self._hash_of, number - 1, self.size if size is None else size)

    def consistency(self, old_size: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return what shows that the ledger of *size* begins with that of *old_size* entries."""
        return consistency_proof(self._hash_of, old_size, self.size if size is None else size)

    def _hash_of(self, level: int, position: int) -> bytes:
        first, end = position << level, (position + 1) << level
        frontier = Frontier()
        for start in range(first, end, MANY):
            frontier.extend(self.store.leaves(start + 1, min(start + MANY, end)))
        if frontier.size != end - first:
            raise IntegrityError(f"{self.place} lacks some of the entries {first + 1} to {end}")
        return frontier.root()

    # Writing

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        signer: Signer,
        clock: Clock,
        check: Callable[[Ledger], None] | None = None,
    ) -> list[Recorded]:
        """Record *drafts*, all or none; when this returns they are kept for good.

        A decision that is recorded already is not recorded again: its entry is returned.

        Args:
            drafts: what to record, in this order.
            signer: whose key signs the new checkpoint: that of the ledger's newest key.
            clock: what says the time; an entry is never dated before the one before it.
            check: is called before anything is written, when nobody else can write any more, and
                raises what speaks against it.

        Raises:
            InputError: a draft is wrong, or this is not the key that signs here.
            IntegrityError: the ledger is damaged.
            LedgerUnavailableError: it could not be recorded; the message says what that means.
        """
        codec = find_codec()
        written = [draft.check(codec) for draft in drafts]  # before others have to wait
        with self.store.appending():
            recorded = self._append(drafts, written, signer, clock, check)
        self.held |= {digest for each in recorded for digest in each.entry.objects}
        return recorded

    def _append(
        self,
        drafts: Sequence[Draft],
        written: Sequence[Written],
        signer: Signer,
        clock: Clock,
        check: Callable[[Ledger], None] | None = None,
    ) -> list[Recorded]:
        head, frontier = self._state()
        if check is not None:
            check(self)
        self._check_signer(drafts, signer)
        batch = _Batch(self, head.size, self._last_moment(head), clock())
        recorded = [batch.add(*each) for each in zip(drafts, written, strict=True)]
        if batch.rows:
            frontier.extend(row.leaf for row in batch.rows)
            text = Checkpoint(self.origin, frontier.size, frontier.root()).text
            checkpoint = StoredCheckpoint(frontier.size, sign_note(text, signer))
            head = Head(frontier.size, b"".join(frontier.hashes), batch.rows[-1].recorded_at)
            self.store.add(batch.rows, batch.objects.items(), checkpoint, head)
            # Should this not be kept, then what is read next is another head: it holds the hash of
            # all that was recorded.
            self._sound = head, checkpoint.note
            self._newest = None if drafts[0].kind == "key" else self._newest
        return recorded

    def _last_moment(self, head: Head) -> datetime.datetime:
        """Return when the last entry was recorded, without reading all of it."""
        if checks.moment(head.recorded_at):
            raise IntegrityError(f"{self.place} does not say when its last entry was recorded")
        return moment_of(head.recorded_at)

    def _check_signer(self, drafts: Sequence[Draft], signer: Signer) -> None:
        """Refuse a key that does not sign here; a new key's checkpoint is the old key's."""
        if any(draft.kind == "key" for draft in drafts) and len(drafts) > 1:
            raise InputError("a new key is recorded by itself: its checkpoint is the old key's")
        self._newest = self._newest or self.verifiers()[-1][1]
        if signer.verifier != self._newest:
            raise InputError(
                f"this key, {signer.verifier.text}, is not the one that signs in {self.place}: "
                f"that is {self._newest.text}"
            )

    def mask(
        self, number: int, fields: Sequence[str], said: Plain, *, signer: Signer, clock: Clock
    ) -> Recorded:
        """Take *fields* out of the bytes of entry *number*, and record that: both or none.

        The leaf of the entry stays, so every checkpoint and proof still holds. The entry says
        what is masked in it, and the masking has the digest of the bytes that are left.

        Args:
            number: of the entry.
            fields: paths such as `/case/facts/some_fact`.
            said: `by` whom it is done and the `reason`.
            signer: as for `append`.
            clock: as for `append`.

        Raises:
            InputError: there is no such entry or field, or the field cannot be masked.
        """
        with self.store.appending():
            content = masked_content(self.entry(number), fields)
            data = {"about": number, "fields": sorted(fields), "digest": digest_of(content), **said}
            draft = Draft("masking", data)
            [recorded] = self._append([draft], [draft.check()], signer, clock)
            self.store.replace(number, content)
        return recorded


class _Batch:
    """The rows that some drafts become."""

    def __init__(
        self, ledger: Ledger, size: int, last: datetime.datetime, now: datetime.datetime
    ) -> None:
        self.rows: list[Row] = []
        self.objects: dict[str, bytes] = {}
        self._ledger = ledger
        self._size = size
        self._new: dict[int, tuple[Entry, str | None]] = {}
        self._numbers: dict[str, int] = {}
        # A clock that has stepped back does not reorder the past: the entry says what it said.
        now = now.astimezone(datetime.UTC).replace(microsecond=0)
        self._recorded_at = max(now, last)
        self._clock = now if now < last else None

    def add(self, draft: Draft, written: Written) -> Recorded:
        number = self._size + len(self.rows) + 1
        entry = draft.entry(number, self._recorded_at, self._clock, written)
        there = self._there(entry)
        if there is not None:
            return Recorded(there, is_new=False)
        system = self._system_of(entry)
        self._new[number] = entry, system
        if entry.identity is not None:
            self._numbers[entry.identity] = number
        self.rows.append(_row(entry, leaf_hash(entry.content), system))
        self._keep_objects(entry, draft)
        return Recorded(entry, is_new=True)

    def _there(self, entry: Entry) -> Entry | None:
        if entry.identity is None:
            return None
        if entry.identity in self._numbers:
            return self._new[self._numbers[entry.identity]][0]
        number = self._ledger.store.number_of(entry.identity)
        return None if number is None else self._ledger.entry(number)

    def _system_of(self, entry: Entry) -> str | None:
        for key, kinds in (("about", KINDS[entry.kind].about), ("supersedes", ("decision",))):
            if key in entry.data:
                self._check_reference(entry, key, kinds)
        if entry.about is None:
            system: str | None = entry.data.get("system")
            return system
        if entry.about in self._new:
            return self._new[entry.about][1]
        return self._ledger.system_of(self._ledger.entry(entry.about))

    def _check_reference(self, entry: Entry, key: str, kinds: Iterable[str]) -> None:
        number = entry.data[key]
        named = self._new[number][0] if number in self._new else self._ledger.entry(number)
        if named.kind not in kinds:
            raise InputError(
                f"a {entry.kind} names a {' or '.join(kinds)} at `{key}`, and entry {number} is "
                f"a {named.kind}"
            )

    def _keep_objects(self, entry: Entry, draft: Draft) -> None:
        for digest in {*entry.objects} - self._ledger.held - {*self.objects}:
            content = draft.objects.get(digest)
            if content is None:
                self._ledger.object(digest)
            elif digest_of(content) != digest:
                raise InputError(f"what is given as {digest} is {digest_of(content)}")
            else:
                self.objects[digest] = content


def _row(entry: Entry, leaf: bytes, system: str | None) -> Row:
    return Row(
        number=entry.number,
        leaf=leaf,
        content=entry.content,
        kind=entry.kind,
        system=system,
        about=entry.about,
        recorded_at=entry.data["recorded_at"],
        identity=entry.identity,
    )


def _parsed(note: bytes) -> Checkpoint:
    """Return the checkpoint in *note*, its signatures unchecked."""
    text = note.decode("utf-8", "replace").partition("\n\n")[0]
    return Checkpoint.parse(text + "\n")
