"""One file that shows, without the ledger, that an entry is in it: for whoever wants to check.

The file is an envelope around a statement about the entry's bytes. It holds the entry, every
object the entry refers to, the hashes that lead from it to the root of the tree, the checkpoint
that signs that root, and the keys. `docs/how-to/check_proof.py` checks it without this package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.entries import Entry, digest_of, read_entry
from oversight_engine.ledger.envelope import (
    STATEMENT_TYPE,
    Envelope,
    is_canonical,
    read_json,
    read_statement,
    seal,
    statement,
)
from oversight_engine.ledger.keys import Signer, Verifier
from oversight_engine.ledger.merkle import check_inclusion, leaf_hash
from oversight_engine.ledger.notes import Checkpoint, Note, open_note
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain

PROOF_FORMAT = "oversight-proof/1"
PREDICATE_TYPE = "urn:oversight-engine:proof:1"
OWN_KEY = (
    "Not verified: whose key that is. It came with the file, so this shows only that the file "
    "agrees with itself. Compare the key with one you got another way: --trust."
)
_PARTS = {"format", "number", "entry", "objects", "inclusion", "checkpoint", "keys"}


@frozen(eq=False, repr=False)
class Checked(Noun):
    """What a proof file showed.

    Attributes:
        entry: the entry it is about.
        objects: by digest, the bytes of everything the entry refers to.
        checkpoint: how long the ledger was, and its root.
        trusted: the keys that signed the checkpoint and the file, of those that were trusted.
        by_its_own_key: nobody said which key to trust, so those in the file were taken; then the
            file agrees with itself, and anybody could have made it.
    """

    entry: Entry
    objects: Mapping[str, bytes]
    checkpoint: Checkpoint
    trusted: tuple[Verifier, ...]
    by_its_own_key: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """What was verified, in words, a line each; the last says what was not."""
        checkpoint = self.checkpoint
        keys = ", ".join(verifier.text for verifier in self.trusted)
        tree = f"{checkpoint.size} entries, root {checkpoint.root.hex()}"
        verified = (
            f"The file and the checkpoint in it are signed with {keys}.",
            f"The checkpoint is of {checkpoint.origin}: {tree}.",
            f"Entry {self.entry.number} is in that tree, byte for byte as it stands here.",
            *(f"{digest} is here, as the entry names it." for digest in self.objects),
        )
        return (*verified, OWN_KEY) if self.by_its_own_key else verified


def make_proof(
    *,
    entry: bytes,
    objects: Mapping[str, bytes],
    inclusion: Sequence[bytes],
    checkpoint: bytes,
    verifiers: Iterable[Verifier],
    signer: Signer,
) -> bytes:
    """Return the proof file of an entry.

    Args:
        entry: its bytes.
        objects: by digest, the bytes of everything it refers to, and of nothing else.
        inclusion: the hashes that show that it is in the tree of the checkpoint.
        checkpoint: the signed note.
        verifiers: the keys that signed the checkpoint.
        signer: whose key signs the file.

    Raises:
        IntegrityError: the file would not show what it says; it is not made.
    """
    keys = tuple(dict.fromkeys((*verifiers, signer.verifier)))
    read = read_entry(entry)
    name = f"{_checkpoint(open_note(checkpoint, keys)).origin} entry {read.number}"
    predicate: Plain = {
        "format": PROOF_FORMAT,
        "number": read.number,
        "entry": _text(entry, "the entry"),
        "objects": {digest: _text(content, digest) for digest, content in objects.items()},
        "inclusion": [value.hex() for value in inclusion],
        "checkpoint": _text(checkpoint, "the checkpoint"),
        "keys": [verifier.text for verifier in keys],
    }
    proof = seal(statement(name, entry, PREDICATE_TYPE, predicate), signer)
    try:
        check_proof(proof, keys)
    except IntegrityError as error:
        if read.masked:
            raise IntegrityError(
                f"entry {read.number} is masked: where that was done after it was recorded, what "
                f"is left of it is not in the tree, and nothing can prove it ({error})"
            ) from error
        raise
    return proof


def check_proof(data: bytes, verifiers: Iterable[Verifier] | None = None) -> Checked:
    """Verify everything in a proof file, with nothing but the file and the keys.

    Args:
        data: the file's bytes.
        verifiers: the keys to trust; without them those in the file are taken, and the answer
            says so.

    Raises:
        IntegrityError: something in it is wrong; the message says what.
    """
    envelope = Envelope.parse(data)
    if data[-1:] != b"\n" or not is_canonical(read_json(data, "a proof file"), data[:-1]):
        raise IntegrityError("not a proof file: it is not in canonical form")
    if envelope.payload_type != STATEMENT_TYPE:
        raise IntegrityError(f"not a proof file: its payload is not of type {STATEMENT_TYPE}")
    # Read before it is believed: only to find the keys in it, where none are given.
    name, digest, predicate = read_statement(envelope.payload, PREDICATE_TYPE)
    parts = _read_predicate(predicate)
    trusted = parts.keys if verifiers is None else tuple(verifiers)
    signers = envelope.signed_by(trusted)
    try:
        note = open_note(parts.checkpoint, trusted)
    except IntegrityError as error:
        raise IntegrityError(f"the checkpoint in the file: {error}") from error
    checkpoint = _checkpoint(note)
    entry = _check_entry(parts, checkpoint)
    if digest != hashlib.sha256(parts.entry).hexdigest():
        raise IntegrityError("the statement is about other bytes than those of the entry")
    if name != f"{checkpoint.origin} entry {entry.number}":
        raise IntegrityError("the statement is about another entry, or one of another ledger")
    _check_objects(entry, parts.objects)
    return Checked(
        entry=entry,
        objects=parts.objects,
        checkpoint=checkpoint,
        trusted=tuple(dict.fromkeys((*note.signed_by, *signers))),
        by_its_own_key=verifiers is None,
    )


def _check_entry(parts: _Parts, checkpoint: Checkpoint) -> Entry:
    leaf, index = leaf_hash(parts.entry), parts.number - 1
    try:
        check_inclusion(leaf, index, checkpoint.size, parts.inclusion, checkpoint.root)
    except IntegrityError as error:
        raise IntegrityError(f"entry {parts.number} is not shown to be there: {error}") from error
    try:
        entry = read_entry(parts.entry)
    except IntegrityError as error:
        raise IntegrityError(f"what is in the tree is no entry: {error}") from error
    if entry.number != parts.number:
        raise IntegrityError(
            f"the entry says it is number {entry.number}, and stands in place {parts.number}"
        )
    return entry


def _check_objects(entry: Entry, objects: Mapping[str, bytes]) -> None:
    for digest, content in objects.items():
        if digest_of(content) != digest:
            raise IntegrityError(f"an object is not what its digest says: {digest}")
    if missing := sorted(set(entry.objects) - set(objects)):
        raise IntegrityError(f"the entry refers to what is not here: {', '.join(missing)}")
    if surplus := sorted(set(objects) - set(entry.objects)):
        raise IntegrityError(f"the entry does not refer to what is here: {', '.join(surplus)}")


def _checkpoint(note: Note) -> Checkpoint:
    return Checkpoint.parse(note.text)


# The predicate


@frozen(eq=False, repr=False)
class _Parts(Noun):
    """What the predicate holds, each part of the right type and nothing more known of it."""

    number: int
    entry: bytes
    objects: Mapping[str, bytes]
    inclusion: tuple[bytes, ...]
    checkpoint: bytes
    keys: tuple[Verifier, ...]


def _read_predicate(predicate: Plain) -> _Parts:
    if predicate.get("format") != PROOF_FORMAT:
        raise IntegrityError(f"not a proof file: its format is not {PROOF_FORMAT}")
    if set(predicate) != _PARTS:
        raise IntegrityError(f"not a proof file: it has {', '.join(sorted(_PARTS))}")
    number, objects = predicate["number"], predicate["objects"]
    if type(number) is not int or number < 1:
        raise IntegrityError("not a proof file: its number is not that of an entry")
    if not isinstance(objects, dict):
        raise IntegrityError("not a proof file: its objects are not by digest")
    try:
        keys = tuple(map(Verifier.parse, _texts("keys", predicate["keys"])))
        hashes = _texts("inclusion", predicate["inclusion"])
        inclusion = tuple(map(bytes.fromhex, hashes))
    except InputError as error:
        raise IntegrityError(f"not a proof file: a key in it is {error}") from error
    except ValueError:
        raise IntegrityError("not a proof file: its inclusion is not in hexadecimal") from None
    if [value.hex() for value in inclusion] != hashes:
        raise IntegrityError("not a proof file: its inclusion is not in small hexadecimal digits")
    return _Parts(
        number=number,
        entry=_bytes("entry", predicate["entry"]),
        objects={digest: _bytes("objects", content) for digest, content in objects.items()},
        inclusion=inclusion,
        checkpoint=_bytes("checkpoint", predicate["checkpoint"]),
        keys=keys,
    )


def _texts(part: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise IntegrityError(f"not a proof file: its {part} is not a list of texts")
    return value


def _bytes(part: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise IntegrityError(f"not a proof file: its {part} is no text")
    return value.encode()


def _text(content: bytes, what: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError(f"{what} is not text, so no file can hold it") from None
