# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a description: collected, so that one run tells all of it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from ...result import Failure

Place = tuple[str | int, ...]
"""Where something is in a description: names of keys and numbers in lists, from its root."""
MOST_TOLD = 20
_NAME = re.compile(r"[A-Za-z_]{1,40}")


class BadDescription(Failure):
    """The description of a package is wrong.

    ``problems`` has a sentence for each place; none has a value in it.
    """

    name = "bad_description"
    fix = "correct the description, or list paths that are right and unknown here in unknown_settings"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        told = problems[:MOST_TOLD]
        if len(problems) > MOST_TOLD:
            told.append(f"and {len(problems) - MOST_TOLD} more")
        cause = "; ".join(told)
        super().__init__(
            f"the description of the package is wrong: {cause}; {self.fix}",
            side="controller",
            name=self.name,
            cause=cause,
            fix=self.fix,
        )


def shown_key(name: object) -> str:
    """A key as a message may have it: anything but a name may be a value that stands at the wrong place."""
    text = str(name)
    return text if _NAME.fullmatch(text) else "(a key that is not a name)"


class Problems:
    """Collects what is wrong. ``lines`` are those of a text, by place, where there is a text."""

    def __init__(self, lines: Mapping[Place, int] | None = None) -> None:
        self._lines = lines or {}
        self.found: list[str] = []

    def add(self, place: Place, message: str) -> None:
        """Note that what is at this place ``message`` (the end of a sentence)."""
        self.found.append(f"{self.where(place)} {message}")

    def where(self, place: Place) -> str:
        """The place for people: its dotted path, with the line where the text is known."""
        dotted = ""
        for step in place:
            dotted += f"[{step}]" if isinstance(step, int) else f"{'.' if dotted else ''}{step}"
        dotted = dotted or "the description"
        line = next((self._lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self._lines), None)
        return dotted if line is None else f"line {line}: {dotted}"

    def unknown_keys(self, place: Place, given: Mapping, known: tuple[str, ...]) -> None:
        """Note each key that is not known, with what it may be meant to be."""
        for name in given:
            if name not in known:
                near = get_close_matches(str(name), known, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
                self.add((*place, shown_key(name)), f"is not known here{hint}")

    def raise_any(self) -> None:
        """Raise BadDescription where something was noted."""
        if self.found:
            raise BadDescription(self.found)
