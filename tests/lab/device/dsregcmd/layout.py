# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How dsregcmd lays out its text, by Windows build.

Three layouts by age are published: up to 1703, 1709/1803, and since 1809; the last one grew keys with later builds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

RULE = "+" + "-" * 70 + "+"
FOOTER = "For more information, please visit https://www.microsoft.com/aadjerrors"


@dataclasses.dataclass(frozen=True)
class Layout:
    """What a build prints. ``column`` is the width of the key column."""

    build: int

    @property
    def column(self) -> int:
        return 18 if self.build < 16299 else 23 if self.build < 17763 else 26

    @property
    def oldest(self) -> bool:
        return self.build < 16299

    @property
    def split(self) -> bool:
        """Device Details, Tenant Details and SSO State are sections of their own."""
        return self.build >= 17763

    @property
    def device_name(self) -> bool:
        return self.build >= 19041

    @property
    def device_auth_status(self) -> bool:
        return self.build >= 19043

    @property
    def proxies(self) -> bool:
        return self.build >= 19044

    @property
    def updates(self) -> bool:
        """DisplayNameUpdated and its siblings."""
        return self.build >= 19045

    @property
    def virtual_desktop(self) -> bool:
        return self.build >= 22621

    @property
    def idp(self) -> bool:
        return self.build < 22000

    @property
    def error_in_brackets(self) -> bool:
        return self.build >= 19044

    @property
    def fallback_to_fed_join(self) -> bool:
        return self.build >= 26200

    @property
    def footer(self) -> bool:
        return self.build >= 17763

    def section(self, title: str, rows: Sequence[tuple[str, str] | None]) -> str:
        """One boxed section; a row of None is a blank line."""
        lines = [RULE, f"| {title:<69}|", RULE, ""]
        lines += ["" if row is None else f"{row[0]:>{self.column}} : {row[1]}" for row in rows]
        return "\n".join(lines + [""])
