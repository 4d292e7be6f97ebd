"""A cohort for people: who belongs to it, and what a rulebook takes from it."""

from __future__ import annotations

from oversight_engine.explanation.grounds import say_cohort
from oversight_engine.explanation.page import Block, Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import say_day, say_number
from oversight_engine.model.cohort import CohortValues, StepTable
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.together import CohortCount


def cohort_page(rulebook: Rulebook, values: CohortValues) -> Page:
    """Return all that *rulebook* takes from a cohort, the step tables summed up."""
    headline = Headline(
        say_cohort(rulebook, values),
        about=(f"{rulebook.title}, version {rulebook.version}, on {say_day(values.day)}",
               values.digest),
    )  # fmt: skip
    excluded = [Line(f"{each.code}: {each.because}", 0, "item") for each in values.excluded]
    parameters = tuple(
        (
            parameter.id,
            parameter.title,
            _worth(values, parameter.id, parameter.unit),
            "" if isinstance(parameter.cohort, CohortCount) else _left_out(values, parameter.id),
        )
        for parameter in rulebook.parameters
        if parameter.cohort is not None
    )
    scores = tuple(
        (
            finding.id,
            finding.title,
            *_range(values.steps[finding.id]),
            _left_out(values, finding.id),
        )
        for finding in rulebook.findings
        if finding.id in values.steps
    )
    blocks: list[Block] = [headline, *section("Excluded", excluded)]
    if parameters:
        headings = ("Id", "Parameter", "Value", "Unknown for")
        blocks.append(Table("Parameters", headings, parameters))
    if scores:
        columns = ("Id", "Score by rank", "Values", "From", "To", "Unknown for")
        blocks.append(Table("Scores by rank", columns, scores))
    return Page(tuple(blocks))


def _worth(values: CohortValues, parameter: str, unit: str) -> str:
    number = values.parameters.get(parameter)
    return "none" if number is None else say_number(number, unit)


def _left_out(values: CohortValues, item: str) -> str:
    number = values.left_out.get(item, 0)
    return str(number) if number else ""


def _range(table: StepTable) -> tuple[str, str, str]:
    """Return how many values *table* lists, the worst and the best of them."""
    numbers = [number for number, _ in table.steps]
    if table.better == "lower":
        numbers.reverse()
    ends = (numbers[0], numbers[-1]) if numbers else ()
    said = [say_number(end, "") for end in ends] or ["", ""]
    return str(len(numbers)), said[0], said[1]
