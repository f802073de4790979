# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitLocker: conversion and protection of each volume, and whether its recovery passwords are stored in Entra.

Sources: Win32_EncryptableVolume (ProtectionStatus, GetConversionStatus, GetSuspendCount); events of
BitLocker-API/Management by Microsoft's troubleshooting pages: 768 encryption began, 778 back to unprotected, 845 a
recovery password was stored in Entra, 846 that failed, 851 silent encryption could not begin; 24579 of BitLocker-Driver
in the System log, encryption ended. An event names a protector by its id, wherever in its fields.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import UNKNOWN, Finding
from .. import operations as op
from ..first_sync import Told
from ..reading import known
from ..state import parse_utc
from .points import Section, Seen, code_of, explained, failed, finding, passed, told_of, unknown, utc, warned

_LOG = "Microsoft-Windows-BitLocker-API/Management"
_BEGUN, _REVERTED, _STORED, _NOT_STORED, _NOT_SILENT = 768, 778, 845, 846, 851
_ENCRYPTION_ENDED = 24579
OBSERVATIONS = {
    "encryption": op.volume_encryption(),
    "escrow": op.events(_LOG, (_BEGUN, _REVERTED, _STORED, _NOT_STORED, _NOT_SILENT), None, limit=60, each=15),
    "encryption_ended": op.events("System", (_ENCRYPTION_ENDED,), None, limit=5),
}
_PROTECTED, _UNPROTECTED, _NO_TPM, _SUSPENDED = "protected", "unprotected", "no_tpm", "suspended"
_ENCRYPTING, _PAUSED, _DECRYPTING, _DECRYPTED, _LOCKED = "encrypting", "paused", "decrypting", "decrypted", "locked"
_DECRYPTING_PAUSED = "decrypting_paused"
# GetConversionStatus: 0 decrypted, 1 encrypted, 2 encrypting, 3 decrypting, 4 and 5 the same, paused.
_CONVERSIONS = {0: _DECRYPTED, 2: _ENCRYPTING, 3: _DECRYPTING, 4: _PAUSED, 5: _DECRYPTING_PAUSED}
_ENCRYPTED = 1
_ON, _NOT_KNOWN = 1, 2
_ESCROWED, _FAILED_ESCROW = "stored", "failed"
DOC = "https://learn.microsoft.com/windows/security/operating-system-security/data-protection/bitlocker/"
#: What each state of the system drive means, and what to do; those that are not here are as they should be.
_WRONG = {
    _NO_TPM: (
        "it is encrypted, protection is off, and no protector uses the TPM, so that nothing turns it on",
        "add a TPM protector and turn protection on",
    ),
    _UNPROTECTED: (
        "it is encrypted and protection is off, so that anybody who has the disk can read it",
        "turn protection on; after a restart where it was just encrypted",
    ),
    _DECRYPTED: ("it is not encrypted", "assign a policy that encrypts it, and look why one that is assigned does not"),
    _DECRYPTING: ("it is being decrypted", "look which policy or person wants that"),
    _DECRYPTING_PAUSED: ("its decryption is paused", "look which policy or person wants that, and encrypt it again"),
    _PAUSED: ("its encryption is paused, and goes on when somebody resumes it", "resume it"),
}


def encryption(seen: Seen) -> Section:
    """``{available, volumes, encrypted_at, restart_needed, silent_failure, refused}``."""
    told = Told()
    log = told.of(lambda: seen.events("escrow"))
    volumes = told.of(lambda: [_volume(one, log, told) for one in seen.answer["encryption"]["volumes"]])
    ended = told.of(lambda: _ended(seen, volumes or []))
    booted = seen.state["os"]["last_boot"]
    refused = seen.answer["encryption_ended"].error is not None
    return {
        "available": told.of(lambda: seen.answer["encryption"]["available"]),
        "volumes": volumes,
        "encrypted_at": ended,
        "restart_needed": None if refused or not booted else bool(ended and parse_utc(ended) > parse_utc(booted)),
        "silent_failure": _silent_failure(log or []),
        "refused": told_of(told),
    }


def _volume(volume: dict, log: list[dict] | None, told: Told) -> Section:
    protectors = [_protector(one, log) for one in volume["protectors"]]
    state = _state(volume)
    if state is None:
        told.refused.append(f"{volume['mount_point']} does not say how far it is encrypted")
    if not volume["protectors_known"]:
        told.refused.append(f"{volume['mount_point']} does not say which protectors it has")
    return {
        "mount_point": volume["mount_point"],
        "system": volume["system"],
        "state": state,
        "percentage": volume["percentage"],
        "protected": {0: False, _ON: True}.get(volume["protection"]),
        "suspended_restarts": volume["suspended"] if state == _SUSPENDED else None,
        "protectors": protectors if volume["protectors_known"] else None,
    }


def _state(volume: dict) -> str | None:
    protection, conversion = volume["protection"], volume["conversion"]
    if protection == _NOT_KNOWN:
        # The drive of a Windows that runs is not locked: what it does not say is not known.
        return None if volume["system"] else _LOCKED
    if conversion is None:
        return None
    if conversion != _ENCRYPTED:
        return _CONVERSIONS.get(conversion)
    if protection == _ON:
        return _PROTECTED
    if volume["suspended"]:
        return _SUSPENDED
    if not volume["protectors_known"]:
        return _UNPROTECTED
    uses_tpm = any(one["type"].startswith("Tpm") for one in volume["protectors"])
    return _UNPROTECTED if uses_tpm or not volume["system"] else _NO_TPM


def _protector(protector: dict, log: list[dict] | None) -> Section:
    last = _last_of(protector["id"], log or [])
    stored = last is not None and last["id"] == _STORED
    code = None
    if last is not None and not stored:
        code = next((code for code in map(code_of, last["data"]) if code and not code.startswith("0x0000")), None)
    return {
        "id": protector["id"],
        "type": protector["type"],
        "escrow": None if last is None else _ESCROWED if stored else _FAILED_ESCROW,
        "at": last and utc(parse_utc(last["utc"])),
        "code": code,
    }


def _last_of(protector_id: str, log: list[dict]) -> dict | None:
    wanted = protector_id.strip("{}").lower()
    told = (
        event
        for event in sorted(log, key=lambda one: -one["record"])
        if event["id"] in (_STORED, _NOT_STORED) and any(wanted in field.lower() for field in event["data"])
    )
    return next(told, None)


def _silent_failure(log: list[dict]) -> str | None:
    for event in sorted(log, key=lambda one: -one["record"]):
        if event["id"] == _BEGUN:
            return None
        if event["id"] == _NOT_SILENT:
            return next((code for code in map(code_of, event["data"]) if code), None)
    return None


def _ended(seen: Seen, volumes: list[Section]) -> str | None:
    """When the encryption of the system drive ended last."""
    drives = [volume["mount_point"].lower() for volume in volumes if volume["system"]]
    for event in seen.events("encryption_ended"):
        if "bitlocker" in event["provider"].lower() and any(
            field.lower().strip("\\") in drives for field in event["data"]
        ):
            return utc(parse_utc(event["utc"]))
    return None


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    yield _drive(section)
    yield _escrow(section, seen)


def _system_drive(section: Section) -> Section | None:
    return next((volume for volume in section["volumes"] or () if volume["system"]), None)


def _drive(section: Section) -> Finding:
    drive, available = _system_drive(section), section["available"]
    if available is None or section["volumes"] is None or (drive and drive["state"] is None):
        return unknown("encryption", section)
    if not available:
        return warned("encryption", "no BitLocker", "this Windows has no BitLocker", "look at its edition", doc=DOC)
    if drive is None:
        return unknown("encryption", section, "no volume says that Windows is on it")
    state, shown = drive["state"], f"{drive['mount_point']} is {drive['state']}"
    evidence = [{"mount_point": drive["mount_point"], "state": state, "percentage": drive["percentage"]}]
    if state == _PROTECTED and section["restart_needed"] is None:
        return unknown("encryption", section, None if section["refused"] else "the last start could not be read")
    if state == _PROTECTED and section["restart_needed"]:
        return warned(
            "encryption",
            f"{shown}, since {section['encrypted_at']}, which is after the last start",
            "Intune takes the encryption from what Windows attests at its start: compliance waits for a restart",
            "restart the device",
            doc=DOC,
            evidence=[*evidence, {"encrypted_at": section["encrypted_at"]}],
        )
    if state == _PROTECTED:
        return passed("encryption", shown)
    if state == _ENCRYPTING:
        shown += "" if drive["percentage"] is None else f", {drive['percentage']} %"
        return warned("encryption", shown, "its encryption has not ended", "wait for it", doc=DOC, evidence=evidence)
    if state == _SUSPENDED:
        count = drive["suspended_restarts"]
        return warned(
            "encryption",
            f"{shown} for {count} restarts",
            f"protection is suspended, and comes back after {count} restarts",
            "restart the device, or resume the protection",
            doc=DOC,
            evidence=[*evidence, {"suspended_restarts": count}],
        )
    cause, fix = _WRONG[state]
    if state == _DECRYPTED and section["silent_failure"]:
        said = explained(section["silent_failure"])
        cause += f": Intune could not begin it silently, {section['silent_failure']}"
        fix = said["fix"] or fix
    return failed("encryption", shown, cause, fix, doc=DOC, evidence=evidence)


def _escrow(section: Section, seen: Seen) -> Finding:
    drive = _system_drive(section)
    if section["volumes"] is None or (drive is None and section["available"]):
        return unknown("escrow", section)
    if drive is not None and drive["protectors"] is None:
        return unknown("escrow", section)
    passwords = [one for one in (drive or {}).get("protectors", ()) if one["type"] == "RecoveryPassword"]
    if not passwords and drive is not None and drive["state"] in (_PROTECTED, _SUSPENDED):
        return warned(
            "escrow",
            "no recovery password",
            "the system drive is encrypted and has no recovery password: where the TPM does not open it, nobody can",
            "add one and store it (Add-BitLockerKeyProtector, BackupToAAD-BitLockerKeyProtector)",
            doc=DOC,
            evidence=drive["protectors"],
        )
    if not passwords:
        return passed("escrow", "the system drive has no recovery password, and needs none")
    lost = [one for one in passwords if one["escrow"] == _FAILED_ESCROW]
    stored = [one for one in passwords if one["escrow"] == _ESCROWED]
    silent = [one for one in passwords if one["escrow"] is None]
    if lost:
        code = lost[0]["code"]
        said = explained(code)
        # Each of the recovery passwords of a drive opens it.
        return (warned if stored else failed)(
            "escrow",
            f"{lost[0]['id']} could not be stored at {lost[0]['at']}",
            f"the recovery password {lost[0]['id']} could not be stored in Entra"
            + (f": {code}, {said['cause']}" if code else "")
            + (f"; {stored[0]['id']}, which opens the drive as well, was stored" if stored else ""),
            said["fix"] or "let the device reach Entra, and store it again (BackupToAAD-BitLockerKeyProtector)",
            doc=DOC,
            evidence=lost,
        )
    if silent:
        refused = known(lambda: seen.events("escrow")) is None
        cause = None if refused else f"no event says whether the recovery password {silent[0]['id']} was stored"
        fix = "look in the tenant for a key with this id"
        return finding("escrow", UNKNOWN, "unknown", cause or section["refused"][0], fix, DOC, silent)
    return passed("escrow", f"{len(passwords)} recovery passwords are stored")
