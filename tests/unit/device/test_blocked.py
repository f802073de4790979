# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PowerShell that a policy or the antivirus keeps from running the runner is told by ids, whatever the language."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import blocked, side, wire
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op

from .scripted import ScriptedDevice

DOCS = Path(__file__).resolve().parents[3] / "docs"
GERMAN = (
    "Die Methode kann nicht aufgerufen werden. Der Methodenaufruf wird in diesem Sprachmodus nur bei Kerntypen "
    "unterst\u00fctzt.\r\nIn Zeile:4 Zeichen:1\r\n    + CategoryInfo          : InvalidOperation: (:) [], "
    "RuntimeException\r\n    + FullyQualifiedErrorId : MethodInvocationNotSupportedInConstrainedLanguage\r\n "
)
WRAPPED = "    + FullyQualifiedErrorId : MethodInvocationNotSupportedInConstr\r\n   ainedLanguage\r\n"
CLIXML = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S S="Error">    + '
    'FullyQualifiedErrorId : CannotCreateTypeConstrained_x000D__x000A_</S><S S="Error">Language,Microsoft.PowerShell.'
    "Commands.NewObjectCommand_x000D__x000A_</S></Objs>"
)
BLOCKS = (blocked.CONSTRAINED, blocked.MALICIOUS, blocked.NO_POWERSHELL, blocked.WRONG_SHELL)
AMSI = "    + FullyQualifiedErrorId : ScriptContainedMaliciousContent,Microsoft.PowerShell.Commands.InvokeExpression"


def result_of(stdout: str, stderr: str) -> dict:
    """What a task returns of a device that prints this instead of an answer."""
    silent = ScriptedDevice().session()
    silent._execute = lambda *_args: (stdout, stderr, 1)
    with pytest.raises(wire.NoAnswer) as caught:
        silent.run({"a": op.dsregcmd_status()})
    failure = side.unreadable_answer(caught.value)
    return {"msg": failure.msg, "error": failure.error}


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        (GERMAN, "constrained_language"),
        (WRAPPED, "constrained_language"),
        (CLIXML, "constrained_language"),
        (AMSI, "malicious_content"),
        ("a banner of a thousand lines\r\n" * 1000 + AMSI, "malicious_content"),
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_blocks_powershell_is_named_with_its_fix(printed, name, stream):
    result = result_of(**{"stdout": "", "stderr": "", stream: printed})
    error = result["error"]
    assert error["name"] == name and error["side"] == "device" and error["evidence"]
    assert error["cause"] in result["msg"] and error["fix"] in result["msg"]


def test_what_is_not_known_to_block_it_is_not_named():
    error = result_of("", "The term 'powershell' is not recognized. FullyQualifiedErrorId : CommandNotFound")["error"]
    assert error["name"] == "answer_missing" and error["doc"]


POSIX, WINDOWS = types.SimpleNamespace(), types.SimpleNamespace(_IS_WINDOWS=True)


@pytest.mark.parametrize(
    ("transport", "shell", "code", "printed", "name"),
    [
        # dash, bash, zsh, fish, busybox; and bash in German.
        ("local", POSIX, 127, "/bin/sh: 1: powershell.exe: not found", "no_powershell"),
        ("ssh", POSIX, 127, "bash: line 1: powershell.exe: command not found", "no_powershell"),
        ("ssh", POSIX, 127, "bash: Zeile 1: powershell.exe: Kommando nicht gefunden.", "no_powershell"),
        # Windows, of which the inventory does not say that its shell is PowerShell: cmd.exe, PowerShell.
        ("ssh", POSIX, 1, "The system cannot find the path specified.", "wrong_shell_type"),
        ("ssh", POSIX, 1, '/bin/sh : Die Benennung "/bin/sh" wurde nicht als Name eines Cmdlet', "wrong_shell_type"),
        # What a policy says is believed first, and a shell of Windows is another story.
        ("ssh", POSIX, 1, AMSI, "malicious_content"),
        ("local", POSIX, 1, "Killed", "answer_missing"),
        ("ssh", WINDOWS, 127, "something else", "answer_missing"),
        ("winrm", None, 127, "something else", "answer_missing"),
    ],
)
def test_a_shell_that_has_no_powershell_is_told_by_its_exit_code(transport, shell, code, printed, name):
    silent = ScriptedDevice().session()
    silent.connection = types.SimpleNamespace(transport=transport, _shell=shell)
    silent._execute = lambda *_args: ("", printed, code)
    with pytest.raises(wire.NoAnswer) as caught:
        silent.run({"a": op.dsregcmd_status()})
    error = side.unreadable_answer(caught.value, silent.connection).error
    expected = "controller" if name in ("no_powershell", "wrong_shell_type") else "device"
    assert (error["name"], error["side"]) == (name, expected)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_the_page_that_it_names_is_there_and_turns_nothing_off(block):
    page, _mark, place = block.doc.removeprefix(blocked.GUIDE.rpartition("/")[0] + "/").partition("#")
    headings = [line.lstrip("# ") for line in (DOCS / page).read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    assert place in [heading.lower().replace(" ", "-") for heading in headings]
    assert "disable" not in block.fix and "turn off" not in block.fix
