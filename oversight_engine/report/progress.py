"""How far a long run has come: shown only to somebody who watches, and only when it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TypeVar

from oversight_engine.report.terminal import Terminal

Item = TypeVar("Item")

PATIENCE = 1.0
"""Seconds that pass before anything is shown."""


def watched(
    items: Sequence[Item],
    terminal: Terminal,
    stream: IO[str],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yield *items*, and show on *stream* how many were asked for, if that takes long."""
    if not terminal.is_live:
        yield from items
        return
    started = clock()
    remaining = iter(items)
    done = 0
    for item in remaining:
        yield item
        done += 1
        if clock() - started > PATIENCE:
            break
    else:
        return
    from oversight_engine.report.grid import Bar

    with Bar(terminal, stream, len(items)) as bar:
        for item in remaining:
            bar.reach(done)
            yield item
            done += 1
