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
PARTS = {path.stem: path.read_bytes() for path in sorted((DEVICE / "runner").glob("*.ps1"))}
STUBS = (ROOT / "tests" / "powershell" / "stubs.ps1").read_bytes()
WINDOWS = {path.stem: path.read_bytes() for path in (ROOT / "tests" / "powershell" / "windows").glob("*.ps1")}
STAND_INS = {"stubs": STUBS, **WINDOWS}
VOCABULARY = json.loads((DEVICE / "vocabulary.json").read_text(encoding="utf-8"))["operations"]
OPERATIONS = set(VOCABULARY)
RUNNER = wire.runner_text(OPERATIONS).encode()


def sent_for(*operations: dict) -> bytes:
    """The runner that a request with these operations carries."""
    return gzip.decompress(base64.b64decode(wire.encode_payload({"ops": operations}).partition(b"|")[0]))


WHOLE = [{"op": name} for name in sorted(OPERATIONS)]
SENT = sent_for(*WHOLE)
GLOBALS = set(re.findall(r"(?m)^\$([A-Z]\w+) = ", RUNNER.decode()))
HERE_STRINGS = re.findall(rb"@'\n(.*?)\n'@", RUNNER, re.DOTALL)
UNREGISTRATION, JOB_BOOTSTRAP = HERE_STRINGS
TEXTS = {
    "runner": RUNNER,
    "as sent": SENT,
    "bootstrap": wire.BOOTSTRAP.encode(),
    "job bootstrap": JOB_BOOTSTRAP,
    "unregistration": UNREGISTRATION,
}

# Verb-Noun commands that the runner may use beside its own functions: all are in 5.1 and in 7.
CMDLETS = {
    "Get-Acl",
    "Get-CimInstance",
    "Get-Command",
    "Get-ProvisioningPackage",
    "Import-Module",
    "Install-ProvisioningPackage",
    "Invoke-CimMethod",
    "New-Object",
    "Set-StrictMode",
    "Uninstall-ProvisioningPackage",
}
FACTS = [
    "registry_read",
    "registry_users_read",
    "certificates",
    "dsregcmd_status",
    "cim_query",
    "scheduled_tasks",
    "provisioning_packages",
    "path_info",
]
BOOTSTRAP_COMMANDS = {"ForEach-Object"}


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
            bare[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
    return bare.decode()


@pytest.mark.parametrize("name", [*TEXTS, *STAND_INS])
def test_the_text_parses(name):
    text = {**TEXTS, **STAND_INS}[name]
    wrong = [node for node in nodes(parse(text)) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text[:60]) for node in wrong] == []


def test_the_parser_would_notice_an_error():
    broken = RUNNER.replace(b"    return $map\n", b"    return $map )\n")
    assert broken != RUNNER
    assert any(node.type == "ERROR" or node.is_missing for node in nodes(parse(broken)))


@pytest.mark.parametrize("name", [*TEXTS, *STAND_INS])
def test_the_text_is_ascii_without_tabs_or_carriage_returns(name):
    text = {**TEXTS, **STAND_INS}[name]
    assert text.isascii() and b"\r" not in text and b"\t" not in text


def table_of(text: bytes, table: str = "(?:Observing|Changing)") -> list[str]:
    lines = re.findall(rf"(?m)^\${table} \+= (.*)$", text.decode())
    return [name for line in lines for name in re.findall(r"'(\w+)'", line)]


def test_the_runner_has_every_part_once_and_each_after_its_needs():
    starts = {name: RUNNER.find(text) for name, text in PARTS.items()}
    assert -1 not in starts.values(), "a part that no operation needs"
    for name, text in PARTS.items():
        needs = text.decode().splitlines()[0].removeprefix("# needs: ").split()
        assert [need for need in needs if need != "nothing" and starts[need] >= starts[name]] == []
    assert min(starts, key=starts.get) == "_head" and max(starts, key=starts.get) == "main"
    assert sum(map(len, PARTS.values())) + len(PARTS) - 1 == len(RUNNER)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_is_one_small_family_and_says_what_it_needs(name):
    text = PARTS[name].decode()
    assert re.match(r"# needs: (nothing|[a-z_]+( [a-z_]+)*)\n", text)
    assert len(text.splitlines()) <= 200
    lives_here = {operation for operation in OPERATIONS if VOCABULARY[operation]["part"] == name}
    assert set(table_of(PARTS[name])) == lives_here
    assert lives_here <= set(functions(PARTS[name]))


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_needs_no_part_that_it_does_not_use(name):
    """Bytes on the way to each device: functions and variables of a need are used here, or by another need for it."""
    text = PARTS[name]
    code = code_only(text)
    for need in text.decode().splitlines()[0].removeprefix("# needs: ").split():
        if need in ("nothing", "_head") or name in ("main", "run"):
            continue
        names = set(functions(PARTS[need])) | set(re.findall(r"(?m)^\$([A-Z]\w+) = ", PARTS[need].decode()))
        assert any(re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", code) for one in names), need


def test_a_part_without_a_first_line_is_refused():
    with pytest.raises(ValueError, match="runner/x.ps1"):
        wire._needs_of("x", "$Changing += 'x'\n")


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_is_sent_for_an_operation_parses_and_holds_all_that_it_calls(name):
    text = wire.runner_text([name]).encode()
    assert name in functions(text)
    assert set(texts_of(text, "command_name")) <= CMDLETS | set(functions(text))
    assert table_of(text).count(name) == 1
    used = set(re.findall(r"\$([A-Z]\w+)\b", code_only(text)))
    assert used & (GLOBALS - set(re.findall(r"(?m)^\$(\w+) = ", text.decode()))) == set()
    assert [node for node in nodes(parse(text)) if node.type == "ERROR" or node.is_missing] == []


def test_nothing_that_changes_a_device_is_sent_to_look_at_it():
    observing = [name for name in OPERATIONS if not VOCABULARY[name]["changing"]]
    text = wire.runner_text(observing)
    assert set(functions(text.encode())) & {name for name in OPERATIONS if VOCABULARY[name]["changing"]} == set()
    for changing in (
        "Install-",
        "Uninstall-",
        "RegisterTaskDefinition",
        "::Delete(",
        "::Create(",
        "CreateDirectory",
        "Add-Type",
        "ReadWrite,",
        "CreateSubKey",
        "SetValue",
        "DeleteSubKeyTree",
        "DeleteTask",
        "DeleteFolder",
        ".Stop(",
        ".Remove(",
    ):
        bare = text.removesuffix(PARTS["main"].decode()).replace("SHA256]::Create(", "")
        assert changing not in bare.replace("[IO.FileShare]'ReadWrite,", "")


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


def test_the_way_that_every_task_takes_loads_no_module():
    """A cmdlet of Microsoft.PowerShell.Utility costs a quarter of a second at its first call."""
    core = {"Set-StrictMode", "ForEach-Object"}
    for text in (
        wire.runner_text([]).encode(),
        wire.runner_text(["registry_read", "path_info", "dsregcmd_status"]).encode(),
    ):
        assert set(texts_of(text, "command_name")) - set(functions(text)) <= core


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
    forbidden = r"(?i)invoke-expression|\biex\b|executioncontext|newscriptblock|invokescript"
    assert re.findall(forbidden, TEXTS[name].decode()) == []
    allowed = 1 if name in ("bootstrap", "job bootstrap") else 0
    assert code_only(TEXTS[name]).lower().count("[scriptblock]::create") == allowed


def test_what_is_compiled_is_one_constant_text_in_a_process_of_its_own():
    for name, text in TEXTS.items():
        assert text.decode().lower().count("add-type") == (name in ("runner", "as sent", "unregistration"))
    assert texts_of(UNREGISTRATION, "command_name") == ["Add-Type"]
    compiled = r"\$text=('\[DllImport.*?)\n\$library=Add-Type -MemberDefinition \$text "
    (constant,) = re.findall(compiled, UNREGISTRATION.decode(), re.S)
    assert re.fullmatch(r"'[^'$]*'( \+\n'[^'$]*')*", constant)
    assert constant.count("DllImport(") == constant.count("extern") == 1


def test_an_unregistration_without_an_id_ends_before_it_begins():
    """It would unregister every enrollment of the device."""
    lines = UNREGISTRATION.decode().splitlines()
    assert lines[0] == "$ErrorActionPreference='Stop'" and lines[2] == "if(-not $id){exit 87}"


def test_strict_mode_and_stop_come_before_anything_else():
    first, *then = SENT.decode().splitlines()
    assert first.startswith("param(")
    assert then[:2] == ["Set-StrictMode -Version 2", "$ErrorActionPreference = 'Stop'"]


def test_what_a_process_of_its_own_runs_is_sent_unchanged():
    for text in HERE_STRINGS:
        assert b"@'\n" + text + b"\n'@" in SENT, "packing must not change text inside a string"
        # -EncodedCommand: base64 of UTF-16, within what a command line and a task's arguments may have
        assert len(base64.b64encode(text.decode().encode("utf-16-le"))) < 3000


def test_both_bootstraps_unpack_alike():
    def unpacking(text: bytes) -> list[bytes]:
        return re.findall(rb"^\$[ms]=.*$|^\$z=.*$", text.replace(b"$t[0]", b"$b"), re.MULTILINE)

    assert len(unpacking(JOB_BOOTSTRAP)) == 3
    assert unpacking(JOB_BOOTSTRAP) == unpacking(wire.BOOTSTRAP.encode())


def test_the_bootstrap_fits_a_command_line():
    # cmd.exe takes 8,191 characters; base64 of UTF-16 is 2.7 times the text.
    assert len(base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le"))) < 4000


@pytest.mark.parametrize(
    ("operations", "limit"),
    [
        (FACTS, 8_500),
        ([*FACTS, "local_administrators", "system_probe", "endpoints"], 16_500),
        (sorted({*FACTS, "events", "volume_encryption", "account_policy"} - {"provisioning_packages"}), 10_500),
        (["job_start", "package_install"], 9_300),
        (["job_start", "package_forget", "package_install"], 9_700),
        # No task sends all of it.
        (sorted(OPERATIONS), 30_000),
    ],
    ids=["facts", "preflight", "posture", "join", "join again", "whole"],
)
def test_the_runner_stays_small_on_the_wire(operations, limit):
    assert len(wire.encode_payload({"ops": [{"op": name} for name in operations]})) < limit


def test_a_job_carries_what_its_own_operations_need_and_no_more():
    job = {"op": "job_start", "ops": [{"op": "system_probe", "ops": [{"op": "endpoints"}]}]}
    assert {"job_start", "system_probe", "endpoints"} <= set(functions(sent_for(job)))
    assert set(functions(sent_for(job))) & {"bitlocker", "dsregcmd_leave", "enrollment_remove", "restart"} == set()


def part_of(name: str) -> str:
    """The part that an operation lives in."""
    return PARTS[VOCABULARY[name]["part"]].decode()


def body_of(name: str) -> str:
    return re.search(rf"(?ms)^function {name}\b.*?^}}$", RUNNER.decode())[0]


def test_a_look_as_system_may_do_what_only_observes():
    observing = {name for name in OPERATIONS if not VOCABULARY[name]["changing"]}
    assert set(table_of(RUNNER, "Observing")) == observing
    assert set(table_of(RUNNER, "Changing")) == OPERATIONS - observing
    assert body_of("system_probe").index("$Observing") < body_of("system_probe").index("job_start")


@pytest.mark.parametrize(
    "name", ["dsregcmd_leave", "mdm_auto_enroll", "enrollment_remove", "package_forget", "remote_wipe"]
)
def test_what_only_system_does_whole_is_refused_to_others_first(name):
    assert body_of(name).splitlines()[1].strip() == "Assert-System"


def test_no_key_is_read_of_bitlocker():
    assert re.findall(r"Invoke-VolumeMethod \$Volume '(\w+)'", part_of("bitlocker")) == [
        "GetKeyProtectors",
        "GetKeyProtectorType",
    ]
    assert re.findall(r"Invoke-CimMethod -InputObject (\S+)", RUNNER.decode()) == ["$Volume", "$wipe[0]"]


def test_of_how_far_a_volume_is_encrypted_only_numbers_are_read():
    asked = re.findall(r"Read-VolumeNumber \$volume '(\w+)'", part_of("volume_encryption"))
    assert asked == ["GetConversionStatus", "GetConversionStatus", "GetSuspendCount"]


def test_a_device_is_reset_only_by_a_known_method_and_only_if_it_is_the_one_that_is_meant():
    body = body_of("remote_wipe")
    steps = ["Assert-System", "-cnotcontains", "'SerialNumber'", "'UUID'", "Invoke-CimMethod"]
    assert [body.index(step) for step in steps] == sorted(body.index(step) for step in steps)


def test_an_enrollment_is_known_by_guid_and_provider_before_anything_is_done():
    body = body_of("enrollment_remove")
    steps = [
        "-cnotmatch",
        "Get-EnrollmentFact",
        "$fact['provider'] -cne",
        "Invoke-Unregistration",
        "Remove-EnrollmentPart",
    ]
    assert sorted(steps, key=body.index) == steps


def test_the_keys_of_an_enrollment_are_the_known_ones_and_its_own_is_the_last():
    (text,) = re.findall(r"\$EnrollmentKeys = @\((.*?)\)", RUNNER.decode(), re.S)
    assert re.findall(r"'([^']+)'|(\$\w+)", text) == [
        (key, "")
        for key in (
            r"SOFTWARE\Microsoft\Enrollments\Status",
            r"SOFTWARE\Microsoft\Enrollments\Context",
            r"SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked",
            r"SOFTWARE\Microsoft\PolicyManager\AdmxInstalled",
            r"SOFTWARE\Microsoft\PolicyManager\Providers",
            r"SOFTWARE\Microsoft\Provisioning\OMADM\Accounts",
            r"SOFTWARE\Microsoft\Provisioning\OMADM\Logger",
            r"SOFTWARE\Microsoft\Provisioning\OMADM\Sessions",
        )
    ] + [("", "$Enrollments")]


@pytest.mark.parametrize(
    ("signs", "kind", "code"),
    [
        # Windows PowerShell 5.1: WebException.Status
        (" | HttpRequestException,,, | WebException,NameResolutionFailure,,", "dns", 0x80072EE7),
        (" | WebException,ProxyNameResolutionFailure,,", "proxy", None),
        (" | WebException,TrustFailure,, | AuthenticationException,,, Das Remotezertifikat", "certificate", 0x80072F8F),
        (" | WebException,SecureChannelFailure,,", "tls", 0x80072F7D),
        (" | WebException,SendFailure,, | IOException,,, | SocketException,,ConnectionReset,", "connect", 0x80072EFE),
        (" | WebException,ConnectFailure,, | SocketException,,ConnectionRefused,", "connect", 0x80072EFD),
        (" | WebException,Timeout,,", "timeout", 0x80072EE2),
        # PowerShell 7: HttpRequestError, SocketErrorCode
        (" | HttpRequestException,,,NameResolutionError x | SocketException,,HostNotFound,", "dns", 0x80072EE7),
        (
            " | HttpRequestException,,,SecureConnectionError x | AuthenticationException,,, The certificate is invalid",
            "certificate",
            0x80072F8F,
        ),
        (
            " | HttpRequestException,,,SecureConnectionError x | AuthenticationException,,, Cannot determine the frame",
            "tls",
            0x80072F7D,
        ),
        (
            " | HttpRequestException,,,ProxyTunnelError The proxy tunnel request failed with status code '407'",
            "proxy",
            0x80190197,
        ),
        (" | HttpRequestException,,, The proxy tunnel request failed with status code '502'", "proxy", None),
        (" | HttpRequestException,,,ConnectionError x | SocketException,,ConnectionRefused,", "connect", 0x80072EFD),
        (" | TaskCanceledException,,,", "timeout", 0x80072EE2),
        (" | ArgumentException,,,", "other", None),
    ],
)
def test_failures_of_the_network_are_told_apart_with_the_codes_of_winhttp(signs, kind, code):
    rules = re.findall(r"@\('([^']*)', '(\w+)', (\$null|-\d+)\)", PARTS["web"].decode())
    assert len(rules) == PARTS["web"].decode().partition("$WebFailures = @(")[2].partition("\n)")[0].count("@(")
    found = next((rule[1], rule[2]) for rule in rules if re.search(rule[0], signs))
    assert found == (kind, "$null" if code is None else str(code - 2**32))


def test_maps_are_read_by_index_so_that_keys_cannot_hide_members():
    # $map.keys would be the entry named keys, if there is one.
    assert re.findall(r"\$(?:Ask|ask|Asked|status|info|run|result|failure|map|facts)\.\w+", code_only(RUNNER)) == []


def test_no_name_of_an_automatic_variable_is_assigned():
    automatic = "input|args|error|event|sender|this|matches|host|home|pid|profile|psitem|switch|foreach|_|true|false"
    assert re.findall(rf"(?i)\$({automatic})\s*=(?!=)", code_only(RUNNER)) == []


def test_accounts_are_named_by_sid():
    text = RUNNER.decode().replace("(Get-DeviceFact)['system']", "")
    assert re.findall(r"(?i)BUILTIN|NT AUTHORITY|'administrators?'|'everyone'|'system'", text) == []


def test_stand_ins_can_be_put_before_the_last_lines():
    assert RUNNER.count(PARTS["main"]) == 1 and RUNNER.endswith(PARTS["main"])
    assert functions(PARTS["main"]) == []


# What the stand-ins put in the place of the runner's own. What stands here is never run for real but on a Windows.
REPLACED_FUNCTIONS = {
    *("Get-DeviceFact", "Resolve-AnyPath", "Get-ProgramData", "Get-NativeFolder"),
    *("New-PrivateDirectory", "Assert-PrivateDirectory"),
    *("Open-RegistryHive", "Open-CertificateStore", "Open-PersonalStore", "Connect-TaskService", "Open-EventReader"),
    *("Get-NamedProcess", "Open-AccountRule", "Get-AdministratorMember", "Get-SidName", "Get-AdsProperty"),
    *("Import-ProvisioningModule", "Get-FileVersion"),
}
# These are called by what takes their place.
WRAPPED_FUNCTIONS = {
    *("Invoke-Operation", "Invoke-Native", "path_remove"),
    *("Start-WebCall", "Send-WebCall", "New-MachineProxy"),
}
REPLACED_CMDLETS = {
    *("Get-CimInstance", "Invoke-CimMethod"),
    *("Get-ProvisioningPackage", "Install-ProvisioningPackage", "Uninstall-ProvisioningPackage"),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_replaces_what_the_runner_has(name):
    assert set(functions(STAND_INS[name])) & (set(functions(RUNNER)) | CMDLETS)


def test_what_the_stand_ins_replace_is_known():
    known = REPLACED_FUNCTIONS | WRAPPED_FUNCTIONS | REPLACED_CMDLETS
    defined = [name for text in STAND_INS.values() for name in functions(text)]
    assert set(defined) & (set(functions(RUNNER)) | CMDLETS) == known
    assert len(set(defined)) == len(defined)


def test_our_own_directories_are_open_to_system_and_administrators_only():
    """The access list is the one thing that the proof replaces by a stand-in."""
    text = PARTS["own_directories"].decode()
    [made] = re.findall(r"(?ms)^function New-PrivateDirectory.*?^}", text)
    assert "$security.SetAccessRuleProtection($true, $false)" in made
    assert "foreach ($sid in $System, $Administrators) {" in made and made.count("AddAccessRule") == 1
    assert "$System = 'S-1-5-18'" in text
    assert [line for line in RUNNER.decode().splitlines() if line.startswith("$Administrators = ")] == [
        "$Administrators = 'S-1-5-32-544'"
    ]
    # No other function makes a directory.
    makers = {name for name, part in PARTS.items() if b"CreateDirectory(" in part or b"New-Item" in part}
    assert makers == {"own_directories"} and text.count("CreateDirectory(") == made.count("CreateDirectory(")
