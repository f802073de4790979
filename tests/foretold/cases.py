# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases: every module that changes a device, with its default options and with each option that may matter."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.lab import scenario
from tests.lab.device.dump import dump
from tests.lab.device.wire import utc_text
from tests.unit.device.played import LIBRARY, Played

from .story import Case

INTUNE = "MS DM Server"
#: A package without a join, beside those of the library, and the mark for the one that joins the kind of device.
SITE, JOINS = "site", "its own"
WORLD = {"packages": {SITE: {"title": "Contoso site", "token": "none", "security_key": True}}}
THERE, NOT_THERE = r"C:\Users\Public\join.ppkg", r"C:\Users\Public\nothing.ppkg"
#: Marks for what only the device of a case knows.
ITS_TENANT, ITS_DEVICE_ID, ITS_ENROLLMENT = "its tenant", "its device id", "its enrollment"
ITS_SERIAL, ITS_UUID, ITS_TIME = "its serial number", "its SMBIOS UUID", "its time"
ANOTHER_ID = "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"

Options = dict[str, t.Any]

#: By module: the options of each case, beside those that the device's scenario asks for (join) or the package (ppkg).
VARIANTS: dict[str, dict[str, Options]] = {
    "join": {
        "defaults": {},
        "expect_mdm": {"expect_mdm": True},
        "without expect_mdm": {"expect_mdm": False},
        "reboot": {"reboot": True},
        "keep_copy": {"keep_copy": True},
        "apply_again: false": {"apply_again": False},
        "remove_package": {"remove_package": True},
        "on_failure: keep": {"on_failure": "keep"},
        "path": {"path": THERE},
        "path, reboot": {"path": THERE, "reboot": True},
        "path that is not there": {"path": NOT_THERE},
        "url": {"url": f"{scenario.WEB}{{label}}.ppkg"},
        "url that is not there": {"url": f"{scenario.WEB}gone.ppkg"},
        "package of another tenant": {"src": "other_tenant"},
        "method: azure_vm": {"method": "azure_vm"},
        "mdm_id": {"method": "azure_vm", "mdm_id": "0000000a-0000-0000-c000-000000000000"},
        "method: provisioning_package": {"method": "provisioning_package", "src": "fleet"},
        "another tenant_id": {"tenant_id": ANOTHER_ID},
    },
    "ppkg": {
        "a package that joins": {"src": JOINS},
        "a package that joins, force": {"src": JOINS, "force": True},
        "a package that joins, apply_again: false": {"src": JOINS, "apply_again": False},
        "a package that joins, state: absent": {"src": JOINS, "state": "absent"},
        "defaults": {},
        "force": {"force": True},
        "keep_copy": {"keep_copy": True},
        "apply_again: false": {"apply_again": False},
        "force, apply_again: false": {"force": True, "apply_again": False},
        "path": {"path": THERE},
        "path that is not there": {"path": NOT_THERE},
        "url": {"url": f"{scenario.WEB}{{label}}.ppkg"},
        "url that is not there": {"url": f"{scenario.WEB}gone.ppkg"},
        "state: absent": {"state": "absent"},
        "state: absent by package_id": {"state": "absent", "src": None},
    },
    "disconnect": {
        "defaults": {},
        "tenant_id": {"tenant_id": ITS_TENANT},
        "another tenant_id": {"tenant_id": ANOTHER_ID},
        "device_id": {"device_id": ITS_DEVICE_ID},
        "another device_id": {"device_id": ANOTHER_ID},
        "remove_mdm": {"remove_mdm": True},
        "mdm_provider": {"remove_mdm": True, "mdm_provider": "AirWatchMDM"},
        "mdm_enrollment_id": {"remove_mdm": True, "mdm_enrollment_id": ITS_ENROLLMENT},
        "stop_hybrid_autojoin": {"stop_hybrid_autojoin": True},
        "allow_account_loss": {"allow_account_loss": True},
        "reboot": {"reboot": True},
        "everything": {
            "remove_mdm": True,
            "stop_hybrid_autojoin": True,
            "allow_account_loss": True,
            "reboot": True,
        },
    },
    "mdm": {
        "defaults": {},
        "credential: device": {"credential": "device"},
        "provider": {"provider": "AirWatchMDM"},
        "state: absent": {"state": "absent"},
        "state: absent, provider": {"state": "absent", "provider": "AirWatchMDM"},
        "state: absent, enrollment_id": {"state": "absent", "enrollment_id": ITS_ENROLLMENT},
        "state: absent, allow_account_loss": {"state": "absent", "allow_account_loss": True},
    },
    "device_reset": {
        "defaults": {},
        "confirm_uuid": {"confirm_serial_number": None, "confirm_uuid": ITS_UUID},
        "another serial number": {"confirm_serial_number": "PF000001"},
        "keep: user_data": {"keep": "user_data"},
        "protected": {"protected": True},
        "require_profile: false": {"require_profile": False, "profile_assigned": None, "deployment_mode": None},
        "profile_assigned: false": {"profile_assigned": False},
        "deployment_mode: self_deploying": {"deployment_mode": "self_deploying"},
        "unblocked": {"deployment_mode": "self_deploying", "unblocked": True},
        "recovery_keys_recorded": {"recovery_keys_recorded": True},
        "allow_battery": {"allow_battery": True},
        "installed since": {"unless_installed_after": "2000-01-01T00:00:00Z"},
        "wait: false": {"wait": False},
    },
}
#: The time that the run has: enough for the engine's own attempts, as by default.
WAITS: dict[str, Options] = {
    "join": {"timeout": 1800, "poll_interval": 10},
    "ppkg": {"timeout": 900, "poll_interval": 5},
    "disconnect": {"timeout": 1800, "poll_interval": 5},
    "mdm": {"timeout": 600, "poll_interval": 5},
    "device_reset": {
        "timeout": 1800,
        "poll_interval": 5,
        "gone_after": 60,
        "confirm_serial_number": ITS_SERIAL,
        "profile_assigned": True,
        "deployment_mode": "user_driven",
        "unless_installed_after": ITS_TIME,
    },
}


def cases(module: str) -> list[Case]:
    """Every kind with every variant of a module."""
    return [Case(module, variant, kind) for variant in VARIANTS[module] for kind in LIBRARY]


#: Work of an earlier run that goes on, or is over, while check mode looks: by module, variant and kind.
CUT_OFF = (
    ("join", "defaults", "slow_cmdlet"),
    ("join", "reboot", "pending_reboot"),
    ("join", "path", "applied_before"),
    ("join", "defaults", "late_join"),
    ("join", "defaults", "azure_vm_mdm"),
    ("join", "remove_package", "unjoined_pro"),
    ("ppkg", "defaults", "slow_cmdlet"),
    ("ppkg", "a package that joins, state: absent", "already_installed"),
    ("disconnect", "everything", "joined_slow_leave"),
    ("disconnect", "everything", "joined_unregistration_hangs"),
    ("disconnect", "everything", "hybrid"),
    ("mdm", "defaults", "joined_user_signed_in"),
    ("mdm", "state: absent", "joined"),
)
FIRST_CUT, LAST_CUT = 2, 8


def cut_off() -> list[Case]:
    """Runs after one that was cut off, at each of its first exchanges but the look."""
    return [Case(*work, cut) for work in CUT_OFF for cut in range(FIRST_CUT, LAST_CUT + 1)]


def options(case: Case, played: Played) -> Options:
    """What the task is given, and what of it lies on the device by then."""
    given = dict(WAITS[case.module])
    tenant = played.lab.world.tenant.id
    if case.module == "join":
        given |= {"tenant_id": tenant} | _of_scenario(played)
    if case.module in ("join", "ppkg"):
        default = JOINS if case.module == "join" else SITE
        return _package(given | VARIANTS[case.module][case.variant], played, default)
    given |= VARIANTS[case.module][case.variant]
    return {name: _of_device(played, value) for name, value in given.items()}


def _of_scenario(played: Played) -> Options:
    found = {name.removeprefix("join_"): value for name, value in played.device.variables.items()}
    names = ("method", "reboot", "expect_mdm", "mdm_id")
    given = {name: found[name] for name in names if name in found}
    return given | ({"src": _label(played)} if given.get("method") != "azure_vm" else {})


def _package(given: Options, played: Played, default: str) -> Options:
    """The package as it is asked for: a file of the controller, of the device, or of a server."""
    label = given.get("src") or default
    label = _label(played) if label == JOINS else label
    if given.get("method") == "azure_vm":
        return {name: value for name, value in given.items() if name != "src"}
    package = played.package(label)
    package_id = package.id.strip("{}")
    if given.get("path"):
        played.device.files.write(THERE, played.lab.world.packages[label].data)
        given |= {"src": None, "package_id": package_id}
    elif given.get("url"):
        given |= {"url": given["url"].format(label=label), "src": None}
        given |= {"package_id": package_id, "checksum": package.sha256}
    elif given.get("src", label) is None:
        given["package_id"] = package_id
    else:
        given["src"] = package.src
    return given


def _label(played: Played) -> str:
    return Path(played.device.variables.get("join_src", "fleet.ppkg")).stem


def _of_device(played: Played, value: t.Any) -> t.Any:
    """What a mark stands for on this device."""
    device = played.device
    of_device = {ITS_SERIAL: device.hardware.serial, ITS_UUID: device.hardware_uuid, ITS_TIME: utc_text(device.utc())}
    if value in of_device:
        return of_device[value]
    if value not in (ITS_TENANT, ITS_DEVICE_ID, ITS_ENROLLMENT):
        return value
    state = dump(played.device)
    if value == ITS_ENROLLMENT:
        own = [item["id"] for item in state["enrollments"] if item["provider"] == INTUNE]
        return (own or [ANOTHER_ID])[0].strip("{}").lower()
    field = "tenant_id" if value == ITS_TENANT else "device_id"
    return state["join"][field] or ANOTHER_ID
