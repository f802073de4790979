# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of winops.entra.user_method_info, for tests of the records that are made of them."""

from __future__ import annotations

import typing as t

ADA = "ada@c.example"


def key(kind: str = "security_key", accepted: bool | None = True) -> dict[str, t.Any]:
    """A passkey."""
    return {"id": "k", "name": "Key", "model": "YubiKey 5", "aaguid": None, "kind": kind, "accepted": accepted}


def row(user: str = ADA, ready: bool | None = False, **more: t.Any) -> dict[str, t.Any]:
    """What the tenant says of a user; by default one who is all right but for a key."""
    return {
        "user": user,
        "object_id": f"id-{user}",
        "display_name": "Ada",
        "found": True,
        "enabled": True,
        "in_scope": True,
        "passkeys": [],
        "security_key_ready": ready,
        "passkey_limit_reached": False,
        "mfa_capable": True,
        "reported": "2026-11-30T08:00:00Z",
        "unread": [],
        **more,
    }


READY = row(ready=True, passkeys=[key()])
