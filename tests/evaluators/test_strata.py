"""durable-rules, asked in the one way that is safe, concludes exactly what the clauses say."""

import os
import random
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from importlib import metadata
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oversight_engine import errors
from oversight_engine.evaluators import strata
from oversight_engine.evaluators.strata import Clause, Stratum
from tests.evaluators.questions import OPERATORS, ask, holding, thresholds

# Names that would upset an engine that saw them: its own, quotes, a pair that its hash takes for
# one another.
FIELDS = ["id", "sid", "$s", "$and", "m", "k", "A", 'a"b', "{", "é", "", "f_449599", "f_612382"]
EDGES = [0, 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**53 + 1, strata.MOST - 1, strata.MOST]
EDGES += [-edge for edge in EDGES] + [strata.LEAST]

constants = st.sampled_from(EDGES) | st.integers(-3, 3) | st.integers(strata.LEAST, strata.MOST)
comparisons = st.tuples(st.sampled_from(FIELDS), st.sampled_from(sorted(OPERATORS)), constants)
clauses = st.builds(
    Clause,
    conclusion=st.integers(0, 9).map(str),
    conditions=st.lists(comparisons, min_size=1, max_size=4).map(tuple),
)


@st.composite
def questions(draw, most_clauses=25):
    """Clauses, and fields whose values lie near the constants they are compared with."""
    asked = draw(st.lists(clauses, min_size=1, max_size=most_clauses))
    near = sorted(
        {
            constant + step
            for clause in asked
            for _, _, constant in clause.conditions
            for step in (-1, 0, 1)
            if strata.LEAST <= constant + step <= strata.MOST
        }
    )
    values = st.none() | st.sampled_from(near) | constants
    fields = st.dictionaries(st.sampled_from(FIELDS), values)
    return asked, draw(st.lists(fields, min_size=1, max_size=2 * strata.CASES_PER_SESSION))


class TestConclusions:
    @given(questions())
    def test_exactly_the_clauses_that_hold_are_concluded_case_after_case(self, question):
        asked, cases = question
        with Stratum("any", asked) as stratum:
            for fields in cases:
                assert stratum.fire(fields) == holding(asked, fields)

    @given(questions(), st.randoms())
    def test_the_order_of_clauses_comparisons_and_fields_is_irrelevant(self, question, shuffle):
        asked, cases = question
        shuffled = [
            Clause(conclusion, tuple(shuffle.sample(conditions, len(conditions))))
            for conclusion, conditions in shuffle.sample(asked, len(asked))
        ]
        with Stratum("any", asked) as one, Stratum("shuffled", shuffled) as other:
            for fields in cases:
                turned = dict(shuffle.sample(sorted(fields.items()), len(fields)))
                assert other.fire(turned) == one.fire(fields)

    @pytest.mark.parametrize("sign", OPERATORS)
    @pytest.mark.parametrize("constant", EDGES)
    def test_a_value_at_a_threshold_is_taken_as_the_sign_says(self, sign, constant):
        asked = [Clause("holds", (("value", sign, constant),))]
        with Stratum("edge", asked) as stratum:
            for value in range(constant - 1, constant + 2):
                if strata.LEAST <= value <= strata.MOST:
                    assert bool(stratum.fire({"value": value})) == OPERATORS[sign](value, constant)

    @pytest.mark.parametrize("fields", [{}, {"value": None}, {"other": 1}])
    def test_no_comparison_with_an_unknown_field_holds(self, fields):
        asked = [Clause(sign, (("value", sign, 0),)) for sign in OPERATORS]
        with Stratum("unknown", asked) as stratum:
            assert stratum.fire(fields) == frozenset()

    def test_clauses_with_one_conclusion_are_alternatives(self):
        asked = [Clause("either", (("a", ">", 0),)), Clause("either", (("b", ">", 0),))]
        with Stratum("or", asked) as stratum:
            answers = [bool(stratum.fire({"a": a, "b": b})) for a in (0, 1) for b in (0, 1)]
            assert answers == [False, True, True, True]
            assert stratum.firings == 4, "each alternative that holds fires"

    def test_no_case_leaves_a_trace_in_the_next(self, stratum):
        draw = random.Random(2)  # noqa: S311 - as random as a test needs
        for _ in range(20 * strata.CASES_PER_SESSION):
            known = draw.sample(stratum.fields, draw.randint(0, len(stratum.fields)))
            fields = {field: draw.randint(-1, 41) for field in known}
            assert stratum.fire(fields) == holding(stratum.clauses, fields)

    def test_fields_beside_those_compared_are_not_looked_at(self, stratum):
        assert stratum.fire({"f0": 0, "sid": "another", "id": 1.5}) == {"c0"}


class TestLimits:
    @pytest.mark.parametrize(
        "asked",
        [
            thresholds(strata.MOST_CLAUSES, fields=1),
            thresholds(strata.MOST_CLAUSES, fields=strata.MOST_CLAUSES),
            [Clause(f"same{n}", (("f0", ">=", 0),)) for n in range(strata.MOST_CLAUSES)],
            [
                Clause(f"nested{n}", tuple((f"f{i:02}", ">=", 0) for i in range(n + 1)))
                for n in range(strata.MOST_CLAUSES)
            ],
            [
                Clause(f"forked{n}", tuple((f"f{i}", "!=", -n - 1) for i in range(4)))
                for n in range(strata.MOST_CLAUSES)
            ],
        ],
        ids=["one field", "own fields", "one condition", "nested", "forked"],
    )
    def test_a_full_stratum_can_fire_everything_at_once(self, asked):
        with Stratum("full", asked) as stratum:
            fields = dict.fromkeys(stratum.fields, strata.MOST)
            for _ in range(2 * strata.CASES_PER_SESSION):
                assert stratum.fire(fields) == {clause.conclusion for clause in asked}

    def test_the_widest_stratum_takes_the_longest_values(self):
        wide = tuple((f"f{n}", ">=", strata.LEAST) for n in range(strata.MOST_FIELDS))
        with Stratum("wide", [Clause("all", wide)]) as stratum:
            for _ in range(2 * strata.CASES_PER_SESSION):
                assert stratum.fire(dict.fromkeys(stratum.fields, strata.LEAST)) == {"all"}

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ([], "0 clauses, but 1 to 60 are possible"),
            (thresholds(61), "61 clauses, but 1 to 60 are possible"),
            (
                [Clause("wide", tuple((f"f{n}", ">", 0) for n in range(241)))],
                "241 fields, but at most 240 are possible",
            ),
            ([Clause("empty", ())], "empty has no conditions"),
            ([Clause("odd", (("a", "=>", 0),))], "odd compares a by '=>'"),
            ([Clause("far", (("a", ">", 2**63),))], "far compares a with 9223372036854775808"),
            ([Clause("far", (("a", ">", -(2**63) - 1),))], "not a whole number of 64 bits"),
            ([Clause("half", (("a", ">", 0.5),))], "half compares a with 0.5"),
            ([Clause("truth", (("a", "==", True),))], "truth compares a with True"),
            ([Clause("text", (("a", "==", "1"),))], "text compares a with '1'"),
        ],
    )
    def test_what_the_engine_could_not_hold_is_refused_by_name(self, asked, said):
        with pytest.raises(errors.EvaluatorLimitError) as refusal:
            Stratum("thirds", asked)
        assert "the stratum thirds" in str(refusal.value)
        assert said in str(refusal.value)

    def test_everything_wrong_is_said_at_once(self):
        with pytest.raises(errors.EvaluatorLimitError) as refusal:
            Stratum("two", [Clause("empty", ()), Clause("odd", (("a", "~", 0.5),))])
        assert len(refusal.value.problems) == 3

    @pytest.mark.parametrize(
        "value",
        [2**63, -(2**63) - 1, 10**30, 1.0, float("nan"), True, "7", Decimal(7), Fraction(7), [7]],
    )
    def test_a_value_that_is_no_whole_number_of_64_bits_is_refused_not_bent(self, stratum, value):
        with pytest.raises(errors.EvaluatorError) as refusal:
            stratum.fire({"f0": 1, "f3": value})
        assert f"not a whole number of 64 bits: f3 is {value!r}" in str(refusal.value)
        assert ask(stratum, 20), "and the next case is decided as ever"

    def test_no_two_names_given_to_the_engine_share_a_hash(self):
        def hashed(name):
            value = 0x811C9DC5
            for byte in name.encode():
                value = (value ^ byte) * 16777619 & 0xFFFFFFFF
            return value

        words = "id sid $s k $m $l $r $lt $lte $gt $gte $eq $neq $mt $imt $iall $iany $ex $nex "
        words += "$or $and $add $sub $mul $div $forward all any pri count cap dist name"
        members = [*words.split(), *strata._FIELDS]
        assert len({hashed(name) for name in members}) == len(members) == len(set(members))
        cases = [f"{number}" for number in range(strata.CASES_PER_SESSION)] + ["sid-0"]
        assert len({hashed(case) for case in cases}) == len(cases)
        assert len({*strata._RULES, strata._LAST_RULE}) == strata.MOST_CLAUSES + 1


class TestSplit:
    @given(st.lists(clauses, max_size=150), st.randoms(), questions())
    @example([], random.Random(1), ([], [{}]))  # noqa: S311 - as random as a test needs
    def test_its_strata_conclude_together_what_the_clauses_do(self, asked, shuffle, question):
        parts = strata.split("any", asked)
        assert sorted(clause for part in parts for clause in part) == sorted(asked)
        assert parts == strata.split("any", shuffle.sample(asked, len(asked)))
        opened = [Stratum("part", part) for part in parts]
        for fields in question[1]:
            concluded = frozenset().union(*(stratum.fire(fields) for stratum in opened))
            assert concluded == holding(asked, fields)

    def test_strata_are_few_and_even(self):
        parts = strata.split("many", thresholds(150, fields=45))
        assert [len(part) for part in parts] == [50, 50, 50]

    def test_clauses_about_the_same_fields_stay_together(self):
        parts = strata.split("many", thresholds(150, fields=45))
        read = [frozenset().union(*(clause.fields for clause in part)) for part in parts]
        assert all(len(one & other) <= 1 for one, other in pairwise(read))

    def test_no_stratum_gets_more_fields_than_it_can_hold(self):
        wide = [
            Clause(f"c{n:02}", tuple((f"{n:02} {i}", ">", 0) for i in range(100))) for n in range(9)
        ]
        parts = strata.split("wide", wide)
        assert [len(part) for part in parts] == [2, 2, 2, 2, 1]
        assert all(Stratum("part", part).fire({}) == frozenset() for part in parts)

    def test_a_clause_that_fits_nowhere_is_refused(self):
        with pytest.raises(errors.EvaluatorLimitError, match="the stratum rules: empty has no"):
            strata.split("rules", [Clause("empty", ())])


class TestSelfTest:
    def test_the_package_as_installed_passes(self):
        strata.self_test()

    @pytest.mark.parametrize(("sign", "taken_for"), list(permutations(OPERATORS, 2)))
    def test_an_engine_that_takes_one_sign_for_another_fails(self, monkeypatch, sign, taken_for):
        monkeypatch.setitem(strata._CODES, sign, strata._CODES[taken_for])
        with pytest.raises(errors.EvaluatorError, match="cannot be relied on: of"):
            strata.self_test()

    @pytest.mark.parametrize(
        "misread",
        [
            lambda fact: fact.replace("9007199254740993", "9007199254740992"),
            lambda fact: fact.replace("9223372036854775807", "9223372036854775806"),
            lambda fact: fact.replace("-9223372036854775808", "-9223372036854775807"),
            lambda fact: fact if '"A"' in fact else fact.replace(',"k"', ',"A":0,"k"'),
        ],
        ids=["as doubles", "most", "least", "missing as zero"],
    )
    def test_an_engine_that_misreads_a_value_fails(self, monkeypatch, misread):
        ask = strata._Session.ask
        monkeypatch.setattr(
            strata._Session, "ask", lambda self, fact, *, most: ask(self, misread(fact), most=most)
        )
        with pytest.raises(errors.EvaluatorError, match="cannot be relied on: of"):
            strata.self_test()


WITHOUT_THE_PACKAGE = """
import sys
sys.modules["durable_rules_engine"] = None  # what is None there cannot be imported
"""


class TestAvailability:
    def run(self, program):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def test_the_package_is_imported_by_the_first_stratum_not_before(self):
        ran = self.run(
            "import sys; from oversight_engine.evaluators import strata as s;"
            "before = 'durable_rules_engine' in sys.modules;"
            "s.Stratum('first', [s.Clause('c', (('a', '>', 0),))]);"
            "print(before, 'durable_rules_engine' in sys.modules, 'durable' in sys.modules)"
        )
        assert (ran.stdout, ran.stderr) == ("False True False\n", "")

    def test_nobody_else_imports_it(self):
        package = Path(strata.__file__).parent.parent
        importers = [
            path.name
            for path in package.rglob("*.py")
            if "import durable" in path.read_text("utf-8")
        ]
        assert importers == ["strata.py"]

    def test_without_the_package_everything_but_strata_works(self):
        ran = self.run(
            WITHOUT_THE_PACKAGE
            + "from oversight_engine.evaluators.strata import *\n"
            + "from oversight_engine.errors import EvaluatorUnavailableError\n"
            + "import_problem = __import__('oversight_engine.evaluators.strata', fromlist='x')"
            + ".import_problem()\n"
            + "parts = split('s', [Clause('c', (('a', '>', 0),))])\n"
            + "for attempt in (1, 2):\n"
            + "    try:\n"
            + "        Stratum('s', parts[0])\n"
            + "    except EvaluatorUnavailableError as error:\n"
            + "        print(error.code, str(error) == import_problem)\n"
        )
        assert (ran.stdout, ran.stderr) == ("evaluator-unavailable True\n" * 2, "")

    @pytest.mark.parametrize(
        ("python", "flags"),
        [
            ((3, 11, 7), '"-O2"'),
            ((3, 12, 0), '"-O2"'),
            ((3, 13, 0), '"-O2 -DPyEval_CallObject=PyObject_CallObject"'),
            ((3, 14, 1), '"-O2 -DPyEval_CallObject=PyObject_CallObject"'),
        ],
    )
    def test_what_mends_a_failed_import_is_a_command_to_copy(self, monkeypatch, python, flags):
        monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
        monkeypatch.setattr(sys, "version_info", python)
        monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python")
        strata._package.cache_clear()
        problem = strata.import_problem()
        strata._package.cache_clear()
        assert problem.startswith(
            "durable-rules cannot be imported (import of durable_rules_engine"
        )
        assert problem.endswith(
            f"CPPFLAGS={flags} '/opt/my python/bin/python' -m pip install --force-reinstall "
            "--no-cache-dir --no-binary durable_rules durable_rules==2.0.28"
        )

    def test_where_it_works_there_is_no_problem(self):
        assert strata.import_problem() is None
        assert strata.installed_version() == strata.VERSION

    def test_another_version_is_a_problem(self, monkeypatch):
        monkeypatch.setattr(metadata, "version", lambda _: "2.0.29")
        assert "durable-rules 2.0.29 is installed, but only 2.0.28" in strata.import_problem()

    def test_a_package_that_is_not_installed_has_no_version(self, monkeypatch):
        def missing(name):
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(metadata, "version", missing)
        assert strata.installed_version() is None
