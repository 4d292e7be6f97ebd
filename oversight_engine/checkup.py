"""What works on this machine, what does not, and what would mend it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator

from attrs import frozen

from oversight_engine import resources
from oversight_engine._version import __version__
from oversight_engine.engine import EVALUATORS
from oversight_engine.errors import EvaluatorError, OversightError
from oversight_engine.evaluators import strata
from oversight_engine.explanation.page import Headline, Line, Page, section
from oversight_engine.language import cache
from oversight_engine.model.plain import Plain
from oversight_engine.semantics import VERSION

CHECKUP_FORMAT = "oversight-doctor/1"
DEPENDENCIES = ("attrs", "click", "durable_rules", "PyYAML", "rich")


@frozen
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what it belongs to.
        is_fine: whether it works.
        mending: what would mend it, where it does not.
    """

    topic: str
    name: str
    value: str
    is_fine: bool = True
    mending: str = ""


def examine(encoding: str) -> tuple[Finding, ...]:
    """Return how this machine is; *encoding* is that of the terminal."""
    return (
        Finding("Program", "oversight-engine", __version__),
        Finding("Program", "semantics", f"version {VERSION}"),
        Finding("Program", "Python", f"{platform.python_version()}, {sys.executable}"),
        Finding("Program", "platform", platform.platform()),
        *_evaluators(),
        *_dependencies(),
        *_places(),
        Finding("Terminal", "encoding", encoding),
    )


def is_well(findings: tuple[Finding, ...]) -> bool:
    """Say whether everything in *findings* works."""
    return all(finding.is_fine for finding in findings)


def checkup_page(findings: tuple[Finding, ...]) -> Page:
    """Return *findings* for people."""
    broken = sum(1 for finding in findings if not finding.is_fine)
    title = "Everything works" if not broken else f"{broken} of {len(findings)} do not work"
    sections = [
        block
        for topic in dict.fromkeys(finding.topic for finding in findings)
        for block in section(topic, [it for f in findings if f.topic == topic for it in _lines(f)])
    ]
    return Page((Headline(title), *sections))


def checkup_data(findings: tuple[Finding, ...]) -> Plain:
    """Return *findings* as plain data."""
    return {
        "format": CHECKUP_FORMAT,
        "well": is_well(findings),
        "findings": [
            {
                "topic": finding.topic,
                "name": finding.name,
                "value": finding.value,
                "fine": finding.is_fine,
                "mending": finding.mending or None,
            }
            for finding in findings
        ],
    }


def _lines(finding: Finding) -> Iterator[Line]:
    yield Line(f"{finding.name}: {finding.value}", 0, "item" if finding.is_fine else "fault")
    if finding.mending:
        yield Line(f"To mend it: {finding.mending}", 1)


def _evaluators() -> Iterator[Finding]:
    for name in EVALUATORS:
        problem = _problem_of_durable() if name == "durable" else None
        if problem is None:
            yield Finding("Evaluators", name, "works")
        else:
            why, _, mending = problem.partition("; ")
            yield Finding("Evaluators", name, why, is_fine=False, mending=mending)


def _problem_of_durable() -> str | None:
    """Return why durable-rules cannot be used here, or None; it may load and answer wrongly."""
    problem = strata.import_problem()
    if problem is not None:
        return problem
    try:
        strata.self_test()
    except EvaluatorError as error:
        return str(error)
    return None


def _dependencies() -> Iterator[Finding]:
    for name in DEPENDENCIES:
        try:
            yield Finding("Packages", name, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            if name == "durable_rules":  # it has to be built with care
                mending = (strata.import_problem() or "").partition("; ")[2]
            else:
                mending = f"{sys.executable} -m pip install {name}"
            yield Finding("Packages", name, "not installed", is_fine=False, mending=mending)


def _places() -> Iterator[Finding]:
    kinds: tuple[resources.Kind, ...] = ("rules", "cases")
    for kind in kinds:
        try:
            yield Finding("Files", f"shipped {kind}", str(resources.shipped(kind)))
        except OversightError as error:
            yield Finding("Files", f"shipped {kind}", str(error), is_fine=False)
    where = cache.folder()
    if where is None:
        yield Finding("Files", "cache", "none: rulebooks are read and checked every time")
        return
    nearest = next(path for path in (where, *where.parents) if path.exists())
    if os.access(nearest, os.W_OK):
        yield Finding("Files", "cache", str(where))
    else:
        mending = "set OVERSIGHT_CACHE to a folder that can be written, or to `off`"
        yield Finding(
            "Files", "cache", f"{where} cannot be written", is_fine=False, mending=mending
        )
