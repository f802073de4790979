# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry key that is closed to the caller is told, and hides none of its neighbours."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import jobs, state
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Result

from .scripted import ScriptedDevice

REFUSED = {"refused": {"type": "System.Security.SecurityException", "message": "not allowed", "hresult": None}}
OPEN = {"values": {"Name": "x"}, "keys": {}}


def asked(operation: dict, value: dict):
    device = ScriptedDevice()
    device.handlers[operation["op"]] = lambda _params: value
    return device.session().run({"it": operation})


def test_a_closed_subkey_is_a_problem_and_its_neighbour_is_read():
    key = {"values": {}, "keys": {"Open": OPEN, "Below": {"values": {}, "keys": {"Closed": REFUSED}}}}
    answer = asked(op.registry_read("SOFTWARE", depth=2), {"exists": True, "key": key})
    assert answer["it"].get("key")["keys"] == {"Open": OPEN, "Below": {"values": {}, "keys": {}}}
    [problem] = state.problems(answer)
    assert "Below\\Closed" in problem and "not allowed" in problem
    assert state.problems(answer, ("another",)) == []


def test_a_closed_hive_is_a_problem_and_the_others_are_read():
    users = {"S-1-5-21-1": REFUSED, "S-1-5-21-2": OPEN}
    answer = asked(op.registry_users_read("SOFTWARE"), {"users": users})
    assert answer["it"].get("users") == {"S-1-5-21-2": OPEN}
    assert "S-1-5-21-1" in state.problems(answer)[0]


@pytest.mark.parametrize(("text", "shown"), [("LastResult:Success", 1), ("", 0)])
def test_what_the_cmdlet_said_is_evidence(text, shown):
    error = {"type": None, "message": None, "hresult": None}
    value = {"gave_up": False, "seconds": 1.0, "error": error, "text": text}
    done = Result(True, {"state": "done", "answer": {"results": [{"ok": True, "value": value}]}})
    assert [item["message"] for item in jobs.evidence(done)] == [text] * shown
