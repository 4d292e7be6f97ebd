"""The script that checks a proof file offline: what it prints, refuses and needs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.__main__ import cli
from oversight_engine.errors import IntegrityError
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.keys import Verifier
from oversight_engine.ledger.proofs import check_proof
from oversight_engine.resources import shipped
from tests.ledger.check_script import CAUGHT, SCRIPT, read_script, run_script
from tests.ledger.proof_files import (
    BOOK,
    DRAFTS,
    ENTRIES,
    NOW,
    ORIGIN,
    OWNER,
    TAMPERED,
    checkpoint_of,
    forged,
    proof_of,
)
from tests.ledger.signers import signer_named

KEY = OWNER.verifier.text
PROOF = proof_of()
BY_OWNER = f"{ORIGIN}+{OWNER.key_hash.hex()}"


@pytest.mark.checkout
def test_the_script_prints_what_holds_and_says_so_in_its_exit_code(tmp_path):
    ended = run_script(tmp_path, PROOF, "--key", KEY)

    assert ended.stderr == ""
    assert ended.stdout == (
        f"The file is signed by {BY_OWNER}, the checkpoint by {BY_OWNER}.\n"
        f"It is of {ORIGIN}: 5 entries, root {check_proof(PROOF).checkpoint.root.hex()}.\n"
        "Entry 2 is in that tree: a decision, recorded at 2025-07-01T12:00:00Z.\n"
        f"The entry names {BOOK.digest}, and it is here.\n"
    )
    assert ended.returncode == 0


@pytest.mark.checkout
def test_what_the_command_writes_of_a_real_ledger_the_script_verifies(tmp_path, monkeypatch):
    """From a new key to an auditor with nothing but a file and the key; then with a newer key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER", "ledger.db")
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "old.key")
    case = shipped("cases") / "illustrative" / "osmund-forest-2026-all-bodies.yaml"
    old, new = (
        oversight("ledger", "key", "new", f"{name}.key", "--name", ORIGIN)
        for name in ("old", "new")
    )
    oversight("ledger", "init", "--ledger", "ledger.db")
    oversight("decide", case, "--ledger", "ledger.db")
    oversight("ledger", "prove", 2, "-o", "first.json")
    oversight(
        "ledger", "key", "rotate", "--ledger", "ledger.db", "--new-key", "new.key",
        "--by", "A. Person", "--role", "owner", "--reason", "It is time.",
    )  # fmt: skip
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "new.key")
    oversight("ledger", "prove", 2, "-o", "second.json")

    first, second = (Path(name).read_bytes() for name in ("first.json", "second.json"))
    ended = run_script(tmp_path, first, "--key", old)
    assert ended.returncode == 0, ended.stderr
    assert "Entry 2 is in that tree: a decision, recorded at " in ended.stdout
    assert check_proof(first, [Verifier.parse(old)]).entry.kind == "decision"
    ended = run_script(tmp_path, second, "--key", old, "--key", new)
    assert ended.returncode == 0, ended.stderr
    assert run_script(tmp_path, second, "--key", new).returncode == 1


def oversight(*arguments):
    """Run the command, and return what it prints to standard output."""
    ended = CliRunner().invoke(cli, [str(each) for each in arguments], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.stdout.strip()


@pytest.mark.checkout
@pytest.mark.parametrize("place", [1, 3, 4, 5])
def test_the_script_reads_entries_of_every_kind(tmp_path, place):
    ended = run_script(tmp_path, proof_of(place), "--key", KEY)

    assert ended.returncode == 0, ended.stderr
    assert f"Entry {place} is in that tree: a {DRAFTS[place - 1].kind}, " in ended.stdout


@pytest.mark.checkout
def test_the_script_says_that_a_key_in_the_file_proves_nothing(tmp_path):
    for data in (PROOF, forged()):
        ended = run_script(tmp_path, data)
        assert ended.stdout.splitlines()[-1] == (
            "NOT CHECKED: whose key it is. It came with the file; give one you trust with --key."
        )
        assert ended.returncode == 3


@pytest.mark.checkout
def test_the_script_takes_several_keys_and_trusts_only_those(tmp_path):
    newer = signer_named(ORIGIN, "newer")
    proof = proof_of(
        checkpoint=checkpoint_of(ENTRIES, OWNER), verifiers=[OWNER.verifier], signer=newer
    )
    keys = ["--key", KEY, "--key", newer.verifier.text]
    by_newer = f"{ORIGIN}+{newer.key_hash.hex()}"

    ended = run_script(tmp_path, proof, *keys)
    assert ended.returncode == 0
    assert f"The file is signed by {by_newer}, the checkpoint by {BY_OWNER}." in ended.stdout
    assert (
        run_script(tmp_path, proof, *keys[:2]).stderr == "WRONG: 'no trusted key signed the file'\n"
    )
    assert run_script(tmp_path, proof, *keys[2:]).stderr == (
        "WRONG: 'no trusted key signed the checkpoint'\n"
    )


@pytest.mark.checkout
def test_without_cryptography_the_script_says_what_it_could_not_check(tmp_path):
    shadow = tmp_path / "shadow" / "cryptography"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('not installed')")

    ended = run_script(tmp_path, PROOF, "--key", KEY, shadow=shadow.parent)
    assert ended.returncode == 3
    assert "signed by" not in ended.stdout
    assert ended.stdout.splitlines()[-1] == (
        "NOT CHECKED: the signatures, only the hashes; install the package cryptography."
    )
    ended = run_script(tmp_path, TAMPERED["outcome edited"](), "--key", KEY, shadow=shadow.parent)
    assert ended.returncode == 1
    assert "entry 2 is not in the tree" in ended.stderr


@pytest.mark.checkout
@pytest.mark.parametrize("arguments", [[], ["missing.json"], ["a", "b"], ["--keys"]])
def test_the_script_that_is_called_wrongly_says_how(tmp_path, arguments):
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("usage: check_proof.py")


@pytest.mark.checkout
def test_the_script_moves_no_cursor(tmp_path):
    """An origin may hold anything but ASCII control characters; a terminal obeys others too."""
    shown = run_script(tmp_path, odd_proof(), "--key", ODD.verifier.text)

    assert shown.returncode == 0, shown.stderr
    assert "\x9b" not in shown.stdout
    assert r"It is of odd\x9b2J\u202e.example: 1 entries" in shown.stdout


ODD = signer_named("odd.example")


def odd_proof():
    origin = "odd\x9b2J\u202e.example"
    first = Draft(
        "ledger", {"origin": origin, "keys": [ODD.verifier.text], "engine_version": "0"}
    ).entry(1, NOW)
    return proof_of(
        1,
        entries=[first.content],
        signer=ODD,
        checkpoint=checkpoint_of([first.content], ODD, origin=origin),
    )


@pytest.mark.checkout
def test_the_script_is_short_and_needs_nothing_of_ours():
    text = SCRIPT.read_text(encoding="utf-8")
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))

    assert len(text.splitlines()) < 150
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.checkout
@given(data=st.data())
def test_the_script_and_the_package_agree_on_every_changed_character(data):
    """Whatever one of them refuses the other refuses too."""
    script = read_script()
    text = PROOF.decode()
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.characters(codec="ascii"))
    changed = (text[:at] + put + text[at + 1 :]).encode()

    try:
        check_proof(changed, [OWNER.verifier])
    except IntegrityError:
        accepted = False
    else:
        accepted = True
    try:
        script.check(changed, [KEY])
    except (SystemExit, *CAUGHT):
        assert not accepted
    else:
        assert accepted
