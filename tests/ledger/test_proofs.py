"""A proof file shows what it says it shows, and any change to it is noticed: by both readers."""

import json
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.entries import masked_content, read_entry
from oversight_engine.ledger.keys import Verifier
from oversight_engine.ledger.proofs import OWN_KEY, PREDICATE_TYPE, check_proof
from oversight_engine.report.schemas import shipped_schema
from tests.ledger.check_script import CAUGHT, read_script, run_script
from tests.ledger.proof_files import (
    BOOK,
    ENTRIES,
    FORGER,
    NUMBER,
    ORIGIN,
    OWNER,
    RULEBOOK,
    TAMPERED,
    checkpoint_of,
    forged,
    proof_of,
    resealed,
    somebody,
    statement_in,
)
from tests.ledger.signers import signer_named

KEY = OWNER.verifier.text
PROOF = proof_of()

NOBODY = "no trusted key signed the envelope; it says it is by '"
BY_OWNER, BY_FORGER = (f"{ORIGIN}+{signer.key_hash.hex()}" for signer in (OWNER, FORGER))
ELSEWHERE = "its inclusion proof leads to another root"
NO_JSON = "not an envelope: it is not JSON, or has a key twice"
REASONS = {
    "outcome edited": NOBODY + BY_OWNER,
    "rulebook edited": NOBODY + BY_OWNER,
    "checkpoint edited": NOBODY + BY_OWNER,
    "key replaced": NOBODY + BY_OWNER,
    "type replaced": "its payload is not of type application/vnd.in-toto+json",
    "signature cut": NOBODY + BY_OWNER,
    "signature of something else": NOBODY + BY_OWNER,
    "signature of the bare payload": NOBODY + BY_OWNER,
    "signature written otherwise": "not an envelope: a signature is not base64",
    "signature removed": "not an envelope: it has 1 to 100 signatures",
    "part added to the envelope": "not an envelope: it has payload, payloadType and signatures",
    "signed by somebody else": NOBODY + BY_FORGER,
    "file signed by the owner, checkpoint by somebody else": (
        f"the checkpoint in the file: no trusted key signed this: its signatures are by {BY_FORGER}"
    ),
    "checkpoint signed for somebody else": f"the signature by {BY_OWNER} is not that key's",
    "whole ledger forged": NOBODY + BY_FORGER,
    "outcome edited by the owner": f"entry 2 is not shown to be there: .*{ELSEWHERE}",
    "number changed": f"entry 3 is not shown to be there: .*{ELSEWHERE}",
    "number beyond the ledger": "entry 6 is not shown to be there: a tree of size 5 has no leaf",
    "number zero": "its number is not that of an entry",
    "number as text": "its number is not that of an entry",
    "number as truth": "its number is not that of an entry",
    "number as truth throughout": "its number is not that of an entry",
    "number zero throughout": "its number is not that of an entry",
    "hash flipped": ELSEWHERE,
    "hash left out": "the inclusion proof must have 3 hashes for these sizes; it has 2",
    "hash added": "the inclusion proof must have 3 hashes for these sizes; it has 4",
    "hashes swapped": ELSEWHERE,
    "hash cut": "hash 1 of the inclusion proof must be 32 bytes; it is 31 bytes",
    "hash in capitals": "its inclusion is not in small hexadecimal digits",
    "hashes as one text": "its inclusion is not a list of texts",
    "no hash but a word": "its inclusion is not in hexadecimal",
    "checkpoint of a shorter ledger": "a tree of size 1 has no leaf at index 1",
    "checkpoint of another ledger": "about another entry, or one of another ledger",
    "checkpoint unsigned": "the checkpoint in the file: not a signed note: there is no empty line",
    "checkpoint without size": "not a checkpoint: its size is 'many', no whole number",
    "rulebook edited by the owner": f"an object is not what its digest says: {BOOK.digest}",
    "rulebook replaced": f"the entry refers to what is not here: {BOOK.digest}",
    "rulebook left out": f"the entry refers to what is not here: {BOOK.digest}",
    "object added": "the entry does not refer to what is here: sha256:44136fa355",
    "objects as a list": "its objects are not by digest",
    "object as a number": "its objects is no text",
    "entry in another place": "the entry says it is number 1, and stands in place 2",
    "entry that is none": "what is in the tree is no entry: ",
    "entry with spaces": "what is in the tree is no entry: it is not in canonical form",
    "entry cut": ELSEWHERE,
    "entry as a number": "its entry is no text",
    "statement about another entry": "about another entry, or one of another ledger",
    "statement about other bytes": "about other bytes than those of the entry",
    "statement about two things": "its subject is one thing, with name and sha256",
    "statement about nothing": "its subject is one thing, with name and sha256",
    "statement of another kind": "not the statement that is needed: it is not urn:oversight",
    "statement of another version": "its _type is not https://in-toto.io/Statement/v1",
    "statement without predicate": "its predicate is no JSON object",
    "part added to the statement": "it has _type, subject, predicateType and predicate",
    "part added to the predicate": "it has checkpoint, entry, format, inclusion, keys, number, obj",
    "format of tomorrow": "its format is not oversight-proof/1",
    "keys left out": "its keys is not a list of texts",
    "key that is none": "a key in it is not a public key: ",
    "key with the hash of another": (
        "a key in it is not a public key: its hash is that of another key or name"
    ),
    "payload with spaces": "not a statement: it is not in canonical form",
    "payload with a key twice": "not a statement: it is not JSON, or has a key twice",
    "payload that is no JSON": "not a statement: it is not JSON, or has a key twice",
    "payload with half a character": "not a statement: it is not in canonical form",
    "payload nested too deep": "not a statement: it is not JSON, or has a key twice",
    "payload not base64": "not an envelope: its payload is not base64",
    "file with spaces": "not a proof file: it is not in canonical form",
    "file with a key twice": NO_JSON,
    "file cut": NO_JSON,
    "file without its last newline": "not a proof file: it is not in canonical form",
    "file with another end": "not a proof file: it is not in canonical form",
    "file with something after it": NO_JSON,
    "file that is empty": NO_JSON,
    "file that is not text": NO_JSON,
    "file that is a list": "not an envelope: it is no JSON object",
    "file that is a number": "not an envelope: it is no JSON object",
}


# What holds


@pytest.mark.parametrize("place", range(1, 6))
def test_every_entry_has_a_proof_file_that_holds(place):
    checked = check_proof(proof_of(place), [OWNER.verifier])

    assert checked.entry.content == ENTRIES[place - 1]
    assert checked.entry.number == place
    assert checked.trusted == (OWNER.verifier,)
    assert (checked.checkpoint.origin, checked.checkpoint.size) == (ORIGIN, 5)
    assert checked.objects == ({BOOK.digest: RULEBOOK} if place == NUMBER else {})
    assert not checked.by_its_own_key


def test_what_was_verified_is_said_line_by_line():
    root = check_proof(PROOF).checkpoint.root.hex()

    assert check_proof(PROOF, [OWNER.verifier]).lines == (
        f"The file and the checkpoint in it are signed with {KEY}.",
        f"The checkpoint is of {ORIGIN}: 5 entries, root {root}.",
        "Entry 2 is in that tree, byte for byte as it stands here.",
        f"{BOOK.digest} is here, as the entry names it.",
    )


def test_a_key_that_came_with_the_file_is_said_to_prove_nothing():
    checked = check_proof(PROOF)

    assert checked.by_its_own_key
    assert checked.lines == (*check_proof(PROOF, [OWNER.verifier]).lines, OWN_KEY)
    assert OWN_KEY.startswith("Not verified: whose key that is.")


def test_a_ledger_written_again_by_somebody_else_agrees_with_itself_and_with_no_key_of_ours():
    """What a key in the file is worth: nothing, which is why it is said."""
    own = check_proof(forged())

    assert own.trusted == (FORGER.verifier,)
    assert own.by_its_own_key
    assert own.lines[-1] == OWN_KEY
    with pytest.raises(IntegrityError, match="no trusted key signed the envelope"):
        check_proof(forged(), [OWNER.verifier])


def test_a_checkpoint_by_the_older_key_needs_both_keys():
    newer = signer_named(ORIGIN, "newer")
    proof = proof_of(
        checkpoint=checkpoint_of(ENTRIES, OWNER), verifiers=[OWNER.verifier], signer=newer
    )

    assert check_proof(proof, [newer.verifier, OWNER.verifier]).trusted == (
        OWNER.verifier,
        newer.verifier,
    )
    for one in (OWNER, newer):
        with pytest.raises(IntegrityError, match="no trusted key signed"):
            check_proof(proof, [one.verifier])


def test_no_keys_are_not_the_keys_in_the_file():
    with pytest.raises(IntegrityError, match="no trusted key signed"):
        check_proof(PROOF, [])


def test_a_proof_file_is_as_its_schema_says():
    statement = statement_in(PROOF)
    schema = shipped_schema("proof")

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(statement, schema)
    assert schema["$id"] == statement["predicateType"] == PREDICATE_TYPE
    for changes in ({"number": 0}, {"inclusion": ["no hash"]}, {"objects": {"x": ""}}, {"more": 1}):
        wrong = statement | {"predicate": statement["predicate"] | changes}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


# What is not made


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entry": ENTRIES[2]}, "entry 3 is not shown to be there"),
        ({"inclusion": ()}, "entry 2 is not shown to be there"),
        ({"objects": {}}, "the entry refers to what is not here"),
        ({"objects": {BOOK.digest: b"{}"}}, "an object is not what its digest says"),
        ({"objects": {BOOK.digest: b"\xff"}}, f"{BOOK.digest} is not text, so no file can hold it"),
        ({"checkpoint": checkpoint_of(ENTRIES[:1])}, "a tree of size 1 has no leaf"),
        ({"checkpoint": checkpoint_of(ENTRIES, FORGER)}, "no trusted key signed this"),
        ({"checkpoint": b"no note"}, "not a signed note"),
        ({"entry": b"{}"}, "`kind` is one of"),
    ],
)
def test_a_file_that_would_not_hold_is_not_made(changes, message):
    with pytest.raises(IntegrityError, match=message):
        proof_of(**changes)


MASKED = masked_content(read_entry(ENTRIES[1]), ["/case/facts/waits"])


def test_an_entry_that_was_masked_after_it_was_recorded_has_no_proof_file():
    with pytest.raises(IntegrityError, match=r"^entry 2 is masked: where that was done after"):
        proof_of(entry=MASKED)


def test_an_entry_that_was_recorded_with_something_masked_has_one():
    checked = check_proof(proof_of(2, entries=[ENTRIES[0], MASKED]), [OWNER.verifier])

    assert checked.entry.masked == ("/case/facts/waits",)


# What is noticed


@pytest.mark.parametrize("done", TAMPERED)
def test_what_was_done_to_a_proof_file_is_noticed(done):
    with pytest.raises(IntegrityError, match=re.escape(REASONS[done]).replace(r"\.\*", ".*")):
        check_proof(TAMPERED[done](), [OWNER.verifier])


@pytest.mark.checkout
@pytest.mark.parametrize("done", TAMPERED)
def test_what_was_done_to_a_proof_file_is_noticed_by_the_script_too(done):
    with pytest.raises((SystemExit, *CAUGHT)):
        read_script().check(TAMPERED[done](), [KEY])


@pytest.mark.checkout
@pytest.mark.parametrize("done", list(TAMPERED)[::3])
def test_what_was_done_to_a_proof_file_ends_the_script_with_one(tmp_path, done):
    ended = run_script(tmp_path, TAMPERED[done](), "--key", KEY)

    assert ended.returncode == 1
    assert re.fullmatch("WRONG: .+\n", ended.stderr)


@pytest.mark.parametrize("done", sorted(set(TAMPERED) - {"whole ledger forged"}))
def test_what_was_done_is_noticed_without_a_key_too_unless_it_was_signed_anew(done):
    """Somebody who replaces the key and signs everything again is found out by the key alone."""
    with pytest.raises(IntegrityError):
        check_proof(TAMPERED[done]())


@given(data=st.data())
def test_no_bit_of_a_proof_file_can_be_flipped_but_in_the_hint_who_signed_it(data):
    changed = bytearray(PROOF)
    bit = data.draw(st.integers(0, len(PROOF) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    hint = b'"keyid":"' + json.loads(PROOF)["signatures"][0]["keyid"].encode()
    start = PROOF.index(hint)

    try:
        checked = check_proof(bytes(changed), [OWNER.verifier])
    except IntegrityError:
        return
    assert checked == check_proof(PROOF, [OWNER.verifier])
    assert start <= bit // 8 < start + len(hint)


def test_every_tampering_has_its_reason():
    assert set(REASONS) == set(TAMPERED)
    assert len(TAMPERED) >= 60


def test_the_files_that_tests_tamper_with_hold_when_put_together_again_unchanged():
    assert resealed(statement_in(PROOF)) == PROOF
    assert Verifier.parse(KEY) == OWNER.verifier
    assert somebody()["name"] == "A. Person"
