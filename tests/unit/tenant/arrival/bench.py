# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of wait_for_management over the lab's Graph in the test's own process: its time passes while it waits."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.action.wait_for_management import ActionModule
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec, understood
from ansible_collections.winops.entra.plugins.plugin_utils.task import spec_of_sides

from ..posture.bench import PostureBench

SPEC = {**spec_of_sides(ActionModule.sides), **ActionModule.spec}
COMPLIANT = {"expect_intune": False, "expect_compliant": True}
POLICIES = {"expect_intune": False, "expect_policies": True}


class ArrivalBench(PostureBench):
    """``later`` are things that happen after so many seconds of waiting: (seconds, what to do)."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[tuple[float, t.Callable[[], t.Any]]] = []

    def _sleep(self, seconds: float) -> None:
        super()._sleep(seconds)
        for one in [one for one in self.later if one[0] <= self.lab.clock.elapsed()]:
            self.later.remove(one)
            one[1]()

    def record(self, device: dict) -> dict:
        """Intune's record of a device object."""
        return next(
            row for row in self.lab.tenant.managed_devices.values() if row["azureADDeviceId"] == device["deviceId"]
        )

    def wait(self, *devices: dict | str, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        ids = [one if isinstance(one, str) else one["deviceId"] for one in devices]
        checked = ArgumentSpecValidator(ansible_spec(SPEC)).validate({"device_ids": ids, **options})
        assert not checked.error_messages
        args = understood(checked.validated_parameters, SPEC)
        return self.run(ActionModule.work, SPEC, args, check_mode)

    def one(self, device: dict, expected: str, **options: t.Any) -> dict[str, t.Any]:
        """What became of one expectation of one device."""
        chosen = {"intune": {}, "compliant": COMPLIANT, "policies": POLICIES}[expected]
        return self.wait(device, **chosen, **options)["devices"][0][expected]
