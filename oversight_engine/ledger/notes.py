"""Signed notes, and the checkpoints of a ledger: C2SP's signed-note and tlog-checkpoint.

A note is a text, an empty line and signatures. A checkpoint is a note whose text says how many
entries a ledger has and the root of the tree over them: who keeps one can tell later whether the
past was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.keys import Signer, Verifier, check_name, decoded, encoded
from oversight_engine.ledger.merkle import HASH_SIZE
from oversight_engine.model.noun import Noun

LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100
_DASH = "— "
_KEY_HASH_SIZE = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile("[\0-\x09\x0b-\x1f]")  # all but the newline
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


@frozen(eq=False, repr=False)
class Note(Noun):
    """A text, and the keys that are known to have signed it.

    Attributes:
        text: what was signed, with its last newline.
        signed_by: the keys among those asked about whose signatures are right; never empty.
    """

    text: str
    signed_by: tuple[Verifier, ...]


def sign_note(text: str, *signers: Signer) -> bytes:
    """Return *text* as a note signed by each of the *signers*.

    Raises:
        InputError: the text cannot be that of a note, or nobody signs.
    """
    if fault := _fault_of_text(text):
        raise InputError(f"not the text of a note: {fault}")
    if not signers:
        raise InputError("a note needs somebody who signs it")
    lines = [
        f"{_DASH}{signer.name} {encoded(signer.key_hash + signer.sign(text.encode()))}\n"
        for signer in signers
    ]
    return f"{text}\n{''.join(lines)}".encode()


def open_note(data: bytes, verifiers: Iterable[Verifier]) -> Note:
    """Return the text of a note that at least one of the *verifiers* signed.

    Signatures by keys that are not asked about are ignored.

    Raises:
        IntegrityError: this is no note, none of the verifiers signed it, or a signature that says
            it is by one of them is not.
    """
    text, signatures = parse_note(data)
    known = {(verifier.name, verifier.key_hash): verifier for verifier in verifiers}
    signed_by: dict[Verifier, None] = {}
    for name, key_hash, signature in signatures:
        verifier = known.get((name, key_hash))
        if verifier is None:
            continue
        if not verifier.verifies(text.encode(), signature):
            raise IntegrityError(f"the signature by {name}+{key_hash.hex()} is not that key's")
        signed_by[verifier] = None
    if not signed_by:
        by = dict.fromkeys(f"{name}+{key_hash.hex()}" for name, key_hash, _ in signatures)
        raise IntegrityError(f"no trusted key signed this: its signatures are by {', '.join(by)}")
    return Note(text, tuple(signed_by))


def parse_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a note and its signatures: name of the key, its hash, signature.

    Raises:
        IntegrityError: this is no note.
    """
    if not isinstance(data, bytes):
        raise IntegrityError(f"not a signed note: bytes are needed, not {type(data).__name__}")
    if len(data) > LARGEST_NOTE:
        raise IntegrityError(f"not a signed note: larger than {LARGEST_NOTE} bytes")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError("not a signed note: it is not UTF-8") from None
    text, gap, signed = note.rpartition("\n\n")
    if not gap:
        raise IntegrityError("not a signed note: there is no empty line before the signatures")
    text += "\n"
    if fault := _fault_of_text(text) or _fault_of_text(signed):
        raise IntegrityError(f"not a signed note: {fault}")
    lines = signed.split("\n")[:-1]
    if len(lines) > MOST_SIGNATURES:
        raise IntegrityError(f"not a signed note: more than {MOST_SIGNATURES} signatures")
    return text, [_signature(number, line) for number, line in enumerate(lines, 1)]


def _fault_of_text(text: str) -> str | None:
    if not text.endswith("\n"):
        return "it does not end with a newline"
    if _CONTROL.search(text):
        return "it has a control character"
    if _HALF_A_PAIR.search(text):
        return "it has half a surrogate pair"
    return None


def _signature(number: int, line: str) -> tuple[str, bytes, bytes]:
    place = f"not a signed note: line {number} of the signatures"
    name, space, signed = line.removeprefix(_DASH).rpartition(" ")
    if not line.startswith(_DASH) or not space:
        raise IntegrityError(f"{place} is not of the form “— name base64”")
    if fault := check_name(name):
        raise IntegrityError(f"{place} has no name of a key: {fault}")
    data = decoded(signed)
    if data is None:
        raise IntegrityError(f"{place} is not base64")
    if len(data) <= _KEY_HASH_SIZE:
        raise IntegrityError(f"{place} is too short")
    return name, data[:_KEY_HASH_SIZE], data[_KEY_HASH_SIZE:]


@frozen(eq=False, repr=False)
class Checkpoint(Noun):
    """How long a ledger is, and the root of the tree over its entries.

    Attributes:
        origin: which ledger.
        size: how many entries it has.
        root: the root of the tree over them.
        extensions: lines that others may add; ours has none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse what could not be read back.

        Raises:
            InputError: a line is empty or has a newline, or size or root are not such.
        """
        lines = (self.origin, *self.extensions)
        if any(not line or "\n" in line for line in lines):
            raise InputError("the origin of a checkpoint, and each other line, is one line of text")
        if self.size < 0 or len(self.root) != HASH_SIZE:
            raise InputError(f"a checkpoint has a size from 0 and a root of {HASH_SIZE} bytes")

    @property
    def text(self) -> str:
        """The text of the note, ready to be signed."""
        lines = (self.origin, str(self.size), encoded(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint from the text of an opened note.

        Raises:
            IntegrityError: the text is not that of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004 - three, and the end
            raise IntegrityError(
                "not a checkpoint: it needs an origin, a size and a root, each on a line of its own"
            )
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise IntegrityError(f"not a checkpoint: its size is {size[:40]!r}, no whole number")
        hashed = decoded(root)
        if hashed is None or len(hashed) != HASH_SIZE:
            raise IntegrityError("not a checkpoint: its root is not the base64 of 32 bytes")
        return cls(origin, int(size), hashed, tuple(extensions))
