# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the PowerShell without running it; tests/powershell/run.py runs it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import wire

tree_sitter = pytest.importorskip("tree_sitter")
tree_sitter_powershell = pytest.importorskip("tree_sitter_powershell")

ROOT = Path(__file__).resolve().parents[3]
DEVICE = ROOT / "plugins" / "plugin_utils" / "device"
RUNNER = (DEVICE / "runner.ps1").read_bytes()
STUBS = (ROOT / "tests" / "powershell" / "stubs.ps1").read_bytes()
VOCABULARY = json.loads((DEVICE / "vocabulary.json").read_text(encoding="utf-8"))["operations"]
OPERATIONS = set(VOCABULARY)
WHOLE = {"ops": [{"op": "job_start"}]}
SENT = gzip.decompress(base64.b64decode(wire.encode_payload(WHOLE).partition(b"|")[0]))
GLOBALS = set(re.findall(r"(?m)^\$([A-Z]\w+) = ", RUNNER.decode()))
HERE_STRINGS = re.findall(rb"@'\n(.*?)\n'@", RUNNER, re.DOTALL)
JOB_BOOTSTRAP = HERE_STRINGS[0]
TEXTS = {"runner": RUNNER, "as sent": SENT, "bootstrap": wire.BOOTSTRAP.encode(), "job bootstrap": JOB_BOOTSTRAP}

# Verb-Noun commands that the runner may use beside its own functions: all are in 5.1 and in 7.
CMDLETS = {
    "Get-Acl", "Get-CimInstance", "Get-ProvisioningPackage", "Import-Module", "Install-ProvisioningPackage",
    "New-Object", "Set-StrictMode", "Start-Sleep", "Uninstall-ProvisioningPackage", "Write-Output",
}
BOOTSTRAP_COMMANDS = {"New-Object", "ForEach-Object"}


def parse(text: bytes):
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(text).root_node


def nodes(node, kind: str | None = None):
    if kind is None or node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def texts_of(text: bytes, kind: str) -> list[str]:
    return [node.text.decode() for node in nodes(parse(text), kind)]


def functions(text: bytes) -> list[str]:
    return texts_of(text, "function_name")


def code_only(text: bytes) -> str:
    """The text without comments and strings."""
    bare = bytearray(text)
    for node in nodes(parse(text)):
        if node.type in ("comment", "string_literal"):
            bare[node.start_byte:node.end_byte] = b" " * (node.end_byte - node.start_byte)
    return bare.decode()


@pytest.mark.parametrize("name", [*TEXTS, "stubs"])
def test_the_text_parses(name):
    text = {**TEXTS, "stubs": STUBS}[name]
    wrong = [node for node in nodes(parse(text)) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text[:60]) for node in wrong] == []


def test_the_parser_would_notice_an_error():
    broken = RUNNER.replace(b"    return $map\n", b"    return $map )\n")
    assert broken != RUNNER
    assert any(node.type == "ERROR" or node.is_missing for node in nodes(parse(broken)))


@pytest.mark.parametrize("name", [*TEXTS, "stubs"])
def test_the_text_is_ascii_without_tabs_or_carriage_returns(name):
    text = {**TEXTS, "stubs": STUBS}[name]
    assert text.isascii() and b"\r" not in text and b"\t" not in text


def table_of(text: bytes) -> list[str]:
    tables = re.findall(r"\$Operations \+?= @\((.*?)\)", text.decode(), re.DOTALL)
    return [name for table in tables for name in re.findall(r"'(\w+)'", table)]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_is_sent_for_an_operation_parses_and_holds_all_that_it_calls(name):
    text = wire.runner_for(RUNNER.decode(), [name]).encode()
    assert name in functions(text)
    assert set(texts_of(text, "command_name")) <= CMDLETS | set(functions(text))
    used = set(re.findall(r"\$([A-Z]\w+)\b", code_only(text)))
    assert used & (GLOBALS - set(re.findall(r"(?m)^\$(\w+) = ", text.decode()))) == set()
    assert [node for node in nodes(parse(text)) if node.type == "ERROR" or node.is_missing] == []


def test_nothing_that_changes_a_device_is_sent_to_look_at_it():
    observing = [name for name in OPERATIONS if not VOCABULARY[name]["changing"]]
    text = wire.runner_for(RUNNER.decode(), observing)
    assert set(functions(text.encode())) & {name for name in OPERATIONS if VOCABULARY[name]["changing"]} == set()
    for changing in ("Install-", "Uninstall-", "RegisterTaskDefinition", "::Delete(", "::Create(", "CreateDirectory"):
        assert changing not in text.partition("#--- run ---")[0].replace("SHA256]::Create(", "").replace("ScriptBlock]::Create(", "")


def test_every_operation_of_the_vocabulary_is_one_function_and_one_entry_of_the_table():
    assert sorted(table_of(RUNNER)) == sorted(OPERATIONS)
    assert sorted(name for name in functions(RUNNER) if "-" not in name) == sorted(OPERATIONS)


def test_no_function_is_defined_twice():
    assert len(set(functions(RUNNER))) == len(functions(RUNNER))


@pytest.mark.parametrize("name", ["runner", "as sent"])
def test_only_known_commands_are_called_and_no_aliases(name):
    called = set(texts_of(TEXTS[name], "command_name"))
    unknown = called - CMDLETS - set(functions(RUNNER))
    assert unknown == set(), "an alias, a misspelt function, or a cmdlet that 5.1 or 7 may lack"


@pytest.mark.parametrize("name", ["bootstrap", "job bootstrap"])
def test_the_bootstraps_call_no_more_than_they_need(name):
    assert set(texts_of(TEXTS[name], "command_name")) <= BOOTSTRAP_COMMANDS


def test_every_function_of_the_runner_is_used():
    words = re.findall(r"[\w-]+", code_only(RUNNER))
    idle = {name for name in functions(RUNNER) if "-" in name and words.count(name) < 2}
    assert idle == set()


@pytest.mark.parametrize("name", TEXTS)
def test_there_is_no_syntax_newer_than_5_1(name):
    code = code_only(TEXTS[name])
    assert re.findall(r"\?\?|\?\.|\?\[|&&|\|\||\s\?\s", code) == []
    assert re.findall(r"(?i)\b(clean|parallel|-AsHashtable|-AsUTC|-Encoding)\b", code) == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_becomes_code(name):
    forbidden = r"(?i)invoke-expression|\biex\b|add-type|executioncontext|newscriptblock|invokescript"
    assert re.findall(forbidden, TEXTS[name].decode()) == []
    allowed = 1 if name in ("bootstrap", "job bootstrap") else 0
    assert code_only(TEXTS[name]).lower().count("[scriptblock]::create") == allowed


def test_strict_mode_and_stop_come_before_anything_else():
    first, *then = SENT.decode().splitlines()
    assert first.startswith("param(")
    assert then[:2] == ["Set-StrictMode -Version 2", "$ErrorActionPreference = 'Stop'"]


def test_the_task_of_a_job_gets_the_job_bootstrap_unchanged():
    assert len(HERE_STRINGS) == 1
    assert b"@'\n" + JOB_BOOTSTRAP + b"\n'@" in SENT, "packing must not change text inside a string"
    # -EncodedCommand: base64 of UTF-16, within what a command line and a task's arguments may have
    assert len(base64.b64encode(JOB_BOOTSTRAP.decode().encode("utf-16-le"))) < 3000


def test_both_bootstraps_unpack_alike():
    def unpacking(text: bytes) -> list[bytes]:
        return re.findall(rb"^\$[ms]=.*$|^\$z=.*$", text.replace(b"$t[0]", b"$b"), re.MULTILINE)

    assert len(unpacking(JOB_BOOTSTRAP)) == 3
    assert unpacking(JOB_BOOTSTRAP) == unpacking(wire.BOOTSTRAP.encode())


def test_the_bootstrap_fits_a_command_line():
    # cmd.exe takes 8,191 characters; base64 of UTF-16 is 2.7 times the text.
    assert len(base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le"))) < 4000


def test_the_runner_stays_small_on_the_wire():
    assert len(wire.encode_payload(WHOLE)) < 13_000


def test_maps_are_read_by_index_so_that_keys_cannot_hide_members():
    # $map.keys would be the entry named keys, if there is one.
    assert re.findall(r"\$(?:Ask|ask|Asked|status|info|run|result|failure|map|facts)\.\w+", code_only(RUNNER)) == []


def test_no_name_of_an_automatic_variable_is_assigned():
    automatic = "input|args|error|event|sender|this|matches|host|home|pid|profile|psitem|_|true|false|null"
    # $null = swallows output
    assert set(re.findall(rf"(?i)\$({automatic})\s*=(?!=)", code_only(RUNNER))) <= {"null"}


def test_accounts_are_named_by_sid():
    assert re.findall(r"(?i)BUILTIN|NT AUTHORITY|'administrators?'|'everyone'|'system'", RUNNER.decode()) == []


def test_the_harness_finds_its_place():
    assert RUNNER.count(b"\n#--- run ---\n") == 1


def test_the_stubs_replace_only_functions_that_exist():
    own = {"New-ProofKey"}
    replaced = {name for name in functions(STUBS) if not name.startswith("Proof")} - own
    assert replaced <= set(functions(RUNNER)) | CMDLETS
