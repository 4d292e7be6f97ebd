"""The script that checks proof files, as a test reads it and as anybody runs it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "check_proof.py"
CAUGHT = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the script takes for a malformed file."""


def read_script():
    spec = importlib.util.spec_from_file_location("check_proof_script", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def run_script(tmp_path, data, *arguments, shadow=None):
    """Run the script on a file in a process of its own, where our package is out of reach."""
    path = tmp_path / "proof.json"
    path.write_bytes(data)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if shadow is not None:
        environment["PYTHONPATH"] = str(shadow)
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
