# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module directory_posture: are joined devices of use to their users, as the tenant sees it?

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Callable

from ...findings import PASS, require_known, summary, verdict
from ...options import bad_option
from ...task import Task
from ..devices import directory_device, look_up
from ..devices.intune import NO_DEVICE
from . import access, compliance, configuration, escrow, expected, primary_user, records, registration, settings_catalog
from .findings import DIRECTORY_POSTURE_IDS
from .run import Looked, Run

#: By the names of the option ``questions``, in the order in which they are asked.
_ASKED: dict[str, Callable[[Run], None]] = {
    "compliance": compliance.ask,
    "configuration": configuration.ask,
    "settings_catalog": settings_catalog.ask,
    "escrow": escrow.ask,
    "registration": registration.ask,
    "domain": registration.ask_domains,
}
#: Questions about the primary user, who is read for them.
_OF_THE_USER = ("user", "registration", "domain")
_NO_DEVICE = "it stands for no device"
_FIELDS = {
    "user": ("primary_user", "has_primary_user"),
    "compliance": ("compliance",),
    "configuration": ("configuration",),
    "settings_catalog": ("settings_catalog",),
    "escrow": ("escrow",),
    "registration": ("registration",),
    "domain": ("domain",),
    "access": ("access",),
}


def look(task: Task) -> dict[str, t.Any]:
    """The work of the module: ``devices``, ``findings`` (all but those that pass), ``summary`` and ``bad_ids``.

    Failure where a finding is one that the option ``fail_on`` names, and where neither Entra nor Intune can be read.
    """
    args = task.args
    require_known(args["fail_on"], DIRECTORY_POSTURE_IDS)
    access.require_possible(args)
    wanted, bad = look_up.named({"device_ids": args["device_ids"], "object_ids": None, "names": None})
    if NO_DEVICE in wanted["device_ids"]:
        wanted["device_ids"].remove(NO_DEVICE)
        bad.append((NO_DEVICE, _NO_DEVICE))
        if not wanted["device_ids"]:
            raise bad_option("device_ids", f"{NO_DEVICE}: {_NO_DEVICE}", "give the ids of joined devices")
    if bad:
        told = directory_device.some([f"{what} ({why})" for what, why in bad])
        task.learned["warnings"] = [f"no device can be looked up by {told}"]
    devices = [Looked(identity.lower(), shown={"unread": []}) for identity in wanted["device_ids"]]
    run = Run(task, task.client, devices, datetime.datetime.now(datetime.timezone.utc))
    questions = set(args["questions"])
    asks_users = bool(args["applications"] or questions & {*_OF_THE_USER})
    sentence = expected.in_words(len(devices), expected.requests(len(devices), questions, asks_users))
    if sentence is not None:
        task.show(sentence)
    records.read(run)
    if asks_users:
        primary_user.ask(run)
    for name, ask in _ASKED.items():
        if name in questions:
            ask(run)
    if args["applications"]:
        access.ask(run)
    findings = [*run.general, *(one for device in devices for one in device.findings)]
    task.learned.update(
        devices=[_shown(device) for device in devices],
        findings=[one.as_dict() for one in findings if one.result != PASS],
        summary=summary(findings),
        bad_ids=[what for what, _why in bad],
    )
    failure = verdict(findings, args["fail_on"], "not every device is of use to its user", "directory_posture")
    if failure:
        raise failure
    return {}


def _shown(device: Looked) -> dict[str, t.Any]:
    """Everything that can be said of a device: what was not asked is null."""
    empty = {field: None for fields in _FIELDS.values() for field in fields}
    return {**empty, **device.shown}
