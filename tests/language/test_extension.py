"""A rulebook that extends another is the whole of both: what it replaces, removes and adds."""

import shutil

import pytest

from oversight_engine.errors import RulebookError
from oversight_engine.language import cache
from oversight_engine.language.rulebooks import (
    examine_rulebook,
    load_rulebook,
    rulebook_from_data,
)
from oversight_engine.language.writer import write_rulebook
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.resources import shipped
from tests.language.bad_files import GOOD

HEADING = """\
format: oversight-rulebook/1
id: {id}
version: 2.0.0
title: The next year
in_force: {{from: 2025-04-01, to: 2028-03-31}}
extends: {{id: {base}, digest: "{digest}", at: {at}}}
"""


@pytest.fixture
def base(tmp_path):
    return shutil.copytree(GOOD / "small", tmp_path / "base")


def extend(folder, base, *, more="", digest="", name="small", own="next_one", **files):
    """Write a rulebook into *folder* that extends the one in *base*, and return the folder."""
    folder.mkdir(exist_ok=True)
    digest = digest or load_rulebook(base).digest
    heading = HEADING.format(id=own, base=name, digest=digest, at=f"../{base.name}")
    (folder / "rulebook.yaml").write_text(heading + more, encoding="utf-8")
    for section, text in files.items():
        (folder / f"{section}.yaml").write_text(text, encoding="utf-8")
    return folder


def errors(folder):
    return [(p.code, p.got) for p in examine_rulebook(folder)[1].errors]


def ids(items):
    return {item.id for item in items}


def test_a_rulebook_that_extends_another_has_everything_of_it(base, tmp_path):
    before = load_rulebook(base)

    book = load_rulebook(extend(tmp_path / "next", base))

    assert (book.id, book.version, book.title) == ("next_one", "2.0.0", "The next year")
    assert book.span.start.year == 2025
    for name in ("facts", "rules", "outcomes", "measures", "limits", "themes"):
        assert getattr(book, name) == getattr(before, name), name
    assert book.extended == (str(tmp_path / "next" / "../base"),)


def test_an_item_of_the_same_id_replaces_the_others_and_any_other_is_added(base, tmp_path):
    parameters = (
        "parameters:\n"
        "  - {id: few, title: Fewer, values: [{from: 2024-04-01, value: 2, policy_choice: x}]}\n"
        "  - {id: more, title: More, values: [{from: 2024-04-01, value: 9, policy_choice: x}]}\n"
    )
    before = load_rulebook(base)

    book = load_rulebook(extend(tmp_path / "next", base, parameters=parameters))

    assert book.parameter("few").title == "Fewer"
    assert ids(book.parameters) == ids(before.parameters) | {"more"}
    assert book.parameter("minutes") == before.parameter("minutes")


def test_what_is_removed_is_gone(base, tmp_path):
    removes = "removes: {parameters: [minutes, few], facts: [since], documents: [act]}\n"
    before = load_rulebook(base)

    book = load_rulebook(extend(tmp_path / "next", base, more=removes))

    assert ids(before.parameters) - ids(book.parameters) == {"minutes", "few"}
    assert ids(before.facts) - ids(book.facts) == {"since"}
    assert book.documents == ()


def test_documents_and_principles_go_item_by_item_and_any_other_key_as_a_whole(base, tmp_path):
    more = (
        "documents: [{id: letter, title: Letter, publisher: Somebody, evidence: part}]\n"
        "principles: [{id: fairness, title: Fair play}, {id: candour, title: Candour}]\n"
        "themes: [people]\n"
    )

    book = load_rulebook(extend(tmp_path / "next", base, more=more))

    assert ids(book.documents) == {"act", "letter"}
    assert {p.id: p.title for p in book.principles} == {
        "candour": "Candour",
        "fairness": "Fair play",
    }
    assert book.themes == ("people",)


def test_nothing_depends_on_the_other_folder_once_the_whole_is_written(base, tmp_path):
    book = load_rulebook(extend(tmp_path / "next", base, more="removes: {parameters: [few]}\n"))
    write_rulebook(book, tmp_path / "whole")
    shutil.rmtree(base)

    whole = load_rulebook(tmp_path / "whole")

    assert whole == book
    assert whole.digest == book.digest
    assert whole.extended == ()
    assert "extends" not in rulebook_data(book)


def test_its_digest_is_that_of_the_same_rulebook_written_in_one(base, tmp_path):
    first = load_rulebook(extend(tmp_path / "next", base))
    other = shutil.copytree(base, tmp_path / "other")
    own = (tmp_path / "next" / "rulebook.yaml").read_text(encoding="utf-8").splitlines()[:-1]
    rest = (base / "rulebook.yaml").read_text(encoding="utf-8").splitlines()[6:]
    (other / "rulebook.yaml").write_text("\n".join([*own, *rest]), encoding="utf-8")

    path = other / "parameters.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if "to: 2025-03-31" not in line))

    assert load_rulebook(other).digest == first.digest


def test_one_may_extend_one_that_extends_another(base, tmp_path):
    middle = extend(tmp_path / "middle", base, own="middle_one", more="removes: {facts: [since]}\n")
    last = extend(tmp_path / "last", middle, name="middle_one", more="removes: {facts: [bodies]}\n")

    book = load_rulebook(last)

    assert ids(load_rulebook(base).facts) - ids(book.facts) == {"since", "bodies"}
    assert len(book.extended) == 2


def test_a_rulebook_in_one_file_extends_another_seen_from_its_folder(base, tmp_path):
    folder = extend(tmp_path / "next", base)
    book = load_rulebook(folder)
    moved = (folder / "rulebook.yaml").rename(tmp_path / "next" / "whole.yaml")

    assert load_rulebook(moved) == book


def test_values_and_rules_of_other_years_than_its_own_are_left_out(base, tmp_path):
    rule = (base / "rules" / "base.yaml").read_text(encoding="utf-8").partition("\n")[2]
    old = (
        rule.replace("id: base", "id: old").rstrip()
        + "\n    in_force: {from: 2024-04-01, to: 2025-03-31}\n"
    )
    new = (
        rule.replace("id: base", "id: new").rstrip()
        + "\n    in_force: {from: 2024-04-01, to: 2025-04-01}\n"
    )
    (base / "rules" / "dated.yaml").write_text(f"rules:\n{old}{new}", encoding="utf-8")

    book = load_rulebook(extend(tmp_path / "next", base))

    assert ids(book.rules) == {"base", "new"}
    removes = "removes: {rules: [old]}\n"  # there, though it would have been left out
    assert load_rulebook(extend(tmp_path / "again", base, more=removes)).rules == book.rules
    assert [v.value for v in load_rulebook(base).parameter("target").values] == [70, 80]
    assert [v.value for v in book.parameter("target").values] == [80]


def test_a_parameter_all_of_whose_values_are_of_other_years_is_a_problem(base, tmp_path):
    path = base / "parameters.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(
            "{from: 2024-04-01, value: 30,", "{from: 2024-04-01, to: 2025-03-31, value: 30,"
        )
    )

    [problem] = examine_rulebook(extend(tmp_path / "next", base))[1].errors

    assert problem.code == "never-in-force"
    assert problem.place.file.endswith("base/parameters.yaml")


# Refused


def test_a_base_that_has_changed_is_noticed_and_its_digest_is_named(base, tmp_path):
    folder = extend(tmp_path / "next", base)
    path = base / "parameters.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("value: 30", "value: 31"))

    [problem] = examine_rulebook(folder)[1].errors

    assert problem.code == "wrong-base"
    assert "has changed since" in problem.message
    assert load_rulebook(base).digest in problem.help


def test_a_base_of_another_name_is_noticed(base, tmp_path):
    folder = extend(tmp_path / "next", base, name="smaller")

    [problem] = examine_rulebook(folder)[1].errors

    assert (problem.code, problem.message) == ("wrong-base", "the rulebook at `../base` is `small`")


def test_a_base_that_is_not_sound_or_not_there_is_the_only_problem_that_is_told(base, tmp_path):
    folder = extend(tmp_path / "next", base, findings="findings: [{id: x, title: X, when: nobody}]")
    (base / "facts.yaml").unlink()

    assert errors(folder) == [("unsound-base", "../base")]
    shutil.rmtree(base)
    assert errors(folder) == [("unsound-base", "../base")]


def test_a_circle_of_rulebooks_is_refused_and_does_not_hang(base, tmp_path):
    extend(base, tmp_path / "next", digest="sha256:0", name="next_one", own="small")
    folder = extend(tmp_path / "next", base, digest="sha256:0")

    assert [code for code, _ in errors(folder)] == ["unsound-base"]
    assert [code for code, _ in errors(base)] == ["unsound-base"]
    self = extend(tmp_path / "self", tmp_path / "self", digest="sha256:0", name="next_one")
    assert [code for code, _ in errors(self)] == ["extends-itself"]


def test_removing_what_is_not_there_is_refused_with_the_nearest_id(base, tmp_path):
    removes = "removes: {parameters: [minute], rules: [none_such]}\n"

    folder = extend(tmp_path / "next", base, more=removes)

    assert errors(folder) == [("nothing-to-remove", "minute"), ("nothing-to-remove", "none_such")]
    assert "did you mean `minutes`?" in str(examine_rulebook(folder)[1].errors[0])


def test_what_is_left_without_what_it_needs_is_a_problem_at_its_own_place(base, tmp_path):
    folder = extend(tmp_path / "next", base, more="removes: {facts: [met]}\n")

    [problem] = examine_rulebook(folder)[1].errors

    assert (problem.code, problem.got) == ("unknown-name", "met")
    assert problem.place.file.endswith("base/rules/base.yaml")


def test_an_item_that_stands_twice_in_the_extending_rulebook_is_still_a_problem(base, tmp_path):
    few = (
        "  - {id: few, title: Few, values: [{from: 2024-04-01, value: 2, policy_choice: a test}]}\n"
    )

    folder = extend(tmp_path / "next", base, parameters=f"parameters:\n{few}{few}")

    assert errors(folder) == [("duplicate-id", "few")]


def test_its_identity_is_always_its_own(base, tmp_path):
    folder = extend(tmp_path / "next", base)
    path = folder / "rulebook.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()

    for key in ("version", "title", "in_force"):
        kept = [line for line in lines if not line.startswith(key)]
        path.write_text("\n".join(kept), encoding="utf-8")
        [problem] = examine_rulebook(folder)[1].errors
        assert (problem.code, problem.message) == ("missing-key", f"a rulebook needs `{key}`")


def test_plain_data_is_whole_and_extends_nothing(base):
    data = rulebook_data(load_rulebook(base))

    with pytest.raises(RulebookError) as raised:
        rulebook_from_data(data | {"extends": {"id": "small"}, "removes": {}})

    assert [p.code for p in raised.value.problems if not p.is_warning] == ["misplaced-key"] * 2


# The cache


def test_a_kept_rulebook_is_read_again_when_what_it_extends_changes(base, tmp_path, monkeypatch):
    folder, where = extend(tmp_path / "next", base), tmp_path / "cache"
    read = []
    loaded = cache.load(folder, where=where)

    def reading(path, **more):
        read.append(path)
        return load_rulebook(path, **more)

    monkeypatch.setattr("oversight_engine.language.rulebooks.load_rulebook", reading)
    assert cache.load(folder, where=where) == loaded
    assert read == []

    path = base / "parameters.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("value: 30", "value: 31"))
    with pytest.raises(RulebookError):
        cache.load(folder, where=where)
    assert read == [folder]

    shutil.rmtree(base)
    with pytest.raises(RulebookError):
        cache.load(folder, where=where)


def test_the_shipped_rulebooks_extend_one_another_as_they_say():
    for folder in shipped("rules").iterdir():
        if folder.is_dir():
            assert load_rulebook(folder).id == folder.name
