"""Decides oversight from a written rulebook and the facts of a case, and shows why.

    >>> from oversight_engine import decide, load_rulebook, read_cases, resources
    >>> rulebook = load_rulebook(resources.shipped("rules") / "hewitt-2023")
    >>> [case] = read_cases(
    ...     {
    ...         "format": "oversight-case/1",
    ...         "system": {"code": "QXX", "name": "An example"},
    ...         "as_of": "2025-06-30",
    ...         "facts": {"cancer_62day_pct": "69.23"},
    ...     },
    ...     rulebook,
    ... )
    >>> decide(rulebook, case, evaluators=["reference"]).label
    'referral'

The names below are all there is to rely on. Each is imported when it is first asked for, so that
a program pays only for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from oversight_engine._version import __version__

if TYPE_CHECKING:
    from oversight_engine import resources as resources
    from oversight_engine.analysis.comparison import OverAllCases as OverAllCases
    from oversight_engine.analysis.comparison import compare_rulebooks as compare_rulebooks
    from oversight_engine.analysis.difference import Difference as Difference
    from oversight_engine.analysis.found_paths import Paths as Paths
    from oversight_engine.analysis.found_robustness import Robustness as Robustness
    from oversight_engine.analysis.laws import Proof as Proof
    from oversight_engine.analysis.laws import prove as prove
    from oversight_engine.analysis.paths import Pathfinder as Pathfinder
    from oversight_engine.analysis.paths import find_paths as find_paths
    from oversight_engine.analysis.robustness import Examiner as Examiner
    from oversight_engine.analysis.robustness import find_robustness as find_robustness
    from oversight_engine.analysis.rulebook_tests import run_tests as run_tests
    from oversight_engine.analysis.sweep import sweep as sweep
    from oversight_engine.cohort import check_cohort as check_cohort
    from oversight_engine.cohort import compute_cohort as compute_cohort
    from oversight_engine.engine import Engine as Engine
    from oversight_engine.engine import decide as decide
    from oversight_engine.errors import AnalysisLimitError as AnalysisLimitError
    from oversight_engine.errors import CohortMismatchError as CohortMismatchError
    from oversight_engine.errors import CohortNeededError as CohortNeededError
    from oversight_engine.errors import DigestError as DigestError
    from oversight_engine.errors import DisagreementError as DisagreementError
    from oversight_engine.errors import EvaluatorError as EvaluatorError
    from oversight_engine.errors import EvaluatorLimitError as EvaluatorLimitError
    from oversight_engine.errors import EvaluatorUnavailableError as EvaluatorUnavailableError
    from oversight_engine.errors import ExitCode as ExitCode
    from oversight_engine.errors import InputError as InputError
    from oversight_engine.errors import IntegrityError as IntegrityError
    from oversight_engine.errors import LedgerUnavailableError as LedgerUnavailableError
    from oversight_engine.errors import MoveError as MoveError
    from oversight_engine.errors import NotInForceError as NotInForceError
    from oversight_engine.errors import OversightError as OversightError
    from oversight_engine.errors import ParameterNeededError as ParameterNeededError
    from oversight_engine.errors import RulebookError as RulebookError
    from oversight_engine.language.cases import read_cases as read_cases
    from oversight_engine.language.cohort_files import read_cohort as read_cohort
    from oversight_engine.language.reforms import read_reform as read_reform
    from oversight_engine.language.rulebooks import load_rulebook as load_rulebook
    from oversight_engine.ledger.keys import load_signer as load_signer
    from oversight_engine.ledger.keys import make_key as make_key
    from oversight_engine.ledger.log import Ledger as Ledger
    from oversight_engine.ledger.proofs import check_proof as check_proof
    from oversight_engine.ledger.recorder import Recorder as Recorder
    from oversight_engine.ledger.replaying import replay as replay
    from oversight_engine.ledger.verification import verify as verify
    from oversight_engine.model.case import Case as Case
    from oversight_engine.model.cohort import CohortValues as CohortValues
    from oversight_engine.model.cohort import cohort_data as cohort_data
    from oversight_engine.model.decision import Decision as Decision
    from oversight_engine.model.decision_form import attestation_data as attestation_data
    from oversight_engine.model.decision_form import decision_bytes as decision_bytes
    from oversight_engine.model.decision_form import decision_data as decision_data
    from oversight_engine.model.reform import Reform as Reform
    from oversight_engine.model.reform import reform_data as reform_data
    from oversight_engine.model.reform import under_reform as under_reform
    from oversight_engine.model.rulebook import Rulebook as Rulebook
    from oversight_engine.proposals import Proposal as Proposal
    from oversight_engine.proposals import propose as propose
    from oversight_engine.report.library import explain as explain
    from oversight_engine.report.library import find_difference as find_difference

_HOMES = {
    "AnalysisLimitError": "errors",
    "Case": "model.case",
    "CohortMismatchError": "errors",
    "CohortNeededError": "errors",
    "CohortValues": "model.cohort",
    "Decision": "model.decision",
    "Difference": "analysis.difference",
    "DigestError": "errors",
    "DisagreementError": "errors",
    "Engine": "engine",
    "EvaluatorError": "errors",
    "EvaluatorLimitError": "errors",
    "EvaluatorUnavailableError": "errors",
    "Examiner": "analysis.robustness",
    "ExitCode": "errors",
    "InputError": "errors",
    "IntegrityError": "errors",
    "Ledger": "ledger.log",
    "LedgerUnavailableError": "errors",
    "MoveError": "errors",
    "NotInForceError": "errors",
    "OverAllCases": "analysis.comparison",
    "OversightError": "errors",
    "ParameterNeededError": "errors",
    "Pathfinder": "analysis.paths",
    "Paths": "analysis.found_paths",
    "Proof": "analysis.laws",
    "Proposal": "proposals",
    "Recorder": "ledger.recorder",
    "Reform": "model.reform",
    "Robustness": "analysis.found_robustness",
    "Rulebook": "model.rulebook",
    "RulebookError": "errors",
    "attestation_data": "model.decision_form",
    "check_cohort": "cohort",
    "check_proof": "ledger.proofs",
    "cohort_data": "model.cohort",
    "compare_rulebooks": "analysis.comparison",
    "compute_cohort": "cohort",
    "decide": "engine",
    "decision_bytes": "model.decision_form",
    "decision_data": "model.decision_form",
    "explain": "report.library",
    "find_difference": "report.library",
    "find_paths": "analysis.paths",
    "find_robustness": "analysis.robustness",
    "load_rulebook": "language.rulebooks",
    "load_signer": "ledger.keys",
    "make_key": "ledger.keys",
    "propose": "proposals",
    "prove": "analysis.laws",
    "read_cases": "language.cases",
    "read_cohort": "language.cohort_files",
    "read_reform": "language.reforms",
    "reform_data": "model.reform",
    "replay": "ledger.replaying",
    "resources": "",
    "run_tests": "analysis.rulebook_tests",
    "sweep": "analysis.sweep",
    "under_reform": "model.reform",
    "verify": "ledger.verification",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 - they are names, only not spelt twice


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives; Python asks only the first time."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    found = (
        getattr(import_module(f"{__name__}.{home}"), name)
        if home
        else import_module(f"{__name__}.{name}")
    )
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
