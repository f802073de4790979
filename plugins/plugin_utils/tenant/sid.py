# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIDs of Microsoft Entra objects: S-1-12-1 and the object id as four little-endian numbers of 32 bits.

Source: Microsoft Entra, "How to manage the local administrators group on Microsoft Entra joined devices" names such
SIDs; the arithmetic is public in several tools.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import struct
import uuid

from ..options import is_guid

_SID = re.compile(r"S-1-12-1-(\d{1,10})-(\d{1,10})-(\d{1,10})-(\d{1,10})", re.I)


def object_id_to_sid(object_id: str) -> str:
    """The SID of an object id. ValueError for anything else."""
    if not isinstance(object_id, str) or not is_guid(object_id.strip()):
        raise ValueError(f"{object_id!r} is not an object id")
    return "S-1-12-1-" + "-".join(map(str, struct.unpack("<4I", uuid.UUID(object_id.strip()).bytes_le)))


def sid_to_object_id(sid: str) -> str:
    """The object id of a SID. ValueError for a SID of anything else."""
    found = _SID.fullmatch(sid.strip()) if isinstance(sid, str) else None
    numbers = [int(number) for number in found.groups()] if found else []
    if not found or max(numbers) > 0xFFFFFFFF:
        raise ValueError(f"{sid!r} is not the SID of a Microsoft Entra object")
    return str(uuid.UUID(bytes_le=struct.pack("<4I", *numbers)))
