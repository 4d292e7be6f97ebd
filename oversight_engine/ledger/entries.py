"""The entries of a ledger: their kinds, what each kind says, and their strict form as bytes."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from attrs import frozen

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger import checks
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain, canonical

ENTRY_FORMAT = "oversight-entry/1"


class Codec(NamedTuple):
    """What reads and writes canonical JSON; every one gives the same for what is an entry."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


PLAINLY = Codec(json.loads, canonical)


class Written(dict[str, bytes]):
    """The canonical bytes of what stands in plain data, by key: each is written once."""

    def __init__(self, data: Plain, write: Callable[[Any], bytes] = canonical) -> None:
        """Write nothing yet: what is at fault may have no canonical form."""
        super().__init__()
        self._data = data
        self.write = write

    def __missing__(self, key: str) -> bytes:
        self[key] = written = self.write(self._data[key])
        return written

    def joined(self) -> bytes:
        """Return the canonical bytes of all of it; its keys are plain words."""
        parts = [b'"%s":%s' % (key.encode(), self[key]) for key in sorted(self._data)]
        return b"{%s}" % b",".join(parts)


# Kinds


@frozen(eq=False, repr=False)
class Kind(Noun):
    """What entries of one kind say.

    Attributes:
        needed: what is there in each, by key, with what asked it.
        optional: what may be there.
        about: the kinds of entry that `about` may name; empty where the kind has no such key.
        maskable: the keys of which something may be masked.
    """

    needed: Mapping[str, checks.Check]
    optional: Mapping[str, checks.Check] = {}
    about: tuple[str, ...] = ()

    @property
    def keys(self) -> Mapping[str, checks.Check]:
        """Every key, with what asked it."""
        return {**self.needed, **self.optional}


_ABOUT = {"about": checks.entry_number}
_OF_A_DECISION = ("decision",)
_BY_WHOM = {"by": checks.person, "reason": checks.text}

KINDS: Mapping[str, Kind] = {
    "ledger": Kind(
        {"origin": checks.text, "keys": checks.some_texts, "engine_version": checks.text}
    ),
    "key": Kind({"key": checks.text, "replaces": checks.text} | _BY_WHOM),
    "decision": Kind(
        {
            "system": checks.text,
            "as_of": checks.day,
            "case": checks.case,
            "decision": checks.recorded,
            "attestation": checks.attestation,
        },
        {"history": checks.history, "supersedes": checks.entry_number},
    ),
    "representation": Kind(
        _ABOUT | {"by": checks.person, "received_on": checks.day, "text": checks.text},
        about=_OF_A_DECISION,
    ),
    "answer": Kind(_ABOUT | {"by": checks.person, "text": checks.text}, about=("representation",)),
    "confirmation": Kind(
        _ABOUT | {"by": checks.person, "on": checks.day},
        {"reason": checks.text, "criteria": checks.names},
        about=_OF_A_DECISION,
    ),
    "refusal": Kind(_ABOUT | {"on": checks.day} | _BY_WHOM, about=_OF_A_DECISION),
    "override": Kind(
        _ABOUT | {"outcome": checks.text, "from": checks.day, "until": checks.day} | _BY_WHOM,
        {"criteria": checks.names},
        about=_OF_A_DECISION,
    ),
    "correction": Kind(_ABOUT | {"case": checks.case} | _BY_WHOM, about=_OF_A_DECISION),
    "review": Kind(
        _ABOUT | {"by": checks.person, "on": checks.day, "found": checks.text},
        {"next_on": checks.day, "met": checks.names},
        about=_OF_A_DECISION,
    ),
    "withdrawal": Kind(_ABOUT | _BY_WHOM, about=(*_OF_A_DECISION, "override")),
}
"""Every kind of entry but `masking`, which is about entries of these kinds."""

KINDS = {
    **KINDS,
    "masking": Kind(
        _ABOUT | {"fields": checks.pointers, "digest": checks.digest} | _BY_WHOM,
        about=tuple(kind for kind in KINDS if kind not in {"ledger", "key"}),
    ),
}
"""Every kind of entry, by its name."""

MASKABLE = ("case", "history", "by", "text", "reason", "found")
"""The keys of which something may be masked: what was given and said, never what was decided."""

KEPT = (
    "/by", "/by/role", "/case", "/case/as_of", "/case/facts", "/case/format", "/case/period",
    "/case/system", "/case/system/code", "/history",
)  # fmt: skip
"""What cannot be masked all the same: later decisions, and who may do what, rest on it."""

_HEAD: Mapping[str, checks.Check] = {
    "format": lambda value: "" if value == ENTRY_FORMAT else f"is {ENTRY_FORMAT}",
    "number": checks.entry_number,
    "kind": lambda value: "" if value in KINDS else f"is one of {', '.join(KINDS)}",
    "recorded_at": checks.moment,
}
_FOOT: Mapping[str, checks.Check] = {"clock": checks.moment, "masked": checks.pointers}
"""What any entry may say: that the clock had stepped back, and what is masked in it."""

_ASKED = {name: {**_HEAD, **kind.keys, **_FOOT} for name, kind in KINDS.items()}
_NEEDED = {name: (*_HEAD, *kind.needed) for name, kind in KINDS.items()}


@frozen(eq=False, repr=False)
class Entry(Noun):
    """One numbered item of a ledger, as recorded.

    Attributes:
        content: its canonical bytes.
        data: the same as plain data.
        identity: what no two entries share: of a decision, the digest of its bytes and what it
            follows.
    """

    content: bytes
    data: Plain
    identity: str | None = None

    @property
    def number(self) -> int:
        """Which entry of its ledger it is, from 1."""
        return int(self.data["number"])

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return str(self.data["kind"])

    @property
    def about(self) -> int | None:
        """The number of the entry that this one is about, if it is about one."""
        number: int | None = self.data.get("about")
        return number

    @property
    def recorded_at(self) -> datetime.datetime:
        """When it was recorded, in UTC, to the second; never before the entry before it."""
        return moment_of(self.data["recorded_at"])

    @property
    def masked(self) -> tuple[str, ...]:
        """The paths of what is masked in it."""
        return tuple(self.data.get("masked", ()))

    @property
    def held(self) -> frozenset[str]:
        """The rules that held against the system, in a decision."""
        return held_in(self.data["decision"]["rules"])

    def states(self, fact_id: str) -> bool:
        """Say whether the case of a decision states that fact itself."""
        return fact_id in (self.data["case"].get("facts") or {})

    def value_of(self, fact_id: str) -> Any:
        """Return the value that the case of a decision states of a fact, as written, or None."""
        stated = (self.data["case"].get("facts") or {}).get(fact_id) or {}
        return stated.get("value")

    @property
    def objects(self) -> tuple[str, ...]:
        """The digests of what a decision refers to: rulebook, reform, cohort and certificate."""
        return tuple(references_of(self.data)) if self.kind == "decision" else ()


@frozen(eq=False, repr=False)
class Draft(Noun):
    """An entry to be: everything but the number and the moment, which its ledger gives it.

    Attributes:
        data: what its kind says, as plain data.
        objects: by digest, the bytes of what it refers to.
    """

    kind: str
    data: Plain
    objects: Mapping[str, bytes] = {}

    def check(self, codec: Codec = PLAINLY) -> Written:
        """Refuse what no entry of this kind says, and return what *codec* wrote to see it.

        Raises:
            InputError: the message names every fault.
        """
        number = 1 if self.kind == "ledger" else checks.LARGEST_WHOLE
        head = {"format": ENTRY_FORMAT, "number": number, "kind": self.kind}
        data = {**self.data, **head, "recorded_at": _SOME_MOMENT}
        written = Written(self.data, codec.write)
        faults = find_faults(data, written)
        its_own = (*_HEAD, *_FOOT)
        faults += [f"`{key}` is for the ledger to say" for key in its_own if key in self.data]
        if faults:
            raise InputError(f"no such {self.kind} can be recorded: {'; '.join(faults)}")
        return written

    def entry(
        self,
        number: int,
        recorded_at: datetime.datetime,
        clock: datetime.datetime | None = None,
        written: Written | None = None,
    ) -> Entry:
        """Return the entry of that number.

        Args:
            number: its number.
            recorded_at: when it is recorded.
            clock: what a clock said that had stepped back.
            written: what `check` returned of it.
        """
        data = self.data | {
            "format": ENTRY_FORMAT,
            "number": number,
            "kind": self.kind,
            "recorded_at": moment_text(recorded_at),
        }
        if clock is not None:
            data["clock"] = moment_text(clock)
        every = Written(data)
        if written is not None:
            every.write = written.write
            every.update(written)
        return Entry(every.joined(), data, _identity(data, every))


def read_entry(content: bytes, codec: Codec = PLAINLY) -> Entry:
    """Return the entry that *content* is.

    Args:
        content: its bytes.
        codec: what reads and writes it.

    Raises:
        IntegrityError: it is none, or not in canonical form; the message names every fault.
    """
    try:
        data = codec.read(content)
    except (ValueError, RecursionError) as error:
        raise IntegrityError("it is not JSON") from error
    if not isinstance(data, dict):
        raise IntegrityError("it is JSON, and no entry")
    written = Written(data, codec.write)
    faults = find_faults(data, written)
    if faults:
        raise IntegrityError("; ".join(faults))
    try:
        is_canonical = written.joined() == content
    except (OverflowError, RecursionError, TypeError, ValueError) as error:
        # Where something is masked, not everything beside it is checked.
        raise IntegrityError("it has no canonical form") from error
    if not is_canonical:
        raise IntegrityError("it is not in canonical form: keys out of order, or odd writing")
    return Entry(content, data, _identity(data, written))


def find_faults(data: Plain, written: Written | None = None) -> list[str]:
    """Return in words what keeps *data*, of which some may be *written*, from being an entry."""
    written = Written(data) if written is None else written
    if not isinstance(data.get("kind"), str) or data["kind"] not in KINDS:
        return [f"`kind` {_HEAD['kind'](None)}"]
    if not all(isinstance(key, str) for key in data):
        return ["it has keys that are no texts"]
    asked, masked = _ASKED[data["kind"]], _masked_keys(data)
    needed = [key for key in _NEEDED[data["kind"]] if key not in masked]
    faults = [f"`{key}` is missing" for key in needed if key not in data]
    for key in sorted(data):
        if key not in asked:
            faults.append(f"`{key}` is nothing that an entry of the kind {data['kind']} says")
        elif key not in masked and (fault := asked[key](data[key])):
            faults.append(f"`{key}` {fault}")
    faults += [f"nothing of `{key}` can be masked" for key in sorted(masked - {*MASKABLE})]
    kept = sorted({*KEPT}.intersection(data.get("masked", ()) if masked else ()))
    faults += [f"{path} cannot be masked: what comes later rests on it" for path in kept]
    return faults or _faults_between(data, masked, written)


def _masked_keys(data: Plain) -> set[str]:
    masked = data.get("masked")
    return set() if checks.pointers(masked) else {path.split("/")[1] for path in masked or ()}


def _faults_between(data: Plain, masked: set[str], written: Written) -> list[str]:
    """Return in words where parts of *data*, each sound by itself, contradict each other."""
    number = data["number"]
    faults = [
        f"`{key}` names entry {data[key]}, which does not come before it"
        for key in ("about", "supersedes")
        if data.get(key, 0) >= number
    ]
    if (data["kind"] == "ledger") != (number == 1):
        faults.append("the first entry, and no other, is of the kind ledger")
    if data["kind"] == "override" and data["from"] > data["until"]:
        faults.append("`until` is before `from`")
    if data["kind"] == "decision":
        faults += _faults_of_decision(data, masked, written)
    if "clock" in data and data["clock"] >= data["recorded_at"]:
        faults.append("`clock` is there only where the clock had stepped back")
    return faults


def _faults_of_decision(data: Plain, masked: set[str], written: Written) -> list[str]:
    recorded = data["decision"]
    faults = [
        f"`{key}` is not that of the decision"
        for key in ("as_of", "system")
        if recorded.get(key) != data[key]
    ]
    if "case" not in masked and data["case"]["system"].get("code") != data["system"]:
        faults.append("`system` is not that of the case")
    if not masked & {"case", "history"}:
        case = canonical(decided_case(data)) if "history" in data else written["case"]
        if recorded["case"] != digest_of(case):
            faults.append("the case is not the one that was decided: its digest is another")
    return faults


def decided_case(data: Plain) -> Plain:
    """Return the case that the decision in an entry's *data* is of: as given, with its history."""
    case: Plain = data["case"]
    drawn = {
        fact_id: {key: value for key, value in fact.items() if key != "entry"}
        for fact_id, fact in data.get("history", {}).items()
    }
    return case | {"facts": case.get("facts", {}) | drawn} if drawn else case


def masked_content(entry: Entry, fields: Iterable[str]) -> bytes:
    """Return the bytes of *entry* without *fields*, which it then lists as masked.

    Raises:
        InputError: it has no such field, or it cannot be masked.
    """
    data: Plain = json.loads(entry.content)
    for path in fields:
        *above, last = path.split("/")[1:] or [""]
        inner: Any = data
        for key in above:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or last not in inner:
            raise InputError(f"entry {entry.number} has no {path} that could be masked")
        del inner[last]
    data["masked"] = sorted({*entry.masked, *fields})
    content = canonical(data)
    try:
        read_entry(content)
    except IntegrityError as error:
        raise InputError(f"entry {entry.number} cannot be masked so: {error}") from error
    return content


def held_in(rules: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return which of the *rules* of a recorded decision held against the system."""
    return frozenset([rule for rule, (_, effect, _) in rules.items() if effect in _HELD])


_HELD = ("holds", "holds_back", "refers")


def references_of(data: Plain) -> Iterable[str]:
    """Yield the digests of the objects that the *data* of a decision's entry refers to."""
    recorded = data["decision"]
    yield from (recorded[key] for key in ("rulebook", "reform", "cohort") if key in recorded)
    if "certificate" in data["attestation"]:
        yield data["attestation"]["certificate"]


def identity_of(data: Plain, written: Written | None = None) -> str:
    """Return what no two entries share, of a decision's *data*, of which some may be *written*.

    It is the digest of the recorded decision's bytes; of one that follows a correction, that
    together with the number of the entry that it supersedes.
    """
    written = Written(data) if written is None else written
    identity = _identity(data | {"kind": "decision"}, written)
    assert identity is not None, "every decision has one"
    return identity


def _identity(data: Plain, written: Written) -> str | None:
    if data["kind"] != "decision" or "decision" not in data:
        return None
    plain = digest_of(written["decision"])
    return f"{plain} after {data['supersedes']}" if "supersedes" in data else plain


def digest_of(content: bytes) -> str:
    """Return `sha256:` and the SHA-256 of *content*."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


_SOME_MOMENT = "2000-01-01T00:00:00Z"


def moment_text(moment: datetime.datetime) -> str:
    """Return *moment* as an entry says it: in UTC, to the second."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")[: -len("+00:00")] + "Z"


def moment_of(text: str) -> datetime.datetime:
    """Return the moment that an entry says."""
    return datetime.datetime.fromisoformat(text)
