"""People at work on one system's decisions, by the commands."""

import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator

from oversight_engine.errors import ExitCode
from oversight_engine.ledger.keys import load_signer
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger_options import machine_clock
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests.commands import run

RAVENSEA = shipped("cases") / "illustrative" / "ravensea-harm-on-the-wards.yaml"
CODE = "ZZ018"
DIRECTOR = ("--by", "R. Director", "--role", "regional_director")
CLERK = ("--by", "C. Clerk", "--role", "clerk")
HISTORY = ("prior_outcome", "qualifying_quarters_before", "exit_criteria_status")


def quarter_of(text, *, start, end, as_of, keep_history=False, **changed):
    """Return the case in *text* as that of another quarter, its history left to the ledger."""
    text = re.sub(
        r"^period: .*$", f"period: {{from: {start}, to: {end}}}", text, flags=re.MULTILINE
    )
    text = re.sub(r"^as_of: .*$", f"as_of: {as_of}", text, flags=re.MULTILINE)
    text = re.sub(r"^expect:\n(  .*\n)*", "", text, flags=re.MULTILINE)
    text = text.replace("as_at: 2025-03-31", f"as_at: {end}")
    for fact in () if keep_history else HISTORY:
        text = re.sub(rf"^  {fact}: .*\n", "", text, flags=re.MULTILINE)
    for fact, value in changed.items():
        text, count = re.subn(rf"^  {fact}: .*$", f"  {fact}: {value}", text, flags=re.MULTILINE)
        assert count == 1, fact
    return text


def decide(path):
    result = run(
        "decide", str(path), "--ledger", "l.ledger", "--evaluators", "reference", "--format", "json"
    )
    assert result.exit_code in (0, ExitCode.REFERRED), result.stderr
    return json.loads(result.stdout)


def printed(schema, *arguments):
    """Return what the command printed as JSON, which fits its schema."""
    result = run("ledger", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    Draft202012Validator(shipped_schema(schema)).validate(found)
    return found


def did(*arguments):
    return printed("act", *arguments)


def asked(*arguments):
    return printed("standing" if arguments[0] == "show" else arguments[0], *arguments)


def in_force(day, *more):
    [system] = asked("in-force", "--on", day, *more)["systems"]
    return system


def standing(*more):
    [one] = asked("show", CODE, *more)["standings"]
    return one


def refused(*arguments):
    result = run("ledger", *arguments)
    assert result.exit_code == ExitCode.BAD_INPUT, result.stdout
    return result.stderr


QUARTERS = (
    ("2025-04-01", "2025-06-30", "2025-09-30"),
    ("2025-07-01", "2025-09-30", "2025-12-31"),
)


def written(story, number, **changed):
    start, end, as_of = QUARTERS[number]
    path = story / f"quarter-{number}.yaml"
    text = RAVENSEA.read_text(encoding="utf-8")
    path.write_text(
        quarter_of(text, start=start, end=end, as_of=as_of, **changed), encoding="utf-8"
    )
    return path


def history_of(number):
    with Ledger.open("l.ledger") as ledger:
        drawn = ledger.entry(number).data["history"]
    return {name: (fact["value"], fact.get("entry")) for name, fact in drawn.items()}


def slipped_in(*drafts):
    """Record *drafts* as somebody would who has the key and none of our checks."""
    with Ledger.open("l.ledger", write=True) as ledger:
        return ledger.append(drafts, signer=load_signer(Path("k")), clock=machine_clock)
