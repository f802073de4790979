# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From audits of registrations and enrollment failures of Intune to clues.

Sources: Microsoft Graph, "deviceEnrollmentFailureReason enum type"; Microsoft Intune, "Troubleshoot Windows device
enrollment errors" (which code the device shows); Microsoft Entra, "Troubleshoot devices using the dsregcmd command".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import typing as t

from .clues import TenantClue, evidence, weigh
from .events import audit_failed, audit_view, enrollment_view, registers
from .findings import ABOUT_ENROLLMENT, ABOUT_REGISTRATION
from .matching import BY_NAME, BY_USER
from .sign_ins import TO_ENROLL, TO_JOIN

Row = dict[str, t.Any]
_LICENCE, _CAP, _KEPT_OUT, _SCOPE = "licence", "enrollment_limit", "enrollment_restriction", "mdm_scope"
_REGISTRATION_CODES = frozenset({"0x801c0003", "0x801c000e", "0x801c0002"})
#: By the setting that is behind it: the code that the device shows.
ENROLLMENT_CODES = {
    _LICENCE: "0x80180018",
    _CAP: "0x80180013",
    _KEPT_OUT: "0x80180014",
    _SCOPE: "0x80180031",
}
#: Words in Intune's reason that say which setting it is.
_WORDS = (
    (_LICENCE, ("licens", "licenc")),
    (_CAP, ("devicecap", "device cap", "cap reached", "limit")),
    (_KEPT_OUT, ("personal", "notsupported", "not supported", "restrict", "version", "blocked")),
    (_SCOPE, ("scope", "mdm not configured", "mdmnotconfigured")),
)
_CATEGORIES = {
    "authentication": "Intune could not authenticate the user or the device",
    "authorization": "the user may not enroll",
    "accountvalidation": "the account of the user cannot enroll",
    "uservalidation": "the user cannot enroll; a license may be missing",
    "devicenotsupported": "Intune does not take such a device",
    "inmaintenance": "Intune is in maintenance",
    "badrequest": "Intune did not understand the request of the device",
    "featurenotsupported": "the enrollment asks for what the tenant does not have",
    "enrollmentrestrictionsenforced": "an enrollment restriction keeps the device out",
    "clientdisconnected": "the device did not end its enrollment",
    "userabandonment": "the user did not end the enrollment",
}
_OF_CATEGORY: dict[str, tuple[str, ...]] = {
    "authorization": (_LICENCE, _SCOPE),
    "accountvalidation": (_LICENCE, _SCOPE),
    "uservalidation": (_LICENCE, _SCOPE),
    "enrollmentrestrictionsenforced": (_KEPT_OUT, _CAP),
    "devicenotsupported": (_KEPT_OUT,),
}
_FIXES = {
    _LICENCE: "assign a licence with Microsoft Intune to the user",
    _CAP: "remove old devices of the user from Intune, or raise the device limit restriction",
    _KEPT_OUT: "look at the enrollment restrictions for Windows, and at the ownership of the device",
    _SCOPE: "put the user into the MDM user scope (mdm_scope)",
}


def audit_clues(matched: list[tuple[str, Row]], joined: bool | None) -> list[TenantClue]:
    """Registrations that failed, those of one reason together, and one that went well on a device that says that it is
    not joined."""
    rows = [(how, audit_view(row, how), audit_failed(row)) for how, row in matched if registers(row)]
    well = [view for how, view, failed in rows if not failed and how != BY_USER]
    latest = max((view["utc"] or "" for view in well), default="")
    groups: dict[tuple[t.Any, ...], list[dict[str, t.Any]]] = collections.defaultdict(list)
    for how, view, failed in rows:
        if failed:
            groups[how, view["says"], view["user"], latest > (view["utc"] or "")].append(view)
    found = []
    for (how, _says, _user, over), views in groups.items():
        clue = _refused(how, views)
        found.append(clue.over() if joined or over else clue)
    if well and joined is False:
        found.append(_lost(max(well, key=lambda one: one["utc"] or "")))
    return found


def _refused(how: str, views: list[dict[str, t.Any]]) -> TenantClue:
    view = views[0]
    whose = f"one of the registrations of {view['user']}, which may be of another device: " if how == BY_USER else ""
    return TenantClue(
        TO_JOIN,
        ABOUT_REGISTRATION,
        weigh(how, bool(view["says"])),
        f"{view['activity']} of {view['device_name'] or view['user'] or 'the device'} failed",
        f"{whose}the Device Registration Service did not register the device"
        + (f": {view['says']}" if view["says"] else ""),
        "look at who may join and at the quota (readiness_info)",
        how,
        tuple(map(_seen_audit, views)),
        None,
        _REGISTRATION_CODES,
        _reasons(view["says"]),
        user=view["user"],
    )


def _reasons(said: str | None) -> tuple[str, ...]:
    """The settings that can be behind a refusal, the one that its reason names first."""
    known = (("device_quota", ("quota", "devicecap", "limit")), ("mfa_at_join", ("multi-factor", "multifactor", "mfa")))
    words = (said or "").lower()
    named = [setting for setting, texts in known if any(text in words for text in texts)]
    return tuple(dict.fromkeys((*named, "join_scope", "device_quota", "registration_policy", "mfa_at_join")))


def _lost(view: dict[str, t.Any]) -> TenantClue:
    known = f" ({view['device_id']})" if view["device_id"] else ""
    named = "a device of this name" if view["matched_by"] == BY_NAME else "the device"
    return TenantClue(
        TO_JOIN,
        ABOUT_REGISTRATION,
        55,
        f"{view['activity']} succeeded at {view['utc']}",
        f"the tenant has registered {named}{known}, and the device says that it is not joined: it has lost its join, "
        "or did not end it",
        "look at what ran on the device after that time (a reset, a clone, dsregcmd /leave); then join it again, and "
        "delete the object that is left",
        view["matched_by"],
        (_seen_audit(view),),
        side="device",
    )


def enrollment_clues(matched: list[tuple[str, Row]], enrolled: bool | None) -> list[TenantClue]:
    """Enrollments that Intune refused, one clue for each kind."""
    found: dict[tuple[str, str | None, bool], TenantClue] = {}
    for how, row in matched:
        view = enrollment_view(row, how)
        key = (view["category"].lower(), view["says"], how == BY_USER)
        if key in found:
            continue
        kin = _settings(view)
        said = _CATEGORIES.get(key[0], f"Intune refused the enrollment ({view['category']})")
        whose = "one of the enrollments of the user, which may be of another device: " if how == BY_USER else ""
        clue = TenantClue(
            TO_ENROLL,
            ABOUT_ENROLLMENT,
            weigh(how, key[0] in _CATEGORIES),
            f"Intune refused the enrollment at {view['utc']}",
            f"{whose}{said}" + (f": {view['says']}" if view["says"] else ""),
            _FIXES[kin[0]] if kin else "look at the enrollment failures in the Intune admin center",
            how,
            (_seen_enrollment(view),),
            None,
            frozenset(ENROLLMENT_CODES[setting] for setting in kin),
            kin,
        )
        found[key] = clue.over() if enrolled else clue
    return list(found.values())


def _settings(view: dict[str, t.Any]) -> tuple[str, ...]:
    """The settings that can be behind a failure, the one that its reason names first."""
    said = (view["says"] or "").lower()
    named = tuple(setting for setting, words in _WORDS if any(word in said for word in words))
    return named[:1] or _OF_CATEGORY.get(view["category"].lower(), ())


def _seen_audit(view: dict[str, t.Any]) -> dict[str, t.Any]:
    said = [view["activity"], view["result"], view["says"], view["device_name"], view["user"]]
    return evidence(
        "auditLogs/directoryAudits",
        view["utc"],
        said,
        view["matched_by"],
        correlation_id=view["correlation_id"],
    )


def _seen_enrollment(view: dict[str, t.Any]) -> dict[str, t.Any]:
    return evidence(
        "deviceManagement/troubleshootingEvents",
        view["utc"],
        [view["category"], view["says"], view["enrollment_type"]],
        view["matched_by"],
        correlation_id=view["correlation_id"],
    )
