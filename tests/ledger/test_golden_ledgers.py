"""Ledgers of every format so far are read, verified and derived again, for ever."""

import shutil
from pathlib import Path

import pytest

from oversight_engine.ledger.entries import KINDS
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.outside import replay_proof
from oversight_engine.ledger.proofs import check_proof
from oversight_engine.ledger.replaying import replay
from oversight_engine.ledger.verification import verify
from tests.golden.make_ledger import NEW, make

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
LEDGERS = sorted(GOLDEN.glob("ledger-*/*.ledger"))
PROOFS = sorted(GOLDEN.glob("ledger-*/*.proof.json"))


def test_there_are_some():
    assert LEDGERS
    assert PROOFS


@pytest.fixture(params=LEDGERS, ids=lambda path: path.parent.name)
def golden(request, tmp_path):
    copy = tmp_path / "golden.ledger"
    shutil.copyfile(request.param, copy)
    with Ledger.open(str(copy)) as ledger:
        yield ledger


def test_a_golden_ledger_is_still_as_it_was_recorded(golden):
    found = verify(golden, verifiers=[NEW.verifier])

    assert found.size == golden.size
    assert found.masked == (4,)


@pytest.mark.parametrize("evaluators", [("generated",), ("reference", "generated")])
def test_every_decision_of_a_golden_ledger_is_derived_again_byte_for_byte(golden, evaluators):
    found = replay(golden, evaluators=evaluators)

    assert found.agrees
    assert (found.same, found.masked_count, found.by_reference) == (13, 1, 0)
    assert [each.number for each in found.masked] == [4]


def test_a_golden_ledger_holds_a_reform_a_cohort_and_a_referral(golden):
    recorded = [entry.data["decision"] for entry in golden.entries(kind="decision")]

    assert any("reform" in each for each in recorded)
    assert any("cohort" in each for each in recorded)
    assert {"referral", "lighter_reporting", "intervention"} <= {d["decision"] for d in recorded}
    kinds = {entry.kind for entry in golden.entries()}
    assert kinds >= {"ledger", "decision", "key", "masking", "review", "representation"}
    assert kinds <= set(KINDS)


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_golden_proof_holds_and_its_decision_is_derived_again(path):
    checked = check_proof(path.read_bytes(), [NEW.verifier])

    assert not checked.by_its_own_key
    assert replay_proof(checked).same == 1


def test_what_makes_golden_ledgers_makes_one_that_is_sound(tmp_path):
    make(tmp_path / "new")
    with Ledger.open(str(tmp_path / "new" / "golden.ledger")) as ledger:
        verify(ledger, verifiers=[NEW.verifier])
        assert replay(ledger).agrees
