# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that ask for some values of a registry key, or for some of the keys below it: nothing is missed by them."""

from __future__ import annotations

import asyncio
import json

from ansible_collections.winops.entra.plugins.plugin_utils.device import state
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Answer, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm.enrollment_removal import MDM_OBSERVATIONS
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import check, checklist
from tests.unit.lab.world_lab import Lab

from .scripted import TENANT

PLAN = check.PreflightPlan(expect_mdm=True, tenant_id=TENANT, check_mode=True)
NARROW = state.observations() | checklist.observations(PLAN)
WHOLE = {
    name: {param: value for param, value in operation.items() if param not in ("names", "having")}
    for name, operation in NARROW.items()
}


async def _both(lab: Lab, device) -> tuple[Answer, Answer, str]:
    """The answers to the narrow and to the whole reads, and the narrow one as it travels."""
    said = []
    for reads in (NARROW, WHOLE):
        request = {"v": 1, "id": "unit", "ops": list(reads.values()), "stop_on_error": False}
        said.append(await lab.clock.run(device.run_operations(request, account=device.login, system=False)))
    answers = [
        Answer(
            {name: checked(operation, told) for (name, operation), told in zip(NARROW.items(), one["results"])},
            said[0]["device"],
            1800000000.0,
            1800000001.0,
        )
        for one in said
    ]
    return answers[0], answers[1], json.dumps(said[0])


def test_they_say_what_reads_of_the_whole_key_say_of_each_kind_of_device(tmp_path):
    async def compare() -> int:
        compared = 0
        for scenario in ("every_kind", "preflight"):
            lab = Lab(tmp_path, scenario)
            for device in lab.world.hosts:
                if not hasattr(device, "run_operations"):
                    continue
                narrow, whole, _text = await _both(lab, device)
                assert state.build(narrow) == state.build(whole), device.kind
                findings = [[one.as_dict() for one in checklist.evaluate(answer, PLAN)] for answer in (narrow, whole)]
                assert findings[0] == findings[1], device.kind
                compared += 1
            await lab.world.stop()
        return compared

    assert asyncio.run(compare()) > 50


def test_the_product_key_of_windows_does_not_travel(tmp_path):
    async def look() -> None:
        lab = Lab(tmp_path, "every_kind")
        device = lab.device("joined")
        _narrow, whole, text = await _both(lab, device)
        key = whole["version"].key().values["DigitalProductId"]["base64"]
        assert len(key) > 200 and key not in text and "DigitalProductId" not in text
        await lab.world.stop()

    asyncio.run(look())


def test_what_removes_enrollments_sees_keys_that_have_lost_their_provider():
    assert "having" in state.OBSERVATIONS["enrollments"][1] and "having" not in MDM_OBSERVATIONS["enrollments"]
