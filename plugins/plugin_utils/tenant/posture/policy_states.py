# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of policies on devices, of compliance and of configuration alike: first the policies, then the settings of
those that failed.

A list of policy states comes with empty ``settingStates``: the settings are asked for. One policy can have two rows,
the user's and that of the System account, and either may decide. Both may carry the policy's own id; the settings under
it are then those of both.

Source: Microsoft Graph, "List deviceCompliancePolicyStates", "List deviceConfigurationStates", "List settingStates".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from .run import Looked, Run
from .state_rows import EMPTY_STATES, FAILED_STATES, SETTING_KIND, is_system, person_of, state_kind, state_of

READ_STATES = Permissions.same("DeviceManagementConfiguration.Read.All")
#: Of one device, so many failed policies are asked for their settings.
MOST_FAILED = 20


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
    def key(self) -> str:
        """What tells one policy from another."""
        return self.row.get("displayName") or self.row["state_id"]

    @property
    def state(self) -> str:
        return state_of(self.row)

    @property
    def failed(self) -> bool:
        return self.state in FAILED_STATES

    @property
    def judges(self) -> bool:
        return self.state not in EMPTY_STATES

    @property
    def judged_for(self) -> str | None:
        """``user``, ``system``, or None where nobody says."""
        if is_system(self.row):
            return "system"
        return None if person_of(self.row) is None else "user"

    @property
    def user(self) -> str | None:
        return self.row.get("userPrincipalName") or None if self.judged_for == "user" else None

    @property
    def for_whom(self) -> str:
        """Part of a sentence, such as ", judged for ada@contoso.com"."""
        if self.judged_for == "system":
            return ", judged for the System account"
        return f", judged for {self.user}" if self.user else ""


Wanted = list[tuple[Looked, PolicyState]]


def ask(run: Run, identity: str, collection: str, what: str) -> dict[str, list[PolicyState] | RequestFailure]:
    """The policies on each managed device, by device id, with the settings of those that failed.

    ``collection`` is the relation of managedDevice, ``what`` a plural noun phrase.
    """
    asked = run.managed
    items = [_states_item(device, collection, what) for device in asked]
    found: dict[str, list[PolicyState] | RequestFailure] = {}
    wanted: Wanted = []
    for device, rows in zip(asked, run.rows(identity, what, items, "beta")):
        if isinstance(rows, RequestFailure):
            found[device.device_id] = rows
            continue
        states = [PolicyState(row) for row in rows]
        found[device.device_id] = states
        failed = [one for one in states if one.failed]
        wanted += [(device, one) for one in failed[:MOST_FAILED]]
        if failed[MOST_FAILED:]:
            left = len(failed) - MOST_FAILED
            device.shown["unread"].append(f"the settings of {left} more failed policies were not asked ({what})")
    ask_settings(run, identity, collection, what, wanted)
    return found


def _states_item(device: Looked, collection: str, what: str) -> Item:
    return Item(
        "GET",
        odata.path("deviceManagement", "managedDevices", device.record_id, collection),
        Purpose(f"read {what} of {device.subject}", READ_STATES),
        row_kind=state_kind,
    )


def ask_settings(run: Run, identity: str, collection: str, what: str, wanted: Wanted) -> None:
    """Fill the ``settings`` of these states, or their ``failure``. States of a device with one id are asked once."""
    together: dict[tuple[str, str], Wanted] = {}
    for device, state in wanted:
        together.setdefault((device.device_id, state.row["state_id"]), []).append((device, state))
    items = [
        Item(
            "GET",
            odata.path(
                "deviceManagement",
                "managedDevices",
                device.record_id,
                collection,
                state.row["state_id"],
                "settingStates",
            ),
            Purpose(f"read the settings of {state.name!r} on {device.subject}", READ_STATES),
            row_kind=SETTING_KIND,
        )
        for (device, state), *_others in together.values()
    ]
    answers = run.rows(identity, f"the settings of {what}", items, "beta")
    for many, rows in zip(together.values(), answers):
        for _device, state in many:
            if isinstance(rows, RequestFailure):
                state.failure = rows
            else:
                state.settings = _own(state, rows)


def _own(state: PolicyState, rows: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The settings of a state's own person: all of them where they do not say whose they are."""
    person = person_of(state.row)
    others = [row for row in rows if person_of(row) not in (None, person)]
    if person is None or not others:
        return list(rows)
    mine = [row for row in rows if person_of(row) in (None, person)]
    # Where none is this person's, the rows name people in another way.
    return mine or list(rows)


def failed_settings(state: PolicyState) -> list[dict[str, t.Any]]:
    """The settings of a policy that are not met."""
    return [row for row in state.settings or [] if state_of(row) in FAILED_STATES]
