# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who administers a device and who can sign in, and what protects its disks."""

from __future__ import annotations

from tests.lab.device.accounts import POLICIES
from tests.lab.device.dump import dump
from tests.lab.device.furnish import PASSWORD

from .world_lab import Lab, code, run


@run
async def test_every_member_of_administrators_is_listed_whether_or_not_its_sid_resolves(lab: Lab):
    device = lab.device("joined_without_administrator")
    value = await lab.value(device, "local_administrators")
    members = value["members"]
    assert value["machine_sid"] == device.machine_sid
    assert {member["kind"] for member in members if member["name"] is None} == {"entra", "domain", "local"}
    unknown = [m for m in members if m["name"] is None]
    assert all(m["enabled"] is m["locked"] is m["password_expired"] is None for m in unknown)
    states = {
        m["name"].split("\\")[1]: (m["enabled"], m["locked"], m["password_expired"])
        for m in members
        if m["kind"] == "local" and m["name"]
    }
    assert states == {
        "Administrator": (False, False, False),
        "dormant": (False, False, False),
        "shut": (True, True, False),
        "last-year": (False, False, False),
        "forgotten": (True, False, True),
    }
    assert dump(device)["local_administrator"] is False


@run
async def test_only_accounts_that_can_sign_in_have_a_password_that_counts(lab: Lab):
    assert set(lab.device("joined_without_administrator").accounts) == {"lab.admin", "lab.user"}
    assert set(lab.device("crowded").accounts) == {"ansible", "lab.user", "rescue"}
    assert lab.device("crowded").accounts["rescue"] == PASSWORD


@run
async def test_an_entra_account_vanishes_with_the_join_at_the_next_start(lab: Lab):
    device = lab.device("joined_by_entra_account")
    assert device.login == "lab.admin" and device.caller("lab.admin").sid.startswith("S-1-12-1-")
    await lab.value(device, "dsregcmd_leave", system=True)
    assert "lab.admin" in device.accounts, "until the device is started again"
    await device.power.off()
    await device.power.on()
    assert "lab.admin" not in device.accounts and "rescue" in device.accounts
    assert dump(device)["local_administrator"] is True


@run
async def test_a_domain_account_outlives_the_leave_and_has_its_full_token(lab: Lab):
    device = lab.device("hybrid_by_domain_account")
    caller = device.caller(device.login)
    assert caller.elevated and caller.account == "CORP\\svc-ansible"
    await lab.value(device, "dsregcmd_leave", system=True)
    await device.power.off()
    await device.power.on()
    assert device.login in device.accounts
    assert {m["kind"] for m in (await lab.value(device, "local_administrators"))["members"]} == {"local", "domain"}


@run
async def test_uac_filters_local_administrators_and_no_others(lab: Lab):
    assert not lab.device("filtered_token").caller("ansible").elevated
    device = lab.device("hybrid_by_domain_account")
    device.registry.set(POLICIES, {"LocalAccountTokenFilterPolicy": 0})
    assert device.caller("svc-ansible").elevated and not device.caller("rescue").elevated


@run
async def test_a_join_adds_the_sids_of_two_roles_and_a_leave_does_not_take_them_out(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    roles = [m for m in dump(device)["administrators"] if m["kind"] == "entra"]
    assert len(roles) == 2 and all(role["name"] is None for role in roles)
    await lab.value(device, "dsregcmd_leave", system=True)
    assert [m for m in dump(device)["administrators"] if m["kind"] == "entra"] == roles
    assert dump(device)["local_administrator"] is True


@run
async def test_bitlocker_gives_ids_and_types_and_needs_a_full_token(lab: Lab):
    device = lab.device("joined_bitlocker")
    value = await lab.value(device, "bitlocker")
    assert [(v["mount_point"], v["system"], v["protected"]) for v in value["volumes"]] == [
        ("C:", True, True),
        ("D:", False, True),
    ]
    assert [p["type"] for v in value["volumes"] for p in v["protectors"]] == [
        "Tpm",
        "RecoveryPassword",
        "RecoveryPassword",
        "ExternalKey",
    ]
    ids = [p["id"] for v in value["volumes"] for p in v["protectors"]]
    assert len(set(ids)) == 4 and all(text.startswith("{") and text.endswith("}") for text in ids)
    assert dump(device)["bitlocker"] == value["volumes"]
    assert (await lab.value(lab.device("unjoined_pro"), "bitlocker"))["volumes"][0]["protectors"] == []
    assert await lab.value(lab.device("azure_vm"), "bitlocker") == {"available": False, "volumes": []}
    assert code((await lab.error(lab.device("filtered_token"), "bitlocker"))["hresult"]) == "0x80041003"


@run
async def test_cim_shows_the_same_accounts_chip_and_disks(lab: Lab):
    accounts = await lab.value(
        lab.device("joined_without_administrator"),
        "cim_query",
        **{"class": "Win32_UserAccount", "properties": ["Name", "Lockout"], "filter": "Lockout=True"},
    )
    assert accounts["instances"] == [{"Name": "shut", "Lockout": True}]
    chip = await lab.value(
        lab.device("tpm_fips"),
        "cim_query",
        **{"class": "Win32_Tpm", "properties": ["SpecVersion"], "namespace": "root/cimv2/security/microsofttpm"},
    )
    assert chip["instances"][0]["SpecVersion"].startswith("1.2")
    space = {"namespace": "root/cimv2/security/MicrosoftVolumeEncryption", "properties": ["ProtectionStatus"]}
    asked = {"class": "Win32_EncryptableVolume", **space}
    assert (await lab.value(lab.device("joined_bitlocker"), "cim_query", **asked))["instances"][0] == {
        "ProtectionStatus": 1
    }
    assert code((await lab.error(lab.device("server"), "cim_query", **asked))["hresult"]) == "0x8004100e"
