"""Rulebooks and cases as the files their readers read; equal models give equal bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oversight_engine.errors import InputError
from oversight_engine.language.folder import HEADING_FILE
from oversight_engine.language.sections import SECTIONS
from oversight_engine.model.case import Case, StatedFact
from oversight_engine.model.case_form import CASE_FORMAT, case_data
from oversight_engine.model.number import written
from oversight_engine.model.plain import NumberText, Plain
from oversight_engine.model.rulebook import LocalPriorityFacts, Rulebook
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.model.rulebook_tests import TEST_FORMAT, Expected, RulebookTest
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import TRUE, UNKNOWN, Truth

WIDTH = 100

_PROVENANCE = ("source", "as_at", "status")

_HEADING_KEYS = (
    "format", "id", "version", "title", "about", "in_force", "identifier", "outcomes", "measures",
    "principles", "documents", "themes", "limits", "local_priorities", "claims", "cohort",
    "proposals", "confirmation",
)  # fmt: skip

# A text stands without quotes only where every reader of YAML takes it for a text. Dates and
# numbers as written are the exception: ours reads them by what is wanted.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9(£][^\n]*")
_LIKE_A_NUMBER = re.compile(r"[0-9][0-9A-Fa-fox.,:_+-]*")
_BREAKS_PLAIN = re.compile(r": |:$| #|\s$|[\t\r\n]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]")
_BREAKS_FLOW = re.compile(r"[,\[\]{}:]")
_MEANS_MORE = re.compile(r"(?i)~|null|true|false|yes|no|on|off|y|n")


def rulebook_texts(rulebook: Rulebook) -> dict[str, str]:
    """Return the files of *rulebook*, by name."""
    data = rulebook_data(rulebook)
    heading = {key: data[key] for key in _HEADING_KEYS if key in data}
    texts = {HEADING_FILE: _document(heading)}
    for section in SECTIONS:
        if section in data:
            name = "rules/rules.yaml" if section == "rules" else f"{section}.yaml"
            texts[name] = _document({section: data[section]}, items=section)
    return texts


def write_rulebook(rulebook: Rulebook, folder: Path) -> None:
    """Write the files of *rulebook* into *folder*, which is made if it is not there."""
    for name, text in rulebook_texts(rulebook).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def case_text(case: Case, rulebook: Rulebook) -> str:
    """Return the file of *case*, whose facts are those of *rulebook*.

    Raises:
        InputError: no file says this: its local priorities and the facts of them differ.
    """
    return _document(_case(case, rulebook))


def cases_text(cases: Sequence[Case], rulebook: Rulebook) -> str:
    """Return one file of many *cases*; what they have in common is said once.

    Raises:
        InputError: no file says this: local priorities and the facts of them differ.
    """
    entries = [_case(case, rulebook) for case in cases]
    shared: Plain = {"format": CASE_FORMAT}
    for key in ("period", "as_of"):
        first = entries[0].get(key) if entries else None
        if first is not None and all(entry.get(key) == first for entry in entries):
            shared[key] = first
    stated = [each for entry in entries for each in _statements(entry)]
    defaults = {key: _most_frequent([each.get(key) for each in stated]) for key in _PROVENANCE}
    if any((defaults["as_at"] or "") > entry["as_of"] for entry in entries):
        del defaults["as_at"]  # a default holds for every case, and may not come after its date
    defaults = {key: value for key, value in defaults.items() if value is not None}
    for entry in entries:
        for key in shared:
            entry.pop(key)
        for each in _statements(entry):
            for key in [key for key, value in defaults.items() if each[key] == value]:
                del each[key]
        facts = entry["facts"]
        entry["facts"] = {i: f["value"] if f.keys() == {"value"} else f for i, f in facts.items()}
    shared |= {"defaults": defaults} if defaults else {}
    return _document(shared | {"cases": entries}, items="cases" if entries else "")


def _statements(entry: Plain) -> Iterator[Plain]:
    """Yield each mapping of *entry* that says where values come from."""
    yield from entry["facts"].values()
    if "local_priorities" in entry:
        yield entry["local_priorities"]


def _most_frequent(values: list[Any]) -> Any:
    """Return the value there is most of, or None where there is no value in some place."""
    if not values or None in values:
        return None
    return max(sorted(set(values)), key=values.count)


def _case(case: Case, rulebook: Rulebook) -> Plain:
    """Return *case* as the mapping that its file holds."""
    data = case_data(case)
    names = rulebook.local_priorities
    facts: Plain = data.pop("facts", {})
    listed = data.pop("local_priorities", [])
    block = None if names is None else _local_priorities(case, names, facts, listed)
    if listed and block is None:
        raise InputError(
            f"the case of {case.system.code} cannot be written: its local priorities and the "
            "facts that follow from them differ"
        )
    for fact_id, stated in facts.items():
        if stated["value"] is None:
            del stated["value"]
        if case.facts[fact_id].note:
            stated["note"] = case.facts[fact_id].note
    if case.about:
        data["about"] = case.about
    data["facts"] = facts
    if block is not None:
        data["local_priorities"] = block
    if case.expect is not None:
        data["expect"] = {"outcome": case.expect.outcome}
        if case.expect.because:
            data["expect"]["because"] = list(case.expect.because)
        if case.expect.only:
            data["expect"]["only"] = True
    return data


def _local_priorities(
    case: Case, names: LocalPriorityFacts, facts: Plain, listed: list[Plain]
) -> Plain | None:
    """Take the facts that follow from the local priorities out of *facts*, and say them as such.

    Return None, and leave *facts* as they are, where they do not follow from what is listed.
    """
    on_track = sum(priority.on_track is True for priority in case.local_priorities)
    not_on_track = sum(priority.on_track is False for priority in case.local_priorities)
    agreed = case.facts.get(names.agreed)
    if agreed is not None and isinstance(agreed.value, int):
        unknown = agreed.value - on_track - not_on_track
        counts = {
            names.agreed: agreed.value,
            names.on_track: on_track,
            names.not_on_track: not_on_track,
            names.unknown: unknown,
        }
        follows = {
            fact_id: StatedFact(count, agreed.source, agreed.as_at, agreed.status)
            for fact_id, count in counts.items()
        }
        if agreed.value > 0 <= unknown and all(
            case.facts.get(fact_id) == stated and not case.facts[fact_id].note
            for fact_id, stated in follows.items()
        ):
            block: Plain = {"agreed": facts[names.agreed].pop("value")}
            block |= facts[names.agreed]
            for fact_id in follows:
                del facts[fact_id]
            return block | ({"list": listed} if listed else {})
    return None


def suite_text(tests: Sequence[tuple[RulebookTest, str, Sequence[str]]], about: str) -> str:
    """Return one file of *tests*.

    Args:
        tests: each with the name of what it begins with, if anything, and the ids of the facts
            that are another there; without a name these are all.
        about: what they are for.
    """
    entries = [_test(*each) for each in tests]
    return _document({"format": TEST_FORMAT, "about": about, "tests": entries}, items="tests")


def _test(test: RulebookTest, begins_with: str, changed: Sequence[str]) -> Plain:
    facts = case_data(test.case).get("facts", {})
    stated = {fact_id: facts[fact_id]["value"] for fact_id in changed if fact_id in facts}
    unknown = [fact_id for fact_id in changed if fact_id not in facts]
    data: Plain = {"name": test.name}
    data |= {"from": begins_with} if begins_with else {"as_of": test.case.as_of.isoformat()}
    data |= {"facts": stated} if stated else {}
    data |= {"unknown": unknown} if unknown else {}
    return data | {"expect": _expected(test.expected)}


def _expected(expected: Expected) -> Plain:
    data: Plain = {"outcome": expected.outcome}
    lists = {
        "because": expected.because or None, "refers": expected.refers,
        "missing": expected.missing, "possible": expected.possible,
    }  # fmt: skip
    data |= {key: list(names) for key, names in lists.items() if names is not None}
    if expected.only:
        data["only"] = True
    if expected.measure is not None:
        data["measure"] = expected.measure
    if expected.path is not None:
        data["path"] = {"to": expected.path.to, "facts": list(expected.path.facts)}
    for key, values in (("findings", expected.findings), ("consequences", expected.consequences)):
        if values:
            data[key] = {name: _conclusion(value) for name, value in values}
    return data


def _conclusion(value: Conclusion) -> Any:
    if value is None or value is UNKNOWN:
        return "unknown"
    if isinstance(value, Truth):
        return value is TRUE
    return value if isinstance(value, str) else NumberText(written(value))


# YAML.


def _document(data: Mapping[str, Any], *, items: str = "") -> str:
    """Return *data* as YAML; the entries of the list *items* take a block each."""
    return "".join(f"{line}\n" for line in _block(data, "", always_block=items))


def _block(data: Mapping[str, Any], indent: str, *, always_block: str = "") -> Iterator[str]:
    """Yield the lines of a mapping; what fits on one line stands on one."""
    for key, value in data.items():
        start = f"{indent}{key}:"
        if not isinstance(value, dict | list):
            yield f"{start} {_scalar(value)}"
        elif key != always_block and len(flow := f"{start} {_flow(value)}") <= WIDTH:
            yield flow
        elif isinstance(value, dict):
            yield start
            yield from _block(value, f"{indent}  ")
        else:
            yield start
            for item in value:
                yield from _item(item, f"{indent}  ", in_block=key == always_block)


def _item(item: Any, indent: str, *, in_block: bool) -> Iterator[str]:
    """Yield the lines of an entry of a list."""
    flow = f"{indent}- {_flow(item)}"
    if not isinstance(item, dict) or (not in_block and len(flow) <= WIDTH):
        yield flow
        return
    lines = _block(item, f"{indent}  ")
    yield f"{indent}- {next(lines).lstrip()}"
    yield from lines


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, in_flow=True)


def _scalar(value: Any, *, in_flow: bool = False) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | NumberText):
        return str(value)
    text = str(value)
    is_plain = _DATE.fullmatch(text) or (
        _PLAIN.fullmatch(text)
        and not _BREAKS_PLAIN.search(text)
        and not (in_flow and _BREAKS_FLOW.search(text))
        and not _LIKE_A_NUMBER.fullmatch(text)
        and not _MEANS_MORE.fullmatch(text)
    )
    return text if is_plain else json.dumps(text, ensure_ascii=False)
