"""Checked rulebooks kept between runs, so that one decision need not read and check them again.

An entry is data, never code: JSON in a folder only its owner can write, named for the bytes of
the rulebook's files and the engine's version, and with such a name for what the rulebook extends.
It makes nothing true that the files do not say: anything odd about an entry means that the
rulebook is read again.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs

from oversight_engine._version import __version__
from oversight_engine.language.folder import files_of
from oversight_engine.model import expression, people, rulebook, together
from oversight_engine.model.rulebook import Rulebook

MOST_BYTES = 16_000_000
"""Larger rulebooks are not kept."""
LAYOUT = 3
"""Raised when an entry's own shape changes; what it holds follows the model and the version."""


def folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return where entries are kept, or None where the user wants none.

    `OVERSIGHT_CACHE` names the folder, or is `off`; else it is in the user's cache folder.
    """
    chosen = environment.get("OVERSIGHT_CACHE", "")
    if chosen:
        return None if chosen == "off" else Path(chosen)
    base = environment.get("XDG_CACHE_HOME") or environment.get("LOCALAPPDATA")
    home = environment.get("HOME")
    if not base and not home:
        return None
    return (Path(base) if base else Path(str(home), ".cache")) / "oversight-engine"


def load(path: Path | str, *, digest: str | None = None, where: Path | None = None) -> Rulebook:
    """Return the rulebook at *path* as `load_rulebook` does, from the cache *where* it can.

    Raises what `load_rulebook` raises.
    """
    key = _key_of_folder(Path(path)) if where is not None else None
    found = recall(key, where) if key is not None and where is not None else None
    if found is not None and digest in (None, found.digest):
        return found
    from oversight_engine.language.rulebooks import load_rulebook

    found = load_rulebook(path, digest=digest)
    if key is not None and where is not None:
        remember(key, found, where)
    return found


def _key_of_folder(path: Path) -> str | None:
    """Return the key of the rulebook's files as they are now, or None where there is none."""
    try:
        files = files_of(path)
        if sum(file.stat().st_size for file in files) > MOST_BYTES:
            return None
        # With their places, since messages about a rulebook name them.
        return key_of((str(file), file.read_bytes()) for file in files)
    except OSError:
        return None  # whoever reads it says what is wrong with it


def key_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the name of the entry for a rulebook of these *files*, given as name and bytes."""
    total = hashlib.sha256(f"{LAYOUT} {__version__} {_PARTS}\n".encode())
    for name, content in sorted(files):
        total.update(f"{len(name.encode())} {len(content)} {name}\n".encode())
        total.update(content)
    return total.hexdigest()


def recall(key: str, where: Path) -> Rulebook | None:
    """Return the rulebook kept under *key*, or None where there is none to be trusted."""
    path = where / f"{key}.json"
    try:
        with path.open("rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            check, _, body = file.read().partition(b"\n")
        if check.decode() != hashlib.sha256(body).hexdigest():
            return None
        entry = json.loads(body)
        for extended, name in entry["extended"]:
            if name is None or name != _key_of_folder(Path(extended)):
                return None
        found = _revive(entry["rulebook"])
        if not isinstance(found, Rulebook):
            return None
        # The digest was computed from the same rulebook when the entry was written.
        object.__setattr__(found, "digest", str(entry["digest"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None  # odd in whatever way: the rulebook is read again
    return found


def remember(key: str, checked: Rulebook, where: Path) -> None:
    """Keep *checked* under *key*. A cache that cannot be written costs time, nothing else."""
    import tempfile

    extended = [(path, _key_of_folder(Path(path))) for path in checked.extended]
    entry = {"digest": checked.digest, "extended": extended, "rulebook": _dismantle(checked)}
    body = json.dumps(entry, separators=(",", ":")).encode()
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=where, suffix=".draft")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            Path(draft).replace(where / f"{key}.json")
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError:
        return


def _is_ours(status: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


# The model as nested lists: [class or kind, parts …]; texts, booleans, whole numbers and None
# stand for themselves.

_CLASSES: dict[str, type] = {
    name: found
    for module in (expression, rulebook, together, people)
    for name, found in vars(module).items()
    if isinstance(found, type) and attrs.has(found)
}
_PARTS: dict[str, tuple[str, ...]] = {
    name: tuple(part.name for part in attrs.fields(found) if part.init)
    for name, found in _CLASSES.items()
}


def _dismantle(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, tuple):
        return ["", *map(_dismantle, value)]
    if isinstance(value, Fraction):
        return ["/", value.numerator, value.denominator]
    if isinstance(value, datetime.date):
        return ["@", value.isoformat()]
    name = type(value).__name__
    return [name, *(_dismantle(getattr(value, part)) for part in _PARTS[name])]


_SIMPLE: dict[str, Callable[..., Any]] = {
    "": lambda *parts: parts,
    "/": Fraction,
    "@": datetime.date.fromisoformat,
}


def _revive(value: list[Any]) -> Any:
    make = _SIMPLE.get(value[0]) or _CLASSES[value[0]]
    return make(*[_revive(part) if type(part) is list else part for part in value[1:]])
