# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollment status pages (beta): the writes of /deviceManagement/deviceEnrollmentConfigurations for them.

Rows of ``tenant.enrollment_configurations`` with their "assignments": [{"id", "target": {...}}]. What is refused:
Microsoft365DSC issue 4295 (setPriority to the present value); single assignments have no route (issue 3892); the
default page has neither priority nor assignments and stays. Others are renumbered when one gets a priority or goes.
"""

from __future__ import annotations

import typing as t
import uuid

from ..answers import Answer, Call, GraphError, intune_error
from ..query import Kind, Row, collection, entity
from ..routing import route
from ..types import check_body, is_known, utc
from .autopilot_profiles import EVERY, GROUP
from .enrollment_configurations import READ

WRITE = "DeviceManagementServiceConfig.ReadWrite.All DeviceManagementConfiguration.ReadWrite.All"
PAGE_TYPE = "windows10EnrollmentCompletionPageConfiguration"
ASSIGNMENT = Kind("enrollmentConfigurationAssignment")
USERS = "#microsoft.graph.allLicensedUsersAssignmentTarget"
MOST, DEFAULT = 51, "_DefaultWindows10EnrollmentCompletionPageConfiguration"
FREE = ("allowDeviceResetOnInstallFailure", "allowDeviceUseOnInstallFailure", "allowNonBlockingAppInstallation")
READ_ONLY = ("priority", "version", "deviceEnrollmentConfigurationType", "createdDateTime", "lastModifiedDateTime")
_ROOT = "/deviceManagement/deviceEnrollmentConfigurations"
_BETA = ("beta",)


@route("GET", _ROOT + "/{id}", READ)
def read(call: Call) -> Answer:
    found = _find(call)
    return entity(call, _kind(found), found)


@route("POST", _ROOT, WRITE, versions=_BETA)
def create(call: Call) -> Answer:
    body = _checked(call, None)
    pages = _pages(call)
    if len(pages) >= MOST or not body.get("displayName"):
        raise _silent(call)
    now = utc(call.side.clock.utc())
    row = {
        "id": f"{uuid.uuid4()}_Windows10EnrollmentCompletionPageConfiguration",
        "priority": 1 + max((page["priority"] for page in pages), default=0),
        "version": 1,
        "deviceEnrollmentConfigurationType": "windows10EnrollmentCompletionPageConfiguration",
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "roleScopeTagIds": ["0"],
        "selectedMobileAppIds": [],
        **body,
        "assignments": [],
    }
    call.side.tenant.enrollment_configurations.append(row)
    return entity(call, _kind(row), row, 201)


@route("PATCH", _ROOT + "/{id}", WRITE, versions=_BETA)
def update(call: Call) -> Answer:
    found = _find_page(call)
    found.update(_checked(call, found), version=found["version"] + 1, lastModifiedDateTime=utc(call.side.clock.utc()))
    return entity(call, _kind(found), found)


@route("DELETE", _ROOT + "/{id}", WRITE, versions=_BETA)
def delete(call: Call) -> Answer:
    found = _find_page(call)
    if _is_default(found):
        raise _silent(call)
    call.side.tenant.enrollment_configurations.remove(found)
    _number([page for page in _pages(call) if not _is_default(page)])
    return Answer(204)


@route("POST", _ROOT + "/{id}/setPriority", WRITE, versions=_BETA)
def set_priority(call: Call) -> Answer:
    found, wanted = _find_page(call), call.object_body().get("priority")
    others = [page for page in _pages(call) if not _is_default(page) and page is not found]
    if (
        _is_default(found)
        or not isinstance(wanted, int)
        or wanted == found["priority"]
        or not 1 <= wanted <= len(others) + 1
    ):
        raise intune_error(400, "BadRequest", "Invalid priority", "/".join(call.path))
    _number([*others[: wanted - 1], found, *others[wanted - 1 :]])
    return Answer(204)


@route("GET", _ROOT + "/{id}/assignments", READ, versions=_BETA)
def list_assignments(call: Call) -> Answer:
    return collection(call, ASSIGNMENT, _find(call).get("assignments", []))


@route("POST", _ROOT + "/{id}/assign", WRITE, versions=_BETA)
def assign(call: Call) -> Answer:
    """The whole list is replaced."""
    found, given = _find_page(call), call.object_body().get("enrollmentConfigurationAssignments")
    if _is_default(found) or not isinstance(given, list):
        raise _silent(call)
    rows = []
    for one in given:
        target: t.Any = one.get("target") if isinstance(one, dict) else None
        if not isinstance(target, dict) or target.get("@odata.type") not in (GROUP, EVERY, USERS):
            raise _silent(call)
        group = str(target.get("groupId")).lower()
        if target["@odata.type"] == GROUP and call.side.view.get("groups", group) is None:
            raise intune_error(404, "ResourceNotFound", "Group not found", "/".join(call.path))
        name = group if target["@odata.type"] == GROUP else target["@odata.type"].rpartition(".")[2]
        rows.append(
            {"id": f"{found['id']}_{name}", "target": dict(target), "source": "direct", "sourceId": found["id"]}
        )
    found["assignments"] = rows
    return Answer(204)


def _pages(call: Call) -> list[Row]:
    """In their order."""
    rows = [row for row in call.side.tenant.enrollment_configurations if _kind(row).type == PAGE_TYPE]
    return sorted(rows, key=lambda row: row["priority"])


def _number(pages: list[Row]) -> None:
    for number, page in enumerate(pages, 1):
        page["priority"] = number


def _checked(call: Call, before: Row | None) -> Row:
    body = dict(call.object_body())
    if body.get("@odata.type") != f"#microsoft.graph.{PAGE_TYPE}":
        raise _silent(call)
    properties = check_body("beta", PAGE_TYPE, body)
    after = {**(before or {}), **properties}
    minutes = after.get("installProgressTimeoutInMinutes", 60)
    apps = after.get("selectedMobileAppIds") or []
    if (
        set(properties) & set(READ_ONLY)
        or (after.get("blockDeviceSetupRetryByUser") and any(after.get(name) for name in FREE))
        or not 1 <= minutes <= 1440
        or len(apps) > 100
        or any(app not in call.side.tenant.mobile_apps for app in apps)
    ):
        raise _silent(call)
    return {"@odata.type": body["@odata.type"], **properties}


def _find(call: Call) -> Row:
    rows = call.side.tenant.enrollment_configurations
    found = next((row for row in rows if row["id"].lower() == call.params["id"].lower()), None)
    if found is None or not is_known(call.version, _kind(found).type):
        raise intune_error(404, "ResourceNotFound", "Configuration not found", "/".join(call.path))
    return found


def _find_page(call: Call) -> Row:
    found = _find(call)
    if _kind(found).type != PAGE_TYPE:
        raise _silent(call)
    return found


def _is_default(row: Row) -> bool:
    return row["id"].endswith(DEFAULT)


def _kind(row: Row) -> Kind:
    return Kind(row["@odata.type"].rpartition(".")[2])


def _silent(call: Call) -> GraphError:
    return intune_error(400, "BadRequest", "An error has occurred", "/".join(call.path))
