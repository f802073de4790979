# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device was before it left: the ids by which its objects are found in Entra, Intune and Autopilot.

They are gone from the device with the leave. So every job that takes something away reads them first, as its own first
steps, and leaves them in its answer: a run after a crash of the controller finds them there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .. import join_facts, state
from .. import operations as op
from ..answers import Answer, Result, within
from ..enrollment import enrollments, is_local
from ..enrollment_channels import INTUNE
from ..reading import known
from . import bitlocker

# Values written by Autopilot, read by Get-AutopilotDiagnostics and Fleet.
AUTOPILOT = r"SOFTWARE\Microsoft\Provisioning\Diagnostics\AutoPilot\EstablishedCorrelations"
OBSERVATIONS = {
    name: state.OBSERVATIONS[name][1]
    for name in ("cloud_join", "certificates", "computer", "enrollments", "enrollment_tasks", "package_enrollments")
} | {
    "bitlocker": bitlocker.OBSERVATION,
    "bios": op.cim_query("Win32_BIOS", ("SerialNumber",)),
    "autopilot": op.registry_read(AUTOPILOT),
}


def build(answer: Answer) -> dict:
    """The record of a device from an answer to OBSERVATIONS; what it does not have is null.

    ``{hostname, join_type, tenant_id, tenant_name, device_id, thumbprint, intune_device_id, autopilot_id,
    serial_number, enrollments: [{enrollment_id, provider, tenant_id, enrolled}], bitlocker}``. The Intune id is the
    common name of the certificate of Intune's own enrollment (read so by IntuneMigration).
    """
    join = join_facts.join_facts(answer)
    certificate = known(lambda: join_facts.only_certificate(answer["certificates"]))
    found = known(lambda: enrollments(answer)) or []
    return {
        "hostname": answer.device.get("name"),
        "join_type": join["type"],
        "tenant_id": join["tenant_id"] or known(lambda: _tenant_of_join_info(answer)),
        "tenant_name": join["tenant_name"],
        # What is half left has lost the key or the certificate: the other still tells.
        "device_id": join["device_id"] or _certificate_id(certificate),
        "thumbprint": join["thumbprint"] or (certificate and certificate["thumbprint"]),
        "intune_device_id": known(lambda: _intune_device_id(found, answer["certificates"], join["tenant_id"])),
        "autopilot_id": known(lambda: _guid(answer["autopilot"].key().text("ZtdRegistrationId"))),
        "serial_number": known(lambda: (answer["bios"].instance().text("SerialNumber") or "").strip() or None),
        "enrollments": [
            {field: item[field] for field in ("enrollment_id", "provider", "tenant_id", "enrolled")}
            for item in found
            if not is_local(item)
        ],
        "bitlocker": bitlocker.facts(answer["bitlocker"]),
    }


def complete(now: dict, *jobs: Result) -> dict:
    """The record with what earlier jobs (``job_status`` of each, the latest step first) have read first.

    A job of another join of the device, or one without an answer, adds nothing.
    """
    record = dict(now)
    for job in jobs:
        earlier = _of_job(job)
        if earlier is None or record["device_id"] not in (None, earlier["device_id"]):
            continue
        if record["device_id"] is None:
            record["join_type"] = earlier["join_type"]
        record |= {field: value for field, value in earlier.items() if not record[field]}
    return record


def _of_job(job: Result) -> dict | None:
    results = within(job, OBSERVATIONS.values())
    if len(results) < len(OBSERVATIONS):
        return None
    device = job["answer"].get("device")
    named = dict(zip(OBSERVATIONS, results))
    record = build(Answer(named, device if isinstance(device, dict) else {}, 0.0, 0.0))
    return record if record["device_id"] else None


def _intune_device_id(found: list[dict], certificates: Result, tenant_id: str | None) -> str | None:
    """By the working enrollment in Intune; where there are several, by that of the join's tenant, if there is one."""
    items = [item for item in found if item["enrolled"] and item["channel"] == INTUNE]
    own = [item for item in items if tenant_id is not None and item["tenant_id"] == tenant_id]
    wanted = {(item["thumbprint"] or "").lower() for item in own or items}
    ids = {_certificate_id(c) for c in certificates["certificates"] if c["thumbprint"].lower() in wanted}
    return ids.pop() if len(ids) == 1 else None


def _tenant_of_join_info(answer: Answer) -> str | None:
    """The tenant that all keys of JoinInfo name; None where they name several."""
    keys = answer["cloud_join"].key().child("JoinInfo").children()
    tenants = {_guid(info.text("TenantId")) for _name, info in keys}
    return tenants.pop() if len(tenants) == 1 else None


def _certificate_id(certificate: dict | None) -> str | None:
    return _guid(join_facts.common_name(certificate))


def _guid(text: str | None) -> str | None:
    return (text or "").strip().strip("{}").lower() or None
