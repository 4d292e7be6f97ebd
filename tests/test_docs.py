"""The documentation does what it says: pages are played, links resolve, nothing is left out."""

import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import oversight_engine
from oversight_engine import _version, semantics
from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.language.codes import CODES
from oversight_engine.model.case_form import CASE_FORMAT
from oversight_engine.model.decision_form import DECISION_FORMAT, attestation_data, decision_data
from oversight_engine.model.rulebook_form import RULEBOOK_FORMAT

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
pytestmark = pytest.mark.checkout
if not DOCS.is_dir():
    pytest.skip("documentation is part of a checkout only", allow_module_level=True)

sys.path.insert(0, str(DOCS))
generate = importlib.import_module("generate")
session = importlib.import_module("session")

PAGES = sorted(
    path
    for folder in (ROOT, DOCS, ROOT / "rules", ROOT / "cases", ROOT / "tests", ROOT / ".github")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
REFERENCE = DOCS / "reference"


def text_of(path):
    return path.read_text(encoding="utf-8")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def without_blocks(text):
    return session.BLOCK.sub("", text)


def headings_of(path):
    """Return the anchors that headings and `<a id>` give the page, as hosting sites make them."""
    text = without_blocks(text_of(path))
    anchors = set(re.findall(r'<a id="([^"]+)"', text))
    for title in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        plain_title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
        anchors.add(re.sub(r"[^\w\- ]", "", plain_title.lower()).replace(" ", "-"))
    return anchors


def rows_of(path, heading):
    """Return the cells of each row of the first table under *heading*."""
    section = text_of(path).split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return [[cell.strip(" |") for cell in row] for row in rows[2:]]


# Pages that are played


@pytest.mark.parametrize("page", generate.written_pages(), ids=name_of)
def test_a_page_shows_what_its_commands_print_and_its_programs_run(page):
    text = text_of(page)

    assert session.played(text, ROOT) == text


@pytest.mark.parametrize("page", generate.generated_pages(), ids=name_of)
def test_a_generated_page_is_what_the_code_says(page):
    assert text_of(page) == generate.generated_pages()[page]()


def test_the_embedding_page_has_a_program_for_each_way_of_embedding():
    page = text_of(DOCS / "how-to" / "embed.md")
    programs = "".join(b.text for b in session.blocks_of(page) if b.language == "python")

    for way in ("wsgiref", "asyncio", "multiprocessing", "digest="):
        assert way in programs


def test_a_page_with_a_command_that_fails_is_not_accepted():
    with pytest.raises(session.SessionError, match="ended with 1"):
        session.played("```console\n$ false\n```\n", ROOT)


def test_a_page_on_which_a_command_meets_a_fault_of_ours_is_not_accepted():
    with pytest.raises(session.SessionError, match="A fault of ours"):
        session.played("```console\n$ echo A fault of ours | cat\n```\n", ROOT)


def test_a_page_with_a_program_that_fails_is_not_accepted():
    with pytest.raises(session.SessionError, match="AssertionError"):
        session.played("```python\nassert False\n```\n", ROOT)


# What `make` is said to do


def targets():
    return set(re.findall(r"^([a-z-]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE))


def targets_named_in(text):
    shell = "".join(block.text for block in session.blocks_of(text) if block.language == "sh")
    named = re.findall(r"\bmake ((?:[a-z-]+ ?)+)", shell)
    named += re.findall(r"`make ((?:[a-z-]+ ?)+)", without_blocks(text))
    return {target for group in named for target in group.split()}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_no_target_of_make_that_is_not_there(page):
    assert targets_named_in(text_of(page)) <= targets()


def recipe_of(target):
    makefile = text_of(ROOT / "Makefile")
    [recipe] = re.findall(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", makefile, re.MULTILINE)
    return [line.strip() for line in recipe.splitlines()]


def test_make_decide_decides_both_shipped_sets_of_cases():
    commands = [line.split()[1:] for line in recipe_of("decide")]
    assert commands == [["decide", "cases/illustrative"], ["decide", "cases/ics-2025-q1"]]

    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "oversight_engine", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == ExitCode.DONE, done.stderr


def test_make_test_runs_pytest():
    assert recipe_of("test") == ["$(BIN)/python -m pytest $(ARGS)"]


# Links


def links_of(path):
    return re.findall(r"\]\(([^)\s]+)\)", without_blocks(text_of(path)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_between_pages_leads_somewhere(page):
    for link in links_of(page):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page

        assert path.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in headings_of(path), f"{link} leads to no heading"


def test_every_page_of_the_documentation_can_be_reached_from_its_index():
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        linked = [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page)]
        waiting += [path for path in linked if path.suffix == ".md" and path.exists()]

    assert set(DOCS.rglob("*.md")) <= reached


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "explanation" / "guarantees.md"])
def test_every_test_that_guarantees_something_exists(page):
    named = re.findall(r"\[`(test_\w+)`\]\(([\w/.]+)\)", text_of(page))

    assert named
    for test, path in named:
        assert f"def {test}(" in text_of(page.parent / path), f"{path} has no {test}"


def test_what_the_readme_guarantees_is_on_the_page_of_guarantees():
    named, every = (
        set(re.findall(r"\[`(test_\w+)`\]", text_of(page)))
        for page in (ROOT / "README.md", DOCS / "explanation" / "guarantees.md")
    )

    assert named <= every


# Nothing is left out

COMMANDS = {name: (command, context) for name, command, context in generate.every_command(cli)}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_is_for_and_is_documented(name):
    command, _ = COMMANDS[name]
    asked = CliRunner().invoke(cli, [*name.split()[1:], "--help"], prog_name="oversight")

    assert asked.exit_code == ExitCode.DONE
    assert command.help
    assert all(p.help for p in command.params if p.param_type_name == "option")
    assert f"## {name}\n" in text_of(REFERENCE / "commands.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_says_how_it_exits_and_that_of_a_group_what_each_is_for(name):
    command, context = COMMANDS[name]
    text = command.get_help(context)

    if not isinstance(command, click.Group):
        assert "Exit codes" in text
    else:
        assert "..." not in text.partition("Commands:")[2]


def test_every_kind_of_problem_has_its_anchor_and_says_why_and_what_to_do():
    assert set(CODES) <= headings_of(REFERENCE / "problems.md")
    for code, entry in CODES.items():
        assert all((entry.title, entry.why, entry.example, entry.way_out)), code


def test_every_error_has_its_anchor_and_its_exit_code():
    listed = {row[1]: row for row in rows_of(REFERENCE / "problems.md", "Errors")}

    for kind, _ in generate.every_error():
        assert f"error-{kind.code}" in headings_of(REFERENCE / "problems.md")
        assert listed[f"`{kind.code}`"][2] == str(kind.exit_code.value)


def test_every_exit_code_is_listed_once():
    listed = [int(row[0]) for row in rows_of(REFERENCE / "compatibility.md", "Exit codes")]

    assert listed == [code.value for code in ExitCode]


@pytest.mark.parametrize("name", oversight_engine.__all__)
def test_every_public_name_is_documented(name):
    value = getattr(oversight_engine, name)

    assert f"\n### {name}\n" in text_of(REFERENCE / "library.md")
    assert not callable(value) or inspect.getdoc(value)


def test_every_key_of_a_decision_is_documented(keys_of_a_decision):
    documented = set(re.findall(r"`(\w+)`", text_of(REFERENCE / "decision-json.md")))

    assert keys_of_a_decision <= documented


@pytest.fixture(scope="module")
def keys_of_a_decision():
    from tests.builders import below, consequence, decided, number, rulebook, value_finding, when

    decision = decided(
        rulebook(
            number("a", unit="%", max_age=1),
            number("b"),
            findings=[value_finding("c", "a")],
            rules=[when(below("a", 1))],
            consequences=[consequence("d", "light", kind="return", per_year=1, theme="e")],
        ),
        a=2,
    )
    keys = set()

    def gather(data):
        if isinstance(data, dict):
            keys.update(data)
        for part in data.values() if isinstance(data, dict) else data:
            if isinstance(part, dict | list):
                gather(part)

    gather(decision_data(decision) | {"attestation": attestation_data(decision)})
    return keys


def test_every_package_that_is_installed_for_us_has_its_line_and_reason():
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    packages = {re.match(r"[\w-]+", asked)[0] for group in groups for asked in group}
    reasons = text_of(DOCS / "decisions" / "0008-dependencies.md")

    for package in packages - {"oversight-engine"}:
        assert re.search(rf"[|,(] ?{package}\b", reasons), f"nothing is said about {package}"


# What is said in more than one place


def test_the_versions_that_pages_state_are_those_of_the_code():
    stated = {row[0]: row[1] for row in rows_of(ROOT / "CHANGELOG.md", "Unreleased: 0.1.0")}
    assert stated == {
        "engine": _version.__version__,
        "semantics": str(semantics.VERSION),
        "rulebook files": f"`{RULEBOOK_FORMAT}`",
        "case files": f"`{CASE_FORMAT}`",
        "decisions": f"`{DECISION_FORMAT}`",
    }

    policy = text_of(REFERENCE / "compatibility.md")
    for number in (_version.__version__, *(stated[name] for name in stated if "files" in name)):
        assert f"| {number}" in policy or f", {number} |" in policy


def test_the_glossary_explains_each_word_once_and_only_words_that_are_used():
    glossary = DOCS / "glossary.md"
    words = [
        re.sub(r"\[(.+)\]\(.+\)", r"\1", row[0])
        for row in rows_of(glossary, "Words") + rows_of(glossary, "Kept for later")
    ]
    sources = [path for path in PAGES if path != glossary]
    sources += [*(ROOT / "oversight_engine").rglob("*.py"), ROOT / "cli.py"]
    everything = " ".join(" ".join(map(text_of, sources)).lower().split())

    assert len(words) == len(set(words))
    for word in words:
        assert re.search(rf"\b{word}", everything), f"nothing uses the word {word}"
