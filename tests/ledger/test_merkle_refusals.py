"""Malformed and wrong proofs about Merkle trees are refused, each with its reason."""

import re
from functools import cache

import pytest

from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    consistency_proof,
    hashes_of,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from tests.ledger.rfc9162 import LEAVES, OTHER, mth, path, subproof


@pytest.fixture(scope="module")
def hash_of():
    """Give the hash of any complete subtree, each computed once by the code that is tested."""
    return cache(hashes_of(LEAVES))


NOT_THERE = (
    "the leaf at index {} is not in the tree of size {}: its inclusion proof leads to another root"
)


def inclusion(**changes):
    """Check the proof of leaf 4 of 7, after *changes*; three hashes: right, right-most, left."""
    arguments = {
        "leaf": LEAVES[4],
        "index": 4,
        "size": 7,
        "proof": path(4, 0, 7),
        "root": mth(0, 7),
    }
    check_inclusion(**arguments | changes)


RIGHT = path(4, 0, 7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"proof": RIGHT[:-1]}, "the inclusion proof must have 3 hashes for these sizes; it has 2"),
        ({"proof": RIGHT[1:]}, "the inclusion proof must have 3 hashes for these sizes; it has 2"),
        ({"proof": []}, "the inclusion proof must have 3 hashes for these sizes; it has 0"),
        (
            {"proof": [*RIGHT, OTHER]},
            "the inclusion proof must have 3 hashes for these sizes; it has 4",
        ),
        (
            {"proof": [*RIGHT, mth(0, 7)]},
            "the inclusion proof must have 3 hashes for these sizes; it has 4",
        ),
        (
            {"proof": [LEAVES[4], *RIGHT]},
            "the inclusion proof must have 3 hashes for these sizes; it has 4",
        ),
        ({"proof": [RIGHT[1], RIGHT[0], RIGHT[2]]}, NOT_THERE.format(4, 7)),
        ({"proof": RIGHT[::-1]}, NOT_THERE.format(4, 7)),
        ({"proof": [OTHER, *RIGHT[1:]]}, NOT_THERE.format(4, 7)),
        (
            {"proof": [RIGHT[0], RIGHT[1][:31], RIGHT[2]]},
            "hash 2 of the inclusion proof must be 32 bytes; it is 31 bytes",
        ),
        (
            {"proof": [RIGHT[0], RIGHT[1] + b"\0", RIGHT[2]]},
            "hash 2 of the inclusion proof must be 32 bytes; it is 33 bytes",
        ),
        (
            {"proof": [RIGHT[0].hex(), *RIGHT[1:]]},
            "hash 1 of the inclusion proof must be 32 bytes; it is of type str",
        ),
        (
            {"proof": [*RIGHT[:2], None]},
            "hash 3 of the inclusion proof must be 32 bytes; it is of type NoneType",
        ),
        ({"proof": b"".join(RIGHT)}, "a proof is a list of hashes; it is of type bytes"),
        ({"proof": "xyz"}, "a proof is a list of hashes; it is of type str"),
        ({"proof": iter(RIGHT)}, "a proof is a list of hashes; it is of type list_iterator"),
        ({"proof": None}, "a proof is a list of hashes; it is of type NoneType"),
        ({"index": 5}, NOT_THERE.format(5, 7)),
        ({"index": 0}, NOT_THERE.format(0, 7)),
        ({"index": 6}, "the inclusion proof must have 2 hashes for these sizes; it has 3"),
        ({"index": 7}, "a tree of size 7 has no leaf at index 7"),
        ({"index": 2**70}, f"a tree of size 7 has no leaf at index {2**70}"),
        ({"index": -1}, "the index of the leaf must be a whole number from 0, not -1"),
        ({"index": "4"}, "the index of the leaf must be a whole number from 0, not '4'"),
        ({"index": 4.0}, "the index of the leaf must be a whole number from 0, not 4.0"),
        ({"index": True}, "the index of the leaf must be a whole number from 0, not True"),
        ({"index": None}, "the index of the leaf must be a whole number from 0, not None"),
        ({"size": 0}, "a tree of size 0 has no leaf at index 4"),
        ({"index": 0, "size": 0, "proof": []}, "a tree of size 0 has no leaf at index 0"),
        ({"size": 4}, "a tree of size 4 has no leaf at index 4"),
        ({"size": 5}, "the inclusion proof must have 1 hash for these sizes; it has 3"),
        ({"size": 9}, "the inclusion proof must have 4 hashes for these sizes; it has 3"),
        ({"size": -7}, "the size of the tree must be a whole number from 0, not -7"),
        ({"size": "7"}, "the size of the tree must be a whole number from 0, not '7'"),
        ({"leaf": LEAVES[5]}, NOT_THERE.format(4, 7)),
        ({"leaf": mth(4, 6)}, NOT_THERE.format(4, 7)),
        ({"leaf": LEAVES[4][:16]}, "the leaf hash must be 32 bytes; it is 16 bytes"),
        ({"leaf": LEAVES[4].hex()}, "the leaf hash must be 32 bytes; it is of type str"),
        ({"root": mth(0, 8)}, NOT_THERE.format(4, 7)),
        ({"root": EMPTY_ROOT}, NOT_THERE.format(4, 7)),
        ({"root": b""}, "the root must be 32 bytes; it is 0 bytes"),
        ({"root": None}, "the root must be 32 bytes; it is of type NoneType"),
    ],
)
def test_a_wrong_inclusion_proof_is_refused_with_the_reason(changes, message):
    inclusion()  # what is changed was right
    with pytest.raises(IntegrityError, match=f"^{re.escape(message)}$"):
        inclusion(**changes)


def test_an_inner_node_is_never_taken_for_a_leaf():
    """The hashes above two leaves, read as those of a shorter tree, are of another length."""
    with pytest.raises(IntegrityError, match="must have 2 hashes for these sizes; it has 1"):
        check_inclusion(mth(0, 2), 0, 4, [mth(2, 4)], mth(0, 4))
    assert leaf_hash(mth(0, 1) + mth(1, 2)) != mth(0, 2)


def consistency(**changes):
    """Check that the first 6 of 7 are the first 6, after *changes*."""
    arguments = {
        "old_size": 6,
        "old_root": mth(0, 6),
        "size": 7,
        "root": mth(0, 7),
        "proof": subproof(6, 0, 7, True),
    }
    check_consistency(**arguments | changes)


GROWN = subproof(6, 0, 7, True)
OLDER = "the consistency proof does not lead to the older root, of size {}"
NEWER = (
    "the tree of size {} does not begin with that of size {}: "
    "the consistency proof leads to another root"
)
LENGTH = "the consistency proof must have {} hashes for these sizes; it has {}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"proof": GROWN[:-1]}, LENGTH.format(3, 2)),
        ({"proof": GROWN[1:]}, LENGTH.format(3, 2)),
        ({"proof": []}, LENGTH.format(3, 0)),
        ({"proof": [*GROWN, OTHER]}, LENGTH.format(3, 4)),
        ({"proof": [*GROWN, mth(0, 7)]}, LENGTH.format(3, 4)),
        ({"proof": [mth(0, 6), *GROWN]}, LENGTH.format(3, 4)),
        ({"proof": [GROWN[0], *GROWN]}, LENGTH.format(3, 4)),
        ({"proof": [GROWN[1], GROWN[0], GROWN[2]]}, OLDER.format(6)),
        ({"proof": [OTHER, *GROWN[1:]]}, OLDER.format(6)),
        ({"proof": [GROWN[0], OTHER, GROWN[2]]}, NEWER.format(7, 6)),
        ({"proof": [*GROWN[:2], OTHER]}, OLDER.format(6)),
        (
            {"proof": [GROWN[0][:8], *GROWN[1:]]},
            "hash 1 of the consistency proof must be 32 bytes; it is 8 bytes",
        ),
        (
            {"proof": [*GROWN[:2], bytearray(GROWN[2])]},
            "hash 3 of the consistency proof must be 32 bytes; it is of type bytearray",
        ),
        ({"proof": b"".join(GROWN)}, "a proof is a list of hashes; it is of type bytes"),
        ({"proof": {0: GROWN[0]}}, "a proof is a list of hashes; it is of type dict"),
        ({"old_size": 5}, LENGTH.format(4, 3)),
        (
            {"old_size": 4, "old_root": mth(0, 4)},
            "the consistency proof must have 1 hash for these sizes; it has 3",
        ),
        (
            {"old_size": 8},
            "the newer tree is smaller than the older: its size is 7, not 8 or more",
        ),
        ({"old_size": 0}, LENGTH.format(0, 3)),
        ({"old_size": 7}, LENGTH.format(0, 3)),
        ({"old_size": -6}, "the size of the older tree must be a whole number from 0, not -6"),
        ({"old_size": "6"}, "the size of the older tree must be a whole number from 0, not '6'"),
        ({"old_size": 6.5}, "the size of the older tree must be a whole number from 0, not 6.5"),
        ({"size": 6}, LENGTH.format(0, 3)),
        ({"size": 14}, LENGTH.format(4, 3)),
        ({"size": 3}, "the newer tree is smaller than the older: its size is 3, not 6 or more"),
        ({"size": -1}, "the size of the newer tree must be a whole number from 0, not -1"),
        ({"size": False}, "the size of the newer tree must be a whole number from 0, not False"),
        ({"old_root": OTHER}, OLDER.format(6)),
        ({"root": OTHER}, NEWER.format(7, 6)),
        ({"old_root": mth(0, 7), "root": mth(0, 6)}, OLDER.format(6)),
        ({"old_root": mth(0, 6)[:31]}, "the older root must be 32 bytes; it is 31 bytes"),
        ({"old_root": mth(0, 6).hex()}, "the older root must be 32 bytes; it is of type str"),
        ({"root": b""}, "the newer root must be 32 bytes; it is 0 bytes"),
        ({"root": None}, "the newer root must be 32 bytes; it is of type NoneType"),
        (
            {"old_size": 0, "old_root": OTHER, "proof": []},
            "the older root is not that of the empty tree, though its size is",
        ),
        (
            {"old_size": 7, "old_root": OTHER, "proof": []},
            "there are two different roots of a tree of size 7",
        ),
        (
            {"old_size": 7, "old_root": mth(0, 7), "proof": [mth(0, 7)]},
            LENGTH.format(0, 1),
        ),
        ({"old_size": 0, "old_root": EMPTY_ROOT, "proof": [EMPTY_ROOT]}, LENGTH.format(0, 1)),
        (
            {"old_size": 0, "old_root": EMPTY_ROOT, "size": 0, "proof": []},
            "there are two different roots of a tree of size 0",
        ),
    ],
)
def test_a_wrong_consistency_proof_is_refused_with_the_reason(changes, message):
    consistency()  # what is changed was right
    with pytest.raises(IntegrityError, match=f"^{re.escape(message)}$"):
        consistency(**changes)


def test_a_tree_whose_past_was_changed_has_no_proof_that_it_grew():
    """Of two histories that part at entry 3, no proof of one convinces of the other."""
    forged = [*LEAVES[:2], OTHER, *LEAVES[3:12]]
    for old_size in range(3, 12):
        proof = consistency_proof(hashes_of(forged), old_size, 12)
        for attempt in (proof, consistency_proof(hashes_of(LEAVES), old_size, 12)):
            with pytest.raises(IntegrityError):
                check_consistency(old_size, mth(0, old_size), 12, root_of(forged), attempt)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (1, -3)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(hash_of, index, size):
    with pytest.raises(IntegrityError):
        inclusion_proof(hash_of, index, size)


@pytest.mark.parametrize(("old_size", "size"), [(4, 3), (-1, 3), (1, -3)])
def test_no_proof_is_made_of_a_tree_that_shrank(hash_of, old_size, size):
    with pytest.raises(IntegrityError):
        consistency_proof(hash_of, old_size, size)


@pytest.mark.parametrize("size", [6, 8, 300])
def test_no_proof_is_made_of_more_leaves_than_there_are(size):
    with pytest.raises(IntegrityError, match=r"^there are 5 leaves; \d+ are needed$"):
        inclusion_proof(hashes_of(LEAVES[:5]), 0, size)
    with pytest.raises(IntegrityError, match=r"^there are 5 leaves; \d+ are needed$"):
        consistency_proof(hashes_of(LEAVES[:5]), 3, size)
