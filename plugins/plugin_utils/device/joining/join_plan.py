# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks of a join.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from . import azure_vm, provisioning


@dataclasses.dataclass(frozen=True)
class JoinPlan:
    """What the task asked for. Seconds; ``package`` is set with the method provisioning_package only."""

    method: str
    tenant_id: str
    package: provisioning.PackageSource | None
    mdm_id: str | None
    expect_mdm: bool
    reboot: bool
    reboot_timeout: int
    timeout: int
    poll_interval: int
    on_failure: str
    keep_copy: bool
    apply_again: bool
    remove_package: bool

    @property
    def job(self) -> str:
        return self.package.install_job if self.package else azure_vm.AZURE_JOIN_JOB
