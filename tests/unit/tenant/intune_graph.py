# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment profiles, enrollment status pages and apps of a FakeGraph, with what Intune refuses."""

from __future__ import annotations

import copy
import typing as t
import uuid
from collections.abc import Callable

import httpx

from .fake_graph import FakeGraph, _gone, _page, error, guid

PREFIX = "#microsoft.graph."
ENTRA = PREFIX + "azureADWindowsAutopilotDeploymentProfile"
HYBRID = PREFIX + "activeDirectoryWindowsAutopilotDeploymentProfile"
PAGE = PREFIX + "windows10EnrollmentCompletionPageConfiguration"
GROUP, EXCLUDED, DEVICES, USERS = (
    f"{PREFIX}{name}AssignmentTarget" for name in ("group", "exclusionGroup", "allDevices", "allLicensedUsers")
)
DEFAULT_ID = guid("default") + "_DefaultWindows10EnrollmentCompletionPageConfiguration"
_PROFILES, _PAGES = (
    f"deviceManagement/{name}" for name in ("windowsAutopilotDeploymentProfiles", "deviceEnrollmentConfigurations")
)


def intune_silent() -> httpx.Response:
    """Intune's refusal without a word."""
    return error(400, "BadRequest", '{"_version": 3, "Message": "An error has occurred - Operation ID (for x): 1"}')


class IntuneGraph(FakeGraph):
    """``profiles`` and ``pages`` are by id, each with its "assignments"; ``apps`` are rows of mobileApps,
    ``other_configurations`` stand in one list with the pages."""

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, dict] = {}
        self.pages: dict[str, dict] = {}
        self.apps: list[dict] = []
        self._made = 0
        self.add_page("All users and all devices", id=DEFAULT_ID, priority=0, showInstallationProgress=False)
        self.other_configurations: list[dict] = [
            {
                "id": guid("limit") + "_DefaultLimit",
                "@odata.type": PREFIX + "deviceEnrollmentLimitConfiguration",
                "displayName": "All users and all devices",
                "priority": 0,
            }
        ]

    # --- state ---

    def add_profile(self, name: str, *targets: dict, kind: str = ENTRA, **properties: t.Any) -> dict:
        self._made += 1
        identity = guid(f"profile {name} {self._made}")
        self.profiles[identity] = {
            "id": identity,
            "@odata.type": kind,
            "displayName": name,
            "description": "",
            "language": "os-default",
            "locale": "os-default",
            "deviceNameTemplate": "",
            "deviceType": "windowsPc",
            "enableWhiteGlove": False,
            "preprovisioningAllowed": False,
            "extractHardwareHash": False,
            "hardwareHashExtractionEnabled": False,
            "roleScopeTagIds": ["0"],
            "outOfBoxExperienceSetting": {
                "userType": "standard",
                "deviceUsageType": "singleUser",
                "privacySettingsHidden": False,
                "eulaHidden": False,
                "keyboardSelectionPageSkipped": False,
                "escapeLinkHidden": True,
            },
            **properties,
            "assignments": [self._assignment(identity, target) for target in targets],
        }
        return self.profiles[identity]

    def add_page(self, name: str, *targets: dict, **properties: t.Any) -> dict:
        identity = properties.pop("id", f"{guid(f'page {name}')}_Windows10EnrollmentCompletionPageConfiguration")
        self.pages[identity] = {
            "id": identity,
            "@odata.type": PAGE,
            "displayName": name,
            "description": "",
            "priority": len(self.pages) + 1,
            "showInstallationProgress": True,
            "installProgressTimeoutInMinutes": 60,
            "customErrorMessage": None,
            "allowLogCollectionOnInstallFailure": False,
            "disableUserStatusTrackingAfterFirstUser": False,
            "blockDeviceSetupRetryByUser": False,
            "allowDeviceResetOnInstallFailure": False,
            "allowDeviceUseOnInstallFailure": False,
            "allowNonBlockingAppInstallation": False,
            "trackInstallProgressForAutopilotOnly": False,
            "installQualityUpdates": None,
            "selectedMobileAppIds": [],
            "roleScopeTagIds": ["0"],
            **properties,
            "assignments": [self._assignment(identity, target) for target in targets],
        }
        return self.pages[identity]

    def add_app(self, name: str, kind: str = "win32LobApp") -> str:
        identity = guid(f"app {name} {kind} {len(self.apps)}")
        self.apps.append({"id": identity, "@odata.type": PREFIX + kind, "displayName": name})
        return identity

    def target(self, name: str, kind: str = GROUP) -> dict:
        """The target of a group by its name."""
        return {"@odata.type": kind, "groupId": t.cast("dict", self.group(name))["id"]}

    def targets(self, row: dict) -> list[tuple[str, str | None]]:
        """(type, name of the group) of what an object is assigned to."""
        names = {group["id"]: group["displayName"] for group in self.groups.values()}
        found = [one["target"] for one in row["assignments"]]
        return sorted((one["@odata.type"], names.get(one.get("groupId", ""), "")) for one in found)

    def _assignment(self, owner: str, target: dict) -> dict:
        return {"id": f"{owner}_{uuid.uuid4()}", "target": dict(target)}

    # --- answering ---

    def _routes(self) -> list[tuple[str, Callable]]:
        one = r"([0-9A-Za-z_-]{36,120})"
        return [
            (f"GET {_PROFILES}", lambda q, b: _page([_bare(row) for row in self.profiles.values()])),
            (f"POST {_PROFILES}", lambda q, b: self._post_profile(b)),
            (f"GET {_PROFILES}/{one}", lambda q, b, i: _row(self.profiles, i)),
            (f"PATCH {_PROFILES}/{one}", lambda q, b, i: self._patch_profile(b, i)),
            (f"DELETE {_PROFILES}/{one}", lambda q, b, i: self._delete_profile(i)),
            (f"GET {_PROFILES}/{one}/assignments", lambda q, b, i: _page(self.profiles[i]["assignments"])),
            (f"POST {_PROFILES}/{one}/assignments", lambda q, b, i: self._assign_profile(b, i)),
            (f"DELETE {_PROFILES}/{one}/assignments/{one}", lambda q, b, i, a: self._unassign(i, a)),
            (
                f"GET {_PAGES}",
                lambda q, b: _page([*self.other_configurations, *(_bare(row) for row in self.pages.values())]),
            ),
            (f"POST {_PAGES}", lambda q, b: self._post_page(b)),
            (f"GET {_PAGES}/{one}", lambda q, b, i: _row(self.pages, i)),
            (f"PATCH {_PAGES}/{one}", lambda q, b, i: self._patch_page(b, i)),
            (f"DELETE {_PAGES}/{one}", lambda q, b, i: _gone(self.pages.pop(i, None))),
            (f"GET {_PAGES}/{one}/assignments", lambda q, b, i: _page(self.pages[i]["assignments"])),
            (f"POST {_PAGES}/{one}/assign", lambda q, b, i: self._assign_page(b, i)),
            (f"POST {_PAGES}/{one}/setPriority", lambda q, b, i: self._set_priority(b, i)),
            ("GET deviceManagement/operationApprovalRequests", lambda q, b: _page([])),
            ("GET deviceAppManagement/mobileApps", lambda q, b: _page(self.apps)),
            (
                f"GET deviceAppManagement/mobileApps/{one}",
                lambda q, b, i: _row({row["id"]: row for row in self.apps}, i),
            ),
            *super()._routes(),
        ]

    def _post_profile(self, body: dict) -> httpx.Response:
        if body.get("@odata.type") != ENTRA or body["outOfBoxExperienceSetting"].get("escapeLinkHidden") is not True:
            return intune_silent()
        made = self.add_profile(body["displayName"])
        made.update(copy.deepcopy(body))
        return httpx.Response(201, json=_bare(made))

    def _patch_profile(self, body: dict, identity: str) -> httpx.Response:
        old = {"language", "enableWhiteGlove", "extractHardwareHash", "outOfBoxExperienceSettings"}
        assert not old & set(body)
        if body.get("@odata.type") != ENTRA:
            return intune_silent()
        self.profiles[identity].update(copy.deepcopy(body))
        return httpx.Response(200, json=_bare(self.profiles[identity]))

    def _delete_profile(self, identity: str) -> httpx.Response:
        if self.profiles[identity]["assignments"]:
            return intune_silent()
        return _gone(self.profiles.pop(identity))

    def _assign_profile(self, body: dict, identity: str) -> httpx.Response:
        kinds = {one["target"]["@odata.type"] for one in self.profiles[identity]["assignments"]}
        kinds.add(body["target"]["@odata.type"])
        if {DEVICES, EXCLUDED} <= kinds:
            return intune_silent()
        row = self._assignment(identity, body["target"])
        self.profiles[identity]["assignments"].append(row)
        return httpx.Response(201, json=row)

    def _unassign(self, identity: str, assignment: str) -> httpx.Response:
        rows = self.profiles[identity]["assignments"]
        found = [one for one in rows if one["id"] == assignment]
        for one in found:
            rows.remove(one)
        return _gone(found)

    def _post_page(self, body: dict) -> httpx.Response:
        if body.get("@odata.type") != PAGE or "priority" in body:
            return intune_silent()
        made = self.add_page(body["displayName"], priority=1 + max(row["priority"] for row in self.pages.values()))
        made.update(body)
        return httpx.Response(201, json=_bare(made))

    def _patch_page(self, body: dict, identity: str) -> httpx.Response:
        if body.get("@odata.type") != PAGE or "priority" in body:
            return intune_silent()
        self.pages[identity].update(body)
        return httpx.Response(200, json=_bare(self.pages[identity]))

    def _assign_page(self, body: dict, identity: str) -> httpx.Response:
        given = body["enrollmentConfigurationAssignments"]
        self.pages[identity]["assignments"] = [self._assignment(identity, one["target"]) for one in given]
        return httpx.Response(204)

    def _set_priority(self, body: dict, identity: str) -> httpx.Response:
        page, wanted = self.pages[identity], body["priority"]
        if wanted == page["priority"] or identity == DEFAULT_ID:
            return error(400, "BadRequest", "Invalid priority")
        for other in self.pages.values():
            if other["priority"] >= wanted and other["priority"] != 0:
                other["priority"] += 1
        page["priority"] = wanted
        return httpx.Response(204)


def _bare(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "assignments"}


def _row(objects: dict, identity: str) -> httpx.Response:
    found = objects.get(identity)
    return httpx.Response(200, json=_bare(found)) if found else error(404, "ResourceNotFound")
