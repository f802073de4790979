# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hybrid auto-join: a task that joins a domain device again after it has left, unless it was stopped first.

Documented by Microsoft (Entra device FAQ: a hybrid device that leaves while it is still in scope joins again).
"""

from __future__ import annotations

from ..tenant import registration as service
from . import joinstate, network, tasks
from .errors import signed
from .events import REGISTRATION

FOLDER = r"\Microsoft\Windows\Workplace Join"
TASK = "Automatic-Device-Join"
POLICY = r"SOFTWARE\Policies\Microsoft\Windows\WorkplaceJoin"
VALUE = "autoWorkplaceJoin"
#: Device seconds until the task runs again after a leave, and after a start.
DELAY = 90.0


def stopped(device) -> bool:
    """Either of the two is enough to keep the task from joining."""
    task = device.tasks.get(FOLDER, TASK)
    return task is None or task.state == tasks.DISABLED or device.registry.get(POLICY, VALUE, 1) == 0


def stop(device) -> bool:
    """Disable the task and set the policy; False where there was nothing to do."""
    task = device.tasks.get(FOLDER, TASK)
    changed = device.registry.get(POLICY, VALUE) != 0
    if task is not None and task.state != tasks.DISABLED:
        task.state = tasks.DISABLED
        changed = True
    device.registry.set(POLICY, {VALUE: 0})
    return changed


def follow_leave(device) -> None:
    if device.hybrid_tenant is not None:
        device.spawn(_join_later(device))


def resume(device) -> None:
    """At boot the task runs, too."""
    if device.hybrid_tenant is not None and joinstate.read(device) is None:
        device.spawn(_join_later(device))


async def _join_later(device) -> None:
    await device.sleep(DELAY)
    tenant = device.directory.tenants.get(device.hybrid_tenant)
    if stopped(device) or tenant is None or device.domain is None or joinstate.read(device) is not None:
        return
    try:
        await device.network.request(network.REGISTRATION)
    except network.Unreachable as error:
        device.event(REGISTRATION, 304, [signed(error.hresult), "", "Managed", "Azure AD", error.text])
        return
    registered = service.create(device.directory, tenant, device, "", False, trust_type="ServerAd")
    joinstate.write(device, registered)
    device.leave.unfinished = False
    device.event(REGISTRATION, 306)
