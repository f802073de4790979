# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted device that can be reset: it goes, and comes back as another installation, or as the old one, or never."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure

from . import scripted
from .leavers import Leaver

SERIAL, UUID = "PF3K9Z1A", "4C4C4544-0033-4B10-8039-B2C04F5A3141"
INSTALLED, NEW = "2026-03-02T08:11:40.000Z", "2026-11-21T09:00:00.000Z"
PROFILE = r"SOFTWARE\Microsoft\Provisioning\Diagnostics\AutoPilot"
OFFSET = 188570664960
ENABLED = (
    "<?xml version='1.0' encoding='utf-8'?>\r\n\r\n<WindowsRE version=\"2.0\">\r\n"
    '  <WinreLocation path="\\Recovery\\WindowsRE" id="0" offset="188570664960" guid="{1cb3eeb3}"/>\r\n'
    '  <InstallState state="1"/>\r\n</WindowsRE>'
)
DISABLED = ENABLED.replace('state="1"', 'state="0"').replace(str(OFFSET), "0").replace("\\Recovery\\WindowsRE", "")


class Resetter(Leaver):
    """``returns``: what the method returns. ``looks_until_gone``: how often it answers after that, None for ever;
    ``comes_back``: ``new``, ``old`` or ``never``, after ``silent_looks`` that nobody answers. ``lost_starts``: so many
    exchanges that start the job are done, and their answer is lost; ``unheard_starts``: are not done at all."""

    def __init__(self, joined: bool = True) -> None:
        super().__init__(joined)
        self.serial: str | None = SERIAL
        self.uuid: str | None = UUID
        self.installed: str | None = INSTALLED
        self.recovery: dict = {"settings": ENABLED, "image": False}
        self.offsets: list[int] | None = [1048576, OFFSET]
        self.battery: list[dict] | None = [{"BatteryStatus": 2}]
        self.returns: int | None = 0
        self.looks_until_gone: int | None = 1
        self.comes_back = "never"
        self.silent_looks = 5
        self.lost_starts = self.unheard_starts = 0
        self.wipes: list[dict] = []
        self.going = self.gone = False
        self.handlers |= {"recovery_environment": lambda _p: self.recovery, "remote_wipe": self._wipe}

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        if self.gone:
            self._be_silent()
        starts = any(operation["op"] == "job_start" for operation in scripted.request_of(data)["ops"])
        if starts and self.unheard_starts:
            self.unheard_starts -= 1
            raise AnsibleConnectionFailure("the network is gone")
        answer = super().execute(script, data)
        if starts and self.lost_starts:
            self.lost_starts -= 1
            raise AnsibleConnectionFailure("the network is gone")
        if self.going and self.looks_until_gone is not None:
            self.looks_until_gone -= 1
            self.gone = self.looks_until_gone < 0
        return answer

    def _be_silent(self) -> None:
        self.silent_looks -= 1
        if self.silent_looks >= 0 or self.comes_back == "never":
            raise AnsibleConnectionFailure("No route to host")
        self.gone = self.going = False
        self.boots.append("2026-11-21T09:10:00.000Z")
        if self.comes_back == "new":
            self.installed, self.jobs, self.tree = NEW, {}, scripted.fresh_registry()

    def _wipe(self, params: dict) -> dict:
        self.wipes.append(params)
        self.going = self.returns == 0
        return {"return_value": self.returns}

    def _cim(self, params: dict) -> dict:
        own = {
            "Win32_BIOS": [{"SerialNumber": self.serial}],
            "Win32_ComputerSystemProduct": [{"UUID": self.uuid}],
            "Win32_Battery": self.battery,
            "MSFT_Partition": None if self.offsets is None else [{"Offset": offset} for offset in self.offsets],
        }
        if params["class"] in own:
            if own[params["class"]] is None:
                raise scripted.OperationError("Microsoft.Management.Infrastructure.CimException", "no", -2147217392)
            return {"instances": own[params["class"]]}
        found = super()._cim(params)["instances"][0]
        return {"instances": [found | {"InstallDate": self.installed}]}
