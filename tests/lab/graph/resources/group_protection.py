# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups that not everybody who may write groups may change.

Microsoft Entra, "Use Microsoft Entra groups to manage role assignments"; microsoft-graph-docs issues 15815 and 18038
(the sentence about synchronised objects).
"""

from __future__ import annotations

from ..answers import Call, GraphError, bad_request
from ..query import Row

ROLES = frozenset({"RoleManagement.ReadWrite.Directory", "Directory.AccessAsUser.All"})


def require_changeable(call: Call, group: Row) -> None:
    """The group, or one that is to be made, with its members."""
    if group.get("onPremisesSyncEnabled"):
        raise bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
            "currently undergoing migration."
        )
    if group.get("isAssignableToRole") and not call.caller.permissions & ROLES:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
