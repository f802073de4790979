# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the recovery passwords of a device's system drive are stored: the device knows which it has and what became
of storing them, Entra which it holds. Both name them by the id of the protector.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN
from ..told import Told, object_in, objects_in, text_in
from .halves import Fields, Halves, said
from .verdict import BOTH_DECIDE, DEVICE_DECIDES, TENANT_DECIDES, one_word, verdict

_LOST = "if Windows asks for the recovery key, nobody has it"
_STORE = "store it again on the device (BackupToAAD-BitLockerKeyProtector), or look whether it is kept elsewhere"
_STORED, _FAILED = "stored", "failed"


def judge(halves: Halves, own: Fields | None, theirs: Fields | None) -> Fields:
    """Key by key where both lists are known; else the word of the side that has one."""
    passwords, held = _passwords(halves), _held(halves)
    if own is not None and passwords is not None and not passwords:
        return _without(halves, own, theirs)
    if passwords is None or held is None or own is None:
        # Both have an answer, and nobody knows of which keys: the weightier one is not lost.
        if own is not None and own["result"] == PASS and theirs is not None and theirs["result"] in (FAIL, WARN):
            return verdict(theirs, TENANT_DECIDES, own, theirs)
        return one_word(own, theirs)
    missing = [one for one in passwords if _plain(one["id"]) not in held]
    if not missing:
        found = said("escrow", PASS, f"Entra holds {_these(len(passwords))}")
        return verdict(found, BOTH_DECIDE if own["result"] == PASS else TENANT_DECIDES, own, theirs)
    there = next((text_in(one, "id") for one in passwords if one not in missing), None)
    return _missing(missing, there, own, theirs)


def _missing(missing: list[Told], there: str | None, own: Fields, theirs: Fields | None) -> Fields:
    """``there`` is a recovery password of the drive that Entra has: each of them opens it."""
    first = next((one for one in missing if text_in(one, "escrow") == _FAILED), missing[0])
    escrow, at = text_in(first, "escrow"), text_in(first, "at")
    word = {
        _STORED: f"the device says that it was stored at {at}: the key is gone, or went to another tenant or object",
        _FAILED: f"the device says that storing it failed at {at}: {own['cause']}",
    }.get(escrow or "", "no event of the device says that it was stored")
    more = f" ({len(missing)} are missing)" if len(missing) > 1 else ""
    so = f"Entra has {there}, which opens the drive as well" if there else _LOST
    found = said(
        "escrow",
        WARN if there else FAIL,
        f"Entra has no key with the id {first['id']}{more}",
        cause=f"{word}; {so}",
        fix=own["fix"] if escrow == _FAILED and own["fix"] else _STORE,
        side="device",
        doc=own["doc"] or (theirs or {}).get("doc"),
    )
    return verdict(found, BOTH_DECIDE if escrow == _FAILED else TENANT_DECIDES, own, theirs)


def _without(halves: Halves, own: Fields, theirs: Fields | None) -> Fields:
    """The drive has no recovery password, so that none can be stored."""
    drive = _system_drive(halves) or {}
    # A question that the tenant refuses is about no key of this drive.
    if theirs is None or theirs["result"] in (PASS, UNKNOWN) or drive.get("state") in (None, "decrypted"):
        return verdict(own, DEVICE_DECIDES, own, theirs)
    cause = f"the drive is {drive.get('state')} and has no recovery password, so that none could be stored; {_LOST}"
    fix = "add a recovery password to the drive, and store it (BackupToAAD-BitLockerKeyProtector)"
    return verdict({**theirs, "cause": cause, "fix": fix, "side": "device"}, BOTH_DECIDE, own, theirs)


def _system_drive(halves: Halves) -> Told | None:
    volumes = objects_in(object_in(halves.posture, "encryption"), "volumes")
    return next((one for one in volumes if one.get("system") is True), None)


def _passwords(halves: Halves) -> list[Told] | None:
    """The recovery passwords of the system drive, None where they are not known."""
    if object_in(halves.posture, "encryption").get("available") is False:
        return []
    drive = _system_drive(halves)
    if drive is None or not isinstance(drive.get("protectors"), (list, tuple)):
        return None
    found = [one for one in objects_in(drive, "protectors") if one.get("type") == "RecoveryPassword"]
    return found if all(text_in(one, "id") for one in found) else None


def _held(halves: Halves) -> set[str] | None:
    """The ids of the keys in Entra, None where they are not known."""
    if not isinstance(halves.row.get("escrow"), (list, tuple)):
        return None
    return {_plain(one["id"]) for one in objects_in(halves.row, "escrow") if text_in(one, "id")}


def _plain(identity: t.Any) -> str:
    return str(identity).strip("{}").lower()


def _these(count: int) -> str:
    return "the recovery password of the system drive" if count == 1 else f"all {count} recovery passwords"
