"""Trees and their proofs are those of RFC 9162, and nothing else passes for a proof."""

import hashlib
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    hashes_of,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_of,
)
from tests.ledger.rfc9162 import LARGEST, LEAVES, OTHER, entry, mth, path, subproof


@pytest.fixture(scope="module")
def hash_of():
    """Give the hash of any complete subtree, each computed once by the code that is tested."""
    return cache(hashes_of(LEAVES))


def test_a_leaf_and_a_node_cannot_be_taken_for_each_other():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(b"a") == hashlib.sha256(b"\x00a").digest()
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_root_to_300_is_that_of_the_rfc_however_it_is_come_by():
    frontier = Frontier()

    for size in range(LARGEST + 1):
        assert frontier.root() == root_of(LEAVES[:size]) == mth(0, size), size
        assert Frontier(size, frontier.hashes).root() == mth(0, size), size
        if size < LARGEST:
            frontier.append(LEAVES[size])


def test_every_inclusion_proof_of_every_tree_to_300_is_that_of_the_rfc_and_is_accepted(hash_of):
    for size in range(1, LARGEST + 1):
        root = mth(0, size)
        for index in range(size):
            proof = inclusion_proof(hash_of, index, size)
            assert list(proof) == path(index, 0, size), (index, size)
            check_inclusion(LEAVES[index], index, size, proof, root)


def test_every_consistency_proof_of_every_two_trees_to_300_is_that_of_the_rfc_and_is_accepted(
    hash_of,
):
    for size in range(1, LARGEST + 1):
        root = mth(0, size)
        for old_size in range(1, size + 1):
            proof = consistency_proof(hash_of, old_size, size)
            assert list(proof) == subproof(old_size, 0, size, True), (old_size, size)
            check_consistency(old_size, mth(0, old_size), size, root, proof)


def test_the_empty_tree_is_the_beginning_of_every_tree(hash_of):
    for size in (0, 1, 2, 7, LARGEST):
        assert consistency_proof(hash_of, 0, size) == ()
        check_consistency(0, EMPTY_ROOT, size, mth(0, size), ())


# Known answers: the leaves and roots that implementations of Certificate Transparency share, and
# the proofs among them that are published beside the leaves.

CT_LEAVES = [
    leaf_hash(bytes.fromhex(text))
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size):
    assert root_of(CT_LEAVES[:size]).hex() == CT_ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "published"),
    [
        (0, 1, []),
        (0, 8, [A, B, C]),
        (5, 8, [D, E, CT_ROOTS[4]]),
        (2, 3, [CT_ROOTS[2]]),
        (1, 5, [CT_ROOTS[1], B, D]),
    ],
)
def test_the_inclusion_proofs_are_those_of_certificate_transparency(index, size, published):
    proof = inclusion_proof(hashes_of(CT_LEAVES), index, size)

    assert [value.hex() for value in proof] == published
    check_inclusion(CT_LEAVES[index], index, size, proof, bytes.fromhex(CT_ROOTS[size]))


@pytest.mark.parametrize(
    ("old_size", "size", "published"),
    [
        (1, 1, []),
        (1, 8, [A, B, C]),
        (6, 8, [F, E, CT_ROOTS[4]]),
        (2, 5, [B, D]),
        (6, 7, [F, G, CT_ROOTS[4]]),
    ],
)
def test_the_consistency_proofs_are_those_of_certificate_transparency(old_size, size, published):
    proof = consistency_proof(hashes_of(CT_LEAVES), old_size, size)
    old_root, root = (bytes.fromhex(CT_ROOTS[each]) for each in (old_size, size))

    assert [value.hex() for value in proof] == published
    check_consistency(old_size, old_root, size, root, proof)


# Many leaves at once


@pytest.mark.parametrize("before", [0, 1, 3, 1023, 1024, 1025])
@pytest.mark.parametrize("added", [0, 1, 1023, 1024, 2049, 5000])
def test_many_leaves_at_once_make_the_tree_that_they_make_one_by_one(before, added):
    leaves = list(leaf_hashes(map(entry, range(before + added))))
    one_by_one, at_once = Frontier(), Frontier()
    for leaf in leaves:
        one_by_one.append(leaf)
    at_once.extend(iter(leaves[:before]))
    at_once.extend(iter(leaves[before:]))

    assert at_once.size == one_by_one.size == before + added
    assert at_once.hashes == one_by_one.hashes
    assert at_once.root() == one_by_one.root() == mth(0, before + added)


def test_leaves_are_read_one_block_at_a_time():
    read = []

    def source():
        for index in range(3000):
            read.append(index)
            yield leaf_hash(entry(index))
            if index == 2100:
                raise InterruptedError

    frontier = Frontier()
    with pytest.raises(InterruptedError):
        frontier.extend(source())

    assert frontier.size == 2048  # what was read in whole blocks; nothing is half added
    assert frontier.root() == mth(0, 2048)


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        (b"short", "a leaf hash must be 32 bytes; it is 5 bytes"),
        ("x" * 32, "a leaf hash must be 32 bytes; it is of type str"),
        (bytearray(32), "a leaf hash must be 32 bytes; it is of type bytearray"),
    ],
)
@pytest.mark.parametrize("at", [0, 5, 1500])
def test_what_is_no_hash_is_not_added(leaf, message, at):
    leaves = [*([bytes(32)] * at), leaf, *([bytes(32)] * 1100)]

    with pytest.raises(IntegrityError, match=f"^{message}$"):
        Frontier().extend(leaves)
    with pytest.raises(IntegrityError, match=f"^{message}$"):
        Frontier().append(leaf)


@pytest.mark.parametrize(
    ("size", "hashes", "message"),
    [
        (3, [bytes(32)], "the frontier of a tree of size 3 has 2 hashes, not 1"),
        (4, [bytes(32)] * 2, "the frontier of a tree of size 4 has 1 hash, not 2"),
        (0, [bytes(32)], "the frontier of a tree of size 0 has 0 hashes, not 1"),
        (1, [bytes(31)], "a hash of the frontier must be 32 bytes; it is 31 bytes"),
        (-1, [], "the size of the tree must be a whole number from 0, not -1"),
        (True, [bytes(32)], "the size of the tree must be a whole number from 0, not True"),
        (1.0, [bytes(32)], "the size of the tree must be a whole number from 0, not 1.0"),
    ],
)
def test_a_frontier_that_cannot_be_is_refused(size, hashes, message):
    with pytest.raises(IntegrityError, match=f"^{re.escape(message)}$"):
        Frontier(size, hashes)


# Laws

SIZES = st.integers(1, LARGEST)


def flipped(data, value):
    """Flip one bit, drawn, of *value*."""
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(data=st.data(), size=SIZES)
def test_one_bit_flipped_makes_an_inclusion_proof_wrong(data, size):
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], mth(0, size), *path(index, 0, size)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(data, parts[at])

    leaf, root, *proof = parts
    with pytest.raises(IntegrityError, match="leads to another root"):
        check_inclusion(leaf, index, size, proof, root)


@given(data=st.data(), size=SIZES)
def test_one_bit_flipped_makes_a_consistency_proof_wrong(data, size):
    old_size = data.draw(st.integers(1, size))
    parts = [mth(0, old_size), mth(0, size), *subproof(old_size, 0, size, True)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(data, parts[at])

    old_root, root, *proof = parts
    with pytest.raises(IntegrityError, match=r"another root|older root|two different roots"):
        check_consistency(old_size, old_root, size, root, proof)


@given(data=st.data(), size=st.integers(2, LARGEST))
def test_a_proof_of_one_place_is_no_proof_of_another(data, size):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != index))

    with pytest.raises(IntegrityError):
        check_inclusion(LEAVES[index], other, size, path(index, 0, size), mth(0, size))


@given(size=st.integers(0, 2**62), added=st.integers(0, 64))
def test_a_frontier_of_any_size_has_a_hash_for_each_bit_of_it(size, added):
    frontier = Frontier(size, [OTHER] * size.bit_count())
    for _ in range(added):
        frontier.append(OTHER)

    assert frontier.size == size + added
    assert len(frontier.hashes) == (size + added).bit_count()


@given(size=st.integers(1, 2**62), data=st.data())
def test_proofs_of_the_largest_trees_are_as_short_as_promised(size, data):
    """A tree of more entries than anybody will record needs 62 hashes at most."""
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(lambda *_: OTHER, index, size)

    assert len(proof) <= (size - 1).bit_length()
    with pytest.raises(IntegrityError, match="leads to another root"):
        check_inclusion(OTHER, index, size, proof, EMPTY_ROOT)
