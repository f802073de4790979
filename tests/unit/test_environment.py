# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a task: which variable counts, what is refused, and that the process gets its own back."""

from __future__ import annotations

import ast
import os
import types
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import environment, task
from ansible_collections.winops.entra.plugins.plugin_utils.environment import Environment
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

PLUGINS = Path(task.__file__).resolve().parents[1]
FIRST, SECOND = "AZURE_CLIENT_SECRET", "AZURE_SECRET"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in (FIRST, SECOND, "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("of_task", "of_controller", "found"),
    [
        ({}, {}, None),
        ({}, {FIRST: "c"}, (FIRST, "c", "controller_environment")),
        ({FIRST: "t"}, {FIRST: "c"}, (FIRST, "t", "task_environment")),
        ({SECOND: "t"}, {FIRST: "c"}, (SECOND, "t", "task_environment")),
        ({FIRST: ""}, {FIRST: "c"}, None),
        ({FIRST: " "}, {FIRST: "c", SECOND: "d"}, (SECOND, "d", "controller_environment")),
        ({"OTHER": "t"}, {FIRST: "c"}, (FIRST, "c", "controller_environment")),
        ({FIRST: 5}, {}, (FIRST, "5", "task_environment")),
        ({FIRST: True}, {}, (FIRST, "True", "task_environment")),
    ],
    ids=str,
)
def test_the_task_goes_before_the_controller_whichever_of_the_names_it_uses(monkeypatch, of_task, of_controller, found):
    for name, value in of_controller.items():
        monkeypatch.setenv(name, value)
    assert Environment(of_task).find(FIRST, SECOND) == found


@pytest.mark.parametrize("mine", ["https_proxy", "HTTPS_PROXY"])
@pytest.mark.parametrize("others", ["https_proxy", "HTTPS_PROXY"])
def test_an_empty_proxy_takes_away_the_controllers_in_whichever_letters(monkeypatch, mine, others):
    monkeypatch.setenv(others, "http://proxy")
    made = Environment({mine: ""})
    assert made.find("https_proxy", "HTTPS_PROXY") is None
    with made.as_own():
        assert not os.environ.get(others)
    assert os.environ[others] == "http://proxy"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (FIRST, None),
        (FIRST, ["a"]),
        (FIRST, {"a": 1}),
        (FIRST, "a\0b"),
        (FIRST, "a\ud800"),
        ("https_proxy", None),
        ("SSL_CERT_FILE", {}),
        ("ANY", "a\0b"),
        ("a=b", "x"),
        ("", "x"),
        ("a\0", "x"),
        (5, "x"),
    ],
    ids=ascii,
)
def test_what_cannot_be_a_variable_is_refused_by_its_name(name, value):
    with pytest.raises(Failure) as caught:
        Environment({name: value})
    assert (caught.value.error["name"], caught.value.error["side"]) == ("bad_environment", "controller")
    assert str(name).strip("\0") in caught.value.msg


def test_other_variables_are_nobodys_business():
    assert Environment({"LANG": None, "OTHER": ["a"]}).find(FIRST) is None


def action(given) -> types.SimpleNamespace:
    return types.SimpleNamespace(_task=types.SimpleNamespace(environment=given))


@pytest.mark.parametrize("given", [None, [], {}, [None], [{}]], ids=str)
def test_a_task_without_the_keyword_has_the_controllers(monkeypatch, given):
    monkeypatch.setenv(FIRST, "c")
    assert Environment.of_action(action(given), {}).value(FIRST) == "c"


def test_what_is_omitted_is_not_given(monkeypatch):
    monkeypatch.setenv(FIRST, "c")
    made = Environment.of_action(action([{FIRST: "__omit__", SECOND: "1"}, {SECOND: "2"}]), {"omit": "__omit__"})
    assert (made.value(FIRST), made.value(SECOND)) == ("c", "2")


def test_the_process_has_the_tasks_variables_only_for_as_long_as_they_are_needed(monkeypatch):
    monkeypatch.setenv(FIRST, "c")
    monkeypatch.setenv("WINOPS_TEST_KEPT", "kept")
    before = dict(os.environ)
    with pytest.raises(RuntimeError), Environment({FIRST: "t", SECOND: "new", "WINOPS_TEST_KEPT": "kept"}).as_own():
        assert (os.environ[FIRST], os.environ[SECOND], os.environ["WINOPS_TEST_KEPT"]) == ("t", "new", "kept")
        raise RuntimeError
    assert dict(os.environ) == before


def test_another_identity_is_another_hash():
    made = [
        Environment(of_task).identity()
        for of_task in ({}, {"AZURE_CONFIG_DIR": "/a"}, {"HOME": "/a"}, {"IDENTITY_ENDPOINT": "http://a"})
    ]
    assert len(set(made)) == 4 and Environment({"LANG": "x"}).identity() == Environment().identity()


def test_the_environment_is_read_at_one_place():
    readers = {
        path.relative_to(PLUGINS).as_posix()
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"))
        or (isinstance(node, ast.Name) and node.id == "env_fallback")
    }
    assert readers == {Path(environment.__file__).name.join(("plugin_utils/", ""))}
