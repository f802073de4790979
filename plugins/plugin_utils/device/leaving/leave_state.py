# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is joined on a device, witness by witness: a leave is over when none of them says joined any more.

``dsregcmd /leave`` from another account than SYSTEM, or from a 32-bit process, does half of the work (reported by
JumpCloud's ADMU); a device in that state is neither joined nor free to join.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .. import dsregcmd, join_facts, state
from .. import operations as op
from ..session import Answer

WORKPLACE_JOIN_TASKS = r"\Microsoft\Windows\Workplace Join"
AUTOJOIN_TASK = "Automatic-Device-Join"
AUTOJOIN_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\WorkplaceJoin"
WITNESSES = ("cloud_join", "certificates", "dsregcmd", "computer")
OBSERVATIONS = {name: state.OBSERVATIONS[name][1] for name in WITNESSES} | {
    "autojoin_tasks": op.scheduled_tasks(WORKPLACE_JOIN_TASKS),
    "autojoin_policy": op.registry_read(AUTOJOIN_POLICY),
}


def witnesses(answer: Answer) -> dict[str, bool]:
    """What each witness says, by a phrase for it: True for joined. A witness that must be read and cannot counts as
    joined."""
    found = {f"{name} cannot be read": True for name in ("cloud_join", "certificates") if not answer[name].ok}
    if answer["cloud_join"].ok:
        joins = (answer["cloud_join"].get("key") or {}).get("keys", {}).get("JoinInfo", {}).get("keys", {})
        found["registry key CloudDomainJoin\\JoinInfo"] = bool(joins)
    if answer["certificates"].ok:
        found["device certificate"] = join_facts.device_certificate(answer["certificates"], None) is not None
    said = _dsregcmd_says(answer)
    return found if said is None else found | {"dsregcmd (AzureAdJoined)": said}


def remains(answer: Answer) -> list[str]:
    """The witnesses that say joined; empty where the device has left."""
    return [name for name, joined in witnesses(answer).items() if joined]


def join_state(answer: Answer) -> str:
    """``joined``, ``left``, or ``half_left`` where the witnesses do not agree."""
    said = set(witnesses(answer).values())
    return "half_left" if len(said) > 1 else "joined" if said == {True} else "left"


def in_domain(answer: Answer) -> bool:
    instances = answer["computer"].get("instances")
    return bool(instances and instances[0]["PartOfDomain"])


def autojoin_is_stopped(answer: Answer) -> bool:
    """Whether Windows will not hybrid join by itself again: policy value autoWorkplaceJoin 0, task disabled or not
    there."""
    policy = (answer["autojoin_policy"].get("key") or {}).get("values", {})
    tasks = [task for task in answer["autojoin_tasks"].get("tasks", []) if task["name"] == AUTOJOIN_TASK]
    return (
        answer["autojoin_tasks"].ok
        and policy.get("autoWorkplaceJoin") == 0
        and all(task["state"] == "Disabled" for task in tasks)
    )


def _dsregcmd_says(answer: Answer) -> bool | None:
    result = answer["dsregcmd"]
    if not result.ok or not result.get("present"):
        return None
    try:
        said = dsregcmd.parse(result.get("text"))["keys"].get("AzureAdJoined")
    except dsregcmd.DsregcmdError:
        return None
    return {"YES": True, "NO": False}.get(said[0] if isinstance(said, list) else said)
