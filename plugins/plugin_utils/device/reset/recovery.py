# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recovery environment (WinRE), from which Windows resets itself: enabled, and is its partition there?

By ReAgent.xml, because ``reagentc`` speaks the device's language. ``InstallState`` 1 is enabled, ``WinreLocation`` has
its folder and the offset at which its partition begins (Microsoft's support article on ReAgent.xml of non-UEFI
computers; the OSD module, which finds the partition by that offset). Without it a reset fails with 0x80070032
(Microsoft, "Windows Autopilot - known issues").

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from .. import operations as op
from ..answers import Answer
from ..reading import Refused, known

STORAGE = "root/Microsoft/Windows/Storage"
OBSERVATIONS = {
    "recovery": op.recovery_environment(),
    "partitions": op.cim_query("MSFT_Partition", ("Offset",), STORAGE),
}
MOST_ELEMENTS = 200
Facts = dict[str, t.Any]


def facts(answer: Answer) -> Facts:
    """``{enabled, location, partition_found, image_staged, problem}`` from an answer to OBSERVATIONS.

    ``enabled`` is False where it is surely of no use for a reset, and null where nobody knows; ``problem`` says why.
    """
    found: Facts = dict.fromkeys(("enabled", "location", "partition_found", "image_staged", "problem"))
    try:
        settings, found["image_staged"] = answer["recovery"]["settings"], answer["recovery"]["image"]
    except Refused as exc:
        return found | {"problem": str(exc)}
    if settings is None:
        return found | {"enabled": False, "problem": "Windows has no settings for it (ReAgent.xml is not there)"}
    read = _read(settings)
    if read is None:
        return found | {"problem": "its settings (ReAgent.xml) cannot be understood"}
    state, found["location"], offset = read
    if not state:
        return found | {"enabled": False, "problem": "it is disabled (InstallState 0 in ReAgent.xml)"}
    if not found["location"]:
        return found | {"enabled": False, "problem": "it is enabled, but has no place (WinreLocation in ReAgent.xml)"}
    offsets = known(lambda: [one.number("Offset") for one in answer["partitions"].instances()])
    if offsets is None or None in offsets:
        return found | {"problem": "the partitions of the disks could not be read"}
    found["partition_found"] = offset in offsets
    if not found["partition_found"]:
        return found | {"enabled": False, "problem": f"no partition begins at {offset}, where it is said to be"}
    return found | {"enabled": True}


def _read(settings: str) -> tuple[bool, str | None, int] | None:
    """(whether it is enabled, its folder, the offset of its partition); None for what is not such a file."""
    # Entities are the one thing in which a small file can be a large one; ReAgent.xml has none.
    if "<!" in settings:
        return None
    try:
        top = ElementTree.fromstring(settings.encode("utf-8"))
        if top.tag != "WindowsRE" or len(top) > MOST_ELEMENTS:
            return None
        state, place = top.find("InstallState"), top.find("WinreLocation")
        if state is None or place is None or state.get("state") not in ("0", "1"):
            return None
        return state.get("state") == "1", place.get("path") or None, int(place.get("offset") or 0)
    except (ElementTree.ParseError, ValueError):
        return None
