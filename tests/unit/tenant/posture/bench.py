# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of directory_posture over the lab's Graph in the test's own process."""

from __future__ import annotations

import datetime
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.action.directory_posture import ActionModule
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec, understood
from ansible_collections.winops.entra.plugins.plugin_utils.task import spec_of_sides
from tests.lab.tenant import authentication, posture
from tests.lab.tenant.objects import utc_seconds

from ..lab_bench import LabBench

SPEC = {**spec_of_sides(ActionModule.sides), **ActionModule.spec}
DOMAIN = "contoso.example"


class PostureBench(LabBench):
    """``now`` of the lab is the real time, as ages are counted from now."""

    def __init__(self) -> None:
        super().__init__()
        self.lab.clock._start = datetime.datetime.now(datetime.timezone.utc)

    def user(self, name: str, registered: list[str] | None = None) -> dict:
        made = self.lab.tenant.add_user(f"{name}@{DOMAIN}", name.title())
        if registered is not None:
            authentication.report(self.lab.tenant, made, registered, utc_seconds(self.lab.clock.utc()))
        return made

    def managed(self, name: str, trust: str = "AzureAd", **entry: t.Any) -> dict:
        """A device object with its record in Intune."""
        device = self.lab.device(name, trust=trust)
        posture.manage(self.lab.tenant, device, entry, self.lab.clock.utc())
        return device

    def policy(self, name: str, state: str = "enabled", controls: tuple[str, ...] = (), **more: t.Any) -> dict:
        """A policy of Conditional Access for all users and applications, unless said otherwise."""
        made = {
            "id": self.lab.tenant.object_id(f"policy/{name}"),
            "displayName": name,
            "state": state,
            "conditions": {
                "users": {"includeUsers": ["All"], **more.pop("users", {})},
                "applications": {"includeApplications": ["All"]},
                **more,
            },
            "grantControls": {"operator": "OR", "builtInControls": list(controls)},
        }
        self.lab.tenant.conditional_access.append(made)
        return made

    def asked(self, tail: str) -> int:
        """How often a route was asked that ends so, items of batches included."""
        return sum(count for name, count in self.lab.side.requests.items() if name.endswith(tail))

    def play(self, *devices: dict | str, **options: t.Any) -> dict[str, t.Any]:
        ids = [one if isinstance(one, str) else one["deviceId"] for one in devices]
        checked = ArgumentSpecValidator(ansible_spec(SPEC)).validate({"device_ids": ids, **options})
        assert not checked.error_messages
        args = understood(checked.validated_parameters, SPEC)
        return self.run(ActionModule.work, SPEC, args)


def found(result: dict[str, t.Any], identity: str) -> list[tuple[str, str]]:
    """(result, observed) of the findings with this id."""
    return [(one["result"], one["observed"]) for one in result["findings"] if one["id"] == identity]
