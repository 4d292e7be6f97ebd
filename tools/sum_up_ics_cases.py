"""What the case files of the 42 systems come to: the summary in their README.

    python tools/sum_up_ics_cases.py

It decides every case of `cases/ics-2025-q1` and `cases/ics-2025-q2` by the shipped rulebook, with
every evaluator, and writes the summary between its two marks in the README beside the cases, the
second set compared with the first. Run it when the cases or the rulebook change; tests see to it
that it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from oversight_engine import Decision, Engine, load_rulebook, read_cases
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth

ROOT = Path(__file__).resolve().parent.parent
FIRST, SECOND = (ROOT / "cases" / name for name in ("ics-2025-q1", "ics-2025-q2"))
RULEBOOK = ROOT / "rules" / "hewitt-2023"
BEGIN, END = "<!-- summary -->\n", "<!-- end of summary -->\n"


def decide_all(folder: Path) -> list[Decision]:
    """Return the decision of every case in *folder*, in the order of their codes."""
    rulebook = load_rulebook(RULEBOOK)
    with Engine(rulebook) as engine:
        return [engine.decide(case) for case in read_cases(folder, rulebook)]


def sum_up(decisions: Sequence[Decision]) -> str:
    """Return what *decisions* come to, as Markdown."""
    rulebook = decisions[0].rulebook
    lines = [
        f"By `{rulebook.id}` {rulebook.version}, on {decisions[0].as_of}:",
        "",
        *_table((f"of {len(decisions)} systems", "number"), _outcomes(decisions)),
        "",
        _open_ended(decisions),
        "",
        *_table(
            ("what the figures alone can answer", "true", "false", "open"), _answered(decisions)
        ),
        "",
        *_table(("missing in every referral", "fact"), _lacking(decisions)),
    ]
    return "\n".join(lines) + "\n"


def compare(before: Sequence[Decision], after: Sequence[Decision]) -> str:
    """Return how *after* differs from *before*, system by system the same, as Markdown."""
    sides = (before, after)
    days = [f"on {decisions[0].as_of}" for decisions in sides]
    lightest = before[0].rulebook.outcomes[0]
    rows = [
        ("systems referred", *(sum(d.referred for d in side) for side in sides)),
        (
            f"{lightest.title.lower()} excluded already",
            *(sum(lightest.id not in d.possible for d in side) for side in sides),
        ),
        ("rules that are true, over all systems", *(_count(side, TRUE) for side in sides)),
        ("rules that are open, over all systems", *(_count(side, UNKNOWN) for side in sides)),
        ("facts missing in every referral", *(len([*_lacking(side)]) for side in sides)),
    ]
    return "\n".join(_table(("", *days), rows)) + "\n\n"


def _count(decisions: Sequence[Decision], truth: Truth) -> int:
    return sum(result.truth is truth for d in decisions for result in d.rules)


def with_summary(readme: str, summary: str) -> str:
    """Return *readme* with *summary* between its two marks."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + summary + "\n" + END + after


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(map(str, cells))} |"


def _outcomes(decisions: Sequence[Decision]) -> Iterator[tuple[str, int]]:
    yield "referred: evidence is missing", sum(d.referred for d in decisions)
    for outcome in decisions[0].rulebook.outcomes:
        yield f"{outcome.title.lower()}: decided", sum(d.outcome == outcome.id for d in decisions)
    for outcome in decisions[0].rulebook.outcomes:
        excluded = sum(d.referred and outcome.id not in d.possible for d in decisions)
        yield f"{outcome.title.lower()}: excluded, whatever the missing facts say", excluded


def _open_ended(decisions: Sequence[Decision]) -> str:
    lightest = decisions[0].rulebook.outcomes[0]
    names = [d.case.system.name for d in decisions if lightest.id in d.possible]
    return (
        f"{lightest.title} is not excluded, and not earned, for {len(names)}: {'; '.join(names)}."
    )


def _answered(decisions: Sequence[Decision]) -> Iterator[tuple[object, ...]]:
    """The rules that are true or false of some system, those most often true first."""
    truths = Counter((result.rule.id, result.truth) for d in decisions for result in d.rules)
    for rule in sorted(decisions[0].rulebook.rules, key=lambda rule: -truths[rule.id, TRUE]):
        if truths[rule.id, TRUE] or truths[rule.id, FALSE]:
            yield rule.title, *(truths[rule.id, truth] for truth in (TRUE, FALSE, UNKNOWN))


def _lacking(decisions: Sequence[Decision]) -> Iterator[tuple[str, str]]:
    everywhere = set.intersection(*(set(d.missing) for d in decisions if d.referred))
    for fact in decisions[0].rulebook.facts:
        if fact.id in everywhere:
            yield fact.title, f"`{fact.id}`"


def main() -> None:
    """Write the summary of each set into its README."""
    first, second = decide_all(FIRST), decide_all(SECOND)
    summaries = {FIRST: sum_up(first), SECOND: compare(first, second) + sum_up(second)}
    for folder, summary in summaries.items():
        path = folder / "README.md"
        text = with_summary(path.read_text(encoding="utf-8"), summary)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
