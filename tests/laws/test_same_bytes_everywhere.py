"""The same inputs give the same canonical bytes, whatever the machine and its settings.

Each decision of the shipped cases is made again in a process of its own, whose hash seed, locale,
time zone, encoding, working folder and order of files differ.
"""

import os
import shutil
import subprocess
import sys

import pytest

from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.resources import PACKAGE, shipped

PROGRAM = """
import locale, sys, time
from pathlib import Path
from oversight_engine import Engine, decision_bytes, load_rulebook, read_cases

wanted, rules, *cases = sys.argv[1:]
locale.setlocale(locale.LC_ALL, wanted)
time.tzset()
rulebook = load_rulebook(Path(rules))
with Engine(rulebook) as engine:
    for case in read_cases([Path(case) for case in cases], rulebook):
        sys.stdout.buffer.write(decision_bytes(engine.decide(case)) + b"\\n")
"""

RULES = shipped("rules") / "hewitt-2023"
FOLDERS = [shipped("cases") / "illustrative", *shipped("cases").glob("ics-*")]
FILES = sorted(path for folder in FOLDERS for path in folder.glob("*.yaml"))


@pytest.fixture(scope="module")
def expected():
    """Return the bytes of every decision, in this process."""
    book = load_rulebook(RULES)
    with Engine(book, evaluators=EVALUATORS) as engine:
        return sorted(decision_bytes(engine.decide(case)) for case in read_cases(FILES, book))


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Return a copy of the rulebook whose files of rules are read in the opposite order."""
    folder = tmp_path_factory.mktemp("turned") / "rulebook"
    shutil.copytree(RULES, folder)
    files = sorted((folder / "rules").iterdir())
    for number, path in enumerate(reversed(files)):
        path.rename(path.with_name(f"r{number:02}.yaml"))
    return folder


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """Return a folder with a locale that writes a decimal comma; few machines have one."""
    maker = shutil.which("localedef")
    if maker is None:
        pytest.skip("localedef, which makes the locale, is not installed")
    folder = tmp_path_factory.mktemp("locales")
    made = folder / "de_DE.UTF-8"
    run = subprocess.run(
        [maker, "--no-archive", "-i", "de_DE", "-f", "UTF-8", made],
        capture_output=True,
        check=False,
    )
    if not made.is_dir():
        pytest.skip(f"localedef cannot make the locale: {run.stderr.decode()}")
    return folder


SETTINGS = {
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "a hash seed drawn at random, far east": {
        "PYTHONHASHSEED": "random",
        "TZ": "Pacific/Kiritimati",
    },
    "a comma for the decimal point, far west": {"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Pago_Pago"},
    "a bare machine": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": ""},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_decisions_are_the_same_bytes_under(name, expected, turned, tmp_path, request):
    chosen = dict(SETTINGS[name])
    if chosen.get("LC_ALL") == "de_DE.UTF-8":
        chosen["LOCPATH"] = str(request.getfixturevalue("locales"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(PACKAGE.parent),
        **chosen,
    }
    locale = chosen.get("LC_ALL", "C")

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, locale, turned, *reversed(FILES)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr.decode()
    found = run.stdout.splitlines()
    assert len(found) > 60
    assert sorted(found) == expected
