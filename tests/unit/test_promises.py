# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences that promise something are found however they are wrapped, and the table of who holds them cannot lag."""

from __future__ import annotations

import pytest
import yaml

from tests.tools.promises import __main__ as program
from tests.tools.promises import table, texts
from tests.tools.promises.sentences import Block, promises

ROW = {"sentence": "It is never written.", "held_by": ["tests/unit/test_x.py::test_it_is_not_written"]}
TESTS = {"tests/unit/test_x.py": {"test_it_is_not_written", "test_it_is_read"}}


def problems(*rows: dict, says: tuple[str, ...] = ("It is never written.",)) -> list[str]:
    """What is wrong with the rows of a page that says so."""
    return table.problems({"docs/a.md": says}, {"docs/a.md": rows}, lambda path: TESTS.get(path, set()))


@pytest.mark.parametrize("word", ["never", "Always", "only", "REFUSED", "left\n    alone"])
def test_a_sentence_with_such_a_word_is_one_and_its_neighbours_are_none(word):
    text = f"A file. It is\n  {word} so,\ne.g. here.\n\nAnother one."
    assert promises(texts.markdown(text)) == [f"It is {' '.join(word.split())} so, e.g. here."]


@pytest.mark.parametrize("text", ["A read-only field.", "`--only NAME` is one.", "A lonely file.", "Nevertheless."])
def test_names_and_parts_of_words_are_none(text):
    assert promises([Block("", text)]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. (Only two.) Three.", ["(Only two.)"]),
        ("See `a.only`. It goes.", ["See `a.only`."]),
        ('It says "only". It goes.', ['It says "only".']),
        ("Is it only one? No. `x` is never it.", ["Is it only one?", "`x` is never it."]),
        ("In version 2.0 only. It goes.", ["In version 2.0 only."]),
        ("Only if [this page](a.md#b) says so.", ["Only if this page says so."]),
        ("Only these:\n\n- one\n- never two\n  and three\n", ["Only these:", "never two and three"]),
        ("# Never so\n\nText", ["Never so"]),
        ("Text\n```\nonly code\n```\nnever\n", ["never"]),
        ("Text:\n\n    only code\n\nnever\n", ["never"]),
        ("1. one\n   only\n2. two\n", ["one only"]),
        ("<!-- only\nhidden -->never", ["never"]),
        ("<!-- begin: written by make x -->\nonly it\n<!-- end -->\nnever", ["never"]),
        ("| a | b |\n| --- | --- |\n| `x` | One. Only two |\n| only c | d |", ["`x` | Only two", "only c"]),
        ("| a \\| b | only |", ["a \\| b | only"]),
        ("Only one. Only one.", ["Only one."]),
    ],
)
def test_sentences_of_a_page(text, expected):
    assert promises(texts.markdown(text)) == expected


def test_of_a_generated_page_the_text_counts_and_its_tables_do_not():
    text = (
        "`make x` writes it. Do not edit it\nby hand. It is never empty.\n\n| a | only |\n| --- | --- |\n| b | never |"
    )
    assert promises(texts.markdown(text)) == ["It is never empty."]
    assert len(promises(texts.markdown(text.replace("edit", "change")))) == 3


def test_a_page_that_is_wrapped_in_another_way_says_the_same():
    words = "A package is refused, and the task never goes on; only a pass counts. It is always so: `a` or `b`.".split()
    narrow, wide = "\n".join(words), " ".join(words)
    assert promises(texts.markdown(narrow)) == promises(texts.markdown(wide))
    assert len(promises(texts.markdown(wide))) == 2


def test_sentences_of_a_plugin_are_its_documentation_and_about_an_option():
    code = '''
DOCUMENTATION = r"""
module: x
short_description: Never so
description: [One. Only two., Three]
options:
  a:
    description: It is refused.
    default: only
    choices:
      c: Only here.
    suboptions:
      b: {description: [Always.]}
attributes:
  facts: {description: One, details: Never.}
notes: [Only a note.]
"""
EXAMPLES = "only an example"
RETURN = "only: a result"
def only():
    """Never a docstring."""
'''
    assert promises(texts.plugin(code)) == [
        "Never so",
        "Only two.",
        "a | It is refused.",
        "a=c | Only here.",
        "a.b | Always.",
        "facts | Never.",
        "Only a note.",
    ]


def test_a_fragment_has_several_parts():
    code = 'class F:\n    DOCUMENTATION = "description: [only]"\n    OTHER = "description: [never]"\n'
    assert promises(texts.plugin(code)) == ["only", "never"]


def test_sentences_of_a_role():
    spec = (
        "argument_specs:\n  main: &a\n    description: [Only here.]\n    options: {b: {description: Never.}}\n  c: *a\n"
    )
    assert promises(texts.role(spec)) == ["Only here.", "b | Never."]


def test_sentences_of_a_playbook_are_its_comments_by_column():
    text = """\
---
# Does it. Only that.
#
#   ansible-playbook only.yml
#
# a_hosts          which hosts, and no      only these
#                  others; never more
# a_limit          a number                 none
#
# The end is always here.
- name: Only a name
  # A comment is never
  # left out.
  hosts: only
"""
    assert promises(texts.comments(text)) == [
        "Only that.",
        "a_hosts | which hosts, and no others; never more",
        "a_hosts | only these",
        "The end is always here.",
        "A comment is never left out.",
    ]


def test_a_table_that_agrees_has_no_problem():
    assert problems(ROW) == []
    assert problems({"sentence": ROW["sentence"], "no_promise": "a definition"}) == []
    assert problems({"sentence": ROW["sentence"], "open": "a test with a full disk"}) == []


def test_a_new_sentence_is_a_problem_with_the_row_to_paste():
    (problem,) = problems(ROW, says=("It is never written.", "Nobody but the owner: only it."))
    assert problem.startswith("docs/a.md has a sentence that is not in the table.")
    pasted = yaml.safe_load(problem.split("tests/promises/docs/a.md.yml:\n\n")[1])
    assert [row["sentence"] for row in pasted] == ["Nobody but the owner: only it."]
    assert table.problems({"docs/a.md": ["Only it."]}, {}, lambda path: set()) != []


def test_a_sentence_that_was_reworded_is_shown_beside_its_old_row():
    new, gone = problems(ROW, says=("It is never written again.",))
    assert "It is never written.\n" in new
    assert yaml.safe_load(new.split("docs/a.md.yml:\n\n")[1]) == [ROW | {"sentence": "It is never written again."}]
    assert gone.startswith("tests/promises/docs/a.md.yml: docs/a.md no longer says this.")


@pytest.mark.parametrize("says", [(), ("Another one is refused by all of them.",)])
def test_a_row_whose_sentence_is_gone_is_a_problem(says):
    *_new, problem = problems(ROW, says=says)
    assert "docs/a.md no longer says this" in problem
    assert yaml.safe_load(problem.split(":\n\n")[1]) == [ROW]


@pytest.mark.parametrize(
    "test",
    ["tests/unit/test_x.py::test_it_is_not_writen", "tests/unit/test_y.py::test_it_is_not_written", "test_x"],
)
def test_a_test_that_does_not_exist_is_a_problem(test):
    (problem,) = problems(ROW | {"held_by": ["tests/unit/test_x.py::test_it_is_read", test]})
    assert f"there is no test {test}" in problem and ROW["sentence"] in problem
    assert ("perhaps tests/unit/test_x.py::test_it_is_not_written" in problem) == ("test_x.py" in test)


@pytest.mark.parametrize(
    "row",
    [
        "It is never written.",
        {"held_by": ROW["held_by"]},
        {"sentence": ROW["sentence"]},
        ROW | {"held_by": []},
        ROW | {"held_by": "tests/unit/test_x.py::test_it_is_read"},
        ROW | {"no_promise": "a definition"},
        ROW | {"holds": "x"},
        {"sentence": ROW["sentence"], "no_promise": ""},
    ],
)
def test_a_row_of_another_form_is_a_problem(row):
    assert len(problems(row, says=())) == 1


def test_a_sentence_with_two_rows_is_a_problem():
    (problem,) = problems(ROW, ROW)
    assert "two rows" in problem


def test_a_test_is_a_function_of_its_file_or_of_a_class_there(tmp_path):
    file = tmp_path / "tests" / "test_a.py"
    file.parent.mkdir()
    file.write_text(
        "def test_one():\n    def test_in_it(): ...\nclass TestB:\n    def test_two(self): ...\ndef help(): ...\n"
    )
    tests = table.Tests(tmp_path)
    assert tests("tests/test_a.py") == {"test_one", "TestB::test_two"}
    rows = tmp_path / "tests" / "powershell" / "rows" / "a.py"
    rows.parent.mkdir(parents=True)
    rows.write_text("def past_the_proxy(scratch): ...\n")
    assert tests("tests/powershell/rows/a.py") == {"past_the_proxy"}
    assert tests("tests/test_b.py") == tests("../test_a.py") == tests("tests") == set()


@pytest.fixture
def repository(tmp_path):
    """A page with two sentences, and a table with the second one first."""
    (tmp_path / "README.md").write_text("It is never written. It is only read.\n")
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_x.py").write_text("def test_it_is_not_written(): ...\n")
    (tmp_path / "tests" / "promises").mkdir()
    rows = [{"sentence": "It is only read.", "open": "a test that writes"}, ROW]
    (tmp_path / "tests" / "promises" / "README.md.yml").write_text(table.written(rows))
    return tmp_path


def test_the_check_passes_says_how_many_are_open_and_writes_nothing(repository, capsys):
    before = (repository / "tests" / "promises" / "README.md.yml").read_text()
    assert program.main(["--check"], repository) == 0
    said = capsys.readouterr().out
    assert "1 held by a test, 1 open" in said
    assert "open, README.md: It is only read. (a test that writes)" in said
    assert (repository / "tests" / "promises" / "README.md.yml").read_text() == before


def test_without_check_the_rows_come_in_the_order_of_the_text(repository):
    assert program.main([], repository) == 0
    text = (repository / "tests" / "promises" / "README.md.yml").read_text()
    assert [row["sentence"] for row in yaml.safe_load(text)] == ["It is never written.", "It is only read."]
    assert text.startswith("#") and max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("README.md", "only read", "always read"),
        ("README.md", "It is only read.", ""),
        ("tests/unit/test_x.py", "test_it", "test_what"),
    ],
)
def test_the_check_fails_where_text_table_and_tests_differ(repository, file, old, new, capsys):
    path = repository / file
    path.write_text(path.read_text().replace(old, new))
    assert program.main(["--check"], repository) == 1
    assert "tests/promises/README.md.yml" in capsys.readouterr().out


def test_the_texts_of_this_collection_are_found():
    found = program.promised(program.ROOT)
    assert {"README.md", "docs/join.md", "playbooks/join.yml", "plugins/modules/join.py"} <= set(found)
    assert {"plugins/doc_fragments/package.py", "roles/disconnect/meta/argument_specs.yml"} <= set(found)
