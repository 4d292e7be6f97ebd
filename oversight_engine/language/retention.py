"""Retention policies: from a file to the model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from oversight_engine.errors import InputError
from oversight_engine.language.forms import Form, Names, read_format, refuse_other_kind
from oversight_engine.language.headings import Register, read_basis, read_each
from oversight_engine.language.problems import Problems, TooManyProblemsError
from oversight_engine.language.source import Node, Scalar, Sequence, read_bytes
from oversight_engine.language.text import read_content
from oversight_engine.model.retention import RETENTION_FORMAT, RetentionItem, RetentionPolicy


class Refusal(NamedTuple):
    """Why a field cannot be masked: the code of the problem, the reason, and what would be."""

    code: str
    message: str
    help: str = ""


class Maskable(NamedTuple):
    """What a ledger lets be masked: the kinds of its entries, and why a field of one cannot be."""

    kinds: tuple[str, ...]
    refusal: Callable[[str, str], Refusal | None]


def read_retention(path: Path, maskable: Maskable) -> RetentionPolicy:
    """Return the retention policy in the YAML file at *path*.

    Raises:
        InputError: it holds none, or would mask what is not *maskable*; with every problem.
    """
    policy, problems = examine_retention(path, maskable)
    if policy is None:
        problems.raise_as(InputError, str(path))
    return policy


def examine_retention(path: Path, maskable: Maskable) -> tuple[RetentionPolicy | None, Problems]:
    """Return the retention policy at *path*, or None where a problem speaks against it."""
    problems = Problems()
    policy = None
    try:
        content = read_content(path, problems)
        root = None if content is None else read_bytes(content, str(path), problems, "yaml")
        if content is not None and root is not None:
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            policy = _Reader(maskable, problems).read(root, digest)
    except TooManyProblemsError:
        pass  # the problems say so themselves
    return (None if problems.errors else policy), problems


class _Reader:
    """Reads one policy."""

    def __init__(self, maskable: Maskable, problems: Problems) -> None:
        self._maskable = maskable
        self._problems = problems
        self._items = Register("item")
        self._taken: dict[tuple[str, str], str] = {}

    def read(self, root: Node, digest: str) -> RetentionPolicy | None:
        form = Form(root, "a retention policy", self._problems)
        if refuse_other_kind(form, RETENTION_FORMAT):
            return None
        read_format(form, RETENTION_FORMAT)
        policy_id, title = form.id(hyphens=True), form.text("title")
        items = read_each(form, "items", self._item, needed=True)
        self._refuse_empty(form, "items")
        form.finish()
        return RetentionPolicy(policy_id, title, items, digest)

    def _item(self, node: Node) -> RetentionItem | None:
        form = Form(node, "an item", self._problems)
        item_id = self._items.id_of(form, hyphens=True)
        kinds = form.choices("kinds", self._maskable.kinds)
        fields = form.each("fields", lambda scalar: self._field(scalar, kinds, item_id))
        for key in ("kinds", "fields"):
            self._refuse_empty(form, key)
        after_days = form.whole("after_days")
        # A policy declares no documents: it names them as people do.
        basis = read_basis(form, Names("document", "unknown-document", None), needed=True)
        return RetentionItem(item_id, kinds, fields, after_days, basis) if form.finish() else None

    def _refuse_empty(self, form: Form, key: str) -> None:
        node = form.node(key, needed=False)
        if isinstance(node, Sequence) and not node.items:
            form.fail("missing-value", f"`{key}` is empty", place=form.place_of(key))

    def _field(self, scalar: Scalar, kinds: tuple[str, ...], item_id: str) -> str | None:
        for kind in kinds:
            refusal = self._maskable.refusal(kind, scalar.text)
            other = self._taken.setdefault((kind, scalar.text), item_id)
            if refusal is None and other != item_id:
                refusal = Refusal(
                    "duplicate-entry", f"the item {other} has this field of the kind {kind}"
                )
            if refusal is not None:
                code, message, way_out = refusal
                self._problems.add(code, scalar.place, message, got=scalar.text, help=way_out)
                return None
        return scalar.text
