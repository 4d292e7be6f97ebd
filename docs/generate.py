"""Writes what is generated in the documentation; `--check` says what is out of date instead.

Whole pages: the commands, the problems and errors, the library, the tampered ledgers. And in
README.md, CONTRIBUTING.md and every page of docs/, the output of each command of a `console`
block, so that what is shown is what happened. How a page is played is in `docs/session.py`.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import attrs  # noqa: E402 - the checkout comes first
import click  # noqa: E402
import session  # noqa: E402
import tampering  # noqa: E402

import oversight_engine  # noqa: E402
from oversight_engine import errors  # noqa: E402
from oversight_engine.__main__ import cli  # noqa: E402
from oversight_engine.language.codes import CODES, Code  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
WRITTEN_BY = "<!-- Written by docs/generate.py: `make docs` writes it again. -->"
WIDTH = 80

ABOUT_COMMANDS = """\
What each command says of itself with `--help`. The exit codes are the same for all of them and \
are listed under [compatibility](compatibility.md#exit-codes). An option that takes one value is \
given once, a date is written like 2025-06-30, and no text is empty: another call is refused, \
with `--format json` as JSON. How a ledger is named is said under [stores](ledger.md#stores)."""

ABOUT_PROBLEMS = """\
A *problem* is one thing that is wrong with a file. A reader reports every problem of every file \
at once, each with its code and place. An *error* is what a call raises and a command ends with; \
one error may carry many problems. What may be relied on is in [compatibility](compatibility.md)."""

ABOUT_LIBRARY = """\
Examples that run are in [embed](../how-to/embed.md). What may be relied on is in \
[compatibility](compatibility.md)."""


LIBRARY = (
    ("Reading", ("load_rulebook", "read_cases", "read_cohort", "read_reform", "resources")),
    ("Deciding", ("decide", "Engine", "under_reform")),
    ("Explaining and comparing decisions", ("explain", "find_difference", "Difference")),
    (
        "Judging cases among others",
        ("compute_cohort", "check_cohort", "CohortValues", "propose", "Proposal"),
    ),
    (
        "All cases, and what would change a decision",
        ("prove", "Proof", "find_paths", "Pathfinder", "Paths", "find_robustness", "Examiner",
         "Robustness", "compare_rulebooks", "OverAllCases"),
    ),
    ("Testing a rulebook", ("run_tests", "sweep")),
    (
        "Recording, verifying and replaying",
        ("Ledger", "Recorder", "make_key", "load_signer", "verify", "replay", "check_proof"),
    ),
    (
        "Plain data and bytes",
        ("decision_data", "decision_bytes", "attestation_data", "cohort_data", "reform_data"),
    ),
    ("What is read and decided", ("Rulebook", "Reform", "Case", "Decision")),
    (
        "Errors",
        ("OversightError", "InputError", "RulebookError", "DigestError", "NotInForceError",
         "ParameterNeededError", "CohortNeededError", "CohortMismatchError",
         "DisagreementError", "EvaluatorError", "EvaluatorLimitError",
         "EvaluatorUnavailableError", "AnalysisLimitError", "IntegrityError",
         "LedgerUnavailableError", "MoveError", "ExitCode"),
    ),
    ("Version", ("__version__",)),
)  # fmt: skip
"""The public names, in the order of what somebody wants to do."""


def pages() -> dict[Path, str]:
    """Return every page that is generated, in whole or in part, with the text it should have."""
    made = {path: make() for path, make in generated_pages().items()}
    for path in written_pages():
        try:
            made[path] = session.played(path.read_text(encoding="utf-8"), ROOT)
        except session.SessionError as error:
            sys.exit(f"{path.relative_to(ROOT)} does not do what it says: {error}")
    return made


def generated_pages() -> dict[Path, Callable[[], str]]:
    """Return the pages that nobody writes, each with what makes it."""
    return {
        REFERENCE / "commands.md": commands_page,
        REFERENCE / "problems.md": problems_page,
        REFERENCE / "library.md": library_page,
        ROOT / "docs" / "explanation" / "tampering.md": lambda: tampering.page(WRITTEN_BY),
    }


def written_pages() -> list[Path]:
    """Return the pages that people write, and whose commands are played."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in paths if path.exists() and path not in generated_pages()]


# Commands


def every_command(
    command: click.Command, parent: click.Context | None = None, name: str = "oversight"
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield *command* and those below it, each with its full name and a context for its help."""
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, **command.context_settings
    )
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None, f"a command that is listed and not there: {below}"
            yield from every_command(found, context, below)


def commands_page() -> str:
    """Return the page of commands: what each says to `--help`."""
    parts = [
        "# Commands",
        WRITTEN_BY,
        ABOUT_COMMANDS,
    ]
    for name, command, context in every_command(cli):
        parts += [f"## {name}", f"```text\n{command.get_help(context).rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


# Problems and errors


def problems_page() -> str:
    """Return the page of problem codes and error codes."""
    parts = [
        "# Problems and errors",
        WRITTEN_BY,
        ABOUT_PROBLEMS,
        "## Errors",
        "Each is a subclass of the one it stands under. A command that ends with it has its code.",
        "\n".join(
            [
                "| error | code | exit code | meaning |",
                "| --- | --- | --- | --- |",
                *(_error_row(kind, depth) for kind, depth in every_error()),
            ]
        ),
        "## Problems",
        "A problem marked as a warning does not keep a file from being used.",
        *(_problem(code, entry) for code, entry in sorted(CODES.items())),
    ]
    return "\n\n".join(parts) + "\n"


def every_error(
    kind: type[errors.OversightError] = errors.OversightError, depth: int = 0
) -> Iterator[tuple[type[errors.OversightError], int]]:
    """Yield *kind* and the kinds below it that `errors` defines, each with its depth."""
    yield kind, depth
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from every_error(below, depth + 1)


def _error_row(kind: type[errors.OversightError], depth: int) -> str:
    doc = inspect.getdoc(kind) or ""
    return (
        f'| {"&emsp;" * depth}<a id="error-{kind.code}"></a>`{kind.__name__}` | `{kind.code}` '
        f"| {kind.exit_code.value} | {doc.splitlines()[0]} |"
    )


def _problem(code: str, entry: Code) -> str:
    warning = " (a warning)" if entry.is_warning else ""
    fence = "````" if "```" in entry.example else "```"
    return "\n\n".join(
        [
            f"### {code}",
            f"{entry.title}{warning}. {entry.why}",
            f"{fence}text\n{entry.example}\n{fence}",
            f"Way out: {entry.way_out}",
        ]
    )


# The library


def library_page() -> str:
    """Return the page of public names: what each says of itself."""
    parts = [
        "# The library",
        WRITTEN_BY,
        (inspect.getdoc(oversight_engine) or "").strip(),
        ABOUT_LIBRARY,
        "\n".join(f"* {title}: {_linked(names)}" for title, names in LIBRARY),
    ]
    grouped = [name for _, names in LIBRARY for name in names]
    assert sorted(grouped) == sorted(oversight_engine.__all__), "a public name is in no group"
    for title, names in LIBRARY:
        parts.append(f"## {title}")
        for name in names:
            parts += _public_name(name, getattr(oversight_engine, name))
    return "\n\n".join(parts) + "\n"


def _linked(names: Iterable[str]) -> str:
    return ", ".join(f"[`{name}`](#{name.lower()})" for name in names)


def _public_name(name: str, value: object) -> list[str]:
    parts = [f"### {name}", f"```python\n{_declared(name, value)}\n```"]
    if not inspect.ismodule(value) and not callable(value):
        return parts
    parts.append(_doc(value))
    for member, found in [] if inspect.isroutine(value) else vars(value).items():
        is_its_own = str(getattr(found, "__module__", "")).startswith(oversight_engine.__name__)
        if inspect.isfunction(found) and is_its_own and not member.startswith("_"):
            declared = f"```python\n{_declared(member, found)}\n```"
            parts += [f"#### {name}.{member}", declared, _doc(found)]
    return parts


def _declared(name: str, value: object) -> str:
    """Return the first lines of what declares *value*, and the attributes of a class."""
    if inspect.ismodule(value):
        return f"from oversight_engine import {name}"
    if not callable(value):
        return f"{name} = {json.dumps(value)}"
    if not inspect.isclass(value):
        return f"def {name}{_signature(value)}"
    if issubclass(value, enum.Enum):
        return "\n".join([f"class {name}:", *(f"    {m.name} = {m.value}" for m in value)])
    if issubclass(value, BaseException):
        return f"class {name}({value.__base__.__name__ if value.__base__ else ''})"
    if not attrs.has(value):
        return f"class {name}{_signature(value)}"
    lines = [f"    {field.name}: {field.type}" for field in attrs.fields(value)]
    for member, found in vars(value).items():
        getter = getattr(found, "fget", None) or getattr(found, "func", None)
        if getter is not None and not member.startswith("_"):
            lines.append(f"    {member}: {getter.__annotations__['return']}  # {_doc(getter)}")
    return "\n".join([f"class {name}:", *lines])


@attrs.frozen
class _Bare:
    """An annotation, shown as it is written."""

    text: str

    def __repr__(self) -> str:
        return self.text


def _signature(value: Callable[..., object]) -> str:
    signature = inspect.signature(value)
    parameters = [_named(p) for p in signature.parameters.values() if p.name != "self"]
    returns = signature.return_annotation
    shown = ", ".join(_with_separator(parameters))
    if len(shown) > WIDTH:
        shown = "".join(f"\n    {parameter}," for parameter in _with_separator(parameters)) + "\n"
    is_made = inspect.isclass(value) or returns is signature.empty
    return f"({shown})" if is_made else f"({shown}) -> {returns}"


def _named(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return *parameter* with its type, and a function that it defaults to, by name."""
    if parameter.annotation is not parameter.empty:
        parameter = parameter.replace(annotation=_Bare(parameter.annotation))
    if inspect.isfunction(parameter.default):
        parameter = parameter.replace(default=_Bare(parameter.default.__name__))
    return parameter


def _with_separator(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Yield each parameter as it is written, and the star before those given by name."""
    for number, parameter in enumerate(parameters):
        is_first = number == 0 or parameters[number - 1].kind is not parameter.kind
        if parameter.kind is parameter.KEYWORD_ONLY and is_first:
            yield "*"
        yield str(parameter)


def _doc(value: object) -> str:
    return _as_markdown(inspect.getdoc(value) or "")


def _as_markdown(doc: str) -> str:
    """Return a docstring with its sections (`Args:`, `Raises:` …) as lists."""
    lines: list[str] = []
    in_section = False
    for line in doc.splitlines():
        entry = re.match(r"    (\S[^:]*): (.*)", line)
        if re.fullmatch(r"(Args|Attributes|Raises|Returns|Yields):", line):
            in_section = True
            lines += [f"*{line}*", ""]
        elif in_section and entry:
            lines.append(f"* `{entry[1]}`: {entry[2]}")
        elif in_section and line.startswith("     "):
            lines[-1] += " " + line.strip()
        else:
            in_section = in_section and not line
            lines.append(line.strip() if in_section else line)
    return "\n".join(lines).strip()


def stale() -> list[Path]:
    """Return the pages that are not what they should be."""
    return [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> None:
    """Write the pages, or with `--check` fail if one is out of date."""
    if "--check" in sys.argv[1:]:
        found = stale()
        for path in found:
            print(f"{path.relative_to(ROOT)} is out of date: `make docs` writes it again")
        sys.exit(bool(found))
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
