"""The outcome of a decision, what makes it so, what was not known and what was close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oversight_engine.explanation.conditions import sides
from oversight_engine.explanation.grounds import say_alone, say_among, say_statuses, say_when
from oversight_engine.explanation.margins import Margin, find_margins
from oversight_engine.explanation.page import (
    EFFECT_MARKS,
    Headline,
    Line,
    Section,
    Tone,
    section,
)
from oversight_engine.explanation.reasons import Reasons
from oversight_engine.explanation.wording import (
    capital,
    in_sentence,
    outcome_title,
    say_basis,
    say_count,
    say_day,
    say_few,
    say_id,
    say_list,
    say_number,
    say_outcomes,
    themes_of,
)
from oversight_engine.model.decision import Decision, RuleResult
from oversight_engine.model.expression import Comparison
from oversight_engine.model.number import rounded
from oversight_engine.model.rulebook import REFER, REFERRAL, Rulebook
from oversight_engine.model.truth import TRUE


def tone_of(rulebook: Rulebook, outcome: str | None) -> Tone:
    """Return where *outcome* stands on the scale of *rulebook*."""
    if outcome is None or outcome == REFERRAL:
        return "referral"
    if outcome == rulebook.harshest:
        return "harshest"
    return "lightest" if outcome == rulebook.lightest else "between"


NOT_THE_DECISION = "What the rules say of the facts stated; whoever is responsible decides."
"""Stands in every headline: an engine's answer is nobody's decision."""


class Account:
    """The sections that say what one decision is and why, one method each."""

    def __init__(self, decision: Decision) -> None:
        """Give an account of *decision*."""
        self.decision = decision
        self.rulebook = decision.rulebook
        self.reasons = Reasons(decision)
        self.words = self.reasons.words

    def headline(self) -> Headline:
        """Return the outcome with the system, the date and what it rests on."""
        decision, case = self.decision, self.decision.case
        region = f", {case.system.region}" if case.system.region else ""
        date = f"On {say_day(decision.as_of)}"
        if decision.as_of_overridden:
            date += f" (a date given to the engine; the case says {say_day(case.as_of)})"
        return Headline(
            title=self.title(),
            tone=tone_of(self.rulebook, decision.outcome),
            about=(
                f"{case.system.name} ({case.system.code}){region}",
                f"{date}, by {self.rulebook.title}, version {self.rulebook.version}",
                *say_among(decision),
                *self.recommended(),
                *self.possible(),
                NOT_THE_DECISION,
            ),
            warnings=(*say_statuses(decision), *say_alone(decision)),
        )

    def title(self) -> str:
        """Return the outcome's title, with the measure that is recommended."""
        decision = self.decision
        if decision.outcome is None:
            return "Referred: not decided"
        title = outcome_title(self.rulebook, decision.outcome)
        if not decision.measure:
            return title
        measure = next(m.title for m in self.rulebook.measures if m.id == decision.measure)
        return f"{title}: {in_sentence(measure)} recommended"

    def recommended(self) -> tuple[str, ...]:
        """Return who has to confirm the outcome, where the rulebook says that somebody has to."""
        declared = self.rulebook.confirmation
        if declared is None or self.decision.outcome not in declared.outcomes:
            return ()
        roles = say_list((say_id(role) for role in declared.roles), "or")
        return (f"Recommended until confirmed by {roles or 'somebody in a named role'}",)

    def possible(self) -> tuple[str, ...]:
        """Return what is still possible and what is not, where facts are missing."""
        decision = self.decision
        if decision.outcome is not None and decision.possible == (decision.outcome,):
            return ()
        scale = [outcome.id for outcome in self.rulebook.outcomes]
        excluded = [outcome for outcome in scale if outcome not in decision.possible]
        said = f"Possible once the missing facts are known: {self._outcomes(decision.possible)}"
        if excluded:
            said += f"; excluded whatever they say: {self._outcomes(excluded, 'and')}"
        return (said,)

    def _outcomes(self, outcomes: Iterable[str], word: str = "or") -> str:
        return say_outcomes(self.rulebook, outcomes, word)

    def why(self) -> tuple[Section, ...]:
        """Return the rules that make the outcome what it is, or why there is none."""
        decision = self.decision
        if decision.outcome is None:
            return self.why_referred()
        decisive = self._decisive()
        if decisive:
            title = f"What makes it {in_sentence(outcome_title(self.rulebook, decision.outcome))}"
            return section(title, self._rules(decisive, with_source=True))
        count = say_count(len(decision.rules), "rule")
        return section("What makes it so", [f"Nothing holds it back: of {count}, none applies."])

    def why_referred(self) -> tuple[Section, ...]:
        """Return the rules that refer the case, and the evidence that is missing."""
        decision = self.decision
        lines: list[Line] = []
        refers = [result for result in decision.rules if result.effect == "refers"]
        admissibility = [r for r in refers if r.rule.outcome == REFER]
        unknown = [r for r in refers if r.rule.outcome != REFER]
        if admissibility:
            lines.append(Line("The case cannot be admitted as it stands:"))
            lines += self._rules(admissibility, level=1, with_source=True)
        if unknown:
            harshest = in_sentence(outcome_title(self.rulebook, self.rulebook.harshest))
            rules = say_count(len(unknown), "rule")
            lines.append(
                Line(
                    f"{rules} that could bring {harshest} cannot be answered, and silence neither "
                    f"brings it nor avoids it:"
                )
            )
            lines += [Line(r.rule.title, 1, "refers") for r in unknown]
        missing = [self.words.readings[fact] for fact in decision.missing]
        if missing:
            lines.append(Line(f"Missing evidence ({say_count(len(missing), 'fact')}):"))
            lines += [Line(f"{r.fact.title}: {r.why_unknown}", 1, "unknown") for r in missing]
        return section("Why it is referred", lines)

    def lesser(self) -> tuple[Section, ...]:
        """Return whatever else holds or holds back, below what was decided."""
        decisive = {result.rule.id for result in self._decisive()}
        others = [
            result
            for result in self.decision.rules
            if result.effect in {"holds", "holds_back"} and result.rule.id not in decisive
        ]
        title = "What would still hold it back if that were put right"
        return section(title, self._rules(others, with_source=True))

    def _decisive(self) -> list[RuleResult]:
        """Return the rules that hold, or hold back, at the outcome that was decided."""
        outcome = self.decision.outcome
        return [
            result
            for result in self.decision.rules
            if result.rule.outcome == outcome and result.effect in {"holds", "holds_back"}
        ]

    def _rules(
        self, results: Iterable[RuleResult], *, level: int = 0, with_source: bool = False
    ) -> list[Line]:
        lines: list[Line] = []
        for result in results:
            rule = result.rule
            lines.append(Line(rule.title, level, EFFECT_MARKS[result.effect]))
            lines += self.reasons.of_rule(result, level + 1)
            if with_source:
                lines += self._sources(result, level + 1)
        return lines

    def _sources(self, result: RuleResult, level: int) -> Iterator[Line]:
        """Where a rule comes from, and the numbers of policy in its conditions."""
        for use in self.reasons.parameters_of(result):
            number = say_number(use.dated.value, use.parameter.unit)
            basis = say_basis(self.rulebook, use.dated.basis)
            span = say_when(use)
            yield Line(f"Threshold: {use.parameter.title}, {number} {span}; {basis}", level)
        yield Line(f"Source: {say_basis(self.rulebook, result.rule.basis)}", level)

    def every_rule(self) -> tuple[Section, ...]:
        """Return each rule with its conditions, by theme."""
        themes = themes_of(self.rulebook, (result.rule for result in self.decision.rules))
        sections: list[Section] = []
        for theme in themes:
            results = [r for r in self.decision.rules if r.rule.theme == theme]
            title = f"Every rule on {say_id(theme)}" if theme else "Every rule without a theme"
            lines: list[Line] = []
            for result in results:
                lines += self._one_rule(result)
            sections += section(title, lines)
        return tuple(sections)

    def _one_rule(self, result: RuleResult) -> Iterator[Line]:
        rule = result.rule
        word = "unless" if rule.negated else "when"
        brings = "a referral" if rule.outcome == REFER else self._outcomes([rule.outcome])
        yield Line(f"{rule.title} (would bring {brings})", 0, EFFECT_MARKS[result.effect])
        yield Line(f"Says: {word} {rule.statement.text}", 1)
        yield from self.reasons.of_rule(result, 1)
        if result.effect == "ignored":
            yield Line(f"Ignored while unknown: {rule.reason_to_ignore}", 1)

    def unknown(self, *, is_brief: bool = False) -> tuple[Section, ...]:
        """Return the facts that rules ask for and the case does not have, by why."""
        by_reason: dict[str, list[str]] = {}
        for reading in self.decision.facts:
            if reading.why_unknown and reading.consulted:
                by_reason.setdefault(reading.why_unknown, []).append(reading.fact.title)
        lines: list[Line] = []
        for reason, titles in by_reason.items():
            if is_brief:
                lines.append(Line(f"{capital(reason)}: {say_few(titles)}.", 0, "unknown"))
            else:
                lines.append(Line(f"{capital(reason)}:", 0, "unknown"))
                lines += [Line(title, 1, "item") for title in titles]
        count = sum(map(len, by_reason.values()))
        consulted = sum(1 for reading in self.decision.facts if reading.consulted)
        return section(f"What was not known ({count} of {say_count(consulted, 'fact')})", lines)

    def close(self, nearest: int) -> tuple[Section, ...]:
        """Return the *nearest* numbers to where a condition turns."""
        margins = find_margins(self.decision)[:nearest]
        if not margins:
            return ()
        told = (
            "The numbers nearest to where a condition turns, measured against the range that each "
            "may have."
        )
        return section("What was close", [told, *map(self._margin, margins)])

    def _margin(self, margin: Margin) -> Line:
        leaf = margin.result.leaf
        assert isinstance(leaf, Comparison), "margins are of comparisons"
        subject, _, threshold = sides(leaf)
        unit = self.words.unit(subject, threshold)
        if margin.distance == 0:
            away = "exactly at the limit"
        else:
            distance = say_number(margin.distance, "percentage points" if unit == "%" else unit)
            share = rounded(100 * margin.share, 1, "half_even")
            near = say_number(share, "%") if share else "less than 0.1%"
            away = f"{distance} away, {near} of its range"
        if margin.is_within_likely:
            away += "; its own uncertainty reaches across"
        said = self.words.leaf(margin.result)
        return Line(f"{said}; {away}. Bears on: {say_few(margin.owners)}.", 0, "item")

    def why_not(self, outcome: str) -> tuple[Section, ...]:
        """Return, rule by rule, what stands between the decision and *outcome*."""
        wanted = self.rulebook.severity(outcome)
        title = in_sentence(outcome_title(self.rulebook, outcome))
        held = self.decision.outcome
        if outcome == held:
            return section(f"Why not {title}", [f"It is {title}."])
        if held is None:
            is_harsher = outcome == self.rulebook.harshest
        else:
            is_harsher = self.rulebook.severity(held) < wanted
        if is_harsher:
            return self._why_not_harsher(outcome, title)
        return self._why_not_lighter(wanted, title)

    def _why_not_lighter(self, wanted: int, title: str) -> tuple[Section, ...]:
        """Each rule that stands in the way, with what would have to be otherwise."""
        in_the_way = [
            result
            for result in self.decision.rules
            if result.effect == "refers"
            or (
                result.effect in {"holds", "holds_back"}
                and self.rulebook.severity(result.rule.outcome) > wanted
            )
        ]
        true = [result for result in in_the_way if result.truth is TRUE]
        unknown = [result for result in in_the_way if result.truth is not TRUE]
        return (
            *self._to_clear(f"Why not {title}: {_stand(len(true))} in the way", true),
            *self._to_clear(f"Why not {title}: {_stand(len(unknown))} open", unknown),
        )

    def _to_clear(self, title: str, results: list[RuleResult]) -> tuple[Section, ...]:
        lines = [Line("For each, what would have to be otherwise:")] if results else []
        for result in results:
            lines.append(Line(result.rule.title, 0, EFFECT_MARKS[result.effect]))
            lines += self.reasons.to_clear(result, 1)
            lines.append(Line(f"Source: {say_basis(self.rulebook, result.rule.basis)}", 1))
        return section(title, lines)

    def _why_not_harsher(self, outcome: str, title: str) -> tuple[Section, ...]:
        could = [r for r in self.decision.rules if r.rule.outcome == outcome]
        lines = [
            Line(
                f"None of the {say_count(len(could), 'rule')} that would bring it is true. For "
                f"each, what would have to be otherwise:"
            )
        ]
        for result in could:
            lines.append(Line(result.rule.title, 0, EFFECT_MARKS[result.effect]))
            lines += self.reasons.to_hold(result, 1)
        return section(f"Why not {title}", lines)


def _stand(number: int) -> str:
    return f"{say_count(number, 'rule')} {'stands' if number == 1 else 'stand'}"
