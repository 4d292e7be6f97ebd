"""What a case may say under one rulebook, as JSON Schema; for editors and for those who send cases.

The schema is not stricter than the reader, and less strict in one thing: the ends of a range are
rounded outwards to whole numbers, because JSON Schema has no exact decimals.
"""

from __future__ import annotations

import math

from oversight_engine.model.case_form import CASE_FORMAT
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL, STATUSES, Fact, Rulebook

_DATE: Plain = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_TEXT: Plain = {"type": "string"}


def case_schema(rulebook: Rulebook) -> Plain:
    """Return the JSON Schema of case files for *rulebook*."""
    one = _case(rulebook)
    shared = {key: one[key] for key in ("defaults", "period", "as_of")}
    fmt = {"const": CASE_FORMAT}
    many = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:oversight-engine:case:1:{rulebook.id}:{rulebook.version}",
        "title": f"A case file for {rulebook.title}, version {rulebook.version}",
        "description": f"Rulebook {rulebook.id}, digest {rulebook.digest}.",
        "oneOf": [
            _object({"format": fmt} | one, ["format", "system", "as_of", "facts"]),
            _object({"format": fmt, "cases": many} | shared, ["format", "cases"]),
        ],
        "$defs": {
            "case": _object(one, ["system", "facts"]),
            "facts": _object({fact.id: _fact(fact) for fact in rulebook.facts}, []),
            "period": _object({"from": _DATE, "to": _DATE}, ["from", "to"]),
            "provenance": _object(_provenance(), []),
        },
    }


def _object(properties: Plain, required: list[str]) -> Plain:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _provenance() -> Plain:
    return {"source": _TEXT, "as_at": _DATE, "status": {"enum": list(STATUSES)}}


def _case(rulebook: Rulebook) -> Plain:
    case: Plain = {
        "system": _object(
            {"code": _code(rulebook), "name": _TEXT, "region": _TEXT}, ["code", "name"]
        ),
        "period": {"$ref": "#/$defs/period"},
        "as_of": _DATE,
        "about": _TEXT,
        "defaults": {"$ref": "#/$defs/provenance"},
        "facts": {"$ref": "#/$defs/facts"},
        "expect": _expectation(rulebook),
    }
    if rulebook.local_priorities:
        case["local_priorities"] = _local_priorities()
    return case


def _code(rulebook: Rulebook) -> Plain:
    scheme = rulebook.identifier
    if scheme is None:
        return _TEXT
    length = f"{{{scheme.shortest},{scheme.longest}}}"
    return {
        "type": "string",
        "pattern": f"^[{scheme.characters}]{length}$",
        "description": f"{scheme.scheme} code",
    }


def _expectation(rulebook: Rulebook) -> Plain:
    outcomes = [*(outcome.id for outcome in rulebook.outcomes), REFERRAL]
    because = {"type": "array", "items": {"enum": [rule.id for rule in rulebook.rules]}}
    return _object(
        {"outcome": {"enum": outcomes}, "because": because, "only": _boolean()}, ["outcome"]
    )


def _local_priorities() -> Plain:
    number = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]}
    priority = _object(
        {
            "name": _TEXT,
            "target": number,
            "actual": number,
            "better": {"enum": ["higher", "lower"]},
            "on_track": _boolean(),
        },
        ["name"],
    )
    return _object(
        {
            "agreed": {"type": "integer", "minimum": 0},
            "list": {"type": "array", "items": priority},
        }
        | _provenance(),
        ["agreed"],
    )


def _fact(fact: Fact) -> Plain:
    value = _value(fact)
    chance = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    chances = {"type": "object", "minProperties": 1, "additionalProperties": chance}
    stated: Plain = {"value": value, "chances": chances} | _provenance() | {"note": _TEXT}
    if fact.type == "number":
        ends = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
        shaped = _object(
            {"from": value, "to": value, "shape": {"enum": ["uniform"]}}, ["from", "to", "shape"]
        )
        stated |= {"likely": {"anyOf": [ends, shaped]}, "unit": {"const": fact.unit}}
    about = f"{fact.title}. {fact.about}".strip()
    return {"description": about, "anyOf": [value, _object(stated, [])]}


def _value(fact: Fact) -> Plain:
    if fact.type == "boolean":
        return _boolean()
    if fact.type == "date":
        return _DATE
    if fact.type == "category":
        return {"enum": [*fact.values, *fact.outside_order]}
    least, most = fact.range
    number: Plain = {"type": "number" if fact.decimals else "integer"}
    if least is not None:
        number["minimum"] = math.floor(least)
    if most is not None:
        number["maximum"] = math.ceil(most)
    decimals = rf"(\.\d{{1,{fact.decimals}}})?" if fact.decimals else ""
    return {"anyOf": [number, {"type": "string", "pattern": rf"^-?\d+{decimals}$"}]}


def _boolean() -> Plain:
    # YAML 1.2 readers see texts where these files say yes and no.
    return {"enum": [True, False, "yes", "no"]}
