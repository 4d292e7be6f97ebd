"""What a ledger holds, made into what was recorded: rulebook, reform, cohort values and case."""

from __future__ import annotations

import json
from typing import Any

from oversight_engine.errors import IntegrityError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.cohort_files import cohort_from_data
from oversight_engine.language.reforms import reform_from_data
from oversight_engine.language.rulebooks import rulebook_from_data
from oversight_engine.model.case import Case, LocalPriority
from oversight_engine.model.case_form import case_data
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.number import exact
from oversight_engine.model.plain import Plain
from oversight_engine.model.reform import under_reform
from oversight_engine.model.rulebook import Rulebook


def restore_rulebook(content: bytes, digest: str) -> Rulebook:
    """Return the rulebook that the object *content* is.

    Raises:
        RulebookError: it is no sound rulebook.
        DigestError: it is another than that of the *digest*.
        IntegrityError: the object is not what an object is.
    """
    return rulebook_from_data(_plain(content), name=digest, digest=digest)


def restore_reform(content: bytes, rulebook: Rulebook) -> Rulebook:
    """Return the *rulebook* under the reform that the object *content* is.

    Raises:
        InputError: the reform is not one of this rulebook.
        IntegrityError: the object is not what an object is.
    """
    return under_reform(rulebook, reform_from_data(_plain(content), rulebook))


def restore_cohort(content: bytes) -> CohortValues:
    """Return the cohort values that the object *content* is.

    Raises:
        InputError: it holds no such values.
        IntegrityError: a step table is not what its digest names.
    """
    return cohort_from_data(_plain(content))


def restore_case(data: Plain, rulebook: Rulebook) -> Case:
    """Return the case that *data* is: as decided, with what was drawn from the ledger.

    Raises:
        InputError: the rulebook does not allow what it states; the error carries every problem.
        IntegrityError: it is not the canonical form of a case.
    """
    # What the local priorities came to stands among the facts already.
    priorities = data.get("local_priorities", [])
    rest: dict[str, object] = {
        key: value for key, value in data.items() if key != "local_priorities"
    }
    rest["facts"] = {fact: _stated(given) for fact, given in data.get("facts", {}).items()}
    [case] = read_cases(rest, rulebook)
    try:
        found = tuple(map(_priority, priorities))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError("its local priorities are not as a case records them") from error
    restored = Case(case.system, case.as_of, case.facts, case.period, found, place=case.system.code)
    if case_data(restored) != data:
        raise IntegrityError("its case is not in the form in which cases are recorded")
    return restored


def _stated(given: Plain) -> Plain:
    """Return a fact as a file states it: one without a value does not mention it."""
    return {key: value for key, value in given.items() if (key, value) != ("value", None)}


def _priority(data: Plain) -> LocalPriority:
    def number(key: str) -> Any:
        return exact(data[key]) if key in data else None

    better = data.get("better", "neither")
    return LocalPriority(
        data["name"], number("target"), number("actual"), better, data.get("on_track")
    )


def _plain(content: bytes) -> Plain:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IntegrityError("an object that was recorded is not JSON") from error
    if not isinstance(data, dict):
        raise IntegrityError("an object that was recorded is JSON, and no mapping")
    return data
