"""A proof certificate: what was proved of a rulebook, by which tool, under a digest of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from oversight_engine import semantics
from oversight_engine._version import __version__
from oversight_engine.analysis.laws import LAWS, Answer, PeriodProof, Proof, decided_periods
from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain, canonical, digest
from oversight_engine.model.rulebook import Rulebook, Span

CERTIFICATE_FORMAT = "oversight-certificate/1"


@frozen(eq=False, repr=False)
class Certificate(Noun):
    """What a certificate file says.

    Attributes:
        data: what its digest covers.
        seconds: how long the proof took, as a decimal text; no part of the digest.
    """

    data: Plain
    digest: str
    seconds: str = ""


def proof_data(proof: Proof) -> Plain:
    """Return what is certain of a rulebook as plain data, period by period."""
    claims = proof.rulebook.claims
    return {"periods": [_period_data(period, claims) for period in proof.periods]}


def _period_data(period: PeriodProof, claims: tuple[str, ...]) -> Plain:
    return {
        **span_data(period.span),
        "facts": period.facts,
        "axes": period.axes,
        "cells": period.cells,
        "groups": period.groups,
        "largest_group": period.largest,
        "laws": [_answer_data(answer, claimed=answer.law in claims) for answer in period.answers],
    }


def _answer_data(answer: Answer, *, claimed: bool) -> Plain:
    data: Plain = {
        "law": answer.law,
        "claimed": claimed,
        "result": answer.result,
        "method": answer.method,
        "looked_at": answer.looked_at,
        "combinations": answer.tried,
    }
    for name in ("rule", "fact", "because"):
        if getattr(answer, name):
            data[name] = getattr(answer, name)
    if answer.of_example:
        data["of_example"] = True
    if answer.never:
        data["never"] = list(answer.never)
    if answer.before is not None and answer.after is not None:
        data["cases"] = [answer.before.digest, answer.after.digest]
    return data


def span_data(span: Span) -> Plain:
    """Return the first and last day of *span* as plain data."""
    return {"from": span.start.isoformat(), "to": span.end.isoformat() if span.end else None}


def certify(proof: Proof, seconds: str = "") -> Certificate:
    """Return the certificate of *proof*."""
    rulebook = proof.rulebook
    data: Plain = {
        "format": CERTIFICATE_FORMAT,
        "rulebook": {
            "id": rulebook.id,
            "version": rulebook.version,
            "digest": rulebook.digest,
            "reform": rulebook.reform.digest if rulebook.reform is not None else None,
        },
        "claims": list(rulebook.claims),
        "semantics": semantics.VERSION,
        "engine_version": __version__,
        **proof_data(proof),
    }
    return Certificate(data, digest(data), seconds)


def certificate_bytes(certificate: Certificate) -> bytes:
    """Return the file of *certificate*: one line of canonical JSON."""
    return (
        canonical(
            {
                "certificate": certificate.data,
                "digest": certificate.digest,
                "seconds": certificate.seconds,
            }
        )
        + b"\n"
    )


def read_certificate(path: Path) -> Certificate:
    """Return the certificate in the file at *path*.

    Raises:
        InputError: there is none, or the file holds something else.
        IntegrityError: its digest is not that of what it says.
    """
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=_once_each)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    data = document.get("certificate") if isinstance(document, dict) else None
    if not isinstance(data, dict) or data.get("format") != CERTIFICATE_FORMAT:
        raise InputError(f"{path}: no certificate; one says its format, {CERTIFICATE_FORMAT}")
    strange = sorted(document.keys() - {"certificate", "digest", "seconds"})
    if strange:
        raise InputError(f"{path}: beside the certificate it says {', '.join(strange)}, unproved")
    missing = [name for name, kind in _SAID.items() if not isinstance(data.get(name), kind)]
    about = data.get("rulebook")
    if missing or not isinstance(about, dict) or _ABOUT - about.keys():
        told = ", ".join(missing or ["rulebook"])
        raise InputError(f"{path}: no whole certificate; what it says of {told} is missing")
    stated = document.get("digest")
    if stated != digest(data):
        raise IntegrityError(
            f"{path}: it says that its digest is {stated}, and the digest of what it says is "
            f"{digest(data)}: it was changed after it was made"
        )
    return Certificate(data, str(stated), str(document.get("seconds", "")))


_SAID: Mapping[str, type] = {
    "rulebook": dict, "claims": list, "semantics": int, "engine_version": str, "periods": list,
}  # fmt: skip
_ABOUT = {"id", "version", "digest", "reform"}


def _once_each(pairs: list[tuple[str, Any]]) -> Plain:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("one name stands there twice")  # readers differ on which of them counts
    return dict(pairs)


def refuse_other(certificate: Certificate, rulebook: Rulebook) -> None:
    """Refuse a *certificate* that is not about *rulebook*.

    Raises:
        InputError: it is about another rulebook, another version of it, or another reform.
    """
    about = certificate.data["rulebook"]
    reform = rulebook.reform.digest if rulebook.reform is not None else None
    if (about["digest"], about["reform"]) != (rulebook.digest, reform):
        raise InputError(
            f"the certificate is of {about['id']} {about['version']}, {about['digest']}"
            + (f" under the reform {about['reform']}" if about["reform"] else "")
            + f", and the rulebook is {rulebook.id} {rulebook.version}, {rulebook.digest}"
            + (f" under the reform {reform}" if reform else "")
            + "; `oversight check --certificate FILE` writes one of it"
        )


def refuse_partial(certificate: Certificate, rulebook: Rulebook) -> None:
    """Refuse a *certificate* that does not speak of all that *rulebook* claims, on all its days.

    Nothing is proved here: whether what it says is so is known by proving it again.

    Raises:
        InputError: it is by another semantics, or leaves out a claim, a law or a period.
    """
    said = certificate.data
    if said["semantics"] != semantics.VERSION:
        raise InputError(
            f"the certificate is by version {said['semantics']} of the semantics, and decisions "
            f"are by version {semantics.VERSION}; `oversight check --certificate FILE` writes one"
        )
    spans = [span_data(span) for span in decided_periods(rulebook)]
    whole = [{**span, "laws": list(LAWS)} for span in spans]
    if said["claims"] != list(rulebook.claims) or [*map(_scope, said["periods"])] != whole:
        raise InputError(
            "the certificate leaves out a claim, a law or a period of the rulebook, or has one "
            "too many; `oversight check --certificate FILE` writes a whole one"
        )


def _scope(period: Any) -> Plain | None:
    """Return of what a *period* of a certificate speaks: its days and the laws; None of others."""
    try:
        laws = [answer["law"] for answer in period["laws"]]
        return {"from": period["from"], "to": period["to"], "laws": laws}
    except (KeyError, TypeError):
        return None


def differences(certificate: Certificate, proof: Proof) -> tuple[str, ...]:
    """Return where *certificate* says something else than the *proof*, made now, does.

    The engine that wrote it may have been another version; what was proved may not differ.
    """
    now = certify(proof).data
    found = []
    for key in sorted({*now, *certificate.data} - {"engine_version"}):
        ours, theirs = now.get(key), certificate.data.get(key)
        if ours == theirs:
            continue
        if key == "periods" and isinstance(theirs, list) and len(theirs) == len(now[key]):
            for mine, other in zip(now[key], theirs, strict=True):
                if mine != other:
                    found.append(f"from {mine['from']}: the certificate says something else")
        else:
            found.append(f"{key}: {theirs} in the certificate, {ours} now")
    return tuple(found)
