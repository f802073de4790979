# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module device_link_info: whether a device can be associated, and its DeviceLink.

Sources: Microsoft, "Device association requirements" (builds, TPM 2.0, no virtual machines) and "Device association"
(``MdmDiagnosticsTool.exe -area Autopilot -cab``, and the CSV file in the cabinet).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from ...autopilot import device_link, serials
from ...findings import FAIL, Finding, require_known, summary, verdict
from ...progress import Deadline
from ...task import Task
from .. import jobs
from .. import operations as op
from ..answers import Answer, Result, within
from ..preflight.check import Rule
from ..reading import Unreadable, facts_of
from ..waiting import Waiter
from . import association
from .firmware import AS_CALLER, QUESTIONS, Firmware

DOC = "https://learn.microsoft.com/autopilot/device-preparation/device-association/requirements"
VERSION_KEY = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
JOB = jobs.job_id("device_link", "device")
#: The least revision of each build; later builds have it from the start.
REVISIONS = {26100: 9278, 26200: 9278}
#: What the start of a job and the reading of its answer may take beside the tool.
MORE_SECONDS = 60
NEEDED = (*(name for name in QUESTIONS if name != "hash"),)
EXPECTED_OF_LINK = {
    "build": "26100.9278, 26200.9278, or later",
    "virtual_machine": "a physical device",
    "tpm": "TPM 2.0, enabled and activated",
    "serial_number": "a serial number that only this device has",
    "device_link": "a DeviceLink of this device",
}


def harvest(task: Task) -> dict:
    """The DeviceLink and the findings. Failure where there is one that ``fail_on`` names."""
    require_known(task.args["fail_on"], tuple(EXPECTED_OF_LINK))
    job = op.job_status(JOB)
    version = op.registry_read(VERSION_KEY, names=("CurrentBuild", "UBR"))
    asked = {"version": version, "job": job, **association.OBSERVATIONS}
    look = task.session.run({**asked, **{name: QUESTIONS[name] for name in NEEDED}})
    firmware = Firmware({name: look[name] for name in NEEDED}, AS_CALLER)
    found = [_known(name, check, look, firmware) for name, check in LINK_CHECKS.items()]
    link = None
    if not any(one.result == FAIL and one.id in NECESSARY for one in found):
        finding, link = _link(task, look, firmware)
        found.append(finding)
    known = facts_of(
        {
            "manufacturer": firmware.manufacturer,
            "model": firmware.model,
            "serial_number": firmware.serial_number,
            "association_hints": lambda: association.told_tenants(look),
        }
    )
    task.learned |= {
        "device_link": link
        and {"serial_number": link.serial_number, "smbios_uuid": link.smbios_uuid, "device_link": link.data},
        "identifier": {name: known[name] for name in ("manufacturer", "model", "serial_number")},
        "link_id": link.link_id if link else None,
        "firmware_mark": None,
        "association_hints": known["association_hints"],
        "findings": [one.as_dict() for one in found],
        "summary": summary(found),
    }
    failure = verdict(found, task.args["fail_on"], "the device cannot be associated", "association")
    if failure:
        raise failure
    return {}


def _known(name: str, check: t.Callable[[Answer, Firmware], Finding], look: Answer, firmware: Firmware) -> Finding:
    try:
        return check(look, firmware)
    except Unreadable as exc:
        return _rule(name).unknown(str(exc))


def _rule(name: str) -> Rule:
    return Rule(name, EXPECTED_OF_LINK[name], DOC)


# --- whether it can be ---


def _build(look: Answer, _firmware: Firmware) -> Finding:
    key, rule = look["version"].key(), _rule("build")
    build, revision = key.text("CurrentBuild") or "", key.number("UBR")
    if not build.isdecimal() or revision is None:
        return rule.unknown("Windows does not say its build")
    said, number = f"{build}.{revision}", int(build)
    if number > max(REVISIONS) or revision >= REVISIONS.get(number, 2**32):
        return rule.passed(said)
    if number in REVISIONS:
        return rule.failed(said, "this Windows has no device association yet", "install KB5120998 or a later update")
    return rule.failed(said, "this Windows has no device association", "install Windows 11 24H2 or later")


def _physical(_look: Answer, firmware: Firmware) -> Finding:
    named = " ".join(filter(None, (firmware.manufacturer(), firmware.model()))) or "none"
    if firmware.virtual_machine():
        return _rule("virtual_machine").failed(named, "virtual machines cannot be associated", "use a physical device")
    return _rule("virtual_machine").passed(named)


def _tpm(_look: Answer, firmware: Firmware) -> Finding:
    chip, rule = firmware.tpm(), _rule("tpm")
    fix = "switch the TPM on, and to 2.0, in the firmware"
    if chip is None:
        return rule.failed("none", "the DeviceLink is signed by a TPM, and there is none", fix)
    said = f"TPM {chip.version}" + ("" if chip.ready else ", not ready")
    if not chip.version.startswith("2") or not chip.ready:
        return rule.failed(said, "only a TPM 2.0 that is ready can sign the DeviceLink", fix)
    return rule.passed(said)


def _serial(_look: Answer, firmware: Firmware) -> Finding:
    serial = firmware.serial_number()
    if serials.is_placeholder(serial):
        return _rule("serial_number").warned(
            serial or "none",
            "many devices have this serial number; the association is found by the SMBIOS UUID only",
            "have the manufacturer's tool write a serial number into the firmware",
        )
    return _rule("serial_number").passed(serial or "")


LINK_CHECKS: dict[str, t.Callable[[Answer, Firmware], Finding]] = {
    "build": _build,
    "virtual_machine": _physical,
    "tpm": _tpm,
    "serial_number": _serial,
}
#: Without these there is nothing to read.
NECESSARY = ("build", "virtual_machine", "tpm")


# --- the DeviceLink ---


def _link(task: Task, look: Answer, firmware: Firmware) -> tuple[Finding, device_link.DeviceLink | None]:
    rule = _rule("device_link")
    if task.check_mode:
        return rule.unknown("it is not read in check mode", "run without check mode"), None
    try:
        return _judged(rule, _cabinet(task, look), firmware)
    except Unreadable as exc:
        return rule.unknown(str(exc)), None


def _cabinet(task: Task, look: Answer) -> Result | None:
    """What the operation has answered; None where it has not ended in time. The job is removed in the end."""
    seconds = task.args["timeout"]
    waiter = Waiter(task.session, task.progress, task.args["poll_interval"], Deadline(seconds + MORE_SECONDS))
    job = op.job_start(JOB, [op.device_link(seconds)], seconds + MORE_SECONDS)
    jobs.start(waiter, job, look["job"], "the diagnostics tool")
    ended = waiter.until(
        {"job": op.job_status(JOB)},
        lambda answer: not jobs.is_running(answer["job"]),
        "waiting for the diagnostics tool",
    )
    waiter.ask({"removed": op.job_remove(JOB)}, "removing the job")
    results = within(ended["job"], [op.device_link(seconds)]) if ended is not None else []
    return results[0] if results else None


def _judged(rule: Rule, told: Result | None, firmware: Firmware) -> tuple[Finding, device_link.DeviceLink | None]:
    again = "run the task again; if it stays so, run MdmDiagnosticsTool.exe on the device by hand"
    if told is None:
        return rule.unknown("the diagnostics tool has not ended in time, or its job was lost", again), None
    if told.error is not None:
        return rule.unknown(f"the diagnostics tool could not be run: {told.error['message']}", again), None
    if not told["present"]:
        return rule.failed("no MdmDiagnosticsTool.exe", "this Windows lacks the diagnostics tool", "repair it"), None
    if not told["cabinet"]:
        said = f"no cabinet, exit code {told['exit_code']}"
        return rule.failed(said, "the diagnostics tool has written no cabinet", again), None
    links, problem = _links(told["files"])
    if not links:
        cause = problem or "there is no DeviceLink in the cabinet"
        return rule.failed("none", cause, "see that the TPM is ready, restart the device, and run the task again"), None
    link = links[0]
    if other := _difference(link, firmware):
        return rule.failed(
            other, "the DeviceLink is of another device, as after the replacement of a mainboard", again
        ), (None)
    return rule.passed(link.link_id or "a DeviceLink"), link


def _links(files: list[dict]) -> tuple[list[device_link.DeviceLink], str | None]:
    """The DeviceLinks of the files, and what is wrong with one that cannot be read."""
    found, problem = [], None
    for file in files:
        if file["content"] is None:
            continue
        try:
            content = base64.b64decode(file["content"], validate=True)
            found += [device_link.read(text) for text in device_link.in_csv(content)]
        except (binascii.Error, ValueError) as exc:
            problem = f"the DeviceLink cannot be read: {exc}"
    return found, problem


def _difference(link: device_link.DeviceLink, firmware: Firmware) -> str | None:
    """Where the firmware names another device than its DeviceLink."""
    pairs = (
        ("serial number", link.serial_number, firmware.serial_number()),
        ("SMBIOS UUID", link.smbios_uuid, firmware.smbios_uuid()),
    )
    for name, inside, outside in pairs:
        if inside and outside and serials.key(inside) != serials.key(outside):
            return f"{name} {inside} in the DeviceLink, {outside} in the firmware"
    return None
