"""Decisions read from the bytes of many entries: by msgspec where it is installed.

Without the extra `[batch]` the standard library reads the same, at a third of the speed. Neither
checks what an entry is: that is `oversight ledger verify`'s to say. What is not as expected is
odd, and whoever meets it reads the entry again, slowly, to say what is wrong with it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from oversight_engine.errors import IntegrityError
from oversight_engine.evaluators.stated import (
    OddCaseError,
    Question,
    Statement,
    question_about,
    stated,
)
from oversight_engine.ledger.entries import (
    PLAINLY,
    Codec,
    Entry,
    decided_case,
    digest_of,
    held_in,
    moment_of,
    read_entry,
)
from oversight_engine.model.plain import Plain, canonical

NOTHING: Mapping[str, Any] = MappingProxyType({})


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
        label, review_on: as recorded in it, whatever they are.
        question: None where something of the entry is masked.
        masked: the paths of what is.
        history: the facts that were drawn from earlier entries, as the entry records them.
        replaced: of these facts, what the case itself states.
        supersedes: the number of the decision that it takes the place of; 0 for none.
        recorded_at: when it was recorded, as written.
        held: returns the rules that held against the system.
    """

    number: int
    system: str
    day: str
    basis: Basis
    recorded: bytes
    label: Any
    review_on: Any
    question: Question | None
    masked: tuple[str, ...] = ()
    history: Mapping[str, Any] = NOTHING
    replaced: Mapping[str, Statement] = NOTHING
    supersedes: int = 0
    recorded_at: str = ""
    held: Callable[[], frozenset[str]] = frozenset


Reader = Callable[[bytes], Answer | None]
"""Reads an entry; None where it is of another kind than decision.

Raises OddCaseError where it is not as expected.
"""


class Outline:
    """As much of a decision's entry, nothing of it masked, as later history rests on."""

    kind = "decision"
    about = None
    masked = ()

    def __init__(
        self,
        number: int,
        data: Plain,
        facts: Mapping[str, Statement],
        held: Callable[[], frozenset[str]],
    ) -> None:
        """Keep them; the *facts* are those that the case states itself."""
        self.number, self.data, self.facts, self._held = number, data, facts, held

    @cached_property
    def held(self) -> frozenset[str]:
        """The rules that held against the system."""
        return self._held()

    @property
    def recorded_at(self) -> datetime.datetime:
        """When it was recorded."""
        return moment_of(self.data["recorded_at"])

    def states(self, fact_id: str) -> bool:
        """Say whether the case states that fact itself."""
        return fact_id in self.facts

    def value_of(self, fact_id: str) -> Any:
        """Return the value that the case states of a fact, as written, or None."""
        fact = self.facts.get(fact_id)
        return None if fact is None else fact.value


def outline_of(answer: Answer, question: Question) -> Outline:
    """Return what later history rests on of the entry that *answer* was read from."""
    facts, history = question.facts, answer.history
    if history:
        own = {fact_id: facts[fact_id] for fact_id in facts if fact_id not in history}
        facts = {**own, **answer.replaced}
    recorded = _Recorded(answer.recorded)
    recorded["rulebook"], recorded["decision"] = answer.basis.rulebook, answer.label
    recorded["review_on"] = answer.review_on
    case: Plain = {}
    if question.period_start is not None:
        case["period"] = {"from": question.period_start, "to": question.period_end}
    data: Plain = {
        "system": answer.system,
        "as_of": answer.day,
        "case": case,
        "decision": recorded,
        "history": history,
        "supersedes": answer.supersedes,
        "recorded_at": answer.recorded_at,
    }
    return Outline(answer.number, data, facts, answer.held)


class _Recorded(dict[str, Any]):
    """A recorded decision of which some is known; the rest is read when it is asked for."""

    def __init__(self, recorded: bytes) -> None:
        super().__init__()
        self._recorded = recorded

    def __missing__(self, key: str) -> Any:
        self[key] = part = find_codec().read(self._recorded)[key]
        return part


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
        recorded, masked = data["decision"], tuple(data.get("masked", ()))
        history: Plain = data.get("history", {})
        question, replaced = None, dict[str, Statement]()
        if not masked:
            case = decided_case(data)
            question = question_about(case, data["as_of"], digest_of(canonical(case)))
            given = data["case"].get("facts", {})
            replaced = {fact: stated(given[fact]) for fact in history if fact in given}
        return Answer(
            number=data["number"],
            system=data["system"],
            day=data["as_of"],
            basis=_basis_of(recorded),
            recorded=canonical(recorded),
            label=recorded["decision"],
            review_on=recorded.get("review_on"),
            question=question,
            masked=masked,
            history=history,
            replaced=replaced,
            supersedes=data.get("supersedes", 0),
            recorded_at=data["recorded_at"],
            held=lambda: held_in(recorded["rules"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OddCaseError from error


def _basis_of(recorded: Plain) -> Basis:
    parts = recorded["rulebook"], recorded.get("reform", ""), recorded.get("cohort", "")
    if type(recorded["semantics"]) is int and all(isinstance(each, str) for each in parts):
        return Basis(recorded["semantics"], *parts)
    raise OddCaseError


def _fast_reader() -> Reader:
    import msgspec
    from msgspec import Raw, defstruct

    Dict: Any = dict  # noqa: N806 - its values are of types made here
    nothing = Raw(b"")

    def struct(name: str, *parts: tuple[str, Any] | tuple[str, Any, Any]) -> Any:
        return defstruct(name, parts, gc=False)

    fact = struct(
        "Fact", ("value", str | bool | None), ("status", str), ("as_at", str | None, None)
    )
    entry = struct(
        "Entry", ("kind", str), ("number", int), ("system", str, ""), ("as_of", str, ""),
        ("decision", Raw, nothing), ("case", Raw, nothing), ("history", Dict[str, Plain], {}),
        ("masked", tuple[str, ...], ()), ("supersedes", int, 0),
        ("recorded_at", str, ""),
    )  # fmt: skip
    concluded = struct(
        "Concluded", ("semantics", int), ("rulebook", str), ("decision", Any), ("reform", str, ""),
        ("cohort", str, ""), ("review_on", Any, None), ("rules", Raw, nothing),
    )  # fmt: skip
    system = struct("System", ("code", str))
    period = defstruct(
        "Period", [("start", str), ("to", str | None, None)], rename={"start": "from"}, gc=False
    )
    stated_case = struct(
        "Case", ("system", system), ("as_of", str), ("facts", Dict[str, fact], {}),
        ("period", period | None, None),
    )  # fmt: skip
    read_parts = msgspec.json.Decoder(entry).decode
    read_concluded = msgspec.json.Decoder(concluded).decode
    read_case = msgspec.json.Decoder(stated_case).decode
    read_rules = msgspec.json.Decoder().decode
    read_raw = msgspec.json.Decoder(dict[str, Raw]).decode
    read_fact = msgspec.json.Decoder(fact).decode
    write = msgspec.json.Encoder(order="sorted").encode

    def with_history(given: Raw, history: Plain) -> tuple[bytes, dict[str, Statement]]:
        """Return the case with its history, and what it states itself of these facts."""
        whole = read_raw(given)
        facts = read_raw(whole.get("facts", b"{}"))
        replaced = {each: read_fact(facts[each]) for each in history if each in facts}
        for each, drawn in history.items():
            facts[each] = Raw(write({k: value for k, value in drawn.items() if k != "entry"}))
        whole["facts"] = Raw(write(facts))
        return write(whole), replaced

    def read(content: bytes) -> Answer | None:
        try:
            found = read_parts(content)
            if found.kind != "decision":
                return None
            question, replaced = None, dict[str, Statement]()
            if not found.masked:
                if found.history:
                    given, replaced = with_history(found.case, found.history)
                else:
                    given = bytes(found.case)
                case = read_case(given)
                span = case.period
                start, end = (None, None) if span is None else (span.start, span.to)
                question = Question(
                    case.facts, case.system.code, digest_of(given), case.as_of, end, found.as_of,
                    start,
                )  # fmt: skip
            made = read_concluded(found.decision)
            return Answer(
                found.number, found.system, found.as_of,
                Basis(made.semantics, made.rulebook, made.reform, made.cohort),
                bytes(found.decision), made.decision, made.review_on,
                question, found.masked, found.history, replaced, found.supersedes,
                found.recorded_at, lambda: held_in(read_rules(made.rules)),
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise OddCaseError from error

    return read
