# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that the values of new passes go to, and nowhere else.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import typing as t

from ...options import bad_option
from ...report import writer
from . import passes, people


class Keeper:
    """The values of new passes, on their way from the answers to the file. ``kept`` are the users whose value is in the
    file."""

    def __init__(self, dest: str | None) -> None:
        self._dest = dest
        self._entries: dict[str, dict[str, t.Any]] = {}
        self.kept: set[str] = set()

    @property
    def secrets(self) -> list[str]:
        return [entry["temporary_access_pass"] for entry in self._entries.values()]

    @property
    def kept_in(self) -> str | None:
        return self._dest if self.kept else None

    def require_new(self) -> None:
        """Failure where there is a file already: nobody could read again what it may hold."""
        if self._dest is not None and os.path.lexists(self._dest):
            raise bad_option(
                "dest", "there is a file already, which may hold passes", "move it away, or give the path of a new one"
            )

    def taker(self, person: people.Person) -> t.Callable[[dict[str, t.Any]], None]:
        """What takes the answer about the pass of a user."""

        def take(made: dict[str, t.Any]) -> None:
            identity = str(person.id)
            self._entries[identity] = {
                "user": person.row.get("userPrincipalName"),
                "object_id": identity,
                "temporary_access_pass": made["temporaryAccessPass"],
                **passes.shown(made),
            }

        return take

    def keep(self) -> None:
        """Write what has come by now. Failure of the option ``dest`` where it cannot be written."""
        if self._dest is None or set(self._entries) <= self.kept:
            return
        try:
            writer.write(self._dest, list(self._entries.values()), new=not self.kept, secret=True)
        except FileExistsError as exc:
            raise writer.unwritable(self._dest, exc) from exc
        self.kept = set(self._entries)
