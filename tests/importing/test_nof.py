"""NHS England's files become cases and cells to compare, every row accounted for."""

import datetime
import tempfile
from fractions import Fraction
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.language.writer import cases_text
from oversight_engine.resources import shipped
from tests.importing import nof_files as nof

Q1 = "q1-2025-26"


def test_a_value_a_score_a_flag_and_an_average_become_what_the_rulebook_has_for_them(tmp_path):
    rows = nof.trust(
        "RA1", of0005="9.03", of1005="3.4", of4000="3.0", of5002="2.5", of5003="3.0", of5004="1.0",
        of5007="0.0", of4100="4.0",
    )  # fmt: skip

    imported = nof.read(nof.write(tmp_path, rows))

    assert list(imported.problems) == []
    assert nof.values(imported) == {
        (Q1, "RA1", "of0005"): Fraction("9.03"),
        (Q1, "RA1", "published_of1005"): Fraction("3.4"),
        (Q1, "RA1", "published_of5004"): True,
        (Q1, "RA1", "published_of5007"): False,
    }
    assert nof.compared(imported) == {
        (Q1, "RA1", "of1005"): Fraction("3.4"),
        (Q1, "RA1", "of4000"): 3,
        (Q1, "RA1", "of5002"): Fraction("2.5"),
        (Q1, "RA1", "of5003"): 3,
        (Q1, "RA1", "of5005"): 2,
    }
    assert nof.uses(imported) == {
        "fact": 3, "compared": 4, "fact and compared": 1, "contextual": 1,
    }  # fmt: skip


def test_the_average_is_a_fact_only_where_no_score_is_at_hand(tmp_path):
    alone = nof.trust("RA1", of5002="2.41")
    scored = nof.trust("RA2", of5002="2.41", of1086="2.0")

    imported = nof.read(nof.write(tmp_path, alone + scored))

    assert (Q1, "RA1", "published_of5002") in nof.values(imported)
    assert (Q1, "RA2", "published_of5002") not in nof.values(imported)
    assert [key for key in nof.compared(imported) if key[2] == "of5002"] == [(Q1, "RA2", "of5002")]
    one, other = imported.cohorts[0].cases
    assert one.about == "No metric score is at hand: the average enters as it was published."
    assert other.about == ""


def test_a_case_says_whose_figures_of_when_and_where_each_stands(tmp_path):
    path = nof.write(tmp_path, [*nof.trust("RA1"), nof.row("RA1", "OF0086", "99.1")])

    [case] = nof.read(path).cohorts[0].cases

    assert attrs.asdict(case.system) == {
        "code": "RA1", "name": "Trust RA1", "region": "Example North",
    }  # fmt: skip
    assert (case.period.start, case.period.end) == (
        datetime.date(2025, 4, 1), datetime.date(2025, 6, 30),
    )  # fmt: skip
    assert case.as_of == datetime.date(2025, 9, 9)
    stated = case.facts["of0086"]
    assert stated.source == "NHS England, NHS Oversight Framework, trust data for Q1 2025/26"
    assert (stated.as_at, stated.status) == (datetime.date(2025, 6, 30), "final")
    assert stated.note == "Jun-25; nof.csv:3"


def test_nought_is_no_score_and_no_segment_but_a_value_and_a_flag(tmp_path):
    rows = nof.trust("RA1", of0005="0.0", of1005="0.0", of5003="0", of5004="0", of1086="")

    imported = nof.read(nof.write(tmp_path, rows))

    assert list(imported.problems) == []
    assert nof.values(imported) == {
        (Q1, "RA1", "of0005"): 0, (Q1, "RA1", "published_of5004"): False,
    }  # fmt: skip
    assert nof.uses(imported) == {"fact": 2, "compared": 1, "no value": 3}


def test_a_decimal_that_is_whole_is_that_whole_number(tmp_path):
    rows = nof.trust("RA1", final="3.0", of1080="2.00")

    imported = nof.read(nof.write(tmp_path, rows))

    assert nof.values(imported)[Q1, "RA1", "published_of1080"] == 2
    assert nof.compared(imported)[Q1, "RA1", "of5005"] == 3


def test_several_quarters_and_kinds_of_trust_in_one_file_become_a_cohort_for_each_quarter(tmp_path):
    first = nof.trust("RA1", of1082="2.5")
    second = [
        nof.row("RB2", "OF1082", "1.5", Trust_type=nof.AMBULANCE),
        nof.row("RB2", "OF5005", "1", Trust_type=nof.AMBULANCE),
    ]
    later = [each | {"Quarter": "Q2 2025/26"} for each in second]

    imported = nof.read(nof.write(tmp_path, [*first, *later, *second]))

    assert [(c.label, [case.system.code for case in c.cases]) for c in imported.cohorts] == [
        (Q1, ["RA1", "RB2"]), ("q2-2025-26", ["RB2"]),
    ]  # fmt: skip
    absent = {
        (cohort.label, cell.code): cell.absent
        for cohort in imported.cohorts
        for cell in cohort.cells
        if cell.metric == "of1082"
    }
    assert absent == {
        (Q1, "RA1"): (nof.MENTAL,),
        (Q1, "RB2"): (nof.MENTAL,),
        ("q2-2025-26", "RB2"): (nof.ACUTE, nof.MENTAL),
    }
    [case] = imported.cohorts[1].cases
    assert case.about == "The date is chosen: the day of publication is not known here."


def test_the_quarters_of_a_year_have_their_months(tmp_path):
    rows = [nof.row("RA1", "OF5005", "1", Quarter=f"Q{n} 2025/26") for n in (1, 2, 3, 4)]

    imported = nof.read(nof.write(tmp_path, rows), as_of=datetime.date(2026, 6, 30))

    assert [
        (str(case.period.start), str(case.period.end), str(case.as_of))
        for cohort in imported.cohorts
        for case in cohort.cases
    ] == [
        ("2025-04-01", "2025-06-30", "2026-06-30"),
        ("2025-07-01", "2025-09-30", "2026-06-30"),
        ("2025-10-01", "2025-12-31", "2026-06-30"),
        ("2026-01-01", "2026-03-31", "2026-06-30"),
    ]


@pytest.mark.parametrize(
    ("change", "column", "problem"),
    [
        ({"Value": "2,41"}, "Value", "not-a-number: the value is a number (got `2,41`); …"),
        ({"Value": "n/a"}, "Value", "not-a-number: the value is a number (got `n/a`); …"),
        ({"Value": "4.01"}, "Value", "impossible-value: a score is from 1 to 4 (got `4.01`); …"),
        ({"Value": "0.99"}, "Value", "impossible-value: a score is from 1 to 4 (got `0.99`); …"),
        ({"Value": "2.414"}, "Value", "impossible-value: a score is from 1 to 4 (got `2.414`); …"),
        ({"Metric_ID": "OF5003", "Units": "segment", "Value": "2.5"}, "Value",
         "impossible-value: a segment is a whole number from 1 to 5 (got `2.5`); …"),
        ({"Metric_ID": "OF5003", "Units": "segment", "Value": "6"}, "Value",
         ("impossible-value: a segment is a whole number from 1 to 5 (got `6`); compare the row "
         "with the source")),
        ({"Metric_ID": "OF5004", "Units": "Flag", "Value": "2"}, "Value",
         "impossible-value: a flag is a whole number from 0 to 1 (got `2`); …"),
        ({"Metric_ID": "OF5004", "Units": "flag", "Value": "-1"}, "Value",
         "impossible-value: a flag is a whole number from 0 to 1 (got `-1`); …"),
        ({"Metric_ID": "OF0005", "Units": "%", "Value": "101"}, "Value",
         "out-of-range: `of0005`: 101 is not within 0 to 100 (got `101`)"),
        ({"Metric_ID": "OF0005", "Units": "%", "Value": "10.123"}, "Value",
         "too-many-decimals: `of0005`: 10.123 has more than 2 decimals (got `10.123`)"),
        ({"Quarter": "Q5 2025/26"}, "Quarter",
         ("unknown-period: this is no quarter of a financial year (got `Q5 2025/26`); a quarter is "
         "written as in Q1 2025/26")),
        ({"Quarter": "Q1 2025/27"}, "Quarter",
         "unknown-period: this is no quarter of a financial year (got `Q1 2025/27`); …"),
        ({"Quarter": "Q3 2025/26"}, "Quarter",
         ("no-date: when Q3 2025/26 was published is not known here (got `Q3 2025/26`); say the "
         "date of the decisions with --as-of")),
        ({"Trust_type": "Acute"}, "Trust_type",
         "unknown-choice: the type of the trust is one of `Acute trust`, …"),
        ({"Trust_code": ""}, "Trust_code", "missing-value: the code of the trust is empty"),
        ({"Trust_code": "ra1"}, "Trust_code",
         "bad-identifier: a code of ODS has 3 to 5 characters of A-Z0-9 (got `ra1`)"),
        ({"Trust_name": " "}, "Trust_name", "missing-value: the name of the trust is empty"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_said_with_its_place_and_left_out(
    tmp_path, change, column, problem
):
    bad = nof.row("RA1", "OF5002", "2.41") | change

    imported = nof.read(nof.write(tmp_path, [bad, nof.row("RA2", "OF5005", "1")]))

    [said] = [str(p).replace(f"{tmp_path}/", "") for p in imported.problems.errors]
    expected = f"nof.csv:2:{nof.place_of(bad, column)}: {problem}"
    assert said == expected if not problem.endswith("…") else said.startswith(expected[:-1])
    assert imported.rows_left_out == {str(tmp_path / "nof.csv"): 1}
    assert list(nof.compared(imported)) == [(Q1, "RA2", "of5005")]


def test_a_decision_before_the_end_of_the_quarter_is_refused(tmp_path):
    path = nof.write(tmp_path, nof.trust("RA1"))

    imported = nof.read(path, as_of=datetime.date(2025, 6, 29))

    assert nof.told(imported, tmp_path) == [
        (
            "nof.csv:2:1: as-at-too-late: Q1 2025/26 ends after the date of the decision, "
            "2025-06-29 (got `Q1 2025/26`)"
        )
    ]
    assert nof.read(path, as_of=datetime.date(2025, 6, 30)).problems.errors == ()


def test_one_metric_of_a_trust_and_quarter_twice_is_refused_even_if_the_file_is_named_twice(
    tmp_path,
):
    again = nof.row("RA1", "OF5005", "3")
    path = nof.write(tmp_path, [*nof.trust("RA1"), again])

    assert nof.told(nof.read(path), tmp_path) == [
        (
            f"nof.csv:3:{nof.place_of(again, 'Metric_ID')}: duplicate-row: RA1 has this metric "
            "already, at nof.csv:2:1 (got `OF5005`); keep one"
        )
    ]
    whole = nof.write(tmp_path, nof.trust("RA1"), "whole.csv")
    twice = nof.read(whole, whole)
    assert [problem.code for problem in twice.problems] == ["duplicate-row"]
    assert twice.rows_read == {str(whole): 2}
    assert twice.rows_left_out == {str(whole): 1}


@pytest.mark.parametrize(
    "change",
    [{"Trust_name": "Another"}, {"Region": "Elsewhere"}, {"Trust_type": nof.MENTAL}],
    ids=["name", "region", "type"],
)
def test_rows_that_contradict_each_other_about_a_trust_are_refused(tmp_path, change):
    rows = [nof.row("RA1", "OF5005", "1"), nof.row("RA1", "OF5002", "2") | change]

    imported = nof.read(nof.write(tmp_path, rows))

    [problem] = imported.problems.errors
    assert problem.code == "conflicting-rows"
    assert problem.message.startswith("RA1 is Trust RA1, Example North, Acute trust at ")
    assert problem.place.line == 3


def test_a_metric_that_nobody_knows_is_warned_of_once_and_its_rows_are_counted(tmp_path):
    odd = [nof.row(code, "0F5002", "2.41") for code in ("RA1", "RA2")]
    new = [nof.row(code, "OF1999", "2.41") for code in ("RA1", "RA2")]

    imported = nof.read(nof.write(tmp_path, [*odd, *new, *nof.trust("RA1"), *nof.trust("RA2")]))

    column = nof.place_of(odd[0], "Metric_ID")
    assert nof.told(imported, tmp_path) == [
        (
            f"nof.csv:2:{column}: unknown-metric: the framework has no metric of such an id (got "
            "`0F5002`); did you mean `OF5002`?"
        ),
        (
            f"nof.csv:4:{column}: unknown-metric: nof-2025-26 knows no such score (got `OF1999`); "
            "did you mean `OF1079`?"
        ),
    ]
    assert imported.problems.errors == ()
    assert nof.uses(imported) == {"unknown metric": 4, "compared": 2}


def test_a_file_cut_between_two_rows_is_noticed_by_the_trusts_without_a_final_segment(tmp_path):
    rows = [nof.row(f"RA{n}", "OF5002", "2") for n in range(6)] + nof.trust("RB0")

    imported = nof.read(nof.write(tmp_path, rows))

    assert nof.told(imported, tmp_path) == [
        (
            "nof.csv: incomplete-publication: OF5005 of Q1 2025/26 is missing for RA0; RA1; RA2; "
            "and 3 more; if the source has it, the file was cut; download it again"
        )
    ]
    assert imported.problems.errors == ()


def test_a_file_cut_within_a_row_is_refused_wherever_the_cut_is(tmp_path):
    whole = nof.text([*nof.trust("RA1", of5002="2.41"), nof.row("RA1", "OF5004", "1", Rank="12")])
    last_row = whole[: whole.rstrip("\n").rindex("\n") + 1]
    path = tmp_path / "cut.csv"

    for end in range(len(last_row) + 1, len(whole) - 3):  # up to the last comma
        path.write_text(whole[:end], encoding="utf-8")
        codes = {problem.code for problem in nof.read(path).problems.errors}
        assert "truncated-file" in codes, whole[:end]
    for end in range(len(whole) - 3, len(whole)):
        path.write_text(whole[:end], encoding="utf-8")
        assert [p.code for p in nof.read(path).problems] == ["no-final-newline"]


def test_without_a_column_that_is_needed_nothing_is_read(tmp_path):
    columns = [column for column in nof.COLUMNS if column != "Value"]

    imported = nof.read(nof.write(tmp_path, nof.trust("RA1"), columns=columns))

    [problem] = imported.problems.errors
    assert (problem.code, problem.message) == ("missing-column", "the column `Value` is missing")
    assert imported.cohorts == ()


def test_reading_stops_at_a_thousand_problems_and_says_so(tmp_path):
    rows = [nof.row("RA1", "OF5002", "x") | {"Trust_code": f"R{n:04}"} for n in range(1100)]

    imported = nof.read(nof.write(tmp_path, rows))

    assert len(imported.problems) == 1001
    assert "too-many-problems" in {problem.code for problem in imported.problems}


def test_the_rulebook_says_what_is_a_fact_and_what_is_compared(tmp_path):
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    path = nof.write(tmp_path, nof.trust("RA1", of0005="1", of1005="2"))

    imported = nof.read(path, rulebook=hewitt)

    assert nof.values(imported) == nof.compared(imported) == {}
    assert nof.uses(imported) == {"contextual": 2, "unknown metric": 1}


# Any file

METRICS = ("OF0005", "OF0082", "OF1005", "OF1082", "OF4000", "OF4100", "OF5002", "OF5003", "OF5004")


@st.composite
def publications(draw):
    """Draw rows of some trusts and quarters, with cells that are missing."""
    rows = []
    for code in draw(st.lists(st.sampled_from(["RA1", "RA2", "RB3", "TAD"]), unique=True)):
        group = draw(st.sampled_from(nof.GROUPS))
        for quarter in draw(st.sets(st.sampled_from(["Q1 2025/26", "Q2 2025/26"]), min_size=1)):
            for metric in (*draw(st.sets(st.sampled_from(METRICS))), "OF5005"):
                value = draw(st.sampled_from(["", "0", "0.0", "1", "1.0"]))
                rows.append(nof.row(code, metric, value, Quarter=quarter, Trust_type=group))
    return rows


def summary(imported):
    return (
        nof.values(imported),
        nof.compared(imported),
        [(cohort.label, cohort.cases, cohort.cells) for cohort in imported.cohorts],
        nof.uses(imported),
        [problem.code for problem in imported.problems.errors],
    )


def imported_from(*contents):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, content in enumerate(contents):
            paths.append(Path(folder, f"{number}.csv"))
            paths[-1].write_bytes(content)
        return nof.read(*paths)


@given(publications(), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_files_changes_what_is_read(rows, random):
    ordered = imported_from(nof.text(rows).encode())
    shuffled = random.sample(rows, len(rows))
    cut = random.randint(0, len(rows))

    parts = imported_from(nof.text(shuffled[:cut]).encode(), nof.text(shuffled[cut:]).encode())

    assert summary(parts) == summary(ordered)


@given(publications())
def test_a_byte_order_mark_or_other_ends_of_lines_change_nothing(rows):
    plain = imported_from(nof.text(rows).encode())

    marked = imported_from(b"\xef\xbb\xbf" + nof.text(rows, ending="\r\n").encode())

    assert summary(marked) == summary(plain)


@given(publications())
def test_every_row_is_accounted_for(rows):
    imported = imported_from(nof.text(rows).encode())

    assert list(imported.problems.errors) == []
    assert sum(imported.rows_read.values()) == len(rows)
    assert sum(nof.uses(imported).values()) == len(rows)
    assert set(imported.rows_left_out.values()) == {0}
    uses = nof.uses(imported)
    both = uses.get("fact and compared", 0)
    assert len(nof.values(imported)) == uses.get("fact", 0) + both
    assert len(nof.compared(imported)) == uses.get("compared", 0) + both


@given(publications(), st.randoms(use_true_random=False))
def test_a_row_that_comes_again_is_refused_and_left_out_wherever_it_comes(rows, random):
    if not rows:
        return
    again = random.choice(rows)

    imported = imported_from(nof.text([*rows, again]).encode())

    assert [problem.code for problem in imported.problems.errors] == ["duplicate-row"]
    assert set(imported.rows_left_out.values()) == {1}
    assert summary(imported)[:3] == summary(imported_from(nof.text(rows).encode()))[:3]


@given(publications(), st.data())
def test_a_cell_that_is_missing_takes_its_own_fact_and_cell_with_it(rows, data):
    """And, where it was the last score, the average becomes a fact in place of a cell."""
    whole = imported_from(nof.text(rows).encode())
    if not rows:
        return
    place = data.draw(st.integers(0, len(rows) - 1))
    metric = rows[place]["Metric_ID"].lower()
    emptied = [each | {"Value": ""} if n == place else each for n, each in enumerate(rows)]

    found = imported_from(nof.text(emptied).encode())

    mine = {metric, f"published_{metric}", "of5002", "published_of5002"}
    for one in (nof.values, nof.compared):
        changed = one(whole).items() ^ one(found).items()
        assert {key[2] for key, _ in changed} <= mine
    assert (nof.values(found) | nof.compared(found)).items() >= {
        (key, value)
        for key, value in (nof.values(whole) | nof.compared(whole)).items()
        if key[2] not in mine
    }


@given(publications())
def test_what_was_read_is_written_as_a_cohort_that_is_read_as_the_same(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cohort.yaml")
        for cohort in imported_from(nof.text(rows).encode()).cohorts:
            path.write_text(cases_text(cohort.cases, nof.RULEBOOK), encoding="utf-8")

            found = read_cases(path, nof.RULEBOOK)

            assert [attrs.evolve(c, place="") for c in found] == [
                attrs.evolve(c, place="") for c in cohort.cases
            ]
            assert [c.digest for c in found] == [c.digest for c in cohort.cases]
            assert [c.about for c in found] == [c.about for c in cohort.cases]
            assert [{i: f.note for i, f in c.facts.items()} for c in found] == [
                {i: f.note for i, f in c.facts.items()} for c in cohort.cases
            ]
