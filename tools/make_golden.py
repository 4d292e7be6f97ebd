"""Writes the golden decisions of one version of the formats and the semantics.

    .venv/bin/python tools/make_golden.py v2

Every later version must derive them again, byte for byte (`tests/test_golden.py`), so a folder that
is there is never written again. Make a new one when a format or the semantics gets a new version,
and leave the old ones alone.
"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

from oversight_engine import Case, Engine, decision_bytes, load_rulebook, read_cases, resources

TESTS = Path(__file__).resolve().parent.parent / "tests"
GOLDEN = TESTS / "golden"
ILLUSTRATIVE = resources.shipped("cases") / "illustrative"

SOURCES = {
    TESTS / "language" / "good" / "everything": (
        GOLDEN / "every-construct-cases.yaml",
        TESTS / "language" / "good" / "cases" / "many.yaml",
        TESTS / "language" / "good" / "cases" / "one.json",
        TESTS / "language" / "good" / "cases" / "one.yaml",
    ),
    resources.shipped("rules") / "hewitt-2023": (
        *sorted(ILLUSTRATIVE.glob("[a-d]*.yaml")),
        *sorted((resources.shipped("cases") / "ics-2025-q1").glob("QE*.yaml")),
    ),
}
"""The rulebooks, and the cases of each."""


def write_golden(folder: Path) -> int:
    """Write rulebooks, cases and decisions into *folder*, which must be new."""
    folder.mkdir(parents=True)
    count = 0
    for rules, files in SOURCES.items():
        home = folder / load_rulebook(rules).id
        shutil.copytree(rules, home / "rulebook", ignore=shutil.ignore_patterns("README.md"))
        (home / "cases").mkdir()
        (home / "decisions").mkdir()
        rulebook = load_rulebook(home / "rulebook")
        with Engine(rulebook) as engine:  # both evaluators, or no golden decision
            for source in files:
                path = Path(shutil.copy(source, home / "cases"))
                for case in read_cases(path, rulebook):
                    target = home / "decisions" / name_of(path, case)
                    target.write_bytes(decision_bytes(engine.decide(case)))
                    count += 1
    write_sums(folder)
    return count


def write_sums(folder: Path) -> None:
    """List the digest of every file, as sha256sum does, so that no change goes unseen."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}"
        for path in files
    ]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def name_of(path: Path, case: Case) -> str:
    """Return the name of the file with the decision of a *case* in the file at *path*."""
    return f"{path.name}--{case.system.code}--{case.as_of}.json"


def main() -> None:
    """Write the folder that the command line names."""
    version = " ".join(sys.argv[1:])
    if not re.fullmatch(r"v[1-9][0-9]*", version):
        sys.exit("say which version: make_golden.py v2")
    folder = GOLDEN / version
    if folder.exists():
        sys.exit(f"{folder} is there, and golden decisions are never written again")
    print(f"{folder}: {write_golden(folder)} decisions")


if __name__ == "__main__":
    main()
