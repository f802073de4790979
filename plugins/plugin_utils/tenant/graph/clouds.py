# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds of Microsoft: where their tokens come from and where their Graph is.

Source: Microsoft Graph, "National cloud deployments"; Microsoft Entra, "National clouds".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Cloud:
    """``authority`` issues tokens, ``graph`` answers; both are https URLs without a path."""

    authority: str
    graph: str

    @property
    def scope(self) -> str:
        """What a token is asked for: everything that was granted for this cloud's Graph."""
        return f"{self.graph}/.default"


CLOUDS = {
    "public": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_government_dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
