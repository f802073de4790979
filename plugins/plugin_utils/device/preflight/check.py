# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preflight check is, and what it looks at.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..answers import Answer, Result
from ..reading import FULL_TOKEN, Names, Unreadable


@dataclasses.dataclass(frozen=True)
class PreflightPlan:
    """What the device is to be fit for. Seconds; ``scheme`` is the connection's (http, https), ``urllib3`` the version
    of what it stands on; both are None where it is not WinRM."""

    tenant_id: str | None = None
    method: str = "provisioning_package"
    cloud: str = "public"
    expect_mdm: bool = False
    user_sign_in: bool = False
    extra_endpoints: tuple[tuple[str, str], ...] = ()
    skip: frozenset[str] = frozenset()
    timeout: int = 10
    scheme: str | None = None
    urllib3: str | None = None
    check_mode: bool = False


@dataclasses.dataclass(frozen=True)
class Look:
    """One answer of a device with the facts that state.py makes of it: all that a check may look at."""

    answer: Answer
    facts: dict
    plan: PreflightPlan

    def read(self, name: str) -> Result | None:
        """What an observation returned, None where the device refused it."""
        result = self.answer.results.get(name)
        return result if result is not None and result.ok else None

    def why_not(self, *names: str) -> str:
        """The sentence for observations that the device refused."""
        asked = [self.answer.results[name] for name in names if name in self.answer.results]
        errors = [result.error for result in asked if result.error is not None]
        return f"it could not be read: {errors[0]['message']}" if errors else "it could not be read"

    def values(self, name: str) -> Names | None:
        """The values of a registry key, none where the key does not exist, None where it is refused."""
        result = self.read(name)
        return None if result is None else result.key().values


@dataclasses.dataclass(frozen=True)
class Rule:
    """A check's id, what it expects and where that is written; makes the four outcomes."""

    id: str
    expected: str
    doc: str | None = None

    def passed(self, observed: str) -> Finding:
        return self._made(PASS, observed)

    def warned(self, observed: str, cause: str, fix: str) -> Finding:
        return self._made(WARN, observed, cause, fix)

    def failed(self, observed: str, cause: str, fix: str) -> Finding:
        return self._made(FAIL, observed, cause, fix)

    def unknown(self, cause: str, fix: str = FULL_TOKEN) -> Finding:
        return self._made(UNKNOWN, "unknown", cause, fix)

    def _made(self, result: str, observed: str, cause: str | None = None, fix: str | None = None) -> Finding:
        return Finding(self.id, result, observed, "device", None, self.expected, cause, fix, self.doc)


def outcome(name: str, check: t.Callable[[Look], Finding], look: Look) -> Finding:
    """What a check comes to: unknown, too, where something in what it reads was refused or is of another type."""
    try:
        return check(look)
    except Unreadable as exc:
        return Rule(name, "readable settings").unknown(str(exc))
