# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph would refuse to change in a group, as far as the group and the token tell.

It is said before anything is written, and in check mode, too. Sources: Microsoft Graph, "group resource type"
(``onPremisesSyncEnabled``, ``isAssignableToRole``); Microsoft Entra, "Use Microsoft Entra groups to manage role
assignments" ("Group.ReadWrite.All won't work"); microsoft-graph-docs issues 15815 (role-assignable groups), 7301 and
18038 (what Graph says of synchronised objects).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure
from ..graph.errors import Caller

ROLE_PERMISSION = "RoleManagement.ReadWrite.Directory"
#: One of these lets a signed-in user do whatever the user may.
_SUFFICES = frozenset({ROLE_PERMISSION, "Directory.AccessAsUser.All"})
#: Who has none of these writes no groups at all: a reader's check shows what would change.
_WRITES = frozenset({"Group.Create", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.ReadWrite.All"})


def require_changeable(group: dict, caller: Caller) -> None:
    """Failure where this group (Graph's form, or that of one to be made) cannot be changed by this caller."""
    name = group["displayName"]
    if group.get("onPremisesSyncEnabled"):
        cause = f"the group {name!r} is synchronised from an on-premises Active Directory, and only changed there"
        fix = "change it there, or choose another group"
        raise Failure(
            f"{cause}; {fix}",
            side="tenant",
            name="synchronised_object",
            cause=cause,
            fix=fix,
            doc="https://learn.microsoft.com/graph/api/resources/group",
        )
    if group.get("isAssignableToRole") and _lacks_role_permission(caller):
        kind = "delegated" if caller.delegated else "application"
        cause = f"groups that can hold roles, such as {name!r}, are protected, and the token lacks {ROLE_PERMISSION}"
        fix = (
            f"grant it ({kind} permission of Microsoft Graph) and give admin consent; Group.ReadWrite.All is not enough"
        )
        raise Failure(
            f"{cause}; {fix}",
            side="tenant",
            name="protected_object",
            cause=cause,
            fix=fix,
            permissions=[ROLE_PERMISSION],
            doc="https://learn.microsoft.com/entra/identity/role-based-access-control/groups-concept",
        )


def _lacks_role_permission(caller: Caller) -> bool:
    return caller.granted is not None and bool(caller.granted & _WRITES) and not caller.granted & _SUFFICES
