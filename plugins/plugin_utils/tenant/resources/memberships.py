# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may join or register: the polymorphic ``deviceRegistrationMembership`` of Microsoft Graph.

Source: Microsoft Graph, "deviceRegistrationMembership resource type" and its three descendants.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..graph.fields import IDENTITY, LINE, list_of, needed, object_of

MEMBERSHIP_KIND = object_of({"@odata.type": needed(LINE), "users": list_of(IDENTITY), "groups": list_of(IDENTITY)})
_TYPES = {
    "all": "#microsoft.graph.allDeviceRegistrationMembership",
    "none": "#microsoft.graph.noDeviceRegistrationMembership",
    "selected": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
}


def membership_of(wanted: dict[str, t.Any]) -> dict:
    """Graph's form of ``{scope, users, groups}`` (object ids)."""
    body: dict[str, t.Any] = {"@odata.type": _TYPES[wanted["scope"]]}
    if wanted["scope"] == "selected":
        body.update(users=sorted(wanted["users"]), groups=sorted(wanted["groups"]))
    return body


def membership_text(membership: dict | None) -> dict:
    """``{scope, users, groups}`` of Graph's form, sorted and in lower case, so that equal ones compare equal.

    An unknown type, which a newer Graph may send, is shown by its name.
    """
    kind = (membership or {}).get("@odata.type")
    scope = next((name for name, known in _TYPES.items() if known == kind), str(kind))
    members = membership if scope == "selected" and membership else {}
    return {
        "scope": scope,
        "users": sorted(user.lower() for user in members.get("users") or []),
        "groups": sorted(group.lower() for group in members.get("groups") or []),
    }
