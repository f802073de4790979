# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a device's hardware hash can be registered, and whether the device fits the deployment mode: findings.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ...autopilot import serials
from ...autopilot.hardware_hash import HardwareHash, HashError, decode
from ...findings import Finding
from ..preflight.check import Rule
from ..reading import FULL_TOKEN, Unreadable
from .firmware import AS_CALLER, HASH_CLASS, Firmware

USER_DRIVEN = "user_driven"
ADD_DOC = "https://learn.microsoft.com/autopilot/add-devices"
ISSUES_DOC = "https://learn.microsoft.com/autopilot/known-issues"
SELF_DOC = "https://learn.microsoft.com/autopilot/self-deploying"
# WBEM_E_INVALID_CLASS, WBEM_E_INVALID_NAMESPACE; WBEM_E_FAILED
_MISSING, _GENERAL = (0x80041010, 0x8004100E), 0x80041001
_HARVEST_AGAIN = "restart the device and read the hash again; if it stays so, use the vendor's firmware update"


@dataclasses.dataclass(frozen=True)
class Look:
    """What the checks look at. ``decoded`` is None where there is no whole hash; ``problem`` then says why, where one
    was read."""

    firmware: Firmware
    mode: str
    decoded: HardwareHash | None
    problem: HashError | None

    @property
    def needs_attestation(self) -> bool:
        """Self-deploying and pre-provisioned devices prove by their TPM who they are."""
        return self.mode != USER_DRIVEN


def look_at(firmware: Firmware, mode: str) -> Look:
    try:
        return Look(firmware, mode, decode(firmware.hash_text() or ""), None)
    except HashError as exc:
        return Look(firmware, mode, None, exc)
    except Unreadable:
        return Look(firmware, mode, None, None)


def findings(look: Look) -> list[Finding]:
    """One of each check, in their order; unknown where what it looks at was refused. What is in the hash is looked at
    only where it is whole: the finding hash says it all otherwise."""
    found = []
    for name, check in FITNESS_CHECKS.items():
        if name in OF_WHOLE_HASHES and look.decoded is None:
            continue
        try:
            found.append(check(look))
        except Unreadable as exc:
            found.append(Rule(name, EXPECTED[name]).unknown(str(exc), _allowed(look)))
    return found


def _allowed(look: Look) -> str:
    if look.firmware.read_as == AS_CALLER:
        return f"run without check mode, which reads as SYSTEM, or {FULL_TOKEN}"
    return FULL_TOKEN


def hash_is_whole(look: Look) -> Finding:
    rule = Rule("hash", EXPECTED["hash"], ADD_DOC)
    refused = look.firmware.why_no_hash()
    if refused is not None:
        return _unread(rule, refused, look)
    if look.decoded is not None:
        return rule.passed(f"{look.decoded.size} bytes, the checksum is right")
    look.firmware.hash_text()  # of another type: unreadable
    problem = look.problem
    if problem is None or problem.name == "empty":
        return rule.failed("none", "Windows gave no hash", "restart the device and read the hash again")
    return rule.failed(str(problem), f"the hash cannot be registered: {problem}", _HARVEST_AGAIN)


def _unread(rule: Rule, refused: Unreadable, look: Look) -> Finding:
    error = refused.error
    code = error["hresult"] & 0xFFFFFFFF if error["hresult"] is not None else None
    if code in _MISSING:
        return rule.failed(
            f"there is no class {HASH_CLASS}",
            f"this Windows does not have the class {HASH_CLASS}, as in audit mode",
            "leave audit mode; on Windows Server there is no Autopilot",
        )
    if code == _GENERAL or (code is None and error["type"].endswith("CimException")):
        return dataclasses.replace(
            rule.failed(
                "general error",
                f"the class {HASH_CLASS} ends in a general error (MI RESULT 1), as after the update KB5013942",
                "install KB5015020 or a later cumulative update, and restart",
            ),
            doc=ISSUES_DOC,
        )
    return rule.unknown(str(refused), _allowed(look))


def hash_has_serial(look: Look) -> Finding:
    rule = Rule("hash_serial", EXPECTED["hash_serial"], ADD_DOC)
    inside, serial = look.decoded.serial_number if look.decoded else "", look.firmware.serial_number()
    if not inside:
        return rule.failed(
            "none",
            "there is no serial number in the hash, as in the short one of a virtual machine without a serial number",
            "give the virtual machine a serial number, and read the hash again",
        )
    if serial is not None and serials.key(serial) == serials.key(inside):
        return rule.passed(inside)
    return rule.failed(
        f"{inside} in the hash, {serial or 'none'} in the firmware",
        "the hash and the firmware name two devices, as after the replacement of a mainboard",
        _HARVEST_AGAIN,
    )


def hash_has_model(look: Look) -> Finding:
    rule = Rule("hash_model", EXPECTED["hash_model"])
    inside = (look.decoded.manufacturer, look.decoded.model) if look.decoded else ("", "")
    outside = (look.firmware.manufacturer() or "", look.firmware.model() or "")
    if [serials.key(text) for text in inside] == [serials.key(text) for text in outside]:
        return rule.passed(" ".join(inside))
    return rule.warned(
        f"{' '.join(inside) or 'none'} in the hash, {' '.join(outside) or 'none'} in the firmware",
        "Windows Autopilot will show the device under another manufacturer or model, which rules of groups may use",
        _HARVEST_AGAIN,
    )


def has_own_serial(look: Look) -> Finding:
    rule = Rule("serial_number", EXPECTED["serial_number"], ADD_DOC)
    serial = look.firmware.serial_number()
    if not serials.is_placeholder(serial):
        return rule.passed(serial or "")
    return rule.failed(
        serial or "none",
        "many devices have this serial number, so the registration of this one cannot be told apart from others",
        "have the manufacturer's tool write a serial number into the firmware",
    )


def tpm(look: Look) -> Finding:
    rule = Rule("tpm", "TPM 2.0 with attestation" if look.needs_attestation else EXPECTED["tpm"], SELF_DOC)
    if not look.needs_attestation:
        return rule.passed(_tpm_if_known(look))
    fix = "switch the TPM on, and to 2.0, in the firmware, and read the hash again; or use a user-driven profile"
    chip = look.firmware.tpm()
    if chip is None:
        return rule.failed("none", "this deployment mode proves the device by its TPM, and there is none", fix)
    observed = f"TPM {chip.version}"
    if not chip.version.startswith("2"):
        return rule.failed(observed, "a TPM older than 2.0 cannot prove the device", fix)
    if not chip.ready:
        return rule.failed(f"{observed}, not ready", "a TPM that is switched off cannot prove the device", fix)
    if look.decoded is None:
        return rule.unknown(
            "there is no whole hash, in which the TPM's endorsement key would be", "see the finding hash"
        )
    if look.decoded.ek is None:
        return rule.failed(
            f"{observed}, no endorsement key in the hash",
            "the hash does not name the TPM's endorsement key, by which the tenant knows the device",
            "clear or update the TPM, restart, and read the hash again",
        )
    return rule.passed(f"{observed}, its endorsement key is in the hash")


def _tpm_if_known(look: Look) -> str:
    try:
        chip = look.firmware.tpm()
    except Unreadable:
        return "unknown, and not needed"
    return f"TPM {chip.version}" if chip else "none, and not needed"


def is_physical(look: Look) -> Finding:
    rule = Rule("virtual_machine", EXPECTED["virtual_machine"], SELF_DOC)
    named = " ".join(filter(None, (look.firmware.manufacturer(), look.firmware.model())))
    if not look.firmware.virtual_machine():
        return rule.passed(named or "none")
    if look.needs_attestation:
        return rule.failed(
            named,
            "the TPM of a virtual machine cannot prove the device, which this deployment mode needs",
            "use a physical device, or a user-driven profile",
        )
    return rule.warned(
        named,
        "the device is a virtual machine: a copy of it has the same identity",
        "use it for tests only, and register no copies",
    )


EXPECTED = {
    "hash": "a whole hardware hash whose checksum is right",
    "hash_serial": "the serial number of the firmware in the hash",
    "hash_model": "manufacturer and model of the firmware in the hash",
    "serial_number": "a serial number that only this device has",
    "tpm": "any TPM, or none",
    "virtual_machine": "a physical device",
}
FITNESS_CHECKS: dict[str, Callable[[Look], Finding]] = {
    "hash": hash_is_whole,
    "hash_serial": hash_has_serial,
    "hash_model": hash_has_model,
    "serial_number": has_own_serial,
    "tpm": tpm,
    "virtual_machine": is_physical,
}
OF_WHOLE_HASHES = ("hash_serial", "hash_model")
