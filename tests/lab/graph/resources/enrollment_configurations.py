# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/deviceEnrollmentConfigurations: how many devices a user may enroll, and of what platforms.

v1.0 leaves out what only beta has a type for, as Microsoft365DSC issues 2431 and 2432 saw it.
"""

from __future__ import annotations

from ..answers import Answer, Call
from ..query import Kind, Row, collection
from ..routing import route
from ..types import is_known

READ = (
    "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All "
    "DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All"
)
BASE = Kind("deviceEnrollmentConfiguration")


@route("GET", "/deviceManagement/deviceEnrollmentConfigurations", READ)
def list_configurations(call: Call) -> Answer:
    rows = [row for row in call.side.tenant.enrollment_configurations if is_known(call.version, _kind(row).type)]
    return collection(call, BASE, rows, mixed=_kind)


def _kind(row: Row) -> Kind:
    return Kind(row["@odata.type"].rpartition(".")[2])
