# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Constructors for the operations a device can execute. ``vocabulary.json`` says what each takes and returns.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import pathlib

VOCABULARY = json.loads(pathlib.Path(__file__).with_name("vocabulary.json").read_text(encoding="utf-8"))
CHANGING = frozenset(name for name, spec in VOCABULARY["operations"].items() if spec["changing"])

DATA_DIRECTORY = r"%ProgramData%\winops.entra"
PACKAGE_DIRECTORY = DATA_DIRECTORY + r"\packages"
BUILD_DIRECTORY = DATA_DIRECTORY + r"\builds"


def registry_read(path: str, depth: int = 0, names: tuple[str, ...] = (), having: str | None = None) -> dict:
    """A key of HKLM. ``names``: only these of the values; ``having``: of the keys below only those with this value."""
    operation: dict = {"op": "registry_read", "path": path, "depth": depth}
    return operation | ({"names": list(names)} if names else {}) | ({"having": having} if having else {})


def registry_users_read(path: str, depth: int = 0) -> dict:
    return {"op": "registry_users_read", "path": path, "depth": depth}


def certificates(store: str = "My", issuers: tuple[str, ...] = ()) -> dict:
    return {"op": "certificates", "store": store, "issuers": list(issuers)}


def device_key_proof(device_id: str, nonce: str) -> dict:
    return {"op": "device_key_proof", "device_id": device_id, "nonce": nonce}


def dsregcmd_status() -> dict:
    return {"op": "dsregcmd_status"}


def device_link(timeout: int) -> dict:
    return {"op": "device_link", "timeout": timeout}


def cim_query(cim_class: str, properties: tuple[str, ...], namespace: str | None = None) -> dict:
    operation = {"op": "cim_query", "class": cim_class, "properties": list(properties)}
    return operation | ({"namespace": namespace} if namespace else {})


def events(
    log: str,
    ids: tuple[int, ...],
    since: str | int | None,
    limit: int = 20,
    levels: tuple[int, ...] = (),
    each: int | None = None,
) -> dict:
    """Events with one of the ids or one of the levels; ``each``: at most so many of one id. ``since`` is a time on the
    device's clock, or the number of the newest record that does not count."""
    operation = {"op": "events", "log": log, "ids": list(ids), "limit": limit}
    asked = {"after" if isinstance(since, int) else "since": since, "levels": list(levels), "each": each}
    return operation | {name: value for name, value in asked.items() if value}


def scheduled_tasks(folder: str) -> dict:
    return {"op": "scheduled_tasks", "folder": folder}


def provisioning_packages() -> dict:
    return {"op": "provisioning_packages"}


def path_info(path: str, with_hash: bool = False) -> dict:
    return {"op": "path_info", "path": path, "hash": with_hash}


def processes(*names: str) -> dict:
    return {"op": "processes", "names": list(names)}


def job_status(job: str) -> dict:
    return {"op": "job_status", "job": job}


def local_administrators() -> dict:
    return {"op": "local_administrators"}


def bitlocker() -> dict:
    return {"op": "bitlocker"}


def volume_encryption() -> dict:
    return {"op": "volume_encryption"}


def account_policy() -> dict:
    return {"op": "account_policy"}


def recovery_environment() -> dict:
    return {"op": "recovery_environment"}


def endpoints(targets: list[dict], timeout: int) -> dict:
    return {"op": "endpoints", "targets": targets, "timeout": timeout}


def icd_find(path: str | None = None) -> dict:
    return {"op": "icd_find"} | ({"path": path} if path else {})


def file_part(path: str, offset: int, length: int) -> dict:
    return {"op": "file_part", "path": path, "offset": offset, "length": length}


def directory_create(path: str) -> dict:
    return {"op": "directory_create", "path": path}


def path_remove(path: str) -> dict:
    return {"op": "path_remove", "path": path}


def download(url: str, path: str, sha256: str, timeout: int) -> dict:
    return {"op": "download", "url": url, "path": path, "sha256": sha256, "timeout": timeout}


def icd_build(folder: str, tool: str, stores: list[str], customizations: str, encrypted: bool, timeout: int) -> dict:
    """``customizations``: base64 of customizations.xml."""
    operation = {"op": "icd_build", "folder": folder, "tool": tool, "stores": stores}
    return operation | {"customizations": customizations, "encrypted": encrypted, "timeout": timeout}


def package_install(path: str, force: bool) -> dict:
    return {"op": "package_install", "path": path, "force": force}


def package_remove(package_id: str) -> dict:
    return {"op": "package_remove", "id": package_id}


def package_forget(package_id: str) -> dict:
    return {"op": "package_forget", "id": package_id}


def dsregcmd_azure_vm_join(mdm_id: str | None) -> dict:
    return {"op": "dsregcmd_azure_vm_join"} | ({"mdm_id": mdm_id} if mdm_id else {})


def dsregcmd_leave(stale: list[str] | None = None) -> dict:
    return {"op": "dsregcmd_leave"} | ({"stale": list(stale)} if stale else {})


def hybrid_autojoin_stop() -> dict:
    return {"op": "hybrid_autojoin_stop"}


def fido_logon_policy(enabled: bool) -> dict:
    return {"op": "fido_logon_policy", "enabled": enabled}


def mdm_auto_enroll(credential: str) -> dict:
    return {"op": "mdm_auto_enroll", "credential": credential}


def enrollment_remove(enrollment_id: str, provider: str, unregister: bool) -> dict:
    return {"op": "enrollment_remove", "id": enrollment_id, "provider": provider, "unregister": unregister}


def remote_wipe(method: str, serial_number: str, uuid: str) -> dict:
    """Only the device with exactly these, as Windows spells them, is reset."""
    return {"op": "remote_wipe", "method": method, "serial_number": serial_number, "uuid": uuid}


def system_probe(ops: list[dict], timeout: int) -> dict:
    return {"op": "system_probe", "ops": ops, "timeout": timeout}


def job_start(job: str, ops: list[dict], time_limit: int) -> dict:
    return {"op": "job_start", "job": job, "ops": ops, "time_limit": time_limit}


def job_remove(job: str) -> dict:
    return {"op": "job_remove", "job": job}


def restart(delay: int, comment: str) -> dict:
    return {"op": "restart", "delay": delay, "comment": comment}
