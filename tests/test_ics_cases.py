"""The case files of the 42 systems say what was published: all of it, exactly, and nothing else."""

import csv
import re
from decimal import Decimal

import pytest
import yaml

from oversight_engine import Engine, load_rulebook, read_cases
from oversight_engine.model.truth import TRUE
from oversight_engine.resources import shipped

FOLDER = shipped("cases") / "ics-2025-q1"
FILES = sorted(FOLDER.glob("*.yaml"))

FACT_OF_COLUMN = {
    "ae_4hr_pct": "ae_4hr_pct",
    "rtt_18w_pct": "rtt_18wk_pct",
    "rtt_52w_pct": "rtt_over_52wk_share_pct",
    "cancer_28d_fds_pct": "cancer_fds_pct",
    "cancer_31d_pct": "cancer_31day_pct",
    "cancer_62d_pct": "cancer_62day_pct",
    "diag_6w_pct": "diagnostics_over_6wk_share_pct",
}
WITHOUT_FACT = {"calendar_quarter", "icb_ods", "ics_name", "trusts_in_rtt", "ae_12hr_pct"}


def read_text(path):
    """Return the file as mappings of text: nothing is read as a number, so nothing can change."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (makes text only)


@pytest.fixture(scope="module")
def stories():
    return {story["system"]["code"]: story for story in map(read_text, FILES)}


@pytest.fixture(scope="module")
def published_rows(published_data):
    def rows(name):
        with (published_data / "ics" / name).open(encoding="utf-8-sig", newline="") as file:
            return {row["icb_ods"]: row for row in csv.DictReader(file)}

    return rows


@pytest.fixture(scope="module")
def decisions():
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    with Engine(rulebook) as engine:
        return {case.system.code: engine.decide(case) for case in read_cases(FOLDER, rulebook)}


def test_there_is_one_file_for_each_of_the_42_systems_named_for_it(stories):
    assert len(FILES) == len(stories) == 42
    for path, code in zip(FILES, sorted(stories), strict=True):
        short = re.sub(r"[^a-z]+", "-", stories[code]["system"]["name"].lower())
        assert path.stem == f"{code}-{short}"


def test_every_figure_has_a_source_and_is_labelled_derived_at_the_end_of_the_quarter(stories):
    for story in stories.values():
        assert story["defaults"] == {"as_at": "2025-03-31", "status": "derived"}
        assert (story["period"]["from"], story["period"]["to"]) == ("2025-01-01", "2025-03-31")
        assert story["as_of"] == "2025-06-30"
        for stated in story["facts"].values():
            assert stated["source"].startswith("NHS England: ")
            assert stated["source"].endswith(", January to March 2025; roll-up of host trusts")
            assert set(stated) <= {"value", "unit", "source", "note"}


def test_no_system_states_a_fact_that_was_not_published_for_systems(stories):
    for story in stories.values():
        assert set(story["facts"]) <= set(FACT_OF_COLUMN.values())
        assert "local_priorities" not in story


def test_every_figure_is_a_plain_decimal_within_a_percentage(stories):
    for story in stories.values():
        for stated in story["facts"].values():
            assert re.fullmatch(r"\d+(\.\d{1,2})?", stated["value"])
            assert 0 <= Decimal(stated["value"]) <= 100
            assert stated["unit"] == "%"


def test_every_fact_is_read_with_its_source_status_and_date(decisions, stories):
    for code, decision in decisions.items():
        stated = {r.fact.id: r.stated for r in decision.facts if r.stated is not None}

        assert set(stated) == set(stories[code]["facts"])
        assert all(fact.source and fact.status == "derived" for fact in stated.values())
        assert {fact.as_at.isoformat() for fact in stated.values()} == {"2025-03-31"}


def test_what_holds_of_a_system_is_what_comparing_its_figures_by_hand_gives(decisions, stories):
    for code, decision in decisions.items():
        figures = {fact: Decimal(s["value"]) for fact, s in stories[code]["facts"].items()}
        missed = {
            "cancer_62day_missed": figures["cancer_62day_pct"] < 70,
            "cancer_fds_missed": figures["cancer_fds_pct"] < 77,
            "cancer_31day_missed": figures["cancer_31day_pct"] < 96,
        }
        others_met = [
            figures["ae_4hr_pct"] >= 78,
            figures["diagnostics_over_6wk_share_pct"] <= 5,
        ]
        most_on_track = 2 + sum(others_met) + list(missed.values()).count(False)
        missed["national_priorities_off_track_2025_26"] = most_on_track < 5  # two are unknown

        holds = {result.rule.id for result in decision.rules if result.truth is TRUE}

        assert holds == {rule for rule, is_missed in missed.items() if is_missed}
        assert decision.referred
        assert ("lighter_reporting" in decision.possible) is not any(missed.values())


@pytest.mark.checkout
def test_the_summary_in_the_readme_is_what_deciding_the_cases_gives(decisions):
    from tools import sum_up_ics_cases

    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    summary = sum_up_ics_cases.sum_up(list(decisions.values()))

    assert "| referred: evidence is missing | 42 |" in summary
    assert sum_up_ics_cases.with_summary(readme, summary) == readme


@pytest.mark.published
def test_codes_names_and_regions_are_those_of_the_reference(stories, published_rows):
    reference = published_rows("icb_reference.csv")

    assert {
        code: (f"NHS {story['system']['name']} Integrated Care Board", story["system"]["region"])
        for code, story in stories.items()
    } == {code: (row["icb_name"], row["nhs_region"]) for code, row in reference.items()}


@pytest.mark.published
def test_every_published_figure_is_stated_as_it_was_written_and_no_empty_cell_is(
    stories, published_rows
):
    performance = published_rows("ics_performance_2025_q1_derived.csv")

    assert set(next(iter(performance.values()))) == WITHOUT_FACT | set(FACT_OF_COLUMN)
    assert {
        code: {fact: stated["value"] for fact, stated in story["facts"].items()}
        for code, story in stories.items()
    } == {
        code: {fact: row[column] for column, fact in FACT_OF_COLUMN.items() if row[column]}
        for code, row in performance.items()
    }


@pytest.mark.published
@pytest.mark.checkout
def test_the_shipped_files_are_what_the_generator_makes_of_the_published_figures(published_data):
    from tools import build_ics_cases

    made = build_ics_cases.build(published_data / "ics")

    assert made == {path.name: path.read_text(encoding="utf-8") for path in FILES}


@pytest.mark.checkout
def test_a_cell_without_a_figure_leaves_the_fact_unstated(tmp_path):
    from tools import build_ics_cases

    write_published(tmp_path, ae_4hr_pct="")

    [text] = build_ics_cases.build(tmp_path).values()

    assert set(FACT_OF_COLUMN.values()) - set(yaml.safe_load(text)["facts"]) == {"ae_4hr_pct"}


@pytest.mark.checkout
@pytest.mark.parametrize("cell", ["n/a", "*", "61.5 ", "6,150", "-1", "NaN", "1e2", ".5"])
def test_a_cell_that_is_not_a_plain_figure_is_refused(tmp_path, cell):
    from tools import build_ics_cases

    write_published(tmp_path, ae_4hr_pct=cell)

    with pytest.raises(SystemExit, match="QOC: cannot be copied as it stands"):
        build_ics_cases.build(tmp_path)


@pytest.mark.checkout
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"calendar_quarter": "2025Q2"}, "2025Q2 is not 2025Q1"),
        ({"ics_name": "Shropshire"}, "Shropshire is not the name of NHS Shropshire, Telford"),
        ({"icb_ods": "QXX"}, "do not have the same systems"),
    ],
)
def test_published_files_that_do_not_fit_each_other_are_refused(tmp_path, cells, message):
    from tools import build_ics_cases

    write_published(tmp_path, **cells)

    with pytest.raises(SystemExit, match=message):
        build_ics_cases.build(tmp_path)


def write_published(folder, **cells):
    """Write the two published files for one system, with *cells* of its performance changed."""
    name = "Shropshire, Telford and Wrekin"
    write_csv(
        folder / "icb_reference.csv",
        {
            "icb_ods": "QOC",
            "icb_name": f"NHS {name} Integrated Care Board",
            "nhs_region": "Midlands",
        },
    )
    row = {"calendar_quarter": "2025Q1", "icb_ods": "QOC", "ics_name": name, "trusts_in_rtt": "2"}
    row |= dict.fromkeys(FACT_OF_COLUMN, "61.5")
    write_csv(folder / "ics_performance_2025_q1_derived.csv", row | cells)


def write_csv(path, row):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
