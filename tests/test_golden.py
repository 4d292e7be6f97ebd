"""Decisions of every version so far are derived again byte for byte from files of their time."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.errors import EvaluatorUnavailableError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.decision_form import decision_bytes

TESTS = Path(__file__).resolve().parent
GOLDEN = TESTS / "golden"
VERSIONS = sorted(folder for folder in GOLDEN.iterdir() if folder.is_dir())
HOMES = [home for version in VERSIONS for home in sorted(version.iterdir()) if home.is_dir()]


def stored(home):
    return {path.name: path.read_bytes() for path in (home / "decisions").iterdir()}


def engine_of(book, evaluators):
    try:
        return Engine(book, evaluators=evaluators)
    except EvaluatorUnavailableError as error:
        pytest.skip(str(error))


def derived(home, evaluators):
    book, found = load_rulebook(home / "rulebook"), {}
    with engine_of(book, evaluators) as engine:
        for path in sorted((home / "cases").iterdir()):
            for case in read_cases(path, book):
                name = f"{path.name}--{case.system.code}--{case.as_of}.json"
                found[name] = decision_bytes(engine.decide(case))
    return found


@pytest.mark.parametrize("evaluators", [("reference",), EVALUATORS], ids=" and ".join)
@pytest.mark.parametrize("home", HOMES, ids=lambda home: f"{home.parent.name}/{home.name}")
def test_golden_decisions_are_derived_again_byte_for_byte(home, evaluators):
    expected, found = stored(home), derived(home, evaluators)

    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_golden_files_are_never_changed(version):
    listed = dict(
        line.split("  ", 1)[::-1]
        for line in (version / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    found = {
        path.relative_to(version).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(version.rglob("*"))
        if path.is_file() and path.name != "SHA256SUMS"
    }

    assert found == listed


def test_the_golden_decisions_of_the_first_version_are_there():
    assert "v1" in [folder.name for folder in VERSIONS]


@pytest.mark.checkout
def test_a_version_that_is_there_is_never_written_again():
    assert (GOLDEN / "v1").is_dir()  # or it would be written here and now
    before = {path: path.stat().st_mtime_ns for path in GOLDEN.rglob("*")}

    run = subprocess.run(
        [sys.executable, TESTS.parent / "tools" / "make_golden.py", "v1"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "never written again" in run.stderr
    assert {path: path.stat().st_mtime_ns for path in GOLDEN.rglob("*")} == before
