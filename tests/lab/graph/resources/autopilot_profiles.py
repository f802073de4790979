# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/windowsAutopilotDeploymentProfiles (beta): profiles, their assignments, and what Intune refuses.

Rows of ``tenant.autopilot_profiles`` have "assignments": [{"id", "target": {...}}]. Forbidden characters, a changed
usage type, escapeLinkHidden false and a name template that is too long are 400 without a word
(terraform-provider-microsoft365); all devices twice: CIPP issue 2803; an assigned profile is not deleted:
andrew-s-taylor/public issue 51. Old names are taken and stand in answers beside the new ones, whose values they have;
what only the hybrid type has is taken of any type and returned of its own.
"""

from __future__ import annotations

import re
import typing as t
import uuid

from ..answers import Answer, Call, GraphError, intune_error
from ..query import Kind, Row, collection, entity
from ..routing import route
from ..types import check_body, utc

READ = "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All"
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"
BASE, ASSIGNMENT = Kind("windowsAutopilotDeploymentProfile"), Kind("windowsAutopilotDeploymentProfileAssignment")
TYPES = ("azureADWindowsAutopilotDeploymentProfile", "activeDirectoryWindowsAutopilotDeploymentProfile")
OLD = (
    "language",
    "enableWhiteGlove",
    "extractHardwareHash",
    "outOfBoxExperienceSettings",
    "enrollmentStatusScreenSettings",
)
FORBIDDEN = set("!#%^*)(-+;'><")
_PREFIX = "#microsoft.graph."
GROUP, EXCLUDED, EVERY = (_PREFIX + name + "AssignmentTarget" for name in ("group", "exclusionGroup", "allDevices"))
_ROOT = "/deviceManagement/windowsAutopilotDeploymentProfiles"
_BETA = ("beta",)


@route("GET", _ROOT, READ, versions=_BETA)
def list_profiles(call: Call) -> Answer:
    return collection(call, BASE, [_shown(row) for row in call.side.view.rows("autopilot_profiles")], mixed=_kind)


@route("GET", _ROOT + "/{id}", READ, versions=_BETA)
def read(call: Call) -> Answer:
    found = find(call)
    return entity(call, _kind(found), _shown(found))


@route("POST", _ROOT, WRITE, versions=_BETA)
def create(call: Call) -> Answer:
    body = _checked(call, None)
    now = utc(call.side.clock.utc())
    row = {
        "id": str(uuid.uuid4()),
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "deviceType": "windowsPc",
        "preprovisioningAllowed": False,
        "hardwareHashExtractionEnabled": False,
        "roleScopeTagIds": ["0"],
        "locale": "os-default",
        **body,
        "assignments": [],
    }
    call.side.view.touch("autopilot_profiles", row["id"])
    call.side.tenant.autopilot_profiles[row["id"]] = row
    return entity(call, _kind(row), _shown(row), 201)


@route("PATCH", _ROOT + "/{id}", WRITE, versions=_BETA)
def update(call: Call) -> Answer:
    found = find(call)
    body = _checked(call, found)
    call.side.view.touch("autopilot_profiles", found["id"])
    real = call.side.tenant.autopilot_profiles[found["id"]]
    real.update(body, lastModifiedDateTime=utc(call.side.clock.utc()))
    return entity(call, _kind(real), _shown(real))


@route("DELETE", _ROOT + "/{id}", WRITE, versions=_BETA)
def delete(call: Call) -> Answer:
    found = find(call)
    if found["assignments"]:
        raise _silent(call)
    call.side.view.touch("autopilot_profiles", found["id"])
    del call.side.tenant.autopilot_profiles[found["id"]]
    return Answer(204)


@route("GET", _ROOT + "/{id}/assignments", READ, versions=_BETA)
def list_assignments(call: Call) -> Answer:
    return collection(call, ASSIGNMENT, find(call)["assignments"])


@route("POST", _ROOT + "/{id}/assignments", WRITE, versions=_BETA)
def assign(call: Call) -> Answer:
    found, target = find(call), call.object_body().get("target")
    if not isinstance(target, dict) or target.get("@odata.type") not in (GROUP, EXCLUDED, EVERY):
        raise _silent(call)
    kinds = {one["target"]["@odata.type"] for one in found["assignments"]} | {target["@odata.type"]}
    if {EVERY, EXCLUDED} <= kinds:
        raise _silent(call)
    if target["@odata.type"] == EVERY:
        for row in call.side.tenant.autopilot_profiles.values():
            if any(one["target"]["@odata.type"] == EVERY for one in row["assignments"]):
                raise intune_error(
                    400, "BadRequest", f"Another Profile {row['id']} is already assigned to All Devices.", _path(call)
                )
    elif call.side.view.get("groups", str(target.get("groupId")).lower()) is None:
        raise intune_error(404, "ResourceNotFound", "Group not found", _path(call))
    if target in [one["target"] for one in found["assignments"]]:
        raise intune_error(409, "Conflict", "The assignment exists already.", _path(call))
    row = {
        "id": f"{found['id']}_{uuid.uuid4()}",
        "target": dict(target),
        "source": "direct",
        "sourceId": found["id"],
    }
    call.side.view.touch("autopilot_profiles", found["id"])
    call.side.tenant.autopilot_profiles[found["id"]]["assignments"].append(row)
    return entity(call, ASSIGNMENT, row, 201)


@route("DELETE", _ROOT + "/{id}/assignments/{assignment}", WRITE, versions=_BETA)
def unassign(call: Call) -> Answer:
    found = find(call)
    kept = [one for one in found["assignments"] if one["id"] != call.params["assignment"]]
    if len(kept) == len(found["assignments"]):
        raise intune_error(404, "ResourceNotFound", "Assignment not found", _path(call))
    call.side.view.touch("autopilot_profiles", found["id"])
    call.side.tenant.autopilot_profiles[found["id"]]["assignments"] = kept
    return Answer(204)


def find(call: Call) -> Row:
    found = call.side.view.get("autopilot_profiles", call.params["id"].lower())
    if found is None or found["id"] not in call.side.tenant.autopilot_profiles:
        raise intune_error(404, "ResourceNotFound", "Profile not found", _path(call))
    return found


def _checked(call: Call, before: Row | None) -> Row:
    """What is stored of a body; 400 without a reason for what Intune does not take."""
    body = dict(call.object_body())
    kind = str(body.get("@odata.type", "")).removeprefix(_PREFIX)
    if kind not in TYPES or (before is not None and kind != _kind(before).type):
        raise _silent(call)
    properties = check_body("beta", TYPES[1], body)
    experience = body.get("outOfBoxExperienceSetting") or {}
    usage = experience.get("deviceUsageType")
    template = str(body.get("deviceNameTemplate") or "")
    if (
        FORBIDDEN & set(f"{body.get('displayName') or ''}{body.get('description') or ''}")
        or (before is None and not body.get("displayName"))
        or ("outOfBoxExperienceSetting" in body and experience.get("escapeLinkHidden") is not True)
        or (before is not None and experience and usage != before["outOfBoxExperienceSetting"]["deviceUsageType"])
        or _longest(template) > 15
    ):
        raise _silent(call)
    kept = {name: value for name, value in properties.items() if name not in OLD}
    if kind == TYPES[0]:
        kept = {name: value for name, value in kept.items() if name != "hybridAzureADJoinSkipConnectivityCheck"}
    if kept.get("locale") == "":
        kept["locale"] = "os-default"
    return {"@odata.type": _PREFIX + kind, **kept}


def _longest(template: str) -> int:
    """Letters of the shortest name that a template gives."""
    counted = re.sub(r"%RAND:(\d+)%", lambda found: "0" * int(found[1]), template, flags=re.IGNORECASE)
    return len(re.sub("%SERIAL%", "0", counted, flags=re.IGNORECASE))


def _shown(row: Row) -> Row:
    """With the old names beside the new ones."""
    experience: t.Any = row.get("outOfBoxExperienceSetting")
    old = experience and {
        "hidePrivacySettings": experience.get("privacySettingsHidden"),
        "hideEULA": experience.get("eulaHidden"),
        "userType": experience.get("userType"),
        "deviceUsageType": experience.get("deviceUsageType"),
        "skipKeyboardSelectionPage": experience.get("keyboardSelectionPageSkipped"),
        "hideEscapeLink": experience.get("escapeLinkHidden"),
    }
    return {
        **row,
        "language": row.get("locale"),
        "enableWhiteGlove": row.get("preprovisioningAllowed"),
        "extractHardwareHash": row.get("hardwareHashExtractionEnabled"),
        "outOfBoxExperienceSettings": old,
    }


def _kind(row: Row) -> Kind:
    return Kind(row["@odata.type"].removeprefix(_PREFIX))


def _path(call: Call) -> str:
    return "/".join(call.path)


def _silent(call: Call) -> GraphError:
    return intune_error(400, "BadRequest", "An error has occurred", _path(call))
