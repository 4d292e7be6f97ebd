"""What a rulebook says of cases taken together: read, checked, and refused where it cannot be."""

import datetime
import shutil
from fractions import Fraction

import pytest

from oversight_engine.cohort import compute_cohort
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import examine_rulebook, load_rulebook
from oversight_engine.language.writer import write_rulebook
from oversight_engine.model.expression import Name
from oversight_engine.model.together import CohortCount, CohortQuantile, OrderKey
from tests.language.bad_files import GOOD

LEAGUE = GOOD / "league"


@pytest.fixture
def league(tmp_path):
    return shutil.copytree(LEAGUE, tmp_path / "league")


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def errors(folder):
    return [(p.code, p.got) for p in examine_rulebook(folder)[1].errors]


def warnings(folder):
    return [(p.code, p.got) for p in examine_rulebook(folder)[1] if p.is_warning]


def test_a_cohort_is_read_with_all_it_says():
    book = load_rulebook(LEAGUE)

    cohort = book.cohort
    assert (cohort.title, cohort.smallest, cohort.about) == (
        "Clinics that report",
        2,
        "The rest wait.",
    )
    assert cohort.members.text == "known(wait_days) or known(seen_pct)"
    assert [source.document for source in cohort.basis.sources] == ["manual"]


def test_parameters_of_the_cohort_are_read_with_what_they_are_computed_from():
    book = load_rulebook(LEAGUE)

    low = book.parameter("low_quarter").cohort
    assert isinstance(low, CohortQuantile)
    assert (low.of.text, low.at, low.interpolation) == ("average", Fraction(1, 4), "linear")
    count = book.parameter("clinics_scored").cohort
    assert isinstance(count, CohortCount)
    assert count.of.text == "known(average)"
    assert book.parameter("needed").required
    assert book.parameter("needed").values == ()
    assert book.parameter("low_quarter").on(datetime.date(2025, 6, 30)) is None


def test_a_score_by_rank_is_read_with_all_it_says():
    ranked = load_rulebook(LEAGUE).finding("seen_score").ranked

    assert ranked.better == "higher"
    assert (ranked.standard.at.text, ranked.standard.score.text) == ("seen_standard_pct", "1")
    assert (ranked.floor.at.text, ranked.floor.score.text) == ("seen_standard_pct - 30", "4")
    assert (ranked.best.text, ranked.worst.text) == ("1.5", "3.5")
    assert (ranked.rounded.decimals, ranked.rounded.mode) == (2, "half_up")
    bare = load_rulebook(LEAGUE).finding("wait_score").ranked
    assert (bare.standard, bare.floor, bare.rounded) == (None, None, None)


def test_proposals_are_read_in_the_order_they_state():
    [proposal] = load_rulebook(LEAGUE).proposals

    assert (proposal.id, proposal.consequence, proposal.places.text) == (
        "pilots",
        "pilot",
        "places",
    )
    assert proposal.order == (
        OrderKey(Name("average", "finding"), "lower"),
        OrderKey(Name("level", "fact"), "higher"),
        OrderKey(Name("opened", "fact"), "lower"),
        OrderKey(Name("calm", "finding"), "higher"),
    )


def test_the_whole_is_sound_and_is_read_the_same_after_it_was_written(tmp_path):
    book, problems = examine_rulebook(LEAGUE)
    assert list(problems) == []

    write_rulebook(book, tmp_path)

    assert load_rulebook(tmp_path) == book
    assert load_rulebook(tmp_path).digest == book.digest


def test_nothing_of_it_changes_the_form_of_a_rulebook_that_says_nothing_of_the_kind():
    from oversight_engine.model.rulebook_form import rulebook_data

    data = rulebook_data(load_rulebook(GOOD / "small"))

    assert not {"cohort", "proposals", "reform", "extends"} & data.keys()
    assert not any({"cohort", "required"} & parameter.keys() for parameter in data["parameters"])


# Refused


def test_who_is_a_member_never_rests_on_what_is_computed_from_the_members(league):
    for members in ("average > low_quarter", "known(seen_score)", "calm and met"):
        folder = shutil.copytree(league, league.parent / members.replace(" ", ""))
        change(folder, "rulebook.yaml", "known(wait_days) or known(seen_pct)", members)

        found = errors(folder)

        assert {code for code, _ in found} == {"members-by-cohort"}, members
    assert errors(change(league, "rulebook.yaml", "known(wait_days) or known", "not known")) == []


def test_what_rests_on_itself_through_the_cohort_is_a_cycle_named_once(league):
    change(league, "findings.yaml", "value: wait_days", "value: wait_days + 0 * average")
    change(league, "facts.yaml", "unit: days", "unit: score")

    found = [(code, got) for code, got in errors(league) if code == "cycle"]

    assert found == [("cycle", "average")]
    [problem] = [p for p in examine_rulebook(league)[1] if p.code == "cycle"]
    assert problem.message == "this finding rests on itself: average → wait_score → average"


def test_a_parameter_that_is_computed_from_what_mentions_it_is_a_cycle(league):
    change(league, "parameters.yaml", "quantile: average, at: 0.25", "quantile: quarter, at: 0.25")

    [problem] = [p for p in examine_rulebook(league)[1] if p.code == "cycle"]

    assert problem.message == "this parameter rests on itself: low_quarter → quarter → low_quarter"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("standard: {at: seen_standard_pct,", "standard: {at: typical_pct,", "bad-ranking"),
        ("worst: 3.5", "worst: high_quarter", "bad-ranking"),
        ("mean_known(wait_score, seen_score)", "wait_score / clinics_scored", "division-by-zero"),
        (
            "mean_known(wait_score, seen_score)",
            "mean_known(wait_score, seen_score, weights=(1, clinics_scored))",
            "bad-weights",
        ),
    ],
)
def test_a_number_of_the_cohort_is_no_threshold_of_a_rank_no_divisor_and_no_weight(
    league, old, new, code
):
    change(league, "findings.yaml", old, new)

    assert code in {code for code, _ in errors(league)}


def test_bands_between_quantiles_of_one_quantity_are_sound_in_their_order_only(league):
    change(league, "findings.yaml", "up_to: low_quarter, value: 1", "up_to: high_quarter, value: 1")
    assert errors(league) == [
        ("row-never-holds", "average > high_quarter and average <= high_quarter")
    ]

    change(
        league, "findings.yaml", "{up_to: high_quarter, value: 2}", "{up_to: low_quarter, value: 2}"
    )
    assert {code for code, _ in errors(league)} == {"overlapping-rows", "row-never-holds"}


def test_bands_between_quantiles_of_different_quantities_may_overlap_and_are_refused(league):
    change(
        league, "parameters.yaml", "quantile: average, at: 0.75", "quantile: wait_score, at: 0.75"
    )

    assert [code for code, _ in errors(league)] == ["overlapping-rows"]


def test_a_constant_beside_a_quantile_may_lie_on_either_side_of_it(league):
    change(league, "findings.yaml", "up_to: high_quarter, value: 2", "up_to: 2.5, value: 2")

    [problem] = examine_rulebook(league)[1].errors

    assert problem.code == "overlapping-rows"
    assert "this row and row 1 both hold where `average` is " in problem.message


def test_a_row_compares_with_a_number_of_the_cohort_as_it_is(league):
    change(
        league, "findings.yaml", "up_to: low_quarter, value: 1", "up_to: low_quarter - 1, value: 1"
    )

    assert "table-too-complex" in {code for code, _ in errors(league)}


def test_a_table_between_very_many_numbers_of_the_cohort_is_too_large(league):
    names = [f"cut_{number}" for number in range(9)]
    rows = ", ".join(f"{{up_to: {name}, value: {n}}}" for n, name in enumerate(names))
    cuts = "".join(
        f"  - {{id: {name}, title: Cut, unit: score, cohort: {{quantile: average, at: 0.{n + 1}, "
        "interpolation: linear}, policy_choice: a test}\n"
        for n, name in enumerate(names)
    )
    change(league, "parameters.yaml", "parameters:\n", f"parameters:\n{cuts}")
    change(
        league,
        "findings.yaml",
        "{up_to: low_quarter, value: 1}, {up_to: high_quarter, value: 2}",
        rows,
    )

    assert "table-too-large" in {code for code, _ in errors(league)}


@pytest.mark.parametrize(
    ("by", "code"),
    [("places", "no-order"), ("kind", "no-order"), ("averge", "unknown-name")],
)
def test_systems_are_put_in_order_by_what_has_one(league, by, code):
    change(league, "rulebook.yaml", "{by: average, first: lower}", f"{{by: {by}, first: lower}}")

    assert errors(league) == [(code, by)]


@pytest.mark.parametrize(("value", "got"), [("2.5", "2.5"), ("-1", "-1")])
def test_a_number_of_places_is_whole_and_not_below_nothing_on_every_day(league, value, got):
    later = f"to: 2025-03-31, value: 2, policy_choice: x}}, {{from: 2025-04-01, value: {value}"
    change(league, "parameters.yaml", "{from: 2024-04-01, value: 2", f"{{from: 2024-04-01, {later}")

    assert errors(league) == [("not-whole", got)]


# Warned of


def test_a_cohort_from_which_nothing_is_computed_is_a_warning(tmp_path):
    small = shutil.copytree(GOOD / "small", tmp_path / "small")
    heading = (small / "rulebook.yaml").read_text(encoding="utf-8")
    cohort = "cohort: {title: All, smallest: 1, policy_choice: a test}\n"
    (small / "rulebook.yaml").write_text(heading + cohort, encoding="utf-8")

    assert ("unused", "cohort") in warnings(small)
    assert errors(small) == []


def test_what_only_a_cohort_or_a_proposal_reads_is_read_by_somebody(league):
    change(league, "rulebook.yaml", "      - {by: opened, first: lower}\n", "")

    assert ("unused", "opened") in warnings(league)
    assert not {got for _, got in warnings(league)} & {"clinics_scored", "places", "average"}


def test_a_finding_that_is_reported_for_its_own_sake_is_no_warning(league):
    idle = "  - {id: idle, title: Idle, when: met, reported: yes}\n"
    change(league, "findings.yaml", "findings:\n", f"findings:\n{idle}")
    assert warnings(league) == []
    assert load_rulebook(league).finding("idle").reported

    change(league, "findings.yaml", ", reported: yes", "")
    assert warnings(league) == [("unused", "idle")]


def test_the_cases_of_the_good_rulebook_make_a_cohort():
    book = load_rulebook(LEAGUE)
    day = datetime.date(2025, 6, 30)
    facts = [{"wait_days": "3", "seen_pct": "95"}, {"wait_days": "9", "seen_pct": "61"}, {}]
    cases = read_cases(
        [
            {
                "format": "oversight-case/1",
                "system": {"code": f"C{n}", "name": "A clinic"},
                "as_of": "2025-06-30",
                "facts": stated,
            }
            for n, stated in enumerate(facts)
        ],
        book,
    )
    # The required number is not there yet, so nothing is decided; the cohort says so too.
    from oversight_engine.errors import ParameterNeededError

    with pytest.raises(ParameterNeededError, match="needed"):
        compute_cohort(book, cases, day)
