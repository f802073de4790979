# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a device's state lasts, so that two devices of one kind can be compared, whatever has happened to them."""

from __future__ import annotations

import json
import re
import typing as t

#: What differs between two devices of one kind: ids, thumbprints, SIDs.
OWN_IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{40}\b|\bS-1-(?:5-21|12-1)(?:-\d+){3,4}", re.IGNORECASE
)
#: Registry values that are points in time.
TIMES = {"LastSyncTime", "ServerLastAccessTime", "ServerLastSuccessTime", "PackageInstallStart"}
#: What of a dump is the device's lasting state, other than its name, its clock and its history.
LASTING = (
    "domain",
    "join",
    "registry",
    "certificates",
    "packages",
    "tasks",
    "jobs",
    "files",
    "accounts",
    "administrators",
    "local_administrator",
    "enrollments",
    "bitlocker",
    "join_parts",
    "leave_unfinished",
    "autojoin_stopped",
    "winrm_reachable",
    "pending_hostname",
)


def lasting(dump: dict[str, t.Any]) -> list[str]:
    """The lasting state of a device as sorted lines, which are equal for devices of one kind in the same state."""
    lines = [line for part in LASTING for line in _lines(part, dump[part])]
    own_name = re.compile(rf"\b{re.escape(dump['hostname'])}\b", re.IGNORECASE)
    return sorted(own_name.sub("<name>", OWN_IDS.sub("<id>", line)) for line in lines)


def _lines(path: str, value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict) and value:
        for key in value.keys() - TIMES:
            yield from _lines(f"{path}/{key}", value[key])
    elif isinstance(value, list) and value:
        for item in value:
            yield from _lines(f"{path}[]", item)
    else:
        yield f"{path} = {json.dumps(value)}"
