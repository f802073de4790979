# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitLocker as a leave sees it: which volumes are encrypted and by which protectors, never a key.

Deleting the Entra device object deletes the recovery passwords that were stored with it, for good (Microsoft, "Manage
device identities"). Their ids, recorded before the leave, are how somebody finds them there in time.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .. import operations as op
from ..answers import Result
from ..reading import Refused

OBSERVATION = op.bitlocker()


def facts(result: Result) -> dict:
    """``{available, volumes: [{mount_point, system, protected, protectors: [{id, type}]}], problem}``.

    ``available`` is null, and ``problem`` a sentence, where BitLocker could not be read.
    """
    try:
        return {"available": result["available"], "volumes": result["volumes"], "problem": None}
    except Refused as exc:
        return {"available": None, "volumes": [], "problem": f"BitLocker cannot be read: {exc.error['message']}"}


def warning(bitlocker: dict) -> str | None:
    """What must be done before the device object is deleted, None where nothing is encrypted."""
    if bitlocker["problem"]:
        return f"{bitlocker['problem']}; save its recovery passwords before the Entra device object is deleted"
    held = [
        f"{volume['mount_point']} {protector['id']}"
        for volume in bitlocker["volumes"]
        for protector in volume["protectors"]
        if _is_recovery_password(protector)
    ]
    if not held:
        return None
    return (
        "BitLocker recovery passwords may be stored only with the Entra device object, and are deleted with it: "
        f"save those of {', '.join(held)} first"
    )


def _is_recovery_password(protector: dict) -> bool:
    """RecoveryPassword for Get-BitLockerVolume, NumericalPassword (type 3) for Win32_EncryptableVolume."""
    return protector["type"].lower().replace(" ", "") in ("recoverypassword", "numericalpassword")
