# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module asks a second administrator for a change in Intune: what
plugin_utils/tenant/graph/approval.py reads."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.approval`."""

    DOCUMENTATION = r"""
options:
  approval_justification:
    description:
      - Why the change is made, for the administrator who approves it, at most 960 letters. It is sent with each change
        in Intune. Where no access policy of Multi Admin Approval protects what is changed, it has no effect.
      - Where one does, the first run files a request and changes nothing. When the request is approved, the same task,
        run again or still waiting (O(approval_timeout)), carries it out. It finds its request by a mark at the end of
        the justification and files no second one. For this, and to wait, it needs the permission
        C(DeviceManagementConfiguration.Read.All).
      - Without it such a change fails with C(approval_needed).
    type: str
  approval_timeout:
    description:
      - How many seconds the task may wait in all until its requests are approved. With V(0) it does not wait, and fails
        with C(approval_pending), which names the request. This time is not part of O(timeout).
      - A request that is rejected fails with C(approval_denied). One that was cancelled or has expired fails with
        C(approval_over).
    type: int
    default: 0
"""


# Added by the action plugins: see package.py.
APPROVAL_SPEC = {
    "approval_justification": {"type": "str"},
    "approval_timeout": {"type": "int", "default": 0, "least": 0},
}
