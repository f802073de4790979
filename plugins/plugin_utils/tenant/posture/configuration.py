# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device configurations that are not applied, setting by setting.

"Remediation failed" is not "not applied": the device reports another value than was sent, and the setting may be in
force. Intune may name one side of a conflict only. Baselines, endpoint security and the settings catalog are not in
this list.

Source: Microsoft Intune, "Monitor device configuration policies"; "Troubleshoot policies and profiles in Intune".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..graph.failures import RequestFailure
from . import policy_states
from .codes import REMEDIATION_FAILED, in_words
from .findings import said
from .policy_states import PolicyState, failed_settings
from .run import Run
from .state_rows import EMPTY_STATES, MET_STATES, setting_of, some_of, state_of

COLLECTION = "deviceConfigurationStates"
_ONE_SIDE = (
    "a conflict with a policy that Intune does not name: a baseline, endpoint security or the settings catalog may "
    "have the other side"
)


def ask(run: Run) -> None:
    """Fill ``configuration`` of every device that Intune has."""
    for device in run.devices:
        device.shown["configuration"] = None
    found = policy_states.ask(run, "configuration", COLLECTION, "the states of device configurations")
    for device in run.managed:
        states = found[device.device_id]
        if isinstance(states, RequestFailure):
            run.not_known(device, "configuration", "its device configurations", states)
            continue
        failed = [one for one in states if one.failed]
        device.shown["configuration"] = [_shown(one) for one in failed]
        for one in failed:
            if one.failure is not None:
                run.not_known(device, "configuration", f"the settings of {one.name!r}", one.failure)
        device.say(*(_judged(one) for one in failed))
        silent = [one for one in states if not one.failed and one.state not in (*MET_STATES, *EMPTY_STATES)]
        if silent:
            device.say(_not_judged(silent))
        elif not failed:
            device.say(said("configuration", PASS, "no device configuration has failed"))


def may_be_in_force(state: PolicyState) -> bool | None:
    if state.settings is None:
        return None
    failed = failed_settings(state)
    return bool(failed) and all(
        row.get("errorCode") == REMEDIATION_FAILED and state_of(row) != "conflict" for row in failed
    )


def _not_judged(silent: list[PolicyState]) -> Finding:
    told = some_of([f"{one.name}{one.for_whom}: {one.state}" for one in silent])
    return said(
        "configuration",
        UNKNOWN,
        f"device configurations without a verdict: {told}",
        "the device has not reported on them yet, or nobody knows what Intune says of them",
        "sync the device, and look again",
        "device",
    )


def _shown(state: PolicyState) -> dict[str, t.Any]:
    settings = None
    if state.settings is not None:
        settings = [
            {
                "setting": setting_of(row),
                "state": state_of(row),
                "code": row.get("errorCode"),
                "says": _says(row),
                "sources": [one.get("displayName") or "" for one in row.get("sources") or []],
            }
            for row in failed_settings(state)
        ]
    return {
        "policy": state.name,
        "state": state.state,
        "judged_for": state.judged_for,
        "user": state.user,
        "may_be_in_force": may_be_in_force(state),
        "settings": settings,
    }


def _says(row: dict[str, t.Any]) -> str | None:
    if state_of(row) == "conflict":
        names = sorted({one.get("displayName") or "" for one in row.get("sources") or []} - {""})
        return f"a conflict between {some_of(names, ' and ')}" if len(names) > 1 else _ONE_SIDE
    return in_words(row.get("errorCode"))


def _judged(state: PolicyState) -> Finding:
    told = [
        f"{setting_of(row)}: {_says(row) or row.get('errorCode') or state_of(row)}" for row in failed_settings(state)
    ]
    detail = some_of(told) or ("its settings could not be read" if state.settings is None else "no setting is named")
    observed = f"{state.name}{state.for_whom}: {state.state} ({detail})"
    if state.state != "conflict" and may_be_in_force(state):
        return said(
            "configuration",
            WARN,
            observed,
            "the device reports another value than was sent; the settings may still be in force",
            "look at the settings on the device; nothing needs to be done if they are in force",
            "device",
        )
    if state.state == "conflict":
        return said(
            "configuration",
            FAIL,
            observed,
            "of settings in conflict none is sure to be in force",
            "let one policy alone decide each setting",
        )
    return said(
        "configuration",
        FAIL,
        observed,
        "the device is not configured as it should be",
        "look at the setting on the device, and whether its edition and version take it",
        "device",
    )
