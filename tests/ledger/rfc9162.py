"""Merkle trees as RFC 9162 defines them, word by word: what the faster code is held to."""

import hashlib
from functools import cache

from oversight_engine.ledger.merkle import (
    leaf_hash,
)

LARGEST = 300

# What the RFC says, word by word (sections 2.1.1, 2.1.3.1 and 2.1.4.1), over the entries
# D[first:end] of one list, so that the hash of a range is computed once for all trees.


def entry(index):
    return f"entry {index}".encode()


def split(n):
    """Return the largest power of two smaller than *n*."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@cache
def mth(first, end):
    n = end - first
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + entry(first)).digest()
    middle = first + split(n)
    return hashlib.sha256(b"\x01" + mth(first, middle) + mth(middle, end)).digest()


def path(m, first, end):
    n = end - first
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, first, first + k), mth(first + k, end)]
    return [*path(m - k, first + k, end), mth(first, first + k)]


def subproof(m, first, end, complete):
    n = end - first
    if m == n:
        return [] if complete else [mth(first, end)]
    k = split(n)
    if m <= k:
        return [*subproof(m, first, first + k, complete), mth(first + k, end)]
    return [*subproof(m - k, first + k, end, False), mth(first, first + k)]


LEAVES = [leaf_hash(entry(index)) for index in range(LARGEST)]

OTHER = hashlib.sha256(b"other").digest()
"""A hash that stands nowhere in those trees."""
