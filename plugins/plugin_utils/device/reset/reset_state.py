# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reset looks at, and what it keeps of it: which machine it is, since when Windows is installed, its ids.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from .. import operations as op
from ..answers import Answer, Result, within
from ..jobs import is_over
from ..leaving import device_record
from ..reading import known
from ..state import parse_utc
from . import recovery

#: What Autopilot writes at the first start of a device that has a profile (read by Get-AutopilotDiagnostics).
LAST_PROFILE = r"SOFTWARE\Microsoft\Provisioning\Diagnostics\AutoPilot"
#: Whoever answers at the address: is it the same machine, and the same installation of Windows?
WHICH_DEVICE = {
    "bios": op.cim_query("Win32_BIOS", ("SerialNumber",)),
    "product": op.cim_query("Win32_ComputerSystemProduct", ("UUID",)),
    "installation": op.cim_query("Win32_OperatingSystem", ("InstallDate", "LastBootUpTime")),
}
OBSERVATIONS = (
    device_record.OBSERVATIONS
    | recovery.OBSERVATIONS
    | WHICH_DEVICE
    | {
        "battery": op.cim_query("Win32_Battery", ("BatteryStatus",)),
        "profile": op.registry_read(LAST_PROFILE, names=("CloudAssignedTenantId", "IsAutopilotDisabled")),
    }
)
#: BatteryStatus of Win32_Battery: discharging, low, critical. The others are on mains, but for "undefined".
DISCHARGING, UNDEFINED = (1, 4, 5), (None, 10)


class Machine(t.NamedTuple):
    """A machine by its firmware, as Windows spells it, without blanks around it; empty where the firmware says
    nothing."""

    serial_number: str
    uuid: str


def machine(answer: Answer) -> Machine:
    """Which machine has answered. Raises Unreadable."""
    serial = answer["bios"].instance().text("SerialNumber")
    uuid = answer["product"].instance().text("UUID")
    return Machine((serial or "").strip(), (uuid or "").strip())


def installed(answer: Answer) -> str | None:
    """When the Windows that has answered was installed (UTC text), None where it does not say."""
    return known(lambda: answer["installation"].instance().utc("InstallDate"))


def booted(answer: Answer) -> str | None:
    """When it was started."""
    return known(lambda: answer["installation"].instance().utc("LastBootUpTime"))


def on_battery(answer: Answer) -> bool | None:
    """Whether the device runs on battery; None where that cannot be read. Without a battery it is on mains."""
    status = known(lambda: [one.number("BatteryStatus") for one in answer["battery"].instances()])
    if status is None or (any(one in UNDEFINED for one in status) and not any(one in DISCHARGING for one in status)):
        return None
    return any(one in DISCHARGING for one in status)


def has_profile(answer: Answer) -> bool | None:
    """Whether the last deployment of the device had an Autopilot profile; None where nothing says so. A device that was
    registered since then has no record of it, so there is no certain "no"."""
    tenant = known(lambda: answer["profile"].key().text("CloudAssignedTenantId"))
    disabled = known(lambda: answer["profile"].key().number("IsAutopilotDisabled"))
    return True if tenant and not disabled else None


def record(answer: Answer) -> dict[str, t.Any]:
    """The record of the device before a reset, from an answer to OBSERVATIONS."""
    own = machine(answer)
    kept = device_record.build(answer)
    return kept | {
        "serial_number": own.serial_number or None,
        "uuid": own.uuid.lower() or None,
        "installed": installed(answer),
    }


def restarted_since(answer: Answer, started: str | None) -> bool:
    """Whether Windows was started after that time (UTC text of the same clock); not where nobody knows."""
    boot = booted(answer)
    return bool(boot and started) and parse_utc(str(boot)) > parse_utc(str(started))


def is_accepted(job: Result) -> bool:
    """Whether the job (an answer to job_status) has ended, and Windows has accepted the reset."""
    results = within(job) if is_over(job) else []
    return bool(results) and results[-1].ok and results[-1].get("return_value") == 0
