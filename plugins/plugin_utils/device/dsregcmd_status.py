# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``dsregcmd /status`` says, as one witness among others.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from . import dsregcmd
from .answers import Answer
from .reading import Refused


@dataclasses.dataclass(frozen=True)
class Status:
    """What ``dsregcmd /status`` says. ``readable`` is false where it was refused or its text is not understood; a
    Windows without the program says nothing, and is readable."""

    keys: dict
    sections: dict
    readable: bool = True

    def texts(self, name: str) -> list[str]:
        """What each row of this name says: most stand once, or not at all."""
        value = self.keys.get(name) or []
        return [value] if isinstance(value, str) else value

    def text(self, name: str) -> str | None:
        """What the first of them says."""
        return next(iter(self.texts(name)), None)

    def flag(self, name: str) -> bool | None:
        return {"YES": True, "NO": False}.get(self.text(name) or "")


def status_of(answer: Answer) -> Status:
    """dsregcmd's witness, one that says nothing where it was not asked."""
    result = answer.results.get("dsregcmd")
    if result is None:
        return Status({}, {})
    try:
        if not result["present"]:
            return Status({}, {})
        parsed = dsregcmd.parse(result["text"])
    except (Refused, dsregcmd.DsregcmdError):
        return Status({}, {}, readable=False)
    return Status(parsed["keys"], parsed["sections"])
