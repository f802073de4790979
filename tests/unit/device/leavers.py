# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted device that can leave its tenant and its MDM: registry, certificates, tasks and jobs as a small state.

A job does its operations when its status is asked for the second time, so that a story sees it running once.
"""

from __future__ import annotations

import base64
import copy
import datetime
import hashlib

from tests.lab.device import key_pairs

from . import scripted
from .scripted import Clock, ScriptedDevice, key

ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
CLOUD_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
AUTOJOIN = r"SOFTWARE\Policies\Microsoft\Windows\WorkplaceJoin"
INTUNE, FOREIGN = "2f9b3c1e-7a6d-4b58-9c3e-5d1f0a7b8c9d", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
INTUNE_DEVICE = "8c1f4a4e-3f2b-4b6f-9f0c-1a2b3c4d5e6f"
SERIAL = "PF3K9Z1A"
MACHINE = "S-1-5-21-1-2-3"


def member(name: str | None, rid: int | str, kind: str = "local", **changes) -> dict:
    """A member of Administrators; a local one has a relative id, any other a whole SID."""
    local = kind == "local"
    known = (
        {"enabled": True, "locked": False, "password_expired": False}
        if local
        else dict.fromkeys(("enabled", "locked", "password_expired"))
    )
    return {"sid": f"{MACHINE}-{rid}" if local else str(rid), "name": name, "kind": kind, **known, **changes}


BUILT_IN = member(r"PC-1\Administrator", 500, enabled=False)
ANSIBLE = member(r"PC-1\ansible", 1001)


class Leaver(ScriptedDevice):
    """A device of the tenant. ``leaves``: how ``dsregcmd /leave`` ends: whole, half or not."""

    def __init__(self, joined: bool = True, in_domain: bool = False) -> None:
        super().__init__()
        self.clock = Clock()
        self.tree = scripted.joined_registry() if joined else scripted.fresh_registry()
        self.tree[ENROLLMENTS] = key()
        self.certificates = [scripted.join_certificate()] if joined else []
        self.folders: list[str] = []
        self.in_domain = in_domain
        self.autojoin_task = "Ready" if in_domain else None
        self.members = [BUILT_IN, ANSIBLE]
        self.jobs: dict[str, dict] = {}
        self.leaves = "whole"
        self.removes = True
        self.boots = ["2026-11-20T06:00:00.000Z"]
        self.done: list[str] = []
        self.executed_in_jobs: list[dict] = []
        self.handlers |= {
            "registry_read": lambda p: {"exists": p["path"] in self.tree, "key": self.tree.get(p["path"])},
            "certificates": lambda _p: {"certificates": list(self.certificates)},
            "dsregcmd_status": self._dsregcmd_status,
            "scheduled_tasks": self._tasks,
            "cim_query": self._cim,
            "local_administrators": lambda _p: {"machine_sid": MACHINE, "members": self.members},
            "bitlocker": lambda _p: {
                "available": True,
                "volumes": [
                    {
                        "mount_point": "C:",
                        "system": True,
                        "protected": True,
                        "protectors": [{"id": "{AAAA}", "type": "Tpm"}, {"id": "{BBBB}", "type": "RecoveryPassword"}],
                    }
                ],
            },
            "job_start": self._job_start,
            "job_status": self._job_status,
            "job_remove": self._job_remove,
            "restart": self._restart,
            "system_probe": lambda p: {"answer": {"results": [self._do(dict(operation)) for operation in p["ops"]]}},
            "device_key_proof": self._prove,
            "dsregcmd_leave": self._leave,
            "enrollment_remove": self._remove,
            "hybrid_autojoin_stop": self._stop_autojoin,
            "mdm_auto_enroll": self._auto_enroll,
        }
        self.enrolls = True
        self.key: str | None = "the device's own"
        self.nonces: list[str] = []

    # --- state --------------------------------------------------------------------------------------------------------

    @property
    def registered(self) -> bool:
        return CLOUD_JOIN in self.tree

    def enroll(self, enrollment_id: str = INTUNE, provider: str = "MS DM Server", live: bool = True, **values) -> None:
        thumbprint = enrollment_id.replace("-", "").upper()
        self.tree[ENROLLMENTS]["keys"][enrollment_id.upper()] = key(
            {
                "ProviderID": provider,
                "EnrollmentState": 1,
                "DMPCertThumbPrint": thumbprint,
                "UPN": "a@contoso.example",
                **values,
            }
        )
        if live:
            self.folders.append(enrollment_id.upper())
            self.certificates.append(
                {
                    "thumbprint": thumbprint,
                    "subject": f"CN={INTUNE_DEVICE}",
                    "issuer": "CN=Microsoft Intune MDM Device CA",
                    "not_before": scripted.UTC,
                    "not_after": scripted.UTC,
                    "has_private_key": True,
                }
            )

    def offer_mdm(self) -> None:
        self.tree[CLOUD_JOIN]["keys"]["TenantInfo"]["keys"][scripted.TENANT]["values"]["MdmEnrollmentUrl"] = (
            "https://mdm"
        )

    def _prove(self, params):
        """Signs with the key of that name; None: the key is gone."""
        self.nonces.append(params["nonce"])
        mine = [c for c in self.certificates if c["subject"].lower() == f"cn={params['device_id']}"]
        if not mine:
            return {"thumbprint": None, "certificate": None, "signature": None}
        if self.key is None:
            raise scripted.OperationError(
                "System.Security.Cryptography.CryptographicException", "no keyset", -2146893802
            )
        return signed(self.key, params["device_id"], params["nonce"])

    def _tasks(self, params):
        if params["folder"].endswith("EnterpriseMgmt"):
            return {"exists": True, "folders": list(self.folders), "tasks": []}
        tasks = (
            []
            if self.autojoin_task is None
            else [{"name": "Automatic-Device-Join", "state": self.autojoin_task, "last_result": 0, "next_run": None}]
        )
        return {"exists": True, "folders": [], "tasks": tasks}

    def _dsregcmd_status(self, params):
        joins = self.tree[CLOUD_JOIN]["keys"]["JoinInfo"]["keys"] if self.registered else {}
        return scripted.dsregcmd(scripted.THUMBPRINT in joins)(params)

    def join_before(self, tenant_id: str, thumbprint: str, certificate: bool = False) -> None:
        """What the join of an earlier tenant has left, before the live one."""
        root = self.tree.setdefault(CLOUD_JOIN, key(JoinInfo=key(), TenantInfo=key()))["keys"]
        root["JoinInfo"]["keys"] = {thumbprint: key({"TenantId": tenant_id}), **root["JoinInfo"]["keys"]}
        if certificate:
            self.certificates.insert(
                0, scripted.join_certificate() | {"thumbprint": thumbprint, "subject": "CN=earlier"}
            )

    def _cim(self, params):
        if params["class"] == "Win32_BIOS":
            return {"instances": [{"SerialNumber": SERIAL}]}
        return scripted.cim(last_boot=self.boots[-1], in_domain=self.in_domain)(params)

    # --- jobs ---------------------------------------------------------------------------------------------------------

    def _job_start(self, params):
        if self.jobs.get(params["job"], {}).get("state") in ("running", "done"):
            return {"started": False, "already": True}
        self.jobs[params["job"]] = {
            "state": "running",
            "ops": params["ops"],
            "looks": 0,
            "answer": None,
            "started": scripted.UTC,
        }
        return {"started": True, "already": False}

    def _job_status(self, params):
        job = self.jobs.get(params["job"])
        if job is None:
            return {"state": "absent", "started": None, "last_task_result": None, "answer": None}
        if job["state"] == "running":
            job["looks"] += 1
            if job["looks"] > 1:
                self.finish(job)
        return {"state": job["state"], "started": job["started"], "last_task_result": 0, "answer": job["answer"]}

    def finish(self, job: dict) -> None:
        """Let a running job do its operations."""
        names = [operation["op"] for operation in job["ops"]]
        outer = len(self.executed)
        # Copies: what was read stays as it was when a later operation changes the device.
        results = [copy.deepcopy(self._do(dict(operation))) for operation in job["ops"]]
        del self.executed[outer:]
        self.executed_in_jobs += job["ops"]
        self.done += [name for name in names if name not in READING]
        job.update(state="done", answer={"device": {"name": "PC-1"}, "results": results})

    def _job_remove(self, params):
        return {"removed": self.jobs.pop(params["job"], None) is not None}

    # --- what jobs do -------------------------------------------------------------------------------------------------

    def _leave(self, params):
        if self.leaves in ("whole", "half"):
            self._forget(scripted.THUMBPRINT)
        if self.leaves == "whole":
            self.certificates = [c for c in self.certificates if c["thumbprint"] != scripted.THUMBPRINT]
        for thumbprint in params.get("stale", []) if self.removes else []:
            self._forget(thumbprint)
            self.certificates = [c for c in self.certificates if c["thumbprint"] != thumbprint]
        return {"exit_code": 0, "text": "DsrDeviceAutoLeave"}

    def _forget(self, thumbprint: str) -> None:
        """A key of JoinInfo goes, with the last one all."""
        if self.registered:
            joins = self.tree[CLOUD_JOIN]["keys"]["JoinInfo"]["keys"]
            joins.pop(thumbprint, None)
            if not joins:
                del self.tree[CLOUD_JOIN]

    def _remove(self, params):
        values = self.tree[ENROLLMENTS]["keys"][params["id"].upper()]["values"]
        if values["ProviderID"] != params["provider"]:
            raise scripted.OperationError("System.UnauthorizedAccessException", "Refused", -2147024891)
        if self.removes:
            self.folders = [folder for folder in self.folders if folder.lower() != params["id"]]
            self.certificates = [c for c in self.certificates if c["thumbprint"] != values["DMPCertThumbPrint"]]
            del self.tree[ENROLLMENTS]["keys"][params["id"].upper()]
        return {"removed": [], "unregistered": True if params["unregister"] else None}

    def _stop_autojoin(self, _params):
        self.autojoin_task = "Disabled"
        self.tree[AUTOJOIN] = key({"autoWorkplaceJoin": 0})
        return {"disabled": True}

    def _auto_enroll(self, _params):
        if self.enrolls:
            self.enroll()
        return {"exit_code": 0, "text": ""}

    def _restart(self, _params):
        self.boots.append("2026-11-21T08:05:00.000Z")
        return {"scheduled": True, "exit_code": 0}


def signed(key: str, device_id: str, nonce: str, certificate_key: str | None = None) -> dict:
    """The answer of a device that signs with ``key`` and sends the certificate of another one, or of the same."""
    start = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    der = key_pairs.certificate(certificate_key or key, device_id, start, start.replace(year=2036))
    text = f"winops.entra proof\n{device_id}\n{nonce}".encode("ascii")
    return {
        "thumbprint": hashlib.sha1(der).hexdigest().upper(),
        "certificate": base64.b64encode(der).decode("ascii"),
        "signature": base64.b64encode(key_pairs.sign(key, text)).decode("ascii"),
    }


READING = {"registry_read", "certificates", "cim_query", "scheduled_tasks", "bitlocker"}
