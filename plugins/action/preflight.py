# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.preflight."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..modules.preflight import ARGUMENT_SPEC
from ..plugin_utils.device import task
from ..plugin_utils.device.preflight import checklist
from ..plugin_utils.device.preflight.check import Plan
from ..plugin_utils.options import optional_guid
from ..plugin_utils.result import ChangeSet

task.prepare(checklist.observations(Plan()))


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def look(device: task.DeviceTask) -> dict:
            device.changes = ChangeSet()  # It looks only: the same in check mode, and an empty diff.
            args = device.args
            plan = Plan(
                tenant_id=optional_guid(args["tenant_id"], "tenant_id"),
                method=args["method"],
                cloud=args["cloud"],
                expect_mdm=args["expect_mdm"],
                extra_endpoints=tuple((extra["name"], extra["url"]) for extra in args["extra_endpoints"]),
                skip=frozenset(args["skip"]),
                timeout=args["timeout"],
                scheme=winrm_scheme(self._connection),
                check_mode=device.check_mode,
            )
            checklist.refuse_bad_options(plan, args["fail_on"])
            _answer, checks = checklist.run(device.session, plan)
            device.learned = checklist.summary(checks)
            failure = checklist.verdict(checks, args["fail_on"])
            if failure:
                raise failure
            return {}

        return task.run(self, task_vars["inventory_hostname"], result, look, ARGUMENT_SPEC)


def winrm_scheme(connection) -> str | None:
    """http or https, where the connection is WinRM: what its plugin was told, else what its port says."""
    option = {"winrm": "scheme", "psrp": "protocol"}.get(getattr(connection, "transport", None))
    if option is None:
        return None
    try:
        return connection.get_option(option) or ("http" if str(connection.get_option("port")) == "5985" else "https")
    except KeyError:
        return None
