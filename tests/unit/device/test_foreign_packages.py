# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of Windows and of makers are on every PC, and what becomes of them explains no join."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import signed

from . import scripted
from .played import Played
from .scripted import key
from .test_diagnosis import LOGS, RESULTS, Troubled

LOG = next(log for log in LOGS if "Provisioning-Diagnostics" in log)
NOT_HELD = str(signed(0xC0000061))
REFUSED = str(signed(0x801C03EF))
SETTING = "MCSF/Power/Controls/Settings/Processor"


def tried(device: Troubled, name: str, code: str = NOT_HELD, setting: str = SETTING) -> None:
    """The engine tries a package, and one of its settings fails."""
    device.log(LOG, 12, f"{setting}/{{id}}", code, setting, setting)
    device.log(LOG, 22, name, code)


@pytest.mark.parametrize("name", ["AMD.Power.Processor", "Power.Settings.Sleep", "Surface.Family"])
def test_a_package_of_windows_or_of_a_maker_that_fails_is_no_finding(name):
    device = Troubled()
    tried(device, name)
    # A whole run of the engine ends with what became of any package.
    device.log(LOG, 32, NOT_HELD)
    device.log(LOG, 72, NOT_HELD)
    assert device.findings() == []


def test_another_package_that_fails_so_is_a_finding():
    device = Troubled()
    tried(device, "Contoso power")
    assert [finding["code"] for finding in device.findings()] == ["0xc0000061"]


@pytest.mark.parametrize("order", [1, -1])
def test_among_them_the_failure_of_ours_is_found(order):
    device = Troubled()
    for name, code in [("AMD.Power.Processor", NOT_HELD), ("Fleet join", REFUSED)][::order]:
        tried(device, name, code, SETTING if code == NOT_HELD else "AADJ/Authority")
    device.log(LOG, 32, REFUSED)
    device.log(LOG, 72, NOT_HELD)
    [finding] = device.findings()
    assert finding["code"] == "0x801c03ef" and len(finding["evidence"]) == 3


def test_a_join_that_is_called_like_a_makers_package_stays_a_clue():
    device = Troubled()
    tried(device, "Surface_join", REFUSED, "AADJ/BPRT")
    assert [finding["code"] for finding in device.findings()] == ["0x801c03ef"]


def test_a_setting_whose_package_is_not_told_yet_is_a_clue():
    device = Troubled()
    tried(device, "AMD.Power.Processor")
    device.log(LOG, 12, "AADJ/Authority/{id}", REFUSED, "AADJ/Authority", "AADJ")
    assert [finding["code"] for finding in device.findings()] == ["0x801c03ef"]


def recorded(device: Troubled, setting: str, file_name: str, listed: str | None = None) -> None:
    """What the engine has recorded of a package; ``listed``: under which name it lists it."""
    area = setting.split("/", maxsplit=1)[0]
    failed = key({"LastResult": int(REFUSED) & 0xFFFFFFFF, "FailingNodePath": setting})
    result = key({"PackageFileName": file_name}, DeviceContext=key({}, **{area: key({}, **{"0.provxml": failed})}))
    device.registry[RESULTS] = key({}, **{"{" + scripted.PACKAGE.upper() + "}": result})
    if listed:
        item = {"id": scripted.PACKAGE, "name": listed, "version": "1.0", "path": file_name, "installed": True}
        device.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [item]}


@pytest.mark.parametrize(
    ("setting", "file_name", "listed", "found"),
    [
        (SETTING, r"C:\ProgramData\Microsoft\Provisioning\x.ppkg", "Intel.Power.Settings", False),
        (SETTING, "AMD.Power.Processor.ppkg", None, False),
        (SETTING, r"C:\Windows\Provisioning\Packages\anything.ppkg", None, False),
        ("AADJ/BPRT", r"C:\Windows\Provisioning\Packages\anything.ppkg", None, True),
        ("AADJ/BPRT", "AMD.Power.Processor.ppkg", "AMD.Power.Processor", True),
        (SETTING, "x.ppkg", "Contoso power", True),
        (SETTING, "x.ppkg", None, True),
    ],
)
def test_what_the_engine_recorded_of_them_is_no_finding(setting, file_name, listed, found):
    device = Troubled()
    recorded(device, setting, file_name, listed)
    assert [finding["code"] for finding in device.findings()] == (["0x801c03ef"] if found else [])


@pytest.mark.parametrize("kind", ["unjoined_pro", "joined", "joined_state_6"])
def test_a_healthy_device_of_the_lab_whose_makers_package_fails_has_no_finding(tmp_path, kind):
    with Played(tmp_path, kind) as played:
        played.let_pass(120)
        assert [event for event in played.device.events.read(LOG) if event.id == 22]
        assert played.diagnose() == []
