"""Check a proof file of an oversight ledger: offline, and without the package that made it.

    python3 check_proof.py proof.json --key 'NAME+HASH+BASE64'

Give with --key the public key that the ledger's owner published, got another way than this file,
and again for each further key. Without it the keys in the file are used; that shows only that the
file agrees with itself, and anybody could have made it. It needs Python 3.11 and, to check the
signatures, the package `cryptography`.
Exit code: 0 all of it holds, 1 something is wrong, 2 wrong use, 3 not everything was checked.
"""

import argparse
import base64
import json
import re
import sys
from hashlib import sha256
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None


def need(holds: object, otherwise: str) -> None:
    """Stop where something does not hold."""
    if not holds:
        sys.exit(f"WRONG: {otherwise!r}")


def say(line: str) -> None:
    """Print what holds; nothing that a file says may move the cursor."""
    print(repr(line)[1:-1], flush=True)


def unbase64(text: str) -> bytes:
    """Return what base64 stands for; it has one form."""
    need(base64.b64encode(data := base64.b64decode(text)).decode() == text, "base64 is odd")
    return data


def read_json(data: bytes, parts: str) -> dict:
    """Return a JSON object that has just these parts."""
    parsed = json.loads(data.decode())
    need(set(parsed) == set(parts.split()), f"its parts are not {parts}")
    return parsed


def canonical(data: dict) -> bytes:
    """Return the one form of JSON (RFC 8785; there are no fractions) that is hashed."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_key(text: str) -> tuple[str, bytes]:
    """Return a public key as `name+hash`, which signatures name, and its bytes (C2SP)."""
    name, key_hash, encoded = text.split("+", 2)
    key = unbase64(encoded)
    hashed = sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    need(key[:1] == b"\1" and len(key) == 1 + 32 and key_hash == hashed, f"it is no key: {text}")
    return f"{name}+{key_hash}", key[1:]


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Say whether a signature holds; without `cryptography` nobody knows, and the end says so."""
    try:
        if Ed25519PublicKey is not None:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def root_above(node: bytes, index: int, size: int, proof: list[str]) -> bytes:
    """Return the root of the tree that the hashes of a proof lead to (RFC 9162, 2.1.3.2)."""
    hashes, last = [bytes.fromhex(text) for text in proof], size - 1
    need([each.hex() for each in hashes] == proof, "a hash of the proof is badly written")
    while last:
        if index % 2 or index < last:  # a node stands beside this one: on the left or the right
            need(hashes and len(hashes[0]) == len(node), "the proof is too short, or a hash in it")
            pair = hashes.pop(0) + node if index % 2 else node + hashes.pop(0)
            node = sha256(b"\1" + pair).digest()
        index, last = index // 2, last // 2
    need(not hashes, "the proof is too long")
    return node


def check(data: bytes, given: list[str]) -> None:
    """Check a proof file from the outside in, and say what holds."""
    outer = read_json(data, "payload payloadType signatures")
    payload, kind = unbase64(outer["payload"]), outer["payloadType"]
    statement = read_json(payload, "_type subject predicateType predicate")
    parts = "format number entry objects inclusion checkpoint keys"
    part = read_json(canonical(statement["predicate"]), parts)
    types = f"{kind} {statement['_type']} {statement['predicateType']} {part['format']}"
    right = "application/vnd.in-toto+json https://in-toto.io/Statement/v1 "
    need(types == f"{right}urn:oversight-engine:proof:1 oversight-proof/1", f"it is {types}")
    need((data, payload) == (canonical(outer) + b"\n", canonical(statement)), "not canonical JSON")
    _, keys = [dict(map(read_key, texts)) for texts in (part["keys"], given or part["keys"])]
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    seals = [unbase64(each["sig"]) for each in outer["signatures"]]
    by = [name for name, key in keys.items() if any(is_signed(message, s, key) for s in seals)]
    need(by, "no trusted key signed the file")
    text, gap, lines = part["checkpoint"].rpartition("\n\n")
    need(gap and re.fullmatch("(— [^ +\n]+ [^ \n]+\n)+", lines), "the checkpoint is no signed note")
    notes = [(line.split()[1], unbase64(line.split()[2])) for line in lines.splitlines()]
    ours = [(f"{name}+{sig[:4].hex()}", sig[4:]) for name, sig in notes]
    ours = [(name, sig) for name, sig in ours if name in keys]
    holds = [is_signed(f"{text}\n".encode(), sig, keys[name]) for name, sig in ours]
    need(holds and all(holds), "no trusted key signed the checkpoint")
    if Ed25519PublicKey is not None:
        say(f"The file is signed by {', '.join(by)}, the checkpoint by {', '.join(dict(ours))}.")
    origin, size, root = text.split("\n")[:3]
    need(re.fullmatch("[1-9][0-9]{0,18}", size), "the checkpoint has no size")
    say(f"It is of {origin}: {size} entries, root {unbase64(root).hex()}.")
    entry, number = part["entry"].encode(), part["number"]
    need(type(number) is int and 0 < number <= int(size), f"the tree has no entry {number}")
    above = root_above(sha256(b"\0" + entry).digest(), number - 1, int(size), part["inclusion"])
    need(above == unbase64(root), f"entry {number} is not in the tree: the proof leads elsewhere")
    said = json.loads(entry)
    need(canonical(said) == entry and said["number"] == number, f"there is no entry {number}")
    about = [{"name": f"{origin} entry {number}", "digest": {"sha256": sha256(entry).hexdigest()}}]
    need(statement["subject"] == about, "the statement is about something else")
    say(f"Entry {number} is in that tree: a {said['kind']}, recorded at {said['recorded_at']}.")
    said_of = said.get("decision", {}) | said.get("attestation", {})
    names = {said_of.get(each) for each in ("rulebook", "reform", "cohort", "certificate")} - {None}
    need(names == set(part["objects"]), "the objects are not those the entry names")
    for digest, content in part["objects"].items():
        need(digest == "sha256:" + sha256(content.encode()).hexdigest(), f"it is another {digest}")
        say(f"The entry names {digest}, and it is here.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check a proof file of an oversight ledger.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", action="append", default=[], help="a public key you trust")
    asked = parser.parse_args()
    try:
        check(asked.file.read_bytes(), asked.key)
    except OSError as error:
        parser.error(str(error))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        need(None, f"it is no proof file: {type(error).__name__}: {error}")
    if Ed25519PublicKey is None:
        say("NOT CHECKED: the signatures, only the hashes; install the package cryptography.")
    if not asked.key:
        say("NOT CHECKED: whose key it is. It came with the file; give one you trust with --key.")
    sys.exit(0 if Ed25519PublicKey and asked.key else 3)
