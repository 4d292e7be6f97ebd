"""`oversight import` and `oversight agree`: what they write, print, refuse and exit with."""

import json

import pytest

from oversight_engine.report.schemas import shipped_schema
from tests.commands import REFERENCE, run
from tests.importing import nof_files as nof
from tests.test_report_data import validate


def rows_of_four(**changes):
    """Return the rows of four trusts, of every kind, one of them with scores."""
    rows = []
    for code, kind, average, segment in (
        ("RA1", nof.ACUTE, "1.5", "1"),
        ("RA2", nof.AMBULANCE, "2.0", "2"),
        ("RA3", nof.MENTAL, "2.5", "3"),
        ("RB1", nof.ACUTE, "3.17", "4"),
    ):
        more = {"of1080": "3", "of1035": "3.33", "of0079": "-3", "of0081": "-0.2"}
        figures = {"of5002": average, "of5003": segment, "of5004": "0", "of5007": "0"}
        figures |= more if code == "RB1" else {}
        rows += [row | {"Trust_type": kind} for row in nof.trust(code, segment, **figures)]
    return [row | changes.get(f"{row['Trust_code']}_{row['Metric_ID']}", {}) for row in rows]


@pytest.fixture
def imported(tmp_path):
    """Import four trusts, and return the folder."""
    path = nof.write(tmp_path, rows_of_four())
    assert run("import", "nof", path, "-o", tmp_path / "out").exit_code == 0
    return tmp_path / "out"


COHORT, PUBLISHED = "cohort-q1-2025-26.yaml", "published-q1-2025-26.csv"


def test_an_import_writes_a_cohort_and_its_published_cells_and_says_what_became_of_each_row(
    tmp_path,
):
    path = nof.write(tmp_path, [*rows_of_four(), nof.row("RA1", "OF4100", "2")])

    result = run("import", "nof", path, "-o", tmp_path / "out", "--format", "plain")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [COHORT, PUBLISHED]
    assert result.stdout.splitlines()[:2] == [
        "Read 25 rows of 1 file: 1 cohort.",
        "q1-2025-26: 4 cases, 10 published cells to compare.",
    ]
    assert (
        "File: nof.csv; Rows: 25; Fact: 14; Compared: 9; Fact and compared: 1; Contextual: 1"
        in result.stdout
    )
    assert "OF4100 About OF4100: 1 row" in result.stdout
    assert str(tmp_path / "out" / COHORT) in result.stdout


def test_what_an_import_prints_as_json_fits_its_schema(tmp_path):
    path = nof.write(tmp_path, rows_of_four())

    result = run("import", "nof", path, "-o", tmp_path / "out", "--format", "json")

    data = json.loads(result.stdout)
    validate(data, shipped_schema("imported"))
    assert data["files"] == [{"file": str(path), "rows": 24, "left_out": 0}]
    assert sum(each["rows"] for each in data["rows"]) == 24


def test_an_import_replaces_nothing_unless_it_is_forced_to(tmp_path, imported):
    path = nof.write(tmp_path, rows_of_four(), "again.csv")
    before = (imported / COHORT).read_bytes()

    refused = run("import", "nof", path, "-o", imported)

    assert refused.exit_code == 2
    assert "is there already: --force replaces it" in refused.stderr
    assert (imported / COHORT).read_bytes() == before
    assert run("import", "nof", path, "-o", imported, "--force").exit_code == 0
    assert b"again.csv" in (imported / COHORT).read_bytes()


def test_with_a_problem_nothing_is_written_unless_it_is_to_keep_going(tmp_path):
    path = nof.write(tmp_path, rows_of_four(RA1_OF5002={"Value": "x"}))
    arguments = ("import", "nof", path, "-o", tmp_path / "out")

    refused = run(*arguments)

    assert refused.exit_code == 2
    assert not (tmp_path / "out").exists()
    assert "not-a-number" in refused.stderr
    assert refused.stdout == ""
    went_on = run(*arguments, "--keep-going")
    assert went_on.exit_code == 2
    assert "not-a-number" in went_on.stderr
    assert "Left out" in went_on.stdout
    assert (tmp_path / "out" / COHORT).exists()


def test_a_warning_does_not_keep_an_import_from_being_written(tmp_path):
    path = nof.write(tmp_path, [*rows_of_four(), nof.row("RA1", "OF1999", "2")])

    result = run("import", "nof", path, "-o", tmp_path / "out")

    assert result.exit_code == 0
    assert "warning: unknown-metric" in result.stderr
    assert "OF1999 About OF1999: 1 row" in result.stdout


def test_a_folder_that_cannot_be_written_to_is_bad_input(tmp_path):
    path = nof.write(tmp_path, rows_of_four())
    (tmp_path / "file").write_text("")

    result = run("import", "nof", path, "-o", tmp_path / "file" / "out")

    assert result.exit_code == 2
    assert "cannot be written to" in result.stderr


def test_the_help_of_import_lists_every_importer_and_each_says_what_it_reads():
    listed = run("import", "--help").output

    assert "nof " in listed
    assert "systems " in listed
    assert "NHS Oversight Framework" in run("import", "nof", "--help").output
    assert run("import", "other").exit_code == 2


def test_published_cells_that_agree_exit_with_nought(imported):
    result = run("agree", imported / COHORT, "--published", imported / PUBLISHED, REFERENCE)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == (
        "10 published cells compared: 10 equal, 0 different, 0 of them unexplained"
    )


def agree(imported, replaced, by, *options):
    path = imported / PUBLISHED
    text = path.read_text(encoding="utf-8")
    assert text.count(replaced) == 1
    path.write_text(text.replace(replaced, by), encoding="utf-8")
    return run("agree", imported / COHORT, "--published", path, REFERENCE, *options)


def test_a_difference_that_nothing_explains_exits_with_one_and_is_told(imported):
    result = agree(imported, "of5003,4,", "of5003,3,")

    assert result.exit_code == 1
    assert "1 different, 1 of them unexplained" in result.stdout
    assert "OF5003 of RB1: published 3, ours 4; unexplained" in " ".join(result.stdout.split())


def test_a_difference_that_is_explained_exits_with_one_only_where_that_is_asked_for(imported):
    # The mean of 3, which nobody rounded, and 3.33 is 3.165; before rounding, 3.1625 at least.
    path = "of5002,3.17,", "of5002,3.16,"

    result = agree(imported, *path, "--details", "--format", "plain")

    assert result.exit_code == 0
    assert "1 different, 0 of them unexplained" in result.stdout
    assert (
        "OF5002 of RB1: published 3.16, ours 3.17; rounded scores: ours is 3.165 before rounding; "
        "unrounded scores allow 3.1625 to 3.1675" in result.stdout
    )
    strict = run(
        "agree", imported / COHORT, "--published", imported / PUBLISHED, REFERENCE,
        "--fail-on", "different",
    )  # fmt: skip
    assert strict.exit_code == 1


@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_the_agreement_is_a_table_by_metric_in_every_format(imported, form):
    result = run(
        "agree", imported / COHORT, "--published", imported / PUBLISHED, REFERENCE, "--format", form
    )

    assert [m for m in ("OF1080", "OF4003", "OF5002", "OF5003") if m in result.stdout] == [
        "OF1080", "OF5002", "OF5003",
    ]  # fmt: skip


def test_what_agree_prints_as_json_fits_its_schema(imported):
    result = agree(imported, "of5003,4,", "of5003,3,", "--format", "json")

    data = json.loads(result.stdout)
    validate(data, shipped_schema("agreement"))
    assert (data["cells"], data["equal"], data["different"], data["unexplained"]) == (10, 9, 1, 1)
    [odd] = [each for each in data["compared"] if each["reason"]]
    assert (odd["published"], odd["ours"], odd["verdict"]) == ("3", "4", "different")


def test_cells_of_somebody_else_are_bad_input(tmp_path, imported):
    other = tmp_path / "other.csv"
    text = (imported / PUBLISHED).read_text(encoding="utf-8")
    other.write_text(text.replace("RA", "RX").replace("RB", "RX"), encoding="utf-8")

    result = run("agree", imported / COHORT, "--published", other, REFERENCE)

    assert result.exit_code == 2


MAP = "trust_code,system_code\nRA1,QE1\nRA2,QE1\nRA3,QF7\nRB1,\n"


@pytest.fixture
def decided(tmp_path, imported):
    """Return the files of the decisions and of a map."""
    decisions, places = tmp_path / "decisions.json", tmp_path / "map.csv"
    result = run("decide", imported / COHORT, "--rulebook", "nof-2025-26", REFERENCE,
                 "--format", "json")  # fmt: skip
    decisions.write_text(result.stdout)
    places.write_text(MAP)
    return decisions, places


def test_decisions_about_trusts_become_cases_of_systems_and_a_table(tmp_path, decided):
    decisions, places = decided
    folder = tmp_path / "systems"

    result = run("import", "systems", decisions, "--map", places, "-o", folder)

    assert result.exit_code == 0, result.output
    assert "In no system: 1 trust: RB1" in result.stdout
    assert (folder / "systems.csv").read_text().splitlines() == [
        ("System,Trusts,segment 1,segment 2,segment 3,financial override,intensive support,"
         "not decided"),
        "QE1,2,1,1,0,0,0,",
        "QF7,1,0,0,1,0,0,",
    ]  # fmt: skip
    read = run("decide", folder / "systems.yaml", REFERENCE, "--format", "jsonl")
    assert read.exit_code == 0
    facts = [
        {
            fact["id"]: fact["value"]
            for fact in json.loads(line)["decision"]["facts"]
            if fact["known"]
        }
        for line in read.stdout.splitlines()
    ]
    assert facts == [{"providers_in_intensive_support": "0"}] * 2


def test_what_is_gathered_is_added_to_cases_and_printed_as_json_by_schema(tmp_path, decided):
    decisions, places = decided
    case = tmp_path / "case.yaml"
    case.write_text(
        "format: oversight-case/1\nsystem: {code: QE1, name: Somewhere}\nas_of: 2025-09-30\n"
        "facts: {mhis_met: yes}\n"
    )
    arguments = ("import", "systems", decisions, "--map", places, "--onto", case)

    result = run(*arguments, "-o", tmp_path / "systems", "--format", "json")

    data = json.loads(result.stdout)
    validate(data, shipped_schema("gathered"))
    assert data["in_no_system"] == ["RB1"]
    written = (tmp_path / "systems" / "systems.yaml").read_text()
    assert "name: Somewhere" in written
    assert "mhis_met: {value: yes, status: final}" in written
    assert "providers_in_intensive_support" in written


def test_a_map_may_name_its_systems_in_another_column_and_one_without_is_refused(tmp_path, decided):
    decisions, places = decided
    places.write_text(MAP.replace("system_code", "icb"))
    arguments = ("import", "systems", decisions, "--map", places, "-o", tmp_path / "systems")

    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--system-column", "icb").exit_code == 0


def test_a_file_without_decisions_is_refused(tmp_path, decided):
    _, places = decided

    result = run("import", "systems", places, "--map", places, "-o", tmp_path / "systems")

    assert result.exit_code == 2
    assert "holds no decisions" in result.stderr
