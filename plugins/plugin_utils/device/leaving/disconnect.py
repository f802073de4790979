# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module disconnect.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...task import Task
from ..work import begin
from .leave import Leave, LeavePlan

PLANNED = (
    "tenant_id",
    "device_id",
    "mdm_enrollment_id",
    "stop_hybrid_autojoin",
    "remove_mdm",
    "mdm_provider",
    "allow_account_loss",
    "reboot",
    "reboot_timeout",
    "timeout",
    "poll_interval",
)


def disconnect(task: Task) -> dict:
    """Take the device out of its tenant. Raises Failure."""
    args = task.args
    plan = LeavePlan(**{name: args[name] for name in PLANNED})
    return begin(task, Leave, plan).run()
