# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused on the controller: the message names the option, and no device is asked anything.

Each module has its cases here. All that its argument spec can say is tried in tests/unit/test_every_module.py.
"""

from __future__ import annotations

import typing as t
import uuid
from pathlib import Path

import pytest

from tests.integration import inspection
from tests.integration.play import Play, Player
from tests.lab import ppkg
from tests.lab.process import RunningLab

TENANT = "d10f84e2-ba05-45c0-90b7-994f1fafa537"
PACKAGE = "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"
#: What is not wrong where a tenant's option is: nobody is asked for a token.
SIGN_IN = {"tenant_id": TENANT, "client_id": PACKAGE, "client_secret": "not asked for"}
TOKEN = "0.Aabcdefghijklmnopqrstuvwxyz0123456789"
URL = "https://packages.example.com/join.ppkg"
RESET, WIPE = "winops.entra.device_reset", "winops.entra.managed_device_reset"
JOIN, PPKG, INFO, FACTS = (f"winops.entra.{name}" for name in ("join", "ppkg", "ppkg_info", "device_facts"))
HASH, BUILD = "winops.entra.autopilot_hash", "winops.entra.ppkg_build"
MODULES = Path(__file__).parents[2] / "plugins" / "modules"
FIELDS = {"code", "name", "side", "cause", "fix", "evidence", "request_id", "permissions", "doc"}


class Case(t.NamedTuple):
    """A task that must be refused; ``src`` in its options is the name of a file of ``write_files``."""

    module: str
    options: dict[str, t.Any]
    option: str  # the message must name it ...
    says: str  # ... and say this
    name: str = "bad_option"


AUTOPILOT = "winops.entra.autopilot_device"
#: Good enough for what is refused before anybody signs in.
SIGN_IN = {"tenant_id": TENANT, "client_id": PACKAGE, "client_secret": "Xq8~correct-horse-battery-staple-secret"}
CASES = {
    "a damaged package": Case(JOIN, {"src": "damaged"}, "damaged.ppkg", "", "package_damaged"),
    "a package that was cut off": Case(JOIN, {"src": "cut"}, "cut.ppkg", "", "package_damaged"),
    "an encrypted package": Case(
        JOIN, {"src": "encrypted"}, "encrypted.ppkg", "without encryption", "package_encrypted"
    ),
    "a file that is no WIM": Case(JOIN, {"src": "text"}, "text.ppkg", "not", "not_a_package"),
    "an empty file": Case(JOIN, {"src": "empty"}, "empty.ppkg", "", "not_a_package"),
    "a package without a bulk token": Case(JOIN, {"src": "no_token"}, "src", "no bulk token"),
    "a package without an id": Case(PPKG, {"src": "no_id"}, "src", "id"),
    "a file that is not there": Case(JOIN, {"src": "absent"}, "src", "absent.ppkg"),
    "a directory": Case(JOIN, {"src": "directory"}, "src", "directory"),
    "a tenant that is no GUID": Case(JOIN, {"src": "good", "tenant_id": "contoso.example"}, "tenant_id", "GUID"),
    "another package's id": Case(PPKG, {"src": "good", "package_id": TENANT}, "package_id", PACKAGE),
    "a package id that is no GUID": Case(PPKG, {"state": "absent", "package_id": "join"}, "package_id", "GUID"),
    "an http url": Case(
        JOIN, {"url": URL.replace("https", "http"), "checksum": "0" * 64, "package_id": PACKAGE}, "url", "https"
    ),
    "a url without a checksum": Case(JOIN, {"url": URL, "package_id": PACKAGE}, "checksum", ""),
    "a checksum of another kind": Case(
        PPKG,
        {"url": URL, "checksum": "md5:d41d8cd98f00b204e9800998ecf8427e", "package_id": PACKAGE},
        "checksum",
        "SHA-256",
    ),
    "a path without a package id": Case(JOIN, {"path": r"C:\join.ppkg"}, "package_id", ""),
    "a negative timeout": Case(JOIN, {"src": "good", "timeout": -1}, "timeout", "positive"),
    "no time between two looks": Case(PPKG, {"src": "good", "poll_interval": 0}, "poll_interval", "positive"),
    "no time to restart": Case(JOIN, {"src": "good", "reboot_timeout": 0}, "reboot_timeout", "positive"),
    "two sources": Case(
        JOIN, {"src": "good", "path": r"C:\join.ppkg", "package_id": PACKAGE}, "src", "mutually exclusive"
    ),
    "no source": Case(JOIN, {}, "src", "missing"),
    "no tenant": Case(JOIN, {"src": "good", "tenant_id": None}, "tenant_id", "missing"),
    "a package to remove without its id": Case(PPKG, {"state": "absent"}, "package_id", "missing"),
    "an unknown method": Case(JOIN, {"src": "good", "method": "password"}, "method", "azure_vm"),
    "an unknown state": Case(PPKG, {"src": "good", "state": "there"}, "state", "absent"),
    "a misspelled option": Case(JOIN, {"src": "good", "reeboot": True}, "reeboot", "nsupported"),
    "a subset that does not exist": Case(FACTS, {"gather_subset": ["bios"]}, "gather_subset", "clock"),
    "nothing to describe": Case(INFO, {"installed": False}, "installed", "src"),
    "a description of nothing": Case(INFO, {"description": {"name": "x"}}, "description", "no package in src"),
    "a description and another package": Case(
        INFO, {"src": "good", "description": {"name": "x"}, "compare_with": "good"}, "description", "mutually exclusive"
    ),
    "a wrong description": Case(
        INFO,
        {"src": "good", "description": {"name": "x", "computer_nam": "y"}},
        "computer_nam",
        "did you mean computer_name?",
        "bad_description",
    ),
    "a damaged package to describe": Case(INFO, {"src": "damaged"}, "damaged.ppkg", "", "package_damaged"),
    "two descriptions": Case(BUILD, {"description_file": "x.yml"}, "description_file", "mutually exclusive"),
    "no template": Case(BUILD, {"template": None}, "template", "missing"),
    "a template for the host's tool": Case(BUILD, {"method": "icd"}, "template", "leave it out"),
    "a signature": Case(BUILD, {"sign": True}, "sign", "graphical Windows Configuration Designer"),
    "an encrypted package without a file for its password": Case(
        BUILD, {"encrypt": True, "method": "icd", "template": None}, "password_dest", "missing"
    ),
    "a package without its ending": Case(BUILD, {"dest": "x.zip"}, "dest", ".ppkg"),
    "a package in the place of a note": Case(BUILD, {"dest": "text.ppkg"}, "dest", "not a package"),
    "an unknown setting": Case(
        BUILD,
        {"description": {"name": "x", "settings": [{"path": "Accounts/Azure/BRPT", "value": "x"}]}},
        "settings[0].path",
        "did you mean Accounts/Azure/BPRT",
        "bad_description",
    ),
    "a setting of another type": Case(
        BUILD, {"description": {"name": "x", "security_keys": "maybe"}}, "security_keys", "true", "bad_description"
    ),
    "a file of a description that is not there": Case(
        BUILD,
        {"description": {"name": "x", "commands": [{"line": "x", "file": "none.cmd"}]}},
        "commands[0].file",
        "none.cmd",
        "bad_description",
    ),
    "a template that is not there": Case(BUILD, {"template": "absent"}, "template", "absent.ppkg"),
    "a template that was cut off": Case(BUILD, {"template": "cut"}, "cut.ppkg", "", "package_damaged"),
    "a template that is a note": Case(BUILD, {"template": "text"}, "text.ppkg", "not", "not_a_package"),
    "an encrypted template": Case(
        BUILD, {"template": "encrypted"}, "encrypted.ppkg", "without encryption", "package_encrypted"
    ),
    "a signed template": Case(BUILD, {"template": "signed"}, "template", "signed", "template_unfit"),
    "a template with other settings": Case(BUILD, {}, "template", "does not mention", "template_differs"),
    "no time for a trial": Case("winops.entra.acceptance", {"timeout": 0}, "timeout", "positive"),
    "an operation that does not exist": Case("winops.entra.acceptance", {"skip": ["dance"]}, "skip", "dance"),
    "questions with a package that does something": Case(
        "winops.entra.acceptance", {"package": "no_token"}, "package", "Windows Hello for Business"
    ),
    "questions with a package that joins": Case(
        "winops.entra.acceptance", {"package": "good"}, "package", "bulk token"
    ),
    "an AAGUID that is none": Case(
        "winops.entra.security_key_policy",
        {"key_restrictions": {"enforcement": "block", "aaguids": ["YubiKey"]}},
        "key_restrictions.aaguids",
        "not a GUID",
    ),
    "no users": Case("winops.entra.user_method_info", {}, "users", "missing"),
    "passes for ten weeks": Case(
        "winops.entra.temporary_access_pass", {"lifetime": 100800}, "lifetime", "more than 43200"
    ),
    "neither devices nor a file of identifiers": Case("winops.entra.corporate_identifier", {}, "devices", "required"),
    "no devices to associate": Case("winops.entra.device_association", {}, "devices", "missing"),
    "a DeviceLink that is none": Case(
        "winops.entra.device_association",
        {"devices": [{"serial_number": "S", "device_link": "***"}]},
        "device_link",
        "base64",
    ),
    "no time for a DeviceLink": Case("winops.entra.device_link_info", {"timeout": 0}, "timeout", "positive"),
    "no devices to remove": Case("winops.entra.device_removal", {}, "devices", "missing"),
    "a removal that waits for an approval that nobody asks for": Case(
        "winops.entra.device_removal",
        {**SIGN_IN, "devices": [], "approval_timeout": 5},
        "approval_timeout",
        "nobody is asked",
    ),
    "a profile without a name": Case("winops.entra.autopilot_profile", {}, "name", "one of"),
    "a profile with a forbidden name": Case(
        "winops.entra.autopilot_profile", {**SIGN_IN, "name": "Office (new)"}, "name", "Intune refuses ( )"
    ),
    "a profile for all devices but some": Case(
        "winops.entra.autopilot_profile",
        {**SIGN_IN, "name": "Office", "all_devices": True, "excluded_groups": ["Kiosks"]},
        "excluded_groups",
        "excludes no group",
    ),
    "a profile with names that are too long": Case(
        "winops.entra.autopilot_profile",
        {**SIGN_IN, "name": "Office", "device_name_template": "WORKSTATION-%RAND:4%"},
        "device_name_template",
        "16 characters",
    ),
    "a profile without a reason that fits": Case(
        "winops.entra.autopilot_profile",
        {**SIGN_IN, "name": "Office", "approval_justification": "a" * 961},
        "approval_justification",
        "961",
    ),
    "a page that is none": Case("winops.entra.enrollment_status_page", SIGN_IN, "name", "which page"),
    "a page with a timeout of two days": Case(
        "winops.entra.enrollment_status_page", {"name": "Office", "timeout_minutes": 2880}, "timeout_minutes", "1440"
    ),
    "a default page with a priority": Case(
        "winops.entra.enrollment_status_page",
        {**SIGN_IN, "default_page": True, "priority": 1},
        "priority",
        "neither priority",
    ),
    "a page that waits for 101 apps": Case(
        "winops.entra.enrollment_status_page",
        {**SIGN_IN, "name": "Office", "blocking_apps": [f"App {number}" for number in range(101)]},
        "blocking_apps",
        "at most 100",
    ),
    "a negative limit of removals": Case(
        "winops.entra.device_removal", {"devices": [], "max_deletions": -1}, "max_deletions", "less than 0"
    ),
    "a registration that is no GUID": Case("winops.entra.autopilot_device_info", {"ids": ["x"]}, "ids", "GUID"),
    "a wait for nothing": Case("winops.entra.autopilot_device_info", {"wait_for": "rain"}, "wait_for", "profiles"),
    "a deployment's finding that does not exist": Case(
        "winops.entra.deployment_status", {"fail_on": ["rain"]}, "fail_on", "device_setup"
    ),
    "a posture's finding that does not exist": Case(
        "winops.entra.device_posture", {"fail_on": ["rain"]}, "fail_on", "quality_update"
    ),
    "a diagnosis of one device twice": Case(
        "winops.entra.directory_diagnosis", {**SIGN_IN, "devices": [{"name": "PC-1"}] * 2}, "devices", "twice"
    ),
    "a posture of a device that is no GUID": Case(
        "winops.entra.directory_posture", {**SIGN_IN, "device_ids": ["PC-1"]}, "device_ids", "GUID"
    ),
    "an arrival that nothing is expected of": Case(
        "winops.entra.wait_for_management",
        {**SIGN_IN, "device_ids": [TENANT], "expect_intune": False},
        "expect_intune",
        "nothing is expected",
    ),
    "a drive that is encrypted twice": Case(
        "winops.entra.wait_for_management",
        {
            **SIGN_IN,
            "device_ids": [TENANT],
            "device_states": [{"device_id": TENANT, "encryption_percentage": 200}],
        },
        "encryption_percentage",
        "100",
    ),
    "a first contact with a tenant that no join is asked about": Case(
        "winops.entra.first_contact", {"tenant_id": TENANT, "joined": False}, "tenant_id", "joined"
    ),
    "a stick on a share": Case("winops.entra.ppkg_media", {"src": "good", "dest": r"\\server\sticks"}, "dest", "share"),
    "a state of the sign-in that does not exist": Case(
        "winops.entra.security_key_sign_in", {"state": "on"}, "state", "present"
    ),
    "no findings": Case("winops.entra.diagnose", {"limit": 0}, "limit", "positive"),
    "a time without its zone": Case("winops.entra.diagnose", {"since": "2026-11-21T08:00:00"}, "since", "time zone"),
    "no device to register": Case(AUTOPILOT, {}, "devices", "required"),
    "a registration of nothing": Case(
        AUTOPILOT, {**SIGN_IN, "devices": [{"group_tag": "x"}]}, "devices.serial_number", "neither"
    ),
    "a user to assign without a domain": Case(
        AUTOPILOT,
        {**SIGN_IN, "devices": [{"serial_number": "SN-1", "assigned_user": "ada"}]},
        "devices.assigned_user",
        "user principal name",
    ),
    "a user who is assigned and cleared": Case(
        AUTOPILOT,
        {**SIGN_IN, "devices": [{"serial_number": "SN-1", "assigned_user": "a@b.c", "clear": ["assigned_user"]}]},
        "devices.clear",
        "clears it",
    ),
    "an empty group tag": Case(
        AUTOPILOT,
        {"devices": [{"serial_number": "SN-1", "group_tag": ""}]},
        "devices.group_tag",
        "empty",
    ),
    "a CSV file that is a note": Case(AUTOPILOT, {**SIGN_IN, "csv": "text"}, "csv", "names the columns"),
    "a CSV file that is missing": Case(AUTOPILOT, {**SIGN_IN, "csv": "absent"}, "csv", "cannot be read"),
    "no device of the directory": Case("winops.entra.directory_device", {}, "object_ids", "required"),
    "a stale device of today": Case("winops.entra.directory_device_info", {"stale_days": 0}, "stale_days", "positive"),
    "a tenant to leave that is no GUID": Case(
        "winops.entra.disconnect", {"tenant_id": "contoso.example"}, "tenant_id", "GUID"
    ),
    "an empty tenant to leave": Case("winops.entra.disconnect", {"tenant_id": ""}, "tenant_id", "empty"),
    "an empty enrollment to remove": Case(
        "winops.entra.mdm", {"state": "absent", "enrollment_id": " "}, "enrollment_id", "white space"
    ),
    "a timeout without end": Case("winops.entra.disconnect", {"timeout": float("inf")}, "timeout", "whole number"),
    "a wipe of a serial number that is empty": Case(
        WIPE,
        {"action": "wipe", "devices": [{"serial_number": "", "intune_device_id": TENANT}]},
        "serial_number",
        "empty",
    ),
    "a reset that names no device": Case(RESET, {}, "confirm_serial_number", "one of the following is required"),
    "a reset that names two": Case(
        RESET, {"confirm_serial_number": "PF3K9Z1A", "confirm_uuid": TENANT}, "confirm_uuid", "mutually exclusive"
    ),
    "a reset without a serial number": Case(
        RESET, {"confirm_serial_number": " "}, "confirm_serial_number", "white space"
    ),
    "a UUID that is none": Case(RESET, {"confirm_uuid": "PF3K9Z1A"}, "confirm_uuid", "GUID"),
    "a protected wipe that keeps something": Case(
        RESET, {"confirm_uuid": TENANT, "protected": True, "keep": "user_data"}, "protected", "keeps nothing"
    ),
    "a deployment that nobody waits for": Case(
        RESET, {"confirm_uuid": TENANT, "wait": False, "wait_for_deployment": True}, "wait_for_deployment", "wait is"
    ),
    "a rollout that began on a day": Case(
        RESET, {"confirm_uuid": TENANT, "unless_installed_after": "2026-11-30"}, "unless_installed_after", "UTC"
    ),
    "a reset that nobody waits for": Case(RESET, {"confirm_uuid": TENANT, "gone_after": 0}, "gone_after", "positive"),
    "a dictionary that is a number": Case("winops.entra.registration_policy", {"join": 5}, "join", "dictionary"),
    "another file's checksum": Case(PPKG, {"src": "good", "checksum": "0" * 64}, "checksum", "has the SHA-256"),
    "a checksum that nobody compares": Case(
        JOIN, {"path": r"C:\join.ppkg", "package_id": PACKAGE, "checksum": "0" * 64}, "checksum", "not compared"
    ),
    "a package for an Azure VM": Case(
        JOIN, {"method": "azure_vm", "package_id": PACKAGE}, "package_id", "without a package"
    ),
    "a group without a name": Case("winops.entra.group", {}, "name", "missing"),
    "a table without lines": Case(
        "winops.entra.rollout_report", {"work": "join", "table_limit": 0}, "table_limit", "positive"
    ),
    "a report with a misspelled option": Case(
        "winops.entra.rollout_report", {"work": "join", "dst": "x"}, "dst", "nsupported"
    ),
    "a report on a stranger": Case(
        "winops.entra.rollout_report", {"work": "join", "hosts": ["stranger"]}, "hosts", "inventory"
    ),
    "a role for nobody": Case("winops.entra.local_admin_role", {}, "users", "required"),
    "a CSV file with two encodings": Case(HASH, {"dest": "two_encodings"}, "dest", "two encodings"),
    "a CSV file without a column for the tag": Case(
        HASH, {"dest": "three_columns", "group_tag": "Berlin"}, "dest", "line 1: there is no"
    ),
    "an enrollment that is no GUID": Case("winops.entra.mdm", {"enrollment_id": "x"}, "enrollment_id", "GUID"),
    "a scope that does not exist": Case("winops.entra.mdm_scope", {"scope": "some"}, "scope", "selected"),
    "a check that does not exist": Case("winops.entra.preflight", {"skip": ["weather"]}, "skip", "weather"),
    "no devices a user": Case("winops.entra.readiness_info", {"devices_per_user": 0}, "devices_per_user", "positive"),
    "a negative quota": Case(
        "winops.entra.registration_policy", {"devices_per_user": -1}, "devices_per_user", "less than 0"
    ),
}


def write_files(directory: Path) -> dict[str, str]:
    """The paths of the cases' files by name."""
    good = ppkg.build("Contoso join", PACKAGE, token=TOKEN)
    contents = {
        "good": good,
        "cut": good[: len(good) // 2],
        "damaged": _damaged(good),
        "encrypted": ppkg.encrypt(good, "secret"),
        "text": b"This is a note about a package.\n" * 40,
        "empty": b"",
        "no_token": ppkg.build("Contoso site", str(uuid.uuid4()), security_key=True),
        "no_id": ppkg.build(
            "Contoso site", PACKAGE, security_key=True, variant="provxml_only", identity={"PACKAGEID": "", "NOTES": ""}
        ),
    }
    notes = f"EncryptPackage=False;SignPackage=True;PackageID={PACKAGE};"
    contents["signed"] = ppkg.build("Contoso join", PACKAGE, token=TOKEN, identity={"NOTES": notes})
    for name, content in contents.items():
        (directory / f"{name}.ppkg").write_bytes(content)
    (directory / "directory").mkdir()
    header = "Device Serial Number,Windows Product ID,Hardware Hash\r\n"
    (directory / "three_columns.csv").write_text(header, encoding="utf-8")
    both = header.encode() + f"{header}PF1,,\r\n".encode("utf-16-le")
    (directory / "two_encodings.csv").write_bytes(both)
    names = {name: str(directory / f"{name}.ppkg") for name in [*contents, "absent"]}
    names |= {file.stem: str(file) for file in directory.glob("*.csv")}
    return names | {"directory": str(directory / "directory")}


def _damaged(package: bytes) -> bytes:
    """One byte of the bulk token is another one: only the checksum tells."""
    middle = package.index(TOKEN.encode()) + 10
    return package[:middle] + bytes([package[middle] ^ 0xFF]) + package[middle + 1 :]


class Refused(t.NamedTuple):
    """A run of all cases on one device, and what the device saw of it."""

    play: Play
    host: str
    commands: list[dict]
    before: inspection.State
    after: inspection.State
    files: dict[str, str]


@pytest.fixture(scope="module")
def refused(lab: RunningLab, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """All cases, one task each."""
    files = write_files(tmp_path_factory.mktemp("packages"))
    host = lab.get("/devices")[0]["name"]
    known, before = len(lab.commands()), lab.get(f"/devices/{host}")
    tasks = [{"name": name, case.module: options(case, files), "ignore_errors": True} for name, case in CASES.items()]
    play = player.tasks(lab, tasks, hosts=host)
    after = lab.get(f"/devices/{host}")
    return Refused(play, host, lab.commands()[known:], before, after, files)


def options(case: Case, files: dict[str, str]) -> dict[str, t.Any]:
    """The options of a case's task: those it does not give are right."""
    given = ({"tenant_id": TENANT} if case.module == JOIN else {}) | case.options
    if case.module == HASH:
        given["dest"] = files[given["dest"]]
    if case.module == BUILD:
        right: dict[str, t.Any] = {"description": {"name": "x"}, "template": "good", "dest": "built.ppkg"}
        given = right | given
        given["dest"] = str(Path(files["directory"]).parent / given["dest"])
    for option in {"src", "package", "csv", "template"} & set(given):
        given[option] = files[given[option]] if given[option] is not None else None
    return {name: value for name, value in given.items() if value is not None}


def test_every_module_has_its_cases() -> None:
    assert {case.module for case in CASES.values()} == {f"winops.entra.{path.stem}" for path in MODULES.glob("*.py")}


def test_the_device_is_asked_nothing(refused: Refused) -> None:
    assert refused.commands == []
    assert refused.after["powershell_processes"] == refused.before["powershell_processes"]
    assert refused.after["digest"] == refused.before["digest"]


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_by_the_name_of_the_option(refused: Refused, name: str) -> None:
    case, result = CASES[name], refused.play.result(refused.host, name)
    assert refused.play.status(refused.host, name) == "ignored"
    assert result["changed"] is False and result["changes"] == []
    assert case.option in result["msg"] and case.says in result["msg"], result["msg"]
    assert "Traceback" not in str(result) and TOKEN not in str(result)


@pytest.mark.parametrize("name", CASES)
def test_the_error_has_its_whole_shape(refused: Refused, name: str) -> None:
    error = refused.play.result(refused.host, name)["error"]
    assert set(error) == FIELDS
    assert (error["side"], error["name"]) == ("controller", CASES[name].name)
    assert error["cause"] and error["fix"]
    assert bool(error["evidence"]) is (error["name"] == "template_differs") and error["permissions"] == []


def test_check_mode_refuses_the_same(refused: Refused, lab: RunningLab, player: Player) -> None:
    tasks = [
        {"name": name, case.module: options(case, refused.files), "ignore_errors": True} for name, case in CASES.items()
    ]
    play = player.tasks(lab, tasks, "--check", hosts=refused.host)
    assert {name: play.result(refused.host, name)["msg"] for name in CASES} == {
        name: refused.play.result(refused.host, name)["msg"] for name in CASES
    }


def test_a_good_package_is_not_refused(refused: Refused, lab: RunningLab, player: Player) -> None:
    good = {"src": refused.files["good"], "tenant_id": TENANT}
    play = player.tasks(lab, [{"name": "join", JOIN: good}], "--check", hosts=refused.host)
    assert (play.exit_code, play.result(refused.host, "join")["outcome"]) == (0, "would_join")
