"""A retention policy: what is masked in a ledger's entries, how long after they were recorded."""

from __future__ import annotations

from attrs import frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Basis

RETENTION_FORMAT = "oversight-retention/1"


@frozen(eq=False, repr=False)
class RetentionItem(Noun):
    """What is masked in entries of some kinds, and why.

    Attributes:
        kinds: of the entries.
        fields: paths such as `/case/facts/some_fact`.
        after_days: whole days from the day (in UTC) on which an entry was recorded.
    """

    id: str
    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    after_days: int
    basis: Basis


@frozen(eq=False, repr=False)
class RetentionPolicy(Noun):
    """What somebody decided on retention.

    Attributes:
        items: no two of them name the same field of the same kind of entry.
        digest: `sha256:` and the SHA-256 of the file's bytes, which every masking names.
    """

    id: str
    title: str
    items: tuple[RetentionItem, ...]
    digest: str
