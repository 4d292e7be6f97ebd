"""A rulebook as plain data has the shape of its files, and one digest."""

import datetime
from fractions import Fraction

import attrs

from oversight_engine.model.rulebook import (
    REFER,
    Basis,
    Document,
    Identifier,
    Limit,
    LocalPriorityFacts,
    Measure,
    Principle,
    RoundingTo,
    Source,
    Span,
)
from oversight_engine.model.rulebook_form import rulebook_data
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    at_least,
    below,
    boolean,
    category,
    condition_finding,
    consequence,
    date_fact,
    dated,
    finding,
    holds,
    number,
    parameter,
    parameter_of,
    rulebook,
    table_finding,
    times,
    unless,
    value_finding,
    when,
)

SOURCED = Basis(sources=(Source("guide", "page 2", "in our words"),), brief=("B1",))
CHOSEN = Basis(policy_choice="a number had to be chosen")

FULL = rulebook(
    number(
        "share",
        better="lower",
        unit="%",
        decimals=1,
        range=(None, 100),
        theme="money",
        cadence="monthly",
        max_age=0,
        tags=("national",),
        basis=SOURCED,
        about="A share.",
    ),
    number("size"),
    boolean("met", accepts=("final",)),
    category("stage", "early", "late", ordered=True, outside_order=("none",)),
    date_fact("agreed_on"),
    rules=[
        when(
            below("share", parameter("limit")),
            HEAVY,
            rule_id="high",
            measure="mild",
            theme="money",
            span=Span(datetime.date(2024, 1, 1), datetime.date(2024, 12, 31)),
            basis=SOURCED,
            about="A rule.",
        ),
        unless(
            holds("met"),
            rule_id="unmet",
            if_unknown="ignore",
            reason_to_ignore="It is new.",
            basis=CHOSEN,
        ),
        when(holds(finding("low")), REFER, rule_id="odd"),
    ],
    parameters=[
        parameter_of(
            "limit",
            dated(Fraction(1, 2), datetime.date(2025, 1, 1)),
            attrs.evolve(
                dated(3, datetime.date(2024, 1, 1), datetime.date(2024, 6, 30)), basis=SOURCED
            ),
            unit="%",
            about="A limit.",
            brief=("B2",),
        )
    ],
    findings=[
        condition_finding("low", below("share", 1), theme="money", basis=SOURCED, about="Low."),
        value_finding(
            "double", times(2, "share"), unit="%", rounded=RoundingTo(0, "down", SOURCED)
        ),
        table_finding(
            "score", (below("share", 1), 1), otherwise=parameter("limit"), better="lower"
        ),
        table_finding(
            "kind",
            (below("share", 1), "small"),
            (at_least("share", 1), "big"),
            values=("small", "big"),
            ordered=True,
            outside_order=("none",),
        ),
    ],
    consequences=[
        consequence("monthly", MIDDLE, HEAVY, kind="return", per_year=0, basis=CHOSEN),
        consequence("review", HEAVY, kind="review", days=0, theme="money", about="Soon."),
        consequence(
            "lead", LIGHT, kind="lead", actor="the region", when=holds("met"), principle="fairness"
        ),
    ],
    measures=[Measure("mild", "Mild", "A letter.", SOURCED), Measure("stern", "Stern")],
    principles=[Principle("fairness", "Fairness", "Be fair.")],
    documents=[
        Document("guide", "Guide", "The office", DAY, "full", "A note."),
        Document("draft", "Draft", "The office", None, "unread"),
    ],
    themes=["people", "money"],
    limits=[Limit("national", 10, CHOSEN)],
    identifier=Identifier("ODS", "A-Z0-9", 3, 5),
    local_priorities=LocalPriorityFacts("agreed", "on", "off", "unknown"),
    claims=["hiding_never_helps", "better_is_never_harsher"],
    about="A rulebook with everything.",
)


def test_a_rulebook_as_plain_data_has_the_shape_of_its_files():
    shown = rulebook_data(FULL)

    assert shown["format"] == "oversight-rulebook/1"
    assert shown["id"] == "test"
    assert shown["version"] == "1.0.0"
    assert shown["in_force"] == {"from": "2020-01-01", "to": "2029-12-31"}
    assert shown["identifier"] == {
        "scheme": "ODS", "characters": "A-Z0-9", "shortest": 3, "longest": 5,
    }  # fmt: skip
    assert [outcome["id"] for outcome in shown["outcomes"]] == [LIGHT, MIDDLE, HEAVY]
    source = [{"document": "guide", "at": "page 2", "says": "in our words"}]
    assert shown["measures"] == [
        {"id": "mild", "title": "Mild", "about": "A letter.", "source": source, "brief": ["B1"]},
        {"id": "stern", "title": "Stern"},
    ]
    assert shown["principles"] == [{"id": "fairness", "title": "Fairness", "about": "Be fair."}]
    assert shown["documents"] == [
        {"id": "draft", "title": "Draft", "publisher": "The office", "evidence": "unread"},
        {"id": "guide", "title": "Guide", "publisher": "The office", "date": "2025-06-30",
         "evidence": "full", "note": "A note."},
    ]  # fmt: skip
    assert shown["themes"] == ["money", "people"]
    assert shown["limits"] == [
        {"tag": "national", "at_most": 10, "policy_choice": "a number had to be chosen"}
    ]
    assert shown["local_priorities"] == {
        "agreed": "agreed", "on_track": "on", "not_on_track": "off", "unknown": "unknown",
    }  # fmt: skip
    assert shown["claims"] == ["better_is_never_harsher", "hiding_never_helps"]


def test_facts_as_plain_data_leave_out_only_what_is_the_default():
    facts = {fact["id"]: fact for fact in rulebook_data(FULL)["facts"]}

    assert facts["share"] == {
        "id": "share",
        "title": "Share",
        "about": "A share.",
        "type": "number",
        "better": "lower",
        "unit": "%",
        "decimals": 1,
        "range": ["none", "100"],
        "theme": "money",
        "cadence": "monthly",
        "max_age": 0,
        "tags": ["national"],
        "source": [{"document": "guide", "at": "page 2", "says": "in our words"}],
        "brief": ["B1"],
    }
    assert facts["size"] == {
        "id": "size", "title": "Size", "type": "number", "better": "higher", "decimals": 0,
    }  # fmt: skip
    assert facts["met"] == {
        "id": "met", "title": "Met", "type": "boolean", "better": "higher", "accepts": ["final"],
    }  # fmt: skip
    assert facts["stage"] == {
        "id": "stage",
        "title": "Stage",
        "type": "category",
        "better": "neither",
        "values": ["early", "late"],
        "ordered": True,
        "outside_order": ["none"],
    }
    assert list(facts["agreed_on"]) == ["id", "title", "type", "better"]


def test_parameters_as_plain_data_are_in_the_order_of_their_dates():
    (limit,) = rulebook_data(FULL)["parameters"]

    assert limit == {
        "id": "limit",
        "title": "Limit",
        "about": "A limit.",
        "unit": "%",
        "values": [
            {
                "from": "2024-01-01",
                "to": "2024-06-30",
                "value": "3",
                "instrument": [{"document": "guide", "at": "page 2", "says": "in our words"}],
                "brief": ["B1"],
            },
            {"from": "2025-01-01", "value": "0.5", "policy_choice": "for the test"},
        ],
        "brief": ["B2"],
    }


def test_findings_as_plain_data_say_what_they_are():
    findings = {finding["id"]: finding for finding in rulebook_data(FULL)["findings"]}
    source = [{"document": "guide", "at": "page 2", "says": "in our words"}]

    assert findings["low"] == {
        "id": "low", "title": "Low", "about": "Low.", "when": "share < 1", "better": "neither",
        "theme": "money", "source": source, "brief": ["B1"],
    }  # fmt: skip
    assert findings["double"] == {
        "id": "double", "title": "Double", "value": "2 * share", "unit": "%", "better": "neither",
        "rounded": {"decimals": 0, "mode": "down", "source": source, "brief": ["B1"]},
    }  # fmt: skip
    assert findings["score"]["table"] == {
        "rows": [{"when": "share < 1", "value": "1"}], "otherwise": "limit",
    }  # fmt: skip
    assert findings["kind"]["table"] == {
        "rows": [
            {"when": "share < 1", "value": "small"},
            {"when": "share >= 1", "value": "big"},
        ]
    }
    assert findings["kind"]["values"] == ["small", "big"]
    assert findings["kind"]["ordered"] is True
    assert findings["kind"]["outside_order"] == ["none"]


def test_rules_and_consequences_as_plain_data_say_what_they_are():
    shown = rulebook_data(FULL)
    rules = {rule["id"]: rule for rule in shown["rules"]}
    consequences = {item["id"]: item for item in shown["consequences"]}

    assert rules["high"] == {
        "id": "high", "title": "High", "about": "A rule.", "when": "share < limit",
        "outcome": HEAVY, "if_unknown": "refer", "principle": "fairness", "theme": "money",
        "measure": "mild", "in_force": {"from": "2024-01-01", "to": "2024-12-31"},
        "source": [{"document": "guide", "at": "page 2", "says": "in our words"}], "brief": ["B1"],
    }  # fmt: skip
    assert rules["unmet"] == {
        "id": "unmet", "title": "Unmet", "unless": "met", "outcome": MIDDLE,
        "if_unknown": "ignore", "reason_to_ignore": "It is new.", "principle": "fairness",
        "policy_choice": "a number had to be chosen",
    }  # fmt: skip
    assert consequences["monthly"] == {
        "id": "monthly", "title": "Monthly", "kind": "return", "outcomes": [MIDDLE, HEAVY],
        "per_year": 0, "policy_choice": "a number had to be chosen",
    }  # fmt: skip
    assert consequences["review"] == {
        "id": "review", "title": "Review", "about": "Soon.", "kind": "review",
        "outcomes": [HEAVY], "days": 0, "theme": "money",
    }  # fmt: skip
    assert consequences["lead"] == {
        "id": "lead", "title": "Lead", "kind": "lead", "outcomes": [LIGHT], "when": "met",
        "actor": "the region", "principle": "fairness",
    }  # fmt: skip


def test_the_order_of_a_rulebooks_items_is_no_part_of_its_digest():
    turned = {
        name: tuple(reversed(getattr(FULL, name)))
        for name in ("facts", "parameters", "findings", "rules", "consequences", "principles",
                     "documents", "themes", "limits", "claims")
    }  # fmt: skip
    turned["parameters"] = tuple(
        attrs.evolve(p, values=tuple(reversed(p.values))) for p in turned["parameters"]
    )

    assert attrs.evolve(FULL, **turned).digest == FULL.digest


def test_where_a_rulebook_lies_is_no_part_of_its_digest():
    moved = attrs.evolve(
        FULL, place="elsewhere", rules=[attrs.evolve(rule, place="x:1") for rule in FULL.rules]
    )

    assert moved.digest == FULL.digest


def test_everything_else_of_a_rulebook_is_part_of_its_digest():
    first = {name: getattr(FULL, name)[0] for name in ("facts", "rules", "findings", "parameters")}
    changes = [
        {"id": "other"},
        {"version": "1.0.1"},
        {"title": "Other"},
        {"about": ""},
        {"span": Span(datetime.date(2020, 1, 1))},
        {"outcomes": tuple(reversed(FULL.outcomes))},
        {"measures": tuple(reversed(FULL.measures))},
        {"identifier": None},
        {"local_priorities": None},
        {"claims": ()},
        {"facts": (attrs.evolve(first["facts"], max_age=1), *FULL.facts[1:])},
        {"facts": (attrs.evolve(first["facts"], decimals=2), *FULL.facts[1:])},
        {"rules": (attrs.evolve(first["rules"], negated=True), *FULL.rules[1:])},
        {"rules": (attrs.evolve(first["rules"], if_unknown="ignore"), *FULL.rules[1:])},
        {"findings": FULL.findings[1:]},
        {"parameters": (attrs.evolve(first["parameters"], unit=""),)},
    ]
    digests = {attrs.evolve(FULL, **change).digest for change in changes}

    assert len(digests) == len(changes)
    assert FULL.digest not in digests
