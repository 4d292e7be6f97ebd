"""The public names are those listed, each is what it says, and each costs only itself."""

import inspect
import json
import subprocess
import sys
import typing

import pytest

import oversight_engine
from oversight_engine import resources
from oversight_engine.errors import OversightError
from tests.shown import decided, shipped_case

NAMES = [
    "AnalysisLimitError",
    "Case",
    "CohortMismatchError",
    "CohortNeededError",
    "CohortValues",
    "Decision",
    "Difference",
    "DigestError",
    "DisagreementError",
    "Engine",
    "EvaluatorError",
    "EvaluatorLimitError",
    "EvaluatorUnavailableError",
    "Examiner",
    "ExitCode",
    "InputError",
    "IntegrityError",
    "Ledger",
    "LedgerUnavailableError",
    "MoveError",
    "NotInForceError",
    "OverAllCases",
    "OversightError",
    "ParameterNeededError",
    "Pathfinder",
    "Paths",
    "Proof",
    "Proposal",
    "Recorder",
    "Reform",
    "Robustness",
    "Rulebook",
    "RulebookError",
    "__version__",
    "attestation_data",
    "check_cohort",
    "check_proof",
    "cohort_data",
    "compare_rulebooks",
    "compute_cohort",
    "decide",
    "decision_bytes",
    "decision_data",
    "explain",
    "find_difference",
    "find_paths",
    "find_robustness",
    "load_rulebook",
    "load_signer",
    "make_key",
    "propose",
    "prove",
    "read_cases",
    "read_cohort",
    "read_reform",
    "reform_data",
    "replay",
    "resources",
    "run_tests",
    "sweep",
    "under_reform",
    "verify",
]
"""Part of the compatibility policy: a name that goes, or comes, is a change to be written down."""

HEAVY = {
    "cryptography", "durable_rules_engine", "hypothesis", "importlib.metadata", "jinja2", "msgspec",
    "numpy", "polars", "psycopg", "rich", "sqlalchemy", "sqlite3", "z3",
}  # fmt: skip


def run_python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_the_public_names_are_these_and_no_others():
    assert sorted(oversight_engine.__all__) == sorted(NAMES)
    assert dir(oversight_engine) == sorted(oversight_engine.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_leads_somewhere_and_says_what_it_is(name):
    found = getattr(oversight_engine, name)

    assert found is getattr(oversight_engine, name)
    if name != "__version__":
        assert inspect.getdoc(found)


def test_every_error_is_public_and_of_one_family():
    def family(kind):
        return {kind, *(deeper for below in kind.__subclasses__() for deeper in family(below))}

    ours = {k.__name__ for k in family(OversightError) if k.__module__ == OversightError.__module__}

    assert ours <= set(NAMES)


def test_a_name_that_is_not_there_is_refused_as_in_any_module():
    with pytest.raises(AttributeError, match="no attribute 'decode'"):
        _ = oversight_engine.decode


def test_the_type_checker_sees_the_names_that_are_imported_later():
    source = inspect.getsource(oversight_engine)
    for_types = source.partition("if TYPE_CHECKING:")[2].partition("\n_HOMES")[0]

    for name in set(NAMES) - {"__version__"}:
        assert f" as {name}\n" in for_types


@pytest.mark.parametrize(
    "name", ["decide", "Engine", "explain", "find_difference", "load_rulebook"]
)
def test_public_functions_are_typed_and_their_docstrings_say_what_they_raise(name):
    found = getattr(oversight_engine, name)
    function = found.__init__ if inspect.isclass(found) else found

    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters

    assert set(parameters) - {"self"} <= set(hints)
    if name != "find_difference":
        assert "Raises" in inspect.getdoc(function) or "raise" in inspect.getdoc(function)


def test_importing_the_package_imports_next_to_nothing():
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import oversight_engine\n"
        "print(*sorted(m for m in set(sys.modules) - before if 'oversight' in m))"
    )

    assert run_python("-c", code).split() == ["oversight_engine", "oversight_engine._version"]


def test_deciding_one_case_leaves_everything_heavy_alone():
    case = str(shipped_case("cinder-hills"))
    code = (
        "import json, sys\n"
        "from oversight_engine.__main__ import cli\n"
        f"try: cli(['decide', {case!r}], prog_name='oversight')\n"
        "except SystemExit: pass\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    modules = set(json.loads(run_python("-c", code).splitlines()[-1]))

    assert "oversight_engine.engine" in modules
    assert not modules & (HEAVY - {"durable_rules_engine"})


def test_asking_for_the_version_loads_no_engine():
    code = (
        "import sys\n"
        "from oversight_engine.__main__ import cli\n"
        "try: cli(['--version'], prog_name='oversight')\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    modules = set(run_python("-c", code).split())

    assert not modules & {*HEAVY, "attr", "yaml", "oversight_engine.engine"}


def test_explain_says_the_same_as_the_command_in_plain_words_or_markdown():
    decision = decided(seen_pct=60)

    assert oversight_engine.explain(decision).startswith("Watched.\nA system (QXX).")
    assert oversight_engine.explain(decision, format="markdown").startswith("# Watched\n")
    assert "1 rule stands in the way" in oversight_engine.explain(decision, why_not="free")
    with pytest.raises(KeyError):
        oversight_engine.explain(decision, why_not="nowhere")


def test_find_difference_takes_two_decisions():
    difference = oversight_engine.find_difference(before=decided(), after=decided(seen_pct=60))

    assert difference.is_decision_changed
    assert resources is oversight_engine.resources
