# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings stores, as ICD.exe of the lab reads them.

The real ones are registry hives. The lab's has the same facts as a text, the table of settings that lies in the
collection as data: each line indented by one space for each folder above it, then fields behind tabs.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib

TABLE = pathlib.Path(__file__).parents[3] / "plugins/plugin_utils/package/description/table.txt"
DESKTOP, COMMON = "Microsoft-Desktop-Provisioning.dat", "Microsoft-Common-Provisioning.dat"
#: What the lab takes for common to all Windows. Which settings are, Microsoft does not say.
COMMON_AREAS = ("Certificates", "ConnectivityProfiles", "CountryAndRegion", "Workplace")
MARK = "regf"


@dataclasses.dataclass(frozen=True)
class Known:
    """A setting: its type (empty for a folder), where it is compiled to, and the values of its labels."""

    type: str
    csp: str | None
    values: dict[str, str]


@functools.cache
def store(name: str) -> bytes:
    """The content of the settings store with this file name."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    if name == COMMON:
        kept, wanted = [], False
        for line in lines:
            wanted = line.split("\t")[0] in COMMON_AREAS if not line.startswith(" ") else wanted
            kept += [line] if wanted else []
        lines = kept
    return "\n".join([MARK, *lines]).encode()


@functools.lru_cache(maxsize=8)
def known(*contents: bytes) -> dict[str, Known]:
    """What these stores know, by path in lower case. ValueError for anything else."""
    found: dict[str, Known] = {}
    for content in contents:
        mark, *lines = content.decode("utf-8", "replace").split("\n")
        if mark != MARK:
            raise ValueError("The configuration registry database is corrupt. (0x800703F1)")
        above: list[str] = []
        for line in lines:
            name, *fields = line.strip(" ").split("\t")
            above = [*above[: len(line) - len(line.lstrip(" "))], name]
            told = dict(field.partition("=")[::2] for field in fields[1:])
            values = {
                label.lower(): value for value, _sign, label in (one.partition("=") for one in _listed(told)) if label
            }
            kind = fields[0] if fields and "=" not in fields[0] else ""
            found["/".join(above).lower()] = Known(kind, told.get("csp"), values)
    return found


def _listed(told: dict[str, str]) -> list[str]:
    return told.get("values", "").split("|")
