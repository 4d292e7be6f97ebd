"""Files to fill in: a case that states nothing yet, and a small rulebook that holds together."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

from attrs import astuple

from oversight_engine.errors import InputError
from oversight_engine.explanation.wording import capital, say_id, say_number, themes_of
from oversight_engine.model.case_form import CASE_FORMAT
from oversight_engine.model.rulebook import Fact, Rulebook

BLANKS = Path(__file__).resolve().parent.parent / "blanks"


def blank_case(
    rulebook: Rulebook, *, code: str, name: str, region: str, as_of: datetime.date
) -> str:
    """Return a case file for *rulebook* in which every fact waits behind a comment sign."""
    return "\n".join(_case_lines(rulebook, code, name, region, as_of)) + "\n"


def _case_lines(
    rulebook: Rulebook, code: str, name: str, region: str, as_of: datetime.date
) -> Iterator[str]:
    yield f"# A case for {rulebook.title} ({rulebook.id} {rulebook.version})."
    yield "# Take the `#` away from the facts you know. What stays behind it is unknown:"
    yield "# never zero, never false."
    yield f"format: {CASE_FORMAT}"
    where = f", region: {_quoted(region)}" if region else ""
    yield f"system: {{code: {_quoted(code)}, name: {_quoted(name)}{where}}}"
    yield f"as_of: {as_of}"
    yield "defaults:  # for the facts that do not say"
    yield "  # source: Where the figures are from"
    yield "  # as_at: 2025-03-31  # the day they speak of"
    yield "  status: final  # or provisional, estimated, derived, illustrative"
    yield "facts: {}  # take `{}` away with the first fact"
    counted = rulebook.local_priorities
    own = set(astuple(counted)) if counted else set()
    for theme in themes_of(rulebook, rulebook.facts):
        yield ""
        yield f"  # {capital(say_id(theme))}" if theme else "  # Without a theme"
        for fact in rulebook.facts:
            if fact.theme == theme and fact.id not in own:
                yield f"  # {fact.id}: {_gap(fact)}"
    if counted:
        yield ""
        yield "# local_priorities:  # the system's own"
        yield "#   agreed: 1"
        yield "#   list:"
        yield "#     - {name: A priority, on_track: yes}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _gap(fact: Fact) -> str:
    """Return what may stand in the place of a value, and what it means."""
    if fact.type == "number":
        least, most = (None if end is None else say_number(end) for end in fact.range)
        ends = f" {least or 'any'} to {most or 'any'}" if least or most else ""
        return f"  # {fact.title}; number{ends} {fact.unit}".rstrip()
    if fact.type == "boolean":
        return f"  # {fact.title}; yes or no"
    if fact.type == "date":
        return f"  # {fact.title}; a date such as 2025-03-31"
    return f"  # {fact.title}; {', '.join((*fact.values, *fact.outside_order))}"


def write_blank_rulebook(folder: Path) -> tuple[Path, ...]:
    """Write a small, sound rulebook into *folder*, which must not hold anything yet.

    Raises:
        InputError: there is something already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already and not empty: name a new folder")
    try:
        shutil.copytree(BLANKS / "rulebook", folder, dirs_exist_ok=True)
    except shutil.Error as error:  # it lists the fate of each file; that of the first will do
        raise InputError(f"{folder} cannot be written: {error.args[0][0][2]}") from error
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
