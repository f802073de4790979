# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows and sections of dsregcmd that nobody knows yet are kept as they come."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd, state

from . import recorded, scripted
from .scripted import ScriptedDevice

RULE = f"+{'-' * 70}+"


def section(title: str, *rows: str) -> str:
    told = [row.partition(" : ") for row in rows]
    return "\r\n".join(
        [RULE, f"| {title:<69}|", RULE, "", *(f"{name:>42} : {value}" for name, _to, value in told), "", ""]
    )


def facts(text: str) -> dict:
    device = ScriptedDevice()
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    return state.build(device.session().run(state.observations()))


# Each was new to somebody once: MicrosoftDocs/azure-docs 107826 and 95370 (Windows 11 22H2), published outputs of later
# builds, of Hello for Business and of a device in recovery. The rest are spellings that no row has had so far.
NEW = (
    ("Virtual Desktop", "NOT SET"),
    ("OnPremTgt", "NO"),
    ("KerbTopLevelNames", ".windows.net,.windows.net:1433,.azure.net"),
    ("LogonCertTemplateReady", "StateNone"),
    ("AdfsRaIsReady", "UNKNOWN"),
    ("OsVersionUpdated", "FAILED [0x8018000a]"),
    ("Passkey(s)", "2"),
    ("PRT/CloudTgt", "YES"),
    ("Last_Error", "0x0"),
    ("TPM 2.0", "YES"),
    ("Key (device-bound)", "{B16898C6-A148-4967-9171-64D755DA8520} (AzureAd)"),
    ("DeviceSoftDeleteRecoveryEligibility", "NO"),
    ("25H2Ready", "[ 2025-03-01 00:00:00.000 UTC -- 2035-03-01 00:00:00.000 UTC ]"),
    ("SessionKey ImportStatus Of The Device", ""),
)


@pytest.mark.parametrize(("name", "value"), NEW)
@pytest.mark.parametrize("title", ["Device State", "SSO State", "Cloud Recovery State"])
def test_a_row_is_kept_whoever_knows_it(title, name, value):
    text = section("Device State", "AzureAdJoined : NO", "DomainJoined : NO") + section(title, f"{name} : {value}")
    parsed = dsregcmd.parse(text)
    assert parsed["sections"][title][name] == parsed["keys"][name] == value
    assert parsed["join_type"] is None or parsed["join_type"] == "none"


@pytest.mark.parametrize(
    "line",
    [
        "Trace ID: 4c5b6a7d-0000-4444-8888-abcdefabcdef",
        "# what I tried : nothing",
        "and this is what it said to me : see above",
        "-- : --",
    ],
)
def test_what_is_no_row_is_none(line):
    text = section("Device State", "AzureAdJoined : NO") + line + "\r\n"
    assert list(dsregcmd.parse(text)["sections"]["Device State"]) == ["AzureAdJoined"]


def test_a_row_about_the_device_that_nobody_knows_is_a_fact():
    text = section("Device State", "AzureAdJoined : NO", "EnterpriseJoined : NO", "DomainJoined : NO", "Passkey(s) : 2")
    text += section("Device Details", "DeviceId : 1", "Attestation : TPM", "Attestation : again")
    text += section("Diagnostic Data", "KeySignTest : PASSED", "Recovery State : 0x0")
    assert facts(text)["join"]["unknown_rows"] == {
        "Device State": {"Passkey(s)": "2"},
        "Device Details": {"Attestation": ["TPM", "again"]},
        "Diagnostic Data": {"Recovery State": "0x0"},
    }


def test_a_section_that_nobody_knows_stands_with_what_describes_the_caller():
    text = section("Device State", "AzureAdJoined : NO") + section("Passkey State", "Registered : YES")
    text += section("SSO State", "AzureAdPrt : NO", "NewPrt : YES") + section("Work Account 1", "NgcSet : NO")
    found = facts(text)
    assert found["caller"]["sections"] == {
        "Passkey State": {"Registered": "YES"},
        "SSO State": {"AzureAdPrt": "NO", "NewPrt": "YES"},
        "Work Account 1": {"NgcSet": "NO"},
    }
    assert found["join"]["unknown_rows"] == {}


def test_rows_of_published_layouts_are_known():
    """Those that the lab prints, by build and join type."""
    for kind, told in recorded.recordings().items():
        found = recorded.facts(told.results(), told.device)
        assert not found["join"]["unknown_rows"], kind


def test_rows_that_could_not_be_read_are_unknown():
    device = ScriptedDevice()

    def refuse(_params):
        raise scripted.OperationError("System.ComponentModel.Win32Exception", "Access is denied", -2147467259)

    device.handlers["dsregcmd_status"] = refuse
    found = state.build(device.session().run(state.observations()))
    assert (found["join"]["unknown_rows"], found["caller"]["sections"]) == (None, None)


@pytest.mark.parametrize(
    ("text", "join_type"),
    [
        (
            "AzureADJoined : YES\nDomainJoined : YES\nDeviceAuthStatus : FAILED. Device is either disabled",
            "hybrid_joined",
        ),
        ("azureadjoined : yes\ndomainjoined : no\n", "entra_joined"),
        ("AZUREADJOINED : NO\r\nDOMAINJOINED : YES", "domain_joined"),
        ("AzureAdJoined : NO      AzureAdPrt : NO      DomainJoined : YES   WorkplaceJoined : YES", "domain_joined"),
    ],
)
def test_what_people_type_is_read_in_their_spelling(text, join_type):
    assert dsregcmd.parse(text)["join_type"] == join_type
