"""The Merkle tree of RFC 9162 (section 2.1): roots, and proofs that a short message can carry.

A leaf is the SHA-256 of a zero byte and the entry's bytes, an inner node that of a one byte and
its two children; a subtree that has no right neighbour is carried up unchanged. A *node* is named
by its level (leaves have 0) and its position in that level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice

from oversight_engine.errors import IntegrityError

HASH_SIZE = 32
EMPTY_ROOT = sha256().digest()

HashOf = Callable[[int, int], bytes]
"""From a level and a position to the hash of that subtree, which has all its leaves."""

_BLOCK_LEVEL = 10
_BLOCK = 1 << _BLOCK_LEVEL


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of the leaf that holds *data*."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above *left* and *right*."""
    return sha256(b"\1" + left + right).digest()


def leaf_hashes(records: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the leaf hash of each of many *records*, with as little as possible around SHA-256."""
    return (sha256(b"\0" + record).digest() for record in records)


class Frontier:
    """What must be kept of a tree to go on appending to it: one hash for each bit of its size.

    Attributes:
        size: how many leaves the tree has.
        hashes: the roots of its complete subtrees, the largest (the leftmost) first.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Go on from a tree of *size* leaves, by the *hashes* that were kept of it.

        Raises:
            IntegrityError: they are not hashes, or not as many as a tree of that size has.
        """
        self.size = _whole("the size of the tree", size)
        self.hashes = [_hash("a hash of the frontier", value) for value in hashes]
        if len(self.hashes) != size.bit_count():
            raise IntegrityError(
                f"the frontier of a tree of size {size} has {_count(size.bit_count())}, "
                f"not {len(self.hashes)}"
            )

    def append(self, leaf: bytes) -> None:
        """Add one more leaf, given its hash."""
        self._put(0, _hash("a leaf hash", leaf))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaves, given their hashes; the memory needed does not grow with their number.

        Whole blocks are folded level by level, which is what makes verifying fast.
        """
        source = iter(leaves)
        for leaf in islice(source, -self.size % _BLOCK):
            self.append(leaf)
        while block := list(islice(source, _BLOCK)):
            if len(block) < _BLOCK:
                for leaf in block:
                    self.append(leaf)
                return
            if set(map(type, block)) != {bytes} or set(map(len, block)) != {HASH_SIZE}:
                for leaf in block:
                    _hash("a leaf hash", leaf)
            self._put(_BLOCK_LEVEL, _fold(block))

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self.hashes:
            return EMPTY_ROOT
        root, *lefts = reversed(self.hashes)
        for left in lefts:
            root = node_hash(left, root)
        return root

    def _put(self, level: int, subtree: bytes) -> None:
        """Add a complete *subtree* of 2**level leaves; the size is a multiple of that."""
        full = self.size >> level
        while full & 1:
            subtree = node_hash(self.hashes.pop(), subtree)
            full >>= 1
        self.hashes.append(subtree)
        self.size += 1 << level


def _fold(hashes: list[bytes]) -> bytes:
    """Return the root above as many *hashes* as a power of two."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905
    return hashes[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, read once and not kept."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def hashes_of(leaves: Sequence[bytes]) -> HashOf:
    """Return what gives the hash of any complete subtree over these leaf hashes."""

    def hash_of(level: int, position: int) -> bytes:
        first, end = position << level, (position + 1) << level
        if end > len(leaves):
            raise IntegrityError(f"there are {len(leaves)} leaves; {end} are needed")
        return _fold(list(leaves[first:end]))

    return hash_of


# Proofs


def inclusion_proof(hash_of: HashOf, index: int, size: int) -> tuple[bytes, ...]:
    """Return what shows that the leaf at *index* (from 0) is in the tree of *size* leaves.

    Raises:
        IntegrityError: there is no such leaf.
    """
    _check_index(index, size)
    return tuple(_beside(hash_of, 0, index, size))


def consistency_proof(hash_of: HashOf, old_size: int, size: int) -> tuple[bytes, ...]:
    """Return what shows that the tree of *size* leaves begins with that of *old_size* leaves.

    Between a tree and itself, and from the empty tree, there is nothing to show.

    Raises:
        IntegrityError: the sizes cannot be those of an older and a newer tree.
    """
    _check_sizes(old_size, size)
    if old_size in {0, size}:
        return ()
    level, position = _last_complete(old_size)
    start = () if position == 0 else (hash_of(level, position),)
    return (*start, *_beside(hash_of, level, position, size))


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a tree of *size* leaves under *root* holds the *leaf* hash at *index*.

    Raises:
        IntegrityError: it does not, or the *proof* does not show it; the message says why.
    """
    _check_index(index, size)
    _hash("the leaf hash", leaf)
    _hash("the root", root)
    sides = list(_sides(0, index, size))
    _check_proof("inclusion", proof, len(sides))
    computed = leaf
    for is_left, beside in zip(sides, proof, strict=True):
        computed = node_hash(beside, computed) if is_left else node_hash(computed, beside)
    if computed != root:
        raise IntegrityError(
            f"the leaf at index {index} is not in the tree of size {size}: "
            f"its inclusion proof leads to another root"
        )


def check_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of *size* leaves under *root* begins with the older tree.

    Raises:
        IntegrityError: it does not, or the *proof* does not show it; the message says why.
    """
    _check_sizes(old_size, size)
    _hash("the older root", old_root)
    _hash("the newer root", root)
    if old_size in {0, size}:
        _check_proof("consistency", proof, 0)
        if old_size == 0 and old_root != EMPTY_ROOT:
            raise IntegrityError("the older root is not that of the empty tree, though its size is")
        if size == old_size and old_root != root:
            raise IntegrityError(f"there are two different roots of a tree of size {size}")
        return
    level, position = _last_complete(old_size)
    sides = list(_sides(level, position, size))
    hashes = _check_proof("consistency", proof, len(sides) + (position > 0))
    old = new = old_root if position == 0 else hashes.pop(0)
    for is_left, beside in zip(sides, hashes, strict=True):
        if is_left:
            old = node_hash(beside, old)
        new = node_hash(beside, new) if is_left else node_hash(new, beside)
    if old != old_root:
        raise IntegrityError(
            f"the consistency proof does not lead to the older root, of size {old_size}"
        )
    if new != root:
        raise IntegrityError(
            f"the tree of size {size} does not begin with that of size {old_size}: "
            f"the consistency proof leads to another root"
        )


# The shape of a tree


def _last_complete(size: int) -> tuple[int, int]:
    """Return the smallest of the complete subtrees of a tree: its last one."""
    level = (size & -size).bit_length() - 1
    return level, (size >> level) - 1


def _ancestry(level: int, position: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the level and the position of what stands beside a node and its ancestors."""
    nodes = ((size - 1) >> level) + 1
    while nodes > 1:
        beside = position ^ 1
        if beside < nodes:  # else the node is the last of its level, and is carried up
            yield level, beside
        level, position, nodes = level + 1, position >> 1, (nodes + 1) >> 1


def _sides(level: int, position: int, size: int) -> Iterator[bool]:
    """Say of each that stands beside a node and its ancestors whether it is on the left."""
    return (beside & 1 == 0 for _, beside in _ancestry(level, position, size))


def _beside(hash_of: HashOf, level: int, position: int, size: int) -> Iterator[bytes]:
    return (_range_root(hash_of, *node, size) for node in _ancestry(level, position, size))


def _range_root(hash_of: HashOf, level: int, position: int, size: int) -> bytes:
    """Return the hash of a node that may lack leaves on its right, where the tree ends."""
    first = position << level
    leaves = min(first + (1 << level), size) - first
    root = b""
    while leaves:  # from the right, where the complete subtrees are smallest
        lowest, at = _last_complete(leaves)
        subtree = hash_of(lowest, (first >> lowest) + at)
        root = node_hash(subtree, root) if root else subtree
        leaves = at << lowest
    return root


# What proofs are checked for before they are followed


def _whole(what: str, number: object) -> int:
    if type(number) is not int or number < 0:
        raise IntegrityError(f"{what} must be a whole number from 0, not {number!r}")
    return number


def _hash(what: str, value: object) -> bytes:
    if type(value) is not bytes or len(value) != HASH_SIZE:
        shown = f"{len(value)} bytes" if type(value) is bytes else f"of type {type(value).__name__}"
        raise IntegrityError(f"{what} must be {HASH_SIZE} bytes; it is {shown}")
    return value


def _check_index(index: int, size: int) -> None:
    _whole("the size of the tree", size)
    if _whole("the index of the leaf", index) >= size:
        raise IntegrityError(f"a tree of size {size} has no leaf at index {index}")


def _check_sizes(old_size: int, size: int) -> None:
    _whole("the size of the older tree", old_size)
    if _whole("the size of the newer tree", size) < old_size:
        raise IntegrityError(
            f"the newer tree is smaller than the older: its size is {size}, not {old_size} or more"
        )


def _check_proof(kind: str, proof: object, needed: int) -> list[bytes]:
    if not isinstance(proof, Sequence) or isinstance(proof, bytes | str):
        raise IntegrityError(f"a proof is a list of hashes; it is of type {type(proof).__name__}")
    if len(proof) != needed:
        raise IntegrityError(
            f"the {kind} proof must have {_count(needed)} for these sizes; it has {len(proof)}"
        )
    return [
        _hash(f"hash {number} of the {kind} proof", value) for number, value in enumerate(proof, 1)
    ]


def _count(number: int) -> str:
    return "1 hash" if number == 1 else f"{number} hashes"
