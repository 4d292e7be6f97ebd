"""Envelopes are those of DSSE, and the statements in them those of in-toto."""

import base64
import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.envelope import (
    LARGEST_ENVELOPE,
    STATEMENT_TYPE,
    Envelope,
    pae,
    read_statement,
    seal,
    statement,
)
from oversight_engine.model.plain import canonical
from tests.ledger.signers import signer_named

ONE, OTHER = signer_named("one.example"), signer_named("other.example")
SPECIFIED = (
    b'{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld", '
    b'"signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcI'
    b'AriEGAHTVeCUjW2JIZA=="}]}'
)


@pytest.mark.parametrize(
    ("payload_type", "payload", "signed"),
    [
        (
            "http://example.com/HelloWorld",
            b"hello world",
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        ),
        ("t", "é".encode(), b"DSSEv1 1 t 2 \xc3\xa9"),
        ("é", b"", b"DSSEv1 2 \xc3\xa9 0 "),
        ("", b"\0\n", b"DSSEv1 0  2 \0\n"),
    ],
)
def test_what_is_signed_is_what_the_specification_says(payload_type, payload, signed):
    assert pae(payload_type, payload) == signed


@given(st.text(), st.binary(), st.text(), st.binary())
def test_no_two_things_are_signed_as_the_same_bytes(type_1, payload_1, type_2, payload_2):
    same = (type_1, payload_1) == (type_2, payload_2)

    assert (pae(type_1, payload_1) == pae(type_2, payload_2)) == same


def test_the_envelope_of_the_specification_is_read():
    envelope = Envelope.parse(SPECIFIED)

    assert envelope.payload == b"hello world"
    assert envelope.payload_type == "http://example.com/HelloWorld"
    assert [keyid for keyid, _ in envelope.signatures] == [""]
    with pytest.raises(IntegrityError, match="it says it is by ''"):
        envelope.signed_by([ONE.verifier])  # it is signed, by a key of another kind


def test_an_envelope_has_the_parts_of_the_specification_and_one_form():
    sealed = seal(b"hello", ONE, payload_type="text/plain")
    signature = base64.b64encode(ONE.sign(b"DSSEv1 10 text/plain 5 hello")).decode()

    assert json.loads(sealed) == {
        "payload": "aGVsbG8=",
        "payloadType": "text/plain",
        "signatures": [{"keyid": f"one.example+{ONE.key_hash.hex()}", "sig": signature}],
    }
    assert (
        sealed
        == canonical(json.loads(sealed)) + b"\n"
        == seal(b"hello", ONE, payload_type="text/plain")
    )


@given(payload=st.binary())
def test_what_is_sealed_is_read_back(payload):
    envelope = Envelope.parse(seal(payload, ONE, OTHER))

    assert envelope.payload == payload
    assert envelope.payload_type == STATEMENT_TYPE == "application/vnd.in-toto+json"
    assert envelope.signed_by([ONE.verifier]) == (ONE.verifier,)
    assert envelope.signed_by([OTHER.verifier, ONE.verifier]) == (OTHER.verifier, ONE.verifier)


def resealed(**changes):
    return canonical(json.loads(seal(b"hello", ONE)) | changes)


def signature_by(signer, message=b"hello", **changes):
    sig = base64.b64encode(signer.sign(pae(STATEMENT_TYPE, message))).decode()
    return {"keyid": "one.example+00000000", "sig": sig} | changes


def test_the_name_of_a_key_in_an_envelope_is_a_hint_and_no_more():
    for signature in (
        signature_by(ONE),
        signature_by(ONE, keyid="other.example"),
        {"sig": signature_by(ONE)["sig"]},
    ):
        envelope = Envelope.parse(resealed(signatures=[signature]))
        assert envelope.signed_by([OTHER.verifier, ONE.verifier]) == (ONE.verifier,)


def test_signatures_of_others_are_ignored():
    wrong = signature_by(OTHER, b"something else")
    envelope = Envelope.parse(resealed(signatures=[wrong, signature_by(ONE)]))

    assert envelope.signed_by([OTHER.verifier, ONE.verifier]) == (ONE.verifier,)


def test_a_hint_moves_no_cursor():
    envelope = Envelope.parse(resealed(signatures=[{"sig": "", "keyid": "\x1b[2J\u202e"}]))

    with pytest.raises(IntegrityError) as refused:
        envelope.signed_by([ONE.verifier])
    assert str(refused.value).endswith(r"it says it is by '\x1b[2J\u202e'")


def test_either_alphabet_of_base64_is_read():
    payload = bytes(range(256))
    text = base64.b64encode(payload).decode()
    assert {"+", "/"} <= set(text)
    url_safe = Envelope.parse(resealed(payload=base64.urlsafe_b64encode(payload).decode()))

    assert url_safe.payload == Envelope.parse(resealed(payload=text)).payload == payload


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": base64.b64encode(b"hullo").decode()},
        {"payloadType": "application/json"},
        {"payloadType": STATEMENT_TYPE + " "},
        {"signatures": [signature_by(OTHER)]},
        {"signatures": [signature_by(ONE, b"hullo")]},
        {"signatures": [{"sig": base64.b64encode(ONE.sign(b"hello")).decode()}]},
        {"signatures": [{"sig": ""}]},
    ],
)
def test_an_envelope_that_nobody_known_signed_is_refused(changes):
    envelope = Envelope.parse(resealed(**changes))

    with pytest.raises(
        IntegrityError, match=r"^no trusted key signed the envelope; it says it is by "
    ):
        envelope.signed_by([ONE.verifier])


def test_an_envelope_is_trusted_by_nobody_who_names_no_key():
    with pytest.raises(IntegrityError, match="no trusted key signed the envelope"):
        Envelope.parse(seal(b"hello", ONE)).signed_by([])


def test_nobody_seals_nothing():
    with pytest.raises(InputError, match="an envelope needs somebody who signs it"):
        seal(b"hello")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is not JSON, or has a key twice"),
        (b"{", "it is not JSON, or has a key twice"),
        (b"\xff{}", "it is not JSON, or has a key twice"),
        (b"[" * 100_000, "it is not JSON, or has a key twice"),
        (b'{"payload":1,"payload":1}', "it is not JSON, or has a key twice"),
        (b'{"payload":{"a":1,"a":2}}', "it is not JSON, or has a key twice"),
        (b'{"payload":' + b"9" * 5000 + b"}", "it is not JSON, or has a key twice"),
        (b"[]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b"{}", "it has payload, payloadType and signatures"),
        (resealed(more=1), "it has payload, payloadType and signatures"),
        (resealed(payload=1), "its payload is not base64"),
        (resealed(payload="a"), "its payload is not base64"),
        (resealed(payload="aGVsbG8"), "its payload is not base64"),
        (resealed(payload="aGVsbG9="), "its payload is not base64"),
        (resealed(payload="aGVs bG8="), "its payload is not base64"),
        (resealed(payload="+-+-"), "its payload is not base64"),
        (resealed(payloadType=None), "its payloadType is no text"),
        (resealed(payloadType="a\nb"), "its payloadType is no text"),
        (resealed(signatures=[]), "it has 1 to 100 signatures"),
        (resealed(signatures={}), "it has 1 to 100 signatures"),
        (resealed(signatures=[{"sig": ""}] * 101), "it has 1 to 100 signatures"),
        (resealed(signatures=["sig"]), "a signature has a sig"),
        (resealed(signatures=[{"keyid": "a"}]), "a signature has a sig"),
        (resealed(signatures=[{"sig": "*"}]), "a signature is not base64"),
        (resealed(signatures=[{"sig": None}]), "a signature is not base64"),
        (resealed(signatures=[{"sig": "", "keyid": 1}]), "the keyid of a signature is no text"),
    ],
)
def test_what_is_no_envelope_is_refused_with_the_reason(data, message):
    with pytest.raises(IntegrityError, match=f"^not an envelope: {re.escape(message)}$"):
        Envelope.parse(data)


def test_a_file_larger_than_any_proof_is_not_read():
    with pytest.raises(IntegrityError, match=r"^not an envelope: larger than 268435456 bytes$"):
        Envelope.parse(bytes(LARGEST_ENVELOPE + 1))


def test_half_a_surrogate_pair_is_no_type():
    data = resealed(payloadType="SOMETHING").replace(b"SOMETHING", b"\\ud800")

    with pytest.raises(IntegrityError, match="its payloadType is no text"):
        Envelope.parse(data)


# Statements

KIND = "urn:example:kind:1"


def test_a_statement_has_the_parts_of_the_specification():
    said = statement("thing", b"content", KIND, {"holds": True})

    assert json.loads(said) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "thing", "digest": {"sha256": hashlib.sha256(b"content").hexdigest()}}
        ],
        "predicateType": KIND,
        "predicate": {"holds": True},
    }
    assert read_statement(said, KIND) == (
        "thing",
        hashlib.sha256(b"content").hexdigest(),
        {"holds": True},
    )


def said_otherwise(**changes):
    return canonical(json.loads(statement("thing", b"content", KIND, {"holds": True})) | changes)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "not a statement: it is not JSON, or has a key twice"),
        (b"[]", "not a statement: it is no JSON object"),
        (b"{}", "not a statement: it has _type, subject, predicateType and predicate"),
        (
            said_otherwise(more=1),
            "not a statement: it has _type, subject, predicateType and predicate",
        ),
        (
            said_otherwise(_type="https://in-toto.io/Statement/v0.1"),
            "not a statement: its _type is not https://in-toto.io/Statement/v1",
        ),
        (
            said_otherwise(predicateType="urn:example:kind:2"),
            "not the statement that is needed: it is not urn:example:kind:1",
        ),
        (
            said_otherwise(predicate=[]),
            "not a statement: its predicate is no JSON object",
        ),
        *(
            (
                said_otherwise(subject=subject),
                "not a statement: its subject is one thing, with name and sha256",
            )
            for subject in (
                None,
                [],
                {},
                ["thing"],
                [{"name": "thing"}],
                [{"digest": {"sha256": "00"}}],
                [{"name": "thing", "digest": {}}],
                [{"name": "thing", "digest": {"sha512": "00"}}],
                [{"name": "thing", "digest": {"sha256": "00", "sha512": "00"}}],
                [{"name": "thing", "digest": {"sha256": 0}}],
                [{"name": 1, "digest": {"sha256": "00"}}],
                [{"name": "thing", "digest": {"sha256": "00"}, "uri": "u"}],
                [{"name": "thing", "digest": {"sha256": "00"}}] * 2,
            )
        ),
        (
            json.dumps(json.loads(said_otherwise())).encode(),
            "not a statement: it is not in canonical form",
        ),
        (said_otherwise() + b"\n", "not a statement: it is not in canonical form"),
        (
            said_otherwise(predicate={"x": "Y"}).replace(b'"Y"', b'"\\ud800"'),
            "not a statement: it is not in canonical form",
        ),
        (
            said_otherwise(predicate={"x": "Y"}).replace(b'"Y"', b"NaN"),
            "not a statement: it is not in canonical form",
        ),
        (
            said_otherwise(predicate={"x": "Y"}).replace(b'"Y"', b'"\\u0059"'),
            "not a statement: it is not in canonical form",
        ),
    ],
)
def test_what_is_no_such_statement_is_refused_with_the_reason(payload, message):
    with pytest.raises(IntegrityError, match=f"^{re.escape(message)}$"):
        read_statement(payload, KIND)
