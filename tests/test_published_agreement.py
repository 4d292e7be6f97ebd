"""What was published is compared with ours, cell by cell; a difference is shown, or unexplained."""

import datetime
from fractions import Fraction

import pytest
from attrs import evolve

from oversight_engine import Engine
from oversight_engine.analysis.agreement import compare
from oversight_engine.cohort import compute_cohort
from oversight_engine.errors import InputError
from oversight_engine.importing.nof import GROUPS
from oversight_engine.language.rulebooks import rulebook_from_data
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.published import PublishedCell
from oversight_engine.model.rulebook import Span

PERIOD = Span(datetime.date(2025, 4, 1), datetime.date(2025, 6, 30))
DAY = datetime.date(2025, 9, 9)
SOURCE = {"document": "manual", "at": "somewhere"}
SCORE = {"type": "number", "unit": "score", "decimals": 2, "range": [1, 4], "better": "lower",
         "source": SOURCE}  # fmt: skip


def finding(finding_id, **more):
    return {"id": finding_id, "title": finding_id, "unit": "score", **more}


RULEBOOK = rulebook_from_data(
    {
        "format": "oversight-rulebook/1",
        "id": "small",
        "version": "1.0.0",
        "title": "Small",
        "in_force": {"from": "2025-01-01"},
        "outcomes": [{"id": "light", "title": "Light"}, {"id": "harsh", "title": "Harsh"}],
        "principles": [{"id": "p", "title": "P"}],
        "documents": [
            {"id": "manual", "title": "M", "publisher": "N", "date": "2025-01-01",
             "evidence": "full"}
        ],
        "cohort": {
            "title": "All", "smallest": 2, "members": "known(published_a)", "source": SOURCE
        },
        "facts": [
            {"id": "value", "title": "Value", "type": "number", "decimals": 2, "range": [0, 100],
             "better": "higher", "source": SOURCE},
            *({"id": f"published_{name}", "title": name, **SCORE} for name in ("a", "b", "c", "f")),
        ],
        "parameters": [
            {"id": "middle", "title": "Middle", "unit": "score", "source": SOURCE,
             "cohort": {"quantile": "average", "at": "0.5", "interpolation": "linear"}},
            {"id": "later", "title": "Later", "unit": "score",
             "values": [{"from": "2030-01-01", "value": 2, "instrument": SOURCE}]},
        ],
        "findings": [
            finding("average", value="mean_known(published_a, published_b, published_c)",
                    rounded={"decimals": 2, "mode": "half_up", "source": SOURCE}),
            finding("c", value="value",
                    ranked={"better": "higher", "best": 1, "worst": 4,
                            "rounded": {"decimals": 2, "mode": "half_up", "source": SOURCE}}),
            finding("place", bands={"of": "average",
                                    "rows": [{"up_to": "middle", "value": 1}, {"value": 2}]}),
            finding("f", value="published_f"),
            finding("not_yet", value="later + published_a"),
        ],
        "rules": [
            {"id": "r", "title": "R", "principle": "p", "when": "average > middle",
             "outcome": "harsh", "source": SOURCE}
        ],
    }
)  # fmt: skip


def case(code, **facts):
    stated = {name: StatedFact(Fraction(value)) for name, value in facts.items()}
    stated = {name: evolve(f, value=int(f.value) if f.value.denominator == 1 else f.value)
              for name, f in stated.items()}  # fmt: skip
    return Case(System(code, code), DAY, stated, PERIOD)


def cell(code, metric, value, **more):
    number = Fraction(value)
    number = int(number) if number.denominator == 1 else number
    return PublishedCell(code, PERIOD, metric, number, more.pop("decimals", 2), **more)


def decisions(*cases):
    values = compute_cohort(RULEBOOK, cases, DAY)
    with Engine(RULEBOOK, cohort=values, evaluators=["reference"]) as engine:
        return [engine.decide(each) for each in cases]


def one(cases, *cells):
    """Return what became of each of *cells*."""
    compared = compare(decisions(*cases), cells).compared
    return [(each.verdict, each.reason) for each in compared]


TWO = (case("AAA", published_a="2.01", published_b="2.02"), case("BBB", published_a="3"))


def test_a_figure_that_comes_out_as_published_is_equal():
    assert one(TWO, cell("BBB", "average", "3"), cell("BBB", "place", "2", decimals=0)) == [
        ("equal", ""), ("equal", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("published", "found"),
    [("2.01", "rounded scores"), ("2.02", ""), ("2.00", "unexplained"), ("2.03", "unexplained")],
)
def test_an_average_may_differ_by_what_the_rounding_of_its_scores_allows_and_no_more(
    published, found
):
    # The mean of 2.01 and 2.02 is 2.015; of what they were before rounding, 2.01 to 2.02.
    [(verdict, reason)] = one(TWO, cell("AAA", "average", published))

    assert reason == found
    assert verdict == ("different" if found else "equal")


def test_the_range_that_rounding_allows_ends_where_half_a_unit_of_each_average_ends():
    # Two of three scores were rounded: 1/3 of 0.005 for each, then half a unit of the average.
    three = (case("AAA", published_a="2.01", published_b="2.02", published_c="1"), *TWO[1:])
    [each] = compare(decisions(*three), [cell("AAA", "average", "1.67")]).compared

    assert each.because == ("ours is 1.6767 before rounding; unrounded scores allow 1.6733 to 1.68")
    assert each.reason == "rounded scores"
    assert one(three, cell("AAA", "average", "1.66"))[0][1] == "unexplained"


def test_scores_that_are_whole_for_everybody_were_not_rounded():
    whole = (case("AAA", published_a="2", published_b="3"), case("BBB", published_a="3"))

    [each] = compare(decisions(*whole), [cell("AAA", "average", "2.51")]).compared

    assert (each.reason, each.because) == ("unexplained", "ours is 2.5 before rounding")


def test_no_score_was_outside_the_scale_before_it_was_rounded():
    best = (case("AAA", published_a="1", published_b="1"), case("BBB", published_a="1.01"))
    rounded = (*best, case("CCC", published_a="1", published_b="1.01"))

    [each] = compare(decisions(*rounded), [cell("AAA", "average", "0.99")]).compared

    assert each.reason == "unexplained"
    assert one(rounded, cell("AAA", "average", "1.01")) == [("different", "rounded scores")]


RANKED = tuple(
    case(code, value=value, published_a="2")
    for code, value in (("AAA", "9"), ("BBB", "7"), ("CCC", "7"), ("DDD", "5"), ("EEE", "1"))
)
KIND, OTHER, _ = GROUPS


def test_a_score_by_rank_that_differs_only_where_values_tie_is_shown_to_be_of_the_tie():
    cells = [cell("BBB", "c", "1.75"), cell("CCC", "c", "2.5"), cell("DDD", "c", "3.25")]

    assert one(RANKED, *cells) == [
        ("equal", ""), ("different", "rounded values"), ("equal", ""),
    ]  # fmt: skip
    assert one(RANKED, *cells[:2], cell("DDD", "c", "3.26"))[1][1] != "rounded values"


def test_whoever_is_no_member_of_the_cohort_was_not_ranked():
    cells = [cell("BBB", "c", "1.75"), cell("CCC", "c", "2.5"), cell("DDD", "c", "3.25")]
    others = case("FFF", value="8"), case("GGG", value="4")

    assert one((*RANKED, *others), *cells)[1] == ("different", "rounded values")
    members = (evolve(each, facts={**each.facts, **RANKED[0].facts, "value": each.facts["value"]})
               for each in others)  # fmt: skip
    assert one((*RANKED, *members), *cells)[1] != ("different", "rounded values")


def test_scores_that_come_out_among_one_kind_alone_were_ranked_by_kind():
    cells = [
        cell("AAA", "c", "1", group=KIND), cell("DDD", "c", "2.5", group=KIND),
        cell("EEE", "c", "4", group=KIND), cell("BBB", "c", "1", group=OTHER),
        cell("CCC", "c", "4", group=OTHER),
    ]  # fmt: skip

    compared = {each.cell.code: each for each in compare(decisions(*RANKED), cells).compared}

    assert {code: (each.verdict, each.reason) for code, each in compared.items()} == {
        "AAA": ("equal", ""),
        "BBB": ("different", "ranked by kind"),  # it ties with CCC
        "CCC": ("different", "ranked by kind"),
        "DDD": ("different", "ranked by kind"),
        "EEE": ("equal", ""),
    }
    assert compared["DDD"].because.startswith(f"ranked among the 3 of the kind {KIND} alone")


def test_scores_spread_finer_than_those_at_hand_are_from_another_cohort():
    cells = [cell("AAA", "c", "1.3"), cell("DDD", "c", "2.2"), cell("EEE", "c", "3.7")]

    [each, *_] = compare(decisions(*RANKED), cells).compared

    assert (each.verdict, each.reason) == ("different", "another cohort")
    assert each.because == "at least 11 were ranked, and 3 of them are here"


def test_scores_that_no_even_spread_gives_are_unexplained():
    cells = [cell("AAA", "c", "4"), cell("EEE", "c", "1")]

    assert one(RANKED, *cells) == [("different", "unexplained")] * 2


def test_what_was_computed_among_all_is_not_compared_where_some_are_absent():
    absent = cell("AAA", "place", "2", decimals=0, absent=("Acute trust",))

    [each] = compare(decisions(*TWO), [absent]).compared

    assert (each.verdict, each.reason, each.ours) == ("not comparable", "another cohort", None)
    assert "Acute trust" in each.because
    assert one(TWO, evolve(absent, absent=())) == [("different", "unexplained")]
    assert one(TWO, cell("BBB", "average", "3", absent=("Acute trust",))) == [("equal", "")]


def test_a_published_figure_that_is_a_fact_is_not_compared_with_itself():
    given = (case("AAA", published_f="2", published_a="3"), case("BBB", published_a="3"))

    assert one(given, cell("AAA", "f", "2")) == [("not comparable", "taken as given")]
    assert one(given, cell("AAA", "f", "3")) == [("not comparable", "taken as given")]


def test_what_cannot_be_compared_says_why():
    cells = [
        cell("AAA", "nothing", "1"), cell("AAA", "not_yet", "1"), cell("AAA", "c", "1"),
        cell("ZZZ", "average", "1"),
    ]  # fmt: skip

    compared = {each.cell.metric: each for each in compare(decisions(*TWO), cells).compared}

    assert {metric: (each.reason, each.because) for metric, each in compared.items()} == {
        "nothing": ("not computed", "small has no such finding"),
        "not_yet": ("not computed", "the parameter later has no value on this date"),
        "c": ("unknown here", "it needs value"),
        "average": ("no case", "no case is of this system and period"),
    }
    assert {each.verdict for each in compared.values()} == {"not comparable"}


def test_cells_of_other_systems_or_another_period_are_refused_altogether():
    elsewhen = Span(datetime.date(2025, 7, 1), datetime.date(2025, 9, 30))
    other = evolve(cell("AAA", "average", "2"), period=elsewhen)

    with pytest.raises(InputError, match="none of the 2 published cells is of a system and period"):
        compare(decisions(*TWO), [other, cell("ZZZ", "average", "2")])
    with pytest.raises(InputError, match="none of the 0 published cells"):
        compare(decisions(*TWO), [])


def test_cells_are_counted_by_metric_and_verdict():
    cells = [cell("AAA", "average", "2.02"), cell("BBB", "average", "3.5"), cell("AAA", "c", "1")]

    agreement = compare(decisions(*TWO), cells)

    assert {metric: len(cells) for metric, cells in agreement.by_metric.items()} == {
        "average": 2, "c": 1,
    }  # fmt: skip
    assert [len(agreement.of(v)) for v in ("equal", "different", "not comparable")] == [1, 1, 1]
    assert [each.cell.code for each in agreement.unexplained] == ["BBB"]
