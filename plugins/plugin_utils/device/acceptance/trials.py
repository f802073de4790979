# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation is tried how, and which cannot be tried on a device that must be as it was afterwards.

tests/unit/device/test_acceptance.py holds that every operation of vocabulary.json is in one of the two.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from . import as_system, changes, records, surroundings
from .trial import Trial

#: In this order: what looks, then directories and files, then what runs as SYSTEM.
TRIALS: dict[str, t.Callable[[Trial], None]] = {
    work.__name__: work
    for work in (
        records.registry_read,
        records.registry_users_read,
        records.certificates,
        records.device_key_proof,
        records.dsregcmd_status,
        records.cim_query,
        records.events,
        surroundings.scheduled_tasks,
        surroundings.provisioning_packages,
        surroundings.path_info,
        surroundings.processes,
        surroundings.job_status,
        surroundings.local_administrators,
        surroundings.bitlocker,
        surroundings.volume_encryption,
        surroundings.account_policy,
        surroundings.recovery_environment,
        surroundings.endpoints,
        surroundings.device_link,
        surroundings.icd_find,
        changes.directory_create,
        changes.download,
        changes.path_remove,
        changes.package_install,
        changes.package_remove,
        as_system.system_probe,
        as_system.job_start,
        as_system.enrollment_remove,
        as_system.package_forget,
        as_system.file_part,
        as_system.job_remove,
    )
}
IMPOSSIBLE = {
    "dsregcmd_azure_vm_join": "a join needs a tenant, and leaves an object there",
    "dsregcmd_leave": "a device that has left cannot be joined again by itself",
    "fido_logon_policy": "a device does not offer another sign-in for the sake of a trial",
    "hybrid_autojoin_stop": "no operation switches the automatic join on again",
    "icd_build": "a build needs Windows Configuration Designer, which a disposable device does not have",
    "mdm_auto_enroll": "an enrollment needs a tenant, and its settings cannot be undone",
    "remote_wipe": "a device that was reset is not the one that was tried",
    "restart": "a restart ends what runs on the device, and cannot be undone",
}
