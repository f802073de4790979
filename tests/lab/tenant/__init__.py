# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Entra tenant: users, bulk tokens, policies, device objects, and the registration service.

Objects that Microsoft Graph serves are kept as plain dicts in Graph's own shape, so that a Graph endpoint needs no
translation.
"""

from __future__ import annotations

from .model import BulkToken, Directory, Tenant
from .registration import Registered, TenantError

__all__ = ["BulkToken", "Directory", "Registered", "Tenant", "TenantError"]
