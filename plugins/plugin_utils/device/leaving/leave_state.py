# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is joined on a device, witness by witness: a leave is over when none of them says joined any more.

A leave that was cut off, by a power cut or by the end of its time, has done a part of the work; so may one from
another account than SYSTEM (reported by JumpCloud's ADMU; by a public analysis of dsregcmd only the Hello keys of other
people stay). A device in that state is neither joined nor free to join.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from .. import join_facts, state
from .. import operations as op
from ..answers import Answer
from ..reading import known

WORKPLACE_JOIN_TASKS = r"\Microsoft\Windows\Workplace Join"
AUTOJOIN_TASK = "Automatic-Device-Join"
AUTOJOIN_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\WorkplaceJoin"
# What has another name is nothing that a join has made: a thumbprint, or the id of a device or a tenant.
KEY, TENANT_ID = re.compile("[0-9A-Fa-f]{40}|[0-9A-Fa-f-]{36}"), re.compile("[0-9A-Fa-f-]{36}")
WITNESSES = ("cloud_join", "certificates", "dsregcmd", "computer")
OBSERVATIONS = {name: state.OBSERVATIONS[name][1] for name in WITNESSES} | {
    "autojoin_tasks": op.scheduled_tasks(WORKPLACE_JOIN_TASKS),
    "autojoin_policy": op.registry_read(AUTOJOIN_POLICY),
}


def witnesses(answer: Answer) -> dict[str, bool]:
    """What each witness says, by a phrase for it: True for joined. A witness that must be read and cannot counts as
    joined."""
    essential = {
        "cloud_join": ("registry key CloudDomainJoin\\JoinInfo", lambda: _is_in_registry(answer)),
        "certificates": ("device certificate", lambda: _has_certificate(answer)),
    }
    found = {}
    for name, (phrase, read) in essential.items():
        said = known(read)
        found[f"{name} cannot be read" if said is None else phrase] = said is not False
    said = join_facts.status_of(answer).flag("AzureAdJoined")
    return found if said is None else found | {"dsregcmd (AzureAdJoined)": said}


def remains(answer: Answer) -> list[str]:
    """The witnesses that say joined; empty where the device has left."""
    return [name for name, joined in witnesses(answer).items() if joined]


def join_state(answer: Answer) -> str:
    """``joined``, ``left``, or ``half_left`` where the witnesses do not agree."""
    said = set(witnesses(answer).values())
    return "half_left" if len(said) > 1 else "joined" if said == {True} else "left"


def in_domain(answer: Answer) -> bool:
    """Whether Windows is in an AD domain. Not where that cannot be read: before a leave it must be readable."""
    return bool(known(lambda: join_facts.in_domain(answer)))


def autojoin(answer: Answer) -> str:
    """``stopped`` where Windows will not hybrid join by itself again (policy value autoWorkplaceJoin 0, task disabled
    or not there), ``enabled``, or ``unknown`` where that cannot be read."""
    stopped = known(lambda: _is_stopped(answer))
    return "unknown" if stopped is None else "stopped" if stopped else "enabled"


def autojoin_is_stopped(answer: Answer) -> bool:
    """Whether Windows surely will not hybrid join by itself again."""
    return autojoin(answer) == "stopped"


def _is_stopped(answer: Answer) -> bool:
    tasks = [task for task in answer["autojoin_tasks"]["tasks"] if task["name"] == AUTOJOIN_TASK]
    return answer["autojoin_policy"].key().number("autoWorkplaceJoin") == 0 and all(
        task["state"] == "Disabled" for task in tasks
    )


def _is_in_registry(answer: Answer) -> bool:
    return next(answer["cloud_join"].key().child("JoinInfo").children(), None) is not None


def _has_certificate(answer: Answer) -> bool:
    return bool(join_facts.device_certificates(answer["certificates"]))


def stale_names(answer: Answer) -> list[str]:
    """What earlier joins have left beside the one that is left now: the names of their keys in the registry, the
    thumbprints of their device certificates, then the ids of their tenants.

    Empty where nobody can tell which join is live, or it cannot be read: that is left to Windows, and to the look after
    it.
    """
    return known(lambda: _stale_names(answer)) or []


def _stale_names(answer: Answer) -> list[str]:
    join = join_facts.join_facts(answer)
    stale = join["stale_joins"] or []
    names = [one["key"] for one in stale if KEY.fullmatch(one["key"])]
    if join["thumbprint"] and join["stale_joins"] is not None:
        spared = {name.lower() for name in (join["thumbprint"], *names)}
        issued = [c["thumbprint"] for c in join_facts.device_certificates(answer["certificates"])]
        names += [thumbprint for thumbprint in issued if thumbprint.lower() not in spared]
    tenants = {one["tenant_id"] for one in stale if TENANT_ID.fullmatch(one["tenant_id"] or "")}
    return names + sorted(tenants - {join["tenant_id"]})
