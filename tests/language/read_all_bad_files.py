"""Reads every bad file, and those of a folder, and stops at once if anything is run.

Started by `test_bad_files.py` in a process of its own; prints what it took as JSON.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.language import bad_files

FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "subprocess.Popen", "socket.connect", "socket.bind", "ctypes.dlopen",
)  # fmt: skip


def watch(event, arguments):
    """End the process when something is run, or code is that came from no file of ours."""
    is_foreign = event == "exec" and not Path(arguments[0].co_filename).exists()
    if event in FORBIDDEN or is_foreign:
        os.write(2, f"not allowed: {event} {arguments}\n".encode())
        os._exit(3)


def peak_megabytes():
    """Return the most memory this process has held; Linux counts it apart from its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder, *options):
    bad_files.every_construct()
    bad_files.problems_of(next(iter(bad_files.every_file())))  # what is imported late is imported
    ours = [*bad_files.every_file(), *sorted(Path(folder).iterdir())]
    sys.addaudithook(watch)
    if "--misbehave" in options:
        os.system("true")  # noqa: S605, S607 - to see that it is noticed
    took = {}
    for path in ours:
        started = time.perf_counter()
        if path.parent.parent == bad_files.BAD:
            found = bad_files.problems_of(path)
        else:
            found = bad_files.problems_of_case(path)
        took[path.name] = time.perf_counter() - started
        assert found, path
    slowest = max(took, key=took.get)
    print(  # noqa: T201
        json.dumps(
            {
                "files": len(ours),
                "slowest": slowest,
                "slowest_seconds": took[slowest],
                "peak_megabytes": peak_megabytes(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
