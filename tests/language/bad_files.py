"""Reads the files under `bad/`, each as `bad/README.md` says."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from oversight_engine.language.cases import examine_cases
from oversight_engine.language.retention import examine_retention
from oversight_engine.language.rulebook_tests import examine_tests
from oversight_engine.language.rulebooks import examine_rulebook, load_rulebook
from oversight_engine.ledger.retention import MASKABLE_FIELDS

HERE = Path(__file__).parent
BAD, GOOD = HERE / "bad", HERE / "good"
EXPECT = "# expect: "
PLACES = {"rules": "rules/bad.yaml"}


def every_file():
    return sorted(p for p in BAD.glob("*/*") if p.suffix in (".yaml", ".json"))


def expected(path):
    """Return the lines that *path* says it must give."""
    beside = path.with_name(f"{path.name}.expect")
    if beside.exists():
        return beside.read_text(encoding="utf-8").splitlines()
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]


@cache
def every_construct():
    return load_rulebook(GOOD / "everything")


@contextmanager
def inside(folder):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def problems_of_case(path):
    with inside(path.parent):
        _, problems = examine_cases(path.name, every_construct())
    assert len(problems)
    return [_without_name(problem, path.name) for problem in problems]


def problems_of_tests(path):
    with inside(path.parent):
        _, problems = examine_tests([Path(path.name)], every_construct())
    assert len(problems)
    return [_without_name(problem, path.name) for problem in problems]


def problems_of_policy(path):
    with inside(path.parent):
        policy, problems = examine_retention(Path(path.name), MASKABLE_FIELDS)
    assert policy is None
    return [_without_name(problem, path.name) for problem in problems]


def problems_of_rulebook(path):
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small")
        shutil.copytree(GOOD / "small", small)
        name = PLACES.get(path.parent.name, f"{path.parent.name}.yaml")
        shutil.copy(path, small / name)
        with inside(small):
            rulebook, problems = examine_rulebook(".")
    assert rulebook is None
    return [_without_name(problem, name) for problem in problems.errors]


def problems_of(path):
    """Return what is said against *path*, without its name."""
    readers = {
        "case": problems_of_case,
        "tests": problems_of_tests,
        "retention": problems_of_policy,
    }
    return readers.get(path.parent.name, problems_of_rulebook)(path)


def _without_name(problem, name):
    return str(problem).removeprefix(name).lstrip(":").strip()
