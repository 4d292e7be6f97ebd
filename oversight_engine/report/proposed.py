"""Who is proposed and who is not, for people."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import groupby

from oversight_engine.explanation.page import Block, Line, Table, section
from oversight_engine.explanation.wording import say_count, say_day, say_list
from oversight_engine.proposals import Proposal


def proposal_blocks(proposals: Sequence[Proposal]) -> Iterator[Block]:
    """Yield, for each kind of proposal, those ranked on each day, and how many are not."""
    for declaration, group in groupby(proposals, key=lambda each: each.declaration):
        of_kind = tuple(group)
        days = [tuple(of_day) for _, of_day in groupby(of_kind, key=_day)]
        shown = [of_day for of_day in days if any(each.rank for each in of_day)]
        for of_day in shown:
            title = declaration.title
            if len(days) > 1:
                title += f", on {say_day(_day(of_day[0]))}"
            columns = ("Rank", "Code", "System", "Proposed", "Why")
            rows = tuple(_row(each) for each in of_day if each.rank)
            yield Table(title, columns, rows, named=3)
            yield from section("", _others(of_day))
        if not shown:
            yield from section(declaration.title, _others(of_kind))


def _day(proposal: Proposal) -> datetime.date:
    return proposal.decision.as_of


def _row(proposal: Proposal) -> tuple[str, ...]:
    system = proposal.decision.case.system
    said = "yes" if proposal.is_proposed else "no"
    return str(proposal.rank), system.code, system.name, said, proposal.reason


def _others(proposals: Sequence[Proposal]) -> Iterator[Line]:
    """Yield for how many of those without a rank the reason is which."""
    reasons: dict[str, list[str]] = {}
    for each in proposals:
        if each.rank is None:
            reasons.setdefault(each.reason, []).append(each.decision.case.system.code)
    for reason, codes in reasons.items():
        said = f"{say_count(len(codes), 'system')}: {reason}"
        yield Line(f"{said}: {say_list(codes)}" if len(codes) <= MOST_NAMED else said, 0, "item")


MOST_NAMED = 12
"""Up to so many of those without a rank are named."""
