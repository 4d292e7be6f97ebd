"""A retention policy says what is masked and when; what is due is masked once, and on record."""

import datetime
import hashlib
import json
import re
import shutil
from itertools import islice
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from oversight_engine.errors import ExitCode, InputError, IntegrityError
from oversight_engine.ledger.entries import Draft, masked_content
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.replaying import replay
from oversight_engine.ledger.retention import find_due, mask_due, read_policy, refusal_of
from oversight_engine.ledger.verification import verify
from oversight_engine.report.schemas import shipped_schema
from tests.ledger import casework
from tests.ledger.ledgers import BY, SIGNER, START, append, clock, draft, made, review
from tests.test_cli import run

DAY = datetime.timedelta(days=1)
RECORDED = START.date()
POLICY = """\
format: oversight-retention/1
id: region
title: What the region keeps of people
items:
  - id: voices
    kinds: [representation, answer]
    fields: [/by/name, /text]
    after_days: 30
    policy_choice: A month after they spoke nobody need know who it was.
  - id: figures
    kinds: [decision]
    fields: [/case/facts/seen_pct, /case/facts/seen_pct/source, /case/facts/not_stated]
    after_days: 60
    source: {document: Records code, at: appendix 2}
"""


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, "utf-8")
    return file


@pytest.fixture
def told(location):
    """Return where a ledger is with two decisions, and what two people said of the first."""
    voice = Draft("representation", {
        "about": 2, "by": {"name": "A. Chair", "role": "chair"}, "received_on": "2025-07-01",
        "text": "It was closed in May.",
    })  # fmt: skip
    answer = Draft("answer", {"about": 4, "by": BY, "text": "It was opened again."})
    with Ledger.open(made(location), write=True) as ledger:
        append(ledger, draft(0), draft(1), voice, review())
        append(ledger, answer, at=START + 2 * DAY)
    return location


def due_of(location, policy, day):
    with Ledger.open(location) as ledger:
        return find_due(ledger, read_policy(policy), day)


def fields(found):
    return [(each.entry, each.field, each.since, each.item.id) for each in found]


VOICE = [(4, field, RECORDED + 30 * DAY, "voices") for field in ("/by/name", "/text")]
ANSWER = [(6, field, RECORDED + 32 * DAY, "voices") for field in ("/by/name", "/text")]
FIGURES = [(n, "/case/facts/seen_pct", RECORDED + 60 * DAY, "figures") for n in (2, 3)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, []),
        (29, []),
        (30, VOICE),
        (31, VOICE),
        (32, VOICE + ANSWER),
        (59, VOICE + ANSWER),
        (60, FIGURES + VOICE + ANSWER),
        (600, FIGURES + VOICE + ANSWER),
    ],
)
def test_a_field_is_due_from_its_day_on_and_not_the_day_before(told, policy, days, expected):
    """What an entry lacks is never due, and what goes with the whole is not named twice."""
    found = due_of(told, policy, RECORDED + days * DAY)

    assert fields(found.due) == expected
    assert (found.masked, found.held, found.done) == ((), (), None)


def mask(location, policy, day, *, stop_after=None):
    with Ledger.open(location, write=True) as ledger:
        found = find_due(ledger, read_policy(policy), day)
        done = mask_due(ledger, found, BY, signer=SIGNER, clock=clock(START + 99 * DAY))
        return list(islice(done, stop_after))


def test_what_is_due_is_masked_once_and_the_ledger_still_holds(told, policy):
    last = RECORDED + 60 * DAY

    done = mask(told, policy, last)

    assert fields(done) == FIGURES + VOICE + ANSWER
    again = due_of(told, policy, last)
    assert (again.due, fields(again.masked)) == ((), fields(done))
    assert [each.masking for each in again.masked] == [7, 8, 9, 9, 10, 10]
    assert mask(told, policy, last) == []
    digest = hashlib.sha256(policy.read_bytes()).hexdigest()
    with Ledger.open(told) as ledger:
        assert (ledger.size, verify(ledger).damage) == (10, None)
        assert verify(ledger).masked == (2, 3, 4, 6)
        maskings = [entry.data for entry in ledger.entries(kind="masking")]
        assert b"closed in May" not in ledger.entry(4).content
        assert ledger.entry(4).data["by"] == {"role": "chair"}
        found = replay(ledger)
    assert [(each["about"], each["by"], each["reason"]) for each in maskings] == [
        (number, BY, f"retention policy region, item {item}, sha256:{digest}")
        for number, item in [(2, "figures"), (3, "figures"), (4, "voices"), (6, "voices")]
    ]
    assert (found.same, found.masked_count) == (0, 2)
    assert [each.fields for each in found.masked] == [("/case/facts/seen_pct",)] * 2


def test_an_interrupted_run_goes_on_where_it_stopped(told, policy):
    last = RECORDED + 60 * DAY

    first = mask(told, policy, last, stop_after=1)
    second = mask(told, policy, last)

    assert fields(first) + fields(second) == FIGURES + VOICE + ANSWER
    with Ledger.open(told) as ledger:
        assert [e.about for e in ledger.entries(kind="masking")] == [2, 3, 4, 6]
        assert verify(ledger).damage is None


def test_two_runs_at_once_mask_nothing_twice(told, policy):
    last = RECORDED + 60 * DAY
    slower = due_of(told, policy, last)
    mask(told, policy, last)

    with Ledger.open(told, write=True) as ledger:
        late = mask_due(ledger, slower, BY, signer=SIGNER, clock=clock(START + 99 * DAY))
        with pytest.raises(InputError, match="entry 2 has no /case/facts/seen_pct that could be"):
            next(late)
        assert ledger.size == 10


def test_what_was_masked_by_hand_is_not_due(told, policy):
    said = {"by": BY, "reason": "She asked for it."}
    with Ledger.open(told, write=True) as ledger:
        ledger.mask(4, ["/by/name"], said, signer=SIGNER, clock=clock())
        ledger.mask(2, ["/case/facts/seen_pct"], said, signer=SIGNER, clock=clock())

    found = due_of(told, policy, RECORDED + 60 * DAY)

    assert fields(found.due) == [FIGURES[1], VOICE[1], *ANSWER]
    assert [(f.entry, f.field, f.masking) for f in found.masked] == [
        (2, "/case/facts/seen_pct", 8),
        (4, "/by/name", 7),
    ]


def test_the_whole_of_a_fact_is_masked_where_a_part_of_it_was(told, policy):
    said = {"by": BY, "reason": "x"}
    with Ledger.open(told, write=True) as ledger:
        ledger.mask(3, ["/case/facts/seen_pct/status"], said, signer=SIGNER, clock=clock())

    assert fields(mask(told, policy, RECORDED + 60 * DAY)) == FIGURES + VOICE + ANSWER

    with Ledger.open(told) as ledger:
        assert verify(ledger).damage is None
        assert "seen_pct" not in ledger.entry(3).data["case"]["facts"]


def test_a_part_of_what_was_masked_whole_is_masked_by_that_masking(told, policy):
    policy.write_text(POLICY.replace("[/case/facts/seen_pct, ", "["), "utf-8")
    said = {"by": BY, "reason": "x"}
    with Ledger.open(told, write=True) as ledger:
        for fact in ("plan_pct", "seen_pct"):  # entries 7 and 8
            ledger.mask(2, [f"/case/facts/{fact}"], said, signer=SIGNER, clock=clock())

    found = due_of(told, policy, RECORDED + 60 * DAY)

    assert fields(found.due) == VOICE + ANSWER
    assert [(f.entry, f.field, f.masking) for f in found.masked] == [
        (2, "/case/facts/seen_pct/source", 8)
    ]


def test_a_mask_that_nobody_recorded_is_damage(told, policy):
    with Ledger.open(told, write=True) as ledger, ledger.store.appending():
        ledger.store.replace(4, masked_content(ledger.entry(4), ["/text"]))

    with pytest.raises(IntegrityError, match="entry 4 says that /text is masked, and no entry"):
        due_of(told, policy, RECORDED + 60 * DAY)


GOLDEN = Path(__file__).parents[1] / "golden" / "ledger-v1" / "golden.ledger"


def paths_in(data, above=""):
    for key, value in data.items():
        yield f"{above}/{key}"
        if isinstance(value, dict) and key != "decision":  # there is a lot in one
            yield from paths_in(value, f"{above}/{key}")


def every_field(folder):
    copy = shutil.copyfile(GOLDEN, folder / "golden.ledger")
    with Ledger.open(str(copy)) as ledger:
        for entry in ledger.entries():
            if entry.kind not in {"ledger", "key", "masking"}:
                yield from ((entry, path) for path in paths_in(entry.data))


def test_a_policy_may_name_what_the_ledger_lets_be_masked_and_nothing_else(tmp_path):
    """Held against the ledger's own word, for every field of every entry of a golden ledger."""
    said = {None: 0, "never-masked": 0, "unknown-field": 0}
    for entry, path in every_field(tmp_path):
        refusal = refusal_of(entry.kind, path)
        said[refusal and refusal.code] += 1
        if refusal is None:
            assert path.encode() in masked_content(entry, [path])
        elif refusal.code == "never-masked":
            with pytest.raises(InputError, match="cannot be masked so"):
                masked_content(entry, [path])
    assert min(said.values()) > 0, said


# On the command line


WHO = ("--by", "A. Keeper", "--role", "records officer")
KEEPS = """\
format: oversight-retention/1
id: keeps
title: What is kept
items:
  - id: names
    kinds: [decision]
    fields: [/case/system/name, /case/facts/prior_outcome, /case/facts/prior_outcome/value]
    after_days: 0
    policy_choice: Only for a test.
"""


@pytest.fixture
def story(home):
    Path("p.yaml").write_text(KEEPS, "utf-8")
    casework.decide(casework.RAVENSEA)
    return home


def asked(*options, code=ExitCode.DONE):
    result = run("ledger", "retention", "p.yaml", *options, "--format", "json")
    assert result.exit_code == code, result.stderr
    found = json.loads(result.stdout)
    Draft202012Validator(shipped_schema("retained")).validate(found)
    return found


def brief(found):
    return [(each["entry"], each["field"]) for each in found]


def test_what_later_history_rests_on_is_not_masked_and_the_next_decision_is_made(story):
    before = asked()
    done = asked("--mask", *WHO)
    after = asked("--mask", *WHO)

    assert brief(before["due"]) == brief(done["masked_now"]) == [(2, "/case/system/name")]
    assert (before["masked_now"], after["masked_now"], after["due"]) == (None, [], [])
    assert brief(after["masked"]) == [(2, "/case/system/name")]
    for found in (before, done, after):
        [held] = found["held"]
        assert (held["field"], held["item"]) == ("/case/facts/prior_outcome", "names")
        assert held["because"] == "the history of ZZ018 under hewitt-2023 begins with it"
    assert run("ledger", "verify", "--ledger", "l.ledger").exit_code == 0
    told = run("replay", "--ledger", "l.ledger", "--format", "plain").stdout
    assert "not replayable: masked" in told, told
    text = casework.quarter_of(
        casework.RAVENSEA.read_text("utf-8"),
        start="2025-07-01",
        end="2025-09-30",
        as_of="2025-10-31",
    )
    Path("next.yaml").write_text(text, "utf-8")
    assert casework.decide("next.yaml")


def test_of_a_fact_that_history_rests_on_only_the_value_stays(story):
    whole, value = "/case/facts/prior_outcome", "/case/facts/prior_outcome/value"
    for kept in (whole, value):
        fields = f"[{kept}, {whole}/status]"
        text = re.sub(r"fields: .*", f"fields: {fields}", KEEPS)
        Path("p.yaml").write_text(text, "utf-8")

        found = asked()

        assert (brief(found["held"]), brief(found["due"])) == (
            [(2, kept)],
            [(2, f"{whole}/status")],
        )
    asked("--mask", *WHO)
    assert run("ledger", "verify", "--ledger", "l.ledger").exit_code == 0


def test_a_corrected_decision_holds_the_history_and_the_old_one_does_not(story):
    Path("c.yaml").write_bytes(casework.RAVENSEA.read_bytes().replace(b"Ravensea", b"Raven Sea"))
    why = ("--reason", "The name was wrong.")
    assert run("ledger", "correct", "2", "c.yaml", *casework.DIRECTOR, *why).exit_code == 0

    found = asked()

    assert brief(found["due"]) == [
        (2, "/case/system/name"), (2, "/case/facts/prior_outcome"), (4, "/case/system/name"),
    ]  # fmt: skip
    assert brief(found["held"]) == [(4, "/case/facts/prior_outcome")]


def test_it_says_what_it_masks_as_it_goes_and_prints_a_page(story):
    size = Path("l.ledger").read_bytes()
    listed = run("ledger", "retention", "p.yaml", "--format", "plain").stdout
    assert Path("l.ledger").read_bytes() == size
    masked = run("ledger", "retention", "p.yaml", "--mask", *WHO, "--format", "markdown")

    assert listed.startswith("1 field due to be masked.\n")
    assert "Due, and not masked: later history rests on it" in listed
    assert masked.stderr == "Masked /case/system/name of entry 2: entry 3.\n"
    assert "1 field masked now" in masked.stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--mask",), ExitCode.BAD_INPUT, "say with --by and --role who masks"),
        (("--mask", "--by", "A. Keeper"), ExitCode.BAD_INPUT, "say with --by and --role who masks"),
        (("--mask", "--on", "2199-01-01", *WHO), ExitCode.BAD_INPUT, "2199-01-01 is yet to come"),
    ],
)
def test_nothing_is_masked_by_nobody_or_before_its_day(story, options, code, message):
    result = run("ledger", "retention", "p.yaml", *options)

    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert brief(asked()["due"]) == [(2, "/case/system/name")]


def test_a_policy_that_would_mask_what_is_never_masked_is_refused(story):
    Path("p.yaml").write_text(KEEPS.replace("/case/system/name", "/decision"), "utf-8")

    result = run("ledger", "retention", "p.yaml", "--mask", *WHO)

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "nothing of `decision` is ever masked" in result.stderr
    assert "p.yaml:7:14" in result.stderr
