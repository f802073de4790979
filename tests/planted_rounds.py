# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verification has found of what is planted in the scenario verify, and the rounds in which what decides it is
refused. ``Found`` is by device: its findings in the report of playbooks/verify.yml."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from tests.lab.process import RunningLab
from tests.planted_verify import NOT_KNOWN, OBJECT, OF_THE_WHOLE, PLANTED, UNKNOWN, Decider, Fault, Read

Found = dict[str, list[dict[str, t.Any]]]
#: A device, a fault of it, and the group that is refused.
Refusal = tuple[str, Fault, tuple[Decider, ...]]
#: In a list of Intune nobody is refused alone: it is read wrongly once, so that each device is asked for.
_NO_LIST = {"kind": "odd_answer", "path": "^/deviceManagement/managedDevices$", "query": "^(?!.*filter)", "body": {}}


def differences(found: Found, names: t.Iterable[str]) -> list[str]:
    """What is planted in these devices and was not found, and what was found and is not planted."""
    problems = []
    for name in names:
        nobody_knows = NOT_KNOWN.get(name, frozenset())
        wanted = {(fault.id, fault.result) for fault in PLANTED.get(name, ())}
        wanted |= {(one, UNKNOWN) for one in nobody_knows}
        told = {(one["id"], one["result"]) for one in found.get(name, [])}
        problems += [f"{name}: {' '.join(row)} is planted and was not found" for row in sorted(wanted - told)]
        problems += [f"{name}: {' '.join(row)} was found and is not planted" for row in sorted(told - wanted)]
    return problems


def rounds() -> list[list[Refusal]]:
    """What is refused at once: first the first group of each fault, then the second of those that have one.

    An object is asked for with others, which are refused with it: these are in the second, smaller round.
    """
    first: list[Refusal] = []
    second: list[Refusal] = []
    for name, faults in PLANTED.items():
        later = any(OBJECT in fault.groups[0] for fault in faults)
        (second if later else first).extend((name, fault, fault.groups[0]) for fault in faults)
        if any(len(fault.groups) > 1 for fault in faults):
            second += [(name, fault, fault.groups[-1]) for fault in faults]
    return [first, second]


def refuse(lab: RunningLab, refusals: t.Iterable[Refusal]) -> None:
    """Let devices and tenant refuse all of this, and nothing else any more."""
    allow(lab)
    tenant = lab.get("/tenant")
    reads: dict[str, list[dict[str, str]]] = {}
    lab.post("/tenant/faults", _NO_LIST)
    for name, one in dict.fromkeys((name, one) for name, _fault, group in refusals for one in group):
        if isinstance(one, Read):
            reads.setdefault(name, []).append(one._asdict())
        else:
            ids = _ids(lab, tenant, name)
            asked = {part: text.format(**ids) for part, text in one._asdict().items() if text}
            lab.post("/tenant/faults", {"kind": "forbidden", "times": None, **asked})
    for name, ones in reads.items():
        lab.post(f"/devices/{name}/refuses", {"reads": ones})


def allow(lab: RunningLab) -> None:
    """Nothing is refused any more."""
    lab.delete("/tenant/faults")
    for name in PLANTED:
        lab.post(f"/devices/{name}/refuses", {"reads": []})


def _ids(lab: RunningLab, tenant: dict[str, t.Any], name: str) -> dict[str, str]:
    """The ids of a device, of its record in Intune and of its primary user."""
    device = str(lab.get(f"/devices/{name}")["join"]["device_id"]).lower()
    records = [row for row in tenant["managed_devices"].values() if str(row["azureADDeviceId"]).lower() == device]
    record = records[0] if records else {"id": "none", "users": []}
    return {"device": device, "record": record["id"], "user": (record["users"] or ["none"])[0]}


def not_unknown(found: Found, refusals: t.Iterable[Refusal]) -> list[str]:
    """What was refused and is not told as unknown, with a reason; and what else is wrong with any device then."""
    problems = [problem for refusal in refusals for problem in _not_unknown(found.get(refusal[0], []), *refusal)]
    for name, told in found.items():
        wanted = {(fault.id, fault.result) for fault in PLANTED.get(name, ())}
        new = {(one["id"], one["result"]) for one in told if one["result"] != UNKNOWN} - wanted
        problems += [f"{name}: {' '.join(row)} was found while something was refused" for row in sorted(new)]
    return problems


def _not_unknown(told: list[dict[str, t.Any]], name: str, fault: Fault, group: tuple[Decider, ...]) -> Iterator[str]:
    refused = f"{name}: {' and '.join(map(shown, group))} refused"
    if not any(row["id"] == answer(fault, group) and row["result"] == UNKNOWN and row["cause"] for row in told):
        yield f"{refused}, and {answer(fault, group)} is not unknown with a reason"
    for row in told:
        if row["id"] == fault.id and row["result"] != UNKNOWN:
            yield f"{refused}, and {fault.id} is {row['result']}: {row['observed']}"


def answer(fault: Fault, group: tuple[Decider, ...]) -> str:
    """The finding that is to be unknown where a group was refused."""
    return OF_THE_WHOLE.get(group[0], fault.id) if len(group) == 1 else fault.id


def shown(one: Decider) -> str:
    """What was refused, in short."""
    if isinstance(one, Read):
        return f"{one.op} {one.of}".strip()
    return one.path.strip("^$").replace("/{user}", "").rpartition("/")[2]
