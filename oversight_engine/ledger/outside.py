"""Decisions kept outside any ledger, derived again: from proof files and from documents."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from oversight_engine.engine import Engine
from oversight_engine.errors import InputError, IntegrityError, OversightError
from oversight_engine.ledger.deriving import GENERATED, Derivers
from oversight_engine.ledger.divergence import Divergence
from oversight_engine.ledger.proofs import Checked
from oversight_engine.ledger.replayed import Diverging, Refused, Replay
from oversight_engine.ledger.replaying import replay_stories
from oversight_engine.model.case import Case
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook

_FIRST = ("format", "semantics", "rulebook", "reform", "cohort", "case", "as_of", "parameters",
          "not_in_force", "facts", "findings", "rules", "decision")  # fmt: skip
"""What leads to something stands before it."""


def replay_proof(checked: Checked, *, evaluators: Sequence[str] = (GENERATED,)) -> Replay:
    """Derive the decision of a proof file again, from nothing but what the file holds.

    Raises:
        InputError: the file proves another kind of entry.
    """
    entry = checked.entry
    if entry.kind != "decision":
        raise InputError(f"entry {entry.number} is a {entry.kind}: only decisions are derived")

    def find(digest: str) -> bytes:
        content = checked.objects.get(digest)
        if content is None:
            raise IntegrityError(f"the file does not hold {digest}, which the decision refers to")
        return content

    one = (entry.data["system"], entry.number, entry.content)
    with closing(Derivers(find, evaluators)) as derivers:
        return replay_stories([one], derivers, history=False)


def replay_documents(
    documents: Sequence[Plain],
    cases: Iterable[Case],
    rulebook: Rulebook,
    *,
    cohort: CohortValues | None = None,
    evaluators: Sequence[str] = ("reference",),
) -> Replay:
    """Derive the decisions in *documents*, as a command printed them, again from their cases.

    Args:
        documents: decisions as plain data.
        cases: among them those that the documents decide.
        rulebook: under which they were decided, under a reform if they were.
        cohort: what was taken from the cohort, where the rulebook declares one.
        evaluators: those of an `Engine`.

    Raises:
        EvaluatorUnavailableError: an evaluator cannot run on this machine.
    """
    by_digest = {case.digest: case for case in cases}
    same, diverging, refused = 0, [], []
    with Engine(rulebook, cohort=cohort, evaluators=evaluators) as engine:
        for number, document in enumerate(documents, start=1):
            try:
                derived = _derived(document, by_digest, engine)
            except OversightError as error:
                refused.append(Refused(number, str(error)))
                continue
            found = tuple(_differences(document, derived, ""))
            system = derived["case"]["system"]["code"]
            if found:
                diverging.append(Diverging(number, system, derived["as_of"], found))
            else:
                same += 1
    return Replay(
        same=same,
        diverging=tuple(diverging),
        refused=tuple(refused),
        diverging_count=len(diverging),
        refused_count=len(refused),
        evaluators=engine.evaluators,
        reader="json",
    )


def _derived(document: Plain, cases: dict[str, Case], engine: Engine) -> Plain:
    wanted = document["rulebook"]["digest"]
    if wanted != engine.rulebook.digest:
        raise InputError(
            f"it was decided under {wanted}, and the rulebook given is {engine.rulebook.digest}"
        )
    case = cases.get(document["case"]["digest"])
    if case is None:
        raise InputError(f"the case {document['case']['digest']} that it decides is not given")
    try:
        day = datetime.date.fromisoformat(document["as_of"])
    except (TypeError, ValueError):
        raise InputError(f"its date is no day: {document['as_of']}") from None
    return decision_data(engine.decide(case, as_of=day))


def _differences(recorded: Any, derived: Any, path: str) -> Iterator[Divergence]:
    """Yield where two plain values differ; items of lists are told by their id or their text."""
    if recorded == derived:
        return
    if isinstance(recorded, dict) and isinstance(derived, dict):
        for key in sorted({*recorded, *derived}, key=_in_order):
            inner = f"{path} {key}".strip()
            yield from _differences(recorded.get(key), derived.get(key), inner)
    elif _is_listed(recorded) and _is_listed(derived):
        ours, theirs = _by_name(recorded), _by_name(derived)
        for name in {**theirs, **ours}:
            yield from _differences(ours.get(name), theirs.get(name), f"{path} {name}")
    else:
        yield Divergence(path, "", _said(recorded), _said(derived))


def _in_order(key: str) -> tuple[int, str]:
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


def _is_listed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _by_name(items: list[Plain]) -> dict[str, Plain]:
    named = [str(item.get("id", item.get("text", ""))) for item in items]
    return {
        name if named.count(name) == 1 else f"{name} ({place})": item
        for place, (name, item) in enumerate(zip(named, items, strict=True), start=1)
    }


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)
