# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session sends operations, refuses changes in check mode, and tells a lost connection from a bug."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import session, wire

from .scripted import OperationError, ScriptedDevice

CHANGING = [
    op.directory_create(r"%ProgramData%\winops.entra\x"),
    op.path_remove("x"),
    op.download("https://x", "x", "0" * 64, 1),
    op.package_install("x", False),
    op.package_remove("x"),
    op.package_forget("x"),
    op.dsregcmd_azure_vm_join(None),
    op.job_start("x", [op.dsregcmd_status()], 1),
    op.job_remove("x"),
    op.restart(5, "x"),
    op.dsregcmd_leave(),
    op.hybrid_autojoin_stop(),
    op.fido_logon_policy(True),
    op.mdm_auto_enroll("user"),
    op.enrollment_remove("x", "x", False),
    op.system_probe([op.dsregcmd_status()], 1),
    op.device_link(1),
    op.icd_build("x", "x", [], "", False, 1),
    op.remote_wipe("doWipeMethod", "x", "x"),
]


def test_results_come_back_under_the_names_they_were_asked_by():
    device = ScriptedDevice()
    answer = device.session().run({"a": op.dsregcmd_status(), "b": op.processes("provtool.exe")})
    assert answer["a"].get("present") is True
    assert answer["b"].value == {"processes": []}
    assert device.requests == 1


def test_an_operation_that_fails_does_not_hide_the_others():
    device = ScriptedDevice()
    refusal = OperationError("System.UnauthorizedAccessException", "no", -5)
    device.handlers["dsregcmd_status"] = lambda _p: _raise(refusal)
    answer = device.session().run({"a": op.dsregcmd_status(), "b": op.processes("x")})
    assert not answer["a"].ok and answer["a"].error["hresult"] == -5
    assert answer["b"].ok


@pytest.mark.parametrize("operation", CHANGING, ids=lambda operation: operation["op"])
def test_check_mode_sends_no_changing_operation(operation):
    device = ScriptedDevice()
    with pytest.raises(session.CheckModeViolation):
        device.session(check_mode=True).run({"look": op.dsregcmd_status(), "change": operation})
    assert device.requests == 0


def test_every_changing_operation_of_the_vocabulary_is_in_that_test():
    assert {operation["op"] for operation in CHANGING} == op.CHANGING


def test_check_mode_copies_no_file():
    device = ScriptedDevice()
    with pytest.raises(session.CheckModeViolation):
        device.session(check_mode=True).put_file("a", "b")
    assert device.executed == []


class BreakingDevice(ScriptedDevice):
    """Its next exchanges break with these errors."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def execute(self, script, data):
        if self.errors:
            self.requests += 1
            raise self.errors.pop(0)
        return super().execute(script, data)


@pytest.mark.parametrize("error", [OSError("reset by peer"), AnsibleError("the connection attempt timed out")])
def test_an_observing_exchange_that_breaks_is_tried_once_more_on_a_fresh_connection(error):
    device = BreakingDevice(error)
    assert device.session().run({"a": op.dsregcmd_status()})["a"].ok
    assert device.requests == 2 and device.resets == 1
    device = BreakingDevice(error, error)
    with pytest.raises(session.ConnectionLost):
        device.session().run({"a": op.dsregcmd_status()})
    assert device.requests == 2


def test_a_changing_exchange_that_breaks_is_not_tried_again_by_itself():
    device = BreakingDevice(OSError("reset by peer"))
    with pytest.raises(session.ConnectionLost):
        device.session().run({"a": op.restart(5, "x")})
    assert device.requests == 1


@pytest.mark.parametrize(
    ("error", "tries"), [(OSError("reset by peer"), 2), (AnsibleError("failed to transfer file: the disk is full"), 1)]
)
def test_a_copy_that_breaks_is_tried_once_more_and_one_that_is_refused_is_not(error, tries):
    device = ScriptedDevice()
    copied = []

    def put_file(source, destination):
        copied.append(destination)
        if len(copied) < tries or tries == 1:
            raise error

    device.connection.put_file = put_file
    if tries == 1:
        with pytest.raises(session.ConnectionLost, match="disk"):
            device.session().put_file("a", "b")
    else:
        device.session().put_file("a", "b")
    assert (len(copied), device.resets) == (tries, tries - 1)


def test_a_device_that_cannot_be_reached_is_told_at_once():
    device = BreakingDevice(AnsibleConnectionFailure("connection refused"))
    with pytest.raises(session.ConnectionLost, match="refused"):
        device.session().run({"a": op.dsregcmd_status()})
    assert device.requests == 1


def test_a_lost_connection_is_reset_before_the_next_exchange_and_only_then():
    device = BreakingDevice(AnsibleConnectionFailure("gone"))
    broken = device.session()
    with pytest.raises(session.ConnectionLost):
        broken.run({"a": op.dsregcmd_status()})
    assert device.resets == 0
    broken.run({"a": op.dsregcmd_status()})
    broken.run({"a": op.dsregcmd_status()})
    assert device.resets == 1


def test_a_bug_is_not_taken_for_a_lost_connection():
    broken = ScriptedDevice().session()
    broken._execute = lambda *_args: _raise(KeyError("bug"))
    with pytest.raises(KeyError):
        broken.run({"a": op.dsregcmd_status()})


def test_no_answer_says_what_the_device_printed_instead():
    silent = ScriptedDevice().session()
    silent._execute = lambda *_args: ("", "This script contains malicious content", 1)
    with pytest.raises(wire.NoAnswer, match="exit code 1.*malicious content"):
        silent.run({"a": op.dsregcmd_status()})


@pytest.mark.parametrize("transport, encoded", [("winrm", False), ("psrp", False), ("ssh", True), ("aws_ssm", True)])
def test_only_connections_that_run_scripts_get_a_plain_script(transport, encoded):
    device = ScriptedDevice()
    device.connection.transport = transport
    scripts = []
    talking = device.session()
    talking._execute = lambda script, data: scripts.append(script) or device.execute(script, data)
    talking.run({"a": op.dsregcmd_status()})
    assert scripts[0].startswith("powershell.exe ") is encoded
    assert (scripts[0] == wire.BOOTSTRAP) is not encoded


def _raise(error):
    raise error
