# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the acceptance run tells of the system that it runs on, and what of ours lies there.

Texts that a device says go into a report only through ``_word``: what has another look than an edition, a version or a
language tag becomes null.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import jobs
from .. import operations as op
from ..answers import Answer
from ..reading import ABSENT, Key, known

ACCEPTANCE_DIRECTORY = op.DATA_DIRECTORY + r"\acceptance"
JOBS_DIRECTORY = op.DATA_DIRECTORY + r"\jobs"
ACCEPTANCE_JOB = jobs.job_id("acceptance", "device")
TASK = f"winops.entra-{ACCEPTANCE_JOB}"
#: How the tasks of system_probe are called; their ids are made by the device.
PROBE_TASKS = "winops.entra-00000000-"

WINDOWS_KEY = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
ENVIRONMENT = SESSION_MANAGER + r"\Environment"
LANGUAGES = r"SYSTEM\CurrentControlSet\Control\Nls"
INTERNATIONAL = r"Control Panel\International"
PRODUCT_TYPE_DOMAIN_CONTROLLER = 2

_NAME = r"[A-Za-z][A-Za-z0-9 ]{0,39}"
_TAG = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
_PARTS = {
    "edition": _NAME,
    "installation_type": _NAME,
    "version": r"[0-9]{2}H[0-9]|[0-9]{4}",
    "build": r"[0-9]{4,6}",
    "architecture": r"AMD64|ARM64|x86",
    "language": _TAG,
    "culture": _TAG,
    "code_page": r"[0-9]{3,5}",
    "powershell": r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}(-[a-z]+\.?[0-9]{0,3})?",
}


@dataclasses.dataclass(frozen=True)
class Standing:
    """What of ours is on a device: the directories that always stay (``root``, ``jobs``), what one run makes
    (``directory``, ``job``, ``task``), and how many tasks of probes there are."""

    root: bool
    jobs: bool
    directory: bool
    job: bool
    task: bool
    probes: int

    @property
    def left(self) -> bool:
        """Whether something of a run is there."""
        return self.directory or self.job or self.task


@dataclasses.dataclass(frozen=True)
class System:
    """``facts`` is for the report, the rest is what trials compare with; ``before`` is how things stood then."""

    facts: dict
    device: dict
    build: str | None
    client: bool
    domain_controller: bool
    before: Standing


def opening_look() -> dict[str, dict]:
    """The operations of the first exchange: who and what is it, and what of ours is there."""
    return {
        "windows": op.registry_read(WINDOWS_KEY),
        "environment": op.registry_read(ENVIRONMENT),
        "languages": op.registry_read(LANGUAGES, depth=1),
        "users": op.registry_users_read(INTERNATIONAL),
        "os": op.cim_query("Win32_OperatingSystem", ("ProductType", "MUILanguages")),
    } | remains_of_run()


def remains_of_run() -> dict[str, dict]:
    """The operations that tell what of the acceptance run is on the device."""
    return {
        "root": op.path_info(op.DATA_DIRECTORY),
        "jobs": op.path_info(JOBS_DIRECTORY),
        "directory": op.path_info(ACCEPTANCE_DIRECTORY),
        "job": op.job_status(ACCEPTANCE_JOB),
        "tasks": op.scheduled_tasks("\\"),
    }


def build(answer: Answer) -> System:
    """What the first exchange says. Whatever could not be read is null, and somebody's trial will say so."""
    device = answer.device
    windows, languages = answer["windows"].key(), answer["languages"].key()
    kind = _word("installation_type", lambda: windows.text("InstallationType"))
    powershell = _word("powershell", lambda: device["powershell"])
    facts = {
        "edition": _word("edition", lambda: windows.text("EditionID")),
        "installation_type": kind,
        "version": _word("version", lambda: windows.text("DisplayVersion") or windows.text("ReleaseId")),
        "build": _word("build", lambda: windows.text("CurrentBuild")),
        "revision": known(lambda: windows.number("UBR")),
        "architecture": _word("architecture", lambda: answer["environment"].key().text("PROCESSOR_ARCHITECTURE")),
        "language": _word("language", lambda: next(iter(answer["os"].instance().texts("MUILanguages") or []), None)),
        "culture": _word("culture", lambda: _own_hive(answer).text("LocaleName")),
        "code_page": _word("code_page", lambda: languages.child("CodePage").text("OEMCP")),
        "powershell": powershell,
        "powershell_edition": edition_of(powershell),
        "powershell_64_bit": not device["wow64"],
        "account_elevated": device["elevated"],
        "account_is_system": device["system"],
    }
    product = known(lambda: answer["os"].instance().number("ProductType"))
    domain_controller = product == PRODUCT_TYPE_DOMAIN_CONTROLLER
    return System(facts, device, facts["build"], kind == "Client", domain_controller, standing(answer))


def standing(answer: Answer) -> Standing:
    """What of ours is on the device, of an exchange with ``remains``."""
    tasks = [task["name"] for task in answer["tasks"].get("tasks") or []]
    return Standing(
        root=answer["root"].get("exists") is True,
        jobs=answer["jobs"].get("exists") is True,
        directory=answer["directory"].get("exists") is True,
        job=jobs.is_there(answer["job"]),
        task=TASK in tasks,
        probes=sum(name.startswith(PROBE_TASKS) for name in tasks),
    )


def edition_of(powershell: str | None) -> str | None:
    """Desktop (Windows PowerShell) or Core, as PowerShell itself calls them, by the version."""
    if powershell is None:
        return None
    return "Core" if int(powershell.split(".")[0]) >= 6 else "Desktop"


def _own_hive(answer: Answer) -> Key:
    """The connecting account's part of ``users``; an absent key where its hive is not loaded."""
    return answer["users"].users().get(answer.device["sid"], ABSENT)


def _word(part: str, read: t.Callable[[], str | None]) -> str | None:
    value = known(read)
    return value if value is not None and re.fullmatch(_PARTS[part], value) else None
