# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment as a whole: whether one runs or has run, where it is, what it waits for.

The settings of an Enrollment Status Page can lie on a device that never runs it, after an enrollment by policy or by a
package, so that only the phases tell whether there is a deployment. The page also runs without Windows Autopilot.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import typing as t

from .. import operations as op
from ..answers import Answer
from ..first_sync import OBSERVATIONS as FIRST_SYNC
from ..first_sync import Told, first_sync
from ..reading import Key
from . import tracking
from .phases import (
    ACCOUNT_SETUP,
    CANCELLED,
    FAILED,
    IN_PROGRESS,
    NOT_REQUIRED,
    NOT_STARTED,
    NOT_WRITTEN,
    PHASE_SETTINGS,
    PHASES,
    RESTART_REQUIRED,
    SKIPPED,
    SUCCEEDED,
    Phase,
    phase_of,
    value_name,
)

PROFILE_KEY = r"SOFTWARE\Microsoft\Provisioning\Diagnostics\AutoPilot"
OBSERVATIONS = {
    "phases": op.registry_read(PHASE_SETTINGS, names=tuple(map(value_name, PHASES))),
    "tracking": op.registry_read(tracking.TRACKING, depth=6),
    "autopilot": op.registry_read(PROFILE_KEY, names=("CloudAssignedTenantId", "IsAutopilotDisabled")),
    **FIRST_SYNC,
}
NOT_RUN, RUNNING, INCOMPLETE = "not_run", "running", "incomplete"
_NOTHING_YET = (NOT_STARTED, NOT_WRITTEN, SKIPPED)
_ENDED_BADLY = (FAILED, CANCELLED)
_MOST_WAITS = 50
Deployment = dict[str, t.Any]


def deployment(answer: Answer) -> Deployment:
    """What an answer to OBSERVATIONS says, as the module returns it in ``deployment``."""
    told = Told()
    sync = first_sync(answer, told)
    tenant_id, autopilot = _profile(_key(answer, "autopilot"), told)
    phases = _phases(answer, told)
    for phase in phases or ():
        begun = phase["said"] if phase["state"] is None else phase["state"] not in (NOT_STARTED, NOT_WRITTEN)
        if phase["phase"] in ((sync or {}).get("skips") or ()) and not begun:
            phase.update(state=SKIPPED, said=True)
    _hear_silent_ones(phases or [], sync)
    state = None if phases is None else _state(phases, sync)
    found: Deployment = {
        "state": state,
        "phase": _where(phases or [], state),
        "autopilot": autopilot,
        "autopilot_tenant_id": tenant_id or None,
        "phases": phases,
        "first_sync": sync,
        **tracking.tracked(_key(answer, "tracking"), told),
    }
    found["waits_for"] = _waits_for(found) if state == RUNNING else []
    found["skipped"] = [phase["phase"] for phase in phases or () if phase["state"] == SKIPPED]
    return found | {"refused": list(dict.fromkeys(told.refused))}


def _key(answer: Answer, name: str) -> Key:
    return answer[name].key()


def _profile(key: Key, told: Told) -> tuple[str | None, bool | None]:
    """(tenant, whether there is a profile of it); None for what could not be read."""
    refused = len(told.refused)
    tenant_id = told.of(key.text, "CloudAssignedTenantId")
    disabled = told.of(key.number, "IsAutopilotDisabled")
    return tenant_id, None if len(told.refused) > refused else bool(tenant_id) and disabled != 1


def _phases(answer: Answer, told: Told) -> list[Phase] | None:
    """The three of them, None where they were refused. One that cannot be understood has no state."""
    settings = _key(answer, "phases")
    if told.of(lambda: settings.exists) is None:
        return None
    found = []
    for name in PHASES:
        unknown: Phase = {"phase": name, "state": None, "code": None, "text": None, "said": True, "steps": []}
        try:
            found.append(told.of(functools.partial(phase_of, name, settings)) or unknown)
        except ValueError as exc:
            told.refused.append(f"{PHASE_SETTINGS}, {value_name(name)} could not be understood: {exc}")
            found.append(unknown)
    return found


def _hear_silent_ones(phases: list[Phase], sync: dict | None) -> None:
    """A phase that does not say its own state, as in one of the two forms before it begins, after a failure and after
    the end. None has begun before the one before it is over, so each is over when a later one has begun; and the setup
    of an account is over, or not, for the user whose first synchronization is."""
    users = [user["done"] for user in (sync or {}).get("users") or ()]
    over = len(phases) if users and all(users) else _last_begun(phases)
    before: str | None = SUCCEEDED
    for number, phase in enumerate(phases):
        if not phase.pop("said"):
            if number < over:
                phase["state"] = _left(phase)
            elif phase["state"] is None and before not in (None, SUCCEEDED):
                phase["state"] = NOT_STARTED
            elif phase["state"] is None and phase["phase"] == ACCOUNT_SETUP and False in users and before is not None:
                phase["state"] = IN_PROGRESS
        before = phase["state"]


def _last_begun(phases: list[Phase]) -> int:
    """The number of the last phase that has begun for certain, -1 where none has."""
    known = [number for number, phase in enumerate(phases) if phase["state"] not in (None, *_NOTHING_YET)]
    return known[-1] if known else -1


def _left(phase: Phase) -> str:
    """The state of a phase that is over without saying how: with an open step somebody went past it."""
    open_ones = any(step["state"] not in (None, SUCCEEDED, NOT_REQUIRED) for step in phase["steps"])
    return FAILED if phase["state"] == FAILED or open_ones else SUCCEEDED


def _state(phases: list[Phase], sync: dict | None) -> str | None:
    begun = [phase for phase in phases if phase["state"] not in _NOTHING_YET]
    if not begun:
        return NOT_RUN
    if any(phase["state"] is None for phase in begun):
        return None
    last = begun[-1]
    done = any(user["done"] for user in (sync or {}).get("users") or ())
    if last["state"] in (IN_PROGRESS, RESTART_REQUIRED):
        return RUNNING
    if any(phase["state"] in _ENDED_BADLY for phase in begun):
        # A later phase, or a user at the desktop, is behind the error: somebody went past it.
        return INCOMPLETE if done or last["state"] == SUCCEEDED else FAILED
    # Without Windows Autopilot the page may not have the first phase: what lies behind it does not come any more.
    to_come = [phase for phase in phases[phases.index(last) :] if phase["state"] in (NOT_STARTED, NOT_WRITTEN)]
    nobody_comes = done or (sync or {}).get("userless")
    if to_come and not (nobody_comes and [phase["phase"] for phase in to_come] == [ACCOUNT_SETUP]):
        return RUNNING
    return SUCCEEDED


def _where(phases: list[Phase], state: str | None) -> str | None:
    if state == RUNNING:
        number = _last_begun(phases)
        following = [phase for phase in phases[number + 1 :] if phase["state"] in (NOT_STARTED, NOT_WRITTEN)]
        goes_on = phases[number]["state"] in (IN_PROGRESS, RESTART_REQUIRED)
        return (phases[number] if goes_on else following[0])["phase"]
    if state in (FAILED, INCOMPLETE):
        return next(phase["phase"] for phase in phases if phase["state"] in _ENDED_BADLY)
    return None


def is_of(scope: str, phase: str | None) -> bool:
    """Whether something that is tracked for a scope belongs to a phase: users' things to the setup of the account."""
    return (scope != tracking.DEVICE_SCOPE) == (phase == ACCOUNT_SETUP)


def waiting_providers(found: Deployment) -> list[dict]:
    """Providers of the running phase that have not said which apps there are, or are not installed."""
    return [
        item
        for item in found["providers"] or ()
        if is_of(item["scope"], found["phase"])
        and (
            item["state"] == tracking.NOT_INSTALLED
            or (item["stage"] == tracking.STAGE_APPS and item["policies_created"] is False)
        )
    ]


def _waits_for(found: Deployment) -> list[str]:
    phase = next(item for item in found["phases"] if item["phase"] == found["phase"])
    if phase["phase"] == ACCOUNT_SETUP and phase["state"] in (NOT_STARTED, NOT_WRITTEN):
        return ["a user who signs in"]
    said = ["a restart"] if phase["state"] == RESTART_REQUIRED else []
    for step in phase["steps"]:
        if step["state"] in (IN_PROGRESS, RESTART_REQUIRED):
            numbers = f" ({step['done']} of {step['total']})" if step["total"] else ""
            said.append(f"the step {step['step']}{numbers}")
    for item in waiting_providers(found):
        what = "to be installed" if item["stage"] == tracking.STAGE_PREPARATION else "to say which apps there are"
        said.append(f"the provider {item['name']} ({item['scope']}) {what}")
    for item in found["apps"] or ():
        if is_of(item["scope"], phase["phase"]) and item["state"] in (tracking.NOT_INSTALLED, tracking.INSTALLING):
            said.append(f"the app {item['id']} ({item['scope']}), which is {item['state']}")
    for item in found["policies"] or ():
        if is_of(item["scope"], phase["phase"]) and item["done"] is False:
            said.append(f"{item['uri']} ({item['scope']}) of {item['kind']}")
    return said[:_MOST_WAITS]
