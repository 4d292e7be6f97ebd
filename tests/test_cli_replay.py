"""`oversight replay`: ledgers, proof files and printed decisions, derived again."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.model.plain import canonical
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests.golden.make_ledger import NEW
from tests.ledger.ledgers import clock
from tests.ledger.signers import signer_named

GOLDEN = Path(__file__).resolve().parent / "golden" / "ledger-v1"
CASE = next(iter(sorted((shipped("cases") / "illustrative").glob("dunmarsh-cancer*.yaml"))))


def run(*arguments, code=ExitCode.DONE):
    result = CliRunner().invoke(cli, ["replay", *map(str, arguments)])
    assert result.exit_code == code, result.output + result.stderr
    return result


@pytest.fixture
def place(tmp_path):
    copy = tmp_path / "golden.ledger"
    shutil.copyfile(GOLDEN / "golden.ledger", copy)
    return copy


@pytest.fixture
def wrong(place):
    """A ledger with one decision more, which nobody's rulebook made."""
    with Ledger.open(str(place), write=True) as ledger:
        entry = ledger.entry(2)
        said = ("system", "as_of", "case", "decision", "attestation")
        data = json.loads(canonical({key: entry.data[key] for key in said}))
        rule = min(data["decision"]["rules"])
        data["decision"]["rules"][rule][0] = "t"
        data["decision"]["burden"] = [0, 1]
        ledger.append([Draft("decision", data)], signer=NEW, clock=clock(entry.recorded_at))
    return place


def printed(*arguments, schema="replay", code=ExitCode.DONE):
    data = json.loads(run(*arguments, "--format", "json", code=code).stdout)
    Draft202012Validator(shipped_schema(schema)).validate(data)
    return data


def test_a_ledger_is_derived_again_and_what_is_masked_is_named(place):
    text = run("--ledger", place).stdout

    assert text.startswith("14 decisions: 13 derived again as recorded, 1 not replayable: masked\n")
    assert "Entry 4, " in text
    assert "/case/facts/" in text
    assert "Without durable-rules" in text


def test_all_of_it_is_there_as_data(place):
    data = printed("--ledger", place)

    assert (data["total"], data["same"], data["masked"], data["agrees"]) == (14, 13, 1, True)
    assert data["masked_entries"][0]["entry"] == 4
    assert data["evaluators"] == ["generated"]
    assert data["checked_by_reference"] == 3  # one under each rulebook, reform and cohort


@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_a_decision_that_does_not_come_out_again_ends_with_5_and_its_first_difference(wrong, form):
    text = run("--ledger", wrong, "--format", form, code=ExitCode.INTEGRITY).stdout

    flat = " ".join(text.replace("\\", "").replace("`", "").split())
    assert "1 not as recorded" in flat
    assert "recorded true, derived false" in flat
    assert "burden: recorded 0, 1, derived" in flat


def test_a_divergence_is_there_as_data(wrong):
    data = printed("--ledger", wrong, code=ExitCode.INTEGRITY)

    [one] = data["divergences"]
    assert data["agrees"] is False
    assert one["entry"] == 20
    assert one["differences"][0]["what"].startswith("rule ")


@pytest.mark.parametrize(
    ("options", "total"),
    [
        (["--number", "2"], 1), (["--number", "2-3"], 2), (["--number", "-3"], 2),
        (["--number", "15-"], 1), (["--system", "T1"], 1),
        (["--system", "T1", "--system", "T2"], 2),
        (["--since", "2025-07-01"], 2), (["--until", "2000-01-01"], 0),
        (["--under", "sha256:"], 14), (["--under", "sha256:x"], 0),
        (["--known-on", "2026-11-22"], 5),
        (["--as-of", "2000-01-01"], 0), (["--jobs", "2"], 14),
    ],
)  # fmt: skip
def test_decisions_are_chosen(place, options, total):
    data = printed("--ledger", place, *options)

    assert data["total"] == total


def test_what_held_on_a_day_is_one_decision_of_each_system_under_each_rulebook(place):
    assert printed("--ledger", place, "--as-of", "2026-12-31")["total"] == 14
    assert (
        printed("--ledger", place, "--as-of", "2026-12-31", "--known-on", "2026-11-22")["total"]
        == 5
    )


@pytest.mark.parametrize("evaluators", ["reference", "reference,durable", "generated,reference"])
def test_other_evaluators_derive_the_same(place, evaluators):
    data = printed("--ledger", place, "--number", "2-3", "--evaluators", evaluators)

    assert (data["same"], data["evaluators"]) == (2, evaluators.split(","))


@pytest.mark.parametrize(
    "arguments",
    [["--evaluators", "walking"], ["--number", "x"], ["--number", "-"], ["--case", "a.yaml"]],
)
def test_what_makes_no_sense_is_refused(place, arguments):
    run("--ledger", place, *arguments, code=ExitCode.BAD_INPUT)


def test_a_rulebook_that_is_not_there_is_said_not_to_be(place):
    refused = run("--ledger", place, "--against", "nowhere", code=ExitCode.INVALID_RULEBOOK)

    assert "there is no rulebook nowhere" in refused.stderr


def test_a_ledger_that_is_not_there_is_said_not_to_be(tmp_path):
    assert "no ledger" in run("--ledger", tmp_path / "none", code=ExitCode.BAD_INPUT).stderr


# What would have been decided


REFORM = """\
format: oversight-reform/1
id: strict
title: A target nobody meets
rulebook: {id: hewitt-2023}
parameters:
  - id: cancer_62day_target_pct
    values: [{from: 2023-04-01, value: 100, policy_choice: for the test}]
"""


def test_another_rulebook_or_a_reform_is_supposed_and_nothing_decided(place, tmp_path):
    reform = tmp_path / "strict.yaml"
    reform.write_text(REFORM)
    known = json.loads(run("--ledger", place, "--number", "2-8", "--format", "json").stdout)[
        "total"
    ]
    with Ledger.open(str(place)) as ledger:
        under = ledger.entry(2).data["decision"]["rulebook"]

    data = printed("--ledger", place, "--against", reform, "--under", under, schema="supposition")

    assert data["moved"] > 0
    assert data["by_rule"][0]["rule"] == "cancer_62day_missed"
    assert known > 0
    text = run("--ledger", place, "--against", reform, "--under", under).stdout
    assert "Nothing here was decided, and none of it can be recorded." in text
    assert "By outcome" in text
    assert "By rule" in text
    refused = run("--ledger", place, "--against", reform, code=ExitCode.BAD_INPUT).stderr
    assert "choose one with --under" in " ".join(refused.split())


def test_the_shipped_rulebook_is_supposed_by_its_name(place):
    data = printed(
        "--ledger", place, "--against", "hewitt-2023", "--number", "-9", schema="supposition"
    )

    assert data["rulebook"]["id"] == "hewitt-2023"


# One decision, outside any ledger


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.proof.json")), ids=lambda file: file.name)
def test_a_proof_file_is_checked_and_its_decision_derived_again(file):
    data = printed(file)

    assert (data["total"], data["same"]) == (1, 1)
    assert "is in that tree" in run(file).stdout


def test_a_proof_file_is_compared_with_keys_that_the_reader_trusts(tmp_path, place):
    file = GOLDEN / "entry-2.proof.json"
    ours = tmp_path / "ours.txt"
    ours.write_text(NEW.verifier.text, "utf-8")
    foreign = signer_named("ledger.example/other").verifier.text
    alone = run(file, "--format", "plain").output

    trusted = run(file, "--trust", ours, "--format", "plain").output
    refused = run(file, "--trust", foreign, code=ExitCode.INTEGRITY)
    of_a_ledger = run("--ledger", place, "--trust", ours, code=ExitCode.BAD_INPUT)

    assert "Not verified: whose key that is" in alone
    assert "--trust" in alone
    assert "Not verified" not in trusted
    assert "derived again as recorded" not in refused.output
    assert "oversight ledger verify" in of_a_ledger.stderr


def test_a_proof_file_that_was_tampered_with_is_refused(tmp_path):
    file = next(iter(sorted(GOLDEN.glob("*.proof.json"))))
    sealed = json.loads(file.read_bytes())
    sealed["payload"] = sealed["payload"][:-8] + "AAAA" + sealed["payload"][-4:]
    (tmp_path / "p.json").write_text(json.dumps(sealed))

    run(tmp_path / "p.json", code=ExitCode.INTEGRITY)


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "decision.json"
    arguments = ["decide", str(CASE), "--evaluators", "reference", "--format", "json"]
    file.write_text(CliRunner().invoke(cli, arguments).stdout)
    return file


def test_a_decision_that_was_printed_is_derived_again_from_its_case(document):
    data = printed(document, "--case", CASE)

    assert (data["same"], data["evaluators"], data["agrees"]) == (1, ["reference"], True)


def test_the_first_difference_of_a_printed_decision_is_named(document):
    data = json.loads(document.read_text())
    decision = data["decisions"][0]["decision"]
    decision["rules"][0]["conditions"][0]["truth"] = "unknown"
    decision["review_on"] = None
    document.write_text(json.dumps(data))

    [one] = printed(document, "--case", CASE, code=ExitCode.INTEGRITY)["divergences"]

    assert one["differences"][0]["recorded"] == "unknown"
    assert one["differences"][0]["what"].startswith("rules ")
    assert one["differences"][-1]["what"] == "review_on"


def test_a_decision_under_another_rulebook_is_not_derived_under_this_one(document):
    data = json.loads(document.read_text())
    data["decisions"][0]["decision"]["rulebook"]["digest"] = "sha256:0"
    document.write_text(json.dumps(data))

    found = printed(document, "--case", CASE, code=ExitCode.INTEGRITY)

    assert (found["refused"], found["diverging"]) == (1, 0)
    assert "it was decided under sha256:0" in found["refused_entries"][0]["because"]


def test_a_printed_decision_needs_its_own_case_and_rulebook(document):
    other = next(iter(sorted((shipped("cases") / "illustrative").glob("osmund*.yaml"))))

    assert "--case" in run(document, code=ExitCode.BAD_INPUT).stderr
    for arguments in (["--case", other], ["--case", CASE, "--reform", "none.yaml"]):
        code = ExitCode.INTEGRITY if "--reform" not in arguments else ExitCode.BAD_INPUT
        run(document, *arguments, code=code)


def test_a_ledger_is_named_as_everywhere_and_not_as_a_file(place, monkeypatch):
    file = GOLDEN / "entry-2.proof.json"

    assert f"{place} is a ledger: name it with --ledger" in said(place)
    assert "is a ledger: name it" in said("postgresql://nobody@nowhere/none")
    assert "not both" in said(file, "--ledger", place)
    assert "name the ledger with --ledger" in said()
    assert "cannot be read: No such file" in said(file.with_name("none.json"))
    assert "cannot be read: Is a directory" in said(file.parent)
    monkeypatch.setenv("OVERSIGHT_LEDGER", str(place))
    assert printed()["total"] == 14
    assert printed(file)["total"] == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--number", "2"], ["--system", "T1"], ["--since", "2025-07-01"], ["--until", "2025-07-01"],
        ["--under", "sha256:"], ["--as-of", "2025-07-01"], ["--known-on", "2025-07-01"],
        ["--against", "hewitt-2023"], ["--jobs", "2"],
    ],
)  # fmt: skip
def test_what_chooses_among_a_ledger_s_decisions_is_refused_for_one(document, options):
    assert f"{options[0]} is for a ledger" in said(document, "--case", CASE, *options)


@pytest.mark.parametrize(
    "options",
    [
        ["--case", CASE], ["--rulebook", "hewitt-2023"], ["--rulebook-digest", "sha256:"],
        ["--reform", "r.yaml"], ["--cohort", "c.json"],
    ],
)  # fmt: skip
def test_what_a_printed_decision_needs_is_refused_where_all_is_there(place, options):
    """Silently passed over it would look as if the ledger had been derived under it."""
    for where in (["--ledger", place], [GOLDEN / "entry-2.proof.json"]):
        assert f"{options[0]} is for a decision" in said(*where, *options)


def said(*arguments):
    """Return how the command refuses, in one line."""
    return " ".join(run(*arguments, code=ExitCode.BAD_INPUT).stderr.split())
