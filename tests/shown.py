"""A small rulebook with titles and sources to read aloud, and the shipped cases decided.

Its outcomes are called as no policy calls them, so that nothing shown can be written into the
code.
"""

import datetime
import functools

from oversight_engine.engine import decide
from oversight_engine.explanation.page import Headline, Section
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model import rulebook as r
from oversight_engine.model.case import StatedFact
from oversight_engine.model.number import exact
from oversight_engine.resources import shipped
from tests import builders as b

DAY = datetime.date(2025, 6, 30)
FREE, WATCHED, GUIDED, DIRECTED = "free", "watched", "guided", "directed"


def cited(at="page 1"):
    return r.Basis((r.Source("policy", at),))


def small_rulebook():
    """Return a rulebook with one of everything that an explanation speaks of."""
    pct = {"unit": "%", "decimals": 2, "range": (0, 100)}
    facts = [
        r.Fact("seen_pct", "Seen in time", "number", "higher", theme="care", **pct),
        r.Fact("plan_pct", "Planned position", "number", "higher", unit="%", decimals=2,
               range=(-25, 25), theme="money"),
        r.Fact("variance_pct", "Position against plan", "number", "higher", unit="%", decimals=2,
               range=(-25, 25), theme="money"),
        r.Fact("plan_agreed", "There is an agreed plan", "boolean", "higher", theme="money"),
        r.Fact("stage", "Maturity", "category", "higher", values=("young", "grown", "wise"),
               ordered=True, outside_order=("unborn",), theme="care"),
        r.Fact("harm_found", "Harm was found", "boolean", "lower", theme="care"),
        r.Fact("reviewed_on", "Day of the latest review", "date", "higher", theme="care"),
        r.Fact("aside", "Nobody asks for this", "boolean", "neither"),
    ]  # fmt: skip
    first_year = r.Span(datetime.date(2025, 4, 1), datetime.date(2026, 3, 31))
    since = r.Span(datetime.date(2026, 4, 1))
    values = (
        r.DatedValue(first_year, 70, cited("targets")),
        r.DatedValue(since, 75, r.Basis(policy_choice="our own")),
    )
    target = r.Parameter("seen_target_pct", "Target for being seen", values, "%")
    position = b.value_finding("position_pct", b.plus("plan_pct", "variance_pct"), unit="%")
    below = b.condition_finding("below_balance", b.below(b.finding("position_pct"), 0))
    enough = b.at_least("seen_pct", b.parameter("seen_target_pct"))
    seen_in_time = b.condition_finding("seen_in_time", enough)
    findings = [
        retitled(position, "Plan and position together"),
        retitled(below, "The money does not balance"),
        retitled(seen_in_time, "People are seen in time"),
    ]

    def rule(rule_id, title, outcome, condition, *, make=b.when, **more):
        made = make(condition, outcome, rule_id=rule_id, basis=cited(rule_id), **more)
        return retitled(made, title)

    in_time, balance = b.holds(b.finding("seen_in_time")), b.holds(b.finding("below_balance"))
    old = b.compare(b.x.DaysSince("reviewed_on"), ">", 365)
    harm = b.every(b.holds("harm_found"), b.negated(b.holds("plan_agreed")))
    grown = b.ranks("stage", ">=", "grown")
    rules = [
        rule("late", "People are seen too late", WATCHED, in_time, make=b.unless, theme="care"),
        rule("deficit", "The money does not balance", WATCHED, balance, theme="money"),
        rule("young", "The system is too young", WATCHED, grown, make=b.unless, theme="care"),
        rule("stale", "The review is old", GUIDED, old, theme="care"),
        rule(
            "harm", "There is harm and no plan", DIRECTED, harm,
            theme="care", measure="orders", if_unknown="refer",
        ),
    ]  # fmt: skip
    consequences = [
        b.consequence("monthly", WATCHED, GUIDED, DIRECTED, kind="return", per_year=12),
        b.consequence("weekly", DIRECTED, kind="return", per_year=52, when=b.holds("harm_found")),
        b.consequence("yearly", FREE, kind="return", per_year=1),
        b.consequence("budget", FREE, kind="freedom", principle="fairness"),
        b.consequence("advice", WATCHED, "referral", kind="support",
                      when=b.holds(b.finding("below_balance"))),
        b.consequence("look", *(FREE, WATCHED, GUIDED, DIRECTED), kind="review", days=91),
    ]  # fmt: skip
    return b.rulebook(
        *facts,
        outcomes=(FREE, WATCHED, GUIDED, DIRECTED),
        parameters=[target],
        findings=findings,
        rules=rules,
        consequences=consequences,
        measures=[r.Measure("requests", "Requests"), r.Measure("orders", "Orders")],
        principles=[r.Principle("fairness", "Fairness to everybody")],
        documents=[r.Document("policy", "The policy", "Us", DAY, "part", "Half of it.")],
        themes=["money", "care"],
    )


def retitled(item, title):
    return b.attrs.evolve(item, title=title)


GOOD = {
    "seen_pct": exact("70"),
    "plan_pct": exact("0.5"),
    "variance_pct": exact("-0.5"),
    "plan_agreed": True,
    "stage": "grown",
    "harm_found": False,
    "reviewed_on": datetime.date(2025, 1, 1),
}
"""Everything just good enough."""


@functools.cache
def book():
    return small_rulebook()


def decided(on=None, status="final", **changed):
    """Return the decision of the good case with some facts *changed*; None leaves one out."""
    values = {name: value for name, value in (GOOD | changed).items() if value is not None}
    facts = {
        name: value if isinstance(value, StatedFact) else StatedFact(value, status=status)
        for name, value in values.items()
    }
    case = b.case_of(as_of=DAY, **facts)
    return decide(book(), case, as_of=on, evaluators=("reference",))


# What ships


@functools.cache
def hewitt():
    return load_rulebook(shipped("rules") / "hewitt-2023")


def hewitt_readme():
    return (shipped("rules") / "hewitt-2023" / "README.md").read_text(encoding="utf-8")


def table_rows(text, heading):
    """Return the cells of the table below *heading*, its first row and the rule left out."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def shipped_case(name):
    """Return the path of the case whose file name begins with *name*, of the first two sets."""
    sets = [shipped("cases") / name for name in ("illustrative", "ics-2025-q1")]
    [path] = [path for folder in sets for path in folder.glob(f"{name}*.yaml")]
    return path


@functools.cache
def shipped_decision(name):
    [case] = read_cases(shipped_case(name), hewitt())
    return decide(hewitt(), case, evaluators=("reference",))


def sections_of(page):
    """Return the texts of each section of *page* by its title."""
    return {
        block.title: [line.text for line in block.lines]
        for block in page.blocks
        if hasattr(block, "lines")
    }


def headline_of(page):
    """Return the headline of *page*."""
    return next(block for block in page.blocks if isinstance(block, Headline))


def lines_of(page, title):
    """Return the texts of the section of *page* of that *title*."""
    return sections_of(page)[title]


def text_of(page):
    """Return all that *page* says, line by line."""
    headline = headline_of(page)
    lines = [
        line.text for block in page.blocks if isinstance(block, Section) for line in block.lines
    ]
    return "\n".join([headline.title, *headline.about, *headline.warnings, *lines])
