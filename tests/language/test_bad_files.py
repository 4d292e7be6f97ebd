"""Every bad file gives the problems it says it must give, and does nothing else."""

import json
import os
import subprocess
import sys

import pytest

from oversight_engine.language.codes import CODES
from oversight_engine.language.text import MOST_BYTES
from tests.language import bad_files

FILES = bad_files.every_file()

# Problems that no small file can have; each is shown by a test of its own.
SHOWN_ELSEWHERE = {
    "no-such-file": "test_source", "not-a-file": "test_source", "unreadable-file": "test_source",
    "file-too-large": "test_source", "too-many-values": "test_source",
    "too-many-problems": "test_source", "binary-number": "test_source",
    "unsupported-type": "test_source", "private-key": "test_source",
    "missing-file": "test_rulebooks",
    "unknown-file": "test_rulebooks", "unused": "test_rulebooks", "unserved": "test_rulebooks",
    "parameter-gap": "test_rulebooks",
    "members-by-cohort": "test_reading_cohorts", "no-order": "test_reading_cohorts",
    "wrong-base": "test_extension", "nothing-to-remove": "test_extension",
    "other-rulebook": "../test_reform", "unknown-parameter": "../test_reform",
    "computed-parameter": "../test_reform", "unsound-under-reform": "../test_reform",
    "unknown-table": "test_cohort_files",
    "missing-column": "test_sheets", "duplicate-column": "test_sheets",
    "unknown-column": "test_sheets", "wrong-width": "test_sheets", "stray-quote": "test_sheets",
    "truncated-file": "test_sheets", "no-final-newline": "test_sheets",
    "incomplete-publication": "../importing/test_nof", "unknown-period": "../importing/test_nof",
    "no-date": "../importing/test_nof", "unknown-metric": "../importing/test_nof",
    "duplicate-row": "../importing/test_nof", "impossible-value": "../importing/test_nof",
    "conflicting-rows": "../importing/test_nof",
    "unknown-organisation": "../importing/test_systems",
}  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_bad_file_gives_the_problems_it_says(path):
    found = bad_files.problems_of(path)
    expected = bad_files.expected(path)

    if expected[-1].startswith("and "):
        assert expected.pop() == f"and {len(found) - len(expected)} more"
        found = found[: len(expected)]
    assert [
        given[: len(wanted) - 1] + "…" if wanted.endswith("…") else given
        for given, wanted in zip(found, expected, strict=True)
    ] == expected


def test_there_is_a_bad_file_or_a_test_for_every_code():
    shown = {line.split(": ")[1] for path in FILES for line in bad_files.expected(path)[:3]}

    assert shown | set(SHOWN_ELSEWHERE) == set(CODES)
    for code, module in SHOWN_ELSEWHERE.items():
        assert code in (bad_files.HERE / f"{module}.py").read_text(encoding="utf-8")


def test_every_code_is_explained_in_sentences_with_an_example():
    for code, entry in CODES.items():
        assert code == code.lower().replace(" ", "-"), code
        assert entry.title[0].isupper(), code
        assert not entry.title.endswith("."), code
        assert entry.why.endswith("."), code
        assert entry.way_out.endswith("."), code
        assert entry.example.strip(), code


def huge_files():
    """Yield files too large to keep, each a different way to use up time or memory."""
    size = MOST_BYTES - 1
    yield "more-than-the-limit.yaml", b"a" * (MOST_BYTES + 1)
    yield "one-long-scalar.yaml", b"a: " + b"x" * (size - 3)
    yield "one-long-key.yaml", b"x" * (size - 3) + b": a"
    yield "one-long-quote.yaml", b'a: "' + b"\\n" * (size // 2 - 4) + b'"'
    yield "many-values.yaml", b"[" + b"a," * (size // 2 - 1) + b"]"
    yield "many-lines.yaml", b"- a\n" * (size // 4)
    yield "many-keys.yaml", b"".join(b"k%d: 1\n" % i for i in range(size // 12))
    yield "many-comments.yaml", b"#\n" * (size // 2)
    yield "many-aliases.yaml", b"- *a\n" * (size // 5)
    yield "only-opening.yaml", b"[" * size
    yield "only-questions.yaml", b"? " * (size // 2)
    yield "only-ampersands.yaml", b"&" * size
    yield "many-documents.yaml", b"--- a\n" * (size // 6)
    yield "many-values.json", b"[" + b"1," * (size // 2 - 2) + b"1]"
    yield "many-lists.json", b"[" + b"[]," * (size // 3 - 2) + b"[]]"
    yield "many-keys.json", b"{" + b'"a":1,' * (size // 6 - 2) + b'"a":1}'
    yield "one-long-number.json", b"1" * size
    yield "one-long-string.json", b'"' + b"," * (size - 2) + b'"'
    yield "never-closed-string.json", b'"' * (size - 1)
    yield "only-opening.json", b'{"a":' * (size // 5)
    yield "only-backslashes.json", b'"' + b"\\" * (size - 2)


def read_all(folder, *options):
    """Read every bad file and those of *folder* in a process of its own."""
    script = bad_files.HERE / "read_all_bad_files.py"
    return subprocess.run(
        [sys.executable, str(script), str(folder), *options],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip


def test_no_bad_file_runs_anything_or_hangs_or_fills_the_memory(tmp_path):
    for name, content in huge_files():
        (tmp_path / name).write_bytes(content)

    done = read_all(tmp_path)

    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["files"] == len(FILES) + len(list(huge_files()))
    assert report["slowest_seconds"] < 20, report
    assert report["peak_megabytes"] < 200, report


def test_the_watch_over_bad_files_notices_a_program_being_run(tmp_path):
    done = read_all(tmp_path, "--misbehave")

    assert done.returncode == 3
    assert "os.system" in done.stderr
