# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of the control API about Intune over time, and a user who signs in to a joined device."""

from __future__ import annotations

import asyncio
import typing as t
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from tests.lab.control import application
from tests.lab.device.dump import dump
from tests.lab.graph.service import Service

from .world_lab import Lab

SCENARIO: dict[str, t.Any] = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {"ada": {}},
            "devices": [{"name": "PC-1"}],
            "intune": {
                "policies": [{"name": "Desktop", "kind": "configuration", "assigned": "users"}],
                "arriving": {"PC-1": {"encryption": {"seconds": 10.0}}},
            },
        }
    },
    "devices": [{"kind": "joined", "name": "joined"}, {"kind": "unjoined_pro", "name": "unjoined"}],
}


def test_what_happens_to_a_device_can_be_told(tmp_path: Path):
    async def main() -> None:
        lab = Lab(tmp_path, SCENARIO)
        service = Service(lab.world.directory, lab.clock)
        async with TestClient(TestServer(application(lab.world, service))) as client:

            async def ask(path: str, body: dict | None = None, status: int = 200) -> dict[str, t.Any]:
                response = await (client.get(path) if body is None else client.post(path, json=body))
                assert response.status == status, await response.text()
                return await response.json()

            async def device(body: dict | None = None) -> dict[str, t.Any]:
                return (await ask("/tenant/intune", body))["devices"]["PC-1"]

            await lab.clock.advance(100)
            assert (await device())["attested"] is False
            assert (await device({"restart": "PC-1"}))["attested"] is True
            found = await device({"sign_in": "PC-1", "user": "ada"})
            assert found["signed_in"] == ["ada@contoso.example"] and found["policies"]["Desktop"] == "unknown"
            told = await ask("/tenant/intune", {"assign": "Desktop", "to": "nobody"})
            assert told["policies"]["Desktop"]["assigned"] == "nobody"
            assert "Desktop" not in (await device({"sync": "pc-1"}))["policies"]
            for bad in ({"sync": "PC-9"}, {"sign_in": "PC-1", "user": "eve"}, {"assign": "Desktop", "to": "all"}):
                assert "error" in await ask("/tenant/intune", bad, 400)
            assert await ask("/devices/joined/sign-in", {"user": "ada"}) == {"signed_in": "ada@contoso.example"}
            assert "error" in await ask("/devices/joined/sign-in", {"user": "eve"}, 400)
            assert "error" in await ask("/devices/unjoined/sign-in", {"user": "ada"}, 400)
        assert dump(lab.world.hosts[0])["join"]["type"] == "entra"
        assert lab.world.hosts[0].console_user == "ada@contoso.example"
        await lab.world.stop()

    asyncio.run(main())
