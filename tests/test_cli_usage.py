"""What a command says that is called in a way it is not: a code, what is wrong, and the way out."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from oversight_engine.errors import ExitCode
from oversight_engine.report.schemas import shipped_schema
from tests.commands import FREE, HARSH, REFERENCE, run


def refused(*arguments):
    """Return how the command refuses, in one line."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (ExitCode.BAD_INPUT, "")
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decide",), "Missing argument 'CASE...'. help: `oversight decide --help`"),
        (("decide", FREE, "--keepgoing"), "Did you mean '--keep-going'?"),
        (("decid", FREE), "Did you mean 'decide'? help: `oversight --help` says how it is called"),
        (("ledger", "verify", "l.ledger"), "unexpected extra argument (l.ledger)"),
        (("ledger", "prove", "two"), "'two' is not a valid number of an entry"),
        (("decide", FREE, "--fail-on", "light"), "Invalid value for '--fail-on': `light` is no"),
    ],
)
def test_wrong_usage_has_a_code_and_says_where_to_look(arguments, said):
    told = refused(*arguments)

    assert told.startswith("error: bad-input: ")
    assert said in told


@pytest.mark.parametrize("command", [("decide", FREE, "--as-of"), ("ledger", "due", "--on")])
@pytest.mark.parametrize("day", ["30/06/2025", "2025-6-30", "20250630", "2025-W26-1", "٢٠٢٥-٠٦-٣٠"])
def test_a_date_in_another_form_is_refused_and_the_form_is_shown(command, day):
    assert f"`{day}` is no date: write it like 2025-06-30" in refused(*command, day)


def test_a_day_that_no_calendar_has_is_refused():
    assert "`2025-02-30` is no day of the calendar" in refused("decide", FREE, "--as-of=2025-02-30")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--format", "json"], ["--format", "csv"]),
        (["--as-of=2025-06-30"], ["--as-of=2025-07-30"]),
        (["--ledger", "a"], ["--ledger", "b"]),
    ],
)
def test_of_two_values_where_one_is_wanted_neither_is_chosen(first, second):
    told = refused("decide", FREE, REFERENCE, *first, *second)

    assert f"{first[0].partition('=')[0]} is given 2 times: give one" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["decide", ""], "an empty text is given after `decide`: is a variable not set?"),
        (["decide", FREE, "--rulebook", ""], "an empty text is given after `--rulebook`"),
        (["decide", FREE, "--ledger", ""], "an empty text is given after `--ledger`"),
        (["decide", FREE, "--ledger="], "an empty text is given: `--ledger=`"),
        (["replay", "--ledger", "l", "--system", ""], "an empty text is given after `--system`"),
    ],
)
def test_an_empty_text_is_never_taken_for_the_default(words, said):
    """As `--ledger "$NOT_SET"` would have it: not to record would be to issue unrecorded."""
    assert said in refused(*words)


def test_what_may_be_given_twice_may(tmp_path):
    told = run(
        "path", FREE, "--to=lighter_reporting", "--without=mhis_met", "--without=plan_agreed"
    )

    assert told.exit_code == ExitCode.DONE
    assert run("decide", FREE, "--quiet", "--quiet").exit_code == ExitCode.DONE


@pytest.mark.parametrize("order", [1, -1])
def test_a_program_is_told_in_json_wherever_it_asks_for_that(order):
    wrong = [["--as-of", "today"], ["--format", "json"]][::order]
    result = run("decide", FREE, *wrong[0], *wrong[1])

    told = json.loads(result.stderr)
    Draft202012Validator(shipped_schema("errors")).validate(told)
    assert (told["error"], told["exit_code"]) == ("bad-input", 2)
    assert "`today` is no date" in told["message"]


# Files and names that are other ones than were meant


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Stand in a folder that has a ledger of one decision, its key, a case and a few odd files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER", "l.ledger")
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "key")
    for words in (
        ("ledger", "key", "new", "key", "--name", "example.org/l"), ("ledger", "init"),
        ("decide", HARSH, REFERENCE),
    ):  # fmt: skip
        assert run(*words).exit_code == ExitCode.DONE
    (tmp_path / "case.yaml").write_text(Path(FREE).read_text("utf-8"), "utf-8")
    (tmp_path / "odd.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    return tmp_path


OTHER_KIND = "unknown-format: this is another kind of file"
MISTAKES = [
    ("decide none.yaml", "none.yaml: no-such-file: there is no such file"),
    ("decide folder", "folder: missing-file: this folder holds no cases"),
    ("decide case.yaml --reform case.yaml", f"case.yaml:1:9: {OTHER_KIND}"),
    ("cohort case.yaml --check case.yaml", f"case.yaml:1:9: {OTHER_KIND}"),
    ("test hewitt-2023 --tests case.yaml", f"case.yaml:1:9: {OTHER_KIND}"),
    ("ledger retention case.yaml", f"case.yaml:1:9: {OTHER_KIND}"),
    ("decide case.yaml --ledger case.yaml", "case.yaml is no ledger"),
    ("decide case.yaml --ledger none", "no ledger none: `oversight ledger init` makes one"),
    ("decide case.yaml --key case.yaml", "case.yaml: not a private key: it does not begin with"),
    ("explain case.yaml --system ZZ00", "holds no case of ZZ00: did you mean `ZZ004`?"),
    ("explain case.yaml --system other", "holds no case of other: it holds ZZ004"),
    ("facts nonsense", "no fact is called `nonsense`: `oversight facts` lists them"),
    ("rules nonsense", "no rule is called `nonsense`: `oversight rules` lists them"),
    ("agree case.yaml --published case.yaml", "missing-column: the column `code` is missing"),
    ("import systems none --map none -o out", "none is not there"),
    ("import systems odd.json --map none -o out", "odd.json holds no decisions, as `oversight"),
    ("new case case.yaml", "case.yaml is there already, and is not overwritten"),
    ("new case nowhere/case.yaml", "cannot be written: there is no folder nowhere"),
    ("ledger prove 2 -o nowhere/p.json", "cannot be written: there is no folder nowhere"),
    ("ledger verify --checkpoint case.yaml", "case.yaml: not a signed note"),
    ("ledger verify --trust case.yaml", "case.yaml: not a public key"),
    ("ledger verify --trust nonsense", "--trust names no file, so it should be a key, and is: not"),
    ("ledger show ZZ999", "l.ledger has nothing on ZZ999: `oversight ledger in-force` lists"),
    ("replay --system ZZ999", "l.ledger has nothing on ZZ999: `oversight ledger in-force` lists"),
    ("replay --number 9-3", "`9-3` ends before it begins"),
    ("replay --number 9", "l.ledger has no entry 9: its last is 2"),
    ("replay odd.json", "odd.json is no proof file, nor what `oversight decide --format json`"),
    ("replay case.yaml", "case.yaml is no proof file, nor what"),
    ("ledger export -o out --mask case", "`case` is no path: it begins with /"),
    ("ledger export -o out --mask /decision", "entry 2 cannot be masked so"),
    ("ledger prove 9", "l.ledger has no entry 9: its last is 2"),
    ("check hewitt-2023 --certificate nowhere/c", "cannot be written: there is no folder nowhere"),
    ("check hewitt-2023 --verify-certificate none", "none: cannot be read: No such file"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(place, words, said):
    def there():  # all but what SQLite keeps beside a ledger that was read
        return sorted(path for path in place.rglob("*") if not path.name.startswith("l.ledger-"))

    before = there()

    assert said in refused(*words.split())
    assert there() == before


def test_a_misspelt_rulebook_is_guessed_at():
    result = run("decide", FREE, "--rulebook", "hewit-2023")

    assert result.exit_code == ExitCode.INVALID_RULEBOOK
    assert "there is no rulebook hewit-2023: did you mean `hewitt-2023`?" in result.stderr


def test_a_mask_that_nothing_has_is_said_to_mask_nothing(place):
    result = run(
        "ledger", "export", "-o", "out", "--mask", "/case/facts/none", "--mask", "/case/system/name"
    )

    assert result.exit_code == ExitCode.DONE
    assert "Nothing is masked by /case/facts/none: no entry has it." in result.stderr
    assert "by /case/system/name:" not in result.stderr
