# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device says of its firmware, its TPM and its hardware hash: one exchange.

The hash comes from the bridge to the configuration service providers (Microsoft, "Get-WindowsAutopilotInfo" and "Using
PowerShell scripting with the WMI Bridge Provider", which asks for SYSTEM where a setting is of the device).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...untrusted import in_one_line
from .. import answers
from .. import operations as op
from ..answers import Result
from ..reading import Names, Refused
from ..session import DeviceSession

HASH_CLASS = "MDM_DevDetail_Ext01"
AS_SYSTEM, AS_CALLER = "SYSTEM", "caller"
QUESTIONS = {
    "hash": op.cim_query(HASH_CLASS, ("InstanceID", "ParentID", "DeviceHardwareData"), "root/cimv2/mdm/dmmap")
    | {"filter": "InstanceID='Ext' AND ParentID='./DevDetail'"},
    "bios": op.cim_query("Win32_BIOS", ("SerialNumber",)),
    "computer": op.cim_query("Win32_ComputerSystem", ("Manufacturer", "Model")),
    "product": op.cim_query("Win32_ComputerSystemProduct", ("UUID",)),
    "tpm": op.cim_query(
        "Win32_Tpm",
        ("SpecVersion", "IsEnabled_InitialValue", "IsActivated_InitialValue"),
        "root/cimv2/security/microsofttpm",
    ),
}
LONGEST_OF_FIRMWARE = 128
#: As Microsoft and the makers of hypervisors name them: how the maker begins, and how the model does.
HYPERVISORS = (
    ("microsoft corporation", "virtual machine"),
    ("vmware", ""),
    ("innotek", ""),
    ("oracle", "virtualbox"),
    ("qemu", ""),
    ("red hat", "kvm"),
    ("xen", ""),
    ("parallels", ""),
    ("nutanix", ""),
    ("amazon ec2", ""),
    ("google", "google compute engine"),
)


def observations(check_mode: bool, seconds: int) -> dict[str, dict]:
    """All that is asked, as SYSTEM, or in check mode, which starts no task, as the caller."""
    return dict(QUESTIONS) if check_mode else {"probe": op.system_probe(list(QUESTIONS.values()), seconds)}


def ask(session: DeviceSession, check_mode: bool, seconds: int) -> Firmware:
    """Raises as DeviceSession.run() does; what the device refuses is in the Firmware."""
    answer = session.run(observations(check_mode, seconds))
    if check_mode:
        return Firmware({name: answer[name] for name in QUESTIONS}, AS_CALLER)
    return Firmware(_of_probe(answer["probe"], seconds), AS_SYSTEM)


def _of_probe(probe: Result, seconds: int) -> dict[str, Result]:
    if not probe.ok:
        error = probe.error or answers.NO_ERROR
        told = {**error, "message": f"nothing can run as SYSTEM: {error['message']}"}
        return {name: Result(False, {}, told, answers.subject(asked)) for name, asked in QUESTIONS.items()}
    found = answers.within(probe, list(QUESTIONS.values()))
    late = {"type": "Timeout", "message": f"SYSTEM has not answered within {seconds} s", "hresult": None}
    return {
        name: found[number] if number < len(found) else Result(False, {}, late, answers.subject(asked))
        for number, (name, asked) in enumerate(QUESTIONS.items())
    }


@dataclasses.dataclass(frozen=True)
class Firmware:
    """The answers by name. A reader gives None for what is not there, and raises Unreadable for what was refused."""

    results: dict[str, Result]
    read_as: str

    def hash_text(self) -> str | None:
        """The hash as base64, as Windows gives it."""
        return self.results["hash"].instance().text("DeviceHardwareData")

    def serial_number(self) -> str | None:
        return _plain(self.results["bios"].instance(), "SerialNumber")

    def manufacturer(self) -> str | None:
        return _plain(self.results["computer"].instance(), "Manufacturer")

    def model(self) -> str | None:
        return _plain(self.results["computer"].instance(), "Model")

    def smbios_uuid(self) -> str | None:
        found = _plain(self.results["product"].instance(), "UUID")
        return found.lower() if found else None

    def virtual_machine(self) -> bool:
        """Whether maker and model are those of a hypervisor. A device on which one runs is not virtual."""
        maker, model = ((text or "").lower() for text in (self.manufacturer(), self.model()))
        return any(maker.startswith(one) and model.startswith(other) for one, other in HYPERVISORS)

    def tpm(self) -> Tpm | None:
        chips = self.results["tpm"].instances()
        if not chips:
            return None
        version = (chips[0].text("SpecVersion") or "").split(",", maxsplit=1)[0].strip()
        ready = chips[0].flag("IsEnabled_InitialValue") and chips[0].flag("IsActivated_InitialValue")
        return Tpm(in_one_line(version, LONGEST_OF_FIRMWARE), bool(ready))

    def why_no_hash(self) -> Refused | None:
        """What the device said instead of the hash."""
        result = self.results["hash"]
        return None if result.ok else Refused(result.what, result.error or answers.NO_ERROR)


@dataclasses.dataclass(frozen=True)
class Tpm:
    """``version`` of the specification, such as 2.0; ``ready``: it is enabled and activated."""

    version: str
    ready: bool


def _plain(instance: Names, name: str) -> str | None:
    """As the firmware spells it, the blanks within it too: a corporate identifier is compared with that."""
    text = (instance.text(name) or "").strip()
    if not text.isprintable() or len(text) > LONGEST_OF_FIRMWARE:
        text = in_one_line(text, LONGEST_OF_FIRMWARE)
    return text or None
