"""The commands of a ledger: what they write, print and refuse, on files as a user has them."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.engine import Engine
from oversight_engine.errors import ExitCode, InputError
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.proofs import check_proof
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests import builders as b
from tests.commands import every_command
from tests.ledger.ledgers import GOOD, book
from tests.shown import hewitt, shipped_case

ILLUSTRATIVE = str(shipped("cases") / "illustrative")
CASE = str(shipped_case("gorsley"))
OTHER = str(shipped_case("cinder-hills"))
REFERENCE = "--evaluators=reference"
FIELD = "/case/facts/cancer_62day_pct"
WHOM = ("--by", "A. Person", "--role", "records officer", "--reason", "on request")


def run(*arguments, code=ExitCode.DONE):
    result = CliRunner().invoke(cli, [str(each) for each in arguments], prog_name="oversight")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Make a key and a ledger in a folder of their own, and stand in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "key")
    run("ledger", "key", "new", "key", "--name", "ledger.example/test")
    run("ledger", "init", "--ledger", "ledger")
    return tmp_path


def decide(*arguments, code=ExitCode.DONE):
    return run("decide", *arguments, REFERENCE, "--ledger", "ledger", code=code)


def test_a_key_is_made_once_and_only_its_public_part_is_shown(place):
    secret = (place / "key").read_text()
    public = run("ledger", "key", "show", "key").stdout.strip()

    assert stat.S_IMODE((place / "key").stat().st_mode) == 0o600
    assert run("ledger", "key", "show", "--ledger", "ledger").stdout.split() == [public]
    assert secret.strip().split("+", 4)[-1] not in public
    again = run("ledger", "key", "new", "key", "--name", "x", code=ExitCode.BAD_INPUT)
    assert "never overwritten" in again.stderr
    assert (place / "key").read_text() == secret


def test_a_decision_is_recorded_and_says_where(place):
    first, again = decide(CASE), decide(CASE)

    assert first.stderr.startswith("Recorded as entry 2 of ledger.\nIt is recommended")
    assert again.stderr == "Already recorded as entry 2 of ledger.\n"
    assert first.stdout == again.stdout == run("decide", CASE, REFERENCE).stdout
    assert decide(CASE, "--quiet").stderr == again.stderr


def test_json_says_beside_the_attestation_where_a_decision_was_recorded(place):
    decide(OTHER)
    lines = [json.loads(line) for line in decide(CASE, OTHER, "--format=jsonl").stdout.splitlines()]
    document = json.loads(decide(CASE, OTHER, "--format=json").stdout)

    assert [(line["recorded"]["entry"], line["recorded"]["new"]) for line in lines] == [
        (3, True), (2, False),
    ]  # fmt: skip
    assert {line["recorded"]["ledger"] for line in lines} == {"ledger.example/test"}
    assert [each["recorded"]["entry"] for each in document["decisions"]] == [3, 2]
    for line in lines:
        Draft202012Validator(shipped_schema("decided")).validate(line)
    Draft202012Validator(shipped_schema("decisions")).validate(document)
    assert "recorded" not in run("decide", CASE, REFERENCE, "--format=jsonl").stdout[-200:]


def test_many_are_recorded_in_the_order_of_the_cases(place):
    said = decide(ILLUSTRATIVE, "--format=jsonl")
    lines = [json.loads(line) for line in said.stdout.splitlines()]

    assert [line["recorded"]["entry"] for line in lines] == [*range(2, len(lines) + 2)]
    assert f"{len(lines)} decisions recorded as entries 2 to {len(lines) + 1}" in said.stderr
    with Ledger.open("ledger") as opened:
        for line, entry in zip(lines, opened.entries(kind="decision"), strict=True):
            assert entry.data["system"] == line["decision"]["case"]["system"]["code"]
            assert entry.data["decision"]["decision"] == line["decision"]["decision"]


def test_a_bulk_run_that_is_cut_off_is_simply_run_again(place, monkeypatch):
    monkeypatch.setattr("oversight_engine.ledger.recorder.AT_ONCE", 10)
    decide_one, asked = Engine.decide, []

    def fail_at_25(engine, case, **more):
        asked.append(case.system.code)
        if len(asked) == 25:
            raise KeyboardInterrupt
        return decide_one(engine, case, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "decide", fail_at_25)
        cut = decide(ILLUSTRATIVE, "--format=jsonl", code=ExitCode.INTERRUPTED)
    with Ledger.open("ledger") as opened:
        recorded = [entry.data["system"] for entry in opened.entries(kind="decision")]
    again = [
        json.loads(line) for line in decide(ILLUSTRATIVE, "--format=jsonl").stdout.splitlines()
    ]

    assert len(cut.stdout.splitlines()) == len(recorded) == 20
    assert "20 decisions recorded as entries 2 to 21" in cut.stderr
    assert [line["recorded"]["new"] for line in again] == [False] * 20 + [True] * (len(again) - 20)
    assert [line["recorded"]["entry"] for line in again] == [*range(2, len(again) + 2)]
    run("ledger", "verify", "--ledger", "ledger")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: Path("key").chmod(0o644), "others than its owner may use this private key"),
        (lambda: Path("key").unlink(), "no private key can be read"),
        (lambda: os.truncate("ledger", 5000), "ledger"),
        (lambda: Path("ledger").unlink(), "there is no ledger"),
        (lambda: run("ledger", "key", "new", "2", "--name", "2") and Path("2").replace("key"),
         "is not the one that signs"),
    ],
    ids=["open key", "no key", "cut ledger", "no ledger", "another key"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["pretty", "json", "jsonl", "csv"])
def test_a_decision_that_cannot_be_recorded_is_not_issued(place, spoil, message, form):
    spoil()
    result = CliRunner().invoke(
        cli, ["decide", CASE, OTHER, REFERENCE, "--ledger", "ledger", "--format", form]
    )

    assert result.exit_code in {ExitCode.BAD_INPUT, ExitCode.INTEGRITY}
    assert message in result.stderr
    assert "Intervention" not in result.stdout
    assert '"outcome"' not in result.stdout


def test_a_decision_with_nobody_to_sign_it_is_not_issued(place, monkeypatch):
    monkeypatch.delenv("OVERSIGHT_LEDGER_KEY")
    refused = decide(CASE, code=ExitCode.BAD_INPUT)

    assert refused.stdout == ""
    assert "nothing is recorded without a key" in refused.stderr


def test_what_a_rulebook_does_not_declare_never_reaches_a_ledger(place):
    """In a file the reader refuses it; in a case built by hand the engine does."""
    text = (shipped_case("gorsley")).read_text()
    (place / "case.yaml").write_text(text.replace("facts:\n", "facts:\n  patient_name: Smith\n"))
    refused = decide("case.yaml", code=ExitCode.BAD_INPUT)
    case = b.case_of(**GOOD, patient_name="Smith")

    assert "patient_name" in refused.stderr
    with Engine(book(), evaluators=["reference"]) as engine, pytest.raises(InputError):
        engine.decide(case)
    with Ledger.open("ledger") as opened:
        assert opened.size == 1
    assert b"Smith" not in (place / "ledger").read_bytes()


def test_verifying_says_what_was_looked_at_and_ends_by_its_code(place):
    public = run("ledger", "key", "show", "key").stdout
    (place / "public").write_text(public)
    decide(CASE)
    page = run("ledger", "verify", "--ledger", "ledger")
    found = json.loads(
        run("ledger", "verify", "--ledger", "ledger", "--format=json", "--quick").stdout
    )

    assert page.stdout.startswith("The ledger is as it was recorded\n")
    assert "compare them with what was published" in page.stdout
    for trusted in (public.strip(), "public"):
        assert (
            "compare"
            not in run("ledger", "verify", "--ledger", "ledger", "--trust", trusted).stdout
        )
    Draft202012Validator(shipped_schema("verified")).validate(found)
    assert (found["sound"], found["size"], found["quick"]) == (True, 2, True)
    run("ledger", "verify", "--ledger", "ledger", "--trust", "nothing", code=ExitCode.BAD_INPUT)


def test_verifying_names_the_first_damaged_entry_and_ends_with_5(place):
    import sqlite3

    decide(CASE, OTHER)
    connection = sqlite3.connect("ledger")
    connection.execute("UPDATE entries SET content = replace(content, 'a', 'b') WHERE number = 3")
    connection.commit()
    connection.close()
    page = run("ledger", "verify", "--ledger", "ledger", code=ExitCode.INTEGRITY)
    data = run(
        "ledger", "verify", "--ledger", "ledger", "--format=json", code=ExitCode.INTEGRITY
    ).stdout

    assert "The ledger is damaged" in page.stdout
    assert "entry 3: its bytes are not those that were recorded" in page.stdout
    Draft202012Validator(shipped_schema("verified")).validate(json.loads(data))
    assert json.loads(data)["damage"]["first"] == 3


def test_a_kept_checkpoint_shows_that_the_past_was_not_changed(place):
    run("ledger", "checkpoint", "--ledger", "ledger", "-o", "kept")
    decide(CASE)

    assert (place / "kept").read_text().startswith("ledger.example/test\n1\n")
    assert run("ledger", "checkpoint", "--ledger", "ledger").stdout.startswith(
        "ledger.example/test\n2\n"
    )
    run("ledger", "verify", "--ledger", "ledger", "--checkpoint", "kept")
    run("ledger", "checkpoint", "--ledger", "ledger", "-o", "kept", code=ExitCode.BAD_INPUT)
    other = run("ledger", "init", "--ledger", "other", "--origin", "ledger.example/other")
    assert "Made the ledger" in other.stderr
    run("ledger", "verify", "--ledger", "other", "--checkpoint", "kept", code=ExitCode.INTEGRITY)


def test_a_proof_of_an_entry_needs_nothing_else(place):
    decide(CASE)
    run("ledger", "prove", 2, "--ledger", "ledger", "-o", "proof.json")
    proved = check_proof((place / "proof.json").read_bytes())

    with Ledger.open("ledger") as opened:
        assert proved.entry == opened.entry(2)
    run("ledger", "prove", 7, "--ledger", "ledger", code=ExitCode.BAD_INPUT)
    run("ledger", "prove", 2, "--ledger", "ledger", "-o", "proof.json", code=ExitCode.BAD_INPUT)


def test_keys_are_changed_with_a_reason(place):
    run("ledger", "key", "new", "next", "--name", "ledger.example/next")
    run("ledger", "key", "rotate", "--ledger", "ledger", "--new-key", "next", *WHOM)
    refused = decide(CASE, code=ExitCode.BAD_INPUT)
    decide(CASE, "--key", "next")

    assert "is not the one that signs" in refused.stderr
    assert len(run("ledger", "key", "show", "--ledger", "ledger").stdout.split()) == 2
    run("ledger", "verify", "--ledger", "ledger")
    back = ("--key", "next", "--new-key", "key", *WHOM)
    again = run("ledger", "key", "rotate", "--ledger", "ledger", *back, code=ExitCode.BAD_INPUT)
    assert "has signed here before" in again.stderr


def test_masking_is_recorded_and_a_masked_entry_is_not_proved(place):
    decide(CASE)
    said = run("ledger", "mask", 2, "--ledger", "ledger", "--field", FIELD, *WHOM)
    refused = run("ledger", "prove", 2, "--ledger", "ledger", code=ExitCode.BAD_INPUT)

    assert said.stderr == "Recorded as entry 3 of ledger.\n"
    assert "was masked after it was recorded" in refused.stderr
    assert "entry 2" in run("ledger", "verify", "--ledger", "ledger").stdout
    with Ledger.open("ledger") as opened:
        assert opened.entry(3).data["by"] == {"name": "A. Person", "role": "records officer"}
        assert opened.entry(2).masked == (FIELD,)


def test_an_export_holds_everything_and_overwrites_nothing(place):
    decide(CASE, OTHER)
    run("ledger", "export", "--ledger", "ledger", "-o", "out")
    lines = [json.loads(line) for line in (place / "out/entries.jsonl").read_text().splitlines()]

    with Ledger.open("ledger") as opened:
        assert [line["entry"] for line in lines] == [entry.data for entry in opened.entries()]
        assert [bytes.fromhex(line["leaf"]) for line in lines] == [*opened.leaves()]
        assert (place / "out/checkpoint.txt").read_bytes() == opened.checkpoint()
    held = place / "out/objects" / f"{hewitt().digest.removeprefix('sha256:')}.json"
    assert json.loads(held.read_text())["id"] == "hewitt-2023"
    before = {path: path.read_bytes() for path in (place / "out").rglob("*") if path.is_file()}
    again = run("ledger", "export", "--ledger", "ledger", "-o", "out", code=ExitCode.BAD_INPUT)
    assert "nothing is overwritten" in again.stderr
    assert before == {p: p.read_bytes() for p in (place / "out").rglob("*") if p.is_file()}


def test_what_an_export_masks_is_listed_in_each_entry(place):
    decide(CASE)
    run(
        "ledger", "export", "--ledger", "ledger", "-o", "out", "--mask", FIELD, "--mask", "/no/such"
    )
    first, second = map(json.loads, (place / "out/entries.jsonl").read_text().splitlines())

    assert "masked" not in first["entry"]
    assert second["entry"]["masked"] == [FIELD]
    assert "cancer_62day_pct" not in second["entry"]["case"]["facts"]
    with Ledger.open("ledger") as opened:
        assert "cancer_62day_pct" in opened.entry(2).data["case"]["facts"]


def test_an_export_never_leaves_its_folder_whatever_the_ledger_says(place):
    import sqlite3

    decide(CASE)
    connection = sqlite3.connect("ledger")
    connection.execute("UPDATE objects SET digest = 'sha256:../../escaped'")
    connection.commit()
    connection.close()
    run("ledger", "export", "--ledger", "ledger", "-o", "out", code=ExitCode.INTEGRITY)

    assert not list(place.parent.glob("escaped*"))
    assert not list(place.glob("escaped*"))


INSTEAD_OF_A_FILE = [
    ["decide", "key"], ["decide", "key.json"], ["decide", CASE, "--reform", "key"],
    ["decide", CASE, "--rulebook", "key"], ["decide", CASE, "--certificate", "key"],
    ["decide", CASE, "--rulebook=nof-2025-26", "--cohort", "key"], ["diff", "key.json", CASE],
    ["cohort", CASE, "--check", "key"], ["check", "key"], ["compare", "key", "key"],
    ["test", "hewitt-2023", "--tests", "key"], ["agree", CASE, "--published", "key"],
    ["import", "nof", "key", "-o", "out"], ["import", "systems", "key", "--map=key", "-o", "out"],
    ["replay", "key"], ["replay", "key.json"], ["replay", "--ledger=ledger", "--against", "key"],
    ["ledger", "retention", "key", "--ledger", "ledger"],
]  # fmt: skip


@pytest.mark.parametrize("form", ["pretty", "json"])
def test_no_message_ever_shows_a_private_key(place, form, monkeypatch):
    secret = (place / "key").read_text().strip().split("+", 4)[-1]
    (place / "broken").write_text(f"PRIVATE+KEY+a+00000000+{secret}\n")
    (place / "broken").chmod(0o600)
    (place / "key.json").write_text((place / "key").read_text())
    monkeypatch.setenv("OVERSIGHT_DEBUG", "1")
    results = [
        decide(CASE, "--format", form),
        decide(CASE, "--format", form, "--key", "broken", code=ExitCode.BAD_INPUT),
        run("ledger", "key", "show", "broken", code=ExitCode.BAD_INPUT),
        run("ledger", "verify", "--ledger", "ledger", "--trust", "key", code=ExitCode.BAD_INPUT),
        run(
            "ledger", "verify", "--ledger", "ledger", "--checkpoint", "key", code=ExitCode.BAD_INPUT
        ),
        run("ledger", "verify", "--ledger", "key", code=ExitCode.BAD_INPUT),
    ]

    results += [
        CliRunner().invoke(cli, [*words, "--format", form], prog_name="oversight")
        for words in INSTEAD_OF_A_FILE
    ]

    for result in results:
        assert result.exit_code < ExitCode.BUG
        assert secret not in result.output + result.stderr
    assert secret.encode() not in (place / "ledger").read_bytes()


def test_a_ledger_is_found_by_the_environment(place, monkeypatch):
    monkeypatch.setenv("OVERSIGHT_LEDGER", "ledger")

    assert "Recorded as entry 2" in run("decide", CASE, REFERENCE).stderr
    assert re.search("2 entries", run("ledger", "verify").stdout)
    assert json.loads(run("ledger", "prove", 2).stdout)


def test_a_key_is_shown_from_its_file_or_from_a_ledger(place, monkeypatch):
    monkeypatch.setenv("OVERSIGHT_LEDGER", "ledger")

    assert run("ledger", "key", "show", "key").stdout == run("ledger", "key", "show").stdout
    refused = run("ledger", "key", "show", "key", "--ledger", "ledger", code=ExitCode.BAD_INPUT)
    assert "name a ledger with --ledger, or a FILE: not both" in refused.stderr


def test_every_command_names_the_ledger_in_the_same_way():
    named = {
        " ".join(words): option
        for words, command in every_command()
        for option in command.params
        if option.name == "location"
    }

    assert {"decide", "replay", "ledger verify", "ledger show"} <= set(named)
    assert "ledger key new" not in named
    for option in named.values():
        assert (option.opts, option.envvar) == (["--ledger"], "OVERSIGHT_LEDGER")


def test_a_decision_printed_from_a_ledger_has_the_bytes_it_had_without_one(place):
    line = decide(CASE, "--format=jsonl").stdout.encode()
    with Engine(hewitt(), evaluators=["reference"]) as engine:
        from oversight_engine.language.cases import read_cases

        [case] = read_cases(CASE, hewitt())
        assert decision_bytes(engine.decide(case)) in line


def test_the_recorder_refuses_what_the_ledger_contradicts(place):
    """A second decision of a system on one day is no legal move: it would need a correction."""
    decide(CASE)
    (place / "case.yaml").write_text(
        re.sub(
            "cancer_62day_pct: [0-9.]+",
            "cancer_62day_pct: 12.0",
            shipped_case("gorsley").read_text(),
        )
    )
    refused = decide("case.yaml", code=ExitCode.BAD_INPUT)

    assert refused.stdout == ""
    with Ledger.open("ledger") as opened:
        assert opened.size == 2
