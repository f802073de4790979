# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted device with a firmware, a TPM and a hardware hash."""

from __future__ import annotations

from ansible_collections.winops.entra.plugins.plugin_utils.device.autopilot.firmware import HASH_CLASS
from tests.lab import hardware_hash as lab

from .scripted import OperationError, ScriptedDevice


class Firm(ScriptedDevice):
    """A device with a firmware; ``cim``: instances by class, or what the class raises."""

    def __init__(self, text: str | None = None, serial: str = "PF1", **cim) -> None:
        super().__init__()
        self.cim = {
            HASH_CLASS: [{"InstanceID": "Ext", "DeviceHardwareData": lab.make(serial) if text is None else text}],
            "Win32_BIOS": [{"SerialNumber": serial}],
            "Win32_ComputerSystem": [{"Manufacturer": "LENOVO", "Model": "21HM"}],
            "Win32_ComputerSystemProduct": [{"UUID": "00000000-0000-0000-0000-000000000001"}],
            "Win32_Tpm": [
                {
                    "SpecVersion": "2.0, 0, 1.59",
                    **dict.fromkeys(("IsEnabled_InitialValue", "IsActivated_InitialValue"), True),
                }
            ],
        } | cim
        self.handlers |= {"cim_query": self._query, "system_probe": self._probe}

    def _query(self, asked: dict) -> dict:
        found = self.cim[asked["class"]]
        if isinstance(found, OperationError):
            raise found
        return {"instances": found}

    def _probe(self, asked: dict) -> dict:
        return {"answer": {"results": [self._do(dict(one)) for one in asked["ops"]]}}
