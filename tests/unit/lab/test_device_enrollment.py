# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollments: ours, those of other MDMs, what is left of old ones; enrolling and removing."""

from __future__ import annotations

import pytest

from tests.lab.device import mdm, own_keys, winrm
from tests.lab.device.dump import dump

from .world_lab import MDM, Lab, code, run

INTUNE = "MS DM Server"


def enrollments(device) -> dict[str, dict]:
    """By provider, those that an MDM has made."""
    return {e["provider"]: e for e in dump(device)["enrollments"] if not e["built_in"]}


async def remove(lab, device, provider: str, unregister: bool = True, **given) -> dict:
    enrollment = given.get("id") or enrollments(device)[provider]["id"]
    return await lab.value(
        device, "enrollment_remove", system=True, id=enrollment.lower(), provider=provider, unregister=unregister
    )


@run
async def test_the_dump_shows_each_enrollment_with_what_there_is_of_it(lab: Lab):
    found = enrollments(lab.device("joined_other_mdm"))
    assert set(found) == {INTUNE, "AirWatchMDM", "Fleet"}
    for provider in (INTUNE, "AirWatchMDM"):
        shown = found[provider]
        assert (shown["state"], shown["tasks"], shown["built_in"]) == (1, True, False)
        assert shown["certificate"] and len(shown["traces"]) == len(mdm.TRACES)
    assert (found["Fleet"]["state"], found["Fleet"]["tasks"], found["Fleet"]["certificate"]) == (0, False, None)


def test_every_pc_has_keys_that_no_mdm_has_made(tmp_path):
    lab = Lab(tmp_path)
    for kind, of_windows, providers in (("unjoined_pro", 33, 8), ("unjoined_windows10", 13, 3), ("azure_vm", 13, 3)):
        device = lab.device(kind)
        built_in = dump(device)["enrollments"]
        assert all(e["built_in"] and e["state"] == 1 for e in built_in)
        assert len(built_in) == of_windows + len(device.packages)
        assert len([e for e in built_in if e["provider"]]) == providers
        assert not mdm.enrollments(device), "and none of them stops an enrollment"


@run
async def test_a_package_has_an_enrollment_of_its_own_as_long_as_it_is_there(lab: Lab):
    device = lab.device("unjoined_enterprise")
    before = {e["id"] for e in dump(device)["enrollments"]}
    await lab.install(device)
    [package_id] = device.applied
    own = device.registry.get(own_keys.OF_PACKAGES, package_id)
    found = {e["id"]: e for e in dump(device)["enrollments"] if e["built_in"]}
    assert own not in before and found[own]["provider"] == package_id
    assert device.registry.exists(rf"{own_keys.POLICY_PROVIDERS}\{package_id.strip('{}')}")
    await lab.value(device, "package_remove", system=True, id=package_id)
    assert own not in [e["id"] for e in dump(device)["enrollments"]]
    assert device.registry.get(own_keys.OF_PACKAGES, package_id) is None


@pytest.mark.parametrize(("how", "worked"), [("hangs", False), ("returns_code", True)])
def test_an_unregistration_may_hang_or_return_a_code_and_the_rest_goes(how, worked, tmp_path):
    @run
    async def remove_it(lab: Lab):
        device = lab.device("joined")
        device.mdm.unregistration = how
        area = rf"{mdm.CURRENT_POLICIES}\{mdm.POLICY_AREA}"
        began = lab.clock.elapsed()
        answer = await remove(lab, device, INTUNE)
        error = {"hangs": ("System.TimeoutException", None), "returns_code": ("COMException", "0x80004005")}[how]
        assert answer["unregistered"] is False and code(answer["error"]["hresult"]) == error[1]
        assert answer["error"]["type"].endswith(error[0])
        assert enrollments(device) == {} and device.registry.exists(area) is not worked
        assert (lab.clock.elapsed() - began > 120) is (how == "hangs")

    remove_it(tmp_path)


@run
async def test_a_removal_takes_one_enrollment_whole_and_no_other(lab: Lab):
    device = lab.device("joined_other_mdm")
    before = enrollments(device)
    answer = await remove(lab, device, INTUNE)
    ours = before.pop(INTUNE)
    assert enrollments(device) == before
    assert answer["unregistered"] is True and "error" not in answer
    assert answer["removed"][:2] == [rf"\Microsoft\Windows\EnterpriseMgmt\{ours['id']}", ours["certificate"]]
    assert answer["removed"][-1] == rf"HKLM\SOFTWARE\Microsoft\Enrollments\{ours['id']}"
    assert ours["id"] not in str(dump(device)["registry"]) + str(dump(device)["tasks"])


@run
async def test_the_wrong_provider_is_refused_and_nothing_is_touched(lab: Lab):
    device = lab.device("joined_other_mdm")
    before, foreign = dump(device)["digest"], enrollments(device)["AirWatchMDM"]["id"]
    built_in = next(e["id"] for e in dump(device)["enrollments"] if e["built_in"])
    for enrollment, provider in ((foreign, INTUNE), (foreign, ""), (built_in, ""), (built_in, INTUNE)):
        error = await lab.error(
            device, "enrollment_remove", system=True, id=enrollment, provider=provider, unregister=True
        )
        assert code(error["hresult"]) == "0x80070005"
    error = await lab.error(device, "enrollment_remove", system=True, id="Status", provider=INTUNE, unregister=True)
    assert error["type"] == "System.ArgumentException"
    gone = await remove(lab, device, INTUNE, id="11111111-2222-3333-4444-555555555555")
    assert gone == {"removed": [], "unregistered": None}
    assert dump(device)["digest"] == before


@run
async def test_policies_go_only_with_an_unregistration(lab: Lab):
    area = rf"{mdm.CURRENT_POLICIES}\{mdm.POLICY_AREA}"
    tattooed, clean = lab.device("joined_bitlocker"), lab.device("joined_32_bit")
    for device in (tattooed, clean):
        assert device.registry.get(area, mdm.POLICY) == 15
    assert (await remove(lab, tattooed, INTUNE, unregister=False))["unregistered"] is None
    await remove(lab, clean, INTUNE)
    assert tattooed.registry.get(area, mdm.POLICY) == 15 and not clean.registry.exists(area)


@run
async def test_leftovers_cannot_be_unregistered_and_are_removed_all_the_same(lab: Lab):
    device = lab.device("enrollment_leftovers")
    left = enrollments(device)[INTUNE]
    assert (left["state"], left["certificate"], left["tasks"]) == (1, None, False)
    answer = await remove(lab, device, INTUNE)
    assert answer["unregistered"] is False and code(answer["error"]["hresult"]) == "0x8018000b"
    assert enrollments(device) == {}


@run
async def test_a_certificate_that_two_enrollments_name_stays(lab: Lab):
    device = lab.device("joined_twice_enrolled")
    ids = [e["id"] for e in dump(device)["enrollments"] if e["provider"] == INTUNE]
    live = next(e for e in dump(device)["enrollments"] if e["certificate"])
    thumbprint = device.registry.get(rf"{mdm.ENROLLMENTS}\{live['id']}", "DMPCertThumbPrint")
    other = next(name for name in ids if name != live["id"])
    device.registry.set(rf"{mdm.ENROLLMENTS}\{other}", {"DMPCertThumbPrint": thumbprint})
    await remove(lab, device, INTUNE, unregister=False, id=other)
    assert thumbprint in [c.thumbprint for c in device.certificates]
    assert device.registry.exists(rf"{mdm.ENROLLMENTS}\{live['id']}")


@run
async def test_a_removal_that_is_cut_off_can_be_done_again(lab: Lab):
    device = lab.device("joined_bitlocker")
    enrollment = enrollments(device)[INTUNE]["id"]
    step = {"op": "enrollment_remove", "id": enrollment.lower(), "provider": INTUNE, "unregister": False}
    await lab.ask(
        device, {"op": "job_start", "job": "0b7e5a52-1f2c-4f3a-9b57-2f1f3f1c9d10", "ops": [step], "time_limit": 60}
    )
    await lab.clock.advance(2.2)
    await device.power.off()
    await device.power.on()
    cut = enrollments(device)[INTUNE]
    assert cut["tasks"] is False and cut["traces"], "cut off in the middle"
    await remove(lab, device, INTUNE, unregister=False)
    assert INTUNE not in enrollments(device)


# --- enrolling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "credential", "expected"),
    [
        ("joined_mdm_offered", "device", None),
        ("joined_user_signed_in", "user", None),
        ("hybrid_offered", "device", None),
        ("joined_mdm_offered", "user", "0x8018002a"),
        ("joined", "device", "0x8018000a"),
        ("joined_no_mdm_address", "device", "0x80180031"),
        ("unjoined_pro", "device", "0x80180028"),
        ("registered", "user", "0x8018002a"),
        ("ad_joined", "device", "0x80180028"),
    ],
)
def test_enrolling_depends_on_join_type_credential_and_tenant(kind, credential, expected, tmp_path):
    @run
    async def enroll(lab: Lab):
        device = lab.device(kind)
        before = dump(device)["enrollments"]
        answer = await lab.value(device, "mdm_auto_enroll", system=True, credential=credential)
        assert answer["exit_code"] == 0, "which says nothing"
        if expected is None:
            assert dump(device)["join"]["mdm"] is True
            assert len(lab.events(device, MDM, 72, 75)) == 2 and not lab.events(device, MDM, 71, 76)
            return
        [failed] = lab.events(device, MDM, 76)
        assert (failed.data[0], code(int(failed.data[1]))) == ({"user": "1", "device": "2"}[credential], expected)
        assert lab.events(device, MDM, 71) and dump(device)["enrollments"] == before

    enroll(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"appliesTo": "none"}, "0x8018002b"),
        ({"appliesTo": "selected", "includedGroups": []}, "0x80180003"),
        ("object gone", "0x80180002"),
        ("blocked", "0x80180010"),
    ],
)
def test_the_tenant_and_the_network_are_asked_at_the_moment_of_the_enrollment(change, expected, tmp_path):
    @run
    async def enroll(lab: Lab):
        device, tenant = lab.device("joined_mdm_offered"), lab.world.tenant
        if isinstance(change, dict):
            tenant.mdm_policy.update(change)
        elif change == "blocked":
            device.network.blocked.add("enrollment.manage.microsoft.com")
        else:
            del tenant.devices[tenant.device(dump(device)["join"]["device_id"])["id"]]
        await lab.value(device, "mdm_auto_enroll", system=True, credential="device")
        [failed] = lab.events(device, MDM, 76)
        assert code(int(failed.data[1])) == expected and dump(device)["join"]["mdm"] is False

    enroll(tmp_path)


@run
async def test_there_is_no_enroller_on_servers_and_no_third_credential(lab: Lab):
    error = await lab.error(lab.device("azure_vm"), "mdm_auto_enroll", system=True, credential="device")
    assert error["type"] == "System.IO.FileNotFoundException"
    error = await lab.error(lab.device("joined"), "mdm_auto_enroll", system=True, credential="admin")
    assert error["type"] == "System.ArgumentException"


@run
async def test_another_mdm_stops_the_enrollment_and_windows_own_bridge_does_not(lab: Lab):
    foreign, bridged = lab.device("other_mdm"), lab.device("crowded")
    assert enrollments(bridged)["WMI_Bridge_Server"]["state"] == 1
    for device in (foreign, bridged):
        await lab.install(device)
    await lab.clock.advance(60)
    [failed] = lab.events(foreign, MDM, 76)
    assert code(int(failed.data[1])) == "0x8018000a"
    assert dump(bridged)["join"]["mdm"] is True


@run
async def test_a_baseline_may_shut_winrm_out_after_the_enrollment(lab: Lab):
    device, calls = lab.device("shut_out_by_baseline"), []

    async def note(_host, up: bool) -> None:
        calls.append(up)

    device.on_power.append(note)
    assert winrm.reachable(device)
    await lab.install(device)
    await lab.clock.advance(60)
    assert dump(device)["join"]["mdm"] is True and dump(device)["winrm_reachable"] is False
    assert calls == [False] and device.online
    await device.power.off()
    await device.power.on()
    assert calls == [False, False], "a restart does not open the firewall"
