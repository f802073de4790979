# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Intune shows a device, and what keeps it away for good.

Source: Microsoft Graph, "device resource type" (``mdmAppId``, ``accountEnabled``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..resources.mdm_scope import INTUNE_APP_ID
from .facts import SURE_AFTER, Facts, not_readable
from .reasons import ANOTHER_MDM, DISABLED_IN_ENTRA, IN_INTUNE, NOT_IN_ENTRA, NOT_IN_INTUNE, Verdict


def judge(facts: Facts) -> Verdict:
    """The expectation ``intune``."""
    if facts.record is not None:
        return Verdict(True, IN_INTUNE, "Intune shows the device")
    return away(facts) or Verdict(False, NOT_IN_INTUNE, "Intune has no record with this device id")


def away(facts: Facts) -> Verdict | None:
    """Why nothing can be expected of the device in this round; None where Intune shows it and nothing is in the way."""
    shown = facts.device.shown
    if shown.get("entra") is not None and shown["entra"]["enabled"] is False:
        return Verdict(False, DISABLED_IN_ENTRA, "its object in Entra is disabled", 1)
    if shown.get("in_entra") is False:
        # A new object is not everywhere at once.
        return Verdict(False, NOT_IN_ENTRA, "Entra has no object with this device id", SURE_AFTER)
    if facts.record is not None:
        return None
    failure = facts.device.failures.get("in_intune")
    if failure is not None:
        return not_readable("its record in Intune", failure)
    other = str((facts.device.entra or {}).get("mdmAppId") or "").lower()
    if other not in ("", INTUNE_APP_ID):
        seen = f"Intune has no record, and Entra says that another MDM manages the device (application {other})"
        return Verdict(False, ANOTHER_MDM, seen, 1)
    return Verdict(False, NOT_IN_INTUNE, "Intune has no record with this device id")
