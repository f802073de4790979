# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description of a Windows, as the PowerShell stand-ins read it; tests/powershell/windows/README.md has the format.

``describe`` writes a device down; ``apply`` takes over what stand-ins changed in such a document: registry values and
keys, certificates that went, tasks. Everything else a device changes by itself. Files are no part of it: they lie on a
real disk (``disk.DiskFiles``).
"""

from __future__ import annotations

import base64
import dataclasses
import fnmatch
import re
import typing as t

from . import accounts, bitlocker, cim, key_pairs, metadata, network, tasks
from .accounts import SYSTEM
from .images import SYSTEM_ONLY
from .operations import endpoints
from .provisioning import cmdlets
from .registry import EMPTY, Key, Registry, Value
from .wire import utc_text

FORMAT = 1
Document = dict[str, t.Any]

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
#: Who may not look into something that is ``closed``: nobody may, only SYSTEM may, only a full token may.
ALL, OTHERS, FILTERED = "all", "others", "filtered"


def describe(device) -> Document:
    """The device as it is now. Plain JSON; the same device gives the same document."""
    return {
        "format": FORMAT,
        "name": device.hostname.upper()[:15],
        "skew": device.skew.total_seconds(),
        "environment": dict(device.files.environment),
        "callers": _callers(device),
        "registry": {
            "HKLM": _closed(_key(device.registry.root), device.closed_keys),
            "HKU": {"closed": FILTERED, "users": _users(device)},
        },
        "certificates": _certificates(device),
        "tasks": {
            folder: {"tasks": {task.name: _task(task) for task in found}}
            for folder, found in device.tasks.all().items()
        },
        "provisioning": {"closed": FILTERED, "packages": cmdlets.installed(device)}
        if cmdlets.available(device)
        else None,
        "machine_sid": device.machine_sid,
        "administrators": [_administrator(device, member) for member in accounts.administrators(device)],
        "cim": {space: _namespace(device, space) for space in cim.namespaces(device)},
        "protectors": {
            cim.volume_id(device, volume): [
                {"id": protector.id, "type": bitlocker.TYPES[protector.type]} for protector in volume.protectors
            ]
            for volume in device.volumes
        },
        "conversions": {
            cim.volume_id(device, volume): {
                "ConversionStatus": bitlocker.CONVERSIONS[volume.conversion],
                "EncryptionPercentage": volume.percentage,
                "SuspendCount": volume.suspended,
            }
            for volume in device.volumes
        },
        "account_rules": {
            "MinPasswordLength": device.password_rules["min_length"],
            "MaxPasswordAge": device.password_rules["max_age"],
            "PasswordHistoryLength": device.password_rules["history"],
            "MaxBadPasswordsAllowed": device.password_rules["lockout_threshold"],
            "AutoUnlockInterval": device.password_rules["lockout"],
        },
        "events": {log: {"events": _events(device, log)} for log in device.events.names()},
        "apps": device.icd.apps,
        "programs": [],
        "processes": [dataclasses.asdict(process) for process in device.processes.all()],
        "web": _web(device),
        "downloads": dict(device.powershell.downloads) if device.powershell else {},
    }


def apply(device, before: Document, after: Document) -> list[tasks.Task]:
    """Take over what has become of ``before``, the device's own description; returns tasks that run a new process."""
    device.registry.root = _changed(device.registry.root, before["registry"]["HKLM"], after["registry"]["HKLM"])
    for sid, hive in device.users.items():
        old, new = (document["registry"]["HKU"]["users"].get(sid, _NO_KEY) for document in (before, after))
        hive.root = _changed(hive.root, old, new)
    for store, was in before["certificates"].items():
        kept = {one["thumbprint"] for one in after["certificates"].get(store, {}).get("certificates", [])}
        gone = {one["thumbprint"] for one in was["certificates"]} - kept
        device.certificates = [c for c in device.certificates if c.store != store or c.thumbprint not in gone]
    return _apply_tasks(device, before["tasks"], after["tasks"])


# --- registry -----------------------------------------------------------------------------------------------------

_NO_KEY: Document = {"values": {}, "keys": {}}


def _key(key: Key) -> Document:
    return {
        "values": {name: typed(value) for name, value in key.values.values()},
        "keys": {name: _key(child) for name, child in key.keys.values()},
    }


def typed(value: Value) -> list:
    """[type, data] as the document has it; a QWORD's data is decimal text, which every JSON reader keeps whole."""
    if isinstance(value, bytes):
        return ["REG_BINARY", base64.b64encode(value).decode("ascii")]
    if isinstance(value, list):
        return ["REG_MULTI_SZ", list(value)]
    if isinstance(value, int):
        return ["REG_DWORD", value] if value < 2**32 else ["REG_QWORD", str(value)]
    return ["REG_SZ", value]


def plain(pair: list) -> Value:
    """The reverse."""
    kind, data = pair
    if kind == "REG_BINARY":
        return base64.b64decode(data)
    return int(data) if kind in ("REG_DWORD", "REG_QWORD") else data


def _users(device) -> Document:
    closed = dict.fromkeys(device.closed_users, {"closed": OTHERS})
    return {sid: {**_key(hive.root), **closed.get(sid, {})} for sid, hive in device.users.items()}


def _closed(hive: Document, more: t.Iterable[str]) -> Document:
    """Say which keys even an administrator cannot open."""
    for path in (*SYSTEM_ONLY, *more):
        key = hive
        for name in path.split("\\"):
            key = key["keys"].setdefault(name, {"values": {}, "keys": {}})
        key["closed"] = OTHERS
    return hive


def _changed(key: Key, before: Document, after: Document) -> Key:
    """The key with what differs between two descriptions of it; what else has changed since stays."""
    registry = Registry(key)
    for path, kind in _differences(before, after, ""):
        if kind is None:
            registry.delete(path)
        else:
            found = kind["values"]
            for name in [name for name, _value in (registry.find(path) or EMPTY).values.values()]:
                if name in kind["old"] and name not in found:
                    registry.delete_value(path, name)
            registry.set(path, {name: plain(pair) for name, pair in found.items() if kind["old"].get(name) != pair})
    return registry.root


def _differences(before: Document, after: Document, path: str) -> t.Iterator[tuple[str, Document | None]]:
    """(path, {values, old}) of keys that are new or other, (path, None) of keys that are gone."""
    if before["values"] != after["values"]:
        yield path, {"values": after["values"], "old": before["values"]}
    for name, child in after["keys"].items():
        below = f"{path}\\{name}" if path else name
        old = before["keys"].get(name)
        if old is None:
            yield below, {"values": child["values"], "old": {}}
        yield from _differences(old or {"values": child["values"], "keys": {}}, child, below)
    for name in before["keys"]:
        if name not in after["keys"]:
            yield f"{path}\\{name}" if path else name, None


# --- tasks --------------------------------------------------------------------------------------------------------


def _task(task: tasks.Task) -> Document:
    shown: Document = {"state": task.state, "last_result": task.last_result}
    if task.next_run is not None:
        shown["next_run"] = utc_text(task.next_run)
    if task.process is not None:
        shown["process"] = task.process
    return shown


def _apply_tasks(device, before: Document, after: Document) -> list[tasks.Task]:
    started = []
    for folder, known in before.items():
        if folder not in after:
            device.tasks.remove_folder(folder)
            continue
        for name in known["tasks"]:
            if name not in after[folder]["tasks"]:
                device.tasks.unregister(folder, name)
    for folder, found in after.items():
        device.tasks.create_folder(folder)
        for name, shown in found["tasks"].items():
            if shown == before.get(folder, {"tasks": {}})["tasks"].get(name):
                continue
            task = device.tasks.get(folder, name) or device.tasks.register(folder, tasks.Task(name))
            task.state, task.last_result = shown["state"], shown["last_result"]
            if shown.get("process") not in (None, task.process):
                task.process, task.limit = shown["process"], shown.get("limit")
                started.append(task)
    return started


# --- the other things ---------------------------------------------------------------------------------------------


def _callers(device) -> Document:
    """Whose token an exchange may have, by the account's name."""
    found = {account.name: accounts.caller(device, account.name) for account in device.local_accounts}
    return {
        name: {
            "account": one.account,
            "sid": one.sid,
            "system": one.system,
            "elevated": one.elevated,
            "wow64": one.wow64,
        }
        for name, one in {**found, "SYSTEM": SYSTEM}.items()
    }


def _certificates(device) -> Document:
    stores: Document = {"My": {"certificates": []}}
    for one in device.certificates:
        stores.setdefault(one.store, {"certificates": []})["certificates"].append(
            {
                "thumbprint": one.thumbprint,
                "subject": one.subject,
                "issuer": one.issuer,
                "not_before": utc_text(one.not_before),
                "not_after": utc_text(one.not_after),
                "has_private_key": one.has_private_key,
                **({"pfx": base64.b64encode(key_pairs.pfx(one.key, one.der)).decode("ascii")} if one.key else {}),
            }
        )
    return stores


def _administrator(device, member: dict) -> Document:
    """A member with what ADSI says of it: an account without an end has no AccountExpirationDate at all."""
    account = next((a for a in device.local_accounts if a.sid(device.machine_sid) == member["sid"]), None)
    said: Document = {}
    if account is not None and account.kind == "local":
        said["PasswordExpired"] = int(account.password_expired)
        if account.expired is None:
            said["AccountExpirationDate"] = {"closed": ALL}
        elif account.expired:
            said["AccountExpirationDate"] = {"utc": "2020-01-01T00:00:00.000Z"}
    return {"sid": member["sid"], "name": member["name"], "ads": said}


def _namespace(device, space: str) -> Document:
    classes = {name: _instances(found) for name, found in cim.everything(device, space).items()}
    closed = {"closed": FILTERED} if space in cim.CLOSED else {}
    return {**closed, "classes": classes}


def _instances(found: list[dict]) -> list[dict]:
    return [{name: _cim_value(value) for name, value in instance.items()} for instance in found]


def _cim_value(value: t.Any) -> t.Any:
    return {"utc": value} if isinstance(value, str) and _UTC.fullmatch(value) else value


def _events(device, log: str) -> list[Document]:
    return [
        {
            "id": event.id,
            "level": event.level,
            "record": event.record,
            "utc": utc_text(event.utc),
            "provider": event.provider,
            "data": list(event.data),
            "message": device.events.message(event),
        }
        for event in device.events.read(log)
    ]


def _web(device) -> list[Document]:
    """What requests meet, the first that fits: a host's or pattern's problem, or its answer. No rule: no DNS entry.

    ``system`` where it holds for SYSTEM alone or for the others alone, ``header`` where it wants one.
    """
    net = device.network
    named = set().union(net.blocked, net.blocked_for_system, net.blocked_for_user, net.unresolved, net.inspected)
    hosts = sorted(named | {network.LOGIN, network.REGISTRATION, network.MDM})
    patterns = sorted(net.proxy.bypass if net.proxy else ()) + [f"*{suffix}" for suffix in endpoints.CLOUDS]
    rules: list[Document] = []
    for host in [network.METADATA, *hosts, *patterns]:
        as_system, as_others = (list(_rules(device, host, system)) for system in (True, False))
        if as_system == as_others:
            rules += [{"host": host, **rule} for rule in as_system]
        else:
            rules += [{"host": host, "system": True, **rule} for rule in as_system]
            rules += [{"host": host, "system": False, **rule} for rule in as_others]
    return rules


def _rules(device, pattern: str, system: bool) -> t.Iterator[Document]:
    host = pattern.replace("*", "x")
    if host == network.METADATA:
        problem = metadata.problem(device, system)
    else:
        problem = device.network.problem(host, system)
        if problem is None and not any(fnmatch.fnmatch(host, f"*{suffix}") for suffix in endpoints.CLOUDS):
            return
    if problem is not None:
        yield {"problem": endpoints.KINDS[problem.hresult]}
        return
    yield from endpoints.published(device, host)
