"""One case, from the start of the process to its end, with a warm cache."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.cases import DAY, cases_of
from benchmarks.peers import zen_graph
from benchmarks.timing import milliseconds, processes, table
from benchmarks.translation import facts_of
from oversight_engine.compiler import compile_program
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.in_force import find_in_force
from oversight_engine.resources import shipped

STORY = "aldermere-freedom-kept.yaml"
HEAVY = ("numpy", "polars", "z3", "sqlalchemy", "jinja2", "rich", "cattrs", "sqlite3", "hypothesis")
RUN_ZEN = (
    "import json, sys, zen\n"
    "graph, facts = (open(name).read() for name in sys.argv[1:])\n"
    "engine = zen.ZenEngine({'loader': lambda _: graph})\n"
    "answer = engine.evaluate('all', json.loads(facts), {'trace': True})\n"
    "print(answer['result']['outcome'])\n"
)


def report(rounds: int) -> str:
    """Return what deciding one case costs as a whole process, beside the floor and beside zen."""
    with tempfile.TemporaryDirectory() as folder:
        return _report(Path(folder), rounds)


def _report(folder: Path, rounds: int) -> str:
    story = shipped("cases") / "illustrative" / STORY
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    program = compile_program(find_in_force(rulebook, DAY))
    (case,) = cases_of(rulebook, 1)
    known = {name: stated.value for name, stated in case.facts.items() if stated.value is not None}
    plain = yaml.load(story.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    (folder / "case.json").write_text(json.dumps(_as_json(plain)))
    (folder / "graph.json").write_text(zen_graph(program))
    (folder / "facts.json").write_text(json.dumps(facts_of(program, known, DAY)))
    command = [str(Path(sys.executable).with_name("oversight")), "decide"]
    times = processes(
        {
            "python -c pass": [sys.executable, "-c", "pass"],
            "oversight --version": [command[0], "--version"],
            "oversight decide, a YAML case": [*command, str(story)],
            "oversight decide, a JSON case": [*command, str(folder / "case.json")],
            "the same, reference evaluator alone": [
                *command, "--evaluators", "reference", str(folder / "case.json"),
            ],
            "zen-engine, a comparable graph": [
                sys.executable, "-c", RUN_ZEN, str(folder / "graph.json"),
                str(folder / "facts.json"),
            ],
        },
        rounds,
    )  # fmt: skip
    floor = times["python -c pass"].median
    rows = [
        [name, milliseconds(timed), f"{timed.median / floor:.1f}"] for name, timed in times.items()
    ]
    return "\n\n".join(
        [
            "## One case, whole process, warm cache",
            table(["command", "ms: median (range)", "times `python -c pass`"], rows),
            "Imported by `oversight decide` of a JSON case: " + _imported(folder / "case.json"),
        ]
    )


def _as_json(node: object) -> object:
    """Return what a YAML file says as JSON would say it."""
    if isinstance(node, dict):
        return {key: _as_json(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_as_json(item) for item in node]
    if node in ("yes", "no"):
        return node == "yes"
    try:
        return json.loads(str(node))
    except ValueError:
        return node


def _imported(case: Path) -> str:
    program = (
        "import sys; sys.argv = ['oversight', 'decide', sys.argv[1]]\n"
        "from oversight_engine.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(case)], check=True, capture_output=True, text=True
    )
    modules = done.stderr.split()
    packages = sorted({name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names))
    heavy = [name for name in HEAVY if name in modules]
    return (
        f"{len(modules)} modules; beyond the standard library "
        + ", ".join(f"`{name}`" for name in packages)
        + f". Of the heavy ones ({', '.join(HEAVY)}): {', '.join(heavy) or 'none'}."
    )
