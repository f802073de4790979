# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioning engine's memory of packages: what it skips, what it tries again, and what a removal takes back."""

from __future__ import annotations

import typing as t

import pytest

from tests.lab import ppkg
from tests.lab.device import joinstate, leaving
from tests.lab.device.dump import dump
from tests.lab.device.provisioning import memory, results
from tests.lab.device.provisioning.package import key

from .world_lab import ENGINE, PROVISIONING, Lab, code, run

SITE = "11111111-2222-3333-4444-555555555555"
HELLO = r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey"
OPTIONS: dict[str, t.Any] = {
    "security_key": True,
    "wifi": "Contoso",
    "certificates": [{"kind": "root", "name": "Contoso", "data": b"a certificate"}],
    "accounts": [{"name": "helper", "password": "Another-password-of-the-lab", "group": "Administrators"}],
}


async def apply(lab: Lab, device, force: bool = True, **options: t.Any) -> dict:
    """Apply a package without a token, whose settings may be given."""
    await lab.bring(device)
    path = r"%ProgramData%\winops.entra\packages\site.ppkg"
    device.files.write(path, ppkg.build("Site", SITE, **OPTIONS | options))
    return await lab.value(device, "package_install", system=True, path=path, force=force)


async def remove(lab: Lab, device, package_id: str) -> dict:
    """The result of package_remove, whatever it is."""
    [result] = await lab.ask(device, {"op": "package_remove", "id": package_id})
    return result


def applied(lab: Lab, device) -> int:
    """How many files of packages have begun to be applied."""
    return len(lab.events(device, PROVISIONING, 10))


def failures(device, label: str, lab: Lab) -> tuple[int, int] | None:
    """(LastResult, NumFailures) of the join in a package of the world."""
    known = device.packages[key(lab.world.packages[label].id)]
    return results.last(device, known, next(name for name in known.sets if "Azure" in name))


@run
async def test_joined_left_and_joined_again_with_the_same_package_joins_nobody(lab: Lab):
    device = lab.device("unjoined_pro")
    await lab.install(device)
    leaving.forget_registry(device)
    value = await lab.install(device, force=True)
    assert value["error"]["hresult"] is None and joinstate.read(device) is None
    assert (await lab.value(device, "provisioning_packages"))["packages"][0]["installed"] is True


@pytest.mark.parametrize("what", ["removed", "checksums forgotten", "results forgotten", "another text"])
def test_what_makes_the_engine_apply_a_package_again(what, tmp_path):
    @run
    async def story(lab: Lab):
        device = lab.device("unjoined_pro")
        await apply(lab, device)
        before = applied(lab, device)
        if what == "removed":
            assert (await remove(lab, device, SITE))["value"] == {"removed": True}
        elif what == "checksums forgotten":
            gone = await lab.value(device, "package_forget", system=True, id=SITE)
            assert gone["removed"] == [rf"HKLM\{memory.CHECKSUMS}\{{{SITE}}}"]
        elif what == "results forgotten":
            device.registry.delete(rf"{results.ROOT}\Results\{{{SITE}}}")
        await apply(lab, device, wifi="Contoso guests" if what == "another text" else "Contoso")
        # Of changed settings only the changed one; without results there is nothing to try again.
        assert applied(lab, device) - before == {"another text": 1, "results forgotten": 0}.get(what, before)

    story(tmp_path)


@run
async def test_where_results_are_believed_both_must_be_forgotten(lab: Lab):
    device = lab.device("unjoined_pro")
    device.engine.memory = "results"
    await apply(lab, device)
    before = applied(lab, device)
    await lab.value(device, "package_forget", system=True, id=SITE)
    await apply(lab, device)
    assert applied(lab, device) == before
    gone = [(await lab.value(device, "package_forget", system=True, id=SITE))["removed"] for _each in range(2)]
    assert [len(names) for names in gone] == [1, 0]
    await apply(lab, device)
    assert applied(lab, device) == 2 * before


@run
async def test_an_engine_at_work_forgets_nothing(lab: Lab):
    device = lab.device("unjoined_pro")
    await apply(lab, device)
    device.processes.start("provtool.exe")
    error = await lab.error(device, "package_forget", system=True, id=SITE)
    assert error["type"] == "System.InvalidOperationException" and device.registry.exists(memory.CHECKSUMS)


@run
async def test_after_five_failed_runs_nothing_tries_again(lab: Lab):
    device = lab.device("user_gone")
    await lab.install(device)
    for delay in (900, 3600, 14400):
        await lab.clock.advance(delay + 60)
    assert failures(device, "user_gone", lab)[1] == 4
    for expected in (5, 5):
        device.power.schedule_restart(0, "", "unit")
        await lab.clock.advance(200)
        assert failures(device, "user_gone", lab)[1] == expected
    value = await lab.install(device, force=True)
    assert value["error"]["hresult"] is None and failures(device, "user_gone", lab)[1] == 5
    assert joinstate.read(device) is None


@run
async def test_what_has_failed_is_tried_again_and_a_success_is_the_end_of_its_failures(lab: Lab):
    device = lab.device("late_join")
    assert code((await lab.install(device))["error"]["hresult"]) == "0xcaa50021"
    assert failures(device, "fleet", lab) == (0xCAA50021, 1)
    await lab.install(device, force=True)
    assert failures(device, "fleet", lab) == (0, 0) and joinstate.read(device) is not None


@run
async def test_a_pending_join_is_no_failure_and_is_taken_up_again(lab: Lab):
    device = lab.device("unjoined_pro")
    device.engine.failures = [{"hresult": results.PENDING, "times": 1}]
    value = await lab.install(device)
    assert value["error"]["hresult"] is None and joinstate.read(device) is None
    assert failures(device, "fleet", lab) == (results.PENDING, 0)
    assert lab.events(device, PROVISIONING, 12, 22) == []
    await lab.clock.advance(960)
    assert joinstate.read(device) is not None and failures(device, "fleet", lab) == (0, 0)


@run
async def test_a_removal_takes_back_what_microsoft_lists_and_leaves_the_rest(lab: Lab):
    device = lab.device("unjoined_pro")
    before = dump(device)
    await apply(lab, device)
    assert device.registry.get(HELLO, "UseSecurityKeyForSignin") == 1
    assert [c.store for c in device.certificates] == ["My", "Root"]
    assert (await remove(lab, device, SITE))["value"] == {"removed": True}
    after = dump(device)
    assert after["certificates"] == before["certificates"] and device.account("helper") is not None
    wlan = [entry["path"] for entry in after["files"] if "Wlansvc" in entry["path"] and not entry["directory"]]
    assert wlan == [] and device.files.children(ENGINE) == []
    after["registry"]["HKLM"].pop(r"SOFTWARE\Microsoft\Policies\PassportForWork", None)
    assert after["registry"] == before["registry"]
    assert [e.id for e in lab.events(device, PROVISIONING, *range(63, 70))] == [63, 64]


@pytest.mark.parametrize("listing", ["files", "registered"])
def test_a_package_whose_file_is_gone_cannot_be_removed(listing, tmp_path):
    @run
    async def story(lab: Lab):
        device = lab.device("unjoined_pro")
        device.engine.listing = listing
        await apply(lab, device)
        device.files.remove(rf"{ENGINE}\site.ppkg")
        result = await remove(lab, device, SITE)
        if listing == "files":
            assert result["value"] == {"removed": False}
        else:
            assert code(result["error"]["hresult"]) == "0x80070002" and lab.events(device, PROVISIONING, 65)
        assert device.registry.exists(rf"{memory.CHECKSUMS}\{{{SITE}}}")

    story(tmp_path)


@run
async def test_without_the_uicc_key_a_removal_fails_although_the_rest_is_done(lab: Lab):
    device = lab.device("unjoined_pro")
    device.registry.delete(memory.UICC)
    await apply(lab, device)
    assert code((await remove(lab, device, SITE))["error"]["hresult"]) == "0x80070002"
    assert device.files.children(ENGINE) == []
    assert not device.registry.exists(rf"{results.ROOT}\Results\{{{SITE}}}")
    assert device.registry.exists(rf"{memory.CHECKSUMS}\{{{SITE}}}")
    before = applied(lab, device)
    await apply(lab, device, force=False)
    assert applied(lab, device) == before, "what the checksums know is skipped"


@run
async def test_a_removal_may_take_three_minutes_and_the_join(lab: Lab):
    device = lab.device("unjoined_pro")
    device.engine.removal.seconds, device.engine.removal.takes_join = 180.0, True
    await lab.install(device)
    begun = lab.clock.elapsed()
    assert (await remove(lab, device, lab.world.packages["fleet"].id))["value"] == {"removed": True}
    assert lab.clock.elapsed() - begun == pytest.approx(180, abs=5) and joinstate.read(device) is None


@run
async def test_a_policy_may_forbid_removals(lab: Lab):
    device = lab.device("unjoined_pro")
    await apply(lab, device)
    device.registry.set(
        r"SOFTWARE\Microsoft\PolicyManager\current\device\Security", {"AllowRemoveProvisioningPackage": 0}
    )
    assert code((await remove(lab, device, SITE))["error"]["hresult"]) == "0x80070005"
    assert device.files.children(ENGINE) != []
