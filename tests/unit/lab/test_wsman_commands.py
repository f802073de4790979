# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated device does with the commands and scripts that clients send."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import os
import shutil
import typing as t
from pathlib import Path

import pytest

from tests.lab.commands import cmd, powershell, runner
from tests.lab.commands.session import Outcome, ScriptResult, Session

from .wsman_lab import FakeHost, FakePowerShell

DEVICE = Path(__file__).resolve().parents[3] / "plugins" / "plugin_utils" / "device"
BOOTSTRAP = r"""$ErrorActionPreference='Stop'
$i=@($input|ForEach-Object{if($_ -is [byte[]]){[Text.Encoding]::ASCII.GetString($_)}else{$_}})
$t=(($i -join '') -creplace '[^A-Za-z0-9+/=|]','').Split('|')
$m=New-Object IO.MemoryStream(,[Convert]::FromBase64String($t[0]))
$z=New-Object IO.Compression.GZipStream($m,[IO.Compression.CompressionMode]::Decompress)
$s=(New-Object IO.StreamReader($z,[Text.Encoding]::UTF8)).ReadToEnd()
& ([ScriptBlock]::Create($s)) $t[1] $t[0]
"""
REQUEST = {"v": 1, "id": "r1", "ops": [{"op": "dsregcmd_status"}, {"op": "restart", "delay": 0, "comment": ""}]}


def whole_runner() -> str:
    """The statements of all parts, each after its needs."""
    return runner._expected(frozenset())[0]


def payload(request: dict[str, t.Any] | None = None, script: str | None = None) -> bytes:
    text = script if script is not None else whole_runner()
    parts = (gzip.compress(text.encode()), gzip.compress(json.dumps(request or REQUEST).encode()))
    return b"|".join(base64.b64encode(part) for part in parts) + b"\n"


def encoded(script: str, *, program: str = "powershell -NoProfile") -> str:
    return f"{program} -EncodedCommand {base64.b64encode(script.encode('utf-16-le')).decode()}"


def session(host: FakeHost, given: bytes | list[str | bytes] = b"") -> Session:
    async def read_input() -> bytes | list[str | bytes]:
        return given

    return Session(host, "ops", read_input, {}, cmd.run)


def run(command_line: str, given: bytes = b"", host: FakeHost | None = None) -> Outcome:
    return asyncio.run(cmd.run(command_line, session(host or FakeHost("pc0"), given)))


def run_script(script: str, given: list[str | bytes] | None = None, host: FakeHost | None = None) -> ScriptResult:
    return asyncio.run(powershell.run_script(script, [], session(host or FakeHost("pc0"), given or [])))


def answer_of(line: str) -> dict[str, t.Any]:
    mark, length, text, end = line.split(":")
    assert (mark, int(length), end) == ("#winops1", len(text), "end#")
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_the_runner_answers_with_one_marked_line() -> None:
    host = FakeHost("pc0")
    outcome = run(encoded(BOOTSTRAP), payload(), host)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert answer_of(outcome.stdout.strip())["id"] == "r1"
    assert host.requests == [{**REQUEST, "account": "ops"}]
    assert (outcome.record.kind, outcome.record.operations) == ("operations", ["dsregcmd_status", "restart"])
    assert outcome.record.changing == ["restart"]
    assert host.processes == outcome.record.processes == 1


def test_a_device_with_a_real_powershell_hands_it_the_script_and_the_input() -> None:
    host, sent = FakeHost("pc0"), payload()
    host.powershell = FakePowerShell(errors="a line\n", exit_code=3)
    outcome = run(encoded(BOOTSTRAP), sent, host)
    assert (outcome.exit_code, outcome.stdout.strip()) == (3, "#winops1:4:QUJD:end#")
    assert "a line" in outcome.stderr
    [(script, items, account)] = host.powershell.asked
    assert (BOOTSTRAP in script, items, account, host.requests) == (True, sent, "ops", [])
    assert outcome.record.operations == ["dsregcmd_status", "restart"]


def test_a_real_powershell_does_not_get_another_runner() -> None:
    host = FakeHost("pc0")
    host.powershell = FakePowerShell()
    assert run(encoded(BOOTSTRAP), payload(script="'another text'"), host).exit_code != 0
    assert host.powershell.asked == []


def test_a_command_that_was_encoded_twice_is_two_processes() -> None:
    host = FakeHost("pc0")
    inner = encoded(BOOTSTRAP, program="PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted")
    outcome = run(encoded(inner), payload(), host)
    assert answer_of(outcome.stdout.strip())["id"] == "r1"
    assert host.processes == outcome.record.processes == 2


@pytest.mark.parametrize("given", [[payload().decode()], [payload()], [payload()[:100], payload()[100:]]])
def test_objects_piped_into_a_pipeline_are_a_payload_too(given: list[str | bytes]) -> None:
    result = run_script(BOOTSTRAP + "\nexit $LASTEXITCODE", given)
    assert answer_of(result.output[0])["id"] == "r1"


def test_the_runner_may_travel_without_its_comments_and_only_without_them() -> None:
    kept = whole_runner().splitlines()
    commented = "\n".join(f"# a comment\n    {line}\n" for line in kept)
    assert run(encoded(BOOTSTRAP), payload(script=commented)).exit_code == 0
    assert run(encoded(BOOTSTRAP), payload(script="\n".join(kept[:-1]))).exit_code == 1


def test_the_runner_may_travel_without_the_parts_that_its_operations_do_not_need() -> None:
    names = frozenset(operation["op"] for operation in REQUEST["ops"])
    needed = runner._expected(names)[1]
    assert len(needed) < len(whole_runner())
    assert run(encoded(BOOTSTRAP), payload(script=needed)).exit_code == 0
    less = runner._expected(names - {"restart"})[1]
    assert run(encoded(BOOTSTRAP), payload(script=less)).exit_code == 1


def test_another_runner_is_refused_before_anything_runs() -> None:
    host = FakeHost("pc0")
    outcome = run(encoded(BOOTSTRAP), payload(script="Remove-Item C:\\ -Recurse"), host)
    assert (outcome.exit_code, outcome.stdout, host.requests) == (1, "", [])
    assert outcome.stderr.startswith("#< CLIXML")


def test_a_runner_that_is_sent_again_is_not_read_line_by_line_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = whole_runner()
    runner._sent.cache_clear()
    asked = []
    read = runner.statements
    monkeypatch.setattr(runner, "statements", lambda script: asked.append(script) or read(script))
    sent = payload()
    assert [run(encoded(BOOTSTRAP), sent).exit_code for _time in range(3)] == [0, 0, 0]
    assert asked.count(whole) == 1


def test_a_changed_runner_in_the_working_tree_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(DEVICE / "vocabulary.json", tmp_path)
    shutil.copytree(DEVICE / "runner", tmp_path / "runner")
    monkeypatch.setattr(runner, "_DEVICE", tmp_path)
    file = tmp_path / "runner" / "main.ps1"
    old = file.read_text(encoding="utf-8")
    new = old + "\n'one statement more'\n"
    file.write_text(old, encoding="utf-8")
    before = whole_runner()
    for number, (ours, other) in enumerate([(new, before), (old, before + "\n'one statement more'")], 1):
        file.write_text(ours, encoding="utf-8")
        later = file.stat().st_mtime_ns + number * 10**9
        os.utime(file, ns=(later, later))
        for _again in range(2):
            assert run(encoded(BOOTSTRAP), payload()).exit_code == 0
            assert run(encoded(BOOTSTRAP), payload(script=other)).exit_code == 1


@pytest.mark.parametrize("given", [b"", b"|", b"abc|def", payload().partition(b"|")[0], payload()[:-30]])
def test_a_damaged_payload_is_a_powershell_error(given: bytes) -> None:
    host = FakeHost("pc0")
    outcome = run(encoded(BOOTSTRAP), given, host)
    assert (outcome.exit_code, outcome.stdout, host.requests) == (1, "", [])
    assert 'S="Error"' in outcome.stderr


def test_changing_operations_inside_a_job_are_seen() -> None:
    job = {"op": "job_start", "job": "x", "time_limit": 60, "ops": [{"op": "package_install"}, {"op": "cim_query"}]}
    assert runner.changing([{"op": "processes"}, job]) == ["job_start", "package_install"]


@pytest.mark.parametrize(
    ("command_line", "output", "exit_code"),
    [
        ("hostname", "PC0\r\n", 0),
        ("C:\\Windows\\System32\\hostname.exe", "PC0\r\n", 0),
        ("whoami", "pc0\\ops\r\n", 0),
        ("cmd /c echo one two", "one two\r\n", 0),
        ('cmd.exe /d /c "echo a & exit 3"', "a\r\n", 3),
        ("exit 4 && echo never", "", 4),
        ("nonsense && echo never", "", 1),
        ("nonsense || echo rescue", "rescue\r\n", 0),
        ("echo %USERNAME% %NOTHING%", "ops %NOTHING%\r\n", 0),
        ("dsregcmd /status", "AzureAdJoined : NO\r\n", 0),
        (encoded("hostname"), "PC0\r\n", 0),
        (encoded("Write-Output 'x'; \"$env:COMPUTERNAME\"\n$env:USERNAME"), "x\r\nPC0\r\nops\r\n", 0),
        (encoded("exit 3\n'never'"), "", 3),
        (encoded("cmd /c exit 5\nexit $LASTEXITCODE"), "", 5),
        (encoded("'a; b'; 'it''s'"), "a; b\r\nit's\r\n", 0),
        ('powershell -Command "hostname"', "PC0\r\n", 0),
        (encoded("nonsense\n'goes on'"), "goes on\r\n", 0),
        (encoded("throw 'no'\n'never'"), "", 1),
        (encoded("nonsense"), "", 1),
    ],
)
def test_stock_commands(command_line: str, output: str, exit_code: int) -> None:
    outcome = run(command_line)
    assert (outcome.stdout, outcome.exit_code) == (output, exit_code)


@pytest.mark.parametrize(
    "script", ["foreach ($x in 1..3) { $x }", "param($a)\n'x'", "$x = 1", "Get-Item C:\\ | Remove-Item {"]
)
def test_powershell_that_the_lab_does_not_know_fails_and_says_so(script: str) -> None:
    outcome = run(encoded(script))
    assert outcome.exit_code == 1
    assert outcome.stderr


def new_payload(action: str, parameters: dict[str, t.Any], data: bytes = b"") -> bytes:
    wrapper = {"name": "exec_wrapper", "script": "begin {}", "params": {"MinOSVersion": None}}
    manifest = {"scripts": {}, "actions": [{"name": f"{action}.ps1", "params": parameters, "secure_params": {}}]}
    parts = [json.dumps(wrapper).encode(), b"\0\0\0\0", json.dumps(manifest).encode()]
    return b"\n".join(parts + ([b"\0\0\0\0", data] if data else []))


NEW_WRAPPER = """$code = ConvertFrom-Json -InputObject $codeJson
foreach ($obj in $code.params.PSObject.Properties) {}
$input | & $code.script"""
OLD_WRAPPER = "&chcp.com 65001 > $null\n$exec_wrapper_str = $input | Out-String\n&$exec_wrapper"
PING = {"_ansible_module_name": "ansible.windows.win_ping", "data": "pong"}


def test_modules_of_both_generations_of_ansibles_wrapper() -> None:
    variables = [{"Name": "complex_args", "Value": PING, "Scope": "Global"}]
    new = new_payload("module_wrapper", {"Script": "ansible.windows.win_ping.ps1", "Variables": variables})
    old = b"begin {}\n\n\0\0\0\0" + json.dumps({"module_args": PING, "actions": []}).encode()
    for wrapper, given in ((NEW_WRAPPER, new), (OLD_WRAPPER, old)):
        outcome = run(encoded(wrapper), given)
        assert json.loads(outcome.stdout)["ping"] == "pong"
        assert (outcome.record.kind, outcome.record.operations) == ("module", ["win_ping"])


def test_a_module_that_the_lab_does_not_know_fails() -> None:
    arguments = {"_ansible_module_name": "win_feature"}
    old = b"\0\0\0\0" + json.dumps({"module_args": arguments}).encode()
    assert json.loads(run(encoded(OLD_WRAPPER), old).stdout)["failed"] is True


def test_a_wrapper_without_its_payload_fails() -> None:
    for wrapper in (NEW_WRAPPER, OLD_WRAPPER):
        outcome = run(encoded(wrapper), b"not a payload")
        assert (outcome.exit_code, outcome.stdout) == (1, "")


CONTENT = bytes(range(256)) * 300
OLD_PUT = """begin {{
$path = '{path}'
$fd = [System.IO.File]::Create($path)
}}
process {{
$bytes = [System.Convert]::FromBase64String($input)
}}
"""


def lines_of(content: bytes) -> bytes:
    parts = [content[start : start + 30000] for start in range(0, len(content), 30000)]
    return b"".join(base64.b64encode(part) + b"\r\n" for part in parts)


def test_both_generations_of_ansibles_file_transfer_write_the_file_and_print_its_sha1() -> None:
    new = new_payload("winrm_put_file", {"Path": "C:\\Data\\it's.bin"}, lines_of(CONTENT))
    old = OLD_PUT.format(path="C:\\Data\\it''s.bin")
    for script, given in ((NEW_WRAPPER, new), (old, lines_of(CONTENT))):
        host = FakeHost("pc0")
        outcome = run(encoded(script), given, host)
        assert json.loads(outcome.stdout) == {"sha1": hashlib.sha1(CONTENT).hexdigest()}
        assert host.files.content == {"c:\\data\\it's.bin": CONTENT}
        assert outcome.record.kind == "put_file"


def test_an_empty_file_can_be_transferred() -> None:
    host = FakeHost("pc0")
    run(encoded(NEW_WRAPPER), new_payload("winrm_put_file", {"Path": "C:\\Data\\e"}, b"\n"), host)
    assert host.files.content == {"c:\\data\\e": b""}


@pytest.mark.parametrize("path", ["C:\\Missing\\x.bin", "%ProgramData%\\x.bin"])
def test_a_file_without_its_directory_is_refused_and_no_variable_is_expanded(path: str) -> None:
    host = FakeHost("pc0")
    outcome = run(encoded(NEW_WRAPPER), new_payload("winrm_put_file", {"Path": path}, lines_of(b"x")), host)
    assert outcome.exit_code == 1
    assert "Could not find a part of the path" in outcome.stderr
    assert not host.files.content


def test_win_command_starts_no_shell() -> None:
    def ask(command_line: str) -> dict[str, t.Any]:
        arguments = {"_ansible_module_name": "win_command", "_raw_params": command_line}
        given = b"\0\0\0\0" + json.dumps({"module_args": arguments}).encode()
        return json.loads(run(encoded(OLD_WRAPPER), given).stdout)

    assert ask("dsregcmd /status")["stdout"] == "AzureAdJoined : NO\r\n"
    assert ask("cmd /c exit 3")["rc"] == 3
    assert ask("echo hi") | {"rc": 2, "failed": True} == ask("echo hi")
