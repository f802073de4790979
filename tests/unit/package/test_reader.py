# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reader says about good packages."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timezone

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import describe, read_package
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import source as package_source
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab import ppkg

from .conftest import FIXTURES, PACKAGE_ID, TOKEN

FINGERPRINT = hashlib.sha256(TOKEN.encode()).hexdigest()[:12]
FULL = {
    "version": "1.4",
    "owner": "ITAdmin",
    "rank": 7,
    "computer_name": "CT-%RAND:5%",
    "security_key": True,
    "commands": ["cmd /c setup.cmd", "powershell.exe -File more.ps1"],
    "files": {"setup.cmd": b"@echo off", "empty.txt": b""},
    "certificates": [
        {"kind": "root", "name": "Contoso Root", "data": b"root" * 30},
        {"kind": "ca", "name": "Contoso Issuing", "data": b"issuing" * 30},
        {"kind": "client", "name": "vpn", "data": b"pfx" * 30, "password": "FAKE-pfx-password-1"},
    ],
    "accounts": [
        {"name": "rescue", "password": "FAKE-password-1111"},
        {"name": "kiosk", "password": "FAKE-password-2222", "group": "Standard Users"},
    ],
    "mdm": {
        "upn": "enroll@contoso.example",
        "discovery_url": "https://mdm.contoso.example/d.svc",
        "secret": "FAKE-mdm-333",
    },
    "policies": {"Experience/AllowManualMDMUnenrollment": 0},
}


def names(package) -> set[str]:
    """What is said of the package, but for what is said of each that joins."""
    return {issue.name for issue in package.issues} - {"token_in_plain_text", "no_local_account"}


def test_a_full_package_is_described_in_full(save):
    data = ppkg.build("Contoso join", PACKAGE_ID, token=TOKEN, **FULL)

    assert describe(read_package(save(data))) == {
        "id": PACKAGE_ID,
        "name": "Contoso join",
        "version": "1.4",
        "owner": "ITAdmin",
        "rank": 7,
        "bulk_token": {"present": True, "fingerprint": FINGERPRINT, "expires": None},
        "authority": "https://login.microsoftonline.com/common",
        "computer_name": "CT-%RAND:5%",
        "security_key_signin": True,
        "commands": ["cmd /c setup.cmd", "powershell.exe -File more.ps1"],
        "certificates": [
            {"kind": "root", "name": "Contoso Root", "file": "Contoso Root.cer"},
            {"kind": "ca", "name": "Contoso Issuing", "file": "Contoso Issuing.cer"},
            {"kind": "client", "name": "vpn", "file": "vpn.pfx"},
        ],
        "accounts": [{"name": "rescue", "group": "Administrators"}, {"name": "kiosk", "group": "Standard Users"}],
        "mdm": {"upn": "enroll@contoso.example", "discovery_url": "https://mdm.contoso.example/d.svc"},
        "settings": [
            "Accounts", "Certificates", "DevDetail", "Policies", "ProvisioningCommands", "WindowsHelloForBusiness",
            "Workplace",
        ],
        "files": [{"path": "setup.cmd", "size": 9, "image": 1}, {"path": "empty.txt", "size": 0, "image": 1}],
        "images": 1,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "conditional": [],
        "built_with": {
            "version": "10.0.26100.1", "source": None, "target_skus": None, "signed": False, "encrypted": False,
        },
        "dead_streams": {"count": 0, "bytes": 0, "secrets": False},
        "encrypted": False,
        "issues": [{
            "name": "token_in_plain_text",
            "message": "anyone who can read the package can read its bulk token, and join devices with it",
            "fix": "keep the package in Ansible Vault or where few can read it, and delete it after the rollout",
            "blocks_join": False,
        }],
        "can_join": True,
        "reverted_by_removal": ["MDM enrollment", "Windows Hello for Business", "certificates"],
    }  # fmt: skip


def test_compiled_settings_alone_tell_the_same_but_for_what_only_the_designer_notes(read):
    package = read(**FULL, variant="provxml_only")

    assert package.id == PACKAGE_ID and package.name == "Contoso join" and package.version == "1.4"
    assert (package.owner, package.rank) == (None, None)
    assert package.bulk_token.fingerprint == FINGERPRINT
    assert package.authority == "https://login.microsoftonline.com/common"
    assert package.computer_name == "CT-%RAND:5%"
    assert package.security_key_signin is True
    assert package.commands == ["cmd /c setup.cmd", "powershell.exe -File more.ps1"]
    assert [certificate["kind"] for certificate in package.certificates] == ["root", "ca", "client"]
    assert [account["group"] for account in package.accounts] == ["Administrators", "Standard Users"]
    assert package.mdm["upn"] == "enroll@contoso.example"
    assert "AADJ" in package.settings and names(package) == set()


def test_a_bare_package_has_nulls_and_empty_lists_and_cannot_join(read):
    package = read(token=None)

    assert package.bulk_token.present is False and package.bulk_token.fingerprint is None
    assert [package.authority, package.computer_name, package.security_key_signin, package.mdm] == [None] * 4
    assert [package.commands, package.certificates, package.accounts, package.files] == [[]] * 4
    assert [issue.name for issue in package.join_blockers] == ["no_bulk_token"]
    assert describe(package)["can_join"] is False


@pytest.mark.parametrize("spelling", ["{%s}", "%s"])
def test_the_id_is_lower_case_without_braces_however_the_package_spells_it(read, spelling):
    assert read(identity={"PACKAGEID": spelling % PACKAGE_ID.upper()}).id == PACKAGE_ID


def test_the_old_place_of_the_computer_name_is_read(read):
    assert read(computer_name="OLD-%SERIAL%", computer_name_in="ComputerAccount").computer_name == "OLD-%SERIAL%"


@pytest.mark.parametrize("value", [True, False, None])
def test_security_key_sign_in_is_on_off_or_unset(read, value):
    assert read(security_key=value).security_key_signin is value


@pytest.mark.parametrize("variant", ["wcd", "provxml_only"])
def test_no_secret_leaves_the_reader(read, variant):
    package = read(**FULL, variant=variant)

    for text in (json.dumps(describe(package)), repr(package), str(package)):
        assert TOKEN not in text and TOKEN[:40] not in text
        for secret in ("FAKE-password", "FAKE-pfx", "FAKE-mdm"):
            assert secret not in text


def test_the_token_is_masked_where_it_stands_in_a_command_line(read):
    package = read(commands=[f"join.cmd /token:{TOKEN} /quiet"])

    assert package.commands == ["join.cmd /token:******** /quiet"]


def test_a_description_survives_json(read):
    description = describe(read(**FULL))

    assert json.loads(json.dumps(description)) == description


# ---- expiry -------------------------------------------------------------------------------------------------------


def jwt(claims: object) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"FAKE-header-of-a-token.{middle}.FAKE-signature-of-a-token"


def test_an_opaque_token_has_no_known_end(read):
    assert read().bulk_token.expires is None


def test_the_end_is_told_where_the_token_tells_it(save):
    path = save(ppkg.build("Contoso join", PACKAGE_ID, token=jwt({"exp": 1_790_000_000})))

    before = read_package(path, now=datetime(2026, 9, 21, tzinfo=timezone.utc))
    after = read_package(path, now=datetime(2026, 9, 22, tzinfo=timezone.utc))

    assert before.bulk_token.expires == after.bulk_token.expires == "2026-09-21T14:13:20.000Z"
    assert before.join_blockers == []
    assert [issue.name for issue in after.join_blockers] == ["token_expired"]


@pytest.mark.parametrize("claims", [{}, [], {"exp": "soon"}, {"exp": True}, {"exp": 10**30}, {"exp": -5}, None])
def test_claims_without_a_sensible_end_are_no_end(read, claims):
    assert read(token=jwt(claims)).bulk_token.expires is None


# ---- packages that contradict themselves --------------------------------------------------------------------------

AZURE = """<WindowsCustomizations><Settings><Customizations><Common>
  <Accounts><Azure>{}</Azure></Accounts>
</Common></Customizations></Settings></WindowsCustomizations>"""
WAP = """<wap-provisioningdoc><characteristic type="AADJ">
  <parm name="BPRT" value="{}"/><parm name="Authority" value="https://login.example"/>
</characteristic></wap-provisioningdoc>"""


def test_customizations_alone_are_read_and_the_missing_compiled_settings_noted(read_files):
    package = read_files({"Multivariant/0/customizations.xml": AZURE.format(f"<BPRT>{TOKEN}</BPRT>")})

    assert package.bulk_token.fingerprint == FINGERPRINT
    assert names(package) == {"no_compiled_settings", "no_authority"}
    assert package.join_blockers == []


def test_the_answer_file_stands_in_for_missing_customizations(read_files):
    assert read_files({"CommonSettings/1/AnswerFile.xml": AZURE.format(f"<BPRT>{TOKEN}</BPRT>")}).bulk_token.present


def test_a_token_changed_at_one_place_only_is_noticed_and_the_compiled_one_counts(read_files):
    package = read_files(
        {
            "Multivariant/0/customizations.xml": AZURE.format("<BPRT>another-token-entirely</BPRT>"),
            "Multivariant/0/Prov/RunTime/0__Accounts_Azure.provxml": WAP.format(TOKEN),
        }
    )

    assert package.bulk_token.fingerprint == FINGERPRINT
    assert names(package) == {"settings_differ"}


def test_two_ids_are_noticed_and_that_of_the_image_counts(read):
    package = read(identity={"PACKAGEID": "{00000000-0000-0000-0000-00000000000b}"})

    assert package.id == "00000000-0000-0000-0000-00000000000b"
    assert names(package) == {"two_package_ids"}


@pytest.mark.parametrize("nonsense", ["", "no guid", "{00000000-0000-0000-0000-000000000000}", PACKAGE_ID + "0"])
def test_a_package_without_an_id_cannot_join(read_files, nonsense):
    package = read_files({"Multivariant/0/Prov/RunTime/0.provxml": WAP.format(TOKEN)}, PACKAGEID=nonsense)

    assert package.id is None
    assert [issue.name for issue in package.join_blockers] == ["no_package_id"]


def test_settings_for_some_devices_only_are_read_too(read_files):
    package = read_files(
        {
            "Multivariant/0/customizations.xml": (
                "<WindowsCustomizations><Settings><Customizations><Variant><TargetRefs/><Settings><ProvisioningCommands>"
                "<DeviceContext><CommandLine>only-here.exe</CommandLine></DeviceContext></ProvisioningCommands></Settings>"
                "</Variant></Customizations></Settings></WindowsCustomizations>"
            )
        }
    )

    assert package.commands == [] and package.settings == ["ProvisioningCommands"]
    assert [block["commands"] for block in package.conditional] == [["only-here.exe"]]


# ---- packages of another writer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["join-xpress.ppkg", "join-lzx.ppkg"])
def test_compressed_packages_written_by_wimlib_are_read(file):
    package = read_package(FIXTURES / file)

    assert package.id == PACKAGE_ID and package.name == "Contoso join" and package.version == "1.4"
    assert package.bulk_token.fingerprint == FINGERPRINT
    assert package.computer_name == "CT-%SERIAL%" and package.security_key_signin is True and package.rank == 3
    assert package.commands == ["cmd /c setup.cmd"]
    assert package.files == [{"path": "setup.cmd", "size": 22, "image": 1}]
    assert names(package) == set()


def test_the_settings_of_all_images_are_listed(read):
    package = read_package(FIXTURES / "two-images-xpress.ppkg")

    assert package.images == 2
    assert package.id == PACKAGE_ID
    assert package.commands == ["cmd /c setup.cmd", "calc.exe"]
    assert "several_images" in names(package)


@pytest.mark.parametrize(
    ("holds", "says"),
    [
        ({"token": TOKEN}, "a bulk token"),
        ({"computer_name": FULL["computer_name"]}, "a computer name"),
        ({"mdm": FULL["mdm"]}, "an MDM enrollment"),
        ({"accounts": FULL["accounts"]}, "local accounts"),
        ({"commands": ["a.cmd"]}, "commands"),
        ({"files": {"a.cmd": b"x"}}, "files"),
        ({"certificates": FULL["certificates"]}, "certificates"),
        ({"wifi": "Contoso"}, "Wi-Fi"),
        ({"security_key": True}, "Windows Hello for Business"),
    ],
    ids=str,
)
def test_a_package_for_the_acceptance_run_holds_nothing_but_settings(save, holds, says):
    task = Task({}, False, find_file=str)
    fine = save(ppkg.build("Harmless", PACKAGE_ID, policies={"Experience/AllowCortana": 1}), "fine.ppkg")
    assert package_source.harmless_package(task, str(fine)).id == PACKAGE_ID
    bad = save(ppkg.build("x", PACKAGE_ID, policies={"Experience/AllowCortana": 1}, **holds), "bad.ppkg")
    with pytest.raises(Failure, match=f"bad option package: .*{says}"):
        package_source.harmless_package(task, str(bad))
