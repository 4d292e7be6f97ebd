"""The text under every reader: a file, a stream or a mapping as a tree of located nodes.

YAML and JSON are read under our own limits of size, depth and count, so that no file can hang
the reader or fill the memory. Nothing is interpreted here: a scalar is its text as written.
What the format has no use for (anchors, aliases, tags, merge keys) is refused.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn, TypeGuard

from attrs import evolve, frozen

from oversight_engine.language.problems import Place, Problems, shown
from oversight_engine.language.text import (
    FORBIDDEN,
    MOST_BYTES,
    decode,
    place_at,
    read_content,
    refuse_character,
)
from oversight_engine.model.noun import Noun

MOST_NODES = 200_000
DEEPEST = 32
LONGEST_INTEGER_BITS = 4096
LONGEST_EXPONENT = 400

Format = Literal["yaml", "json"]


@frozen(eq=False, repr=False)
class Scalar(Noun):
    """A text.

    Attributes:
        plain: whether it stood without quotes, and so may be a number or a boolean.
        text_column: the column its first character stands in, where each of its characters takes
            the next column of one line; else 0.
    """

    text: str
    place: Place
    plain: bool = True
    text_column: int = 0

    def place_of(self, offset: int) -> Place:
        """Return where the character at *offset* of the text stands, as nearly as is known."""
        if not self.text_column:
            return self.place
        return evolve(self.place, column=self.text_column + offset)


@frozen(eq=False, repr=False)
class Sequence(Noun):
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@frozen(eq=False, repr=False)
class Mapping(Noun):
    """Keys and values, in the order written; no key occurs twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """Return the value at *key*, or None."""
        return next((value for name, value in self.entries if name.text == key), None)


@frozen(eq=False, repr=False)
class Broken(Noun):
    """What stood here has been reported; readers say nothing more about it."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken


class _LimitError(Exception):
    """What was met, and noted, makes the rest of the document unreadable."""


def read_file(path: Path, problems: Problems) -> Node | None:
    """Return the tree of the file at *path*, or None if it has none; every problem is noted."""
    content = read_content(path, problems)
    if content is None:
        return None
    is_json = path.suffix.lower() == ".json"
    return read_bytes(content, str(path), problems, "json" if is_json else "yaml")


def read_stream(stream: BinaryIO, name: str, problems: Problems) -> Node | None:
    """Return the tree of what *stream* holds: JSON if it starts with a bracket, else YAML."""
    content = stream.read(MOST_BYTES + 1)
    is_json = content[:1024].lstrip()[:1] in (b"{", b"[")
    return read_bytes(content, name, problems, "json" if is_json else "yaml")


def read_bytes(content: bytes, name: str, problems: Problems, form: Format) -> Node | None:
    """Return the tree of *content*, known as *name* in messages, or None if it has none."""
    text = decode(content, name, problems)
    if text is None:
        return None
    try:
        return (
            _read_json(text, name, problems) if form == "json" else _read_yaml(text, name, problems)
        )
    except _LimitError:
        return None


# Nodes.


class _Tree:
    """What the trees of every format have in common: their limits, and the checks of one node."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.name = name
        self.problems = problems
        self._count = 0

    def enter(self, place: Place, depth: int) -> None:
        """Count one more node, *depth* levels down.

        Raises:
            _LimitError: it is one too many, or too deep.
        """
        self._count += 1
        if depth > DEEPEST or self._count > MOST_NODES:
            self.stop(place, is_too_deep=depth > DEEPEST)

    def stop(self, place: Place, *, is_too_deep: bool) -> NoReturn:
        """Note that a limit is passed at *place*, and give up.

        Raises:
            _LimitError: always.
        """
        if is_too_deep:
            message = f"this is nested more than {DEEPEST} levels deep"
            self.problems.add("too-deep", place, message)
        else:
            message = f"this holds more than {MOST_NODES:,} values"
            self.problems.add("too-many-values", place, message, help="split it up")
        raise _LimitError

    def text(self, text: str, place: Place, *, plain: bool) -> Scalar | Broken:
        """Return a scalar whose text was spelt with escapes or by a program."""
        found = FORBIDDEN.search(text)
        if found:
            refuse_character(found[0], place, self.problems)
            return Broken(place)
        return Scalar(text, place, plain)

    def is_new(self, key: str, place: Place, seen: set[str]) -> bool:
        """Say whether *key* is not among those *seen*, and note the problem if it is."""
        if key in seen:
            self.problems.add(
                "duplicate-key", place, "this key occurs twice", got=key,
                help="keep one; a reader cannot know which was meant",
            )  # fmt: skip
            return False
        seen.add(key)
        return True


# YAML: PyYAML's event stream, never its trees, which grow under aliases and crash when deep.


def _read_yaml(text: str, name: str, problems: Problems) -> Node | None:
    import yaml  # 15 ms that a compiled rulebook and JSON cases do not need

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _YamlTree(yaml.parse(text, Loader=loader), yaml, name, problems).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        problems.add(
            "yaml-syntax", place, f"this is not YAML: {shown(reason)}",
            help="look at the indentation, the quotes and the colons of this line and of the one "
            "before it",
        )  # fmt: skip
        return None


_YAML_TAG = "tag:yaml.org,2002:"


class _YamlTree(_Tree):
    """Builds nodes from events."""

    def __init__(self, events: Iterator[Any], yaml: Any, name: str, problems: Problems) -> None:
        super().__init__(name, problems)
        self._next = events.__next__
        self._yaml = yaml

    def document(self) -> Node | None:
        yaml = self._yaml
        self._next()  # the start of the stream
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self.problems.add("empty-file", Place(self.name, 1, 1), "the file is empty")
            return None
        if event.version or event.tags:
            self._refuse("yaml-directive", event, "a directive")
        root = self._node(self._next(), 1)
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self.problems.add(
                "several-documents", self._place(event), "a second document begins here",
                got="---", help="keep one document in a file",
            )  # fmt: skip
        return root

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.name, mark.line + 1, mark.column + 1)

    def _refuse(self, code: str, event: Any, what: str, got: str = "") -> None:
        self.problems.add(
            code, self._place(event), f"{what} has no place in these files", got=got,
            help="write the value out",
        )  # fmt: skip

    def _node(self, event: Any, depth: int) -> Node:
        yaml = self._yaml
        place = self._place(event)
        self.enter(place, depth)
        if isinstance(event, yaml.AliasEvent):
            self._refuse("yaml-alias", event, "an alias", f"*{event.anchor}")
            return Broken(place)
        if event.anchor:
            self._refuse("yaml-anchor", event, "an anchor", f"&{event.anchor}")
        if event.tag:
            self._refuse("yaml-tag", event, "a tag", event.tag.replace(_YAML_TAG, "!!", 1))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(depth + 1)), place)
        return Mapping(tuple(self._entries(depth + 1)), place)

    def _items(self, depth: int) -> Iterator[Node]:
        event = self._next()
        while not isinstance(event, self._yaml.SequenceEndEvent):
            yield self._node(event, depth)
            event = self._next()

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: set[str] = set()
        event = self._next()
        while not isinstance(event, self._yaml.MappingEndEvent):
            key = self._node(event, depth)
            value = self._node(self._next(), depth)
            if self._is_key(key, seen):
                yield key, value
            event = self._next()

    def _is_key(self, key: Node, seen: set[str]) -> TypeGuard[Scalar]:
        if isinstance(key, Broken):
            return False
        if not isinstance(key, Scalar):
            self.problems.add(
                "key-not-text", key.place, "a key is a word, not a list or a mapping",
                help="quote it if it begins with a bracket",
            )  # fmt: skip
            return False
        if key.plain and key.text == "<<":
            self.problems.add(
                "yaml-merge-key", key.place, "a merge key has no place in these files", got="<<",
                help="write the entries out",
            )  # fmt: skip
            return False
        return self.is_new(key.text, key.place, seen)

    def _scalar(self, event: Any, place: Place) -> Scalar | Broken:
        text: str = event.value
        quotes = 0 if not event.style else 1
        if event.style == '"':
            checked = self.text(text, place, plain=False)
            if isinstance(checked, Broken):
                return checked
        end = event.end_mark
        in_step = (
            end.line + 1 == place.line and end.column + 1 - place.column == len(text) + 2 * quotes
        )
        return Scalar(text, place, not event.style, place.column + quotes if in_step else 0)


# JSON and plain Python values: into the same nodes, located by key path.

_JSON_SHAPE = re.compile(r'\\.|["\[\]{},]', re.DOTALL)


class _Literal(str):
    """A number, or a word such as NaN, as it stood in the JSON."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """The entries of a JSON object, repeats included."""

    __slots__ = ()


def _read_json(text: str, name: str, problems: Problems) -> Node | None:
    import json  # only where a file is JSON

    if not text.strip():
        problems.add("empty-file", Place(name, 1, 1), "the file is empty")
        return None
    tree = _DataTree(name, problems, strings_are_plain=False)
    _check_json_shape(text, tree)
    try:
        content = json.loads(
            text, object_pairs_hook=_Pairs,
            parse_int=_Literal, parse_float=_Literal, parse_constant=_Literal,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        problems.add(
            "json-syntax", Place(name, error.lineno, error.colno),
            f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
        )  # fmt: skip
        return None
    return tree.node(content, Place(name, path="$"))


def _check_json_shape(text: str, tree: _Tree) -> None:
    """Refuse *text* before it is parsed if it would be too deep or too much for the parser.

    Raises:
        _LimitError: it would.
    """
    depth = commas = opened = 0
    in_string = False
    for match in _JSON_SHAPE.finditer(text):
        mark = match[0]
        if mark == '"':
            in_string = not in_string
        elif in_string or len(mark) > 1:
            continue
        elif mark == ",":
            commas += 1
        elif mark in "]}":
            depth -= 1
        else:
            depth += 1
            opened += 1
        if depth > DEEPEST or commas + opened > MOST_NODES:
            tree.stop(place_at(text, match.start(), tree.name), is_too_deep=depth > DEEPEST)


def from_mapping(value: AnyMapping[str, object], name: str, problems: Problems) -> Node | None:
    """Return the tree of a plain mapping, known as *name* in messages, or None if it has none.

    It may hold texts, whole numbers, booleans, `Decimal`s, dates, lists and mappings. Texts are
    taken as if they stood in YAML without quotes.
    """
    try:
        tree = _DataTree(name, problems, strings_are_plain=True)
        return tree.node(value, Place(name, path="$"))
    except _LimitError:
        return None


class _DataTree(_Tree):
    """Builds nodes from Python values."""

    def __init__(self, name: str, problems: Problems, *, strings_are_plain: bool) -> None:
        super().__init__(name, problems)
        self._strings_are_plain = strings_are_plain

    def node(self, content: object, place: Place, depth: int = 1) -> Node:
        self.enter(place, depth)
        if isinstance(content, list | tuple) and not isinstance(content, _Pairs):
            items = enumerate(content)
            return Sequence(
                tuple(self.node(item, place.inside(i), depth + 1) for i, item in items), place
            )
        if isinstance(content, AnyMapping):
            return Mapping(tuple(self._entries(content.items(), place, depth + 1)), place)
        if isinstance(content, _Pairs):
            return Mapping(tuple(self._entries(content, place, depth + 1)), place)
        return self._scalar(content, place)

    def _entries(
        self, pairs: Iterable[tuple[object, object]], place: Place, depth: int
    ) -> Iterator[tuple[Scalar, Node]]:
        seen: set[str] = set()
        for key, value in pairs:
            if not isinstance(key, str):
                self.problems.add("key-not-text", place, "a key is a word", got=type(key).__name__)
                continue
            name = self.text(key, place.inside(key), plain=True)
            self.enter(name.place, depth)
            if isinstance(name, Scalar) and self.is_new(key, name.place, seen):
                yield name, self.node(value, name.place, depth)

    def _scalar(self, content: object, place: Place) -> Scalar | Broken:
        if isinstance(content, str):
            plain = self._strings_are_plain or isinstance(content, _Literal)
            return self.text(str(content), place, plain=plain)
        if content is None or isinstance(content, bool):
            return Scalar({None: "null", True: "true", False: "false"}[content], place)
        if isinstance(content, int) and content.bit_length() <= LONGEST_INTEGER_BITS:
            return Scalar(str(int(content)), place)
        if isinstance(content, Decimal):
            return Scalar(_decimal_text(content), place)
        if isinstance(content, datetime.date) and not isinstance(content, datetime.datetime):
            return Scalar(content.isoformat(), place)
        if isinstance(content, float):
            self.problems.add(
                "binary-number", place, "a float is not exact", got=repr(content),
                help="use a string or a Decimal",
            )  # fmt: skip
        else:
            self.problems.add(
                "unsupported-type", place, "no value of this type can be read",
                got=type(content).__name__,
                help="use a str, int, bool, Decimal, date, list or dict",
            )  # fmt: skip
        return Broken(place)


def _decimal_text(number: Decimal) -> str:
    """Return *number* without an exponent, unless that would be monstrously long."""
    exponent = number.as_tuple().exponent
    plain = isinstance(exponent, int) and abs(exponent) <= LONGEST_EXPONENT
    return format(number, "f") if plain else str(number)
