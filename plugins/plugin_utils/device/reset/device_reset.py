# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module device_reset.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...options import bad_option, require_moment
from ...task import Task
from ..state import utc_text
from ..work import begin
from .reset import Reset, ResetPlan

PLANNED = tuple(field.name for field in dataclasses.fields(ResetPlan))


def reset(task: Task) -> dict:
    """Send the device back to its first start. Raises Failure."""
    args = dict(task.args)
    if args["protected"] and args["keep"] != "nothing":
        raise bad_option("protected", f"the protected wipe keeps nothing, but keep is {args['keep']}", "leave one out")
    if args["wait_for_deployment"] and not args["wait"]:
        raise bad_option("wait_for_deployment", "wait is false", "leave one of the two out")
    if (after := args["unless_installed_after"]) is not None:
        args["unless_installed_after"] = utc_text(require_moment(after, "unless_installed_after"))
    return begin(task, Reset, ResetPlan(**{name: args[name] for name in PLANNED})).run()
