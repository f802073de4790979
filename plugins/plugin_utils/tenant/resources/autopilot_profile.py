# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Autopilot deployment profiles for devices that join Microsoft Entra, and their assignments (beta).

Sources: Microsoft Graph, "windowsAutopilotDeploymentProfile resource type" and "Create
windowsAutopilotDeploymentProfileAssignment"; Windows Autopilot, "Configure Autopilot profiles"; for what Intune refuses
without a word, terraform-provider-microsoft365 (characters, escapeLinkHidden, another usage type needs a new profile),
CIPP issue 2803 (all devices twice) and andrew-s-taylor/public issue 51 (an assigned profile is not deleted).

Deprecated names (language, enableWhiteGlove, extractHardwareHash, outOfBoxExperienceSettings) stand in answers beside
the new ones; they are neither compared nor sent.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import copy
import re
import typing as t
from collections.abc import Mapping

from ...options import bad_option
from ...task import Task
from ..graph.errors import Permissions
from ..graph.fields import FLAG, IDENTITY, LINE, NAME, all_of, list_of, needed, object_of
from .assignments import check_targets, resolve_targets, shown_targets
from .directory import Named
from .engine import Property, PropertyKind, Resource, update
from .intune_objects import IntuneObjects, explained
from .profile_assignments import ProfileAssignments
from .refused import refused_unchanged

PROFILES_PATH = "/deviceManagement/windowsAutopilotDeploymentProfiles"
READ_SERVICE = Permissions.same("DeviceManagementServiceConfig.Read.All")
WRITE_SERVICE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
NAMED_PROFILE = Named("profile", PROFILES_PATH, "displayName", "", READ_SERVICE, exact_case=True)
ENTRA_JOIN = "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile"
MODES = {"user_driven": "singleUser", "self_deploying": "shared"}
_TARGETS = ("included_groups", "excluded_groups", "all_devices")
FORBIDDEN_LETTERS = "!#%^*)(-+;'><"
LONGEST_PROFILE_NAME, LONGEST_DESCRIPTION, LONGEST_DEVICE_NAME = 200, 1500, 15
_CHECKED = "the characters and the lengths of name and description, the name template, and what may be assigned"
_OOBE = "outOfBoxExperienceSetting"
_RANDOM = re.compile(r"%RAND:(\d{1,2})%", re.IGNORECASE)
_SERIAL = re.compile(r"%SERIAL%", re.IGNORECASE)
_LOCALE = re.compile(r"os-default|[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

PROFILE_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "@odata.type": needed(LINE),
        "displayName": NAME,
        **all_of("description", "locale", "deviceNameTemplate"),
        **all_of("preprovisioningAllowed", "hardwareHashExtractionEnabled", kind=FLAG),
        "roleScopeTagIds": list_of(IDENTITY),
        _OOBE: object_of(
            {
                **all_of("userType", "deviceUsageType"),
                **all_of("privacySettingsHidden", "eulaHidden", "keyboardSelectionPageSkipped", kind=FLAG),
                "escapeLinkHidden": FLAG,
            }
        ),
    }
)
PROFILE = Resource(
    noun="deployment profile",
    properties=(
        Property("name", "displayName", "name"),
        Property("description", "description", "description", PropertyKind.TEXT),
        Property("deployment_mode", f"{_OOBE}.deviceUsageType", "deployment mode", values=MODES),
        Property("user_type", f"{_OOBE}.userType", "user type"),
        Property("preprovisioning_allowed", "preprovisioningAllowed", "deployment by a technician in advance"),
        Property("device_name_template", "deviceNameTemplate", "template of device names", PropertyKind.TEXT),
        Property("locale", "locale", "language and region"),
        Property("privacy_settings_hidden", f"{_OOBE}.privacySettingsHidden", "privacy settings hidden"),
        Property("license_terms_hidden", f"{_OOBE}.eulaHidden", "license terms hidden"),
        Property(
            "keyboard_selection_skipped", f"{_OOBE}.keyboardSelectionPageSkipped", "choice of the keyboard skipped"
        ),
        Property("convert_devices", "hardwareHashExtractionEnabled", "registration of the assigned devices"),
        Property("role_scope_tag_ids", "roleScopeTagIds", "scope tags", PropertyKind.SET),
    ),
    read=READ_SERVICE,
    write=WRITE_SERVICE,
    version="beta",
    kind=PROFILE_KIND,
    odata_type=ENTRA_JOIN,
)
#: What a new profile is where the task does not say it.
_NEW: dict[str, t.Any] = {
    "description": "",
    "deployment_mode": "user_driven",
    "user_type": "standard",
    "preprovisioning_allowed": False,
    "device_name_template": "",
    "locale": "os-default",
    "privacy_settings_hidden": False,
    "license_terms_hidden": False,
    "keyboard_selection_skipped": False,
    "convert_devices": False,
    "role_scope_tag_ids": ["0"],
}


def ensure(task: Task) -> dict:
    """The work of the module: ``{"profile": {...} or None}``."""
    args = task.args
    if args["state"] == "present":
        _check(args)
    objects = IntuneObjects(task, NAMED_PROFILE, PROFILE, PROFILES_PATH)
    rows = [{"displayName": None, **row} for row in objects.rows()]
    current = (
        objects.by_name(args["name"], [row for row in rows if row["displayName"] is not None])
        if args["profile_id"] is None
        else objects.by_id(args["profile_id"], "profile_id", rows)
    )
    if current is not None:
        _require_entra_join(current)
    if args["state"] == "absent":
        return _remove(objects, current)
    if current is not None:
        _require_mode(args, current)
    wanted = resolve_targets(task, _TARGETS)
    assignments = ProfileAssignments(objects, wanted, None if current is None else current["id"])
    assignments.require_possible([row for row in rows if current is None or row["id"] != current["id"]])
    settings = _settings(args)
    profile = _make(objects, settings) if current is None else _bring(objects, settings, current)
    assignments.carry_out(profile.get("id"))
    return {"profile": _shown(profile, shown_targets(assignments.after, _TARGETS))}


# --- before anything is asked ---


def _check(args: Mapping[str, t.Any]) -> None:
    for option, longest in (("name", LONGEST_PROFILE_NAME), ("description", LONGEST_DESCRIPTION)):
        text = args[option] or ""
        wrong = sorted(set(text) & set(FORBIDDEN_LETTERS))
        if wrong:
            raise bad_option(option, f"Intune refuses {' '.join(wrong)} in it", "leave these characters out")
        if len(text) > longest or (option == "name" and args[option] is not None and not text.strip()):
            raise bad_option(option, f"it has {len(text)} characters", f"give 1 to {longest}")
    if args["locale"] is not None and not _LOCALE.fullmatch(args["locale"]):
        raise bad_option("locale", f"{args['locale']!r} is not a language", "give one such as en-US, or os-default")
    for tag in args["role_scope_tag_ids"] or ():
        if not re.fullmatch(r"\d{1,10}", tag):
            raise bad_option("role_scope_tag_ids", f"{tag!r} is not the id of a scope tag", "give numbers, such as 0")
    if args["role_scope_tag_ids"] == []:
        raise bad_option("role_scope_tag_ids", "a profile has at least one scope tag", "give 0, the default tag")
    _check_template(args["device_name_template"] or "")
    check_targets(args)


def _check_template(template: str) -> None:
    """A computer name has 1 to 15 letters, digits and hyphens, and not only digits."""
    randoms = [int(digits) for digits in _RANDOM.findall(template)]
    plain = _SERIAL.sub("", _RANDOM.sub("", template))
    fix = f"give at most {LONGEST_DEVICE_NAME} characters, with %SERIAL% or %RAND:n% (n digits)"
    if re.search(r"[^A-Za-z0-9-]", plain):
        raise bad_option(
            "device_name_template",
            f"{template!r} has other characters than letters, digits and hyphens, or a macro that is not known",
            fix,
        )
    if any(digits < 1 for digits in randoms):
        raise bad_option("device_name_template", "%RAND:0% gives nothing", fix)
    shortest = len(plain) + sum(randoms) + len(_SERIAL.findall(template))
    if shortest > LONGEST_DEVICE_NAME:
        raise bad_option("device_name_template", f"its names have {shortest} characters or more", fix)
    if plain and plain == template and plain.isdigit():
        raise bad_option("device_name_template", "Windows refuses a name of digits alone", "put a letter in it")


# --- after the profiles were read ---


def _require_entra_join(current: dict) -> None:
    if current["@odata.type"] != ENTRA_JOIN:
        raise refused_unchanged(
            "profile_for_hybrid_join",
            f"the profile {current['displayName']!r} is for hybrid join",
            "choose another name; this module manages profiles of devices that join Microsoft Entra",
        )


def _require_mode(args: Mapping[str, t.Any], current: dict) -> None:
    mode = PROFILE.shown(current)["deployment_mode"]
    if args.get("deployment_mode") not in (None, mode):
        raise refused_unchanged(
            "deployment_mode_fixed",
            f"the profile {current['displayName']!r} is {mode}, which is fixed when a profile is created",
            "create another profile with a new name and its assignments, then delete this one",
        )


def _settings(args: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The settings that the task gives, with languages spelled as Intune does."""
    given = {item.option: args[item.option] for item in PROFILE.properties if args[item.option] is not None}
    if given.get("locale", "os-default") != "os-default":
        language, *rest = given["locale"].split("-")
        parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest]
        given["locale"] = "-".join([language.lower(), *parts])
    return given


def _make(objects: IntuneObjects, given: dict[str, t.Any]) -> dict:
    task, settings = objects.task, {**_NEW, **given}
    body: dict[str, t.Any] = {"@odata.type": ENTRA_JOIN, "deviceType": "windowsPc", _OOBE: {"escapeLinkHidden": True}}
    for item in PROFILE.properties:
        place, _dot, inner = item.path.partition(".")
        sent = item.sent(settings[item.option])
        if inner:
            body[place][inner] = sent
        else:
            body[place] = "" if sent is None else sent
    shown = PROFILE.shown(body)
    if task.check_mode:
        task.changes.add(f"profile {settings['name']!r}", None, shown)
        return body
    profile, made = explained(lambda: objects.create(settings["name"], body, shown), "profile", _CHECKED)
    if made:
        return profile
    _require_entra_join(profile)
    _require_mode(given, profile)
    return _bring(objects, given, profile)


def _bring(objects: IntuneObjects, given: dict[str, t.Any], current: dict) -> dict:
    """Bring the settings of an existing profile to what is wanted."""
    whole = copy.deepcopy(current)
    # Sent with the settings beside it, and never otherwise.
    whole[_OOBE] = {**(whole.get(_OOBE) or {}), "escapeLinkHidden": True}
    return explained(
        lambda: update(objects.task, PROFILE, objects.path(current["id"]), given, whole), "profile", _CHECKED
    )


def _remove(objects: IntuneObjects, current: dict | None) -> dict:
    """Its assignments first: Intune does not delete an assigned profile."""
    if current is None:
        return {"profile": None}
    assignments = ProfileAssignments(objects, None, current["id"])
    assignments.carry_out(current["id"])
    shown = _shown(current, shown_targets(assignments.before, _TARGETS))
    explained(lambda: objects.delete(current, shown), "profile", "that it has no assignments any more")
    return {"profile": None}


def _shown(profile: dict, targets: dict[str, t.Any]) -> dict:
    return {"id": profile.get("id"), **PROFILE.shown(profile), **targets}
