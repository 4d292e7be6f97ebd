"""The JSON Schemas of what commands print, as they ship with the package."""

from __future__ import annotations

import json
from pathlib import Path

from oversight_engine.model.plain import Plain

FOLDER = Path(__file__).resolve().parent.parent / "schemas"


def schema_names() -> tuple[str, ...]:
    """Return the names of the schemas that ship."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def shipped_schema(name: str) -> Plain:
    """Return the schema of that *name*, with the ones it refers to inside it."""
    schema = _read(name)
    included: Plain = {}
    for wanted in _referred(schema, {name}):
        part = _read(wanted)
        # Each part keeps its own `$id`, by which the references find it.
        included[wanted] = part
    return schema | {"$defs": schema.get("$defs", {}) | included} if included else schema


def _read(name: str) -> Plain:
    schema: Plain = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def _referred(schema: Plain, seen: set[str]) -> list[str]:
    """Return the names of the schemas that *schema* refers to, directly or not."""
    text = json.dumps(schema)
    names = [name for name in schema_names() if f'"$ref": "{_urn(name)}"' in text]
    found = [name for name in names if name not in seen]
    seen.update(found)
    return found + [deeper for name in found for deeper in _referred(_read(name), seen)]


def _urn(name: str) -> str:
    return f"urn:oversight-engine:{name}:1"
