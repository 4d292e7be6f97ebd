"""What text a file holds, under our own limits; every reader of files begins here."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from oversight_engine.language.problems import Place, Problems

MOST_BYTES = 8 * 1024 * 1024
PRIVATE_KEY = "PRIVATE+KEY+"
"""With what a private key begins: a text that has it is not read, since problems quote lines."""

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters
    "\xad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069"  # breaks and marks nobody sees
    "\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)
"""What no text may hold."""

_SQLITE = b"SQLite format 3\0"
_UTF_8_MARK = b"\xef\xbb\xbf"
_MARKS = ((_UTF_8_MARK, "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def read_content(path: Path, problems: Problems) -> bytes | None:
    """Return the bytes of the file at *path*, at most one more than is allowed, or None."""
    place = Place(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            problems.add(
                "not-a-file", place, "this is a folder or a device, not a file",
                help="name a file, or pipe the text in and name it `-`",
            )  # fmt: skip
            return None
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        problems.add("no-such-file", place, "there is no such file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.add("unreadable-file", place, "the file cannot be read", got=reason)
    return None


def decode(
    content: bytes, name: str, problems: Problems, *, may_be_marked: bool = False
) -> str | None:
    """Return the text of *content*, known as *name*, or None; every problem is noted.

    A byte-order mark of UTF-8 is taken off where the text *may_be_marked*, and else refused.
    """
    start = Place(name, 1, 1)
    if len(content) > MOST_BYTES:
        problems.add(
            "file-too-large", Place(name), f"the file is larger than {MOST_BYTES:,} bytes",
            help="split it into several files",
        )  # fmt: skip
        return None
    if PRIVATE_KEY.encode() in content:
        problems.add(
            "private-key", Place(name), "this file has a private key in it, and is not read",
            help="name the file you mean; a key stays in a file of its own",
        )  # fmt: skip
        return None
    if may_be_marked:
        content = content.removeprefix(_UTF_8_MARK)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            problems.add(
                "byte-order-mark", start, f"the file begins with a byte-order mark of {encoding}",
                help="save it as UTF-8 without byte-order mark",
            )  # fmt: skip
            return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        problems.add(
            "not-utf-8", place_at(before, len(before), name),
            f"byte {error.start} is not UTF-8", got=f"0x{content[error.start]:02x}",
            help="`oversight ledger` and `oversight replay` read a ledger"
            if content.startswith(_SQLITE)
            else "save the file as UTF-8",
        )  # fmt: skip
        return None
    found = FORBIDDEN.search(text)
    if found:
        refuse_character(found[0], place_at(text, found.start(), name), problems)
        return None
    return text


def place_at(text: str, offset: int, name: str) -> Place:
    """Return where the character at *offset* of *text* stands."""
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(name, text.count("\n", 0, offset) + 1, offset - line_start + 1)


def refuse_character(character: str, place: Place, problems: Problems) -> None:
    """Note that *character*, at *place*, is one that no text may hold."""
    problems.add(
        "forbidden-character", place, "a control or invisible character stands here",
        got=f"U+{ord(character):04X}", help="delete it",
    )  # fmt: skip
