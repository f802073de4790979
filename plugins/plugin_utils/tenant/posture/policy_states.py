# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of policies on devices, of compliance and of configuration alike: first the policies, then the settings of
those that failed.

A list of policy states comes with empty ``settingStates``: the settings are asked for. One policy can have two rows,
the user's and that of the System account, and either may decide.

Source: Microsoft Graph, "deviceCompliancePolicyState resource type", "deviceConfigurationState resource type",
"deviceCompliancePolicySettingState resource type" (``settingName`` is null: the setting is named by ``setting``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable

from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import IDENTITY, LINE, TEXT, list_of, needed, object_of, or_null
from .codes import code_kind
from .run import Looked, Run

READ_STATES = Permissions.same("DeviceManagementConfiguration.Read.All")
#: Of ``complianceStatus``: what is not met.
FAILED_STATES = ("nonCompliant", "error", "conflict")
#: States of a policy that judges nothing.
EMPTY_STATES = ("notApplicable", "notAssigned")
_SYSTEM = "system account"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_STATE_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "displayName": LINE,
        "state": needed(TEXT),
        "userId": TEXT,
        "userPrincipalName": LINE,
    }
)
SETTING_KIND = object_of(
    {
        "setting": LINE,
        "settingName": LINE,
        "state": needed(TEXT),
        "currentValue": LINE,
        "errorCode": or_null(code_kind),
        "sources": list_of(object_of({"displayName": LINE})),
    }
)


@dataclasses.dataclass
class PolicyState:
    """A policy on a device. ``settings`` are those that failed: None where they were not asked or could not be read,
    with the ``failure``."""

    row: dict[str, t.Any]
    settings: list[dict[str, t.Any]] | None = None
    failure: RequestFailure | None = None

    @property
    def name(self) -> str:
        return self.row.get("displayName") or "a policy without a name"

    @property
    def judged_for(self) -> str | None:
        """``user``, ``system``, or None where nobody says."""
        name = self.row.get("userPrincipalName") or ""
        if name.casefold() == _SYSTEM or (not name and self.row.get("userId") == _NOBODY):
            return "system"
        return "user" if name else None

    @property
    def user(self) -> str | None:
        return self.row.get("userPrincipalName") if self.judged_for == "user" else None

    @property
    def for_whom(self) -> str:
        """Part of a sentence, such as ", judged for ada@contoso.com"."""
        if self.judged_for == "system":
            return ", judged for the System account"
        return f", judged for {self.user}" if self.user else ""


def ask(
    run: Run,
    identity: str,
    collection: str,
    what: str,
    more: Callable[[list[PolicyState]], list[PolicyState]] = lambda states: [],
) -> dict[str, list[PolicyState] | RequestFailure]:
    """The policies on each managed device, by device id, with the settings of those that failed.

    ``collection`` is the relation of managedDevice, ``what`` a plural noun phrase. ``more`` names states of a device
    whose settings are wanted although the policy has not failed.
    """
    asked = run.managed
    items = [_states_item(device, collection, what) for device in asked]
    found: dict[str, list[PolicyState] | RequestFailure] = {}
    wanted: list[tuple[Looked, PolicyState]] = []
    for device, rows in zip(asked, run.rows(identity, what, items, "beta")):
        if isinstance(rows, RequestFailure):
            found[device.device_id] = rows
            continue
        states = [PolicyState(row) for row in rows]
        found[device.device_id] = states
        wanted += [(device, one) for one in states if one.row["state"] in FAILED_STATES]
        wanted += [(device, one) for one in more(states)]
    _ask_settings(run, identity, collection, what, wanted)
    return found


def _states_item(device: Looked, collection: str, what: str) -> Item:
    return Item(
        "GET",
        odata.path("deviceManagement", "managedDevices", str(device.record and device.record["id"]), collection),
        Purpose(f"read {what} of {device.subject}", READ_STATES),
        row_kind=_STATE_KIND,
    )


def _ask_settings(
    run: Run, identity: str, collection: str, what: str, wanted: list[tuple[Looked, PolicyState]]
) -> None:
    items = [
        Item(
            "GET",
            odata.path(
                "deviceManagement",
                "managedDevices",
                str(device.record and device.record["id"]),
                collection,
                state.row["id"],
                "settingStates",
            ),
            Purpose(f"read the settings of {state.name!r} on {device.subject}", READ_STATES),
            row_kind=SETTING_KIND,
        )
        for device, state in wanted
    ]
    for (_device, state), rows in zip(wanted, run.rows(identity, f"the settings of {what}", items, "beta")):
        if isinstance(rows, RequestFailure):
            state.failure = rows
        else:
            state.settings = list(rows)


def failed_settings(state: PolicyState) -> list[dict[str, t.Any]]:
    """The settings of a policy that are not met."""
    return [row for row in state.settings or [] if row["state"] in FAILED_STATES]


def setting_of(row: dict[str, t.Any]) -> str:
    """The name of a setting as Intune has it."""
    return row.get("setting") or row.get("settingName") or "a setting without a name"


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")


def spaced(name: str) -> str:
    """``Windows10CompliancePolicy.SecureBootEnabled`` as "secure boot enabled"."""
    last = name[:200].rpartition(".")[2] or name[:200]
    words = _WORD.findall(last)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or last
