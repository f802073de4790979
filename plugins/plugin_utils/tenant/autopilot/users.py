# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users who are to be assigned, resolved before anything is sent: each exists, is enabled, no guest, and licensed.

The service itself looks at the domain only. Sources: Microsoft Graph, "Get user"; service_plans.py.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ...result import Failure
from .. import service_plans
from ..devices.unread import of_all
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, all_of, list_of, needed, object_of
from . import troubles
from .wanted import Wanted, needs_user

_READ = Permissions.same("User.Read.All")
_SELECT = "id,userPrincipalName,displayName,userType,accountEnabled,assignedPlans"
_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "userPrincipalName": needed(TEXT),
        "displayName": LINE,
        "userType": TEXT,
        "accountEnabled": FLAG,
        "assignedPlans": list_of(object_of(all_of("servicePlanId", "service", "capabilityStatus"))),
    }
)


def resolve(client: GraphClient, wanted: Sequence[Wanted], require_licence: bool) -> None:
    """Learn ``user`` of each device whose user or greeting is to change. One whose user must not be assigned fails.

    RequestFailure where the caller may not read users at all.
    """
    asked = [one for one in wanted if one.failure is None and needs_user(one)]
    names = list(dict.fromkeys(str(one.assigned_user).casefold() for one in asked))
    spelled = {str(one.assigned_user).casefold(): str(one.assigned_user) for one in asked}
    answers = client.batch([_item(spelled[name]) for name in names]) if names else []
    failures = [answer.failure for answer in answers if answer.failure is not None and not answer.says_absent]
    general = of_all(failures, len(names))
    if general is not None:
        raise general
    found: dict[str, dict[str, t.Any] | Failure] = {}
    for name, answer in zip(names, answers):
        if answer.says_absent:
            found[name] = troubles.no_user(spelled[name])
        elif answer.failure is not None:
            found[name] = answer.failure
        else:
            user = answer.require()
            found[name] = _unfit(user, require_licence) or {
                part: user.get(part) for part in ("userPrincipalName", "displayName")
            }
    for one in asked:
        user_or_failure = found[str(one.assigned_user).casefold()]
        if isinstance(user_or_failure, Failure):
            one.fail(user_or_failure)
        else:
            one.user = user_or_failure


def _item(upn: str) -> Item:
    return Item(
        "GET", odata.path("users", upn), Purpose(f"read the user {upn}", _READ), {"$select": _SELECT}, kind=_KIND
    )


def _unfit(user: dict[str, t.Any], require_licence: bool) -> Failure | None:
    """Why a user who is there must not be assigned."""
    upn, plans = user["userPrincipalName"], user.get("assignedPlans")
    if user.get("accountEnabled") is None or (require_licence and plans is None):
        return troubles.hidden_user(upn)
    if not user["accountEnabled"]:
        return troubles.disabled_user(upn)
    if str(user.get("userType")).casefold() == "guest":
        return troubles.guest(upn)
    if require_licence and service_plans.intune(plans or []) in ("none", "ended"):
        return troubles.no_licence(upn)
    return None
