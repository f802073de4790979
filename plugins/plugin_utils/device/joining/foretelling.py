# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode says of a join beyond its first look: the restart that was asked for, and an enrollment that cannot
come.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..answers import Answer
from . import mdm_wait

if t.TYPE_CHECKING:
    from .join import Join

#: How changes say that the device was restarted, where that was asked for.
RESTART = ("restart", None, "done")


def restart(work: Join, renames: bool) -> None:
    """Windows waits for a restart already, or will by what is known of the package (``renames``). What else may want
    one, only the run can know."""
    if work.plan.reboot and (work.facts["os"]["pending_reboot"] or renames):
        work.changes.add(*RESTART)


def mdm(work: Join, look: Answer) -> None:
    """The run would wait for the enrollment of a device that is joined: raises the Failure of one that cannot come."""
    mdm_wait.foretell(work.waiter, look, work.plan.tenant_id, work.facts["os"]["server"])
    work.warn(
        f"the device is joined, but not enrolled in MDM: the task would wait {work.plan.timeout} s for the enrollment, "
        "and fail if it does not come"
    )
