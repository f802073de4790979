# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of computer names, as packages have them (Microsoft, "DevDetail CSP", DNSComputerName): %SERIAL% is the
serial number of the firmware, %RAND:n% are n random digits.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...options import bad_option

NETBIOS_LETTERS = 15
"""Letters of a computer name that all of Windows knows: that of NetBIOS."""
MOST_RANDOM = 63
_MACRO = re.compile(r"%(?:(SERIAL)|RAND:([0-9]{1,2}))%", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9-]{0,63}")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9-]")


def require_pattern(pattern: str, option: str) -> None:
    """Raises the Failure of a bad ``option`` where no computer can have such a name."""
    rest = _MACRO.sub("", pattern)
    if not _NAME.fullmatch(rest) or any(int(found[2] or 0) > MOST_RANDOM for found in _MACRO.finditer(pattern)):
        raise bad_option(
            option,
            f"{pattern!r} is not a pattern of computer names",
            "give letters, digits and hyphens, with %SERIAL% and %RAND:n% as in the package",
        )


def fits(name: str, pattern: str, serial: str | None) -> bool | None:
    """Whether a device with this serial number has a name of this pattern; None where the serial number decides, and is
    not known. Names are compared by their first NETBIOS_LETTERS letters, as Windows cuts them, and in any case."""
    if serial is None and any(found[1] for found in _MACRO.finditer(pattern)):
        return None
    wanted: list[str | None] = []  # One entry a letter, None for a random one.
    place = 0
    for found in _MACRO.finditer(pattern):
        wanted += pattern[place : found.start()].upper()
        if found[1]:
            # What a computer name cannot hold is left out of it.
            wanted += _NOT_OF_A_NAME.sub("", serial or "").upper()
        else:
            wanted += [None] * int(found[2])
        place = found.end()
    wanted += pattern[place:].upper()
    letters = name.upper()[:NETBIOS_LETTERS]
    wanted = wanted[:NETBIOS_LETTERS]
    return len(letters) == len(wanted) and all(
        one == other if other is not None else one.isalnum() for one, other in zip(letters, wanted)
    )


def shown(pattern: str, serial: str | None) -> str:
    """The name that is expected, as far as it is known."""
    return _MACRO.sub(lambda found: serial if found[1] and serial else found[0], pattern)
