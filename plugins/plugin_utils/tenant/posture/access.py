# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Conditional Access would say to the primary user on each device, for named applications: the service is asked.

One question for all that no condition can tell apart: see the folder what_if.

Source: Microsoft Graph, "conditionalAccessRoot: evaluate".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Hashable

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ...options import bad_option, is_guid
from ...result import Failure
from ..because import reason, unknown_because
from ..devices.directory_device import attributes
from ..graph.batch import Item
from ..what_if import asker, classes
from ..what_if.answers import (
    ALLOWED,
    BLOCKED,
    DEVICE_REFUSED,
    MORE_ASKED,
    UNDECIDED,
    policies_of,
    verdict_of,
)
from .findings import said
from .run import Looked, Run

#: More than a task can ask in half a day is a mistake.
MOST_APPLICATIONS = 20
_NAMED = {"office365": "Office365", "all": "All", "microsoftadminportals": "MicrosoftAdminPortals"}
_MFA, _OF_DEVICES = "mfa", ("compliantDevice", "domainJoinedDevice")
_NOBODY = "the device has no primary user to ask about"
_NOT_READ = "its primary user or its object in Entra is not known"


def require_possible(args: dict[str, t.Any]) -> None:
    """Failure for an option that the service would refuse."""
    for name in args["applications"]:
        if not is_guid(name) and name.lower() not in _NAMED:
            raise bad_option("applications", f"{name!r} is not an application id", "give application ids, or Office365")
    if len(args["applications"]) > MOST_APPLICATIONS:
        raise bad_option("applications", f"there are more than {MOST_APPLICATIONS}", "ask about fewer at once")
    asker.require_place(args)


def ask(run: Run) -> None:
    """Fill ``access`` of every device."""
    applications = list(dict.fromkeys(_NAMED.get(name.lower(), name.lower()) for name in run.task.args["applications"]))
    for device in run.devices:
        device.shown["access"] = None
    able = [device for device in run.devices if device.user is not None and device.entra is not None]
    of_device = _classes(run, able) if able else {}
    questions: dict[Hashable, tuple[str, Looked]] = {}
    for device in able:
        for application in applications:
            questions.setdefault((application, of_device[device.device_id]), (application, device))
    answers, refused = asker.ask(
        run.client, run.task.show, {key: _question(run, *question) for key, question in questions.items()}
    )
    if refused is not None:
        run.refuse("access", "what Conditional Access would say", refused)
    for device in run.devices:
        device.shown["access"] = [
            _one(run, device, application, answers.get((application, of_device.get(device.device_id))))
            for application in applications
        ]


def _classes(run: Run, able: list[Looked]) -> dict[str, Hashable]:
    conditions = classes.read(run.client)
    users = {_user(device): str((device.user or {}).get("userPrincipalName") or _user(device)) for device in able}
    ask_rows = functools.partial(run.rows, "access", "the groups of the primary users")
    groups = classes.ask_groups(ask_rows, conditions, users)
    return {
        device.device_id: classes.class_of(conditions, _user(device), groups[_user(device)], _device_info(device))
        for device in able
    }


def _user(device: Looked) -> str:
    return str((device.user or {})["id"]).lower()


def _device_info(device: Looked) -> dict[str, t.Any]:
    """What the service is told of a device: a missing ``isCompliant`` would mean no."""
    row = device.entra or {}
    return {
        "deviceId": device.device_id,
        "displayName": row.get("displayName"),
        "isCompliant": bool(row.get("isCompliant")),
        "trustType": row.get("trustType"),
        "operatingSystem": row.get("operatingSystem"),
        "operatingSystemVersion": row.get("operatingSystemVersion"),
        "manufacturer": row.get("manufacturer"),
        "model": row.get("model"),
        "mdmAppId": row.get("mdmAppId"),
        "ownership": row.get("deviceOwnership"),
        "profileType": row.get("profileType"),
        "enrollmentProfileName": row.get("enrollmentProfileName"),
        "physicalIds": list(row.get("physicalIds") or []),
        **attributes(row),
    }


def _question(run: Run, application: str, device: Looked) -> Item:
    asked = {"includeApplications": [application]}
    of = f"the user of {device.subject}"
    return asker.question(run.task.args, _user(device), "applicationContext", asked, _device_info(device), of)


def _one(run: Run, device: Looked, application: str, answer: asker.Answer | None) -> dict[str, t.Any]:
    """One application on one device."""
    if isinstance(answer, list):
        entra = device.shown["entra"]
        policies = policies_of(answer, entra["compliant"] is True, entra["join_type"] == "hybrid")
        verdict = verdict_of(policies)
        registered = (device.shown.get("registration") or {}).get("mfa_registered") is True
        device.say(_judged(application, verdict, policies, registered))
        return {"application": application, "verdict": verdict, "policies": policies, "why": None}
    what = f"what Conditional Access would say for {application}"
    if isinstance(answer, Failure):
        run.not_known(device, "access", what, answer)
        why = reason(answer)
    else:
        why = answer or (_NOBODY if device.shown.get("has_primary_user") is False else _NOT_READ)
        device.shown["unread"].append(unknown_because(what, why))
        device.say(_not_asked(application, why))
    return {"application": application, "verdict": UNDECIDED, "policies": None, "why": why}


def _not_asked(application: str, why: str) -> Finding:
    return said(
        "access",
        UNKNOWN,
        f"{application}: unknown, because {why}",
        "nobody knows whether Conditional Access lets the user in from this device",
        "correct that, or give a longer timeout, and run the task again",
    )


def _asks_for_mfa_alone(policies: list[dict[str, t.Any]]) -> bool:
    """Whether MFA is all that the user has to do for the policies that ask for something."""
    asked = [
        set(one["demands"]) - {*_OF_DEVICES} for one in policies if one["effect"] == "asks" and not one["report_only"]
    ]
    return all(demands == {_MFA} for demands in asked)


def _judged(application: str, verdict: str, policies: list[dict[str, t.Any]], mfa_registered: bool) -> Finding:
    def names(effect: str) -> str:
        found = [one for one in policies if one["effect"] == effect and not one["report_only"]]
        return ", ".join(
            f"{one['policy']} ({', '.join(one['demands'])})" if one["demands"] else one["policy"] for one in found
        )

    if verdict == BLOCKED:
        return said(
            "access",
            FAIL,
            f"{application}: blocked by {names('blocks')}",
            "the user gets no access from this device",
            "exclude the user or the device, or correct the condition",
        )
    if verdict == DEVICE_REFUSED:
        return said(
            "access",
            FAIL,
            f"{application}: the device is not what {names('refuses_device')} demands",
            "the user gets no access from this device",
            "see why the device is not compliant or joined as demanded",
        )
    if verdict == UNDECIDED:
        return said(
            "access",
            UNKNOWN,
            f"{application}: unknown, because {names('unknown')} could not be decided",
            "the service assumes conditions that it was not told",
            "give ip_address and country, and look again",
        )
    if verdict == MORE_ASKED and mfa_registered and _asks_for_mfa_alone(policies):
        return said("access", PASS, f"{application}: let in after {names('asks')}, for which the user has registered")
    if verdict == MORE_ASKED:
        return said(
            "access",
            WARN,
            f"{application}: let in after {names('asks')}",
            "the user has to do that at the sign-in",
            "make sure that the user can: see the finding registration",
        )
    return said("access", PASS, f"{application}: {ALLOWED}")
