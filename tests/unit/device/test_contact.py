# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that fails is named: whose fault it is, why, and what to do. The guide's table is what is tested."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.winops.entra.plugins.plugin_utils import task
from ansible_collections.winops.entra.plugins.plugin_utils.device import contact, obstacles, reboot, session
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.device.waiting import Waiter, connection_lost
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline, Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task

from .scripted import ScriptedDevice

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "connections.md"
SECTION = GUIDE.read_text(encoding="utf-8").split("## What a failed connection is called\n")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in SECTION.splitlines() if line.startswith("| `")
]
EXAMPLES = [(name.strip("`"), text) for name, _side, texts, _means in ROWS for text in re.findall("`([^`]+)`", texts)]
#: How the plugins wrap what the libraries below them say.
WRAPPED = (
    "ntlm: {}",
    "Failed to connect to the host via PSRP: Max retries (Caused by {})",
    "Failed to connect to the host via ssh: {}",
)


def lost(text: str, kind: type[AnsibleError] = AnsibleConnectionFailure) -> session.ConnectionLost:
    """What the session raises for an error of the connection plugin."""
    made = session.ConnectionLost(f"{session.CONNECTION_FAILED}: {text}")
    made.__cause__ = kind(text)
    return made


def test_the_guide_has_each_name_once_with_its_side():
    known = {known.name: known.side for known in (*obstacles.OBSTACLES, obstacles.NOT_KNOWN)}
    assert [row[0] for row in ROWS] == list(dict.fromkeys(row[0] for row in ROWS))
    assert {row[0].strip("`"): row[1] for row in ROWS} == known


@pytest.mark.parametrize("wrapped", WRAPPED, ids=["winrm", "psrp", "ssh"])
@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_what_the_guide_quotes_is_called_as_it_says(name, text, wrapped):
    assert contact.obstacle(lost(wrapped.format(text))).name == name


def test_the_transport_of_winrm_that_got_furthest_tells():
    text = "kerberos: the python kerberos library is not installed, ntlm: the specified credentials were rejected"
    assert contact.obstacle(lost(text)).name == "credentials_refused"


def test_an_authentication_failure_without_a_text_is_one_of_credentials():
    assert contact.obstacle(lost("", AnsibleAuthenticationFailure)).name == "credentials_refused"


def told(exc: Exception, exchanges: int = 0) -> Failure | None:
    connection = types.SimpleNamespace(transport="winrm")
    a_task = Task({}, False, session=types.SimpleNamespace(exchanges=exchanges, connection=connection))
    return DEVICE_SIDE.explain(a_task, exc)


@pytest.mark.parametrize("known", (*obstacles.OBSTACLES, obstacles.NOT_KNOWN), ids=lambda known: known.name)
def test_a_device_is_unreachable_unless_the_controller_is_to_blame(known):
    [text, *_more] = [text for name, text in EXAMPLES if name == known.name]

    def work(_task):
        raise lost(text)

    connection = types.SimpleNamespace(transport="winrm")
    a_task = Task({}, False, session=types.SimpleNamespace(exchanges=0, connection=connection))
    result = task.perform(a_task, [DEVICE_SIDE], work, {"changed": False, "changes": []})
    assert (result.get("unreachable"), result.get("failed")) == (
        (None, True) if known.side == "controller" else (True, None)
    )
    error = result["error"]
    assert (error["name"], error["side"], error["evidence"][0]["connection"]) == (known.name, known.side, "winrm")
    assert error["cause"] in result["msg"] and error["fix"] in result["msg"]
    assert error["evidence"][0]["said"] == text and text in result["msg"]


def test_the_page_that_it_names_is_there():
    assert contact.CONNECTIONS_GUIDE.endswith("/docs/connections.md#what-a-failed-connection-is-called") and ROWS


def test_a_device_that_refuses_the_account_in_the_middle_says_so():
    failure = connection_lost("it stopped", lost("ntlm: the specified credentials were rejected by the server"), "it")
    assert (failure.error["name"], failure.error["side"]) == ("connection_lost", "device")
    assert "password" in failure.error["cause"] and "run the task again" in failure.error["fix"]
    off = connection_lost("it stopped", lost("[Errno 111] Connection refused"), "it")
    assert off.error["side"] == "network" and "restarted" in off.error["cause"]


def test_a_device_whose_account_is_gone_after_its_restart_says_so():
    device = ScriptedDevice()
    device.execute = lambda *_args: _raise(AnsibleConnectionFailure("the specified credentials were rejected"))
    talking = device.session()
    waiter = Waiter(talking, Progress(lambda _sentence: None), 1, Deadline(0))
    with pytest.raises(Failure) as caught:
        reboot.wait_for_boot(waiter, "2026-11-20T06:00:00.000Z")
    assert (caught.value.error["name"], caught.value.error["side"]) == ("not_back_after_restart", "device")
    assert "account" in caught.value.error["cause"]


def test_what_a_device_prints_is_not_taken_for_the_connections_own_words():
    silent = ScriptedDevice().session()
    silent._execute = lambda *_args: ("", "Access is denied", 1)
    with pytest.raises(session.wire.NoAnswer) as caught:
        silent.run({"a": op.dsregcmd_status()})
    assert contact.of_the_device(caught.value) is None


def _raise(error):
    raise error
