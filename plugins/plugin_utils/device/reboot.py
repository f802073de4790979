# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart a device and see it come back, under one total deadline.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..result import Failure
from . import operations as op
from . import wire
from .answers import Answer
from .reading import known
from .session import ConnectionLost, DeviceSession
from .waiting import Waiter

BOOT_TIME = {"system": op.cim_query("Win32_OperatingSystem", ("LastBootUpTime",))}
#: The name of the failure of a device that does not answer after its restart.
NOT_BACK = "not_back_after_restart"
# Time for Windows to send the answer before it closes the network.
RESTART_DELAY = 5


def boot_time(answer: Answer) -> str | None:
    """When the device says it was last started (UTC text); None where it does not say."""
    return known(lambda: answer["system"].instance().utc("LastBootUpTime"))


def restart(session: DeviceSession, waiter: Waiter, comment: str) -> str:
    """Restart the device, wait until it answers with another boot time, and return that time.

    A restart that somebody else has already scheduled counts. Raises Failure with the last error when the deadline
    passes first, or when the device refuses.
    """
    before = boot_time(waiter.ask(BOOT_TIME, "reading the boot time"))
    try:
        answer = session.run({"restart": op.restart(RESTART_DELAY, comment)})
    except (ConnectionLost, wire.WireError):
        answer = None  # It may have gone down while it answered: the boot time will tell.
    error = answer["restart"].error if answer is not None else None
    if error:
        raise Failure(
            f"the device refuses to restart: {error['message']}",
            side="device",
            name="restart_refused",
            cause="shutdown.exe failed",
            fix="check what shutdown.exe reports on the device",
            evidence=[error],
        )
    return wait_for_boot(waiter, before)


def wait_for_boot(waiter: Waiter, before: str | None) -> str:
    """Wait until the device answers with a boot time other than ``before`` and return it."""
    try:
        answer = waiter.until(
            BOOT_TIME, lambda a: boot_time(a) not in (None, before), "waiting for the device to restart"
        )
    except (ConnectionLost, wire.WireError) as exc:
        from . import contact  # Nearly every restart goes well, and has no use for it.

        known = contact.of_the_device(exc)
        raise Failure(
            f"the device did not come back within {waiter.deadline.seconds:.0f} s of its restart: {exc}",
            side="device" if known else "network",
            name=NOT_BACK,
            cause=known.cause if known else "it is still starting, or has another name or address",
            fix="look at its console; check its address, the WinRM listener, the firewall profile and the local "
            "account, then run the task again",
        ) from exc
    if answer is None:
        raise Failure(
            f"the device answers, but has not restarted within {waiter.deadline.seconds:.0f} s",
            side="device",
            name="not_restarted",
            cause="something blocks the restart, or it was aborted",
            fix="restart the device by hand, then run the task again",
        )
    return str(boot_time(answer))
