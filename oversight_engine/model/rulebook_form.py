"""A rulebook as plain data: what its digest covers, and what is written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oversight_engine.model.expression import Formula
from oversight_engine.model.plain import (
    NumberText,
    Plain,
    by_id,
    day_text,
    each,
    number_text,
    span_data,
    trimmed,
)
from oversight_engine.model.rulebook import ACCEPTED_BY_DEFAULT
from oversight_engine.model.together import CohortCount

if TYPE_CHECKING:
    from oversight_engine.model.people import Confirmation, HistoryDeclaration
    from oversight_engine.model.rulebook import (
        Basis,
        Consequence,
        DatedValue,
        Effort,
        Fact,
        Finding,
        Parameter,
        RoundingTo,
        Rule,
        Rulebook,
        Table,
    )
    from oversight_engine.model.together import (
        CohortDeclaration,
        CohortQuantile,
        ProposalDeclaration,
        Ranked,
        Threshold,
    )

RULEBOOK_FORMAT = "oversight-rulebook/1"


def _basis(basis: Basis) -> Plain:
    sources = [trimmed(document=s.document, at=s.at, says=s.says) for s in basis.sources]
    return trimmed(source=sources, policy_choice=basis.policy_choice, brief=list(basis.brief))


def _titled(item: Any) -> Plain:
    return trimmed(id=item.id, title=item.title, about=item.about)


def _fact(fact: Fact) -> Plain:
    number = fact.type == "number"
    ends = ["none" if end is None else number_text(end) for end in fact.range]
    accepts = fact.accepts if fact.accepts != ACCEPTED_BY_DEFAULT else ()
    return (
        _titled(fact)
        | trimmed(
            type=fact.type,
            better=fact.better,
            unit=fact.unit,
            decimals=fact.decimals if number else None,
            range=ends if number and fact.range != (None, None) else None,
            values=list(fact.values),
            ordered=fact.ordered,
            outside_order=list(fact.outside_order),
            theme=fact.theme,
            cadence=fact.cadence,
            max_age=fact.max_age,
            accepts=list(accepts),
            tags=list(fact.tags),
            history=fact.history and _history(fact.history),
            moves_with=sorted(fact.moves_with),
            effort=fact.effort and _effort(fact.effort),
            **_basis(fact.basis),
        )
        | ({} if fact.changeable else {"changeable": False})
    )


def _effort(effort: Effort) -> Plain:
    numbers = {"per_change": effort.per_change, "per_unit": effort.per_unit}
    return {key: number_text(number) for key, number in numbers.items() if number}


def _history(history: HistoryDeclaration) -> Plain:
    return trimmed(
        of=history.of,
        finding=history.finding,
        apart_from=sorted(history.apart_from),
        sustained_for=history.sustained_for,
        **{"as": None if history.shown == "value" else history.shown},
    )


def dated_data(dated: DatedValue) -> Plain:
    """Return a value of a parameter, with its days and where it is from, as plain data."""
    basis = _basis(dated.basis)
    return (
        (span_data(dated.span) or {})
        | {"value": number_text(dated.value)}
        | trimmed(instrument=basis.pop("source", None), **basis)
    )


def _cohort_value(computed: CohortQuantile | CohortCount) -> Plain:
    if isinstance(computed, CohortCount):
        return {"count": computed.of.text}
    return {
        "quantile": NumberText(computed.of.text),
        "at": number_text(computed.at),
        "interpolation": computed.interpolation,
    }


def _parameter(parameter: Parameter) -> Plain:
    computed = parameter.cohort
    return _titled(parameter) | trimmed(
        unit=parameter.unit,
        values=each(sorted(parameter.values, key=lambda dated: dated.span.start), dated_data),
        cohort=computed and _cohort_value(computed),
        required=parameter.required,
        brief=list(parameter.brief),
        **(_basis(computed.basis) if computed is not None else {}),
    )


def _row_value(value: Formula | str | None) -> str | None:
    if isinstance(value, Formula):
        return NumberText(value.text)
    return value


def _table(table: Table | None) -> Plain | None:
    if table is None:
        return None
    rows = [{"when": row.when.text, "value": _row_value(row.value)} for row in table.rows]
    return trimmed(rows=rows, otherwise=_row_value(table.otherwise))


def _rounding(rounded: RoundingTo | None) -> Plain | None:
    if rounded is None:
        return None
    return {"decimals": rounded.decimals, "mode": rounded.mode, **_basis(rounded.basis)}


def _threshold(threshold: Threshold | None) -> Plain | None:
    if threshold is None:
        return None
    return {"at": NumberText(threshold.at.text), "score": NumberText(threshold.score.text)}


def _ranked(ranked: Ranked | None) -> Plain | None:
    if ranked is None:
        return None
    return trimmed(
        better=ranked.better,
        standard=_threshold(ranked.standard),
        floor=_threshold(ranked.floor),
        best=NumberText(ranked.best.text),
        worst=NumberText(ranked.worst.text),
        rounded=_rounding(ranked.rounded),
    )


def _finding(finding: Finding) -> Plain:
    return _titled(finding) | trimmed(
        when=finding.when.text if finding.when else None,
        value=finding.value.text if finding.value else None,
        table=_table(finding.table),
        unit=finding.unit,
        values=list(finding.values),
        ordered=finding.ordered,
        outside_order=list(finding.outside_order),
        better=finding.better,
        rounded=_rounding(finding.rounded),
        ranked=_ranked(finding.ranked),
        reported=finding.reported,
        theme=finding.theme,
        **_basis(finding.basis),
    )


def _rule(rule: Rule) -> Plain:
    return _titled(rule) | trimmed(
        **{"unless" if rule.negated else "when": rule.statement.text},
        outcome=rule.outcome,
        if_unknown=rule.if_unknown,
        reason_to_ignore=rule.reason_to_ignore,
        principle=rule.principle,
        theme=rule.theme,
        measure=rule.measure,
        in_force=span_data(rule.span),
        **_basis(rule.basis),
    )


def _consequence(consequence: Consequence) -> Plain:
    return _titled(consequence) | trimmed(
        kind=consequence.kind,
        outcomes=list(consequence.outcomes),
        when=consequence.statement.text if consequence.statement else None,
        per_year=consequence.per_year,
        days=consequence.days,
        actor=consequence.actor,
        theme=consequence.theme,
        principle=consequence.principle,
        **_basis(consequence.basis),
    )


def _cohort(cohort: CohortDeclaration | None) -> Plain | None:
    if cohort is None:
        return None
    return trimmed(
        title=cohort.title,
        about=cohort.about,
        members=cohort.members.text if cohort.members else None,
        smallest=cohort.smallest,
        **_basis(cohort.basis),
    )


def _confirmation(confirmation: Confirmation | None) -> Plain | None:
    if confirmation is None:
        return None
    return trimmed(
        outcomes=list(confirmation.outcomes),
        roles=sorted(confirmation.roles),
        **_basis(confirmation.basis),
    )


def _proposals(proposals: ProposalDeclaration) -> Plain:
    return _titled(proposals) | trimmed(
        consequence=proposals.consequence,
        places=NumberText(proposals.places.text),
        order=[{"by": key.name.id, "first": key.first} for key in proposals.order],
        **_basis(proposals.basis),
    )


def rulebook_data(rulebook: Rulebook) -> Plain:
    """Return *rulebook* as plain data: its canonical form, free of the order of its items."""
    identifier, local = rulebook.identifier, rulebook.local_priorities
    return _titled(rulebook) | trimmed(
        format=RULEBOOK_FORMAT,
        version=rulebook.version,
        in_force=span_data(rulebook.span),
        identifier=identifier
        and {
            "scheme": identifier.scheme,
            "characters": identifier.characters,
            "shortest": identifier.shortest,
            "longest": identifier.longest,
        },
        outcomes=each(rulebook.outcomes, _titled),
        measures=each(rulebook.measures, lambda m: _titled(m) | _basis(m.basis)),
        principles=by_id(rulebook.principles, _titled),
        documents=by_id(
            rulebook.documents,
            lambda d: trimmed(
                id=d.id,
                title=d.title,
                publisher=d.publisher,
                date=day_text(d.date),
                evidence=d.evidence,
                note=d.note,
            ),
        ),
        themes=sorted(rulebook.themes),
        limits=[
            {"tag": limit.tag, "at_most": limit.at_most, **_basis(limit.basis)}
            for limit in sorted(rulebook.limits, key=lambda limit: limit.tag)
        ],
        local_priorities=local
        and {
            "agreed": local.agreed,
            "on_track": local.on_track,
            "not_on_track": local.not_on_track,
            "unknown": local.unknown,
        },
        claims=sorted(rulebook.claims),
        cohort=_cohort(rulebook.cohort),
        proposals=by_id(rulebook.proposals, _proposals),
        confirmation=_confirmation(rulebook.confirmation),
        facts=by_id(rulebook.facts, _fact),
        parameters=by_id(rulebook.parameters, _parameter),
        findings=by_id(rulebook.findings, _finding),
        rules=by_id(rulebook.rules, _rule),
        consequences=by_id(rulebook.consequences, _consequence),
    )
