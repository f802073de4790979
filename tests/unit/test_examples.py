# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No example is forgotten: each text is run, or stands in a list with a word why."""

from __future__ import annotations

import pytest
import yaml

from tests.examples import commands, playing, texts, world
from tests.returns import documentation

BLOCKS = list(texts.blocks())
COMMANDS = list(texts.commands())
WANTED = playing.Wanted("docs/x.md", "Do it", "pc")
EXCEPTIONS = playing.exceptions()


def entries() -> list[tuple[str, dict]]:
    return [(block.source, entry) for block in BLOCKS for entry in block.entries]


def tasks() -> set[str]:
    """The key of every task in the texts."""
    return {f"{source}: {texts.title(task)}" for source, entry in entries() for task in texts.leaves(entry)}


def line(**changed) -> dict:
    usual = {"task": "Do it", "host": "pc", "action": "winops.entra.join", "status": "ok", "result": {}}
    return usual | changed


def first_line(block: texts.Block) -> str:
    return f"{block.source}: {block.text.strip().splitlines()[0]}"


def test_every_module_has_examples_and_every_role_one():
    sources = {source for source, _entry in entries()}
    assert {f"plugins/modules/{name}.py" for name in documentation.names()} <= sources
    assert {path.relative_to(texts.ROOT).as_posix() for path in texts.ROOT.glob("roles/*/README.md")} <= sources


def test_every_text_is_run_or_stands_in_the_list():
    runs = [
        block
        for block in BLOCKS
        if block.variables or any(list(texts.leaves(entry)) or "roles" in entry for entry in block.entries)
    ]
    assert {first_line(block) for block in BLOCKS if block not in runs} == set(EXCEPTIONS.other)


def test_every_fenced_example_says_that_it_is_yaml():
    """Else it would not be taken out of the text."""
    for path in [*texts.ROOT.glob("roles/*/README.md"), *texts.ROOT.glob("docs/*.md"), texts.ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        kinds = [mark.strip() for mark in text.splitlines() if mark.startswith("```")][::2]
        assert set(kinds) <= {"```yaml", "```python", "```json"}, path


def test_every_exception_is_about_an_example_and_says_why():
    known = tasks()
    for listed in (EXCEPTIONS.not_run, EXCEPTIONS.fails_in_check_mode, EXCEPTIONS.skipped):
        assert set(listed) <= known and all(listed.values())
    assert set(EXCEPTIONS.commands) <= {f"{block.source}: {block.text}" for block in COMMANDS}
    assert all({**EXCEPTIONS.commands, **EXCEPTIONS.other}.values())


def test_every_place_is_about_an_example():
    tops = {f"{source}: {texts.title(entry)}" for source, entry in entries()} | {source for source, _entry in entries()}
    assert set(world.PLACES) | set(world.OVER_A_FLEET) <= tops
    devices = {device["name"] for device in world.SCENARIO["devices"]}
    assert {*world.PLACES.values(), *world.FLEET, commands.HOST, *commands.HOSTS.values()} <= devices


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.text[:60])
def test_a_command_names_what_there_is(block, tmp_path):
    (tmp_path / "tenant.yml").write_text("tenant_groups: []", encoding="utf-8")
    command = commands.parsed(block, tmp_path)
    folder, ending = ("modules", ".py") if command.program == "ansible" else ("", ".yml")
    place = texts.ROOT / ("plugins" if folder else "playbooks") / folder / command.name
    assert place.with_suffix(ending).exists() and commands.ran(command)[0]


def test_commands_in_several_lines_and_in_comments_are_found():
    texts_of = [block.text for block in COMMANDS]
    assert any("join_max_fail_percentage" in text and "\\" not in text for text in texts_of)
    assert any(block.source == "playbooks/join.yml" for block in COMMANDS)
    assert not any("#" in text for text in texts_of)


def test_variables_of_a_command_are_read_in_every_form(tmp_path):
    (tmp_path / "more.yml").write_text(yaml.safe_dump({"c": [1]}), encoding="utf-8")
    text = 'ansible-playbook winops.entra.join -i x -e a=b=c -e \'{"d": [1, "10%"]}\' -e @more.yml'
    given = commands.parsed(texts.Block("docs/x.md", text), tmp_path).given
    assert given == {"a": "b=c", "d": [1, "10%"], "c": [1]}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "it has run 0 times, not 1"),
        ([line(host="another")], "it has run 0 times, not 1"),
        ([line(status="failed", result={"msg": "no"})], "failed: no"),
        ([line(status="ignored", result={"msg": "no"})], "ignored: no"),
        ([line(status="skipped")], "it was skipped"),
        ([line(action="ansible.builtin.debug", result={"x": "VARIABLE IS NOT DEFINED!"})], "ok: None"),
        ([line(), line(task="Another", status="failed", result={"msg": "no"})], "Another on pc: failed: no"),
    ],
    ids=str,
)
def test_an_example_that_does_not_run_is_reported(lines, says):
    assert says in str(playing.problems([WANTED], lines, check=False))


def test_an_example_that_runs_is_not():
    assert playing.problems([WANTED], [line()], check=True) == []


def test_an_exception_that_is_none_any_more_is_reported():
    key = next(iter(EXCEPTIONS.fails_in_check_mode))
    wanted = playing.Wanted(*key.split(": ", 1), None)
    failed = line(task=wanted.title, status="ignored")
    assert playing.problems([wanted], [failed], check=True) == []
    assert "ignored" in str(playing.problems([wanted], [failed], check=False))
    assert "does not fail in check mode" in str(playing.problems([wanted], [line(task=wanted.title)], check=True))
