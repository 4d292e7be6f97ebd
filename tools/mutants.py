"""Writes docs/explanation/mutation.md from the last mutation run; `make mutants` does both.

Every change that no test noticed is listed there with the reason why none could. A survivor
without a reason, or a reason without its survivor, is an error: write a better test, or the reason.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "mutation.md"
MUTMUT = Path(sys.executable).with_name("mutmut")

Change = tuple[str, str, str]
"""A function, a line as it is, and as it was changed."""

CONCLUSIVE = {"killed", "survived", "timeout", "caught by type check"}


def because(reason: str, where: str, line: str, word: str, *others: str) -> dict[Change, str]:
    """Return the *reason* for the changes of *word* in a *line* into each of the *others*."""
    return {(where, line, line.replace(word, other)): reason for other in others}


REASONS: dict[Change, str] = {
    **because(
        "A mean does not change when all weights are doubled, and nothing else reads them.",
        "semantics._Evaluation.aggregate",
        "weights = [self.number(weight) for weight in quantity.weights] or [1] * len(",
        *("[1]", "[2]"),
    ),
    **because(
        "What it is asked mentions parameters at most, and they do not read the day.",
        "semantics.number_of",
        "return _Evaluation(in_force, {}, as_of).number(quantity)",
        *("as_of", "None"),
    ),
    **because(
        "The way for whole numbers is a quick one; the way for all numbers comes to the same.",
        "semantics.compare",
        "if type(left) is type(right) is int:",
        *("type(left) is type(right) is int", "type(None) is type(right) is int"),
        *("type(left) is not type(right) is int", "type(left) is type(None) is int"),
        "type(left) is type(right) is not int",
    ),
    **because(
        "Operands are pairs, so both rows are always as long; the word only says so.",
        "assembly.assemble",
        "lefts, rights = zip(*trace.operands, strict=True) if trace.operands else ((), ())",
        *("strict=True", "", "strict=None", "strict=False"),
    ),
    **because(
        "What is noted are pairs, so both rows are always as long; the word only says so.",
        "semantics._Evaluation.trace",
        "leaves, operands = zip(*self.noted, strict=True) if self.noted else ((), ())",
        *("strict=True", "", "strict=None", "strict=False"),
    ),
    **because(
        "Rules that did nothing are passed over to save time; none of them would change anything.",
        "combining.combine",
        'standing = [rule for rule in in_force.rules if effects[rule.id] != "none"]',
        *('"none"', '"XXnoneXX"', '"NONE"'),
    ),
    **because(
        "It says once more what is so without saying.",
        "assembly.assemble",
        "findings = tuple(map(_finding_result, "
        "zip(in_force.findings, conclusions, own, strict=False)))",
        *("strict=False", "", "strict=None"),
    ),
    **because(
        "It says once more what is so without saying.",
        "assembly.assemble",
        "rules = tuple(map(_rule_result, zip(in_force.rules, truths, effects, own, strict=False)))",
        *("strict=False", "", "strict=None"),
    ),
    **because(
        "There are as many parts as owners, by the way both are made; the word only says so.",
        "assembly.assemble",
        "for item, part in zip(in_force.consequences, own, strict=True)",
        *("strict=True", "", "strict=None", "strict=False"),
    ),
}
"""Why no test can notice."""


def run(*arguments: str) -> str:
    """Return what mutmut prints."""
    return subprocess.run(
        [MUTMUT, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def results() -> Iterator[tuple[str, str]]:
    """Yield the name and the fate of every change."""
    for line in run("results", "--all", "true").splitlines():
        name, colon, fate = line.strip().rpartition(": ")
        if colon:
            yield name, fate


def function_of(name: str) -> str:
    """Return `module.Class.function` for mutmut's name of a change."""
    path, _, function = name.removeprefix("oversight_engine.").rpartition(".")
    function = re.sub(r"__mutmut_\d+$", "", function)
    if function.startswith("xǁ"):
        return f"{path}." + ".".join(function[2:].split("ǁ"))
    return f"{path}." + function.removeprefix("x_")


def change_of(name: str) -> Change:
    """Return the function of a change, what stood there, and what was put in its place."""
    lines = [
        line
        for line in run("show", name).splitlines()
        if re.match(r"[-+]", line) and not re.match(r"---|\+\+\+", line)
    ]
    removed = " ".join(line[1:].strip() for line in lines if line[0] == "-")
    added = " ".join(line[1:].strip() for line in lines if line[0] == "+")
    return function_of(name), removed, added


def page(fates: Sequence[tuple[str, str]], survivors: set[Change]) -> str:
    """Return the page: counts by module, then the survivors and why."""
    modules = sorted({function_of(name).split(".")[0] for name, _ in fates})
    counts = Counter((function_of(name).split(".")[0], fate) for name, fate in fates)
    lines = [INTRODUCTION, "| module | changes | noticed | survived |", "| --- | --- | --- | --- |"]
    for module in modules:
        all_of = sum(count for (of, _), count in counts.items() if of == module)
        survived = counts[module, "survived"]
        lines.append(f"| `{module}.py` | {all_of} | {all_of - survived} | {survived} |")
    lines += ["", "## Survivors", "", "| where | as it is | as changed | why no test can notice |"]
    lines.append("| --- | --- | --- | --- |")
    for survivor in sorted(survivors):
        where, removed, added = survivor
        reason = REASONS.get(survivor, "")
        lines.append(f"| `{where}` | {code(removed)} | {code(added)} | {reason} |")
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return *text* as code in a cell of a table."""
    return f"`` {text} ``".replace("|", "\\|")


INTRODUCTION = """\
# What the tests of the core notice

*Written by `make mutants`.* The meaning of a decision lies in a few modules. Each of their
statements was changed in small ways, one at a time (`<` into `<=`, `and` into `or`, an argument
into None, a text into another), and the tests of the core were run against every changed copy. A
change that no test notices shows a test that is missing, or a change that makes no difference;
those that are left are of the second kind, and the table says why.
"""


def main() -> None:
    """Write the page; fail where a survivor has no reason, or a reason no survivor."""
    fates = list(results())
    if not fates or {fate for _, fate in fates} - CONCLUSIVE:
        sys.exit(f"the run is not complete: {dict(Counter(fate for _, fate in fates))}")
    survivors = {change_of(name) for name, fate in fates if fate == "survived"}
    PAGE.write_text(page(fates, survivors), encoding="utf-8")
    problems = [f"survived: {'  |  '.join(change)}" for change in sorted(survivors - {*REASONS})]
    problems += [f"noticed by now: {'  |  '.join(c)}" for c in sorted({*REASONS} - survivors)]
    print(f"{len(fates)} changes, {len(survivors)} survivors", *problems, sep="\n")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
