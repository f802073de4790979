# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of device_posture and directory_posture about one device, as far as a verification reads them."""

from __future__ import annotations

import typing as t

ID = "0b1f9a3c-5f4e-4a53-9f0e-2d6f6f0c1a11"
TENANT = "d10f84e2-ba05-45c0-90b7-994f1fafa537"
KEY, OTHER_KEY = "{9D69D493-3867-544D-9876-D23455C8D476}", "{0EAF6BFC-5E81-5A9A-8547-511CFAF6E23E}"
SYNCED = "2026-11-30T18:00:00Z"

Row = dict[str, t.Any]


def finding(identity: str, result: str = "pass", observed: str | None = None, **more: t.Any) -> Row:
    """A finding of either module."""
    seen = observed or f"{identity} seen"
    wrong = {"cause": f"{identity} matters", "fix": f"mend {identity}"} if result != "pass" else {}
    made = {"id": identity, "result": result, "subject": None, "observed": seen, "expected": None}
    return {**made, "cause": None, "fix": None, "side": "device", "doc": None, "permissions": [], **wrong, **more}


def protector(identity: str = KEY, escrow: str | None = "stored") -> Row:
    at = None if escrow is None else "2026-11-29T08:00:00Z"
    return {"id": identity, "type": "RecoveryPassword", "escrow": escrow, "at": at, "code": None}


def look(*findings: Row, protectors: t.Sequence[Row] = (protector(),), **management: t.Any) -> Row:
    """A result of device_posture: a joined device that Intune manages."""
    drive = {"mount_point": "C:", "system": True, "state": "protected", "protectors": list(protectors)}
    last = {"at": "2026-11-30T17:00:00Z", "ok": True, "code": "0x00000000", "channel": "Admin"}
    told = {"managed_by": ["intune"], "last_sync": last, **management}
    join = {"type": "entra", "device_id": ID, "tenant_id": TENANT, "refused": []}
    posture = {"join": join, "management": told, "encryption": {"volumes": [drive]}}
    ids = {one["id"] for one in findings}
    fine = [finding(name) for name in ("managed", "last_sync", "encryption", "escrow") if name not in ids]
    return {"changed": False, "changes": [], "posture": posture, "findings": [*fine, *findings]}


def row(escrow: t.Sequence[str] | None = (KEY,), intune: Row | None = None, **more: t.Any) -> Row:
    """An entry of directory_posture: everything was asked, and is as it should be."""
    keys = None if escrow is None else [{"id": one.strip("{}").lower(), "volume": None} for one in escrow]
    record = {"compliance": "compliant", "last_sync": SYNCED, "encrypted": True, "ownership": "company"}
    asked = {"device_id": ID, "name": "PC", "in_entra": True, "in_intune": True, "entra": {"enabled": True}}
    told = {"compliance": {"nothing_assigned": False, "policies": []}, "configuration": [], "has_primary_user": True}
    return {**asked, **told, "intune": {**record, **(intune or {})}, "escrow": keys, "unread": [], **more}


def not_compliant(setting: str) -> Row:
    """What an entry has of a device that a compliance policy does not like."""
    settings = [{"setting": f"Windows10CompliancePolicy.{setting}", "state": "nonCompliant"}]
    policies = [{"policy": "Windows", "state": "nonCompliant", "judged_for": "system", "settings": settings}]
    return {"nothing_assigned": False, "policies": policies}
