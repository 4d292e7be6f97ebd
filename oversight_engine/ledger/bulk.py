"""Decisions read from the bytes of many entries: by msgspec where it is installed.

Without the extra `[batch]` the standard library reads the same, at a third of the speed. Neither
checks what an entry is: that is `oversight ledger verify`'s to say. What is not as expected is
odd, and whoever meets it reads the entry again, slowly, to say what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from oversight_engine.errors import IntegrityError
from oversight_engine.evaluators.stated import OddCaseError, Question, question_about
from oversight_engine.ledger.entries import (
    PLAINLY,
    Codec,
    Entry,
    decided_case,
    digest_of,
    read_entry,
)
from oversight_engine.model.plain import Plain, canonical


class Basis(NamedTuple):
    """What a decision was derived under: the version of the semantics, and three digests."""

    semantics: int
    rulebook: str
    reform: str
    cohort: str


class Answer(NamedTuple):
    """A recorded decision, and the question that it answers.

    Attributes:
        number: of the entry.
        recorded: the canonical bytes of the recorded decision.
        question: None where something of the entry is masked.
        masked: the paths of what is.
        remembers: whether facts of it are from earlier entries.
    """

    number: int
    system: str
    day: str
    recorded: bytes
    question: Question | None
    masked: tuple[str, ...] = ()
    remembers: bool = False


Reader = Callable[[bytes], Answer | None]
"""Reads an entry; None where it is of another kind than decision.

Raises OddCaseError where it is not as expected.
"""


def basis_of(recorded: bytes) -> Basis:
    """Return what the decision of these recorded bytes was derived under."""
    try:
        data = json.loads(recorded)
        basis = Basis(
            data["semantics"], data["rulebook"], data.get("reform", ""), data.get("cohort", "")
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OddCaseError from error
    if type(basis.semantics) is int and all(isinstance(each, str) for each in basis[1:]):
        return basis
    raise OddCaseError


@cache
def find_codec() -> Codec:
    """Return the fastest codec there is: what one of them reads or writes, all do."""
    try:
        import msgspec
    except ModuleNotFoundError:
        return PLAINLY
    # The hook is asked of a `NumberText`, which msgspec takes for no text, and of what is no plain
    # data, which it refuses.
    encoder = msgspec.json.Encoder(order="sorted", enc_hook=str.__str__)
    return Codec(msgspec.json.Decoder().decode, encoder.encode)


def read_quickly(content: bytes) -> Entry:
    """Return what `read_entry` returns, sooner where msgspec is installed.

    Raises:
        IntegrityError: as `read_entry` says it.
    """
    codec = find_codec()
    # Beside what is masked there may be what codecs write differently.
    if codec is not PLAINLY and b'"masked"' not in content:
        with suppress(IntegrityError):  # it is read again, so that it is said in the same words
            return read_entry(content, codec)
    return read_entry(content)


def find_reader() -> tuple[str, Reader]:
    """Return the fastest reader there is, and the name of the package that makes it."""
    try:
        return "msgspec", _fast_reader()
    except ModuleNotFoundError:
        return "json", read_plainly


def read_plainly(content: bytes) -> Answer | None:
    """Read an entry with the standard library."""
    try:
        data: Plain = json.loads(content)
        if data["kind"] != "decision":
            return None
        system, day, masked = data["system"], data["as_of"], tuple(data.get("masked", ()))
        question = None
        if not masked:
            case = decided_case(data)
            question = question_about(case, day, digest_of(canonical(case)))
        recorded, remembers = canonical(data["decision"]), "history" in data
        return Answer(data["number"], system, day, recorded, question, masked, remembers)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OddCaseError from error


def _fast_reader() -> Reader:
    import msgspec
    from msgspec import Raw, defstruct

    Facts: Any = dict  # noqa: N806 - its values are of a type made here
    nothing = Raw(b"")

    def struct(name: str, *parts: tuple[str, Any] | tuple[str, Any, Any]) -> Any:
        return defstruct(name, parts, gc=False)

    fact = struct(
        "Fact", ("value", str | bool | None), ("status", str), ("as_at", str | None, None)
    )
    entry = struct(
        "Entry", ("kind", str), ("number", int), ("system", str, ""), ("as_of", str, ""),
        ("decision", Raw, nothing), ("case", Raw, nothing), ("history", Raw, nothing),
        ("masked", tuple[str, ...], ()),
    )  # fmt: skip
    system, period = struct("System", ("code", str)), struct("Period", ("to", str | None, None))
    case = struct(
        "Case", ("system", system), ("as_of", str), ("facts", Facts[str, fact], {}),
        ("period", period | None, None),
    )  # fmt: skip
    read_parts = msgspec.json.Decoder(entry).decode
    read_case = msgspec.json.Decoder(case).decode
    read_anything = msgspec.json.Decoder().decode
    write = msgspec.json.Encoder(order="sorted").encode

    def with_history(content: bytes) -> bytes:
        return write(decided_case(read_anything(content)))

    def read(content: bytes) -> Answer | None:
        try:
            found = read_parts(content)
            if found.kind != "decision":
                return None
            system, day, recorded = found.system, found.as_of, bytes(found.decision)
            remembers = bool(found.history)
            if found.masked:
                return Answer(found.number, system, day, recorded, None, found.masked, remembers)
            given = with_history(content) if remembers else bytes(found.case)
            stated = read_case(given)
            end = None if stated.period is None else stated.period.to
            question = Question(
                stated.facts, stated.system.code, digest_of(given), stated.as_of, end, day
            )
            return Answer(found.number, system, day, recorded, question, (), remembers)
        except (AttributeError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise OddCaseError from error

    return read
