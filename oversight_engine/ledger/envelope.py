"""DSSE envelopes around in-toto statements: what a proof file is, so that others' tools read it.

An envelope holds bytes, says of what type they are, and is signed over both. A statement says of
a thing, which it names by digest, a predicate: here, that it is in a ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.keys import Signer, Verifier, decoded, encoded
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain, canonical

STATEMENT_TYPE = "application/vnd.in-toto+json"
LARGEST_ENVELOPE = 256 * 1024 * 1024
MOST_SIGNATURES = 100
_STATEMENT = "https://in-toto.io/Statement/v1"
_FROM_URL_SAFE = str.maketrans("-_", "+/")


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: the type and the *payload*, each after its length."""
    named = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(named), named, len(payload), payload)


def seal(payload: bytes, *signers: Signer, payload_type: str = STATEMENT_TYPE) -> bytes:
    """Return an envelope around *payload*, signed by each of the *signers*, as JSON.

    Raises:
        InputError: nobody signs.
    """
    if not signers:
        raise InputError("an envelope needs somebody who signs it")
    message = pae(payload_type, payload)
    signatures = [
        {"keyid": f"{signer.name}+{signer.key_hash.hex()}", "sig": encoded(signer.sign(message))}
        for signer in signers
    ]
    sealed = {
        "payload": encoded(payload),
        "payloadType": payload_type,
        "signatures": signatures,
    }
    return canonical(sealed) + b"\n"


@frozen(eq=False, repr=False)
class Envelope(Noun):
    """An envelope as read; nothing of it may be believed before `signed_by` has answered.

    Attributes:
        payload_type: what kind of thing the payload is.
        signatures: each with the key it says it is by, which is a hint and no more.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> Envelope:
        """Read an envelope from its JSON.

        Raises:
            IntegrityError: it is not one.
        """
        if len(data) > LARGEST_ENVELOPE:
            raise IntegrityError(f"not an envelope: larger than {LARGEST_ENVELOPE} bytes")
        parts = read_json(data, "an envelope")
        if set(parts) != {"payload", "payloadType", "signatures"}:
            raise IntegrityError("not an envelope: it has payload, payloadType and signatures")
        payload = _bytes(parts["payload"])
        if payload is None:
            raise IntegrityError("not an envelope: its payload is not base64")
        payload_type = parts["payloadType"]
        if not isinstance(payload_type, str) or not payload_type.isprintable():
            raise IntegrityError("not an envelope: its payloadType is no text")
        signatures = parts["signatures"]
        if not isinstance(signatures, list) or not 0 < len(signatures) <= MOST_SIGNATURES:
            raise IntegrityError(f"not an envelope: it has 1 to {MOST_SIGNATURES} signatures")
        return cls(payload, payload_type, tuple(map(_signature, signatures)))

    def signed_by(self, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Return those of the *verifiers* that signed this payload as one of this type.

        Raises:
            IntegrityError: none of them did.
        """
        message = pae(self.payload_type, self.payload)
        found = tuple(
            verifier
            for verifier in dict.fromkeys(verifiers)
            if any(verifier.verifies(message, signature) for _, signature in self.signatures)
        )
        if not found:
            by = ", ".join(dict.fromkeys(ascii(keyid) for keyid, _ in self.signatures))
            raise IntegrityError(f"no trusted key signed the envelope; it says it is by {by}")
        return found


def _bytes(text: Any) -> bytes | None:
    """Return what base64 *text* stands for; readers of envelopes take either alphabet."""
    if not isinstance(text, str):
        return None
    return decoded(text if set(text) & {"+", "/"} else text.translate(_FROM_URL_SAFE))


def _signature(signature: Any) -> tuple[str, bytes]:
    if not isinstance(signature, dict) or "sig" not in signature:
        raise IntegrityError("not an envelope: a signature has a sig")
    keyid, data = signature.get("keyid", ""), _bytes(signature["sig"])
    if not isinstance(keyid, str):
        raise IntegrityError("not an envelope: the keyid of a signature is no text")
    if data is None:
        raise IntegrityError("not an envelope: a signature is not base64")
    return keyid, data


def read_json(data: bytes, what: str) -> Plain:
    """Return the JSON object in *data*, which is *what*, for messages.

    Raises:
        IntegrityError: it is not JSON, not an object, or has a key twice.
    """
    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise IntegrityError(f"not {what}: it is not JSON, or has a key twice") from None
    if not isinstance(parsed, dict):
        raise IntegrityError(f"not {what}: it is no JSON object")
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> Plain:
    """Refuse an object that readers could understand in two ways."""
    if len(unique := dict(pairs)) < len(pairs):
        raise ValueError("a key occurs twice")
    return unique


# Statements


def statement(name: str, content: bytes, predicate_type: str, predicate: Plain) -> bytes:
    """Return the statement that *predicate* holds of *content*, as canonical bytes."""
    subject = {"digest": {"sha256": hashlib.sha256(content).hexdigest()}, "name": name}
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [subject],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def read_statement(payload: bytes, predicate_type: str) -> tuple[str, str, Plain]:
    """Return the name of what a statement is about, its SHA-256 in hex, and the predicate.

    Raises:
        IntegrityError: it is no such statement, or not in canonical form.
    """
    parts = read_json(payload, "a statement")
    if set(parts) != {"_type", "subject", "predicateType", "predicate"}:
        raise IntegrityError("not a statement: it has _type, subject, predicateType and predicate")
    if parts["_type"] != _STATEMENT:
        raise IntegrityError(f"not a statement: its _type is not {_STATEMENT}")
    if parts["predicateType"] != predicate_type:
        raise IntegrityError(f"not the statement that is needed: it is not {predicate_type}")
    match parts["subject"]:
        case [{"digest": {"sha256": str(digest), **others}, "name": str(name), **more}] if not (
            others or more
        ):
            pass
        case _:
            raise IntegrityError("not a statement: its subject is one thing, with name and sha256")
    predicate = parts["predicate"]
    if not isinstance(predicate, dict):
        raise IntegrityError("not a statement: its predicate is no JSON object")
    if not is_canonical(parts, payload):
        raise IntegrityError("not a statement: it is not in canonical form")
    return name, digest, predicate


def is_canonical(parts: Plain, payload: bytes) -> bool:
    """Say whether *payload* is the one form of the JSON it was read from."""
    try:
        return canonical(parts) == payload
    except ValueError:  # half a surrogate pair, or a number that JSON does not have
        return False
