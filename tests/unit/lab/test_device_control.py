# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: the independent route to the state of the world."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from tests.lab.control import application
from tests.lab.device import joinstate
from tests.lab.device.furnish import PASSWORD
from tests.lab.graph.service import Service

from .world_lab import Lab


def _with_client(tmp_path: Path, test, graph: bool = False) -> None:
    async def main():
        lab = Lab(tmp_path)
        service = Service(lab.world.directory, lab.clock) if graph else None
        async with TestClient(TestServer(application(lab.world, service))) as client:
            await test(lab, client)
        await lab.world.stop()

    asyncio.run(main())


async def _json(response, status: int = 200):
    assert response.status == status, await response.text()
    return await response.json()


def test_devices_are_listed_and_shown_whole(tmp_path):
    async def test(lab, client):
        devices = await _json(await client.get("/devices"))
        assert len(devices) == len(lab.world.hosts)
        shown = await _json(await client.get("/devices/joined-01"))
        assert shown["join"]["type"] == "entra" and shown["join"]["mdm"] is True
        for part in (
            "registry",
            "certificates",
            "packages",
            "tasks",
            "jobs",
            "files",
            "accounts",
            "administrators",
            "local_administrator",
            "enrollments",
            "bitlocker",
            "join_parts",
            "events",
            "digest",
        ):
            assert part in shown
        assert any(
            path.startswith(r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin\TenantInfo")
            for path in shown["registry"]["HKLM"]
        )
        assert PASSWORD not in str(shown)
        assert (await _json(await client.get("/devices/nobody"), 404))["error"]

    _with_client(tmp_path, test)


def test_the_digest_moves_with_every_change_and_with_nothing_else(tmp_path):
    async def test(lab, client):
        async def digest() -> str:
            return (await _json(await client.get("/devices/unjoined-pro-01")))["digest"]

        first = await digest()
        await lab.clock.advance(86_400)
        assert await digest() == first
        device, seen = lab.device("unjoined_pro"), {first}
        for change in (
            lambda: device.registry.set("SOFTWARE\\Lab"),
            lambda: device.files.write(r"C:\Windows\Temp\x", b""),
            lambda: device.tasks.create_folder("\\x") or device.tasks.register("\\x", _task()),
            lambda: device.event("System", 1, provider="x"),
            device.users.popitem,
            lambda: device.files.remove(r"C:\Windows\System32\cmd.exe"),
            lambda: setattr(device.local_accounts[0], "enabled", True),
        ):
            change()
            seen.add(await digest())
        assert len(seen) == 8

    _with_client(tmp_path, test)


def _task():
    from tests.lab.device.tasks import Task

    return Task("t")


def test_faults_wait_until_they_are_met(tmp_path):
    async def test(lab, client):
        body = {"kind": "slow_receive", "times": 2, "seconds": 0.5}
        assert await _json(await client.post("/devices/home-01/faults", json=body)) == {"faults": {"slow_receive": 2}}
        host = lab.device("home")
        assert host.faults.take("slow_receive") == {"seconds": 0.5} and host.faults.take("http_500") is None
        assert await _json(await client.delete("/devices/home-01/faults")) == {"faults": {}}
        assert host.faults.take("slow_receive") is None
        await _json(await client.post("/devices/home-01/faults", json={"kind": "http_500", "skip": 2}))
        assert [host.faults.take("http_500") is None for _each in range(4)] == [True, True, False, True]
        for bad in ({"kind": "earthquake"}, {"kind": "http_500", "times": 0}, [1]):
            await _json(await client.post("/devices/home-01/faults", json=bad), 400)

    _with_client(tmp_path, test)


def test_power_can_be_cut_given_and_cycled(tmp_path):
    async def test(lab, client):
        host, url = lab.device("home"), "/devices/home-01/power"
        assert (await _json(await client.post(url, json={"state": "off"})))["online"] is False
        assert (await _json(await client.post(url, json={"state": "on"})))["online"] is True
        assert (await _json(await client.post(url, json={"state": "restart", "delay": 5})))["restart_scheduled"] is True
        await lab.clock.advance(20)
        assert host.online is False
        await _json(await client.post(url, json={"state": "sideways"}), 400)

    _with_client(tmp_path, test)


def test_the_tenant_can_be_read_and_changed_without_showing_tokens(tmp_path):
    async def test(lab, client):
        shown = await _json(await client.get("/tenant"))
        assert shown["name"] == "Contoso" and shown["devices"] and shown["tokens"]
        assert not [p for p in lab.world.packages.values() if p.token and p.token.value in str(shown)]
        assert (await _json(await client.get("/tenants/other")))["name"] == "Fabrikam"
        await _json(await client.get("/tenants/nobody"), 404)
        changed = await _json(await client.patch("/tenant", json={"registration_policy": {"userDeviceQuota": 7}}))
        assert changed["registration_policy"]["userDeviceQuota"] == 7
        assert lab.world.tenant.registration_policy["userDeviceQuota"] == 7
        await _json(await client.patch("/tenant", json={"name": "x"}), 400)

    _with_client(tmp_path, test)


def test_tokens_can_be_revoked_expired_and_renewed(tmp_path):
    async def test(lab, client):
        device, url = lab.device("unjoined_pro"), "/tenant/packages/fleet"
        assert (await _json(await client.post(url, json={"token": "revoke"})))["user_exists"] is False
        assert (await lab.install(device))["error"]["hresult"] is not None
        await _json(await client.post(url, json={"token": "expire"}))
        assert (await _json(await client.post(url, json={"token": "renew"})))["user_exists"] is True
        await _json(await client.post(url, json={"token": "eat"}), 400)
        await _json(await client.post("/tenant/packages/other_tenant", json={"token": "revoke"}), 404)
        await lab.clock.advance(1000)
        assert joinstate.read(device) is not None

    _with_client(tmp_path, test)


def test_somebody_else_may_change_an_account(tmp_path):
    async def test(lab, client):
        device, url = lab.device("unjoined_pro"), "/devices/unjoined-pro-01/accounts/ansible"
        assert await _json(await client.patch(url, json={"locked": True})) == {"local_administrator": False}
        assert "ansible" not in device.accounts
        assert await _json(await client.patch(url, json={"locked": False})) == {"local_administrator": True}
        await _json(await client.patch(url, json={"password": "x"}), 400)
        await _json(await client.patch(url, json={"enabled": "no"}), 400)
        await _json(await client.patch("/devices/unjoined-pro-01/accounts/nobody", json={}), 404)

    _with_client(tmp_path, test)


def test_device_objects_can_be_disabled_and_deleted_behind_the_devices_back(tmp_path):
    async def test(lab, client):
        device = lab.device("joined")
        url = f"/tenant/devices/{joinstate.read(device).device_id}"
        await _json(await client.patch(url, json={"accountEnabled": False}))
        _code, text = await device.dsregcmd(["/status"], account="ansible")
        assert "FAILED. Device is either disabled or deleted" in text
        await _json(await client.delete(url))
        await _json(await client.delete(url), 404)
        assert joinstate.read(device) is not None

    _with_client(tmp_path, test)


def test_the_logs_can_be_written_and_read_behind_everybodys_back(tmp_path):
    async def test(lab, client):
        begun = await _json(await client.get("/tenant/logs"))
        assert begun["lag"] == 120 and begun["rows"]["signIns"] == []
        body = {"lag": 5, "sign_ins": [{"user": "lab.user", "error": 53003}]}
        after = await _json(await client.post("/tenant/logs", json=body))
        assert after["lag"] == 5 and after["rows"]["signIns"][0]["status"]["errorCode"] == 53003
        for odd in ({"lags": 5}, {"sign_ins": [{"user": "nobody.here"}]}, {"sign_ins": [{"package": "fleet"}]}):
            assert "error" in await _json(await client.post("/tenant/logs", json=odd), 400)

    _with_client(tmp_path, test, graph=True)


def test_a_fault_can_wait_for_an_operation(tmp_path):
    async def test(lab, client):
        host = lab.device("unjoined_pro")
        body = {"kind": "slow_receive", "once": "path_info"}
        await _json(await client.post(f"/devices/{host.name}/faults", json=body))
        for op in ({"op": "path_info", "path": "nowhere"}, {"op": "dsregcmd_status"}):
            request = {"v": 1, "id": "x", "ops": [op]}
            answer = lab.clock.run(host.run_operations(request, account=r".\Administrator"))
            assert (await answer)["results"][0]["ok"] is (op["op"] != "path_info")
            assert host.faults.take("slow_receive") is None
        request["ops"] = [{"op": "path_info", "path": r"C:\Windows"}]
        await lab.clock.run(host.run_operations(request, account=r".\Administrator"))
        assert await _json(await client.get(f"/devices/{host.name}/faults")) == {"slow_receive": 1}
        assert host.faults.take("slow_receive") == {}

    _with_client(tmp_path, test)
