# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario may say of Intune's record of a device, beside a device and beside a tenant's object alike.

docs/lab.md explains each option; ``tests.lab.tenant.posture`` applies them.
"""

from __future__ import annotations

from .scenario_shapes import ListOf

RECORD = {
    "user": str,
    "enrolled_by": str,
    "sync_days": float,
    "agent": str,
    "compliance": str,
    "grace_days": float,
    "encrypted": bool,
    "owner": str,
    "policies": ListOf(dict),
    "configurations": ListOf(dict),
    "report": ListOf(dict),
    "keys": ListOf(str),
    "entra": bool,
    "gone": bool,
    "mdm_app": str,
}
