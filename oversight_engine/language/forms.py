"""How one mapping of a file is read: asked for its entries by key and type, every slip noted."""

from __future__ import annotations

import datetime
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from attrs import frozen

from oversight_engine.language.problems import Place, Problems, quoted
from oversight_engine.language.source import Broken, Node, Scalar, Sequence
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, exact
from oversight_engine.model.rulebook import Span

LONGEST_ID = 64
LONGEST_NUMBER = 40
FIRST_YEAR, LAST_YEAR = 1900, 2200
MOST_KEYS_SHOWN = 8
MOST = 1_000_000
"""The largest whole number a key of the format may state (a number of days, say)."""

LANGUAGE_FUNCTIONS = (
    "count", "days_since", "known", "max_known", "mean_known", "min_known", "sum_known",
)  # fmt: skip
RESERVED = {*keyword.kwlist, *LANGUAGE_FUNCTIONS, "weights", "true", "false", "null"}

_ID = re.compile(r"[a-z][a-z0-9_]*")
_ID_WITH_HYPHENS = re.compile(r"[a-z][a-z0-9_-]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_QUOTIENT = re.compile(r"[0-9]+/0*[1-9][0-9]*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_BOOLEANS = {"yes": True, "no": False, "true": True, "false": False}
_OURS = "oversight-"  # how the names of our formats begin
_NULLS = ("", "~", "null")
NEVER = datetime.date(FIRST_YEAR, 1, 1)  # stands in for a date that has been reported

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)


# Scalars: each reader returns the value, or notes the problem and returns None.


def read_scalar(node: Node, what: str, problems: Problems) -> Scalar | None:
    """Return *node* if it is a scalar that says something."""
    if isinstance(node, Scalar):
        if not (node.plain and node.text in _NULLS):
            return node
        problems.add("missing-value", node.place, f"{what} has no value", got=node.text)
    elif not isinstance(node, Broken):
        shape = "a list" if isinstance(node, Sequence) else "a mapping"
        problems.add("wrong-shape", node.place, f"{what} is a single value, not {shape}")
    return None


def read_text(scalar: Scalar, what: str, problems: Problems) -> str | None:
    """Return the text without the white space around it."""
    text = scalar.text.strip()
    if not text:
        problems.add("missing-value", scalar.place, f"{what} is empty")
    return text or None


def read_id(scalar: Scalar, what: str, problems: Problems, *, hyphens: bool = False) -> str | None:
    """Return the text if it may name something."""
    pattern = _ID_WITH_HYPHENS if hyphens else _ID
    if pattern.fullmatch(scalar.text) and len(scalar.text) <= LONGEST_ID:
        return scalar.text
    mended = re.sub(r"[^a-z0-9_]+", "_", scalar.text.lower()).strip("_")[:LONGEST_ID]
    problems.add(
        "bad-id", scalar.place,
        f"{what} is lower-case letters, digits and `_`{' or `-`' if hyphens else ''}, begins with "
        f"a letter, and is at most {LONGEST_ID} long",
        got=scalar.text, help=f"say `{mended}`" if _ID.fullmatch(mended) else "",
    )  # fmt: skip
    return None


def read_number(scalar: Scalar, what: str, problems: Problems) -> Exact | None:
    """Return the exact number."""
    text = scalar.text
    if not _NUMBER.fullmatch(text):
        problems.add(
            "not-a-number", scalar.place, f"{what} is a number", got=text, help=number_help(text)
        )
    elif not scalar.plain:
        problems.add(
            "number-as-text", scalar.place, f"{what} is a number, and this is a text in quotes",
            got=f"'{text}'", help=f"write {text} without quotes",
        )  # fmt: skip
    elif len(text) > LONGEST_NUMBER:
        problems.add(
            "number-too-long", scalar.place, f"{what} has more than {LONGEST_NUMBER} characters",
            got=text,
        )  # fmt: skip
    else:
        return exact(text)
    return None


def number_help(text: str) -> str:
    """Return how to write the number that *text* was meant to be."""
    word = text.lower().lstrip("+-.")
    if word in ("nan", "inf", "infinity"):
        return "a number is finite; what is not known is left out"
    if re.fullmatch(r"[+-]?[0-9.]+e[+-]?[0-9]+", text, re.IGNORECASE):
        return "write it out, without an exponent"
    mended = text.replace(",", "").replace("_", "").replace("−", "-").strip("+%£ ")
    if re.fullmatch(r"\.[0-9]+", mended):
        mended = f"0{mended}"
    if _NUMBER.fullmatch(mended) and len(mended) <= LONGEST_NUMBER:
        return f"write {mended}"
    return "write digits, with a point before decimals and a `-` before a number below zero"


def read_whole(
    scalar: Scalar, what: str, problems: Problems, *, least: int = 0, most: int = MOST
) -> int | None:
    """Return the whole number between *least* and *most*."""
    number = read_number(scalar, what, problems)
    if number is None:
        return None
    if not isinstance(number, int):
        problems.add("not-whole", scalar.place, f"{what} is a whole number", got=scalar.text)
    elif not least <= number <= most:
        message = f"{what} is between {least} and {most}"
        problems.add("out-of-range", scalar.place, message, got=scalar.text)
    else:
        return number
    return None


def read_share(scalar: Scalar, what: str, problems: Problems) -> Exact | None:
    """Return the number that *scalar* says as a decimal, or as a quotient such as 1/3."""
    if _QUOTIENT.fullmatch(scalar.text) and len(scalar.text) <= LONGEST_NUMBER:
        return exact(scalar.text)
    return read_number(scalar, what, problems)


def read_boolean(scalar: Scalar, what: str, problems: Problems) -> bool | None:
    """Return the truth value."""
    value = _BOOLEANS.get(scalar.text) if scalar.plain else None
    if value is None:
        near = scalar.text.lower()
        advice = f"write {near} without quotes" if near in _BOOLEANS else "write yes or no"
        problems.add(
            "not-a-boolean", scalar.place, f"{what} is yes or no", got=scalar.text, help=advice
        )
    return value


def read_date(scalar: Scalar, what: str, problems: Problems) -> datetime.date | None:
    """Return the date."""
    match = _DATE.fullmatch(scalar.text)
    if not match:
        problems.add(
            "not-a-date", scalar.place, f"{what} is a date", got=scalar.text,
            help="write year-month-day, as in 2025-03-31",
        )  # fmt: skip
        return None
    year, month, day = map(int, match.groups())
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        problems.add("impossible-date", scalar.place, "there is no such day", got=scalar.text)
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        problems.add(
            "impossible-date", scalar.place, f"years run from {FIRST_YEAR} to {LAST_YEAR}",
            got=scalar.text,
        )  # fmt: skip
        return None
    return date


def read_choice(
    scalar: Scalar, what: str, problems: Problems, options: Iterable[Choice],
    code: str = "unknown-choice",
) -> Choice | None:  # fmt: skip
    """Return the one of *options* that the text is."""
    allowed = tuple(options)
    for option in allowed:
        if scalar.text == option:
            return option
    problems.add(
        code, scalar.place, f"{what} is one of {quoted(allowed)}", got=scalar.text,
        help=problems.did_you_mean(scalar.text, allowed),
    )  # fmt: skip
    return None


@frozen(eq=False, repr=False)
class Names(Noun):
    """The ids of one kind that a file may refer to.

    Attributes:
        kind: what they name, with its article.
        code: the problem of an id that is not among them.
        ids: None where their own file could not be read, so that nothing can be said.
    """

    kind: str
    code: str
    ids: frozenset[str] | None

    def read(self, scalar: Scalar, problems: Problems) -> str | None:
        """Return the id that the text is, or note that there is none such."""
        if self.ids is None or scalar.text in self.ids:
            return scalar.text
        problems.add(
            self.code, scalar.place, f"there is no such {self.kind}", got=scalar.text,
            help=problems.did_you_mean(scalar.text, self.ids),
        )  # fmt: skip
        return None


class Form:
    """One mapping, asked for its entries by key and type; what nobody asks for is refused.

    A key is needed unless the method says `_if_any` or is given `needed=False`. A value that is
    missing or wrong is noted and stood in for, so that reading goes on: what is made from a form
    that is not `ok` at its end is not to be used.
    """

    def __init__(self, node: Node, what: str, problems: Problems) -> None:
        """Ask *node*, which ought to be *what* (`a rule`), and note its problems."""
        self.place = node.place
        self.what = what
        self.problems = problems
        self.is_mapping = self.ok = isinstance(node, MappingNode)
        self._entries: dict[str, tuple[Scalar, Node]] = {}
        self._asked: dict[str, None] = {}
        if isinstance(node, MappingNode):
            self._entries = {key.text: (key, value) for key, value in node.entries}
        elif not isinstance(node, Broken):
            problems.add(
                "wrong-shape", node.place, f"{what} is a mapping of keys to values",
                got=node.text if isinstance(node, Scalar) else "",
            )  # fmt: skip

    def has(self, key: str) -> bool:
        """Say whether *key* is there."""
        return key in self._entries

    def place_of(self, key: str) -> Place:
        """Return where *key* stands, or where the whole does."""
        return self._entries[key][0].place if key in self._entries else self.place

    def node(self, key: str, *, needed: bool = True) -> Node | None:
        """Return the value at *key* as it is."""
        self._asked[key] = None
        if key in self._entries:
            return self._entries[key][1]
        if needed and self.is_mapping:
            self.fail("missing-key", f"{self.what} needs `{key}`")
        self.ok = self.ok and not needed
        return None

    def fail(
        self,
        code: str,
        message: str,
        *,
        place: Place | None = None,
        got: str = "",
        help: str = "",  # noqa: A002 - the word of `Problem`
    ) -> None:
        """Note a problem of this mapping."""
        self.ok = False
        self.problems.add(code, place or self.place, message, got=got, help=help)

    def scalar(self, key: str, *, needed: bool = True) -> Scalar | None:
        """Return the scalar at *key*."""
        node = self.node(key, needed=needed)
        if node is None:
            return None
        scalar = read_scalar(node, f"`{key}`", self.problems)
        self.ok = self.ok and scalar is not None
        return scalar

    def _read(self, key: str, read: Callable[[Scalar], T | None], *, needed: bool) -> T | None:
        scalar = self.scalar(key, needed=needed)
        if scalar is None:
            return None
        value = read(scalar)
        self.ok = self.ok and value is not None
        return value

    def text(self, key: str, *, needed: bool = True) -> str:
        """Return the text at *key*; empty if it is not there."""
        found = self._read(key, lambda s: read_text(s, f"`{key}`", self.problems), needed=needed)
        return found or ""

    def id(self, key: str = "id", *, hyphens: bool = False) -> str:
        """Return the id at *key*."""
        found = self._read(
            key, lambda s: read_id(s, f"`{key}`", self.problems, hyphens=hyphens), needed=True
        )
        return found or ""

    def choice_if_any(self, key: str, options: Iterable[Choice]) -> Choice | None:
        """Return the one of *options* at *key*."""
        allowed = tuple(options)
        what = f"`{key}`"
        return self._read(key, lambda s: read_choice(s, what, self.problems, allowed), needed=False)

    def choice(self, key: str, options: Iterable[Choice], default: Choice | None = None) -> Choice:
        """Return the one of *options* at *key*, or the *default* if that is given."""
        allowed = tuple(options)
        self.node(key, needed=default is None)
        return self.choice_if_any(key, allowed) or default or allowed[0]

    def reference(self, key: str, names: Names, *, needed: bool = True) -> str:
        """Return the id at *key*, which must be one of *names*; empty if it is not there."""
        return self._read(key, lambda s: names.read(s, self.problems), needed=needed) or ""

    def whole_if_any(self, key: str, *, least: int = 0, most: int = MOST) -> int | None:
        """Return the whole number at *key*."""
        return self._read(
            key,
            lambda s: read_whole(s, f"`{key}`", self.problems, least=least, most=most),
            needed=False,
        )

    def whole(self, key: str, *, least: int = 0, most: int = MOST) -> int:
        """Return the whole number at *key*."""
        self.node(key)
        return self.whole_if_any(key, least=least, most=most) or least

    def number_if_any(self, key: str) -> Exact | None:
        """Return the exact number at *key*."""
        scalar = self.scalar(key, needed=False)
        number = None if scalar is None else read_number(scalar, f"`{key}`", self.problems)
        self.ok = self.ok and (scalar is None or number is not None)
        return number

    def number(self, key: str) -> Exact:
        """Return the exact number at *key*."""
        self.node(key)
        return self.number_if_any(key) or 0

    def boolean_if_any(self, key: str) -> bool | None:
        """Return the truth value at *key*."""
        return self._read(key, lambda s: read_boolean(s, f"`{key}`", self.problems), needed=False)

    def date_if_any(self, key: str) -> datetime.date | None:
        """Return the date at *key*."""
        return self._read(key, lambda s: read_date(s, f"`{key}`", self.problems), needed=False)

    def date(self, key: str) -> datetime.date:
        """Return the date at *key*."""
        self.node(key)
        return self.date_if_any(key) or NEVER

    def nodes(self, key: str, *, needed: bool = True) -> tuple[Node, ...]:
        """Return the items of the list at *key*; none if it is not there."""
        node = self.node(key, needed=needed)
        if isinstance(node, Sequence):
            return node.items
        if isinstance(node, Broken):
            self.ok = False
        elif node is not None:
            got = node.text if isinstance(node, Scalar) else ""
            self.fail("wrong-shape", f"`{key}` is a list", place=node.place, got=got)
        return ()

    def scalars(self, key: str, *, needed: bool = True) -> Iterator[Scalar]:
        """Yield the scalars of the list at *key*, each text once."""
        seen: set[str] = set()
        for node in self.nodes(key, needed=needed):
            scalar = read_scalar(node, f"an entry of `{key}`", self.problems)
            if scalar is None:
                self.ok = False
            elif scalar.text in seen:
                message = f"this stands twice in `{key}`"
                self.fail("duplicate-entry", message, place=scalar.place, got=scalar.text)
            else:
                seen.add(scalar.text)
                yield scalar

    def each(
        self, key: str, read: Callable[[Scalar], T | None], *, needed: bool = True
    ) -> tuple[T, ...]:
        """Return what *read* makes of each scalar of the list at *key*."""
        values = [read(scalar) for scalar in self.scalars(key, needed=needed)]
        found = tuple(value for value in values if value is not None)
        self.ok = self.ok and len(found) == len(values)
        return found

    def references(self, key: str, names: Names, *, needed: bool = True) -> tuple[str, ...]:
        """Return the ids of the list at *key*, each of which must be one of *names*."""
        return self.each(key, lambda s: names.read(s, self.problems), needed=needed)

    def choices(
        self,
        key: str,
        options: Iterable[Choice],
        *,
        needed: bool = True,
        code: str = "unknown-choice",
    ) -> tuple[Choice, ...]:
        """Return those of *options* that the list at *key* names, in the order of *options*."""
        allowed = tuple(options)
        what = f"an entry of `{key}`"
        found = self.each(
            key, lambda s: read_choice(s, what, self.problems, allowed, code), needed=needed
        )
        return tuple(option for option in allowed if option in found)

    def forbid(self, reasons: Mapping[str, str]) -> None:
        """Refuse keys that the format knows, but not here; *reasons* say why, by key."""
        for key, reason in reasons.items():
            self._asked[key] = None
            if key in self._entries:
                self.fail("misplaced-key", reason, place=self.place_of(key), got=key)

    def abandon(self) -> None:
        """Read no further: what was noted makes the meaning of the other keys unclear."""
        self.ok = False
        self._asked.update(dict.fromkeys(self._entries))

    def finish(self) -> bool:
        """Refuse the keys that nobody asked for, and say whether the mapping may be used."""
        for key, (scalar, _) in self._entries.items():
            if key not in self._asked:
                is_short = len(self._asked) <= MOST_KEYS_SHOWN
                keys = f"its keys are {quoted(self._asked)}" if is_short else ""
                self.fail(
                    "unknown-key", f"{self.what} has no such key", place=scalar.place, got=key,
                    help=self.problems.did_you_mean(key, self._asked) or keys,
                )  # fmt: skip
        return self.ok


# What files of several kinds have.


def read_format(form: Form, wanted: str) -> None:
    """Check that *form* says which format it has, and that it is the one *wanted*."""
    scalar = form.scalar("format")
    if scalar is None or scalar.text == wanted:
        return
    message, way_out = f"this engine reads `{wanted}`", f"write `format: {wanted}`"
    if _kind(scalar.text) == _kind(wanted):
        way_out = "use the engine that wrote it"
    elif scalar.text.startswith(_OURS):
        message = f"this is another kind of file, and `{wanted}` is wanted"
        way_out = f"name a file of that kind, or write `format: {wanted}` if this is one"
    form.fail("unknown-format", message, place=scalar.place, got=scalar.text, help=way_out)


def refuse_other_kind(form: Form, wanted: str) -> bool:
    """Note, and say, that *form* is of another kind than *wanted*: its keys mean nothing here."""
    node = form.node("format", needed=False) if form.has("format") else None
    is_other = (
        isinstance(node, Scalar)
        and node.text.startswith(_OURS)
        and _kind(node.text) != _kind(wanted)
    )
    if is_other:
        read_format(form, wanted)
    return is_other


def _kind(name: str) -> str:
    """Return what a format is called, without its version."""
    return name.rpartition("/")[0]


def span_of(form: Form) -> Span:
    """Return the days between the keys `from` and `to` of *form*."""
    span = Span(form.date("from"), form.date_if_any("to"))
    if form.ok and span.end is not None and span.end < span.start:
        form.fail(
            "dates-reversed", f"this ends on {span.end}, before it begins on {span.start}",
            place=form.place_of("to"),
        )  # fmt: skip
    return span
