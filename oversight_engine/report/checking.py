"""What is to be said of a rulebook that was checked: identity, counts, gaps, claims, problems."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from oversight_engine.analysis.gaps import Gap, find_gaps, find_needs
from oversight_engine.explanation.page import Block, Headline, Line, Page, section
from oversight_engine.explanation.wording import capital, say_count, say_id, say_span
from oversight_engine.language.problems import Problem
from oversight_engine.language.reforms import examine_reform
from oversight_engine.language.rulebooks import examine_rulebook
from oversight_engine.model.plain import Plain
from oversight_engine.model.reform import under_reform
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.report.listing import identity_data
from oversight_engine.report.problems import problem_data, problems_text
from oversight_engine.report.proofs import proof_sections, proofs_data
from oversight_engine.report.terminal import Terminal

if TYPE_CHECKING:
    from oversight_engine.analysis.laws import Proof
    from oversight_engine.analysis.remarks import Remark

CHECK_FORMAT = "oversight-check/1"

_COUNTED = ("facts", "parameters", "findings", "rules", "consequences", "documents")


@frozen
class Checked:
    """A rulebook that was examined.

    Attributes:
        name: as the user called it.
        rulebook: None where it is not sound.
        problems: warnings among them.
        proof: what is certain of it; None where that was not asked.
        remarks: what it says without effect.
        seconds: how long proving it took.
    """

    name: str
    rulebook: Rulebook | None
    problems: tuple[Problem, ...]
    gaps: tuple[Gap, ...]
    proof: Proof | None = None
    remarks: tuple[Remark, ...] = ()
    seconds: float = 0.0


def examine(
    name: str, path: Path, reform: Path | None = None, *, with_proofs: bool = False
) -> Checked:
    """Return the rulebook at *path* with all that is to be said of it, under a *reform* if any."""
    rulebook, found = examine_rulebook(path)
    problems = tuple(found)
    if rulebook is not None and reform is not None:
        change, more = examine_reform(reform, rulebook)
        rulebook = None if change is None else under_reform(rulebook, change)
        problems += tuple(more)
    if rulebook is None:
        return Checked(name, None, problems, ())
    checked = Checked(name, rulebook, problems, find_gaps(rulebook))
    if not with_proofs:
        return checked
    from oversight_engine.analysis.laws import prove
    from oversight_engine.analysis.remarks import find_remarks

    start = time.perf_counter()
    proof = prove(rulebook)
    seconds = time.perf_counter() - start
    return evolve(checked, proof=proof, remarks=find_remarks(proof), seconds=seconds)


def problems_of(checked: Sequence[Checked], terminal: Terminal) -> str:
    """Return every problem of *checked* for people, or an empty text."""
    return problems_text([problem for one in checked for problem in one.problems], terminal)


def checked_page(checked: Sequence[Checked]) -> Page:
    """Return what is to be said of each rulebook, its problems apart."""
    return Page(tuple(block for one in checked for block in _blocks(one)))


def _blocks(one: Checked) -> Iterator[Block]:
    rulebook = one.rulebook
    errors = sum(1 for problem in one.problems if not problem.is_warning)
    warnings = len(one.problems) - errors
    if rulebook is None:
        yield Headline(f"{one.name}: not sound", "harshest", (say_count(errors, "problem"),))
        return
    reform = rulebook.reform
    with_warnings = f", with {say_count(warnings, 'warning')}" if warnings else ""
    yield Headline(
        f"{rulebook.id} {rulebook.version}: sound{with_warnings}",
        about=(
            rulebook.title,
            f"In force {say_span(rulebook.span)}",
            rulebook.digest,
            *([f"Under the reform {reform.id}: {reform.digest}"] if reform else []),
        ),
    )
    yield from section("It holds", [Line(_counts(rulebook), 0, "item")])
    yield from section("Rules without a number on some days", map(_gap, one.gaps))
    needs = [Line(f"{name}, {say_span(span)}", 0, "item") for name, span in find_needs(rulebook)]
    yield from section("What a reform must supply before anything is decided", needs)
    if one.proof is not None:
        yield from proof_sections(one.proof, one.remarks)
        return
    claims = [
        Line(f"{capital(say_id(claim))}: claimed; proofs were not asked for", 0, "item")
        for claim in rulebook.claims
    ]
    yield from section("What it claims", claims)


def _counts(rulebook: Rulebook) -> str:
    return ", ".join(
        say_count(len(getattr(rulebook, kind)), kind.removesuffix("s"), kind) for kind in _COUNTED
    )


def _gap(gap: Gap) -> Line:
    return Line(f"{gap.rule}, {say_span(gap.span)}: {gap.because}", 0, "item")


def checked_data(checked: Sequence[Checked]) -> Plain:
    """Return *checked* as plain data."""
    return {"format": CHECK_FORMAT, "rulebooks": [_data(one) for one in checked]}


def _data(one: Checked) -> Plain:
    rulebook = one.rulebook
    data: Plain = {
        "path": one.name,
        "sound": rulebook is not None,
        "problems": [problem_data(problem) for problem in one.problems],
    }
    if rulebook is None:
        return data
    end = rulebook.span.end
    return data | {
        "rulebook": identity_data(rulebook),
        "in_force": {
            "from": rulebook.span.start.isoformat(),
            "to": end.isoformat() if end else None,
        },
        "counts": {kind: len(getattr(rulebook, kind)) for kind in _COUNTED},
        "claims": list(rulebook.claims),
        "needs": [
            {
                "parameter": name,
                "from": span.start.isoformat(),
                "to": span.end.isoformat() if span.end else None,
            }
            for name, span in find_needs(rulebook)
        ],
        "gaps": [
            {
                "rule": gap.rule,
                "from": gap.span.start.isoformat(),
                "to": gap.span.end.isoformat() if gap.span.end else None,
                "because": gap.because,
            }
            for gap in one.gaps
        ],
        **(proofs_data(one.proof, one.remarks) if one.proof is not None else {}),
    }
