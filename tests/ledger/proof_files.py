"""A proof file of a real decision, and what somebody could do to one."""

import base64
import datetime
import hashlib
import json

from oversight_engine.ledger.entries import Draft, digest_of
from oversight_engine.ledger.envelope import seal
from oversight_engine.ledger.merkle import hashes_of, inclusion_proof, leaf_hash, root_of
from oversight_engine.ledger.notes import Checkpoint, sign_note
from oversight_engine.ledger.proofs import make_proof
from oversight_engine.model.case_form import case_data
from oversight_engine.model.decision_form import attestation_data
from oversight_engine.model.plain import canonical
from oversight_engine.model.recorded import recorded_data
from oversight_engine.model.rulebook_form import rulebook_data
from tests.builders import HEAVY, below, decided, number, rulebook, when
from tests.ledger.signers import signer_named

ORIGIN = "ledger.example/test"
OWNER = signer_named(ORIGIN)
FORGER = signer_named(ORIGIN, "forger")
NOW = datetime.datetime(2025, 7, 1, 12, tzinfo=datetime.UTC)

BOOK = rulebook(number("waits"), rules=[when(below("waits", 90), HEAVY)])
DECISION = decided(BOOK, waits=80)
RULEBOOK = canonical(rulebook_data(BOOK))
NUMBER = 2
"""The entry that the proof file is about; the last of the ledger is 5."""


def somebody(name="A. Person", role="director"):
    return {"name": name, "role": role}


DRAFTS = [
    Draft("ledger", {"origin": ORIGIN, "keys": [OWNER.verifier.text], "engine_version": "0"}),
    Draft(
        "decision",
        {
            "system": DECISION.case.system.code,
            "as_of": DECISION.as_of.isoformat(),
            "case": case_data(DECISION.case),
            "decision": recorded_data(DECISION),
            "attestation": attestation_data(DECISION),
        },
        {BOOK.digest: RULEBOOK},
    ),
    Draft("confirmation", {"about": 2, "by": somebody(), "on": "2025-07-02"}),
    Draft("withdrawal", {"about": 2, "by": somebody(), "reason": "It “was” an example. \u2028"}),
    Draft("review", {"about": 2, "by": somebody(), "on": "2025-09-01", "found": "Nothing."}),
]
ENTRIES = [draft.entry(place, NOW).content for place, draft in enumerate(DRAFTS, 1)]


def checkpoint_of(entries, *signers, origin=ORIGIN):
    root = root_of(map(leaf_hash, entries))
    return sign_note(Checkpoint(origin, len(entries), root).text, *signers or [OWNER])


def inclusion_of(entries, place):
    return inclusion_proof(hashes_of([*map(leaf_hash, entries)]), place - 1, len(entries))


def proof_of(place=NUMBER, *, entries=ENTRIES, signer=OWNER, **changes):
    """Make the proof file of an entry as the owner would."""
    arguments = {
        "entry": entries[place - 1],
        "objects": dict.fromkeys(DRAFTS[place - 1].objects, RULEBOOK),
        "inclusion": inclusion_of(entries, place),
        "checkpoint": checkpoint_of(entries, signer),
        "verifiers": [signer.verifier],
        "signer": signer,
    }
    return make_proof(**arguments | changes)


# Changing it


def statement_in(proof):
    return json.loads(base64.b64decode(json.loads(proof)["payload"]))


def resealed(payload, *signers):
    """Put *payload* into an envelope that the *signers*, by default the owner, sign."""
    return seal(payload if isinstance(payload, bytes) else canonical(payload), *signers or [OWNER])


def unsealed(payload):
    """Put *payload* into the envelope whose signature is of what stood there before."""
    envelope = json.loads(proof_of())
    envelope["payload"] = base64.b64encode(canonical(payload)).decode()
    return canonical(envelope) + b"\n"


def changed(put, *signers, **changes):
    """Change parts of the predicate; *put* makes the file again."""
    statement = statement_in(proof_of())
    for key, change in changes.items():
        before = statement["predicate"][key]
        statement["predicate"][key] = change(before) if callable(change) else change
    return put(statement, *signers)


def restated(**changes):
    """Change parts of the statement outside the predicate; the owner signs it."""
    return resealed(statement_in(proof_of()) | changes)


def rewrapped(**changes):
    """Change parts of the envelope, and leave the signature."""
    return canonical(json.loads(proof_of()) | changes) + b"\n"


def in_tree(entries, place, entry):
    """Make by hand the file of whatever stands in a tree that the owner signed."""
    predicate = statement_in(proof_of())["predicate"] | {
        "number": place,
        "entry": entry.decode(),
        "objects": {},
        "inclusion": [each.hex() for each in inclusion_of(entries, place or 1)],
        "checkpoint": checkpoint_of(entries).decode(),
    }
    digest = {"sha256": hashlib.sha256(entry).hexdigest()}
    subject = [{"name": f"{ORIGIN} entry {place}", "digest": digest}]
    return restated(subject=subject, predicate=predicate)


def swapped(text, old, new):
    assert old in text, f"{old} is not in {text}"
    return text.replace(old, new)


def lighter(entry):
    """Say that the decision was another."""
    return swapped(entry, '"decision":"heavy"', '"decision":"light"')


def flipped(text, at=5):
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]


def otherwise(encoded):
    """Write the same bytes in base64 with bits left over after the last one."""
    last = encoded.rstrip("=")[-1]
    written = swapped(encoded, last + "=", chr(ord(last) + 1) + "=")
    assert base64.b64decode(written) == base64.b64decode(encoded)
    return written


def forged():
    """Make the file of a ledger that was written again by somebody else, with a key of theirs."""
    entries = [*ENTRIES]
    entries[1] = lighter(entries[1].decode()).encode()
    statement = statement_in(in_tree(entries, NUMBER, entries[1]))
    statement["predicate"] |= {
        "objects": {BOOK.digest: RULEBOOK.decode()},
        "checkpoint": checkpoint_of(entries, FORGER).decode(),
        "keys": [FORGER.verifier.text],
    }
    return resealed(statement, FORGER)


OTHER_BOOK = RULEBOOK.replace(b"90", b"70").decode()
SHORTER = checkpoint_of(ENTRIES[:1]).decode()
ODD = b'{"a" : 1}'
ZEROTH = ENTRIES[0].replace(b'"number":1', b'"number":0')
SPACED = json.dumps(json.loads(ENTRIES[2])).encode()
SIGNATURE = json.loads(proof_of())["signatures"][0]

TAMPERED = {
    # Somebody edits the file and signs nothing.
    "outcome edited": lambda: changed(unsealed, entry=lighter),
    "rulebook edited": lambda: changed(unsealed, objects={BOOK.digest: OTHER_BOOK}),
    "checkpoint edited": lambda: changed(
        unsealed, checkpoint=lambda t: t.replace("\n5\n", "\n6\n")
    ),
    "key replaced": lambda: changed(unsealed, keys=[FORGER.verifier.text]),
    "type replaced": lambda: rewrapped(payloadType="application/json"),
    "signature cut": lambda: rewrapped(signatures=[SIGNATURE | {"sig": SIGNATURE["sig"][:40]}]),
    "signature of something else": lambda: rewrapped(
        signatures=[SIGNATURE | {"sig": base64.b64encode(OWNER.sign(b"something")).decode()}]
    ),
    "signature of the bare payload": lambda: rewrapped(
        signatures=[
            SIGNATURE
            | {
                "sig": base64.b64encode(
                    OWNER.sign(base64.b64decode(json.loads(proof_of())["payload"]))
                ).decode()
            }
        ]
    ),
    "signature written otherwise": lambda: rewrapped(
        signatures=[SIGNATURE | {"sig": otherwise(SIGNATURE["sig"])}]
    ),
    "signature removed": lambda: rewrapped(signatures=[]),
    "part added to the envelope": lambda: rewrapped(more=1),
    # Somebody signs it with another key, of the same name.
    "signed by somebody else": lambda: changed(resealed, FORGER),
    "file signed by the owner, checkpoint by somebody else": lambda: changed(
        resealed, checkpoint=checkpoint_of(ENTRIES, FORGER).decode()
    ),
    "checkpoint signed for somebody else": lambda: changed(
        resealed,
        checkpoint=lambda t: (
            t[: t.rindex(" ")]
            + " "
            + base64.b64encode(
                OWNER.key_hash + FORGER.sign(t.partition("\n\n")[0].encode())
            ).decode()
            + "\n"
        ),
    ),
    "whole ledger forged": forged,
    # The owner signs it, and still cannot change what the tree holds.
    "outcome edited by the owner": lambda: changed(resealed, entry=lighter),
    "number changed": lambda: changed(resealed, number=3),
    "number beyond the ledger": lambda: changed(resealed, number=6),
    "number zero": lambda: changed(resealed, number=0),
    "number as text": lambda: changed(resealed, number="2"),
    "number as truth": lambda: changed(resealed, number=True),
    "number as truth throughout": lambda: in_tree(ENTRIES, True, ENTRIES[0]),
    "number zero throughout": lambda: in_tree([ZEROTH], 0, ZEROTH),
    "hash flipped": lambda: changed(resealed, inclusion=lambda h: [flipped(h[0]), *h[1:]]),
    "hash left out": lambda: changed(resealed, inclusion=lambda h: h[:-1]),
    "hash added": lambda: changed(resealed, inclusion=lambda h: [*h, h[0]]),
    "hashes swapped": lambda: changed(resealed, inclusion=lambda h: h[::-1]),
    "hash cut": lambda: changed(resealed, inclusion=lambda h: [h[0][:62], *h[1:]]),
    "hash in capitals": lambda: changed(resealed, inclusion=lambda h: [h[0].upper(), *h[1:]]),
    "hashes as one text": lambda: changed(resealed, inclusion="".join),
    "no hash but a word": lambda: changed(resealed, inclusion=lambda h: ["hash", *h[1:]]),
    "checkpoint of a shorter ledger": lambda: changed(resealed, checkpoint=SHORTER),
    "checkpoint of another ledger": lambda: changed(
        resealed, checkpoint=checkpoint_of(ENTRIES, OWNER, origin="other.example").decode()
    ),
    "checkpoint unsigned": lambda: changed(resealed, checkpoint=lambda t: t.partition("\n\n")[0]),
    "checkpoint without size": lambda: changed(
        resealed, checkpoint=sign_note("origin\nmany\nroot\n", OWNER).decode()
    ),
    "rulebook edited by the owner": lambda: changed(resealed, objects={BOOK.digest: OTHER_BOOK}),
    "rulebook replaced": lambda: changed(
        resealed, objects={digest_of(OTHER_BOOK.encode()): OTHER_BOOK}
    ),
    "rulebook left out": lambda: changed(resealed, objects={}),
    "object added": lambda: changed(resealed, objects=lambda o: o | {digest_of(b"{}"): "{}"}),
    "objects as a list": lambda: changed(resealed, objects=[RULEBOOK.decode()]),
    "object as a number": lambda: changed(resealed, objects={BOOK.digest: 1}),
    "entry in another place": lambda: in_tree([ENTRIES[0]] * 2, 2, ENTRIES[0]),
    "entry that is none": lambda: in_tree([ENTRIES[0], ODD], 2, ODD),
    "entry with spaces": lambda: in_tree([*ENTRIES[:2], SPACED], 3, SPACED),
    "entry cut": lambda: changed(resealed, entry=lambda e: e[:-1]),
    "entry as a number": lambda: changed(resealed, entry=1),
    "statement about another entry": lambda: restated(
        subject=[statement_in(proof_of())["subject"][0] | {"name": f"{ORIGIN} entry 3"}]
    ),
    "statement about other bytes": lambda: restated(
        subject=[statement_in(proof_of())["subject"][0] | {"digest": {"sha256": "0" * 64}}]
    ),
    "statement about two things": lambda: restated(subject=statement_in(proof_of())["subject"] * 2),
    "statement about nothing": lambda: restated(subject=[]),
    "statement of another kind": lambda: restated(predicateType="https://slsa.dev/provenance/v1"),
    "statement of another version": lambda: restated(_type="https://in-toto.io/Statement/v0.1"),
    "statement without predicate": lambda: restated(predicate=None),
    "part added to the statement": lambda: restated(more=1),
    "part added to the predicate": lambda: restated(
        predicate=statement_in(proof_of())["predicate"] | {"more": 1}
    ),
    "format of tomorrow": lambda: changed(resealed, format="oversight-proof/2"),
    "keys left out": lambda: changed(resealed, keys=None),
    "key that is none": lambda: changed(resealed, keys=["a+b+c"]),
    "key with the hash of another": lambda: changed(
        resealed, keys=[OWNER.verifier.text.replace(OWNER.key_hash.hex(), "00000000")]
    ),
    "payload with spaces": lambda: resealed(
        json.dumps(statement_in(proof_of()), sort_keys=True).encode()
    ),
    "payload with a key twice": lambda: resealed(
        canonical(statement_in(proof_of()))[:-1] + b',"subject":[]}'
    ),
    "payload that is no JSON": lambda: resealed(b"statement"),
    "payload with half a character": lambda: resealed(
        canonical(statement_in(proof_of())).replace(b"oversight-proof/1", b"\\ud800")
    ),
    "payload nested too deep": lambda: resealed(b"[" * 100_000),
    "payload not base64": lambda: rewrapped(payload="*"),
    "file with spaces": lambda: json.dumps(json.loads(proof_of())).encode() + b"\n",
    "file with a key twice": lambda: proof_of().replace(
        b'"payload":', b'"payload":"e30=","payload":'
    ),
    "file cut": lambda: proof_of()[:-100],
    "file without its last newline": lambda: proof_of()[:-1],
    "file with another end": lambda: proof_of()[:-1] + b" ",
    "file with something after it": lambda: proof_of() + b"more",
    "file that is empty": lambda: b"",
    "file that is not text": lambda: b"\xff" + proof_of(),
    "file that is a list": lambda: b"[]\n",
    "file that is a number": lambda: b"1\n",
}
"""By what was done, the file that came of it."""
