# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollment status pages of Intune: settings, apps that block, place in the order, and assignments (beta).

Sources: Microsoft Graph, "windows10EnrollmentCompletionPageConfiguration resource type", "setPriority action", "assign
action"; Windows Autopilot, "Enrollment Status Page" (at most 51 pages, 100 apps, quality updates by age of the page).
Microsoft365DSC for what Intune refuses: no route to single assignments (issue 3892), setPriority to the present value
(issue 4295), the default page with a priority or assignments; terraform-provider-microsoft365 for the flags that are
not taken together.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ...options import bad_option
from ...task import Task
from ..graph.errors import Permissions
from ..graph.fields import FLAG, IDENTITY, LINE, NAME, NUMBER, all_of, list_of, needed, object_of
from .assignments import shown_targets
from .directory import Named
from .engine import Property, PropertyKind, Resource, update
from .intune_objects import IntuneObjects, explained
from .page_apps import MOST_APPS, resolve_apps
from .page_order import PageAssignments, bring_priority, user_warnings
from .refused import refused_unchanged

PAGES_PATH = "/deviceManagement/deviceEnrollmentConfigurations"
READ_SERVICE = Permissions.same("DeviceManagementServiceConfig.Read.All")
WRITE_SERVICE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
NAMED_PAGE = Named("page", PAGES_PATH, "displayName", "", READ_SERVICE, exact_case=True)
PAGE_TYPE = "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration"
DEFAULT_PAGE = "_DefaultWindows10EnrollmentCompletionPageConfiguration"
_TARGETS = ("included_groups", "all_devices", "all_users")
MOST_STATUS_PAGES = 51
LENGTHS = {"name": 200, "description": 1000, "error_message": 10_000}
_CHECKED = "the lengths of its texts, its flags, and that the apps exist and are of Windows"
#: What is not free while users may not try again.
_NEEDS_RETRY = ("device_reset_allowed", "device_use_allowed", "failed_apps_tolerated")

PAGE_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "@odata.type": needed(LINE),
        "displayName": NAME,
        **all_of("description", "customErrorMessage"),
        **all_of("priority", "installProgressTimeoutInMinutes", kind=NUMBER),
        **all_of(
            "showInstallationProgress",
            "allowLogCollectionOnInstallFailure",
            "disableUserStatusTrackingAfterFirstUser",
            "blockDeviceSetupRetryByUser",
            "allowDeviceResetOnInstallFailure",
            "allowDeviceUseOnInstallFailure",
            "allowNonBlockingAppInstallation",
            "trackInstallProgressForAutopilotOnly",
            "installQualityUpdates",
            kind=FLAG,
        ),
        **all_of("selectedMobileAppIds", "roleScopeTagIds", kind=list_of(IDENTITY)),
    }
)
STATUS_PAGE = Resource(
    noun="enrollment status page",
    properties=(
        Property("name", "displayName", "name"),
        Property("description", "description", "description", PropertyKind.TEXT),
        Property("show_progress", "showInstallationProgress", "page shown"),
        Property("timeout_minutes", "installProgressTimeoutInMinutes", "timeout in minutes"),
        Property("error_message", "customErrorMessage", "error message", PropertyKind.TEXT),
        Property("log_collection_allowed", "allowLogCollectionOnInstallFailure", "collection of logs allowed"),
        Property("first_user_only", "disableUserStatusTrackingAfterFirstUser", "page for the first user only"),
        Property("setup_retry_blocked", "blockDeviceSetupRetryByUser", "second try blocked"),
        Property("device_reset_allowed", "allowDeviceResetOnInstallFailure", "reset of the device allowed"),
        Property("device_use_allowed", "allowDeviceUseOnInstallFailure", "use of the device after a failure allowed"),
        Property("failed_apps_tolerated", "allowNonBlockingAppInstallation", "failed apps tolerated in advance"),
        Property("autopilot_only", "trackInstallProgressForAutopilotOnly", "page in Autopilot deployments only"),
        Property("install_quality_updates", "installQualityUpdates", "installation of quality updates"),
        Property("blocking_apps", "selectedMobileAppIds", "blocking apps", PropertyKind.SET),
        Property("role_scope_tag_ids", "roleScopeTagIds", "scope tags", PropertyKind.SET),
    ),
    read=READ_SERVICE,
    write=WRITE_SERVICE,
    version="beta",
    kind=PAGE_KIND,
    odata_type=PAGE_TYPE,
    # Unset it means yes on new pages and no on old ones.
    always=("installQualityUpdates",),
)
#: What a new page is where the task does not say it.
_NEW: dict[str, t.Any] = {
    "description": "",
    "show_progress": True,
    "timeout_minutes": 60,
    "error_message": "",
    "log_collection_allowed": False,
    "first_user_only": False,
    "setup_retry_blocked": False,
    "device_reset_allowed": False,
    "device_use_allowed": False,
    "failed_apps_tolerated": False,
    "autopilot_only": False,
    "install_quality_updates": False,
    "blocking_apps": [],
    "role_scope_tag_ids": ["0"],
}


def ensure(task: Task) -> dict:
    """The work of the module: ``{"page": {...} or None}``, and warnings."""
    args = task.args
    _check(args)
    objects = IntuneObjects(task, NAMED_PAGE, STATUS_PAGE, PAGES_PATH, _is_page)
    rows = objects.rows()
    current = _find(objects, args, rows)
    if current is not None and is_default(current):
        _require_for_default(args, current)
    if args["state"] == "absent":
        return _remove(objects, current)
    given = {item.option: args[item.option] for item in STATUS_PAGE.properties if args[item.option] is not None}
    if args["blocking_apps"]:
        given["blocking_apps"] = resolve_apps(task.client, args["blocking_apps"])
    _require_free(given, current)
    if current is None:
        _require_room(rows)
    assignments = PageAssignments(objects, _TARGETS, None if current is None else current["id"])
    page, made = _make(objects, given) if current is None else (_bring(objects, given, current), False)
    page = bring_priority(objects, page, args["priority"], made)
    assignments.carry_out(page)
    result: dict[str, t.Any] = {"page": _shown(page, shown_targets(assignments.after, _TARGETS))}
    warnings = user_warnings(task.client, page, assignments.after)
    return result | ({"warnings": warnings} if warnings else {})


def is_default(page: Mapping[str, t.Any]) -> bool:
    """Whether it is the page that every tenant has."""
    return page["id"].endswith(DEFAULT_PAGE)


def _is_page(row: dict) -> bool:
    return row["@odata.type"] == PAGE_TYPE


# --- before anything is asked ---


def _check(args: Mapping[str, t.Any]) -> None:
    if args["default_page"]:
        _require_for_default(args)
    elif args["name"] is None and args["page_id"] is None:
        raise bad_option("name", "nothing says which page", "give it, or page_id, or default_page")
    for option, longest in LENGTHS.items():
        text = args[option]
        if text is not None and (len(text) > longest or (option == "name" and not text.strip())):
            raise bad_option(option, f"it has {len(text)} characters", f"give 1 to {longest}")
    for tag in args["role_scope_tag_ids"] or ():
        if not (tag.isascii() and tag.isdigit() and len(tag) <= 10):
            raise bad_option("role_scope_tag_ids", f"{tag!r} is not the id of a scope tag", "give numbers, such as 0")
    if args["role_scope_tag_ids"] == []:
        raise bad_option("role_scope_tag_ids", "a page has at least one scope tag", "give 0, the default tag")
    if len(set(args["blocking_apps"] or ())) > MOST_APPS:
        raise bad_option(
            "blocking_apps", f"a page waits for at most {MOST_APPS} apps", "give fewer, or an empty list for all"
        )
    _require_free({option: args[option] for option in ("setup_retry_blocked", *_NEEDS_RETRY)}, None)


def _require_for_default(args: Mapping[str, t.Any], current: Mapping[str, t.Any] | None = None) -> None:
    """Failure for what the default page does not have. ``current`` is that page, where it was read."""
    if args["state"] == "absent":
        raise bad_option("state", "Intune does not delete the default page", "change its settings instead")
    for option in ("priority", *_TARGETS):
        if args[option] is not None:
            raise bad_option(option, "the default page has neither priority nor assignments", "leave it out")
    if args["name"] is not None and (args["default_page"] or (current and args["name"] != current.get("displayName"))):
        raise bad_option("name", "the default page keeps its name", "leave it out, or name another page")


def _require_free(wanted: Mapping[str, t.Any], current: dict | None) -> None:
    """Failure for flags that Intune does not take together; those that are not given are as they are."""
    before = {} if current is None else STATUS_PAGE.shown(current)

    def on(option: str) -> bool:
        return bool(before.get(option) if wanted.get(option) is None else wanted[option])

    both = [option for option in _NEEDS_RETRY if on(option)]
    if on("setup_retry_blocked") and both and any(wanted.get(o) for o in ("setup_retry_blocked", *both)):
        raise bad_option(both[0], "it cannot be true while setup_retry_blocked is true", "set one of the two to false")


# --- after the pages were read ---


def _find(objects: IntuneObjects, args: Mapping[str, t.Any], rows: list[dict]) -> dict | None:
    if args["default_page"]:
        found = next((row for row in rows if is_default(row)), None)
        if found is None:
            raise refused_unchanged(
                "no_default_page", "Intune shows no default page", "look at the tenant in the admin center"
            )
        return found
    if args["page_id"] is not None:
        return objects.by_id(args["page_id"], "page_id", rows)
    return objects.by_name(args["name"], [row for row in rows if row.get("displayName") is not None])


def _require_room(rows: list[dict]) -> None:
    if len(rows) >= MOST_STATUS_PAGES:
        raise refused_unchanged(
            "too_many_pages",
            f"the tenant has {len(rows)} enrollment status pages, and Intune takes {MOST_STATUS_PAGES}",
            "delete one that is not needed",
        )


def _make(objects: IntuneObjects, given: Mapping[str, t.Any]) -> tuple[dict, bool]:
    """The page, and whether this task has made it (in check mode: would make it)."""
    task, settings = objects.task, {**_NEW, **given}
    body = {item.path: item.sent(settings[item.option]) for item in STATUS_PAGE.properties}
    body = {"@odata.type": PAGE_TYPE, **body, "description": body["description"] or ""}
    shown = STATUS_PAGE.shown(body)
    if task.check_mode:
        task.changes.add(f"page {settings['name']!r}", None, shown)
        return body, True
    page, made = explained(lambda: objects.create(settings["name"], body, shown), "page", _CHECKED)
    return (page, True) if made else (_bring(objects, given, page), False)


def _bring(objects: IntuneObjects, given: Mapping[str, t.Any], current: dict) -> dict:
    """Bring the settings of an existing page to what is wanted."""
    wanted = dict(given)
    if current.get("installQualityUpdates") is None:
        wanted.setdefault("install_quality_updates", _NEW["install_quality_updates"])
    return explained(
        lambda: update(objects.task, STATUS_PAGE, objects.path(current["id"]), wanted, current), "page", _CHECKED
    )


def _remove(objects: IntuneObjects, current: dict | None) -> dict:
    if current is not None:
        before = PageAssignments(objects, (), current["id"]).before
        objects.delete(current, _shown(current, shown_targets(before, _TARGETS)))
    return {"page": None}


def _shown(page: dict, targets: dict[str, t.Any]) -> dict:
    return {"id": page.get("id"), **STATUS_PAGE.shown(page), "priority": page.get("priority"), **targets}
