"""What the values in entries must be: each check says what is wrong, or nothing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from oversight_engine.model.case_form import CASE_FORMAT
from oversight_engine.model.plain import NumberText, Plain
from oversight_engine.model.recorded import RECORDED_FORMAT

LONGEST_TEXT = 20_000
LARGEST_WHOLE = 2**53 - 1
DEEPEST = 32

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_POINTER = re.compile(r"(/[^/]+)+")

Check = Callable[[Any], str]
"""From a value to what is wrong with it: nothing where it is as it should be."""


def text(value: Any) -> str:
    """Ask for a text that says something."""
    if not isinstance(value, str) or not value.strip():
        return "is a text that says something"
    if len(value) > LONGEST_TEXT:
        return f"has at most {LONGEST_TEXT} characters"
    if any(character < " " and character not in "\n\t" for character in value):
        return "is a text without control characters"
    return "" if _is_encodable(value) else "is a text that UTF-8 can hold"


def day(value: Any) -> str:
    """Ask for a day, as ISO 8601 writes it."""
    try:
        is_day = isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    return "" if is_day else "is a day such as 2025-06-30"


def moment(value: Any) -> str:
    """Ask for a moment in UTC, to the second."""
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            datetime.datetime.fromisoformat(value)
            return ""
    except ValueError:
        pass  # said below: the hands of this clock do not stand so
    return "is a moment such as 2025-06-30T12:00:00Z"


def entry_number(value: Any) -> str:
    """Ask for the number of an entry."""
    is_number = type(value) is int and 1 <= value <= LARGEST_WHOLE
    return "" if is_number else "is the number of an entry"


def digest(value: Any) -> str:
    """Ask for the digest of an object."""
    is_digest = isinstance(value, str) and _DIGEST.fullmatch(value)
    return "" if is_digest else "is `sha256:` and 64 hexadecimal digits"


def person(value: Any) -> str:
    """Ask for who somebody is: name and role."""
    if not isinstance(value, dict) or set(value) != {"name", "role"}:
        return "says the `name` and the `role` of somebody, and nothing else"
    return next((f"`{key}` {fault}" for key in sorted(value) if (fault := text(value[key]))), "")


def texts(value: Any) -> str:
    """Ask for texts, or none."""
    if not isinstance(value, list):
        return "is a list of texts"
    return next((fault for each in value if (fault := text(each))), "")


def names(value: Any) -> str:
    """Ask for texts, none of them twice."""
    fault = texts(value)
    is_repeated = not fault and len(set(value)) < len(value)
    return "has nothing twice" if is_repeated else fault


def some_texts(value: Any) -> str:
    """Ask for at least one text."""
    return texts(value) or ("" if value else "is a list of at least one text")


def pointers(value: Any) -> str:
    """Ask for paths of what is masked."""
    is_sound = (
        isinstance(value, list)
        and value
        and all(isinstance(each, str) and _POINTER.fullmatch(each) for each in value)
        and value == sorted(set(value))
    )
    return "" if is_sound else "is a sorted list of paths such as /case/facts/some_fact"


def plain(value: Any) -> str:
    """Ask for a mapping that has one canonical form."""
    if not isinstance(value, dict):
        return "is a mapping"
    return "" if _is_plain(value) else _fault_of_plain(value, DEEPEST)


def _is_plain(value: Plain) -> bool:
    """Say quickly whether `_fault_of_plain` has nothing to say of *value*: level by level."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        kinds = set(map(type, level))  # faster than a display of the same
        if not kinds <= _KINDS:
            return False
        is_flat = dict not in kinds and list not in kinds
        leaves, keys, inner = (level, [], []) if is_flat else _parted(level)
        texts = leaves if kinds <= _TEXTS else [each for each in leaves if isinstance(each, str)]
        is_large = int in kinds and any(
            abs(each) > LARGEST_WHOLE for each in leaves if type(each) is int
        )
        try:
            are_words = "".join(keys).isascii()
        except TypeError:  # not all are texts
            return False
        if is_large or not are_words or not _is_encodable("".join(texts)):
            return False
        if not inner:
            return True
        level = inner
    return False


def _parted(level: list[Any]) -> tuple[list[Any], list[str], list[Any]]:
    """Return what on a *level* holds nothing, the keys of its mappings, and what is in the rest."""
    leaves: list[Any] = []
    keys: list[str] = []
    inner: list[Any] = []
    for each in level:
        if type(each) is dict:
            keys += each
            inner += each.values()
        elif type(each) is list:
            inner += each
        else:
            leaves.append(each)
    return leaves, keys, inner


_TEXTS = {str, NumberText}
_KINDS = _TEXTS | {dict, list, int, bool, type(None)}


def _fault_of_plain(value: Any, depth: int) -> str:
    """Return what keeps *value* from having one canonical form."""
    if depth == 0:
        return f"is nested more than {DEEPEST} deep"
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            return "has keys that are not ASCII texts"
        return next((f for each in value.values() if (f := _fault_of_plain(each, depth - 1))), "")
    if isinstance(value, list):
        return next((f for each in value if (f := _fault_of_plain(each, depth - 1))), "")
    if isinstance(value, str):
        return "" if _is_encodable(value) else "has a text that UTF-8 cannot hold"
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if abs(value) <= LARGEST_WHOLE else "has a whole number beyond ±(2^53−1)"
    return f"has a value of type {type(value).__name__}; numbers other than whole ones are texts"


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def case(value: Any) -> str:
    """Ask for a case."""
    fault = plain(value)
    if not fault and value.get("format") != CASE_FORMAT:
        fault = f"is a case of the format {CASE_FORMAT}"
    if not fault and not isinstance(value.get("system"), dict):
        fault = "names its `system`"
    return fault


def history(value: Any) -> str:
    """Ask for facts that were drawn from earlier entries."""
    fault = plain(value)
    for fact in value.values() if not fault else ():
        if not isinstance(fact, dict) or "value" not in fact:
            return "states each fact as a mapping with its `value`"
        if "entry" in fact and entry_number(fact["entry"]):
            return "names the `entry` that a fact was drawn from by its number"
    return fault


def recorded(value: Any) -> str:
    """Ask for a decision as a ledger holds it."""
    fault = plain(value)
    if fault or value.get("format") != RECORDED_FORMAT:
        return fault or f"is a decision of the format {RECORDED_FORMAT}"
    digests = ["rulebook", "case", *(key for key in ("reform", "cohort") if key in value)]
    if any(digest(value.get(key)) for key in digests):
        return f"has the digests of its {', '.join(digests)}"
    return ""


def attestation(value: Any) -> str:
    """Ask for what is attested beside a decision."""
    keys: dict[str, Check] = {
        "engine_version": text, "evaluators": texts, "remarks": texts, "certificate": digest,
    }  # fmt: skip
    if not isinstance(value, dict) or not set(value) <= set(keys):
        return f"has the keys {', '.join(keys)} and no other"
    if "engine_version" not in value or not value.get("evaluators"):
        return "says its `engine_version` and its `evaluators`"
    return next((f"`{k}` {fault}" for k in sorted(value) if (fault := keys[k](value[k]))), "")
