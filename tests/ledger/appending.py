"""Appends to a ledger from several processes at once.

    python -m tests.ledger.appending LOCATION WORKERS OWN SHARED

Each process appends its own decisions one by one, and some that all of them share; it prints, for
each, the number of its entry once that is acknowledged, and the system.
"""

import os
import sys

from oversight_engine.ledger.log import Ledger
from tests.ledger.ledgers import append, draft


def append_each(location, drafts):
    with Ledger.open(location, write=True) as ledger:
        for each in drafts:
            [recorded] = append(ledger, each)
            os.write(1, f"{recorded.entry.number} {each.data['system']}\n".encode())


def main():
    location, workers, own, shared = sys.argv[1], *map(int, sys.argv[2:])
    same = [draft(code=f"ALL{number}") for number in range(shared)]
    drafts = [
        [draft(code=f"W{worker}N{number}") for number in range(own)] + same
        for worker in range(workers)
    ]
    for each in drafts:
        if os.fork() == 0:
            append_each(location, each)
            os._exit(0)
    ended = [os.wait()[1] for _ in range(workers)]
    sys.exit(1 if any(ended) else 0)


if __name__ == "__main__":
    main()
