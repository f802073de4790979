# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device shows of its association with a tenant (Windows Autopilot device association).

The mark itself is in UEFI variables, which Windows gives to compiled code only. But once the service has told Windows
whose the device is, the registry has a hint for each DeviceLink: ``<DeviceLinkId>_TenantIdHint``. It comes with the
discovery, before the mark is written, and stays after the mark was cleared; a reset or a new installation takes the
hint and leaves the mark. So a hint says that there may be a mark, and no hint says nothing. Nobody has documented it;
source: the public tool WindowsDeviceLink ("Local source-tenant discovery").

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import is_guid
from .. import operations as op
from ..answers import Answer
from ..reading import Unreadable

HINT = "_TENANTIDHINT"
OBSERVATIONS = {"autopilot_settings": op.registry_read(r"SOFTWARE\Microsoft\Provisioning\AutopilotSettings")}
#: A device is of a few tenants in its life.
MOST_TENANTS = 10
_STAYS = (
    "a leave, a reset and a new installation do not clear the mark of a tenant in the firmware, so that a reset may "
    "lead the device back to it; remove the association from that tenant, and have the mark cleared while the device "
    "is not enrolled"
)


def told_tenants(answer: Answer) -> list[str]:
    """The ids of the tenants that the registry names, sorted; of a hint that names none an empty text. Raises
    Unreadable."""
    values = answer["autopilot_settings"].key().values
    found = {_tenant(values[name]) for name in values if name.upper().endswith(HINT) and len(name) > len(HINT)}
    return sorted(found)[:MOST_TENANTS]


def warning(answer: Answer) -> str | None:
    """What is to be said before the device leaves; None where it shows nothing of an association."""
    try:
        tenants = told_tenants(answer)
    except Unreadable as exc:
        return f"{exc}, so that it may show a Windows Autopilot device association: {_STAYS}"
    if not tenants:
        return None
    named = " and ".join(f"the tenant {one}" if one else "a tenant that it does not name" for one in tenants)
    return f"the device shows a Windows Autopilot device association with {named}: {_STAYS}"


def _tenant(value: object) -> str:
    text = value.strip().strip("{}").lower() if isinstance(value, str) else ""
    return text if is_guid(text) else ""
