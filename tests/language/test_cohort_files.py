"""Cohort values: what was written is read as the same, and what cannot be is refused."""

import json
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.cohort import compute_cohort
from oversight_engine.errors import CohortNeededError, ExitCode, InputError, IntegrityError
from oversight_engine.language.cohort_files import read_cohort
from oversight_engine.model.cohort import CohortValues, Excluded, StepTable, cohort_data
from oversight_engine.model.plain import canonical
from oversight_engine.report.data import document
from tests import builders as b
from tests import leagues

TABLE = StepTable("higher", ((-1, 4), (Fraction(1, 3), Fraction(5, 2)), (7, 1)), otherwise=4)
VALUES = CohortValues(
    rulebook="sha256:" + "0" * 64,
    day=b.DAY,
    members=("QA", "QB"),
    excluded=(Excluded("QC", "`known(a)` is false"),),
    parameters={"low": Fraction(22, 7), "many": 2},
    steps={"score": TABLE, "again": TABLE},
    left_out={"score": 1},
)


@pytest.fixture
def write(tmp_path):
    def write(data):
        path = tmp_path / "cohort.json"
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        return path

    return write


@pytest.mark.parametrize("written", [document, canonical])
@pytest.mark.parametrize("reform", ["", "sha256:" + "1" * 64])
def test_values_that_were_written_are_read_as_the_same(write, written, reform):
    values = attrs.evolve(VALUES, reform=reform)

    found = read_cohort(write(written(cohort_data(values))))

    assert found == values
    assert found.digest == values.digest


def test_a_table_that_two_scores_share_is_written_once():
    data = cohort_data(VALUES)

    assert list(data["tables"]) == [TABLE.digest]
    assert data["scores"] == {"again": TABLE.digest, "score": TABLE.digest}


@given(st.data())
def test_the_values_of_any_cohort_are_read_back(tmp_path_factory, data):
    book = leagues.of_all(data.draw(leagues.leagues()))
    values = compute_cohort(book, data.draw(leagues.cohorts(book)), b.DAY)
    path = tmp_path_factory.mktemp("cohort") / "values.json"

    path.write_bytes(document(cohort_data(values)))

    assert read_cohort(path) == values


def changed(**more):
    return cohort_data(VALUES) | more


def test_a_table_that_is_not_what_its_digest_names_is_an_integrity_failure(write):
    data = cohort_data(VALUES)
    data["tables"][TABLE.digest]["steps"][0][1] = "3"

    with pytest.raises(
        IntegrityError, match=f"the step table under {TABLE.digest} is sha256:"
    ) as e:
        read_cohort(write(data))
    assert e.value.exit_code is ExitCode.INTEGRITY


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (changed(format="oversight-cohort/2"), ["unknown-format"]),
        (changed(more=1), ["unknown-key"]),
        (changed(tables={}), ["unknown-table", "unknown-table"]),
        (changed(parameters={"low": "1/0"}), ["not-a-number"]),
        (changed(parameters={"low": "1e3"}), ["not-a-number"]),
        (changed(left_out={"score": "many"}), ["not-a-number"]),
        (changed(members="QA"), ["wrong-shape"]),
        (changed(excluded=[{"code": "QC"}]), ["missing-key"]),
        (changed(as_of="2025-02-30"), ["impossible-date"]),
        ({"format": "oversight-cohort/1"}, ["missing-key"] * 8),
        ([], ["wrong-shape"]),
    ],
)
def test_what_are_no_cohort_values_is_refused_with_every_problem(write, data, codes):
    with pytest.raises(InputError) as raised:
        read_cohort(write(data))

    assert [problem.code for problem in raised.value.problems] == codes
    assert raised.value.exit_code is ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    "steps", [[["1", "2"], ["1", "3"]], [["2", "2"], ["1", "3"]], [["1", "2", "3"]], ["1"]]
)
def test_a_step_table_lists_pairs_with_ascending_numbers(write, steps):
    table = {"better": "higher", "steps": steps, "otherwise": "4"}

    with pytest.raises(InputError) as raised:
        read_cohort(write(changed(tables={"sha256:0": table}, scores={})))

    assert [problem.code for problem in raised.value.problems] == ["wrong-shape"]


def test_a_file_that_is_not_there_is_bad_input(tmp_path):
    with pytest.raises(InputError) as raised:
        read_cohort(tmp_path / "none.json")

    assert [problem.code for problem in raised.value.problems] == ["no-such-file"]
    assert not isinstance(raised.value, CohortNeededError)
