"""Starts the process that kills, with the shim compiled and loaded; the tests and a tool use it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MEMORY = "/dev/shm"  # noqa: S108 - the disk itself is not what is tested, and takes its time
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def compiler():
    """Return the C compiler, or None where there is none."""
    return shutil.which("cc")


def run(points):
    """Kill and cut at that many points each (0: at all), and return what was counted."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        return _run(Path(name), points)


def _run(folder, points):
    library, working = folder / "shim.so", folder / "work"
    built = [compiler(), "-O1", "-shared", "-fPIC", "-o", library, HERE / "shim.c", "-ldl"]
    subprocess.run(built, check=True, capture_output=True)
    command = [sys.executable, "-m", "tests.ledger.faults.killing", library, working, str(points)]
    environment = os.environ | {"LD_PRELOAD": str(library)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)
