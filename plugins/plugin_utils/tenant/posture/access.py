# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Conditional Access would say to the primary user on each device, for named applications: the service is asked.

It answers one question a second for the whole tenant, in a batch as outside one: questions are sent one by one, a
second apart, and one for all that no condition can tell apart. Conditions that are not given are assumed by the
service; ``appliedPoliciesOnly`` would hide what it could not decide.

Source: Microsoft Graph, "conditionalAccessRoot: evaluate"; Microsoft Graph, "Throttling guidance" (Conditional Access).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Hashable

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ...options import bad_option, is_guid
from ...result import Failure
from ..devices.directory_device import attributes
from ..devices.unread import OF_THE_CALLER
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from . import access_classes
from .access_answers import (
    ALLOWED,
    ANSWER_KIND,
    BLOCKED,
    DEVICE_REFUSED,
    MORE_ASKED,
    UNDECIDED,
    policies_of,
    verdict_of,
)
from .because import reason, unknown_because
from .findings import said
from .run import Looked, Run

#: Seconds between the answer to a question and the next one.
PACE = 1.0
#: More than a task can ask in half a day is a mistake.
MOST_APPLICATIONS = 20
_EVALUATE = Permissions.same("Policy.Read.ConditionalAccess")
_TYPE = "#microsoft.graph."
_NAMED = {"office365": "Office365", "all": "All", "microsoftadminportals": "MicrosoftAdminPortals"}
_MFA, _OF_DEVICES = "mfa", ("compliantDevice", "domainJoinedDevice")
_COUNTRY = re.compile("[A-Za-z]{2}")
_TOO_LATE = "the time of the task has ended before it could be asked"
_NOBODY = "the device has no primary user to ask about"
_NOT_READ = "its primary user or its object in Entra is not known"


def require_possible(args: dict[str, t.Any]) -> None:
    """Failure for an option that the service would refuse."""
    for name in args["applications"]:
        if not is_guid(name) and name.lower() not in _NAMED:
            raise bad_option("applications", f"{name!r} is not an application id", "give application ids, or Office365")
    if len(args["applications"]) > MOST_APPLICATIONS:
        raise bad_option("applications", f"there are more than {MOST_APPLICATIONS}", "ask about fewer at once")
    if args["ip_address"] is not None:
        try:
            ipaddress.ip_address(args["ip_address"])
        except ValueError:
            raise bad_option("ip_address", "it is not an IP address", "give an address such as 203.0.113.5") from None
    if args["country"] is not None and not _COUNTRY.fullmatch(args["country"]):
        raise bad_option("country", "it is not a country in two letters", "give a code such as IT")


def ask(run: Run) -> None:
    """Fill ``access`` of every device."""
    applications = list(dict.fromkeys(_NAMED.get(name.lower(), name.lower()) for name in run.task.args["applications"]))
    for device in run.devices:
        device.shown["access"] = None
    able = [device for device in run.devices if device.user is not None and device.entra is not None]
    classes = _classes(run, able, applications) if able else {}
    questions: dict[Hashable, tuple[str, Looked]] = {}
    for device in able:
        for application in applications:
            questions.setdefault((application, classes[device.device_id]), (application, device))
    answers = _paced(run, questions)
    for device in run.devices:
        device.shown["access"] = [
            _one(run, device, application, answers.get((application, classes.get(device.device_id))))
            for application in applications
        ]


def _classes(run: Run, able: list[Looked], applications: list[str]) -> dict[str, Hashable]:
    conditions = access_classes.read(run)
    users = {_user(device): str((device.user or {}).get("userPrincipalName") or _user(device)) for device in able}
    groups = access_classes.ask_groups(run, conditions, users)
    return {
        device.device_id: access_classes.class_of(
            conditions, _user(device), groups[_user(device)], _device_info(device)
        )
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
    args = run.task.args
    conditions = {
        "devicePlatform": "windows",
        "clientAppType": "mobileAppsAndDesktopClients",
        "deviceInfo": _device_info(device),
    }
    if args["ip_address"] is not None:
        conditions["ipAddress"] = args["ip_address"]
    if args["country"] is not None:
        conditions["country"] = args["country"].upper()
    return Item(
        "POST",
        "/identity/conditionalAccess/evaluate",
        Purpose(f"ask what Conditional Access says to the user of {device.subject}", _EVALUATE),
        body={
            "signInIdentity": {"@odata.type": _TYPE + "userSignIn", "userId": _user(device)},
            "signInContext": {"@odata.type": _TYPE + "applicationContext", "includeApplications": [application]},
            "signInConditions": conditions,
            "appliedPoliciesOnly": False,
        },
        reads=True,
        row_kind=ANSWER_KIND,
    )


Answer = list[dict[str, t.Any]] | Failure | str


def _paced(run: Run, questions: dict[Hashable, tuple[str, Looked]]) -> dict[Hashable, Answer]:
    """The answers; a text is why a question was not asked."""
    waits = run.client.waits
    if questions:
        expected = (len(questions) - 1) * PACE
        more = f", of which {waits.left:.0f} s are left" if expected > waits.left else ""
        count = "1 question" if len(questions) == 1 else f"{len(questions)} questions"
        run.task.show(f"Conditional Access: {count}, one a second, about {expected:.0f} s{more}")
    answers: dict[Hashable, Answer] = {}
    told = waits.clock()
    ended: Answer | None = None
    last: float | None = None
    for number, (key, (application, device)) in enumerate(questions.items()):
        if ended is None and last is not None:
            rest = PACE - (waits.clock() - last)
            if rest > 0 and not waits.wait(rest, "Conditional Access takes one question a second"):
                ended = _TOO_LATE
        if ended is not None:
            answers[key] = ended
            continue
        item = _question(run, application, device)
        [answer] = run.client.batch([item])
        last = waits.clock()
        try:
            answers[key] = list(run.client.rows_of(item, answer))
        except RequestFailure as failed:
            answers[key] = failed
            if failed.status in OF_THE_CALLER:
                run.refuse("access", "what Conditional Access would say", failed)
                ended = failed
        if last - told >= 20.0 and number + 1 < len(questions):
            told = last
            run.task.show(f"Conditional Access: {number + 1} of {len(questions)} questions asked")
    return answers


def _one(run: Run, device: Looked, application: str, answer: Answer | None) -> dict[str, t.Any]:
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
