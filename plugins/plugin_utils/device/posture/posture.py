# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The posture of a device: every question of it in one exchange, its findings, and the work of device_posture.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import Finding, require_known, summary, verdict
from ...task import Task
from .. import operations as op
from .. import state
from ..answers import Answer
from ..deployment.overview import PROFILE_KEY
from ..first_sync import Told
from ..join_facts import status_of
from . import (
    apps,
    arrival,
    blockers,
    encryption,
    hello,
    laps,
    management,
    password_reset,
    password_rules,
    sign_in,
    updates,
)
from .points import Section, Seen, policies_read, told_of

#: What device_facts makes of a device, and what is built on here.
_SUBSETS = ("join", "mdm", "os")
ASKED_POLICIES: dict[str, tuple[str, ...]] = {}
for _part in (blockers, password_reset, password_rules, updates):
    for _area, _names in _part.ASKED_POLICIES.items():
        ASKED_POLICIES[_area] = (*ASKED_POLICIES.get(_area, ()), *_names)
OBSERVATIONS: dict[str, dict] = {
    **state.observations(_SUBSETS),
    "policies": policies_read(ASKED_POLICIES),
    "autopilot": op.registry_read(PROFILE_KEY, names=("CloudAssignedTenantId", "IsAutopilotDisabled")),
    **management.OBSERVATIONS,
    **arrival.OBSERVATIONS,
    **encryption.OBSERVATIONS,
    **hello.OBSERVATIONS,
    **blockers.OBSERVATIONS,
    **password_reset.OBSERVATIONS,
    **password_rules.OBSERVATIONS,
    **laps.OBSERVATIONS,
    **updates.OBSERVATIONS,
    **apps.OBSERVATIONS,
    **sign_in.OBSERVATIONS,
}
POSTURE_IDS = (
    "managed",
    "first_sync",
    "last_sync",
    "encryption",
    "escrow",
    "hello",
    "pin_reset",
    "password_reset",
    "password_rules",
    "laps",
    "update_source",
    "quality_update",
    "pending_restart",
    "apps",
    "other_user",
    "user",
)


def look(task: Task) -> dict:
    """The work of the module: ``posture``, ``findings``, ``summary``. It looks only: the same in check mode."""
    require_known(task.args["fail_on"], POSTURE_IDS)
    seen = seen_in(task.session.run(OBSERVATIONS))
    found = posture(seen)
    findings = judge(found, seen)
    task.learned.update(posture=found, findings=[one.as_dict() for one in findings], summary=summary(findings))
    failure = verdict(findings, task.args["fail_on"], "the device is not as it should be", "device_posture")
    if failure:
        raise failure
    return {}


def seen_in(answer: Answer) -> Seen:
    """What there is to be judged in an answer to OBSERVATIONS."""
    return Seen(answer, state.build(answer, _SUBSETS, status_of(answer)))


def posture(seen: Seen) -> Section:
    """What the module returns in ``posture``."""
    who = management.manager(seen)
    came = arrival.arrival(seen, who["enrollment_id"])
    found: dict[str, t.Any] = {
        "join": _join(seen),
        "management": who | came | {"refused": list(dict.fromkeys([*who["refused"], *came["refused"]]))},
        "encryption": encryption.encryption(seen),
        "hello": hello.hello(seen),
        "password_reset": password_reset.password_reset(seen),
        "password_rules": password_rules.password_rules(seen),
        "laps": laps.laps(seen),
        "updates": updates.updates(seen, who["configuration_manager"]),
        "apps": apps.apps(seen),
        "sign_in": sign_in.sign_in(seen),
        "autopilot": _autopilot(seen),
    }
    refused = [sentence for section in found.values() for sentence in section["refused"]]
    return found | {"refused": list(dict.fromkeys([*state.problems(seen.answer), *refused]))}


def _join(seen: Seen) -> Section:
    """By what the tenant knows the device: the same facts as device_facts has."""
    join = seen.state["join"]
    return {name: join[name] for name in ("type", "device_id", "tenant_id")} | {"refused": []}


def _autopilot(seen: Seen) -> Section:
    told, key = Told(), seen.key("autopilot")
    tenant_id = told.of(key.text, "CloudAssignedTenantId")
    disabled = told.of(key.number, "IsAutopilotDisabled")
    return {
        "profile": None if told.refused else bool(tenant_id) and disabled != 1,
        "tenant_id": tenant_id or None,
        "refused": told_of(told),
    }


def judge(found: Section, seen: Seen) -> list[Finding]:
    """One finding for each of POSTURE_IDS, in that order."""
    judges = (
        (management, "management"),
        (arrival, "management"),
        (encryption, "encryption"),
        (hello, "hello"),
        (password_reset, "password_reset"),
        (password_rules, "password_rules"),
        (laps, "laps"),
        (updates, "updates"),
        (apps, "apps"),
        (sign_in, "sign_in"),
    )
    return [finding for part, name in judges for finding in part.judge(found[name], seen)]
