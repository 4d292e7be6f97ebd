"""The text of a condition as a small Python syntax tree, or the problem that it is not one.

The text is split into the words of our own language before Python's parser sees it, so what the
language has not (attributes, lambdas, subscripts, escapes, names that begin with `_`) never gets
that far. The tree is only ever read; nothing here or later compiles or runs it.
"""

from __future__ import annotations

import ast
import keyword
import re

from attrs import frozen

from oversight_engine.language.forms import LONGEST_NUMBER, number_help
from oversight_engine.language.problems import Problems
from oversight_engine.language.source import Scalar

LONGEST = 2_000
DEEPEST = 32

_WORD = re.compile(
    r" +"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9][0-9A-Za-z_.]*)"
    r"|(?P<text>'[^'\\]*'|\"[^\"\\]*\")"
    r"|(?P<alien>\*\*|//|<<|>>)"
    r"|(?P<mark><=|>=|==|!=|[-+*/<>=(){},])"
)
_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
_WORDS_OF_PYTHON = ("and", "or", "not", "in")
_PREFIXES = ("not", "-", "+")
_WHY_NOT = {
    "**": "a power is not linear",
    "//": "divide with `/`",
    ".": "there are no attributes, and a number begins with a digit",
    ":": "there are no lambdas, slices, mappings or assignments",
    "%": "there is no remainder; the unit `%` belongs to the fact or the parameter",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "~": "write `not`",
    "[": "there are no lists and no subscripts; a set is written `{'a', 'b'}`",
    "'": "a text ends with the quote it begins with, and has no `\\` in it",
    '"': "a text ends with the quote it begins with, and has no `\\` in it",
    "True": "a boolean fact stands alone, or after `not`",
    "False": "a boolean fact stands alone, or after `not`",
    "None": "ask `known(...)`",
    "is": "write `==`",
    "if": "write a decision table",
}


@frozen
class Syntax:
    """A text with its tree, whose nodes know their offset in the text."""

    scalar: Scalar
    text: str
    root: ast.expr
    problems: Problems

    def words(self, node: ast.expr) -> str:
        """Return what *node* says, with runs of white space made one space."""
        return one_spaced(self.text[node.col_offset : node.end_col_offset])

    def refuse(
        self,
        node: ast.expr,
        code: str,
        message: str,
        help: str = "",  # noqa: A002 - the word of `Problem`
    ) -> None:
        """Note a problem of *node*."""
        place = self.scalar.place_of(node.col_offset + _indent(self.scalar.text))
        self.problems.add(code, place, message, got=self.words(node), help=help)


def one_spaced(text: str) -> str:
    """Return *text* with runs of white space made one space."""
    return " ".join(text.split())


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def parse(scalar: Scalar, problems: Problems) -> Syntax | None:
    """Return the tree of the text of *scalar*, or None if it has none; every problem is noted."""
    text = re.sub(r"[\t\r\n]", " ", scalar.text).strip()
    if not text:
        problems.add("missing-value", scalar.place, "the condition is empty")
    elif len(text) > LONGEST:
        problems.add(
            "condition-too-long", scalar.place,
            f"this has {len(text):,} characters, and {LONGEST:,} are allowed",
            got=text, help="give its parts names, as findings",
        )  # fmt: skip
    elif _Words(scalar, text, problems).are_ours():
        return _parsed(scalar, text, problems)
    return None


def _parsed(scalar: Scalar, text: str, problems: Problems) -> Syntax | None:
    try:
        root = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        offset = min((error.offset or len(text) + 1) - 1, len(text))
        rest = text[offset:]
        message, way_out = f"this cannot be read on from here: {error.msg}", ""
        if not rest:
            message = "the condition ends too soon"
        elif rest.startswith("=") and not rest.startswith("=="):
            message, way_out = "one `=` compares nothing", "write `==`"
        place = scalar.place_of(offset + _indent(scalar.text))
        problems.add("condition-syntax", place, message, got=rest or text, help=way_out)
        return None
    syntax = Syntax(scalar, text, root, problems)
    if _is_too_deep(root):
        _refuse_depth(syntax.scalar, problems)
        return None
    return syntax


def _is_too_deep(root: ast.expr) -> bool:
    level: list[ast.AST] = [root]
    for _ in range(DEEPEST):
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr | ast.keyword)
        ]
        if not level:
            return False
    return True


def _refuse_depth(scalar: Scalar, problems: Problems) -> None:
    problems.add(
        "condition-too-deep", scalar.place, f"this is nested more than {DEEPEST} levels deep",
        got=scalar.text, help="give its parts names, as findings",
    )  # fmt: skip


def _is_name(word: str) -> bool:
    return not word.startswith("_") and (word in _WORDS_OF_PYTHON or not keyword.iskeyword(word))


class _Words:
    """The words of a condition, looked at one by one before any parser sees them."""

    def __init__(self, scalar: Scalar, text: str, problems: Problems) -> None:
        self._scalar = scalar
        self._text = text
        self._problems = problems
        self._indent = _indent(scalar.text)

    def are_ours(self) -> bool:
        """Say whether the language has every word, and brackets and signs are not too deep."""
        at = brackets = prefixes = 0
        name_ended = -1
        while at < len(self._text):
            match = _WORD.match(self._text, at)
            word, kind = (match[0], match.lastgroup) if match else (self._text[at], "alien")
            if kind == "number" and not self._is_number(at, word):
                return False
            is_prefixed_text = kind == "text" and name_ended == at
            if kind == "alien" or is_prefixed_text or (kind == "name" and not _is_name(word)):
                self._refuse(at, word)
                return False
            if kind is not None:
                prefixes = prefixes + 1 if word in _PREFIXES else 0
            brackets += (word in "({") - (word in ")}")
            if brackets > DEEPEST or prefixes > DEEPEST:
                _refuse_depth(self._scalar, self._problems)
                return False
            at += len(word)
            name_ended = at if kind == "name" else -1
        return True

    def _is_number(self, at: int, word: str) -> bool:
        if _NUMBER.fullmatch(word) and len(word) <= LONGEST_NUMBER:
            return True
        place = self._scalar.place_of(at + self._indent)
        if len(word) > LONGEST_NUMBER:
            message = f"a number has at most {LONGEST_NUMBER} characters"
            self._problems.add("number-too-long", place, message, got=word)
        else:
            self._problems.add(
                "not-a-number", place, "this begins like a number and is none", got=word,
                help=number_help(word),
            )  # fmt: skip
        return False

    def _refuse(self, at: int, word: str) -> None:
        way_out = "a name begins with a letter" if word.startswith("_") else _WHY_NOT.get(word, "")
        self._problems.add(
            "forbidden-syntax", self._scalar.place_of(at + self._indent),
            "this is not part of the language of conditions", got=word, help=way_out,
        )  # fmt: skip
