# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words after ``returned:`` promise of a result."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping

from .documentation import Field, documented


@dataclasses.dataclass(frozen=True)
class Came:
    """A result that has come. ``failed`` says whether the module has failed, or not reached its device. ``given`` names
    the options in the playbook, None where nobody has noted them."""

    module: str
    result: Mapping[str, t.Any]
    failed: bool
    given: list[str] | None = None

    @property
    def refused(self) -> bool:
        """Before the work began."""
        error = self.result.get("error") or {}
        return error.get("name") in ("bad_option", "bad_keyword", "bad_environment")


Condition = Callable[[Field, Mapping[str, t.Any], Came], "bool | None"]


def _with_the_others(field: Field, value: Mapping[str, t.Any], came: Came) -> bool | None:
    """There on success and where the fix is to look at them, never on a refusal of options; on another failure either
    all fields of this condition or none of them."""
    error = came.result.get("error") or {}
    if not came.failed or "look at the list" in str(error.get("fix")):
        return True
    if came.refused:
        return False
    others = [name for name, other in documented(came.module).items() if other.returned == field.returned]
    return any(name in came.result for name in others)


def _with(option: str) -> Condition:
    def condition(field: Field, value: Mapping[str, t.Any], came: Came) -> bool | None:
        if came.given is None or option not in came.given:
            return None if came.given is None else False
        return None if came.failed else True

    return condition


def _with_any(*options: str) -> Condition:
    """One of the options is given; or wait_for, of which only one choice implies them."""

    def condition(field: Field, value: Mapping[str, t.Any], came: Came) -> bool | None:
        if came.given is None or not {*options, "wait_for"} & set(came.given):
            return None if came.given is None else False
        return True if set(options) & set(came.given) and not came.failed else None

    return condition


def _subset(name: str) -> Condition:
    return lambda field, value, came: name in value.get("read", {})


CONDITIONS: dict[str, Condition] = {
    "": lambda field, value, came: True,
    "always": lambda field, value, came: True,
    "success": lambda field, value, came: not came.failed,
    "failure": lambda field, value, came: came.failed,
    "once the device's state has been read": _with_the_others,
    "once the device or the bundle has been read": _with_the_others,
    "when the devices could be read": _with_the_others,
    "when the users could be read": _with_the_others,
    "once each name is known to mean one device": _with_the_others,
    "with O(intune)": _with("intune"),
    "with O(autopilot)": _with("autopilot"),
    "with O(wait_for)": _with("wait_for"),
    "with O(deployments) or O(wait_for=deployments)": _with_any("deployments"),
    "with O(directory), O(deployments) or O(wait_for=deployments)": _with_any("directory", "deployments"),
    "with O(intune), O(deployments) or O(wait_for=deployments)": _with_any("intune", "deployments"),
    "with O(extension_attributes)": _with("extension_attributes"),
    "when the tenant could be asked": _with_the_others,
    "when all packages could be read": _with_the_others,
    "when the device has answered": _with_the_others,
    "when the options to sign in are not refused": lambda field, value, came: None if came.failed else True,
    "after a leave, successful or not": lambda field, value, came: None,
    "changed, if there were such facts": lambda field, value, came: None if came.result.get("changed") else False,
    "success, without O(only_try)": lambda field, value, came: None if not came.failed else False,
    # Not every work has a hand-over sheet, and a try knows what is known.
    "success, with O(only_try) and a work whose ids are used later": lambda field, value, came: (
        None if not came.failed else False
    ),
    "success, without O(only_try), with O(work=verify)": lambda field, value, came: (
        None if not came.failed else False
    ),
    "success, without O(only_try), with a work that has a sheet": lambda field, value, came: (
        None if not came.failed else False
    ),
    "success, without O(only_try), if O(gate) is given": lambda field, value, came: None if not came.failed else False,
    "with O(src)": _with("src"),
    "with O(dest)": _with("dest"),
    **{f"subset {name}": _subset(name) for name in ("join", "mdm", "packages", "os", "clock", "caller")},
}


def wanted(field: Field, value: Mapping[str, t.Any], came: Came) -> bool | None:
    """Whether a field has to be in a value: None where both is right. A condition that is not in the table is an
    error: a promise that nothing compares is none."""
    return CONDITIONS[field.returned](field, value, came)
