"""A proof certificate: written, read, proved again, refused where it is of something else."""

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.plain import digest
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped

BOOK = load_rulebook(shipped("rules") / "hewitt-2023")
CASE = str(shipped("cases") / "illustrative" / "dunmarsh-cancer-just-met.yaml")


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("certificate") / "hewitt.json"
    assert run("check", "--certificate", file).exit_code == ExitCode.DONE
    return file


def test_a_certificate_says_of_which_rulebook_what_is_proved_and_how(file):
    document = json.loads(file.read_bytes())
    said = document["certificate"]

    Draft202012Validator(shipped_schema("certificate")).validate(document)
    assert document["digest"] == digest(said)
    assert said["rulebook"]["digest"] == BOOK.digest
    assert len(said["periods"]) == 5
    assert {law["result"] for period in said["periods"] for law in period["laws"]} == {"proved"}


def test_a_certificate_is_the_same_whenever_it_is_made_but_for_its_time(file, tmp_path):
    run("check", "--certificate", tmp_path / "again.json")

    first, again = (json.loads(each.read_bytes()) for each in (file, tmp_path / "again.json"))
    assert {**first, "seconds": ""} == {**again, "seconds": ""}


def test_a_certificate_is_proved_again(file):
    assert run("check", "--verify-certificate", file).exit_code == ExitCode.DONE


def test_what_was_changed_is_noticed_by_its_digest_and_what_was_forged_by_proving_again(
    file, tmp_path
):
    changed, forged = tmp_path / "changed.json", tmp_path / "forged.json"
    document = json.loads(file.read_bytes())
    document["certificate"]["periods"][2]["laws"][0]["result"] = "refuted"
    changed.write_text(json.dumps(document))
    document["digest"] = digest(document["certificate"])
    forged.write_text(json.dumps(document))

    by_digest, by_proof = (run("check", "--verify-certificate", each) for each in (changed, forged))

    assert by_digest.exit_code == by_proof.exit_code == ExitCode.INTEGRITY
    assert "changed after it was made" in by_digest.stderr
    assert "from 2026-01-01: the certificate says something else" in by_proof.stderr


def test_a_decision_attests_the_certificate_it_was_given(file):
    result = run("decide", CASE, "--certificate", file, "--format", "jsonl")
    decided = json.loads(result.stdout)

    Draft202012Validator(shipped_schema("decided")).validate(decided)
    assert decided["attestation"]["certificate"] == json.loads(file.read_bytes())["digest"]
    without = json.loads(run("decide", CASE, "--format", "jsonl").stdout)
    assert without["decision"] == decided["decision"]
    assert "certificate" not in without["attestation"]


def test_a_certificate_of_another_rulebook_is_refused(file, tmp_path):
    checked = run("check", "nof-2025-26", "--verify-certificate", file)
    decided = run("decide", CASE, "--rulebook", "nof-2025-26", "--certificate", file)

    assert checked.exit_code == decided.exit_code == ExitCode.BAD_INPUT
    assert "the certificate is of hewitt-2023" in checked.stderr
    (tmp_path / "none.json").write_text("[]")
    assert run("decide", CASE, "--certificate", tmp_path / "none.json").exit_code == 2


def _without_its_last_period(said):
    del said["periods"][-1]


def _without_a_law(said):
    del said["periods"][0]["laws"][2]


def _without_claims(said):
    said["claims"] = []


def _by_another_semantics(said):
    said["semantics"] += 1


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (_without_its_last_period, "leaves out a claim, a law or a period"),
        (_without_a_law, "leaves out a claim, a law or a period"),
        (_without_claims, "leaves out a claim, a law or a period"),
        (_by_another_semantics, "of the semantics, and decisions are by version"),
    ],
)
def test_a_certificate_of_less_than_everything_is_not_attested_under_any_digest(
    file, tmp_path, forge, told
):
    document = json.loads(file.read_bytes())
    forge(document["certificate"])
    document["digest"] = digest(document["certificate"])
    (tmp_path / "forged.json").write_text(json.dumps(document))

    decided = run("decide", CASE, "--certificate", tmp_path / "forged.json")
    checked = run("check", "--verify-certificate", tmp_path / "forged.json")

    assert (decided.exit_code, told in decided.stderr) == (ExitCode.BAD_INPUT, True)
    assert checked.exit_code == ExitCode.INTEGRITY


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda d: {**d, "verified_by": "us"}, "beside the certificate it says verified_by"),
        (lambda d: {**d, "certificate": {"format": d["certificate"]["format"]}}, "no whole"),
        (lambda d: {**d, "certificate": d["certificate"] | {"rulebook": {}}}, "no whole"),
    ],
)
def test_what_is_no_certificate_is_refused_whatever_its_digest(file, tmp_path, write, told):
    document = write(json.loads(file.read_bytes()))
    document["digest"] = digest(document["certificate"])
    (tmp_path / "forged.json").write_text(json.dumps(document))

    for arguments in (("check", "--verify-certificate"), ("decide", CASE, "--certificate")):
        result = run(*arguments, tmp_path / "forged.json")
        assert (result.exit_code, told in result.stderr) == (ExitCode.BAD_INPUT, True)


def test_a_certificate_that_says_something_twice_is_refused(file, tmp_path):
    text = file.read_text()
    (tmp_path / "twice.json").write_text('{"certificate": {"claims": ["all"]}, ' + text[1:])

    result = run("check", "--verify-certificate", tmp_path / "twice.json")

    assert (result.exit_code, "stands there twice" in result.stderr) == (ExitCode.BAD_INPUT, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--no-proofs", "--certificate", "x"), "wants proofs"),
        (("hewitt-2023", "nof-2025-26", "--certificate", "x"), "of one rulebook"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, said):
    result = run("check", *arguments)

    assert (result.exit_code, said in result.stderr) == (ExitCode.BAD_INPUT, True)
