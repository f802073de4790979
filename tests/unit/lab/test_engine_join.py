# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning engine: a package that joins, and the traces it leaves."""

from __future__ import annotations

from tests.lab.device import joinstate, mdm
from tests.lab.device.dump import join_summary

from .world_lab import ENGINE, MDM, PROVISIONING, REGISTRATION, Lab, code, run

NO_ERROR = {"type": None, "message": None, "hresult": None}


@run
async def test_a_good_package_joins_the_device_and_the_tenant_knows_it(lab: Lab):
    device, tenant = lab.device("unjoined_pro"), lab.world.tenant
    value = await lab.install(device)
    assert value["error"] == NO_ERROR and value["gave_up"] is False and 10 < value["seconds"] < 60
    join = joinstate.read(device)
    assert join.tenant_id == tenant.id and join.user_email.startswith("package_") and join.mdm_url
    known = tenant.device(join.device_id)
    assert known["displayName"] == device.hostname and known["trustType"] == "AzureAd" and known["accountEnabled"]
    assert [e.id for e in lab.events(device, REGISTRATION, *range(100, 400))] == [100, 101, 102, 103, 104, 105, 106]
    assert [e.id for e in lab.events(device, PROVISIONING, *range(100))] == [60, 20, 10, 11, 21, 61]


@run
async def test_the_token_is_in_no_event_and_no_registry_value(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    secret = lab.world.packages["fleet"].token.value
    events = device.events.read(PROVISIONING) + device.events.read(REGISTRATION)
    written = [field for event in events for field in event.data]
    values = [str(value) for _path, _name, value in device.registry.walk()]
    assert not [text for text in written + values if secret in text]


@run
async def test_the_package_is_listed_recorded_and_kept(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    [package] = await lab.listed(device)
    assert package["installed"] is True and package["id"] == lab.world.packages["fleet"].id
    assert device.files.read(package["path"]) == lab.world.packages["fleet"].data
    assert package["path"].startswith(device.files.resolve(ENGINE))
    path = rf"SOFTWARE\Microsoft\Provisioning\Results\{{{package['id']}}}"
    key = (await lab.value(device, "registry_read", path=path, depth=3))["key"]
    assert key["values"]["PackageFileName"] == "fleet.ppkg"
    [area] = key["keys"].values()
    [info] = area["keys"].values()
    [leaf] = info["keys"].values()
    assert leaf["values"] == {
        "Categories": ["AADJ"],
        "State": 3,
        "UserNamedChildNodes": [],
        "Message": "",
        "LastResult": 0,
        "NumFailures": 0,
    }


@run
async def test_mdm_enrollment_follows_the_join(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    assert join_summary(device)["mdm"] is False
    await lab.clock.advance(60)
    assert join_summary(device)["mdm"] is True
    [enrollment] = mdm.enrollments(device)
    folders = (await lab.value(device, "scheduled_tasks", folder=r"\Microsoft\Windows\EnterpriseMgmt"))["folders"]
    assert folders == [enrollment]
    assert [e.id for e in lab.events(device, MDM, 72, 75, 76, 71)] == [72, 75]
    assert lab.world.tenant.device(joinstate.read(device).device_id)["isManaged"] is True
    assert len(lab.world.tenant.managed_devices) > 0


@run
async def test_without_mdm_scope_there_is_no_mdm_address_and_no_enrollment(lab: Lab):
    device = lab.device("no_mdm")
    await lab.install(device)
    await lab.clock.advance(3600)
    assert joinstate.read(device).mdm_url == "" and mdm.enrollments(device) == []


@run
async def test_leftovers_of_an_enrollment_stop_the_new_one(lab: Lab):
    device = lab.device("enrollment_leftovers")
    await lab.install(device)
    await lab.clock.advance(60)
    [failed] = lab.events(device, MDM, 76)
    assert code(int(failed.data[1])) == "0x8018000a"
    assert join_summary(device)["type"] == "entra" and join_summary(device)["mdm"] is False


@run
async def test_the_same_package_again_is_refused_and_by_force_skipped_without_a_word(lab: Lab):
    device = lab.device("already_installed")
    value = await lab.install(device)
    assert code(value["error"]["hresult"]) == "0x800700b7"
    assert len(lab.events(device, PROVISIONING, 23)) == 1 and joinstate.read(device) is None
    value = await lab.install(device, force=True)
    assert value["error"] == NO_ERROR and joinstate.read(device) is None
    assert lab.events(device, PROVISIONING, 10, 11, 12, 22) == []


@run
async def test_removing_the_package_does_not_undo_the_join(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    [package] = await lab.listed(device)
    assert (await lab.value(device, "package_remove", id=package["id"].upper()))["removed"] is True
    assert (await lab.value(device, "package_remove", id=package["id"]))["removed"] is False
    assert await lab.listed(device) == []
    assert joinstate.read(device) is not None
    assert not device.files.exists(package["path"]), "the engine's copy goes with the package"


@run
async def test_where_windows_lists_packages_from_is_an_option_of_the_lab(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    device.files.remove(rf"{ENGINE}\fleet.ppkg")
    assert await lab.listed(device) == []
    device.engine.listing = "registered"
    assert len(await lab.listed(device)) == 1


@run
async def test_a_package_may_do_more_than_join(lab: Lab):
    from tests.lab import ppkg

    device = lab.device("unjoined_pro")
    data = ppkg.build(
        "More",
        "11111111-2222-3333-4444-555555555555",
        computer_name="PC-%RAND:4%",
        security_key=True,
        accounts=[{"name": "helper", "password": "Another-password-of-the-lab", "group": "Administrators"}],
    )
    await lab.bring(device)
    device.files.write(r"%ProgramData%\winops.entra\packages\more.ppkg", data)
    value = await lab.value(
        device, "package_install", system=True, path=r"%ProgramData%\winops.entra\packages\more.ppkg", force=False
    )
    assert value["error"] == NO_ERROR
    keys = r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey"
    assert device.registry.get(keys, "UseSecurityKeyForSignin") == 1
    assert device.account("helper").administrator
    await lab.clock.advance(200)
    assert device.hostname.startswith("PC-") and len(device.hostname) == 7
    assert joinstate.read(device) is None
