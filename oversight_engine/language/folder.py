"""Which files of a folder make a rulebook."""

from __future__ import annotations

from pathlib import Path

HEADING_FILE = "rulebook.yaml"
"""The file that every rulebook has, and that says what it is."""


def files_of(folder: Path) -> tuple[Path, ...]:
    """Return the files that a rulebook in *folder* may consist of, in order of their names."""
    inner = folder / "rules"
    places = [*folder.iterdir(), *(inner.iterdir() if inner.is_dir() else ())]
    return tuple(
        sorted(
            path
            for path in places
            if path.suffix.lower() in (".yaml", ".yml", ".json") and not path.name.startswith(".")
        )
    )
