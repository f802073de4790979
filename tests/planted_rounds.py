# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found of what is planted in the scenario verify, and the rounds in which what decides it is refused.

``Found`` is by device: {id, result, side (which half has looked), observed, cause} of each finding that is told.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from tests.lab.process import RunningLab
from tests.planted_verify import (
    DEVICE,
    NOT_KNOWN_BESIDE,
    OBJECT,
    OF_THE_WHOLE,
    OPEN,
    PLANTED,
    TENANT,
    UNKNOWN,
    Fault,
    Read,
    Request,
)

Found = dict[str, list[dict[str, t.Any]]]
Refusal = tuple[str, Fault, "Read | Request"]
#: In Intune's answers nobody is refused in a list: it is read wrongly once, so that each device is asked for alone.
_NO_LIST = {"kind": "odd_answer", "path": "^/deviceManagement/managedDevices$", "query": "^(?!.*filter)", "body": {}}


def differences(found: Found, names: t.Iterable[str]) -> list[str]:
    """What is planted in these devices and was not found, and what was found and is not planted."""
    problems = []
    for name in names:
        wanted = {(fault.side, fault.id, fault.result) for fault in PLANTED.get(name, ())}
        told = {(one["side"], one["id"], one["result"]) for one in found.get(name, []) if one["result"] != "pass"}
        nobody_knows = NOT_KNOWN_BESIDE.get(name, frozenset()) | OPEN.get(name, frozenset())
        rest = {row for row in told - wanted if row[2] != UNKNOWN or row[1] not in nobody_knows}
        problems += [f"{name}: {' '.join(row)} is planted and was not found" for row in sorted(wanted - told)]
        problems += [f"{name}: {' '.join(row)} was found and is not planted" for row in sorted(rest)]
        lost = OPEN.get(name, frozenset()) - {one for _side, one, result in told if result == UNKNOWN}
        problems += [f"{name}: {one} should be unknown" for one in sorted(lost)]
    return problems


def rounds() -> list[list[Refusal]]:
    """What is refused at once: a device one thing, then another one. An object is asked for with others, and so refused
    apart."""
    first: list[Refusal] = []
    second: list[Refusal] = []
    for name, faults in PLANTED.items():
        for fault in faults:
            for number, one in enumerate(fault.decides):
                (second if number or one == OBJECT else first).append((name, fault, one))
    return [first, second]


def refuse(lab: RunningLab, refusals: t.Iterable[Refusal]) -> None:
    """Let devices and tenant refuse all of this, and nothing else any more."""
    allow(lab)
    tenant = lab.get("/tenant")
    reads: dict[str, list[dict[str, str]]] = {}
    lab.post("/tenant/faults", _NO_LIST)
    for name, _fault, one in refusals:
        if isinstance(one, Read):
            reads.setdefault(name, []).append(one._asdict())
        else:
            ids = _ids(lab, tenant, name)
            fault = {part: text.format(**ids) for part, text in one._asdict().items() if text}
            lab.post("/tenant/faults", {"kind": "forbidden", "times": None, **fault})
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
    """What was refused and is not told as unknown, with a reason; and what is said although nobody knows."""
    return [problem for refusal in refusals for problem in _not_unknown(found.get(refusal[0], []), *refusal)]


def _not_unknown(told: list[dict[str, t.Any]], name: str, fault: Fault, one: Read | Request) -> Iterator[str]:
    mine = [row for row in told if row["side"] == fault.side]
    answer = OF_THE_WHOLE.get(one, fault.id) if isinstance(one, Request) else fault.id
    if not any(row["id"] == answer and row["result"] == UNKNOWN and row["cause"] for row in mine):
        yield f"{name}: {shown(one)} was refused, and {fault.side} {answer} is not told as unknown, because"
    for row in mine:
        if row["id"] == fault.id and row["result"] != UNKNOWN:
            yield f"{name}: {shown(one)} was refused, and {fault.id} is {row['result']}: {row['observed']}"


def shown(one: Read | Request) -> str:
    """What was refused, in short."""
    if isinstance(one, Read):
        return f"{one.op} {one.of}".strip()
    return one.path.strip("^$").rpartition("/")[2].replace("{user}", "userRegistrationDetails")


__all__ = ["DEVICE", "TENANT", "Found", "allow", "differences", "not_unknown", "refuse", "rounds", "shown"]
