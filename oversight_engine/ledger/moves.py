"""What may happen to a decision, an override and a representation: the table of legal moves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NoReturn

from oversight_engine.errors import MoveError

State = Literal[
    "referred", "decided", "recommended", "confirmed", "refused", "superseded", "withdrawn",
    "standing", "received", "answered",
]  # fmt: skip
"""The first seven are of decisions; an override is standing or withdrawn, a representation
received or answered."""

DRAWN: tuple[State, ...] = ("superseded", "withdrawn")
"""The states of what no longer counts."""

COMMANDS: Mapping[str, str] = MappingProxyType({
    "confirmation": "confirm",
    "refusal": "refuse",
    "override": "override",
    "representation": "represent",
    "answer": "answer",
    "review": "review",
    "correction": "correct",
    "withdrawal": "withdraw",
})  # fmt: skip
"""By kind of entry, the word for the move and the command that records it."""


def _live(state: State, **more: State) -> Mapping[str, State]:
    """Return the moves of a decision that counts: all it can meet, and *more*."""
    return MappingProxyType({
        **more,
        "override": state,
        "representation": state,
        "review": state,
        "correction": "superseded",
        "withdrawal": "withdrawn",
    })  # fmt: skip


_NONE: Mapping[str, State] = MappingProxyType({})

MOVES: Mapping[State, Mapping[str, State]] = MappingProxyType({
    "referred": _live("referred"),
    "decided": _live("decided"),
    "recommended": _live("recommended", confirmation="confirmed", refusal="refused"),
    "confirmed": _live("confirmed"),
    "refused": _live("refused"),
    "superseded": _NONE,
    "withdrawn": _NONE,
    "standing": MappingProxyType({"withdrawal": "withdrawn"}),
    "received": MappingProxyType({"answer": "answered"}),
    "answered": _NONE,
})  # fmt: skip
"""From a state, by the kind of an entry, to the state after it. What is not here is refused."""


def refuse_move(what: str, state: State, kind: str) -> NoReturn:
    """Refuse that *what*, in that *state*, meets an entry of that *kind*, and say what it may."""
    legal = [COMMANDS[each] for each in MOVES[state]]
    way_out = f"legal now: {', '.join(legal)}" if legal else "nothing more can be done to it"
    raise MoveError(f"{what} is {state}, so there is nothing to {COMMANDS[kind]}; {way_out}")
