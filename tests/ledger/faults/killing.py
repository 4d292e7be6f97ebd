"""Kills the work on a ledger at its writes, and cuts the power, again and again; counts the losses.

Run in a process of its own with the shim loaded (see `shim.c`):

    LD_PRELOAD=shim.so python -m tests.ledger.faults.killing shim.so FOLDER POINTS

It prints what it counted as JSON. POINTS is how many of each to try, evenly spread; 0 tries all.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from tests.ledger.faults.work import drafts, faults_after, faults_of_resuming, work


class Shim:
    """What stands between this process and its files."""

    def __init__(self, path):
        self._library = ctypes.CDLL(path)

    def arm(self, folder="", at=0, *, torn=False, log=None):
        encoded = None if log is None else os.fsencode(log)
        self._library.arm(os.fsencode(folder), at, int(torn), encoded)

    def counted(self):
        return self._library.counted()

    def mark(self, text):
        self._library.mark(text.encode())


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder / "ledger"


def in_a_child(location, shim, at, *, torn):
    """Do the work in a child that is killed at call *at*; return what it acknowledged, its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)

        def say(what, number):
            os.write(writing, f"{what} {number}\n".encode())

        shim.arm(f"{location.parent}/", at, torn=torn)
        work(location, say)
        os.write(writing, f"calls {shim.counted()}\n".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        lines = [line.split() for line in said.read().splitlines()]
    _, status = os.waitpid(child, 0)
    return {(what, int(number)) for what, number in lines}, status


def spread(total, points):
    """Return that many of the numbers from 1 to *total*, evenly spread; 0 asks for all."""
    if not points or points >= total:
        return range(1, total + 1)
    return sorted({1 + place * (total - 1) // max(1, points - 1) for place in range(points)})


def kills(shim, folder, points):
    """Kill at each point, before the write and in the middle of it; return counts and faults."""
    said, status = in_a_child(fresh(folder), shim, 0, torn=False)
    assert status == 0, status
    [calls] = [number for what, number in said if what == "calls"]
    counts = {"write boundaries": calls, "kills": 0, "faults": []}
    for at in spread(calls, points):
        for torn in (False, True):
            location = fresh(folder)
            acknowledged, status = in_a_child(location, shim, at, torn=torn)
            assert os.WIFSIGNALED(status), (at, status)
            assert os.WTERMSIG(status) == signal.SIGKILL
            counts["kills"] += 1
            where = f"killed at {at}{' in the middle' if torn else ''}: "
            for fault in faults_after(location, acknowledged) or faults_of_resuming(location):
                counts["faults"].append(where + fault)
    return counts


# Power cuts: what was written since the last sync of a file may be there, or in part, or not.


class Disk:
    """Files as a log of writes and syncs makes them."""

    def __init__(self):
        self.names = {}
        self.acknowledged = set()

    def apply(self, what, path, other, at, data):
        if what == "A":
            said, number = path.split()
            self.acknowledged.add((said, int(number)))
        elif what == "U":
            self.names.pop(path, None)
        elif what == "L":
            self.names[other] = self.names[path]
        else:
            kept, waiting = self.names.setdefault(path, (bytearray(), []))
            waiting.append((what, at, data))
            if what == "S":
                for change in waiting:
                    apply(kept, *change)
                waiting.clear()

    def cut(self, folder, chance):
        """Write to *folder* what is left; *chance* says how much of what was not synced."""
        for path, (kept, waiting) in self.names.items():
            content = bytearray(kept)
            for what, at, data in waiting:
                share = chance()
                if share:
                    apply(content, what, at, data[: int(len(data) * share)])
            (folder / Path(path).name).write_bytes(content)


def apply(content, what, at, data):
    if what == "T":
        content[at:] = b""
    elif what == "W":
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data


def logged(path):
    """Yield each call of the log at *path*."""
    with path.open("rb") as log:
        while head := log.readline():
            what, first, second, at, length = head.decode().rstrip("\n").split("\t")
            data = log.read(int(length)) if what == "W" else b""
            yield what, first, second, int(at), data


def power_cuts(shim, folder, points):
    """Cut the power after each call, with all, none and some of what was not synced."""
    log = folder.with_suffix(".log")
    location = fresh(folder)
    shim.arm(f"{folder}/", log=log)
    work(location, lambda what, number: shim.mark(f"{what} {number}"))
    shim.arm()
    calls = list(logged(log))
    chosen = set(spread(len(calls), points))
    random_ = random.Random(1)  # noqa: S311 - a choice that can be repeated
    chances = {
        "all": lambda: 1,
        "none": lambda: 0,
        "some": lambda: random_.choice((0, 0.5, 1)),
    }
    disk, counts = Disk(), {"power cuts": 0, "faults": []}
    for at, call in enumerate(calls, start=1):
        disk.apply(*call)
        for name, chance in chances.items() if at in chosen else ():
            location = fresh(folder)
            disk.cut(folder, chance)
            counts["power cuts"] += 1
            faults = faults_after(location, disk.acknowledged) or faults_of_resuming(location)
            counts["faults"] += [f"power cut after {at}, {name} kept: {each}" for each in faults]
    return counts


def main():
    library, folder, points = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    shim = Shim(library)
    drafts()  # made once, before anything forks
    found = {"killed": kills(shim, folder, points), "cut": power_cuts(shim, folder, points)}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
