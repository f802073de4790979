# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state of a device as JSON: the route by which tests look at a device without asking the product."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from . import accounts, autojoin, bitlocker, enrollment, jobs, joinstate, leaving, mdm, winrm
from .power import pending_name
from .wire import utc_text


def dump(device) -> dict[str, t.Any]:
    """Everything there is, with ``digest``: a SHA-256 over all that is not time-like.

    Two equal digests mean that nothing on the device was changed in between; clocks, process ids and pending faults are
    left out.
    """
    state = _state(device)
    digest = hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode("utf-8")).hexdigest()
    return {
        "name": device.name,
        "kind": device.kind,
        "expect": device.expect,
        **state,
        "digest": digest,
        "online": device.online,
        "uuid": device.hardware_uuid.lower(),
        "wipes": list(device.wipe.methods),
        "utc": utc_text(device.utc()),
        "booted": utc_text(device.booted),
        "restart_scheduled": device.power.scheduled,
        "starting": device.power.starting,
        "faults": device.faults.pending(),
        "processes": [dataclasses.asdict(process) for process in device.processes.all()],
        "powershell_processes": device.powershell_processes,
    }


def summary(device) -> dict[str, t.Any]:
    """One line of a device for lists."""
    return {
        "name": device.name,
        "hostname": device.hostname,
        "kind": device.kind,
        "online": device.online,
        "out_of_box": device.out_of_box,
        "join": join_summary(device),
        "expect": device.expect,
    }


def join_summary(device) -> dict[str, t.Any]:
    """What the device is joined to, in the words of the house: entra, hybrid, domain, registered, none."""
    join = joinstate.read(device)
    if join is None:
        registered = any(hive.subkeys(rf"{joinstate.WORKPLACE_JOIN}\JoinInfo") for hive in device.users.values())
        kind = "domain" if device.domain else "registered" if registered else "none"
        return {"type": kind, "device_id": None, "tenant_id": None, "mdm": bool(_enrolled(device))}
    return {
        "type": "hybrid" if device.domain else "entra",
        "device_id": join.device_id,
        "tenant_id": join.tenant_id,
        "tenant_name": join.tenant_name,
        "user": join.user_email,
        "thumbprint": join.certificate.thumbprint,
        "mdm": bool(_enrolled(device)),
    }


def _enrolled(device) -> list[str]:
    """Enrollments with key, valid certificate and task folder, that are not another tenant's or only MMP-C's."""
    join = joinstate.read(device)
    thumbprints = {c.thumbprint for c in device.certificates if c.not_after >= device.utc()}
    found = []
    for name in mdm.enrollments(device):
        values = device.registry.tree(rf"{mdm.ENROLLMENTS}\{name}", 0)["values"]
        foreign = join is not None and values.get("AADTenantID", join.tenant_id) != join.tenant_id
        child = values["ProviderID"] == mdm.MMPC_PROVIDER
        working = values.get("DMPCertThumbPrint") in thumbprints and device.tasks.exists(rf"{mdm.TASK_FOLDER}\{name}")
        if working and not foreign and not child:
            found.append(name)
    return found


def _state(device) -> dict[str, t.Any]:
    return {
        "hostname": device.hostname,
        "pending_hostname": pending_name(device),
        "domain": device.domain,
        "join": join_summary(device),
        "registry": {"HKLM": _hive(device.registry), **{f"HKU\\{sid}": _hive(h) for sid, h in device.users.items()}},
        "certificates": [
            {"store": c.store, "thumbprint": c.thumbprint, "subject": c.subject, "issuer": c.issuer}
            for c in device.certificates
        ],
        "packages": [_package(p) for p in device.applied.values()],
        "own_packages": [_package(p) for p in device.image.packages if p.id in device.packages],
        "tasks": {folder: [task.shown() for task in found] for folder, found in device.tasks.all().items() if found},
        "jobs": {job: jobs.state(device, job) for job in device.jobs},
        "files": [
            {
                "path": entry.path,
                "directory": entry.data is None,
                "private": entry.private,
                "size": None if entry.data is None else len(entry.data),
                "sha256": None if entry.data is None else hashlib.sha256(entry.data).hexdigest(),
            }
            for entry in device.files.own()
        ],
        "removed_files": device.files.removed(),
        "accounts": [
            {
                "name": a.name,
                "rid": a.rid,
                "sid": a.sid(device.machine_sid),
                "kind": a.kind,
                "administrator": a.administrator,
                "enabled": a.enabled,
                "locked": a.locked,
                "password_expired": a.password_expired,
            }
            for a in device.local_accounts
        ],
        "administrators": accounts.administrators(device),
        "local_administrator": accounts.has_local_administrator(device),
        "enrollments": enrollment.overview(device),
        "bitlocker": bitlocker.volumes(device),
        "join_parts": leaving.remains(device),
        "hello_keys": sorted(device.hello_keys),
        "leave_unfinished": device.leave.unfinished,
        "autojoin_stopped": autojoin.stopped(device),
        "winrm_reachable": winrm.reachable(device),
        "installed": utc_text(device.installed),
        "out_of_box": device.out_of_box,
        "events": device.events.count(),
    }


def _package(package) -> dict[str, t.Any]:
    return {
        "id": package.id.strip("{}"),
        "name": package.name,
        "version": package.version,
        "path": package.path,
        "pending": list(package.pending),
        "failed": {name: f"0x{code:08x}" for name, code in package.failed.items()},
        "retries": package.retries,
    }


def _hive(registry) -> dict[str, dict[str, t.Any]]:
    """Key path to its values; keys without values or subkeys appear with no values."""
    found: dict[str, dict[str, t.Any]] = {}
    for path, name, value in registry.walk():
        values = found.setdefault(path, {})
        if value is not None:
            values[name] = value
    return found
