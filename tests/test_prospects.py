"""`oversight path` and `oversight robust`: what they print, in every format, and how they end."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from oversight_engine.report.schemas import shipped_schema
from tests.commands import run
from tests.shown import shipped_case

SHORT = str(shipped_case("eastering"))
SILENT = str(shipped_case("drummers-end"))
YOUNG = str(shipped_case("bellwater"))
FREE = str(shipped_case("dunmarsh"))
REFERENCE = "--evaluators=reference"


def path(case, *more, to="lighter_reporting"):
    return run("path", case, "--to", to, REFERENCE, *more)


def robust(case, *more):
    return run("robust", case, REFERENCE, *more)


@pytest.fixture
def doubtful(tmp_path):
    """Return a case that meets a line, of a figure that may truly lie on either side of it."""
    text = shipped_case("dunmarsh").read_text(encoding="utf-8")
    likely = "{value: 70, likely: {from: 69.5, to: 71, shape: uniform}}"
    before, _, after = text.partition("cancer_62day_pct: ")
    file = tmp_path / "doubtful.yaml"
    file.write_text(f"{before}cancer_62day_pct: {likely}\n{after.partition(chr(10))[2]}")
    return str(file)


def test_a_path_says_what_to_change_by_how_much_and_when_it_can():
    said = path(SHORT, "--format=plain")

    assert said.exit_code == 0
    assert said.output.startswith(
        "To earn lighter reporting: planned position for the year from 0% to 0.09% "
        "(+0.09 percentage points).\n"
    )
    assert "Planned position for the year: next due by 31 March 2026" in said.output
    assert "Another way (2)" in said.output


def test_for_a_referral_a_path_may_be_evidence():
    said = path(SILENT, "--format=plain")

    assert "a critical concern about quality or safety is open” that shows no" in said.output


def test_where_there_is_no_path_the_rules_and_facts_in_the_way_are_named():
    said = path(YOUNG, "--format=plain")

    assert said.exit_code == 1
    assert "No path to lighter reporting" in said.output
    assert "The requirements are met for too few quarters in a row" in said.output
    assert "it is history" in said.output


def test_a_case_that_is_there_says_so():
    said = path(FREE, "--format=plain")

    assert (said.exit_code, said.output.splitlines()[0]) == (0, "Already there: lighter reporting.")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--to", "referral"], "no path leads to a referral"),
        (["--to", "lighter"], "`lighter` is no outcome"),
        (["--to", "lighter_reporting", "--least", "effort"], "states the effort of no fact"),
        (["--to", "lighter_reporting", "--without", "cancer"], "declares no fact cancer"),
    ],
)
def test_what_cannot_be_asked_is_refused(more, said):
    result = run("path", SHORT, REFERENCE, *more)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("case", [SHORT, SILENT, YOUNG, FREE])
def test_paths_as_data_follow_their_schema(case):
    data = json.loads(path(case, "--format=json").stdout)

    Draft202012Validator(shipped_schema("paths")).validate(data)
    assert data["to"] == "lighter_reporting"


def test_a_decision_on_figures_that_state_no_doubt_is_firm():
    said = robust(FREE, "--format=plain", "--fail-on=borderline")

    assert said.exit_code == 0
    assert said.output.startswith("Firm as stated: lighter reporting.")


def test_what_rounding_could_turn_is_told_and_may_fail(doubtful):
    said = robust(FREE, "--format=plain", "--fail-on=rounding")

    assert said.exit_code == 1
    assert "If rounding is allowed for, borderline" in said.output
    assert "70% could be 69.995%: alone brings standard oversight" in said.output
    assert "rounding may reach it" in said.output
    assert "If rounding is allowed for" not in robust(doubtful, "--format=plain").output


def test_what_would_be_needed_besides_an_obstacle_is_listed():
    said = path(str(shipped_case("grizelow")), "--format=plain")

    assert "What stands in the way" in said.output
    besides = said.output.partition("Besides, the other rules would need:")[2]
    assert "Local priorities agreed: from 2 priorities to 3 priorities (+1 priority)" in besides


def test_from_a_referral_evidence_is_asked_for_and_nothing_known_gets_worse():
    said = path(SILENT, "--format=plain", to="intervention")

    assert said.output.startswith("What would lead to intervention: evidence of “a critical")
    assert "nothing that is known was asked to change" in said.output
    assert "from" not in said.output.partition("\n")[0]


def test_another_way_that_is_much_the_same_says_how_it_differs():
    said = path(str(shipped_case("brackenfold").parent.parent / "ics-2025-q1"),
                "--system=QF7", "--format=plain")  # fmt: skip

    assert said.output.startswith("To earn lighter reporting: 40 changes, 36 of them evidence.")
    assert said.output.count("evidence that shows yes") > 5
    other = said.output.partition("Another way (2): 40 changes")[2].partition("\n\n")[0]
    assert "39 changes as in the first way, without" in other
    assert len(other.strip().splitlines()) == 3


@pytest.fixture
def trusts(tmp_path):
    """Return five trusts that are judged among each other, by their published averages."""
    lines = "".join(
        f"  - {{system: {{code: RT{n}, name: Trust {n}}}, facts: {{published_of5002: {score}, "
        "published_of5004: no, published_of5007: no}}\n"
        for n, score in enumerate(("1.50", "2.00", "2.50", "3.00", "3.50"), start=1)
    )
    file = tmp_path / "trusts.yaml"
    file.write_text(f"format: oversight-case/1\nas_of: 2025-09-01\ncases:\n{lines}")
    return [str(file), "--rulebook=nof-2025-26", "--format=plain", REFERENCE]


def test_in_a_cohort_a_path_leaves_the_others_as_they_are(trusts):
    said = run("path", *trusts, "--system=RT4", "--to=segment_1")

    assert "published average metric score from 3 score to 2 score (-1 score)." in said.output
    assert "All others of the cohort, and what is computed of it, stay as they are" in said.output


def test_in_a_cohort_what_could_turn_a_decision_leaves_the_others_as_they_are(trusts):
    said = run("robust", *trusts, "--system=RT4")

    assert said.output.startswith("Firm as stated: segment 3.")
    assert "3 score could be 3.005 score: alone brings segment 4" in said.output
    assert "All others of the cohort, and what is computed of it, stay as they are" in said.output


def test_one_trust_among_many_has_to_be_named_to_be_explained(trusts):
    said = run("explain", *trusts)

    assert said.exit_code == 2
    assert "choose one with --system" in said.stderr


def test_a_decision_on_a_figure_that_may_lie_across_a_line_is_borderline(doubtful):
    said = robust(doubtful, "--format=plain", "--fail-on=borderline")

    assert said.exit_code == 1
    assert said.output.startswith("Borderline: lighter reporting.")
    # Of 151 hundredths between 69.5 and 71, the 50 below 70 miss the target.
    assert "Standard oversight: 33.11% (exactly 50/151)" in said.output
    assert "alone brings standard oversight" in said.output


def test_what_is_possible_if_all_were_known_stands_beside_the_bound():
    said = robust(SILENT, "--format=plain").output

    assert "Exactly possible: lighter reporting or intervention" in said
    assert "The decision's own bound: lighter reporting or intervention" in said


def test_robustness_as_data_follows_its_schema(doubtful):
    for case in (FREE, SILENT, doubtful):
        data = json.loads(robust(case, "--format=json").stdout)
        Draft202012Validator(shipped_schema("robustness")).validate(data)

    assert data["chances"] == {"lighter_reporting": "101/151", "standard_oversight": "50/151"}


@pytest.fixture
def several(tmp_path, doubtful):
    """Return a folder of three cases, of which the first is borderline."""
    for number, case in enumerate((SHORT, SILENT)):
        text = Path(case).read_text(encoding="utf-8")
        (tmp_path / f"other-{number}.yaml").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_of_several_cases_each_has_a_line(several):
    said = robust(several, "--format=plain", "--fail-on=borderline")

    assert said.exit_code == 1
    assert said.output.startswith("1 of 3 decisions is borderline.\n")
    [doubtful] = [line for line in said.output.splitlines() if "ZZ004" in line]
    assert "Which is: Borderline; Could also be: standard oversight;" in doubtful
    assert robust(several, "--format=plain").exit_code == 0


def test_of_several_cases_all_that_is_said_of_each_follows_its_schema(several, doubtful):
    data = json.loads(robust(several, "--format=json").stdout)

    Draft202012Validator(shipped_schema("firmness")).validate(data)
    alone = [json.loads(robust(case, "--format=json").stdout) for case in (doubtful, SHORT, SILENT)]
    assert data["cases"] == alone


@pytest.mark.parametrize("asked", [path, robust])
def test_one_of_several_may_be_chosen(several, doubtful, asked):
    chosen = asked(several, "--system=ZZ004", "--format=plain")

    assert chosen.output == asked(doubtful, "--format=plain").output


def test_of_several_cases_the_least_path_of_each_has_a_line(several):
    Path(several, "young.yaml").write_text(Path(YOUNG).read_text(encoding="utf-8"))
    said = path(several, "--format=plain")

    assert said.exit_code == 1  # one of them has none
    title, _, there, none, *_ = said.output.splitlines()
    assert title == "A path to lighter reporting: 2 of 4 cases."
    assert (there, none) == ("Already there: 1.", "With no path: 1.")
    takes = {
        line.split("; ")[0].removeprefix("System: "): line.partition("What it would take: ")[2]
        for line in said.output.splitlines()
        if line.startswith("System: ")
    }
    assert takes["ZZ004"] == "nothing: it is there"
    assert takes["ZZ005"].startswith("planned position for the year from 0% to 0.09%")
    assert takes["ZZ002"].startswith("no path: ")


def test_of_several_cases_all_paths_follow_their_schema(several, doubtful):
    data = json.loads(path(several, "--format=json").stdout)

    Draft202012Validator(shipped_schema("prospects")).validate(data)
    alone = [json.loads(path(case, "--format=json").stdout) for case in (doubtful, SHORT, SILENT)]
    assert data["cases"] == alone


@pytest.mark.parametrize("form", ["pretty", "markdown"])
def test_people_may_have_it_in_other_forms(form, doubtful):
    assert "lighter reporting" in path(SHORT, f"--format={form}").output
    assert "Borderline" in robust(doubtful, f"--format={form}").output
